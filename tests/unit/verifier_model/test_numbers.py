"""The short cut for arithmetic on two numbers against what does without it."""

from __future__ import annotations

import random

import pytest

from emu.isa.table import ALU, ALU64, X
from emu.kernel.enums import ProgType
from emu.kernel.profile import RELEASES, Kernel
from emu.prog import Insn, Prog
from verifier_model.env import Env
from verifier_model.transfer.alu import adjust_scalar
from verifier_model.transfer.numbers import of_numbers

EDGES = (0, 1, 63, 64, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1)
OPERATIONS = {"add": 0x00, "sub": 0x10, "mul": 0x20, "or": 0x40, "and": 0x50, "xor": 0xA0}


def pairs() -> list[tuple[int, int]]:
    numbers = random.Random(1)
    drawn = [(numbers.getrandbits(64), numbers.getrandbits(64)) for _ in range(30)]
    return [(x, y) for x in EDGES for y in EDGES] + drawn


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("release", RELEASES)
def test_two_numbers_give_the_state_that_ranges_and_bits_give(release, name):
    env = Env(Prog("", ProgType.KPROBE, (Insn(0xB7), Insn(0x95))), Kernel.release(release), 0, 1)
    for cls in (ALU64, ALU):
        insn = Insn(cls | X | OPERATIONS[name], 1, 2)
        for x, y in pairs():
            found = of_numbers(env.rules, insn, env.const(x), env.const(y))
            if found is not None:
                slow = adjust_scalar(env, insn, env.const(x), env.const(y))
                assert slow.key() == env.const(found).key(), (cls, x, y)


@pytest.mark.parametrize("name", OPERATIONS)
def test_since_6_1_numbers_take_the_short_cut(name):
    env = Env(Prog("", ProgType.KPROBE, (Insn(0xB7), Insn(0x95))), Kernel.release("6.1"), 0, 1)
    insn = Insn(ALU64 | X | OPERATIONS[name], 1, 2)
    assert of_numbers(env.rules, insn, env.const(6), env.const(3)) is not None


def test_what_is_no_number_takes_the_long_way():
    env = Env(Prog("", ProgType.KPROBE, (Insn(0xB7), Insn(0x95))), Kernel.release("6.1"), 0, 1)
    insn = Insn(ALU64 | X, 1, 2)
    assert of_numbers(env.rules, insn, env.unknown(), env.const(3)) is None
    disagreeing = env.const(3)
    disagreeing.smax = 4
    assert of_numbers(env.rules, insn, disagreeing, env.const(3)) is None
