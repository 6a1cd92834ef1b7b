"""probeprov, probemod, probefunc and probename."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Area, MapRef, VReg
from dtrace.codegen import state
from dtrace.probes.desc import PROBE_PARTS, name_part

if TYPE_CHECKING:
    from dtrace.codegen.gen import ClauseGen

ENTRY = 16  # bytes of an element of the probes map: a u32 offset into rodata for each part


def names(cg: ClauseGen, builtin: str) -> set[str]:
    """What builtin probeprov, probemod ... can be in this clause."""
    return {name_part(probe, builtin) for probe in cg.probes}


def cg_part(cg: ClauseGen, builtin: str) -> VReg:
    """A part of the probe's name.  Constant if all probes of the clause share it; else

    entry = lookup(probes, &record.probe)
    rodata + entry[part]
    """
    code, program = cg.code, cg.program
    known = names(cg, builtin)
    if len(known) == 1:
        return cg.literal(known.pop())
    key = code.address(cg.mem, 0, Area.RECORD)
    entry = code.helper("map_lookup_elem", MapRef(state.PROBES), key)
    code.jump("jeq", entry, 0, cg.l_abort)
    offset = code.load("ldxw", entry, 4 * PROBE_PARTS.index(builtin))
    limit = program.names_limit
    code.jump("jgt", offset, limit, cg.l_abort)
    code.bound(offset, limit)
    address = cg.value_address(state.RODATA, 0)
    code.emit("add64_reg", address, offset)
    return address
