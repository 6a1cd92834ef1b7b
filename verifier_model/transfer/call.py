"""Calls of helpers and subprogs, and exit.

Source: check_helper_call(), check_func_call(), prepare_func_exit(), check_return_code().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel import helper_names, helpers, maps, prog_types
from emu.kernel.enums import F_RDONLY_PROG, ProgType, Ret
from emu.kernel.errno import E2BIG, EACCES, EINVAL
from emu.prog import PSEUDO_CALL
from verifier_model import log_walk
from verifier_model.check import const_str, dynptr, packet
from verifier_model.check import helper as check_helper
from verifier_model.check.refs import check_leak, check_range, release
from verifier_model.check.stack_helper import clobber
from verifier_model.domain.bounds import bound_offset, deduce, finish_alu
from verifier_model.log import type_name
from verifier_model.precise import mark_chain_precision
from verifier_model.reg import (
    CALLER_SAVED,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_SOCKET,
    PTR_TO_STACK,
    R0,
    R1,
    R5,
    SCALAR_VALUE,
    UNINIT,
    pointer,
)
from verifier_model.state import ARGS_MASK, FuncState
from verifier_model.transfer import callback
from verifier_model.transfer.registry import transfer
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.kernel.helpers import Helper, Proto
    from emu.prog import Insn, MapDef
    from verifier_model.check.helper import Meta
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState

MAX_ERRNO = 4095
# Helpers whose result stands for the same object as their argument: is_ptr_cast_function().
_WRITABLE = ProgType.RAW_TRACEPOINT_WRITABLE
_CASTS = ("sk_fullsock",)
_WRITERS = ("map_update_elem", "map_delete_elem", "map_push_elem", "map_pop_elem")
_RELEASES = ("ringbuf_submit", "ringbuf_discard", "sk_release")
_SIZE_RETURNED = (
    "probe_read_str",
    "probe_read_kernel_str",
    "probe_read_user_str",
    "get_stack",
    "get_task_stack",
)


@transfer("call")
def transfer_call(env: Env, state: VerifierState, insn: Insn) -> int:
    if insn.src == PSEUDO_CALL:
        return _call_subprog(env, state, insn)
    if insn.src:
        raise Unmodelled("a call of a kfunc", env.insn_idx)
    following = _call_helper(env, state, insn)
    return env.insn_idx + 1 if following is None else following


# -- helpers ---------------------------------------------------------------------------------


def _call_helper(env: Env, state: VerifierState, insn: Insn) -> int | None:
    """Check the call; the insn to go on at, where that is not the next."""
    if not 0 <= insn.imm <= helper_names.last(env.kernel):
        raise Reject(f"invalid func unknown#{insn.imm}", EINVAL)
    row = helpers.by_id(insn.imm)
    if row is None:
        _refuse_unknown(env, insn.imm)
        return None
    if not helpers.available(env.kernel, env.prog_type, row):
        if not _all_helpers_known(env):
            raise Unmodelled(f"helper {row.name} in {env.prog_type.name}", env.insn_idx)
        _refuse(env, f"bpf_{row.name}", insn.imm)
    proto = helpers.proto(env.kernel, row)
    if proto.gpl_only and not _is_gpl_compatible(env.prog.license):
        raise Reject("cannot call GPL-restricted function from non-GPL compatible program", EINVAL)
    if row.sleepable:
        raise Unmodelled(f"helper {row.name} in a program that may sleep", env.insn_idx)
    meta = check_helper.check_args(env, state, proto, row)
    _check_map_written(row, meta)
    for regno, size in meta.filled:
        ptr = state.frames[-1].regs[regno]
        clobber(env, state.frames[ptr.frameno], ptr, ptr.off, size)
    if row.name in dynptr.RELEASES:
        dynptr.give_back(env, state, meta.ref_obj_id)
    if row.name in _RELEASES:
        _release(env, state, meta.ref_obj_id, row)
    if row.name == "tail_call":
        _check_leak(env, state, "tail_call")
    if row.name == "snprintf":
        const_str.check_format(env, state)
    if meta.subprog >= 0:
        following = callback.enter(env, state, row, meta)
        if following is not None:
            return following

    frame = state.frames[-1]
    for regno in CALLER_SAVED:
        frame.regs[regno] = UNINIT
    frame.regs_written |= ARGS_MASK | 1
    env.scratched_regs |= ARGS_MASK | 1
    if _sees_packets(env) and _changes_packet(env, row):
        packet.invalidate(env, state)
    _set_result(env, state, row, proto, meta)
    if row.name == "tail_call" and len(env.subprogs) > 1 and not env.rules.TAIL_CALL_IN_SUBPROG:
        raise Reject("tail_calls are not allowed in programs with bpf-to-bpf calls", EINVAL)
    if meta.map is not None and not _takes_map(row, meta.map):
        raise Reject(
            f"cannot pass map_type {int(meta.map.type)} into func bpf_{row.name}#{row.id}", EINVAL
        )
    return None


def _refuse_unknown(env: Env, number: int) -> None:
    """A number that no row has: none of the helpers for tracing programs."""
    name = helper_names.NAMES[number]
    row = prog_types.by_type(env.prog_type)
    if number and (row is None or not row.tracing) and _may_call(env, name):
        raise Unmodelled(f"helper {name}", env.insn_idx)
    _refuse(env, f"bpf_{name}", number)


def _takes_map(row: Helper, m: MapDef) -> bool:
    if row.name == "redirect_map":
        from emu.kernel.packet_helpers import REDIRECT_MAPS

        return m.type in REDIRECT_MAPS
    return maps.takes(row.name, m.type)


def _all_helpers_known(env: Env) -> bool:
    """Whether what is not in the tables cannot be called by programs of this type."""
    from emu.kernel.packet_helpers import WITHOUT_ROW

    row = prog_types.by_type(env.prog_type)
    tracing = row is not None and (row.tracing or env.prog_type is _WRITABLE)
    return tracing or any(env.prog_type in types for types, _ in WITHOUT_ROW)


def _may_call(env: Env, name: str) -> bool:
    """Whether programs of this type may call a helper that no row describes."""
    from emu.kernel.packet_helpers import WITHOUT_ROW

    if not _all_helpers_known(env):
        return True
    return any(name in names for types, names in WITHOUT_ROW if env.prog_type in types)


def _sees_packets(env: Env) -> bool:
    row = prog_types.by_type(env.prog_type)
    return row is not None and any(field.gives for field in row.ctx.fields)


def _changes_packet(env: Env, row: Helper) -> bool:
    from emu.kernel.packet_helpers import CHANGES_PACKET

    if row.name == "tail_call":
        return env.rules.TAIL_CALL_CHANGES_PACKET
    return row.name in CHANGES_PACKET


def _refuse(env: Env, name: str, number: int) -> None:
    if env.rules.TEXT_CANNOT_USE_HELPER:
        text = f"program of this type cannot use helper {name}#{number}"
    else:
        text = f"unknown func {name}#{number}"
    raise Reject(text, EINVAL)


def _is_gpl_compatible(text: str) -> bool:
    """license_is_gpl_compatible(), include/linux/license.h."""
    return text in (
        "GPL",
        "GPL v2",
        "GPL and additional rights",
        "Dual BSD/GPL",
        "Dual MIT/GPL",
        "Dual MPL/GPL",
    )


def _check_map_written(row: Helper, meta: Meta) -> None:
    if meta.map is not None and meta.map.flags & F_RDONLY_PROG and row.name in _WRITERS:
        raise Reject("write into map forbidden", EACCES)


def _release(env: Env, state: VerifierState, ref: int, row: Helper) -> None:
    """The reference is given back; what pointed there is an unknown number."""
    if not release(env, state, ref):
        raise Reject(f"func bpf_{row.name}#{row.id} reference has not been acquired before", EINVAL)


def _set_result(env: Env, state: VerifierState, row: Helper, proto: Proto, meta: Meta) -> None:
    """What r0 is after the call."""
    result: RegState
    if proto.ret is Ret.INTEGER:
        result = _refine_integer(env, row, meta)
    elif proto.ret is Ret.VOID:
        return
    elif proto.ret in (Ret.PTR_TO_MAP_VALUE, Ret.PTR_TO_MAP_VALUE_OR_NULL):
        result = pointer(PTR_TO_MAP_VALUE)
        result.map = meta.map
        assert meta.map is not None
        known = meta.const_key is not None and meta.const_key < meta.map.max_entries
        if proto.ret is Ret.PTR_TO_MAP_VALUE_OR_NULL and not (
            known and row.name == "map_lookup_elem"
        ):
            result.maybe_null = True
            result.id = env.new_id()
    elif proto.ret is Ret.PTR_TO_DYNPTR_MEM_OR_NULL:
        result = pointer(PTR_TO_MEM)
        result.mem_size = meta.mem_size
        result.maybe_null = True
        result.id = env.new_id()
        result.ref_obj_id, result.dynptr_id = meta.ref_obj_id, meta.dynptr_id
    elif proto.ret is Ret.PTR_TO_SOCKET_OR_NULL:
        result = pointer(PTR_TO_SOCKET)
        result.maybe_null = True
        result.id = env.new_id()
        if row.name in _CASTS:
            result.ref_obj_id = meta.ref_obj_id
        else:
            result.id = result.ref_obj_id = env.new_id()
            state.refs = (*state.refs, (result.id, env.insn_idx))
    elif proto.ret is Ret.PTR_TO_RINGBUF_MEM_OR_NULL:
        result = pointer(PTR_TO_MEM)
        result.mem_size = meta.mem_size
        result.maybe_null = True
        env.new_id()
        result.id = result.ref_obj_id = env.new_id()
        state.refs = (*state.refs, (result.id, env.insn_idx))
    else:
        raise Unmodelled(f"a helper that returns {proto.ret.name}", env.insn_idx)
    env.write_reg(state, R0, result)


def _refine_integer(env: Env, row: Helper, meta: Meta) -> RegState:
    """An integer result, and what its range is: do_refine_retval_range()."""
    rules = env.rules
    result = env.unknown()
    if row.name == "get_smp_processor_id" and rules.CPU_ID_BOUNDED:
        last = env.cpus - 1
        result.smin = result.umin = result.smin32 = result.umin32 = 0
        result.smax = result.umax = result.smax32 = result.umax32 = last
        finish_alu(result, rules)
    elif row.name in _SIZE_RETURNED and rules.HELPER_STR_RETURNS_SIZE:
        if row.name == "get_task_stack" and not rules.TEXT_STACK_OF_REG:
            return result
        most = meta.max_size
        if most > (1 << 63) - 1:
            return result
        result.smax = most
        if rules.BOUNDS_32:
            result.smax32 = min(most, (1 << 31) - 1)
            if rules.HELPER_STR_RETURN_ERRNO:
                result.smin = result.smin32 = -MAX_ERRNO
            if rules.BOUNDS_SYNC:
                finish_alu(result, rules)
            else:
                deduce(result, rules)
                bound_offset(result, rules)
        elif not rules.HELPER_STR_RETURN_SIGNED:
            result.umax = most
            deduce(result, rules)
            bound_offset(result, rules)
        else:
            _fork_error(env, result)
    return result


def _fork_error(env: Env, result: RegState) -> None:
    """4.19.y and 5.4.y walk an error, a negative int, as a path of its own."""
    raise Unmodelled("the two paths after a helper that returns a length", env.insn_idx)


# -- subprogs --------------------------------------------------------------------------------


def _call_subprog(env: Env, state: VerifierState, insn: Insn) -> int:
    target = env.insn_idx + insn.imm + 1
    if len(state.frames) >= env.limits.max_call_depth:
        raise Reject(f"the call stack of {len(state.frames) + 1} frames is too deep", E2BIG)
    caller = state.frames[-1]
    callee = FuncState(env.insn_idx, len(state.frames), env.subprogs.index(target))
    callee.refs_at_call = state.refs
    for regno in range(R1, R5 + 1):
        callee.regs[regno] = caller.regs[regno]
    callee.regs_written = caller.regs_written & ARGS_MASK
    for regno in CALLER_SAVED:
        caller.regs[regno] = UNINIT
    caller.regs_written |= ARGS_MASK | 1
    state.frames.append(callee)
    env.scratched_regs = env.scratched_slots = -1
    if env.stack_use is not None:
        env.stack_use.forget_chain()
    if env.log.level:
        log_walk.call(env, state)
    return target


@transfer("exit")
def transfer_exit(env: Env, state: VerifierState, insn: Insn) -> int | None:
    if env.rules.EXIT_LEAK_TEXT and len(state.frames) == 1:
        _check_leak(env, state, "BPF_EXIT instruction in main prog")
    if len(state.frames) > 1:
        return _return(env, state)
    _check_leak(env, state, "")
    _check_return_code(env, state)
    return None


def _return(env: Env, state: VerifierState) -> int:
    callee = state.frames[-1]
    result = callee.regs[R0]
    if result.type is PTR_TO_STACK:
        raise Reject("cannot return stack pointer to the caller", EINVAL)
    if callee.callback:
        following = callback.leave(env, state)
        env.scratched_regs = env.scratched_slots = -1
        return following
    caller = state.frames[-2]
    caller.regs[R0] = result
    # The caller's r0 is the callee's, its life included.
    caller.regs_written = (caller.regs_written & ~1) | (callee.regs_written & 1)
    caller.result_frame = callee.result_frame
    following = callee.callsite + 1
    callee.refs_at_call = state.refs
    if env.stack_use is not None:
        env.stack_use.update(state)
    if env.log.level:
        log_walk.leave(env, state, following)
    state.frames.pop()
    return following


def _check_leak(env: Env, state: VerifierState, where: str) -> None:
    """Every reference was given back."""
    check_leak(env, state, where, "would lead to reference leak" if where else "")


def _check_return_code(env: Env, state: VerifierState) -> None:
    reg = env.read_reg(state, R0)
    allowed = prog_types.return_range(env.kernel, env.prog_type, env.prog.expected_attach_type)
    if allowed is None:
        return
    if reg.type is not SCALAR_VALUE:
        kind = type_name(reg, env.rules)
        raise Reject(f"At program exit the register R0 is not a known value ({kind})", EINVAL)
    if env.rules.RETURN_RANGE_SIGNED:
        mark_chain_precision(env, state, R0)
    check_range(env, reg, allowed.low, allowed.high, "program exit")
