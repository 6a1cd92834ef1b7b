"""CompileError: what is wrong with a D program, where, and how DTrace says it.  KernelError: what
the kernel cannot do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dtrace.errtags import ErrTag
    from dtrace.source import Span


class CompileError(Exception):
    """An error in the user's D program.

    tag: the D_* tag that libdtrace gives it (shown under -xerrtags); None for the few errors that
        it reports with neither tag nor line.
    message: libdtrace's text.
    span: the characters it is about.
    region: "in action list" or "in predicate" where libdtrace says so, else "".
    line: the line that libdtrace names, if it is not the one where `span` begins.
    """

    def __init__(
        self, tag: ErrTag | None, message: str, span: Span, region: str = "", line: int = 0
    ) -> None:
        super().__init__(message)
        self.tag = tag
        self.message = message
        self.span = span
        self.region = region
        self.line = line or span.line

    def headline(self, *, errtags: bool = False) -> str:
        """The first line, word for word DTrace's, without the leading `dtrace: `.

        `failed to compile script F: [TAG] line N: message` for a script and
        `invalid probe specifier TEXT: [TAG] message` for the command line (dt_errmsg.c).
        """
        source = self.span.source
        if self.tag is None:
            return f"{source.prefix}: {self.message}"
        file = source.file_of(self.span.start)
        where = f'"{file}", line {self.line}: ' if file else f"line {self.line}: "
        if not source.name:
            where = ""
        tag = f"[{self.tag.name}] " if errtags else ""
        region = f"{self.region}: " if self.region else ""
        return f"{source.prefix}: {tag}{where}{region}{self.message}"

    def excerpt(self) -> str:
        """The source line with a caret line below it; "" where there is no text to show."""
        return excerpt(self.span)


def excerpt(span: Span) -> str:
    """The line of `span` with a caret line below it; "" where there is no text to show."""
    text = span.source.line_text(span.start)
    line = text.expandtabs(8)
    if not line.strip():
        return ""
    before = text[: span.source.column_of(span.start) - 1].expandtabs(8)
    width = max(1, min(len(span.text.split("\n", 1)[0]), len(line) - len(before)))
    number = f"{span.line:5d}" if span.source.name else "     "
    return f"{number} | {line}\n      | {' ' * len(before)}^{'~' * (width - 1)}"


class KernelError(Exception):
    """The kernel cannot do something: what it was, why, and the cure.  One line, no traceback."""
