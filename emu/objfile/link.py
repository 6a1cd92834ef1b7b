"""Programs made whole: a function, those that it calls appended, everything relocated.

Source: bpf_object__collect_prog_relos() and bpf_object__reloc_code() in tools/lib/bpf/libbpf.c;
relocation types: Documentation/bpf/llvm_reloc.rst.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from emu.isa.insn import SIZE
from emu.objfile.elf import ObjectError
from emu.prog import (
    PSEUDO_BTF_ID,
    PSEUDO_CALL,
    PSEUDO_FUNC,
    PSEUDO_KFUNC_CALL,
    PSEUDO_MAP_FD,
    PSEUDO_MAP_VALUE,
    STATIC,
    FuncInfo,
    Insn,
    LineInfo,
    Prog,
    Subprog,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.objfile.btf import BtfExt
    from emu.objfile.elf import ObjectFile, Reloc, Section, Symbol
    from emu.objfile.externs import Externs
    from emu.objfile.functions import Function
    from emu.objfile.maps import Maps
    from emu.objfile.sections import SectionRow

_R_BPF_64_64 = 1  # ld_imm64: a map, a variable or a function
_R_BPF_64_32 = 10  # call
_LD_IMM64 = 0x18
_CALL = 0x85
_NOT_SUPPORTED = {".jumptables": "jump tables"}  # JUMPTABLES_SEC
_LONGEST = 1_000_000  # insns: BPF_COMPLEXITY_LIMIT_INSNS, the most that a kernel takes
# Instructions of all programs of an object: each has copies of the functions that it calls.
_MOST = 4_000_000
_ADDRESS, _HALVES = Struct("<Q"), Struct("<ii")


class Linker:
    """Makes programs of an object's functions."""

    def __init__(
        self,
        elf: ObjectFile,
        maps: Maps,
        externs: Externs,
        ext: BtfExt | None,
        known: dict[tuple[int, int], Function],
        license: str,
    ) -> None:
        """known: the functions, CO-RE relocations applied."""
        self._ext = ext
        self._license = license
        self._maps = tuple(maps.definitions)
        self._parts = _Parts(elf, maps, externs, known)
        self._left = _MOST

    def link(
        self, main: Function, row: SectionRow, target: str, handler: Function | None = None
    ) -> Prog:
        """The program that starts with `main`; handler: of its exceptions.

        Raises ObjectError for what is wrong with it, and where the programs so far have more
        instructions than is believed.
        """
        joined = _Joined(self._parts, main, handler)
        self._left -= len(joined.insns)
        if self._left < 0:
            raise ObjectError(f"programs of more than {_MOST} instructions", main.place(0))
        starts = [(start, function) for function, start in joined.starts.values()]
        functions = self._func_info(starts)
        return Prog(
            main.name,
            row.type,
            tuple(joined.insns),
            self._maps,
            self._license,
            tuple(Subprog(start, function.name) for start, function in starts),
            tuple(line for start, function in starts for line in self._lines(function, start)),
            expected_attach_type=int(row.attach_type),
            flags=row.flags,
            attach_to=target,
            kfuncs=tuple(joined.kfuncs),
            func_info=functions,
            btf=self._ext.btf if self._ext is not None and functions else None,
        )

    def _lines(self, function: Function, start: int) -> Iterator[LineInfo]:
        if self._ext is None:
            return
        first = function.start * SIZE
        end = first + len(function.insns) * SIZE
        for line in self._ext.lines(function.section.name, first, end):
            insn = start + line.offset // SIZE - function.start
            yield LineInfo(insn, line.file, line.line, line.column, line.text)

    def _func_info(self, starts: list[tuple[int, Function]]) -> tuple[FuncInfo, ...]:
        """Of every function, or of none where the object does not have all."""
        rows = []
        for start, function in starts:
            known = self._ext.functions.get(function.section.name, {}) if self._ext else {}
            found = known.get(function.start * SIZE)
            if found is None:
                return ()
            linkage = STATIC if function.is_hidden else found.linkage
            rows.append(found._replace(start=start, linkage=linkage))
        return tuple(rows)


class _Site(NamedTuple):
    """An instruction that cannot stay as it is."""

    place: int  # its index in its function
    insn: Insn
    reloc: Reloc | None


class _Parts:
    """What programs are made of."""

    def __init__(
        self,
        elf: ObjectFile,
        maps: Maps,
        externs: Externs,
        functions: dict[tuple[int, int], Function],
    ) -> None:
        self.elf, self.maps, self.externs, self.functions = elf, maps, externs, functions
        self._relocs = {
            (index, reloc.offset): reloc
            for index, found in elf.relocations.items()
            for reloc in found
        }
        self._sites: dict[tuple[int, int], tuple[_Site, ...]] = {}

    def sites(self, function: Function) -> tuple[_Site, ...]:
        """What is to be changed in a function: looked for once, however many programs have it."""
        known = self._sites.get(function.key)
        if known is None:
            known = self._sites[function.key] = tuple(self._find_sites(function))
        return known

    def _find_sites(self, function: Function) -> Iterator[_Site]:
        number, offset = function.key
        skip = False
        for i, insn in enumerate(function.insns):
            if skip:  # the second half of ld_imm64
                skip = False
                continue
            skip = insn.code == _LD_IMM64
            if skip and i + 1 == len(function.insns):
                raise ObjectError(f"{function.name} ends inside ld_imm64", function.place(i))
            reloc = self._relocs.get((number, offset + i * SIZE))
            if reloc or (insn.code == _CALL and insn.src == PSEUDO_CALL):
                yield _Site(i, insn, reloc)


class _Joined:
    """A function and all that it reaches, in the order in which libbpf appends them.

    A function comes when a call of it is met, its own calls before the rest of its caller's; the
    one that handles exceptions, which nothing calls, comes last.
    """

    def __init__(self, parts: _Parts, main: Function, handler: Function | None) -> None:
        self._parts = parts
        self.insns: list[Insn] = []
        self.starts: dict[tuple[int, int], tuple[Function, int]] = {}
        self.kfuncs: list[str] = []
        self._calls: list[tuple[int, Function]] = []  # by index of the joined insn
        self._append_all(main)
        if handler is not None and handler.key not in self.starts:
            self._append_all(handler)
        self._connect()

    def _append_all(self, first: Function) -> None:
        """Append a function and all that it calls."""
        todo = [self._append(first)]
        while todo:
            called = next(todo[-1], None)
            if called is None:
                todo.pop()
            elif called.key not in self.starts:
                todo.append(self._append(called))

    def _append(self, function: Function) -> Iterator[Function]:
        """Append a function; the functions that it calls, as they are met."""
        start = len(self.insns)
        self.starts[function.key] = function, start
        self.insns.extend(function.insns)
        if len(self.insns) > _LONGEST:
            raise ObjectError(f"a program of {len(self.insns)} instructions", function.place(0))
        return self._relocate(function, start)

    def _relocate(self, function: Function, start: int) -> Iterator[Function]:
        for site in self._parts.sites(function):
            at = start + site.place
            if site.reloc is None or self._resolve(site.reloc, site.insn, at):
                called = self._target(function, site)
                self._calls.append((at, called))
                yield called

    def _resolve(self, reloc: Reloc, insn: Insn, at: int) -> bool:
        """Relocate what is no call of a function here; whether it is one."""
        expected = {_R_BPF_64_64: _LD_IMM64, _R_BPF_64_32: _CALL}.get(reloc.type)
        if expected != insn.code:
            raise ObjectError(f"relocation {reloc.type} of opcode {insn.code:#04x}", reloc.at)
        section = self._parts.elf.section_of(reloc.symbol)
        if section is None:
            if reloc.type == _R_BPF_64_32:
                self._call_kernel(reloc, insn, at)
            else:
                self._point_into_kernel(reloc, insn, at)
            return False
        if section.executable:
            return True
        if reloc.type != _R_BPF_64_64:
            raise ObjectError(f"a call into {section.name}", reloc.at)
        self._point(reloc, section, insn, at)
        return False

    def _point(self, reloc: Reloc, section: Section, insn: Insn, at: int) -> None:
        """Make ld_imm64 a map or a place in the variables of a section."""
        maps, offset = self._parts.maps, reloc.symbol.value + insn.imm
        if section.number in maps.data:
            start = maps.starts.get(section.number, 0)
            self._point_into_map(reloc, at, maps.data[section.number], offset, start)
            return
        # Old assemblers put a map's own place into the instruction, too.
        place = offset if reloc.symbol.type == "STT_SECTION" else reloc.symbol.value
        declared = maps.declared.get((section.number, place))
        if section.name in _NOT_SUPPORTED:
            raise ObjectError(f"{_NOT_SUPPORTED[section.name]} are not supported", reloc.at)
        if declared is None:
            raise ObjectError(f"there is no map at {section.name} + {place}", reloc.at)
        self.insns[at] = insn._replace(src=PSEUDO_MAP_FD, imm=declared)

    def _point_into_map(
        self, reloc: Reloc, at: int, index: int, offset: int, start: int = 0
    ) -> None:
        if not 0 <= offset < 1 << 31:
            raise ObjectError(f"place {offset} of {reloc.symbol.name}", reloc.at)
        self.insns[at] = self.insns[at]._replace(src=PSEUDO_MAP_VALUE, imm=index)
        low, _ = _HALVES.unpack(_ADDRESS.pack(start + offset))
        self.insns[at + 1] = self.insns[at + 1]._replace(imm=low)

    def _point_into_kernel(self, reloc: Reloc, insn: Insn, at: int) -> None:
        """Make ld_imm64 a variable of .kconfig, or of the kernel."""
        externs = self._parts.externs
        offset = externs.offsets.get(reloc.symbol.name)
        if offset is not None:  # their map is the last
            self._point_into_map(reloc, at, len(self._parts.maps.definitions) - 1, offset)
            return
        found = externs.address(reloc.symbol, reloc.at)
        src = PSEUDO_BTF_ID if found.is_typed else insn.src
        low, high = _HALVES.unpack(_ADDRESS.pack(found.number))
        self.insns[at] = insn._replace(src=src, imm=low)
        self.insns[at + 1] = self.insns[at + 1]._replace(imm=high)

    def _call_kernel(self, reloc: Reloc, insn: Insn, at: int) -> None:
        """Make a call one of a kernel function."""
        poison = self._parts.externs.poison(reloc.symbol, reloc.at)
        if poison is None:
            imm = self._kfunc(reloc.symbol)
            self.insns[at] = insn._replace(src=PSEUDO_KFUNC_CALL, imm=imm)
        else:
            self.insns[at] = Insn(_CALL, imm=poison)

    def _kfunc(self, symbol: Symbol) -> int:
        if symbol.name not in self.kfuncs:
            self.kfuncs.append(symbol.name)
        return self.kfuncs.index(symbol.name)

    def _target(self, function: Function, site: _Site) -> Function:
        """The function of this object that an instruction calls or takes the address of."""
        number, base = function.key
        if site.reloc:
            number, base = site.reloc.symbol.section, site.reloc.symbol.value
        if site.insn.code == _LD_IMM64:
            offset = base + site.insn.imm
        elif site.reloc:  # relative to the symbol, where -1 means the symbol itself
            offset = base + (site.insn.imm + 1) * SIZE
        else:
            offset = base + (site.place + site.insn.imm + 1) * SIZE
        found = self._parts.functions.get((number, offset))
        if found is None:
            where = f"{function.name}: insn {site.place}"
            raise ObjectError(f"{where} calls no function", function.place(site.place))
        return found

    def _connect(self) -> None:
        """Aim calls and callbacks at where their functions have come to stand."""
        for at, called in self._calls:
            insn = self.insns[at]
            goal = self.starts[called.key][1]
            src = PSEUDO_FUNC if insn.code == _LD_IMM64 else PSEUDO_CALL
            self.insns[at] = insn._replace(src=src, imm=goal - at - 1)
