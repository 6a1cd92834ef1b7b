"""Registers that the model shares between all who ask are never changed."""

from __future__ import annotations

import sys

import pytest

from emu.isa.asm import assemble
from emu.kernel.enums import MapType, ProgType
from emu.kernel.profile import RELEASES, Kernel
from emu.prog import MapDef, Prog
from verifier_model import verify
from verifier_model.env import Env

# Constants that are compared, added to, spilled and filled; narrow loads that are then bounded.
TEXT = """
    r6 = r1
    *(u32 *)(r10 -4) = 0
    r1 = map[0] ll
    r2 = r10
    r2 += -4
    call 1
    if r0 != 0 goto found
    exit
found:
    r1 = *(u8 *)(r0 +0)
    r2 = *(u16 *)(r0 +2)
    r3 = *(u64 *)(r6 +8)
    r4 = 7
    if r1 > 7 goto out
    if r3 > r4 goto out
    if r2 == r4 goto out
    if r4 s> r1 goto next
    w4 += 1
next:
    r5 = r4
    r5 *= r1
    r4 += r2
    *(u64 *)(r10 -16) = r5
    *(u8 *)(r10 -17) = r1
    r4 = *(u64 *)(r10 -16)
    r4 &= 15
    r0 += r4
    r1 = *(u8 *)(r0 +0)
out:
    r0 = 0
    exit
"""


@pytest.mark.parametrize("release", RELEASES)
def test_shared_registers_are_as_they_were_made(release, monkeypatch):
    made: list[Env] = []

    class Recorded(Env):
        def __init__(self, *args: object, **options: bool) -> None:
            super().__init__(*args, **options)
            made.append(self)

    monkeypatch.setattr(sys.modules[verify.__module__], "Env", Recorded)
    values = MapDef("values", MapType.ARRAY, 4, 64, 1)
    prog = Prog("shared", ProgType.KPROBE, assemble(TEXT), (values,))
    verify(prog, Kernel.release(release), log_level=0)
    (env,) = made

    def content(reg):
        return *reg.key(), reg.id, reg.precise

    assert env.insns_processed > 20
    assert content(env.anything) == content(env.unknown())
    assert {value: content(reg) for value, reg in env._immediates.items()} == {
        value: content(env.const(value)) for value in env._immediates
    }
    for (size, signed), reg in env.loaded.items():
        assert (reg.umin, reg.umax, reg.id, signed) == (0, 256**size - 1, 0, False)
