"""What must hold where a function ends: references given back, the result in its range.

Source: check_reference_leak(), since 6.13 check_resource_leak(), and release_reference().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EINVAL
from verifier_model.domain import tnum
from verifier_model.domain.word import S64_MAX, S64_MIN, U64
from verifier_model.stack import Slot
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState

LEAKS = "would lead to reference leak"


def check_leak(state: VerifierState, where: str, complaint: str) -> None:
    """No reference is held where one would be lost.

    where, complaint: the sentence that names the place and what is wrong; without a complaint the
    line that names the reference is the last.
    """
    irqs = state.regions.irqs
    refs = (ref for ref in state.refs if ref[0] not in irqs and not is_lock(state, ref))
    check_held(tuple(refs), where, complaint)


def check_held(held: tuple[tuple[int, int], ...], where: str, complaint: str) -> None:
    """The same of some references."""
    if not held:
        return
    lines = [f"Unreleased reference id={ref} alloc_insn={idx}" for ref, idx in held]
    if complaint:
        lines.append(f"{where} {complaint}")
    raise Reject(lines[-1], EINVAL, above=tuple(lines[:-1]))


def check_range(
    env: Env,
    reg: RegState,
    low: int,
    high: int,
    where: str,
    *,
    name: str = "R0",
    as_int: bool = False,
) -> None:
    """The number in a register lies in [low, high], where it has to; as_int: its low half does.

    Source: retval_range_within(), until 6.7 a comparison of known bits; verbose_invalid_scalar().
    """
    text = f"At {where} the register {name} has"
    if env.rules.RETURN_RANGE_SIGNED:
        smin, smax = (reg.smin32, reg.smax32) if as_int else (reg.smin, reg.smax)
        if low <= smin and smax <= high:
            return
        shown = f" smin={reg.smin}" if reg.smin > S64_MIN else ""
        shown += f" smax={reg.smax}" if reg.smax < S64_MAX else ""
        shown = shown or " unknown scalar value"
        raise Reject(f"{text}{shown} should have been in [{low}, {high}]", EINVAL)
    allowed = tnum.from_range(low, high)
    if tnum.includes(allowed, reg.var_off):
        return
    known = reg.var_off.mask != U64
    shown = f" value {reg.var_off}" if known else " unknown scalar value"
    raise Reject(f"{text}{shown} should have been in {allowed}", EINVAL)


def _held(env: Env, state: VerifierState) -> tuple[tuple[int, int], ...]:
    """The references that the running function may give back."""
    frame = state.frames[-1]
    called_back = frame.frameno and frame.callback is not None
    return acquired_by_callback(env, state) if called_back and are_of_callbacks(env) else state.refs


def are_of_callbacks(env: Env) -> bool:
    """Whether a function that is called back has references of its own."""
    return env.rules.CALLBACK_REFS_OWN and not env.rules.CALLBACK_REFS_SHARED


def acquired_by_callback(env: Env, state: VerifierState) -> tuple[tuple[int, int], ...]:
    """The references that the running function, which was called back, acquired itself."""
    frame = state.frames[-1]
    return tuple(
        (ref, idx)
        for ref, idx in state.refs
        if (ref, idx) not in frame.refs_at_call and env.subprog_of(idx) == frame.subprogno
    )


def is_lock(state: VerifierState, ref: tuple[int, int]) -> bool:
    """Whether what stands among the references is a lock that is held."""
    return any((lock.id, lock.insn) == ref for lock in state.locks)


def acquire(env: Env, state: VerifierState) -> int:
    """A reference that must be given back: its number."""
    ref = env.new_id()
    state.refs = (*state.refs, (ref, env.insn_idx))
    return ref


def forget(env: Env, state: VerifierState, ref: int) -> bool:
    """The reference is held no more: release_reference_state().

    Whether it was, and the function may give it back.
    """
    if not any(held[0] == ref and not is_lock(state, held) for held in _held(env, state)):
        return False
    refs = list(state.refs)
    for i, held in enumerate(refs):
        if held[0] == ref and not is_lock(state, held):
            last = refs.pop()
            if i < len(refs) and env.rules.REFS_KEEP_ORDER:
                refs[i:] = [*refs[i + 1 :], last]
            elif i < len(refs):
                refs[i] = last
            break
    state.refs = tuple(refs)
    return True


def release(env: Env, state: VerifierState, ref: int) -> bool:
    """Give the reference back; what pointed there is an unknown number.  Whether it was held."""
    if not forget(env, state, ref):
        return False
    for frame in state.frames:
        for i, reg in enumerate(frame.regs):
            if reg.ref_obj_id == ref:
                frame.regs[i] = env.unknown()
        for spi, slot in enumerate(frame.stack):
            if slot.reg is not None and slot.reg.ref_obj_id == ref:
                frame.stack[spi] = Slot(slot.kinds, env.unknown())
    return True
