"""The translator against the interpreter: same results, same faults, same memory afterwards."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from emu.isa.asm import assemble
from emu.isa.insn import decode
from emu.isa.table import ATOMIC, INSNS, JMP, JMP32, LD, OFF, SRC, by_name, selects
from emu.kernel.enums import MapType, ProgType
from emu.prog import PSEUDO_CALL, Insn, MapDef, Prog
from emu.vm import engine
from emu.vm.fault import VmFault
from tests.props.test_vm import immediates
from tests.unit.emu.vm.machine import Machine

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


def outcome(name: engine.Engine, insns: tuple[Insn, ...], budget: int, kind: ProgType) -> Outcome:
    machine = Machine(*MAPS)
    world = machine.world
    vm = engine.make(
        Prog("props", kind, insns, MAPS), world.mem, machine.maps, engine=name, budget=budget
    )
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
    expected = outcome("interpreter", tuple(insns), budget, kind)
    assert outcome("translator", tuple(insns), budget, kind) == expected


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
ROWS = [row for row in INSNS if row.name not in ("call", "exit", "ld_imm64") and row.cls != LD]
EXIT = Insn(by_name["exit"].code)
CALL = by_name["call"].code


@st.composite
def instruction(draw: st.DrawFn, position: int, length: int) -> Insn:
    """An instruction at `position` of a body: mostly one that makes sense."""
    choice = draw(st.integers(0, 19))
    if choice == 0:
        return Insn(CALL, 0, 0, 0, draw(st.sampled_from(HELPERS)))
    if choice == 1:
        return Insn(CALL, 0, PSEUDO_CALL, 0, draw(st.integers(0, length)) - position - 1)
    if choice == 2:
        return EXIT
    row = draw(st.sampled_from(ROWS))
    register = st.integers(0, 9)
    insn = Insn(row.code, draw(register), draw(register) if row.uses & SRC else 0)
    if row.cls in (JMP, JMP32):
        target = draw(st.integers(0, length))
        field = "off" if row.uses & OFF else "imm"
        insn = insn._replace(imm=draw(immediates | st.integers(0, 20)))
        insn = insn._replace(**{field: target - position - 1})
    else:
        memory = row.uses & OFF
        pointer = draw(st.sampled_from((3, 6, 6, 7, 7, 8, 9, 9, 10)))
        near = st.sampled_from((0, 0, 4, 8, 8, 16, -8, 24))
        off = draw(near | st.integers(-70, 70)) if memory else 0
        imm = draw(st.integers(-3, 20) | immediates)
        insn = insn._replace(off=off, imm=imm)
        if memory:
            loads = row.name.startswith(("ldx", "load"))
            insn = insn._replace(**{"src" if loads else "dst": pointer})
        elif draw(st.booleans()):
            # Where it is not pointers that are computed.
            insn = insn._replace(dst=draw(st.integers(0, 5)))
    selecting = selects(row.code)
    if (selecting and (selecting.name or "").lower() != "imm") or row.code & 0xE7 == ATOMIC | 3:
        insn = insn._replace(**{(selecting.name or "").lower(): row.select})
    elif selecting:
        insn = insn._replace(imm=row.select)
    return insn


@st.composite
def bodies(draw: st.DrawFn) -> list[Insn]:
    length = draw(st.integers(1, 30))
    body = [draw(instruction(n, length)) for n in range(length)]
    return [*START, *body, EXIT]


@settings(deadline=None, max_examples=300)
@given(bodies(), st.integers(20, BUDGET))
def test_translated_program_does_what_the_interpreter_does(program, budget):
    check(program, budget)


@settings(deadline=None)
@given(st.binary(min_size=8, max_size=160).filter(lambda raw: len(raw) % 8 == 0))
def test_translated_bytes_do_what_the_interpreter_does(raw):
    check(decode(raw))
