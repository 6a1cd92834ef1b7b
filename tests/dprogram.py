"""A D program as the code generator's tests see it: compiled, run on the emulator, records decoded.

ran = run('BEGIN { trace(1 + 1); }')
ran.values == [[2]]
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from dtrace.backend.compiler import FRAMES_PER_LEVEL, Compilation
from dtrace.backend.emulated import EmulatedKernel
from dtrace.codegen.record import FAULT, FAULT_DATA, HEADER, HEADER_SIZE, Kind
from dtrace.lang.lalr import MAX_DEPTH
from dtrace.probes.desc import Begin
from dtrace.request import Form, Program, Request
from dtrace.source import Source
from emu.kernel.profile import RELEASES, Kernel

if TYPE_CHECKING:
    from dtrace.backend.base import Map
    from dtrace.codegen.record import Datum
    from dtrace.link.build import Build
    from dtrace.sema.symbols import Unit
    from emu.prog import Prog

# What a compilation sets it to: Hypothesis minds if it changes while a test runs.
sys.setrecursionlimit(max(sys.getrecursionlimit(), MAX_DEPTH * FRAMES_PER_LEVEL))

OLDEST, NEWEST = RELEASES[0], RELEASES[-1]
Value = int | bytes


class Fault(NamedTuple):
    """A fault's record."""

    probe: int
    clause: int
    insn: int
    fault: int
    value: int


class Ran(NamedTuple):
    """What BEGIN left behind."""

    unit: Unit
    build: Build
    maps: dict[str, Map]
    records: list[tuple[int, list[Value]]]  # clause, values of all data in order
    faults: list[Fault]

    @property
    def values(self) -> list[list[Value]]:
        """The values of every record."""
        return [values for _, values in self.records]


class Compiled(NamedTuple):
    """A program, and the kernel it is for."""

    kernel: EmulatedKernel
    unit: Unit
    build: Build

    @property
    def prog(self) -> Prog:
        """The only program."""
        (built,) = self.build.programs
        return built.prog


def build(text: str, release: str = NEWEST, **options: str) -> Compiled:
    """Compile `text`, a whole script.  Raises CompileError."""
    request = Request()
    request.programs.append(Program(Form.SCRIPT, Source(text, "test.d", "failed")))
    for name, value in options.items():
        request.options.set(name, value)
    kernel = EmulatedKernel(Kernel.release(release), pace=False)
    compilation = Compilation(kernel, request)
    unit = compilation.compile()
    return Compiled(kernel, unit, compilation.build(unit))


def run(text: str, release: str = NEWEST, **options: str) -> Ran:
    """Compile `text`, load all of its programs, and fire BEGIN once."""
    kernel, unit, made = build(text, release, **options)
    maps: dict[str, Map] = {n: kernel.create_map(d) for n, d in made.maps.items()}
    buffers = kernel.open_buffers(maps["buffers"], 1 << 20, kernel.online_cpus())
    for built in made.programs:
        loaded = kernel.load(built.prog, [maps[m.name] for m in built.prog.maps])
        if isinstance(built.site, Begin):
            kernel.run(loaded, 0)
    records: list[tuple[int, list[Value]]] = []
    faults: list[Fault] = []
    for sample in buffers.read():
        _, statement_id, _, _ = HEADER.unpack_from(sample.data)
        if statement_id == FAULT:
            faults.append(Fault(*FAULT_DATA.unpack_from(sample.data, HEADER_SIZE)))
            continue
        statement = made.layout.statements[statement_id]
        data = [datum for action in statement.actions for datum in action.data]
        records.append((statement.clause, [_value(sample.data, datum) for datum in data]))
    return Ran(unit, made, maps, records, faults)


def _value(record: bytes, datum: Datum) -> Value:
    data = record[datum.offset : datum.offset + datum.size]
    if datum.kind is Kind.INT:
        return int.from_bytes(data, "little", signed=datum.signed)
    return data.split(b"\0")[0] if datum.kind is Kind.STRING else data
