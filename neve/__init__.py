"""Neve: raw repositories to a trained and evaluated code model, refining the data three times."""

__version__ = "0.1.0"
