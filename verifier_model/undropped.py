"""The states kept at one insn by releases that keep one at every visit and drop none (until 5.1).

There are as many as paths have come by, and each new one is compared with all.  What tells them
apart is mostly the number in one register, by which they are found here: one with another number
there is safe from nothing that this one is.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from verifier_model.reg import SCALAR_VALUE
from verifier_model.state import bits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verifier_model.state import VerifierState

    _Entry = tuple[int, VerifierState]  # how many were kept before, and the state

_MANY = 16  # comparisons in vain after which it is worth while to look for a register


class Undropped:
    """The states kept at one insn."""

    __slots__ = ("_by_number", "_next_look", "_others", "_regno", "_waiting", "count")

    def __init__(self) -> None:
        self.count = 0
        self._waiting: list[_Entry] = []  # of which it is not yet known what paths read
        self._regno = 0  # a state is found by the number in this register
        self._by_number: dict[int, list[_Entry]] = {}
        self._others: list[_Entry] = []  # without a number there that matters
        self._next_look = _MANY  # the count at which another register may be taken

    def add(self, state: VerifierState) -> None:
        self._waiting.append((self.count, state))
        self.count += 1

    def waiting(self) -> list[VerifierState]:
        """The states that may yet change."""
        return [state for _, state in self._waiting]

    def settle(self) -> None:
        """States that have been cleaned do not change any more."""
        waiting = self._waiting
        if any(state.cleaned for _, state in waiting):
            self._waiting = [entry for entry in waiting if not entry[1].cleaned]
            self._file([entry for entry in waiting if entry[1].cleaned])

    def candidates(self, cur: VerifierState) -> list[VerifierState]:
        """Those that may cover a state, the newest first."""
        reg = cur.frames[-1].regs[self._regno]
        same: Sequence[_Entry] = ()
        if reg.type is SCALAR_VALUE and not reg.var_off.mask:
            same = self._by_number.get(reg.var_off.value, ())
        found = [*same, *self._others, *self._waiting]
        found.sort(key=_number, reverse=True)
        return [state for _, state in found]

    def learn(self, compared: list[VerifierState]) -> None:
        """None of these covered a state: find them by the register that told most of them apart."""
        if len(compared) < _MANY or self.count < self._next_look:
            return
        self._next_look = 2 * self.count
        masks = Counter(old.frames[-1].told_apart for old in compared)
        ((mask, _),) = masks.most_common(1)
        if mask:
            (self._regno,) = bits(mask)
            entries = [*self._others, *(e for same in self._by_number.values() for e in same)]
            self._by_number, self._others = {}, []
            self._file(entries)

    def _file(self, entries: list[_Entry]) -> None:
        for entry in entries:
            reg = entry[1].frames[-1].regs[self._regno]
            if reg.type is SCALAR_VALUE and reg.precise and not reg.var_off.mask:
                self._by_number.setdefault(reg.var_off.value, []).append(entry)
            else:
                self._others.append(entry)


def _number(entry: _Entry) -> int:
    return entry[0]
