"""-S: programs as text, each run of instructions under the D it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.disasm import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtrace.link.build import Built
    from dtrace.source import Span
    from emu.prog import Insn


def annotate(built: Built) -> Iterator[str]:
    """Lines without newlines: a heading, then instructions with their index and encoding.

    Program for dtrace:::BEGIN, tracepoint, 44 insns:

    dt_clause_0:
    ; line 3: trace(1 + 2);
      28: 62 06 e8 00 03 00 00 00  *(u32 *)(r6 +232) = 3
    """
    prog = built.prog
    probes = ", ".join(str(probe) for probe in built.probes[:3])
    more = f" and {len(built.probes) - 3} more" if len(built.probes) > 3 else ""
    kind = prog.type.name.lower()
    yield f"Program for {probes}{more}, {kind}, {len(prog.insns)} insns:"
    starts = {subprog.start: subprog.name for subprog in prog.subprogs}
    last = None
    for at, span in enumerate(built.spans):
        if at in starts:
            yield ""
            yield f"{starts[at]}:"
            last = None
        where = line_of(span)
        if where and where != last:
            yield f"; {where}"
            last = where
        if prog.insns[at].code:  # not the second half of ld_imm64
            yield f"{at:5d}: {encoded(prog.insns[at])}  {text(prog.insns, at)}"


def line_of(span: Span | None) -> str:
    """The D line that a span begins on, with its number if it is a script's."""
    if span is None or not span.source.text:
        return ""
    line = span.source.line_text(span.start).strip()
    return f"line {span.line}: {line}" if span.source.name else line


def encoded(insn: Insn) -> str:
    """The 8 bytes of an instruction, in hex."""
    from emu.isa.insn import encode

    return encode((insn,)).hex(" ")
