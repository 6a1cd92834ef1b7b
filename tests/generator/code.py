"""Pieces without calls: arithmetic, jumps, loops, memory, the context."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from emu.isa import table
from emu.isa.table import ALU, ALU64, IMM, JMP, JMP32, LDX, SRC, ST, STX, InsnDef
from emu.kernel.enums import ProgType
from emu.kernel.traits import Trait
from tests.generator.write import MEMORY_SIZE, WORDS, Piece, text

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel
    from tests.generator.write import Function

SIZES = {table.B: 1, table.H: 2, table.W: 4, table.DW: 8}
NO_CONDITIONS = ("ja", "gotol", "gotox", "may_goto", "call", "exit")
MODE = 0xE0  # the mode of a load or store, among the bits of its code
SKB = (ProgType.SOCKET_FILTER, ProgType.SCHED_CLS)
# struct __sk_buff: what a socket filter may read, is known, and has 4 bytes; and where cb[] begins.
CONTEXT = (0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 48, 52, 56, 60, 64, 68)
CONTROL_BLOCK, CONTROL_SIZE = 48, 20
# Where the context says where the packet begins and ends.
PACKET = {ProgType.XDP: (0, 4), ProgType.SCHED_CLS: (76, 80)}


@cache
def rows(kernel: Kernel, group: str) -> tuple[InsnDef, ...]:
    """The kernel's instructions of a group: "arithmetic", "conditions", "accesses", "atomics"."""
    return tuple(
        row
        for row in table.INSNS
        if _group(row) == group and (row.needs is None or kernel.has(row.needs))
    )


def _group(row: InsnDef) -> str:
    if row.cls in (ALU, ALU64) and row.name != "addr_space_cast":
        return "arithmetic"
    if row.cls in (JMP, JMP32) and row.name not in NO_CONDITIONS:
        return "conditions"
    if row.cls == STX and row.code & MODE == table.ATOMIC:
        return "atomics"
    return "accesses" if row.cls in (LDX, ST, STX) else ""


def arithmetic(f: Function) -> None:
    """Some operations on numbers."""
    for _ in range(f.rng.randint(1, 4)):
        _operation(f)


def _operation(f: Function) -> None:
    row = f.rng.choice(rows(f.program.kernel, "arithmetic"))
    imm = f.immediate()
    operation = row.name.split("_")[0].rstrip("0123456789")
    if operation in ("lsh", "rsh", "arsh") and row.uses & IMM:
        imm %= 64 if row.cls == ALU64 else 32
    if operation in ("div", "mod", "sdiv", "smod") and row.uses & IMM:
        imm = imm or 1
    f.add(text(row, f.number(), f.number(), imm=imm))


def condition(f: Function, label: str) -> str:
    """A jump to `label`, if something about numbers holds."""
    row = f.rng.choice(rows(f.program.kernel, "conditions"))
    line = text(row, f.number(), f.number() if row.uses & SRC else 0, imm=f.immediate())
    return f"{line.partition(' goto ')[0]} goto {label}"


def branch(f: Function) -> None:
    """One of two ways, or one or none."""
    other, end = f.program.label(), f.program.label()
    f.add(condition(f, other))
    _straight(f)
    if f.rng.random() < 0.5:
        jump = "gotol" if f.program.kernel.has(Trait.GOTOL) and f.rng.random() < 0.5 else "goto"
        f.add(f"{jump} {end}", f"{other}:")
        _straight(f)
    else:
        f.add(f"{other}:")
    f.add(f"{end}:")


def _straight(f: Function) -> None:
    for _ in range(f.rng.randint(1, 3)):
        f.rng.choice((arithmetic, stack, memory, atomic))(f)


def loop(f: Function) -> None:
    """Some rounds, counted in r8; a loop in a loop would need another register."""
    if f.looping:
        return
    f.looping = True
    again, end = f.program.label(), f.program.label()
    rounds = f.rng.randint(2, 5)
    counts_up = f.rng.random() < 0.5
    f.add(f"r8 = {0 if counts_up else rounds}", f"{again}:")
    if f.program.kernel.has(Trait.MAY_GOTO) and f.rng.random() < 0.3:
        f.add(f"may_goto {end}")
    _straight(f)
    if f.rng.random() < 0.5:
        f.add(condition(f, end))
    if counts_up:
        f.add("r8 += 1", f"if r8 < {rounds} goto {again}")
    else:
        f.add("r8 -= 1", f"if r8 != 0 goto {again}")
    f.add(f"{end}:", "r8 = 0")
    f.looping = False


def _access(f: Function, base: int, low: int, high: int) -> None:
    """A load or store of any width within bytes low to high - 1 from a register."""
    row = f.rng.choice(rows(f.program.kernel, "accesses"))
    size = SIZES[row.code & table.DW]
    off = f.rng.randint(low, high - size)
    # The stack's bytes are accessed in steps of the width, on every machine.
    if base == 10 or f.rng.random() < 0.7:
        off -= off % size
    if row.cls == LDX:
        f.add(text(row, f.number(), base, off))
    else:
        f.add(text(row, base, f.number(), off, f.immediate()))


def stack(f: Function) -> None:
    """The numbers of the stack, in whole and in parts."""
    for _ in range(f.rng.randint(1, 4)):
        _access(f, 10, WORDS[0], 0)


def memory(f: Function) -> None:
    """The value at r7."""
    for _ in range(f.rng.randint(1, 4)):
        _access(f, 7, 0, MEMORY_SIZE)


def variable_offset(f: Function) -> None:
    """The value at r7, at an offset that only runs tell."""
    mask, address = f.rng.choice((7, 15, 31, 40)), f.rng.choice((1, 2, 3, 4, 5))
    f.add(f"r{address} = r{f.number()}", f"r{address} &= {mask}", f"r{address} += r7")
    # Not before the address is used: a load into its register would end it.
    number = f.rng.choice([n for n in (0, 1, 2, 3, 4, 5, 9) if n != address])
    width = f.rng.choice((8, 16, 32, 64))
    at = f"*(u{width} *)(r{address} +{f.rng.randint(0, 8)})"
    f.add(f.rng.choice((f"r{number} = {at}", f"{at} = r{number}")), f"r{address} = {mask}")


def atomic(f: Function) -> None:
    """A read-modify-write of the value or of the stack."""
    row = f.rng.choice(rows(f.program.kernel, "atomics"))
    size = SIZES[row.code & table.DW]
    base, low, high = f.rng.choice(((7, 0, MEMORY_SIZE), (10, WORDS[0], 0)))
    off = f.rng.randrange(low, high, size)
    if row.name.startswith("load_acquire"):
        f.add(text(row, f.number(), base, off))
    else:
        f.add(text(row, base, f.number(), off))


def context(f: Function) -> None:
    """Fields of the context, and the control block, which can be written."""
    if f.rng.random() < 0.6:
        f.add(f"r{f.number()} = *(u32 *)(r6 +{f.rng.choice(CONTEXT)})")
    else:
        at = CONTROL_BLOCK + f.rng.randrange(0, CONTROL_SIZE, 4)
        f.add(f"*(u32 *)(r6 +{at}) = r{f.number()}")


def packet(f: Function) -> None:
    """A load as classic BPF has them; outside of the packet it ends the program with 0."""
    width = f.rng.choice((8, 16, 32))
    if f.rng.random() < 0.5:
        f.add(f"r0 = *(u{width} *)skb[{f.rng.randint(0, 14)}]")
    else:
        index = f.rng.choice((1, 2, 3, 4, 5, 9))
        f.add(f"r{index} &= 7", f"r0 = *(u{width} *)skb[r{index} + {f.rng.randint(0, 7)}]")
    f.refresh()


def arguments(f: Function) -> None:
    """The words that a raw tracepoint's program gets."""
    f.add(f"r{f.number()} = *(u64 *)(r6 +{f.rng.randrange(0, 96, 8)})")


def direct(f: Function) -> None:
    """Bytes of the packet by their address, as far as there are as many."""
    start, end = PACKET[f.program.type]
    size, short = f.rng.choice((2, 14, 16, 40)), f.program.label()
    f.add(f"r1 = *(u32 *)(r6 +{start})", f"r2 = *(u32 *)(r6 +{end})", "r3 = r1", f"r3 += {size}")
    f.add("r9 = 0", f"if r3 > r2 goto {short}")
    for _ in range(f.rng.randint(1, 3)):
        width = f.rng.choice([width for width in (1, 2, 4, 8) if width <= size])
        at = f"*(u{8 * width} *)(r1 +{f.rng.randint(0, size - width)})"
        f.add(f.rng.choice((f"r9 = {at}", f"{at} = r9", f"{at} = {f.immediate()}")))
    f.add(f"{short}:")
    f.refresh()


PIECES = (
    Piece(arithmetic, 8),
    Piece(branch, 8),
    Piece(loop, 2, needs=Trait.BOUNDED_LOOPS),
    Piece(stack, 4),
    Piece(memory, 3),
    Piece(variable_offset, 2),
    Piece(atomic, 4),
    Piece(context, 2, context=True, types=SKB),
    Piece(packet, 1, context=True, types=SKB, main=True),
    Piece(arguments, 2, context=True, types=(ProgType.RAW_TRACEPOINT,)),
    Piece(direct, 3, context=True, types=tuple(PACKET)),
)
