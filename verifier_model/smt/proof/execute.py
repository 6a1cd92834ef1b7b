"""The executor: runs the functions of the model on terms of a solver instead of numbers.

It interprets the very source that Python runs, in the subset of Python that the model's domain and
transfer functions are written in.  Where an `if` depends on a term both sides are run, and what
they leave behind is merged into terms.  Where the two results are of different kinds (None and
True, two objects) the whole run is repeated, once for each side: paths() gives them all.

What a run needs so that Python itself raises nothing (a shift by no negative count, an assertion)
it notes in `needs`, to be proved like the claim.  A path that raises Reject is left out: the
verifier refuses the program there, so nothing runs.
"""

from __future__ import annotations

import ast
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, TypeVar

import z3

from verifier_model.smt.proof import subset
from verifier_model.smt.proof.expressions import operate, value
from verifier_model.smt.proof.frames import (
    Bind,
    Fork,
    Frame,
    Mark,
    Need,
    Poison,
    Rejected,
    Side,
    Unsupported,
)
from verifier_model.smt.proof.source import leaves_block, tree_of
from verifier_model.smt.proof.terms import (
    Cond,
    Unmergeable,
    formula,
    merge,
    negated,
    truth,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from verifier_model.smt.proof.frames import Writes

    Contract = Callable[..., Any]
    # (executor, test, one round, locals): a loop that a term decides, by its invariant
    Invariant = Callable[["Executor", Callable[[], Any], Callable[[], Any], dict[str, Any]], None]

T = TypeVar("T")

# Functions of these modules are interpreted, all others are called as they are.
_OURS = "verifier_model."
_NOT_OURS = "verifier_model.smt."

_FELL = object()  # the end of a block was reached
_RAISED = object()  # every path through the block raises


class Executor:
    """One run: its facts, its needs, and the branches for which it chose a side."""

    def __init__(self, contracts: dict[Any, Contract], loops: dict[Any, Invariant]) -> None:
        self.contracts = contracts  # what stands for a function's body
        self.loops = loops  # by the function that has the loop
        self.facts: list[z3.BoolRef] = []
        self.needs: list[Need] = []
        self.chosen: list[bool] = []
        self.forks: set[ast.AST] = set()
        self.choices: list[bool] = []
        self.splits = False  # whether every `if` is a branch to choose a side of
        self._path: list[z3.BoolRef] = []
        self._journal: list[tuple[Any, str | int, Any]] = []
        self._names = 0

    def assume(self, fact: Any) -> None:
        """Take for granted what holds on the path that runs."""
        self.facts.append(self.on_path(formula(truth(fact))))

    def need(self, fact: Any, where: str) -> None:
        """Note what must be shown to hold on the path that runs."""
        self.needs.append(Need(self.on_path(formula(truth(fact))), where, len(self.facts)))

    def on_path(self, fact: z3.BoolRef) -> z3.BoolRef:
        """That the fact holds wherever this path is taken."""
        return z3.Implies(z3.And(*self._path), fact) if self._path else fact

    def fresh(self, name: str) -> str:
        """A name that no other term of this run has."""
        self._names += 1
        return f"{name}#{self._names}"

    def call(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        """What the function gives for these arguments.

        Raises Rejected if it raises on every path, Unsupported for source that is not covered.
        """
        if isinstance(function, MethodType):
            return self.call(function.__func__, function.__self__, *args, **kwargs)
        if function in self.contracts:
            return self.contracts[function](self, *args, **kwargs)
        if function in subset.BUILTINS:
            return subset.BUILTINS[function](*args, **kwargs)
        function = getattr(function, "__wrapped__", function)  # of functools: without its cache
        if isinstance(function, FunctionType):
            module = function.__module__
            if module.startswith(_OURS) and not module.startswith(_NOT_OURS):
                return self._run(function, args, kwargs)
        return function(*args, **kwargs)

    def _run(self, function: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        tree = tree_of(function)
        frame = Frame(function, subset.bound(function, tree, args, kwargs))
        result = self._block(tree.body, frame)
        if result is _RAISED:
            raise Rejected(function.__name__)
        return None if result is _FELL else result

    # -- statements ------------------------------------------------------------------------

    def _block(self, block: list[ast.stmt], frame: Frame) -> Any:
        """Run statements; gives what they return, _FELL or _RAISED."""
        try:
            return self._statements(block, frame)
        except Rejected:
            return _RAISED

    def _statements(self, block: list[ast.stmt], frame: Frame) -> Any:
        """A part that turns out to run is put before what follows it, so that it can leave."""
        at = 0
        while at < len(block):
            stmt = block[at]
            at += 1
            if isinstance(stmt, ast.Return):
                return value(self, stmt.value, frame) if stmt.value else None
            if isinstance(stmt, ast.Raise):
                return _RAISED
            if isinstance(stmt, ast.If):
                cond = self.choose(truth(value(self, stmt.test, frame)), stmt)
                if isinstance(cond, bool):
                    block, at = [*(stmt.body if cond else stmt.orelse), *block[at:]], 0
                elif leaves_block([stmt]):
                    return self._if(cond, stmt, block[at:], frame)
                else:
                    self._if(cond, stmt, [], frame)
            elif isinstance(stmt, ast.For):
                block, at = [*self._rounds(stmt, frame), *block[at:]], 0
            elif isinstance(stmt, ast.While):
                block, at = [*self._round(stmt, frame), *block[at:]], 0
            elif isinstance(stmt, (ast.Continue, ast.Break)):
                at = _after_round(block, at, isinstance(stmt, ast.Break))
            else:
                self._simple(stmt, frame)
        return _FELL

    def _if(self, cond: Cond, stmt: ast.If, rest: list[ast.stmt], frame: Frame) -> Any:
        then, other = [*stmt.body, *rest], [*stmt.orelse, *rest]
        return self.branch(
            cond, stmt, frame, lambda: self._block(then, frame), lambda: self._block(other, frame)
        )

    def _simple(self, stmt: ast.stmt, frame: Frame) -> None:
        if isinstance(stmt, ast.Expr):
            value(self, stmt.value, frame)
        elif isinstance(stmt, ast.Assign):
            new = value(self, stmt.value, frame)
            for target in stmt.targets:
                self.assign(target, new, frame)
        elif isinstance(stmt, ast.AnnAssign):
            if stmt.value is not None:
                self.assign(stmt.target, value(self, stmt.value, frame), frame)
        elif isinstance(stmt, ast.AugAssign):
            old = value(self, stmt.target, frame)
            new = operate(self, stmt.op, old, value(self, stmt.value, frame), stmt.lineno)
            self.assign(stmt.target, new, frame)
        elif isinstance(stmt, Bind):
            self.assign(stmt.target, stmt.value, frame)
        elif isinstance(stmt, ast.Assert):
            self.need(value(self, stmt.test, frame), f"line {stmt.lineno}: assertion")
        elif isinstance(stmt, ast.ImportFrom):
            for alias in stmt.names:
                name = alias.asname or alias.name
                frame.locals[name] = subset.imported(stmt.module or "", alias.name)
        elif not isinstance(stmt, (ast.Pass, Mark)):
            raise Unsupported(f"{frame.function.__name__}: {type(stmt).__name__}")

    def _rounds(self, stmt: ast.For, frame: Frame) -> Iterator[ast.stmt]:
        """The rounds of a loop over what is known, one after another."""
        for item in value(self, stmt.iter, frame):
            yield Bind(stmt.target, item)
            yield from stmt.body
            yield Mark(last=False)
        yield Mark(last=True)

    def _round(self, stmt: ast.While, frame: Frame) -> list[ast.stmt]:
        """One round of a loop and the loop again, or what its invariant says of all of it."""
        if frame.function in self.loops:
            self.loops[frame.function](
                self,
                lambda: truth(value(self, stmt.test, frame)),
                lambda: self._block(stmt.body, frame),
                frame.locals,
            )
            return [Mark(last=True)]
        cond = truth(value(self, stmt.test, frame))
        if isinstance(cond, Cond) or any(isinstance(n, ast.Break) for n in ast.walk(stmt)):
            raise Unsupported(f"{frame.function.__name__}: a loop that a term decides, or a break")
        return [*stmt.body, Mark(last=False), stmt] if cond else [Mark(last=True)]

    # -- branches --------------------------------------------------------------------------

    def choose(self, cond: bool | Cond, site: ast.AST) -> bool | Cond:
        """The side that this run takes, where the branch has to be walked one way."""
        if isinstance(cond, bool):
            return cond
        if site not in self.forks and not (self.splits and isinstance(site, ast.If)):
            return cond
        i = len(self.chosen)
        taken = self.choices[i] if i < len(self.choices) else True
        self.chosen.append(taken)
        self.assume(cond if taken else negated(cond))
        return taken

    def branch(
        self,
        cond: Cond,
        site: ast.AST,
        frame: Frame,
        run_then: Callable[[], Any],
        run_else: Callable[[], Any],
    ) -> Any:
        """Run both sides, each with its own locals and writes, and merge what they leave."""
        before = dict(frame.locals)
        then = self._side(cond.term, frame, run_then)
        _replace(frame.locals, before)
        other = self._side(z3.Not(cond.term), frame, run_else)
        for dead, live, side in ((then, other, negated(cond)), (other, then, cond)):
            if dead.result is _RAISED:
                if live.result is not _RAISED:
                    self.assume(side)
                _replace(frame.locals, live.locals)
                for (_, key), (obj, value) in live.writes.items():
                    self.store(obj, key, value)
                return live.result
        try:
            result = merge(cond, then.result, other.result)
            self._merge_writes(cond, then.writes, other.writes)
        except Unmergeable:
            raise Fork(site) from None
        _replace(frame.locals, _merged_locals(cond, site, then.locals, other.locals))
        return result

    def _side(self, cond: z3.BoolRef, frame: Frame, run: Callable[[], Any]) -> Side:
        """Run one side and take back what it wrote."""
        mark = len(self._journal)
        self._path.append(cond)
        try:
            result = run()
        except Rejected:
            result = _RAISED
        finally:
            self._path.pop()
        writes: Writes = {}
        for obj, key, _ in self._journal[mark:]:
            writes[id(obj), key] = (obj, subset.load(obj, key))
        for obj, key, old in reversed(self._journal[mark:]):
            subset.put(obj, key, old)
        del self._journal[mark:]
        return Side(result, dict(frame.locals), writes)

    def _merge_writes(self, cond: Cond, then: Writes, other: Writes) -> None:
        for name in [*then, *(n for n in other if n not in then)]:
            obj = (then.get(name) or other[name])[0]
            old = subset.load(obj, name[1])
            a = then[name][1] if name in then else old
            b = other[name][1] if name in other else old
            self.store(obj, name[1], subset.merge_written(cond, a, b))

    def store(self, obj: Any, key: str | int, value: Any) -> None:
        if self._path:
            self._journal.append((obj, key, subset.load(obj, key)))
        subset.put(obj, key, value)

    def assign(self, target: ast.expr, new: Any, frame: Frame) -> None:
        if isinstance(target, ast.Name):
            frame.locals[target.id] = new
        elif isinstance(target, ast.Attribute):
            self.store(value(self, target.value, frame), target.attr, new)
        elif isinstance(target, ast.Subscript):
            where, key = value(self, target.value, frame), value(self, target.slice, frame)
            self.store(where, key, new)
        elif isinstance(target, ast.Tuple):
            for part, item in zip(target.elts, new, strict=True):
                self.assign(part, item, frame)
        else:
            raise Unsupported(f"{frame.function.__name__}: assignment")


def _after_round(block: list[ast.stmt], at: int, ends: bool) -> int:
    """Where a block goes on after `continue` or, if it `ends` the loop, `break`."""
    while True:
        stmt = block[at]
        at += 1
        if isinstance(stmt, Mark) and (stmt.last or not ends):
            return at


def _replace(old: dict[str, Any], new: dict[str, Any]) -> None:
    old.clear()
    old.update(new)


def _merged_locals(
    cond: Cond, site: ast.AST, a: dict[str, Any], b: dict[str, Any]
) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for name in {**a, **b}:
        try:
            merged[name] = merge(cond, a[name], b[name])
        except (KeyError, Unmergeable):
            merged[name] = Poison(site)
    return merged


def paths(
    run: Callable[[Executor], T],
    contracts: dict[Any, Contract] | None = None,
    loops: dict[Any, Invariant] | None = None,
    *,
    splits: bool = False,
) -> Iterator[tuple[Executor, T]]:
    """Every run of `run`, one for each way through the branches that cannot be merged.

    run: makes its arguments anew each time.  Runs in which all raise are left out.
    splits: nothing is merged where an `if` says so; many runs, each with small terms.
    """
    forks: set[ast.AST] = set()
    todo: list[list[bool]] = [[]]
    done: list[tuple[Executor, T]] = []
    while todo:
        executor = Executor(contracts or {}, loops or {})
        executor.forks = forks
        executor.splits = splits
        executor.choices = todo.pop()
        try:
            done.append((executor, run(executor)))
        except Rejected:
            pass
        except Fork as fork:
            if fork.site in forks:
                raise Unsupported(f"{fork}: a branch is walked one way and yet in two") from None
            forks.add(fork.site)
            todo, done = [[]], []
            continue
        known, chosen = len(executor.choices), executor.chosen
        todo += [[*chosen[:i], not chosen[i]] for i in range(known, len(chosen))]
    return iter(done)
