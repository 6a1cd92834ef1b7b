"""Histograms of quantize(), lquantize() and llquantize().

Buckets lie in this order, which code generation follows:

quantize    127: bucket 63 is 0, bucket 63 + k is 2**(k - 1) and up, bucket 63 - k its negative.
lquantize   below the base; the levels; at or above the limit.
llquantize  With n = (high - low + 1) * (steps - steps / factor) and middle = n + 1: bucket
            middle is what is smaller than factor**low, middle + 1 + (m - low) * (n of one
            magnitude) + j step j of magnitude m, 2n + 2 what is at or above factor**(high + 1);
            and bucket middle - i is for negative numbers what middle + i is for positive ones.

Source of the layout of the printed text: DTrace guide, chapter "Aggregations", and 2.0.7 observed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

QUANTIZE_ZERO = 63
QUANTIZE_BUCKETS = 127
WIDTH = 40  # columns of a bar; half on each side where there are counts of both signs
U64 = (1 << 64) - 1


class Scale(NamedTuple):
    """What the buckets of one histogram stand for, in order of value."""

    labels: tuple[str, ...]  # one per bucket; "" for one that is never used
    values: tuple[int, ...]  # what a count in it weighs when histograms are compared
    zero: int  # the bucket that holds 0, -1 for none
    blank: tuple[int, int]  # first and last bucket shown of a histogram without counts
    middle: int = -1  # llquantize: the bucket around 0
    first_label: str = ""  # llquantize: how `middle` is labelled where it is the first row


def quantize_scale(params: tuple[int, ...]) -> Scale:
    """Powers of two of both signs around 0."""
    positive = [1 << k for k in range(QUANTIZE_ZERO)]
    values = (*(-v for v in reversed(positive)), 0, *positive)
    return Scale(
        tuple(map(str, values)), values, QUANTIZE_ZERO, (QUANTIZE_ZERO - 1, QUANTIZE_ZERO + 1)
    )


def lquantize_scale(params: tuple[int, ...]) -> Scale:
    """params: base, limit, step."""
    base, limit, step = params
    levels = (limit - base) // step
    starts = [base + i * step for i in range(levels)]
    top = base + levels * step
    values = (base - 1, *starts, top + 1)
    labels = (f"< {base}", *map(str, starts), f">= {top}")
    return Scale(labels, values, values.index(0) if 0 in values else -1, (0, min(2, levels + 1)))


def llquantize_scale(params: tuple[int, ...]) -> Scale:
    """params: factor, low magnitude, high magnitude, steps in a magnitude."""
    factor, low, high, steps = params
    starts: list[int | None] = []
    for magnitude in range(low, high + 1):
        end = factor ** (magnitude + 1)
        for step in range(steps // factor, steps):
            # Where a magnitude has fewer numbers than steps, only some steps begin at a number.
            start, rest = divmod(step * end, steps)
            starts.append(None if rest else max(start, factor**magnitude))
    least, top = factor**low, factor ** (high + 1)
    positive = ["" if s is None else str(s) for s in starts]
    negative = [s and f"-{s}" for s in positive]
    around = f"abs() < {least}" if low else "0"
    weights = [s or 0 for s in starts]
    middle = len(starts) + 1
    return Scale(
        (f"<= -{top}", *reversed(negative), around, *positive, f">= {top}"),
        (-top, *(-w for w in reversed(weights)), 0, *weights, top),
        middle,
        (middle, middle + 2),
        middle,
        f"< {least}" if low else "0",
    )


SCALES: dict[str, Callable[[tuple[int, ...]], Scale]] = {
    "quantize": quantize_scale,
    "lquantize": lquantize_scale,
    "llquantize": llquantize_scale,
}


def weight(scale: Scale, buckets: Sequence[int]) -> tuple[int, int]:
    """What histograms are sorted by: the sum of all values, then the count of zeros."""
    total = sum(value * count for value, count in zip(scale.values, buckets, strict=True))
    return total, buckets[scale.zero] if scale.zero >= 0 else 0


def diagram(scale: Scale, buckets: Sequence[int], normal: int) -> bytes:
    """The histogram: a line break, the heading, a row per bucket from the one before the first
    that is not 0 to the one after the last.

    buckets: signed counts.  normal: what the printed counts (not the bars) are divided by.
    """
    used = [i for i, label in enumerate(scale.labels) if label]
    rows = _shown(scale, buckets, used)
    total = sum(map(abs, buckets))
    bar = _bar(buckets)
    lines = ["", f"{'value':>16} {'------------- Distribution -------------':>41} {'count':<9}"]
    for i in rows:
        label = scale.labels[i]
        if i == scale.middle and i == rows[0]:
            label = scale.first_label
        count = signed((buckets[i] & U64) // normal) if normal != 1 else buckets[i]
        lines.append(f"{label:>16} {bar(buckets[i], total)} {count:<9}")
    lines.append("")
    return "\n".join(lines).encode()


def signed(word: int) -> int:
    """The low 64 bits as a signed number."""
    return ((word & U64) ^ 1 << 63) - (1 << 63)


def _shown(scale: Scale, buckets: Sequence[int], used: list[int]) -> list[int]:
    filled = [n for n, i in enumerate(used) if buckets[i]]
    if not filled:
        return [i for i in used if i >= scale.blank[0]][: scale.blank[1] - scale.blank[0] + 1]
    return used[max(filled[0] - 1, 0) : filled[-1] + 2]


def _bar(buckets: Sequence[int]) -> Callable[[int, int], str]:
    # The bar grows to the left for negative counts; there is room on both sides only where both
    # signs occur.
    def length(count: int, total: int, width: int) -> int:
        return (2 * abs(count) * width + total) // (2 * total) if total else 0

    def right(count: int, total: int) -> str:
        return f"|{'@' * length(count, total, WIDTH):<{WIDTH}}"

    def left(count: int, total: int) -> str:
        return f"{'@' * length(count, total, WIDTH):>{WIDTH}}|"

    def both(count: int, total: int) -> str:
        half = WIDTH // 2
        bar = "@" * length(count, total, half)
        return f"{bar if count < 0 else '':>{half}}|{bar if count > 0 else '':<{half}}"

    if all(count >= 0 for count in buckets):
        return right
    if all(count <= 0 for count in buckets):
        return left
    return both
