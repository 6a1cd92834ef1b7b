"""CO-RE: instructions that are made to fit the types of the kernel that they are for.

The compiler leaves a record for each access to a type that may look different elsewhere.  What it
stands for is looked up in the kernel's BTF and written into the instruction.  Where the kernel has
no such thing, the instruction is replaced by one that no verifier accepts, for the program may
never get there.  Source: bpf_core_calc_relo_insn() in tools/lib/bpf/relo_core.c.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from emu.btf import BtfError, Kind
from emu.btf import essential_name as essential
from emu.objfile import core_path
from emu.objfile.core_insn import patch
from emu.objfile.core_types import (
    ENUMS,
    INT_SIGNED,
    TooDeep,
    TypePairs,
    array,
    enumerators,
    integer,
    same_kind,
    stripped,
)
from emu.objfile.elf import ObjectError

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.btf import BtfData
    from emu.objfile.btf import CoreReloc, ObjectBtf
    from emu.objfile.core_path import Path
    from emu.objfile.target import Target
    from emu.prog import Insn

U64 = (1 << 64) - 1
_WIDEST = 8  # bytes that one load reads
_MOST_CANDIDATES = 1000  # types of one name; kernels have some ten


class Value(NamedTuple):
    """What a relocation puts into its instruction, or took from it."""

    number: int  # 64 bits, unsigned
    size: int = 0  # bytes of the member that is loaded or stored; 0 where nothing is known
    type: int = 0  # of that member
    certain: bool = True  # whether the compiler must have written the same number
    poison: bool = False  # there is no such thing


_POISON = Value(0, poison=True)


class RelocKind(NamedTuple):
    """A kind of relocation: enum bpf_core_relo_kind."""

    word: str  # as libbpf's messages have it
    about: str  # "field", "type" or "constant"


KINDS = (
    RelocKind("byte_off", "field"),
    RelocKind("byte_sz", "field"),
    RelocKind("field_exists", "field"),
    RelocKind("signed", "field"),
    RelocKind("lshift_u64", "field"),
    RelocKind("rshift_u64", "field"),
    RelocKind("local_type_id", "type"),
    RelocKind("target_type_id", "type"),
    RelocKind("type_exists", "type"),
    RelocKind("type_size", "type"),
    RelocKind("enumval_exists", "constant"),
    RelocKind("enumval_value", "constant"),
    RelocKind("type_matches", "type"),
)


class Core:
    """Applies the relocations of an object.

    Without a kernel's types only what is about local ones can be applied.
    """

    def __init__(self, local: ObjectBtf, kernel: Target) -> None:
        self._local = local
        self._kernel = kernel
        self._candidates: dict[int, list[int]] = {}
        # By type, path and kind: programs ask for the same again and again.
        self._known: dict[tuple[int, str, int], tuple[Value, Value]] = {}

    @cached_property
    def _target(self) -> BtfData | None:
        return self._kernel.btf

    @cached_property
    def _pairs(self) -> TypePairs:
        assert self._target is not None
        return TypePairs(self._local, self._target)

    @cached_property
    def _finder(self) -> core_path.FieldFinder:
        assert self._target is not None
        return core_path.FieldFinder(self._local, self._target, self._pairs)

    def apply(self, reloc: CoreReloc, insns: list[Insn], index: int, where: str) -> None:
        """Change instruction `index` as the record says.

        where: the instruction, for messages.

        Raises ObjectError where it cannot be applied, and where kernels' types disagree.
        """
        if reloc.kind >= len(KINDS):
            raise ObjectError(f"{where}: CO-RE relocation of unknown kind {reloc.kind}", reloc.at)
        kind = KINDS[reloc.kind]
        try:
            key = reloc.type, reloc.access, reloc.kind
            if key not in self._known:
                self._known[key] = self._values(kind, reloc)
            old, new = self._known[key]
            patch(insns, index, old, new, self._fits(old, new))
        except TooDeep:
            raise self._error(where, kind, reloc, "types that have no end") from None
        except BtfError as err:
            raise self._error(where, kind, reloc, f"the kernel's {err}") from None
        except ObjectError:
            raise
        except ValueError as err:
            raise self._error(where, kind, reloc, str(err)) from None

    def _error(self, where: str, kind: RelocKind, reloc: CoreReloc, why: str) -> ObjectError:
        name = self._local.name(reloc.type) or "anonymous"
        what = f'CO-RE relocation {kind.word} of "{name}" {reloc.access}'
        return ObjectError(f"{where}: {what}: {why}", reloc.at)

    def _values(self, kind: RelocKind, reloc: CoreReloc) -> tuple[Value, Value]:
        """What the compiler wrote, and what is to take its place."""
        local = self._local
        if not reloc.type:
            raise ValueError("it names no type")
        path = self._read(kind, reloc)
        if kind.word == "local_type_id":
            value = Value(reloc.type, certain=False)
            return value, value
        old = _value(kind, local, path)
        if self._target is None:
            raise ValueError("no BTF of a kernel is given")
        found: list[tuple[Path, Value]] = []
        kept = []
        for candidate in self._candidates_of(reloc.type):
            there = self._find(kind, path, candidate)
            if there is not None:
                found.append((there, _value(kind, self._target, there)))
                kept.append(candidate)
        if not found:
            return old, _absent(kind)
        self._candidates[reloc.type] = kept
        place, new = found[0]
        for other, value in found[1:]:
            if other.bits != place.bits:
                raise ValueError(f"found at bit {place.bits} and at bit {other.bits}")
            if value.number != new.number:
                raise ValueError(f"both {new.number} and {value.number} are right")
        return old, new

    def _read(self, kind: RelocKind, reloc: CoreReloc) -> Path:
        if kind.about == "field":
            return core_path.field(self._local, reloc.type, reloc.access)
        if kind.about == "constant":
            return core_path.constant(self._local, reloc.type, reloc.access)
        if reloc.access != "0":
            raise ValueError("a path to a type")
        self._local.record(reloc.type)  # which must be there
        return core_path.Path(reloc.type)

    def _candidates_of(self, local: int) -> list[int]:
        """The kernel's types that may be meant: same kind, same name without flavors.

        After one has served, those that did not are no longer asked, as with libbpf.
        """
        known = self._candidates.get(local)
        if known is not None:
            return known
        assert self._target is not None
        name = self._local.name(local)
        if not name:
            raise ValueError("a type without a name cannot be found in a kernel")
        kind = self._local.kind(local)
        known = []
        for id_ in self._target.flavors(essential(name)):
            if same_kind(self._target.kind(id_), kind):
                known.append(id_)
            if len(known) > _MOST_CANDIDATES:
                raise ValueError(f"the kernel has more than {_MOST_CANDIDATES} such types")
        self._candidates[local] = sorted(known)
        return self._candidates[local]

    def _find(self, kind: RelocKind, path: Path, candidate: int) -> Path | None:
        assert self._target is not None
        if kind.about == "field":
            return self._finder.find(path, candidate)
        if kind.about == "constant":
            return core_path.find_constant(path, self._target, candidate)
        matches = kind.word == "type_matches"
        agrees = self._pairs.match if matches else self._pairs.compatible
        return core_path.Path(candidate) if agrees(path.root, candidate) else None

    def _fits(self, old: Value, new: Value) -> bool:
        """Whether a load or store of the kernel's size does what the compiler's was to do.

        Pointers and unsigned integers may have another size, for they are extended with zeros.
        """
        if old.size == new.size or new.poison or self._target is None:
            return True
        pair = stripped(self._local, old.type), stripped(self._target, new.type)
        if all(record.kind == Kind.PTR for record in pair):
            return True
        return all(
            record.kind == Kind.INT and integer(btf, record)[0] != INT_SIGNED
            for btf, record in zip((self._local, self._target), pair, strict=True)
        )


def _absent(kind: RelocKind) -> Value:
    """What stands for a thing that the kernel does not have."""
    if kind.about == "type" or kind.word in ("field_exists", "enumval_exists"):
        return Value(0)
    return _POISON


def _value(kind: RelocKind, btf: BtfData, path: Path) -> Value:
    """What a relocation of that kind means where the path leads."""
    if kind.about == "constant":
        return _of_constant(kind, btf, path)
    if kind.about == "field":
        return _of_field(kind, btf, path)
    if kind.word == "target_type_id":
        return Value(path.root, certain=False)
    return Value(btf.size_of(path.root) if kind.word == "type_size" else 1)


def _of_constant(kind: RelocKind, btf: BtfData, path: Path) -> Value:
    if kind.word == "enumval_exists":
        return Value(1)
    (step,) = path.steps
    numbers = [number for _, number in enumerators(btf, btf.record(step.type))]
    return Value(numbers[step.number])


class _Place(NamedTuple):
    """Where a member is, and how much is to be loaded to have all of it."""

    byte: int
    size: int  # bytes
    first: int  # bit of the root
    width: int  # bits


def _of_field(kind: RelocKind, btf: BtfData, path: Path) -> Value:
    if kind.word == "field_exists":
        return Value(1)
    step = path.steps[-1]
    if not step.name:
        return _of_element(kind, btf, path)
    found = core_path.member(btf, btf.record(step.type), step.number)
    type_ = btf.stripped(found.type)
    place = _place(btf, path.bits, type_, found.width)
    whole = not found.width
    return _FIELD_VALUES[kind.word](btf, type_, place, whole)


def _of_element(kind: RelocKind, btf: BtfData, path: Path) -> Value:
    type_ = path.steps[-1].type
    if kind.word == "byte_off":
        return Value(path.bits // 8, _element_size(btf, type_), type_)
    if kind.word == "byte_sz":
        return Value(btf.size_of(type_))
    raise ValueError("an array's element has no such property")


def _byte_offset(btf: BtfData, type_: int, place: _Place, whole: bool) -> Value:
    if not whole:
        return Value(place.byte, certain=False)
    return Value(place.byte, _element_size(btf, type_), type_)


def _byte_size(btf: BtfData, type_: int, place: _Place, whole: bool) -> Value:
    return Value(place.size, certain=whole)


def _signed(btf: BtfData, type_: int, place: _Place, whole: bool) -> Value:
    record = btf.record(type_)
    if record.kind == Kind.INT:
        return Value(integer(btf, record)[0] & INT_SIGNED)
    return Value(int(record.kind in ENUMS and record.flag))


def _left_shift(btf: BtfData, type_: int, place: _Place, whole: bool) -> Value:
    return Value(64 - (place.first + place.width - 8 * place.byte) & U64, certain=whole)


def _right_shift(btf: BtfData, type_: int, place: _Place, whole: bool) -> Value:
    return Value(64 - place.width & U64)


# For bit-fields, a compiler may choose another part of memory to load.
_FIELD_VALUES: dict[str, Callable[[BtfData, int, _Place, bool], Value]] = {
    "byte_off": _byte_offset,
    "byte_sz": _byte_size,
    "signed": _signed,
    "lshift_u64": _left_shift,
    "rshift_u64": _right_shift,
}


def _place(btf: BtfData, first: int, type_: int, width: int) -> _Place:
    if not width:
        size = btf.size_of(type_)
        return _Place(first // 8, size, first, 8 * size)
    size = btf.size_of(type_)
    if not size:
        raise ValueError("a bit-field in a type of no bytes")
    while True:
        byte = first // 8 // size * size
        if first + width - 8 * byte <= 8 * size:
            return _Place(byte, size, first, width)
        if size >= _WIDEST:
            raise ValueError(f"a bit-field that no load of {_WIDEST} bytes can read")
        size *= 2


def _element_size(btf: BtfData, type_: int) -> int:
    """Bytes of a type, or of the elements of an array of any dimensions."""
    record = stripped(btf, type_)
    while record.kind == Kind.ARRAY:
        type_ = array(btf, record)[0]
        record = stripped(btf, type_)
    return btf.size_of(type_)
