"""Random kills, freezes and outages over many deployments, and a table of what became of them."""
