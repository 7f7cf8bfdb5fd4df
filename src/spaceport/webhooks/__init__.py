"""A Git host's delivery: is it authentic, what was pushed, which spaces does it deploy, and why not the others."""
