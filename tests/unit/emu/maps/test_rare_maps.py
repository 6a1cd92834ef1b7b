"""Maps that D programs do not use.  Expectations: the recorded runs and the kernel's sources."""

from __future__ import annotations

import pytest

from emu.kernel.enums import ANY, EXIST, F_NO_PREALLOC, NOEXIST, MapType
from emu.kernel.errno import E2BIG, EEXIST, EINVAL, ENOENT, ENOSPC
from emu.kernel.profile import Kernel
from emu.maps.base import MapError
from emu.maps.create import NOT_EMULATED, create
from emu.prog import MapDef
from emu.vm.fault import VmFault
from emu.vm.mem import AddressSpace

NEW, OLD = Kernel.release("6.18"), Kernel.release("5.10")


def make(map_type, key_size=4, value_size=8, max_entries=2, *, kernel=NEW, **more):
    definition = MapDef("m", map_type, key_size, value_size, max_entries, **more)
    return create(definition, AddressSpace(), 1, kernel)


def test_queue_gives_the_oldest_and_stack_the_newest():
    queue, stack = make(MapType.QUEUE, 0, 1), make(MapType.STACK, 0, 1)
    for made in (queue, stack):
        assert [made.push(value, ANY) for value in (b"a", b"b", b"c")] == [0, 0, -E2BIG]
    assert [queue.peek(), queue.pop(), queue.pop(), queue.pop()] == [b"a", b"a", b"b", -ENOENT]
    assert [stack.peek(), stack.pop(), stack.pop(), stack.pop()] == [b"b", b"b", b"a", -ENOENT]


@pytest.mark.parametrize("kind", [MapType.QUEUE, MapType.STACK])
def test_push_with_exist_drops_the_oldest(kind):
    made = make(kind, 0, 1)
    assert [made.push(value, EXIST) for value in (b"a", b"b", b"c")] == [0, 0, 0]
    assert sorted([made.pop(), made.pop()]) == [b"b", b"c"]
    assert made.push(b"d", NOEXIST) == -EINVAL
    assert made.push(b"d", 4) == -EINVAL


def test_bloom_filter_knows_what_was_pushed():
    bloom = make(MapType.BLOOM_FILTER, 0, 4, 64)
    assert bloom.push(b"aaaa", ANY) == 0
    assert bloom.push(b"bbbb", EXIST) == -EINVAL
    assert (bloom.test(b"aaaa"), bloom.test(b"bbbb")) == (0, -ENOENT)


def prefix(bits, data):
    return bits.to_bytes(4, "little") + data


def trie(entries, **more):
    return make(MapType.LPM_TRIE, 8, 1, entries, flags=F_NO_PREALLOC, **more)


def test_trie_finds_the_longest_prefix():
    lpm = trie(8)
    for bits, data, value in ((0, b"\0\0\0\0", b"0"), (8, b"\x0a\0\0\0", b"8"),
                              (15, b"\x0a\x02\0\0", b"f")):  # fmt: skip
        assert lpm.store(prefix(bits, data), value, ANY, 0) == 0
    found = [lpm.read(prefix(32, data)) for data in (b"\x0a\x03\0\1", b"\x0a\x04\0\1", b"\1\1\1\1")]
    assert found == [b"f", b"8", b"0"]
    assert lpm.read(prefix(7, b"\x0a\0\0\0")) == b"0"
    assert lpm.remove(prefix(7, b"\x0a\0\0\0")) == -ENOENT
    assert lpm.remove(prefix(8, b"\x0a\xff\0\0")) == 0
    assert lpm.read(prefix(32, b"\x0a\x04\0\1")) == b"0"


def test_trie_refuses_more_bits_than_its_keys_have():
    lpm = trie(8)
    assert lpm.store(prefix(33, b"\0\0\0\0"), b"a", ANY, 0) == -EINVAL
    assert lpm.remove(prefix(33, b"\0\0\0\0")) == -EINVAL
    assert lpm.find(prefix(33, b"\0\0\0\0"), 0) == 0


def test_full_trie_still_replaces_values_but_in_old_kernels():
    key, other = prefix(8, b"\1\0\0\0"), prefix(8, b"\2\0\0\0")
    for kernel, results in ((NEW, [-EEXIST, 0, -ENOENT, -ENOSPC]), (OLD, [-ENOSPC] * 4)):
        lpm = trie(1, kernel=kernel)
        assert lpm.store(key, b"a", ANY, 0) == 0
        asked = ((key, NOEXIST), (key, EXIST), (other, EXIST), (other, ANY))
        assert [lpm.store(each, b"b", flags, 0) for each, flags in asked] == results


def test_lru_hash_drops_what_was_not_used_for_longest():
    lru = make(MapType.LRU_HASH, 1, 1, 3)
    for key in (b"a", b"b", b"c"):
        lru.store(key, key, ANY, 0)
    lru.find(b"a", 0)
    assert lru.store(b"d", b"d", EXIST, 0) == -ENOENT
    assert lru.store(b"d", b"d", ANY, 0) == 0
    assert sorted(lru.walk()) == [b"a", b"c", b"d"]


def test_updated_hash_element_moves_so_that_its_old_address_keeps_the_old_value():
    hash_map = make(MapType.HASH, 1, 8, 1)
    hash_map.store(b"k", b"old-----", ANY, 0)
    address = hash_map.find(b"k", 0)
    hash_map.store(b"k", b"new-----", ANY, 0)
    assert hash_map.mem.read(address, 8) == b"old-----"
    assert hash_map.mem.read(hash_map.find(b"k", 0), 8) == b"new-----"
    hash_map.store(b"k", b"newest--", ANY, 0)
    assert hash_map.find(b"k", 0) == address


def test_map_of_maps_gives_addresses_of_maps():
    inner = make(MapType.HASH)
    for kind in (MapType.ARRAY_OF_MAPS, MapType.HASH_OF_MAPS):
        outer = make(kind, 4, 4, 1)
        assert outer.insert(bytes(4), inner) == 0
        assert outer.find(bytes(4), 0) == inner.address
        assert outer.find(b"\1\0\0\0", 0) == 0
        assert outer.insert(b"\1\0\0\0", inner) == -E2BIG
        assert outer.remove(bytes(4)) == 0
        assert outer.remove(bytes(4)) == -ENOENT


@pytest.mark.parametrize(
    ("kind", "kernel", "flags", "action"),
    [
        (MapType.CPUMAP, NEW, 2, 2),
        (MapType.CPUMAP, NEW, 8, 0),
        (MapType.XSKMAP, OLD, 100, 0),
        (MapType.DEVMAP, NEW, 8, 4),
        (MapType.DEVMAP_HASH, OLD, 8, 0),
    ],
)
def test_redirection_to_nowhere_gives_the_action_in_the_flags(kind, kernel, flags, action):
    assert make(kind, 4, 4, kernel=kernel).redirect(kernel, flags) == action


def test_other_maps_are_no_targets_of_redirections():
    with pytest.raises(VmFault):
        make(MapType.HASH).redirect(NEW, 0)


def test_task_storage_has_a_value_for_each_task():
    storage = make(MapType.TASK_STORAGE, 4, 8, 0, flags=F_NO_PREALLOC)
    assert storage.get(1, None) == 0
    address = storage.get(1, b"12345678")
    assert storage.mem.read(address, 8) == b"12345678"
    assert storage.get(1, bytes(8)) == address
    assert storage.get(2, bytes(8)) not in (0, address)
    assert (storage.drop(1), storage.drop(1)) == (0, -ENOENT)


@pytest.mark.parametrize(
    ("kind", "key_size", "value_size", "entries", "flags"),
    [
        (MapType.QUEUE, 4, 8, 1, 0),
        (MapType.STACK, 0, 8, 0, 0),
        (MapType.BLOOM_FILTER, 4, 8, 1, 0),
        (MapType.LPM_TRIE, 8, 8, 1, 0),
        (MapType.LPM_TRIE, 4, 8, 1, F_NO_PREALLOC),
        (MapType.LPM_TRIE, 261, 8, 1, F_NO_PREALLOC),
        (MapType.ARRAY_OF_MAPS, 8, 4, 1, 0),
        (MapType.HASH_OF_MAPS, 8, 8, 1, 0),
        (MapType.CPUMAP, 8, 4, 1, 0),
        (MapType.TASK_STORAGE, 4, 8, 1, F_NO_PREALLOC),
    ],
)
def test_wrong_sizes_are_refused(kind, key_size, value_size, entries, flags):
    with pytest.raises(MapError) as refused:
        make(kind, key_size, value_size, entries, flags=flags)
    assert refused.value.errno == EINVAL


@pytest.mark.parametrize("kind", sorted(NOT_EMULATED))
def test_kind_that_is_not_emulated_is_refused_with_the_reason(kind):
    with pytest.raises(MapError, match=NOT_EMULATED[kind]):
        make(kind)
