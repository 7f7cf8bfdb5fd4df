"""What a Space is, and where it is kept."""
