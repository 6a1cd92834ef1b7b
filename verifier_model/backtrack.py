"""One insn undone: what must be known before it for what is tracked after it.

Source: backtrack_insn().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import (
    ALU,
    ALU64,
    ATOMIC,
    CMPXCHG,
    DW,
    FETCH,
    JMP,
    JMP32,
    LD,
    LDX,
    LOAD_ACQ,
    ST,
    STX,
    X,
)
from emu.prog import PSEUDO_CALL
from verifier_model.cfg import CALL_BACK_LATER, is_packet_load, is_tail_call
from verifier_model.check.func_types import is_global
from verifier_model.reg import FP, R0
from verifier_model.state import ARGS_MASK

if TYPE_CHECKING:
    from emu.prog import Insn
    from verifier_model.env import Env
    from verifier_model.history import Step, Tracked

_CALL, _EXIT, _MOV, _NEG, _END = 0x80, 0x90, 0xB0, 0x80, 0xD0


class CannotTrack(Exception):
    """Backtracking met what it does not follow: every scalar counts then."""


class Tracker:
    """Which registers and slots of each frame are still to be explained: struct backtrack_state."""

    __slots__ = ("frame", "regs", "slots")

    def __init__(self, frame: int) -> None:
        self.frame = frame  # the running frame at the insn that is looked at
        self.regs = [0] * (frame + 1)
        self.slots = [0] * (frame + 1)

    def empty(self) -> bool:
        return not (self.regs[-1] or self.slots[-1] or any(self.regs) or any(self.slots))

    def tracked(self) -> Tracked:
        return tuple(self.regs), tuple(self.slots)

    def track(self, tracked: Tracked | None) -> None:
        """Track these instead; None: what cannot be followed."""
        if tracked is None:
            raise CannotTrack
        regs, slots = tracked
        self.regs, self.slots, self.frame = list(regs), list(slots), len(regs) - 1

    def concerns(self, step: Step) -> bool:
        """Whether what an insn did may matter though none of its registers is tracked."""
        frame = step.stack_frame
        return bool(step.linked or frame > self.frame or (frame >= 0 and self.slots[frame]))

    def set_slot(self, frame: int, spi: int) -> None:
        self.slots[frame] |= 1 << spi

    def enter(self) -> None:
        """Back into the callee that ended here."""
        self.frame += 1
        self.regs.append(0)
        self.slots.append(0)

    def leave(self) -> None:
        """Back out of the callee, to the call."""
        if self.frame == 0 or self.slots[self.frame]:
            raise CannotTrack
        self.regs.pop()
        self.slots.pop()
        self.frame -= 1


def involved(env: Env) -> list[int]:
    """By insn, the registers of which one must be tracked for undo() to have anything to do.

    An insn with a Step that Tracker.concerns(), and one with a negative mask, must be undone too.
    """
    if not env.undo_masks:
        env.undo_masks = [_involved(env, insn, idx) for idx, insn in enumerate(env.insns)]
    return env.undo_masks


def _involved(env: Env, insn: Insn, idx: int) -> int:
    cls, op = insn.code & 7, insn.code & 0xF0
    dst = 1 << insn.dst
    if cls in (ALU, ALU64, LDX):
        return dst
    if insn.code == 0:
        return 0  # the second half of ld_imm64
    if _may_exit(env, insn):
        return -1
    if cls == LD:
        return dst
    if cls == STX and insn.code & 0xE0 == ATOMIC:
        return -1
    if cls in (STX, ST):
        return dst if env.rules.SPILL_ZERO or insn.dst != FP else -1
    if op == _CALL and insn.src != PSEUDO_CALL and not env.callback_points[idx]:
        return ARGS_MASK | 1 if not _ends_tracking(env, insn) else -1
    if op in (_CALL, _EXIT):
        return -1
    return dst | 1 << insn.src if op and insn.code & X else 0


def _ends_tracking(env: Env, insn: Insn) -> bool:
    """Whether the release tracks nothing across a call that begins a function to run later."""
    later = insn.imm == CALL_BACK_LATER and not insn.src
    return later and not env.rules.PRECISION_ACROSS_CALLS


def _may_exit(env: Env, insn: Insn) -> bool:
    """Whether it may end a subprog, where the walk knows: a tail call, a load from the packet."""
    rules = env.rules
    walked = rules.LD_ABS_EXIT_WALKED and is_packet_load(insn)
    return walked or (rules.HIDDEN_EXITS_WALKED and is_tail_call(insn))


def undo(env: Env, idx: int, subseq_idx: int, step: Step | None, bt: Tracker) -> None:
    """What has to be known before an insn for what is tracked after it: backtrack_insn()."""
    insn = env.insns[idx]
    cls = insn.code & 7
    if insn.code == 0:
        return  # the second half of ld_imm64
    if step is not None and step.linked:
        _track_linked(bt, step)
    if cls in (ALU, ALU64):
        _undo_alu(env, insn, bt)
    elif cls == LDX or (cls == STX and insn.code & 0xE0 == ATOMIC and insn.imm == LOAD_ACQ):
        _undo_load(env, insn, insn.dst, step, bt)
    elif env.rules.ATOMIC_FETCH_TRACKED and _fetches(insn):
        _undo_load(env, insn, R0 if insn.imm == CMPXCHG else insn.src, step, bt)
    elif cls in (STX, ST):
        _undo_store(env, insn, step, bt)
    elif cls in (JMP, JMP32):
        _undo_jump(env, insn, idx, subseq_idx, bt)
    elif cls == LD:
        bit = 1 << insn.dst
        if bt.regs[-1] & bit:
            bt.regs[-1] &= ~bit
            if insn.code & 0xE0:
                raise CannotTrack
        if _may_exit(env, insn) and subseq_idx != idx + 1:
            bt.enter()
    if step is not None and step.linked:
        _track_linked(bt, step)


def _track_linked(bt: Tracker, step: Step) -> None:
    """Of registers that were linked when the insn ran, all count if one does."""
    for frame, regs, slots in step.linked:
        if frame <= bt.frame and (bt.regs[frame] & regs or bt.slots[frame] & slots):
            break
    else:
        return
    for frame, regs, slots in step.linked:
        bt.regs[frame] |= regs
        bt.slots[frame] |= slots


def _undo_alu(env: Env, insn: Insn, bt: Tracker) -> None:
    bit = 1 << insn.dst
    if not bt.regs[-1] & bit:
        return
    op = insn.code & 0xF0
    if op == _NEG or (op == _END and env.rules.PRECISION_OF_SWAP):
        return
    if op == _MOV:
        bt.regs[-1] &= ~bit
    if insn.code & X and (insn.src != FP or env.rules.FRAME_POINTER_TRACED):
        bt.regs[-1] |= 1 << insn.src


def _fetches(insn: Insn) -> bool:
    """Whether it is an atomic operation that gives the old value."""
    atomic = insn.code & 7 == STX and insn.code & 0xE0 == ATOMIC
    return atomic and bool(insn.imm & FETCH)


def _undo_load(env: Env, insn: Insn, loaded: int, step: Step | None, bt: Tracker) -> None:
    """What register `loaded` got from memory."""
    bit = 1 << loaded
    if not bt.regs[-1] & bit:
        return
    bt.regs[-1] &= ~bit
    if env.rules.SPILL_ZERO:
        if step is not None and step.stack_frame >= 0:
            if step.stack_frame > bt.frame:
                raise CannotTrack
            bt.set_slot(step.stack_frame, step.spi)
    elif insn.src == FP and _is_followed(env, insn):
        bt.set_slot(bt.frame, (-insn.off - 1) >> 3)


def _is_followed(env: Env, insn: Insn) -> bool:
    """Whether a value may come through the stack this way: until 5.15 in whole slots only."""
    return env.rules.SPILL_NARROW or insn.code & DW == DW


def _undo_store(env: Env, insn: Insn, step: Step | None, bt: Tracker) -> None:
    if bt.regs[-1] >> insn.dst & 1:
        raise CannotTrack  # a scalar is no address: this is a difference of pointers
    frame = bt.frame
    if env.rules.SPILL_ZERO:
        if step is None or step.stack_frame < 0:
            return
        frame, spi = step.stack_frame, step.spi
        if frame > bt.frame:
            raise CannotTrack
    elif insn.dst == FP and _is_followed(env, insn):
        spi = (-insn.off - 1) >> 3
    else:
        return
    bit = 1 << spi
    if bt.slots[frame] & bit:
        bt.slots[frame] &= ~bit
        if insn.code & 7 == STX:
            bt.regs[-1] |= 1 << insn.src


def _undo_jump(env: Env, insn: Insn, idx: int, subseq_idx: int, bt: Tracker) -> None:
    op = insn.code & 0xF0
    if op == _CALL and insn.src == PSEUDO_CALL:
        _undo_subprog_call(env, idx, subseq_idx, bt)
    elif op == _CALL and env.callback_points[idx] and idx != subseq_idx - 1:
        # Out of the function that was called back: its arguments are the helper's.
        if not env.rules.PRECISION_ACROSS_CALLS or bt.regs[-1] & ~ARGS_MASK:
            raise CannotTrack
        bt.leave()
    elif op == _CALL:
        if _ends_tracking(env, insn):
            raise CannotTrack
        bt.regs[-1] &= ~1
        if bt.regs[-1] & ARGS_MASK:
            raise CannotTrack
        if _may_exit(env, insn) and subseq_idx != idx + 1:
            bt.enter()
    elif op == _EXIT:
        called_back = subseq_idx >= 0 and env.callback_points[subseq_idx]
        if called_back and not env.rules.PRECISION_OF_CALLBACK_ARGS:
            bt.regs[-1] &= ~ARGS_MASK
        args = 0 if called_back else bt.regs[-1] & ARGS_MASK
        if not env.rules.PRECISION_ACROSS_CALLS or args:
            raise CannotTrack
        by_call = subseq_idx > 0 and env.insns[subseq_idx - 1].src == PSEUDO_CALL
        result = bt.regs[-1] & 1 if by_call and not called_back else 0
        bt.regs[-1] &= ~1
        bt.enter()
        bt.regs[-1] = result
    elif op and insn.code & X and env.rules.PRECISION_OF_BOTH:
        both = 1 << insn.dst | 1 << insn.src
        if bt.regs[-1] & both:
            bt.regs[-1] |= both & ~(1 << FP)


def _undo_subprog_call(env: Env, idx: int, subseq_idx: int, bt: Tracker) -> None:
    if not env.rules.PRECISION_ACROSS_CALLS:
        raise CannotTrack
    if is_global(env, env.subprogs.index(env.calls[idx])):
        if bt.regs[-1] & ARGS_MASK:
            raise CannotTrack
        bt.regs[-1] &= ~1
        return
    if bt.regs[-1] & ~ARGS_MASK:
        raise CannotTrack
    args = bt.regs[-1]
    bt.leave()
    bt.regs[-1] |= args
