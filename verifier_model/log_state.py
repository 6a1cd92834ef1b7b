"""A frame as the log shows it: registers, stack slots, references.

Source: print_verifier_state().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.kfuncs import ITER_KINDS
from verifier_model.domain.word import s64
from verifier_model.log import DYNPTRS, type_name
from verifier_model.log_reg import reg_text_of
from verifier_model.reg import NOT_INIT, PTR_TO_DYNPTR, SCALAR_VALUE
from verifier_model.stack import EMPTY, INVALID, ITER, POISON, SLOT, SPILL, is_spilled
from verifier_model.state import bits

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.log_reg import RegText
    from verifier_model.reg import RegState
    from verifier_model.stack import Slot
    from verifier_model.state import FuncState, VerifierState

_NOTHING = INVALID + POISON
_ALL = -1  # a mask of every register, or slot
_LIVENESS = ("", "_r", "_w", "_rw")


def whole(env: Env, state: VerifierState, depth: int) -> str:
    """All of a frame, with a blank before each part."""
    text = _frame_text(env, state, state.frames[depth], _ALL, _ALL)
    if env.rules.LOG_STATE_DIFF and not env.rules.LOG_PREDICTED_JUMPS:
        _forget_changes(env)
    return text


def changes(env: Env, state: VerifierState) -> str:
    """What the running frame has in registers and slots that were touched since the last time."""
    regs, slots = env.scratched_regs, env.scratched_slots
    _forget_changes(env)
    return _frame_text(env, state, state.frames[-1], regs, slots)


def _forget_changes(env: Env) -> None:
    env.scratched_regs = env.scratched_slots = 0


def _frame_text(env: Env, state: VerifierState, frame: FuncState, regs: int, slots: int) -> str:
    log = env.log
    reg_text = log.reg_text
    if reg_text is None:
        reg_text = log.reg_text = reg_text_of(env.rules)
    shows_life = env.rules.LOG_LIVENESS
    number = frame.frameno
    parts = [f" frame{number}:"] if number else []
    life = ""
    for regno, reg in enumerate(frame.regs):
        if reg.type is NOT_INIT or not regs >> regno & 1:
            continue
        if shows_life:
            life = _liveness(frame.regs_read, frame.regs_written, regno)
        parts.append(f" R{regno}{life}={reg_text(reg, number)}")
    for spi in bits(slots & (1 << len(frame.stack)) - 1):
        slot = frame.stack[spi]
        if slot is EMPTY or not slot.kinds.strip(_NOTHING):
            continue
        if env.rules.LOG_DYNPTRS and _is_second_half(slot):
            continue
        if slot.kinds[-1] == ITER and slot.reg is not None and not slot.reg.ref_obj_id:
            continue
        if shows_life:
            life = _liveness(frame.stack_read, frame.stack_written, spi)
        parts.append(f" fp{-SLOT * (spi + 1)}{life}={_slot_text(env, slot, number, reg_text)}")
    refs = state.refs
    if frame is not state.frames[-1] and not env.rules.LOG_REFS_OF_STATE:
        refs = state.frames[number + 1].refs_at_call
    if refs and refs[0][0]:
        parts.append(" refs=" + ",".join(str(ref) for ref, _ in refs if ref))
    if frame.callback is not None:
        parts.append(" async_cb" if frame.callback.later else " cb")
    return "".join(parts)


def _is_second_half(slot: Slot) -> bool:
    """Whether the slot is the one of a dynptr's two that is nearer to the frame pointer."""
    reg = slot.reg
    return reg is not None and reg.type is PTR_TO_DYNPTR and not reg.frameno


def _dynptr_text(env: Env, reg: RegState) -> str:
    parts = []
    if env.rules.LOG_PARENT_IDS:
        parts = [f"id={reg.id}"] + [f"parent_id={reg.ref_obj_id}"] * bool(reg.ref_obj_id)
    else:
        parts = [f"id={reg.id}"] + [f"ref_id={reg.ref_obj_id}"] * bool(reg.ref_obj_id)
        # A field of pointers to its memory; in a slot first_slot lies in the same place.
        parts.append("dynptr_id=1")
    return f"dynptr_{DYNPTRS[reg.mem_size]}({','.join(parts)})"


def _iterator_text(env: Env, reg: RegState) -> str:
    name = "id" if env.rules.LOG_PARENT_IDS else "ref_id"
    left = "drained" if reg.maybe_null else "active"
    kind = ITER_KINDS[reg.mem_size]
    return f"iter_{kind}({name}={reg.ref_obj_id},state={left},depth={reg.off})"


def _liveness(read: int, written: int, i: int) -> str:
    return _LIVENESS[read >> i & 1 | (written >> i & 1) << 1]


def _slot_text(env: Env, slot: Slot, frameno: int, reg_text: RegText) -> str:
    reg = slot.reg
    if not is_spilled(slot) or reg is None:
        if reg is not None and reg.type is PTR_TO_DYNPTR and env.rules.LOG_DYNPTRS:
            return _dynptr_text(env, reg)
        if reg is not None and slot.kinds[-1] == ITER:
            return _iterator_text(env, reg)
        return slot.kinds
    if env.rules.LOG_DETAILS:
        return slot.kinds.partition(SPILL)[0] + reg_text(reg, frameno)
    if reg.type is not SCALAR_VALUE:
        return type_name(reg, env.rules)
    text = "" if env.rules.TEXT_SCALAR else type_name(reg, env.rules)
    if reg.precise:
        text += "P"
    if not reg.var_off.mask:
        text += str(s64(reg.var_off.value))
    return text
