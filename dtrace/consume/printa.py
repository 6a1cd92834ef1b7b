"""printa() and the aggregations printed at the end: sorted, in default form or by format."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtrace.codegen.record import Kind
from dtrace.consume.convert import convert
from dtrace.consume.dump import hexdump, show
from dtrace.consume.printf import Argument, compile_printf, fixed, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dtrace.codegen.record import Datum
    from dtrace.consume.aggregate import Aggregation, Entry
    from dtrace.consume.functions import Value
    from dtrace.consume.printf import Getter, Values
    from dtrace.formats import Piece
    from dtrace.options import Options

Keys = tuple[int | bytes, ...]

# Default form of an integer key by its size: after one space so many columns, as the C
# implementation reads it, that is small ones as unsigned numbers.
_INT_KEYS: dict[int, tuple[bytes, bool]] = {
    1: (b" %3d", False),
    2: (b" %5d", False),
    4: (b" %8d", True),
    8: (b" %16d", True),
}
_TEXT_KEY = b"  %-50b"


class Row(NamedTuple):
    """The elements of one or more aggregations that have the same key."""

    keys: Keys
    entries: tuple[Entry | None, ...]  # None: this aggregation has no such key

    def value(self, i: int, aggregation: Aggregation) -> Value:
        """The value of aggregation number i, 0 if it has no such key."""
        entry = self.entries[i]
        return entry.value if entry else (0,) * len(aggregation.function.zero)


def joined(aggregations: Sequence[Aggregation], options: Options) -> list[Row]:
    """The rows of printa(@a, @b ...): one for each key that any of them has, sorted as the options
    aggsortkey, aggsortkeypos, aggsortpos and aggsortrev ask."""
    found: dict[Keys, list[Entry | None]] = {}
    for i, aggregation in enumerate(aggregations):
        for entry in aggregation.entries():
            row = found.setdefault(entry.keys, [None] * len(aggregations))
            row[i] = entry
    rows = [Row(keys, tuple(entries)) for keys, entries in found.items()]
    first = options.aggsortpos if options.aggsortpos < len(aggregations) else 0
    order = [first, *[i for i in range(len(aggregations)) if i != first]]

    def rank(row: Row) -> tuple[object, ...]:
        key = aggregations[0].sort_key(row.keys, options.aggsortkeypos)
        values = [aggregations[i].function.rank(row.value(i, aggregations[i])) for i in order]
        return (key, *values) if options.aggsortkey else (*values, key)

    return sorted(rows, key=rank, reverse=options.aggsortrev)


def default_rows(
    aggregations: Sequence[Aggregation], options: Options, cpus: Sequence[int]
) -> Iterator[bytes]:
    """printa() without a format: a line (or a diagram) for each row.

    cpus: whose values follow each total if option aggpercpu is set.
    """
    for row in joined(aggregations, options):
        yield _default_row(row, aggregations, options, cpus)


def final_rows(
    aggregations: Sequence[Aggregation], options: Options, cpus: Sequence[int]
) -> Iterator[bytes]:
    """One aggregation after the other as printa() prints it, in order of appearance."""
    for aggregation in sorted(aggregations, key=lambda a: a.layout.id, reverse=options.aggsortrev):
        yield from default_rows([aggregation], options, cpus)


def _default_row(
    row: Row, aggregations: Sequence[Aggregation], options: Options, cpus: Sequence[int]
) -> bytes:
    parts = [
        default_key(part, datum, options)
        for part, datum in zip(row.keys, aggregations[0].layout.keys, strict=True)
    ]
    for i, aggregation in enumerate(aggregations):
        function, normal = aggregation.function, aggregation.normal
        parts.append(function.show(row.value(i, aggregation), normal))
        entry = row.entries[i]
        if options.aggpercpu and entry:
            for cpu in cpus:
                parts.append(b"\n    [CPU %d]" % cpu)
                parts.append(function.show(entry.cpus[cpu], normal))
    parts.append(b"\n")
    return b"".join(parts)


def default_key(part: int | bytes, datum: Datum, options: Options) -> bytes:
    """One component of a key in its default form."""
    if isinstance(part, int):
        pattern, signed = _INT_KEYS[datum.size]
        word = (part & ((1 << 8 * datum.size) - 1)).to_bytes(datum.size, "little")
        return pattern % int.from_bytes(word, "little", signed=signed)
    # Where DTrace dumps a string, it dumps the byte after its last one too.
    size = options.strsize + 1 if datum.kind is Kind.STRING else datum.size
    if options.rawbytes:
        return hexdump(part.ljust(size, b"\0"))
    return show(part, _TEXT_KEY, size)


def compile_printa(text: str, aggregations: Sequence[Aggregation]) -> Callable[[Row], bytes]:
    """A function from a row to what printa(text, aggregations...) prints for it.

    `%@` takes the next aggregation, the last one again where there are no more; other conversions
    take the components of the key.
    """
    keys = aggregations[0].layout.keys
    # All values are printed as signed or unsigned as the first one is.
    signed = aggregations[0].layout.func != "count"
    used = 0

    def value_of(piece: Piece) -> Getter:
        nonlocal used
        i = min(used, len(aggregations) - 1)
        used += 1
        aggregation, piece = aggregations[i], resolve(piece, signed=signed)
        as_signed = piece.conv in "di"
        width, prec = fixed(piece)

        def get(values: Values) -> bytes:
            value, normal = values[len(keys) + i], aggregation.normal
            if aggregation.function.histogram:
                return aggregation.function.show(value, normal)
            number = aggregation.function.number(value, normal, as_signed=as_signed)
            return convert(piece, number, width, prec)

        return get

    arguments = [Argument(place, datum) for place, datum in enumerate(keys)]
    printer = compile_printf(text, arguments, value_of)

    def show_row(row: Row) -> bytes:
        return printer((*row.keys, *[row.value(i, a) for i, a in enumerate(aggregations)]))

    return show_row
