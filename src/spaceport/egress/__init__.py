"""Where Spaceport may connect to when somebody else chose the address: clone URLs and health checks.

`policy.Policy` decides and pins the address it checked; `http.client` is an HTTP client that obeys it at
every request.
"""
