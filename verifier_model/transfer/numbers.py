"""Arithmetic on two numbers, without all that ranges and unknown bits would need.

A loop that counts asks each time for numbers that nobody asked for before, so that nothing that
was worked out earlier helps.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from emu.isa.table import ALU64
from verifier_model.domain.bounds import is_settled
from verifier_model.domain.word import U32, U64

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.prog import Insn
    from verifier_model.reg import RegState
    from verifier_model.rules import Rules

_XOR = 0xA0
_OPERATORS: dict[int, Callable[[int, int], int]] = {
    0x00: operator.add,
    0x10: operator.sub,
    0x20: operator.mul,
    0x40: operator.or_,
    0x50: operator.and_,
    _XOR: operator.xor,
}


def of_numbers(rules: Rules, insn: Insn, dst: RegState, src: RegState) -> int | None:
    """`dst op src` where both are numbers, the same that transfer.alu.adjust_scalar() finds.

    None for what is not done here: operands that are no numbers, other operations, and releases
    before Trait.BOUNDS_32.
    """
    op = insn.code & 0xF0
    if dst.var_off.mask or src.var_off.mask or op not in _OPERATORS or not rules.BOUNDS_32:
        return None
    if (op == _XOR and not rules.XOR_TRACKED) or not is_settled(dst) or not is_settled(src):
        return None
    most = U64 if insn.code & 7 == ALU64 else U32
    return _OPERATORS[op](dst.var_off.value & most, src.var_off.value & most) & most
