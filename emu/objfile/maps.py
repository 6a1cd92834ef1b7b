"""The maps that an object declares: in `.maps`, in `maps`, and as variables."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from emu.kernel.enums import F_RDONLY_PROG, MapType
from emu.objfile.btf import Kind
from emu.objfile.elf import SHF_ALLOC, ObjectError
from emu.prog import MapDef

if TYPE_CHECKING:
    from emu.objfile.btf import Btf, Type
    from emu.objfile.elf import ObjectFile, Section, Symbol

BTF_MAPS = ".maps"
_VARIABLES = (".rodata", ".data", ".bss")
_LEGACY = "maps"
_LEGACY_FIELDS = 5  # u32: type, key and value size, entries, flags
_NAME_LENGTH = 15  # bytes that the kernel keeps
_U32 = 0xFFFFFFFF
_FIRST = bytes(4)  # the key of an array's element 0

_NUMBERS = ("type", "max_entries", "map_flags", "key_size", "value_size")
_WITHOUT_MEANING = ("pinning", "numa_node", "map_extra")  # for a program that runs here


class Maps(NamedTuple):
    """The maps of an object, and what a relocation against their sections means."""

    definitions: tuple[MapDef, ...]
    declared: dict[tuple[int, int], int]  # index by (section, offset in it)
    data: dict[int, int]  # index of the map that holds a section's variables, by section


def read(elf: ObjectFile, btf: Btf | None, name: str, cpus: int) -> Maps:
    """All maps.  Raises ObjectError for a declaration that cannot be understood.

    name: the object's.
    cpus: the entries of a perf event array that does not say how many it wants.
    """
    definitions: list[MapDef] = []
    declared: dict[tuple[int, int], int] = {}
    data: dict[int, int] = {}
    variables = btf.variables() if btf else {}
    for symbol in elf.symbols:
        section = elf.section_of(symbol)
        if section is None or symbol.type == "STT_SECTION" or not symbol.name:
            continue
        if section.name == BTF_MAPS:
            if btf is None or symbol.name not in variables:
                raise ObjectError(f"no BTF describes map {symbol.name}", symbol.at)
            made = _of_type(btf, variables[symbol.name], symbol.name)
        elif _is_legacy(section) and symbol.type in ("STT_OBJECT", "STT_NOTYPE"):
            made = _of_struct(elf, section, symbol)
        else:
            continue
        if made.type == MapType.PERF_EVENT_ARRAY and not made.max_entries:
            made = made._replace(max_entries=cpus)
        declared[section.number, symbol.value] = len(definitions)
        definitions.append(made)
    for section in elf.sections:
        if section.name == BTF_MAPS and elf.relocations.get(section.number):
            at = elf.relocations[section.number][0].at
            raise ObjectError("maps that are declared with their contents are not supported", at)
        if _holds_variables(section):
            data[section.number] = len(definitions)
            definitions.append(_of_variables(elf, section, name))
    return Maps(tuple(definitions), declared, data)


def _is_legacy(section: Section) -> bool:
    return section.name == _LEGACY or section.name.startswith(f"{_LEGACY}/")


def _holds_variables(section: Section) -> bool:
    named = any(section.name == each or section.name.startswith(f"{each}.") for each in _VARIABLES)
    loaded = section.type in ("SHT_PROGBITS", "SHT_NOBITS") and section.flags & SHF_ALLOC
    return bool(named and loaded and section.size and not section.executable)


def _of_variables(elf: ObjectFile, section: Section, name: str) -> MapDef:
    """The array of one element that holds a section.

    BPF_F_MMAPABLE, which libbpf adds where the kernel has it, changes nothing for programs and
    would keep the object from kernels before 5.5.
    """
    if section.size > _U32:
        raise ObjectError(f"{section.name} has {section.size} bytes", section.at)
    constant = section.name.startswith(".rodata")
    content = elf.bytes_of(section)
    return MapDef(
        _data_name(section.name, name),
        MapType.ARRAY,
        len(_FIRST),
        section.size,
        1,
        flags=F_RDONLY_PROG if constant else 0,
        init=((_FIRST, content),) if any(content) else (),
        frozen=constant,
    )


def _data_name(section: str, name: str) -> str:
    """As much of the object's name as there is room for, and the section's, as libbpf does it."""
    if section not in _VARIABLES:
        return section[:_NAME_LENGTH]
    prefix = "".join(c if c.isascii() and c.isalnum() else "_" for c in name)
    return prefix[: min(8, _NAME_LENGTH - len(section))] + section


def _of_struct(elf: ObjectFile, section: Section, symbol: Symbol) -> MapDef:
    """A struct bpf_map_def; where it is longer than ours, the rest must be zero."""
    size = symbol.size or section.size - symbol.value
    content = elf.bytes_of(section)[symbol.value : symbol.value + size]
    at = section.at + symbol.value
    if size < 4 * (_LEGACY_FIELDS - 1) or len(content) != size:
        raise ObjectError(f"map {symbol.name} is cut short", at)
    known = 4 * _LEGACY_FIELDS
    if any(content[known:]):
        raise ObjectError(f"map {symbol.name} has fields that are not known", at + known)
    fields = struct.unpack(f"<{_LEGACY_FIELDS}I", content[:known].ljust(known, b"\0"))
    kind, key_size, value_size, entries, flags = fields
    name = symbol.name[:_NAME_LENGTH]
    return MapDef(name, _map_type(kind, at), key_size, value_size, entries, flags)


def _of_type(btf: Btf, row: Type, name: str, *, is_inner: bool = False) -> MapDef:
    """The map whose struct has a member for each property, as __uint() and __type() make them."""
    if row.kind != Kind.STRUCT:
        raise ObjectError(f"map {name} is not a struct", row.at)
    found: dict[str, int] = {}
    inner: MapDef | None = None
    for member in btf.members(row):
        if member.name in _NUMBERS:
            found[member.name] = _number(btf, member.type)
        elif member.name in ("key", "value"):
            found[f"{member.name}_size"] = btf.size(_pointed(btf, member.type))
        elif member.name == "values" and not is_inner:
            # A program array's are functions: nothing to know of them.
            target = btf.type(_pointed(btf, _element(btf, member.type)))
            if target.kind != Kind.FUNC_PROTO:
                inner = _of_type(btf, target, f"{name}.inner", is_inner=True)
            found.setdefault("key_size", 4)
            found.setdefault("value_size", 4)
        elif member.name not in _WITHOUT_MEANING:
            raise ObjectError(f"map {name} has a property {member.name} that is not known", row.at)
    sizes = [found.get(each, 0) for each in _NUMBERS[1:]]
    if max(sizes) > _U32:
        raise ObjectError(f"map {name} has elements of {max(sizes)} bytes", row.at)
    entries, flags, key_size, value_size = sizes
    kind = _map_type(found.get("type", 0), row.at)
    return MapDef(name[:_NAME_LENGTH], kind, key_size, value_size, entries, flags, inner=inner)


def _number(btf: Btf, type_: int) -> int:
    """N of `int (*name)[N]`."""
    return btf.array(_expect(btf, _pointed(btf, type_), Kind.ARRAY))[1]


def _element(btf: Btf, type_: int) -> int:
    return btf.array(_expect(btf, type_, Kind.ARRAY))[0]


def _pointed(btf: Btf, type_: int) -> int:
    return _expect(btf, type_, Kind.PTR).size_or_type


def _expect(btf: Btf, type_: int, kind: int) -> Type:
    row = btf.type(type_)
    if row.kind != kind:
        raise ObjectError("a map's property has a type that says nothing", row.at)
    return row


def _map_type(number: int, at: int) -> MapType:
    try:
        return MapType(number)
    except ValueError:
        raise ObjectError(f"there is no map type {number}", at) from None
