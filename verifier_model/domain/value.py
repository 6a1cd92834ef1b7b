"""Value: what is known of a 64-bit word."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verifier_model.domain.arc import Arc
    from verifier_model.domain.tnum import Tnum

    # var_off, smin, smax, umin, umax, smin32, smax32, umin32, umax32, wrap64, wrap32
    Facts = tuple[Tnum, int, int, int, int, int, int, int, int, Arc | None, Arc | None]


class Value:
    """What is known of a 64-bit word: bits, and the range of each reading of it.

    umin..umax and umin32..umax32 are ints from 0, smin..smax and smin32..smax32 signed ints; a
    minimum above its maximum stands for no value at all (it happens on paths that never run).
    Releases without Trait.BOUNDS_32 leave the ranges of the low half full.
    """

    __slots__ = (
        "smax",
        "smax32",
        "smin",
        "smin32",
        "umax",
        "umax32",
        "umin",
        "umin32",
        "var_off",
        "wrap32",
        "wrap64",
    )

    var_off: Tnum
    smin: int
    smax: int
    umin: int
    umax: int
    smin32: int
    smax32: int
    umin32: int
    umax32: int
    wrap64: Arc | None  # see domain/circular.py
    wrap32: Arc | None

    def facts(self) -> Facts:
        """All that is known."""
        return (
            self.var_off,
            self.smin,
            self.smax,
            self.umin,
            self.umax,
            self.smin32,
            self.smax32,
            self.umin32,
            self.umax32,
            self.wrap64,
            self.wrap32,
        )

    def learn(self, facts: Facts) -> None:
        """Know these facts instead."""
        (
            self.var_off,
            self.smin,
            self.smax,
            self.umin,
            self.umax,
            self.smin32,
            self.smax32,
            self.umin32,
            self.umax32,
            self.wrap64,
            self.wrap32,
        ) = facts
