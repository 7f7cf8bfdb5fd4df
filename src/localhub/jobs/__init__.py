"""Jobs: one command in an image of its own, now or by a schedule."""
