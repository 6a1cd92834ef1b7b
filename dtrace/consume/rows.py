"""Rows: what precedes a record's data, and the heading above the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dtrace.probes.desc import Probe


class Rows:
    """`CPU ID FUNCTION:NAME` and the data; the heading comes once, before the first row."""

    def __init__(self, *, testing: bool) -> None:
        """testing: leave out what differs from run to run (_DTRACE_TESTING)."""
        self.testing = testing
        self.heading = self._line("CPU", "ID", "FUNCTION:NAME")
        self._labels: dict[int, bytes] = {}

    def _line(self, cpu: str, probe: str, label: str) -> bytes:
        columns = "" if self.testing else f"{cpu:>3} {probe:>6} "
        return f"{columns}{label:>32}".encode("latin-1")

    def prefix(self, cpu: int, probe: Probe, statement: int) -> bytes:
        """What begins the row of a record of `statement`."""
        label = self._labels.get(probe.id)
        if label is None:
            line = self._line(
                "%3d", str(probe.id), f"{probe.function}:{probe.name}".replace("%", "%%")
            )
            label = self._labels[probe.id] = line + b" "
        return label if self.testing else label % cpu


class FlowRows:
    """-F: `CPU FUNCTION`, indented by the calls that were entered and not yet left."""

    def __init__(self, *, testing: bool) -> None:
        """testing: leave out what differs from run to run (_DTRACE_TESTING)."""
        self.testing = testing
        self.heading = self._line("CPU", "FUNCTION")
        self._depth: dict[int, int] = {}  # columns of indentation, by CPU
        self._last = (-1, -1)  # probe and statement of the row before

    def _line(self, cpu: str, text: str) -> bytes:
        columns = "" if self.testing else f"{cpu:>3} "
        return f"{columns}{text:<41}".encode("latin-1")

    def prefix(self, cpu: int, probe: Probe, statement: int) -> bytes:
        """What begins the row of a record of `statement`."""
        arrow = "=" if probe.provider == "syscall" else "-"
        depth = self._depth.get(cpu, 0)
        again = self._last[0] == probe.id and self._last[1] != statement
        self._last = (probe.id, statement)
        if _is(probe.name, "return"):
            depth = self._depth[cpu] = max(depth - 2, 0)
            text = f" <{arrow} {probe.function}"
        elif _is(probe.name, "entry") and not again:
            self._depth[cpu] = depth + 2
            text = f" {arrow}> {probe.function}"
        else:
            text = f"| {probe.function}:{probe.name}"
        return self._line(str(cpu), " " * depth + text) + b" "


def _is(name: str, end: str) -> bool:
    return name == end or name.endswith(f"-{end}")
