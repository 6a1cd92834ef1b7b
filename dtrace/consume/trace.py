"""trace(): the default form of one value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.codegen.record import Kind
from dtrace.consume.dump import c_string, hexdump, show

if TYPE_CHECKING:
    from dtrace.codegen.record import Datum
    from dtrace.consume.printf import Printer

# Columns by size in bytes, after one space; signed 8-byte values take one less than others.
_COLUMNS = {1: 3, 2: 5, 4: 10, 8: 20}
_CHAR_ARRAYS = ("char [", "signed char [", "unsigned char [")


def compile_trace(
    datum: Datum, place: int, strsize: int, *, quiet: bool, rawbytes: bool
) -> Printer:
    """A function from a record's values to what trace() of one of them prints.

    place: which one.
    strsize: bytes that a string has where it is dumped because it is not text.
    """
    text = b"%b" if quiet else b"  %-33b"
    if datum.kind is Kind.INT:
        return _integer(datum, place, quiet=quiet, rawbytes=rawbytes)
    if datum.kind is Kind.STRING and not rawbytes:
        # What follows a string's NUL in a record means nothing.
        return lambda values: show(c_string(values[place]), text, strsize)
    if datum.kind is Kind.STRING:
        return lambda values: hexdump(c_string(values[place]).ljust(strsize, b"\0")[:strsize])
    if datum.ctype.startswith(_CHAR_ARRAYS) and not rawbytes:
        return lambda values: show(values[place], text, datum.size)
    return lambda values: hexdump(values[place])


def _integer(datum: Datum, place: int, *, quiet: bool, rawbytes: bool) -> Printer:
    size, signed = datum.size, datum.signed
    if rawbytes:
        return lambda values: hexdump(values[place].to_bytes(size, "little", signed=signed))
    if quiet:
        return lambda values: b"%d" % values[place]
    pattern = b" %%%dd" % (_COLUMNS[size] - (signed and size == 8))
    return lambda values: pattern % values[place]
