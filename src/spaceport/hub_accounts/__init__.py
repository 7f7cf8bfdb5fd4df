"""Hub accounts: the sealed tokens through which spaces are reached."""
