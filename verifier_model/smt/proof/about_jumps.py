"""Statements about conditional jumps: which side is walked, and what each side has learnt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import z3

from emu.isa.table import JMP, JMP32, X
from emu.prog import Insn
from verifier_model.domain import compare, compare_const
from verifier_model.domain.compare import (
    JEQ,
    JGE,
    JGT,
    JLE,
    JLT,
    JNE,
    JSET,
    JSGE,
    JSGT,
    JSLE,
    JSLT,
    NOT_SET,
)
from verifier_model.smt.proof.obligation import Obligation
from verifier_model.smt.proof.terms import Bits, Cond, formula, negated, signed, truth
from verifier_model.transfer import jmp

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier_model.reg import RegState
    from verifier_model.rules import Rules
    from verifier_model.smt.proof.execute import Contract, Executor
    from verifier_model.smt.proof.scene import Scene

DST, SRC = 1, 2

# What the machine compares; the operands are read as signed by those whose name has an s.
CONDITIONS: dict[int, Callable[[Any, Any], Any]] = {
    JEQ: lambda x, y: x == y,
    JNE: lambda x, y: x != y,
    JSET: lambda x, y: (x & y) != 0,
    NOT_SET: lambda x, y: (x & y) == 0,
    JGT: lambda x, y: x > y,
    JGE: lambda x, y: x >= y,
    JLT: lambda x, y: x < y,
    JLE: lambda x, y: x <= y,
    JSGT: lambda x, y: x > y,
    JSGE: lambda x, y: x >= y,
    JSLT: lambda x, y: x < y,
    JSLE: lambda x, y: x <= y,
}
_SIGNED = (JSGT, JSGE, JSLT, JSLE)
NAMES = {
    JEQ: "jeq",
    JNE: "jne",
    JSET: "jset",
    JGT: "jgt",
    JGE: "jge",
    JLT: "jlt",
    JLE: "jle",
    JSGT: "jsgt",
    JSGE: "jsge",
    JSLT: "jslt",
    JSLE: "jsle",
}


def holds(op: int, x: Any, y: Any, jmp32: bool) -> Cond:
    """Whether the machine finds `x op y`."""
    width = 32 if jmp32 else 64
    a, b = (Bits(z.low(width), op in _SIGNED) for z in (x, y))
    return CONDITIONS[op](a, b)  # type: ignore[no-any-return]


def _insn(s: Scene, op: int, jmp32: bool, by_reg: bool) -> tuple[Insn, Bits | None]:
    """The jump, and the word that its immediate, any number, stands for."""
    code = (JMP32 if jmp32 else JMP) | op
    if by_reg:
        return Insn(code | X, DST, SRC), None
    imm = signed("imm", 32)
    return Insn(code, DST, 0, 0, imm), Bits(imm.low(64), False)  # type: ignore[arg-type]


def _operands(
    s: Scene, by_reg: bool, word: Bits | None, *, halves: bool = False
) -> tuple[RegState, Any, RegState, Any]:
    dst, x = s.value_with("dst", halves=halves)
    s.result(x)
    src, y = s.value_with("src", halves=halves) if by_reg else (s.const(word), word)
    s.result(y)
    return dst, x, src, y


def _decide(op: int, jmp32: bool, by_reg: bool) -> Callable[[Scene], None]:
    """A side that is not walked is one that no run takes."""

    def state(s: Scene) -> None:
        _, word = _insn(s, op, jmp32, by_reg)
        dst, x, src, y = _operands(s, by_reg, word)
        s.ex.contracts[compare.refine_and_sync] = _refined(s, x, y)
        taken = s.call(jmp._is_branch_taken, s.env, dst, src, op, jmp32, by_reg, False)
        _show_decided(s, taken, holds(op, x, y, jmp32))

    return state


def _decide_same(op: int, jmp32: bool) -> Callable[[Scene], None]:
    """Of a register compared with itself."""

    def state(s: Scene) -> None:
        reg, x = s.value_with("reg")
        s.result(x)
        s.ex.contracts[compare.refine_and_sync] = _refined(s, x, x)
        taken = s.call(jmp._is_branch_taken, s.env, reg, reg, op, jmp32, True, True)
        _show_decided(s, taken, holds(op, x, x, jmp32))

    return state


def _show_decided(s: Scene, taken: Any, real: Cond) -> None:
    if taken is not None:
        s.show(Cond(formula(truth(taken)) == real.term), "the side")


def _refined(s: Scene, x: Any, y: Any) -> Contract:
    """What the statement `refine` shows, for values that stand for x and y."""

    def run(ex: Executor, a: RegState, b: RegState, op: int, jmp32: bool, rules: object) -> None:
        given = [formula(s.holds(a, x)), formula(s.holds(b, y)), holds(op, x, y, jmp32).term]
        for v, word in ((a, x), (b, y)):
            s.forget(v, "refined")
            for width in (64, 32):
                ex.assume(s.agrees(v, width))
            ex.assume(Cond(z3.Implies(z3.And(*given), formula(s.holds(v, word)))))

    return run


def _refine(op: int, jmp32: bool) -> Callable[[Scene], None]:
    """Where the comparison holds no word that makes it hold is lost."""

    def state(s: Scene) -> None:
        dst, x, src, y = _operands(s, True, None, halves=jmp32)
        s.assume(holds(op, x, y, jmp32))
        s.call(compare.refine_and_sync, dst, src, op, jmp32, s.rules)
        s.show_holds(dst, x, "dst")
        s.show_holds(src, y, "src")

    return state


def _learn(op: int, jmp32: bool, by_reg: bool, taken: bool) -> Callable[[Scene], None]:
    """What releases until 6.7 learn of a comparison with a constant, or of two equal registers."""

    def state(s: Scene) -> None:
        insn, word = _insn(s, op, jmp32, by_reg)
        dst, x, src, y = _operands(s, by_reg, word)
        real = holds(op, x, y, jmp32)
        s.assume(real if taken else negated(real))
        sides = []
        for _ in range(2):
            regs = [dst] * 11
            regs[DST], regs[SRC] = s.call(type(dst).copy, dst), s.call(type(src).copy, src)
            sides.append(regs)
        here, there = sides
        s.call(jmp._learn_constant, s.env, here, there, insn, op, jmp32, by_reg)
        regs = there if taken else here
        s.show_holds(regs[DST], x, "dst")
        if by_reg:
            s.show_holds(regs[SRC], y, "src")

    return state


def two_ranges(rules: Rules) -> bool:
    return rules.BRANCH_TWO_RANGES and not rules.RANGES_CIRCULAR


def of_arcs(rules: Rules) -> bool:
    return rules.BRANCH_TWO_RANGES and rules.RANGES_CIRCULAR


def _refine_rows(title: str, op: int, jmp32: bool) -> list[Obligation]:
    """Of arcs each way is proved for itself: on one an operand of JNE is a constant."""
    row = Obligation(f"refine {title}", (compare.refine_and_sync,), _refine(op, jmp32), two_ranges)
    return [row, row._replace(name=f"{row.name} of arcs", applies=of_arcs, splits=True)]


def _rows() -> list[Obligation]:
    rows = []
    for op, name in NAMES.items():
        for jmp32 in (False, True):

            def applies(rules: Rules, jmp32: bool = jmp32) -> bool:
                return rules.JMP32 or not jmp32

            def older(rules: Rules, jmp32: bool = jmp32) -> bool:
                return not rules.BRANCH_TWO_RANGES and (rules.JMP32 or not jmp32)

            title = f"{name}{'32' if jmp32 else ''}"
            rows += _refine_rows(title, op, jmp32)
            rows.append(
                Obligation(
                    f"decide {title} same",
                    (jmp._same_register,),
                    _decide_same(op, jmp32),
                    lambda rules: rules.BRANCH_SAME_REG,
                )
            )
            for by_reg in (True, False):
                form = "reg" if by_reg else "imm"
                rows.append(
                    Obligation(
                        f"decide {title} {form}",
                        (compare.decided, compare_const.decided),
                        _decide(op, jmp32, by_reg),
                        applies,
                    )
                )
                rows += [
                    Obligation(
                        f"learn {title} {form} {'there' if taken else 'here'}",
                        (compare_const.refine,),
                        _learn(op, jmp32, by_reg, taken),
                        older,
                    )
                    for taken in (True, False)
                ]
    return [
        *rows,
        *_refine_rows("not set", NOT_SET, False),
        *_refine_rows("not set 32", NOT_SET, True),
    ]


OBLIGATIONS = tuple(_rows())
