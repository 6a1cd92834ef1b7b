"""Where an access of a kernel structure goes, by the kernel's own BTF.

Source: btf_struct_access() and btf_struct_walk(), kernel/bpf/btf.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.btf import ARRAY_PART, MEMBER, POINTER_SIZE, TRANSPARENT, TYPE, BtfData, Kind
from emu.kernel.errno import EACCES, EINVAL
from emu.kernel.traits import Trait
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.btf import Record
    from emu.kernel.profile import Kernel

_STRUCTS = (Kind.STRUCT, Kind.UNION)
TAGS = ("user", "percpu", "rcu")


class Found(NamedTuple):
    """What is at an offset of a structure."""

    pointer: bool = False
    struct: int = 0  # of a pointer: the type's id, or 0 where it does not point to a structure
    tag: str = ""  # of a pointer: one of TAGS
    in_union: bool = False  # of a pointer: another member may lie there
    field: str = ""  # of a pointer: the member's name
    is_plain: bool = True  # of a pointer: it names the structure itself


class _Inner(NamedTuple):
    """The access starts at an inner structure's beginning, and goes on in it."""

    struct: int


class Walk:
    """One access of `size` bytes at `off`, as a release takes it."""

    def __init__(self, btf: BtfData, kernel: Kernel, off: int, size: int) -> None:
        self.btf = btf
        self.kernel = kernel
        self.off = off
        self.size = size
        self.any_union = kernel.has(Trait.BTF_UNIONS_UNTRUSTED)
        self.in_union = False

    def find(self, struct: int) -> Found:
        """What the access reads.  Raises Reject where it fits no member."""
        found = self._step(struct)
        while isinstance(found, _Inner):
            self.off = 0
            if not self.any_union:
                self.in_union = False
            found = self._step(found.struct)
        return found

    def _step(self, struct: int) -> Found | _Inner:
        btf = self.btf
        struct = btf.stripped(struct)
        record = btf.record(struct)
        name = btf.name(struct) or "(anon)"
        if record.kind not in _STRUCTS:
            raise Reject(f"Type '{name}' is not a struct", EINVAL)
        if self.any_union and _is_shared(record):
            self.in_union = True
        members = list(btf.parts(record, MEMBER))
        bitfields = self.kernel.has(Trait.BTF_BITFIELDS)
        if bitfields and self.off + self.size > record.size:
            return self._flexible(record, name, members)
        for name_offset, type_, position in members:
            bits = position & 0xFFFFFF if record.flag else position
            width = position >> 24 if record.flag else 0
            at = bits // 8
            if width and not bitfields:
                continue
            if self.off + self.size <= at:
                break
            if width:
                if self.off <= at and (bits + width + 7) // 8 <= self.off + self.size:
                    return Found()
                continue
            if self.off < at:
                if bitfields:
                    break
                continue
            found = self._member(name, btf.string(name_offset) or "(anon)", type_, at)
            if found is not None:
                return found
        raise Reject(f"struct {name} doesn't have field at offset {self.off}", EINVAL)

    def _flexible(
        self, record: Record, name: str, members: list[tuple[int, ...]]
    ) -> Found | _Inner:
        """The access is behind the structure: in an array at its end that has no length."""
        btf, kernel = self.btf, self.kernel
        if members and kernel.has(Trait.BTF_FLEXIBLE_STRUCTS):
            _, type_, position = members[-1]
            last = btf.record(btf.stripped(type_)) if btf.stripped(type_) else None
            at = (position & 0xFFFFFF if record.flag else position) // 8
            if last is not None and last.kind == Kind.ARRAY and self.off >= at:
                element, _, count = btf.unpack(ARRAY_PART, last.at + TYPE.size)
                inner = btf.record(btf.stripped(element))
                numbers = kernel.has(Trait.BTF_FLEXIBLE_NUMBERS)
                if not count and inner.kind == Kind.INT and numbers:
                    return Found()
                if not count and inner.kind in _STRUCTS and inner.size:
                    self.off = (self.off - at) % inner.size
                    return self._step(element)
        text = f"access beyond struct {name} at off {self.off} size {self.size}"
        raise Reject(text, EACCES)

    def _member(self, owner: str, name: str, type_: int, at: int) -> Found | _Inner | None:
        """What the member at `at` is to the access; None where it lies behind the member."""
        btf, off, size = self.btf, self.off, self.size
        total = btf.size_of(type_)
        end = at + total
        if off >= end:
            return None
        element, count = self._element(type_)
        if count is not None:
            if not total:
                return None
            step = total // count
            at += (off - at) // step * step
            type_ = element
        record = btf.record(btf.stripped(type_))
        if record.kind in _STRUCTS:
            if self.kernel.has(Trait.BTF_WALK_TRUSTED) and _is_shared(record):
                self.in_union = True
            if off == at:
                if count is not None:
                    self._check_element(type_)
                return _Inner(type_)
            self.off -= at
            return self._step(type_)
        where = f"in struct {owner} with off {off} size {size}"
        if record.kind == Kind.PTR:
            if size != POINTER_SIZE or off != at:
                text = f"cannot access ptr member {name} with moff {at} {where}"
                raise Reject(text, EACCES)
            to = btf.stripped(type_)
            struct, tag = target(btf, to)
            plain = btf.record(to).size == struct
            return Found(True, struct, tag, self.in_union, name, plain)
        if off + size > end and not (self.in_union and self.any_union):
            text = f"access beyond the end of member {name} (mend:{end}) {where}"
            raise Reject(text, EACCES)
        return Found()

    def _check_element(self, type_: int) -> None:
        """The element of an array of structures is looked up by the type that the array names."""
        btf = self.btf
        if btf.kind(type_) in TRANSPARENT and self.kernel.has(Trait.BTF_NAMED_ELEMENTS_REFUSED):
            raise Reject(f"Type '{btf.name(type_) or '(anon)'}' is not a struct", EINVAL)

    def _element(self, type_: int) -> tuple[int, int | None]:
        """The innermost element of an array of arrays, and how many there are."""
        btf = self.btf
        count: int | None = None
        record = btf.record(btf.stripped(type_))
        while record.kind == Kind.ARRAY:
            type_, _, number = btf.unpack(ARRAY_PART, record.at + TYPE.size)
            count = number * (1 if count is None else count)
            record = btf.record(btf.stripped(type_))
        return type_, count


def _is_shared(record: Record) -> bool:
    """Whether several members lie at one place."""
    return record.kind == Kind.UNION and record.parts != 1


def target(btf: BtfData, pointer: int) -> tuple[int, str]:
    """The structure that a pointer points to, 0 for something else, and the tag on it.

    Raises Unmodelled for a tag that does not come first, which releases take differently.
    """
    tag = ""
    first = to = btf.record(pointer).size
    while to and btf.kind(to) in TRANSPARENT:
        if btf.kind(to) == Kind.TYPE_TAG and btf.name(to) in TAGS:
            if to != first:
                raise Unmodelled("a type's tag behind another one or a qualifier", -1)
            tag = btf.name(to)
        to = btf.record(to).size
    return (to, tag) if to and btf.kind(to) in _STRUCTS else (0, tag)


def is_trusted(btf: BtfData, struct: int, found: Found, suffix: str) -> bool:
    """Whether the kernel's list for the suffix has the member: btf_nested_type_is_trusted()."""
    for name_offset, type_, _ in _listed(btf, struct, suffix):
        if btf.kind(type_) == Kind.PTR and btf.string(name_offset) == found.field:
            return target(btf, type_)[0] == found.struct
    return False


def is_safe_field(btf: BtfData, struct: int, off: int) -> bool:
    """Whether the list of 6.3 has the member that begins at `off`, with its very type."""
    record = btf.record(struct)
    for name_offset, type_, position in btf.parts(record, MEMBER):
        if (position & 0xFFFFFF if record.flag else position) // 8 == off:
            member = btf.string(name_offset), type_
            safe = _listed(btf, struct, "__safe_fields")
            return any((btf.string(name), type_) == member for name, type_, _ in safe)
    return False


def _listed(btf: BtfData, struct: int, suffix: str) -> list[tuple[int, ...]]:
    name = btf.name(struct)
    safe = btf.find(f"{name}{suffix}", (btf.kind(struct),)) if name else None
    return [] if safe is None else list(btf.parts(btf.record(safe), MEMBER))
