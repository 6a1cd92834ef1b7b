"""Pointers that are known not to be null: the branch on null is dead, so it may read what is not.

Measured on the releases named, and read in reg_not_null() and reg_type_not_null() on both sides of
each step.
"""

from __future__ import annotations

import pytest

from emu.isa.asm import assemble
from emu.kernel.enums import MapType, ProgType
from emu.kernel.profile import Kernel
from emu.prog import MapDef, Prog
from verifier_model import verify

RINGBUF = MapDef("ring", MapType.RINGBUF, 0, 0, 4096)
XSKMAP = MapDef("sockets", MapType.XSKMAP, 4, 4, 1)
VALUES = MapDef("values", MapType.ARRAY, 4, 8, 1)
BAD = "r0 = *(u64 *)(r5 +0)\n"
OUT = "out: r0 = 0\nexit"
LOOKUP = """
    r1 = map[0] ll
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    call map_lookup_elem
    if r0 == 0 goto out
"""
FAR = "r1 = *(u32 *)(r0 +0)\nr0 += r1\n"


@pytest.mark.parametrize(
    ("kind", "used", "text", "known", "unknown"),
    [
        (
            ProgType.RAW_TRACEPOINT,
            RINGBUF,
            "r1 = map[0] ll\nr2 = 8\nr3 = 0\ncall ringbuf_reserve\nif r0 == 0 goto out\n"
            f"if r0 != 0 goto ok\n{BAD}ok: r1 = r0\nr2 = 0\ncall ringbuf_submit\n",
            ("6.4", "6.12.43", "7.2.13"),
            ("5.10.262", "6.1.180", "6.3"),
        ),
        (
            ProgType.RAW_TRACEPOINT,
            VALUES,
            f"r1 = map[0] ll\nif r1 != 0 goto out\n{BAD}",
            ("6.6.103", "6.12.43", "6.16.3", "6.17", "7.2.13"),
            ("5.10.262", "6.1.180", "6.14", "6.16"),
        ),
        (
            ProgType.XDP,
            XSKMAP,
            f"{LOOKUP}if r0 != 0 goto out\n{BAD}",
            ("6.12.117", "7.2.13", "7.3.4"),
            ("5.10.262", "6.1.180", "6.12.107", "7.1.13"),
        ),
        (
            ProgType.RAW_TRACEPOINT,
            VALUES,
            f"{LOOKUP}{FAR}if r0 != 0 goto out\n{BAD}",
            ("5.10.262", "6.1.180", "6.12.107", "7.1.13"),
            ("6.12.117", "7.2.13", "7.3.4"),
        ),
    ],
    ids=("memory", "map", "xdp socket", "far from its base"),
)
def test_branch_on_null_is_dead_where_the_release_knows(kind, used, text, known, unknown):
    prog = Prog("t", kind, tuple(assemble(text + OUT)), license="GPL", maps=(used,))
    for release in known:
        assert verify(prog, Kernel.release(release)).accepted, release
    for release in unknown:
        assert verify(prog, Kernel.release(release)).message == "R5 !read_ok", release
