"""BTF as records and strings: one pass makes an index, then any record can be read alone."""

from __future__ import annotations

from array import array
from struct import Struct, error
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap

_HEADER = Struct("<HBBIIIII")  # magic, version, flags, header length; type and string off, len
_MAGIC = 0xEB9F
TYPE = Struct("<III")  # name offset, info, size or type
MEMBER = Struct("<III")  # name offset, type, offset in bits
U32 = Struct("<I")
PARAM = Struct("<II")  # name offset, type
ENUM_PART = Struct("<Ii")  # name offset, value
ENUM64_PART = Struct("<III")  # name offset, low half, high half
ARRAY_PART = Struct("<III")  # element type, index type, count


class Kind:
    """BTF_KIND_*; plain numbers, as the records have them."""

    VOID = 0  # the id that no record has
    INT = 1
    PTR = 2
    ARRAY = 3
    STRUCT = 4
    UNION = 5
    ENUM = 6
    FWD = 7
    TYPEDEF = 8
    VOLATILE = 9
    CONST = 10
    RESTRICT = 11
    FUNC = 12
    FUNC_PROTO = 13
    VAR = 14
    DATASEC = 15
    FLOAT = 16
    DECL_TAG = 17
    TYPE_TAG = 18
    ENUM64 = 19


# Bytes after the 12 of every record: a fixed number, and one for each of its `vlen` parts.
_EXTRA = {Kind.INT: 4, Kind.ARRAY: 12, Kind.VAR: 4, Kind.DECL_TAG: 4}
_EXTRA_PER_PART = {
    Kind.STRUCT: 12,
    Kind.UNION: 12,
    Kind.ENUM: 8,
    Kind.FUNC_PROTO: 8,
    Kind.DATASEC: 12,
    Kind.ENUM64: 12,
}

QUALIFIERS = {Kind.CONST: "const", Kind.VOLATILE: "volatile", Kind.RESTRICT: "restrict"}
TRANSPARENT = (Kind.TYPEDEF, Kind.TYPE_TAG, *QUALIFIERS)
DEEPEST = 64  # references from one type to the next that are believed

_SIZES = (  # by kind, in words of 4 bytes
    {kind: (12 + _EXTRA.get(kind, 0)) // 4 for kind in range(1, Kind.ENUM64 + 1)},
    tuple(_EXTRA_PER_PART.get(kind, 0) // 4 for kind in range(32)),
)


class BtfError(Exception):
    """BTF that is damaged, or does not have what was asked for.  One line, no traceback."""


class Index(NamedTuple):
    """What one pass over the records finds; [i] is of the type with id i + 1."""

    offsets: array[int]  # u32: of the record, from the start of the data
    names: array[int]  # u32: of the name, from the start of the strings


class Record(NamedTuple):
    """One type: struct btf_type."""

    at: int  # offset in the data
    name: int  # offset in the strings
    kind: int
    parts: int  # vlen
    flag: bool  # kind_flag
    size: int  # bytes; or the id of the type it refers to


class BtfData:
    """A BTF blob, record by record."""

    def __init__(self, data: bytes | mmap, index: Index | None = None) -> None:
        """data: the blob, which must not change.  index: as index() once returned it for this blob.

        Raises BtfError where the blob is not BTF.
        """
        self._data = data
        try:
            magic, version, _, header, type_off, type_len, str_off, str_len = _HEADER.unpack_from(
                data, 0
            )
        except error:
            raise BtfError("BTF is damaged: shorter than its header") from None
        if magic != _MAGIC:
            raise BtfError(f"not BTF, or of another byte order: magic {magic:#x}")
        if version != 1:
            raise BtfError(f"BTF version {version} is not supported")
        self._types = (header + type_off, header + type_off + type_len)
        self._strings = (header + str_off, header + str_off + str_len)
        for what, (_, end) in (("type", self._types), ("string", self._strings)):
            if end > len(data):
                raise BtfError(
                    f"BTF is damaged: the {what} section ends at offset {end} of {len(data)}"
                )
        self.index = index or self._build_index()
        self._searched: tuple[bytes, bytes] | None = None  # strings, and index.names as bytes

    def _build_index(self) -> Index:
        start, end = self._types
        if (end - start) % 4:
            raise BtfError(f"BTF is damaged: type section of {end - start} bytes")
        offsets, names = array("I"), array("I")
        add_offset, add_name = offsets.append, names.append
        fixed, per_part = _SIZES
        words = memoryview(self._data)[start:end].cast("I")
        at, last = 0, len(words) - 2
        try:
            while at < last:
                info = words[at + 1]
                add_offset(at)
                add_name(words[at])
                kind = info >> 24 & 31
                at += fixed[kind] + (info & 0xFFFF) * per_part[kind]
        except KeyError:
            raise BtfError(
                f"BTF is damaged: unknown kind {kind} at offset {start + 4 * at}"
            ) from None
        if at != len(words):
            raise BtfError(f"BTF is damaged: the last type runs past offset {end}")
        words.release()
        return Index(array("I", [start + 4 * at for at in offsets]), names)

    def record(self, id_: int, depth: int = 0) -> Record:
        """The type with that id.  depth: how many references led here, to end a circle of them."""
        if depth > DEEPEST:
            raise BtfError(f"BTF is damaged: type {id_} refers to itself")
        if not 0 < id_ <= len(self.index.offsets):
            raise BtfError(f"BTF is damaged: there is no type {id_}")
        at = self.index.offsets[id_ - 1]
        name, info, size = self.unpack(TYPE, at)
        return Record(at, name, info >> 24 & 31, info & 0xFFFF, bool(info >> 31), size)

    def kind(self, id_: int) -> int:
        """Its BTF_KIND, VOID for 0."""
        return self.record(id_).kind if id_ else Kind.VOID

    def parts(self, record: Record, layout: Struct) -> Iterator[tuple[int, ...]]:
        """What follows a record: members, parameters or enumerators, as `layout` unpacks them."""
        start = record.at + TYPE.size
        for i in range(record.parts):
            yield self.unpack(layout, start + i * layout.size)

    def unpack(self, layout: Struct, at: int) -> tuple[int, ...]:
        """What is at offset `at` of the type section's data."""
        if at + layout.size > self._types[1]:
            raise BtfError(f"BTF is damaged: a type runs past the section at offset {at}")
        return layout.unpack_from(self._data, at)

    def string(self, offset: int) -> str:
        """The string at that offset of the string section."""
        start, end = self._strings
        stop = self._data.find(b"\0", start + offset, end) if offset < end - start else -1
        if stop < 0:
            raise BtfError(f"BTF is damaged: no string at offset {start + offset}")
        return self._data[start + offset : stop].decode(errors="replace")

    def find(self, name: str, kinds: tuple[int, ...]) -> int | None:
        """The id of the first type of one of `kinds` called `name`, or None."""
        if self._searched is None:
            start, end = self._strings
            self._searched = (
                self._data[start:end], memoryview(self.index.names).cast("B").tobytes()
            )  # fmt: skip
        strings, names = self._searched
        whole = b"\0" + name.encode(errors="replace") + b"\0"
        position = strings.find(whole)
        while position >= 0:
            pattern = U32.pack(position + 1)
            hit = names.find(pattern)
            while hit >= 0:
                if hit % 4 == 0 and self.record(hit // 4 + 1).kind in kinds:
                    return hit // 4 + 1
                hit = names.find(pattern, hit + 1)
            position = strings.find(whole, position + 1)
        return None

    def stripped(self, id_: int) -> int:
        """The id behind typedefs, qualifiers and tags."""
        for _ in range(DEEPEST):
            record = self.record(id_)
            if record.kind not in TRANSPARENT:
                return id_
            id_ = record.size
        raise BtfError(f"BTF is damaged: type {id_} refers to itself")

    def member(self, id_: int, name: str) -> tuple[int, int] | None:
        """(type, offset in bits) of a struct's member, those of anonymous ones in it too."""
        wanted = name.encode(errors="replace") + b"\0"
        strings = self._strings[0]
        pending, seen = [(id_, 0)], {Kind.VOID}
        while pending:
            struct, base = pending.pop()
            if struct in seen:
                continue
            seen.add(struct)
            record = self.record(struct)
            if record.kind not in (Kind.STRUCT, Kind.UNION):
                continue
            for name_offset, type_, position in self.parts(record, MEMBER):
                offset = base + (position & 0xFFFFFF if record.flag else position)
                start = strings + name_offset
                if name and self._data[start : start + len(wanted)] == wanted:
                    return type_, offset
                if self._data[start : start + 1] == b"\0":
                    pending.append((self.stripped(type_), offset))
        return None
