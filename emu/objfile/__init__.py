"""BPF ELF objects, as clang and gcc make them, to programs: load().

Understood are map sections of both kinds, variables, functions called across sections, line and
function information.  CO-RE relocations, contents of maps and kernel variables are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.objfile import maps, sections
from emu.objfile.btf import Btf, BtfExt
from emu.objfile.elf import MAGIC, ObjectError, ObjectFile
from emu.objfile.link import Linker, functions

if TYPE_CHECKING:
    from emu.prog import Prog

__all__ = ["MAGIC", "ObjectError", "load"]

_LIBRARY = ".text"  # functions of programs in other sections


def load(data: bytes, name: str = "", *, cpus: int = 1) -> list[Prog]:
    """The programs of an object, in the order of its sections.

    data: the file.
    name: the object's, which the names of the maps that hold its variables begin with.
    cpus: possible CPUs, for perf event arrays that do not say how many entries they need.

    Every program has all maps of the object, in the same order.  As with libbpf, each global
    function outside .text starts a program, whose type the section's name says.

    Raises ObjectError, with the offset in the file, for what is damaged or not supported.
    """
    elf = ObjectFile(data)
    btf = ext = None
    if (section := elf.find(".BTF")) and section.type == "SHT_PROGBITS":
        btf = Btf(elf, section)
        if (section := elf.find(".BTF.ext")) and section.type == "SHT_PROGBITS":
            ext = BtfExt(elf, section, btf)
    known = functions(elf)
    linker = Linker(elf, maps.read(elf, btf, name, cpus), ext, known, _license(elf))
    progs = []
    for function in known.values():
        section = function.section
        if function.is_local or section.name == _LIBRARY:
            continue
        row = sections.find(section.name)
        if row is None:
            raise ObjectError(f'section "{section.name}" names no program type', section.at)
        progs.append(linker.link(function, row, sections.target(section.name, row)))
    if not progs:
        raise ObjectError("the object has no programs", 0)
    return progs


def _license(elf: ObjectFile) -> str:
    section = elf.find("license")
    if section is None:
        return ""
    return elf.bytes_of(section).partition(b"\0")[0].decode("utf-8", "replace")
