"""An object's BTF: the types of its maps, and in .BTF.ext where its instructions come from.

Layouts: include/uapi/linux/btf.h, and Documentation/bpf/btf.rst for .BTF.ext.
"""

from __future__ import annotations

from bisect import bisect_left
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from emu.btf import HEADER, MAGIC, SECINFO, BtfData, Kind
from emu.objfile.elf import ObjectError
from emu.objfile.func_types import FuncTypes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.objfile.elf import ObjectFile, Section
    from emu.prog import FuncInfo

_EXT_HEADER = HEADER  # magic, version, flags, header length; func_info and line_info off, len
_CORE_HEADER = Struct("<II")  # core_relo off, len: since the header has 32 bytes
_WORD = Struct("<I")
_BLOCK = Struct("<II")  # section name offset, records


class ObjectBtf(BtfData):
    """The .BTF section.  What is wrong with it is an ObjectError, at its place in the file."""

    def __init__(self, elf: ObjectFile, section: Section) -> None:
        self._elf = elf
        self._at = section.at
        super().__init__(elf.bytes_of(section))
        self.variables = {name: id_ for id_, name in self._named(Kind.VAR)}  # ids, by name

    def wrong(self, message: str, at: int) -> Exception:
        return ObjectError(message, self._at + at)

    def string(self, offset: int) -> str:
        start, end = self._strings
        return self._elf.string(self._at + start, end - start, offset)

    def sections(self) -> dict[str, str]:
        """The section that each variable, or function of another object, is declared in."""
        found = {}
        for id_, name in self._named(Kind.DATASEC):
            for variable, _, _ in self.parts(self.record(id_), SECINFO):
                found[self.name(variable)] = name
        return found

    def functions(self) -> dict[str, int]:
        """The id of each function, by its name."""
        return {name: id_ for id_, name in self._named(Kind.FUNC)}

    def tags(self) -> Iterator[tuple[str, str]]:
        """What is tagged, by its name, and the tag's text: btf_decl_tag("text")."""
        for id_, text in self._named(Kind.DECL_TAG):
            yield self.name(self.record(id_).size), text

    def place(self, id_: int) -> int:
        """Where the type's record is, in bytes from the start of the file."""
        return self._at + self.record(id_).at

    def _named(self, kind: int) -> Iterator[tuple[int, str]]:
        for id_ in range(1, len(self.index.offsets) + 1):
            if self.kind(id_) == kind:
                yield id_, self.name(id_)


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
    type: int  # the local type that it begins at
    access: str  # "0:1:2", the path to the member
    kind: int  # enum bpf_core_relo_kind
    at: int  # bytes from the start of the file


Row = TypeVar("Row", Line, CoreReloc)


class BtfExt:
    """The .BTF.ext section, by section of instructions.

    Raises ObjectError for one that is damaged.
    """

    def __init__(self, elf: ObjectFile, section: Section, btf: ObjectBtf) -> None:
        # What is known of each function, as if it began at 0, by section and offset in bytes.
        self.functions: dict[str, dict[int, FuncInfo]] = {}
        self._core: dict[str, list[CoreReloc]] = {}
        self._lines: dict[str, list[Line]] = {}
        self._elf, self.btf = elf, btf
        self._end = section.at + section.size
        magic, _, _, length, func_off, func_len, line_off, line_len = self._unpack(
            _EXT_HEADER, section.at, self._end
        )
        if magic != MAGIC:
            raise ObjectError("not little-endian BTF", section.at)
        start = section.at + length
        types = FuncTypes(btf)
        for name, _, (offset, function) in self._blocks(start + func_off, func_len, 2):
            self.functions.setdefault(name, {})[offset] = types.info(0, function)
        for name, _, (offset, file, text, place) in self._blocks(start + line_off, line_len, 4):
            self._lines.setdefault(name, []).append(
                Line(offset, btf.string(file), place >> 10, place & 0x3FF, btf.string(text))
            )
        for lines in self._lines.values():
            lines.sort(key=_offset)
        if length < _EXT_HEADER.size + _CORE_HEADER.size:
            return
        core = self._unpack(_CORE_HEADER, section.at + _EXT_HEADER.size, self._end)
        for name, at, (offset, type_, access, kind) in self._blocks(start + core[0], core[1], 4):
            self._core.setdefault(name, []).append(
                CoreReloc(offset, type_, btf.string(access), kind, at)
            )
        for relocs in self._core.values():
            relocs.sort(key=_offset)

    def lines(self, section: str, start: int, end: int) -> list[Line]:
        """The lines of the instructions in bytes `start` to `end` of a section."""
        return _between(self._lines.get(section, []), start, end)

    def relocs(self, section: str, start: int, end: int) -> list[CoreReloc]:
        """The CO-RE relocations of the instructions in bytes `start` to `end` of a section."""
        return _between(self._core.get(section, []), start, end)

    def _blocks(
        self, at: int, length: int, words: int
    ) -> Iterator[tuple[str, int, tuple[int, ...]]]:
        """Section, place and first words of the records in the `length` bytes at `at`."""
        if not length:
            return
        end = at + length
        if end > self._end:
            raise ObjectError(".BTF.ext is cut short", self._end)
        (size,) = self._unpack(_WORD, at, end)
        if size < words * _WORD.size:
            raise ObjectError(f".BTF.ext has records of {size} bytes", at)
        fields = Struct(f"<{words}I")
        at += _WORD.size
        while at < end:
            name, count = self._unpack(_BLOCK, at, end)
            at += _BLOCK.size
            if at + count * size > end:
                raise ObjectError(f"{count} records of .BTF.ext do not fit", at)
            section = self.btf.string(name)
            for _ in range(count):
                yield section, at, fields.unpack_from(self._elf.data, at)
                at += size

    def _unpack(self, layout: Struct, at: int, end: int) -> tuple[int, ...]:
        if at + layout.size > min(end, len(self._elf.data)):
            raise ObjectError(".BTF.ext is cut short", min(at, len(self._elf.data)))
        return layout.unpack_from(self._elf.data, at)


def _offset(row: Row) -> int:
    return row.offset


def _between(rows: list[Row], start: int, end: int) -> list[Row]:
    """Those of sorted rows whose offset is at least `start` and below `end`."""
    return rows[bisect_left(rows, start, key=_offset) : bisect_left(rows, end, key=_offset)]
