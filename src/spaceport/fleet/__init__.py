"""Many spaces at once: the list that shows how each of them is, and acting on a selection."""
