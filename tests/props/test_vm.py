"""The interpreter against direct evaluation, against the running kernel, and against nonsense."""

from __future__ import annotations

from struct import Struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.isa.insn import decode
from emu.isa.table import ALU, ALU64, IMM, INSNS, SRC, by_name, selects
from emu.kernel.enums import EXIST, NOEXIST, MapType, ProgType
from emu.kernel.errno import E2BIG, EEXIST, EINVAL, ENOENT
from emu.prog import Insn, MapDef, Prog
from emu.vm.fault import VmFault
from tests.unit.emu.vm.machine import Machine, run

# Bounds and overflows live at the edges.
EDGES = [0, 1, 7, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1]
words = st.sampled_from(EDGES) | st.integers(0, 2**64 - 1)
immediates = st.sampled_from([0, 1, -1, 2**31 - 1, -(2**31)]) | st.integers(-(2**31), 2**31 - 1)

REGISTERS = 6  # r0 to r5
ARITHMETIC = [row for row in INSNS if row.cls in (ALU, ALU64) and row.name != "addr_space_cast"]


@st.composite
def arithmetic(draw: st.DrawFn) -> tuple[str, Insn]:
    """An instruction that verifiers accept, with its name."""
    row = draw(st.sampled_from(ARITHMETIC))
    bits = 64 if row.cls == ALU64 else 32
    imm = draw(immediates) if row.uses & IMM else 0
    operation = row.name.split("_")[0].rstrip("0123456789")
    if operation in ("lsh", "rsh", "arsh") and row.uses & IMM:
        imm %= bits
    if operation in ("div", "mod", "sdiv", "smod") and row.uses & IMM:
        imm = imm or 1
    register = st.integers(0, REGISTERS - 1)
    insn = Insn(row.code, draw(register), draw(register) if row.uses & SRC else 0, 0, imm)
    selecting = selects(row.code)
    if selecting:
        insn = insn._replace(**{selecting.name.lower(): row.select})
    return row.name, insn


def signed(value: int, bits: int) -> int:
    """The low `bits` of a number, read as two's complement."""
    return int.from_bytes(
        (value % 2**bits).to_bytes(8, "little")[: bits // 8], "little", signed=True
    )


def evaluate(name: str, insn: Insn, r: list[int]) -> int:
    """What an arithmetic instruction leaves in dst, by mathematics rather than by masks."""
    operation, _, form = name.partition("_")
    digits = operation.lstrip("abcdefghijklmnopqrstuvwxyz")
    operation, number = operation[: len(operation) - len(digits)], int(digits)
    if operation in ("be", "bswap"):
        size = number // 8
        return int.from_bytes((r[insn.dst] % 2**number).to_bytes(size, "little"), "big")
    if operation == "le":
        return r[insn.dst] % 2**number
    if operation == "movsx":
        return signed(r[insn.src], number) % 2 ** int(form.partition("_")[0])
    bits = number
    x = r[insn.dst] % 2**bits
    y = (insn.imm if name.endswith("_imm") else r[insn.src]) % 2**bits
    sx, sy = signed(x, bits), signed(y, bits)
    match operation:
        case "add":
            result = x + y
        case "sub":
            result = x - y
        case "mul":
            result = x * y
        case "div":
            result = x // y if y else 0
        case "mod":
            result = x - x // y * y if y else x
        case "sdiv":
            result = truncated(sx, sy) if y else 0
        case "smod":
            result = sx - truncated(sx, sy) * sy if y else x
        case "or":
            result = x | y
        case "and":
            result = x & y
        case "xor":
            result = x ^ y
        case "lsh":
            result = x * 2 ** (y % bits)
        case "rsh":
            result = x // 2 ** (y % bits)
        case "arsh":
            result = sx // 2 ** (y % bits)
        case "neg":
            result = -x
        case "mov":
            result = y
        case _:
            raise AssertionError(name)
    return result % 2**bits


def truncated(dividend: int, divisor: int) -> int:
    """The quotient, rounded towards zero."""
    quotient, remainder = divmod(dividend, divisor)
    return quotient + (remainder != 0 and quotient < 0)


def constants(values: list[int]) -> list[Insn]:
    """Instructions that put values into r0, r1 ..."""
    code = by_name["ld_imm64"].code
    halves = Struct("<ii")
    insns = []
    for register, value in enumerate(values):
        low, high = halves.unpack(value.to_bytes(8, "little"))
        insns += [Insn(code, register, imm=low), Insn(0, imm=high)]
    return insns


EXIT = Insn(by_name["exit"].code)
# r0 becomes a number of 32 bits that depends on all of r0 to r5.
FOLD = [
    *(Insn(by_name["xor64_reg"].code, 0, source) for source in range(1, REGISTERS)),
    Insn(by_name["mov64_reg"].code, 1, 0),
    Insn(by_name["rsh64_imm"].code, 1, imm=32),
    Insn(by_name["xor64_reg"].code, 0, 1),
    Insn(by_name["mov32_reg"].code, 0, 0),
]

programs = st.lists(arithmetic(), min_size=1, max_size=12)
values = st.lists(words, min_size=REGISTERS, max_size=REGISTERS)


@given(values, programs)
def test_arithmetic_gives_what_mathematics_gives(initial, program):
    r = list(initial)
    for name, insn in program:
        r[insn.dst] = evaluate(name, insn, r)
    body = [*constants(initial), *(insn for _, insn in program)]
    for register, value in enumerate(r):
        move = Insn(by_name["mov64_reg"].code, 0, register)
        assert run([*body, move, EXIT]) == value


@pytest.mark.kernel
@settings(max_examples=150, deadline=None)
@given(values, programs)
def test_arithmetic_gives_what_the_running_kernel_gives(initial, program):
    insns = [*constants(initial), *(insn for _, insn in program), *FOLD, EXIT]
    assert run(insns) == kernel_run(insns)


def kernel_run(insns: list[Insn]) -> int:
    """The return value of a socket filter in BPF_PROG_TEST_RUN."""
    from dtrace.backend.linux import syscall
    from dtrace.backend.linux.progs import LinuxProg

    layout = Struct("<IIIIQQIIIIQQ")  # union bpf_attr, `test`
    packet = syscall.Memory(bytes(14))
    loaded = LinuxProg(Prog("props", ProgType.SOCKET_FILTER, tuple(insns)), [], 0)
    try:
        attr = syscall.Memory(layout.pack(loaded.fd, 0, 14, 0, packet.address, 0, 1, 0, 0, 0, 0, 0))
        syscall.bpf(syscall.PROG_TEST_RUN, attr, layout.size)
        retval: int = layout.unpack(attr.raw)[1]
        return retval
    finally:
        loaded.close()


MAPS = (
    MapDef("array", MapType.ARRAY, 4, 24, 3),
    MapDef("hash", MapType.HASH, 8, 16, 4),
    MapDef("percpu", MapType.PERCPU_ARRAY, 4, 8, 1),
    MapDef("events", MapType.PERF_EVENT_ARRAY, 4, 4, 2),
    MapDef("ring", MapType.RINGBUF, 0, 0, 4096),
)

codes = st.sampled_from(sorted({row.code for row in INSNS}))
plausible = st.builds(
    Insn,
    codes | st.integers(0, 255),
    st.integers(0, 10) | st.integers(0, 15),
    st.integers(0, 10) | st.integers(0, 15),
    st.integers(-4, 4) | st.integers(-(2**15), 2**15 - 1),
    st.integers(0, 8) | immediates,
)


@settings(deadline=None)
@given(st.lists(plausible, min_size=1, max_size=40), st.binary(max_size=64))
def test_whatever_runs_ends_in_a_result_or_a_fault(program, context):
    machine = Machine(*MAPS)
    # Registers that point to what there is make more of it reachable.
    start = [
        Insn(by_name["ld_imm64"].code, 6, 1, imm=0), Insn(0),
        Insn(by_name["ld_imm64"].code, 7, 2, imm=0), Insn(0),
        Insn(by_name["mov64_reg"].code, 2, 10),
    ]  # fmt: skip
    vm = machine.load([*start, *program], budget=2000)
    try:
        result = machine.world.run(vm, 0, context)
    except VmFault:
        return
    assert 0 <= result < 2**64


@settings(deadline=None)
@given(st.binary(min_size=8, max_size=160).filter(lambda raw: len(raw) % 8 == 0))
def test_any_bytes_end_in_a_result_or_a_fault(raw):
    machine = Machine(*MAPS)
    try:
        result = machine.world.run(machine.load(decode(raw), budget=2000), 0, bytes(16))
    except VmFault:
        return
    assert 0 <= result < 2**64


keys = st.integers(0, 5).map(lambda n: n.to_bytes(4, "little"))
operations = st.one_of(
    st.tuples(st.just("store"), keys, st.binary(min_size=4, max_size=4), st.integers(0, 3)),
    st.tuples(st.just("remove"), keys),
    st.tuples(st.just("poke"), keys, st.binary(min_size=4, max_size=4)),
)


@given(st.lists(operations, max_size=40))
def test_hash_is_a_dict_with_a_limit(operations):
    machine = Machine(MapDef("hash", MapType.HASH, 4, 4, 3))
    (made,) = machine.maps
    model: dict[bytes, bytes] = {}
    for operation, key, *rest in operations:
        match operation, rest:
            case "store", [value, flags]:
                error = made.store(key, value, flags, 0)
                if flags > EXIST:
                    assert error == -EINVAL
                elif key in model:
                    assert error == (-EEXIST if flags == NOEXIST else 0)
                elif flags == EXIST:
                    assert error == -ENOENT
                else:
                    assert error == (-E2BIG if len(model) == 3 else 0)
                if not error:
                    model[key] = value
            case "remove", []:
                assert made.remove(key) == (0 if model.pop(key, None) is not None else -ENOENT)
            case "poke", [value]:
                address = made.find(key, 0)
                assert bool(address) == (key in model)
                if address:
                    machine.world.mem.write(address, value)
                    model[key] = value
    assert {key: made.read(key) for key in made.walk()} == model
