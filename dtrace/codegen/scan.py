"""Questions about a whole tree: which names it uses, whether it changes anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.lang.nodes import Assign, Expr, Ident, Index, Member, Node, Postfix, Unary
from dtrace.sema.symbols import Variable
from dtrace.types.convert import is_user

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def names_used(nodes: Iterable[Node]) -> set[str]:
    """Names of the builtin variables in `nodes`, and "self->" if a thread-local one is used."""
    found: set[str] = set()
    for node in walk(nodes):
        ref = getattr(node, "ref", None)
        if isinstance(ref, Variable):
            if ref.scope == "self":
                found.add("self->")
        elif isinstance(node, Ident):
            found.add(node.name)
    return found


def has_effects(node: Expr) -> bool:
    """Whether computing `node` changes a variable."""
    return any(
        isinstance(n, (Assign, Postfix)) or (isinstance(n, Unary) and n.op in ("++", "--"))
        for n in walk([node])
    )


def in_process(node: Expr) -> bool:
    """Whether the struct, array or string that a cooked `node` stands for is in a process's
    memory."""
    if isinstance(node, Member):
        return _is_user(node.base) if node.arrow else in_process(node.base)
    if isinstance(node, Index):
        return _is_user(node.base) or in_process(node.base)
    if isinstance(node, Unary) and node.op == "*":
        return _is_user(node.operand)
    return _is_user(node)


def _is_user(node: Expr) -> bool:
    return node.type is not None and is_user(node.type)


def walk(nodes: Iterable[Node]) -> Iterator[Node]:
    """`nodes` and all nodes below them."""
    stack: list[object] = list(nodes)
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, Node):
            yield node
            stack.extend(_children(node))


def _children(node: Node) -> list[object]:
    cls = type(node)
    names = _CHILDREN.get(cls)
    if names is None:
        names = _CHILDREN[cls] = _names_of_children(cls)
    return [getattr(node, name) for name in names]


# Fields of a node's class that may hold nodes: all but its types and what cooking added.
_CHILDREN: dict[type, tuple[str, ...]] = {}
_NOT_NODES = {"span", "type", "optype", "ref", "detail", "to", "of"}


def _names_of_children(cls: type) -> tuple[str, ...]:
    slots: tuple[str, ...] = cls.__slots__  # type: ignore[attr-defined]
    return tuple(name for name in slots if name not in _NOT_NODES)
