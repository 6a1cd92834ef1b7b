"""The translator: a program becomes Python functions, one for each BPF function.

    r0 = 0                              def f0(run, left, r0, ... r10):
    l: r0 += r1                             ...
       r1 -= 1                              while True:
       if r1 != 0 goto l          ->            r0 = r0 + r1 & 18446744073709551615
       exit                                     ...

Registers become locals, numbers are masked only where they can leave 64 bits, and memory that is
known to lie in one region is looked up once (emu.vm.translate_insn says how).  The functions do
what goes right.  Whatever does not (an access that fails, an instruction that is none, the end of
the budget) makes them stop before the instruction, and the interpreter goes on from there with the
same registers: it is the one that says what is wrong, or that finds that nothing is.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, NamedTuple

from emu.isa import table
from emu.prog import PSEUDO_FUNC
from emu.vm.call import Exit, TailCall, enter
from emu.vm.engine import RESULTS
from emu.vm.fault import VmFault
from emu.vm.interp import REGS
from emu.vm.run import CALLED
from emu.vm.translate_code import Line, Source, write_function
from emu.vm.translate_facts import write_blocks
from emu.vm.translate_flow import decode, read_flow
from emu.vm.translate_names import Names
from emu.vm.translate_tree import count

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

    from emu.vm.interp import Vm
    from emu.vm.run import Host, Run

    Function = Callable[..., tuple[int, ...]]

CACHE_SIZE = 256  # programs
# A program that is larger because functions share blocks is left to the interpreter.
MOST_SHARED = 4


class Leave(Exception):
    """The interpreter takes over."""


EVENTS = (KeyError, IndexError, struct.error, VmFault, Exit, TailCall, Leave)


class Translation(NamedTuple):
    """A program's functions, not yet bound to a machine."""

    code: CodeType
    entries: tuple[int, ...]
    lines: list[Line | None]
    names: Names


_cache: dict[object, Translation | None] = {}


def functions(vm: Vm, host: Host, start: int = 0) -> dict[int, Function]:
    """The translated functions by their first instruction; none if it is not worth it.

    host: the machine whose memory and maps `vm` was made for.
    start: where to begin, which may be in the middle of a function; its callees come with it.
    """
    key = start, _key(vm, host)
    if key not in _cache:
        if len(_cache) >= CACHE_SIZE:
            del _cache[next(iter(_cache))]
        _cache[key] = translate(vm, host, start)
    translation = _cache[key]
    if translation is None:
        return {}
    lines = translation.lines

    def leave(event: Exception, values: dict[str, Any]) -> tuple[int, ...]:
        trace = event.__traceback__
        assert trace is not None, "it was raised"
        line = lines[trace.tb_lineno]
        if line is None:
            raise event
        return take_over(vm, event, line, values)

    scope = translation.names.bind(vm, host)
    scope.update(EVENTS=EVENTS, Leave=Leave, enter=enter, CALLED=CALLED, leave=leave)
    exec(translation.code, scope)
    return {entry: scope[f"f{entry}"] for entry in translation.entries}


def forget() -> None:
    """Empty the cache."""
    _cache.clear()


def take_over(vm: Vm, event: Exception, line: Line, values: dict[str, Any]) -> tuple[int, ...]:
    """Do what a function that raised `event` at `line` has left to do; returns what it would.

    values: its locals.
    """
    run: Run = values["run"]
    left = values["left"] + line.ahead
    insn = vm.prog.insns[line.pc] if line.pc < len(vm.prog.insns) else None
    match event:
        case VmFault():
            if event.pc < 0:
                event.pc = line.pc
            raise event
        case Exit():  # a step ended the function
            return (*values["q"][:RESULTS], left - 1)
        case TailCall() if event.left < 0:
            event.left, event.registers = left - 1, values["q"][1:RESULTS]
            raise event
        case TailCall() | Leave():
            pass
        case _ if insn is None or insn.code & 7 not in (table.LDX, table.ST, table.STX):
            raise event
    registers = [*(values[f"r{n}"] for n in range(REGS)), *vm.initial[REGS:]]
    pc = line.pc
    if isinstance(event, TailCall):
        # The subprog that was called at this line ended so: the other program returns for it.
        registers[0] = event.enter(run)
        registers[1:RESULTS] = event.registers
        run.vm = vm
        pc, left = pc + 1, event.left
    left = vm.interpret(run, pc, registers, left)
    return (*registers[:RESULTS], left)


def translate(vm: Vm, host: Host, start: int) -> Translation | None:
    """The functions reached from `start`; None if they have too many blocks in common."""
    names = Names(vm, host)
    source = Source()
    work = [start]
    entries: list[int] = []
    size = 0
    while work:
        entry = work.pop()
        if entry in entries:
            continue
        entries.append(entry)
        flow = read_flow(vm, entry)
        for block in flow.blocks.values():
            size += block.cost
            for op in block.ops:
                is_pointer = op.name == "ld_imm64" and op.insn.src == PSEUDO_FUNC
                if is_pointer or op.is_subprog_call:
                    work.append(op.target)
        if size > MOST_SHARED * len(vm.prog.insns):
            return None
        write_function(source, flow, count(flow), write_blocks(flow, names))
    names.release()
    code = compile("\n".join(source.text), f"<bpf {vm.prog.name}>", "exec")
    return Translation(code, tuple(entries), source.lines, names)


def _key(vm: Vm, host: Host) -> object:
    """What a translation depends on."""
    insns = vm.prog.insns
    wide = table.by_name["ld_imm64"].code
    constants = tuple(decode(vm, pc).value for pc, insn in enumerate(insns) if insn.code == wide)
    maps = tuple(
        (found.address, type(found), found.key_size, host.maps.get(found.address) is found)
        for found in vm.maps
    )
    return insns, vm.prog.type, constants, maps
