"""Pointer plus scalar: which sums are pointers, and what else is refused.

Source: adjust_ptr_min_max_vals(), check_reg_sane_offset().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import ALU64
from emu.kernel.errno import EACCES, EINVAL
from verifier_model.domain import arc, circular, tnum
from verifier_model.domain.bounds import finish_alu, unbound32
from verifier_model.domain.word import S32_MAX, S32_MIN, S64_MAX, S64_MIN, U64
from verifier_model.log import type_name
from verifier_model.reg import (
    CONST_PTR_TO_MAP,
    PACKET_POINTERS,
    PTR_TO_ARENA,
    PTR_TO_FLOW_KEYS,
    PTR_TO_MAP_VALUE,
    PTR_TO_PACKET_END,
    PTR_TO_STACK,
    SCALAR_VALUE,
    SOCKETS,
    UNTRUSTED_MEM,
)
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from emu.prog import Insn
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.rules import Rules

MAX_VAR_OFF = 1 << 29
_ADD, _SUB, _OR, _AND, _XOR = 0x00, 0x10, 0x40, 0x50, 0xA0
# bpf_alu_string[]
_SIGNS = (
    *("+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=", "neg", "%=", "^=", "=", "s>>="),
    *("endian", "?", "?"),
)


def pointer_difference(env: Env, insn: Insn) -> RegState:
    """Pointer minus pointer is a number; nothing else of two pointers is anything."""
    if insn.code & 0xF0 == _SUB:
        return env.unknown()
    sign = _SIGNS[insn.code >> 4]
    raise Reject(f"R{insn.dst} pointer {sign} pointer prohibited", EACCES)


def adjust_pointer(
    env: Env, insn: Insn, ptr: RegState, off: RegState, *, swapped: bool
) -> RegState:
    """ptr op off; swapped: the instruction's destination is `off`."""
    rules = env.rules
    dst = insn.dst
    op = insn.code & 0xF0
    known = off.is_const()
    if (
        (known and (off.smin != off.smax or off.umin != off.umax))
        or off.smin > off.smax
        or off.umin > off.umax
    ):
        return env.unknown()
    if insn.code & 7 != ALU64:
        if op == _SUB:
            return env.unknown()
        raise Reject(f"R{dst} 32-bit pointer arithmetic prohibited", EACCES)
    if ptr.maybe_null:
        shown = type_name(ptr, rules) if rules.TEXT_FIXED_OFF else "PTR_TO_MAP_VALUE_OR_NULL"
        text = f"R{dst} pointer arithmetic on {shown} prohibited"
        if rules.TEXT_TYPE_FLAGS or ptr.type is PTR_TO_MAP_VALUE:
            text += ", null-check it first"
        raise Reject(text, EACCES)
    if ptr.type is CONST_PTR_TO_MAP and not (known and off.smin == 0 and op == _ADD):
        shown = type_name(ptr, rules) if rules.TEXT_FIXED_OFF else "CONST_PTR_TO_MAP"
        raise Reject(f"R{dst} pointer arithmetic on {shown} prohibited", EACCES)
    if ptr.type in (PTR_TO_PACKET_END, PTR_TO_ARENA) or ptr.type in SOCKETS:
        shown = type_name(ptr, rules) if rules.TEXT_FIXED_OFF else ptr.type.name
        raise Reject(f"R{dst} pointer arithmetic on {shown} prohibited", EACCES)
    if ptr.type is PTR_TO_FLOW_KEYS and not known and rules.FLOW_KEYS_KNOWN:
        raise Reject(f"R{dst} pointer arithmetic on {type_name(ptr, rules)} prohibited", EACCES)
    if ptr.type is UNTRUSTED_MEM:
        return ptr  # it is read by insns that may fail, wherever it points

    _check_sane(off, ptr, rules)
    _check_sane(ptr, ptr, rules)
    new = ptr.copy()
    if swapped and not rules.POINTER_SUM_INHERITS:
        _forget_origin(new)
    unbound32(new)
    known = known and not rules.POINTER_CONST_IN_BITS
    if op == _ADD:
        total = ptr.off + off.smin
        if known and S32_MIN <= total <= S32_MAX:
            new.off = total
        else:
            _add(new, ptr, off, rules)
            _restart_packet(env, new, off, forgets=True)
    elif op == _SUB:
        if swapped:
            raise Reject(f"R{dst} tried to subtract pointer from scalar", EACCES)
        if ptr.type is PTR_TO_STACK:
            raise Reject(f"R{dst} subtraction from stack pointer prohibited", EACCES)
        total = ptr.off - off.smin
        if known and S32_MIN <= total <= S32_MAX:
            new.off = total
        else:
            _sub(new, ptr, off, rules)
            _restart_packet(env, new, off, forgets=off.smin < 0)
    elif op in (_OR, _AND, _XOR):
        text = f"R{dst} bitwise operator {_SIGNS[op >> 4]} on pointer prohibited"
        raise Reject(text, EACCES)
    else:
        text = f"R{dst} pointer arithmetic with {_SIGNS[op >> 4]} operator prohibited"
        raise Reject(text, EACCES)
    _check_sane(new, ptr, rules)
    if (
        rules.PACKET_ENDS_KEPT
        and new.type in PACKET_POINTERS
        and (off.is_const() or new.mem_size > 0)
    ):
        # What was compared with the packet's end was compared with this range.
        ends = circular.arc64(new)
        circular.clamp(new)
        circular.set_arc64(new, ends)
    else:
        finish_alu(new, rules)
    return new


def _forget_origin(new: RegState) -> None:
    """A pointer that is added to a number keeps nothing but its type, its id and what it is of."""
    new.ref_obj_id = new.dynptr_id = 0
    if new.type is PTR_TO_STACK:
        new.frameno = 0


def _restart_packet(env: Env, new: RegState, off: RegState, *, forgets: bool) -> None:
    """A packet pointer with something unknown added has another base, and nothing behind it."""
    if new.type not in PACKET_POINTERS:
        return
    if off.is_const() and env.rules.POINTER_CONST_IN_BITS:
        if new.mem_size < 0:
            new.mem_size = 0
        return
    new.id = env.new_id()
    if forgets:
        new.mem_size = 0


def _add(new: RegState, ptr: RegState, off: RegState, rules: Rules) -> None:
    if rules.RANGES_CIRCULAR:
        sums = arc.add(circular.arc64(ptr), circular.arc64(off), U64)
        circular.set_arc64(new, sums)
        new.var_off = tnum.add(ptr.var_off, off.var_off)
        return
    low, high = ptr.smin + off.smin, ptr.smax + off.smax
    new.smin, new.smax = (low, high) if low >= S64_MIN and high <= S64_MAX else (S64_MIN, S64_MAX)
    high = ptr.umax + off.umax
    new.umin, new.umax = (ptr.umin + off.umin, high) if high <= U64 else (0, U64)
    new.var_off = tnum.add(ptr.var_off, off.var_off)


def _sub(new: RegState, ptr: RegState, off: RegState, rules: Rules) -> None:
    if rules.RANGES_CIRCULAR:
        sums = arc.add(circular.arc64(ptr), arc.negate(circular.arc64(off), U64), U64)
        circular.set_arc64(new, sums)
        new.var_off = tnum.sub(ptr.var_off, off.var_off)
        return
    low, high = ptr.smin - off.smax, ptr.smax - off.smin
    new.smin, new.smax = (low, high) if low >= S64_MIN and high <= S64_MAX else (S64_MIN, S64_MAX)
    low = ptr.umin - off.umax
    new.umin, new.umax = (low, ptr.umax - off.umin) if low >= 0 else (0, U64)
    new.var_off = tnum.sub(ptr.var_off, off.var_off)


def _check_sane(reg: RegState, ptr: RegState, rules: Rules) -> None:
    """An offset is not so large that a sum could wrap: check_reg_sane_offset()."""
    value = reg.smin
    far = not -MAX_VAR_OFF < value < MAX_VAR_OFF
    if not far and -MAX_VAR_OFF < reg.off < MAX_VAR_OFF:
        return
    name = type_name(ptr, rules)
    if rules.TEXT_BASE_OFFSET and reg.type is not SCALAR_VALUE:
        if far:
            raise Reject(f"{name} pointer offset {value} is not allowed", EINVAL)
        return
    if reg.is_const() and far:
        if reg.type is SCALAR_VALUE:
            raise Reject(f"math between {name} pointer and {value} is not allowed", EINVAL)
        raise Reject(f"{name} pointer offset {value} is not allowed", EINVAL)
    if not -MAX_VAR_OFF < reg.off < MAX_VAR_OFF:
        raise Reject(f"{name} pointer offset {reg.off} is not allowed", EINVAL)
    if value == S64_MIN:
        raise Reject(
            f"math between {name} pointer and register with unbounded min value is not allowed",
            EINVAL,
        )
    if far:
        raise Reject(f"value {value} makes {name} pointer be out of bounds", EINVAL)
