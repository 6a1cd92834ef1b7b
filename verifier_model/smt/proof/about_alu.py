"""Statements about transfer/alu.py: what every arithmetic instruction does to a scalar.

Products, quotients and remainders stand in about_products.py.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import z3

from emu.isa.table import ALU64, X
from emu.prog import Insn
from verifier_model.domain.word import U32, U64
from verifier_model.reg import UNINIT
from verifier_model.smt.proof.lemmas import byte_swap
from verifier_model.smt.proof.obligation import Obligation, always
from verifier_model.smt.proof.terms import Bits
from verifier_model.transfer import alu, numbers

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier_model.reg import RegState
    from verifier_model.rules import Rules
    from verifier_model.smt.proof.scene import Scene

ALU32 = 4
DST, SRC = 1, 2
MUL, OR, LSH, XOR = 0x20, 0x40, 0x60, 0xA0


def _shifted(shift: Callable[[Any, Any], Any]) -> Callable[[Any, Any, int], Bits]:
    """A shift of so many bits, by the low bits of the count: the machine's own."""

    def run(x: Any, y: Any, width: int) -> Bits:
        low, by = x.low(width), y.low(width) & z3.BitVecVal(width - 1, width)
        return Bits(shift(low, by), False)

    return run


# What the machine computes, of `width` bits.
CONCRETE: dict[int, Callable[[Any, Any, int], Any]] = {
    0x00: lambda x, y, width: x + y,
    0x10: lambda x, y, width: x - y,
    0x40: lambda x, y, width: x | y,
    0x50: lambda x, y, width: x & y,
    0x60: _shifted(lambda x, y: x << y),
    0x70: _shifted(z3.LShR),
    0xA0: lambda x, y, width: x ^ y,
    0xC0: _shifted(lambda x, y: x >> y),
}
NAMES = {
    0x00: "add",
    0x10: "sub",
    0x40: "or",
    0x50: "and",
    0x60: "lsh",
    0x70: "rsh",
    0xA0: "xor",
    0xC0: "arsh",
}


def _binary(op: int, width: int) -> Callable[[Scene], None]:
    insn = Insn((ALU64 if width == 64 else ALU32) | X | op, DST, SRC)

    def state(s: Scene) -> None:
        (dst, x), (src, y) = s.value_with("dst"), s.value_with("src")
        if op in (OR, XOR):
            for v in (dst, src):
                s.assume(s.knows_sign(v, 64))
                s.assume(s.knows_sign(v, 32))
        if width == 32:
            s.named(x & U32)
            s.named(y & U32)
        full = CONCRETE[op](x, y, width)
        result = s.result(full & (U64 if width == 64 else U32))
        if width == 32 and op in (OR, 0x50, XOR):
            s.result(full)
        if width == 32 and op == LSH:
            # Until 5.6 the whole word was shifted, and of the result the low half kept.
            for whole in (x, x & U32):
                s.result(CONCRETE[op](Bits(whole.low(64), False), y & 31, 64))
        new = s.call(alu.adjust_scalar, s.env, insn, dst, src)
        s.show_holds(new, result)

    return state


_OF_NUMBERS = {op: CONCRETE[op] for op in (0x00, 0x10, OR, 0x50, XOR)} | {
    MUL: lambda x, y, width: x * y
}


def _numbers(op: int, width: int) -> Callable[[Scene], None]:
    """The short cut for two numbers, where it is taken, gives what the machine computes."""
    insn = Insn((ALU64 if width == 64 else ALU32) | X | op, DST, SRC)
    most = U64 if width == 64 else U32

    def state(s: Scene) -> None:
        (dst, x), (src, y) = s.value_with("dst"), s.value_with("src")
        found = s.call(numbers.of_numbers, s.rules, insn, dst, src)
        if found is not None:
            s.show(found == _OF_NUMBERS[op](x, y, width) & most, "the number")

    return state


# -- instructions of one operand ---------------------------------------------------------------


def run_insn(s: Scene, function: Any, insn: Insn, regs: dict[int, RegState]) -> RegState:
    """Run a transfer function: what is in its destination afterwards."""
    env, state = s.machine(insn)
    for regno, reg in regs.items():
        state.frames[0].regs[regno] = reg
    s.call(function, env, state, insn)
    new = state.frames[0].regs[insn.dst]
    assert new is not UNINIT
    return new


def _one(
    function: Any, insn: Insn, concrete: Callable[[Bits], Any], *, source: int = SRC
) -> Callable[[Scene], None]:
    def state(s: Scene) -> None:
        v, x = s.value_with("v")
        if function is alu.transfer_neg:
            s.named(Bits(z3.BitVecVal(0, 64), False))  # what it is subtracted from
        result = s.result(concrete(x))
        s.show_holds(run_insn(s, function, insn, {DST: s.value("old"), source: v}), result)

    return state


def _extended(x: Bits, size: int, width: int) -> Any:
    """The low bytes as a signed number of `width` bits."""
    return Bits(Bits(x.low(size), True).low(width), False)


def has_isa_v4(rules: Rules) -> bool:
    return rules.ISA_V4


def _rows() -> list[Obligation]:
    rows = [
        Obligation(
            f"{name}{width}",
            (alu.adjust_scalar,),
            _binary(op, width),
            (lambda rules: rules.ARSH32) if f"{name}{width}" == "arsh32" else always,
        )
        for op, name in NAMES.items()
        for width in (64, 32)
    ]
    rows += [
        Obligation(
            f"numbers {(NAMES | {MUL: 'mul'})[op]}{width}",
            (numbers.of_numbers,),
            _numbers(op, width),
            splits=True,
        )
        for op in _OF_NUMBERS
        for width in (64, 32)
    ]
    mov64, mov32 = Insn(ALU64 | X | 0xB0, DST, SRC), Insn(ALU32 | X | 0xB0, DST, SRC)
    rows += [
        Obligation("mov64", (alu.transfer_mov64,), _one(alu.transfer_mov64, mov64, lambda x: x)),
        Obligation(
            "mov32", (alu.transfer_mov32,), _one(alu.transfer_mov32, mov32, lambda x: x & U32)
        ),
        Obligation(
            "neg64",
            (alu.transfer_neg,),
            _one(alu.transfer_neg, Insn(ALU64 | 0x80, DST), lambda x: -x & U64, source=DST),
        ),
        Obligation(
            "neg32",
            (alu.transfer_neg,),
            _one(alu.transfer_neg, Insn(ALU32 | 0x80, DST), lambda x: -x & U32, source=DST),
        ),
    ]
    for size, width in ((8, 64), (16, 64), (32, 64), (8, 32), (16, 32)):
        insn = Insn((ALU64 if width == 64 else ALU32) | X | 0xB0, DST, SRC, size)
        state = _one(alu.transfer_movsx, insn, partial(_extended, size=size, width=width))
        rows.append(Obligation(f"movsx{size}_{width}", (alu.transfer_movsx,), state, has_isa_v4))
    for size in (16, 32, 64):
        mask = (1 << size) - 1
        for name, insn, concrete in (
            ("be", Insn(ALU32 | X | 0xD0, DST, 0, 0, size), lambda x, n=size: byte_swap(x, n // 8)),
            ("le", Insn(ALU32 | 0xD0, DST, 0, 0, size), lambda x, m=mask: x & m),
        ):
            state = _one(alu.transfer_swap, insn, concrete, source=DST)
            rows.append(Obligation(f"{name}{size}", (alu.transfer_swap,), state))
    return rows


OBLIGATIONS = tuple(_rows())
