"""A BPF object's sections, symbols and relocations, each with its place in the file.

pyelftools says what the records look like; the walk is ours, so that whatever is wrong with a file
has an offset and nothing is read outside it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elftools.elf.structs import ELFStructs

MAGIC = b"\x7fELF"
BTF_MAPS = ".maps"  # the section of the maps that BTF describes
_BITS_64, _LITTLE, _BIG = 2, 1, 2  # EI_CLASS, EI_DATA
_LONGEST_STRING = 4096  # bytes; what is longer is a string table without ends
# All strings together, in bytes for each byte of the file: strings may share their ends, but a file
# whose records name overlapping parts of one long string would be a thousand times its own size.
_MOST_TEXT = 16

# sh_flags
SHF_ALLOC = 1 << 1
SHF_EXECINSTR = 1 << 2


class ObjectError(ValueError):
    """An object file that cannot be loaded: what is wrong, and where."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(f"byte {offset}: {message}")
        self.message = message
        self.offset = offset  # bytes from the start of the file


class Section(NamedTuple):
    """A section, from its Elf64_Shdr."""

    number: int  # its index in the section table
    name: str
    type: str | int  # "SHT_PROGBITS"; a number where pyelftools has no name for it
    flags: int  # SHF_*
    at: int  # bytes from the start of the file
    size: int  # bytes; in the file too, but for SHT_NOBITS
    link: int
    info: int

    @property
    def executable(self) -> bool:
        """Whether it holds instructions."""
        return self.type == "SHT_PROGBITS" and bool(self.flags & SHF_EXECINSTR)


class Symbol(NamedTuple):
    """A symbol, from its Elf64_Sym."""

    name: str
    section: int  # index; 0 for one that is not defined here, -1 for an absolute or common one
    value: int  # bytes from the start of the section
    size: int  # bytes
    type: str | int  # "STT_FUNC"
    is_local: bool
    is_weak: bool
    is_hidden: bool
    at: int  # of the record, bytes from the start of the file


class Reloc(NamedTuple):
    """A relocation, from its Elf64_Rel."""

    offset: int  # bytes from the start of the section that it changes
    type: int  # R_BPF_*
    symbol: Symbol
    at: int  # of the record, bytes from the start of the file


class ElfFile:
    """A file's sections.

    Raises ObjectError for a file that is cut short, contradicts itself, or is of another kind.
    """

    def __init__(self, data: bytes) -> None:
        if not data.startswith(MAGIC):
            raise ObjectError("not an ELF file", 0)
        if data[5:6] == bytes((_BIG,)):
            raise ObjectError("a big-endian object: only little-endian ones can be loaded", 5)
        if data[4:6] != bytes((_BITS_64, _LITTLE)):
            raise ObjectError("not a 64-bit little-endian ELF file", 4)
        self.data = data
        self._texts: dict[int, str] = {}  # by place in the file
        self._text_left = _MOST_TEXT * len(data)
        self._records = _Records(data)
        self.sections = self._read_sections()

    def find(self, name: str) -> Section | None:
        """The first section of that name."""
        return next((section for section in self.sections if section.name == name), None)

    def bytes_of(self, section: Section) -> bytes:
        """What the file holds of a section; nothing for SHT_NOBITS."""
        if section.type == "SHT_NOBITS":
            return b""
        return self.data[section.at : section.at + section.size]

    def string(self, start: int, size: int, offset: int) -> str:
        """The text `offset` bytes into the table of `size` bytes at byte `start` of the file."""
        at = start + offset
        if not 0 <= offset < size:
            raise ObjectError(f"string {offset} is outside its table of {size} bytes", start)
        known = self._texts.get(at)
        if known is not None:
            return known
        end = self.data.find(0, at, min(start + size, at + _LONGEST_STRING))
        if end < 0:
            raise ObjectError("a string has no end", at)
        self._text_left -= end - at
        if self._text_left < 0:
            raise ObjectError("the strings that the records name overlap too often", at)
        text = self._texts[at] = self.data[at:end].decode("utf-8", "replace")
        return text

    def check_header(self, header: Any) -> None:
        """Raise ObjectError where the file's header says that it is of no use here."""

    def _read_sections(self) -> tuple[Section, ...]:
        header = self._records.parse("Elf_Ehdr", 0)
        self.check_header(header)
        start, size, count = header["e_shoff"], header["e_shentsize"], header["e_shnum"]
        if not count:
            raise ObjectError("a file without sections", 60)
        if size != self._records.size("Elf_Shdr"):
            raise ObjectError(f"section headers of {size} bytes", 58)
        rows = [(at, self._records.parse("Elf_Shdr", at)) for at in _places(start, count, size)]
        for at, row in rows:
            end = row["sh_offset"] + row["sh_size"]
            if row["sh_type"] not in ("SHT_NOBITS", "SHT_NULL") and end > len(self.data):
                raise ObjectError(f"a section ends at byte {end} of {len(self.data)}", at)
        if header["e_shstrndx"] >= len(rows):
            raise ObjectError(f"there is no section {header['e_shstrndx']} for names", 62)
        names = rows[header["e_shstrndx"]][1]
        return tuple(
            Section(
                index,
                self.string(names["sh_offset"], names["sh_size"], row["sh_name"]),
                row["sh_type"],
                row["sh_flags"],
                row["sh_offset"],
                row["sh_size"],
                row["sh_link"],
                row["sh_info"],
            )
            for index, (_, row) in enumerate(rows)
        )

    def _rows(self, table: Section, kind: str) -> Iterator[int]:
        size = self._records.size(kind)
        if table.size % size:
            raise ObjectError(f"{table.name}: {table.size} bytes are no rows of {size}", table.at)
        return _places(table.at, table.size // size, size)


class ObjectFile(ElfFile):
    """The parts of a BPF object that loading needs."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._refuse_overlaps()
        self.symbols: tuple[Symbol, ...] = ()
        tables = [section for section in self.sections if section.type == "SHT_SYMTAB"]
        if len(tables) > 1:
            raise ObjectError("a second symbol table", tables[1].at)
        for table in tables:
            self.symbols = tuple(self._read_symbols(table))
        self.relocations: dict[int, tuple[Reloc, ...]] = {}  # by index of the changed section
        for section in self.sections:
            if section.type == "SHT_RELA" and section.flags & SHF_ALLOC:
                raise ObjectError(f"{section.name}: BPF objects have no RELA", section.at)
            if section.type == "SHT_REL" and self._is_relocated(section.info):
                found = (*self.relocations.get(section.info, ()), *self._read_relocs(section))
                self.relocations[section.info] = found

    def check_header(self, header: Any) -> None:
        # Objects of clang before 3.9 have no machine.
        if header["e_type"] != "ET_REL" or header["e_machine"] not in ("EM_BPF", "EM_NONE"):
            raise ObjectError("not a relocatable object for BPF", 16)

    def section_of(self, symbol: Symbol) -> Section | None:
        """Where a symbol is defined, if it is."""
        return self.sections[symbol.section] if symbol.section > 0 else None

    def _refuse_overlaps(self) -> None:
        # Without this, a small file could have any number of large sections.
        stored = [each for each in self.sections if each.type not in ("SHT_NULL", "SHT_NOBITS")]
        end = 0
        for section in sorted(stored, key=lambda each: each.at):
            if section.size and section.at < end:
                raise ObjectError(f"section {section.name} begins inside another", section.at)
            end = max(end, section.at + section.size)

    def _is_relocated(self, index: int) -> bool:
        """Whether relocations of a section are heeded.

        Those of debugging information and of variables are not; what those of .BTF.ext would add,
        assemblers have added already.  So does libbpf: bpf_object__elf_collect().
        """
        if not 0 < index < len(self.sections):
            return False
        section = self.sections[index]
        return section.executable or section.name == BTF_MAPS

    def _read_symbols(self, table: Section) -> Iterator[Symbol]:
        if not 0 < table.link < len(self.sections):
            raise ObjectError("the symbol table has no names", table.at)
        names = self.sections[table.link]
        if names.type == "SHT_NOBITS":
            raise ObjectError("the symbol table has no names", table.at)
        for at in self._rows(table, "Elf_Sym"):
            row = self._records.parse("Elf_Sym", at)
            index = {"SHN_UNDEF": 0, "SHN_ABS": -1, "SHN_COMMON": -1}.get(
                row["st_shndx"], row["st_shndx"]
            )
            if not isinstance(index, int) or index >= len(self.sections):
                raise ObjectError(f"symbol in section {index}, which is not there", at)
            yield Symbol(
                self.string(names.at, names.size, row["st_name"]),
                index,
                row["st_value"],
                row["st_size"],
                row["st_info"]["type"],
                row["st_info"]["bind"] == "STB_LOCAL",
                row["st_info"]["bind"] == "STB_WEAK",
                row["st_other"]["visibility"] in ("STV_HIDDEN", "STV_INTERNAL"),
                at,
            )

    def _read_relocs(self, table: Section) -> Iterator[Reloc]:
        for at in self._rows(table, "Elf_Rel"):
            row = self._records.parse("Elf_Rel", at)
            if row["r_info_sym"] >= len(self.symbols):
                raise ObjectError(f"relocation against symbol {row['r_info_sym']} of none", at)
            symbol = self.symbols[row["r_info_sym"]]
            yield Reloc(row["r_offset"], row["r_info_type"], symbol, at)


@cache
def _structs() -> ELFStructs:
    """What a 64-bit little-endian file's records look like."""
    try:
        from elftools.elf.structs import ELFStructs
    except ImportError:
        raise ObjectError("objects need pyelftools: install dtrace-bpf[objects]", 0) from None
    structs = ELFStructs(little_endian=True, elfclass=64)
    structs.create_basic_structs()
    structs.create_advanced_structs("ET_REL", "EM_BPF", "ELFOSABI_SYSV")
    return structs


class _Records:
    """ELF's structures, read one by one."""

    def __init__(self, data: bytes) -> None:
        from io import BytesIO

        self._stream = BytesIO(data)
        self._length = len(data)
        self._structs = _structs()

    def size(self, kind: str) -> int:
        """Bytes of a record."""
        return int(getattr(self._structs, kind).sizeof())

    def parse(self, kind: str, at: int) -> Any:
        """The record at byte `at`, a mapping of its fields."""
        from elftools.common.exceptions import ELFError
        from elftools.common.utils import struct_parse

        if at + self.size(kind) > self._length:
            raise ObjectError(f"{kind} is cut short: the file has {self._length} bytes", at)
        try:
            return struct_parse(getattr(self._structs, kind), self._stream, at)
        except ELFError as err:
            raise ObjectError(f"{kind}: {err}", at) from None


def _places(start: int, count: int, size: int) -> Iterator[int]:
    return iter(range(start, start + count * size, size))
