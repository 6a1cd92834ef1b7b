"""Arguments of a helper against its prototype.

Source: check_func_arg(), check_reg_type().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.enums import Arg, MapType
from emu.kernel.errno import EACCES, EINVAL
from verifier_model.check import const_str, ctx, dynptr, locks, mem
from verifier_model.check.helper_mem import check_memory, check_size, constant_key
from verifier_model.log import type_name
from verifier_model.precise import mark_chain_precision
from verifier_model.reg import (
    BTF_STRUCTS,
    CONST_PTR_TO_MAP,
    PACKET_POINTERS,
    PTR_TO_BTF_ID,
    PTR_TO_CTX,
    PTR_TO_FUNC,
    PTR_TO_MAP_KEY,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_SOCKET,
    PTR_TO_STACK,
    R1,
    SCALAR_VALUE,
    SOCKETS,
    TRUSTED_BTF_ID,
    RegType,
)
from verifier_model.scalars import is_null
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.kernel.helpers import Helper, Proto
    from emu.prog import MapDef
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState


class Meta:
    """What the arguments say about the call: struct bpf_call_arg_meta."""

    __slots__ = (
        "const_key",
        "dynptr_id",
        "filled",
        "helper",
        "map",
        "max_size",
        "mem_size",
        "raw",
        "ref_obj_id",
        "subprog",
        "writes",
    )

    def __init__(self, helper: Helper) -> None:
        self.helper = helper
        self.dynptr_id = 0  # of the dynptr argument
        self.subprog = -1  # the function that the helper calls back
        self.map: MapDef | None = None
        self.raw = False  # the memory argument is written, not read
        self.writes = False  # it is written, whether it is read or not
        self.filled: list[tuple[int, int]] = []  # (register, bytes) that the helper fills
        self.max_size = 0  # the largest value of the size argument
        self.mem_size = 0  # of the memory that the helper returns
        self.ref_obj_id = 0
        self.const_key: int | None = None  # the key, where the stack holds a known one


_MEMORY = (PTR_TO_STACK, *PACKET_POINTERS, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE, PTR_TO_MEM)

# Arguments that point to memory, and whether the helper may write there.
# Memory that its helper fills, of those that say nothing of what they do (MEM_WRITE).
_FILLED_MEM = (Arg.PTR_TO_MEM, Arg.PTR_TO_MEM_OR_NULL)
_MEM_ARGS = {
    Arg.PTR_TO_MEM: True,
    Arg.PTR_TO_MEM_OR_NULL: True,
    Arg.PTR_TO_MEM_RDONLY: False,
    Arg.PTR_TO_MEM_OR_NULL_RDONLY: False,
    Arg.PTR_TO_UNINIT_MEM: True,
}
_OR_NULL = (
    Arg.PTR_TO_MEM_OR_NULL,
    Arg.PTR_TO_MEM_OR_NULL_RDONLY,
    Arg.PTR_TO_MAP_VALUE_OR_NULL,
    Arg.PTR_TO_STACK_OR_NULL,
    Arg.PTR_TO_CTX_OR_NULL,
    Arg.PTR_TO_SOCKET_OR_NULL,
)
# Structures that begin with struct sock_common.
_SOCK_COMMON = ("sock_common", "sock", "tcp_sock", "tcp6_sock", "udp6_sock")
_NUMBERS = (Arg.PTR_TO_INT, Arg.PTR_TO_LONG, Arg.PTR_TO_INOUT_INT)
_KEYS = (Arg.PTR_TO_MAP_KEY, Arg.PTR_TO_MAP_VALUE, Arg.PTR_TO_MAP_VALUE_OR_NULL)
_TYPES: dict[Arg, tuple[RegType, ...]] = {
    Arg.SCALAR: (SCALAR_VALUE,),
    Arg.CONST_SIZE: (SCALAR_VALUE,),
    Arg.CONST_SIZE_OR_ZERO: (SCALAR_VALUE,),
    Arg.CONST_ALLOC_SIZE_OR_ZERO: (SCALAR_VALUE,),
    Arg.CONST_MAP_PTR: (CONST_PTR_TO_MAP,),
    Arg.PTR_TO_CTX: (PTR_TO_CTX,),
    Arg.PTR_TO_CTX_OR_NULL: (PTR_TO_CTX,),
    Arg.PTR_TO_SPIN_LOCK: (PTR_TO_MAP_VALUE,),
    Arg.PTR_TO_TIMER: (PTR_TO_MAP_VALUE,),
    Arg.PTR_TO_SOCKET: (PTR_TO_SOCKET,),
    Arg.PTR_TO_SOCKET_OR_NULL: (PTR_TO_SOCKET,),
    Arg.PTR_TO_MAP_KEY: _MEMORY,
    Arg.PTR_TO_MAP_VALUE: _MEMORY,
    Arg.PTR_TO_MAP_VALUE_OR_NULL: _MEMORY,
    Arg.PTR_TO_UNINIT_MAP_VALUE: _MEMORY,
    Arg.PTR_TO_RINGBUF_MEM: (PTR_TO_MEM,),
    Arg.PTR_TO_SOCK_COMMON: SOCKETS,
    Arg.PTR_TO_BTF_ID_SOCK_COMMON: (*SOCKETS, PTR_TO_BTF_ID, TRUSTED_BTF_ID),
    Arg.PTR_TO_CONST_STR: (PTR_TO_MAP_VALUE,),
    Arg.PTR_TO_DYNPTR: (PTR_TO_STACK,),
    Arg.PTR_TO_UNINIT_DYNPTR: (PTR_TO_STACK,),
    Arg.PTR_TO_FUNC: (PTR_TO_FUNC,),
    Arg.PTR_TO_STACK_OR_NULL: (PTR_TO_STACK,),
    Arg.PTR_TO_INT: _MEMORY,
    Arg.PTR_TO_LONG: _MEMORY,
    Arg.PTR_TO_INOUT_INT: _MEMORY,
    **dict.fromkeys(_MEM_ARGS, _MEMORY),
}


def check_args(env: Env, state: VerifierState, proto: Proto, row: Helper) -> Meta:
    """Every argument is what the helper takes."""
    meta = Meta(row)
    for i, arg in enumerate(proto.args):
        regno = R1 + i
        reg = env.read_reg(state, regno)
        if arg is Arg.ANYTHING:
            continue
        following = proto.args[i + 1] if i + 1 < len(proto.args) else None
        _check_arg(env, state, regno, reg, arg, following, meta)
    return meta


def _check_arg(
    env: Env,
    state: VerifierState,
    regno: int,
    reg: RegState,
    arg: Arg,
    following: Arg | None,
    meta: Meta,
) -> None:
    expected = _TYPES.get(arg)
    if reg.type in PACKET_POINTERS and not _takes_packet(meta.helper):
        raise Reject("helper access to the packet is not allowed", EACCES)
    if expected is None:
        raise Unmodelled(f"a helper argument {arg.name}", env.insn_idx)
    if not (arg in _OR_NULL and is_null(reg)):
        _check_type(env, regno, reg, arg, expected, meta.helper)
    elif env.rules.PRECISION_OF_NULL_ARG:
        mark_chain_precision(env, state, regno)
    if reg.ref_obj_id:
        meta.ref_obj_id = reg.ref_obj_id
    if arg is Arg.CONST_MAP_PTR:
        meta.map = reg.map
    elif arg is Arg.PTR_TO_MAP_KEY:
        assert meta.map is not None
        check_memory(env, state, regno, meta.map.key_size, writes=False, meta=None)
        if env.rules.LOOKUP_CONST_KEY_NOT_NULL:
            meta.const_key = constant_key(env, state, reg, meta.map)
    elif arg in (
        Arg.PTR_TO_MAP_VALUE,
        Arg.PTR_TO_MAP_VALUE_OR_NULL,
        Arg.PTR_TO_UNINIT_MAP_VALUE,
    ):
        if is_null(reg):
            return
        assert meta.map is not None
        writes = meta.raw = arg is Arg.PTR_TO_UNINIT_MAP_VALUE and not _is_bloom_filter(meta)
        check_memory(env, state, regno, meta.map.value_size, writes=writes, meta=meta)
    elif arg is Arg.PTR_TO_UNINIT_DYNPTR:
        dynptr.make(env, state, regno, reg, meta.helper)
    elif arg is Arg.PTR_TO_DYNPTR:
        found = dynptr.use(env, state, regno, reg, meta.helper)
        meta.ref_obj_id, meta.dynptr_id = found.ref_obj_id, found.id or dynptr.UNNUMBERED
    elif arg is Arg.PTR_TO_CONST_STR:
        const_str.check(env, reg, regno)
    elif arg is Arg.PTR_TO_FUNC:
        meta.subprog = reg.mem_size
    elif arg in _MEM_ARGS:
        meta.raw = arg is Arg.PTR_TO_UNINIT_MEM
        meta.writes = meta.raw or (env.rules.HELPER_MEM_WRITTEN and arg in _FILLED_MEM)
    elif arg in (Arg.CONST_SIZE, Arg.CONST_SIZE_OR_ZERO):
        zero_ok = arg is Arg.CONST_SIZE_OR_ZERO
        check_size(env, state, regno, reg, zero_ok, meta)
    elif arg is Arg.CONST_ALLOC_SIZE_OR_ZERO:
        if not reg.is_const():
            text = (
                f"R{regno} is not a known constant'"
                if env.rules.TEXT_STACK_OF_REG
                else f"R{regno} unbounded size, use 'var &= const' or 'if (var < const)'"
            )
            raise Reject(text, EACCES)
        meta.mem_size = reg.var_off.value
        if env.rules.PRECISION_OF_ALLOC_SIZE:
            mark_chain_precision(env, state, regno)
    elif arg is Arg.PTR_TO_SPIN_LOCK:
        take = meta.helper.name == "spin_lock"
        locks.take_or_release(env, state, reg, regno, take=take)
    elif arg is Arg.PTR_TO_TIMER:
        locks.check_field(env, reg, regno, locks.TIMER)
        raise Unmodelled("a timer", env.insn_idx)
    elif arg in _NUMBERS:
        size = 8 if arg is Arg.PTR_TO_LONG else 4
        reads = arg is Arg.PTR_TO_INOUT_INT and env.rules.MTU_HELPERS_READ
        meta.raw = env.rules.HELPER_FILLS_NUMBERS and not reads
        check_memory(env, state, regno, size, writes=True, meta=meta)
        mem.check_alignment(env, reg, 0, size, True)


def _is_bloom_filter(meta: Meta) -> bool:
    """What is peeked for in a bloom filter is given, not taken: resolve_map_arg_type()."""
    return meta.map is not None and meta.map.type is MapType.BLOOM_FILTER


def _takes_packet(row: Helper) -> bool:
    from emu.kernel.packet_helpers import TAKES_PACKET

    return row.name in TAKES_PACKET


def _check_type(
    env: Env, regno: int, reg: RegState, arg: Arg, expected: tuple[RegType, ...], row: Helper
) -> None:
    """check_reg_type(), check_func_arg_reg_off()."""
    rules = env.rules
    trusted = reg.type is TRUSTED_BTF_ID and not reg.maybe_null
    if trusted and expected is _MEMORY and rules.HELPER_MEM_TRUSTED:
        _check_struct(env, regno, reg, arg, row)
        return
    if reg.maybe_null or reg.type not in expected:
        raise Reject(
            f"R{regno} type={type_name(reg, rules)} expected={_expected(env, arg)}", EACCES
        )
    if reg.type in (PTR_TO_BTF_ID, TRUSTED_BTF_ID) and (
        BTF_STRUCTS[reg.mem_size] not in _SOCK_COMMON or reg.off or reg.var_off.value
    ):
        raise Unmodelled("a helper that takes a kernel structure", env.insn_idx)
    if row.name == "sk_release" and rules.RELEASE_ARG_REFERENCED and not reg.ref_obj_id:
        raise Reject(f"R{regno} must be referenced when passed to release function", EINVAL)
    if arg is Arg.PTR_TO_RINGBUF_MEM and not reg.ref_obj_id:
        raise Reject(f"R{regno} type=mem expected={_expected(env, arg)}", EACCES)
    if arg in _KEYS and (
        (reg.type is PTR_TO_MAP_VALUE and not rules.MAP_VALUE_AS_HELPER_KEY)
        or (reg.type is PTR_TO_MEM and not rules.HELPER_KEY_ANY_MEM)
    ):
        raise Reject(
            f"R{regno} type={type_name(reg, rules)} expected={_expected(env, arg)}", EACCES
        )
    if reg.type in (PTR_TO_CTX, CONST_PTR_TO_MAP) or (
        arg is Arg.PTR_TO_RINGBUF_MEM and rules.RINGBUF_MEM_UNMODIFIED
    ):
        ctx.check_unmodified(env, reg, regno)


def _check_struct(env: Env, regno: int, reg: RegState, arg: Arg, row: Helper) -> None:
    """A trusted kernel structure is memory that helpers may read."""
    if arg in _NUMBERS or not reg.is_const() or reg.off + reg.smin < 0:
        raise Unmodelled("a kernel structure as a helper's memory", env.insn_idx)
    if _MEM_ARGS.get(arg, True):
        kind = type_name(reg, env.rules)
        text = f"bpf_{row.name}() may write into memory pointed by R{regno} type={kind}"
        raise Reject(text, EACCES)


def _expected(env: Env, arg: Arg) -> str:
    """The names of the types an argument may have, as the release lists them."""
    rules = env.rules
    types = _TYPES[arg]
    if types == (SCALAR_VALUE,):
        return "scalar" if rules.TEXT_SCALAR else "inv"
    if types == (CONST_PTR_TO_MAP,):
        return "map_ptr"
    if types == (PTR_TO_CTX,):
        return "ctx"
    if types == (PTR_TO_SOCKET,):
        return "sock"
    if types == (PTR_TO_MAP_VALUE,):
        objects = ", ptr_" if arg is Arg.PTR_TO_SPIN_LOCK and rules.LOCK_IN_OBJECT else ""
        return "map_value" + objects
    if arg is Arg.PTR_TO_FUNC:
        return "func"
    if arg in (Arg.PTR_TO_DYNPTR, Arg.PTR_TO_UNINIT_DYNPTR):
        return "fp, dynptr_ptr" if rules.DYNPTR_TRACKED else "fp"
    if arg is Arg.PTR_TO_STACK_OR_NULL:
        return "fp"
    if arg is Arg.PTR_TO_SOCK_COMMON:
        return "sock_common, sock, tcp_sock, xdp_sock"
    if arg is Arg.PTR_TO_BTF_ID_SOCK_COMMON:
        trusted = ", trusted_ptr_" if rules.RINGBUF_MEM_NAME else ""
        return f"sock_common, sock, tcp_sock, xdp_sock, ptr_{trusted}"
    if types == (PTR_TO_MEM,):
        old = "alloc_mem" if rules.TEXT_TYPE_FLAGS else "mem"
        return "ringbuf_mem" if rules.RINGBUF_MEM_NAME else old
    if not rules.TEXT_EXPECTED_LIST:
        return "fp"
    if arg in _KEYS and not rules.HELPER_KEY_ANY_MEM:
        keys = "map_key, " if rules.CALLBACKS else ""
        return f"fp, pkt, pkt_meta, {keys}map_value"
    if not rules.TEXT_TYPE_FLAGS:
        keys = "map_key, " if rules.CALLBACKS else ""
        return f"fp, pkt, pkt_meta, {keys}map_value, mem, rdonly_buf, rdwr_buf"
    ringbuf = "ringbuf_mem" if rules.RINGBUF_MEM_NAME else "alloc_mem"
    trusted = ", trusted_ptr_" if rules.HELPER_MEM_TRUSTED else ""
    context = ", ctx" if rules.HELPER_MEM_CTX else ""
    return f"fp, pkt, pkt_meta, map_key, map_value, mem, {ringbuf}, buf{trusted}{context}"
