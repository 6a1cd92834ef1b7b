"""Obligation: one row of the table of what is proved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier_model.rules import Rules
    from verifier_model.smt.proof.execute import Invariant
    from verifier_model.smt.proof.scene import Scene


def always(rules: Rules) -> bool:
    return True


def no_loops(scene: Scene) -> dict[Any, Invariant]:
    return {}


class Obligation(NamedTuple):
    """A statement about functions that run, for each release in which they do."""

    name: str
    proves: tuple[Any, ...]  # the functions it is about: their bodies are run, not their lemmas
    state: Callable[[Scene], None]  # makes arguments, calls them, claims
    applies: Callable[[Rules], bool] = always
    loops: Callable[[Scene], dict[Any, Invariant]] = no_loops
    splits: bool = False  # proved for each way through its `if`s
