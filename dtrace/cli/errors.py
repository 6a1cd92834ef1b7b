"""What is wrong with a command line."""

from __future__ import annotations


class UsageError(Exception):
    """It is not one: exit status 2.  usage: whether to print how it should be."""

    def __init__(self, message: str, *, usage: bool = True) -> None:
        super().__init__(message)
        self.usage = usage


class CommandError(Exception):
    """What it asks for cannot be done: exit status 1."""
