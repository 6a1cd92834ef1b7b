"""State: what one path of a program has made of registers and memory so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import z3

from verifier_model.smt.memory import Area, Contents, Pointer, Region, same_value

if TYPE_CHECKING:
    from verifier_model.smt.memory import Origin, Value
    from verifier_model.smt.words import Term, Truth, Word

REGS = 11
STACK_SIZE = 512  # bytes of a frame: MAX_BPF_STACK


class Link(NamedTuple):
    """A condition of a path, behind those that came before it."""

    parent: Link | None
    condition: Term
    depth: int


FORK = -1


class Step(NamedTuple):
    """A jump of a path: after insn `source` came `target`; FORK stands for both of a fork."""

    parent: Step | None
    source: int
    target: int


class Write(NamedTuple):
    """Bytes that a helper stored."""

    place: Pointer
    size: Word
    data: tuple[Word, ...] | Term  # words below 256, or an array by offset in the region


class Call(NamedTuple):
    """What a helper did, behind what the earlier ones did."""

    parent: Call | None
    insn: int
    helper: str
    result: Value | None
    writes: tuple[Write, ...]


class Known(NamedTuple):
    """A symbol for what was there at the start, behind the earlier ones."""

    parent: Known | None
    origin: Origin


class Frame(NamedTuple):
    """What a call keeps for its caller."""

    back: int  # the insn that the caller goes on with
    saved: tuple[Value | None, ...]  # r6 to r9
    pointer: Value | None  # r10


class Element(NamedTuple):
    """An element of a map that the path knows of."""

    map: int
    key: tuple[Word, ...]  # its bytes, in words of the sizes that maps.chunks() gives
    value: Region | None  # None: there is no such element


class Reference(NamedTuple):
    """Something that must be given back."""

    region: str  # its name
    insn: int


class Kept(NamedTuple):
    """What a path was at an earlier jump backwards."""

    pc: int
    regs: list[Value | None]
    frames: tuple[Frame, ...]
    calls: Call | None
    memory: dict[str, Contents]

    def is_as(self, s: State, pc: int) -> bool:
        """Whether the path is the same again, so that it goes on as it did, for ever."""
        if self.pc != pc or self.calls is not s.calls or self.frames is not s.frames:
            return False
        for a, b in zip(self.regs, s.regs, strict=True):
            if a is not b and not same_value(a, b):
                return False
        return self.memory.keys() == s.memory.keys() and all(
            held.same_as(s.memory[n]) for n, held in self.memory.items()
        )


class State:
    """One path at one insn.  Paths share what neither of them changes."""

    __slots__ = (
        "calls", "conditions", "counts", "elements", "frames", "judged", "kept", "known", "memory",
        "model", "owned", "pc", "references", "regs", "repeats", "steps", "trace", "turns",
    )  # fmt: skip

    def __init__(self) -> None:
        self.pc = 0
        self.regs: list[Value | None] = [None] * REGS  # None: never written
        self.frames: tuple[Frame, ...] = ()  # callers, the outermost first
        self.memory: dict[str, Contents] = {}  # by the name of the region
        self.owned: set[str] = set()  # regions whose contents no other path shares
        self.counts: dict[str, int] = {}  # of symbols, by name
        self.references: tuple[Reference, ...] = ()
        self.elements: tuple[Element, ...] = ()
        self.conditions: Link | None = None
        self.model: Term | None = None  # one that all conditions hold in, if one is at hand
        self.calls: Call | None = None
        self.known: Known | None = None
        self.trace: Step | None = None
        self.judged = False  # it has pointers whose use is judged
        self.steps = 0  # insns
        self.turns = 0  # jumps backwards
        self.kept: Kept | None = None
        self.repeats = 0  # how many of the last calls an endless run does again and again

    def fork(self) -> State:
        """Another path that has come the same way."""
        new = State.__new__(State)
        for name in State.__slots__:
            setattr(new, name, getattr(self, name))
        new.trace, self.trace = Step(self.trace, FORK, FORK), Step(self.trace, FORK, FORK)
        new.regs = self.regs[:]
        new.memory = dict(self.memory)
        new.counts = dict(self.counts)
        new.owned = set()
        self.owned = set()
        return new

    def assume(self, truth: Truth) -> None:
        """Go on only where `truth`, which is not known to be false, holds."""
        if isinstance(truth, bool):
            return
        depth = self.conditions.depth + 1 if self.conditions else 1
        self.conditions = Link(self.conditions, truth, depth)
        if self.model is not None and not _holds(self.model, truth):
            self.model = None

    def new_region(
        self,
        area: Area,
        name: str,
        high: Word,
        *,
        low: Word = 0,
        writable: bool = True,
        which: int = -1,
        initial: bytes = b"",
    ) -> Region:
        """A region that no pointer points into yet."""
        region = Region(
            self.unique(name),
            area,
            low,
            high,
            writable,
            area is Area.STACK,
            which,
            initial,
        )
        self.memory[region.name] = Contents(region)
        self.owned.add(region.name)
        return region

    def unique(self, name: str) -> str:
        """A name that this path has not used; one that came another way may use it, too."""
        count = self.counts.get(name, 0) + 1
        self.counts[name] = count
        return name if count == 1 else f"{name}, time {count}"

    def push_stack(self) -> Pointer:
        """The r10 of a new frame."""
        depth = len(self.frames)
        stack = self.new_region(Area.STACK, f"stack of frame {depth}", STACK_SIZE, which=depth)
        return Pointer(stack, STACK_SIZE)

    def contents(self, region: Region) -> Contents:
        """What the region holds, to be read."""
        return self.memory[region.name]

    def changed(self, region: Region) -> Contents:
        """What the region holds, to be changed by this path."""
        name = region.name
        if name not in self.owned:
            self.memory[name] = self.memory[name].copy()
            self.owned.add(name)
        return self.memory[name]

    def learn(self, origins: tuple[Origin, ...]) -> None:
        for origin in origins:
            self.known = Known(self.known, origin)

    def load(self, pointer: Pointer, size: int) -> Value:
        """What `size` bytes hold, which are in the region."""
        contents = self.changed(pointer.region)  # what is read first becomes a symbol
        value, origins = contents.load(pointer.offset, size)
        self.learn(origins)
        return value

    def store(self, pointer: Pointer, size: int, value: Value) -> None:
        """Put the low `size` bytes of `value` there, which are in the region."""
        self.learn(self.changed(pointer.region).store(pointer.offset, size, value))

    def fill(self, pointer: Pointer, size: Word, array: Term) -> None:
        """Put bytes of an array there; the bytes are in the region."""
        self.learn(self.changed(pointer.region).fill(pointer.offset, size, array))


def _holds(model: Term, truth: Term) -> bool:
    return bool(z3.is_true(model.eval(truth, model_completion=True)))
