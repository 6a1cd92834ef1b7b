"""Pieces that call: functions of the program, other programs, callbacks, helpers."""

from __future__ import annotations

from emu.kernel.enums import F_RDONLY_PROG, MapType, ProgType
from emu.kernel.traits import Trait
from emu.prog import MapDef
from tests.generator.maps import PROGS
from tests.generator.write import MEMORY_SIZE, SCRATCH, WORDS, Function, Piece

BAD_ADDRESS = 0xDEAD_0000_0000_0010  # canonical nowhere: every read of it faults
WORD = MapDef(
    "word", MapType.ARRAY, 4, 8, 1, F_RDONLY_PROG, ((bytes(4), b"abcdefg\0"),), frozen=True
)


def function(f: Function) -> None:
    """Call a function of numbers, which may call another."""
    name = f.program.label()
    callee = Function(f.program, name, context=f.context, depth=f.depth - 1)
    callee.add("r6 = r1", "r9 = r2", "r0 = r3", "r1 = r4", "r2 = r5")
    callee.prologue()
    callee.body(1, 4)
    callee.add(f"r0 = r{callee.number()}", "exit")
    for argument in (5, 4, 3, 2):
        f.add(f"r{argument} = r{f.rng.choice((0, 9, 1, 2))}")
    f.add("r1 = r6", f"call {name}")
    f.refresh()


def rounds(f: Function) -> None:
    """bpf_loop() with a callback that has the address of a number of ours."""
    name = f.program.label()
    callback = Function(f.program, name, context=False)
    # Nothing that it does may begin a loop: the verifier would walk both together.
    callback.looping = True
    callback.add("r6 = r2", "r9 = r1", "r0 = r1", "r2 = r1", "r3 = 7", "r4 = 1", "r5 = -1")
    callback.prologue()
    callback.body(1, 2)
    callback.add("r1 = *(u64 *)(r6 +0)", "r1 += r9", "*(u64 *)(r6 +0) = r1")
    callback.add(f"r0 = r{f.rng.choice((0, 9))}", "r0 &= 1", "exit")
    at = f.rng.choice(WORDS)
    # None at all are left to numbers that verifiers do not know, as 6.18 fails to take a function
    # out that is never called.
    if f.context and f.program.type != ProgType.XDP and f.rng.random() < 0.5:
        f.add("r1 = *(u32 *)(r6 +0)", "r1 &= 3")
    else:
        f.add(f"r1 = {f.rng.choice((1, 3, 5))}")
    f.add(f"r2 = {name} ll", "r3 = r10", f"r3 += {at}")
    f.add(f"r4 = {f.rng.choice((0, 0, 0, 0, 1))}")
    f.call("loop")
    f.refresh()


def tail_call(f: Function) -> None:
    """Go on with another program, or here if there is none."""
    if f.rng.random() < 0.5:
        index = f.number()
        f.add(f"r3 = r{index}", f"r3 &= {f.rng.choice((1, 3))}")
    else:
        f.add(f"r3 = {f.rng.randrange(4)}")
    f.add(f"r2 = map[{f.program.map(PROGS)}] ll", "r1 = r6")
    f.call("tail_call")
    # The kernel leaves in r0 what it needed there.
    f.add(f"r0 = {f.immediate()}")
    f.refresh()


def processor(f: Function) -> None:
    f.call("get_smp_processor_id")
    f.refresh()


def load_bytes(f: Function) -> None:
    """Copy bytes of the packet to the stack; zeros where they are not all there."""
    f.add("r1 = r6", f"r2 = {f.rng.choice((0, 3, 10, 40))}", "r3 = r10", f"r3 += {SCRATCH}")
    size = f.rng.choice((1, 4, 14, 32))
    f.add(f"r4 = {size}")
    if f.rng.random() < 0.5:
        f.call("skb_load_bytes")
    else:
        f.add(f"r5 = {f.rng.choice((0, 1, 2))}")
        f.call("skb_load_bytes_relative")
    f.add(f"r9 = *(u8 *)(r10 {SCRATCH + f.rng.randrange(size):+d})")
    f.refresh()


def read_kernel(f: Function) -> None:
    """Read kernel memory: the map's value, or where there is none."""
    f.add("r1 = r10", f"r1 += {SCRATCH}", f"r2 = {f.rng.choice((1, 8, 17, 32))}")
    if f.rng.random() < 0.7:
        f.add("r3 = r7", f"r3 += {f.rng.randint(0, MEMORY_SIZE - 32)}")
    else:
        f.add(f"r3 = {BAD_ADDRESS:#x} ll")
    f.call("probe_read_kernel")
    f.add(f"r9 = *(u8 *)(r10 {SCRATCH:+d})")
    f.refresh()


def strings(f: Function) -> None:
    """Compare bytes of the stack with the text of a map that programs cannot write."""
    number = f.program.map(WORD)
    first = f.rng.choice((0x67_6665_6463_6261, 0x67_6665_6400_6261, 0x7A))
    f.add(f"r0 = {first:#x} ll", f"*(u64 *)(r10 {SCRATCH:+d}) = r0", "r1 = r10")
    f.add(f"r1 += {SCRATCH}", f"r2 = {f.rng.randint(1, 8)}", f"r3 = map[{number}]+0 ll")
    f.call("strncmp")
    # The kernel's result has a sign; how large it is, is left open.
    f.add("r0 s>>= 63")
    f.refresh()


PIECES = (
    Piece(function, 3, needs=Trait.FUNC_CALLS, calls=True),
    Piece(rounds, 2, "loop", calls=True),
    Piece(tail_call, 1, "tail_call", context=True),
    Piece(processor, 1, "get_smp_processor_id"),
    Piece(load_bytes, 2, "skb_load_bytes", context=True),
    Piece(read_kernel, 1, "probe_read_kernel"),
    Piece(strings, 1, "strncmp"),
)
