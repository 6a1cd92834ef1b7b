"""Machine: follows the paths of a program to where something may be wrong.

Branches that no input takes are left out, and so is what cannot come to the insn that is judged.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

import z3

from emu.kernel import prog_types
from emu.kernel.enums import ProgType
from verifier_model.smt import access, maps, semantics, words
from verifier_model.smt.flow import Flow
from verifier_model.smt.memory import Area, Pointer, Region, Unmodelled
from verifier_model.smt.rules import FAULTS, Rule, Scope
from verifier_model.smt.seen import Seen
from verifier_model.smt.semantics import PathEnd
from verifier_model.smt.solver import Solver
from verifier_model.smt.state import Call, Kept, State, Step
from verifier_model.smt.words import BITS, Word, negation

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel
    from emu.prog import Prog
    from verifier_model.smt.memory import Value
    from verifier_model.smt.rules import Charge
    from verifier_model.smt.words import Term, Truth

FAMILIES = (access, semantics)  # importing them registers what instructions mean

MAX_PATHS = 50_000
OLDEST = 8  # of so many paths one is the one that has waited longest
MAX_TURNS = 64  # of a loop that an input may end, on one path
BRANCH_SECONDS = 1.0  # what the solver may spend on a branch; without an answer it is taken
META_SIZE = 252  # bytes of metadata in front of a packet: xdp_metalen_invalid()
# What these are given, and may return, depends on what they attach to, or on who runs them.
_NOT_FOLLOWED = (ProgType.LSM, ProgType.SYSCALL, ProgType.NETFILTER)
_RAW = (ProgType.RAW_TRACEPOINT, ProgType.RAW_TRACEPOINT_WRITABLE)
_ANY = (-(1 << 63), (1 << 63) - 1)


class Wrong(Exception):
    """A run that breaks a rule."""

    def __init__(
        self,
        rule: Rule,
        pc: int,
        state: State,
        model: Term,
        text: str,
        values: dict[str, object],
    ) -> None:
        super().__init__(text)
        self.rule = rule
        self.pc = pc
        self.state = state
        self.model = model
        self.text = text  # a format for `values`, which are words and pointers
        self.values = values


class OutOfTime(Exception):
    """The budget is used up."""


class Explored(NamedTuple):
    """What following the paths has come to."""

    wrong: Wrong | None
    paths: int  # that were followed to their end, or to where they do not matter
    insns: int
    bounds: tuple[str, ...]  # what was cut short; () where every path was followed
    unknown: tuple[str, ...]  # why there may be more: the time, what is not modelled


class Machine:
    """The program, and what is judged of it.

    target: the insn that was rejected.
    budget_s: seconds.
    """

    def __init__(
        self, prog: Prog, kernel: Kernel, charge: Charge, target: int, budget_s: float
    ) -> None:
        self.prog = prog
        self.kernel = kernel
        self.charge = charge
        self.target = target
        self.deadline = monotonic() + budget_s
        here = charge.scope is not Scope.PROGRAM
        self.flow = Flow(prog, kernel, target if here else -1)
        self._seen = Seen(self.flow)
        self._forked = False
        self.max_steps = kernel.limits.complexity
        allowed = prog_types.return_range(kernel, prog.type, prog.expected_attach_type)
        self.returns = (allowed.low, allowed.high) if allowed else _ANY
        self._entered = 0
        self._todo: list[State] = []
        self._solver = Solver()
        self._maps: dict[int, Region] = {}
        self._bounds: set[str] = set()
        self._unknown: list[str] = []
        self._insns = 0
        self._paths = 0
        self._start = State()
        insns = prog.insns
        self._effects = [
            semantics.bind(insn, insns[pc + 1] if pc + 1 < len(insns) else None, pc)
            for pc, insn in enumerate(insns)
        ]

    # -- following paths

    def explore(self) -> Explored:
        """Follow paths until one is wrong, all have ended, or the budget is used up."""
        self._begin()
        self._todo.append(self._start)
        wrong = None
        try:
            while self._todo:
                if self._paths >= MAX_PATHS:
                    self._bounds.add(f"{MAX_PATHS} paths")
                    break
                self._follow(self._todo.pop(self._next()))
        except Wrong as found:
            wrong = found
        except OutOfTime:
            self._unknown.append("the time is used up")
        return Explored(
            wrong,
            self._paths,
            self._insns,
            tuple(sorted(self._bounds)),
            tuple(dict.fromkeys(self._unknown)),
        )

    def _next(self) -> int:
        """Which path to follow: the newest, which has most in common with the last one.

        Where the whole program matters it is the oldest now and then, so that no part of it waits
        until all of another one is done.
        """
        whole = self.charge.scope is Scope.PROGRAM
        return 0 if whole and not self._paths % OLDEST else -1

    def _follow(self, s: State) -> None:
        """Follow a path to its end; where it forks, the others wait."""
        effects, entries = self._effects, self.flow.entries
        begun = s.steps
        try:
            while not entries[s.pc] or self._goes_on(s):
                s.steps += 1
                s.pc = effects[s.pc](self, s)
        except PathEnd:
            pass
        except Unmodelled as err:
            self._unknown.append(f"insn {s.pc}: {err} is not modelled")
        finally:
            self._paths += 1
            self._insns += s.steps - begun

    def _goes_on(self, s: State) -> bool:
        """Whether a path that has come to the beginning of a straight piece matters any more."""
        self._entered += 1
        if not self._entered & 0xFF:
            self._check_time()
        if s.pc >= len(self._effects) or not (s.judged or self.flow.matters(s)):
            return False
        if s.steps >= self.max_steps:
            self.must(s, False, Rule.LENGTH, "{steps} insns", steps=s.steps)
            self._bounds.add(f"{self.max_steps} insns of a path")
            return False
        if not (self._forked and self.flow.joins[s.pc]):
            return True
        earlier = self._seen.before(s)
        if earlier is not None and earlier.leads_to(s):
            s.repeats = earlier.calls_until(s)
            self.must(s, False, Rule.ENDLESS, "what matters is as it was at insn {pc}", pc=s.pc)
        return earlier is None

    def later(self, s: State) -> None:
        """Follow another path when this one has ended."""
        self._forked = True
        self._todo.append(s)

    def again(self, s: State) -> None:
        """Follow another path, from the current insn on, when this one has ended."""
        s.steps -= 1
        self.later(s)

    def jump(self, s: State, source: int, target: int) -> int:
        """Note a jump; where the path has come back to what it was before it never ends."""
        if not 0 <= target < len(self._effects):
            raise PathEnd  # no kernel loads the program
        s.trace = Step(s.trace, source, target)
        if target <= source:
            self._turn(s, target)
        return target

    def branch(self, s: State, source: int, truth: Term, target: int, following: int) -> int:
        """Take the side that an input takes; where there are both, the farther one waits."""
        taken, passed = self.may(s, truth), self.may(s, negation(truth))
        if not taken and not passed:
            raise PathEnd
        if taken and passed:
            first, second = truth, negation(truth)
            goal, rest = target, following
            if self.flow.nearer(following, target):
                first, second, goal, rest = second, first, rest, goal
            if min(target, following) <= source and self.turned_often(s, source):
                # The turns that end the loop are followed, those that go on are not.
                s.assume(truth if target > following else negation(truth))
                return self.jump(s, source, target) if target > following else following
            other = s.fork()
            other.assume(second)
            other.pc = rest if rest == following else self.jump(other, source, rest)
            self.later(other)
            s.assume(first)
            return goal if goal == following else self.jump(s, source, goal)
        return self.jump(s, source, target) if taken else following

    def turned_often(self, s: State, source: int) -> bool:
        """Whether the path has stayed in a loop so often, where it could leave, that it must."""
        name = f"turns at insn {source}"
        s.counts[name] = s.counts.get(name, 0) + 1
        if s.counts[name] <= MAX_TURNS:
            return False
        self._bounds.add(f"{MAX_TURNS} turns of a loop")
        return True

    def _turn(self, s: State, target: int) -> None:
        """Compare with an earlier turn, of which ever later ones are kept: Brent's algorithm."""
        s.turns += 1
        kept = s.kept
        if kept is not None and kept.is_as(s, target):
            self.must(s, False, Rule.ENDLESS, "everything is as it was, {n} jumps later", n=s.turns)
            raise PathEnd
        if not s.turns & (s.turns - 1):
            s.kept = Kept(target, s.regs[:], s.frames, s.calls, dict(s.memory))
            s.owned = set()

    def _check_time(self) -> None:
        if monotonic() > self.deadline:
            raise OutOfTime

    # -- rules

    def judging(self, s: State, rule: Rule) -> bool:
        """Whether the current insn is judged by the rule."""
        scope = self.charge.scope
        here = scope is Scope.PROGRAM or (scope is Scope.HERE and s.pc == self.target)
        return here and rule in self.charge.rules

    def derives(self, s: State) -> bool:
        """Whether pointers that the current insn makes are the ones that are judged."""
        if self.charge.scope is not Scope.DERIVED or s.pc != self.target:
            return False
        s.judged = True
        return True

    def must(
        self,
        s: State,
        holds: Truth,
        rule: Rule,
        text: str,
        *,
        derived: bool = False,
        **values: object,
    ) -> None:
        """Go on where `holds` does.

        Raises Wrong with an input for which it does not, where that is judged, and PathEnd where
        the run cannot go on.
        """
        if holds is True:
            return
        judged = self.judging(s, rule) or (
            derived and self.charge.scope is Scope.DERIVED and rule in FAULTS
        )
        if judged:
            model = self._find(s, negation(holds))
            if model is not None:
                if self.packet is not None:
                    bare = words.both(negation(holds), words.compare("jeq", self._meta, 0))
                    model = self._find(s, bare) or model
                raise Wrong(rule, s.pc, s, model, text, values)
        if rule in FAULTS:
            if holds is False:
                raise PathEnd
            s.assume(holds)

    def may(self, s: State, truth: Truth) -> bool:
        """Whether some input on this path makes `truth` true, or the solver cannot tell."""
        if isinstance(truth, bool):
            return truth
        if s.model is not None and z3.is_true(s.model.eval(truth, model_completion=True)):
            return True
        answer = self._ask(s, truth, BRANCH_SECONDS)
        if answer == z3.sat and s.model is None:
            s.model = self._solver.model()
            # It belongs to the other side only if that side's condition holds in it: assume() asks.
        return bool(answer != z3.unsat)

    def decide(self, s: State, truth: Truth) -> bool:
        """One way, on this path; a fork that goes the other does the insn again."""
        if isinstance(truth, bool):
            return truth
        if not self.may(s, truth):
            return False
        if self.may(s, negation(truth)):
            other = s.fork()
            other.assume(negation(truth))
            self.again(other)
        s.assume(truth)
        return True

    def _find(self, s: State, truth: Truth) -> Term | None:
        """An input of this path that makes `truth` true."""
        if truth is True and s.model is not None:
            return s.model
        answer = self._ask(s, truth, self.deadline - monotonic())
        if answer == z3.unknown:
            self._unknown.append(f"insn {s.pc}: the solver gives no answer in time")
        return self._solver.model() if answer == z3.sat else None

    def _ask(self, s: State, truth: Truth, seconds: float) -> Term:
        self._check_time()
        return self._solver.ask(s.conditions, truth, min(seconds, self.deadline - monotonic()))

    # -- what programs are given

    def _begin(self) -> None:
        s = self._start
        row = prog_types.by_type(self.prog.type)
        if row is None or self.prog.type in _NOT_FOLLOWED:
            raise Unmodelled(f"a program of type {self.prog.type.name}")
        limits = self.kernel.limits
        size = row.ctx.size
        if not size:
            size = 8 * limits.max_raw_tp_args if self.prog.type in _RAW else limits.max_trace_size
        self.context = s.new_region(Area.CTX, "context", size)
        s.regs[1] = Pointer(self.context, 0)
        s.regs[10] = s.push_stack()
        self.packet: Region | None = None
        if any(field.gives == "pkt" for field in row.ctx.fields):
            # Of 16 bits: the kernel keeps no longer packets in one piece.
            length, meta = z3.BitVecs("packet-length meta-length", 16)
            self._length, self._meta = words.zero_extend(length), words.zero_extend(meta)
            self.packet = s.new_region(
                Area.PACKET, "packet", self._length, low=words.alu("sub", 0, self._meta, BITS)
            )
            s.assume(words.compare("jle", self._meta, META_SIZE))
            s.assume(words.compare("jeq", words.alu("and", self._meta, 3, BITS), 0))

    def given(self, s: State, what: str) -> Value | None:
        """What a field of the context gives: a pointer into the packet, a socket or NULL."""
        if what not in ("pkt", "pkt_end", "pkt_meta"):
            raise Unmodelled("a socket, or flow keys, in the context")
        assert self.packet is not None
        offsets: dict[str, Word] = {
            "pkt": 0,
            "pkt_end": self._length,
            "pkt_meta": words.alu("sub", 0, self._meta, BITS),
        }
        return Pointer(self.packet, offsets[what])

    def fresh(self, s: State, name: str) -> Term:
        """A number that anything may be."""
        return z3.BitVec(s.unique(name), BITS)

    def helped(self, s: State, pc: int, name: str) -> Term:
        """The result of something that the machine does for the program: any number."""
        result = self.fresh(s, f"{name} at insn {pc}")
        s.calls = Call(s.calls, pc, name, result, ())
        return result

    def map(self, index: int) -> Region:
        """The object of a map."""
        if not 0 <= index < len(self.prog.maps):
            raise Unmodelled(f"map {index}")
        if index not in self._maps:
            self._maps[index] = Region(f"map {index}", Area.MAP, which=index)
        return self._maps[index]

    def function(self, pc: int) -> Region:
        """What a pointer to a function points to."""
        return Region(f"function at insn {pc}", Area.FUNC, which=pc)

    def first_value(self, s: State, index: int) -> Region:
        """The first value of an array, which insns may name."""
        self.map(index)
        value = maps.find(self, s, index, (0,))
        assert value is not None, "an array has its elements"
        return value
