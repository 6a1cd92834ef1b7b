"""`dtlab verify`: what the verifier of each kernel says of D programs and BPF objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtrace.backend.compiler import Compilation
from dtrace.backend.emulated import EmulatedKernel
from dtrace.diag import CompileError, KernelError, excerpt
from dtrace.request import Form, Program, Request
from dtrace.source import Source
from emu import objfile
from emu.kernel.profile import Kernel
from verifier_model import verify
from verifier_model.verdict import Unmodelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtrace.link.build import Built
    from emu.prog import Prog


class Cell(NamedTuple):
    """What one kernel says of one script or object.

    word: "ok", "reject", "error" (it does not compile for that kernel, or is no object that can be
        loaded) or "unmodelled".
    detail: why, for the last three; several lines.
    insns: of all its programs.  processed: what the verifier walks, the sum of its programs.
    """

    word: str
    detail: str = ""
    insns: int = 0
    processed: int = 0


def judge(path: str, text: str, release: str) -> Cell:
    """Compile script `text` for kernel `release` and ask the model about every program.

    text: one character a byte; that of a BPF object is loaded instead.
    """
    data = text.encode("latin-1", "replace")
    if data.startswith(objfile.MAGIC):
        return _judge_object(data, release)
    source = Source(text, path, f"failed to compile script {path}")
    profile = Kernel.release(release)
    kernel = EmulatedKernel(profile, world="idle")
    request = Request()
    request.programs.append(Program(Form.SCRIPT, source))
    compilation = Compilation(kernel, request)
    try:
        build = compilation.build(compilation.compile())
    except CompileError as err:
        return Cell("error", f"{err.headline()}\n{err.excerpt()}")
    except KernelError as err:
        return Cell("error", str(err))
    insns = processed = 0
    for built in build.programs:
        try:
            verdict = verify(built.prog, profile)
        except Unmodelled as unmodelled:
            return Cell("unmodelled", _at(built, unmodelled.insn, str(unmodelled)))
        if not verdict.accepted:
            return Cell("reject", _at(built, verdict.insn, verdict.complaint))
        insns += len(built.prog.insns)
        processed += verdict.insns_processed
    return Cell("ok", "", insns, processed)


def _judge_object(data: bytes, release: str) -> Cell:
    """Ask the model about every program of a BPF object."""
    try:
        progs = objfile.load(data)
    except objfile.ObjectError as err:
        return Cell("error", str(err))
    insns = processed = 0
    for prog in progs:
        try:
            verdict = verify(prog, Kernel.release(release))
        except Unmodelled as unmodelled:
            return Cell("unmodelled", _at_line(prog, unmodelled.insn, str(unmodelled)))
        if not verdict.accepted:
            return Cell("reject", _at_line(prog, verdict.insn, verdict.complaint))
        insns += len(prog.insns)
        processed += verdict.insns_processed
    return Cell("ok", "", insns, processed)


def _at_line(prog: Prog, insn: int, message: str) -> str:
    """The complaint, and the line that the instruction was made of."""
    lines = [line for line in prog.line_info if line.insn <= insn]
    where = f"\n{lines[-1].file}:{lines[-1].line}: {lines[-1].text.strip()}" if lines else ""
    return f"{prog.name}: {message}{where}"


def _at(built: Built, insn: int, message: str) -> str:
    span = built.spans[insn] if 0 <= insn < len(built.spans) else None
    where = f"\n{excerpt(span)}" if span is not None else ""
    return f"{built.probes[0]}: {message}{where}"


def matrix(paths: Sequence[str], texts: Sequence[str], releases: Sequence[str]) -> Iterator[str]:
    """The report's lines: a table of scripts by kernels, then why where it is not ok."""
    cells = {
        (path, release): judge(path, text, release)
        for path, text in zip(paths, texts, strict=True)
        for release in releases
    }
    first = max(map(len, [*paths, "SCRIPT"]))
    widths = [max(len(r), *(len(cells[p, r].word) for p in paths)) for r in releases]

    def row(name: str, words: Sequence[str]) -> str:
        columns = (f"{word:>{width}}" for word, width in zip(words, widths, strict=True))
        return f"{name:<{first}}  {'  '.join(columns)}"

    yield row("SCRIPT", releases)
    for path in paths:
        yield row(path, [cells[path, r].word for r in releases])
    for path in paths:
        for release in releases:
            cell = cells[path, release]
            if cell.detail:
                yield f"\n{path} on {release}: {cell.word}: {cell.detail}"


def refused(lines: Sequence[str]) -> bool:
    """Whether a report's lines say that something is not ok."""
    return any(line.startswith("\n") for line in lines)
