"""Spaceport: brings a revision of your code live on a Hugging Face Space, and says truthfully whether it is."""

__version__ = "0.1.0"
