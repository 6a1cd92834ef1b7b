"""Rng: random numbers that a seed determines, on every Python alike.

SplitMix64: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
"""

from __future__ import annotations

import math

U64 = 0xFFFF_FFFF_FFFF_FFFF


class Rng:
    """A source of random numbers."""

    __slots__ = ("_state",)

    def __init__(self, *seed: int) -> None:
        """seed: what makes this source different from others."""
        self._state = 0
        for part in seed:
            self._state = (self._state ^ part) & U64
            self._state = self.u64()

    def u64(self) -> int:
        """A number of 64 bits."""
        self._state = state = (self._state + 0x9E3779B97F4A7C15) & U64
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & U64
        state = (state ^ state >> 27) * 0x94D049BB133111EB & U64
        return state ^ state >> 31

    def below(self, limit: int) -> int:
        """A number from 0 to limit - 1."""
        return self.u64() % limit

    def chance(self) -> float:
        """A number from 0 up to, not including, 1."""
        return (self.u64() >> 11) / (1 << 53)

    def spread(self, low: int, high: int) -> int:
        """A number from low to high, each power of two as likely as the next: latencies look so."""
        if low >= high:
            return low
        least = math.log(max(low, 1))
        return round(math.exp(least + self.chance() * (math.log(high) - least)))
