"""Whether a load or store is allowed, and what a load gives.

Source: check_mem_access() and check_mem_region_access(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EACCES
from verifier_model import log_walk
from verifier_model.check import (
    btf_ptr,
    buffers,
    ctx,
    kptr,
    map_struct,
    map_value,
    objects,
    packet,
    sock,
    stack_load,
    stack_store,
)
from verifier_model.check.stack_slots import check_bounds
from verifier_model.domain import tnum
from verifier_model.domain.width import coerce_to_size, coerce_to_size_sx
from verifier_model.domain.word import S64_MIN, U64, s64
from verifier_model.log import type_name
from verifier_model.reg import (
    BTF_IDS,
    CONST_PTR_TO_MAP,
    PACKET_POINTERS,
    PTR_TO_ARENA,
    PTR_TO_BUF,
    PTR_TO_CTX,
    PTR_TO_FLOW_KEYS,
    PTR_TO_MAP_KEY,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_STACK,
    PTR_TO_TP_BUFFER,
    RDONLY_BUF,
    RDONLY_MEM,
    SCALAR_VALUE,
    SOCKETS,
    UNTRUSTED_MEM,
    local_type,
)
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState

MAX_VAR_OFF = 1 << 29
_READ_ONLY = (RDONLY_MEM, RDONLY_BUF)


def load(
    env: Env,
    state: VerifierState,
    regno: int,
    off: int,
    size: int,
    dst: int,
    *,
    sign_extend: bool = False,
    strict: bool = False,
) -> RegState | None:
    """Load `size` bytes at off(regno): what they are; None where `dst` is -1 (no register)."""
    reg = state.frames[-1].regs[regno]
    check_alignment(env, reg, off, size, strict)
    kind = reg.type
    value: RegState | None
    if kind is PTR_TO_STACK:
        off += reg.off
        frame = state.frames[reg.frameno]
        check_bounds(env, frame, reg, regno, off, size, "read")
        value = stack_load.read(env, state, regno, reg, off, size, dst)
    elif kind is PTR_TO_MAP_VALUE and not reg.maybe_null:
        map_value.check_type(env, reg, off, size, "read")
        map_value.check(env, reg, regno, off, size)
        value = kptr.load(env, state, reg, off) if reg.map is not None and reg.map.fields else None
        if value is None:
            value = map_value.known_value(env, reg, off, size, sign_extend)
    elif kind is PTR_TO_CTX:
        value = ctx.load(env, reg, regno, off, size, sign_extend=sign_extend)
    elif (kind is PTR_TO_MEM or kind is RDONLY_MEM) and not reg.maybe_null:
        check_region(env, reg, regno, off, size, reg.mem_size)
        value = env.anything
    elif kind is PTR_TO_MAP_KEY and reg.map is not None:
        check_region(env, reg, regno, off, size, reg.map.key_size)
        value = env.anything
    elif kind in PACKET_POINTERS:
        packet.check(env, reg, regno, off, size)
        value = env.anything
    elif kind in SOCKETS and not reg.maybe_null:
        sock.check(env, reg, regno, off + reg.off, size, writes=False)
        value = env.anything
    elif kind in buffers.NAMES and (not reg.maybe_null or env.rules.BUF_NULL_UNSEEN):
        buffers.check(env, reg, regno, off, size)
        value = env.anything
    elif kind is PTR_TO_FLOW_KEYS:
        buffers.check_flow_keys(env, reg, regno, off, size)
        value = env.anything
    elif kind is CONST_PTR_TO_MAP and env.rules.MAP_PTR_READ:
        value = map_struct.load(env, reg, regno, off, size)
    elif kind in BTF_IDS and not reg.maybe_null:
        own = local_type(reg.mem_size)
        read = objects.load if own else btf_ptr.load
        value = read(env, reg, regno, off, size)
    elif kind is UNTRUSTED_MEM or kind is PTR_TO_ARENA:
        value = env.unknown()
    else:
        raise Reject(f"R{regno} invalid mem access '{type_name(reg, env.rules)}'", EACCES)
    if dst < 0 or value is None:
        return None
    if size < 8 and value.type is SCALAR_VALUE:
        return _narrow(env, value, size, sign_extend)
    return value


def _narrow(env: Env, value: RegState, size: int, sign_extend: bool) -> RegState:
    """The scalar that a load of fewer than 8 bytes gives."""
    known = env.loaded.get((size, sign_extend)) if value is env.anything else None
    if known is not None:
        return known
    new = value.copy()
    if sign_extend:
        changes = new.umax >= 1 << (8 * size - 1)
        coerce_to_size_sx(new, size, env.rules)
        if changes and env.rules.LOAD_SX_DROPS_ID:
            new.id = new.off = 0
    else:
        coerce_to_size(new, size, env.rules)
    if value is env.anything:
        env.loaded[size, sign_extend] = new
    return new


def store(
    env: Env,
    state: VerifierState,
    regno: int,
    off: int,
    size: int,
    value: int,
    *,
    strict: bool = False,
) -> None:
    """Store register `value`, or with -1 an immediate or what nothing is known of."""
    reg = state.frames[-1].regs[regno]
    check_alignment(env, reg, off, size, strict)
    kind = reg.type
    if kind is PTR_TO_STACK:
        off += reg.off
        frame = state.frames[reg.frameno]
        check_bounds(env, frame, reg, regno, off, size, "write")
        stack_store.write(env, state, regno, reg, off, size, value)
    elif kind is PTR_TO_MAP_VALUE and not reg.maybe_null:
        map_value.check_type(env, reg, off, size, "write")
        map_value.check(env, reg, regno, off, size)
    elif kind is PTR_TO_CTX:
        ctx.store(env, reg, regno, off, size)
    elif kind is PTR_TO_MEM and not reg.maybe_null:
        check_region(env, reg, regno, off, size, reg.mem_size)
    elif kind is PTR_TO_MAP_KEY:
        raise Reject(f"write to change key R{regno} not allowed", EACCES)
    elif kind in PACKET_POINTERS:
        packet.check_write(env)
        packet.check(env, reg, regno, off, size)
    elif kind in SOCKETS and not reg.maybe_null:
        sock.check(env, reg, regno, off + reg.off, size, writes=True)
    elif kind is PTR_TO_TP_BUFFER or (
        kind is PTR_TO_BUF and (not reg.maybe_null or env.rules.BUF_NULL_UNSEEN)
    ):
        buffers.check(env, reg, regno, off, size)
    elif kind is PTR_TO_FLOW_KEYS:
        buffers.check_flow_keys(env, reg, regno, off, size)
    elif kind is CONST_PTR_TO_MAP and env.rules.MAP_PTR_READ:
        map_struct.store(env, reg)
    elif kind in BTF_IDS and not reg.maybe_null:
        if local_type(reg.mem_size):
            objects.store(env, reg, regno, off, size)
        else:
            btf_ptr.store(env, reg, regno, off)
    elif kind is PTR_TO_ARENA:
        pass  # what is not there does no harm
    elif kind is UNTRUSTED_MEM or (kind in _READ_ONLY and not reg.maybe_null):
        raise Reject(f"R{regno} cannot write into {type_name(reg, env.rules)}", EACCES)
    else:
        raise Reject(f"R{regno} invalid mem access '{type_name(reg, env.rules)}'", EACCES)


_POINTS_TO = {
    PTR_TO_STACK: "stack ",
    PTR_TO_MAP_VALUE: "value ",
    PTR_TO_CTX: "context ",
    PTR_TO_FLOW_KEYS: "flow keys ",
}


def check_alignment(env: Env, reg: RegState, off: int, size: int, strict: bool) -> None:
    """The stack is always accessed aligned, other memory where asked: check_ptr_alignment()."""
    if size == 1 or not (strict or env.strict_alignment or reg.type is PTR_TO_STACK):
        return
    if reg.type is PTR_TO_ARENA:
        return
    if reg.type in PACKET_POINTERS:
        packet.check_alignment(env, reg, off, size)
        return
    value, mask = reg.var_off
    if not (value + reg.off + off | mask) & (size - 1):
        return
    where = _POINTS_TO.get(reg.type, "")
    rules = env.rules
    if rules.POINTER_CONST_IN_BITS:
        base = tnum.add(reg.var_off, tnum.const(reg.off & U64))
        shown = str(s64(base.value)) if not base.mask else tnum.shown(base)
        raise Reject(f"misaligned {where}access off {shown}+{off} size {size}", EACCES)
    shown = tnum.shown(reg.var_off) if rules.TEXT_CONST_BITS else str(reg.var_off)
    raise Reject(f"misaligned {where}access off {shown}+{reg.off}+{off} size {size}", EACCES)


def check_region(
    env: Env, reg: RegState, regno: int, off: int, size: int, end: int, zero_ok: bool = False
) -> None:
    """All that off(reg) may be is inside memory of `end` bytes: check_mem_region_access()."""
    rules = env.rules
    if env.log.level:
        log_walk.memory_access(env)
    off += reg.off
    low = reg.smin
    negative = low < 0 and (
        not rules.VAR_OFF_AND_OFF_CHECKED
        or low == S64_MIN
        or low + off != _s32(low + off)
        or low + off < 0
    )
    if negative:
        raise Reject(
            f"R{regno} min value is negative, either use unsigned index or do a if (index >=0) "
            "check.",
            EACCES,
        )
    memory = "allowed memory" if rules.TEXT_MEMORY_RANGE else "array"
    if not _inside(low + off, size, end, zero_ok):
        _note_outside(env, reg, regno, low + off, size, end)
        raise Reject(f"R{regno} min value is outside of the {memory} range", EACCES)
    if reg.umax >= MAX_VAR_OFF:
        what = "any such access" if rules.TEXT_MEMORY_RANGE else "any array access into a map"
        raise Reject(f"R{regno} unbounded memory access, make sure to bounds check {what}", EACCES)
    if not _inside(reg.umax + off, size, end, zero_ok):
        _note_outside(env, reg, regno, reg.umax + off, size, end)
        raise Reject(f"R{regno} max value is outside of the {memory} range", EACCES)


def _s32(x: int) -> int:
    return (x + (1 << 31)) % (1 << 32) - (1 << 31)


def _inside(off: int, size: int, end: int, zero_ok: bool) -> bool:
    return off >= 0 and (size > 0 or (size == 0 and zero_ok)) and off + size <= end


def _note_outside(env: Env, reg: RegState, regno: int, off: int, size: int, end: int) -> None:
    if reg.type is PTR_TO_MAP_VALUE:
        env.log.add(f"invalid access to map value, value_size={end} off={off} size={size}")
    elif reg.type in PACKET_POINTERS:
        env.log.add(
            f"invalid access to packet, off={off} size={size}, "
            f"R{regno}(id={reg.id},off={off},r={end})"
        )
    elif reg.type is PTR_TO_CTX:
        env.log.add(f"invalid access to context, ctx_size={end} off={off} size={size}")
    else:
        env.log.add(f"invalid access to memory, mem_size={end} off={off} size={size}")
