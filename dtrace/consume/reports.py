"""Messages of the consumer: run-time faults and drops, in DTrace's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dtrace.probes.desc import Probe

# By number: DTRACEFLT_* of unistd.d.
FAULTS = (
    "unknown fault",
    "invalid address",
    "invalid alignment",
    "illegal operation",
    "divide-by-zero",
    "out of scratch space",
    "invalid kernel access",
    "invalid user access",
    "tuple stack overflow",
    "bad stack",
    "invalid size",
    "index out of bounds",
)
BADADDR, BADALIGN, BADSTACK, BADSIZE, BADINDEX = 1, 2, 9, 10, 11
NO_ADDRESS = (1 << 64) - 1


def fault_message(clause: int, probe: Probe, pc: int, fault: int, value: int) -> str:
    """What is said of a fault.

    clause: CookedClause.id.  pc: instruction of the loaded program, negative if unknown.
    value: the address, the size or the index, u64.
    """
    what = FAULTS[fault] if fault < len(FAULTS) else FAULTS[0]
    if fault == BADINDEX:
        what += f" ({value})"
    elif fault in (BADALIGN, BADSTACK, BADSIZE) or (fault == BADADDR and value != NO_ADDRESS):
        what += f" (0x{value:x})"
    where = f" at BPF pc {pc}" if pc >= 0 else ""
    return f"error in dt_clause_{clause} for probe ID {probe.id} ({probe}): {what}{where}"


class DropKind(NamedTuple):
    """A kind of drop: N `noun`s `rest`."""

    noun: str
    per_cpu: bool = False  # whether CPUs are told apart
    rest: str = ""


DROPS = {
    "PRINCIPAL": DropKind("drop", per_cpu=True),
    "AGGREGATION": DropKind("aggregation drop", per_cpu=True),
    "DYNAMIC": DropKind("dynamic variable drop"),
    "DYNRINSE": DropKind("dynamic variable drop", rest=" with non-empty rinsing list"),
    "DYNDIRTY": DropKind("dynamic variable drop", rest=" with non-empty dirty list"),
    "SPEC": DropKind("speculative drop"),
    "SPECBUSY": DropKind("failed speculation", rest=" (available buffer(s) still busy)"),
    "SPECUNAVAIL": DropKind("failed speculation", rest=" (no speculative buffer available)"),
    "STKSTROVERFLOW": DropKind("jstack()/ustack() string table overflow"),
    "DBLERROR": DropKind("error", rest=" in ERROR probe enabling"),
}


class Drops:
    """Counters of what was lost; each report says what was lost since the one before."""

    def __init__(self, *, tags: bool) -> None:
        """tags: precede each message with the name of the kind of drop (option droptags)."""
        self._tags = tags
        self._now: dict[tuple[str, int], int] = {}
        self._reported: dict[tuple[str, int], int] = {}

    def set(self, kind: str, cpu: int, total: int) -> None:
        """The counter `kind` of a CPU stands at `total`."""
        self._now[kind, cpu] = total

    def report(self) -> list[str]:
        """Messages for everything that is new."""
        news: dict[tuple[str, int], int] = {}
        for (kind, cpu), total in self._now.items():
            fresh = total - self._reported.get((kind, cpu), 0)
            where = (kind, cpu if DROPS[kind].per_cpu else 0)
            news[where] = news.get(where, 0) + fresh
        self._reported = dict(self._now)
        return [self._message(kind, cpu, count) for (kind, cpu), count in news.items() if count]

    def _message(self, kind: str, cpu: int, count: int) -> str:
        row = DROPS[kind]
        tag = f"[DTRACEDROP_{kind}] " if self._tags else ""
        where = f" on CPU {cpu}" if row.per_cpu else ""
        return f"{tag}{count} {row.noun}{'' if count == 1 else 's'}{row.rest}{where}"
