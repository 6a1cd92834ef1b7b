"""Programs made whole: a function, those that it calls appended, everything relocated.

Source: bpf_object__collect_prog_relos() and bpf_object__reloc_code() in tools/lib/bpf/libbpf.c;
relocation types: Documentation/bpf/llvm_reloc.rst.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.isa.insn import SIZE, decode
from emu.objfile.elf import ObjectError
from emu.prog import (
    PSEUDO_CALL,
    PSEUDO_FUNC,
    PSEUDO_KFUNC_CALL,
    PSEUDO_MAP_FD,
    PSEUDO_MAP_VALUE,
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
    from emu.objfile.maps import Maps
    from emu.objfile.sections import SectionRow

_R_BPF_64_64 = 1  # ld_imm64: a map, a variable or a function
_R_BPF_64_32 = 10  # call
_LD_IMM64 = 0x18
_CALL = 0x85
_STATIC = 0  # BTF_FUNC_STATIC
_LONGEST = 1_000_000  # insns: BPF_COMPLEXITY_LIMIT_INSNS, the most that a kernel takes


class Function(NamedTuple):
    """A function of the object."""

    name: str
    section: Section
    start: int  # insns from the start of the section
    insns: tuple[Insn, ...]
    is_local: bool
    is_hidden: bool  # to be checked with its callers, as a static one

    def place(self, insn: int) -> int:
        """Where an instruction stands, in bytes from the start of the file."""
        return self.section.at + (self.start + insn) * SIZE


def functions(elf: ObjectFile) -> dict[tuple[int, int], Function]:
    """All functions, by (section, start), in their order.

    Raises ObjectError for functions that overlap or are not in their section.
    """
    found: dict[tuple[int, int], Function] = {}
    ends: dict[int, int] = {}
    symbols = [symbol for symbol in elf.symbols if symbol.type == "STT_FUNC"]
    for symbol in sorted(symbols, key=lambda each: (each.section, each.value, each.is_local)):
        section = elf.section_of(symbol)
        key = symbol.section, symbol.value // SIZE
        if section is None or not section.executable or key in found:
            continue
        end = symbol.value + symbol.size
        if symbol.value % SIZE or not symbol.size or symbol.size % SIZE or end > section.size:
            raise ObjectError(f"function {symbol.name} is no row of instructions", symbol.at)
        if symbol.value < ends.get(section.number, 0):
            raise ObjectError(f"function {symbol.name} begins inside another", symbol.at)
        ends[section.number] = end
        insns = decode(elf.bytes_of(section)[symbol.value : end])
        found[key] = Function(
            symbol.name, section, key[1], insns, symbol.is_local, symbol.is_hidden
        )
    return found


class Linker:
    """Makes programs of an object's functions."""

    def __init__(
        self,
        elf: ObjectFile,
        maps: Maps,
        ext: BtfExt | None,
        known: dict[tuple[int, int], Function],
        license: str,
    ) -> None:
        self._elf = elf
        self._maps = maps
        self._ext = ext
        self._functions = known
        self._license = license
        self._relocs: dict[tuple[int, int], Reloc] = {}  # by (section, offset)
        for index, relocs in elf.relocations.items():
            for reloc in relocs:
                self._relocs[index, reloc.offset] = reloc

    def link(self, main: Function, row: SectionRow, target: str) -> Prog:
        """The program that starts with `main`."""
        joined = _Joined(self._elf, self._maps, self._functions, self._relocs, main)
        starts = [(start, function) for function, start in joined.starts.values()]
        for _, function in starts:
            self._refuse_core(function)
        return Prog(
            main.name,
            row.type,
            tuple(joined.insns),
            self._maps.definitions,
            self._license,
            tuple(Subprog(start, function.name) for start, function in starts),
            tuple(line for start, function in starts for line in self._lines(function, start)),
            expected_attach_type=int(row.attach_type),
            flags=row.flags,
            attach_to=target,
            kfuncs=tuple(joined.kfuncs),
            func_info=self._func_info(starts),
        )

    def _refuse_core(self, function: Function) -> None:
        for record in self._ext.core.get(function.section.name, ()) if self._ext else ():
            insn = record.offset // SIZE - function.start
            if 0 <= insn < len(function.insns):
                message = (
                    f"{function.name}: insn {insn} needs a CO-RE relocation, which is not "
                    f'supported: "{record.type}" {record.access}, kind {record.kind}'
                )
                raise ObjectError(message, record.at)

    def _lines(self, function: Function, start: int) -> Iterator[LineInfo]:
        for line in self._ext.lines.get(function.section.name, ()) if self._ext else ():
            insn = line.offset // SIZE - function.start
            if 0 <= insn < len(function.insns):
                yield LineInfo(start + insn, line.file, line.line, line.column, line.text)

    def _func_info(self, starts: list[tuple[int, Function]]) -> tuple[FuncInfo, ...]:
        """Of every function, or of none where the object does not have all."""
        rows = []
        for start, function in starts:
            known = self._ext.linkages.get(function.section.name, {}) if self._ext else {}
            linkage = known.get(function.start * SIZE)
            if linkage is None:
                return ()
            rows.append(FuncInfo(start, _STATIC if function.is_hidden else linkage))
        return tuple(rows)


class _Joined:
    """A function and all that it reaches, in the order in which libbpf appends them.

    A function comes when a call of it is met, its own calls before the rest of its caller's.
    """

    def __init__(
        self,
        elf: ObjectFile,
        maps: Maps,
        known: dict[tuple[int, int], Function],
        relocs: dict[tuple[int, int], Reloc],
        main: Function,
    ) -> None:
        self._elf, self._maps, self._known, self._relocs = elf, maps, known, relocs
        self.insns: list[Insn] = []
        self.starts: dict[tuple[int, int], tuple[Function, int]] = {}
        self.kfuncs: list[str] = []
        self._calls: list[tuple[int, Function]] = []  # by index of the joined insn
        todo = [self._append(main)]
        while todo:
            called = next(todo[-1], None)
            if called is None:
                todo.pop()
            elif (called.section.number, called.start) not in self.starts:
                todo.append(self._append(called))
        self._connect()

    def _append(self, function: Function) -> Iterator[Function]:
        """Append a function; the functions that it calls, as they are met."""
        start = len(self.insns)
        self.starts[function.section.number, function.start] = function, start
        self.insns.extend(function.insns)
        if len(self.insns) > _LONGEST:
            raise ObjectError(f"a program of {len(self.insns)} instructions", function.place(0))
        return self._relocate(function, start)

    def _relocate(self, function: Function, start: int) -> Iterator[Function]:
        skip = False
        for i, insn in enumerate(function.insns):
            if skip:  # the second half of ld_imm64
                skip = False
                continue
            skip = insn.code == _LD_IMM64
            if skip and i + 1 == len(function.insns):
                raise ObjectError(f"{function.name} ends inside ld_imm64", function.place(i))
            reloc = self._relocs.get((function.section.number, (function.start + i) * SIZE))
            if reloc is not None and not self._resolve(reloc, insn, start + i):
                continue
            called = self._target(function, i, reloc)
            if called is not None:
                self._calls.append((start + i, called))
                yield called

    def _resolve(self, reloc: Reloc, insn: Insn, at: int) -> bool:
        """Relocate what is no call of a function here; whether it is one."""
        symbol = reloc.symbol
        expected = {_R_BPF_64_64: _LD_IMM64, _R_BPF_64_32: _CALL}.get(reloc.type)
        if expected != insn.code:
            raise ObjectError(f"relocation {reloc.type} of opcode {insn.code:#04x}", reloc.at)
        section = self._elf.section_of(symbol)
        if section is None:
            if reloc.type != _R_BPF_64_32:
                raise ObjectError(f"{symbol.name} is not defined in this object", reloc.at)
            self.insns[at] = insn._replace(src=PSEUDO_KFUNC_CALL, imm=self._kfunc(symbol))
            return False
        if section.executable:
            return True
        if reloc.type != _R_BPF_64_64:
            raise ObjectError(f"a call into {section.name}", reloc.at)
        self._point(reloc, section, insn, at)
        return False

    def _point(self, reloc: Reloc, section: Section, insn: Insn, at: int) -> None:
        """Make ld_imm64 a map or a place in the variables of a section."""
        offset = reloc.symbol.value + insn.imm
        if section.number in self._maps.data:
            index = self._maps.data[section.number]
            if not 0 <= offset < 1 << 31:
                raise ObjectError(f"place {offset} of {section.name}", reloc.at)
            self.insns[at] = insn._replace(src=PSEUDO_MAP_VALUE, imm=index)
            self.insns[at + 1] = self.insns[at + 1]._replace(imm=offset)
            return
        declared = self._maps.declared.get((section.number, offset))
        if declared is None:
            raise ObjectError(f"there is no map at {section.name} + {offset}", reloc.at)
        self.insns[at] = insn._replace(src=PSEUDO_MAP_FD, imm=declared)

    def _kfunc(self, symbol: Symbol) -> int:
        if symbol.name not in self.kfuncs:
            self.kfuncs.append(symbol.name)
        return self.kfuncs.index(symbol.name)

    def _target(self, function: Function, i: int, reloc: Reloc | None) -> Function | None:
        """The function of this object that an instruction calls or takes the address of."""
        insn = function.insns[i]
        if insn.code == _CALL and (reloc or insn.src == PSEUDO_CALL):
            section, base = function.section.number, (function.start + i) * SIZE
            if reloc:  # relative to the symbol, where -1 means the symbol itself
                section, base = reloc.symbol.section, reloc.symbol.value
            offset = base + (insn.imm + 1) * SIZE
        elif insn.code == _LD_IMM64 and reloc:
            section, offset = reloc.symbol.section, reloc.symbol.value + insn.imm
        else:
            return None
        found = self._known.get((section, offset // SIZE)) if offset % SIZE == 0 else None
        if found is None:
            raise ObjectError(f"{function.name}: insn {i} calls no function", function.place(i))
        return found

    def _connect(self) -> None:
        """Aim calls and callbacks at where their functions have come to stand."""
        for at, called in self._calls:
            insn = self.insns[at]
            goal = self.starts[called.section.number, called.start][1]
            src = PSEUDO_FUNC if insn.code == _LD_IMM64 else PSEUDO_CALL
            self.insns[at] = insn._replace(src=src, imm=goal - at - 1)
