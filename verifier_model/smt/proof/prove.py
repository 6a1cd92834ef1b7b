"""Proving an obligation for every release: the releases that differ, the solver, the answers."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from emu.kernel.profile import SERIES, Kernel
from emu.kernel.traits import Trait
from verifier_model.rules import Rules, rules_of
from verifier_model.smt.proof.execute import paths
from verifier_model.smt.proof.lemmas import lemmas
from verifier_model.smt.proof.scene import Asked, Scene
from verifier_model.smt.proof.solver import Undecided, possible, refute

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import z3

    from verifier_model.smt.proof.execute import Executor
    from verifier_model.smt.proof.frames import Need
    from verifier_model.smt.proof.obligation import Obligation


class Failure(NamedTuple):
    """A claim that does not hold, or that the solver could not decide."""

    claim: str
    witness: str | None  # the terms' values; None where the solver ran out of time


class Answer(NamedTuple):
    """What came out for releases that do the same."""

    releases: tuple[str, ...]
    failures: tuple[Failure, ...]
    seconds: float

    @property
    def sound(self) -> bool:
        return not self.failures

    @property
    def unsound(self) -> bool:
        """Whether some claim is refuted; without it, and not sound, nothing is decided."""
        return any(failure.witness is not None for failure in self.failures)


def releases() -> tuple[str, ...]:
    """Every release series, and every point release from which a backport is in a series."""
    points = {
        b for trait in Trait if trait.name in Rules.__annotations__ for b in trait.value.backports
    }
    names = {series.release for series in SERIES} | points
    return tuple(sorted(names, key=lambda name: Kernel.release(name).version))


def prove(obligation: Obligation, names: Iterable[str] = ()) -> Iterator[Answer]:
    """Prove the statement for the releases (all, unless some are named), alike ones together."""
    done: list[tuple[dict[str, bool], list[str], list[Failure], float]] = []
    for name in names or releases():
        kernel = Kernel.release(name)
        rules = rules_of(kernel)
        if not obligation.applies(rules):
            continue
        for asked, same, _, _ in done:
            if all(getattr(rules, rule) == answer for rule, answer in asked.items()):
                same.append(name)
                break
        else:
            start = monotonic()
            asked_rules, failures = _prove_for(obligation, kernel, rules)
            done.append((asked_rules, [name], failures, monotonic() - start))
    for _, same, failures, seconds in done:
        yield Answer(tuple(same), tuple(failures), seconds)


def _prove_for(
    obligation: Obligation, kernel: Kernel, rules: Rules
) -> tuple[dict[str, bool], list[Failure]]:
    """The rules that were asked for, and what failed."""
    asked = Asked(rules)

    def run(ex: Executor) -> Scene:
        scene = Scene(kernel, asked)
        scene.ex = ex
        ex.contracts.update(lemmas(scene, obligation.proves))
        ex.loops.update(obligation.loops(scene))
        scene.machine()
        obligation.state(scene)
        return scene

    failures: list[Failure] = []
    happens = False
    for ex, _ in paths(run, splits=obligation.splits):
        happens = happens or _may_happen(ex.facts)
        for need in ex.needs:
            failures.extend(_check(ex.facts[: need.facts], need))
    if not happens:
        failures.append(Failure("the assumptions leave no case", "none is needed"))
    return asked.answers, failures


def _may_happen(facts: list[z3.BoolRef]) -> bool:
    """Whether something is proved at all: the assumptions do not contradict each other."""
    try:
        return possible(facts)
    except Undecided:
        return True


def _check(facts: list[z3.BoolRef], need: Need) -> Iterator[Failure]:
    try:
        model = refute(facts, need.holds)
    except Undecided:
        yield Failure(need.where, None)
    else:
        if model is not None:
            yield Failure(need.where, _shown(model))


def _shown(model: z3.ModelRef) -> str:
    return ", ".join(
        sorted(f"{d.name()}={_number(model[d])}" for d in model.decls() if d.arity() == 0)
    )


def _number(value: z3.ExprRef) -> str:
    return hex(value.as_long()) if hasattr(value, "as_long") else str(value)
