"""The dtrace command: exit statuses, and the one place that reports errors."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from dtrace.cli.args import parse_args
from dtrace.cli.errors import CommandError, UsageError
from dtrace.consume.output import OutputError
from dtrace.diag import CompileError, KernelError
from dtrace.options import TESTING
from dtrace.request import Mode, Request

if TYPE_CHECKING:
    from collections.abc import Sequence

E_OK, E_ERROR, E_USAGE = 0, 1, 2
E_INTERRUPTED = 128 + 2  # by SIGINT before tracing; from then on it ends the trace


def run() -> None:
    """The console script: main() on the process's own words."""
    status = main(sys.argv[1:])
    sys.stdout.flush()
    sys.exit(status)


def main(words: Sequence[str]) -> int:
    """Do what the command line says; the exit status.

    words: without the command's own name; none asks for the usage.
    """
    request = Request()
    try:
        if not words:
            raise UsageError("")
        request = parse_args(words, os.environ)
        return _carry_out(request)
    except UsageError as err:
        _complain(str(err))
        if err.usage:
            from dtrace.cli.usage import USAGE

            sys.stderr.write(USAGE)
        return E_USAGE
    except CompileError as err:
        _complain(err.headline(errtags=request.options.errtags))
        excerpt = err.excerpt()
        if excerpt and TESTING not in os.environ:
            sys.stderr.write(f"{excerpt}\n")
    except (CommandError, KernelError, OutputError) as err:
        _complain(str(err))
    except KeyboardInterrupt:
        return E_INTERRUPTED
    return E_ERROR


def _carry_out(request: Request) -> int:
    if request.mode is Mode.VERSION:
        from dtrace.cli.usage import version_text

        sys.stdout.write(version_text(request.verbose))
        return E_OK
    if request.mode is Mode.CHECK and not request.programs:
        return E_OK
    if request.backend == "kernel" and os.geteuid() != 0:
        raise UsageError(
            "tracing the kernel needs root: run as root, or without --backend=kernel on the"
            " emulated kernel",
            usage=False,
        )
    from dtrace.backend import session

    if request.mode is not Mode.LIST:
        return session.run(request) & 0xFF
    from dtrace.cli.list import list_probes

    kernel = session.open_kernel(request)
    try:
        return list_probes(request, kernel)
    finally:
        kernel.close()


def _complain(text: str) -> None:
    if text:
        sys.stdout.flush()
        sys.stderr.write(f"dtrace: {text}\n")
