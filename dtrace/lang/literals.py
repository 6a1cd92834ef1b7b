"""Constants: integers, characters and strings, from their spelling to their value.

The rules are those of the D language, which are not always C's: an unknown escape sequence
keeps its backslash, and a character constant of several characters is one integer.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from dtrace.diag import CompileError
from dtrace.errtags import ErrTag
from dtrace.source import Span

# Types in the order in which they are tried, and the largest value of each.
INT_TYPES = ("int", "uint", "long", "ulong", "llong", "ullong")
INT_MAX = (2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1, 2**63 - 1, 2**64 - 1)

INTEGER = re.compile(r"([0-9]\w*?)([uU]?)([lL]?[lL]?)$", re.ASCII)
ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]*)|(.))", re.DOTALL)
SIMPLE_ESCAPES = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    '"': '"',
}


class IntValue(NamedTuple):
    """An integer constant."""

    value: int
    type: str  # one of INT_TYPES
    text: str  # as written


def integer(text: str, span: Span) -> IntValue:
    """The value and type of `text`: decimal, octal or hexadecimal, with suffix, maybe signed.

    The type is the first that holds the value, from the one the suffix asks for: a decimal
    constant without u tries only the signed types, one with u only the unsigned.

    Raises CompileError D_INT_DIGIT, D_INT_OFLOW.
    """
    sign = text[0] if text[0] in "+-" else ""
    match = INTEGER.match(text[len(sign) :])
    assert match is not None
    digits, unsigned, longs = match.groups()
    base, allowed = 10, "0123456789"
    if digits[:2] in ("0x", "0X"):
        base, allowed, digits = 16, "0123456789abcdefABCDEF", digits[2:]
    elif digits[0] == "0":
        base, allowed = 8, "01234567"
    for digit in digits:
        if digit not in allowed:
            message = f"constant {text} contains invalid digit {digit}"
            raise CompileError(ErrTag.D_INT_DIGIT, message, span)
    value = int(digits or "0", base)
    if value >= 2**64:
        message = f"constant {text} results in integer overflow"
        raise CompileError(ErrTag.D_INT_OFLOW, message, span)
    step = 1 if base != 10 and not unsigned else 2
    first = 2 * len(longs) + (1 if unsigned else 0)
    kind = first_that_holds(value, first, step, span)
    return IntValue(-value if sign == "-" else value, kind, text)


def first_that_holds(value: int, first: int, step: int, span: Span) -> str:
    """The first of every `step`-th type from `first` on that holds a value of 0 or more."""
    for index in range(first, len(INT_TYPES), step):
        if value <= INT_MAX[index]:
            return INT_TYPES[index]
    message = f"integer constant {value:#x} cannot be represented in any built-in integral type"
    raise CompileError(ErrTag.D_INT_OFLOW, message, span)


def character(text: str, span: Span) -> IntValue:
    """The value of `'...'`: up to 8 characters, the first the most significant byte.

    Raises CompileError D_CHR_NULL, D_CHR_OFLOW; D_INT_OFLOW for 8 whose value is no long.
    """
    body = unescape(text[1:-1].replace("\\'", "'"))
    if not body:
        raise CompileError(ErrTag.D_CHR_NULL, "empty character constant", span)
    if len(body) > 8:
        raise CompileError(ErrTag.D_CHR_OFLOW, "character constant is too long", span)
    value = int.from_bytes(body.encode("latin-1"), "big")
    return IntValue(value, first_that_holds(value, 0, 2, span), text)


def unescape(text: str) -> str:
    """`text` with its escape sequences replaced; one character per byte.

    Of `\\x` with more than two digits the low byte counts; with none it is a NUL.
    """
    return ESCAPE.sub(escaped, text) if "\\" in text else text


def escaped(match: re.Match[str]) -> str:
    """The character that an escape sequence stands for."""
    octal, digits, char = match.groups()
    if octal is not None:
        return chr(int(octal, 8) & 0xFF)
    if digits is not None:
        return chr(int(digits or "0", 16) & 0xFF)
    return SIMPLE_ESCAPES.get(char, match[0])
