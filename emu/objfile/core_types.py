"""Which types of an object and of a kernel are taken for the same: CO-RE's two comparisons.

Source: bpf_core_types_are_compat(), bpf_core_types_match() and bpf_core_fields_are_compat() in
tools/lib/bpf/relo_core.c, whose words are used here.  Names are compared without their flavor.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from emu.btf import ARRAY_PART, ENUM64_PART, ENUM_PART, MEMBER, PARAM, TYPE, U32, Kind, Record
from emu.btf import essential_name as essential

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emu.btf import BtfData

    Compare = Callable[[int, int, int], bool]

ENUMS = (Kind.ENUM, Kind.ENUM64)
COMPOSITES = (Kind.STRUCT, Kind.UNION)
INT_SIGNED = 1  # BTF_INT_SIGNED
_VOID = Record(0, 0, Kind.VOID, 0, False, 0)
_DEEPEST = 32  # references that are followed, and comparisons inside comparisons


class TooDeep(ValueError):
    """Types that refer to each other more often than is believed."""


def same_kind(first: int, second: int) -> bool:
    """btf_kind_core_compat(): enumerations of either width are of one kind."""
    return first == second or (first in ENUMS and second in ENUMS)


def integer(btf: BtfData, record: Record) -> tuple[int, int]:
    """BTF_INT_* encoding and offset in bits of an integer type."""
    (word,) = btf.unpack(U32, record.at + TYPE.size)
    return word >> 24 & 15, word >> 16 & 0xFF


def enumerators(btf: BtfData, record: Record) -> Iterator[tuple[str, int]]:
    """Name and value of each constant of an enumeration.

    Values are 64 bits without a sign; those of 32 bits were extended with theirs, as libbpf does
    even where the enumeration has no negative ones.
    """
    if record.kind == Kind.ENUM64:
        for name, low, high in btf.parts(record, ENUM64_PART):
            yield btf.string(name), high << 32 | low
    else:
        for name, value in btf.parts(record, ENUM_PART):
            yield btf.string(name), value & (1 << 64) - 1


def stripped(btf: BtfData, id_: int) -> Record:
    """The type behind typedefs, qualifiers and tags; one of kind VOID for void."""
    id_ = btf.stripped(id_)
    return btf.record(id_) if id_ else _VOID


def array(btf: BtfData, record: Record) -> tuple[int, int]:
    """Element's type and number of elements."""
    element, _, count = btf.unpack(ARRAY_PART, record.at + TYPE.size)
    return element, count


def _is_union(record: Record) -> bool:
    """Whether a struct or union, or what was only announced to be one, is a union."""
    return record.flag if record.kind == Kind.FWD else record.kind == Kind.UNION


class TypePairs:
    """Compares types of an object (local) with those of a kernel (target)."""

    def __init__(self, local: BtfData, target: BtfData) -> None:
        self._local, self._target = local, target
        self._known: dict[tuple[str, int, int], bool] = {}

    def fields_compatible(self, local: int, target: int) -> bool:
        """Whether a member of type `local` may stand for one of type `target`."""
        for _ in range(_DEEPEST):
            ours, theirs = self._records(local, target)
            if ours.kind in COMPOSITES and theirs.kind in COMPOSITES:
                return True
            if not same_kind(ours.kind, theirs.kind):
                return False
            if ours.kind == Kind.ARRAY:
                local, target = self._elements(ours, theirs)
                continue
            if ours.kind == Kind.INT:
                return self._plain_integers(ours, theirs)
            if ours.kind in (Kind.FWD, *ENUMS):
                names = essential(self._local.string(ours.name)), essential(
                    self._target.string(theirs.name)
                )  # fmt: skip
                return not all(names) or names[0] == names[1]
            return ours.kind in (Kind.PTR, Kind.FLOAT)
        raise TooDeep

    def compatible(self, local: int, target: int) -> bool:
        """Whether two types whose names agree are of the same make, whatever their members."""
        if not same_kind(self._local.kind(local), self._target.kind(target)):
            return False
        return self._compatible(local, target, _DEEPEST)

    def match(self, local: int, target: int) -> bool:
        """Whether `target` has all that `local` has."""
        return self._match(local, target, False, _DEEPEST)

    def _compatible(self, local: int, target: int, level: int) -> bool:
        for _ in range(_DEEPEST):
            ours, theirs = self._records(local, target)
            if not same_kind(ours.kind, theirs.kind):
                return False
            if ours.kind in (Kind.VOID, Kind.FWD, *COMPOSITES, *ENUMS):
                return True
            if ours.kind == Kind.INT:
                return self._plain_integers(ours, theirs)
            if ours.kind == Kind.PTR:
                local, target = ours.size, theirs.size
            elif ours.kind == Kind.ARRAY:
                local, target = self._elements(ours, theirs)
            elif ours.kind == Kind.FUNC_PROTO:
                if not self._parameters(self._compatible, ours, theirs, level):
                    return False
                local, target = ours.size, theirs.size
            else:
                return False
        raise TooDeep

    def _match(self, local: int, target: int, behind: bool, level: int) -> bool:
        """behind: whether a pointer was followed, behind which names and kinds are enough."""
        for _ in range(_DEEPEST):
            ours, theirs = self._records(local, target)
            if not self._names_agree(ours.name, theirs.name):
                return False
            if ours.kind in ENUMS:
                return theirs.kind in ENUMS and self._enums_match(ours, theirs)
            if behind and {ours.kind, theirs.kind} <= {Kind.FWD, *COMPOSITES}:
                return _is_union(ours) == _is_union(theirs)
            if ours.kind != theirs.kind:
                return False
            if ours.kind == Kind.PTR:
                local, target, behind = ours.size, theirs.size, True
            elif ours.kind == Kind.ARRAY:
                if array(self._local, ours)[1] != array(self._target, theirs)[1]:
                    return False
                local, target = self._elements(ours, theirs)
            elif ours.kind == Kind.FUNC_PROTO:
                compare = self._match_behind if behind else self._match_here
                if not self._parameters(compare, ours, theirs, level):
                    return False
                local, target = ours.size, theirs.size
            elif ours.kind in COMPOSITES:
                return self._composites_match(ours, theirs, level)
            elif ours.kind == Kind.INT:
                signs = {
                    integer(btf, record)[0] & INT_SIGNED
                    for btf, record in ((self._local, ours), (self._target, theirs))
                }
                return ours.size == theirs.size and len(signs) == 1
            else:
                return ours.kind == Kind.VOID or (
                    ours.kind == Kind.FWD and ours.flag == theirs.flag
                )
        raise TooDeep

    def _match_here(self, local: int, target: int, level: int) -> bool:
        return self._match(local, target, False, level)

    def _match_behind(self, local: int, target: int, level: int) -> bool:
        return self._match(local, target, True, level)

    def _once(self, compare: Compare, local: int, target: int, level: int) -> bool:
        """compare(), done once for a pair: otherwise types that share parts take for ever."""
        if level <= 0:
            raise TooDeep
        key = compare.__name__, local, target
        if key not in self._known:
            self._known[key] = compare(local, target, level - 1)
        return self._known[key]

    def _parameters(self, compare: Compare, ours: Record, theirs: Record, level: int) -> bool:
        if ours.parts != theirs.parts:
            return False
        pairs = zip(self._local.parts(ours, PARAM), self._target.parts(theirs, PARAM), strict=True)
        return all(self._once(compare, local, target, level) for (_, local), (_, target) in pairs)

    def _composites_match(self, ours: Record, theirs: Record, level: int) -> bool:
        if ours.parts > theirs.parts:
            return False
        there = defaultdict(list)
        for name, type_, _ in self._target.parts(theirs, MEMBER):
            there[essential(self._target.string(name))].append(type_)
        return all(
            any(
                self._once(self._match_here, local, target, level)
                for target in there[essential(self._local.string(name))]
            )
            for name, local, _ in self._local.parts(ours, MEMBER)
        )

    def _enums_match(self, ours: Record, theirs: Record) -> bool:
        if ours.size != theirs.size or ours.parts > theirs.parts:
            return False
        there = {essential(name) for name, _ in enumerators(self._target, theirs)}
        return all(essential(name) in there for name, _ in enumerators(self._local, ours))

    def _names_agree(self, local: int, target: int) -> bool:
        return essential(self._local.string(local)) == essential(self._target.string(target))

    def _records(self, local: int, target: int) -> tuple[Record, Record]:
        return stripped(self._local, local), stripped(self._target, target)

    def _elements(self, ours: Record, theirs: Record) -> tuple[int, int]:
        return array(self._local, ours)[0], array(self._target, theirs)[0]

    def _plain_integers(self, ours: Record, theirs: Record) -> bool:
        # Integers that begin inside a byte are how compilers once described bit-fields.
        return not integer(self._local, ours)[1] and not integer(self._target, theirs)[1]
