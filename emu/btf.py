"""BTF as records and strings: one pass makes an index, then any record can be read alone.

BTF is a list of type records of various lengths and a table of strings; a type's id is its place in
the list, from 1 on.  Source: include/uapi/linux/btf.h, Documentation/bpf/btf.rst.

The kernel's own BTF is read by it, and that of objects.
"""

from __future__ import annotations

from array import array
from struct import Struct, error
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap

HEADER = Struct("<HBBIIIII")  # magic, version, flags, header length; type and string off, len
# Offset and length of the layout section, where struct btf_header has 32 bytes (read in 7.2).
_LAYOUT_HEADER = Struct("<II")
_LAYOUT = Struct("<BBH")  # of a kind: bytes after its record, bytes of each part, flags
MAGIC = 0xEB9F
_OTHER_ENDS = 0x9FEB  # the magic as a big-endian machine writes it
TYPE = Struct("<III")  # name offset, info, size or type
MEMBER = Struct("<III")  # name offset, type, offset in bits
U32 = Struct("<I")
SECINFO = Struct("<III")  # of a section's variable: type, offset, size
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

# struct btf_type, info, as in 7.2; the bits that older kernels do not have are zero in their BTF.
_KIND_BITS = 0x7F
_PARTS_BITS = 0xFFFFFF

POINTER_SIZE = 8  # bytes

_SIZES = (  # by kind, in words of 4 bytes
    {kind: (12 + _EXTRA.get(kind, 0)) // 4 for kind in range(1, Kind.ENUM64 + 1)},
    {kind: _EXTRA_PER_PART.get(kind, 0) // 4 for kind in range(1, Kind.ENUM64 + 1)},
)


_SIZED = (Kind.INT, Kind.STRUCT, Kind.UNION, Kind.ENUM, Kind.ENUM64, Kind.FLOAT)


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


def essential_name(name: str) -> str:
    """A name without its flavor: what follows the last "___" between other characters.

    "task_struct___old" is another description of "task_struct": bpf_core_essential_name_len() in
    tools/lib/bpf/libbpf.c.
    """
    at = name.rfind("___")
    while at > 0:
        if name[at - 1] != "_" and name[at + 3 : at + 4] not in ("", "_"):
            return name[:at]
        at = name.rfind("___", 0, at + 2)
    return name


class BtfData:
    """A BTF blob, record by record."""

    def __init__(self, data: bytes | mmap, index: Index | None = None) -> None:
        """data: the blob, which must not change.  index: as index() once returned it for this blob.

        Raises BtfError where the blob is not BTF.
        """
        self._data = data
        try:
            magic, version, _, header, type_off, type_len, str_off, str_len = HEADER.unpack_from(
                data, 0
            )
        except error:
            raise self.damaged("shorter than its header", len(data)) from None
        if magic == _OTHER_ENDS:
            raise self.wrong("not BTF of this byte order, but big-endian BTF", 0)
        if magic != MAGIC:
            raise self.wrong(f"not BTF: magic {magic:#x}", 0)
        if version != 1:
            raise self.wrong(f"BTF version {version} is not supported", 2)
        self._types = (header + type_off, header + type_off + type_len)
        self._strings = (header + str_off, header + str_off + str_len)
        for what, (_, end) in (("type", self._types), ("string", self._strings)):
            if end > len(data):
                raise self.damaged(
                    f"the {what} section ends at offset {end} of {len(data)}", len(data)
                )
        self.index = index or self._build_index()
        self._searched: tuple[bytes, bytes] | None = None  # strings, and index.names as bytes

    def __eq__(self, other: object) -> bool:
        """Whether it is the same blob, at the same place of what it lies in."""
        if not isinstance(other, BtfData):
            return NotImplemented
        return (self._types, self._data) == (other._types, other._data)

    def __hash__(self) -> int:
        return hash((self._types, self._strings))

    # A reader of BTF that lies in another file overrides these two, to tell places in that file.

    def damaged(self, what: str, at: int) -> Exception:
        """The error for BTF that contradicts itself at offset `at`."""
        return self.wrong(f"BTF is damaged: {what}", at)

    def wrong(self, message: str, at: int) -> Exception:
        """The error for BTF that cannot be used, because of what is at offset `at`."""
        return BtfError(message)

    def _build_index(self) -> Index:
        start, end = self._types
        if (end - start) % 4:
            raise self.damaged(f"type section of {end - start} bytes", start)
        offsets, names = array("I"), array("I")
        add_offset, add_name = offsets.append, names.append
        fixed, per_part = self._sizes()
        words = memoryview(self._data)[start:end].cast("I")
        at, last = 0, len(words) - 2
        try:
            while at < last:
                info = words[at + 1]
                add_offset(at)
                add_name(words[at])
                kind = info >> 24 & _KIND_BITS
                at += fixed[kind] + (info & _PARTS_BITS) * per_part[kind]
        except KeyError:
            place = start + 4 * at
            raise self.damaged(f"unknown kind {kind} at offset {place}", place) from None
        if at != len(words):
            raise self.damaged(f"the last type runs past offset {end}", end)
        words.release()
        return Index(array("I", [start + 4 * at for at in offsets]), names)

    def _sizes(self) -> tuple[dict[int, int], dict[int, int]]:
        """_SIZES, and those of kinds that only the blob's layout section knows."""
        fixed, per_part = _SIZES
        header = HEADER.unpack_from(self._data, 0)[3]
        if header < HEADER.size + _LAYOUT_HEADER.size or header > len(self._data):
            return fixed, per_part
        offset, length = _LAYOUT_HEADER.unpack_from(self._data, HEADER.size)
        rows = self._data[header + offset : header + offset + length]
        fixed, per_part = dict(fixed), dict(per_part)
        for kind in range(Kind.ENUM64 + 1, min(len(rows) // _LAYOUT.size, _KIND_BITS + 1)):
            extra, part, _ = _LAYOUT.unpack_from(rows, kind * _LAYOUT.size)
            fixed[kind], per_part[kind] = (TYPE.size + extra) // 4, part // 4
        return fixed, per_part

    def record(self, id_: int, depth: int = 0) -> Record:
        """The type with that id.  depth: how many references led here, to end a circle of them."""
        if depth > DEEPEST:
            raise self.damaged(f"type {id_} refers to itself", self._types[0])
        if not 0 < id_ <= len(self.index.offsets):
            raise self.damaged(f"there is no type {id_}", self._types[0])
        at = self.index.offsets[id_ - 1]
        name, info, size = self.unpack(TYPE, at)
        kind, parts = info >> 24 & _KIND_BITS, info & _PARTS_BITS
        return Record(at, name, kind, parts, bool(info >> 31), size)

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
            raise self.damaged(f"a type runs past the section at offset {at}", at)
        return layout.unpack_from(self._data, at)

    def string(self, offset: int) -> str:
        """The string at that offset of the string section."""
        start, end = self._strings
        stop = self._data.find(b"\0", start + offset, end) if offset < end - start else -1
        if stop < 0:
            raise self.damaged(f"no string at offset {start + offset}", start)
        return self._data[start + offset : stop].decode(errors="replace")

    def find(self, name: str, kinds: tuple[int, ...]) -> int | None:
        """The id of the first type of one of `kinds` called `name`, or None."""
        strings, names = self._tables()
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

    def _tables(self) -> tuple[bytes, bytes]:
        """The strings, and the offsets of the types' names in them, to be searched as bytes."""
        if self._searched is None:
            start, end = self._strings
            names = memoryview(self.index.names).cast("B").tobytes()
            self._searched = self._data[start:end], names
        return self._searched

    def name(self, id_: int) -> str:
        """The name of the type with that id, "" for those without."""
        return self.string(self.record(id_).name) if id_ else ""

    def flavors(self, name: str) -> Iterator[int]:
        """The ids of the types called `name`, or `name` with a flavor: essential_name()."""
        strings, names = self._tables()
        start = b"\0" + name.encode(errors="replace")
        position = strings.find(start)
        while name and position >= 0:
            if essential_name(self.string(position + 1)) == name:
                pattern = U32.pack(position + 1)
                hit = names.find(pattern)
                while hit >= 0:
                    if hit % 4 == 0:
                        yield hit // 4 + 1
                    hit = names.find(pattern, hit + 1)
            position = strings.find(start, position + 1)

    def size_of(self, id_: int) -> int:
        """Bytes of a value of that type; an error for functions, void and what is not complete."""
        count = 1
        for _ in range(DEEPEST):
            record = self.record(self.stripped(id_))
            if record.kind == Kind.PTR:
                return count * POINTER_SIZE
            if record.kind in _SIZED:
                return count * record.size
            if record.kind != Kind.ARRAY:
                raise self.wrong(f"BTF type {id_} has no size", record.at)
            id_, _, elements = self.unpack(ARRAY_PART, record.at + TYPE.size)
            count *= elements
        raise self.damaged(f"type {id_} refers to itself", self._types[0])

    def stripped(self, id_: int) -> int:
        """The id behind typedefs, qualifiers and tags."""
        for _ in range(DEEPEST):
            if not id_:
                return id_
            record = self.record(id_)
            if record.kind not in TRANSPARENT:
                return id_
            id_ = record.size
        raise self.damaged(f"type {id_} refers to itself", self._types[0])

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
