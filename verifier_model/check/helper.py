"""Arguments of a helper against its prototype.

Source: check_func_arg(), check_reg_type().
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from emu.kernel.enums import Arg, MapType
from emu.kernel.errno import EACCES, EFAULT, EINVAL
from emu.kernel.traits import Trait
from verifier_model.check import const_str, ctx, dynptr, graph, kptr, locks, mem, records
from verifier_model.check.arg_types import (
    FIXED_ARGS,
    MEM_ARGS,
    MEMORY_ARGS,
    OR_NULL,
    expected,
    takes,
    takes_object,
)
from verifier_model.check.btf_match import is_of
from verifier_model.check.helper_mem import Memory, check_memory, check_size, constant_key
from verifier_model.check.helper_rules import SOCKMAPS
from verifier_model.domain.word import U32, s64
from verifier_model.log import type_name
from verifier_model.log_buffer import OPEN
from verifier_model.precise import mark_chain_precision
from verifier_model.reg import (
    BTF_IDS,
    CONST_PTR_TO_MAP,
    PACKET_POINTERS,
    PERCPU_RCU_BTF_ID,
    PTR_TO_CTX,
    PTR_TO_DYNPTR,
    R1,
    RESERVED,
    TRUSTED_BTF_ID,
    is_allocated,
    struct_name,
)
from verifier_model.scalars import is_null
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.kernel.helpers import Helper, Proto
    from emu.prog import MapDef, MapField
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState


class Meta(Memory):
    """What the arguments say about the call: struct bpf_call_arg_meta."""

    __slots__ = (
        "const_key",
        "dynptr_id",
        "dynptr_kind",
        "helper",
        "kptr",
        "map",
        "map_uid",
        "mem_size",
        "percpu",
        "ref_obj_id",
        "subprog",
    )

    def __init__(self, helper: Helper) -> None:
        super().__init__()
        self.helper = helper
        self.dynptr_id = 0  # of the dynptr argument
        self.dynptr_kind = 0
        self.subprog = -1  # the function that the helper calls back
        self.map: MapDef | None = None
        self.map_uid = 0  # of an inner map, which lookup it comes from
        self.kptr: MapField | None = None  # the field whose pointer is exchanged
        self.mem_size = 0  # of the memory that the helper returns
        self.percpu: RegState | None = None  # a variable that each CPU has
        self.ref_obj_id = 0
        self.const_key: int | None = None  # the key, where the stack holds a known one


_MAP_VALUES = (Arg.PTR_TO_MAP_VALUE, Arg.PTR_TO_MAP_VALUE_OR_NULL, Arg.PTR_TO_UNINIT_MAP_VALUE)
_WRITTEN_MEM = (Arg.PTR_TO_UNINIT_MEM, Arg.PTR_TO_MEM_WRITE)
# Memory that its helper fills, of those that say nothing of what they do (MEM_WRITE).
_FILLED_MEM = (Arg.PTR_TO_MEM, Arg.PTR_TO_MEM_OR_NULL)
# The structure that a helper takes: bpf_func_proto.arg*_btf_id.
_STRUCTS = {
    "skb_output": "sk_buff",
    **dict.fromkeys(("xdp_output", "xdp_get_buff_len"), "xdp_buff"),
    **dict.fromkeys(("get_task_stack", "task_pt_regs", "find_vma"), "task_struct"),
    **dict.fromkeys(("task_storage_get", "task_storage_delete"), "task_struct"),
    **dict.fromkeys(("cgrp_storage_get", "cgrp_storage_delete"), "cgroup"),
    **dict.fromkeys(("sk_storage_get", "sk_storage_delete"), "sock_common"),
    **dict.fromkeys(("inode_storage_get", "inode_storage_delete", "ima_inode_hash"), "inode"),
    **dict.fromkeys(("seq_printf", "seq_write", "seq_printf_btf"), "seq_file"),
    **dict.fromkeys(("sock_from_file", "ima_file_hash"), "file"),
    "copy_from_user_task": "task_struct",
    "bprm_opts_set": "linux_binprm",
    "d_path": "path",
}
_BY_BTF = (Arg.PTR_TO_BTF_ID, Arg.PTR_TO_BTF_ID_OR_NULL)


def check_args(env: Env, state: VerifierState, proto: Proto, row: Helper) -> Meta:
    """Every argument is what the helper takes."""
    meta = Meta(row)
    for i, arg in enumerate(proto.args):
        regno = R1 + i
        reg = env.read_reg(state, regno)
        if arg is Arg.ANYTHING:
            continue
        if arg in _MAP_VALUES and meta.map is not None and meta.map.type in SOCKMAPS:
            arg = _socket_value(env, arg)
        _check_arg(env, state, regno, reg, arg, meta)
    return meta


def _check_arg(
    env: Env,
    state: VerifierState,
    regno: int,
    reg: RegState,
    arg: Arg,
    meta: Meta,
) -> None:
    if reg.type in PACKET_POINTERS and not _takes_packet(env, meta.helper):
        raise Reject("helper access to the packet is not allowed", EACCES)
    if not (arg in OR_NULL and is_null(reg)):
        _check_type(env, regno, reg, arg, meta.helper)
        if arg is Arg.PTR_TO_BTF_ID_OR_NULL and meta.kptr is not None:
            kptr.check_given(env, meta.kptr, reg, regno)
    elif env.rules.PRECISION_OF_NULL_ARG:
        mark_chain_precision(env, state, regno)
    if reg.ref_obj_id and arg is not Arg.PTR_TO_KPTR:
        if meta.ref_obj_id and not env.rules.ARGS_OF_TWO_REFERENCES:
            _refuse_two(env, regno, reg.ref_obj_id, meta.ref_obj_id)
        meta.ref_obj_id = reg.ref_obj_id
    if arg is Arg.CONST_MAP_PTR:
        if meta.map is not None:
            locks.check_same_map(env, meta.map, meta.map_uid, reg, regno, helper=True)
        meta.map, meta.map_uid = reg.map, reg.mem_size
    elif arg is Arg.PTR_TO_MAP_KEY:
        assert meta.map is not None
        check_memory(env, state, regno, meta.map.key_size, writes=False, meta=None)
        if env.rules.LOOKUP_CONST_KEY_NOT_NULL:
            meta.const_key = constant_key(env, state, reg, meta.map)
    elif arg in _MAP_VALUES:
        if is_null(reg):
            return
        assert meta.map is not None
        writes = meta.raw = arg is Arg.PTR_TO_UNINIT_MAP_VALUE and not _is_bloom_filter(meta)
        check_memory(env, state, regno, meta.map.value_size, writes=writes, meta=meta)
    elif arg is Arg.PTR_TO_UNINIT_DYNPTR:
        dynptr.make(env, state, regno, reg, _dynptr_kind(env, meta.helper))
        if meta.helper.name == "dynptr_from_mem":
            dynptr.check_data(env, state)
    elif arg is Arg.PTR_TO_DYNPTR:
        found = dynptr.use(env, state, regno, reg, meta.helper.name)
        meta.ref_obj_id, meta.dynptr_id = found.ref_obj_id, found.id or dynptr.UNNUMBERED
        meta.dynptr_kind = found.mem_size
    elif arg is Arg.PTR_TO_PERCPU_BTF_ID:
        meta.percpu = reg
    elif arg is Arg.PTR_TO_CONST_STR:
        const_str.check(env, reg, regno)
    elif arg is Arg.PTR_TO_FUNC:
        meta.subprog = reg.mem_size
    elif arg in MEM_ARGS:
        meta.raw = arg is Arg.PTR_TO_UNINIT_MEM
        meta.writes = arg in _WRITTEN_MEM or (env.rules.HELPER_MEM_WRITTEN and arg in _FILLED_MEM)
    elif arg in (Arg.CONST_SIZE, Arg.CONST_SIZE_OR_ZERO):
        zero_ok = arg is Arg.CONST_SIZE_OR_ZERO
        check_size(env, state, regno, reg, zero_ok, meta)
    elif arg is Arg.CONST_ALLOC_SIZE_OR_ZERO:
        _check_alloc_size(env, reg, regno)
        meta.mem_size = reg.var_off.value & U32
        if env.rules.PRECISION_OF_ALLOC_SIZE:
            mark_chain_precision(env, state, regno)
    elif arg is Arg.PTR_TO_SPIN_LOCK:
        if graph.compares_nodes(env, state):
            raise Reject("can't spin_{lock,unlock} in rbtree cb", EACCES)
        take = meta.helper.name == "spin_lock"
        change = locks.take if take else locks.release
        change(env, state, reg, regno, records.SPIN_LOCK)
    elif arg is Arg.PTR_TO_KPTR:
        meta.kptr = kptr.field_of(env, reg, regno)
    elif arg is Arg.PTR_TO_TIMER:
        locks.check_field(env, reg, regno, records.TIMER)
        meta.map, meta.map_uid = reg.map, reg.mem_size
    elif arg in FIXED_ARGS:
        size, fills = FIXED_ARGS[arg]
        writes = fills and env.rules.HELPER_FILLS_NUMBERS
        reads = arg is Arg.PTR_TO_INOUT_INT and env.rules.MTU_HELPERS_READ
        meta.raw = writes and not reads
        check_memory(env, state, regno, size, writes=writes, meta=meta)
        if fills:
            mem.check_alignment(env, reg, 0, size, True)


def _refuse_two(env: Env, regno: int, ref: int, earlier: int) -> NoReturn:
    text = f"more than one arg with ref_obj_id R{regno} {ref} {earlier}"
    if env.kernel.has(Trait.TEXT_TWO_REFERENCES):
        raise Reject(text + OPEN, EACCES)
    raise Reject(f"verifier internal error: {text}", EFAULT)


def _check_alloc_size(env: Env, reg: RegState, regno: int) -> None:
    """The size of the memory that the helper returns is known."""
    narrow = env.kernel.has(Trait.ALLOC_SIZE_U32)
    if not reg.is_const():
        if narrow:
            raise Reject(f"R{regno} is not a const", EINVAL)
        if env.kernel.has(Trait.TEXT_ALLOC_SIZE):
            raise Reject(f"R{regno} is not a known constant'", EACCES)
        text = "unbounded size, use 'var &= const' or 'if (var < const)'"
        raise Reject(f"R{regno} {text}", EACCES)
    if narrow and reg.var_off.value > U32:
        raise Reject(f"R{regno} allocation size exceeds u32 max", EINVAL)


def _dynptr_kind(env: Env, helper: Helper) -> int:
    """What the dynptr is of that the helper makes."""
    kind = dynptr.MAKERS.get(helper.name)
    if kind is None:
        raise Unmodelled(f"the dynptr of {helper.name}", env.insn_idx)
    return kind


def _socket_value(env: Env, arg: Arg) -> Arg:
    """What a map of sockets is given as a value is a socket: resolve_map_arg_type()."""
    if not env.kernel.at_least("5.10"):
        return arg
    if arg is not Arg.PTR_TO_MAP_VALUE:
        raise Reject("invalid arg_type for sockmap/sockhash", EINVAL)
    return Arg.PTR_TO_BTF_ID_SOCK_COMMON


def _is_bloom_filter(meta: Meta) -> bool:
    """What is peeked for in a bloom filter is given, not taken: resolve_map_arg_type()."""
    return meta.map is not None and meta.map.type is MapType.BLOOM_FILTER


def _takes_packet(env: Env, row: Helper) -> bool:
    from emu.kernel.packet_helpers import PASS_PACKET, PASS_PACKET_ANYWHERE, TAKES_PACKET

    if env.prog_type in PASS_PACKET_ANYWHERE:
        return True
    return env.prog_type in PASS_PACKET and row.name in TAKES_PACKET


def _check_type(env: Env, regno: int, reg: RegState, arg: Arg, row: Helper) -> None:
    """check_reg_type(), check_func_arg_reg_off()."""
    rules = env.rules
    of_ringbuf = arg is Arg.PTR_TO_RINGBUF_MEM
    foreign = of_ringbuf and reg.frameno != RESERVED
    nullable = arg in OR_NULL and env.kernel.has(Trait.NULLABLE_TAKES_NULLABLE)
    if is_allocated(reg):
        taken = takes_object(env.kernel, arg, reg)
    else:
        taken = takes(env.kernel, arg, reg.type)
    if (reg.maybe_null and not nullable) or foreign or not taken:
        raise Reject(
            f"R{regno} type={type_name(reg, rules)} expected={expected(env.kernel, arg)}", EACCES
        )
    if row.name == "kptr_xchg" or is_allocated(reg) or reg.type is PERCPU_RCU_BTF_ID:
        ctx.check_offset(env, reg, regno)
        return
    if arg in _BY_BTF and row.name not in _STRUCTS:
        raise Unmodelled(f"a helper argument {arg.name}", env.insn_idx)
    if arg in MEMORY_ARGS and reg.type is TRUSTED_BTF_ID:
        _check_struct(env, regno, reg, arg, row)
        return
    if arg is Arg.PTR_TO_PERCPU_BTF_ID:
        ctx.check_offset(env, reg, regno)
    elif reg.type in BTF_IDS:
        check_is_of(env, regno, reg, _STRUCTS.get(row.name, "sock_common"))
    gives_back = of_ringbuf or row.name == "sk_release"
    if gives_back and rules.RELEASE_ARG_REFERENCED and not reg.ref_obj_id:
        if env.kernel.has(Trait.TEXT_RELEASE_HELPER):
            told = "expects referenced PTR_TO_BTF_ID passed to"
            raise Reject(f"release helper bpf_{row.name} {told} R{regno}", EINVAL)
        raise Reject(f"R{regno} must be referenced when passed to release function", EINVAL)
    if of_ringbuf and rules.RINGBUF_MEM_UNMODIFIED:
        ctx.check_released(env, reg, regno)
    elif reg.type in (PTR_TO_CTX, CONST_PTR_TO_MAP, PTR_TO_DYNPTR):
        ctx.check_unmodified(env, reg, regno)


def check_is_of(env: Env, regno: int, reg: RegState, struct: str) -> None:
    """The pointer points to the structure of that name, with an offset that is known."""
    in_bits = env.rules.POINTER_CONST_IN_BITS
    off = reg.off + (s64(reg.var_off.value) if in_bits else 0)
    odd = off < 0 or (in_bits and not reg.is_const())
    if odd or (not reg.is_const() and not env.rules.FUNC_ARGS_OFFSET):
        raise Unmodelled("a kernel structure at an odd offset", env.insn_idx)
    given = struct_name(reg.mem_size)
    if not is_of(env, given, off, struct):
        raise Reject(f"R{regno} is of type {given} but {struct} is expected", EACCES)
    ctx.check_offset(env, reg, regno)


def _check_struct(env: Env, regno: int, reg: RegState, arg: Arg, row: Helper) -> None:
    """A trusted kernel structure is memory that helpers may read."""
    if MEM_ARGS.get(arg, True):
        kind = type_name(reg, env.rules)
        text = f"bpf_{row.name}() may write into memory pointed by R{regno} type={kind}"
        raise Reject(text, EACCES)
    ctx.check_offset(env, reg, regno)
