"""Expressions of Python, evaluated on terms for the executor."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING, Any

import z3

from verifier_model.smt.proof import subset
from verifier_model.smt.proof.frames import Fork, Frame, Poison, Unsupported
from verifier_model.smt.proof.terms import MAX_SHIFT, Bits, Cond, Maybe, Whole, negated, truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier_model.smt.proof.execute import Executor


def value(ex: Executor, node: ast.expr, frame: Frame) -> Any:
    """What the expression is in that frame."""
    method = _METHODS.get(type(node))
    if method is None:
        raise Unsupported(f"{frame.function.__name__}: {type(node).__name__}")
    return method(ex, node, frame)


def operate(ex: Executor, op: ast.operator, left: Any, right: Any, line: int) -> Any:
    """`left op right`."""
    if isinstance(op, (ast.LShift, ast.RShift)) and isinstance(right, Bits):
        ex.need(right >= 0, f"line {line}: shift by a negative count")
        if isinstance(op, ast.LShift):
            ex.need(right <= MAX_SHIFT, f"line {line}: shift too far")
    if isinstance(op, ast.FloorDiv):
        return _quotient(ex, left, right, line)
    return subset.BINARY[type(op)](subset.number(left), subset.number(right))


def _quotient(ex: Executor, left: Any, right: Any, line: int) -> Any:
    """The quotient rounded down, by what defines it; the divisor must be above 0."""
    if isinstance(left, int) and isinstance(right, int):
        return left // right
    ex.need(right > 0, f"line {line}: division by what is not above 0")
    quotient = Whole(z3.Int(ex.fresh("quotient")))
    rest = left - quotient * right
    ex.assume(rest >= 0)
    ex.assume(rest < right)
    return quotient


def _name(ex: Executor, node: ast.Name, frame: Frame) -> Any:
    if node.id in frame.locals:
        found = frame.locals[node.id]
        if isinstance(found, Poison):
            raise Fork(found.site)
        return found
    scope = frame.function.__globals__
    return scope[node.id] if node.id in scope else getattr(builtins, node.id)


def _attribute(ex: Executor, node: ast.Attribute, frame: Frame) -> Any:
    return getattr(value(ex, node.value, frame), node.attr)


def _binary(ex: Executor, node: ast.BinOp, frame: Frame) -> Any:
    left, right = value(ex, node.left, frame), value(ex, node.right, frame)
    return operate(ex, node.op, left, right, node.lineno)


def _unary(ex: Executor, node: ast.UnaryOp, frame: Frame) -> Any:
    operand = value(ex, node.operand, frame)
    if isinstance(node.op, ast.Not):
        return negated(truth(operand))
    operand = subset.number(operand)
    return -operand if isinstance(node.op, ast.USub) else ~operand


def _either(ex: Executor, node: ast.BoolOp, frame: Frame) -> Any:
    """`and` and `or`: an operand is asked only where those before leave it open."""
    result = value(ex, node.values[0], frame)
    for operand in node.values[1:]:
        goes_on = truth(result)
        if isinstance(node.op, ast.Or):
            goes_on = negated(goes_on)
        result = _pick(ex, ex.choose(goes_on, node), node, frame, operand, result)
    return result


def _pick(
    ex: Executor, goes_on: bool | Cond, node: ast.expr, frame: Frame, operand: ast.expr, known: Any
) -> Any:
    if isinstance(goes_on, bool):
        return value(ex, operand, frame) if goes_on else known
    if isinstance(known, Maybe):  # of `or` what is there, of `and` what is not
        known = (
            known.value if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) else None
        )
    return ex.branch(goes_on, node, frame, lambda: value(ex, operand, frame), lambda: known)


def _ternary(ex: Executor, node: ast.IfExp, frame: Frame) -> Any:
    cond = ex.choose(truth(value(ex, node.test, frame)), node)
    if isinstance(cond, bool):
        return value(ex, node.body if cond else node.orelse, frame)
    return ex.branch(
        cond,
        node,
        frame,
        lambda: value(ex, node.body, frame),
        lambda: value(ex, node.orelse, frame),
    )


def _compare(ex: Executor, node: ast.Compare, frame: Frame) -> Any:
    left = value(ex, node.left, frame)
    parts: list[bool | Cond] = []
    for op, operand in zip(node.ops, node.comparators, strict=True):
        right = value(ex, operand, frame)
        parts.append(subset.compared(op, left, right))
        left = right
    return subset.conjunction(parts)


def _call(ex: Executor, node: ast.Call, frame: Frame) -> Any:
    function = value(ex, node.func, frame)
    args = _list(ex, node.args, frame)
    kwargs = {k.arg: value(ex, k.value, frame) for k in node.keywords if k.arg}
    return ex.call(function, *args, **kwargs)


def _list(ex: Executor, nodes: list[ast.expr], frame: Frame) -> list[Any]:
    items: list[Any] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            items.extend(value(ex, node.value, frame))
        else:
            items.append(value(ex, node, frame))
    return items


def _subscript(ex: Executor, node: ast.Subscript, frame: Frame) -> Any:
    where = value(ex, node.value, frame)
    if isinstance(node.slice, ast.Slice):
        ends = (node.slice.lower, node.slice.upper, node.slice.step)
        return where[slice(*(value(ex, end, frame) if end else None for end in ends))]
    return where[value(ex, node.slice, frame)]


def _items(ex: Executor, node: ast.GeneratorExp | ast.ListComp, frame: Frame) -> list[Any]:
    loop = node.generators[0]
    inner = Frame(frame.function, dict(frame.locals))
    items = []
    for item in value(ex, loop.iter, frame):
        ex.assign(loop.target, item, inner)
        if all(truth(value(ex, test, inner)) for test in loop.ifs):
            items.append(value(ex, node.elt, inner))
    return items


_METHODS: dict[type[ast.expr], Callable[[Executor, Any, Frame], Any]] = {
    ast.Attribute: _attribute,
    ast.BinOp: _binary,
    ast.BoolOp: _either,
    ast.Call: _call,
    ast.Compare: _compare,
    ast.Constant: lambda ex, node, frame: node.value,
    ast.GeneratorExp: _items,
    ast.IfExp: _ternary,
    ast.JoinedStr: lambda ex, node, frame: "a text",  # complaints: nothing depends on them
    ast.List: lambda ex, node, frame: _list(ex, node.elts, frame),
    ast.ListComp: _items,
    ast.Name: _name,
    ast.Subscript: _subscript,
    ast.Tuple: lambda ex, node, frame: tuple(_list(ex, node.elts, frame)),
    ast.UnaryOp: _unary,
}
