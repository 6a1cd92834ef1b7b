"""Open-coded iterators: stack slots that bpf_iter_*_new() fills, and the loop around *_next().

What the slots hold is a register: `mem_size` is the number of the iterator's kind, `off` how often
the walk took it that there is another element, `maybe_null` says that there is none left.  The slot
with the lowest address has the reference that must be given back as `ref_obj_id`.
Source: process_iter_arg(), mark_stack_slots_iter(), unmark_stack_slots_iter(),
is_iter_reg_valid_init() and iter_active_depths_differ().
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.kernel.errno import EINVAL, EPROTO
from emu.kernel.kfuncs import ITER_KINDS, ITERATORS
from verifier_model.check import mem, sleeping
from verifier_model.check.refs import release
from verifier_model.check.stack_objects import first_slot, is_free, slot_at
from verifier_model.reg import (
    ITERATOR,
    LOST_ITERATOR,
    PTR_TO_STACK,
    R1,
    RCU_ITERATOR,
    pointer,
)
from verifier_model.stack import EMPTY, ITER, SLOT, Slot
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.kernel.kfuncs import IterKind, Kfunc
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import FuncState, VerifierState


class Iterator(NamedTuple):
    """Where an iterator is, and its reference."""

    frameno: int
    first: int  # its slot with the lowest address
    ref: int
    kind: IterKind
    rcu: bool  # RCU protects it


def slots_of(kind: str) -> int:
    """How many slots an iterator of the kind fills."""
    return ITERATORS[kind].size // SLOT


def make(env: Env, state: VerifierState, regno: int, kind: str, where: str) -> None:
    """The argument is room for an iterator, and holds one after the call.

    where: the argument, as complaints name it.
    """
    reg = state.frames[-1].regs[regno]
    frame, slots = state.frames[reg.frameno], slots_of(kind)
    if not is_free(env, frame, reg, "iter", slots, ITER):
        raise Reject(f"expected uninitialized iter_{kind} as {where}", EINVAL)
    _must_be_on_stack(env, reg)
    for i in range(slots):
        mem.store(env, state, regno, i * SLOT, SLOT, -1)
    first = first_slot(env, frame, reg, "iter", slots)
    held_as = ITERATOR
    if ITERATORS[kind].rcu:
        held_as = RCU_ITERATOR if sleeping.rcu_protects(env, state) else LOST_ITERATOR
    ref = env.new_id()
    state.refs = (*state.refs, (ref, env.insn_idx))
    for spi in range(first, first - slots, -1):
        held = pointer(held_as)
        held.mem_size = ITER_KINDS.index(kind)
        held.ref_obj_id = ref if spi == first else 0
        frame.stack[spi] = Slot(ITER * SLOT, held)
        env.scratched_slots |= 1 << spi


def use(env: Env, state: VerifierState, regno: int, row: Kfunc, where: str) -> Iterator:
    """The argument is an iterator of the kind that the function is for."""
    assert row.params is not None
    kind = row.params[0].name
    reg = state.frames[-1].regs[regno]
    frame, slots = state.frames[reg.frameno], slots_of(kind)
    first = first_slot(env, frame, reg, "iter", slots)
    ref = _ref(frame, first, kind) if first >= 0 else 0
    if not ref:
        raise Reject(f"expected an initialized iter_{kind} as {where}", EINVAL)
    _must_be_on_stack(env, reg)
    held = frame.stack[first].reg
    if held is not None and held.type is LOST_ITERATOR:
        raise Reject(f"expected an RCU CS when using {row.name}", EPROTO)
    for spi in range(first, first - slots, -1):
        env.mark_stack_read(state, reg.frameno, spi)
        env.scratched_slots |= 1 << spi
    rcu = held is not None and held.type is RCU_ITERATOR
    return Iterator(reg.frameno, first, ref, ITERATORS[kind], rcu)


def _ref(frame: FuncState, first: int, kind: str) -> int:
    """The reference of the iterator that fills these slots; 0 where there is none."""
    number = ITER_KINDS.index(kind)
    for spi in range(first, first - slots_of(kind), -1):
        kinds, held = frame.stack[spi]
        if kinds != ITER * SLOT or held is None or held.mem_size != number:
            return 0
        if bool(held.ref_obj_id) is not (spi == first):
            return 0
    held = frame.stack[first].reg
    return held.ref_obj_id if held is not None else 0


def destroy(env: Env, state: VerifierState, it: Iterator, kind: str) -> None:
    """The iterator is gone, and so is what its elements' addresses were."""
    release(env, state, it.ref)
    frame = state.frames[it.frameno]
    for spi in range(it.first, it.first - slots_of(kind), -1):
        frame.stack[spi] = EMPTY
        env.mark_stack_write(frame, spi)


def check_is_on_stack(env: Env, reg: RegState, where: str) -> None:
    """What is no pointer to the stack was taken for one, by its offset, until that was asked."""
    if reg.type is not PTR_TO_STACK and env.rules.ITER_ON_STACK:
        raise Reject(f"{where} expected pointer to an iterator on stack", EINVAL)


def _must_be_on_stack(env: Env, reg: RegState) -> None:
    if reg.type is not PTR_TO_STACK:
        raise Unmodelled("an iterator at the stack offset of what is no stack", env.insn_idx)


def is_active(state: VerifierState) -> bool:
    """Whether the iterator that r1 points to may have another element."""
    reg = state.frames[-1].regs[R1]
    held = state.frames[reg.frameno].stack[slot_at(reg.off + reg.smin)].reg
    return held is not None and not held.maybe_null


def are_apart(old: VerifierState, cur: VerifierState) -> bool:
    """Whether an iterator of the old state has come to another element since."""
    for a, b in zip(old.frames, cur.frames, strict=True):
        for spi, slot in enumerate(a.stack):
            reg = slot.reg
            if slot.kinds[0] != ITER or reg is None or reg.maybe_null or not reg.ref_obj_id:
                continue
            now = b.stack[spi].reg if spi < len(b.stack) else None
            if now is None or now.off != reg.off:
                return True
    return False
