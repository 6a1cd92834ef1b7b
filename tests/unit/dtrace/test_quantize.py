"""The numbering of histogram buckets, which code generation shares, and what follows from it.

Their printed form is in tests/cases/consume/quantize.test.
"""

from __future__ import annotations

import pytest

from dtrace.consume.quantize import (
    QUANTIZE_BUCKETS,
    SCALES,
    diagram,
    llquantize_scale,
    lquantize_scale,
    quantize_scale,
    signed,
    weight,
)


def test_quantize_has_powers_of_two_of_both_signs() -> None:
    scale = quantize_scale(())
    assert len(scale.labels) == QUANTIZE_BUCKETS
    assert scale.labels[63] == "0"
    assert [scale.labels[63 + k] for k in (1, 2, 63)] == ["1", "2", str(2**62)]
    assert [scale.labels[63 - k] for k in (1, 2, 63)] == ["-1", "-2", str(-(2**62))]


def test_lquantize_has_the_levels_between_two_ends() -> None:
    assert lquantize_scale((-4, 5, 4)).labels == ("< -4", "-4", "0", ">= 4")


def test_llquantize_is_symmetric_around_its_middle() -> None:
    scale = llquantize_scale((10, 0, 0, 10))
    positive = ["1", "2", "3", "4", "5", "6", "7", "8", "9"]
    negative = [f"-{label}" for label in reversed(positive)]
    assert scale.labels == ("<= -10", *negative, "0", *positive, ">= 10")
    assert scale.zero == scale.middle == 10


@pytest.mark.parametrize(
    ("params", "positive"),
    [
        # The first step of a magnitude that has fewer steps than the factor begins at its start.
        (
            (10, 2, 3, 5),
            ["100", "200", "400", "600", "800", "1000", "2000", "4000", "6000", "8000"],
        ),
        ((10, 2, 3, 1), ["100", "1000"]),
        # More steps than numbers: every other one is not used.
        ((2, 0, 1, 4), ["1", "", "2", "3"]),
        ((4, 0, 0, 8), ["1", "", "2", "", "3", ""]),
    ],
)
def test_llquantize_steps(params: tuple[int, ...], positive: list[str]) -> None:
    scale = llquantize_scale(params)
    middle = len(positive) + 1
    got = list(scale.labels[middle + 1 : -1])
    assert got == positive
    assert len(scale.labels) == len(scale.values) == 2 * len(positive) + 3


@pytest.mark.parametrize(
    ("func", "params"), [("quantize", ()), ("lquantize", (0, 9, 2)), ("llquantize", (4, 1, 3, 8))]
)
def test_values_grow_with_the_bucket(func: str, params: tuple[int, ...]) -> None:
    scale = SCALES[func](params)
    used = [value for value, label in zip(scale.values, scale.labels, strict=True) if label]
    assert used == sorted(set(used))


def test_weight_is_the_sum_then_the_zeros() -> None:
    scale = lquantize_scale((0, 3, 1))
    # below 0 counts as -1, at or above 3 as 4
    assert weight(scale, (2, 5, 1, 1, 1)) == (-2 + 0 + 1 + 2 + 4, 5)


def test_weight_without_a_bucket_for_zero() -> None:
    assert weight(lquantize_scale((5, 7, 1)), (0, 1, 0, 0)) == (5, 0)


def test_bars_of_more_counts_than_a_float_holds_are_exact() -> None:
    scale = lquantize_scale((0, 2, 1))
    # 1/80 of the total is half a column, which rounds up; one less does not.
    half = 2**60
    lines = diagram(scale, (half, 79 * half, 0, 0), 1).decode().split("\n")
    assert lines[2].count("@") == 1
    lines = diagram(scale, (half - 1, 79 * half + 1, 0, 0), 1).decode().split("\n")
    assert lines[2].count("@") == 0


@pytest.mark.parametrize(
    ("word", "number"),
    [(0, 0), (2**63 - 1, 2**63 - 1), (2**63, -(2**63)), (2**64 - 1, -1), (-5, -5)],
)
def test_signed_reads_a_word(word: int, number: int) -> None:
    assert signed(word) == number
