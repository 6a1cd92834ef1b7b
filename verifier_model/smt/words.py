"""Words: 64-bit numbers that are known, or terms of a solver.

A known word is an int in [0, 2^64), so that a program that runs on constants never asks the solver;
any other word is a bit-vector of 64 bits.  A truth is a bool or a term in the same way.

The meaning of every operation is the machine's: counts of shifts are taken modulo the width, a
division by zero gives 0, its remainder is the dividend, and a 32-bit operation clears the upper
half of the result (RFC 9669, 4.1; ___bpf_prog_run(), kernel/bpf/core.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import z3

if TYPE_CHECKING:
    from collections.abc import Callable

Term: TypeAlias = Any  # what z3 gives, which has no types
Word: TypeAlias = int | Term
Truth: TypeAlias = bool | Term

BITS = 64
U64 = (1 << 64) - 1
U32 = (1 << 32) - 1


class Operation(NamedTuple):
    """An operation of two words: on numbers below 2^bits, and on terms of that many bits."""

    known: Callable[[int, int, int], int]  # (x, y, bits); the result is cut to `bits`
    term: Callable[[Any, Any], Any]


class Relation(NamedTuple):
    """A comparison of two words, in the same two ways."""

    known: Callable[[int, int, int], bool]
    term: Callable[[Any, Any], Any]


def signed(x: int, bits: int = BITS) -> int:
    """The number that `bits` bits stand for in two's complement."""
    sign = 1 << (bits - 1)
    return ((x & ((1 << bits) - 1)) ^ sign) - sign


def _quotient(x: int, y: int) -> int:
    """Truncated towards zero; 0 where y is 0."""
    if not y:
        return 0
    size = abs(x) // abs(y)
    return size if (x < 0) == (y < 0) else -size


def _sdiv(x: int, y: int, bits: int) -> int:
    return _quotient(signed(x, bits), signed(y, bits))


def _smod(x: int, y: int, bits: int) -> int:
    a, b = signed(x, bits), signed(y, bits)
    return a - b * _quotient(a, b)


def _count(term: Any) -> Any:
    """A shift's count modulo the width."""
    return term & (term.size() - 1)


OPERATIONS: dict[str, Operation] = {
    "add": Operation(lambda x, y, _: x + y, lambda x, y: x + y),
    "sub": Operation(lambda x, y, _: x - y, lambda x, y: x - y),
    "mul": Operation(lambda x, y, _: x * y, lambda x, y: x * y),
    "or": Operation(lambda x, y, _: x | y, lambda x, y: x | y),
    "and": Operation(lambda x, y, _: x & y, lambda x, y: x & y),
    "xor": Operation(lambda x, y, _: x ^ y, lambda x, y: x ^ y),
    "mov": Operation(lambda _x, y, _: y, lambda _x, y: y),
    "lsh": Operation(lambda x, y, n: x << (y & (n - 1)), lambda x, y: x << _count(y)),
    "rsh": Operation(lambda x, y, n: x >> (y & (n - 1)), lambda x, y: z3.LShR(x, _count(y))),
    "arsh": Operation(lambda x, y, n: signed(x, n) >> (y & (n - 1)), lambda x, y: x >> _count(y)),
    "div": Operation(
        lambda x, y, _: x // y if y else 0, lambda x, y: z3.If(y == 0, y, z3.UDiv(x, y))
    ),
    "mod": Operation(
        lambda x, y, _: x % y if y else x, lambda x, y: z3.If(y == 0, x, z3.URem(x, y))
    ),
    "sdiv": Operation(_sdiv, lambda x, y: z3.If(y == 0, y, x / y)),
    "smod": Operation(_smod, lambda x, y: z3.If(y == 0, x, z3.SRem(x, y))),
}

RELATIONS: dict[str, Relation] = {
    "jeq": Relation(lambda x, y, _: x == y, lambda x, y: x == y),
    "jne": Relation(lambda x, y, _: x != y, lambda x, y: x != y),
    "jgt": Relation(lambda x, y, _: x > y, z3.UGT),
    "jge": Relation(lambda x, y, _: x >= y, z3.UGE),
    "jlt": Relation(lambda x, y, _: x < y, z3.ULT),
    "jle": Relation(lambda x, y, _: x <= y, z3.ULE),
    "jsgt": Relation(lambda x, y, n: signed(x, n) > signed(y, n), lambda x, y: x > y),
    "jsge": Relation(lambda x, y, n: signed(x, n) >= signed(y, n), lambda x, y: x >= y),
    "jslt": Relation(lambda x, y, n: signed(x, n) < signed(y, n), lambda x, y: x < y),
    "jsle": Relation(lambda x, y, n: signed(x, n) <= signed(y, n), lambda x, y: x <= y),
    "jset": Relation(lambda x, y, _: bool(x & y), lambda x, y: (x & y) != 0),
}


def alu(name: str, x: Word, y: Word, bits: int) -> Word:
    """`x name y` on the low `bits` bits, 64 or 32; the upper half of a 32-bit result is zero."""
    operation = OPERATIONS[name]
    if isinstance(x, int) and isinstance(y, int):
        mask = (1 << bits) - 1
        return operation.known(x & mask, y & mask, bits) & mask
    if bits == BITS:
        return operation.term(term(x), term(y))
    return zero_extend(operation.term(low(x, bits), low(y, bits)))


def compare(name: str, x: Word, y: Word, bits: int = BITS) -> Truth:
    """Whether `x name y` holds of the low `bits` bits."""
    relation = RELATIONS[name]
    if isinstance(x, int) and isinstance(y, int):
        mask = (1 << bits) - 1
        return relation.known(x & mask, y & mask, bits)
    return relation.term(low(x, bits), low(y, bits))


def add(x: Word, y: Word) -> Word:
    """x + y, of 64 bits."""
    if isinstance(y, int) and not y:
        return x
    return alu("add", x, y, BITS)


def swapped(x: Word, width: int) -> Word:
    """The low `width` bits with their bytes in reverse order."""
    if isinstance(x, int):
        size = width // 8
        return int.from_bytes((x & ((1 << width) - 1)).to_bytes(size, "little"), "big")
    return zero_extend(z3.Concat(*(byte(x, i) for i in range(width // 8))))


def cut(x: Word, width: int) -> Word:
    """The low `width` bits, the others zero."""
    if width == BITS:
        return x
    if isinstance(x, int):
        return x & ((1 << width) - 1)
    return zero_extend(low(x, width))


def sign_extended(x: Word, width: int, bits: int = BITS) -> Word:
    """The low `width` bits as a signed number of `bits` bits; what is above is zero."""
    if isinstance(x, int):
        return signed(x, width) & ((1 << bits) - 1)
    return zero_extend(z3.SignExt(bits - width, low(x, width)))


# -- terms


def term(x: Word) -> Term:
    """A word as a term."""
    return z3.BitVecVal(x, BITS) if isinstance(x, int) else x


def low(x: Word, bits: int) -> Term:
    """The low `bits` bits as a term of that width."""
    if isinstance(x, int):
        return z3.BitVecVal(x, bits)
    if bits == BITS:
        return x
    if x.decl().kind() == z3.Z3_OP_ZERO_EXT and x.arg(0).size() == bits:
        return x.arg(0)
    return z3.Extract(bits - 1, 0, x)


def byte(x: Word, i: int) -> Term:
    """Byte `i` of a word, 0 the lowest, as a term of 8 bits."""
    if isinstance(x, int):
        return z3.BitVecVal(x >> 8 * i, 8)
    return z3.Extract(8 * i + 7, 8 * i, x)


def split(x: Word, size: int) -> list[Word]:
    """The low `size` bytes, the lowest first, as words below 256."""
    if isinstance(x, int):
        return [x >> 8 * i & 0xFF for i in range(size)]
    return [zero_extend(byte(x, i)) for i in range(size)]


def zero_extend(x: Term) -> Term:
    """A term of at most 64 bits as a word."""
    return z3.ZeroExt(BITS - x.size(), x) if x.size() < BITS else x


# -- truths


def negation(a: Truth) -> Truth:
    return not a if isinstance(a, bool) else z3.Not(a)


def both(*truths: Truth) -> Truth:
    """Whether all of them hold."""
    if any(a is False for a in truths):
        return False
    unknown = [a for a in truths if not isinstance(a, bool)]
    if len(unknown) < 2:
        return unknown[0] if unknown else True
    return z3.And(*unknown)


def either(*truths: Truth) -> Truth:
    """Whether one of them holds."""
    if any(a is True for a in truths):
        return True
    unknown = [a for a in truths if not isinstance(a, bool)]
    if len(unknown) < 2:
        return unknown[0] if unknown else False
    return z3.Or(*unknown)


def choice(truth: Truth, x: Word, y: Word) -> Word:
    """x where `truth` holds, else y."""
    if isinstance(truth, bool):
        return x if truth else y
    return z3.If(truth, term(x), term(y))
