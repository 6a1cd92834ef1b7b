"""An object's BTF: the types of its maps, and in .BTF.ext where its instructions come from.

Layouts: include/uapi/linux/btf.h, and Documentation/bpf/btf.rst for .BTF.ext.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from emu.objfile.elf import ObjectError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.objfile.elf import ObjectFile, Section

_MAGIC = 0xEB9F
_HEADER = Struct("<HBBIIIII")  # magic, version, flags, header length; type and string off, len
_EXT_HEADER = Struct("<HBBIIIII")  # ...; func_info and line_info off, len
_CORE_HEADER = Struct("<II")  # core_relo off, len: since the header has 32 bytes
_TYPE = Struct("<III")  # name offset, info, size or type
_PART = Struct("<III")  # of an array: element, index, count; of a member: name, type, bit offset
_WORD = Struct("<I")
_BLOCK = Struct("<II")  # section name offset, records
_DEEPEST = 32  # references from one type to the next that are believed

POINTER_SIZE = 8  # bytes


class Kind:
    """BTF_KIND_*."""

    INT = 1
    PTR = 2
    ARRAY = 3
    STRUCT = 4
    UNION = 5
    ENUM = 6
    TYPEDEF = 8
    VOLATILE = 9
    CONST = 10
    RESTRICT = 11
    FUNC = 12
    FUNC_PROTO = 13
    VAR = 14
    DATASEC = 15
    FLOAT = 16
    DECL_TAG = 17
    TYPE_TAG = 18
    ENUM64 = 19


# Bytes after the 12 of every record: a fixed number, and one for each of its `vlen` parts.
_EXTRA = {Kind.INT: 4, Kind.ARRAY: 12, Kind.VAR: 4, Kind.DECL_TAG: 4}
_EXTRA_PER_PART = {
    Kind.STRUCT: 12,
    Kind.UNION: 12,
    Kind.ENUM: 8,
    Kind.FUNC_PROTO: 8,
    Kind.DATASEC: 12,
    Kind.ENUM64: 12,
}
_ALIASES = (Kind.TYPEDEF, Kind.VOLATILE, Kind.CONST, Kind.RESTRICT, Kind.TYPE_TAG)
_SIZED = (Kind.INT, Kind.STRUCT, Kind.UNION, Kind.ENUM, Kind.ENUM64, Kind.FLOAT)


class Type(NamedTuple):
    """A type's record; what follows its first 12 bytes is read when somebody asks."""

    kind: int
    name: str
    vlen: int  # parts
    size_or_type: int
    at: int  # bytes from the start of the file


class Member(NamedTuple):
    """A member of a struct."""

    name: str
    type: int


class Btf:
    """The .BTF section.  Raises ObjectError for one that is damaged."""

    def __init__(self, elf: ObjectFile, section: Section) -> None:
        self._elf = elf
        self._at = section.at
        header = _unpack(elf, _HEADER, section.at, section.at + section.size)
        magic, _, _, length, type_off, type_len, str_off, str_len = header
        if magic != _MAGIC:
            raise ObjectError("not little-endian BTF", section.at)
        start = section.at + length
        end = section.at + section.size
        if start + max(type_off + type_len, str_off + str_len) > end:
            raise ObjectError("the BTF's parts end outside their section", section.at)
        self._strings = start + str_off, str_len
        self._types = list(self._read(start + type_off, start + type_off + type_len))

    def string(self, offset: int) -> str:
        """A string of .BTF, as .BTF.ext names it."""
        return self._elf.string(*self._strings, offset)

    def type(self, number: int) -> Type:
        """The type with that id, aliases and qualifiers removed."""
        for _ in range(_DEEPEST):
            found = self._record(number)
            if found.kind not in _ALIASES:
                return found
            number = found.size_or_type
        raise ObjectError(f"BTF type {number} is a circle", self._at)

    def variables(self) -> dict[str, Type]:
        """The type of each variable, by its name."""
        rows = [row for row in self._types if row.kind == Kind.VAR]
        return {row.name: self.type(row.size_or_type) for row in rows}

    def linkages(self) -> Iterator[tuple[int, int]]:
        """Id and BTF_FUNC_* linkage of each function."""
        for number, row in enumerate(self._types, 1):
            if row.kind == Kind.FUNC:
                yield number, row.vlen

    def members(self, row: Type) -> Iterator[Member]:
        """The members of a struct."""
        for part in range(row.vlen):
            at = row.at + _TYPE.size + part * _PART.size
            name, type_, _ = _PART.unpack_from(self._elf.data, at)
            yield Member(self.string(name), type_)

    def array(self, row: Type) -> tuple[int, int]:
        """The element's type and the number of elements of an array."""
        element, _, count = _PART.unpack_from(self._elf.data, row.at + _TYPE.size)
        return element, count

    def size(self, number: int) -> int:
        """Bytes of a value of that type.  Raises ObjectError for functions and void."""
        count = 1
        for _ in range(_DEEPEST):
            row = self.type(number)
            if row.kind == Kind.PTR:
                return count * POINTER_SIZE
            if row.kind in _SIZED:
                return count * row.size_or_type
            if row.kind != Kind.ARRAY:
                raise ObjectError("a type without a size", row.at)
            number, elements = self.array(row)
            count *= elements
        raise ObjectError(f"BTF type {number} is a circle", self._at)

    def _record(self, number: int) -> Type:
        if not 0 < number <= len(self._types):
            raise ObjectError(f"there is no BTF type {number}", self._at)
        return self._types[number - 1]

    def _read(self, at: int, end: int) -> Iterator[Type]:
        while at < end:
            name, info, size_or_type = _unpack(self._elf, _TYPE, at, end)
            kind, vlen = info >> 24 & 0x1F, info & 0xFFFF
            if not Kind.INT <= kind <= Kind.ENUM64:
                raise ObjectError(f"BTF of unknown kind {kind}", at)
            yield Type(kind, self.string(name) if name else "", vlen, size_or_type, at)
            at += _TYPE.size + _EXTRA.get(kind, 0) + vlen * _EXTRA_PER_PART.get(kind, 0)
            if at > end:
                raise ObjectError("a BTF record is cut short", end)


class Line(NamedTuple):
    """struct bpf_line_info."""

    offset: int  # bytes from the start of the section
    file: str
    line: int
    column: int
    text: str


class CoreReloc(NamedTuple):
    """struct bpf_core_relo."""

    offset: int  # bytes from the start of the section
    type: str  # whose member it is
    access: str  # "0:1:2", the path to the member
    kind: int  # enum bpf_core_relo_kind
    at: int  # bytes from the start of the file


class BtfExt:
    """The .BTF.ext section, by section of instructions.

    Raises ObjectError for one that is damaged.
    """

    def __init__(self, elf: ObjectFile, section: Section, btf: Btf) -> None:
        self.lines: dict[str, list[Line]] = {}
        self.linkages: dict[str, dict[int, int]] = {}  # by offset in bytes
        self.core: dict[str, list[CoreReloc]] = {}
        self._elf, self._btf = elf, btf
        self._end = section.at + section.size
        header = _unpack(elf, _EXT_HEADER, section.at, self._end)
        magic, _, _, length, func_off, func_len, line_off, line_len = header
        if magic != _MAGIC:
            raise ObjectError("not little-endian BTF", section.at)
        start = section.at + length
        linkages = dict(btf.linkages())
        for name, _, (offset, function) in self._blocks(start + func_off, func_len, 2):
            if function not in linkages:
                raise ObjectError(f"BTF type {function} is not a function", section.at)
            self.linkages.setdefault(name, {})[offset] = linkages[function]
        for name, _, (offset, file, text, place) in self._blocks(start + line_off, line_len, 4):
            self.lines.setdefault(name, []).append(
                Line(offset, btf.string(file), place >> 10, place & 0x3FF, btf.string(text))
            )
        if length < _EXT_HEADER.size + _CORE_HEADER.size:
            return
        core = _unpack(elf, _CORE_HEADER, section.at + _EXT_HEADER.size, self._end)
        for name, at, (offset, type_, access, kind) in self._blocks(start + core[0], core[1], 4):
            row = btf.type(type_)
            self.core.setdefault(name, []).append(
                CoreReloc(offset, row.name, btf.string(access), kind, at)
            )

    def _blocks(
        self, at: int, length: int, words: int
    ) -> Iterator[tuple[str, int, tuple[int, ...]]]:
        """Section, place and first words of the records in the `length` bytes at `at`."""
        if not length:
            return
        end = at + length
        if end > self._end:
            raise ObjectError(".BTF.ext is cut short", self._end)
        (size,) = _unpack(self._elf, _WORD, at, end)
        if size < words * _WORD.size:
            raise ObjectError(f".BTF.ext has records of {size} bytes", at)
        fields = Struct(f"<{words}I")
        at += _WORD.size
        while at < end:
            name, count = _unpack(self._elf, _BLOCK, at, end)
            at += _BLOCK.size
            if at + count * size > end:
                raise ObjectError(f"{count} records of .BTF.ext do not fit", at)
            section = self._btf.string(name)
            for _ in range(count):
                yield section, at, fields.unpack_from(self._elf.data, at)
                at += size


def _unpack(elf: ObjectFile, layout: Struct, at: int, end: int) -> tuple[int, ...]:
    if at + layout.size > min(end, len(elf.data)):
        raise ObjectError("BTF is cut short", min(at, len(elf.data)))
    return layout.unpack_from(elf.data, at)
