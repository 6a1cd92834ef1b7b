"""Spills around a call that the kernel replaces by insns, which it takes away again.

A compiler that knows such a helper (bpf_fastcall) keeps registers in use over the call, and for
older kernels puts spills and fills around it, below all else that it has on the stack.  From 6.12
on they are removed, and with them their part of the stack, as long as nothing else touches it.

Source: mark_fastcall_patterns(), check_fastcall_stack_contract() and
remove_fastcall_spills_fills(), kernel/bpf/verifier.c (fixups.c since 7.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import JMP, JMP32
from emu.kernel.enums import ProgType, Ret
from emu.kernel.kfuncs import Result
from emu.prog import PSEUDO_CALL, PSEUDO_KFUNC_CALL
from verifier_model.cfg import CALL, EXIT, jump_target
from verifier_model.reg import CALLER_SAVED, FP, R1
from verifier_model.stack import SLOT

if TYPE_CHECKING:
    from emu.prog import Insn
    from verifier_model.env import Env

_SPILL, _FILL = 0x7B, 0x79
_CPU = 8  # bpf_get_smp_processor_id(), the only helper with bpf_func_proto.allow_fastcall
# Program types that have it; the others have the same without.
_TYPES = (
    *(ProgType.KPROBE, ProgType.TRACEPOINT, ProgType.PERF_EVENT, ProgType.TRACING),
    *(ProgType.RAW_TRACEPOINT, ProgType.RAW_TRACEPOINT_WRITABLE),
    *(ProgType.SCHED_CLS, ProgType.SCHED_ACT, ProgType.XDP),
    *(ProgType.LWT_IN, ProgType.LWT_OUT, ProgType.LWT_XMIT, ProgType.LWT_SEG6LOCAL),
)
_KFUNCS = ("bpf_cast_to_kern_ctx", "bpf_rdonly_cast")  # KF_FASTCALL


class Fastcall:
    """What of a program can be taken away, until an access is met that forbids it."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self._around: set[int] = set()  # spills and fills
        self._removed: set[int] = set()  # subprogs that lose some
        self._kept: set[int] = set()  # those where others stay
        # By subprog, where what stays of its stack ends: bytes from the frame pointer.
        self._ends = [0] * len(env.subprogs)
        self._targets = _targets(env)
        for no in range(len(env.subprogs)):
            self._look_at(no)

    def touch(self, no: int, off: int) -> None:
        """An insn reads or writes the stack of the subprog `no` at `off`."""
        if off < self._ends[no] and self._env.insn_idx not in self._around:
            self._removed.discard(no)

    def remove(self) -> None:
        """After the walk: less stack where all of the spills are gone."""
        for no in self._removed - self._kept:
            self._env.stack_depth[no] = -self._ends[no]

    def _look_at(self, no: int) -> None:
        insns = self._env.insns
        subprog = range(self._env.subprogs[no], self._env.subprog_end(no))
        spills = [insns[i].off for i in subprog if insns[i].code == _SPILL and insns[i].dst == FP]
        lowest = min(spills, default=0)
        for idx in subprog:
            if insns[idx].code == CALL:
                self._look_at_call(no, idx, lowest)

    def _look_at_call(self, no: int, idx: int, lowest: int) -> None:
        around = self._pairs(idx, lowest)
        if not around:
            return
        for i in range(1, around + 1):
            self._around |= {idx - i, idx + i}
        (self._removed if _is_inlined(self._env, self._env.insns[idx]) else self._kept).add(no)
        self._ends[no] = min(self._ends[no], lowest + SLOT * around)

    def _pairs(self, idx: int, lowest: int) -> int:
        """How many spills before the call have their fills behind it."""
        insns = self._env.insns
        free = set(CALLER_SAVED) - _clobbered(self._env, insns[idx])
        for i in range(1, len(CALLER_SAVED) + 1):
            if idx - i < 0 or idx + i >= len(insns):
                return i - 1
            spill, fill = insns[idx - i], insns[idx + i]
            if (
                {idx - i + 1, idx + i} & self._targets
                or (spill.code, fill.code, spill.dst, fill.src) != (_SPILL, _FILL, FP, FP)
                or spill.src != fill.dst
                or spill.src not in free
                or not spill.off == fill.off == lowest + SLOT * (i - 1)
            ):
                return i - 1
            free.remove(spill.src)
        return len(CALLER_SAVED)


def find(env: Env) -> Fastcall | None:
    """What can be taken away; None where that is nothing."""
    if not (env.rules.FASTCALL and env.rules.JIT):
        return None
    inlined = any(insn.code == CALL and _is_inlined(env, insn) for insn in env.insns)
    return Fastcall(env) if inlined else None


def _is_inlined(env: Env, insn: Insn) -> bool:
    if insn.src == PSEUDO_KFUNC_CALL:
        row = env.kfunc(insn)
        return row is not None and row.name in _KFUNCS
    return not insn.src and insn.imm == _CPU and env.prog_type in _TYPES


def _clobbered(env: Env, insn: Insn) -> set[int]:
    """The registers that the called function takes or gives; all where it may be any."""
    if insn.src == PSEUDO_CALL:
        return set(CALLER_SAVED)
    if insn.src == PSEUDO_KFUNC_CALL:
        row = env.kfunc(insn)
        if row is None or row.params is None:
            return set(CALLER_SAVED)
        count, void = len(row.params), row.result is Result.NOTHING
    else:
        proto = env.helper_proto(insn)
        if proto is None:
            return set(CALLER_SAVED)
        count, void = len(proto.args), proto.ret is Ret.VOID
    return set(range(R1 if void else 0, R1 + count))


def _targets(env: Env) -> set[int]:
    """The insns that others jump to or call."""
    jumps = {
        jump_target(insn, idx)
        for idx, insn in enumerate(env.insns)
        if insn.code & 7 in (JMP, JMP32) and insn.code not in (CALL, EXIT)
    }
    return jumps | set(env.calls.values())
