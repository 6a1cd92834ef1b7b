"""What is left of a sum in a copy that is linked no more: pointers refuse it if it was large.

Expectations: the programs, loaded on the kernels named.
"""

from __future__ import annotations

import pytest

from emu.isa.asm import assemble
from emu.kernel.enums import MapType, ProgType
from emu.kernel.profile import Kernel
from emu.prog import MapDef, Prog
from verifier_model import verify

ARRAY = MapDef("array", MapType.ARRAY, 4, 16, 1)
KERNELS = ("6.12.43", "6.12.95", "6.12.107", "6.18.15", "6.18.44", "6.19.14", "7.0.13", "7.1.13")
# What is done with r7, a copy of r8, and on which of the kernels it is refused.
OPERATIONS = {
    "r7 += 1393076317; r7 &= 1": ("6.12.43", "6.12.95", "6.18.15", "6.19.14", "7.0.13"),
    "r7 += 1393076317; r7 >>= 63": ("6.12.43", "6.12.95", "6.18.15", "6.19.14", "7.0.13"),
    "r7 += 1393076317; r7 s>>= 63; r7 &= 1": ("6.12.43", "6.18.15"),
    "r7 += 1393076317; r7 *= 2; r7 &= 1": (),
    "r7 += 1393076317; w7 = w7; r7 &= 1": ("6.12.43", "6.12.95", "6.18.15", "6.19.14", "7.0.13"),
    "r7 += 1393076317; w7 = (s8)w7; r7 &= 1": (
        "6.12.43",
        "6.12.95",
        "6.18.15",
        "6.19.14",
        "7.0.13",
    ),
    "r7 += 1393076317; r7 += 5; r7 &= 1": (),
    "r7 += 1393076317; r7 -= r9; r7 &= 1": ("6.12.43", "6.12.95", "6.18.15", "6.19.14", "7.0.13"),
    "r7 += 1393076317; r7 = be16 r7; r7 &= 1": ("6.19.14", "7.0.13"),
    "r7 += 1393076317; r7 = -r7; r7 &= 1": (),
    "r7 -= -1393076317; r7 &= 1": ("7.0.13",),
    "r7 += 1000; r7 &= 1": (),
    "w7 += 1393076317; r7 &= 1": (),
    "r7 += 1393076317; r7 += 1; r7 &= 1": (),
}


@pytest.mark.parametrize("release", KERNELS)
@pytest.mark.parametrize("operations", OPERATIONS)
def test_a_pointer_takes_no_number_that_was_a_large_sum(operations, release):
    text = f"""
        call get_prandom_u32
        r9 = r0
        call ktime_get_ns
        r7 = r0
        r8 = r0
        {operations.replace("; ", chr(10))}
        r1 = map[0]+0 ll
        r1 += r7
        r0 = *(u8 *)(r1 +0)
        r0 = r8
        r0 = 0
        exit
    """
    prog = Prog("linked", ProgType.SOCKET_FILTER, assemble(text), (ARRAY,))
    verdict = verify(prog, Kernel.release(release))
    refused = release in OPERATIONS[operations]
    expected = "map_value pointer offset 1393076317 is not allowed" if refused else ""
    assert verdict.message == expected
