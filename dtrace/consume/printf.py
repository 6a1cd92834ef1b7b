"""printf(): a format and the layout of its arguments to a function that prints them.

What Python's `%` does exactly as C does is left to it, so that an ordinary printf() is one
operation; the rest goes through dtrace.consume.convert.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, NamedTuple

from dtrace.consume.convert import WIDE, convert, floating
from dtrace.consume.dump import c_string
from dtrace.formats import parse_format

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dtrace.codegen.record import Datum
    from dtrace.formats import Piece

    Values = Sequence[Any]  # integers and bytes
    Printer = Callable[[Values], bytes]
    Getter = Callable[[Values], Any]


# Of a conversion's flags, those that do something: `'` does not in the C locale.
_FLAGS = {
    **dict.fromkeys("di", "-+ 0"),
    "u": "-0",
    **dict.fromkeys("oxXp", "-0#"),
    **dict.fromkeys("eEfgG", "-+ 0#"),
    **dict.fromkeys("cCsSTYaA", "-"),
}
# Python's conversion that prints the same, as long as there is no `#` and no `*`.
_PYTHON = {"d": "d", "i": "d", "u": "d", "o": "o", "x": "x", "X": "X", "p": "x", "c": "c", "s": "b"}


class Argument(NamedTuple):
    """An argument of printf()."""

    place: int  # among the values of a record
    datum: Datum


def compile_printf(
    text: str, arguments: Sequence[Argument], aggregated: Callable[[Piece], Getter] | None = None
) -> Printer:
    """A function from a record's values to what printf(text, arguments...) prints.

    text: a format that sema has checked against the arguments.
    aggregated: printa() only: what makes the text for a conversion with `@`.
    """
    template: list[str] = []
    getters: list[Getter] = []
    rest = iter(arguments)
    for piece in parse_format(text):
        if not piece.conv:
            template.append(piece.text.replace("%", "%%"))
            continue
        if piece.at and aggregated:
            template.append("%b")
            getters.append(aggregated(piece))
            continue
        width = next(rest) if piece.width == "*" else None
        prec = next(rest) if piece.prec == "*" else None
        spec, getter = _conversion(piece, next(rest), width, prec)
        template.append(spec)
        getters.append(getter)
    pattern = "".join(template).encode("latin-1")
    if not getters:
        constant = pattern % ()
        return lambda values: constant
    if len(getters) == 1:
        get = getters[0]
        return lambda values: pattern % get(values)
    return lambda values: pattern % tuple([get(values) for get in getters])


def resolve(piece: Piece, *, signed: bool) -> Piece:
    """The piece as its argument makes it: `%d` of an unsigned one is `%u`; without the flags that
    mean nothing to the conversion."""
    conv = "u" if piece.conv in "di" and not signed else piece.conv
    flags = "".join([flag for flag in piece.flags if flag in _FLAGS[conv]])
    return piece._replace(conv=conv, flags=flags)


def _conversion(
    piece: Piece, argument: Argument, width: Argument | None, prec: Argument | None
) -> tuple[str, Getter]:
    # What stands in the template, and what computes the value for it.
    piece = resolve(piece, signed=argument.datum.signed)
    value = _getter(piece, argument.place, argument.datum)
    conv = _PYTHON.get(piece.conv)
    if width or prec or "#" in piece.flags or piece.name in WIDE or not conv:
        fixed_width, fixed_prec = fixed(piece)

        def converted(values: Values) -> bytes:
            w = c_int(values[width.place]) if width else fixed_width
            p = c_int(values[prec.place]) if prec else fixed_prec
            return convert(piece, value(values), w, p)

        return "%b", converted
    flags, after = piece.flags, ""
    if piece.prec is not None and conv != "c":
        flags, after = flags.replace("0", ""), f".{piece.prec}"
    return f"%{flags}{piece.width or ''}{after}{conv}", value


def fixed(piece: Piece) -> tuple[int | None, int | None]:
    """Width and precision of a piece; None where they come from an argument or are not given."""
    width = piece.width if isinstance(piece.width, int) else None
    return width, piece.prec if isinstance(piece.prec, int) else None


def _getter(piece: Piece, place: int, datum: Datum) -> Getter:
    # From a record's values to the one that `piece` prints.
    if piece.name == "s":
        return lambda values: c_string(values[place])
    if piece.name == "c":
        return lambda values: values[place] & 0xFF
    if piece.conv in "eEfgG":
        size = datum.size
        return lambda values: floating(values[place].to_bytes(size, "little"))
    if datum.signed and piece.conv not in "di":
        mask = (1 << 8 * datum.size) - 1
        return lambda values: values[place] & mask
    return operator.itemgetter(place)


def c_int(value: int) -> int:
    """A value converted to int, as C converts the arguments for `*`."""
    return (value & 0xFFFFFFFF ^ 0x80000000) - 0x80000000
