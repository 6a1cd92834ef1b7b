"""BPF ELF objects, as clang and gcc make them, to programs: load().

Understood are map sections of both kinds with what is declared to be in them, variables, functions
called across sections, line and function information, CO-RE relocations, and what objects take from
the kernel: configuration, variables, functions.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from emu.objfile import maps, sections, slots
from emu.objfile.btf import BtfExt, ObjectBtf
from emu.objfile.core import Core
from emu.objfile.elf import MAGIC, ObjectError, ObjectFile
from emu.objfile.externs import KCONFIG, Externs
from emu.objfile.functions import adapted, functions
from emu.objfile.link import Linker
from emu.objfile.target import Target, content

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from emu.btf import BtfData
    from emu.kernel.profile import Kernel
    from emu.objfile.functions import Function
    from emu.objfile.sections import SectionRow
    from emu.prog import Prog

__all__ = ["MAGIC", "ObjectError", "load"]

_LIBRARY = ".text"  # functions of programs in other sections
_CALLBACK = "exception_callback:"  # the start of a tag: bpf_prog_assign_exc_cb() in libbpf.c


def load(
    source: bytes | str | PathLike[str],
    name: str = "",
    *,
    kernel: Kernel | None = None,
    btf: BtfData | bytes | str | PathLike[str] | None = None,
    kconfig: str = "",
    symbols: Mapping[str, int] | None = None,
    cpus: int = 1,
    optional: bool = False,
) -> list[Prog]:
    """The programs of an object, in the order of its sections, as libbpf would load them.

    source: the file, or its path.
    name: the object's, which the names of the maps that hold its variables begin with; where it is
        not given, the path's, up to the first dot.
    kernel: the release that the programs are for: the value of LINUX_KERNEL_VERSION, and helpers
        that take the place of those that it does not have.
    btf: that kernel's types, which CO-RE relocations and typed `.ksyms` need: BTF as in
        /sys/kernel/btf/vmlinux, an ELF file with a .BTF section, or the path of either.
    kconfig: that kernel's configuration, for CONFIG_* variables: the text of its .config.
    symbols: addresses by name, for `.ksyms` without a type.
    cpus: possible CPUs, for perf event arrays that do not say how many entries they need.
    optional: whether programs of SEC("?...") are wanted too.

    Every program has all maps of the object, in the same order.  Each global function outside .text
    starts a program, whose type the section's name says.  A CO-RE relocation against what the
    kernel does not have, and a call of a weak function that it does not have, become calls of a
    helper that no kernel has, as with libbpf: programs that avoid them are accepted.

    Raises ObjectError, with the offset in the file, for what is damaged, not supported, or cannot
    be known from what is given.
    """
    data = content(source)
    if not name and not isinstance(source, bytes):
        name = os.path.basename(os.fspath(source)).partition(".")[0]
    elf, target = ObjectFile(data), Target(kernel, btf, kconfig, symbols, cpus)
    types = ext = None
    if (section := elf.find(".BTF")) and section.type == "SHT_PROGBITS":
        types = ObjectBtf(elf, section)
        if (section := elf.find(".BTF.ext")) and section.type == "SHT_PROGBITS":
            ext = BtfExt(elf, section, types)
    known = functions(elf)
    if not optional:
        known = {k: f for k, f in known.items() if not sections.is_optional(f.section.name)}
    mains = _programs(known)
    handlers = _handlers(types, mains, known) if types is not None else {}
    externs = Externs(elf, types, target)
    found = maps.read(elf, types, name, cpus)
    numbers = {function.key: number for number, (function, _) in enumerate(mains)}
    slots.fill(elf, types, found, numbers)
    if made := externs.kconfig(maps.data_name(KCONFIG, name)):
        found.definitions.append(made)
    known = adapted(known, ext, Core(types, target) if types else None, kernel)
    linker = Linker(elf, found, externs, ext, known, _license(elf))
    return [
        linker.link(
            known[main.key],
            row,
            sections.target(main.section.name, row),
            known[handlers[main.key]] if main.key in handlers else None,
        )
        for main, row in mains
    ]


def _programs(known: dict[tuple[int, int], Function]) -> list[tuple[Function, SectionRow]]:
    """The functions that programs start with, and what their sections say of them."""
    found = []
    for function in known.values():
        section = function.section
        if function.is_local or section.name == _LIBRARY:
            continue
        row = sections.find(section.name)
        if row is None:
            raise ObjectError(f'section "{section.name}" names no program type', section.at)
        found.append((function, row))
    if not found:
        raise ObjectError("the object has no programs, but for those on demand", 0)
    return found


def _handlers(
    types: ObjectBtf,
    mains: list[tuple[Function, SectionRow]],
    known: dict[tuple[int, int], Function],
) -> dict[tuple[int, int], tuple[int, int]]:
    """Function.key of programs' main functions and of those that handle their exceptions.

    Source: bpf_prog_assign_exc_cb() in libbpf.c.
    """
    starts = {function.key for function, _ in mains}
    by_name = {f.name: f for f in known.values() if f.key not in starts}
    tagged: dict[str, list[str]] = {}
    for name, text in types.tags():
        if text.startswith(_CALLBACK):
            tagged.setdefault(name, []).append(text.removeprefix(_CALLBACK))
    found = {}
    for main, _ in mains:
        names = tagged.get(main.name, [])
        if not names:
            continue
        handler = by_name.get(names[0])
        if len(names) > 1:
            message = f"{main.name}: multiple exception callback tags"
            raise ObjectError(message, main.place(0))
        if handler is None or handler.is_local or handler.is_hidden:
            what = "must be a global non-hidden function" if handler else "is not there"
            message = f"{main.name}: exception callback {names[0]} {what}"
            raise ObjectError(message, main.place(0))
        found[main.key] = handler.key
    return found


def _license(elf: ObjectFile) -> str:
    section = elf.find("license")
    if section is None:
        return ""
    return elf.bytes_of(section).partition(b"\0")[0].decode("utf-8", "replace")
