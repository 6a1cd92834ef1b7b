"""Maps against plain Python, and programs of nonsense against maps and packets of every kind."""

from __future__ import annotations

from collections import deque

from hypothesis import given, settings
from hypothesis import strategies as st

from emu.isa.table import INSNS
from emu.kernel.enums import ANY, EXIST, F_NO_PREALLOC, NOEXIST, MapType, ProgType
from emu.kernel.errno import E2BIG, EEXIST, EINVAL, ENOENT, ENOSPC
from emu.kernel.helper_names import NAMES
from emu.kernel.profile import Kernel
from emu.maps.create import KINDS, RARE, create
from emu.net.test_run import prog_test_run
from emu.prog import Insn, MapDef, Prog
from emu.vm.engine import make
from emu.vm.fault import VmFault
from emu.vm.mem import AddressSpace
from emu.world.scenario import Scenario
from emu.world.world import World

FULL = 3
flags = st.sampled_from([ANY, NOEXIST, EXIST, 4, 8])
bytes_1 = st.binary(min_size=1, max_size=1)


def new(map_type, key_size=1, value_size=1, entries=FULL, **more):
    definition = MapDef("m", map_type, key_size, value_size, entries, **more)
    return create(definition, AddressSpace(), 1, Kernel.release("6.18"))


def updated(model, key, value, flag, full):
    """What an update of a dict that holds FULL elements answers."""
    if flag > EXIST:
        return -EINVAL
    if key in model and flag == NOEXIST:
        return -EEXIST
    if key not in model and flag == EXIST:
        return -ENOENT
    if key not in model and len(model) == FULL:
        return -full
    model[key] = value
    return 0


updates = st.tuples(st.just("update"), st.sampled_from([b"a", b"b", b"c", b"d"]), bytes_1, flags)
removals = st.tuples(st.just("remove"), st.sampled_from([b"a", b"b", b"c", b"d"]))


@given(st.lists(updates | removals, max_size=30))
def test_hash_is_a_dict_with_room_for_so_many(actions):
    hash_map, model = new(MapType.HASH), {}
    for name, key, *rest in actions:
        if name == "update":
            expected = updated(model, key, *rest, E2BIG)
            assert hash_map.store(key, *rest, 0) == expected
        else:
            assert hash_map.remove(key) == (0 if model.pop(key, None) else -ENOENT)
        assert {each: hash_map.read(each) for each in hash_map.walk()} == model
        for each in (b"a", b"b", b"c", b"d"):
            address = hash_map.find(each, 0)
            assert (hash_map.mem.read(address, 1) if address else None) == model.get(each)


# Two bytes of key: so few that prefixes meet.
prefixes = st.tuples(st.integers(0, 17), st.sampled_from([0, 0x8000, 0xC000, 0xC001, 0xFFFF]))


@given(st.lists(st.tuples(st.booleans(), prefixes, bytes_1, flags), max_size=20), prefixes)
def test_trie_finds_what_a_search_of_all_prefixes_finds(actions, wanted):
    trie, model = new(MapType.LPM_TRIE, 6, flags=F_NO_PREALLOC), {}

    def encoded(length, number):
        return length.to_bytes(4, "little") + number.to_bytes(2, "big")

    for remove, (length, number), value, flag in actions:
        key = (length, number >> (16 - length) if length <= 16 else 0)
        if remove and length <= 16:
            assert trie.remove(encoded(length, number)) == (0 if model.pop(key, b"") else -ENOENT)
        elif not remove:
            expected = -EINVAL if length > 16 else updated(model, key, value, flag, ENOSPC)
            assert trie.store(encoded(length, number), value, flag, 0) == expected
    length, number = wanted
    matching = [
        (bits, value)
        for (bits, start), value in model.items()
        if bits <= length <= 16 and number >> (16 - bits) == start
    ]
    assert trie.read(encoded(length, number)) == (max(matching)[1] if matching else None)


@given(st.lists(st.tuples(st.sampled_from(["push", "pop", "peek"]), bytes_1, flags), max_size=30))
def test_queue_and_stack_are_a_deque_with_two_ends(actions):
    for kind, end in ((MapType.QUEUE, 0), (MapType.STACK, -1)):
        made, model = new(kind, 0), deque()
        for name, value, flag in actions:
            if name == "push":
                if flag in (ANY, EXIST):
                    full = len(model) == FULL
                    if full and flag == EXIST:
                        model.popleft()
                    expected = -E2BIG if full and flag == ANY else 0
                    if not expected:
                        model.append(value)
                else:
                    expected = -EINVAL
                assert made.push(value, flag) == expected
            else:
                expected = model[end] if model else -ENOENT
                assert getattr(made, name)() == expected
                if name == "pop" and model:
                    del model[end]


# -- Nonsense

SIZES = {
    MapType.QUEUE: (0, 8), MapType.STACK: (0, 8), MapType.BLOOM_FILTER: (0, 8),
    MapType.RINGBUF: (0, 0), MapType.LPM_TRIE: (8, 8), MapType.TASK_STORAGE: (4, 8),
    **dict.fromkeys((MapType.PROG_ARRAY, MapType.PERF_EVENT_ARRAY, MapType.CGROUP_ARRAY), (4, 4)),
    **dict.fromkeys((MapType.ARRAY_OF_MAPS, MapType.HASH_OF_MAPS), (4, 4)),
}  # fmt: skip
ENTRIES = {MapType.RINGBUF: 4096, MapType.TASK_STORAGE: 0}
NO_PREALLOC = (MapType.LPM_TRIE, MapType.TASK_STORAGE)
MAPS = tuple(
    MapDef(
        kind.name.lower(), kind, *SIZES.get(kind, (4, 8)), ENTRIES.get(kind, 2),
        F_NO_PREALLOC if kind in NO_PREALLOC else 0,
    )
    for kind in (*KINDS, *RARE)
)  # fmt: skip
TYPES = (ProgType.SOCKET_FILTER, ProgType.SCHED_CLS, ProgType.XDP, ProgType.RAW_TRACEPOINT)
CODES = tuple(row.code for row in INSNS)
LD_IMM64, CALL, EXIT_CODE, MOV = 0x18, 0x85, 0x95, 0xBF

registers = st.integers(0, 10)
numbers = st.sampled_from([0, 1, -1, 4, 8, -8, 1 << 30, -(1 << 31)])
offsets = st.sampled_from([0, 1, 4, -4, -8, -16, 44, 76, 80, 140, -(1 << 15)])
any_insn = st.builds(Insn, st.sampled_from(CODES), registers, registers, offsets, numbers)
map_load = st.builds(
    lambda reg, index: (Insn(LD_IMM64, reg, 1, 0, index), Insn(0, 0, 0, 0, 0)),
    st.integers(1, 3),
    st.integers(0, len(MAPS)),
)
stack_address = st.builds(
    lambda reg, off: (Insn(MOV, reg, 10), Insn(0x07, reg, 0, 0, off)),
    st.integers(1, 5),
    st.sampled_from([-8, -16, -64]),
)
helper_call = st.builds(
    lambda number, ctx: ((Insn(MOV, 1, 6),) if ctx else ()) + (Insn(CALL, 0, 0, 0, number),),
    st.integers(0, len(NAMES)),
    st.booleans(),
)
# What most helpers want: a map or the context, then places on the stack and sizes in some order.
argument = st.sampled_from(["stack", "size"])


def prepared(index, arguments, call):
    first = (Insn(MOV, 1, 6),) if index < 0 else (Insn(LD_IMM64, 1, 1, 0, index), Insn(0))
    rest = []
    for reg, what in enumerate(arguments, 2):
        if what == "stack":
            rest += [Insn(MOV, reg, 10), Insn(0x07, reg, 0, 0, -64)]
        else:
            rest.append(Insn(0xB7, reg, 0, 0, 8))
    return (*first, *rest, Insn(CALL, 0, 0, 0, call))


good_call = st.builds(
    prepared,
    st.integers(-1, len(MAPS) - 1),
    st.tuples(argument, argument, argument, argument),
    st.integers(1, len(NAMES) - 1),
)
pieces = st.lists(
    st.one_of(any_insn.map(lambda insn: (insn,)), map_load, stack_address, helper_call, good_call),
    max_size=30,
)


@settings(max_examples=300, deadline=None)
@given(pieces, st.sampled_from(TYPES), st.sampled_from(["interpreter", "translator"]))
def test_nonsense_ends_in_a_result_or_a_fault(parts, prog_type, engine):
    world = World(Scenario("nonsense", cpus=1), Kernel.release("6.12"))
    maps = [create(each, world.mem, 1, world.kernel) for each in MAPS]
    world.maps.update((made.address, made) for made in maps)
    insns = (Insn(MOV, 6, 1), *(insn for part in parts for insn in part), Insn(EXIT_CODE))
    vm = make(Prog("n", prog_type, insns, MAPS), world.mem, maps, engine=engine, budget=2000)
    packet = prog_type != ProgType.RAW_TRACEPOINT
    try:
        outcome = prog_test_run(
            world, vm, bytes(64) if packet else b"", b"" if packet else bytes(96), repeat=0
        )
    except VmFault:
        return
    assert outcome.errno == 0
    assert 0 <= outcome.retval < 1 << 32
