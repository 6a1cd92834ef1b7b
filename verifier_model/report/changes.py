"""What an insn changed, told from the states before and after it.

Source: the bpf_diag_record_*() and bpf_diag_mod_*() calls of kernel/bpf/verifier.c (7.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.isa.table import ALU, ALU64, ATOMIC, LDX, LOAD_ACQ, ST, STORE_REL, STX, X
from emu.prog import PSEUDO_CALL
from verifier_model.cfg import CALL, LD_IMM64, is_packet_load
from verifier_model.check.objects import is_of_graph
from verifier_model.check.packet import points_into
from verifier_model.reg import (
    NOT_INIT,
    PTR_TO_STACK,
    R0,
    R1,
    R5,
    SCALAR_VALUE,
    UNINIT,
    unknown_scalar,
)
from verifier_model.report.events import Change, Context, Place, RangeWrite, Ref, Why
from verifier_model.report.region import Region, depths
from verifier_model.stack import DYNPTR, SLOT, is_spilled, slot_of
from verifier_model.static.arg_track import SIZES
from verifier_model.static.const_regs import atomic_load_reg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.prog import Insn
    from verifier_model.reg import RegState
    from verifier_model.report.events import Event
    from verifier_model.stack import Slot
    from verifier_model.state import VerifierState

_MOV = 0xB0
# Arithmetic that leaves a value what it was, moved: diag_mod_keeps_lineage().
_MOVES = (0x00, 0x10, 0x20, 0x40, 0x50, 0x60, 0x70, 0x80, 0xA0, 0xC0, 0xD0)
_NONE: frozenset[int] = frozenset()


class Before(NamedTuple):
    """What an insn found."""

    idx: int
    calls: tuple[int, ...]  # of each frame, the number of the call that made it
    regs: list[list[RegState]]
    stacks: list[list[Slot]]
    refs: tuple[tuple[int, int], ...]
    depths: dict[Region, int]


def changes(insn: Insn, before: Before, state: VerifierState) -> Iterator[Event]:
    """The events of an insn that ran; state: after it."""
    cls = insn.code & 7
    if len(before.calls) > len(state.frames):  # the function ended: an exit, or what is one too
        depth = len(before.calls) - 2
        place = Place(before.calls[depth], R0)
        old, new = before.regs[depth][R0], state.frames[depth].regs[R0]
        yield Change(before.idx, place, Why.WRITE, old, new, Place(before.calls[-1], R0))
    elif cls in (ALU, ALU64):
        yield from _arithmetic(before, insn, state)
    elif cls == LDX:
        yield _load(before, insn, state)
    elif insn.code == LD_IMM64:
        yield _write(before, insn.dst, state, old=unknown_scalar())
    elif is_packet_load(insn):
        yield from _caller_saved(before)
        yield _write(before, R0, state)
    elif cls in (ST, STX):
        yield from _store(before, insn, state)
    elif insn.code == CALL:
        yield from _call(before, insn, state)


def _frame(before: Before) -> int:
    return len(before.calls) - 1


def _write(
    before: Before,
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


def _arithmetic(before: Before, insn: Insn, state: VerifierState) -> Iterator[Change]:
    op = insn.code & 0xF0
    if op == _MOV and insn.code & X:
        yield _write(before, insn.dst, state, origin=Place(before.calls[-1], insn.src))
        return
    change = _write(before, insn.dst, state)._replace(moves=op in _MOVES)
    if not change.moves or looks(change.old) != looks(change.new):
        yield change


def looks(reg: RegState) -> tuple[object, ...]:
    """What of a register a report tells: struct bpf_diag_reg_snapshot."""
    off = 0 if reg.type is SCALAR_VALUE else reg.off  # of a number: what links it to others
    offset = (off, reg.var_off, reg.smin, reg.smax, reg.umin, reg.umax)
    return (reg.type, reg.maybe_null, reg.map, *offset)


def _slot(before: Before, base: RegState, insn: Insn) -> Place | None:
    """The stack slot that a load or store through a register is at; None where that varies."""
    if base.type is not PTR_TO_STACK or not base.is_const():
        return None
    return Place(before.calls[base.frameno], -1, slot_of(base.off + base.smin + insn.off))


def _load(before: Before, insn: Insn, state: VerifierState) -> Change:
    return _write(before, insn.dst, state, origin=_slot(before, before.regs[-1][insn.src], insn))


def _store(before: Before, insn: Insn, state: VerifierState) -> Iterator[Event]:
    atomic = insn.code & 7 == STX and insn.code & 0xE0 == ATOMIC
    if atomic and insn.imm == LOAD_ACQ:
        yield _load(before, insn, state)
        return
    base = before.regs[-1][insn.dst]
    slot, loaded = _slot(before, base, insn), atomic_load_reg(insn)
    if loaded >= 0:
        yield _write(before, loaded, state, old=unknown_scalar(), origin=slot)
    origin = _stored(before, insn)
    yield from _invalidated(before, state, _gone(before, state), origin=origin)
    if slot is not None:
        spills = not atomic or insn.imm == STORE_REL
        yield from _slot_changes(before, state, slot, origin, spills=spills)
    elif base.type is PTR_TO_STACK:
        low = base.off + base.smin + insn.off
        high = base.off + base.smax + insn.off + SIZES[insn.code >> 3 & 3]
        yield RangeWrite(before.idx, before.calls[base.frameno], low, high)


def _stored(before: Before, insn: Insn) -> Place | None:
    """Where a slot that the insn changes is said to come from: diag_mod_insn_origin()."""
    return Place(before.calls[-1], insn.src) if insn.code & 7 == STX else None


def _slot_changes(
    before: Before, state: VerifierState, place: Place, origin: Place | None, *, spills: bool
) -> Iterator[Change]:
    """A slot was written: with a register, or over one."""
    depth = before.calls.index(place.frame)
    stack, slots = before.stacks[depth], state.frames[depth].stack
    old = (stack[place.spi].reg if place.spi < len(stack) else None) or UNINIT
    now = slots[place.spi] if place.spi < len(slots) else None
    if spills and now is not None and is_spilled(now) and now.reg is not None:
        yield Change(before.idx, place, Why.SPILL, old, now.reg, origin)
    elif old is not UNINIT:
        yield Change(before.idx, place, Why.WRITE, old, UNINIT, origin)


def _caller_saved(
    before: Before, gone: frozenset[int] = _NONE, first: int = R1
) -> Iterator[Change]:
    """What a call leaves of the registers; gone: what ended just before."""
    for regno in range(first, R5 + 1):
        old = before.regs[-1][regno]
        if _belongs(old, gone):
            old = unknown_scalar()
        if old.type is not NOT_INIT:
            place = Place(before.calls[-1], regno)
            yield Change(before.idx, place, Why.CALLER_SAVED, old, UNINIT)


def _call(before: Before, insn: Insn, state: VerifierState) -> Iterator[Event]:
    if insn.src == PSEUDO_CALL and len(state.frames) == len(before.regs):  # a global function
        yield from _moved_packets(before, state)
        if state.frames[-1].regs[R0].type is NOT_INIT:
            yield from _caller_saved(before, first=R0)
        else:
            yield from _caller_saved(before)
            yield _write(before, R0, state)
        return
    if insn.src == PSEUDO_CALL:
        yield from _caller_saved(before, first=R0)
        return
    gone = _gone(before, state)
    for ref, _ in before.refs:
        if ref in gone:
            yield Ref(before.idx, ref, acquired=False)
    yield from _invalidated(before, state, gone, call=True)
    yield from _lost_graph(before, state)
    yield from _overwritten(before, state)
    yield from _regions(before, state)
    yield from _caller_saved(before, gone)
    held = {ref for ref, _ in before.refs}
    for ref, _ in state.refs:
        if ref not in held:
            yield Ref(before.idx, ref, acquired=True)
    lost = _belongs(before.regs[-1][R0], gone)
    yield _write(before, R0, state, old=unknown_scalar() if lost else None)
    yield from _moved_packets(before, state)


def _gone(before: Before, state: VerifierState) -> frozenset[int]:
    """The ids of references that were given back, and of dynptrs that are no more."""
    held = {ref for ref, _ in state.refs}
    dynptrs = set(_dynptrs([frame.stack for frame in state.frames]))
    gone = {ref for ref, _ in before.refs if ref not in held}
    return frozenset(gone.union(id for id in _dynptrs(before.stacks) if id not in dynptrs))


def _dynptrs(stacks: list[list[Slot]]) -> Iterator[int]:
    """The ids of all dynptrs that have one."""
    for stack in stacks:
        for slot in stack:
            if slot.kinds == DYNPTR * SLOT and slot.reg is not None and slot.reg.id > 0:
                yield slot.reg.id


def _belongs(reg: RegState, gone: frozenset[int]) -> bool:
    return reg.ref_obj_id in gone or reg.dynptr_id in gone


def _regions(before: Before, state: VerifierState) -> Iterator[Context]:
    for region, depth in depths(state).items():
        if depth != before.depths[region]:
            yield Context(before.idx, region, depth, entered=depth > before.depths[region])


def _invalidated(
    before: Before,
    state: VerifierState,
    gone: frozenset[int],
    *,
    call: bool = False,
    origin: Place | None = None,
) -> Iterator[Change]:
    """What pointed to something that is gone.

    call: the insn has overwritten R0 to R5 since; origin: where slots are said to come from.
    """
    for place, old in _held(before):
        if not _belongs(old, gone):
            continue
        clobbered = call and _is_clobbered(before, place)
        now = _now(before, state, place)
        if clobbered or now is None or now.type is not old.type:
            of = origin if place.spi >= 0 else None
            yield Change(before.idx, place, Why.REF_RELEASE, old, UNINIT, of)


def _lost_graph(before: Before, state: VerifierState) -> Iterator[Change]:
    """A lock was released: what lists and trees own may be gone."""
    if depths(state)[Region.LOCK] >= before.depths[Region.LOCK]:
        return
    for place, old in _held(before):
        if is_of_graph(old):
            yield Change(before.idx, place, Why.NON_OWN_REF, old, UNINIT)


def _held(before: Before) -> Iterator[tuple[Place, RegState]]:
    """Every register, spilled ones too."""
    for call, regs, stack in zip(before.calls, before.regs, before.stacks, strict=True):
        for regno, reg in enumerate(regs):
            yield Place(call, regno), reg
        for spi, slot in enumerate(stack):
            if is_spilled(slot) and slot.reg is not None:
                yield Place(call, -1, spi), slot.reg


def _is_clobbered(before: Before, place: Place) -> bool:
    """Whether a call overwrites it: a register from R0 to R5 of the frame that ran."""
    return place.frame == before.calls[-1] and 0 <= place.regno <= R5


def _now(before: Before, state: VerifierState, place: Place) -> RegState | None:
    """What a place that held a register holds after the insn."""
    frame = state.frames[before.calls.index(place.frame)]
    return frame.stack[place.spi].reg if place.spi >= 0 else frame.regs[place.regno]


def _moved_packets(before: Before, state: VerifierState) -> Iterator[Change]:
    """Pointers into a packet that may have moved; the call has overwritten R0 to R5 already."""
    for place, old in _held(before):
        now, clobbered = _now(before, state, place), _is_clobbered(before, place)
        if points_into(old) and not clobbered and (now is None or now.type is not old.type):
            yield Change(before.idx, place, Why.PKT_DATA_CHANGE, old, UNINIT)


def _overwritten(before: Before, state: VerifierState) -> Iterator[Change]:
    """Spilled registers in memory that a helper filled."""
    for depth, stack in enumerate(before.stacks):
        now = state.frames[depth].stack
        for spi, slot in enumerate(stack):
            if is_spilled(slot) and slot.reg is not None and not is_spilled(now[spi]):
                place = Place(before.calls[depth], -1, spi)
                yield Change(before.idx, place, Why.WRITE, slot.reg, UNINIT)
