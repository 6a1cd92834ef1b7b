"""Pieces that use maps of every kind."""

from __future__ import annotations

import struct

from emu.kernel.enums import F_NO_PREALLOC, MapType
from emu.kernel.traits import Trait
from emu.prog import MapDef
from tests.generator.write import MEMORY_SIZE, SCRATCH, WORDS, Function, Piece

VALUE = SCRATCH + 8  # offset from r10 of a value of up to 16 bytes; the key is at SCRATCH
KEYS = 5  # of which a map of 4 entries cannot hold all

MEMORY = MapDef("memory", MapType.ARRAY, 4, MEMORY_SIZE, 1)
RESULTS = MapDef("results", MapType.ARRAY, 4, 128, 1)
PROGS = MapDef("progs", MapType.PROG_ARRAY, 4, 4, 3)
RING = MapDef("ring", MapType.RINGBUF, 0, 0, 4096)
BLOOM = MapDef("bloom", MapType.BLOOM_FILTER, 0, 8, 1000)
FIRST = tuple((key.to_bytes(4, "little"), bytes(range(key, key + 8))) for key in range(2))
# Elements by key.  The LRU kinds are so large that nothing of theirs is dropped.
TABLES = {
    MapType.ARRAY: MapDef("array", MapType.ARRAY, 4, 16, 3),
    MapType.PERCPU_ARRAY: MapDef("cpu_array", MapType.PERCPU_ARRAY, 4, 16, 3),
    MapType.HASH: MapDef("hash", MapType.HASH, 4, 8, 4, init=FIRST),
    MapType.PERCPU_HASH: MapDef("cpu_hash", MapType.PERCPU_HASH, 4, 16, 4),
    MapType.LRU_HASH: MapDef("lru", MapType.LRU_HASH, 4, 8, 1024, init=FIRST),
    MapType.LRU_PERCPU_HASH: MapDef("cpu_lru", MapType.LRU_PERCPU_HASH, 4, 8, 1024),
    MapType.LPM_TRIE: MapDef("trie", MapType.LPM_TRIE, 8, 8, 8, F_NO_PREALLOC),
}
GROWING = MapDef("growing", MapType.HASH, 8, 16, 4, F_NO_PREALLOC)
LISTS = {
    MapType.QUEUE: MapDef("queue", MapType.QUEUE, 0, 8, 3),
    MapType.STACK: MapDef("stack", MapType.STACK, 0, 8, 3),
}
# Maps whose keys the kernel tells; the others show what they hold to programs only.
WALKED = frozenset(TABLES)


INNER = MapDef("inner", MapType.ARRAY, 4, 8, 2)
OUTERS = {
    kind: MapDef(kind.name.lower(), kind, 4, 4, 2, inner=INNER)
    for kind in (MapType.ARRAY_OF_MAPS, MapType.HASH_OF_MAPS)
}


def _key(f: Function, definition: MapDef) -> None:
    """A key at SCRATCH: one of few, so that most pieces meet the same elements."""
    number = f.rng.randrange(KEYS)
    if definition.type == MapType.LPM_TRIE:
        # 0 to 33 bits, which is one too many, of an address.
        bits = f.rng.choice((0, 8, 9, 16, 31, 32, 33))
        f.add(f"*(u32 *)(r10 {SCRATCH:+d}) = {bits}")
        octets = bytes((10, f.rng.randrange(2), f.rng.randrange(2), number))
        f.add(f"*(u32 *)(r10 {SCRATCH + 4:+d}) = {struct.unpack('<i', octets)[0]}")
        return
    if f.rng.random() < 0.3:
        register = f.number()
        f.add(f"r{register} %= {KEYS}", f"*(u64 *)(r10 {SCRATCH:+d}) = r{register}")
    else:
        f.add(f"*(u64 *)(r10 {SCRATCH:+d}) = {number}")


def _value(f: Function) -> None:
    for at in (VALUE, VALUE + 8):
        f.add(f"*(u64 *)(r10 {at:+d}) = r{f.number()}")


def _point(f: Function, register: int, at: int) -> None:
    f.add(f"r{register} = r10", f"r{register} += {at}")


def _found(f: Function, size: int) -> None:
    """Use the value at r0, which may be none; r0 is a number then."""
    missing = f.program.label()
    # The value is another number than the one it is when there is none.
    f.add(f"r9 = {f.immediate()}", f"if r0 == 0 goto {missing}")
    for _ in range(f.rng.randint(1, 3)):
        width = f.rng.choice((1, 2, 4, 8))
        off = f.rng.randrange(0, size, width)
        at = f"*(u{8 * width} *)(r0 +{off})"
        match f.rng.randrange(4):
            case 0:
                f.add(f"{at} = {f.immediate()}")
            case 1:
                f.add(f"{at} = r9")
            case 2 if width >= 4:
                f.add(f"lock {at} += r9")
            case _:
                f.add(f"r9 = {at}")
    f.add(f"{missing}:", f"r0 = {f.immediate()}")
    f.refresh()


def _lookup(f: Function, definition: MapDef) -> None:
    _key(f, definition)
    f.add(f"r1 = map[{f.program.map(definition)}] ll")
    _point(f, 2, SCRATCH)
    f.call("map_lookup_elem")
    _found(f, definition.value_size)


def _update(f: Function, definition: MapDef) -> None:
    _value(f)
    _key(f, definition)
    f.add(f"r1 = map[{f.program.map(definition)}] ll")
    _point(f, 2, SCRATCH)
    _point(f, 3, VALUE)
    # ANY, NOEXIST, EXIST, and flags that no kind takes.
    f.add(f"r4 = {f.rng.choice((0, 0, 0, 0, 1, 1, 2, 2, 3, 8))}")
    f.call("map_update_elem")
    f.refresh()


def _delete(f: Function, definition: MapDef) -> None:
    _key(f, definition)
    f.add(f"r1 = map[{f.program.map(definition)}] ll")
    _point(f, 2, SCRATCH)
    f.call("map_delete_elem")
    f.refresh()


def table(definition: MapDef) -> Piece:
    """The piece that looks up, stores and deletes elements of a map."""

    def write(f: Function) -> None:
        for _ in range(f.rng.randint(1, 3)):
            f.rng.choice((_lookup, _lookup, _update, _update, _delete))(f, definition)

    return Piece(write, 2, "map_lookup_elem", map=definition.type)


def sequence(definition: MapDef) -> Piece:
    """The piece that pushes, pops and peeks."""

    def write(f: Function) -> None:
        number = f.program.map(definition)
        for _ in range(f.rng.randint(1, 4)):
            operation = f.rng.choice(("push", "push", "pop", "peek"))
            _value(f)
            f.add(f"r1 = map[{number}] ll")
            _point(f, 2, VALUE)
            if operation == "push":
                f.add(f"r3 = {f.rng.choice((0, 0, 2, 1))}")
            f.call(f"map_{operation}_elem")
            f.add(f"r9 = *(u64 *)(r10 {VALUE:+d})")
            f.refresh()

    return Piece(write, 1, "map_push_elem", map=definition.type)


def bloom(f: Function) -> None:
    """Add a value, and ask for one."""
    number = f.program.map(BLOOM)
    for operation in ("push", "peek"):
        f.add(f"*(u64 *)(r10 {VALUE:+d}) = {f.rng.randrange(3)}", f"r1 = map[{number}] ll")
        _point(f, 2, VALUE)
        if operation == "push":
            f.add(f"r3 = {f.rng.choice((0, 0, 0, 1))}")
        f.call(f"map_{operation}_elem")
        f.refresh()


def outer(definition: MapDef) -> Piece:
    """The piece that looks up a map in a map, and a value in that one."""

    def write(f: Function) -> None:
        f.program.map(INNER)
        number = f.program.map(definition)
        missing, end = f.program.label(), f.program.label()
        _key(f, definition)
        f.add(f"r1 = map[{number}] ll")
        _point(f, 2, SCRATCH)
        f.call("map_lookup_elem")
        f.add(f"if r0 == 0 goto {missing}", "r1 = r0")
        f.add(f"*(u32 *)(r10 {SCRATCH:+d}) = {f.rng.randrange(3)}")
        _point(f, 2, SCRATCH)
        f.call("map_lookup_elem")
        f.add(f"if r0 == 0 goto {missing}", "r1 = *(u64 *)(r0 +0)", f"r1 += {f.immediate()}")
        f.add("*(u64 *)(r0 +0) = r1", f"r0 = r1\ngoto {end}", f"{missing}:")
        f.add(f"r0 = {f.immediate()}", f"{end}:")
        f.refresh()

    return Piece(write, 1, "map_lookup_elem", map=definition.type)


def ring(f: Function) -> None:
    """Reserve a record and send it or not, write one at once, ask how much is there."""
    number = f.program.map(RING)
    match f.rng.randrange(3):
        case 0:
            full = f.program.label()
            # Every third record is too large for what earlier ones leave.
            size = f.rng.choice((8, 20, 1500))
            f.add(f"r1 = map[{number}] ll", f"r2 = {size}", "r3 = 0")
            f.call("ringbuf_reserve")
            f.add(f"if r0 == 0 goto {full}", "*(u64 *)(r0 +0) = r9", "r1 = r0", "r2 = 0")
            f.call(f.rng.choice(("ringbuf_submit", "ringbuf_discard")))
            f.add("r9 = 1", f"{full}:", "r0 = 0")
        case 1:
            f.add(f"r1 = map[{number}] ll")
            _point(f, 2, WORDS[0])
            f.add(f"r3 = {f.rng.randint(1, -WORDS[0])}", f"r4 = {f.rng.choice((0, 0, 1, 2, 4))}")
            f.call("ringbuf_output")
        case _:
            f.add(f"r1 = map[{number}] ll", f"r2 = {f.rng.randrange(5)}")
            f.call("ringbuf_query")
    f.refresh()


def walk(f: Function) -> None:
    """Call a function for each element of a map, in whatever order: it adds something up."""
    program = f.program
    kinds = (MapType.ARRAY, MapType.HASH, MapType.PERCPU_ARRAY, MapType.PERCPU_HASH)
    definition = TABLES[f.rng.choice(kinds)]
    name = program.label()
    callback = Function(program, name, context=False)
    callback.add("r5 = *(u32 *)(r2 +0)", "r1 = *(u64 *)(r3 +0)")
    callback.add(f"r1 *= {f.rng.randrange(1, 1000)}", "r1 += r5")
    callback.add("r2 = *(u64 *)(r4 +0)", "r2 += r1", "*(u64 *)(r4 +0) = r2")
    if f.rng.random() < 0.5:
        callback.add(f"*(u8 *)(r3 +{f.rng.randrange(8)}) = r5")
    callback.add("r0 = 0", "exit")
    f.add(f"r1 = map[{program.map(definition)}] ll", f"r2 = {name} ll")
    _point(f, 3, f.rng.choice(WORDS))
    f.add(f"r4 = {f.rng.choice((0, 0, 0, 1))}")
    f.call("for_each_map_elem")
    f.refresh()


def per_cpu_element(f: Function) -> None:
    """The value that another CPU has, or one that does not exist."""
    definition = TABLES[f.rng.choice((MapType.PERCPU_ARRAY, MapType.PERCPU_HASH))]
    _key(f, definition)
    f.add(f"r1 = map[{f.program.map(definition)}] ll")
    _point(f, 2, SCRATCH)
    f.add(f"r3 = {f.rng.choice((0, 1, 4096, -1))}")
    f.call("map_lookup_percpu_elem")
    _found(f, definition.value_size)


PIECES = (
    *(table(definition) for definition in (*TABLES.values(), GROWING)),
    *(sequence(definition) for definition in LISTS.values()),
    *(outer(definition) for definition in OUTERS.values()),
    Piece(bloom, 1, "map_push_elem", map=MapType.BLOOM_FILTER),
    Piece(ring, 1, "ringbuf_reserve", map=MapType.RINGBUF),
    Piece(walk, 1, "for_each_map_elem", Trait.CALLBACKS, calls=True),
    Piece(per_cpu_element, 1, "map_lookup_percpu_elem"),
)
