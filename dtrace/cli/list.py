"""-l: the probes there are, or those that programs match."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.consume.output import Output

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtrace.backend.base import Kernel
    from dtrace.probes.desc import Probe
    from dtrace.request import Request


def list_probes(request: Request, kernel: Kernel) -> int:
    """Print a line for each probe; the exit status.  A description without probes is no error.

    Raises CompileError, KernelError, OutputError.
    """
    out = Output(request.output)
    try:
        if request.programs:
            _list_matches(request, kernel, out)
        else:
            from dtrace.providers.registry import ProbeTable

            _write_header(out)
            _write(out, ProbeTable(kernel).all())
    finally:
        out.close()
    return 0


def _list_matches(request: Request, kernel: Kernel, out: Output) -> None:
    from dtrace.backend.compiler import Compilation
    from dtrace.probes.match import parse_description

    request.options.set("zdefs")
    fields = {id(program.source): program.form.fields for program in request.programs}
    clauses = Compilation(kernel, request).compile().clauses
    _write_header(out)
    for cooked in clauses:
        if cooked.probes:
            _write(out, cooked.probes)
            continue
        desc = parse_description(cooked.spec, fields[id(cooked.clause.span.source)])
        text = f"{desc.provider}:{desc.module}:{desc.function}:{desc.name}"
        out.complain(f"failed to match {text}: No probe matches description")


def _write_header(out: Output) -> None:
    out.write(_line("ID", "PROVIDER", "MODULE", "FUNCTION", "NAME"))


def _write(out: Output, probes: Iterable[Probe]) -> None:
    for probe in probes:
        out.write(_line(str(probe.id), probe.provider, probe.module, probe.function, probe.name))


def _line(number: str, provider: str, module: str, function: str, name: str) -> bytes:
    return f"{number:>5} {provider:>10} {module:>17} {function:>33} {name}\n".encode("latin-1")
