"""What a comparison of two scalars tells: whether it can go only one way, and, each way, more.

The functions take the operation bits of a jump's opcode and whether it compares the low halves.
Source: is_branch_taken(), is_scalar_branch_taken(), regs_refine_cond_op() (6.8); what releases
before that do stands in domain/compare_const.py.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from verifier_model.domain import circular, tnum
from verifier_model.domain.bounds import sync, unbound
from verifier_model.domain.value import Value
from verifier_model.domain.word import (
    U32,
    U64,
    s32,
    s64,
)

if TYPE_CHECKING:
    from verifier_model.domain.value import Facts
    from verifier_model.rules import Rules

JEQ, JGT, JGE, JSET, JNE, JSGT, JSGE, JLT, JLE, JSLT, JSLE = (
    *(0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xA0, 0xB0, 0xC0, 0xD0),
)
NOT_SET = 0x48  # the other side of JSET: BPF_JSET | BPF_X in the kernel

# `a op b` is `b FLIPPED[op] a`, and not `a REVERSED[op] b`.
FLIPPED = {
    JEQ: JEQ,
    JNE: JNE,
    JSET: JSET,
    JGT: JLT,
    JGE: JLE,
    JLT: JGT,
    JLE: JGE,
    JSGT: JSLT,
    JSGE: JSLE,
    JSLT: JSGT,
    JSLE: JSGE,
}
REVERSED = {
    JEQ: JNE,
    JNE: JEQ,
    JSET: NOT_SET,
    JGT: JLE,
    JGE: JLT,
    JLT: JGE,
    JLE: JGT,
    JSGT: JSLE,
    JSGE: JSLT,
    JSLT: JSGE,
    JSLE: JSGT,
}


def is_const(v: Value, jmp32: bool) -> bool:
    return not v.var_off.mask & (U32 if jmp32 else U64)


def const_value(v: Value, jmp32: bool) -> int:
    return int(v.var_off.value & (U32 if jmp32 else U64))


def decided(a: Value, b: Value, op: int, jmp32: bool, rules: Rules) -> bool | None:
    """Whether `a op b` holds for all values, fails for all (False), or may do either (None)."""
    if op == JEQ:
        return _equal(a, b, jmp32, rules)
    if op == JNE:
        equal = _equal(a, b, jmp32, rules)
        return None if equal is None else not equal
    if op == JSET:
        return _some_bit(a, b, jmp32)
    if op in (JGT, JGE, JSGT, JSGE):
        a, b, op = b, a, FLIPPED[op]
    if op in (JLT, JLE):
        low_a, high_a = (a.umin32, a.umax32) if jmp32 else (a.umin, a.umax)
        low_b, high_b = (b.umin32, b.umax32) if jmp32 else (b.umin, b.umax)
    else:
        low_a, high_a = (a.smin32, a.smax32) if jmp32 else (a.smin, a.smax)
        low_b, high_b = (b.smin32, b.smax32) if jmp32 else (b.smin, b.smax)
    if op in (JLT, JSLT):
        return True if high_a < low_b else False if low_a >= high_b else None
    return True if high_a <= low_b else False if low_a > high_b else None


def _equal(a: Value, b: Value, jmp32: bool, rules: Rules) -> bool | None:
    ta, tb = (tnum.subreg(a.var_off), tnum.subreg(b.var_off)) if jmp32 else (a.var_off, b.var_off)
    if not ta.mask and not tb.mask:
        return bool(ta.value == tb.value)
    if rules.BRANCH_BY_KNOWN_BITS and not tnum.overlap(ta, tb):
        return False
    if not jmp32 and (a.umin > b.umax or a.umax < b.umin or a.smin > b.smax or a.smax < b.smin):
        return False
    if a.umin32 > b.umax32 or a.umax32 < b.umin32 or a.smin32 > b.smax32 or a.smax32 < b.smin32:
        return False
    return None


def _some_bit(a: Value, b: Value, jmp32: bool) -> bool | None:
    if not is_const(b, jmp32):
        a, b = b, a
    if not is_const(b, jmp32):
        return None
    bits = const_value(b, jmp32)
    value, mask = a.var_off
    if value & bits:
        return True
    return None if (value | mask) & bits else False


def refine_and_sync(a: Value, b: Value, op: int, jmp32: bool, rules: Rules) -> None:
    """Bound both values by `a op b`, and let their bits and ranges tell each other."""
    if a is b:
        refine(a, b, op, jmp32, rules)
        sync(a, rules)
        sync(b, rules)
        return
    of_a, of_b = _refined(a.facts(), b.facts(), op, jmp32, rules)
    a.learn(of_a)
    b.learn(of_b)


@lru_cache(maxsize=1 << 12)
def _refined(a: Facts, b: Facts, op: int, jmp32: bool, rules: Rules) -> tuple[Facts, Facts]:
    left, right = Value(), Value()
    left.learn(a)
    right.learn(b)
    refine(left, right, op, jmp32, rules)
    sync(left, rules)
    sync(right, rules)
    return left.facts(), right.facts()


def refine(a: Value, b: Value, op: int, jmp32: bool, rules: Rules) -> None:
    """Bound both values by `a op b`; the caller syncs them."""
    if op in (JGT, JGE, JSGT, JSGE):
        a, b, op = b, a, FLIPPED[op]
    if op in (JSET, NOT_SET):
        _refine_bits(a, b, op, jmp32, rules)
    elif rules.RANGES_CIRCULAR:
        _refine_arcs(a, b, op, jmp32)
    elif op == JEQ:
        _refine_equal(a, b, jmp32)
    elif op == JNE:
        _refine_not_equal(a, b, jmp32)
    else:
        _refine_less(a, b, op, jmp32)


def _refine_arcs(a: Value, b: Value, op: int, jmp32: bool) -> None:
    if op == JEQ:
        circular.refine_equal(a, b, jmp32)
    elif op == JNE:
        if not is_const(b, jmp32):
            a, b = b, a
        if is_const(b, jmp32):
            circular.refine_not_equal(a, const_value(b, jmp32), jmp32)
    else:
        strict, signed = op in (JLT, JSLT), op in (JSLT, JSLE)
        circular.refine_less(a, b, strict=strict, signed=signed, jmp32=jmp32)


def _refine_equal(a: Value, b: Value, jmp32: bool) -> None:
    if jmp32:
        a.umin32 = b.umin32 = max(a.umin32, b.umin32)
        a.umax32 = b.umax32 = min(a.umax32, b.umax32)
        a.smin32 = b.smin32 = max(a.smin32, b.smin32)
        a.smax32 = b.smax32 = min(a.smax32, b.smax32)
        low = tnum.intersect(tnum.subreg(a.var_off), tnum.subreg(b.var_off))
        a.var_off = tnum.with_subreg(a.var_off, low)
        b.var_off = tnum.with_subreg(b.var_off, low)
        return
    a.umin = b.umin = max(a.umin, b.umin)
    a.umax = b.umax = min(a.umax, b.umax)
    a.smin = b.smin = max(a.smin, b.smin)
    a.smax = b.smax = min(a.smax, b.smax)
    a.var_off = b.var_off = tnum.intersect(a.var_off, b.var_off)


def _refine_not_equal(a: Value, b: Value, jmp32: bool) -> None:
    """A constant that is an end of the other's range is cut off."""
    if not is_const(b, jmp32):
        a, b = b, a
    if not is_const(b, jmp32):
        return
    x = const_value(b, jmp32)
    if jmp32:
        if a.umin32 == x:
            a.umin32 = (a.umin32 + 1) & U32
        if a.umax32 == x:
            a.umax32 = (a.umax32 - 1) & U32
        if a.smin32 == s32(x):
            a.smin32 = s32(a.smin32 + 1)
        if a.smax32 == s32(x):
            a.smax32 = s32(a.smax32 - 1)
        return
    if a.umin == x:
        a.umin = (a.umin + 1) & U64
    if a.umax == x:
        a.umax = (a.umax - 1) & U64
    if a.smin == s64(x):
        a.smin = s64(a.smin + 1)
    if a.smax == s64(x):
        a.smax = s64(a.smax - 1)


def _refine_bits(a: Value, b: Value, op: int, jmp32: bool, rules: Rules) -> None:
    if not is_const(b, jmp32):
        a, b = b, a
    if not is_const(b, jmp32):
        return
    bits = const_value(b, jmp32)
    if op == JSET:
        if not bits or bits & (bits - 1):
            return  # one of several bits: which is unknown
        new = tnum.or_(a.var_off, tnum.const(bits))
    else:
        if rules.JSET_FORGETS_RANGE:
            unbound(a)
        new = tnum.and_(a.var_off, tnum.const(~bits & U64))
    a.var_off = tnum.with_subreg(a.var_off, new) if jmp32 else new


def _refine_less(a: Value, b: Value, op: int, jmp32: bool) -> None:
    strict = op in (JLT, JSLT)
    if op in (JLT, JLE):
        if jmp32:
            a.umax32 = min(a.umax32, (b.umax32 - strict) & U32)
            b.umin32 = max((a.umin32 + strict) & U32, b.umin32)
        else:
            a.umax = min(a.umax, (b.umax - strict) & U64)
            b.umin = max((a.umin + strict) & U64, b.umin)
    elif jmp32:
        a.smax32 = min(a.smax32, s32(b.smax32 - strict))
        b.smin32 = max(s32(a.smin32 + strict), b.smin32)
    else:
        a.smax = min(a.smax, s64(b.smax - strict))
        b.smin = max(s64(a.smin + strict), b.smin)
