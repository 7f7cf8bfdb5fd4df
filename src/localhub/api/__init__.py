"""The doors: each parses, authorises, calls one part and presents. None imports another."""
