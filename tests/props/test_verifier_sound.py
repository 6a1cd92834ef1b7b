"""The model's ranges contain what really happens, on every kernel, its known bugs mended.

Values are drawn with a member; programs are run by the emulator, and wherever a run comes, some
state that the model walked there has its registers.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.kernel.profile import SERIES, Kernel
from tests.concrete import outside, run, walk
from verifier_model.domain import arith, compare, compare_const, divide, tnum, width
from verifier_model.domain.bounds import contains, finish_alu, sync
from verifier_model.domain.word import U32, U64, s32, s64, sign_extend
from verifier_model.reg import RegState, unknown_scalar
from verifier_model.rules import Rules, rules_of
from verifier_model.smt.proof.bugs import mended

if TYPE_CHECKING:
    from collections.abc import Callable

# 5.15.0 to 5.18 and everything older have unsound corners of their own: CVE-2020-27194 (5.7),
# CVE-2021-3490 and CVE-2021-31440 (5.10), the narrow ARSH (5.4).  They are traits.
SOUND = ["6.1", "6.6", "6.8", "6.12", "6.18", "7.0", "7.2", "7.3"]
RULES = {release: rules_of(Kernel.release(release)) for release in SOUND}

EDGES = [0, 1, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1]
words = st.sampled_from(EDGES) | st.integers(0, 300) | st.integers(0, U64)
any_rules = st.sampled_from(sorted(RULES)).map(RULES.__getitem__)


@st.composite
def values(draw) -> tuple[RegState, int]:
    """A scalar about which something is known, and a number it stands for."""
    x = draw(words)
    reg = unknown_scalar()
    if draw(st.booleans()):
        mask = draw(words)
        reg.var_off = tnum.Tnum(x & ~mask, mask)
    low, high = sorted((x, draw(words)))
    kind = draw(st.sampled_from(["none", "below", "above", "signed", "low"]))
    if kind == "below":
        reg.umax = high
    elif kind == "above":
        reg.umin = low if low <= x else 0
    elif kind == "signed":
        other = s64(draw(words))
        reg.smin, reg.smax = min(s64(x), other), max(s64(x), other)
    elif kind == "low":
        other = draw(words) & U32
        reg.umin32, reg.umax32 = min(x & U32, other), max(x & U32, other)
    if reg.umax < x:
        reg.umax = x
    if reg.umin > x:
        reg.umin = x
    sync(reg, RULES["6.12"])
    return reg, x


def test_drawn_values_contain_their_member():
    @given(values())
    def check(drawn):
        assert contains(*drawn)

    check()


BINARY = {
    arith.add: operator.add,
    arith.sub: operator.sub,
    arith.mul: operator.mul,
    arith.and_: operator.and_,
    arith.or_: operator.or_,
    arith.xor: operator.xor,
}


@pytest.mark.parametrize("abstract", BINARY, ids=lambda f: f.__name__)
@given(a=values(), b=values(), rules=any_rules, alu32=st.booleans())
def test_arithmetic_contains_the_concrete_result(abstract, a, b, rules, alu32):
    (ra, x), (rb, y) = a, b
    abstract(ra, rb, rules, alu32)
    result = BINARY[abstract](x, y) & (U32 if alu32 else U64)
    if alu32:
        width.zero_extend(ra, rules)
    finish_alu(ra, rules)
    assert contains(ra, result), (x, y)


SHIFTS: dict[Callable[..., None], Callable[[int, int, int], int]] = {
    arith.lsh: lambda x, n, bits: x << n,
    arith.rsh: lambda x, n, bits: (x & ((1 << bits) - 1)) >> n,
    arith.arsh: lambda x, n, bits: (s32(x) if bits == 32 else s64(x)) >> n,
}


@pytest.mark.parametrize("abstract", SHIFTS, ids=lambda f: f.__name__)
@given(a=values(), n=st.integers(0, 63), rules=any_rules, alu32=st.booleans())
def test_shift_contains_the_concrete_result(abstract, a, n, rules, alu32):
    reg, x = a
    bits = 32 if alu32 else 64
    n %= bits
    count = unknown_scalar()
    set_number(count, n, rules)
    abstract(reg, count, rules, alu32)
    if alu32:
        width.zero_extend(reg, rules)
    finish_alu(reg, rules)
    assert contains(reg, SHIFTS[abstract](x, n, bits) & ((1 << bits) - 1))


def set_number(reg: RegState, x: int, rules: Rules) -> None:
    reg.var_off = tnum.const(x)
    sync(reg, rules)


@given(
    a=values(),
    by=words,
    modulo=st.booleans(),
    signed=st.booleans(),
    alu32=st.booleans(),
)
def test_division_by_a_constant_contains_the_concrete_result(a, by, modulo, signed, alu32):
    rules = RULES["7.2"]
    reg, x = a
    divisor = unknown_scalar()
    set_number(divisor, by, rules)
    divide.divide(reg, divisor, modulo, signed, alu32, rules)
    if alu32:
        width.zero_extend(reg, rules)
    finish_alu(reg, rules)
    assert contains(reg, concrete_division(x, by, modulo, signed, 32 if alu32 else 64))


def concrete_division(x: int, by: int, modulo: bool, signed: bool, bits: int) -> int:
    full = (1 << bits) - 1
    if signed:
        x, by = (s32(x), s32(by)) if bits == 32 else (s64(x), s64(by))
    else:
        x, by = x & full, by & full
    if by == 0:
        return x & full if modulo else 0
    quotient = abs(x) // abs(by)
    if (x < 0) != (by < 0):
        quotient = -quotient
    return (x - quotient * by if modulo else quotient) & full


@given(a=values(), rules=any_rules, size=st.sampled_from([1, 2, 4]), signed=st.booleans())
def test_truncation_contains_the_truncated_number(a, rules, size, signed):
    reg, x = a
    if signed:
        width.coerce_to_size_sx(reg, size, rules)
        assert contains(reg, sign_extend(x, size) & U64)
    else:
        width.coerce_to_size(reg, size, rules)
        assert contains(reg, x & ((1 << 8 * size) - 1))


CONDITIONS = {
    compare.JEQ: operator.eq,
    compare.JNE: operator.ne,
    compare.JGT: operator.gt,
    compare.JGE: operator.ge,
    compare.JLT: operator.lt,
    compare.JLE: operator.le,
    compare.JSGT: operator.gt,
    compare.JSGE: operator.ge,
    compare.JSLT: operator.lt,
    compare.JSLE: operator.le,
    compare.JSET: lambda x, y: bool(x & y),
}
SIGNED = (compare.JSGT, compare.JSGE, compare.JSLT, compare.JSLE)
ops = st.sampled_from(sorted(CONDITIONS))


def holds(op: int, x: int, y: int, jmp32: bool) -> bool:
    if jmp32:
        x, y = x & U32, y & U32
    if op in SIGNED:
        x, y = (s32(x), s32(y)) if jmp32 else (s64(x), s64(y))
    return bool(CONDITIONS[op](x, y))


@given(a=values(), b=values(), op=ops, jmp32=st.booleans())
def test_a_decided_comparison_goes_that_way_and_an_undecided_one_keeps_both(a, b, op, jmp32):
    (ra, x), (rb, y) = a, b
    truth = holds(op, x, y, jmp32)
    for release in ("6.8", "6.12", "6.18", "7.0", "7.2"):
        rules = RULES[release]
        taken = compare.decided(ra, rb, op, jmp32, rules)
        assert taken is None or taken == truth
        one, two = ra.copy(), rb.copy()
        compare.refine(one, two, op if truth else compare.REVERSED[op], jmp32, rules)
        sync(one, rules)
        sync(two, rules)
        assert contains(one, x), release
        assert contains(two, y), release


@given(a=values(), y=words, op=ops, jmp32=st.booleans())
def test_a_comparison_with_a_constant_keeps_the_value_on_its_side(a, y, op, jmp32):
    reg, x = a
    truth = holds(op, x, y, jmp32)
    for release in ("6.1", "6.6"):
        rules = RULES[release]
        taken = compare_const.decided(reg, y, op, jmp32, rules)
        assert taken is None or taken == truth
        true, false = reg.copy(), reg.copy()
        compare_const.refine(true, false, y, op, jmp32, rules)
        assert contains(true if truth else false, x), release


# -- programs --------------------------------------------------------------------------------

# Every release series; what is known to be wrong in it is in verifier_model/smt/proof/bugs.py.
ALL = {series.release: mended(series.release) for series in SERIES}
releases = st.sampled_from(sorted(ALL))

_ALU_SIGNS = ["+=", "-=", "*=", "|=", "&=", "^=", "/=", "%="]
_JUMP_SIGNS = ["==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&"]
_WIDTHS = (8, 16, 32, 64)


@st.composite
def programs(draw, rules: Rules) -> str:
    """Arithmetic, spills and jumps forward on r0, r2, r3 and r4; r2 and r3 come from outside.

    rules: of the release, for what it has no instructions for.
    """
    regs = ["0", "2", "3", "4"]
    imms = st.sampled_from([0, 1, 7, 255, -1, 0x7FFFFFFF, -0x80000000]) | st.integers(-9, 99)
    lines = ["r2 = *(u64 *)(r1 +0)", "r3 = *(u64 *)(r1 +8)", "r0 = 0", "r4 = 1"]
    kinds = ["alu", "shift", "mov", "jump", "neg", "spill", "store", "swap"]
    kinds += ["extend"] if rules.ISA_V4 else []
    n = draw(st.integers(1, 14))
    for i in range(n):
        w = draw(st.sampled_from("rw"))
        dst = draw(st.sampled_from(regs))
        kind = draw(st.sampled_from(kinds))
        other = w + draw(st.sampled_from(regs)) if draw(st.booleans()) else str(draw(imms))
        if kind == "alu":
            sign = draw(st.sampled_from(_ALU_SIGNS))
            if sign in ("/=", "%=") and other == "0":
                other = "3"
            lines.append(f"{w}{dst} {sign} {other}")
        elif kind == "shift":
            sign = draw(st.sampled_from(["<<=", ">>=", "s>>="]))
            if sign == "s>>=" and not rules.ARSH32:
                w = "r"
            lines.append(f"{w}{dst} {sign} {draw(st.integers(0, 31))}")
        elif kind == "mov":
            lines.append(f"{w}{dst} = {other}")
        elif kind == "neg":
            lines.append(f"{w}{dst} = -{w}{dst}")
        elif kind == "swap":
            order, width = draw(st.sampled_from(["be", "le"])), draw(st.sampled_from(_WIDTHS[1:]))
            lines.append(f"r{dst} = {order}{width} r{dst}")
        elif kind == "extend":
            width = draw(st.sampled_from(_WIDTHS[:3] if w == "r" else _WIDTHS[:2]))
            lines.append(f"{w}{dst} = (s{width}){w}{draw(st.sampled_from(regs))}")
        elif kind in ("spill", "store"):
            stored = draw(st.sampled_from(_WIDTHS)) if rules.FILL_NARROW_SCALAR else 64
            loaded = draw(st.sampled_from([x for x in _WIDTHS if x <= stored]))
            loaded = loaded if rules.FILL_NARROW_SCALAR else 64
            value = f"r{dst}" if kind == "spill" else str(draw(imms))
            lines.append(f"*(u{stored} *)(r10 -8) = {value}")
            lines.append(f"r{draw(st.sampled_from(regs))} = *(u{loaded} *)(r10 -8)")
        else:
            sign = draw(st.sampled_from(_JUMP_SIGNS))
            if not rules.JMP32:
                w, other = "r", other.replace("w", "r")
            if other.startswith("-") or other.isdigit():
                other = hex(int(other) & U32)
            lines.append(f"if {w}{dst} {sign} {other} goto l{draw(st.integers(i + 1, n))}")
        lines.append(f"l{i + 1}:")
    return "\n".join(["l0:", *lines, "r0 = 0", "exit"])


@given(data=st.data(), inputs=st.tuples(words, words), release=releases)
def test_a_run_is_inside_some_state_wherever_it_comes(data, inputs, release):
    kernel = ALL[release]
    text = data.draw(programs(rules_of(kernel)))
    verdict, states = walk(text, kernel)
    assert verdict.accepted, verdict.message
    assert not outside(states, run(text, inputs))
