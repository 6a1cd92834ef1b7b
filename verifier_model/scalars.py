"""Questions about scalars, and the links between registers that hold one value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model.domain import arith
from verifier_model.domain.bounds import sync
from verifier_model.domain.width import zero_extend
from verifier_model.domain.word import S32_MAX, S32_MIN, S64_MAX, S64_MIN, U32, U64
from verifier_model.reg import ADD_CONST, ADD_CONST_32, SCALAR_VALUE
from verifier_model.stack import SPILL, Slot, is_spilled

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.rules import Rules
    from verifier_model.state import VerifierState


def is_null(reg: RegState) -> bool:
    """Whether it is the number 0: register_is_null()."""
    return reg.type is SCALAR_VALUE and not reg.var_off.mask and not reg.var_off.value


def is_unbounded(reg: RegState, rules: Rules) -> bool:
    """Whether nothing is known of it: __is_scalar_unbounded()."""
    return (
        reg.var_off.mask == U64
        and reg.umin == 0
        and reg.umax == U64
        and reg.smin == S64_MIN
        and reg.smax == S64_MAX
        and (
            not rules.BOUNDS_32
            or (
                reg.umin32 == 0
                and reg.umax32 == U32
                and reg.smin32 == S32_MIN
                and reg.smax32 == S32_MAX
            )
        )
    )


def width(reg: RegState) -> int:
    """How many bits its largest value has: get_reg_width()."""
    return reg.umax.bit_length()


def unlink(reg: RegState, rules: Rules) -> None:
    """The register is no copy any more; releases may leave what it was off the original."""
    reg.id = 0
    if rules.LINK_OFF_CLEARED:
        reg.off = 0


def assign_id(env: Env, state: VerifierState, regno: int) -> RegState:
    """The register, with an id that a copy can share: assign_scalar_id_before_mov().

    A constant gets none where the release does without.
    """
    frame = state.frames[-1]
    reg = frame.regs[regno]
    if reg.type is not SCALAR_VALUE or (reg.is_const() and env.rules.CONST_HAS_NO_ID):
        return reg
    if reg.id & ADD_CONST:
        reg = reg.copy()
        reg.id = 0
        reg.off = 0
    if not reg.id:
        reg = reg.copy()
        reg.id = env.new_id()
    frame.regs[regno] = reg
    return reg


def linked_places(env: Env, state: VerifierState, wanted: int) -> list[tuple[int, int, int]]:
    """Where scalars of that id (links by a constant included) are: (frame, register, slot).

    A place is a register, slot -1, or a slot, register -1; the running frame's come first.
    """
    base = wanted & ~ADD_CONST
    places = []
    decides = -1 if env.rules.LINK_NARROW_SPILLS else 0  # the byte that tells a spill
    callsites = [frame.callsite for frame in state.frames[1:]] + [env.insn_idx]
    for depth in range(len(state.frames) - 1, -1, -1):
        frame = state.frames[depth]
        live = env.live_regs[callsites[depth]] if env.rules.LINK_LIVE_REGS else -1
        for regno, reg in enumerate(frame.regs):
            if reg.id & ~ADD_CONST == base and reg.type is SCALAR_VALUE and live >> regno & 1:
                places.append((depth, regno, -1))
        for spi, slot in enumerate(frame.stack):
            reg2 = slot.reg
            if (
                reg2 is not None
                and reg2.id & ~ADD_CONST == base
                and reg2.type is SCALAR_VALUE
                and slot.kinds[decides] == SPILL
            ):
                places.append((depth, -1, spi))
    return places


def sync_linked(
    env: Env, state: VerifierState, known: RegState, places: list[tuple[int, int, int]]
) -> None:
    """What a comparison told of `known` holds for all that are linked to it.

    Source: find_equal_scalars(), since 6.12 sync_linked_regs().
    """
    rules = env.rules
    for depth, regno, spi in places:
        frame = state.frames[depth]
        reg = frame.regs[regno] if spi < 0 else frame.stack[spi].reg
        assert reg is not None
        if reg is known or (reg.id & ~ADD_CONST) != (known.id & ~ADD_CONST):
            continue
        if (reg.id ^ known.id) & ADD_CONST == ADD_CONST:
            continue  # one is linked by its low half, the other whole
        new = known.copy()
        if (reg.id | known.id) & ADD_CONST and reg.off != known.off:
            arith.add(new, env.const((reg.off - known.off) & U64), rules, False)
            if (reg.id | known.id) & ADD_CONST_32:
                zero_extend(new, rules)
            if rules.LINK_ADD_CONST_32:
                sync(new, rules)
            new.off = reg.off
            if rules.LINK_KEEPS_ADD_CONST:
                new.id = reg.id
        if spi < 0:
            frame.regs[regno] = new
        else:
            frame.stack[spi] = Slot(frame.stack[spi].kinds, new)
        if not rules.LINK_KEEPS_LIFE:
            _copy_life(state, known, depth, regno, spi)
        if rules.LOG_LINKED:
            if spi < 0:
                env.scratched_regs |= 1 << regno
            else:
                env.scratched_slots |= 1 << spi


def _copy_life(state: VerifierState, known: RegState, depth: int, regno: int, spi: int) -> None:
    """Until 6.2 the copy took over whether the register it is linked to was written."""
    top, frame = state.frames[-1], state.frames[depth]
    source = next((i for i, reg in enumerate(top.regs) if reg is known), -1)
    written = source >= 0 and top.regs_written >> source & 1
    if spi < 0:
        frame.regs_written = frame.regs_written & ~(1 << regno) | written << regno
    else:
        frame.stack_written = frame.stack_written & ~(1 << spi) | written << spi


def clear_singular_ids(state: VerifierState) -> None:
    """Drop the ids that one scalar alone has, links by a constant included (7.0).

    Source: bpf_clear_singular_ids().
    """
    places: dict[int, list[tuple[int, int, int]]] = {}
    for depth, frame in enumerate(state.frames):
        for regno, reg in enumerate(frame.regs):
            if reg.id and reg.type is SCALAR_VALUE:
                places.setdefault(reg.id & ~ADD_CONST, []).append((depth, regno, -1))
        for spi, slot in enumerate(frame.stack):
            held = slot.reg
            if held is not None and held.id and held.type is SCALAR_VALUE and is_spilled(slot):
                places.setdefault(held.id & ~ADD_CONST, []).append((depth, -1, spi))
    for found in places.values():
        if len(found) > 1:
            continue
        ((depth, regno, spi),) = found
        frame = state.frames[depth]
        if spi < 0:
            frame.regs[regno] = _without_id(frame.regs[regno])
        else:
            slot = frame.stack[spi]
            assert slot.reg is not None
            frame.stack[spi] = Slot(slot.kinds, _without_id(slot.reg))


def _without_id(reg: RegState) -> RegState:
    reg = reg.copy()
    reg.id = reg.off = 0
    return reg
