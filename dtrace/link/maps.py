"""The maps that a session needs: their sizes, and what fits into them.

Limits: state.PER_CPU_MAX for a value of a per-CPU map; KMALLOC_MAX_SIZE (include/linux/slab.h) for
one of any other; MAX_BPF_STACK for a hash's key before 5.11.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from dtrace.codegen import agg, dynvar, probename, state
from dtrace.codegen.gen import round_up
from dtrace.diag import CompileError
from dtrace.errtags import ErrTag
from dtrace.source import NO_SPAN
from dtrace.types.convert import is_string
from emu.kernel.enums import F_RDONLY_PROG, MapType
from emu.kernel.traits import Trait
from emu.prog import MapDef

if TYPE_CHECKING:
    from dtrace.codegen.gen import ClauseGen
    from dtrace.codegen.program import ProgramGen
    from dtrace.codegen.record import AggLayout
    from dtrace.sema.symbols import Variable
    from dtrace.source import Span

PERF_EVENT_HEADER = 8  # bytes before each record in a buffer: struct perf_event_header
VALUE_MAX = 4 << 20  # bytes, of key and value together
KEY_MAX = 512  # bytes, before HASH_KEY_ANY_SIZE


class Need(NamedTuple):
    """A buffer whose size the user sets, and the least that it must hold: one `what`."""

    option: str
    given: int  # bytes
    what: str
    size: int  # bytes of it


class Offsets(NamedTuple):
    """Where the areas of the per-CPU memory begin, and its size, in bytes."""

    scratch: int
    record: int
    size: int
    kept: int = 0
    record_size: int = 0  # of the largest record


def offsets(program: ProgramGen, clauses: list[ClauseGen], record_min: int) -> Offsets:
    """Where the per-CPU memory's areas are, for all clauses of the session.

    record_min: bytes that the record has in any case.  Raises CompileError if a kernel does not
    give that much memory.
    """
    kept = state.SIZE + program.this_size
    scratch = kept + program.kept_size
    record = scratch + max([c.scratch_max for c in clauses], default=0)
    largest = max([round_up(c.record_size, 8) for c in clauses], default=0)
    # execname is written in whole, whatever strsize is, so that it may reach behind the record.
    size = record + max(largest, record_min) + 16
    if size > state.PER_CPU_MAX:
        worst = max(clauses, key=lambda c: c.scratch_max + c.record_size)
        raise CompileError(
            ErrTag.D_UNKNOWN,
            f"program needs {size} bytes of memory on each CPU, and the kernel gives"
            f" {state.PER_CPU_MAX}:"
            f" {program.this_size} are for clause-local variables, this clause takes"
            f" {worst.scratch_max} for keys and strings and {worst.record_size} for its record,"
            f" {program.kept_size} serve functions"
            " (option strsize is the size of a string)",
            worst.cooked.clause.span,
        )
    return Offsets(scratch, record, size, kept, max(largest, record_min))


def maps(program: ProgramGen, at: Offsets) -> dict[str, MapDef]:
    """Definitions of all maps by name; which of them a program uses is the linker's affair.

    Raises CompileError for what is larger than a map can be.
    """
    zero = bytes(4)
    sealed = program.target.profile.has(Trait.MAP_FREEZE)
    rodata = bytes(program.rodata)
    epochs = 8 * (len(program.aggs) + 1)
    names = program.names
    found = [
        MapDef(state.MEM, MapType.PERCPU_ARRAY, 4, at.size, 1),
        MapDef(state.GLOBAL, MapType.ARRAY, 4, state.GLOBAL_SIZE, 1),
        MapDef(
            state.RODATA, MapType.ARRAY, 4, len(rodata), 1,
            flags=F_RDONLY_PROG if sealed else 0, init=((zero, rodata),), frozen=sealed,
        ),
        MapDef(state.BUFFERS, MapType.PERF_EVENT_ARRAY, 4, 4, program.target.cpus),
        MapDef(state.GVARS, MapType.ARRAY, 4, program.globals_size, 1),
        MapDef(
            state.EPOCHS, MapType.ARRAY, 4, epochs, 1,
            init=((zero, (1).to_bytes(8, "little") * (epochs // 8)),),
        ),
        MapDef(
            state.PROBES, MapType.HASH, 4, probename.ENTRY, max(len(names), 1),
            init=tuple((i.to_bytes(4, "little"), e) for i, e in names.items()),
        ),
    ]  # fmt: skip
    if program.uses_cpus:
        found.append(_cpus_map(program))
    _check_globals(program)
    _check(program, "constant data", _first_span(program), 0, len(rodata))
    found += [_variable_map(program, v) for v in program.unit.variables if dynvar.is_dynamic(v)]
    found += [_agg_map(program, a) for a in program.aggs.values()]
    return {m.name: m for m in found}


def needs(program: ProgramGen, at: Offsets, found: dict[str, MapDef]) -> list[Need]:
    """What must fit into the buffers that options give sizes to.

    found: the definitions of all maps.
    """
    target = program.target
    listed = [Need("bufsize", target.bufsize, "record", PERF_EVENT_HEADER + at.record_size)]
    for layout in program.aggs.values():
        definition = found[agg.map_name(layout.name)]
        size = definition.key_size + definition.value_size
        name = "" if layout.name == "_" else layout.name
        listed.append(Need("aggsize", target.aggsize, f"entry of @{name}", size))
    for var in program.unit.variables:
        if dynvar.is_dynamic(var):
            size = target.strsize if is_string(var.type) else var.type.size
            listed.append(Need("dynvarsize", target.dynvarsize, f"value of {var.name}", size))
    return listed


def _cpus_map(program: ProgramGen) -> MapDef:
    cpus = range(program.target.cpus)
    infos = [struct.pack("<iiii", cpu, 0, program.chip_of(cpu), 0) for cpu in cpus]
    return MapDef(
        state.CPUS, MapType.ARRAY, 4, state.CPU_INFO_SIZE, len(infos),
        init=tuple((struct.pack("<I", cpu), info) for cpu, info in enumerate(infos)),
    )  # fmt: skip


def _variable_map(program: ProgramGen, var: Variable) -> MapDef:
    strsize = program.target.strsize
    key, value = dynvar.key_size(var, strsize), dynvar.cell_size(var.type, strsize)
    prefix = "" if var.scope == "global" else f"{var.scope}->"
    _check(program, f"{prefix}{var.name}", var.span, key, value)
    entries = max(1, program.target.dynvarsize // (key + value))
    return MapDef(dynvar.map_name(var), MapType.HASH, key, value, entries)


def _agg_map(program: ProgramGen, layout: AggLayout) -> MapDef:
    name, value, cpus = agg.map_name(layout.name), layout.value_size, program.target.cpus
    span = next(a.span for a in program.unit.aggregations if a.id == layout.id)
    if not layout.keys:
        _check(program, f"@{layout.name}", span, 0, value)
        if layout.cpus:
            return MapDef(name, MapType.ARRAY, 4, value, cpus)
        return MapDef(name, MapType.PERCPU_ARRAY, 4, value, 1)
    key = layout.key_size + agg.CPU_CELL
    _check(program, f"@{layout.name}", span, key, value)
    entries = max(1, program.target.aggsize // (key + value)) * cpus
    return MapDef(name, MapType.HASH, key, value, entries)


def _check(program: ProgramGen, what: str, span: Span, key: int, value: int) -> None:
    # Whether a map's key and value, in bytes, are what the kernel allows.
    profile = program.target.profile
    if key > KEY_MAX and not profile.has(Trait.HASH_KEY_ANY_SIZE):
        message = (
            f"key of {what} takes {key} bytes, and kernel {profile.name} allows {KEY_MAX}"
            " (option strsize is the size of a string)"
        )
        raise CompileError(ErrTag.D_UNKNOWN, message, span)
    if key + value >= VALUE_MAX:
        message = f"{what}: {key + value} bytes are too large, the kernel allows {VALUE_MAX}"
        raise CompileError(ErrTag.D_UNKNOWN, message, span)


def _check_globals(program: ProgramGen) -> None:
    scalars = [v for v in program.unit.variables if program.is_global(v)]
    if scalars:
        largest = max(scalars, key=lambda v: v.type.size)
        what = f"global variables, {largest.name} with {largest.type.size} bytes among them"
        _check(program, what, largest.span, 0, program.globals_size)


def _first_span(program: ProgramGen) -> Span:
    return program.unit.clauses[0].clause.span if program.unit.clauses else NO_SPAN
