"""A small machine to run programs in, written as the assembler has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.asm import assemble
from emu.kernel.enums import ProgType
from emu.kernel.profile import Kernel
from emu.maps.create import create
from emu.prog import Prog
from emu.vm.interp import BUDGET, Vm
from emu.world.scenario import Scenario
from emu.world.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emu.prog import Insn, MapDef

KERNEL = Kernel.release("6.12")


class Machine:
    """An empty world with maps."""

    def __init__(self, *definitions: MapDef, cpus: int = 2) -> None:
        self.world = World(Scenario("test", cpus=cpus), KERNEL)
        self.maps = [create(definition, self.world.mem, cpus) for definition in definitions]
        self.world.maps.update((made.address, made) for made in self.maps)
        self.definitions = definitions

    def load(self, program: str | Sequence[Insn], *, budget: int = BUDGET) -> Vm:
        insns = assemble(program) if isinstance(program, str) else tuple(program)
        prog = Prog("test", ProgType.RAW_TRACEPOINT, insns, self.definitions)
        return Vm(prog, self.world.mem, self.maps, budget=budget)

    def run(self, program: str | Sequence[Insn], data: bytes = b"", *, cpu: int = 0) -> int:
        return self.world.run(self.load(program), cpu, data)


def run(program: str | Sequence[Insn], data: bytes = b"") -> int:
    """r0 of a program without maps, with `data` as its context."""
    return Machine().run(program, data)
