"""Actions: a statement to the steps that print its records and act on aggregations."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, NamedTuple

from dtrace.codegen.record import Act, Datum, Kind
from dtrace.consume.printa import compile_printa, default_rows, joined
from dtrace.consume.printf import Argument, compile_printf
from dtrace.consume.trace import compile_trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dtrace.codegen.record import Action, Statement
    from dtrace.consume.aggregate import Aggregation
    from dtrace.consume.printf import Printer
    from dtrace.options import Options


class Scene:
    """What actions read and change."""

    def __init__(
        self, options: Options, aggregations: dict[int, Aggregation], cpus: Sequence[int]
    ) -> None:
        self.options = options
        self.aggregations = aggregations
        self.cpus = cpus  # those that are online
        self.exit_status: int | None = None  # of the last exit(); None: there was none


class Runner(NamedTuple):
    """A statement made ready."""

    unpack: Callable[[bytes], tuple[Any, ...]]  # a record to its values
    steps: tuple[Printer, ...]  # the values to output, for one action after the other


def compile_statement(scene: Scene, statement: Statement) -> Runner:
    """Make a statement ready for its records."""
    places: dict[Datum, int] = {}
    for action in statement.actions:
        for datum in (*action.data, *_guard(action)):
            places.setdefault(datum, 0)
    data = sorted(places)
    places = {datum: place for place, datum in enumerate(data)}
    steps = [_step(scene, action, places) for action in statement.actions]
    return Runner(record_struct(data).unpack_from, tuple(steps))


_CODES = {(1, True): "b", (1, False): "B", (2, True): "h", (2, False): "H",
          (4, True): "i", (4, False): "I", (8, True): "q", (8, False): "Q"}  # fmt: skip


def record_struct(data: Iterable[Datum]) -> struct.Struct:
    """Reads data, which are in order and do not overlap, from a record."""
    parts = ["<"]
    at = 0
    for datum in data:
        parts.append(f"{datum.offset - at}x")
        integer = datum.kind is Kind.INT
        parts.append(_CODES[datum.size, datum.signed] if integer else f"{datum.size}s")
        at = datum.offset + datum.size
    return struct.Struct("".join(parts))


def _guard(action: Action) -> tuple[Datum, ...]:
    return (Datum(action.guard, 1, Kind.INT),) if action.guard else ()


def _step(scene: Scene, action: Action, places: dict[Datum, int]) -> Printer:
    step = _STEPS[action.act](scene, action, [places[datum] for datum in action.data])
    if not action.guard:
        return step
    (guard,) = _guard(action)
    place = places[guard]
    return lambda values: step(values) if values[place] else b""


# --- One action each: what to do with the values at `places` --------------------------------------


def _trace(scene: Scene, action: Action, places: list[int]) -> Printer:
    options = scene.options
    return compile_trace(
        action.data[0], places[0], options.strsize, quiet=options.quiet, rawbytes=options.rawbytes
    )


def _printf(scene: Scene, action: Action, places: list[int]) -> Printer:
    return compile_printf(action.text, [*map(Argument, places, action.data)])


def _exit(scene: Scene, action: Action, places: list[int]) -> Printer:
    def step(values: Sequence[Any]) -> bytes:
        scene.exit_status = values[places[0]]
        return b""

    return step


def _printa(scene: Scene, action: Action, places: list[int]) -> Printer:
    aggregations = [scene.aggregations[i] for i in action.aggs]
    show = compile_printa(action.text, aggregations) if action.text else None

    def step(values: Sequence[Any]) -> bytes:
        for aggregation in aggregations:
            aggregation.printed = True
        if show:
            return b"".join(map(show, joined(aggregations, scene.options)))
        return b"\n" + b"".join(default_rows(aggregations, scene.options, scene.cpus))

    return step


def _clear(scene: Scene, action: Action, places: list[int]) -> Printer:
    return _silent(lambda aggregation, numbers: aggregation.clear(), scene, action, places)


def _denormalize(scene: Scene, action: Action, places: list[int]) -> Printer:
    def change(aggregation: Aggregation, numbers: list[int]) -> None:
        aggregation.normal = 1

    return _silent(change, scene, action, places)


def _normalize(scene: Scene, action: Action, places: list[int]) -> Printer:
    def change(aggregation: Aggregation, numbers: list[int]) -> None:
        # A divisor of 0 ends the C implementation; here it leaves the values alone.
        aggregation.normal = numbers[0] & ((1 << 64) - 1) or 1

    return _silent(change, scene, action, places)


def _trunc(scene: Scene, action: Action, places: list[int]) -> Printer:
    def change(aggregation: Aggregation, numbers: list[int]) -> None:
        if numbers:
            aggregation.truncate_to(numbers[0])
        else:
            aggregation.truncate()

    return _silent(change, scene, action, places)


def _silent(
    change: Callable[[Aggregation, list[int]], None],
    scene: Scene,
    action: Action,
    places: list[int],
) -> Printer:
    aggregation = scene.aggregations[action.aggs[0]]

    def step(values: Sequence[Any]) -> bytes:
        change(aggregation, [values[place] for place in places])
        return b""

    return step


_STEPS: dict[Act, Callable[[Scene, Action, list[int]], Printer]] = {
    Act.CLEAR: _clear,
    Act.DENORMALIZE: _denormalize,
    Act.EXIT: _exit,
    Act.NORMALIZE: _normalize,
    Act.PRINTA: _printa,
    Act.PRINTF: _printf,
    Act.TRACE: _trace,
    Act.TRUNC: _trunc,
}
