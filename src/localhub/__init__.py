"""A Hub on your own machine: speaks the Hub's HTTP protocol, builds and runs what is pushed to it."""

__version__ = "0.1.0"
