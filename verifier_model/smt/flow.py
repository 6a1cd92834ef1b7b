"""Flow: from where a program can come to an insn, how far that is, and which registers matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa import table
from emu.prog import PSEUDO_CALL, PSEUDO_FUNC
from verifier_model.cfg import find_subprogs
from verifier_model.env import Env
from verifier_model.live_regs import live_registers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from emu.kernel.profile import Kernel
    from emu.prog import Insn, Prog
    from verifier_model.smt.state import State

_FAR = 1 << 30


class Flow:
    """What is known of a program's insns before any path is followed.

    target: the insn that matters; -1 where all do.
    live: by insn, a mask of the registers that are read before they are written.
    joins: by insn, whether paths may meet there.
    entries: by insn, whether a straight piece begins there.
    """

    def __init__(self, prog: Prog, kernel: Kernel, target: int) -> None:
        insns = prog.insns
        self._target = target
        sources: dict[int, list[int]] = {}
        for pc in range(len(insns)):
            for following in _successors(insns, pc):
                sources.setdefault(following, []).append(pc)
        self._reach = _distances(sources, target, len(insns))
        calls = [pc for pc, insn in enumerate(insns) if _calls(insn)]
        exits = [pc for pc, insn in enumerate(insns) if _is(insn, "exit")]
        self.joins = [len(sources.get(pc, ())) > 1 for pc in range(len(insns) + 2)]
        self.joins[0] = 0 in sources
        for call in calls:
            sources.setdefault(call + 1, []).extend(exits)
            self.joins[call + 1] = True
        self._distance = _distances(sources, target, len(insns))
        self.entries = [True, *(_jumps(insn) for insn in insns), True]
        for following, before in sources.items():
            if 0 <= following < len(insns) and before != [following - 1]:
                self.entries[following] = True
        self.entries[len(insns)] = True
        env = Env(prog, kernel, 0, 1)
        find_subprogs(env)
        self.live = live_registers(env)

    def nearer(self, a: int, b: int) -> bool:
        """Whether `a` is to be followed first: nearer to the target, or out of a loop."""
        if self._target < 0 or self._distance[a] == self._distance[b]:
            return a > b
        return self._distance[a] < self._distance[b]

    def matters(self, s: State) -> bool:
        """Whether the path may still come to the target, in this function or after it."""
        if self._target < 0 or self._reach[s.pc] != _FAR:
            return True
        return any(self._reach[frame.back] != _FAR for frame in s.frames)


def _distances(sources: dict[int, list[int]], target: int, count: int) -> list[int]:
    """Insns from each insn to the target, at least."""
    distance = [_FAR] * (count + 1)
    if not 0 <= target < count:
        return distance
    distance[target] = 0
    todo = [target]
    for pc in todo:  # it grows
        for source in sources.get(pc, ()):
            if distance[source] == _FAR:
                distance[source] = distance[pc] + 1
                todo.append(source)
    return distance


def _jumps(insn: Insn) -> bool:
    return insn.code & 7 in (table.JMP, table.JMP32)


def _is(insn: Insn, name: str) -> bool:
    row = table.find(insn)
    return row is not None and row.name == name


def _calls(insn: Insn) -> bool:
    """Whether the insn calls a function of the program."""
    return insn.src == PSEUDO_CALL and _is(insn, "call")


def _successors(insns: Sequence[Insn], pc: int) -> Iterator[int]:
    """Where an insn may go; a call goes into the function and behind it."""
    insn = insns[pc]
    row = table.find(insn)
    if row is None or row.name == "exit":
        return
    name, cls = row.name, row.cls
    if name in ("ja", "gotol"):
        yield pc + 1 + (insn.imm if name == "gotol" else insn.off)
        return
    yield pc + row.slots
    if _calls(insn) or (name == "ld_imm64" and insn.src == PSEUDO_FUNC):
        yield pc + 1 + insn.imm
    elif name != "call" and cls in (table.JMP, table.JMP32):
        yield pc + 1 + insn.off
