"""Elements of maps: which of them a key names, on a path that is alone with its maps.

What was there at the start may be anything: a path forks where a key may be there or not, and where
it may be one that the path has named before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.enums import F_RDONLY_PROG, MapType
from verifier_model.smt import words
from verifier_model.smt.memory import Area, Pointer, Unmodelled, number
from verifier_model.smt.state import Element
from verifier_model.smt.words import both, compare

if TYPE_CHECKING:
    from emu.prog import MapDef
    from verifier_model.smt.memory import Region
    from verifier_model.smt.paths import Machine
    from verifier_model.smt.state import State
    from verifier_model.smt.words import Truth, Word

ARRAYS = (MapType.ARRAY, MapType.PERCPU_ARRAY)
HASHES = (
    MapType.HASH,
    MapType.PERCPU_HASH,
    MapType.LRU_HASH,
    MapType.LRU_PERCPU_HASH,
)


def chunks(size: int) -> tuple[int, ...]:
    """The sizes, in bytes, of the words that a key of `size` bytes is kept in."""
    sizes = []
    for chunk in (8, 4, 2, 1):
        while size >= chunk:
            sizes.append(chunk)
            size -= chunk
    return tuple(sizes)


def key_at(m: Machine, s: State, index: int, pointer: Pointer) -> tuple[Word, ...]:
    """The key that `pointer` points to, all bytes of which are there."""
    key, at = [], 0
    for size in chunks(m.prog.maps[index].key_size):
        place = Pointer(pointer.region, words.add(pointer.offset, at))
        key.append(number(s.load(place, size)))
        at += size
    return tuple(key)


def find(m: Machine, s: State, index: int, key: tuple[Word, ...]) -> Region | None:
    """The value for a key, None where there is none.

    Where both may be, a fork of the path does the insn again.
    """
    definition = m.prog.maps[index]
    for element in s.elements:
        if element.map == index and m.decide(s, _equal(element.key, key)):
            return element.value
    if definition.type in ARRAYS:
        there = m.decide(s, compare("jlt", key[0], definition.max_entries))
    elif definition.type in HASHES:
        absent = s.fork()
        absent.elements += (Element(index, key, None),)
        m.again(absent)
        there = True
    else:
        raise Unmodelled(f"an element of a map of type {definition.type.name}")
    value = _new_value(s, index, definition, key) if there else None
    s.elements += (Element(index, key, value),)
    return value


def replace(s: State, index: int, key: tuple[Word, ...], value: Region | None) -> None:
    """Put a value, or none, in place of what find() has found for the same key."""
    s.elements = tuple(
        Element(index, key, value)
        if element.map == index and _equal(element.key, key) is True
        else element
        for element in s.elements
    )


def _new_value(s: State, index: int, definition: MapDef, key: tuple[Word, ...]) -> Region:
    initial = b""
    if definition.frozen and definition.flags & F_RDONLY_PROG and isinstance(key[0], int):
        name = key[0].to_bytes(definition.key_size, "little")
        initial = dict(definition.init).get(name, bytes(definition.value_size))
    return s.new_region(
        Area.MAP_VALUE,
        f"value of map {index} at insn {s.pc}",
        definition.value_size,
        writable=not definition.flags & F_RDONLY_PROG,
        which=index,
        initial=initial,
    )


def _equal(a: tuple[Word, ...], b: tuple[Word, ...]) -> Truth:
    return both(*((x is y) or compare("jeq", x, y) for x, y in zip(a, b, strict=True)))
