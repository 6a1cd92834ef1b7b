"""Source text, and spans in it."""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

MAIN_FILE = "/dev/stdin"  # what cpp calls the program itself


class Marker(NamedTuple):
    """From `offset` on, lines count from `line` and belong to `file` ("": as before)."""

    offset: int
    line: int
    file: str


class Source:
    """A D program's text.

    name: the script's path as the user gave it, or "" for text from the command line.
    text: decoded as latin-1, so that every byte of a script is one character.
    prefix: what an error in it begins with, up to the colon:
        "failed to compile script FILE" or "invalid probe specifier TEXT".
    """

    __slots__ = ("_newlines", "args", "markers", "name", "prefix", "text")

    def __init__(
        self, text: str, name: str = "", prefix: str = "", args: tuple[str, ...] = ()
    ) -> None:
        self.text = text
        self.name = name
        self.prefix = prefix
        self.args = args  # $0, $1 ...
        self.markers: tuple[Marker, ...] = ()  # of the `# 12 "file"` lines, in order
        self._newlines: list[int] | None = None  # offsets, found when first needed

    def line_of(self, offset: int) -> int:
        """The line, from 1, that holds the character at `offset`, by the text's own markers."""
        marker = self.marker_of(offset)
        return self._lines_before(offset) - self._lines_before(marker.offset) + marker.line

    def _lines_before(self, offset: int) -> int:
        # Newlines before `offset`; found once, since every instruction asks for its line.
        if self._newlines is None:
            self._newlines = [at for at, c in enumerate(self.text) if c == "\n"]
        return bisect_left(self._newlines, offset)

    def file_of(self, offset: int) -> str:
        """The file that a marker names for the character at `offset`; "" for the program's own."""
        file = self.marker_of(offset).file
        return "" if file == MAIN_FILE else file

    def marker_of(self, offset: int) -> Marker:
        """The last marker not behind `offset`; without one, that of the text's beginning."""
        found = Marker(0, 1, "")
        for marker in self.markers:
            if marker.offset > offset:
                break
            found = marker._replace(file=marker.file or found.file)
        return found

    def column_of(self, offset: int) -> int:
        """The column, from 1, of the character at `offset`."""
        return offset - (self.text.rfind("\n", 0, offset) + 1) + 1

    def line_text(self, offset: int) -> str:
        """The whole line that holds the character at `offset`, without its newline."""
        start = self.text.rfind("\n", 0, offset) + 1
        end = self.text.find("\n", offset)
        return self.text[start : end if end >= 0 else len(self.text)]


class Span(NamedTuple):
    """Characters start..end (end excluded) of a source.  Line and column are derived."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.line_of(self.start)

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """From the start of this span to the end of `other`."""
        return Span(self.source, self.start, other.end)


NO_SOURCE = Source("", "<built in>")
NO_SPAN = Span(NO_SOURCE, 0, 0)
