"""Spans of instructions to line info."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.source import NO_SPAN
from emu.prog import LineInfo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dtrace.source import Span

_LAST_COLUMN = 1023  # that struct bpf_line_info has room for
_LONGEST = 500  # characters of a line; what the kernel's log holds of one is 1,023 bytes


def line_info(spans: Sequence[Span | None], starts: Mapping[int, str]) -> tuple[LineInfo, ...]:
    """One LineInfo wherever the source line of the instructions changes.

    starts: the names of the functions that begin there; each has a LineInfo of its own, as the
        kernel wants it.  The name stands for the line where it is not of the D program.
    """
    found: list[LineInfo] = []
    last, function = None, ""
    for at, span in enumerate(spans):
        begins = at in starts
        function = starts.get(at, function)
        if begins and span is None:
            span = NO_SPAN
        if span is None or (span is last and not begins):
            continue
        last = span
        info = _line(at, span, function)
        if begins or info[1:] != found[-1][1:]:
            found.append(info)
    return tuple(found)


def _line(at: int, span: Span, function: str) -> LineInfo:
    source = span.source
    column = min(source.column_of(span.start), _LAST_COLUMN)
    text = source.line_text(span.start)[:_LONGEST] if span is not NO_SPAN else function
    return LineInfo(at, source.name, span.line, column, text)
