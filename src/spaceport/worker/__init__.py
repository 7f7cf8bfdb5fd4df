"""The door through which the job engine comes in."""
