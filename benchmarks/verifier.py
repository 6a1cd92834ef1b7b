"""How fast the verifier model walks: processed insns a second, by program, kernel and size.

    python benchmarks/verifier.py [--kernel RELEASE ...] [--size N ...] [--repeat N]
                                  [--log-level N] [PART ...]

Parts, all unless some are named:

    speed   programs made of blocks such as D clauses compile to, as many as it takes to have 1,000,
            10,000 and 100,000 insns processed; the fastest of some runs counts.  `flat` is the
            speed by that of the smallest program: 1 where size costs nothing.
    clause  a D clause on all profiles, compiled for each: the time of verifying alone, in a new
            process and once more in the same.
    memory  the most that a process holds which has a million insns processed.
    import  what the import costs, and with it the first verdict.

Seconds are CPU seconds.  The first line is the machine's speed at that moment in plain Python, by
which figures of different times can be compared.  The goals are those of the README.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from emu.isa.asm import assemble
from emu.kernel.enums import MapType, ProgType
from emu.kernel.profile import RELEASES, Kernel
from emu.prog import Insn, MapDef, Prog
from verifier_model.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

KERNELS = ("5.10", "6.1", "6.18", "7.2")
SIZES = (1_000, 10_000, 100_000)
LONG_ENOUGH = 3.0  # seconds after which a program does not run again
MILLION = 1_000_000
CLAUSE = "{ @[execname] = count(); }"

GOAL_SPEED = 60_000  # processed insns a second
GOAL_CLAUSE = 1.5  # seconds for all profiles together
GOAL_MEMORY = 1024  # MB at a million insns

MAPS = (MapDef("values", MapType.ARRAY, 4, 512, 1),)

# r8 is the map's value, or the program ends; r6 is the context, r7 a number.
START = """
    r6 = r1
    *(u32 *)(r10 -4) = 0
    r1 = map[0] ll
    r2 = r10
    r2 += -4
    call 1
    if r0 != 0 goto found
    exit
found:
    r8 = r0
    r7 = *(u64 *)(r6 +0)
"""
END = """
    r0 = 0
    exit
"""

STRAIGHT = """
    r1 = *(u64 *)(r6 +8)
    r1 &= 255
    *(u64 *)(r10 -16) = r1
    r2 = r1
    r2 <<= 3
    r2 += 7
    *(u64 *)(r10 -24) = r2
    r3 = *(u64 *)(r10 -16)
    r3 += r2
    w4 = w3
    w4 ^= 21
    r4 s>>= 1
    r7 += r3
    *(u64 *)(r10 -32) = r7
    *(u64 *)(r8 +16) = r4
"""

LOOKUP = """
    r1 = *(u64 *)(r6 +16)
    r1 &= 3
    *(u32 *)(r10 -4) = r1
    r1 = map[0] ll
    r2 = r10
    r2 += -4
    call 1
    if r0 != 0 goto found
    r0 = 0
    exit
found:
    r1 = *(u64 *)(r0 +0)
    *(u64 *)(r10 -16) = r1
    r1 += 1
    *(u64 *)(r0 +0) = r1
    r7 = *(u64 *)(r10 -16)
"""

BRANCHES = """
    r1 = *(u64 *)(r6 +24)
    *(u64 *)(r10 -16) = r7
    if r1 < 64 goto inside
    r1 = 63
inside:
    r2 = r8
    r2 += r1
    r3 = *(u8 *)(r2 +0)
    r7 = *(u64 *)(r10 -16)
    r7 += r3
    *(u8 *)(r2 +1) = r7
    r4 = *(u64 *)(r6 +32)
    *(u64 *)(r10 -24) = r4
    *(u64 *)(r10 -32) = r7
    r5 = r4
    r5 >>= 3
    r5 ^= r7
    *(u64 *)(r8 +128) = r5
    if r5 s> 1000 goto next
    r5 += r3
    *(u64 *)(r10 -24) = r5
next:
    r5 = *(u64 *)(r10 -24)
    *(u64 *)(r8 +8) = r5
"""

# A loop's body; r9 counts.
BODY = """
again:
    r1 = r9
    r1 &= 63
    r2 = r8
    r2 += r1
    r3 = *(u8 *)(r2 +0)
    r4 = *(u64 *)(r10 -16)
    r4 += r3
    *(u64 *)(r10 -16) = r4
    r5 = r7
    r5 ^= r4
    *(u64 *)(r8 +64) = r5
    r9 += 1
    if r9 < {count} goto again
"""


def repeated(block: str, count: int) -> tuple[Insn, ...]:
    """`count` copies of a block, one after the other."""
    return (*assemble(START), *tuple(assemble(block)) * count, *assemble(END))


def straight(count: int) -> tuple[Insn, ...]:
    """Arithmetic, spills and fills, loads from the context."""
    return repeated(STRAIGHT, count)


def lookups(count: int) -> tuple[Insn, ...]:
    """A map lookup, its NULL check, an update."""
    return repeated(LOOKUP, count)


def branches(count: int) -> tuple[Insn, ...]:
    """Two branches that meet again: one bounds an index, the other decides what is spilled."""
    return repeated(BRANCHES, count)


def loop(count: int) -> tuple[Insn, ...]:
    """A bounded loop."""
    start = f"{START}\nr9 = 0\n*(u64 *)(r10 -16) = r9"
    return tuple(assemble(start + BODY.format(count=count) + END))


def paths(count: int) -> tuple[Insn, ...]:
    """Up to `count` paths: each sum of some branches is another address, so that none is pruned."""
    lines = [START, "r9 = 0"]
    for n in range(count.bit_length() - 1):
        lines += [
            f"r1 = *(u64 *)(r6 +{n % 8 * 8})",
            "*(u64 *)(r10 -16) = r1",
            f"if r1 > {n} goto b{n}",
            f"r9 += {1 << n}",
            f"b{n}:",
            "r2 = *(u64 *)(r10 -16)",
            "r7 ^= r2",
        ]
    lines += ["r9 &= 127", "r8 += r9", "*(u8 *)(r8 +0) = r7", END]
    return tuple(assemble("\n".join(lines)))


PROGRAMS: tuple[Callable[[int], tuple[Insn, ...]], ...] = (
    straight,
    lookups,
    branches,
    loop,
    paths,
)


class Speed(NamedTuple):
    """What came of a program."""

    processed: int
    rate: float  # processed insns a second


def program(insns: tuple[Insn, ...]) -> Prog:
    return Prog("benchmark", ProgType.KPROBE, insns, MAPS)


def processed(prog: Prog, kernel: Kernel, log_level: int = 0) -> int:
    """The insns that the model processes.  Raises ValueError for a program that is refused."""
    verdict = verify(prog, kernel, log_level=log_level)
    if not verdict.accepted:
        raise ValueError(f"refused: {verdict.message}")
    return verdict.insns_processed


def sized(make: Callable[[int], tuple[Insn, ...]], size: int, kernel: Kernel) -> Prog:
    """A program with about `size` insns processed."""
    few = 32
    return program(make(max(1, size * few // processed(program(make(few)), kernel))))


def fastest(prog: Prog, kernel: Kernel, repeat: int, log_level: int = 0) -> Speed:
    best, spent = float("inf"), 0.0
    count = 0
    for _ in range(repeat):
        start = time.process_time()
        count = processed(prog, kernel, log_level)
        seconds = time.process_time() - start
        best, spent = min(best, seconds), spent + seconds
        if spent > LONG_ENOUGH:
            break
    return Speed(count, count / best)


def plain_python() -> float:
    """Million rounds a second of a loop that adds, compares and calls."""
    rounds, best = 200_000, float("inf")
    for _ in range(5):
        start, total = time.process_time(), 0
        for n in range(rounds):
            total += abs(n) if n & 1 else 1
        best = min(best, time.process_time() - start)
    return rounds / best / 1e6


def part_speed(options: argparse.Namespace) -> bool:
    """Print the table; whether every program reaches the goal."""
    good = True
    print(f"{'program':<10}{'kernel':<8}{'insns':>8}{'processed':>11}{'insns/s':>10}{'flat':>6}")
    for make in PROGRAMS:
        for release in options.kernel or KERNELS:
            kernel = Kernel.release(release)
            smallest = 0.0
            for size in options.size or SIZES:
                try:
                    prog = sized(make, size, kernel)
                    speed = fastest(prog, kernel, options.repeat, options.log_level)
                except ValueError as err:
                    print(f"{make.__name__:<10}{release:<8} {err}")
                    break
                smallest = smallest or speed.rate
                good &= speed.rate >= GOAL_SPEED
                print(
                    f"{make.__name__:<10}{release:<8}{len(prog.insns):>8}{speed.processed:>11}"
                    f"{speed.rate:>10.0f}{speed.rate / smallest:>6.2f}"
                    f"{'' if speed.rate >= GOAL_SPEED else f'   goal {GOAL_SPEED}'}",
                    flush=True,
                )
    return good


def child_clause() -> None:
    """In a process of its own: the seconds of the first time and of the best of three more."""
    from insns import compile_clause

    progs = [(compile_clause(CLAUSE, release), Kernel.release(release)) for release in RELEASES]
    times = []
    for _ in range(4):
        start = time.process_time()
        for prog, kernel in progs:
            if not verify(prog, kernel).accepted:
                raise ValueError(f"{kernel} refuses the clause")
        times.append(time.process_time() - start)
    print(times[0], min(times[1:]))


def child_memory(name: str, release: str) -> None:
    """In a process of its own: a million insns; prints how many, and the MB it held at most."""
    kernel = Kernel.release(release)
    (make,) = (make for make in PROGRAMS if make.__name__ == name)
    count = processed(sized(make, MILLION * 97 // 100, kernel), kernel)
    print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def ask_child(*words: str) -> list[float]:
    """The numbers that a process of this script prints."""
    command = (sys.executable, __file__, "--child", *words)
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(word) for word in answer.stdout.split()]


def part_clause(options: argparse.Namespace) -> bool:
    first, again = ask_child("clause")
    print(
        f"{CLAUSE} on {len(RELEASES)} profiles: {first:.2f} s in a new process, {again:.2f} s again"
        f" (goal {GOAL_CLAUSE} s)"
    )
    return first <= GOAL_CLAUSE


def part_memory(options: argparse.Namespace) -> bool:
    good = True
    for release in (options.kernel or KERNELS)[-1:]:
        for name in ("straight", "loop", "paths"):
            count, most = ask_child("memory", name, release)
            print(f"{name} on {release}, {count:.0f} insns: {most:.0f} MB (goal {GOAL_MEMORY} MB)")
            good &= most <= GOAL_MEMORY
    return good


def cpu_of(code: str, repeat: int) -> float:
    """CPU seconds of a Python process that runs this code, the least of some runs."""
    best = float("inf")
    for _ in range(repeat):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run((sys.executable, "-c", code), check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = min(best, seconds)
    return best


def part_import(options: argparse.Namespace) -> bool:
    repeat = options.repeat + 2
    bare = cpu_of("pass", repeat)
    emu = "from emu.kernel.profile import Kernel; from emu.prog import Insn, Prog"
    before = cpu_of(emu, repeat)
    imported = cpu_of(f"{emu}; from verifier_model.verify import verify", repeat)
    insns = "(Insn(0xB7), Insn(0x95))"
    first = cpu_of(
        f"{emu}; from verifier_model.verify import verify; from emu.kernel.enums import ProgType; "
        f"verify(Prog('', ProgType.KPROBE, {insns}), Kernel.release('6.12'))",
        repeat,
    )
    print(
        f"import: {(imported - before) * 1e3:.0f} ms beside emu's tables "
        f"({(before - bare) * 1e3:.0f} ms); with the first verdict {(first - before) * 1e3:.0f} ms"
    )
    return True


PARTS = {
    "speed": part_speed,
    "clause": part_clause,
    "memory": part_memory,
    "import": part_import,
}
CHILDREN: dict[str, Callable[..., None]] = {"clause": child_clause, "memory": child_memory}


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the verifier model.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; default all")
    parser.add_argument("--kernel", action="append", help=f"(repeatable; {', '.join(KERNELS)})")
    parser.add_argument("--size", action="append", type=int, help="insns to process (repeatable)")
    parser.add_argument("--repeat", type=int, default=3, help="runs of which the best counts (3)")
    parser.add_argument("--log-level", type=int, default=0, help="of the part speed (0)")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        name, *words = options.child
        CHILDREN[name](*words)
        return 0
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"no part {unknown[0]}")
    print(f"plain Python: {plain_python():.1f} million rounds/s")
    reached = [PARTS[name](options) for name in options.parts or PARTS]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
