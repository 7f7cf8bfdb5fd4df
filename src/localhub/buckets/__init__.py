"""Buckets: folders that the API writes to and that Spaces and jobs mount, and how clients send files into them."""
