"""Regions that a program enters and must leave: RCU, no preemption, no interrupts.

A saved interrupt flag is an object on the stack: a slot with a register whose `id` is that of its
reference, and whose `mem_size` says whether a lock saved it.  Source: check_kfunc_call(),
check_resource_leak(), process_irq_flag(), mark_stack_slot_irq_flag(), unmark_stack_slot_irq_flag(),
acquire_irq_state() and release_irq_state(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EACCES, EINVAL
from emu.kernel.kfuncs import Does
from verifier_model.check import mem, sleeping
from verifier_model.check.stack_objects import first_slot, is_free
from verifier_model.reg import (
    LOST_ITERATOR,
    PTR_TO_STACK,
    RCU_BTF_ID,
    RCU_ITERATOR,
    SAVED_IRQS,
    UNTRUSTED_BTF_ID,
    pointer,
)
from verifier_model.stack import EMPTY, IRQ_FLAG, SLOT, Slot
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from emu.kernel.kfuncs import Kfunc
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState


def enter_or_leave(env: Env, state: VerifierState, row: Kfunc) -> None:
    """What a kernel function does to the regions of RCU and preemption."""
    now, caller = state.regions, f"(kernel function {row.name})"
    if Does.RCU_LOCK in row.does:
        if now.rcu and not env.rules.RCU_LOCKS_NEST:
            raise Reject(f"nested rcu read lock {caller}", EINVAL)
        state.regions = now._replace(rcu=now.rcu + 1)
    elif Does.RCU_UNLOCK in row.does:
        if not now.rcu:
            raise Reject(f"unmatched rcu read unlock {caller}", EINVAL)
        state.regions = now._replace(rcu=now.rcu - 1)
        kept = env.rules.RCU_ALWAYS_READ and sleeping.rcu_protects(env, state)
        if not state.regions.rcu and not kept:
            forget_protected(state)
    elif Does.PREEMPT_DISABLE in row.does:
        state.regions = now._replace(preempt=now.preempt + 1)
    elif Does.PREEMPT_ENABLE in row.does:
        if not now.preempt:
            raise Reject(f"unmatched attempt to enable preemption {caller}", EINVAL)
        state.regions = now._replace(preempt=now.preempt - 1)


def forget_protected(state: VerifierState) -> None:
    """What RCU protected may be gone: invalidate_rcu_protected_refs()."""
    for frame in state.frames:
        for regno, reg in enumerate(frame.regs):
            if reg.type is RCU_BTF_ID:
                frame.regs[regno] = _untrusted(reg)
        for spi, slot in enumerate(frame.stack):
            if slot.reg is not None and slot.reg.type is RCU_BTF_ID:
                frame.stack[spi] = Slot(slot.kinds, _untrusted(slot.reg))
            elif slot.reg is not None and slot.reg.type is RCU_ITERATOR:
                lost = slot.reg.copy()
                lost.type = LOST_ITERATOR
                frame.stack[spi] = Slot(slot.kinds, lost)


def _untrusted(reg: RegState) -> RegState:
    new = reg.copy()
    new.type, new.maybe_null = UNTRUSTED_BTF_ID, False
    return new


# -- interrupts ----------------------------------------------------------------------------------


def check_is_flag(reg: RegState, where: str) -> None:
    if reg.type is not PTR_TO_STACK:
        raise Reject(f"{where} doesn't point to an irq flag on stack", EINVAL)


def save_irqs(
    env: Env, state: VerifierState, regno: int, where: str, *, by_lock: bool = False
) -> None:
    """bpf_local_irq_save(), or a lock: the argument is room for a flag."""
    reg = state.frames[-1].regs[regno]
    frame = state.frames[reg.frameno]
    if not is_free(env, frame, reg, "irq_flag", 1, IRQ_FLAG):
        raise Reject(f"expected uninitialized irq flag as {where}", EINVAL)
    mem.store(env, state, regno, 0, SLOT, -1)
    spi = first_slot(env, frame, reg, "irq_flag", 1)
    held = pointer(SAVED_IRQS)
    held.mem_size = int(by_lock)
    held.ref_obj_id = env.new_id()
    state.refs = (*state.refs, (held.ref_obj_id, env.insn_idx))
    now = state.regions
    state.regions = now._replace(irqs=(*now.irqs, held.ref_obj_id))
    frame.stack[spi] = Slot(IRQ_FLAG * SLOT, held)
    env.scratched_slots |= 1 << spi


def restore_irqs(
    env: Env, state: VerifierState, regno: int, where: str, *, by_lock: bool = False
) -> None:
    """bpf_local_irq_restore(), or an unlock: the argument is the flag that was saved last."""
    reg = state.frames[-1].regs[regno]
    frame = state.frames[reg.frameno]
    spi = first_slot(env, frame, reg, "irq_flag", 1)
    held = frame.stack[spi].reg if spi >= 0 else None
    if held is None or held.type is not SAVED_IRQS:
        raise Reject(f"expected an initialized irq flag as {where}", EINVAL)
    env.mark_stack_read(state, reg.frameno, spi)
    env.scratched_slots |= 1 << spi
    if held.mem_size != by_lock:
        saver, user = (("native", "lock")[kind] for kind in (held.mem_size, by_lock))
        text = f"irq flag acquired by {saver} kfuncs cannot be restored with {user} kfuncs"
        raise Reject(text, EINVAL)
    now = state.regions
    if not now.irqs or now.irqs[-1] != held.ref_obj_id:
        newest = now.irqs[-1] if now.irqs else 0
        idx = next((idx for ref, idx in state.refs if ref == newest), 0)
        told = f"expected id={newest} acquired at insn_idx={idx}"
        raise Reject(f"cannot restore irq state out of order, {told}", EACCES)
    state.refs = tuple(ref for ref in state.refs if ref[0] != held.ref_obj_id)
    state.regions = now._replace(irqs=now.irqs[:-1])
    frame.stack[spi] = EMPTY
    env.mark_stack_write(frame, spi)


# -- where a path ends ---------------------------------------------------------------------------


def check_left(state: VerifierState, what: str) -> None:
    """No region is entered where the program may end."""
    now = state.regions
    region = ""
    if now.irqs:
        region = "bpf_local_irq_save"
    elif now.rcu:
        region = "bpf_rcu_read_lock"
    elif now.preempt:
        region = "bpf_preempt_disable"
    if region:
        raise Reject(f"{what} cannot be used inside {region}-ed region", EINVAL)


def check_left_at_exit(state: VerifierState) -> None:
    """The same at the exit of the program, as kernels before 6.14 say it."""
    now = state.regions
    if now.rcu:
        raise Reject("bpf_rcu_read_unlock is missing", EINVAL)
    if now.preempt:
        verb = " is" if now.preempt == 1 else "(s) are"
        raise Reject(f"{now.preempt} bpf_preempt_enable{verb} missing", EINVAL)


def check_global_call(env: Env, state: VerifierState) -> None:
    """Where a function that is walked by itself may be called."""
    where = ""
    if state.locks:
        where = "while holding a lock"
    elif state.regions.preempt and env.rules.GLOBAL_FUNCS_NOT_IN_REGIONS:
        where = "with preemption disabled"
    if where:
        above = f"global function calls are not allowed {where},"
        raise Reject("use static function instead", EINVAL, above=(above,))
