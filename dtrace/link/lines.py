"""Spans of instructions to line info."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.prog import LineInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtrace.source import Span


def line_info(spans: Sequence[Span | None]) -> tuple[LineInfo, ...]:
    """One LineInfo wherever the source line of the instructions changes."""
    found: list[LineInfo] = []
    last = None
    for at, span in enumerate(spans):
        if span is None or span is last:
            continue
        last = span
        source = span.source
        column = source.column_of(span.start)
        info = LineInfo(at, source.name, span.line, column, source.line_text(span.start))
        if not found or info[1:] != found[-1][1:]:
            found.append(info)
    return tuple(found)
