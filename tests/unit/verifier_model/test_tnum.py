"""domain/tnum.py against all members of small tnums."""

from __future__ import annotations

import itertools
import operator

import pytest

from verifier_model.domain import tnum
from verifier_model.domain.tnum import Tnum
from verifier_model.domain.word import U64, s32, s64

BITS = 3
SMALL = [
    Tnum(value, mask)
    for value, mask in itertools.product(range(1 << BITS), repeat=2)
    if not value & mask
]


def members(t):
    return [x for x in range(1 << BITS) if t.contains(x)]


@pytest.mark.parametrize(
    ("abstract", "concrete"),
    [
        (tnum.add, operator.add),
        (tnum.sub, operator.sub),
        (tnum.and_, operator.and_),
        (tnum.or_, operator.or_),
        (tnum.xor, operator.xor),
        (tnum.mul, operator.mul),
        (tnum.mul_halves, operator.mul),
        (tnum.mul_union, operator.mul),
    ],
)
def test_binary_result_contains_every_concrete_result(abstract, concrete):
    for a, b in itertools.product(SMALL, repeat=2):
        result = abstract(a, b)
        assert result.is_well_formed()
        for x, y in itertools.product(members(a), members(b)):
            assert result.contains(concrete(x, y) & U64), (a, b, x, y)


@pytest.mark.parametrize("low", range(12))
def test_range_contains_both_ends_and_all_between(low):
    for high in range(low, 20):
        t = tnum.from_range(low, high)
        assert all(t.contains(x) for x in range(low, high + 1))


def test_range_over_the_top_bit_is_unknown():
    assert tnum.from_range(1, 1 << 63) == tnum.UNKNOWN


def test_shifts_shift_every_member():
    for t in SMALL:
        for x in members(t):
            assert tnum.lshift(t, 62).contains((x << 62) & U64)
            assert tnum.rshift(tnum.lshift(t, 60), 61).contains(((x << 60) & U64) >> 61)


def test_arithmetic_shift_takes_the_sign_of_its_width():
    negative = Tnum(0x8000_0000, 0xF)
    assert tnum.arshift(negative, 4, 32).contains((s32(0x8000_000F) >> 4) & 0xFFFF_FFFF)
    assert tnum.arshift(negative, 4, 64).contains(s64(0x8000_000F) >> 4)


def test_includes_says_whether_all_members_are_members():
    for a, b in itertools.product(SMALL, repeat=2):
        assert tnum.includes(a, b) == (set(members(b)) <= set(members(a)))


def test_overlap_says_whether_some_member_is_common():
    for a, b in itertools.product(SMALL, repeat=2):
        assert tnum.overlap(a, b) == bool(set(members(a)) & set(members(b)))


def test_next_member_is_the_smallest_above():
    for t in SMALL:
        for x in range(1 << BITS):
            above = [y for y in members(t) if y > x]
            assert tnum.next_member(t, x) == (min(above) if above else max(members(t)))


def test_subreg_parts_join_again():
    t = Tnum(0x1234_0000_5678_0000, 0x0000_FFFF_0000_000F)
    assert tnum.with_subreg(tnum.clear_subreg(t), tnum.subreg(t)) == t


def test_swap_reverses_known_and_unknown_bytes():
    assert tnum.bswap(Tnum(0x1200, 0x00FF), 2) == Tnum(0x0012, 0xFF00)
