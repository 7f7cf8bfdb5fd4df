"""Builds what was pushed, runs it, keeps its logs and its address."""
