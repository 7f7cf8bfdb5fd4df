"""Managed spaces: what we keep about a Space on the Hub, with its desired configuration."""
