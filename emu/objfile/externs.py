"""Externs: what an object takes from the kernel: `.kconfig` variables, and symbols, `.ksyms`.

Source: bpf_object__collect_externs() and bpf_object__resolve_externs() in tools/lib/bpf/libbpf.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.btf import BtfError, Kind
from emu.btf import essential_name as essential
from emu.kernel.enums import F_RDONLY_PROG, MapType
from emu.kernel.traits import Trait
from emu.objfile.core_types import INT_SIGNED, TooDeep, TypePairs, array, integer, stripped
from emu.objfile.elf import ObjectError
from emu.prog import MapDef

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.btf import BtfData
    from emu.kernel.profile import Kernel
    from emu.objfile.btf import ObjectBtf
    from emu.objfile.elf import ObjectFile, Symbol
    from emu.objfile.target import Target

KCONFIG = ".kconfig"
_KSYMS = ".ksyms"
_INT_BOOL = 4  # BTF_INT_BOOL
_TRISTATE = "libbpf_tristate"
_TRISTATE_SIZE = 4  # bytes
_TRISTATES = {"n": 0, "y": 1, "m": 2}  # enum libbpf_tristate, in bpf_helpers.h
_MOST_BYTES = 1 << 20  # of .kconfig variables; its strings are names
_CONFIG, _LINUX = "CONFIG_", "LINUX_"
_POISON_KFUNC = 2002000000  # and the extern's number: POISON_CALL_KFUNC_BASE in libbpf.c


class Extern(NamedTuple):
    """Something that is declared in the object and defined in the kernel."""

    name: str
    section: str  # .kconfig or .ksyms
    id: int  # BTF id of the variable or function
    is_weak: bool
    at: int  # of its symbol, bytes from the start of the file


class Place(NamedTuple):
    """Where a .kconfig variable is, and what it holds."""

    extern: Extern
    kind: str  # "bool", "tristate", "char", "int" or "text"
    size: int  # bytes
    align: int
    is_signed: bool


class Address(NamedTuple):
    """What ld_imm64 of a kernel's symbol loads."""

    number: int  # 64 bits; a BTF id where is_typed
    is_typed: bool  # a variable whose type the kernel's BTF knows


class Externs:
    """All that an object takes from the kernel."""

    def __init__(self, elf: ObjectFile, btf: ObjectBtf | None, target: Target) -> None:
        self._btf, self._target = btf, target
        self._rows = _read(elf, btf) if btf is not None else {}
        self.offsets: dict[str, int] = {}  # of the .kconfig variables
        self._places = self._lay_out()
        kernel_symbols = sorted(row.name for row in self._rows.values() if row.section == _KSYMS)
        ordered = [*(place.extern.name for place in self._places), *kernel_symbols]
        self._numbers = {name: number for number, name in enumerate(ordered)}

    def kconfig(self, name: str) -> MapDef | None:
        """The map that holds the .kconfig variables; None where there are none.

        name: the map's.  Raises ObjectError for a variable whose value is not known.
        """
        if not self._places:
            return None
        last = self._places[-1]
        content = bytearray(self.offsets[last.extern.name] + last.size)
        for place in self._places:
            value = self._value(place)
            if value is not None:
                offset = self.offsets[place.extern.name]
                content[offset : offset + len(value)] = value
        init = ((bytes(4), bytes(content)),)
        flags = F_RDONLY_PROG
        return MapDef(name, MapType.ARRAY, 4, len(content), 1, flags, init=init, frozen=True)

    def address(self, symbol: Symbol, at: int) -> Address:
        """What loading the address of a kernel's symbol gives.

        at: the relocation's place in the file.  Raises ObjectError where it is not known.
        """
        row = self._row(symbol, at)
        record = self._known_btf().record(row.id)
        if record.kind == Kind.VAR and not self._known_btf().stripped(record.size):
            return self._untyped(row, at)
        if self._target.btf is not None:
            found = self._find(row, record.kind, at)
        elif row.is_weak:
            found = None
        else:
            raise ObjectError(f"{row.name} is found in a kernel's BTF only, and none is given", at)
        return Address(found, is_typed=True) if found else Address(0, is_typed=False)

    def poison(self, symbol: Symbol, at: int) -> int | None:
        """The number of the call that stands for a weak function that the kernel does not have.

        None for a function that it has.  Without a kernel's BTF every function is believed to be
        there.  Raises ObjectError where a function is missing, or is another one.
        """
        row = self._rows.get(symbol.name)
        if row is None or self._target.btf is None:
            return None
        if self._known_btf().kind(row.id) != Kind.FUNC:
            raise ObjectError(f"a call of {row.name}, which is a variable", at)
        found = self._find(row, Kind.FUNC, at)
        return None if found else _POISON_KFUNC + self._numbers[row.name]

    def _find(self, row: Extern, kind: int, at: int) -> int | None:
        """The kernel's variable or function; None for a weak one that it does not have."""
        target, local = self._target.btf, self._known_btf()
        assert target is not None
        found = target.find(row.name if kind == Kind.VAR else essential(row.name), (kind,))
        what = "function" if kind == Kind.FUNC else "variable"
        if found is None:
            if row.is_weak:
                return None
            raise ObjectError(f"the kernel has no {what} {row.name}", at)
        try:
            pair = local.stripped(local.record(row.id).size), target.record(found).size
            agrees = TypePairs(local, target).compatible(pair[0], target.stripped(pair[1]))
        except TooDeep:
            raise ObjectError("types that have no end", at) from None
        except BtfError as err:
            raise ObjectError(f"the kernel's {err}", at) from None
        if agrees:
            return found
        if row.is_weak and kind == Kind.FUNC:
            return None
        raise ObjectError(f"the kernel's {what} {row.name} is of another type", at)

    def _known_btf(self) -> ObjectBtf:
        assert self._btf is not None  # nothing is declared without it
        return self._btf

    def _row(self, symbol: Symbol, at: int) -> Extern:
        row = self._rows.get(symbol.name)
        if row is None:
            raise ObjectError(f"{symbol.name} is not defined in this object", at)
        return row

    def _untyped(self, row: Extern, at: int) -> Address:
        symbols = self._target.symbols
        if symbols is not None and row.name in symbols:
            return Address(symbols[row.name] & (1 << 64) - 1, is_typed=False)
        if row.is_weak:
            return Address(0, is_typed=False)
        why = "and none are given" if symbols is None else "which do not have it"
        raise ObjectError(f"{row.name} is found in a kernel's symbols only, {why}", at)

    # -- Configuration

    def _lay_out(self) -> list[Place]:
        """The .kconfig variables in their order, which is libbpf's: cmp_externs()."""
        rows = (row for row in self._rows.values() if row.section == KCONFIG)
        places = [_place(self._known_btf(), row) for row in rows]
        places.sort(key=lambda each: (-each.align, each.size, each.extern.name))
        end = 0
        for place in places:
            start = -(-end // place.align) * place.align
            self.offsets[place.extern.name] = start
            end = start + place.size
            if end > _MOST_BYTES:
                raise ObjectError(f"{KCONFIG} variables of {end} bytes", place.extern.at)
        return places

    def _value(self, place: Place) -> bytes | None:
        """What a variable holds; None for a weak one that nothing is known of."""
        row = place.extern
        if row.name.startswith(_CONFIG):
            text = self._target.config.get(row.name)
            if text is not None:
                return _of_text(place, text)
            why = "is not in the kernel's configuration"
        elif row.name in _VIRTUAL:
            if self._target.kernel is not None:
                return _of_number(place, _VIRTUAL[row.name](self._target.kernel))
            why = "needs a kernel, and none is given"
        elif row.name.startswith(_LINUX):
            why = "is not known"
        else:
            raise ObjectError(f"{KCONFIG} variable {row.name} is not known", row.at)
        if row.is_weak:
            return None
        raise ObjectError(f"{KCONFIG} variable {row.name} {why}", row.at)


def _read(elf: ObjectFile, btf: ObjectBtf) -> dict[str, Extern]:
    """What the object's symbols leave undefined and its BTF describes, by name."""
    sections, functions = btf.sections(), btf.functions()
    rows = {}
    for symbol in elf.symbols:
        if symbol.section or symbol.is_local or not symbol.name:
            continue
        id_ = btf.variables.get(symbol.name) or functions.get(symbol.name)
        section = sections.get(symbol.name)
        if id_ is None or section is None:
            raise ObjectError(f"no BTF describes {symbol.name}, which is not defined", symbol.at)
        if section not in (KCONFIG, _KSYMS) or (section == KCONFIG) > (btf.kind(id_) == Kind.VAR):
            raise ObjectError(f"{symbol.name} is not defined, in {section}", symbol.at)
        rows[symbol.name] = Extern(symbol.name, section, id_, symbol.is_weak, symbol.at)
    return rows


def _place(btf: ObjectBtf, row: Extern) -> Place:
    """Kind and size of a .kconfig variable: find_kcfg_type()."""
    id_ = btf.stripped(btf.record(row.id).size)
    record = stripped(btf, id_)
    if record.kind == Kind.ARRAY:
        element, count = array(btf, record)
        inner = _integer_kind(btf, element)
        if inner == ("char", 1) and count:
            return Place(row, "text", count, 1, is_signed=False)
    elif record.kind in (Kind.ENUM, Kind.ENUM64) and btf.string(record.name) == _TRISTATE:
        if record.kind == Kind.ENUM64 or record.size == _TRISTATE_SIZE:
            return Place(row, "tristate", record.size, record.size, is_signed=False)
    elif (found := _integer_kind(btf, id_)) is not None:
        is_signed = bool(integer(btf, record)[0] & INT_SIGNED)
        return Place(row, *found, found[1], is_signed and found[0] != "bool")
    raise ObjectError(f"{KCONFIG} variable {row.name} has a type that no value has", row.at)


def _integer_kind(btf: BtfData, id_: int) -> tuple[str, int] | None:
    """ "bool", "char" or "int", and its bytes."""
    record = stripped(btf, id_)
    if record.kind != Kind.INT or record.size not in (1, 2, 4, 8):
        return None
    if integer(btf, record)[0] & _INT_BOOL:
        return ("bool", 1) if record.size == 1 else None
    return ("char" if record.size == 1 else "int"), record.size


def _of_text(place: Place, text: str) -> bytes:
    """A variable's content from what the configuration says: y, n, m, "text" or a number."""
    if text in _TRISTATES and place.kind == "tristate":
        return _TRISTATES[text].to_bytes(place.size, "little")
    if text in _TRISTATES and place.kind == "char":
        return text.encode()
    if text in ("y", "n") and place.kind == "bool":
        return bytes((text == "y",))
    if len(text) > 1 and text[0] == text[-1] == '"' and place.kind == "text":
        return text[1:-1].encode()[: place.size - 1]
    if place.kind in ("int", "char"):
        try:
            return _of_number(place, int(text, 0))
        except ValueError:
            pass
    row = place.extern
    raise ObjectError(f"{KCONFIG} variable {row.name} cannot be {text[:40]}", row.at)


def _of_number(place: Place, number: int) -> bytes:
    row = place.extern
    if place.kind in ("int", "char", "bool"):
        low = -1 << 8 * place.size - 1 if place.is_signed else 0
        high = 2 if place.kind == "bool" else (1 << 8 * place.size) + low
        if low <= number < high:
            return (number & (1 << 64) - 1).to_bytes(8, "little")[: place.size]
    raise ObjectError(f"{KCONFIG} variable {row.name} cannot be {number}", row.at)


def _version_code(kernel: Kernel) -> int:
    """LINUX_VERSION_CODE: KERNEL_VERSION() stops counting patch levels at 255."""
    major, minor, patch = kernel.version
    return major << 16 | minor << 8 | min(patch, 255)


# The names that libbpf knows without a configuration.
_VIRTUAL: dict[str, Callable[[Kernel], int]] = {
    "LINUX_KERNEL_VERSION": _version_code,
    "LINUX_HAS_BPF_COOKIE": lambda kernel: int(kernel.has(Trait.BPF_COOKIE)),
    # __x64_sys_*: fa697140f9a2 ("syscalls/x86: Use 'struct pt_regs' based syscall calling
    # convention for 64-bit syscalls") (in v4.17), older than any kernel here.
    "LINUX_HAS_SYSCALL_WRAPPER": lambda kernel: 1,
}
