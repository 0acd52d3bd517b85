"""The command line: parses, calls, prints. No logic lives here."""

from neve.cli.main import main

__all__ = ["main"]
