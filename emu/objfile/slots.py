"""What the declaration of a map puts into it: other maps, or programs.

    struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); ... __array(values, int (void *)); } jumps
        SEC(".maps") = { .values = { [1] = (void *)&second } };

Source: bpf_object__collect_map_relos() in tools/lib/bpf/libbpf.c.
"""

from __future__ import annotations

from bisect import bisect_right
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from emu.btf import MEMBER
from emu.kernel.enums import MapType
from emu.objfile.core_types import stripped
from emu.objfile.elf import BTF_MAPS, ObjectError
from emu.objfile.maps import declared_type

if TYPE_CHECKING:
    from emu.objfile.btf import ObjectBtf
    from emu.objfile.elf import ObjectFile, Reloc, Section, Symbol
    from emu.objfile.maps import Maps

_WORD = Struct("<Q")  # a pointer in `values`
_OF_MAPS = (MapType.ARRAY_OF_MAPS, MapType.HASH_OF_MAPS)
# R_BPF_64_64 in objects of clang before 13, R_BPF_64_ABS64, and R_BPF_DATA_64 of binutils before
# 2.41.
_POINTERS = (1, 2, 12)


class _Values(NamedTuple):
    """The `values` of a map."""

    map: int  # its index
    start: int  # bytes from the start of the section
    end: int


def fill(
    elf: ObjectFile, btf: ObjectBtf | None, maps: Maps, programs: dict[tuple[int, int], int]
) -> None:
    """Add to the definitions of `maps` what they are declared to contain.

    programs: the number of each program, by (section, offset in bytes).

    Raises ObjectError for what is no map and no program of this object.
    """
    section = elf.find(BTF_MAPS)
    relocs = elf.relocations.get(section.number, ()) if section else ()
    if section is None or btf is None or not relocs:
        return
    values = [
        _values(btf, symbol, maps.declared[section.number, symbol.value])
        for symbol in elf.symbols
        if symbol.section == section.number and symbol.name and symbol.type != "STT_SECTION"
    ]
    values.sort(key=lambda each: each.start)
    found: dict[int, dict[int, int]] = {}
    for reloc in relocs:
        owner = _owner(values, reloc)
        index = (reloc.offset - owner.start) // _WORD.size
        goal = _goal(elf, section, reloc)
        if maps.definitions[owner.map].type in _OF_MAPS:
            number = maps.declared.get(goal)
        else:
            number = programs.get(goal)
        if number is None:
            raise ObjectError(f"{reloc.symbol.name} is nothing that a map can hold", reloc.at)
        found.setdefault(owner.map, {})[index] = number
    for number, slots in found.items():
        maps.definitions[number] = maps.definitions[number]._replace(
            slots=tuple(sorted(slots.items()))
        )


def _values(btf: ObjectBtf, symbol: Symbol, number: int) -> _Values:
    """Where the `values` of a map are: its last member, without a size of its own."""
    struct = stripped(btf, declared_type(btf, symbol.name))
    start = end = symbol.value + symbol.size
    for name, _, bits in btf.parts(struct, MEMBER):
        if btf.string(name) == "values":
            start = symbol.value + bits // 8
    return _Values(number, start, end)


def _owner(values: list[_Values], reloc: Reloc) -> _Values:
    index = bisect_right(values, reloc.offset, key=lambda each: each.start) - 1
    if index >= 0 and reloc.offset + _WORD.size <= values[index].end:
        owner = values[index]
        if (reloc.offset - owner.start) % _WORD.size == 0:
            return owner
    raise ObjectError(f"no map can hold anything at {BTF_MAPS} + {reloc.offset}", reloc.at)


def _goal(elf: ObjectFile, section: Section, reloc: Reloc) -> tuple[int, int]:
    """(section, offset) of what a relocation points at."""
    if reloc.type not in _POINTERS:
        raise ObjectError(f"relocation {reloc.type} of a map's contents", reloc.at)
    if reloc.offset + _WORD.size > section.size:
        raise ObjectError(f"relocation outside {BTF_MAPS}", reloc.at)
    symbol = reloc.symbol
    if symbol.type != "STT_SECTION":  # old assemblers put its value into the place, too
        return symbol.section, symbol.value
    (addend,) = _WORD.unpack_from(elf.data, section.at + reloc.offset)
    return symbol.section, symbol.value + addend
