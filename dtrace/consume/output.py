"""Output: where trace data goes, and messages beside it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO


class OutputError(Exception):
    """Output cannot be opened or written.  No text: its reader went away."""


class Output:
    """Buffered bytes to standard output or to a file that is appended to.

    Data is held until flush(), which the consumer calls once for each batch of records, and
    complain(), so that messages and data appear in order.
    """

    def __init__(self, path: str = "") -> None:
        """path: the file of option -o; "" for standard output.  Raises OutputError."""
        self._parts: list[bytes] = []
        self.write = self._parts.append
        self._owned = bool(path)
        self._file: BinaryIO = sys.stdout.buffer
        if path:
            try:
                self._file = open(path, "ab")  # noqa: SIM115 - closed by close()
            except OSError as err:
                raise OutputError(
                    f"failed to open output file '{path}': {os.strerror(err.errno or 0)}"
                ) from None

    def flush(self) -> None:
        """Hand all that was written to the file.  Raises OutputError, the first time it fails."""
        data = b"".join(self._parts)
        self._parts.clear()
        try:
            self._file.write(data)
            self._file.flush()
        except OSError as err:
            # What is left in Python's own buffer would fail again when the process ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._file.fileno())
            gone = isinstance(err, BrokenPipeError)
            text = "" if gone else f"failed to write output: {os.strerror(err.errno or 0)}"
            raise OutputError(text) from None

    def complain(self, text: str) -> None:
        """A message on standard error, after the data that precedes it."""
        self.flush()
        sys.stderr.write(f"dtrace: {text}\n")
        sys.stderr.flush()

    def close(self) -> None:
        """Flush; no more can be written to a file."""
        self.flush()
        if self._owned:
            self._file.close()
