"""Arcs against sets of words: every arc of three bits, and members of 64-bit ones."""

from __future__ import annotations

import itertools
import random

import pytest

from verifier_model.domain import arc
from verifier_model.domain.arc import Arc
from verifier_model.domain.word import U32, U64

MOST = 7  # the greatest word of three bits
WORDS = range(MOST + 1)
ARCS = [Arc(base, size) for base in WORDS for size in WORDS]


def members(a: Arc) -> set[int]:
    if arc.is_empty(a, MOST):
        return set()
    return {(a.base + step) & MOST for step in range(a.size + 1)}


def as_signed(x: int) -> int:
    return x - 8 if x > 3 else x


def spans(words: set[int]) -> bool:
    """Whether the words are one arc, or none."""
    return sum((x + 1) & MOST not in words for x in words) <= 1


def test_ranges_of_an_arc_are_the_least_that_hold_it():
    for a in ARCS:
        words = members(a)
        if words:
            assert arc.unsigned(a, MOST) == (min(words), max(words)) or {0, MOST} <= words
            signed = {as_signed(x) for x in words}
            assert arc.signed(a, MOST) == (min(signed), max(signed)) or {-4, 3} <= signed


def test_an_arc_past_an_end_has_no_range_there():
    assert arc.unsigned(Arc(6, 3), MOST) == (0, MOST)
    assert arc.signed(Arc(6, 3), MOST) == (-2, 1)
    assert arc.signed(Arc(2, 3), MOST) == (-4, 3)
    assert arc.unsigned(Arc(2, 3), MOST) == (2, 5)


def test_arcs_of_ranges_have_their_words():
    for low, high in itertools.combinations_with_replacement(WORDS, 2):
        assert members(arc.from_unsigned(low, high, MOST)) == set(range(low, high + 1))
    for low, high in itertools.combinations_with_replacement(range(-4, 4), 2):
        assert members(arc.from_signed(low, high, MOST)) == {x & MOST for x in range(low, high + 1)}


def test_contains_says_who_is_a_member():
    for a in ARCS:
        assert {x for x in WORDS if arc.contains(a, x, MOST)} == members(a)


def test_intersection_is_exact_where_it_is_one_arc_and_the_smaller_where_it_is_two():
    for a, b in itertools.product(ARCS, ARCS):
        both, found = members(a) & members(b), members(arc.intersect(a, b, MOST))
        if spans(both):
            assert found == both
        else:
            assert found in (members(a), members(b))
            assert len(found) == min(len(members(a)), len(members(b)))


def test_sums_and_negations_are_exact():
    for a, b in itertools.product(ARCS, ARCS):
        sums = {(x + y) & MOST for x in members(a) for y in members(b)}
        found = arc.add(a, b, MOST) if a.size + b.size <= MOST else None
        assert found is None or members(found) == sums
    for a in ARCS:
        assert members(arc.negate(a, MOST)) == {-x & MOST for x in members(a)}


def test_subset_is_that_of_sets():
    for a, b in itertools.product(ARCS, ARCS):
        assert arc.is_subset(a, b, MOST) is (members(a) <= members(b))


@pytest.mark.parametrize("seed", range(4))
def test_trimming_by_the_low_half_loses_no_word(seed):
    """A word inside both arcs is inside what cnum64_cnum32_intersect() gives."""
    rng = random.Random(seed)
    for _ in range(5000):
        sizes = (0, 1, 7, 1 << 16, U32 - 1, U32, 1 << 33, 5 << 40)
        size = rng.choice(sizes)
        base = rng.choice((rng.getrandbits(64), rng.getrandbits(33), -rng.getrandbits(33) & U64))
        x = (base + rng.randint(0, size)) & U64
        whole = Arc(base, size)
        low_size = rng.choice((0, 3, 1 << 12, U32 - 1))
        low = Arc((x - rng.randint(0, low_size)) & U32, low_size)
        trimmed = arc.trim(whole, low)
        assert arc.contains(trimmed, x, U64)
        assert arc.is_subset(trimmed, whole, U64)
        halves = arc.low_half(whole)
        assert arc.contains(halves, x & U32, U32)
        assert halves.size <= U32


def test_trimming_moves_both_ends_to_words_that_fit():
    # 0x1_00000000 to 0x3_00000000 where the low half is 5 to 9.
    trimmed = arc.trim(Arc(1 << 32, 2 << 32), Arc(5, 4))
    assert trimmed == arc.from_unsigned((1 << 32) + 5, (2 << 32) + 9, U64)
    assert arc.is_empty(arc.trim(Arc(1 << 32, 4), Arc(5, 4)), U64)
