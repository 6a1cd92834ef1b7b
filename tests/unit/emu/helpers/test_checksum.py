"""Ones' complement sums.  The first example is that of RFC 1071, 3."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from emu.net import checksum

RFC_1071 = bytes.fromhex("0001f203f4f5f6f7")
halves = st.integers(0, 0xFFFF)
packets = st.binary(min_size=2, max_size=40).map(lambda data: data[: len(data) // 2 * 2])


def field(data: bytes) -> int:
    """The checksum field that covers `data`, as a little-endian load sees it."""
    return checksum.fold(checksum.partial(data))


def test_sum_is_that_of_the_standard():
    total = field(RFC_1071) ^ 0xFFFF
    assert total.to_bytes(2, "little") == bytes.fromhex("ddf2")


@given(packets, halves)
def test_replaced_half_gives_the_sum_of_the_new_packet(data, new):
    old = int.from_bytes(data[:2], "little")
    changed = new.to_bytes(2, "little") + data[2:]
    # 0 and 0xFFFF are the same number in ones' complement.
    expected = field(changed) % 0xFFFF
    assert checksum.replace2(field(data), old, new) % 0xFFFF == expected
    assert checksum.replace4(field(data), old, new) % 0xFFFF == expected
    difference = checksum.sub(new, old)
    assert checksum.replace_by_diff(field(data), difference) % 0xFFFF == expected


@given(packets, st.integers(0, 0xFFFF_FFFF))
def test_folded_sum_is_the_sum_modulo_0xffff(data, start):
    words = [int.from_bytes(data[at : at + 2], "little") for at in range(0, len(data), 2)]
    total = checksum.partial(data, start)
    assert total % 0xFFFF == (sum(words) + start) % 0xFFFF
    assert checksum.from_32_to_16(total) % 0xFFFF == total % 0xFFFF
    assert ~checksum.fold(total) % 0x10000 % 0xFFFF == total % 0xFFFF
