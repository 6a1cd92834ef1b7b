"""The maps that an object declares: in `.maps`, in `maps`, and as variables."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from emu.btf import MEMBER, Kind
from emu.kernel.enums import F_RDONLY_PROG, MapType
from emu.objfile import map_fields
from emu.objfile.core_types import array, stripped
from emu.objfile.elf import BTF_MAPS, SHF_ALLOC, ObjectError
from emu.prog import MapDef, MapField

if TYPE_CHECKING:
    from emu.btf import Record
    from emu.objfile.btf import ObjectBtf
    from emu.objfile.elf import ObjectFile, Section, Symbol

_VARIABLES = (".rodata", ".data", ".bss")
_IN_ARENA = ".addr_space.1"
_ARENA_AT = 1 << 44  # an address in the process, which libbpf maps each arena into
_LEGACY = "maps"
_LEGACY_FIELDS = 5  # u32: type, key and value size, entries, flags
_NAME_LENGTH = 15  # bytes that the kernel keeps
_PAGE = 4096  # bytes
_U32 = 0xFFFFFFFF
_FIRST = bytes(4)  # the key of an array's element 0

_NUMBERS = ("type", "max_entries", "map_flags", "key_size", "value_size")
_WITHOUT_MEANING = ("pinning", "numa_node", "map_extra")  # for a program that runs here


class Maps(NamedTuple):
    """The maps of an object, and what a relocation against their sections means."""

    definitions: list[MapDef]
    declared: dict[tuple[int, int], int]  # index by (section, offset in it)
    data: dict[int, int]  # index of the map that holds a section's variables, by section
    starts: dict[int, int]  # bytes of an arena before a section's variables, by section


def read(elf: ObjectFile, btf: ObjectBtf | None, name: str, cpus: int) -> Maps:
    """All maps, without what is declared to be in them.

    name: the object's.
    cpus: the entries of a perf event array that does not say how many it wants.

    Raises ObjectError for a declaration that cannot be understood.
    """
    found = Maps([], {}, {}, {})
    for symbol in elf.symbols:
        section = elf.section_of(symbol)
        if section is None or symbol.type == "STT_SECTION" or not symbol.name:
            continue
        if section.name == BTF_MAPS:
            if btf is None or symbol.name not in btf.variables:
                raise ObjectError(f"no BTF describes map {symbol.name}", symbol.at)
            made = _of_type(btf, declared_type(btf, symbol.name), symbol.name)
        elif _is_legacy(section) and symbol.type in ("STT_OBJECT", "STT_NOTYPE"):
            made = _of_struct(elf, section, symbol)
        else:
            continue
        found.declared[section.number, symbol.value] = len(found.definitions)
        found.definitions.append(_sized(made, cpus))
    for section in elf.sections:
        if _holds_variables(section):
            found.data[section.number] = len(found.definitions)
            found.definitions.append(_of_variables(elf, section, name))
        elif section.name == _IN_ARENA and section.size:
            _put_into_arena(found, section)
    return found


def _put_into_arena(found: Maps, section: Section) -> None:
    """The variables stand in the last pages of the only arena: init_arena_map_data() of libbpf."""
    arenas = [i for i, made in enumerate(found.definitions) if made.type == MapType.ARENA]
    if len(arenas) != 1:
        raise ObjectError(f"{section.name} is of {len(arenas)} arenas", section.at)
    room = _PAGE * found.definitions[arenas[0]].max_entries
    size = -(-section.size // _PAGE) * _PAGE
    if not size <= room <= _U32 + 1:
        message = f"{section.name} has {section.size} bytes, and the arena {room}"
        raise ObjectError(message, section.at)
    found.data[section.number] = arenas[0]
    found.starts[section.number] = room - size


def declared_type(btf: ObjectBtf, name: str) -> int:
    """The type of a variable, typedefs and qualifiers removed."""
    return btf.stripped(btf.record(btf.variables[name]).size)


def data_name(section: str, name: str) -> str:
    """The map of a section: as much of the object's name as there is room for, and the section's.

    Source: internal_map_name() in libbpf.c.
    """
    if section.find(".", 1) >= 0:  # ".data.custom" is a name of its own
        return _clean(section[:_NAME_LENGTH])
    return _clean(name[: max(0, _NAME_LENGTH - max(7, len(section)))] + section)


def _clean(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "_.") else "_" for c in name)


def _sized(made: MapDef, cpus: int) -> MapDef:
    """Entries, and an arena's place, as libbpf chooses what is left to the loader."""
    if made.type == MapType.PERF_EVENT_ARRAY and not made.max_entries:
        return made._replace(max_entries=cpus)
    if made.type == MapType.ARENA:
        return made._replace(extra=_ARENA_AT)
    if made.type in (MapType.RINGBUF, MapType.USER_RINGBUF) and made.max_entries:
        pages = -(-made.max_entries // _PAGE)
        size = _PAGE << (pages - 1).bit_length()  # pages, a power of 2 of them
        return made._replace(max_entries=size if size <= _U32 else made.max_entries)
    return made


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
        data_name(section.name, name),
        MapType.ARRAY,
        len(_FIRST),
        section.size,
        1,
        flags=F_RDONLY_PROG if constant else 0,
        init=((_FIRST, content),) if any(content) else (),
        frozen=constant,
    )


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


def _of_type(btf: ObjectBtf, type_: int, name: str, *, is_inner: bool = False) -> MapDef:
    """The map whose struct has a member for each property, as __uint() and __type() make them."""
    struct = stripped(btf, type_)
    if struct.kind != Kind.STRUCT:
        raise ObjectError(f"map {name} is not a struct", btf.place(type_))
    at = btf.place(btf.stripped(type_))
    found: dict[str, int] = {}
    inner: MapDef | None = None
    fields: tuple[MapField, ...] | None = None
    for name_offset, member, _ in btf.parts(struct, MEMBER):
        word = btf.string(name_offset)
        if word in _NUMBERS:
            found[word] = array(btf, _expect(btf, _pointed(btf, member), Kind.ARRAY))[1]
        elif word in ("key", "value"):
            found[f"{word}_size"] = btf.size_of(_pointed(btf, member))
            if word == "value":
                fields = map_fields.read(btf, _pointed(btf, member))
        elif word == "values" and not is_inner:
            element = array(btf, _expect(btf, member, Kind.ARRAY))[0]
            target = _pointed(btf, element)
            found["value_size"] = 4
            # A program array's are functions: nothing to know of them.
            if stripped(btf, target).kind != Kind.FUNC_PROTO:
                inner = _of_type(btf, target, f"{name}.inner", is_inner=True)
        elif word not in _WITHOUT_MEANING:
            raise ObjectError(f"map {name} has a property {word} that is not known", at)
    sizes = [found.get(each, 0) for each in _NUMBERS[1:]]
    if max(sizes) > _U32:
        raise ObjectError(f"map {name} has elements of {max(sizes)} bytes", at)
    entries, flags, key_size, value_size = sizes
    kind = _map_type(found.get("type", 0), at)
    return MapDef(
        name[:_NAME_LENGTH], kind, key_size, value_size, entries, flags, inner=inner, fields=fields
    )


def _pointed(btf: ObjectBtf, type_: int) -> int:
    return _expect(btf, type_, Kind.PTR).size


def _expect(btf: ObjectBtf, type_: int, kind: int) -> Record:
    record = stripped(btf, type_)
    if record.kind != kind:
        raise btf.wrong("a map's property has a type that says nothing", record.at)
    return record


def _map_type(number: int, at: int) -> MapType:
    try:
        return MapType(number or -1)  # none is given where it is 0
    except ValueError:
        raise ObjectError(f"there is no map type {number}", at) from None
