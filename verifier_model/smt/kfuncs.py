"""Kernel functions that do the same each time: iterators over numbers, and regions.

The emulator runs them as it stands here, so no result of theirs belongs to an input.  An iterator
is two ints, of which the first is one below the next number: kernel/bpf/bpf_iter.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import E2BIG, EINVAL
from emu.kernel.kfuncs import Does, by_name
from verifier_model.smt import words
from verifier_model.smt.access import place
from verifier_model.smt.memory import Pointer, Unmodelled, number
from verifier_model.smt.semantics import read
from verifier_model.smt.state import Reference
from verifier_model.smt.words import U64, compare

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier_model.smt.memory import Value
    from verifier_model.smt.paths import Machine
    from verifier_model.smt.semantics import Effect
    from verifier_model.smt.state import State
    from verifier_model.smt.words import Word

_INT = 4  # bytes
_MAX_LOOPS = 1 << 23  # BPF_MAX_LOOPS
_REGIONS = Does.RCU_LOCK | Does.RCU_UNLOCK | Does.PREEMPT_DISABLE | Does.PREEMPT_ENABLE


def bind(index: int, pc: int) -> Effect:
    """The effect of a call of the function with that number in Prog.kfuncs."""

    def effect(m: Machine, s: State) -> int:
        names = m.prog.kfuncs
        name = names[index] if 0 <= index < len(names) else ""
        s.regs[0] = _function(name)(m, s, pc)
        s.regs[1:6] = [None] * 5
        return pc + 1

    return effect


def _function(name: str) -> Callable[[Machine, State, int], Value | None]:
    row = by_name(name)
    if row is not None and row.does & _REGIONS:
        return _nothing
    if name not in _FUNCTIONS:
        raise Unmodelled(f"a call of {name}()" if name else "a call of a kernel function")
    return _FUNCTIONS[name]


def has_endless_walk(kfuncs: tuple[str, ...]) -> bool:
    """Whether the verifier, where it takes no state for another, would walk for ever."""
    rows = [by_name(name) for name in kfuncs]
    return any(row is not None and Does.ITER_NEXT in row.does for row in rows)


def _nothing(m: Machine, s: State, pc: int) -> None:
    return None


def _new(m: Machine, s: State, pc: int) -> Value:
    it = place(m, s, read(m, s, 1), 0, 2 * _INT, stores=True, reads=False)
    start, end = number(read(m, s, 2)), number(read(m, s, 3))
    error = 0
    if m.decide(s, compare("jsgt", start, end, 32)):
        error = EINVAL
    else:
        count = words.alu("sub", words.sign_extended(end, 32), words.sign_extended(start, 32), 64)
        if m.decide(s, compare("jgt", count, _MAX_LOOPS)):
            error = E2BIG
    if error:
        _store(s, it, 0, 0)
    else:
        _store(s, it, words.alu("sub", start, 1, 32), end)
    s.references += (Reference(_name(it), pc),)
    return words.cut(-error & U64, 32)


def _next(m: Machine, s: State, pc: int) -> Value:
    it = place(m, s, read(m, s, 1), 0, 2 * _INT, stores=True, reads=True)
    following = words.alu("add", number(s.load(it, _INT)), 1, 32)
    if m.decide(s, compare("jslt", following, number(s.load(_end(it), _INT)), 32)):
        s.store(it, _INT, following)
        return it
    _store(s, it, 0, 0)
    return 0


def _destroy(m: Machine, s: State, pc: int) -> None:
    it = place(m, s, read(m, s, 1), 0, 2 * _INT, stores=True, reads=False)
    _store(s, it, 0, 0)
    s.references = tuple(ref for ref in s.references if ref.region != _name(it))


def _store(s: State, it: Pointer, current: Word, end: Word) -> None:
    s.store(it, _INT, words.cut(current, 32))
    s.store(_end(it), _INT, words.cut(end, 32))


def _end(it: Pointer) -> Pointer:
    return Pointer(it.region, words.add(it.offset, _INT))


def _name(it: Pointer) -> str:
    return f"the iterator at {it.region.name}{it.offset}"


_FUNCTIONS: dict[str, Callable[[Machine, State, int], Value | None]] = {
    "bpf_iter_num_new": _new,
    "bpf_iter_num_next": _next,
    "bpf_iter_num_destroy": _destroy,
}
