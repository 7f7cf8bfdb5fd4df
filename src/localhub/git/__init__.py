"""Bare repositories, read and written with git itself, so that the HTTP API and git see one history."""
