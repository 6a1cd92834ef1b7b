"""Finding: what is to be said of a verdict, and the input that shows it.

Everything here is plain data, so that whoever replays or prints it needs no solver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.prog import LineInfo, Prog

# real: a run breaks the rule that the kernel names.  limit: no run does, it is the verifier that
# cannot see it.  unavailable: the program asks for an instruction, helper, map or kernel object
# that this kernel does not have or not take, whatever its runs would do.  undecided: not known.
# Of a program that the kernel takes: confirmed: every run is what the verifier believed of it.
# escapes: one is not, or faults.
Word = Literal["real", "limit", "undecided", "unavailable", "confirmed", "escapes"]
SHOWN_RANGES = 12  # of a path; the middle of a longer one is left out
SHOWN_BYTES = 64  # of a block


class Place(NamedTuple):
    """An address."""

    block: int  # the number of a block; negative for objects without bytes: -1 - map's index
    offset: int  # bytes, signed


class Block(NamedTuple):
    """Memory that the program meets, as it is when the program begins."""

    number: int
    kind: str  # "the context", "the stack", "a map value", "the packet", "reserved memory"
    name: str
    low: int  # offset of the first byte; negative for metadata in front of a packet
    data: bytes
    writable: bool
    which: int  # of a map value the map's index, of a stack the frame; -1 for the others


class HelperResult(NamedTuple):
    """What a call of a helper gave."""

    insn: int
    helper: str
    result: int | Place | None  # r0 as a u64; None where it is not to be read
    writes: tuple[tuple[Place, bytes], ...]  # what it stored


class Witness(NamedTuple):
    """An input, and the run that breaks the rule with it."""

    insn: int  # where the rule is broken
    steps: int  # insns that run before
    blocks: tuple[Block, ...]
    calls: tuple[HelperResult, ...]  # in the order in which they happen
    registers: tuple[tuple[int, int | Place], ...]  # (number, value) before `insn`
    path: tuple[tuple[int, int], ...]  # first and last insn of each straight piece
    repeats: int  # of a run that does not end: how many of the last calls come again and again


class Finding(NamedTuple):
    """What a rejection is, or an acceptance."""

    word: Word
    complaint: str  # Verdict.complaint; of an acceptance what it has cost
    insn: int  # that was rejected; -1 where it was none
    rule: str  # of a run that goes wrong: what it does
    detail: str  # the same, with its values
    scope: str  # what was looked at
    complete: bool  # whether that is every path there is
    paths: int  # that were followed
    insns: int  # of all of them
    reasons: tuple[str, ...]  # of an undecided one: why
    witness: Witness | None  # of a run that goes wrong

    def text(self, prog: Prog) -> str:
        """The finding as lines for a reader."""
        return "\n".join(self._lines(prog))

    def _lines(self, prog: Prog) -> Iterator[str]:
        where = f"insn {self.insn}: " if self.insn >= 0 else ""
        yield f"{self.word}: {where}{self.complaint}"
        line = source_line(prog, self.witness.insn if self.witness else self.insn)
        if line is not None:
            text = f": {line.text.strip()}" if line.text.strip() else ""
            yield f"  source: {line.file}:{line.line}{text}"
        yield f"  {_MEANING[self.word]}"
        if self.word != "unavailable":
            followed = f"{_count(self.paths, 'path')}, {_count(self.insns, 'insn')}"
            yield f"  scope: {self.scope}; {followed}"
        for reason in self.reasons:
            yield f"  why: {reason}"
        if self.witness is not None:
            yield f"  insn {self.witness.insn}: {self.rule}: {self.detail}"
            yield from (f"  {line}" for line in _witness_lines(self.witness))


_MEANING: dict[Word, str] = {
    "real": "a run of the program breaks the rule",
    "limit": "no run of the program breaks the rule; the verifier does not see that",
    "undecided": "whether a run of the program breaks the rule is not known",
    "confirmed": "no run of the program leaves the states that the verifier walked, or faults",
    "escapes": "a run of the program leaves the states that the verifier walked, or faults",
    "unavailable": "this kernel does not have what the program asks for",
}


def source_line(prog: Prog, insn: int) -> LineInfo | None:
    """The line that an instruction was made of, where the program says so."""
    lines = [line for line in prog.line_info if line.insn <= insn]
    return lines[-1] if lines and insn >= 0 else None


def _witness_lines(witness: Witness) -> Iterator[str]:
    names = {block.number: block.name for block in witness.blocks}

    def shown(value: int | Place | None) -> str:
        if value is None:
            return "nothing"
        if isinstance(value, int):
            return f"{value:#x}" if value > 9 else str(value)
        name = names.get(value.block, f"map {-1 - value.block}")
        return f"{name}{value.offset:+d}"

    yield f"path: {_path(witness.path)}"
    for block in witness.blocks:
        if block.low < 0:
            yield f"metadata in front of {block.name}: {_bytes(block.data[: -block.low])}"
        data = block.data[max(-block.low, 0) :]
        if data.strip(b"\0") or block.kind == "the packet":
            yield f"{block.name}: {_bytes(data)}"
    for call in witness.calls:
        stored = "".join(
            f", stores {data.hex(' ')} at {shown(place)}" for place, data in call.writes
        )
        yield f"insn {call.insn}: {call.helper} gives {shown(call.result)}{stored}"
    registers = (f"r{n} = {shown(value)}" for n, value in witness.registers)
    yield f"before insn {witness.insn}: {', '.join(registers)}"


def _bytes(data: bytes) -> str:
    """How many, and the first of them that are not 0."""
    told = data.rstrip(b"\0")
    words = [told[:SHOWN_BYTES].hex(" ")] if told else []
    if len(told) > SHOWN_BYTES:
        words.append("...")
    if len(told) < len(data):
        words.append("then zeros" if told else "zeros")
    return f"{_count(len(data), 'byte')}{': ' if words else ''}{' '.join(words)}"


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _path(ranges: tuple[tuple[int, int], ...]) -> str:
    words = [f"{first}-{last}" if first < last else str(first) for first, last in ranges]
    if len(words) > SHOWN_RANGES:
        half = SHOWN_RANGES // 2
        words[half:-half] = [f"... {len(words) - SHOWN_RANGES} more ..."]
    return ", ".join(words)
