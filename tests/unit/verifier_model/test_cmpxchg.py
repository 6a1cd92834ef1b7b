"""A 32-bit compare-and-exchange that stores: what r0's high half is then, on each kernel."""

from __future__ import annotations

from struct import pack

import pytest

from emu.isa.asm import assemble
from emu.kernel.enums import MapType, ProgType
from emu.kernel.profile import Kernel
from emu.prog import MapDef, Prog
from emu.vm import engine
from tests.unit.emu.vm.machine import Machine
from verifier_model import verify

ARRAY = MapDef("array", MapType.ARRAY, 4, 16, 1)
# The path through the load is walked first; behind it the other one's state is the same.
TAKEN_FOR_ANOTHER = """
    r7 = map[0]+0 ll
    r6 = *(u64 *)(r7 +0)
    r8 = 0x8000000000000000 ll
    r3 = 1
    r1 = 0
    *(u64 *)(r10 -8) = r1
    if r6 == 0 goto exchange
    r0 = *(u32 *)(r7 +8)
    goto out
    exchange:
    r0 = r8
    r0 = atomic_cmpxchg((u32 *)(r10 -8), r0, r3)
    out:
    *(u64 *)(r7 +8) = r0
    r0 = 0
    exit
"""
EXCHANGE = """
    r6 = r1
    r3 = 1
    r8 = 0
    *(u64 *)(r10 -8) = r8
    *(u64 *)(r10 -16) = r8
    r0 = 7
    r0 = atomic_cmpxchg((u32 *)(r10 -8), r0, r3)
"""


def socket_filter(text: str, *maps: MapDef) -> Prog:
    return Prog("cmpxchg", ProgType.SOCKET_FILTER, assemble(text), maps)


# What the map held after a run on the kernel, measured; 6.18.44-uml has no JIT.
@pytest.mark.parametrize(
    ("release", "found"),
    [
        ("6.17.13", 0),
        ("6.18.44", 1 << 63),
        ("6.18.44-uml", 0),
        ("6.19.14", 1 << 63),
        ("7.0.13", 1 << 63),
        ("7.1.13", 1 << 63),
        ("7.2.13", 1 << 63),
        ("7.3.4", 0),
    ],
)
@pytest.mark.parametrize("name", ["interpreter", "translator"])
def test_the_high_half_is_forgotten_where_the_state_behind_is_taken_for_another(
    release, found, name
):
    kernel = Kernel.release(release)
    prog = socket_filter(TAKEN_FOR_ANOTHER, ARRAY)
    verdict = verify(prog, kernel)
    assert verdict.accepted, verdict.message
    machine = Machine(ARRAY)
    vm = engine.make(verdict.loaded(prog), machine.world.mem, machine.maps, engine=name)
    assert machine.world.run(vm, 0, b"") == 0
    assert machine.maps[0].read(bytes(4)) == pack("<QQ", 0, found)


# Whether 6.18.44 and 7.2.13 put `w0 = w0` behind the exchange: of their translated instructions.
@pytest.mark.parametrize(
    ("reads", "extended"),
    [
        ("w0 = 0", False),
        ("r1 = r0", True),
        ("w1 = w0", False),
        ("r0 += 1", True),
        ("w0 += 1", False),
        ("r1 += r0", True),
        ("w8 += w0", False),
        ("r0 = -r0", True),
        ("w0 = -w0", False),
        ("w0 = (s8)w0", False),
        ("r0 = (s8)r0", True),
        ("r0 = be16 r0", False),
        ("r0 = be32 r0", False),
        ("r0 = be64 r0", True),
        ("r0 = bswap32 r0", False),
        ("r0 = bswap64 r0", True),
        ("if r0 > 3 goto +0", True),
        ("if w0 > 3 goto +0", False),
        ("if w8 == w0 goto +0", False),
        ("*(u64 *)(r10 -16) = r0", True),
        ("*(u32 *)(r10 -16) = r0", False),
        ("lock *(u64 *)(r10 -16) += r0", True),
        ("lock *(u32 *)(r10 -16) += r0", False),
        ("r0 = atomic64_cmpxchg((u64 *)(r10 -16), r0, r8)", True),
        ("r0 = atomic_cmpxchg((u32 *)(r10 -16), r0, r8)", False),
        ("r0 = *(u8 *)skb[0]", False),
        ("r0 = *(u8 *)skb[r0 + 0]", True),
        ("call get_smp_processor_id", False),
    ],
)
@pytest.mark.parametrize("release", ["6.18.44", "7.2.13"])
def test_a_zero_extension_is_put_behind_what_is_read_whole(reads, extended, release):
    verdict = verify(socket_filter(f"{EXCHANGE}{reads}\nr0 = 0\nexit"), Kernel.release(release))
    assert verdict.accepted, verdict.message
    first = next(i for i, insn in enumerate(assemble(EXCHANGE)) if insn.imm == 0xF1)
    assert (first not in verdict.not_extended) == extended


@pytest.mark.parametrize(
    ("caller_reads", "extended"), [("*(u64 *)(r10 -8) = r0", True), ("w1 = w0", False)]
)
def test_what_a_function_returns_is_read_by_its_caller(caller_reads, extended):
    """Measured likewise."""
    text = f"call f\n{caller_reads}\nr0 = 0\nexit\nf:\n{EXCHANGE}exit"
    verdict = verify(socket_filter(text), Kernel.release("7.2.13"))
    assert verdict.accepted, verdict.message
    assert bool(verdict.not_extended) != extended


def test_the_end_of_the_program_reads_all_of_r0():
    verdict = verify(socket_filter(f"{EXCHANGE}exit"), Kernel.release("7.2.13"))
    assert verdict.accepted, verdict.message
    assert not verdict.not_extended
