"""Register allocation keeps what a program computes, however many registers are alive."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtrace.bpf.code import Code, Label, VReg
from dtrace.codegen.passes import finish
from dtrace.link.link import Linker
from dtrace.link.maps import Offsets
from emu.kernel.enums import ProgType
from emu.kernel.profile import Kernel
from emu.vm.interp import Vm
from emu.vm.mem import AddressSpace
from emu.vm.run import Run

U64 = (1 << 64) - 1
OPS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "or": lambda a, b: a | b,
    "and": lambda a, b: a & b,
    "xor": lambda a, b: a ^ b,
}


class Host:
    """The little of a machine that these programs use."""

    cpus = 1

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.mem = AddressSpace()
        self.maps = {}
        self.random = random.Random(1)

    def current(self, cpu):
        return None


def execute(code: Code, kernel: Kernel) -> int:
    main = finish(code, kernel)
    linker = Linker({}, Offsets(0, 0, 0), kernel)
    linked = linker.link("main", ProgType.KPROBE, main, lambda name: None)
    host = Host(kernel)
    return Vm(linked.prog, host.mem).run(Run(host, 0), 0)


steps = st.lists(
    st.tuples(
        st.sampled_from(["op", "call", "const", "branch"]),
        st.sampled_from(sorted(OPS)),
        st.integers(0, 30),
        st.integers(0, 30),
        st.integers(0, U64),
    ),
    max_size=60,
)


@given(steps=steps)
@pytest.mark.parametrize("release", ["4.18", "6.18"])
def test_allocated_code_computes_the_same(release, steps):
    """Every register's value is added up at the end, so all of them live across the calls."""
    code = Code("main", params=1)
    regs: list[VReg] = []
    values: list[int] = []
    for kind, op, a, b, number in steps:
        if kind == "const" or not regs:
            regs.append(code.const(number))
            values.append(number)
        elif kind == "op":
            a, b = a % len(regs), b % len(regs)
            code.alu(op, regs[a], regs[b])
            values[a] = OPS[op](values[a], values[b]) & U64
        elif kind == "call":
            task = code.helper("get_smp_processor_id")
            code.alu("add", task, number)
            regs.append(task)
            values.append(number)
        else:
            a, b = a % len(regs), b % len(regs)
            l_end = Label()
            code.jump("jgt", regs[a], regs[b], l_end)
            code.alu(op, regs[b], number & 0xFFFF)
            code.bind(l_end)
            if not values[a] > values[b]:
                values[b] = OPS[op](values[b], number & 0xFFFF) & U64
    total = code.const(0)
    for reg in regs:
        code.alu("add", total, reg)
    code.ret(total)
    assert execute(code, Kernel.release(release)) & U64 == sum(values) & U64


def test_a_spilled_bound_is_checked_again_where_the_kernel_forgets_it():
    def jumps(release: str) -> int:
        code = Code("main", params=1)
        index = code.const(5)
        code.bound(index, 100)
        others = [code.const(i) for i in range(12)]
        code.helper("get_smp_processor_id")
        for other in others * 3:
            code.alu("add", others[0], other)
        code.alu("add", others[0], index)
        code.ret(others[0])
        allocated = finish(code, Kernel.release(release))
        return sum(asm.name == "jgt_imm" and asm.imm == 100 for asm in allocated.code)

    assert jumps("5.4") == 1
    assert jumps("6.18") == 0
