"""How fast the emulator runs: BPF insns a second, by program and engine.

    python benchmarks/emulator.py [--repeat N] [--engine NAME ...] [PROGRAM ...]
    sudo python benchmarks/emulator.py --engine translator --engine kernel

Each program runs several times and the fastest run counts, as the machine may be busy with other
things.  Counted are the insns that run, each ld_imm64 as one; for the lookup loop also the calls.
The last lines are the times to translate and to make ready what a D clause looks like.
The goals are those of the README.  With `--engine kernel` the running kernel's JIT, or its
interpreter in C where that is off, runs the same programs as far as that can be measured.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from emu.isa.asm import assemble
from emu.kernel.enums import MapType, ProgType
from emu.kernel.profile import Kernel
from emu.maps.create import create
from emu.prog import MapDef, Prog
from emu.vm import engine
from emu.world.scenario import Scenario
from emu.world.world import World

if TYPE_CHECKING:
    from emu.vm.interp import Vm

MAPS = (
    MapDef("values", MapType.ARRAY, 4, 512, 1),
    MapDef("hash", MapType.HASH, 8, 8, 1024),
)

ALU = """
    r0 = 0
    r6 = 0
loop:
    r0 += r6
    r0 *= 31
    r0 ^= 0x5bd1e995
    r2 = r0
    r2 >>= 15
    r0 += r2
    r6 += 1
    if r6 < 40000 goto loop
    exit
"""

# r0 is the map's value, or the program ends.
LOOKUP = """
    *(u32 *)(r10 -4) = 0
    r1 = map[0] ll
    r2 = r10
    r2 += -4
    call 1
    if r0 != 0 goto found
    exit
found:
"""

MEMORY = (
    LOOKUP
    + """
    r6 = 0
    r7 = 0
loop:
    r3 = r6
    r3 &= 63
    r3 <<= 3
    r4 = r0
    r4 += r3
    r5 = *(u64 *)(r4 +0)
    r5 += r6
    *(u64 *)(r4 +0) = r5
    r2 = *(u64 *)(r0 +8)
    r7 += r2
    *(u64 *)(r0 +16) = r7
    r6 += 1
    if r6 < 20000 goto loop
    r0 = r7
    exit
"""
)

FNV = (
    LOOKUP
    + """
    r9 = 0
again:
    r1 = 0xcbf29ce484222325 ll
    r2 = 0x100000001b3 ll
    r6 = 0
loop:
    r3 = r0
    r3 += r6
    r4 = *(u8 *)(r3 +0)
    r1 ^= r4
    r1 *= r2
    r6 += 1
    if r6 < 64 goto loop
    *(u64 *)(r0 +64) = r1
    r9 += 1
    if r9 < 500 goto again
    r0 = r1
    exit
"""
)

MAP_CALLS = 10_000
MAP = f"""
    r6 = 0
    r7 = 0
loop:
    r1 = r6
    r1 &= 511
    *(u64 *)(r10 -8) = r1
    r1 = map[1] ll
    r2 = r10
    r2 += -8
    call 1
    if r0 == 0 goto miss
    r1 = *(u64 *)(r0 +0)
    r7 += r1
miss:
    r6 += 1
    if r6 < {MAP_CALLS} goto loop
    r0 = r7
    exit
"""

# Two equal strings of 63 bytes, byte by byte.
STRINGS = (
    LOOKUP
    + """
    r9 = 0
again:
    r6 = 0
loop:
    r1 = r0
    r1 += r6
    r2 = *(u8 *)(r1 +128)
    r3 = *(u8 *)(r1 +256)
    if r2 != r3 goto differ
    if r2 == 0 goto equal
    r6 += 1
    if r6 < 64 goto loop
equal:
    r9 += 1
    if r9 < 300 goto again
differ:
    r0 = r6
    exit
"""
)


def branchy(blocks: int = 100) -> str:
    """Code as D clauses have it: short blocks, forward branches, values on the stack."""
    lines = ["r6 = r1", "r7 = 1", "r8 = 0x123456789abcdef ll", "*(u64 *)(r10 -8) = r7"]
    for n in range(blocks):
        lines += [
            f"b{n}:",
            f"r1 = *(u64 *)(r6 +{n % 8 * 8})",
            f"r7 += {n}",
            "r7 ^= r1",
            f"if r7 {('s> ', '== ', '< ')[n % 3]} {n * 7 + 1} goto b{n + 1 + (n % 4 == 1)}",
        ]
        if n % 4 == 3:
            lines += ["r2 = *(u64 *)(r10 -8)", "r2 += r7", "*(u64 *)(r10 -8) = r2"]
    return "\n".join([*lines, f"b{blocks}:", f"b{blocks + 1}:", "r0 = *(u64 *)(r10 -8)", "exit"])


class Case(NamedTuple):
    """A program, and the millions of insns a second that it should reach."""

    name: str
    text: str
    translated: float
    interpreted: float = 3
    repeat: int = 1  # runs that are timed together


CASES = (
    Case("alu", ALU, 25),
    Case("memory", MEMORY, 15),
    Case("fnv", FNV, 15),
    Case("map", MAP, 0),
    Case("string", STRINGS, 0),
    Case("branchy", branchy(), 15, repeat=200),
)
ENGINES = ("interpreter", "translator", "kernel")
CONTEXT = bytes(range(64))
GOAL_CALLS = 1.0  # millions of lookups a second
GOAL_FIRST = 2.0  # milliseconds to translate and run a small program


class Machine:
    """A world with the maps, filled."""

    def __init__(self) -> None:
        self.world = World(Scenario("benchmark"), Kernel.release("6.12"))
        self.maps = [create(each, self.world.mem, self.world.cpus) for each in MAPS]
        self.world.maps.update((made.address, made) for made in self.maps)
        text = bytes(range(1, 64)) + bytes(1)
        values = text + bytes(64) + text.ljust(128, b"\0") + text.ljust(256, b"\0")
        self.maps[0].write(bytes(4), values)
        for n in range(256):
            self.maps[1].write(n.to_bytes(8, "little"), n.to_bytes(8, "little"))

    def load(self, text: str, name: engine.Engine) -> Vm:
        prog = Prog("benchmark", ProgType.RAW_TRACEPOINT, assemble(text), MAPS)
        return engine.make(prog, self.world.mem, self.maps, engine=name)

    def run(self, vm: Vm) -> int:
        return self.world.run(vm, 0, CONTEXT)


def count(text: str) -> int:
    """The insns that run."""
    from emu.vm.run import Run

    machine = Machine()
    vm = machine.load(text, "interpreter")
    run = Run(machine.world, 0)
    vm.run(run, run.set_context(CONTEXT))
    return vm.budget - run.budget


def fastest(case: Case, name: engine.Engine, repeat: int) -> float:
    """Seconds of one run."""
    machine = Machine()
    vm = machine.load(case.text, name)
    machine.run(vm)
    best = float("inf")
    for _ in range(repeat):
        start = time.perf_counter()
        for _ in range(case.repeat):
            machine.run(vm)
        best = min(best, time.perf_counter() - start)
    return best / case.repeat


def fastest_on_kernel(case: Case, repeat: int) -> float | None:
    """Seconds of one run by BPF_PROG_TEST_RUN, the system call included.

    None for programs that are shorter than a system call, or too long for the verifier.
    """
    from dtrace.backend.base import LoadError
    from dtrace.backend.linux.kernel import LinuxKernel

    if case.repeat > 1:
        return None
    with LinuxKernel() as kernel:
        maps = [kernel.create_map(each) for each in MAPS]
        for made, filled in zip(maps, Machine().maps, strict=True):
            for key in filled.walk():
                value = filled.read(key)
                if value is not None:
                    made.update(key, value)
        insns = assemble(case.text)
        try:
            prog = kernel.load(Prog("benchmark", ProgType.RAW_TRACEPOINT, insns, MAPS), maps)
        except LoadError:
            return None
        best = float("inf")
        for _ in range(repeat):
            start = time.perf_counter()
            kernel.run(prog, 0)
            best = min(best, time.perf_counter() - start)
    return best


def first_run(text: str, repeat: int) -> tuple[float, float]:
    """Seconds to translate and run a program for the first time, and to do so once more."""
    from emu.vm import translate

    machine = Machine()
    machine.run(machine.load("r0 = 0\nexit", "translator"))  # the imports
    times = []
    for cached in (False, True):
        best = float("inf")
        for _ in range(repeat):
            if not cached:
                translate.forget()
            vm = machine.load(text, "translator")
            start = time.perf_counter()
            machine.run(vm)
            best = min(best, time.perf_counter() - start)
        times.append(best)
    return times[0], times[1]


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the emulator.")
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help="default: all")
    parser.add_argument("--repeat", type=int, default=10, help="runs of which the best counts")
    parser.add_argument("--engine", action="append", choices=ENGINES)
    options = parser.parse_args()
    short = False
    print(f"{'program':<12}{'engine':<13}{'insns':>9}{'M insns/s':>11}{'goal':>6}")
    for case in CASES:
        if options.programs and case.name not in options.programs:
            continue
        insns = count(case.text)
        for name in options.engine or ("interpreter", "translator"):
            if name == "kernel":
                seconds = fastest_on_kernel(case, options.repeat)
            else:
                seconds = fastest(case, name, options.repeat)
            if seconds is None:
                continue
            goal = {"interpreter": case.interpreted, "translator": case.translated}.get(name, 0)
            speed = insns / seconds / 1e6
            line = f"{case.name:<12}{name:<13}{insns:>9}{speed:>11.1f}{goal or '-':>6}"
            short |= speed < goal
            if case.text is MAP:
                calls = MAP_CALLS / seconds / 1e6
                line += f"   {calls:.2f} M lookups/s"
                short |= name == "translator" and calls < GOAL_CALLS
            print(line)
    if not options.programs:
        for title, text in (("small", LOOKUP + "r0 = 0\nexit"), ("branchy", branchy())):
            new, known = first_run(text, options.repeat)
            insns = len(assemble(text))
            print(
                f"first run of {title} ({insns} insns): {new * 1e3:.2f} ms, "
                f"{known * 1e3:.2f} ms once it was translated elsewhere"
            )
            short |= title == "small" and new * 1e3 > GOAL_FIRST
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
