"""The consumer: the cases of tests/cases/consume, and what whole programs cannot show.

A case is a D script, run on the emulator.  Its sections:

    [args]              words before `-s FILE`, one a line; -q if the section is missing
    [environment NAME]  the value of a variable
    [out]               standard output; `(end)` marks where it ends
    [status N]          the exit status, if it is not 0
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dtrace.cli.main import main
from dtrace.codegen.agg import map_name
from dtrace.codegen.record import (
    FAULT,
    FAULT_DATA,
    HEADER,
    Act,
    Action,
    AggLayout,
    Datum,
    Kind,
    Layout,
    Statement,
)
from dtrace.consume.aggregate import ONLY_ELEMENT, Aggregation
from dtrace.consume.consumer import Consumer
from dtrace.consume.output import Output, OutputError
from dtrace.consume.reports import NO_ADDRESS, Drops, fault_message
from dtrace.consume.rows import FlowRows
from dtrace.options import Options
from dtrace.probes.desc import Begin, Probe
from tests.casefile import Case, read_cases

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = [
    case
    for path in sorted((Path(__file__).resolve().parents[2] / "cases" / "consume").glob("*.test"))
    for case in read_cases(path)
]
SECTIONS = ("args", "environment", "out", "status")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.path.stem}-{case.name}")
def test_output_of_a_program(
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    case.check_kinds(SECTIONS)
    script = tmp_path / "case.d"
    script.write_text(case.text, encoding="latin-1")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("_DTRACE_TESTING", raising=False)
    for section in case.all("environment"):
        monkeypatch.setenv(section.argument, section.text.rstrip("\n"))
    args = section.lines if (section := case.get("args")) else ("-q",)
    status = case.get("status")
    expected = case.get("out")
    assert expected is not None

    got = main([*args, "-s", str(script)])

    out = capfdbinary.readouterr().out.decode("latin-1")
    assert out + "(end)\n" == expected.text
    assert got == (int(status.argument) if status else 0)


# --- Parts, with maps that are dictionaries -------------------------------------------------------

PROBE = Probe(1, "dtrace", "", "", "BEGIN", Begin())


class FakeMap:
    """A map; `log` holds what was done to it."""

    def __init__(self, elements: dict[bytes, bytes] | None = None) -> None:
        self.elements = elements or {}
        self.log: list[tuple[str, bytes, bytes]] = []

    def lookup(self, key: bytes) -> bytes | None:
        return self.elements.get(key)

    def update(self, key: bytes, value: bytes) -> None:
        self.log.append(("update", key, value))
        self.elements[key] = value

    def delete(self, key: bytes) -> None:
        self.log.append(("delete", key, b""))
        self.elements.pop(key, None)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        return iter(list(self.elements.items()))


class FakeKernel:
    def online_cpus(self) -> list[int]:
        return [0, 1]


def words(*values: int) -> bytes:
    return b"".join((value & (1 << 64) - 1).to_bytes(8, "little") for value in values)


def aggregation(
    func: str, elements: dict[bytes, bytes], *, keyed: bool = True, size: int = 16
) -> tuple[Aggregation, FakeMap]:
    """An aggregation over `elements`, each with the values of two CPUs or of one, with an int as
    key or with none.  With keys the CPU is part of them."""
    keys = (Datum(0, 4, Kind.INT, signed=True),) if keyed else ()
    layout = AggLayout(1, "a", func, (), keys, 8 if keyed else 4, size, 0, cpus=2 * keyed)
    table = FakeMap(elements)
    if keyed:
        table.elements = {
            key + words(at // size): raw[at : at + size]
            for key, raw in elements.items()
            for at in range(0, len(raw), size)
        }
    epochs = FakeMap({ONLY_ELEMENT: words(1, 1)})
    maps: dict[str, Any] = {map_name("a"): table, "epochs": epochs}
    return Aggregation(layout, maps), table


def values(a: Aggregation) -> dict[object, tuple[int, ...]]:
    return {entry.keys: entry.value for entry in a.entries()}


def key(number: int, *cpu: int) -> bytes:
    return struct.pack("<q", number) + words(*cpu)


def test_cpus_are_added_up_and_elements_never_updated_do_not_exist() -> None:
    a, _ = aggregation("sum", {key(-1): words(2, 5, 1, -7), key(2): words(0, 0, 0, 0)})
    assert values(a) == {(-1,): (3, (1 << 64) - 2)}


def test_clear_subtracts_what_was_there_and_keeps_the_key() -> None:
    a, table = aggregation("sum", {key(1): words(2, 5, 1, 7)})
    a.clear()
    assert values(a) == {(1,): (0, 0)}
    table.elements[key(1, 0)] = words(3, 8)
    assert values(a) == {(1,): (1, 3)}
    assert table.log == []  # no write that could race with an update


def test_clear_ends_the_epoch_of_minima() -> None:
    a, table = aggregation("min", {key(1): words(1, 5, 1, 0, 0, 0)}, size=24)
    assert values(a) == {(1,): (1, 5)}
    a.clear()
    assert values(a) == {(1,): (0, (1 << 63) - 1)}
    table.elements[key(1, 0)] = words(2, 9, 2)  # restarted by the program, epoch 2
    assert values(a) == {(1,): (1, 9)}


def test_maximum_of_cpus_that_have_one() -> None:
    a, _ = aggregation("max", {key(1): words(0, 0, 0, 1, -5, 1)}, size=24)
    assert values(a) == {(1,): (1, -5)}


def test_trunc_removes_the_elements_of_all_cpus() -> None:
    a, table = aggregation("sum", {key(1): words(2, 5, 1, 7)})
    a.truncate()
    assert table.log == [("delete", key(1, 0), b""), ("delete", key(1, 1), b"")]
    assert values(a) == {}
    table.elements[key(1, 0)] = words(1, 4)
    assert values(a) == {(1,): (1, 4)}


def test_cpus_are_the_elements_of_an_array_where_a_value_is_too_large_for_them() -> None:
    a, _ = aggregation("sum", {key(0)[:4]: words(1, 5), key(1)[:4]: words(2, 6)}, keyed=False)
    a.layout = a.layout._replace(cpus=2)
    assert values(a) == {(): (3, 11)}


def test_trunc_after_clear_drops_the_key() -> None:
    a, _ = aggregation("count", {key(1): words(2), key(2): words(3)}, size=8)
    a.clear()
    a.truncate()
    assert values(a) == {}


def test_trunc_without_keys_starts_from_what_is_there() -> None:
    a, table = aggregation("count", {key(0): words(2, 3)}, keyed=False, size=8)
    a.truncate()
    assert values(a) == {}
    assert table.log == []
    table.elements[key(0)] = words(3, 3)
    assert values(a) == {(): (1,)}


def test_squares_are_subtracted_over_both_words() -> None:
    before = words(1, 3, (1 << 64) - 1, 0)
    a, table = aggregation("stddev", {key(1): before}, size=32)
    a.clear()
    table.elements[key(1, 0)] = words(2, 7, 15, 1)
    assert values(a) == {(1,): (1, 4, 16)}


def test_sum_of_squares_carries_over_cpus() -> None:
    a, _ = aggregation("stddev", {key(1): words(1, 1, (1 << 64) - 1, 0, 1, 1, 1, 0)}, size=32)
    assert values(a) == {(1,): (2, 2, 1 << 64)}


def consumer(*statements: Statement, options: Options | None = None, output: str = "") -> Consumer:
    layout = Layout({s.id: s for s in statements}, {1: PROBE}, {})
    kernel: Any = FakeKernel()
    return Consumer(layout, {}, kernel, options or Options(), output)


def record(statement: int, data: bytes = b"", cpu: int = 0) -> Any:
    return (cpu, 0, HEADER.pack(1, statement, 0, 0) + data)


def quiet() -> Options:
    options = Options()
    options.set("quiet")
    return options


def test_an_action_in_a_branch_that_did_not_run_prints_nothing(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    number = Datum(20, 4, Kind.INT, signed=True)
    guarded = Action(Act.PRINTF, (number,), "yes %d\n", guard=16)
    c = consumer(Statement(0, 0, 24, (guarded,)), options=quiet())
    c.consume([record(0, struct.pack("<Bxxxi", 0, 5)), record(0, struct.pack("<Bxxxi", 1, 6))])
    assert capfdbinary.readouterr().out == b"yes 6\n"


def test_two_actions_may_use_the_same_datum(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    number = Datum(16, 8, Kind.INT)
    actions = (Action(Act.PRINTF, (number, number), "%d %x "), Action(Act.TRACE, (number,)))
    c = consumer(Statement(0, 0, 24, actions), options=quiet())
    c.consume([record(0, words(-1))])
    assert capfdbinary.readouterr().out == b"%d %x %d" % ((2**64 - 1,) * 3)


def test_the_last_exit_decides_the_status() -> None:
    status = Action(Act.EXIT, (Datum(16, 4, Kind.INT, signed=True),))
    c = consumer(Statement(0, 0, 20, (status,)), options=quiet())
    assert c.exit_status is None
    c.consume([record(0, struct.pack("<i", 3)), record(0, struct.pack("<i", -1))])
    assert c.exit_status == -1


def test_a_fault_is_said_after_the_data_before_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = Action(Act.PRINTF, (), "before\n")
    path = tmp_path / "out"
    c = consumer(Statement(0, 0, 16, (text,)), options=quiet(), output=str(path))
    fault = HEADER.pack(1, FAULT, 0, 0) + FAULT_DATA.pack(1, 2, 57, 1, 8)
    c.consume([record(0), (0, 0, fault)])  # type: ignore[list-item]
    c.close()
    assert path.read_text() == "before\n"
    assert capfd.readouterr().err == (
        "dtrace: error in dt_clause_2 for probe ID 1 (dtrace:::BEGIN):"
        " invalid address (0x8) at BPF pc 57\n"
    )


@pytest.mark.parametrize(
    ("fault", "value", "pc", "text"),
    [
        (1, 16, 3, "invalid address (0x10) at BPF pc 3"),
        (1, NO_ADDRESS, 3, "invalid address at BPF pc 3"),
        (1, 16, -1, "invalid address (0x10)"),
        (2, 3, 1, "invalid alignment (0x3) at BPF pc 1"),
        (4, 0, 7, "divide-by-zero at BPF pc 7"),
        (5, 9, 7, "out of scratch space at BPF pc 7"),
        (10, 300, 7, "invalid size (0x12c) at BPF pc 7"),
        (11, 12, 7, "index out of bounds (12) at BPF pc 7"),
        (99, 0, 7, "unknown fault at BPF pc 7"),
    ],
)
def test_faults_in_words(fault: int, value: int, pc: int, text: str) -> None:
    message = fault_message(4, PROBE, pc, fault, value)
    assert message == f"error in dt_clause_4 for probe ID 1 (dtrace:::BEGIN): {text}"


def test_drops_are_reported_once_by_cpu_where_cpus_matter() -> None:
    drops = Drops(tags=False)
    for cpu, count in ((0, 1), (1, 5)):
        drops.set("PRINCIPAL", cpu, count)
        drops.set("DYNAMIC", cpu, count)
        drops.set("AGGREGATION", cpu, 0)
    assert drops.report() == [
        "1 drop on CPU 0",
        "6 dynamic variable drops",
        "5 drops on CPU 1",
    ]
    assert drops.report() == []
    drops.set("AGGREGATION", 1, 2)
    assert drops.report() == ["2 aggregation drops on CPU 1"]


def test_drops_have_tags_if_asked_for() -> None:
    drops = Drops(tags=True)
    drops.set("SPECBUSY", 0, 1)
    assert drops.report() == [
        "[DTRACEDROP_SPECBUSY] 1 failed speculation (available buffer(s) still busy)"
    ]


def probe(number: int, provider: str, function: str, name: str) -> Probe:
    return Probe(number, provider, "", function, name, Begin())


def test_flow_indents_between_entry_and_return() -> None:
    # As DTrace 2.0.7 prints a write() with two clauses on each of its probes.
    entry = probe(1, "syscall", "write", "entry")
    back = probe(2, "syscall", "write", "return")
    other = probe(3, "rawtp", "", "sys_enter")
    rows = FlowRows(testing=True)
    fired = [(entry, 1), (entry, 2), (other, 5), (back, 3), (back, 4), (other, 5)]
    texts = [rows.prefix(0, p, statement).rstrip() for p, statement in fired]
    assert texts == [
        b" => write",
        b"  | write:entry",
        b"  | :sys_enter",
        b" <= write",
        b" <= write",
        b"| :sys_enter",
    ]


def test_flow_arrows_of_other_providers_and_names_with_a_dash() -> None:
    rows = FlowRows(testing=False)
    assert rows.prefix(3, probe(1, "fbt", "f", "entry"), 0) == b"  3  -> f" + b" " * 37
    assert rows.prefix(3, probe(2, "p", "g", "x-return"), 0).rstrip() == b"  3  <- g"


def test_data_is_appended_to_the_output_file(tmp_path: Path) -> None:
    path = tmp_path / "out"
    for _ in range(2):
        out = Output(str(path))
        out.write(b"line\n")
        out.close()
    assert path.read_bytes() == b"line\nline\n"


def test_an_output_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        Output(str(tmp_path))
    assert str(caught.value) == f"failed to open output file '{tmp_path}': Is a directory"


def test_output_that_cannot_be_written_is_an_error_once() -> None:
    out = Output("/dev/full")
    out.write(b"x")
    with pytest.raises(OutputError, match="No space left on device"):
        out.flush()
    out.close()
