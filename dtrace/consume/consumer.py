"""Consumer: records to output, from the first to the aggregations that are printed at the end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dtrace.codegen.record import FAULT, FAULT_DATA, HEADER, HEADER_SIZE
from dtrace.consume.actions import Scene, compile_statement
from dtrace.consume.aggregate import Aggregation
from dtrace.consume.output import Output
from dtrace.consume.printa import final_rows
from dtrace.consume.reports import Drops, fault_message
from dtrace.consume.rows import FlowRows, Rows
from dtrace.options import TESTING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dtrace.backend.base import Kernel, Map, Sample
    from dtrace.codegen.record import Layout
    from dtrace.consume.actions import Runner
    from dtrace.options import Options


class Consumer:
    """Prints what a session's programs record."""

    def __init__(
        self,
        layout: Layout,
        maps: Mapping[str, Map],
        kernel: Kernel,
        options: Options,
        output: str = "",
    ) -> None:
        """maps: the session's, by name.  output: a file to append to, "" for standard output.

        Raises OutputError.
        """
        self._layout = layout
        self._options = options
        self._out = Output(output)
        testing = TESTING in os.environ
        self._rows = (FlowRows if options.flowindent else Rows)(testing=testing)
        self._headed = False
        self._drops = Drops(tags=options.droptags)
        self._runners: dict[int, Runner] = {}
        self._scene = Scene(
            options,
            {a.id: Aggregation(a, maps) for a in layout.aggs.values()},
            kernel.online_cpus() if options.aggpercpu else (),
        )

    @property
    def exit_status(self) -> int | None:
        """The status that the last exit() asked for; None if there was none."""
        return self._scene.exit_status

    def consume(self, samples: Iterable[Sample]) -> None:
        """Print the records.  Raises OutputError."""
        runners, write, header = self._runners, self._out.write, HEADER.unpack_from
        quiet = self._options.quiet
        for cpu, _, data in samples:
            probe, statement, _, _ = header(data)
            if statement == FAULT:
                self._fault(data)
                continue
            runner = runners.get(statement)
            if runner is None:
                runner = compile_statement(self._scene, self._layout.statements[statement])
                runners[statement] = runner
            if not quiet:
                self._begin_row(cpu, probe, statement)
            values = runner.unpack(data)
            for step in runner.steps:
                write(step(values))
            if not quiet:
                write(b"\n")
        self._out.flush()

    def newline(self) -> None:
        """What separates the user's ^C from the output."""
        self._out.write(b"\n")
        self._out.flush()

    def drops(self, cpu: int, *, principal: int, dynamic: int, aggregation: int) -> None:
        """Take note of a CPU's counters, which count from the start of the session."""
        self._drops.set("PRINCIPAL", cpu, principal)
        self._drops.set("DYNAMIC", cpu, dynamic)
        self._drops.set("AGGREGATION", cpu, aggregation)

    def report_drops(self) -> None:
        """Say what was dropped since the last report."""
        for message in self._drops.report():
            self._out.complain(message)

    def finish(self) -> None:
        """Print the aggregations that no printa() has printed, after an empty line."""
        self._out.write(b"\n")
        left = [a for a in self._scene.aggregations.values() if not a.printed]
        for row in final_rows(left, self._options, self._scene.cpus):
            self._out.write(row)
        self._out.flush()

    def close(self) -> None:
        """No more comes."""
        self._out.close()

    def _begin_row(self, cpu: int, probe: int, statement: int) -> None:
        if not self._headed:
            self._headed = True
            self._out.write(self._rows.heading + b"\n")
        self._out.write(self._rows.prefix(cpu, self._layout.probes[probe], statement))

    def _fault(self, data: bytes) -> None:
        probe, clause, pc, fault, value = FAULT_DATA.unpack_from(data, HEADER_SIZE)
        message = fault_message(clause, self._layout.probes[probe], pc, fault, value)
        self._out.complain(message)
