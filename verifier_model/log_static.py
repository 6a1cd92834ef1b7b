"""What kernels since 7.1 tell, at level 2, of the pointers to stacks and of the stack's use.

Source: verbose_arg_track(), arg_track_log(), print_subprog_arg_access(), print_instance() and
fmt_spis_mask(), kernel/bpf/liveness.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import LDX, STX
from verifier_model.cfg import CALL, LD_IMM64
from verifier_model.log_walk import aligned
from verifier_model.reg import FP
from verifier_model.static.arg_track import NONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verifier_model.env import Env
    from verifier_model.static.arg_track import Track, Values
    from verifier_model.static.live_stack import Instance

_SLOTS = 64  # of 8 bytes


def topology(env: Env, callees_first: list[int]) -> None:
    """The order of the subprogs, each with its name."""
    for n, no in enumerate(callees_first):
        env.log.add(f"topo_order[{n}] = {env.subprog_name(no)}")


class Told:
    """Hears of each step of static.live_stack and puts it into the log."""

    def __init__(self, env: Env) -> None:
        self._env = env

    def _insn(self, idx: int) -> str:
        return f"{idx:3d}: {self._env.log.insn_text(self._env, idx)}"

    def _insns(self, start: int, end: int) -> Iterator[int]:
        """The insns of a subprog, without the second halves."""
        idx = start
        while idx < end:
            yield idx
            idx += 2 if self._env.insns[idx].code == LD_IMM64 else 1

    def _subprog(self, no: int) -> str:
        return f"subprog#{no} {self._env.subprog_name(no)}".rstrip()

    def begins(self, instance: Instance) -> None:
        depth = instance.depth
        self._env.log.add(f"subprog#{instance.subprog}: analyzing (depth {depth})...")

    def changes(self, idx: int, before: Values, after: Values) -> None:
        """What an insn does to registers and slots."""
        places = [
            f"r{regno}: {a} -> {b}"
            for regno, (a, b) in enumerate(zip(before.regs, after.regs, strict=True))
            if a != b
        ]
        for slot in sorted({*before.stack, *after.stack}):
            a, b = before.stack.get(slot, NONE), after.stack.get(slot, NONE)
            if a != b:
                places.append(f"{_slot_name(slot)}: {a} -> {b}")
        if places:
            self._env.log.add("\t".join((self._insn(idx), *places)))

    def joins(self, idx: int, target: int, place: str, old: Track, new: Track, both: Track) -> None:
        self._env.log.add(f"arg JOIN insn {idx} -> {target} {place}: {old} + {new} => {both}")

    def tracked(self, subprog: int, start: int, before: list[Values | None]) -> None:
        """All insns of a subprog, those that may use pointers to stacks with what they find."""
        env = self._env
        env.log.add(f"{self._subprog(subprog)}:")
        for idx in self._insns(start, start + len(before)):
            line, values, code = self._insn(idx), before[idx - start], env.insns[idx].code
            if values is not None and (code & 7 in (LDX, STX) or code == CALL):
                places = [f" r{n}={t}" for n, t in enumerate(values.regs[:FP]) if t.is_fp]
                places += [f" {_slot_name(n)}={t}" for n, t in sorted(values.stack.items())]
                if places:
                    line += " //" + "".join(places)
            env.log.add(line)

    def uses(self, instance: Instance) -> None:
        """All insns of a subprog with the slots that each reads and fills."""
        log = self._env.log
        where = f"(d{instance.depth},cs{instance.callsite})"
        log.add(f"stack use/def {self._subprog(instance.subprog)} {where}:")
        for idx in self._insns(instance.start, instance.end):
            i, words = idx - instance.start, ""
            for what in ("may_read", "must_write"):
                places = [
                    _slots(frame, getattr(masks, what)[i])
                    for frame, masks in sorted(instance.frames.items(), reverse=True)
                    if getattr(masks, what)[i]
                ]
                if places:
                    words += " use: " if what == "may_read" else " def: "
                    words += " ".join(places)
            line = self._insn(idx)
            log.add(f"{aligned(line, len(line))};{words}" if words else line)


def _slot_name(slot: int) -> str:
    return f"fp{-8 * (slot + 1):+d}"


def _slots(frame: int, mask: int) -> str:
    """`fp0-8 fp0-20h fp0-32..-56`: whole slots, halves, and runs of three slots or more."""
    places = []
    spi = 0
    while spi < _SLOTS:
        halves = mask >> 2 * spi & 3
        if halves in (1, 2):
            places.append(f"fp{frame}{-8 * (spi + 1) + (4 if halves == 1 else 0)}h")
        elif halves:
            run = spi
            while run + 1 < _SLOTS and mask >> 2 * (run + 1) & 3 == 3:
                run += 1
            if run - spi >= 2:
                places.append(f"fp{frame}{-8 * (spi + 1)}..{-8 * (run + 1)}")
                spi = run
            else:
                places.append(f"fp{frame}{-8 * (spi + 1)}")
        spi += 1
    return " ".join(places)
