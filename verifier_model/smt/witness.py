"""The run that breaks a rule, as data: a solver's model of its path in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import z3

from verifier_model.finding import Block, HelperResult, Place, Witness
from verifier_model.smt import words
from verifier_model.smt.memory import ADDRESS, Area, Pointer
from verifier_model.smt.state import FORK
from verifier_model.smt.words import BITS, U64, signed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verifier_model.smt.memory import Region, Value
    from verifier_model.smt.paths import Wrong
    from verifier_model.smt.state import State, Step, Write
    from verifier_model.smt.words import Term, Word

NO_BLOCK = -(1 << 20)  # of what has no bytes and is no map


def witness(wrong: Wrong) -> Witness:
    """The input and the run that `wrong` was found with."""
    state = wrong.state
    numbers = _Numbers(state, wrong.model)
    registers = enumerate(state.regs)
    return Witness(
        wrong.pc,
        state.steps - 1,
        tuple(_blocks(state, numbers)),
        tuple(_calls(state, numbers)),
        tuple((n, numbers.of_value(value)) for n, value in registers if _is_fixed(value)),
        tuple(_path(state.trace, wrong.pc)),
        state.repeats,
    )


def _is_fixed(value: Value | None) -> bool:
    """Whether a value is there and does not depend on where memory lies."""
    if value is None or isinstance(value, int):
        return value is not None
    todo = [value.offset if isinstance(value, Pointer) else value]
    met = set()
    while todo:
        term = todo.pop()
        if isinstance(term, int) or term.get_id() in met:
            continue
        met.add(term.get_id())
        if not term.num_args() and term.decl().name().startswith(ADDRESS):
            return False
        todo += term.children()
    return True


class _Numbers:
    """What symbols and regions are in the run."""

    def __init__(self, state: State, model: Term) -> None:
        self.model = model
        self._blocks = {name: n for n, name in enumerate(state.memory)}

    def of(self, word: Word) -> int:
        """A word as a u64."""
        return _number(word, self.model)

    def of_value(self, value: Value) -> int | Place:
        return self.place(value) if isinstance(value, Pointer) else self.of(value)

    def place(self, pointer: Pointer) -> Place:
        return Place(self.block(pointer.region), signed(self.of(pointer.offset)))

    def block(self, region: Region) -> int:
        """The number of a region; negative where it has no bytes."""
        if region.area is Area.MAP:
            return -1 - region.which
        return self._blocks.get(region.name, NO_BLOCK)

    def ends(self, region: Region) -> tuple[int, int]:
        """The offsets of the first byte and of the one behind the last."""
        return signed(self.of(region.low)), signed(self.of(region.high))


def detail(wrong: Wrong) -> str:
    """What went wrong, with the values of the run."""
    values = {name: _shown(value, wrong.model) for name, value in wrong.values.items()}
    return wrong.text.format(**values)


def _shown(value: object, model: Term) -> str:
    if isinstance(value, Pointer):
        region = value.region
        size = _number(region.high, model)
        offset = signed(_number(value.offset, model))
        return f"offset {offset} of {region.name} ({size} bytes)"
    if isinstance(value, z3.BitVecRef):
        number = _number(value, model)
        return f"{number:#x}" if number > 0xFFFF else str(number)
    return str(value)


def _number(value: Word, model: Term) -> int:
    if isinstance(value, int):
        return value
    return cast("int", model.eval(value, model_completion=True).as_long())


def _blocks(state: State, numbers: _Numbers) -> Iterator[Block]:
    """Every region with bytes, as it was at the start."""
    contents: dict[str, dict[int, int]] = {}
    known = state.known
    while known is not None:
        origin = known.origin
        cells = contents.setdefault(origin.region.name, {})
        if origin.size:
            number = numbers.of(words.zero_extend(origin.symbol))
            for i in range(origin.size):
                cells[origin.offset + i] = number >> 8 * i & 0xFF
        else:
            for offset in range(*numbers.ends(origin.region)):
                byte = z3.Select(origin.symbol, z3.BitVecVal(offset, BITS))
                cells.setdefault(offset, numbers.of(byte))
        known = known.parent
    for held in state.memory.values():
        region = held.region
        low, high = numbers.ends(region)
        data = bytearray(high - low)
        data[: len(region.initial)] = region.initial
        for offset, value in contents.get(region.name, {}).items():
            if low <= offset < high:
                data[offset - low] = value
        yield Block(
            numbers.block(region),
            region.area.value,
            region.name,
            low,
            bytes(data),
            region.writable,
            region.which,
        )


def _calls(state: State, numbers: _Numbers) -> list[HelperResult]:
    found = []
    call = state.calls
    while call is not None:
        writes = tuple(_write(write, numbers) for write in call.writes)
        result = None if call.result is None else numbers.of_value(call.result)
        found.append(HelperResult(call.insn, call.helper, result, writes))
        call = call.parent
    return found[::-1]


def _write(write: Write, numbers: _Numbers) -> tuple[Place, bytes]:
    if isinstance(write.data, tuple):
        data = bytes(numbers.of(byte) for byte in write.data)
    else:
        offset, size = numbers.of(write.place.offset), numbers.of(write.size)
        places = (words.term(offset + i & U64) for i in range(size))
        data = bytes(numbers.of(z3.Select(write.data, at)) for at in places)
    return numbers.place(write.place), data


def _path(last: Step | None, end: int) -> list[tuple[int, int]]:
    """First and last insn of each piece between jumps."""
    ranges = []
    while last is not None:
        if last.source == FORK:
            last = last.parent
            continue
        ranges.append((last.target, end))
        end = last.source
        last = last.parent
    ranges.append((0, end))
    return ranges[::-1]
