"""Calls of helpers and subprogs, and exit.

Source: check_helper_call(), check_func_call(), prepare_func_exit(), check_return_code().
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NoReturn

from emu.kernel import helper_names, helpers, prog_types
from emu.kernel.enums import AttachType, MapType, ProgType, Ret
from emu.kernel.errno import EINVAL, MAX_ERRNO
from emu.kernel.traits import Trait
from emu.prog import PSEUDO_CALL
from verifier_model.check import (
    btf_ptr,
    const_str,
    dynptr,
    helper_rules,
    kptr,
    ksyms,
    locks,
    packet,
    regions,
    results,
    sleeping,
)
from verifier_model.check import helper as check_helper
from verifier_model.check.refs import release
from verifier_model.check.stack_helper import clobber
from verifier_model.domain.bounds import bound_offset, deduce, finish_alu
from verifier_model.log_buffer import OPEN
from verifier_model.precise import mark_chain_precision
from verifier_model.reg import (
    ALLOCATED,
    PERCPU_RCU_BTF_ID,
    PTR_TO_BTF_ID,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_SOCK_COMMON,
    PTR_TO_SOCKET,
    PTR_TO_TCP_SOCK,
    R0,
    R3,
    RCU_BTF_ID,
    RESERVED,
    SCALAR_VALUE,
    SOCKET_MAPS,
    TRUSTED_BTF_ID,
    pointer,
)
from verifier_model.state import ARGS_MASK
from verifier_model.transfer import callback
from verifier_model.transfer.kfunc import call_kfunc
from verifier_model.transfer.registry import transfer
from verifier_model.transfer.subprog import call_subprog, check_no_leak, leave_subprog
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.kernel.helpers import Helper
    from emu.prog import Insn
    from verifier_model.check.helper import Meta
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState

_WRITABLE = ProgType.RAW_TRACEPOINT_WRITABLE
# Helpers whose result stands for the same object as their argument: is_ptr_cast_function().
_CASTS = (
    "sk_fullsock",
    "tcp_sock",
    "skc_to_tcp_sock",
    "skc_to_tcp6_sock",
    "skc_to_udp6_sock",
    "skc_to_mptcp_sock",
    "skc_to_tcp_timewait_sock",
    "skc_to_tcp_request_sock",
)
# Helpers that give pointers to kernel structures: bpf_func_proto.ret_btf_id.
_STRUCTS = {
    "get_current_task_btf": "task_struct",
    "task_pt_regs": "pt_regs",
    "sock_from_file": "socket",
    "skc_to_tcp_sock": "tcp_sock",
    "skc_to_unix_sock": "unix_sock",
    "skc_to_mptcp_sock": "mptcp_sock",
    "skc_to_tcp6_sock": "tcp6_sock",
    "skc_to_udp6_sock": "udp6_sock",
    "skc_to_tcp_timewait_sock": "tcp_timewait_sock",
    "skc_to_tcp_request_sock": "tcp_request_sock",
}
_GIVE_TRUSTED = ("get_current_task_btf",)  # RET_PTR_TO_BTF_ID_TRUSTED
_ACQUIRES = ("sk_lookup_tcp", "sk_lookup_udp", "skc_lookup_tcp")
_SOCKETS = {
    Ret.PTR_TO_SOCKET_OR_NULL: PTR_TO_SOCKET,
    Ret.PTR_TO_SOCK_COMMON_OR_NULL: PTR_TO_SOCK_COMMON,
    Ret.PTR_TO_TCP_SOCK_OR_NULL: PTR_TO_TCP_SOCK,
}
_RELEASES = ("ringbuf_submit", "ringbuf_discard", "sk_release")
_SIZE_RETURNED = (
    "probe_read_str",
    "probe_read_kernel_str",
    "probe_read_user_str",
    "get_stack",
    "get_task_stack",
)


@transfer("call")
def transfer_call(env: Env, state: VerifierState, insn: Insn) -> int | None:
    locks.check_call(env, state, insn)
    if insn.src == PSEUDO_CALL:
        return call_subprog(env, state, insn)
    if insn.src:
        return call_kfunc(env, state, insn)
    following = _call_helper(env, state, insn)
    return env.insn_idx + 1 if following is None else following


# -- helpers ---------------------------------------------------------------------------------


def _call_helper(env: Env, state: VerifierState, insn: Insn) -> int | None:
    """Check the call; the insn to go on at, where that is not the next."""
    if not 0 <= insn.imm <= helper_names.last(env.kernel):
        raise Reject(f"invalid func unknown#{insn.imm}", EINVAL)
    row = helpers.by_id(insn.imm)
    proto = env.helper_proto(insn)
    if proto is None and row is not None and not env.rules.HELPERS_HAVE_FUNCTIONS:
        proto = _empty_proto(env, row)
    if row is None or proto is None:
        if helpers.is_unread(env.kernel, env.prog_type, row):
            name = helper_names.NAMES[insn.imm]
            raise Unmodelled(f"helper {name} in {env.prog_type.name}", env.insn_idx)
        _refuse(env, insn.imm)
    if env.is_built(row) is None:
        raise Unmodelled(f"helper {row.name}, which depends on {row.config}", env.insn_idx)
    unseen = helpers.sleeps(env.kernel, row) and not env.may_sleep
    if unseen and not env.kernel.has(Trait.SLEEPING_HELPERS_SEEN):
        _refuse(env, insn.imm)
    if proto.gpl_only and not env.gpl:
        raise Reject("cannot call GPL-restricted function from non-GPL compatible program", EINVAL)
    helper_rules.check_allowed(env, row)
    sleeping.check_helper(env, state, row)
    meta = check_helper.check_args(env, state, proto, row)
    helper_rules.check_map_written(row, meta.map)
    for regno, size in meta.filled:
        ptr = state.frames[-1].regs[regno]
        clobber(env, state, ptr, ptr.off, size)
    if row.name == "tail_call":
        _record_key(env, state, meta)
    if row.name in dynptr.RELEASES:
        dynptr.give_back(env, state, meta.ref_obj_id)
    if meta.kptr is not None:
        kptr.give(env, state)
    if row.name in _RELEASES:
        _release(env, state, meta.ref_obj_id, row)
    if row.name == "tail_call":
        check_no_leak(state, "tail_call")
        regions.check_left(state, "tail_call")
    if row.name == "dynptr_write" and meta.dynptr_kind in dynptr.MOVED_BY_WRITES:
        packet.invalidate(env, state)
    if row.name == "snprintf":
        const_str.check_format(env, state)
    if row.name == "get_local_storage":
        helper_rules.check_local_storage(env, state)
    if row.name == "set_retval":
        helper_rules.check_retval(env, state)
    if meta.subprog >= 0:
        following = callback.enter(env, state, row, meta)
        if following is not None:
            helper_rules.check_map_fits(env, row, meta.map)
            return following

    state.frames[-1].clear_caller_saved()
    env.scratched_regs |= ARGS_MASK | 1
    # Where both ends of a tail call are walked, one that failed leaves packets as they were.
    kept = row.name == "tail_call" and env.rules.HIDDEN_EXITS_WALKED
    if _sees_packets(env.prog_type) and packet.changes(env, row) and not kept:
        packet.invalidate(env, state)
    _set_result(env, state, row, proto, meta)
    if row.name == "tail_call" and len(env.subprogs) > 1:
        _check_mixed(env)
    helper_rules.check_map_fits(env, row, meta.map)
    if row.name == "get_func_ip":
        helper_rules.check_func_ip(env, row)
    if row.name == "tail_call" and env.rules.HIDDEN_EXITS_WALKED and len(state.frames) > 1:
        env.push_branch(state, env.insn_idx + 1, env.insn_idx)
        if _sees_packets(env.prog_type):
            packet.invalidate(env, state)
        env.write_reg(state, R0, env.unknown())
        return leave_subprog(env, state)
    return None


def _empty_proto(env: Env, row: Helper) -> helpers.Proto | None:
    """The prototype of a helper that the kernel was built without, and refuses after the walk."""
    if not helpers.is_empty(env.kernel, env.prog_type, row):
        return None
    env.fixups.empty_helpers[env.insn_idx] = row
    return helpers.Proto(Ret.INTEGER, (), gpl_only=False)


def _check_mixed(env: Env) -> None:
    """Tail calls in programs with functions need a JIT that counts them."""
    rules = env.rules
    if rules.TAIL_CALL_IN_SUBPROG and rules.JIT:
        return
    text = "tail_calls are not allowed in programs with bpf-to-bpf calls"
    if rules.TEXT_TAIL_CALLS_MIXED:
        text = "mixing of tail_calls and bpf-to-bpf calls is not supported"
    elif rules.TAIL_CALL_IN_SUBPROG:
        text = "tail_calls are not allowed in non-JITed programs with bpf-to-bpf calls"
    raise Reject(text, EINVAL)


def _record_key(env: Env, state: VerifierState, meta: Meta) -> None:
    """The program that a tail call leads to is known where its index is: record_func_key()."""
    if not env.rules.PRECISION_OF_TAIL_CALL:
        return
    if meta.map is None or meta.map.type is not MapType.PROG_ARRAY:
        if env.rules.TEXT_TAIL_CALL_MAP:
            raise Reject(f"expected prog array map for tail call{OPEN}", EINVAL)
        raise Reject("kernel subsystem misconfigured verifier", EINVAL)
    index = state.frames[-1].regs[R3]
    if (
        index.type is SCALAR_VALUE
        and index.is_const()
        and index.var_off.value < meta.map.max_entries
    ):
        mark_chain_precision(env, state, R3)


@cache
def _sees_packets(prog_type: ProgType) -> bool:
    row = prog_types.by_type(prog_type)
    return row is not None and any(field.gives for field in row.ctx.fields)


def _refuse(env: Env, number: int) -> NoReturn:
    name = f"bpf_{helper_names.NAMES[number]}"
    if env.rules.TEXT_CANNOT_USE_HELPER:
        text = f"program of this type cannot use helper {name}#{number}"
    else:
        text = f"unknown func {name}#{number}"
    raise Reject(text, EINVAL)


def _release(env: Env, state: VerifierState, ref: int, row: Helper) -> None:
    """The reference is given back; what pointed there is an unknown number."""
    if not release(env, state, ref):
        raise Reject(f"func bpf_{row.name}#{row.id} reference has not been acquired before", EINVAL)


def _set_result(
    env: Env, state: VerifierState, row: Helper, proto: helpers.Proto, meta: Meta
) -> None:
    """What r0 is after the call."""
    result: RegState
    if proto.ret is Ret.INTEGER:
        result = _refine_integer(env, row, meta)
    elif proto.ret is Ret.VOID:
        return
    elif proto.ret in (Ret.PTR_TO_MAP_VALUE, Ret.PTR_TO_MAP_VALUE_OR_NULL):
        result = pointer(PTR_TO_MAP_VALUE)
        result.map, result.mem_size = meta.map, meta.map_uid
        assert meta.map is not None
        known = meta.const_key is not None and meta.const_key < meta.map.max_entries
        if proto.ret is Ret.PTR_TO_MAP_VALUE_OR_NULL and not (
            known and row.name == "map_lookup_elem"
        ):
            result.maybe_null = True
            result.id = env.new_id()
            if SOCKET_MAPS.get(meta.map.type) is PTR_TO_SOCKET:
                result.id = result.ref_obj_id = env.new_id()
                state.refs = (*state.refs, (result.id, env.insn_idx))
        elif locks.has_lock(env, result):
            result.id = env.new_id()
    elif proto.ret is Ret.PTR_TO_DYNPTR_MEM_OR_NULL:
        result = pointer(PTR_TO_MEM)
        result.mem_size = meta.mem_size
        result.maybe_null = True
        result.id = env.new_id()
        result.ref_obj_id, result.dynptr_id = meta.ref_obj_id, meta.dynptr_id
    elif proto.ret in _SOCKETS:
        result = pointer(_SOCKETS[proto.ret])
        result.maybe_null = True
        result.id = env.new_id()
        if row.name in _ACQUIRES:
            result.id = result.ref_obj_id = env.new_id()
            state.refs = (*state.refs, (result.id, env.insn_idx))
    elif proto.ret is Ret.PTR_TO_RINGBUF_MEM_OR_NULL:
        result = pointer(PTR_TO_MEM)
        result.frameno = RESERVED
        result.mem_size = meta.mem_size
        result.maybe_null = True
        env.new_id()
        result.id = result.ref_obj_id = env.new_id()
        state.refs = (*state.refs, (result.id, env.insn_idx))
    elif meta.percpu is not None and meta.percpu.type is PERCPU_RCU_BTF_ID:
        result = pointer(RCU_BTF_ID)
        result.mem_size, result.frameno = meta.percpu.mem_size, ALLOCATED
    elif meta.kptr is not None:
        result = kptr.taken(env, state, meta.kptr)
    elif row.name in _STRUCTS:
        trusted = row.name in _GIVE_TRUSTED and env.rules.BTF_RESULTS_TRUSTED
        kind = TRUSTED_BTF_ID if trusted else PTR_TO_BTF_ID
        maybe_null = proto.ret is Ret.PTR_TO_BTF_ID_OR_NULL
        result = btf_ptr.to_struct(env, kind, _STRUCTS[row.name], maybe_null=maybe_null)
    elif meta.percpu is not None:
        result = ksyms.on_cpu(env, meta.percpu)
        if proto.ret is Ret.PTR_TO_MEM_OR_BTF_ID_OR_NULL:
            result.maybe_null = True
            result.id = env.new_id()
    else:
        raise Unmodelled(f"a helper that returns {proto.ret.name}", env.insn_idx)
    if row.name in _CASTS and meta.ref_obj_id:
        _share_reference(env, state, result, meta.ref_obj_id)
    env.write_reg(state, R0, result)


def _share_reference(env: Env, state: VerifierState, result: RegState, ref: int) -> None:
    """What a socket was cast to is given back with it."""
    result.ref_obj_id = ref
    if env.rules.CAST_FORKS_NULL:
        other = env.push_branch(state, env.insn_idx + 1, env.insn_idx)
        other.frames[-1].regs[R0] = env.const(0)
        result.id, result.maybe_null = ref, False


def _refine_integer(env: Env, row: Helper, meta: Meta) -> RegState:
    """An integer result, and what its range is: do_refine_retval_range()."""
    rules = env.rules
    result = env.unknown()
    if row.name == "get_smp_processor_id" and rules.CPU_ID_BOUNDED:
        last = env.cpus - 1
        result.smin = result.umin = result.smin32 = result.umin32 = 0
        result.smax = result.umax = result.smax32 = result.umax32 = last
        finish_alu(result, rules)
    elif row.name == "get_retval" and env.kernel.has(Trait.RETVAL_IS_ERROR):
        if env.attach_type != AttachType.CGROUP_GETSOCKOPT and not results.is_void(env):
            low, high = results.of_call(env)
            result.smin = result.smin32 = low
            result.smax = result.smax32 = high
            finish_alu(result, rules)
    elif row.name in _SIZE_RETURNED and rules.HELPER_STR_RETURNS_SIZE:
        if row.name == "get_task_stack" and not env.kernel.has(Trait.TASK_STACK_RETURNS_SIZE):
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
