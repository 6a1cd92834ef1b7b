"""The syntax trees of the functions that run, found by where Python says they are defined."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FunctionType


@lru_cache(maxsize=256)
def tree_of(function: FunctionType) -> ast.FunctionDef:
    """The definition of a function, as its module's file has it."""
    code = function.__code__
    return _definitions(code.co_filename)[code.co_firstlineno, code.co_name]


@lru_cache(maxsize=64)
def _definitions(path: str) -> dict[tuple[int, str], ast.FunctionDef]:
    """By first line, decorators included, and name."""
    tree = ast.parse(Path(path).read_text(encoding="utf-8"), path)
    return {
        (min([node.lineno, *(d.lineno for d in node.decorator_list)]), node.name): node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    }


def leaves_block(block: list[ast.stmt]) -> bool:
    """Whether running it may end what is around it: it returns, raises or ends a loop's round."""
    return any(_leaves(stmt) for stmt in block)


_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)


@lru_cache(maxsize=4096)
def _leaves(stmt: ast.stmt) -> bool:
    return any(isinstance(node, _LEAVING) for node in ast.walk(stmt))
