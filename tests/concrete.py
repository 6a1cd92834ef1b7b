"""Programs of two numbers from outside: what the emulator runs, and what the model believed."""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING, NamedTuple

from emu.isa.asm import assemble
from emu.kernel.enums import ProgType
from emu.prog import Prog
from emu.vm.run import Run
from emu.vm.trace import trace
from tests.unit.emu.vm.machine import Machine
from verifier_model import verify
from verifier_model.domain import arc
from verifier_model.domain.bounds import contains
from verifier_model.domain.word import U32, U64
from verifier_model.reg import SCALAR_VALUE

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel
    from emu.prog import Insn
    from emu.vm.trace import Step
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState
    from verifier_model.verdict import Verdict

SCALARS = range(2, 10)  # r0 too, once it is written: r1 and r10 are pointers


class Walk(NamedTuple):
    """A verdict, and the registers of every state that the model walked, by instruction.

    No path is cut short, so that each run is inside a state of its own path.
    """

    verdict: Verdict
    states: dict[int, list[list[RegState]]]


def walk(text: str, kernel: Kernel) -> Walk:
    states: dict[int, list[list[RegState]]] = {}

    def watch(idx: int, state: VerifierState) -> None:
        states.setdefault(idx, []).append(list(state.frames[-1].regs))

    prog = Prog("sound", ProgType.RAW_TRACEPOINT, tuple(assemble(text)))
    return Walk(verify(prog, kernel, log_level=0, watch=watch, every_path=True), states)


def run(text: str, inputs: tuple[int, int]) -> list[tuple[int, dict[int, int]]]:
    """Every insn that a run comes to, and the numbers in its registers before.

    inputs: two u64, the program's context.
    """
    machine = Machine()
    vm = machine.load(text)
    ctx = machine.world.mem.add(bytearray(pack("<2Q", *inputs)))
    insns: tuple[Insn, ...] = vm.prog.insns
    regs: dict[int, int] = {}
    found: list[tuple[int, dict[int, int]]] = [(0, {})]

    def observe(step: Step) -> None:
        regs.update(step.changed)
        insn = insns[step.pc]
        if insn.code & 7 in _WRITES:
            regs.setdefault(insn.dst, 0)
        found.append((step.following, dict(regs)))

    trace(vm, Run(machine.world, 0), ctx, observe)
    return found


_WRITES = (0, 1, 4, 7)  # classes of insns that write their dst: LD, LDX, ALU, ALU64


def outside(
    states: dict[int, list[list[RegState]]], steps: list[tuple[int, dict[int, int]]]
) -> list[tuple[int, dict[int, int]]]:
    """The steps whose registers no state of the model has."""
    return [
        (idx, numbers)
        for idx, numbers in steps
        if not any(inside(regs, numbers) for regs in states.get(idx, []))
    ]


def inside(regs: list[RegState], numbers: dict[int, int]) -> bool:
    return all(
        stands_for(reg, numbers[n])
        for n, reg in enumerate(regs)
        if reg.type is SCALAR_VALUE and n in numbers
    )


def stands_for(reg: RegState, x: int) -> bool:
    """Whether the scalar may be `x`; an arc that no range tells of counts too."""
    if not contains(reg, x):
        return False
    wide, low = reg.wrap64, reg.wrap32
    return (wide is None or reg.umax - reg.umin != U64 or arc.contains(wide, x, U64)) and (
        low is None or reg.umax32 - reg.umin32 != U32 or arc.contains(low, x & U32, U32)
    )
