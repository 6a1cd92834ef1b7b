"""Seen: paths that have come to a place as another one did, and need not be followed again.

What a path does from an insn on depends on its live registers, its memory, and those of its
conditions that say something about them.  Of two paths that agree in these, one is enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import z3

from verifier_model.smt.memory import Area, Block, Pointer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verifier_model.smt.flow import Flow
    from verifier_model.smt.memory import Contents, Layer, Piece, Value
    from verifier_model.smt.state import Call, State, Step
    from verifier_model.smt.words import Term

MAX_STATES = 2000  # that are kept for an insn
_NO_SYMBOLS: frozenset[int] = frozenset()


class Visit(NamedTuple):
    """A path at an insn."""

    conditions: frozenset[int]  # ids of those that matter there
    trace: Step | None
    calls: Call | None

    def leads_to(self, s: State) -> bool:
        """Whether it is the same path, at an earlier time."""
        step = s.trace
        while step is not None and step is not self.trace:
            step = step.parent
        return step is self.trace

    def calls_until(self, s: State) -> int:
        """How many calls the path has made since."""
        count, call = 0, s.calls
        while call is not self.calls and call is not None:
            count, call = count + 1, call.parent
        return count


class Seen:
    """What paths were at the insns where they may meet."""

    def __init__(self, flow: Flow) -> None:
        self._live = flow.live
        self._states: dict[int, dict[object, list[Visit]]] = {}
        self._symbols: dict[int, frozenset[int]] = {}  # by the id of a term
        self._known: dict[int, tuple[Term, object, frozenset[int]]] = {}  # by id() of a term
        self._terms: list[Term] = []  # so that ids stay theirs

    def before(self, s: State) -> Visit | None:
        """A path that was here and allowed all that this one does; where none was, it is kept."""
        states = self._states.setdefault(s.pc, {})
        used: set[int] = set()
        key = self._key(s, used)
        conditions = self._conditions(s, used)
        known = states.setdefault(key, [])
        for earlier in known:
            if earlier.conditions <= conditions:
                return earlier
        if len(states) < MAX_STATES:
            known.append(Visit(conditions, s.trace, s.calls))
        return None

    def _key(self, s: State, used: set[int]) -> object:
        """Equal for paths in the same state; the symbols that it has are added to `used`."""
        live = self._live
        frames = [
            (frame.back, self._values(frame.saved, live[frame.back] >> 6, used))
            for frame in s.frames
        ]
        tops = (s.regs[10], *(frame.pointer for frame in s.frames))
        stacks = {top.region.name for top in tops if isinstance(top, Pointer)}
        memory = frozenset(
            (name, self._contents(held, used))
            for name, held in s.memory.items()
            if held.region.area is not Area.STACK or name in stacks
        )
        elements = frozenset(
            (e.map, self._values(e.key, -1, used), e.value.name if e.value else None)
            for e in s.elements
        )
        registers = self._values(s.regs[:10], live[s.pc], used)
        return registers, tuple(frames), memory, elements, s.references, s.judged

    def _values(
        self, values: Sequence[Value | None], mask: int, used: set[int]
    ) -> tuple[object, ...]:
        return tuple(
            self._value(value, used) if mask >> n & 1 else None for n, value in enumerate(values)
        )

    def _value(self, value: Value | None, used: set[int]) -> object:
        if isinstance(value, Pointer):
            return value.region.name, self._value(value.offset, used), value.derived
        return value if value is None or isinstance(value, int) else self._term(value, used)

    def _term(self, term: Term, used: set[int]) -> object:
        known = self._known.get(id(term))
        if known is None:
            known = self._known[id(term)] = term, ("term", term.get_id()), self._symbols_of(term)
        used |= known[2]
        return known[1]

    def _contents(self, held: Contents, used: set[int]) -> object:
        if held.memo is None:
            own: set[int] = set()
            layers = tuple(self._layer(layer, own) for layer in held.layers)
            cells = self._cells(held.cells, own)
            base = None if held.base is None else self._term(held.base, own)
            held.memo = (cells, layers, base, held.written), own
        key, symbols = cast("tuple[object, set[int]]", held.memo)
        used |= symbols
        return key

    def _cells(self, cells: dict[int, Piece], used: set[int]) -> object:
        return frozenset(
            (at, self._value(piece.value, used), piece.part) for at, piece in cells.items()
        )

    def _layer(self, layer: Layer, used: set[int]) -> object:
        if isinstance(layer, Block):
            return self._cells(layer.cells, used)
        return tuple(self._value(word, used) for word in (layer.offset, layer.size, layer.source))

    def _conditions(self, s: State, used: set[int]) -> frozenset[int]:
        """The conditions that say something of these symbols, directly or through others."""
        rest: list[tuple[Term, frozenset[int]]] = []
        link = s.conditions
        while link is not None:
            rest.append((link.condition, self._symbols_of(link.condition)))
            link = link.parent
        found: set[int] = set()
        grown = True
        while grown:
            grown = False
            left = []
            for condition, symbols in rest:
                if symbols.isdisjoint(used):
                    left.append((condition, symbols))
                    continue
                used |= symbols
                found.add(condition.get_id())
                grown = True
            rest = left
        return frozenset(found)

    def _symbols_of(self, term: Term) -> frozenset[int]:
        """The ids of the symbols in a term."""
        known = self._symbols.get(term.get_id())
        if known is not None:
            return known
        todo = [term]
        while todo:
            current = todo[-1]
            children = current.children()
            missing = [c for c in children if c.get_id() not in self._symbols]
            if missing:
                todo += missing
                continue
            todo.pop()
            self._terms.append(current)
            self._symbols[current.get_id()] = _own(current).union(
                *(self._symbols[c.get_id()] for c in children)
            )
        return self._symbols[term.get_id()]


def _own(term: Term) -> frozenset[int]:
    """A symbol's own id; nothing for what is none."""
    if z3.is_const(term) and term.decl().kind() == z3.Z3_OP_UNINTERPRETED:
        return frozenset((term.get_id(),))
    return _NO_SYMBOLS
