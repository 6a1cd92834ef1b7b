"""Aggregating functions as the consumer sees them: how CPUs are merged, sorted, printed.

An element's value is a tuple of numbers, the count of updates first:

count       (updates,)
sum         (updates, sum)                  sum: a 64-bit word
min, max    (updates, value)                signed
avg         (updates, sum)
stddev      (updates, sum, sum of squares)  the last of 128 bits
histograms  (updates, bucket ...)           buckets: signed
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

from dtrace.consume.quantize import SCALES, Scale, diagram, signed, weight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtrace.codegen.record import AggLayout

    Value = tuple[int, ...]

U64 = (1 << 64) - 1
U128 = (1 << 128) - 1
INT64_MAX = (1 << 63) - 1
INT64_MIN = -(1 << 63)


class Function:
    """An aggregating function whose words add up: over CPUs, and from one reading to the next."""

    def __init__(self, layout: AggLayout) -> None:
        self.words = struct.Struct(f"<{layout.value_size // 8}Q")
        self.zero: Value = (0,) * (layout.value_size // 8)
        self.histogram = False

    def decode(self, raw: bytes, epoch: int) -> Value:
        """One CPU's value."""
        return self.words.unpack(raw)

    def since(self, now: Value, base: Value) -> Value:
        """What came to `base` to make it `now`."""
        return tuple([(a - b) & U64 for a, b in zip(now, base, strict=True)])

    def merge(self, values: Sequence[Value]) -> Value:
        """The value over all CPUs."""
        return tuple([sum(column) & U64 for column in zip(*values, strict=True)])

    def rank(self, value: Value) -> tuple[int, ...]:
        """What elements are sorted by."""
        return (signed(value[-1]),)

    def number(self, value: Value, normal: int, *, as_signed: bool) -> int:
        """The value that `%@d` prints if `as_signed`, else what `%@u` prints, divided by `normal`
        as C divides numbers of that kind."""
        word = value[-1]
        if as_signed:
            number = signed(word)
            return -(-number // normal) if number < 0 else number // normal
        return (word & U64) // normal

    def show(self, value: Value, normal: int) -> bytes:
        """The default form.  The division is one of unsigned numbers, whatever the sign."""
        return b" %16d" % (signed(self.number(value, normal, as_signed=False)))


class Extreme(Function):
    """min() and max(): a CPU's value counts only if it was made in the current epoch."""

    def __init__(self, layout: AggLayout) -> None:
        super().__init__(layout)
        self._least = layout.func == "min"
        self.zero = (0, INT64_MAX if self._least else INT64_MIN)

    def decode(self, raw: bytes, epoch: int) -> Value:
        updates, value, made_in = self.words.unpack(raw)
        return (updates, signed(value) if made_in == epoch else self.zero[1])

    def since(self, now: Value, base: Value) -> Value:
        return ((now[0] - base[0]) & U64, now[1])

    def merge(self, values: Sequence[Value]) -> Value:
        choose = min if self._least else max
        return (sum([v[0] for v in values]) & U64, choose([v[1] for v in values]))


class Average(Function):
    """avg(): a signed quotient by default, an unsigned one in a format."""

    def rank(self, value: Value) -> tuple[int, ...]:
        return (self._quotient(value, 1),)

    def number(self, value: Value, normal: int, *, as_signed: bool) -> int:
        quotient = value[1] // normal // value[0] if value[0] else 0
        return signed(quotient) if as_signed else quotient

    def show(self, value: Value, normal: int) -> bytes:
        return b" %16d" % self._quotient(value, normal)

    def _quotient(self, value: Value, normal: int) -> int:
        total = signed(value[1])
        quotient = abs(total) // normal // value[0] if value[0] else 0
        return -quotient if total < 0 else quotient


class Deviation(Function):
    """stddev(): the root of the average of squares less the square of the average."""

    def __init__(self, layout: AggLayout) -> None:
        super().__init__(layout)
        self.zero = (0, 0, 0)

    def decode(self, raw: bytes, epoch: int) -> Value:
        updates, total, low, high = self.words.unpack(raw)
        return (updates, total, high << 64 | low)

    def since(self, now: Value, base: Value) -> Value:
        return (*super().since(now[:2], base[:2]), (now[2] - base[2]) & U128)

    def merge(self, values: Sequence[Value]) -> Value:
        return (*super().merge([v[:2] for v in values]), sum([v[2] for v in values]) & U128)

    def rank(self, value: Value) -> tuple[int, ...]:
        return (self.number(value, 1, as_signed=False),)

    def number(self, value: Value, normal: int, *, as_signed: bool) -> int:
        updates, total, squares = value
        if not updates:
            return 0
        average = abs(signed(total)) // normal // updates
        return math.isqrt((squares // normal // updates - average * average) & U128)


class Histogram(Function):
    """quantize(), lquantize(), llquantize()."""

    def __init__(self, layout: AggLayout) -> None:
        super().__init__(layout)
        self.histogram = True
        self.scale: Scale = SCALES[layout.func](layout.params)

    def merge(self, values: Sequence[Value]) -> Value:
        updates, *buckets = super().merge(values)
        return (updates, *map(signed, buckets))

    def rank(self, value: Value) -> tuple[int, ...]:
        return weight(self.scale, value[1:])

    def show(self, value: Value, normal: int) -> bytes:
        return diagram(self.scale, value[1:], normal)


FUNCTIONS: dict[str, type[Function]] = {
    "count": Function,
    "sum": Function,
    "min": Extreme,
    "max": Extreme,
    "avg": Average,
    "stddev": Deviation,
    "quantize": Histogram,
    "lquantize": Histogram,
    "llquantize": Histogram,
}
