"""Where pointers to stacks go: which frame's stack, and which bytes of it, a register points to.

A value that is no pointer to a stack is NONE.  Where paths join or arithmetic loses an offset, the
frame stays known (`fp0 ?`); where even that is lost, a mask of frames (`IMP3`).

Source: arg_track_join(), arg_track_xfer() and their neighbours, kernel/bpf/liveness.c (7.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.isa.table import ALU, ALU64, ATOMIC, LD, LDX, LOAD_ACQ, MEM, ST, STX, X
from verifier_model.cfg import CALL
from verifier_model.reg import FP
from verifier_model.stack import SLOT
from verifier_model.state import ARGS_MASK
from verifier_model.static.const_regs import atomic_load_reg

if TYPE_CHECKING:
    from emu.prog import Insn

_CLOBBERED = ARGS_MASK | 1  # R0 to R5
_NOTHING, _MIXED = -1, -3  # enum arg_track_state
_MAX_OFFSETS = 4
_SLOTS = 64  # of 8 bytes, whose contents are followed
_ADD, _SUB, _MOV = 0x00, 0x10, 0xB0
SIZES = (4, 2, 1, 8)  # bytes, by the size bits of a code


class Track(NamedTuple):
    """What is known of one value: struct arg_track."""

    frame: int
    offs: tuple[int, ...] = ()  # bytes from the frame pointer, ascending; empty: not known
    mask: int = 0  # of a pointer to one of several frames: a bit a frame

    @property
    def is_fp(self) -> bool:
        """Whether it may point to a stack."""
        return self.frame != _NOTHING

    @property
    def is_mixed(self) -> bool:
        """Whether not even the frame is known."""
        return self.frame == _MIXED

    def __str__(self) -> str:
        if self.frame == _NOTHING:
            return "_"
        if self.frame == _MIXED:
            return f"IMP{self.mask:x}"
        if not self.offs:
            return f"fp{self.frame} ?"
        return "|".join(f"fp{self.frame}{off:+d}" for off in self.offs)


NONE = Track(_NOTHING)
Stack = dict[int, Track]  # by slot; what is not there is NONE


class Values(NamedTuple):
    """What registers and the frame's own slots hold at one insn."""

    regs: tuple[Track, ...]  # R0 to R10
    stack: Stack  # never changed in place
    pointers: int  # a mask of the registers that may point to a stack


def values_of(regs: tuple[Track, ...], stack: Stack) -> Values:
    pointers = sum(1 << regno for regno, track in enumerate(regs) if track.is_fp)
    return Values(regs, stack, pointers)


def frame_pointer(depth: int) -> Track:
    return Track(depth, (0,))


def mixed(mask: int) -> Track:
    """A pointer to one of the frames in the mask."""
    return Track(_MIXED, (), mask)


# -- joining -----------------------------------------------------------------------------------


def join(a: Track, b: Track) -> Track:
    """What holds of a value that is one or the other: __arg_track_join()."""
    if a == b:
        return a
    if a.frame == b.frame and a.frame >= 0:
        return _merge(a, b.offs) if a.offs and b.offs else Track(a.frame)
    for one, other in ((a, b), (b, a)):
        if one.frame >= 0 and other is NONE:
            # The offset 0, which no access has, keeps a store from counting as certain.
            return _merge(one, (0,)) if len(one.offs) == 1 else one
    return _mix(a, b)


def _merge(track: Track, offs: tuple[int, ...]) -> Track:
    merged = tuple(sorted({*track.offs, *offs}))
    return Track(track.frame, merged if len(merged) <= _MAX_OFFSETS else ())


def _mix(a: Track, b: Track) -> Track:
    mask = 0
    for track in (a, b):
        mask |= 1 << track.frame if track.frame >= 0 else track.mask
    return mixed(mask)


# -- one insn ----------------------------------------------------------------------------------


def add(off: int, delta: int) -> int | None:
    """A sum of offsets, or None where it does not fit 16 bits: arg_add()."""
    moved = off + delta
    return moved if -0x8000 <= moved < 0x8000 and -0x8000 <= delta < 0x8000 else None


def after(insn: Insn, values: Values, depth: int, callers: list[Stack]) -> Values:
    """The values behind an insn of the frame `depth`; `callers`, the slots of those above it.

    An insn that has nothing to do with a register that may point to a stack changes nothing.
    """
    cls = insn.code & 7
    if cls in (ALU, ALU64):
        return _set(values, insn.dst, _alu(insn, values.regs, wide=cls == ALU64))
    if insn.code == CALL:
        return Values((NONE,) * 6 + values.regs[6:], values.stack, values.pointers & ~_CLOBBERED)
    if cls == LDX:
        return _set(values, insn.dst, _load(insn, values, depth, callers))
    if cls == LD and not insn.code & 0xE0:
        return _set(values, insn.dst, NONE)
    if cls in (ST, STX):
        return _store(insn, values, depth)
    return values


def _set(values: Values, regno: int, track: Track) -> Values:
    regs = values.regs
    if regs[regno] == track:
        return values
    bit = 1 << regno
    pointers = values.pointers | bit if track.is_fp else values.pointers & ~bit
    return Values((*regs[:regno], track, *regs[regno + 1 :]), values.stack, pointers)


def _alu(insn: Insn, regs: tuple[Track, ...], *, wide: bool) -> Track:
    """The destination's value; arithmetic of 32 bits makes no pointer."""
    op, dst, src = insn.code & 0xF0, regs[insn.dst], regs[insn.src]
    if not wide:
        return NONE
    if insn.code & X:
        if op == _MOV:
            return NONE if insn.off else src
        return _combined(dst, src)
    if op == _MOV:
        return NONE
    if dst.frame < 0:
        return dst
    if op not in (_ADD, _SUB):
        return Track(dst.frame)
    offs = tuple(add(off, insn.imm if op == _ADD else -insn.imm) for off in dst.offs)
    known = tuple(off for off in offs if off is not None)
    return Track(dst.frame, known if len(known) == len(offs) else ())


def _combined(dst: Track, src: Track) -> Track:
    """Two registers put together: arg_track_alu64()."""
    if dst.frame >= 0 and (src is NONE or src.frame == dst.frame):
        return Track(dst.frame)
    if src.frame >= 0 and dst is NONE:
        return Track(src.frame)
    if dst is NONE and src is NONE:
        return dst
    return _mix(dst, src)


def _may_be_local(depth: int, regno: int, track: Track) -> bool:
    """Whether a register may point to the running frame's own stack: can_be_local_fp()."""
    return regno == FP or track.frame == depth or (track.is_mixed and bool(track.mask >> depth & 1))


def _slot(off: int) -> int:
    """The slot at a multiple of 8 below the frame pointer, or -1: fp_off_to_slot()."""
    if off >= 0 or off < -_SLOTS * SLOT or off % SLOT:
        return -1
    return -off // SLOT - 1


def _load(insn: Insn, values: Values, depth: int, callers: list[Stack]) -> Track:
    src = values.regs[insn.src]
    if insn.code & 0xE0 != MEM or SIZES[insn.code >> 3 & 3] != SLOT:
        return NONE
    if _may_be_local(depth, insn.src, src):
        return _filled(insn, src, values.stack, depth)
    if 0 <= src.frame < depth:
        return _filled(insn, src, callers[src.frame], src.frame)
    return src if src.is_mixed and src.mask else NONE


def _filled(insn: Insn, src: Track, stack: Stack, depth: int) -> Track:
    """What was spilled at the offsets that a register may have: fill_from_stack()."""
    lost = mixed((1 << depth + 1) - 1)
    if insn.src == FP:
        slot = _slot(insn.off)
        return stack.get(slot, NONE) if slot >= 0 else lost
    if not src.offs:
        return lost
    result = NONE
    for off in src.offs:
        moved = add(off, insn.off)
        slot = _slot(moved) if moved is not None else -1
        if slot < 0:
            return lost
        result = join(result, stack.get(slot, NONE))
    return result


def _store(insn: Insn, values: Values, depth: int) -> Values:
    mode, dst = insn.code & 0xE0, values.regs[insn.dst]
    local = _may_be_local(depth, insn.dst, dst)
    if insn.code & 7 == ST:
        return _cleared(insn, values) if local and mode == MEM else values
    if mode == MEM and local:
        values = _spilled(insn, values)
    elif mode == ATOMIC:
        if local and insn.imm != LOAD_ACQ:
            values = _cleared(insn, values)
        loaded = atomic_load_reg(insn)
        if loaded >= 0:
            values = _set(values, loaded, NONE)
    return values


def _spilled(insn: Insn, values: Values) -> Values:
    """A register stored to each slot it may be meant for: spill_to_stack()."""
    new = values.regs[insn.src] if SIZES[insn.code >> 3 & 3] == SLOT else NONE
    stack = dict(values.stack)
    if insn.dst == FP:
        _put(stack, _slot(insn.off), new)
        return _with_stack(values, stack)
    offs = values.regs[insn.dst].offs
    if not offs:
        for slot in range(_SLOTS) if new.is_fp else list(stack):
            _put(stack, slot, join(stack.get(slot, NONE), new))
        return _with_stack(values, stack)
    for off in offs:
        moved = add(off, insn.off)
        slot = _slot(moved) if moved is not None else -1
        if slot >= 0:
            _put(stack, slot, new if len(offs) == 1 else join(stack.get(slot, NONE), new))
    return _with_stack(values, stack)


def _cleared(insn: Insn, values: Values) -> Values:
    """A store of something else over the slots it may touch: clear_stack_for_all_offs()."""
    size = SIZES[insn.code >> 3 & 3]
    offs = (0,) if insn.dst == FP else values.regs[insn.dst].offs
    stack = dict(values.stack)
    if not offs:
        _forget(stack, list(stack), certain=False)
    for off in offs:
        start = off + insn.off if insn.dst == FP else add(off, insn.off)
        if start is None:
            _forget(stack, list(stack), certain=False)
            break
        touched = [s for s in stack if -(s + 1) * SLOT < start + size and -s * SLOT > start]
        _forget(stack, touched, certain=len(offs) == 1)
    return _with_stack(values, stack)


def _forget(stack: Stack, slots: list[int], *, certain: bool) -> None:
    for slot in slots:
        _put(stack, slot, NONE if certain else join(stack[slot], NONE))


def _put(stack: Stack, slot: int, track: Track) -> None:
    if track.is_fp and slot >= 0:
        stack[slot] = track
    else:
        stack.pop(slot, None)


def _with_stack(values: Values, stack: Stack) -> Values:
    return values if stack == values.stack else values._replace(stack=stack)
