"""What pieces of programs are written with: functions, registers, labels, maps.

In every function r7 is the address of 64 bytes of a map's value, r6 the context (in a callback the
address of a number of its caller's), r8 counts a loop, and r0 to r5 and r9 are numbers.  The 48
bytes below r10 are numbers too; those down to SCRATCH are for one piece at a time.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from emu.kernel import helpers, maps
from emu.kernel.enums import MapType, ProgType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from emu.isa.table import InsnDef
    from emu.kernel.profile import Kernel
    from emu.kernel.traits import Trait
    from emu.prog import MapDef

NUMBERS = (0, 1, 2, 3, 4, 5, 9)  # registers that hold numbers
CLOBBERED = (1, 2, 3, 4, 5)  # registers that a call leaves without a value
WORDS = tuple(range(-48, 0, 8))  # where the stack's numbers are
SCRATCH = -80  # offset from r10 of the first byte of the scratch area
MEMORY_SIZE = 64  # bytes at r7
# Bounds and overflows live at the edges.
EDGES = (0, 1, 7, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1)


class Piece(NamedTuple):
    """A kind of code: who writes it, how often, and what it needs."""

    write: Callable[[Function], None]
    weight: int
    helper: str = ""  # the helper it calls
    needs: Trait | None = None
    map: MapType | None = None
    context: bool = False  # whether r6 must be the context
    types: tuple[ProgType, ...] = ()  # of the programs that can have it; (): all
    calls: bool = False  # whether it calls functions of the program
    main: bool = False  # whether the program must end where it ends


class Program:
    """A program that is being written.

    type: decides with the kernel which of the pieces it can have.
    beside: another program, with the same maps.
    """

    def __init__(
        self,
        rng: Random,
        kernel: Kernel,
        type: ProgType,
        pieces: Sequence[Piece],
        beside: Program | None = None,
    ) -> None:
        self.rng = rng
        self.kernel = kernel
        self.type = type
        self.pieces = [piece for piece in pieces if available(piece, kernel, type)]
        self.maps: list[MapDef] = beside.maps if beside else []
        self.functions: list[Function] = []
        self.labels = 0

    def label(self) -> str:
        """A name that no other place has."""
        self.labels += 1
        return f"l{self.labels}"

    def map(self, definition: MapDef) -> int:
        """The number of the map that is defined so; it is made if need be."""
        if definition not in self.maps:
            self.maps.append(definition)
        return self.maps.index(definition)

    def text(self) -> str:
        """All its functions, the first first."""
        return "\n".join(line for function in self.functions for line in function.lines)


@cache
def available(piece: Piece, kernel: Kernel, type: ProgType) -> bool:
    """Whether programs of that type can have it on that kernel."""
    if piece.types and type not in piece.types:
        return False
    if piece.needs and not kernel.has(piece.needs):
        return False
    if piece.map is not None:
        row = maps.by_type(piece.map)
        if row is None or not maps.available(kernel, row):
            return False
    helper = helpers.by_name(piece.helper) if piece.helper else None
    return helper is None or helpers.available(kernel, type, helper)


class Function:
    """A function that is being written.

    context: whether r6 is the context.
    depth: how many functions it may call, each from the one before.
    """

    def __init__(
        self, program: Program, name: str, *, context: bool = True, depth: int = 0
    ) -> None:
        self.program = program
        self.rng = program.rng
        self.name = name
        self.context = context
        self.depth = depth
        self.looping = False
        self.main = name == "main"
        self.lines = [f"{name}:"]
        program.functions.append(self)

    def add(self, *lines: str) -> None:
        """Write lines."""
        self.lines += lines

    def number(self) -> int:
        """A register that holds a number."""
        return self.rng.choice(NUMBERS)

    def word(self) -> int:
        """A number of 64 bits."""
        if self.rng.random() < 0.5:
            return self.rng.choice(EDGES)
        return self.rng.getrandbits(self.rng.choice((4, 16, 32, 64)))

    def immediate(self) -> int:
        """A number of 32 bits with its sign."""
        if self.rng.random() < 0.4:
            return self.rng.choice((0, 1, -1, 2**31 - 1, -(2**31)))
        bits = self.rng.choice((3, 8, 16, 31))
        return self.rng.getrandbits(bits) * self.rng.choice((1, -1))

    def load(self, register: int) -> None:
        """Give a register a number."""
        value = self.word()
        if value < 2**31:
            self.add(f"r{register} = {value}")
        else:
            self.add(f"r{register} = {value:#x} ll")

    def refresh(self) -> None:
        """Give the registers that a call clobbers numbers again."""
        for register in CLOBBERED:
            match self.rng.randrange(4):
                case 0:
                    self.add(f"r{register} = {self.immediate()}")
                case 1:
                    self.add(f"r{register} = r0")
                case 2:
                    self.add(f"r{register} = r9")
                case _:
                    at = self.rng.choice(WORDS)
                    self.add(f"r{register} = *(u64 *)(r10 {at:+d})")

    def prologue(self) -> None:
        """What every function begins with, once r6 and the numbers among r0 to r5, r9 are there."""
        self.add("r7 = map[0]+0 ll", "r8 = 0")
        for at in WORDS:
            self.add(f"*(u64 *)(r10 {at:+d}) = r{self.number()}")

    def call(self, name: str) -> None:
        """Call a helper; r0 is its result."""
        self.add(f"call bpf_{name}#{helpers.by_name(name).id}")

    def body(self, least: int, most: int) -> None:
        """Write pieces, that many."""
        usable = [piece for piece in self.program.pieces if self._may_have(piece)]
        weights = [piece.weight for piece in usable]
        for piece in self.rng.choices(usable, weights, k=self.rng.randint(least, most)):
            piece.write(self)

    def _may_have(self, piece: Piece) -> bool:
        return (
            (self.context or not piece.context)
            and (self.main or not piece.main)
            and (self.depth > 0 or not piece.calls)
        )


def text(row: InsnDef, dst: int, src: int = 0, off: int = 0, imm: int = 0) -> str:
    """An instruction as the assembler has it."""
    return row.text.format(dst=dst, src=src, off=off, imm=imm, uimm=imm & 0xFFFF_FFFF)
