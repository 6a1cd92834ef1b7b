"""How many BPF insns an event costs: those loaded for usual clauses, by kernel.

    python benchmarks/insns.py [--kernel RELEASE ...] [-v]

Counted is the whole program of the probe, as it is given to BPF_PROG_LOAD: trampoline, clause and
library functions.  With -v the programs are shown.  The goals are those of the README; the C
implementation and bpftrace load 272 and 60 insns for the first of them.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, NamedTuple

from dtrace.backend.compiler import Compilation
from dtrace.backend.emulated import EmulatedKernel
from dtrace.request import Form, Program, Request
from dtrace.source import Source
from emu.isa.disasm import disassemble
from emu.kernel.profile import RELEASES, Kernel

if TYPE_CHECKING:
    from emu.prog import Prog

PROVIDER, FUNCTION, NAME = "syscall", "getppid", "entry"


class Clause(NamedTuple):
    """A clause to count, and how many insns it may have."""

    name: str
    body: str
    goal: int


CLAUSES = (
    Clause("count()", "{ @ = count(); }", 120),
    Clause("printf of an int", '{ printf("%d\\n", arg0); }', 80),
    Clause("count() by pid", "{ @[pid] = count(); }", 200),
    Clause("count() by execname", "{ @[execname] = count(); }", 200),
    Clause("quantize()", "{ @ = quantize(arg0); }", 0),
    Clause("predicate on pid", "/pid == 1/ { @ = count(); }", 0),
    Clause("thread-local timestamp", "{ self->t = timestamp; }", 0),
)


def compile_clause(body: str, release: str) -> Prog:
    """The program of the probe, as the kernel `release` is given it."""
    source = Source(f"{PROVIDER}::{FUNCTION}:{NAME} {body}")
    request = Request()
    request.programs.append(Program(Form.NAME, source))
    compilation = Compilation(EmulatedKernel(Kernel.release(release)), request)
    (built,) = compilation.build(compilation.compile()).programs
    return built.prog


def main() -> int:
    parser = argparse.ArgumentParser(description="Count the BPF insns of usual clauses.")
    parser.add_argument("--kernel", action="append", help="profile (repeatable; default: all)")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the programs")
    options = parser.parse_args()
    releases = options.kernel or RELEASES
    over = 0
    print(f"{'':<24} goal " + " ".join(f"{release:>5}" for release in releases))
    for clause in CLAUSES:
        counts = []
        for release in releases:
            prog = compile_clause(clause.body, release)
            counts.append(len(prog.insns))
            if options.verbose:
                print(*disassemble(prog.insns), sep="\n")
        over += any(clause.goal and count > clause.goal for count in counts)
        goal = clause.goal or "-"
        print(f"{clause.name:<24} {goal:>4} " + " ".join(f"{count:>5}" for count in counts))
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
