"""Dynptrs on the stack: two slots that only helpers read and write.

What the slots hold is a register: `mem_size` is the kind, `frameno` 1 in the first slot, `id` the
dynptr's own and `ref_obj_id` the ring buffer reservation that must be given back.
Source: process_dynptr_func(), mark_stack_slots_dynptr(), unmark_stack_slots_dynptr() and
destroy_if_dynptr_stack_slot().
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from emu.kernel.errno import EACCES, EINVAL
from verifier_model.check.refs import release
from verifier_model.check.stack_objects import NOWHERE, first_slot
from verifier_model.log import type_name
from verifier_model.reg import PTR_TO_DYNPTR, PTR_TO_MAP_VALUE, R1, pointer
from verifier_model.stack import DYNPTR, EMPTY, SLOT, Slot
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import FuncState, VerifierState

LOCAL, RINGBUF, SKB, XDP, SKB_META, FILE = 1, 2, 3, 4, 5, 6
_SLOTS = 2
OF_PACKETS = (SKB, XDP, SKB_META)
MOVED_BY_WRITES = (SKB, SKB_META)  # bpf_dynptr_write() may move what slices point to
_ACQUIRED = (RINGBUF, FILE)  # such a dynptr must be given back
UNNUMBERED = -1  # stands for the id of a dynptr until 6.2, which has none
MAKERS = {"dynptr_from_mem": LOCAL, "ringbuf_reserve_dynptr": RINGBUF}
RELEASES = ("ringbuf_submit_dynptr", "ringbuf_discard_dynptr")


def make(env: Env, state: VerifierState, regno: int, reg: RegState, kind: int) -> None:
    """The argument is room for a dynptr, and holds a new one after the call."""
    if reg.type is PTR_TO_DYNPTR and not env.rules.DYNPTR_GIVEN_IS_CONST:
        return
    frame, first = _make_room(env, state, regno, reg)
    held = pointer(PTR_TO_DYNPTR)
    held.mem_size = kind
    if kind in _ACQUIRED and env.rules.LOG_PARENT_IDS:
        held.ref_obj_id = env.new_id()
    if env.rules.DYNPTR_TRACKED:
        held.id = env.new_id()
    if kind in _ACQUIRED:
        held.ref_obj_id = held.ref_obj_id or env.new_id()
        state.refs = (*state.refs, (held.ref_obj_id, env.insn_idx))
    _put(frame, first, held)


def clone(env: Env, state: VerifierState, regno: int, reg: RegState, of: RegState) -> None:
    """The same for another of the same memory, which goes with the same reference."""
    frame, first = _make_room(env, state, regno, reg)
    held = of.copy()
    held.id = env.new_id()
    _put(frame, first, held)


def given(env: Env) -> RegState:
    """A pointer to a dynptr that is the kernel's: mark_dynptr_cb_reg()."""
    reg = pointer(PTR_TO_DYNPTR)
    reg.mem_size, reg.frameno = LOCAL, 1
    if env.rules.DYNPTR_TRACKED:
        reg.id = env.new_id()
    return reg


def check_data(env: Env, state: VerifierState) -> None:
    """What bpf_dynptr_from_mem() makes a dynptr of is a map's value."""
    data = state.frames[-1].regs[R1]
    if data.type is not PTR_TO_MAP_VALUE:
        shown = type_name(data, env.rules)
        raise Reject(f"Unsupported reg type {shown} for bpf_dynptr_from_mem data", EACCES)


def _make_room(env: Env, state: VerifierState, regno: int, reg: RegState) -> tuple[FuncState, int]:
    """The frame, and the slot with the lower address, that a dynptr will be in."""
    given = reg.type is PTR_TO_DYNPTR
    frame = state.frames[-1 if given else reg.frameno]
    if given:
        free = False
    elif env.rules.DYNPTR_TRACKED:
        free = first_slot(env, frame, reg, "dynptr", _SLOTS) != NOWHERE
    else:
        first = _first_before_6_3(env, reg)
        slots = frame.stack[first - 1 : first + 1] if first else []
        free = not any(DYNPTR in slot.kinds for slot in slots)
    if not free:
        raise Reject("Dynptr has to be an uninitialized dynptr", EINVAL)
    from verifier_model.check import mem

    mem.store(env, state, regno, 0, SLOT, -1)
    mem.store(env, state, regno, SLOT, SLOT, -1)
    return frame, (-reg.off - reg.smin - 1) // SLOT


def _put(frame: FuncState, first: int, held: RegState) -> None:
    for spi in (first, first - 1):
        part = held.copy()
        part.frameno = int(spi == first)
        frame.stack[spi] = Slot(DYNPTR * SLOT, part)


def use(env: Env, state: VerifierState, regno: int, reg: RegState, helper: str = "") -> RegState:
    """The argument is a dynptr: what its first slot holds.

    helper: which one takes it; "" for a kernel function.
    """
    if reg.type is PTR_TO_DYNPTR:
        if helper in RELEASES:
            _refuse_release(env, regno)
        return reg
    frame = state.frames[reg.frameno]
    if env.rules.DYNPTR_TRACKED:
        first = first_slot(env, frame, reg, "dynptr", _SLOTS)
    else:
        first = _first_before_6_3(env, reg)
    found: RegState | None = None
    held: RegState | None = None
    if 1 <= first < len(frame.stack):
        slot, below = frame.stack[first], frame.stack[first - 1]
        held = slot.reg if slot.reg is not None and slot.reg.type is PTR_TO_DYNPTR else None
        if held is not None and held.frameno and below.kinds == slot.kinds == DYNPTR * SLOT:
            found = held
    if helper in RELEASES and not env.rules.TEXT_ARGS and not (held and held.ref_obj_id):
        raise Reject(f"arg {regno} is an unacquired reference", EINVAL)
    if found is None:
        raise Reject(f"Expected an initialized dynptr as {argument(env, regno)}", EINVAL)
    if env.rules.DYNPTR_TRACKED:
        env.mark_stack_read(state, reg.frameno, first)
        env.mark_stack_read(state, reg.frameno, first - 1)
    if env.rules.LOG_DYNPTR_USE:
        env.scratched_slots |= 3 << first - 1
    return found


def not_one(env: Env, regno: int) -> str:
    """What a kernel function says of an argument that is no dynptr."""
    if not env.rules.TEXT_DYNPTR_CONST:
        return f"arg#{regno - 1} expected pointer to stack or dynptr_ptr"
    name = argument(env, regno, "arg#")
    return f"{name} expected pointer to stack or const struct bpf_dynptr"


def argument(env: Env, regno: int, before: str = "arg #") -> str:
    """The argument of a dynptr or iterator as complaints name it."""
    if env.rules.TEXT_ARGS:
        return f"R{regno}"
    return f"{before}{regno - 1 if env.rules.TEXT_SLOTS_FROM_0 else regno}"


def check_is_file(env: Env, regno: int, held: RegState) -> None:
    """The dynptr, of which `held` is what its slot holds, is of a file: it can be closed."""
    if held.mem_size != FILE:
        text = f"Expected a dynptr of type file as {argument(env, regno)}"
        raise Reject(text, EINVAL)


def _refuse_release(env: Env, regno: int) -> NoReturn:
    """The kernel's own dynptr is not given back."""
    if not env.rules.DYNPTR_GIVEN_IS_CONST:
        raise Reject(f"arg {regno} is an unacquired reference", EINVAL)
    if env.rules.TEXT_ARGS:
        raise Reject("CONST_PTR_TO_DYNPTR cannot be released", EINVAL)
    raise Reject("cannot release unowned const bpf_dynptr", EINVAL)


def give_back(env: Env, state: VerifierState, ref: int) -> None:
    """A reservation or a file is given back: the dynptr and what points into it are gone."""
    gone: set[int] = set()
    for frame in state.frames:
        for spi, slot in enumerate(frame.stack):
            if slot.kinds == DYNPTR * SLOT and slot.reg is not None and slot.reg.ref_obj_id == ref:
                gone.add(slot.reg.id)
                frame.stack[spi] = EMPTY
                env.mark_stack_write(frame, spi)
    if env.rules.SLICES_FORGOTTEN:
        for dynptr in gone:
            _forget(env, state, dynptr)
    release(env, state, ref)


def overwrite(env: Env, state: VerifierState, frame: FuncState, low: int, high: int) -> None:
    """A store hits [low, high) of a stack: a dynptr there is no more.

    Until 6.2 it only has other bytes then: what was known of it stays, see stack_slots.lasting().
    """
    if not env.rules.DYNPTR_TRACKED:
        return
    for spi in range((-high) // SLOT, min((-low - 1) // SLOT + 1, len(frame.stack))):
        held = frame.stack[spi].reg
        if DYNPTR not in frame.stack[spi].kinds or held is None:
            continue
        if held.ref_obj_id and not (env.rules.DYNPTR_CLONE_LOST and _is_cloned(state, held)):
            raise Reject("cannot overwrite referenced dynptr", EINVAL)
        _forget(env, state, held.id)


def _is_cloned(state: VerifierState, held: RegState) -> bool:
    """Whether another dynptr goes with the same reference."""
    return any(
        slot.kinds == DYNPTR * SLOT
        and slot.reg is not None
        and slot.reg.ref_obj_id == held.ref_obj_id
        and slot.reg.id != held.id
        for frame in state.frames
        for slot in frame.stack
    )


def _forget(env: Env, state: VerifierState, dynptr: int) -> None:
    """Both slots, and pointers into the memory of the dynptr."""
    for frame in state.frames:
        for i, reg in enumerate(frame.regs):
            if reg.dynptr_id == dynptr and _is_forgotten(env, reg):
                frame.regs[i] = env.unknown()
        for spi, slot in enumerate(frame.stack):
            if slot.reg is None:
                continue
            if slot.reg.type is PTR_TO_DYNPTR and slot.reg.id == dynptr:
                frame.stack[spi] = EMPTY
                env.mark_stack_write(frame, spi)
            elif slot.reg.dynptr_id == dynptr and _is_forgotten(env, slot.reg):
                frame.stack[spi] = Slot(slot.kinds, env.unknown())


def _is_forgotten(env: Env, reg: RegState) -> bool:
    """Whether it goes with its dynptr; what bpf_dynptr_slice() gave lives on until 7.1."""
    return env.rules.SLICES_FORGOTTEN or not reg.frameno


def _first_before_6_3(env: Env, reg: RegState) -> int:
    """Where a dynptr is, or would be: its slot with the lower address."""
    if not reg.is_const():
        raise Unmodelled("a dynptr at a variable offset", env.insn_idx)
    at = reg.off + reg.smin
    if at % SLOT:
        raise Reject("cannot pass in dynptr at an offset", EINVAL)
    return (-at - 1) // SLOT
