"""The condition of a Space as the Hub tells it: what was last seen of it, waiting for a stage, its live log."""
