"""DTrace's arithmetic, said once more: evaluates cooked expressions without generating code.

The rules, as the C implementation has them (2.0.7, observed):
- A value is 64 bits, whatever its type; types decide signs, and how much is stored and loaded.
- A variable keeps as many bytes as its type has and is extended by its sign when it is read.
- A cast cuts to a narrower type, to one of its size and the other sign, and from a signed type to
  an unsigned one; any other keeps all bits.
- / and % are signed if the operation's type is (in `x /= y` the type of x): then 0 as divisor is a
  fault, a quotient is negative if just one operand is, and a remainder has the dividend's sign (in
  the C implementation the quotient's, but for constants).  Unsigned, x / 0 is 0 and x % 0 is x.
- << and >> count modulo 64; >> brings in the sign of its left operand's type.
- An assignment's value is that of its right side, uncut.  ++ before gives the new value uncut.
- Operands are computed from left to right, the right side of = before its place, the place of op=
  twice if it has side effects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.lang.nodes import (
    Assign,
    Binary,
    Cast,
    Comma,
    Ident,
    Index,
    IntLit,
    Postfix,
    Scoped,
    Ternary,
    Unary,
)
from dtrace.types.convert import is_signed

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.lang.nodes import Expr
    from dtrace.sema.symbols import Variable
    from dtrace.types.model import Type

BITS = 64
U64 = (1 << BITS) - 1
Place = tuple["Variable", tuple[int, ...]]


class DivideByZero(Exception):
    """Fault 4."""


def signed(value: int, bits: int = BITS) -> int:
    """The low `bits` of `value` as a signed number."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def cut(value: int, t: Type) -> int:
    """What remains of `value` in a variable of type `t`, as 64 bits."""
    bits = 8 * t.size
    low = value & ((1 << bits) - 1)
    return signed(low, bits) & U64 if is_signed(t) else low


def divide(op: str, a: int, b: int, *, is_signed: bool) -> int:
    """a / b or a % b."""
    if not is_signed:
        return (a // b if b else 0) if op == "/" else (a % b if b else a)
    if b == 0:
        raise DivideByZero
    x, y = signed(a), signed(b)
    if op == "%":
        return (abs(x) % abs(y)) * (-1 if x < 0 else 1) & U64
    return (abs(x) // abs(y)) * (-1 if (x < 0) != (y < 0) else 1) & U64


COMPARE: dict[str, Callable[[int, int], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
ARITH: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a << (b % BITS),
}


def type_of(node: Expr) -> Type:
    assert node.type is not None
    return node.type


class Evaluator:
    """Integer expressions over variables and associative arrays with integer keys."""

    def __init__(self) -> None:
        self.values: dict[Place, int] = {}

    def __call__(self, node: Expr) -> int:
        """The value of `node`, 64 bits.  Raises DivideByZero."""
        match node:
            case IntLit():
                return node.value & U64
            case Ident() | Scoped() | Index():
                return self.read(self.place(node))
            case Unary():
                return self.unary(node)
            case Postfix():
                place = self.place(node.operand)
                old = self.read(place)
                self.write(place, old + (1 if node.op == "++" else -1))
                return old
            case Binary():
                return self.binary(node)
            case Assign():
                return self.assign(node)
            case Ternary():
                return self(node.yes if self(node.cond) else node.no)
            case Comma():
                self(node.left)
                return self(node.right)
            case Cast():
                return self.cast(self(node.operand), type_of(node.operand), type_of(node))
        raise NotImplementedError(node)

    def place(self, node: Expr) -> Place:
        """The variable that `node` stands for, and the keys of an associative array."""
        if isinstance(node, Index):
            array = node.base
            assert isinstance(array, (Ident, Scoped))
            keys = [cut(self(key), t) for key, t in zip(node.keys, array.ref.keys, strict=True)]
            return array.ref, tuple(keys)
        assert isinstance(node, (Ident, Scoped))
        return node.ref, ()

    def read(self, place: Place) -> int:
        return self.values.get(place, 0)

    def write(self, place: Place, value: int) -> int:
        self.values[place] = cut(value, place[0].type)
        return value & U64

    def unary(self, node: Unary) -> int:
        if node.op in ("++", "--"):
            place = self.place(node.operand)
            return self.write(place, self.read(place) + (1 if node.op == "++" else -1))
        value = self(node.operand)
        return {"-": -value, "+": value, "~": ~value, "!": int(not value)}[node.op] & U64

    def binary(self, node: Binary) -> int:
        op = node.op
        left = self(node.left)
        if op == "&&":
            return int(bool(left and self(node.right)))
        if op == "||":
            return int(bool(left or self(node.right)))
        right = self(node.right)
        if op == "^^":
            return int(bool(left) != bool(right))
        if op in COMPARE:
            if is_signed(node.optype):
                left, right = signed(left), signed(right)
            return int(COMPARE[op](left, right))
        return self.arith(op, left, right, node.optype, type_of(node.left))

    def arith(self, op: str, left: int, right: int, optype: Type, shifted: Type) -> int:
        if op in "/%":
            return divide(op, left, right, is_signed=is_signed(optype))
        if op == ">>":
            return (signed(left) if is_signed(shifted) else left) >> (right % BITS) & U64
        return ARITH[op](left, right) & U64

    def assign(self, node: Assign) -> int:
        if node.op == "=":
            value = self(node.right)
            return self.write(self.place(node.left), value)
        t = type_of(node.left)
        place = self.place(node.left)
        old = self.read(place)
        value = self.arith(node.op[:-1], old, self(node.right), t, t)
        return self.write(self.place(node.left), value)

    def cast(self, value: int, source: Type, to: Type) -> int:
        changes = is_signed(source) != is_signed(to)
        narrower = to.size < source.size
        if narrower or (changes and (to.size == source.size or is_signed(source))):
            return cut(value, to)
        return value
