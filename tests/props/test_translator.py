"""The translator against the interpreter: same results, same faults, same memory afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from emu.isa.asm import assemble
from emu.isa.insn import decode
from emu.isa.table import INSNS, JMP, JMP32, LDX, OFF, SRC, ST, STX, by_name, selects
from emu.kernel.enums import MapType, ProgType
from emu.prog import PSEUDO_CALL, Insn, MapDef, Prog
from emu.vm.engine import TranslatingVm
from emu.vm.fault import VmFault
from emu.vm.interp import Vm
from tests.props.test_vm import ARITHMETIC, immediates
from tests.unit.emu.vm.machine import Machine

if TYPE_CHECKING:
    from emu.isa.table import InsnDef

MAPS = (
    MapDef("array", MapType.ARRAY, 4, 24, 3),
    MapDef("hash", MapType.HASH, 8, 16, 4),
    MapDef("percpu", MapType.PERCPU_ARRAY, 4, 8, 1),
    MapDef("rodata", MapType.ARRAY, 4, 16, 1, flags=1 << 7),
    MapDef("ring", MapType.RINGBUF, 0, 0, 4096),
)
BUDGET = 400
CONTEXT = bytes(range(1, 25))
RUNS = 2


class Outcome(NamedTuple):
    """What can be told apart."""

    results: list[object]  # r0, or what was wrong, of each run
    maps: list[dict[bytes, bytes | None]]
    budgets: list[int]
    context: bytes


def outcome(hot: int | None, insns: tuple[Insn, ...], budget: int, kind: ProgType) -> Outcome:
    """What a program does that is translated once it is hot; None: not at all."""
    machine = Machine(*MAPS)
    world = machine.world
    prog = Prog("props", kind, insns, MAPS)
    vm = Vm(prog, world.mem, machine.maps, budget=budget)
    if hot is not None:
        vm = TranslatingVm(prog, world.mem, machine.maps, budget=budget, hot=hot)
    results: list[object] = []
    budgets = []
    for _ in range(RUNS):
        try:
            results.append(world.run(vm, 0, CONTEXT))
        except VmFault as fault:
            results.append((fault.kind, fault.message, fault.pc))
        budgets.append(world._runs[0][-1].budget)
    maps = [{key: made.read(key) for key in made.walk()} for made in machine.maps]
    return Outcome(results, maps, budgets, bytes(world._runs[0][-1].context))


def check(
    insns: list[Insn] | tuple[Insn, ...],
    budget: int = BUDGET,
    kind: ProgType = ProgType.RAW_TRACEPOINT,
) -> None:
    expected = outcome(None, tuple(insns), budget, kind)
    assert outcome(0, tuple(insns), budget, kind) == expected
    assert outcome(1, tuple(insns), budget, kind) == expected, "translated while it runs"


# r6: the value of a map by its address; r7: of one that was looked up; r8: the context;
# r9: the stack; r1 and r2 are ready to look something up.
START = assemble("""
    r6 = map[0]+0 ll
    r8 = r1
    *(u64 *)(r10 -8) = 0
    r1 = map[0] ll
    r2 = r10
    r2 += -8
    call 1
    if r0 == 0 goto out
    r7 = r0
    r9 = r10
    r9 += -64
    r1 = map[1] ll
    r3 = r9
    r4 = 0
    r5 = 7
    goto on
out:
    r0 = -1
    exit
on:
    r0 = 0
""")
# Lookup, update, delete, ktime, prandom, current comm, bpf_loop, ringbuf_output.
HELPERS = (1, 2, 3, 5, 7, 16, 181, 130)
EXIT = Insn(by_name["exit"].code)
CALL = by_name["call"].code
JUMPS = [r for r in INSNS if r.cls in (JMP, JMP32) and r.name not in ("call", "exit", "gotox")]
MEMORY = [r for r in INSNS if r.cls in (LDX, ST, STX)]
POINTERS = st.sampled_from(
    [(6, 0), (6, 8), (6, 1), (7, 0), (7, 16), (8, 0), (8, 8), (9, 0), (9, 24), (9, -8), (10, -8),
     (10, -64)]
)  # fmt: skip
values = st.integers(0, 5)  # registers that hold numbers
registers = st.integers(0, 9)
numbers = st.integers(-3, 20) | immediates


def selected(row: InsnDef, insn: Insn) -> Insn:
    """The instruction with the field that makes it this row and no other."""
    field = selects(row.code)
    return insn._replace(**{str(field.name).lower(): row.select}) if field else insn


@st.composite
def jumps(draw: st.DrawFn, position: int, length: int) -> Insn:
    """A jump to anywhere in a body, mostly forwards."""
    row = draw(st.sampled_from(JUMPS))
    start = draw(st.sampled_from((0, position + 1, position + 1)))
    distance = draw(st.integers(start, length)) - position - 1
    imm = draw(numbers) if row.uses & OFF else distance
    off = distance if row.uses & OFF else 0
    src = draw(registers) if row.uses & SRC else 0
    return selected(row, Insn(row.code, draw(values), src, off, imm))


@st.composite
def arithmetic(draw: st.DrawFn) -> Insn:
    row = draw(st.sampled_from(ARITHMETIC))
    dst = draw(values | values | registers)
    return selected(row, Insn(row.code, dst, draw(registers), 0, draw(numbers)))


@st.composite
def accesses(draw: st.DrawFn) -> Insn:
    """A load, store or atomic operation, mostly of memory that is there."""
    row = draw(st.sampled_from(MEMORY))
    pointer, off = draw(POINTERS)
    off = draw(st.just(off) | st.just(off) | st.integers(-70, 70))
    dst, src = pointer, draw(values)
    if row.name.startswith(("ldx", "load")):
        dst, src = src, dst
    return selected(row, Insn(row.code, dst, src, off, draw(numbers)))


def calls(position: int, length: int) -> st.SearchStrategy[Insn]:
    helpers = st.sampled_from(HELPERS).map(lambda number: Insn(CALL, imm=number))
    subprogs = st.integers(0, length).map(
        lambda target: Insn(CALL, 0, PSEUDO_CALL, 0, target - position - 1)
    )
    return st.one_of(helpers, subprogs, st.just(EXIT))


@st.composite
def bodies(draw: st.DrawFn) -> list[Insn]:
    length = draw(st.integers(1, 50))
    families = draw(st.lists(st.sampled_from("jjaaammmmmc"), min_size=length, max_size=length))
    body = []
    for position, family in enumerate(families):
        match family:
            case "j":
                body.append(draw(jumps(position, length)))
            case "a":
                body.append(draw(arithmetic()))
            case "m":
                body.append(draw(accesses()))
            case _:
                body.append(draw(calls(position, length)))
    return [*START, *body, EXIT]


@settings(deadline=None, max_examples=120)
@given(bodies(), st.integers(20, BUDGET))
def test_translated_program_does_what_the_interpreter_does(program, budget):
    check(program, budget)


@settings(deadline=None)
@given(st.binary(min_size=8, max_size=160).filter(lambda raw: len(raw) % 8 == 0))
@example(b"\x85\x40" + bytes(6))  # a call of no known kind
def test_translated_bytes_do_what_the_interpreter_does(raw):
    check(decode(raw))


PACKET_TYPES = st.sampled_from((ProgType.SOCKET_FILTER, ProgType.XDP))


@settings(deadline=None, max_examples=30)
@given(bodies(), PACKET_TYPES)
def test_packet_program_does_what_the_interpreter_does(program, kind):
    check(program, kind=kind)


def nested(insns: list[Insn], count: int) -> list[Insn]:
    """The instructions `count` times in a row: larger functions, deeper dominator trees."""
    return [*START, *(insn for _ in range(count) for insn in insns), EXIT]


@settings(deadline=None, max_examples=40)
@given(bodies(), st.integers(2, 6))
def test_large_program_does_what_the_interpreter_does(program, count):
    check(nested(program[len(START) : -1], count), 3000)
