"""Solver: z3 for the conditions of paths, which share their beginnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import z3

if TYPE_CHECKING:
    from verifier_model.smt.state import Link
    from verifier_model.smt.words import Term, Truth


class Solver:
    """A solver that keeps what the next path has in common with the last one."""

    def __init__(self) -> None:
        self._z3 = z3.Solver()
        self._pushed: list[Link] = []

    def ask(self, conditions: Link | None, truth: Truth, seconds: float) -> Term:
        """Whether there is an input for a path and `truth`: z3.sat, z3.unsat or z3.unknown."""
        self._sync(conditions)
        self._z3.set("timeout", max(1, int(seconds * 1000)))
        return self._z3.check() if truth is True else self._z3.check(truth)

    def model(self) -> Term:
        """The input that the last ask() has found."""
        return self._z3.model()

    def _sync(self, last: Link | None) -> None:
        """Have the conditions of a path in the solver, one a level."""
        links: list[Link] = []
        pushed = self._pushed
        while last is not None and not (
            len(pushed) >= last.depth and pushed[last.depth - 1] is last
        ):
            links.append(last)
            last = last.parent
        keep = last.depth if last is not None else 0
        if len(pushed) > keep:
            self._z3.pop(len(pushed) - keep)
            del pushed[keep:]
        for link in reversed(links):
            self._z3.push()
            self._z3.add(link.condition)
            pushed.append(link)
