"""Integers that a solver chooses: Python's operators, exact, on terms of z3.

`Bits` is an integer held in a bit-vector that is always wide enough, so that no operation wraps:
`a + b` of two 64-bit words has 65 bits, as Python's sum would have.  `Cond` is a truth value.  Both
refuse to be a Python bool: code that branches on them must be run by `smt.execute`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import z3

if TYPE_CHECKING:
    from collections.abc import Callable


class Unmergeable(Exception):
    """Two values that no term can stand for both of."""


class Cond:
    """A truth value that the solver chooses."""

    __slots__ = ("term",)

    def __init__(self, term: z3.BoolRef) -> None:
        self.term = term

    def __bool__(self) -> bool:
        raise TypeError("the truth of a term is asked for outside the executor")


class Bits:
    """An integer that the solver chooses: the signed or unsigned reading of a bit-vector."""

    __slots__ = ("signed", "term")

    def __init__(self, term: z3.BitVecRef, signed: bool) -> None:
        self.term = term
        self.signed = signed

    @property
    def width(self) -> int:
        return int(self.term.size())

    def signed_width(self) -> int:
        """The bits that hold it as a signed number."""
        return self.width if self.signed else self.width + 1

    def low(self, width: int) -> z3.BitVecRef:
        """The low bits of the number, extended by its sign where it has fewer."""
        have = self.width
        if width == have:
            return self.term
        if width < have:
            return z3.Extract(width - 1, 0, self.term)
        extend = z3.SignExt if self.signed else z3.ZeroExt
        return extend(width - have, self.term)

    # -- arithmetic ------------------------------------------------------------------------

    def __add__(self, other: Any) -> Any:
        return _sum(self, other, lambda a, b: a + b, subtracts=False)

    def __radd__(self, other: Any) -> Any:
        return self + other

    def __sub__(self, other: Any) -> Any:
        return _sum(self, other, lambda a, b: a - b, subtracts=True)

    def __rsub__(self, other: Any) -> Any:
        return bits(other) - self

    def __mul__(self, other: Any) -> Any:
        other = bits(other)
        signed = self.signed or other.signed
        width = self.width + other.width + signed
        return Bits(self.low(width) * other.low(width), signed)

    __rmul__ = __mul__

    def __neg__(self) -> Any:
        return 0 - self

    def __invert__(self) -> Any:
        return Bits(~self.low(self.signed_width()), True)

    def __abs__(self) -> Any:
        return merge(self < 0, -self, self)

    # -- bits ------------------------------------------------------------------------------

    def __and__(self, other: Any) -> Any:
        if isinstance(other, int) and other >= 0:
            return self._masked(other)
        other = bits(other)
        if self.signed and other.signed:
            width = max(self.width, other.width)
            return Bits(self.low(width) & other.low(width), True)
        width = min(x.width for x in (self, other) if not x.signed)
        return Bits(self.low(width) & other.low(width), False)

    __rand__ = __and__

    def _masked(self, mask: int) -> Any:
        n = mask.bit_length()
        if n == 0:
            return 0
        low = self.low(n)
        return Bits(low if mask == (1 << n) - 1 else low & z3.BitVecVal(mask, n), False)

    def __or__(self, other: Any) -> Any:
        a, b, signed = _common(self, bits(other))
        return Bits(a | b, signed)

    __ror__ = __or__

    def __xor__(self, other: Any) -> Any:
        a, b, signed = _common(self, bits(other))
        return Bits(a ^ b, signed)

    __rxor__ = __xor__

    def __lshift__(self, count: Any) -> Any:
        """By a number from 0 to MAX_SHIFT; the executor proves that a term is one."""
        if isinstance(count, int):
            width = self.width + count
            return Bits(self.low(width) << count, self.signed)
        width = self.width + MAX_SHIFT
        return Bits(self.low(width) << count.low(width), self.signed)

    def __rlshift__(self, other: int) -> Any:
        return bits(other) << self

    def __rshift__(self, count: Any) -> Any:
        width = self.width
        if isinstance(count, int):
            if count >= width and not self.signed:
                return 0
            count = min(count, width - 1)
            return Bits(z3.Extract(width - 1, count, self.term), self.signed)
        width = max(width, _SHIFT_BITS)
        x = self.low(width)
        by = count.low(width)
        return Bits(x >> by if self.signed else z3.LShR(x, by), self.signed)

    def __rrshift__(self, other: int) -> Any:
        return bits(other) >> self

    def bit_length(self) -> Any:
        """Of a number that is not negative; the executor proves that it is none."""
        width = self.width
        count = z3.BitVecVal(0, _SHIFT_BITS)
        for i in range(width):
            top = z3.BitVecVal(i + 1, _SHIFT_BITS)
            count = z3.If(z3.Extract(i, i, self.term) == 1, top, count)
        return Bits(count, False)

    # -- comparisons -----------------------------------------------------------------------

    def __eq__(self, other: object) -> Any:
        a, b, _ = _common(self, bits(other))
        return Cond(a == b)

    def __ne__(self, other: object) -> Any:
        a, b, _ = _common(self, bits(other))
        return Cond(a != b)

    def __lt__(self, other: Any) -> Any:
        a, b, signed = _common(self, bits(other))
        return Cond(a < b if signed else z3.ULT(a, b))

    def __le__(self, other: Any) -> Any:
        a, b, signed = _common(self, bits(other))
        return Cond(a <= b if signed else z3.ULE(a, b))

    def __gt__(self, other: Any) -> Any:
        return bits(other) < self

    def __ge__(self, other: Any) -> Any:
        return bits(other) <= self

    __hash__ = None  # type: ignore[assignment]


MAX_SHIFT = 127  # the largest shift by a term
_SHIFT_BITS = 8


def bits(x: Any) -> Bits:
    """An int, a bool or a truth value as a term."""
    if isinstance(x, Bits):
        return x
    if isinstance(x, Cond):
        return Bits(z3.If(x.term, z3.BitVecVal(1, 1), z3.BitVecVal(0, 1)), False)
    if isinstance(x, int):
        if x < 0:
            return Bits(z3.BitVecVal(x, x.bit_length() + 1), True)
        return Bits(z3.BitVecVal(x, max(x.bit_length(), 1)), False)
    raise Unmergeable(f"{type(x).__name__} is no integer")


def unsigned(name: str, width: int) -> Bits:
    """A number from 0 to 2**width - 1."""
    return Bits(z3.BitVec(name, width), False)


def signed(name: str, width: int) -> Bits:
    """A number from -2**(width - 1) to 2**(width - 1) - 1."""
    return Bits(z3.BitVec(name, width), True)


def _common(a: Bits, b: Bits) -> tuple[Any, Any, bool]:
    if a.signed == b.signed:
        width = max(a.width, b.width)
    else:
        width = max(a.signed_width(), b.signed_width())
    return a.low(width), b.low(width), a.signed or b.signed


def _sum(a: Bits, b: Any, op: Callable[[Any, Any], Any], subtracts: bool) -> Bits:
    b = bits(b)
    if not a.signed and not b.signed and not subtracts:
        width = max(a.width, b.width) + 1
        return Bits(op(a.low(width), b.low(width)), False)
    width = max(a.signed_width(), b.signed_width()) + 1
    return Bits(op(a.low(width), b.low(width)), True)


class Whole:
    """An integer that the solver chooses, of its own theory of integers.

    For products and quotients, where bit-vectors of 64 bits are out of reach; of the operators on
    bits it has only those that are arithmetic.
    """

    __slots__ = ("term",)

    def __init__(self, term: z3.ArithRef) -> None:
        self.term = term

    def __add__(self, other: Any) -> Whole:
        return Whole(self.term + whole(other))

    def __radd__(self, other: Any) -> Whole:
        return Whole(whole(other) + self.term)

    def __sub__(self, other: Any) -> Whole:
        return Whole(self.term - whole(other))

    def __rsub__(self, other: Any) -> Whole:
        return Whole(whole(other) - self.term)

    def __mul__(self, other: Any) -> Whole:
        return Whole(self.term * whole(other))

    __rmul__ = __mul__

    def __neg__(self) -> Whole:
        return Whole(-self.term)

    def __abs__(self) -> Whole:
        return Whole(z3.If(self.term < 0, -self.term, self.term))

    def __and__(self, mask: Any) -> Whole:
        """By a mask of low bits: a remainder."""
        if not isinstance(mask, int) or mask & (mask + 1):
            raise Unmergeable("a mask that is not one of low bits")
        return Whole(self.term % (mask + 1))

    __rand__ = __and__

    def __eq__(self, other: object) -> Any:
        return Cond(self.term == whole(other))

    def __ne__(self, other: object) -> Any:
        return Cond(self.term != whole(other))

    def __lt__(self, other: Any) -> Cond:
        return Cond(self.term < whole(other))

    def __le__(self, other: Any) -> Cond:
        return Cond(self.term <= whole(other))

    def __gt__(self, other: Any) -> Cond:
        return Cond(self.term > whole(other))

    def __ge__(self, other: Any) -> Cond:
        return Cond(self.term >= whole(other))

    __hash__ = None  # type: ignore[assignment]


def whole(x: Any) -> z3.ArithRef:
    """An int, a bool or a truth value as a term of the integers."""
    if isinstance(x, Whole):
        return x.term
    if isinstance(x, Cond):
        return z3.If(x.term, z3.IntVal(1), z3.IntVal(0))
    if isinstance(x, int):
        return z3.IntVal(int(x))
    raise Unmergeable(f"{type(x).__name__} is no integer")


class Maybe:
    """A tuple or None, as the solver chooses."""

    __slots__ = ("present", "value")

    def __init__(self, present: Cond, value: tuple[Any, ...]) -> None:
        self.present = present
        self.value = value


# -- truth and choice --------------------------------------------------------------------------


def truth(x: Any) -> bool | Cond:
    """Whether Python takes `x` for true."""
    if isinstance(x, Cond):
        return x
    if isinstance(x, (Bits, Whole)):
        return x != 0  # type: ignore[no-any-return]
    if isinstance(x, Maybe):
        return x.present
    if isinstance(x, z3.ExprRef):
        raise TypeError("a bare term of the solver among Python values")
    return bool(x)


def formula(x: bool | Cond) -> z3.BoolRef:
    return x.term if isinstance(x, Cond) else z3.BoolVal(x)


def negated(x: bool | Cond) -> bool | Cond:
    return Cond(z3.Not(x.term)) if isinstance(x, Cond) else not x


def merge(cond: bool | Cond, a: Any, b: Any) -> Any:
    """`a` where `cond` holds, else `b`; tuples element by element.

    Raises Unmergeable where they are values of different kinds.
    """
    if isinstance(cond, bool):
        return a if cond else b
    if a is b:
        return a
    if isinstance(a, (bool, Cond)) and isinstance(b, (bool, Cond)):
        return _choice(cond.term, a, b)
    if isinstance(a, int) and isinstance(b, int) and a == b:
        return a
    constants = isinstance(a, int) and isinstance(b, int)
    if Whole in (type(a), type(b)) or (constants and of_integers(cond.term)):
        return Whole(z3.If(cond.term, whole(a), whole(b)))
    if isinstance(a, _NUMBERS) and isinstance(b, _NUMBERS):
        x, y, sign = _common(bits(a), bits(b))
        return x if x is y else Bits(z3.If(cond.term, x, y), sign)
    if isinstance(a, Maybe) or isinstance(b, Maybe) or (a is None) != (b is None):
        return _merge_optional(cond, a, b)
    if isinstance(a, tuple) and type(a) is type(b) and len(a) == len(b):
        parts = [merge(cond, x, y) for x, y in zip(a, b, strict=True)]
        return type(a)(*parts) if hasattr(a, "_fields") else tuple(parts)
    if type(a) is type(b) and isinstance(a, str) and a == b:
        return a
    raise Unmergeable(f"{type(a).__name__} and {type(b).__name__}")


_NUMBERS = (int, Bits, Cond)


def of_integers(term: z3.ExprRef) -> bool:
    """Whether it speaks of integers: one leaf tells, as the two theories are not mixed."""
    last = term.num_args() - 1
    return of_integers(term.arg(last)) if last >= 0 else bool(term.sort() == z3.IntSort())


def _merge_optional(cond: Cond, a: Any, b: Any) -> Maybe:
    values = [x.value if isinstance(x, Maybe) else x for x in (a, b) if x is not None]
    if not all(isinstance(value, tuple) for value in values):
        raise Unmergeable("None and what is no tuple")
    here, there = (x.present if isinstance(x, Maybe) else x is not None for x in (a, b))
    value = values[0] if len(values) == 1 else merge(cond, values[0], values[1])
    return Maybe(Cond(formula(merge(cond, here, there))), value)


def _choice(cond: z3.BoolRef, a: bool | Cond, b: bool | Cond) -> bool | Cond:
    """`a` where `cond` holds, else `b`; kept as `and` and `or`, which can be proved by parts."""
    if isinstance(a, bool) and isinstance(b, bool) and a == b:
        return a
    if a is True or (isinstance(a, Cond) and a.term.eq(cond)):
        return Cond(z3.Or(cond, formula(b)))
    if b is False or (isinstance(b, Cond) and b.term.eq(cond)):
        return Cond(z3.And(cond, formula(a)))
    other = cond.arg(0) if z3.is_not(cond) else z3.Not(cond)
    if b is True or formula(b).eq(other):
        return Cond(z3.Or(other, formula(a)))
    if a is False or formula(a).eq(other):
        return Cond(z3.And(other, formula(b)))
    return Cond(z3.If(cond, formula(a), formula(b)))
