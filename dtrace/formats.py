"""printf() formats: text to pieces, and the table of conversions.

Read by sema, which checks arguments against it, and by consume, which prints.

Source: DTrace guide, chapter "Output Formatting"; the wording and the odd cases (a `0` flag takes
`-` back, `.0` is no precision) are those of DTrace 2.0.7, observed.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

POINTER_WIDTH = 16  # `?` as a width: hex digits of a pointer


class FormatError(Exception):
    """A malformed format.  Its text is DTrace's, for the tag D_SYNTAX."""


@enum.unique
class Accepts(enum.Enum):
    """What a conversion takes, typedefs resolved unless said otherwise."""

    INTEGER = "any integer, of any sign"
    CHAR = "any integer of at most 4 bytes"
    SHORT = "short"
    USHORT = "unsigned short"
    ANY_SHORT = "short or unsigned short"
    LONG = "a signed integer of 8 bytes"
    ULONG = "an unsigned integer of 8 bytes"
    ANY_LONG = "long or unsigned long, not long long"
    ANY_LONG_LONG = "long long, unsigned long long, and by name int64_t and uint64_t; not long"
    WIDE_CHAR = "int"
    WIDE_STRING = "an array of wchar_t"
    FLOAT = "a floating-point number"
    LONG_DOUBLE = "long double"
    ADDRESS = "a pointer or an integer"
    KERNEL_SYMBOL = "a pointer, an integer, or what sym() records"
    USER_SYMBOL = "a pointer or an integer where there is a -p or -c process; what usym() records"
    STACK = "what stack() and ustack() record"
    STRING = "a string or an array of char"
    TIME = "an integer of 8 bytes: nanoseconds since the epoch"


class Conversion(NamedTuple):
    """One row of CONVERSIONS."""

    name: str  # with its size modifier
    accepts: Accepts
    prototype: str  # how an error message names what it takes


def _sized(size: str, letters: str, accepts: Accepts, prototype: str) -> tuple[Conversion, ...]:
    return tuple(Conversion(size + letter, accepts, prototype) for letter in letters)


CONVERSIONS = {
    row.name: row
    for row in (
        Conversion("a", Accepts.KERNEL_SYMBOL, "pointer or integer"),
        Conversion(
            "A",
            Accepts.USER_SYMBOL,
            "pointer or integer (with -p/-c) or _usymaddr (without -p/-c)",
        ),
        *_sized("", "cC", Accepts.CHAR, "char, short, or int"),
        *_sized("", "diouxX", Accepts.INTEGER, "char, short, int, long, or long long"),
        *_sized("h", "di", Accepts.SHORT, "short"),
        *_sized("h", "ou", Accepts.USHORT, "unsigned short"),
        *_sized("h", "xX", Accepts.ANY_SHORT, "short"),
        *_sized("l", "di", Accepts.LONG, "long"),
        *_sized("l", "ou", Accepts.ULONG, "unsigned long"),
        *_sized("l", "xX", Accepts.ANY_LONG, "long"),
        *_sized("ll", "di", Accepts.LONG, "long long"),
        *_sized("ll", "ou", Accepts.ULONG, "unsigned long long"),
        *_sized("ll", "xX", Accepts.ANY_LONG_LONG, "long long"),
        *_sized("l", "c", Accepts.WIDE_CHAR, "int"),
        *_sized("w", "c", Accepts.WIDE_CHAR, "int"),
        *_sized("l", "s", Accepts.WIDE_STRING, "wchar_t []"),
        *_sized("w", "s", Accepts.WIDE_STRING, "wchar_t []"),
        *_sized("", "eEfgG", Accepts.FLOAT, "float, double, or long double"),
        *_sized("L", "eEfgG", Accepts.LONG_DOUBLE, "long double"),
        Conversion("k", Accepts.STACK, "dt_stack_t"),
        Conversion("p", Accepts.ADDRESS, "pointer or integer"),
        *_sized("", "sS", Accepts.STRING, "char [] or string (or use stringof)"),
        *_sized("", "TY", Accepts.TIME, "int64_t"),
    )
}


class Piece(NamedTuple):
    """Literal text (number 0), or a conversion.

    A conversion takes its arguments in this order: width if "*", prec if "*", the value.
    """

    text: str = ""  # literal text
    number: int = 0  # of the conversion, from 1, as error messages count: `%%` counts too
    flags: str = ""  # of "#0-+ '", each at most once
    width: int | str | None = None  # "*": from an argument
    prec: int | str | None = None  # "*": from an argument
    size: str = ""  # "", h, l, ll, L, w
    conv: str = ""  # the letter; size + conv is a name of CONVERSIONS
    at: bool = False  # %@: the value of an aggregation

    @property
    def name(self) -> str:
        return self.size + self.conv

    @property
    def stars(self) -> int:
        """How many arguments its width and precision take."""
        return (self.width == "*") + (self.prec == "*")


def parse_format(text: str) -> list[Piece]:
    """Split a format into pieces; `%%` becomes literal text and neighbouring texts are joined.

    text: one character per byte, an empty one gives no pieces.

    Raises FormatError, whose conversions are counted from 1.
    """
    pieces: list[Piece] = []
    literal: list[str] = []
    number = 0
    pos = 0
    while (percent := text.find("%", pos)) >= 0:
        literal.append(text[pos:percent])
        number += 1
        piece, pos = _conversion(text, percent + 1, number)
        if piece is None:
            literal.append("%")
            continue
        if before := "".join(literal):
            pieces.append(Piece(before))
        literal.clear()
        pieces.append(piece)
    literal.append(text[pos:])
    if rest := "".join(literal):
        pieces.append(Piece(rest))
    return pieces


def _conversion(text: str, pos: int, number: int) -> tuple[Piece | None, int]:
    """The conversion whose flags begin at `pos` (None for `%%`), and where it ends.

    Flags, width, precision and size may come in any order, as in DTrace; of several widths
    (or precisions) `*` wins, then the last.
    """
    start = pos
    flags: list[str] = []
    size = ""
    width: int | str | None = None
    prec: int | str | None = None
    at = False
    dot = False
    while True:
        if pos == len(text):
            raise _error(number, "name expected before end of format string")
        char = text[pos]
        if "1" <= char <= "9" or (char == "0" and dot):
            end = pos
            while end < len(text) and text[end].isdigit():
                end += 1
            if text[end : end + 1] == "$":
                raise _error(number, "uses unsupported positional format (%n$)")
            value = int(text[pos:end])
            if not dot:
                width = width if width == "*" else value
            elif prec != "*":
                prec = value
            pos = end
            continue
        pos += 1
        if char in "#-+ '0":
            # The later of these two flags wins.
            flags = [f for f in flags if f != char and {f, char} != {"0", "-"}]
            flags.append(char)
        elif char == ".":
            if dot:
                raise _error(number, "has more than one '.' specified")
            dot = True
        elif char == "*":
            if (prec if dot else width) == "*":
                raise _error(number, f"has more than one '*' specified for the output {_part(dot)}")
            if dot:
                prec = "*"
            else:
                width = "*"
        elif char == "?":
            width = width if width == "*" else POINTER_WIDTH
        elif char == "@":
            at = True
        elif char in "hlLw":
            size += char
        elif char == "%":
            if pos - 1 != start:
                raise _error(number, "cannot be combined with other format flags: %%")
            return None, pos
        elif size + char not in CONVERSIONS:
            raise _error(number, f"is undefined: %{size}{char}")
        else:
            # A precision of 0 is none at all.
            return Piece("", number, "".join(flags), width, prec or None, size, char, at), pos


def _part(dot: bool) -> str:
    return "precision" if dot else "width"


def _error(number: int, what: str) -> FormatError:
    return FormatError(f"format conversion #{number} {what}")
