"""Calls of kernel functions.

Source: add_kfunc_call(), fetch_kfunc_meta(), check_kfunc_call() and process_iter_next_call(),
kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.btf import Kind
from emu.kernel import kfuncs
from emu.kernel.errno import EACCES, EFAULT, EINVAL, MAX_ERRNO
from emu.kernel.kfuncs import NUMBERS, Does, Result
from emu.kernel.traits import Trait
from verifier_model.check import (
    btf_ptr,
    dynptr,
    graph,
    kfunc_args,
    locks,
    objects,
    packet,
    regions,
    sleeping,
)
from verifier_model.check.refs import acquire, release
from verifier_model.domain.bounds import finish_alu
from verifier_model.domain.word import U32
from verifier_model.reg import (
    ALLOCATED,
    CALLER_SAVED,
    PTR_TO_BTF_ID,
    PTR_TO_MEM,
    R0,
    R1,
    RCU_BTF_ID,
    RDONLY_MEM,
    TRUSTED_BTF_ID,
    UNINIT,
    UNTRUSTED_BTF_ID,
    UNTRUSTED_MEM,
    pointer,
)
from verifier_model.stack import Slot
from verifier_model.transfer import callback
from verifier_model.transfer.callback import previous_entry, widen
from verifier_model.transfer.callback_args import CALLBACKS
from verifier_model.transfer.subprog import throw
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.kernel.kfuncs import Kfunc
    from emu.prog import Insn
    from verifier_model.check.iters import Iterator
    from verifier_model.check.kfunc_args import Found
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState


_OBJECTS = (Result.OBJECT, Result.PERCPU_OBJECT, Result.SAME_OBJECT, Result.NODE)


def call_kfunc(env: Env, state: VerifierState, insn: Insn) -> int | None:
    """Check the call.  Returns the insn to go on at; None where the program ends."""
    row = env.kfunc(insn)
    if row is None:
        nothing = env.kernel.has(Trait.KFUNC_CALL_OF_NOTHING)
        if insn.imm or insn.off or not nothing:
            raise Unmodelled("a call of a kernel function by its number", env.insn_idx)
        env.fixups.calls_nothing = True
        return env.insn_idx + 1
    env.scratched_regs |= 1
    if not env.may_call(row):
        raise Reject(f"calling kernel function {row.name} is not allowed", EACCES)
    if Does.TRAPS in row.does:
        raise Reject("unexpected __bpf_trap() due to uninitialized variable?", EFAULT)
    sleeping.check_kfunc(state, row)
    if row.params is None:
        raise Unmodelled(f"a call of {row.name}()", env.insn_idx)
    if row.result is Result.LOCKED:
        _fail_to_lock(env, state)
    found = kfunc_args.check(env, state, row, row.params)
    if Does.CALLS_LATER in row.does:
        callback.enter_later(env, state, CALLBACKS[row.name], found.subprog)
    if found.less >= 0:
        callback.compare_nodes(env, state, found)
    _check_in_callback(env, state, row)
    regions.enter_or_leave(env, state, row)
    sleeping.check_kfunc_place(state, row)
    sleeping.check_kfunc_protected(env, state, row)
    if found.object is not None and found.released and env.rules.DROP_NOT_ANYWHERE:
        objects.check_drop_context(env, row, found.object)
    if found.dynptr is not None and found.released:
        dynptr.give_back(env, state, found.released)
    elif found.released:
        release(env, state, found.released)
    if found.inserted:
        graph.insert(env, state, found.inserted)
    if Does.ENDS in row.does:
        throw(env, state)
        return None
    frame = state.frames[-1]
    for regno in CALLER_SAVED:
        frame.regs[regno] = UNINIT
    result = _result(env, state, row, found)
    if result is not None:
        frame.regs[R0] = result
        frame.regs_written |= 1
    if env.marks_reads:
        for i, param in enumerate(row.params):
            whole = param.kind not in NUMBERS
            env.mark_reg_read(state, len(state.frames) - 1, R1 + i, whole=whole)
    if Does.PACKET_CHANGES in row.does:
        packet.invalidate(env, state)
    if Does.ITER_NEXT in row.does and found.iter is not None:
        if env.trail is not None:
            env.trail.settle(state)
        _go_on(env, state, found.iter)
    return env.insn_idx + 1


def _result(env: Env, state: VerifierState, row: Kfunc, found: Found) -> RegState | None:
    """What r0 is after the call; None where it is nothing."""
    if row.result is Result.NOTHING:
        return None
    if row.result is Result.SCALAR:
        return env.unknown()
    if row.result in (Result.OF_TYPE, Result.KERNEL_CTX):
        return _cast(env, row, found)
    if row.result is Result.LOCKED:
        return env.const(0)
    if row.result is Result.STRUCT:
        return _structure(env, state, row, found)
    if row.result in _OBJECTS:
        return _acquired(env, state, row, found, _object(env, row, found))
    if row.result is Result.ELEMENT:
        assert found.iter is not None
        reg = _element(env, found.iter)
    else:
        reg = _slice(env, row, found)
    reg.maybe_null = Does.MAY_BE_NULL in row.does
    reg.id = env.new_id()
    return reg


def _element(env: Env, it: Iterator) -> RegState:
    """What the address of an element points to."""
    if it.kind.element:
        return btf_ptr.to_struct(env, RCU_BTF_ID if it.rcu else TRUSTED_BTF_ID, it.kind.element)
    reg = pointer(RDONLY_MEM)
    reg.mem_size = it.kind.element_size
    reg.ref_obj_id = it.ref
    if env.rules.LOG_PARENT_IDS:
        reg.dynptr_id = it.ref
    return reg


def _structure(env: Env, state: VerifierState, row: Kfunc, found: Found) -> RegState:
    """A kernel structure, which may have to be given back."""
    kind = TRUSTED_BTF_ID if env.rules.KFUNC_ARGS_TRUSTED else PTR_TO_BTF_ID
    if Does.GIVES_UNTRUSTED in row.does:
        kind = UNTRUSTED_BTF_ID
    reg = btf_ptr.to_struct(env, kind, row.gives)
    if Does.ACQUIRES in row.does:
        return _acquired(env, state, row, found, reg)
    reg.maybe_null = Does.MAY_BE_NULL in row.does
    reg.id = env.new_id() if reg.maybe_null else 0
    return reg


def _object(env: Env, row: Kfunc, found: Found) -> RegState:
    """An object that the program allocated, or the node of one."""
    if row.result is Result.NODE:
        assert found.root is not None  # it is the first argument
        return graph.node(env, found.root)
    if row.result is not Result.SAME_OBJECT:
        return objects.make(env, row, found.size)
    assert found.object is not None  # it is the first argument
    reg = pointer(PTR_TO_BTF_ID)
    reg.mem_size, reg.frameno = found.object.mem_size, ALLOCATED
    return reg


def _acquired(env: Env, state: VerifierState, row: Kfunc, found: Found, reg: RegState) -> RegState:
    """A structure or object that must be given back, or that a list or tree owns."""
    maybe_null = Does.MAY_BE_NULL in row.does and not found.owned
    if maybe_null:
        reg.id = env.new_id()
    if Does.ACQUIRES in row.does:
        reg.ref_obj_id = acquire(env, state)
        if maybe_null or env.rules.LOG_PARENT_IDS:
            reg.id = reg.ref_obj_id
    else:
        reg = objects.not_owned(env, reg)
    if not reg.id and locks.has_lock(env, reg):
        reg.id = env.new_id()
    reg.maybe_null = maybe_null
    return reg


def _fail_to_lock(env: Env, state: VerifierState) -> None:
    """A resilient lock may not be had: that path, with an error, is walked later."""
    other = env.push_branch(state, env.insn_idx + 1, env.insn_idx)
    frame = other.frames[-1]
    for regno in CALLER_SAVED:
        frame.regs[regno] = UNINIT
    error = env.unknown()
    error.smin = error.smin32 = -MAX_ERRNO
    error.smax = error.smax32 = -1
    finish_alu(error, env.rules)
    frame.regs[R0] = error
    frame.regs_written |= 1


def _check_in_callback(env: Env, state: VerifierState, row: Kfunc) -> None:
    """A function that compares nodes needs no RCU lock of its own."""
    if row.does & (Does.RCU_LOCK | Does.RCU_UNLOCK) and graph.compares_nodes(env, state):
        text = "Calling bpf_rcu_read_{lock,unlock} in unnecessary rbtree callback"
        raise Reject(text, EACCES)


def _cast(env: Env, row: Kfunc, found: Found) -> RegState:
    """A pointer that a program says, or the kernel knows, to be one to a structure."""
    if row.result is Result.KERNEL_CTX:
        name = kfuncs.KERNEL_CONTEXTS.get(env.prog_type)
        if name is None:
            raise Unmodelled("a context that is no structure", env.insn_idx)
        return btf_ptr.to_struct(env, TRUSTED_BTF_ID, name)
    void = env.kernel.has(Trait.BTF_LEAVES_UNTRUSTED)
    if not found.size and void:
        return pointer(UNTRUSTED_MEM)
    if env.btf is None and found.size:
        raise Unmodelled(f"type {found.size} of the kernel's BTF", env.insn_idx)
    known = env.btf is not None and found.size <= len(env.btf.index.offsets)
    kind = env.btf.kind(found.size) if env.btf is not None and known else Kind.VOID
    if not known and void:
        raise Reject(f"Unknown type ID {found.size} passed to kfunc {row.name}", EINVAL)
    if kind not in (Kind.STRUCT, Kind.UNION):
        what = "a struct or void" if void else "a struct"
        raise Reject(f"kfunc {row.name} type ID argument must be of {what}", EINVAL)
    assert env.btf is not None  # else the type is not known
    return btf_ptr.to_type(env, env.btf, UNTRUSTED_BTF_ID, found.size)


def _slice(env: Env, row: Kfunc, found: Found) -> RegState:
    """A part of a dynptr's memory."""
    assert found.dynptr is not None
    writable = row.result is Result.SLICE_TO_WRITE
    if writable and not packet.may_write(env):
        raise Reject("the prog does not allow writes to packet data", EINVAL)
    reg = pointer(PTR_TO_MEM if writable else RDONLY_MEM)
    reg.mem_size = found.size & U32
    reg.frameno = found.dynptr.mem_size
    reg.dynptr_id = found.dynptr.id
    return reg


def _go_on(env: Env, state: VerifierState, it: Iterator) -> None:
    """After *_next(): the path on which there is another element is walked later."""
    slot = state.frames[it.frameno].stack[it.first]
    assert slot.reg is not None
    if not slot.reg.maybe_null:
        before = previous_entry(env, state, state.parent, env.insn_idx)
        other = env.push_branch(state, env.insn_idx + 1, env.insn_idx)
        another = slot.reg.copy()
        another.off += 1
        other.frames[it.frameno].stack[it.first] = Slot(slot.kinds, another)
        if before is not None:
            widen(env, before, other)
        element = other.frames[-1].regs[R0].copy()
        element.maybe_null = False
        other.frames[-1].regs[R0] = element
        drained = slot.reg.copy()
        drained.maybe_null = True
        state.frames[it.frameno].stack[it.first] = Slot(slot.kinds, drained)
    state.frames[-1].regs[R0] = env.const(0)
