"""A report's lines: its header, its sections, places in the program with what surrounds them.

Source: bpf_diag_header(), bpf_diag_source(), diag_print_wrapped_prefixed() and
diag_print_insn_context(), kernel/bpf/diagnostics.c (7.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model import log_source
from verifier_model.cfg import LD_IMM64

if TYPE_CHECKING:
    from emu.prog import LineInfo
    from verifier_model.env import Env

_WIDTH = 100  # columns of text
_LANE = 88  # columns of source
_AROUND = 2  # lines, or insns, before and behind a place
_TAB = 8


class Page:
    """Collects the lines of one report."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self.lines: list[str] = []

    def header(self, category: str, problem: str) -> None:
        title = problem[:1].upper() + problem[1:]
        self.lines += ("", f"Verification failed: {category}: {title}")

    def section(self, title: str) -> None:
        self.lines += ("", f"{title}:")

    def text(self, text: str) -> None:
        self._wrap(text, "  ", "  ")

    def _wrap(self, text: str, first: str, following: str) -> None:
        """Lines of at most 100 columns, broken at blanks."""
        prefix = first
        while text:
            width = max(_WIDTH - len(prefix), 1)
            length = min(len(text), width)
            if length < len(text) and text[length] != " ":
                blank = text.rfind(" ", 0, length)
                length = blank if blank > 0 else length
            self.lines.append(prefix + text[:length])
            text = text[length:].lstrip(" ")
            prefix = following

    def source(self, idx: int, label: str, message: str) -> None:
        """A place in the program and what is said of it."""
        env, note = self._env, f"{label}: {message}"
        line = env.lines[log_source.number(env, idx)] if env.lines else None
        if line is None or not line.file:
            self.lines.append(f"  insn {idx}")
            self._annotate(0, 0, note)
        else:
            name = env.subprog_name(env.subprog_of(idx))
            place = f"{line.file.rpartition('/')[2]}:{line.line}:{line.column}"
            self.lines.append(f"  {name} @ {place}" if name else f"  {place}")
            if line.text:
                self._source_context(idx, line, note)
            else:
                self._annotate(0, 0, note)
        self._insn_context(idx)

    def _annotate(self, width: int, indent: int, note: str) -> None:
        indent = min(indent, max(0, _LANE - width - 8))
        lane = f"  {'':{width + 4}} | {'':{indent}}"
        self._wrap(note, f"{lane}^-- ", f"{lane}    ")

    def _source_context(self, idx: int, at: LineInfo, note: str) -> None:
        """Lines near to it that insns of the same function come from."""
        env = self._env
        no = env.subprog_of(idx)
        start, end = env.subprogs[no], env.subprog_end(no)
        known: dict[int, str] = {}
        for line in env.lines:
            if line.file == at.file and line.text and start <= line.insn < end:
                known.setdefault(line.line, line.text)
        self.lines.append("  Source context:")
        width = len(str(at.line + _AROUND))
        for number in range(at.line - _AROUND, at.line + _AROUND + 1):
            mark = ">>> " if number == at.line else "    "
            lane = f"{mark}{number:{width}} | " if number > 0 else ""
            text = _shortened(known.get(number, "..."), _LANE - len(lane)) if lane else ""
            self.lines.append(f"  {lane}{text}")
            if number == at.line:
                expanded = at.text.expandtabs(_TAB)
                self._annotate(width, len(expanded) - len(expanded.lstrip(" ")), note)

    def _insn_context(self, idx: int) -> None:
        insns, log = self._env.insns, self._env.log
        width = len(str(len(insns) - 1))
        self.lines.append("  Instruction context:")
        for i in range(max(idx - _AROUND, 0), min(idx + _AROUND + 1, len(insns))):
            if i and insns[i - 1].code == LD_IMM64:
                continue
            mark = ">>> " if i == idx else "    "
            self.lines.append(f"  {mark}{i:{width}} | {log.insn_text(self._env, i)}")


def _shortened(text: str, width: int) -> str:
    text = text.expandtabs(_TAB)
    return text if len(text) <= width else text[: width - 3] + "..."
