"""An object's functions, and what is done to each before programs are made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.isa.insn import SIZE, decode
from emu.kernel.traits import Trait
from emu.objfile.elf import ObjectError

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel
    from emu.objfile.btf import BtfExt
    from emu.objfile.core import Core
    from emu.objfile.elf import ObjectFile, Section
    from emu.prog import Insn

_CALL = 0x85


class Function(NamedTuple):
    """A function of the object."""

    name: str
    section: Section
    start: int  # insns from the start of the section
    insns: tuple[Insn, ...]
    is_local: bool
    is_hidden: bool  # to be checked with its callers, as a static one

    @property
    def key(self) -> tuple[int, int]:
        """Its section's number and its offset there, in bytes."""
        return self.section.number, self.start * SIZE

    def place(self, insn: int) -> int:
        """Where an instruction stands, in bytes from the start of the file."""
        return self.section.at + (self.start + insn) * SIZE


def functions(elf: ObjectFile) -> dict[tuple[int, int], Function]:
    """All functions, by Function.key, in their order.

    Raises ObjectError for functions that overlap or are not in their section.
    """
    found: dict[tuple[int, int], Function] = {}
    ends: dict[int, int] = {}
    symbols = [symbol for symbol in elf.symbols if symbol.type == "STT_FUNC"]
    for symbol in sorted(symbols, key=lambda each: (each.section, each.value, each.is_local)):
        section = elf.section_of(symbol)
        key = symbol.section, symbol.value
        if section is None or not section.executable or key in found:
            continue
        end = symbol.value + symbol.size
        if symbol.value % SIZE or not symbol.size or symbol.size % SIZE or end > section.size:
            raise ObjectError(f"function {symbol.name} is no row of instructions", symbol.at)
        if symbol.value < ends.get(section.number, 0):
            raise ObjectError(f"function {symbol.name} begins inside another", symbol.at)
        ends[section.number] = end
        insns = decode(elf.data[section.at + symbol.value : section.at + end])
        found[key] = Function(
            symbol.name, section, symbol.value // SIZE, insns, symbol.is_local, symbol.is_hidden
        )
    return found


def adapted(
    known: dict[tuple[int, int], Function],
    ext: BtfExt | None,
    core: Core | None,
    kernel: Kernel | None,
) -> dict[tuple[int, int], Function]:
    """The functions as the kernel needs them: CO-RE relocations applied, and old helpers.

    Raises ObjectError.
    """
    older = _older_helpers(kernel)
    return {
        key: function._replace(insns=tuple(_adapt(function, ext, core, older)))
        for key, function in known.items()
    }


def _adapt(
    function: Function, ext: BtfExt | None, core: Core | None, older: dict[int, int]
) -> list[Insn]:
    insns = list(function.insns)
    if ext is not None and core is not None:
        end = function.start * SIZE + len(insns) * SIZE
        for reloc in ext.relocs(function.section.name, function.start * SIZE, end):
            if reloc.offset % SIZE:
                raise ObjectError("a CO-RE relocation inside an instruction", reloc.at)
            index = reloc.offset // SIZE - function.start
            core.apply(reloc, insns, index, _where(function, index, ext))
    for index, insn in enumerate(insns):
        if older and insn.code == _CALL and not insn.src and insn.imm in older:
            insns[index] = insn._replace(imm=older[insn.imm])
    return insns


def _where(function: Function, index: int, ext: BtfExt) -> str:
    """An instruction and the line that it was made of, for messages."""
    first = function.start * SIZE
    lines = ext.lines(function.section.name, first, first + index * SIZE + 1)
    place = f" ({lines[-1].file}:{lines[-1].line})" if lines else ""
    return f"{function.name}: insn {index}{place}"


def _older_helpers(kernel: Kernel | None) -> dict[int, int]:
    """The helpers that a kernel has instead of newer ones: bpf_object__sanitize_prog()."""
    if kernel is None or kernel.has(Trait.PROBE_READ_SPLIT):
        return {}
    from emu.kernel.helpers import by_name

    return {
        by_name(f"probe_read_{space}{suffix}").id: by_name(f"probe_read{suffix}").id
        for space in ("kernel", "user")
        for suffix in ("", "_str")
    }
