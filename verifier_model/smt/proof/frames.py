"""The records of the executor: running functions, sides of branches, and what ends a run."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import z3

    Writes = dict[tuple[int, str | int], tuple[Any, Any]]  # (object, key) -> (object, value)


class Unsupported(Exception):
    """The source has something that the executor does not run."""


class Rejected(Exception):
    """Every path of the run raises: the verifier refuses the program."""


class Fork(Exception):
    """The two sides of a branch cannot be merged: the run must be repeated for each."""

    def __init__(self, site: ast.AST) -> None:
        super().__init__(f"line {getattr(site, 'lineno', '?')}")
        self.site = site


class Poison(NamedTuple):
    """A local with values of two kinds; `site` is the branch that gave them."""

    site: ast.AST


class Bind(ast.stmt):
    """A statement of the executor's own: give a loop's target its next value."""

    def __init__(self, target: ast.expr, value: object) -> None:
        super().__init__()
        self.target = target
        self.value = value


class Mark(ast.stmt):
    """A statement of the executor's own: here a round of a loop ends, or, if `last`, the loop."""

    def __init__(self, last: bool) -> None:
        super().__init__()
        self.last = last


class Frame(NamedTuple):
    """A running function."""

    function: Any  # a FunctionType
    locals: dict[str, Any]


class Side(NamedTuple):
    """What one side of a branch left behind."""

    result: Any
    locals: dict[str, Any]
    writes: Writes


class Need(NamedTuple):
    """What must hold so that Python raises nothing."""

    holds: z3.BoolRef
    where: str
    facts: int  # how many of the run's facts were known then; no later one may be used
