"""One printf() conversion: a value to bytes, as C's printf and DTrace's own conversions have it."""

from __future__ import annotations

import math
import struct
import time
from typing import TYPE_CHECKING, Any

from dtrace.consume.dump import c_string

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.formats import Piece

NANOSECONDS = 1_000_000_000
# strftime() would translate them.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_NAMED_ESCAPES = {
    0: "\\0",
    7: "\\a",
    8: "\\b",
    9: "\\t",
    10: "\\n",
    11: "\\v",
    12: "\\f",
    13: "\\r",
}
_ESCAPES = [
    (
        chr(byte)
        if 0x20 <= byte < 0x7F and chr(byte) not in '"\\'
        else _NAMED_ESCAPES.get(byte)
        or (f"\\{byte:03o}" if byte not in b'"\\' else f"\\{chr(byte)}")
    ).encode()
    for byte in range(256)
]


def convert(piece: Piece, value: Any, width: int | None, prec: int | None) -> bytes:
    """The text of `value`.

    piece: with the flags that mean something to its conversion only.
    value: bytes for strings, a float for floating-point numbers, an integer for all others, which
        only %d and %i take if negative.
    width, prec: the piece's own, or the values of its `*`.
    """
    flags = piece.flags
    if width is not None and width < 0:
        flags, width = flags + "-", -width
    if prec is not None and prec <= 0:
        prec = None
    if piece.conv in _NUMBERS:
        text = _NUMBERS[piece.conv](value, flags, prec)
        return _pad(text, flags, width, zeros=_takes_zeros(piece.conv, value, prec))
    text = (WIDE.get(piece.name) or _TEXTS[piece.conv])(value)
    return _pad(text if piece.conv in "cC" else text[:prec], flags, width, zeros=False)


def _takes_zeros(conv: str, value: float, prec: int | None) -> bool:
    # Whether the flag 0 is heeded.
    return math.isfinite(value) if conv in "eEfgG" else prec is None


def _pad(text: bytes, flags: str, width: int | None, *, zeros: bool) -> bytes:
    if width is None or len(text) >= width:
        return text
    if "-" in flags:
        return text.ljust(width)
    if zeros and "0" in flags:
        # Behind the sign, and behind 0x.
        head = 1 if text[:1] in (b"-", b"+", b" ") else 2 if text[:2] in (b"0x", b"0X") else 0
        return text[:head] + text[head:].rjust(width - head, b"0")
    return text.rjust(width)


# --- Numbers --------------------------------------------------------------------------------------


def _decimal(value: int, flags: str, prec: int | None) -> bytes:
    sign = "-" if value < 0 else "+" if "+" in flags else " " if " " in flags else ""
    return f"{sign}{abs(value):0{prec or 1}d}".encode()


def _unsigned(value: int, flags: str, prec: int | None) -> bytes:
    return f"{value:0{prec or 1}d}".encode()


def _octal(value: int, flags: str, prec: int | None) -> bytes:
    digits = f"{value:0{prec or 1}o}"
    return (f"0{digits}" if "#" in flags and digits[0] != "0" else digits).encode()


def _hex(value: int, flags: str, prec: int | None) -> bytes:
    return f"{'0x' if '#' in flags and value else ''}{value:0{prec or 1}x}".encode()


def _upper_hex(value: int, flags: str, prec: int | None) -> bytes:
    return _hex(value, flags, prec).upper()


_FLOATS = {4: struct.Struct("<f"), 8: struct.Struct("<d")}


def floating(data: bytes) -> float:
    """The float or double whose bytes are `data`."""
    (value,) = _FLOATS[len(data)].unpack(data)
    return float(value)


def _floating(conv: str) -> Callable[[float, str, int | None], bytes]:
    # What Python's % prints is C's; a NaN has its sign in C.
    def convert_float(value: float, flags: str, prec: int | None) -> bytes:
        sign = "-" if math.copysign(1, value) < 0 else "".join([f for f in "+ " if f in flags][:1])
        alternative = "#" if "#" in flags and math.isfinite(value) else ""
        digits = f"%{alternative}.{6 if prec is None else prec}{conv}" % abs(value)
        return (sign + digits).encode()

    return convert_float


_NUMBERS: dict[str, Callable[[Any, str, int | None], bytes]] = {
    "d": _decimal,
    "i": _decimal,
    "u": _unsigned,
    "o": _octal,
    "x": _hex,
    "X": _upper_hex,
    "p": _hex,
    **{conv: _floating(conv) for conv in "eEfgG"},
}

# --- Characters, times, addresses -----------------------------------------------------------------


def escape(data: bytes) -> bytes:
    """The text of D's string constants: `\\n`, `\\033`, `\\"`."""
    return b"".join([_ESCAPES[byte] for byte in data])


def escaped_string(data: bytes) -> bytes:
    """%S: the string escaped, with the NUL that ends it, which shows as `\\0`."""
    return escape(data[: len(c_string(data)) + 1])


def calendar_time(value: int) -> bytes:
    """%Y: nanoseconds since the epoch as `2023 Nov 14 22:13:20`, local time."""
    t = time.localtime(value // NANOSECONDS)
    clock = f"{t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d}"
    return f"{t.tm_year} {MONTHS[t.tm_mon - 1]} {t.tm_mday:2d} {clock}".encode()


def mail_time(value: int) -> bytes:
    """%T: nanoseconds since the epoch as `Tue, 14 Nov 2023 22:13:20 UTC`, local time."""
    t = time.localtime(value // NANOSECONDS)
    date = f"{DAYS[t.tm_wday]}, {t.tm_mday:02d} {MONTHS[t.tm_mon - 1]} {t.tm_year}"
    return f"{date} {t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d} {t.tm_zone}".encode()


def address(value: int) -> bytes:
    """%a, %A of an address without a known symbol."""
    return b"0x%x" % value


def _wide(value: int) -> bytes:
    return chr(value).encode("utf-8", "replace") if value < 0x110000 else b""


def _wide_string(data: bytes) -> bytes:
    return data.decode("utf-32-le", "replace").split("\0", 1)[0].encode("utf-8", "replace")


_TEXTS: dict[str, Callable[[Any], bytes]] = {
    "s": c_string,
    "S": escaped_string,
    "c": lambda value: bytes((value & 0xFF,)),
    "C": lambda value: _ESCAPES[value & 0xFF],
    "Y": calendar_time,
    "T": mail_time,
    "a": address,
    "A": address,
}

WIDE: dict[str, Callable[[Any], bytes]] = {
    **dict.fromkeys(("lc", "wc"), _wide),
    **dict.fromkeys(("ls", "ws"), _wide_string),
}
