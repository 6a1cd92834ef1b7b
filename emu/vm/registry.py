"""Handlers: for each row of emu.isa.table, a function that binds an instruction.

    @handles("add64_reg", "add64_imm")
    def add64(i: Bound) -> Step:
        dst, src, following = i.dst, i.src, i.following

        def step(r: list[int], run: Run) -> int:
            r[dst] = (r[dst] + r[src]) & U64
            return following

        return step

A handler runs once for an instruction, when a program is bound to a machine.  The step it returns
runs each time, gets the registers and the execution context, and returns the index of the next
instruction.  Registers hold u64.  Immediates are registers too, which no instruction writes: they
follow r10 in the list, so that `_reg` and `_imm` forms share a step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from emu.isa import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emu.maps.base import Map
    from emu.prog import Insn, Prog
    from emu.vm.mem import AddressSpace
    from emu.vm.run import Run

U64 = 0xFFFF_FFFF_FFFF_FFFF
U32 = 0xFFFF_FFFF

Step = Callable[[list[int], "Run"], int]


class Bound(NamedTuple):
    """An instruction in its place."""

    insn: Insn
    pc: int
    dst: int  # index into the registers
    src: int  # the same; of an `_imm` form, where its immediate is kept
    following: int  # index of the next insn
    target: int  # of a jump or a call: index of the insn it goes to
    second: Insn | None  # ld_imm64: the insn that holds the upper half
    mem: AddressSpace
    maps: Sequence[Map]
    prog: Prog


Handler = Callable[[Bound], Step]

HANDLERS: dict[str, Handler] = {}  # by the instruction's name

# Instructions that are refused, and why.
NOT_EMULATED: dict[str, str] = {
    "gotox": "instruction arrays are not emulated",
    "addr_space_cast": "arenas are not emulated",
}


def handles(*names: str) -> Callable[[Handler], Handler]:
    """Register a handler for these rows of emu.isa.table.

    Raises ValueError for a name that is no row, or that has a handler.
    """

    def register(handler: Handler) -> Handler:
        for name in names:
            if name not in table.by_name:
                raise ValueError(f"{name} is not an instruction of emu.isa.table")
            if name in HANDLERS:
                raise ValueError(f"{name} has a handler already")
            HANDLERS[name] = handler
        return handler

    return register
