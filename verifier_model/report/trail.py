"""What happened on the path that is walked: branches taken, registers and slots changed.

Source: the bpf_diag_record_*() and bpf_diag_mod_*() calls of kernel/bpf/verifier.c and what they
keep, kernel/bpf/diagnostics.c (7.3).
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

from emu.isa.table import ABS, ALU, ALU64, ATOMIC, IND, JMP, JMP32, LD, LDX, MEM, ST, STX, X
from emu.prog import PSEUDO_CALL
from verifier_model.cfg import CALL, EXIT, GOTOL, JA, LD_IMM64
from verifier_model.reg import (
    NOT_INIT,
    PACKET_POINTERS,
    PTR_TO_STACK,
    R0,
    R1,
    R5,
    UNINIT,
    unknown_scalar,
)
from verifier_model.stack import SLOT, is_spilled, slot_of
from verifier_model.static.arg_track import SIZES
from verifier_model.static.const_regs import atomic_load_reg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.prog import Insn
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.stack import Slot
    from verifier_model.state import VerifierState

_MOV = 0xB0
# Arithmetic that leaves a value what it was, moved: diag_mod_keeps_lineage().
_MOVES = (0x00, 0x10, 0x20, 0x40, 0x50, 0x60, 0x70, 0x80, 0xA0, 0xC0, 0xD0)


class Why(enum.Enum):
    """What changed a place: enum bpf_diag_mod_reason."""

    WRITE = enum.auto()
    SPILL = enum.auto()
    VAR_WRITE = enum.auto()
    REF_RELEASE = enum.auto()
    PKT_DATA_CHANGE = enum.auto()
    CALLER_SAVED = enum.auto()


class Place(NamedTuple):
    """A register, or a stack slot, of one frame."""

    frame: int  # the number of the call that made the frame
    regno: int  # -1 for a slot
    spi: int = -1


class Branch(NamedTuple):
    """A conditional jump that was taken or not."""

    idx: int
    taken: bool


class Change(NamedTuple):
    """An insn changed a place."""

    idx: int
    place: Place
    why: Why
    old: RegState
    new: RegState
    origin: Place | None = None  # where the new value came from
    moves: bool = False  # the new value is the old one, moved


class RangeWrite(NamedTuple):
    """A store changed some bytes of a range of the stack."""

    idx: int
    frame: int
    low: int  # bytes from the frame pointer
    high: int  # behind the last


class Ref(NamedTuple):
    """A reference was acquired, or given back."""

    idx: int
    ref: int
    acquired: bool


Event = Branch | Change | RangeWrite | Ref


class _Before(NamedTuple):
    """What an insn found."""

    idx: int
    calls: tuple[int, ...]  # of each frame, the number of the call that made it
    regs: list[list[RegState]]
    stacks: list[list[Slot]]
    refs: tuple[tuple[int, int], ...]


class Trail:
    """Follows a walk; `events` are those of the path that is walked."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self.events: list[Event] = []
        self.calls: tuple[int, ...] = (1,)
        self._calls = 1
        self._before: _Before | None = None
        self._marks: dict[int, tuple[int, tuple[int, ...]]] = {}

    def begin(self) -> None:
        """A function is walked from its first insn: what came before is forgotten."""
        self.events.clear()
        self._marks.clear()
        self.calls, self._before = (1,), None

    def fork(self, other: VerifierState) -> None:
        """A copy of the state is kept, to be walked later."""
        self._marks[id(other)] = len(self.events), self.calls

    def resume(self, state: VerifierState) -> None:
        """The walk goes on with a state that was kept."""
        length, self.calls = self._marks.pop(id(state))
        del self.events[length:]
        self._before = None

    def arrive(self, state: VerifierState) -> None:
        """The walk comes to an insn; the one before it is done."""
        before, idx, prev = self._before, self._env.insn_idx, self._env.prev_insn_idx
        if before is not None:
            self.events += self._changes(before, state)
        depth = len(state.frames)
        if depth > len(self.calls):
            self._calls += 1
            self.calls = (*self.calls, self._calls)
        else:
            self.calls = self.calls[:depth]
        if prev >= 0:
            self._branch(prev, idx)

    def enter(self, state: VerifierState) -> None:
        """The insn runs now."""
        frames = state.frames
        self._before = _Before(
            self._env.insn_idx,
            self.calls,
            [frame.regs[:] for frame in frames],
            [frame.stack[:] for frame in frames],
            state.refs,
        )

    def _branch(self, prev: int, idx: int) -> None:
        insn = self._env.insns[prev]
        code = insn.code
        if code & 7 not in (JMP, JMP32) or code in (JA, GOTOL, CALL, EXIT) or not insn.off:
            return
        if idx in (prev + 1, prev + 1 + insn.off):
            self.events.append(Branch(prev, idx != prev + 1))

    # -- what an insn changes ----------------------------------------------------------------

    def _changes(self, before: _Before, state: VerifierState) -> Iterator[Event]:
        insn = self._env.insns[before.idx]
        cls, mode = insn.code & 7, insn.code & 0xE0
        if cls in (ALU, ALU64):
            yield from _arithmetic(before, insn, state)
        elif cls == LDX:
            yield _load(before, insn, state)
        elif insn.code == LD_IMM64:
            yield _write(before, insn.dst, state, old=unknown_scalar())
        elif cls == LD and mode in (ABS, IND):
            yield from _caller_saved(before)
            yield _write(before, R0, state)
        elif cls in (ST, STX):
            yield from _store(before, insn, state)
        elif insn.code == CALL:
            yield from _call(before, insn, state)
        elif insn.code == EXIT and len(before.calls) > len(state.frames):
            depth = len(before.calls) - 2
            place = Place(before.calls[depth], R0)
            old, new = before.regs[depth][R0], state.frames[depth].regs[R0]
            yield Change(before.idx, place, Why.WRITE, old, new, Place(before.calls[-1], R0))


def _frame(before: _Before) -> int:
    return len(before.calls) - 1


def _write(
    before: _Before,
    regno: int,
    state: VerifierState,
    *,
    old: RegState | None = None,
    origin: Place | None = None,
) -> Change:
    """A register of the frame that ran has a new value."""
    depth = _frame(before)
    old = before.regs[depth][regno] if old is None else old
    new = state.frames[depth].regs[regno]
    return Change(before.idx, Place(before.calls[-1], regno), Why.WRITE, old, new, origin)


def _arithmetic(before: _Before, insn: Insn, state: VerifierState) -> Iterator[Change]:
    op = insn.code & 0xF0
    if op == _MOV and insn.code & X:
        yield _write(before, insn.dst, state, origin=Place(before.calls[-1], insn.src))
        return
    change = _write(before, insn.dst, state)._replace(moves=op in _MOVES)
    if not change.moves or looks(change.old) != looks(change.new):
        yield change


def looks(reg: RegState) -> tuple[object, ...]:
    """What of a register a report tells: struct bpf_diag_reg_snapshot."""
    offset = (reg.off, reg.var_off, reg.smin, reg.smax, reg.umin, reg.umax)
    return (reg.type, reg.maybe_null, reg.map, *offset)


def _load(before: _Before, insn: Insn, state: VerifierState) -> Change:
    origin = None
    base = before.regs[-1][insn.src]
    if base.type is PTR_TO_STACK and base.is_const():
        spi = slot_of(base.off + base.smin + insn.off)
        origin = Place(before.calls[base.frameno], -1, spi)
    return _write(before, insn.dst, state, origin=origin)


def _store(before: _Before, insn: Insn, state: VerifierState) -> Iterator[Event]:
    base = before.regs[-1][insn.dst]
    loaded = atomic_load_reg(insn)
    if base.type is PTR_TO_STACK and base.is_const():
        spi = slot_of(base.off + base.smin + insn.off)
        plain = insn.code & 7 == STX and insn.code & 0xE0 == MEM
        origin = Place(before.calls[-1], insn.src) if plain else None
        atomic = insn.code & 7 == STX and insn.code & 0xE0 == ATOMIC
        yield from _slot_changes(before, state, base.frameno, spi, origin, spills=not atomic)
    elif base.type is PTR_TO_STACK:
        low = base.off + base.smin + insn.off
        high = base.off + base.smax + insn.off + SIZES[insn.code >> 3 & 3]
        yield RangeWrite(before.idx, before.calls[base.frameno], low, high)
    if loaded >= 0:
        yield _write(before, loaded, state)


def _slot_changes(
    before: _Before,
    state: VerifierState,
    depth: int,
    spi: int,
    origin: Place | None,
    *,
    spills: bool,
) -> Iterator[Change]:
    """A slot was written: with a register, or over one."""
    place = Place(before.calls[depth], -1, spi)
    stack = before.stacks[depth]
    old = (stack[spi].reg if spi < len(stack) else None) or UNINIT
    slots = state.frames[depth].stack
    now = slots[spi] if spi < len(slots) else None
    if spills and now is not None and is_spilled(now) and now.reg is not None:
        yield Change(before.idx, place, Why.SPILL, old, now.reg, origin)
    elif old is not UNINIT:
        yield Change(before.idx, place, Why.WRITE, old, UNINIT, origin)


def _caller_saved(before: _Before, given_back: tuple[int, ...] = ()) -> Iterator[Change]:
    """What a call leaves of the registers; given_back: references that ended just before."""
    for regno in range(R1, R5 + 1):
        old = before.regs[-1][regno]
        if old.ref_obj_id in given_back:
            old = unknown_scalar()
        if old.type is not NOT_INIT:
            place = Place(before.calls[-1], regno)
            yield Change(before.idx, place, Why.CALLER_SAVED, old, UNINIT)


def _call(before: _Before, insn: Insn, state: VerifierState) -> Iterator[Event]:
    if insn.src == PSEUDO_CALL and len(state.frames) == len(before.regs):  # a global function
        yield from _lost(before, state, Why.PKT_DATA_CHANGE)
        yield from _caller_saved(before)
        yield _write(before, R0, state)
        return
    if insn.src == PSEUDO_CALL:
        old = before.regs[-1][R0]
        if old.type is not NOT_INIT:
            yield Change(before.idx, Place(before.calls[-1], R0), Why.CALLER_SAVED, old, UNINIT)
        yield from _caller_saved(before)
        return
    yield from _released(before, state)
    yield from _overwritten(before, state)
    yield from _caller_saved(before, _given_back(before, state))
    held = {ref for ref, _ in before.refs}
    for ref, _ in state.refs:
        if ref not in held:
            yield Ref(before.idx, ref, acquired=True)
    lost = before.regs[-1][R0].ref_obj_id in _given_back(before, state)
    yield _write(before, R0, state, old=unknown_scalar() if lost else None)
    yield from _lost(before, state, Why.PKT_DATA_CHANGE)


def _given_back(before: _Before, state: VerifierState) -> tuple[int, ...]:
    held = {ref for ref, _ in state.refs}
    return tuple(ref for ref, _ in before.refs if ref not in held)


def _released(before: _Before, state: VerifierState) -> Iterator[Event]:
    """References that a helper took, and what pointed to them."""
    gone = _given_back(before, state)
    for ref in gone:
        yield Ref(before.idx, ref, acquired=False)
    if gone:
        yield from _lost(before, state, Why.REF_RELEASE)


def _lost(before: _Before, state: VerifierState, why: Why) -> Iterator[Change]:
    """Registers that a helper made worthless."""
    for depth, regs in enumerate(before.regs):
        now = state.frames[depth].regs
        for regno, old in enumerate(regs):
            if depth == _frame(before) and regno <= R5:
                counts = why is Why.REF_RELEASE
            else:
                counts = now[regno].type is not old.type
            concerned = (
                old.type in PACKET_POINTERS
                if why is Why.PKT_DATA_CHANGE
                else (bool(old.ref_obj_id))
            )
            if counts and concerned:
                yield Change(before.idx, Place(before.calls[depth], regno), why, old, UNINIT)


def _overwritten(before: _Before, state: VerifierState) -> Iterator[Change]:
    """Spilled registers in memory that a helper filled."""
    for depth, stack in enumerate(before.stacks):
        now = state.frames[depth].stack
        for spi, slot in enumerate(stack):
            if is_spilled(slot) and slot.reg is not None and not is_spilled(now[spi]):
                place = Place(before.calls[depth], -1, spi)
                yield Change(before.idx, place, Why.WRITE, slot.reg, UNINIT)


def touches(event: Event, place: Place) -> bool:
    """Whether an event changed a place: diag_target_matches()."""
    if isinstance(event, Change):
        return event.place == place
    if isinstance(event, RangeWrite) and place.spi >= 0:
        low = -(place.spi + 1) * SLOT
        return event.frame == place.frame and event.low < low + SLOT and event.high > low
    return False
