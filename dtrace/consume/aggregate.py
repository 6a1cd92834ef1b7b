"""Aggregation: reading one from its map, and clear(), trunc() and normalize() on it.

The kernel's programs only ever add to the elements.  What an element held when it was cleared is
kept here and subtracted from what it holds later, so that clear() needs no write that could race
with an update; a minimum or a maximum cannot be subtracted and belongs to an epoch, which clear()
ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtrace.codegen.agg import CPU_CELL, map_name
from dtrace.codegen.record import Kind
from dtrace.codegen.state import EPOCHS
from dtrace.consume.dump import c_string
from dtrace.consume.functions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dtrace.backend.base import Map
    from dtrace.codegen.record import AggLayout, Datum
    from dtrace.consume.functions import Value

ONLY_ELEMENT = bytes(4)  # key of an array map's first element


class Entry(NamedTuple):
    """An element of an aggregation."""

    keys: tuple[int | bytes, ...]  # strings end with their NUL
    value: Value  # over all CPUs
    cpus: list[Value]  # of every possible CPU


class Aggregation:
    """One aggregation of a session."""

    def __init__(self, layout: AggLayout, maps: Mapping[str, Map]) -> None:
        """maps: the session's, by name."""
        self.layout = layout
        self.function = FUNCTIONS[layout.func](layout)
        self.normal = 1  # what printed values are divided by
        self.printed = False  # by printa(), so that it is not printed again at the end
        self._map = maps[map_name(layout.name)]
        self._epochs = maps.get(EPOCHS)
        self._base: dict[bytes, list[Value]] = {}  # values at the last clear() or trunc()
        self._cleared: set[bytes] = set()  # keys that clear() left: they exist without updates

    def entries(self) -> list[Entry]:
        """All elements that exist now, in no order."""
        return [entry for _, entry in self._read()]

    def clear(self) -> None:
        """Every element is as if it had never been updated, and keeps its key."""
        self._cleared.update([key for key, _ in self._read()])
        self._start_over()

    def truncate(self) -> None:
        """No element is left."""
        for key in self._elements():
            self._remove(key)

    def truncate_to(self, count: int) -> None:
        """Only the `count` highest elements are left, or the -`count` lowest.  Ties: by key."""
        ranked = sorted(self._read(), key=lambda item: self.order(item[1]), reverse=count > 0)
        for key, _ in ranked[abs(count) :]:
            self._remove(key)

    def order(self, entry: Entry) -> tuple[tuple[int, ...], tuple[int | bytes, ...]]:
        """What elements of one aggregation are sorted by: value, then key."""
        return self.function.rank(entry.value), self.sort_key(entry.keys)

    def sort_key(self, keys: tuple[int | bytes, ...], first: int = 0) -> tuple[int | bytes, ...]:
        """What keys are compared by: key number `first`, those behind it, those before it.
        Integers are unsigned there."""
        parts = [
            part & ((1 << 8 * datum.size) - 1) if isinstance(part, int) else part
            for part, datum in zip(keys, self.layout.keys, strict=True)
        ]
        first = first if first < len(parts) else 0
        return (*parts[first:], *parts[:first])

    # What programs have written

    def _read(self) -> Iterator[tuple[bytes, Entry]]:
        function = self.function
        for key, values in self._elements().items():
            cpus = self._decode(values)
            if base := self._base.get(key):
                cpus = [function.since(now, then) for now, then in zip(cpus, base, strict=True)]
            value = function.merge(cpus)
            if value[0] or key in self._cleared:
                keys = tuple([_part(key, datum) for datum in self.layout.keys])
                yield key, Entry(keys, value, cpus)

    def _elements(self) -> dict[bytes, list[bytes]]:
        # The CPUs' values by key; layouts of the map: AggLayout.
        layout, size = self.layout, self.layout.value_size
        if not layout.cpus:
            return {
                key: [raw[i : i + size] for i in range(0, len(raw), size)]
                for key, raw in self._map.items()
            }
        found: dict[bytes, list[bytes]] = {}
        key_size = layout.key_size if layout.keys else 0
        for key, value in self._map.items():
            whose = key[:key_size] or ONLY_ELEMENT
            values = found.get(whose)
            if values is None:
                values = found[whose] = [bytes(size)] * layout.cpus
            values[int.from_bytes(key[key_size:], "little")] = value
        return found

    def _start_over(self) -> None:
        # From now on elements hold what comes to what they hold now.
        for key, values in self._elements().items():
            self._base[key] = self._decode(values)
        self._next_epoch()

    def _remove(self, key: bytes) -> None:
        self._cleared.discard(key)
        if not self.layout.keys:
            self._start_over()
            return
        for cpu in range(self.layout.cpus):
            self._map.delete(key + cpu.to_bytes(CPU_CELL, "little"))
        self._base.pop(key, None)

    def _decode(self, values: list[bytes]) -> list[Value]:
        epoch = self._epoch()
        return [self.function.decode(value, epoch) for value in values]

    def _epoch(self) -> int:
        if self._epochs is None:
            return 0
        words = self._epochs.lookup(ONLY_ELEMENT) or b""
        return int.from_bytes(words[8 * self.layout.id : 8 * self.layout.id + 8], "little")

    def _next_epoch(self) -> None:
        if self._epochs is not None and (words := self._epochs.lookup(ONLY_ELEMENT)):
            at = 8 * self.layout.id
            epoch = (self._epoch() + 1).to_bytes(8, "little")
            self._epochs.update(ONLY_ELEMENT, words[:at] + epoch + words[at + 8 :])


def _part(key: bytes, datum: Datum) -> int | bytes:
    # One component of a key.
    data = key[datum.offset : datum.offset + datum.size]
    if datum.kind is Kind.INT:
        return int.from_bytes(data, "little", signed=datum.signed)
    return c_string(data) + b"\0" if datum.kind is Kind.STRING else data
