"""Bytes that are no numbers: as text where they are text, else as a table of hexadecimal digits."""

from __future__ import annotations

ROW = 16  # bytes in a row of a dump
HEADER = b"\n%*s%s  %s\n" % (
    11,
    b"",
    b"".join(b"  %x" % i for i in range(ROW)),
    b"".join(b"%x" % i for i in range(ROW)),
)
_TEXT = bytes(range(0x20, 0x7F))
_PRINTABLE = _TEXT + b"\a\b\t\n\v\f\r"
_NOT_TEXT = bytes(i for i in range(256) if i not in _TEXT)
_TO_DOTS = bytes.maketrans(_NOT_TEXT, b"." * len(_NOT_TEXT))


def hexdump(data: bytes) -> bytes:
    """The table: a line break, column numbers, then offset, digits and text of 16 bytes a line."""
    lines = [HEADER]
    for start in range(0, len(data), ROW):
        row = data[start : start + ROW]
        digits = b"".join(b" %02x" % byte for byte in row)
        lines.append(b"%10x:%-48b  %b\n" % (start, digits, row.translate(_TO_DOTS)))
    return b"".join(lines)


def c_string(data: bytes) -> bytes:
    """The bytes before the first NUL, or all."""
    end = data.find(0)
    return data if end < 0 else data[:end]


def is_text(data: bytes) -> bool:
    """Whether DTrace prints these bytes as a string: printable characters and white space only."""
    return not data.translate(None, _PRINTABLE)


def show(data: bytes, pattern: bytes, size: int) -> bytes:
    """A string in its default form: put into `pattern`; but if it is no text, or has something
    after its NUL, a dump of `size` bytes, NULs added."""
    text = c_string(data)
    if is_text(text) and not data[len(text) :].strip(b"\0"):
        return pattern % text
    return hexdump(data.ljust(size, b"\0")[:size])
