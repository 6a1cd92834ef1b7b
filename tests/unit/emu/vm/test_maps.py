"""Maps: the kernel's rules about sizes, flags, fullness and per-CPU values."""

from __future__ import annotations

import pytest

from emu.kernel.enums import ANY, EXIST, F_RDONLY_PROG, NOEXIST, MapType
from emu.kernel.errno import E2BIG, EEXIST, EINVAL, ENOENT, EPERM
from emu.maps.base import MapError
from emu.maps.create import KINDS, create
from emu.maps.hash import HashMap
from emu.maps.ringbuf import RingBufMap
from emu.prog import MapDef
from emu.vm.fault import VmFault
from emu.vm.mem import AddressSpace
from tests.unit.emu.vm.machine import Machine

CPUS = 3


def make(map_type, key_size, value_size, max_entries, **more):
    definition = MapDef("m", map_type, key_size, value_size, max_entries, **more)
    return create(definition, AddressSpace(), CPUS)


def key(number, size=4):
    return number.to_bytes(size, "little")


def test_hash_obeys_the_flags_of_an_update():
    hash_map = make(MapType.HASH, 4, 4, 8)
    assert hash_map.store(key(1), b"aaaa", EXIST, 0) == -ENOENT
    assert hash_map.store(key(1), b"aaaa", NOEXIST, 0) == 0
    assert hash_map.store(key(1), b"bbbb", NOEXIST, 0) == -EEXIST
    assert hash_map.store(key(1), b"cccc", EXIST, 0) == 0
    assert hash_map.store(key(1), b"dddd", 8, 0) == -EINVAL
    assert hash_map.read(key(1)) == b"cccc"
    assert hash_map.remove(key(1)) == 0
    assert hash_map.remove(key(1)) == -ENOENT
    assert hash_map.read(key(1)) is None


def test_full_hash_still_replaces_values():
    hash_map = make(MapType.HASH, 4, 4, 2)
    assert [hash_map.store(key(n), b"aaaa", ANY, 0) for n in range(3)] == [0, 0, -E2BIG]
    assert hash_map.store(key(1), b"bbbb", ANY, 0) == 0
    hash_map.remove(key(0))
    assert hash_map.store(key(2), b"cccc", ANY, 0) == 0
    assert sorted(hash_map.walk()) == [key(1), key(2)]


def test_address_of_a_hash_value_stays_while_the_map_grows():
    hash_map = make(MapType.HASH, 4, 8, 1000)
    hash_map.store(key(0), bytes(8), ANY, 0)
    address = hash_map.find(key(0), 0)
    for number in range(1, 1000):
        hash_map.store(key(number), bytes(8), ANY, 0)
    hash_map.mem.write(address, b"12345678")
    assert hash_map.read(key(0)) == b"12345678"
    assert hash_map.find(key(0), 0) == address


def test_per_cpu_hash_element_is_zero_on_the_other_cpus():
    hash_map = make(MapType.PERCPU_HASH, 4, 4, 1)
    hash_map.write(key(1), b"xxxx" * 3 * 2)
    hash_map.remove(key(1))
    assert hash_map.store(key(2), b"aaaa", ANY, 1) == 0
    assert hash_map.read(key(2)) == bytes(8) + b"aaaa" + bytes(4) + bytes(8)


def test_user_space_sees_per_cpu_values_rounded_up_to_8_bytes():
    array = make(MapType.PERCPU_ARRAY, 4, 5, 2)
    for cpu in range(CPUS):
        array.store(key(1), bytes([cpu + 1]) * 5, ANY, cpu)
    assert array.read(key(1)) == b"".join(bytes([n]) * 5 + bytes(3) for n in (1, 2, 3))
    assert array.write(key(1), b"abcde") == 0
    assert array.read(key(1)) == (b"abcde" + bytes(3)) * CPUS
    assert array.write(key(1), b"abcdef") == -EINVAL


def test_array_has_all_its_elements_and_no_others():
    array = make(MapType.ARRAY, 4, 4, 2)
    assert list(array.walk()) == [key(0), key(1)]
    assert array.read(key(1)) == bytes(4)
    assert array.find(key(2), 0) == 0
    assert array.store(key(2), b"aaaa", ANY, 0) == -E2BIG
    assert array.store(key(1), b"aaaa", NOEXIST, 0) == -EEXIST
    assert array.store(key(1), b"aaaa", EXIST, 0) == 0
    assert array.remove(key(1)) == -EINVAL


def test_memory_behind_the_last_array_element_faults():
    array = make(MapType.ARRAY, 4, 5, 2)
    last = array.find(key(1), 0)
    assert array.mem.read(last, 5) == bytes(5)
    with pytest.raises(VmFault):
        array.mem.read(last, 6)


def test_initial_elements_are_there_and_frozen_maps_refuse_user_space():
    array = make(MapType.ARRAY, 4, 4, 2, init=((key(1), b"abcd"),), frozen=True)
    assert array.read(key(1)) == b"abcd"
    assert array.write(key(1), b"efgh") == -EPERM
    assert array.direct(4) == array.find(key(1), 0) - 4


def test_programs_cannot_write_a_read_only_map():
    array = make(MapType.ARRAY, 4, 4, 1, flags=F_RDONLY_PROG)
    address = array.find(key(0), 0)
    assert array.mem.read(address, 4) == bytes(4)
    with pytest.raises(VmFault):
        array.mem.write(address, b"x")


@pytest.mark.parametrize(
    ("definition", "errno"),
    [
        ((MapType.ARRAY, 8, 8, 1), EINVAL),
        ((MapType.ARRAY, 4, 0, 1), EINVAL),
        ((MapType.ARRAY, 4, 8, 0), EINVAL),
        ((MapType.HASH, 0, 8, 1), EINVAL),
        ((MapType.HASH, 513, 8, 1), E2BIG),
        ((MapType.PERF_EVENT_ARRAY, 4, 8, 1), EINVAL),
        ((MapType.RINGBUF, 0, 0, 5000), EINVAL),
        ((MapType.RINGBUF, 4, 0, 4096), EINVAL),
        ((MapType.ARENA, 0, 0, 1), EINVAL),
    ],
)
def test_sizes_that_the_kernel_refuses_are_refused(definition, errno):
    with pytest.raises(MapError) as error:
        make(*definition)
    assert error.value.errno == errno


def test_ring_buffer_keeps_the_order_of_reservations():
    ring = make(MapType.RINGBUF, 0, 0, 4096)
    assert isinstance(ring, RingBufMap)
    first, second, third = ring.reserve(5), ring.reserve(8), ring.reserve(1)
    ring.mem.write(first, b"first")
    ring.mem.write(second, b"dropped!")
    ring.mem.write(third, b"3")
    ring.commit(second, discard=True)
    ring.commit(third, discard=False)
    assert ring.consume() == []
    ring.commit(first, discard=False)
    assert ring.consume() == [b"first", b"3"]
    assert ring.query(0) == 0


def test_ring_buffer_is_full_and_goes_round():
    ring = make(MapType.RINGBUF, 0, 0, 4096)
    assert isinstance(ring, RingBufMap)
    for round_ in range(5):
        addresses = [ring.reserve(1000) for _ in range(5)]
        assert addresses[4] == 0, "each takes 1008 of 4096 bytes"
        for number, address in enumerate(addresses[:4]):
            ring.mem.write(address, bytes([round_ * 4 + number]) * 1000)
            ring.commit(address, discard=False)
        assert [record[999] for record in ring.consume()] == [round_ * 4 + n for n in range(4)]


def test_ring_buffer_record_is_committed_once():
    ring = make(MapType.RINGBUF, 0, 0, 4096)
    assert isinstance(ring, RingBufMap)
    address = ring.reserve(8)
    ring.commit(address, discard=False)
    with pytest.raises(VmFault):
        ring.commit(address, discard=False)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_survives_any_key(kind):
    sizes = {MapType.RINGBUF: (0, 0, 4096), MapType.STACK_TRACE: (4, 64, 4)}
    made = make(kind, *sizes.get(kind, (4, 4, 4)))
    for raw in (b"", bytes(4), b"\xff" * 4, b"\xff" * 16):
        made.find(raw, 0)
        made.read(raw)
        made.remove(raw)
    assert list(made.walk()) == ([key(n) for n in range(4)] if "ARRAY" in kind.name
                                 and kind not in (MapType.PERF_EVENT_ARRAY, MapType.PROG_ARRAY)
                                 else [])  # fmt: skip


def test_program_reads_and_writes_map_values_through_addresses():
    machine = Machine(
        MapDef("hash", MapType.HASH, 4, 8, 4), MapDef("array", MapType.ARRAY, 4, 16, 1)
    )
    program = """
        *(u32 *)(r10 -4) = 5
        *(u64 *)(r10 -16) = 41
        r1 = map[0] ll
        r2 = r10
        r2 += -4
        r3 = r10
        r3 += -16
        r4 = 0
        call bpf_map_update_elem
        r1 = map[0] ll
        r2 = r10
        r2 += -4
        call bpf_map_lookup_elem
        if r0 == 0 goto end
        r6 = r0
        r1 = 1
        lock *(u64 *)(r6 +0) += r1
        r1 = map[1]+8 ll
        r2 = *(u64 *)(r6 +0)
        *(u64 *)(r1 +0) = r2
        r1 = map[0] ll
        r2 = r10
        r2 += -4
        call bpf_map_delete_elem
        r1 = map[0] ll
        r2 = r10
        r2 += -4
        call bpf_map_delete_elem
    end:
        exit
    """
    assert machine.run(program) == 2**64 - ENOENT
    hash_map, array = machine.maps
    assert isinstance(hash_map, HashMap)
    assert list(hash_map.walk()) == []
    assert array.read(bytes(4)) == bytes(8) + (42).to_bytes(8, "little")
