"""What the executor needs of Python beside statements: built-ins, comparisons, arguments."""

from __future__ import annotations

import ast
import builtins
import importlib
import operator
from typing import TYPE_CHECKING, Any

import z3

from verifier_model.smt.proof.terms import Bits, Cond, Whole, bits, formula, merge, truth

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType

MISSING = object()  # what an object's attribute is before it is first set


def load(obj: Any, key: str | int) -> Any:
    """An item of a list or dict, or an attribute; MISSING where there is none yet."""
    if isinstance(obj, (list, dict)):
        return obj[key]  # type: ignore[index]
    return getattr(obj, str(key), MISSING)


def put(obj: Any, key: str | int, value: Any) -> None:
    if isinstance(obj, (list, dict)):
        obj[key] = value  # type: ignore[index]
    elif value is MISSING:
        delattr(obj, str(key))
    else:
        setattr(obj, str(key), value)


def merge_written(cond: Cond, a: Any, b: Any) -> Any:
    """The same as merge(); what one side never set can be anything there."""
    if a is MISSING:
        return b
    return a if b is MISSING else merge(cond, a, b)


def imported(module: str, name: str) -> Any:
    """What `from module import name` gives."""
    found = importlib.import_module(module)
    if hasattr(found, name):
        return getattr(found, name)
    return importlib.import_module(f"{module}.{name}")


def loaded(target: ast.expr) -> ast.expr:
    """The target of an augmented assignment as an expression; its context is not looked at."""
    return target


def bound(
    function: FunctionType, tree: ast.FunctionDef, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """The locals that a call begins with."""
    names = [a.arg for a in (*tree.args.posonlyargs, *tree.args.args)]
    values = dict(zip(names, args, strict=False)) | kwargs
    defaults = function.__defaults__ or ()
    for name, value in zip(names[len(names) - len(defaults) :], defaults, strict=True):
        values.setdefault(name, value)
    for name, value in (function.__kwdefaults__ or {}).items():
        values.setdefault(name, value)
    missing = [name for name in names if name not in values]
    if missing or len(args) > len(names):
        raise TypeError(f"{function.__name__}: arguments do not fit: {missing}")
    return values


# -- operators ---------------------------------------------------------------------------------

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}


def number(x: Any) -> Any:
    """A truth value as the number Python takes it for."""
    return bits(x) if isinstance(x, Cond) else x


def compared(op: ast.cmpop, left: Any, right: Any) -> Any:
    """`left op right`, a bool or a Cond."""
    if isinstance(op, ast.Eq):
        return equal(left, right)
    if isinstance(op, ast.NotEq):
        same = equal(left, right)
        return Cond(z3.Not(same.term)) if isinstance(same, Cond) else not same
    if isinstance(op, (ast.In, ast.NotIn)) and _is_term(left):
        same = Cond(z3.Or(*(formula(equal(left, item)) for item in right)))
        return same if isinstance(op, ast.In) else Cond(z3.Not(same.term))
    return _COMPARE[type(op)](left, right)


def equal(left: Any, right: Any) -> bool | Cond:
    if isinstance(left, tuple) and isinstance(right, tuple) and len(left) == len(right):
        return conjunction([equal(a, b) for a, b in zip(left, right, strict=True)])
    if left is None or right is None:
        return left is right
    if isinstance(left, (bool, Cond)) and isinstance(right, (bool, Cond)):
        if isinstance(left, bool) and isinstance(right, bool):
            return left == right
        return Cond(formula(left) == formula(right))
    return number(left) == number(right)  # type: ignore[no-any-return]


def conjunction(parts: list[bool | Cond]) -> bool | Cond:
    """Whether all of them hold."""
    open_parts = [p.term for p in parts if isinstance(p, Cond)]
    if any(p is False for p in parts):
        return False
    return Cond(z3.And(*open_parts)) if open_parts else True


def disjunction(parts: list[bool | Cond]) -> bool | Cond:
    """Whether one of them holds."""
    open_parts = [p.term for p in parts if isinstance(p, Cond)]
    if any(p is True for p in parts):
        return True
    return Cond(z3.Or(*open_parts)) if open_parts else False


def _is_term(x: Any) -> bool:
    return isinstance(x, (Bits, Cond, Whole))


# -- built-in functions ------------------------------------------------------------------------


def _largest(*items: Any) -> Any:
    items = tuple(items[0]) if len(items) == 1 else items
    best = items[0]
    for item in items[1:]:
        best = merge(truth(item > best), item, best)
    return best


def _smallest(*items: Any) -> Any:
    items = tuple(items[0]) if len(items) == 1 else items
    best = items[0]
    for item in items[1:]:
        best = merge(truth(item < best), item, best)
    return best


def _first(items: list[Any], *default: Any) -> Any:
    """What next() gives of a generator, whose items stand in a list here."""
    return (items or default)[0]


def _isinstance(x: Any, kinds: Any) -> bool:
    """A term is what it stands for."""
    kinds = kinds if isinstance(kinds, tuple) else (kinds,)
    if isinstance(x, Cond):
        return bool in kinds or int in kinds
    return int in kinds if isinstance(x, (Bits, Whole)) else isinstance(x, kinds)


BUILTINS: dict[object, Callable[..., Any]] = {
    builtins.all: lambda items: conjunction([truth(x) for x in items]),
    builtins.any: lambda items: disjunction([truth(x) for x in items]),
    builtins.bool: truth,
    builtins.int: number,
    builtins.isinstance: _isinstance,
    builtins.max: _largest,
    builtins.min: _smallest,
    builtins.next: _first,
}
