"""generate(): a program for running whose results are the same wherever it runs.

It comes with its maps, the programs that it may tail call, and test runs.  What it
computes ends in its result and in its maps; it knows no time, no random numbers, no addresses, and
nothing that a helper leaves undefined.  Nearly all of them are accepted by verifiers, as all that
they do is allowed; a few are too complex for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.batch import BatchMap, BatchProgram, MapElement, ProgElement, TestRun
from emu.isa.asm import assemble
from emu.isa.table import by_name
from emu.kernel.enums import ProgType
from emu.prog import PSEUDO_CALL, PSEUDO_FUNC, STATIC, FuncInfo, Prog
from tests.generator import calls, code, maps
from tests.generator.write import NUMBERS, WORDS, Function, Program

if TYPE_CHECKING:
    from random import Random

    from emu.kernel.profile import Kernel
    from emu.prog import Insn, MapDef

PIECES = (*code.PIECES, *maps.PIECES, *calls.PIECES)
CALLEES = 2  # of tail calls: the third place stays empty
CONTEXT_SIZE = 192  # bytes: struct __sk_buff
GIVEN = ((8, 4), (32, 4), (48, 20))  # mark, priority, cb: what a run's context may say
RAW_ARGS_SIZE = 96  # bytes: twelve words
TYPES = (
    ProgType.SOCKET_FILTER,
    ProgType.SCHED_CLS,
    ProgType.XDP,
    ProgType.RAW_TRACEPOINT,
)
WEIGHTS = (4, 2, 2, 2)
MORE_ROOM = 512  # bytes of the packet that are given back, beyond those that went in


def generate(rng: Random, kernel: Kernel, *, cpu: int = 0) -> BatchProgram:
    """A program that `rng` chooses among those that `kernel` can load.

    cpu: where its test runs are to take place.
    """
    first = Program(rng, kernel, rng.choices(TYPES, WEIGHTS)[0], PIECES)
    first.map(maps.MEMORY)
    first.map(maps.RESULTS)
    prog = _main(first, "generated", pieces=(2, 6))
    targets: tuple[ProgElement, ...] = ()
    if maps.PROGS in first.maps:
        targets = tuple(_callee(first, number) for number in range(CALLEES))
    definitions = tuple(first.maps)
    runs = tuple(RUNS[first.type](rng, cpu) for _ in range(rng.randint(1, 2)))
    described = tuple(_described(each, definitions, targets) for each in definitions)
    return BatchProgram(prog.name, prog._replace(maps=definitions), described, runs)


def _callee(first: Program, number: int) -> ProgElement:
    program = Program(first.rng, first.kernel, first.type, first.pieces, first)
    return ProgElement(number.to_bytes(4, "little"), _main(program, "callee", pieces=(1, 3)))


def _main(program: Program, name: str, pieces: tuple[int, int]) -> Prog:
    """A whole program: its main function, and those that it calls."""
    main = Function(program, "main", depth=2)
    main.add("r6 = r1")
    for register in NUMBERS:
        main.load(register)
    main.prologue()
    main.body(*pieces)
    _show(main)
    insns = assemble(program.text())
    functions = tuple(FuncInfo(start, STATIC) for start in _starts(insns))
    return Prog(name, program.type, insns, func_info=functions)


def _starts(insns: tuple[Insn, ...]) -> list[int]:
    """Where its functions begin."""
    starts = {0}
    for pc, insn in enumerate(insns):
        calls = insn.code == by_name["call"].code and insn.src == PSEUDO_CALL
        points = insn.code == by_name["ld_imm64"].code and insn.src == PSEUDO_FUNC
        if calls or points:
            starts.add(pc + 1 + insn.imm)
    return sorted(starts)


def _show(main: Function) -> None:
    """Store all numbers in a map, and return one that depends on those in registers."""
    main.add(f"r8 = map[{main.program.map(maps.RESULTS)}]+0 ll")
    for place, register in enumerate(NUMBERS):
        main.add(f"*(u64 *)(r8 +{8 * place}) = r{register}")
    for register in NUMBERS[1:]:
        main.add("r0 *= 31", f"r0 ^= r{register}")
    for place, at in enumerate(WORDS, len(NUMBERS)):
        main.add(f"r1 = *(u64 *)(r10 {at:+d})", f"*(u64 *)(r8 +{8 * place}) = r1")
    main.add("r1 = r0", "r1 >>= 32", "r0 ^= r1", "exit")


def _described(
    definition: MapDef, definitions: tuple[MapDef, ...], targets: tuple[ProgElement, ...]
) -> BatchMap:
    elements: tuple[ProgElement | MapElement, ...] = ()
    if definition == maps.PROGS:
        elements = targets
    elif definition.inner is not None:
        elements = (MapElement(bytes(4), definitions.index(definition.inner)),)
    dump = definition.type in maps.WALKED
    return BatchMap(definition, elements, dump)


def _frame(rng: Random) -> bytes:
    """A packet; IP by its type once in a while, hardly ever by what it holds."""
    data = bytearray(rng.randbytes(rng.choice((14, 20, 33, 34, 54, 64))))
    if rng.random() < 0.3:
        data[12:14] = rng.choice((b"\x08\x00", b"\x86\xdd"))
    return bytes(data)


def _skb_run(rng: Random, cpu: int) -> TestRun:
    data = _frame(rng)
    ctx = bytearray(CONTEXT_SIZE if rng.random() < 0.5 else 0)
    for at, size in GIVEN if ctx else ():
        ctx[at : at + size] = rng.randbytes(size)
    repeat = rng.choice((1, 1, 1, 3))
    return TestRun(data, bytes(ctx), repeat, len(data) + MORE_ROOM, len(ctx), cpu)


def _xdp_run(rng: Random, cpu: int) -> TestRun:
    data = _frame(rng)
    return TestRun(data, b"", rng.choice((1, 1, 1, 3)), len(data) + MORE_ROOM, 0, cpu)


def _raw_tracepoint_run(rng: Random, cpu: int) -> TestRun:
    return TestRun(b"", rng.randbytes(RAW_ARGS_SIZE), 0, 0, 0, cpu)


RUNS = {
    ProgType.SOCKET_FILTER: _skb_run,
    ProgType.SCHED_CLS: _skb_run,
    ProgType.XDP: _xdp_run,
    ProgType.RAW_TRACEPOINT: _raw_tracepoint_run,
}
