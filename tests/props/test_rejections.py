"""Verdicts on rejections against the machine: what is real faults, what is a limit never does.

The symbolic meaning of every operation is compared with the emulator's, and so are findings about
random programs: their witnesses are replayed, and programs refused for a limit run unverified on
random inputs.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

z3 = pytest.importorskip("z3")

from dtrace.lab.triage import ENDLESS_RULES, judged  # noqa: E402
from emu.isa import table  # noqa: E402
from emu.isa.asm import assemble  # noqa: E402
from emu.kernel.enums import MapType, ProgType  # noqa: E402
from emu.kernel.profile import Kernel  # noqa: E402
from emu.maps.create import create  # noqa: E402
from emu.prog import Insn, MapDef, Prog  # noqa: E402
from emu.vm.fault import Kind, VmFault  # noqa: E402
from emu.vm.interp import Vm  # noqa: E402
from emu.vm.run import Run  # noqa: E402
from emu.world.scenario import Scenario  # noqa: E402
from emu.world.world import World  # noqa: E402
from verifier_model import verify  # noqa: E402
from verifier_model.smt import words  # noqa: E402

U64 = (1 << 64) - 1
EDGES = [0, 1, 7, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, U64 - 1, U64]
numbers = st.sampled_from(EDGES) | st.integers(0, 99) | st.integers(0, U64)
KERNEL = Kernel.release("7.2")


def machine() -> World:
    return World(Scenario("props", cpus=1), KERNEL)


def stepped(insn: Insn, x: int, y: int) -> tuple[int, int]:
    """r2 after the insn, with r2 = x and r3 = y before; and where it goes."""
    world = machine()
    vm = Vm(Prog("one", ProgType.KPROBE, (insn, *assemble("exit\nexit"))), world.mem)
    run, r = Run(world, 0), vm.initial.copy()
    r[2], r[3] = x, y
    following = vm.steps[0](r, run)
    return r[2], following


def as_number(term) -> int:
    return z3.simplify(words.term(term)).as_long()


def both_ways(x: int) -> list:
    """A number as it is, and as a term that the solver is to fold."""
    return [x, z3.BitVecVal(x, 64)]


ALU = [row for row in table.INSNS if row.name.removesuffix("_reg")[:-2] in words.OPERATIONS]
JUMPS = [
    row
    for row in table.INSNS
    if row.name.endswith("_reg")
    and row.name.removesuffix("_reg").removesuffix("32") in words.RELATIONS
]


def test_every_operation_is_compared():
    assert len(ALU) == 2 * len(words.OPERATIONS)
    assert len(JUMPS) == 2 * len(words.RELATIONS)


@given(row=st.sampled_from(ALU), x=numbers, y=numbers)
def test_an_operation_means_what_the_machine_does(row, x, y):
    bits = 32 if row.cls == table.ALU else 64
    name = row.name.removesuffix("_reg")[:-2]
    expected, _ = stepped(Insn(row.code, 2, 3, row.select), x, y)
    for a, b in zip(both_ways(x), both_ways(y), strict=True):
        assert as_number(words.alu(name, a, b, bits)) == expected


@given(row=st.sampled_from(JUMPS), x=numbers, y=numbers)
def test_a_comparison_holds_where_the_machine_jumps(row, x, y):
    bits = 32 if row.cls == table.JMP32 else 64
    name = row.name.removesuffix("_reg").removesuffix("32")
    _, following = stepped(Insn(row.code, 2, 3, 1), x, y)
    for a, b in zip(both_ways(x), both_ways(y), strict=True):
        truth = words.compare(name, a, b, bits)
        truth = truth if isinstance(truth, bool) else z3.is_true(z3.simplify(truth))
        assert truth == (following == 2)


@given(x=numbers, width=st.sampled_from([16, 32, 64]))
def test_swapped_bytes_are_the_machines(x, width):
    expected, _ = stepped(assemble(f"r2 = be{width} r2")[0], x, 0)
    assert [as_number(words.swapped(a, width)) for a in both_ways(x)] == [expected] * 2


@given(x=numbers, width=st.sampled_from([8, 16, 32]))
def test_extended_signs_are_the_machines(x, width):
    expected, _ = stepped(assemble(f"r2 = (s{width})r3")[0], 0, x)
    assert [as_number(words.sign_extended(a, width)) for a in both_ways(x)] == [expected] * 2


# -- programs

VALUE_SIZE = 16
ARGS = 24  # bytes of the context that programs look at
VALUE = MapDef("value", MapType.ARRAY, 4, VALUE_SIZE, 1)
SIGNS = ["+=", "-=", "|=", "&=", "^="]
CONDITIONS = ["==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&"]
# What a program may do so that {r} is a small number; some verifiers lose sight of some of them.
BOUNDS = [
    "r5 = 0",
    "{r} &= 7",
    "{w} &= 7",
    "if {r} > 8 goto out",
    "if {w} > 8 goto out\n{w} = {w}",
    "if {r} s> 8 goto out\nif {r} s< 0 goto out",
    "r5 = {r}\nif r5 > 7 goto out",
    "r5 = 8\nif r5 < {r} goto out",
    "*(u64 *)(r10 -24) = {r}\nif {r} > 7 goto out\n{r} = *(u64 *)(r10 -24)",
    "{r} &= 7\n*(u64 *)(r10 -24) = {r}\n{r} = *(u64 *)(r10 -24)",
    "{r} &= 7\n*(u32 *)(r10 -24) = {r}\n{r} = *(u32 *)(r10 -24)",
    "{r} %= 8",
    "r5 = {r}\n{r} ^= r5",
    "r5 = {r}\nr5 &= 12\n{r} -= r5\n{r} &= 12",
]
RELEASES = ["4.18", "5.2", "5.4", "5.10", "6.1", "6.12", "7.2"]


@st.composite
def programs(draw) -> str:
    """Bounded numbers, spilled and compared, and then an access to a map's value or the stack."""
    imms = st.sampled_from([0, 1, 3, 7, 8, 15, 16, 31, -1, -8]) | st.integers(-20, 40)
    numeric = ["2", "3", "4"]
    lines = [f"r{n} = *(u64 *)(r1 +{8 * i})" for i, n in enumerate(numeric)]
    lines += ["r0 = 0", "*(u64 *)(r10 -16) = 0", "*(u64 *)(r10 -8) = 0"]
    n = draw(st.integers(1, 9))
    for i in range(n):
        w = draw(st.sampled_from("rrw"))
        dst = draw(st.sampled_from(numeric))
        kind = draw(st.sampled_from(["alu", "mask", "shift", "mov", "jump", "jump", "spill"]))
        other = draw(st.sampled_from(numeric)) if draw(st.booleans()) else None
        if kind == "alu":
            right = w + other if other else draw(imms)
            lines.append(f"{w}{dst} {draw(st.sampled_from(SIGNS))} {right}")
        elif kind == "mask":
            lines.append(f"{w}{dst} &= {draw(st.sampled_from([1, 7, 15, 31]))}")
        elif kind == "shift":
            sign = draw(st.sampled_from(["<<=", ">>=", "s>>="]))
            lines.append(f"{w}{dst} {sign} {draw(st.integers(0, 31))}")
        elif kind == "mov":
            lines.append(f"{w}{dst} = {w + other if other else draw(imms)}")
        elif kind == "spill":
            size = draw(st.sampled_from([64, 64, 32]))
            lines.append(f"*(u{size} *)(r10 -24) = r{dst}")
            lines.append(f"r{draw(st.sampled_from(numeric))} = *(u{size} *)(r10 -24)")
        else:
            sign = draw(st.sampled_from(CONDITIONS))
            right = f"r{other}" if other else hex(draw(imms) & 0xFFFFFFFF)
            lines.append(f"if r{dst} {sign} {right} goto l{draw(st.integers(i + 1, n))}")
        lines.append(f"l{i + 1}:")
    index = draw(st.sampled_from(numeric))
    lines += draw(st.sampled_from(BOUNDS)).format(r=f"r{index}", w=f"w{index}").split("\n")
    size = draw(st.sampled_from([8, 16, 32, 64]))
    if draw(st.integers(0, 3)):
        lines += [f"r6 = r{index}", "*(u32 *)(r10 -28) = 0", "r2 = r10", "r2 += -28"]
        lines += ["r1 = map[0] ll", "call map_lookup_elem", "if r0 == 0 goto out"]
        lines += ["r0 += r6"]
    else:
        lines += ["r0 = r10", "r0 += -16", f"r0 += r{index}"]
    lines.append(f"r0 = *(u{size} *)(r0 {draw(st.integers(-2, 12)):+d})")
    return "\n".join(["l0:", *lines, "out:", "r0 = 0", "exit"])


def fault_of(prog: Prog, data: bytes, value: bytes) -> VmFault | None:
    """How the emulator's own machine ends the program, unverified."""
    world = machine()
    maps = [create(definition, world.mem, 1, KERNEL) for definition in prog.maps]
    for made in maps:
        world.maps[made.address] = made
        made.write(bytes(4), value)
    try:
        world.run(Vm(prog, world.mem, maps), 0, data)
    except VmFault as fault:
        return fault
    return None


def random_input(rng: random.Random) -> tuple[bytes, bytes]:
    def word() -> int:
        kind = rng.randrange(4)
        small = rng.randrange(40), rng.choice(EDGES), -rng.randrange(1, 40) & U64
        return small[kind] if kind < 3 else rng.getrandbits(64)

    data = b"".join(word().to_bytes(8, "little") for _ in range(ARGS // 8))
    return data.ljust(96, b"\0"), rng.randbytes(VALUE_SIZE)


def check_finding(text: str, release: str, inputs: int) -> str:
    """Judge a program's rejection and try to contradict it; the finding's word."""
    prog = Prog("drawn", ProgType.RAW_TRACEPOINT, assemble(text), (VALUE,))
    verdict = verify(prog, Kernel.release(release), log_level=0)
    if verdict.accepted:
        return "accepted"
    finding, replayed = judged(prog, Kernel.release(release), 5.0, verdict)
    if finding.word == "undecided":
        # Never because the emulator went another way.
        assert not any("emulator" in reason for reason in finding.reasons), finding.text(prog)
    if finding.word == "real" and finding.rule not in ENDLESS_RULES:
        faults = finding.rule.startswith(("an access outside", "an access through"))
        assert replayed.word == ("faulted" if faults else "reached")
    if finding.word == "limit":
        rng = random.Random(text)
        for _ in range(inputs):
            fault = fault_of(prog, *random_input(rng))
            assert fault is None or fault.kind is not Kind.ACCESS, (str(fault), finding.text(prog))
    return finding.word


@settings(max_examples=60, deadline=None)
@given(text=programs(), release=st.sampled_from(RELEASES))
def test_no_input_contradicts_a_finding(text, release):
    check_finding(text, release, inputs=25)


@pytest.mark.slow
@settings(max_examples=3000, deadline=None)
@given(text=programs(), release=st.sampled_from(RELEASES))
def test_no_input_contradicts_any_of_many_findings(text, release):
    check_finding(text, release, inputs=200)
