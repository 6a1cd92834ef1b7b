"""Output: where trace data goes, and messages beside it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO


class OutputError(Exception):
    """The output file cannot be opened.  Its text is DTrace's."""


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
        """Hand all that was written to the file.  Raises BrokenPipeError if no one reads it."""
        if self._parts:
            self._file.write(b"".join(self._parts))
            self._parts.clear()
        self._file.flush()

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
