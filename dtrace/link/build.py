"""Build: a cooked unit to programs, maps and the consumer's layout."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtrace.codegen import agg, clause, state, tramp
from dtrace.codegen.output import error_function
from dtrace.codegen.passes import finish
from dtrace.codegen.program import ProgramGen
from dtrace.codegen.record import FAULT_DATA, HEADER_SIZE
from dtrace.link.link import Linker
from dtrace.link.maps import maps as define_maps
from dtrace.link.maps import needs
from dtrace.link.maps import offsets as place_areas
from dtrace.link.plan import plan
from dtrace.probes.desc import Syscall
from emu.kernel.enums import MapType
from emu.prog import MapDef

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.codegen.gen import ClauseGen
    from dtrace.codegen.record import Layout
    from dtrace.link.maps import Need, Offsets
    from dtrace.link.plan import Planned
    from dtrace.opt.regalloc import Allocated
    from dtrace.probes.desc import Probe, Site
    from dtrace.sema.symbols import Unit
    from dtrace.source import Span
    from dtrace.target import Target
    from emu.kernel.enums import ProgType
    from emu.prog import Prog

ERROR_PROBE = 3  # its id: dtrace:::ERROR is the third of all probes


class Built(NamedTuple):
    """One program, where it goes, and for whom."""

    prog: Prog
    site: Site
    spans: tuple[Span | None, ...]  # D text of each instruction
    probes: tuple[Probe, ...]


class Build(NamedTuple):
    """All that a session loads.

    maps: definitions by name, of all maps that a program or the consumer uses.
    offsets: of the per-CPU memory's areas.
    needs: what must fit into the buffers that options give sizes to.
    """

    programs: tuple[Built, ...]
    maps: dict[str, MapDef]
    layout: Layout
    offsets: Offsets
    needs: tuple[Need, ...]


def build(
    unit: Unit,
    target: Target,
    session_type: ProgType,
    offset_of: Callable[[str, str], int],
    wall_offset: Callable[[], int],
    chip_of: Callable[[int], int],
) -> Build:
    """Generate and link everything that `unit` asks for.

    session_type: the program type with which this kernel runs BEGIN and END.
    offset_of, wall_offset, chip_of: as ProgramGen has them.  Raises CompileError.
    """
    program = ProgramGen(unit, target, offset_of, wall_offset, chip_of)
    generated = [g for c in unit.clauses for g in clause.generate(program, c)]
    program.errors = [g for g in generated if g.in_error]
    offsets = place_areas(program, generated, HEADER_SIZE + FAULT_DATA.size)
    functions: dict[str, Allocated] = {
        g.code.name: finish(g.code, target.profile) for g in generated
    }
    for code in program.functions.values():
        functions[code.name] = finish(code, target.profile)
    if any(g.has_fault for g in generated):
        code = error_function(program, ERROR_PROBE)
        functions[code.name] = finish(code, target.profile)
    maps = define_maps(program, offsets)
    programs = tuple(
        _link(planned, program, functions, maps, offsets)
        for planned in plan(_members(generated), session_type)
    )
    used = {m.name for built in programs for m in built.prog.maps}
    used |= {agg.map_name(layout.name) for layout in program.aggs.values()}
    if program.aggs:
        used.add(state.EPOCHS)
    used |= {state.BUFFERS, state.MEM, state.GLOBAL}
    return Build(
        programs,
        {n: m for n, m in maps.items() if n in used},
        program.layout(),
        offsets,
        tuple(needs(program, offsets, maps)),
    )


def _members(generated: list[ClauseGen]) -> list[tramp.Member]:
    # Every probe that any clause traces, in order of id, with its clauses in program order.
    clauses: dict[int, list[ClauseGen]] = {}
    probes: dict[int, Probe] = {}
    for g in generated:
        for probe in g.probes:
            probes[probe.id] = probe
            clauses.setdefault(probe.id, []).append(g)
    return [tramp.Member(probes[i], tuple(clauses[i])) for i in sorted(probes)]


def _link(
    planned: Planned,
    program: ProgramGen,
    functions: dict[str, Allocated],
    maps: dict[str, MapDef],
    offsets: Offsets,
) -> Built:
    first = planned.groups[0][0].probe
    probes = tuple(m.probe for group in planned.groups for m in group)
    if planned.selects:
        assert isinstance(first.site, Syscall)
        select = _select_map(planned, entry=first.site.entry)
        maps[select.name] = select
        code = tramp.syscall_trampoline(
            program,
            select.name,
            planned.groups,
            entry=first.site.entry,
            last=select.max_entries - 1,
        )
    else:
        code = tramp.trampoline(program, f"probe_{first.id}", planned.groups[0][0])
    main = finish(code, program.target.profile)
    linker = Linker(maps, offsets, program.target.profile)
    linked = linker.link(code.name, planned.type, main, functions.get)
    return Built(linked.prog, planned.site, linked.spans, probes)


def _select_map(planned: Planned, *, entry: bool) -> MapDef:
    # number of a system call -> u32 probe id, u32 group
    init = []
    last = 0
    for number, group in enumerate(planned.groups):
        for member in group:
            site = member.probe.site
            assert isinstance(site, Syscall)
            value = member.probe.id.to_bytes(4, "little") + number.to_bytes(4, "little")
            init.append((site.number.to_bytes(4, "little"), value))
            last = max(last, site.number)
    name = tramp.syscall_map(entry)
    return MapDef(name, MapType.ARRAY, 4, tramp.SELECT_ENTRY, last + 1, init=tuple(sorted(init)))
