"""The interpreter against programs worked out by hand, at the edges of BPF's semantics."""

from __future__ import annotations

import pytest

from emu.prog import Insn
from emu.vm.fault import Kind, VmFault
from emu.vm.run import Run
from emu.vm.trace import Step, trace
from tests.unit.emu.vm.machine import Machine, run

U64 = 2**64 - 1

# r1 and r2 are the operands: "{op}" on them, then the result in r0.
BINARY = """
    r1 = {a} ll
    r2 = {b} ll
    {op}
    r0 = r1
    exit
"""

ARITHMETIC = [
    ("r1 += r2", U64, 2, 1),
    ("r1 -= r2", 0, 1, U64),
    ("r1 *= r2", 2**63 + 1, 2, 2),
    # Division is unsigned; by zero it gives 0, and the remainder is the dividend.
    ("r1 /= r2", U64, 2, 2**63 - 1),
    ("r1 /= r2", 7, 0, 0),
    ("r1 %= r2", U64, 10, 5),
    ("r1 %= r2", 7, 0, 7),
    # Signed: towards zero, and the most negative number by -1 is itself.
    ("r1 s/= r2", U64 - 6, 2, U64 - 2),
    ("r1 s/= r2", 2**63, U64, 2**63),
    ("r1 s/= r2", 7, 0, 0),
    ("r1 s%= r2", U64 - 6, 3, U64),
    ("r1 s%= r2", 7, U64 - 2, 1),
    ("r1 s%= r2", 2**63, U64, 0),
    ("r1 s%= r2", U64, 0, U64),
    # Shift counts are modulo the width.
    ("r1 <<= r2", 3, 65, 6),
    ("r1 >>= r2", 2**63, 127, 1),
    ("r1 s>>= r2", 2**63, 63, U64),
    ("r1 s>>= r2", 2**62, 62, 1),
    # 32 bits: the upper half of the result is 0, those of the operands do not matter.
    ("w1 += w2", 0xFFFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_0000_0002, 1),
    ("w1 -= w2", 0, 1, 0xFFFF_FFFF),
    ("w1 *= w2", 0x1_0001_0000, 0x1_0000, 0),
    ("w1 /= w2", 0xF_0000_0009, 0xF_0000_0002, 4),
    ("w1 /= w2", 9, 0xF_0000_0000, 0),
    ("w1 %= w2", 0xF_0000_0009, 0xF_0000_0000, 9),
    ("w1 s/= w2", 0x8000_0000, 0xFFFF_FFFF, 0x8000_0000),
    ("w1 s/= w2", 0xFFFF_FFF9, 2, 0xFFFF_FFFD),
    ("w1 s%= w2", 0xFFFF_FFF9, 2, 0xFFFF_FFFF),
    ("w1 s%= w2", 0xF_0000_0009, 0, 9),
    ("w1 |= w2", 0xF_0000_0001, 0xF_0000_0002, 3),
    ("w1 &= w2", 0xF_0000_0003, 0xF_0000_0002, 2),
    ("w1 ^= w2", 0xF_0000_0003, 0x3_0000_0001, 2),
    ("w1 <<= w2", 0x8000_0001, 33, 2),
    ("w1 >>= w2", 0xFFFF_FFFF_8000_0000, 63, 1),
    ("w1 s>>= w2", 0x8000_0000, 31, 0xFFFF_FFFF),
    ("w1 = w2", U64, 0xFFFF_FFFF_8000_0000, 0x8000_0000),
    ("r1 = -r1", 1, 0, U64),
    ("w1 = -w1", 1, 0, 0xFFFF_FFFF),
    ("r1 = (s8)r2", 0, 0x180, U64 - 127),
    ("r1 = (s16)r2", 0, 0x1_7FFF, 0x7FFF),
    ("r1 = (s32)r2", 0, 0x8000_0000, 0xFFFF_FFFF_8000_0000),
    ("w1 = (s8)w2", 0, 0x80, 0xFFFF_FF80),
    ("w1 = (s16)w2", 0, 0x8000, 0xFFFF_8000),
    ("r1 = be16 r1", 0x0102_0304_0506_0708, 0, 0x0807),
    ("r1 = be32 r1", 0x0102_0304_0506_0708, 0, 0x0807_0605),
    ("r1 = be64 r1", 0x0102_0304_0506_0708, 0, 0x0807_0605_0403_0201),
    ("r1 = le16 r1", 0x0102_0304_0506_0708, 0, 0x0708),
    ("r1 = le32 r1", 0x0102_0304_0506_0708, 0, 0x0506_0708),
    ("r1 = bswap32 r1", 0x0102_0304_0506_0708, 0, 0x0807_0605),
    ("r1 = bswap64 r1", 0x0102_0304_0506_0708, 0, 0x0807_0605_0403_0201),
    # Immediates are sign-extended to 64 bits, and cut to 32 for 32-bit operations.
    ("r1 += -1", 0, 0, U64),
    ("w1 += -1", 0, 0, 0xFFFF_FFFF),
    ("r1 &= -2", U64, 0, U64 - 1),
    ("r1 /= -1", U64, 0, 1),
    ("r1 = -1", 0, 0, U64),
    ("w1 = -1", 0, 0, 0xFFFF_FFFF),
]


@pytest.mark.parametrize(("op", "a", "b", "result"), ARITHMETIC)
def test_arithmetic_gives_what_the_isa_says(op, a, b, result):
    assert run(BINARY.format(op=op, a=a, b=b)) == result


JUMPS = [
    ("r1 > r2", U64, 1, True),
    ("r1 s> r2", U64, 1, False),
    ("r1 s> r2", 1, U64, True),
    ("r1 < r2", 1, U64, True),
    ("r1 s< r2", 2**63, 0, True),
    ("r1 s< r2", 0, 2**63, False),
    ("r1 >= r2", 5, 5, True),
    ("r1 s>= r2", U64, U64, True),
    ("r1 <= r2", 6, 5, False),
    ("r1 s<= r2", U64, 0, True),
    ("r1 == r2", 2**32, 0, False),
    ("w1 == w2", 2**32, 0, True),
    ("r1 != r2", 2**32, 0, True),
    ("w1 != w2", 2**32, 0, False),
    ("r1 & r2", 6, 1, False),
    ("r1 & r2", 6, 2, True),
    ("w1 & w2", 2**32, 2**32, False),
    ("w1 > w2", 0xF_0000_0001, 2, False),
    ("w1 s> w2", 0xFFFF_FFFF, 0, False),
    ("w1 s< w2", 0x8000_0000, 0x7FFF_FFFF, True),
    ("w1 s>= w2", 0x1_8000_0000, 0x8000_0000, True),
    ("w1 s<= w2", 1, 0xFFFF_FFFF, False),
    ("w1 < w2", 1, 0x8000_0000, True),
    ("w1 >= w2", 0x8000_0000, 1, True),
    ("w1 <= w2", 0x8000_0000, 1, False),
    ("r1 == 0xffffffff", U64, 0, True),
    ("w1 == 0xffffffff", 0xFFFF_FFFF, 0, True),
    ("r1 s> 0xfffffffe", U64, 0, True),
]


@pytest.mark.parametrize(("condition", "a", "b", "taken"), JUMPS)
def test_jump_is_taken_as_the_numbers_compare(condition, a, b, taken):
    program = f"""
        r1 = {a} ll
        r2 = {b} ll
        r0 = 1
        if {condition} goto end
        r0 = 0
    end:
        exit
    """
    assert run(program) == taken


def test_gotol_jumps_by_its_immediate():
    assert run("r0 = 1\ngotol end\nr0 = 2\nend: exit") == 1


@pytest.mark.parametrize(
    ("load", "result"),
    [
        ("r0 = *(u8 *)(r1 +1)", 0xFE),
        ("r0 = *(u16 *)(r1 +1)", 0xFDFE),
        ("r0 = *(u32 *)(r1 +1)", 0xFBFC_FDFE),
        ("r0 = *(u64 *)(r1 +0)", 0xF8F9_FAFB_FCFD_FEFF),
        ("r0 = *(s8 *)(r1 +1)", U64 - 1),
        ("r0 = *(s16 *)(r1 +0)", 0xFFFF_FFFF_FFFF_FEFF),
        ("r0 = *(s32 *)(r1 +0)", 0xFFFF_FFFF_FCFD_FEFF),
    ],
)
def test_loads_are_little_endian_and_extend(load, result):
    assert run(f"{load}\nexit", bytes(range(0xFF, 0xF7, -1))) == result


@pytest.mark.parametrize(
    ("store", "result"),
    [
        ("*(u8 *)(r10 -8) = r1", 0x1111_1111_1111_1188),
        ("*(u16 *)(r10 -8) = r1", 0x1111_1111_1111_7788),
        ("*(u32 *)(r10 -8) = r1", 0x1111_1111_5566_7788),
        ("*(u64 *)(r10 -8) = r1", 0x1122_3344_5566_7788),
        ("*(u32 *)(r10 -6) = r1", 0x1111_5566_7788_1111),
        ("*(u8 *)(r10 -8) = -1", 0x1111_1111_1111_11FF),
        ("*(u64 *)(r10 -8) = -2", U64 - 1),
    ],
)
def test_stores_change_only_their_bytes(store, result):
    program = f"""
        r2 = 0x1111111111111111 ll
        *(u64 *)(r10 -8) = r2
        r1 = 0x1122334455667788 ll
        {store}
        r0 = *(u64 *)(r10 -8)
        exit
    """
    assert run(program) == result


ATOMICS = [
    # memory, r1, instruction, memory after, r1 after
    (5, 7, "lock *(u64 *)(r10 -8) += r1", 12, 7),
    (U64, 1, "lock *(u64 *)(r10 -8) += r1", 0, 1),
    (0xC, 0xA, "lock *(u64 *)(r10 -8) &= r1", 0x8, 0xA),
    (0xC, 0xA, "lock *(u64 *)(r10 -8) |= r1", 0xE, 0xA),
    (0xC, 0xA, "lock *(u64 *)(r10 -8) ^= r1", 0x6, 0xA),
    (0x1_FFFF_FFFF, 1, "lock *(u32 *)(r10 -8) += r1", 0x1_0000_0000, 1),
    (5, 7, "r1 = atomic64_fetch_add((u64 *)(r10 -8), r1)", 12, 5),
    (5, 7, "r1 = atomic64_xchg((u64 *)(r10 -8), r1)", 7, 5),
    (0x2_FFFF_FFFF, U64, "r1 = atomic_fetch_or((u32 *)(r10 -8), r1)", 0x2_FFFF_FFFF, 0xFFFF_FFFF),
    (0x2_0000_0005, 7, "r1 = atomic_xchg((u32 *)(r10 -8), r1)", 0x2_0000_0007, 5),
]


@pytest.mark.parametrize(("before", "operand", "insn", "after", "fetched"), ATOMICS)
def test_atomic_operation_changes_memory_and_fetches(before, operand, insn, after, fetched):
    program = f"""
        r2 = {before} ll
        *(u64 *)(r10 -8) = r2
        r1 = {operand} ll
        {insn}
        r0 = {{}}
        exit
    """
    assert run(program.format("*(u64 *)(r10 -8)")) == after
    assert run(program.format("r1")) == fetched


@pytest.mark.parametrize(
    ("insn", "expected", "memory", "after", "r0"),
    [
        ("r0 = atomic64_cmpxchg((u64 *)(r10 -8), r0, r1)", 5, 5, 9, 5),
        ("r0 = atomic64_cmpxchg((u64 *)(r10 -8), r0, r1)", 6, 5, 5, 5),
        # The 32-bit form compares the low halves and returns a zero-extended one.
        ("r0 = atomic_cmpxchg((u32 *)(r10 -8), r0, r1)", 0x7_0000_0005, 0x3_0000_0005,
         0x3_0000_0009, 5),
    ],
)  # fmt: skip
def test_compare_and_exchange(insn, expected, memory, after, r0):
    program = f"""
        r2 = {memory} ll
        *(u64 *)(r10 -8) = r2
        r1 = 9
        r0 = {expected} ll
        {insn}
        {{}}
        exit
    """
    assert run(program.format("")) == r0
    assert run(program.format("r0 = *(u64 *)(r10 -8)")) == after


def test_ordered_loads_and_stores_are_loads_and_stores():
    program = """
        r1 = 0x1122334455667788 ll
        store_release((u64 *)(r10 -8), r1)
        store_release((u8 *)(r10 -8), r10)
        r2 = r10
        r2 += -8
        r0 = load_acquire((u16 *)(r2 +0))
        r0 -= 0x7700
        exit
    """
    assert run(program) == 0, "the low byte of a stack's end is 0"
    with pytest.raises(VmFault, match=r"cannot read 8 bytes at 0x5$"):
        run("r1 = 5\nr0 = load_acquire((u64 *)(r1 +0))\nexit")


def test_subprog_has_its_own_stack_and_keeps_the_callers_registers():
    program = """
        r6 = 100
        r1 = 1
        *(u64 *)(r10 -8) = r1
        r2 = r10
        r2 += -8
        call double
        r3 = *(u64 *)(r10 -8)
        r0 += r6
        r0 += r3
        exit
    double:
        r6 = 7
        *(u64 *)(r10 -8) = r6
        r3 = 30
        *(u64 *)(r2 +0) = r3
        r0 = r1
        r0 += r0
        exit
    """
    assert run(program) == 2 + 100 + 30


def test_calls_go_as_deep_as_the_kernel_allows():
    def nested(depth):
        functions = [f"f{n}: call f{n + 1}\nexit" for n in range(depth - 1)]
        return "\n".join([*functions, f"f{depth - 1}: r0 = 3\nexit"])

    assert run(nested(8)) == 3
    with pytest.raises(VmFault) as fault:
        run(nested(9))
    assert fault.value.kind is Kind.DEPTH


FAULTS = [
    ("r0 = *(u64 *)(r1 +1)", Kind.ACCESS),  # the context has 8 bytes
    ("r0 = *(u8 *)(r1 +8)", Kind.ACCESS),
    ("r0 = *(u8 *)(r1 -1)", Kind.ACCESS),
    ("r1 = 0\nr0 = *(u8 *)(r1 +0)", Kind.ACCESS),
    ("*(u8 *)(r10 +0) = 1", Kind.ACCESS),
    ("*(u64 *)(r10 -516) = r1", Kind.ACCESS),
    ("r1 = -1\nlock *(u64 *)(r1 +0) += r1", Kind.ACCESS),
    ("call 999", Kind.HELPER),
    (".insn 0xff 0 0 0 0", Kind.INSN),
    (".insn 0xb7 11 0 0 0", Kind.INSN),
    (".insn 0x18 0 9 0 0\n.insn 0 0 0 0 0", Kind.INSN),
    ("r1 = map[0] ll", Kind.INSN),
    ("goto pc+7", Kind.JUMP),
    ("goto pc-7", Kind.JUMP),
    ("r0 = 1 ll\ngoto pc-2", Kind.INSN),  # the second half of ld_imm64
    ("r0 = 0", Kind.JUMP),
]


@pytest.mark.parametrize(("program", "kind"), FAULTS)
def test_breaking_a_rule_is_a_fault_and_says_where(program, kind):
    ends = "" if program == "r0 = 0" else "\nexit"
    with pytest.raises(VmFault) as fault:
        run(program + ends, bytes(8))
    assert fault.value.kind is kind
    assert fault.value.pc >= 0
    assert str(fault.value).startswith("insn ")


def test_endless_program_runs_out_of_its_budget():
    machine = Machine()
    with pytest.raises(VmFault, match="still running after 1000 insns") as fault:
        machine.world.run(machine.load("l: goto l\nexit", budget=1000), 0, b"")
    assert fault.value.kind is Kind.ENDLESS


def test_trace_shows_each_step_and_the_registers_it_changed():
    machine = Machine()
    vm = machine.load("r0 = 5\nif r0 == 5 goto end\nr0 = 6\nend: exit")
    steps: list[Step] = []
    assert trace(vm, Run(machine.world, 0), 0, steps.append) == 5
    assert steps == [Step(0, 1, ((0, 5),)), Step(1, 3, ())]


def test_registers_of_one_run_are_not_seen_by_the_next():
    machine = Machine()
    assert machine.run("r0 = 5\nr6 = 7\n*(u64 *)(r10 -8) = r6\nexit") == 5
    assert machine.run((Insn(0xBF, 0, 6), Insn(0x95))) == 0
    assert machine.run("r0 = *(u64 *)(r10 -8)\nexit") == 0
