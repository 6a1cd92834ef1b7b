"""BTF of the emulated kernels: the types of what a world fills in, and of nothing else.

For objects with CO-RE relocations that are to run in a world: emu.objfile.load(..., btf=blob()).
What is not in emu.world.structs does not exist for them; to judge objects, take a kernel's BTF.
"""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING

from emu.btf import HEADER, MAGIC, Kind
from emu.world.structs import IDS, SIZES, STRUCTS, TYPES

if TYPE_CHECKING:
    from emu.world.structs import Member

_SIGNED = 1  # BTF_INT_SIGNED
# Integers by their C names: bytes and encoding.
_INTS = {
    "char": (1, _SIGNED),
    "int": (4, _SIGNED),
    "unsigned int": (4, 0),
    "unsigned long": (8, 0),
}
_TYPEDEFS = {
    "pid_t": "int",
    "uid_t": "unsigned int",
    "gid_t": "unsigned int",
    "uint32_t": "unsigned int",
    "uint64_t": "unsigned long",
}


def blob() -> bytes:
    """The BTF, as /sys/kernel/btf/vmlinux would have it."""
    writer = _Writer()
    for name in STRUCTS:
        writer.type(f"struct {name}")
    return writer.blob()


class _Writer:
    """Types by their C names, each written when it is first named."""

    def __init__(self) -> None:
        self._records: list[bytes] = []
        self._strings = bytearray(1)
        self._ids = {"void": Kind.VOID}
        self._within: dict[str, tuple[dict[str, Member], int]] = {}  # structs within structs

    def blob(self) -> bytes:
        types = b"".join(self._records)
        header = HEADER.pack(
            MAGIC, 1, 0, HEADER.size, 0, len(types), len(types), len(self._strings)
        )
        return header + types + bytes(self._strings)

    def type(self, text: str) -> int:
        """The id of a type."""
        known = self._ids.get(text)
        if known is not None:
            return known
        # The number is taken before the parts are written: a task's parent is a task.
        self._records.append(b"")
        number = self._ids[text] = len(self._records)
        self._records[number - 1] = self._record(text)
        return number

    def _record(self, text: str) -> bytes:
        if text.endswith(" *"):
            return self._header(Kind.PTR, "", self.type(text.removesuffix(" *")))
        if text in _INTS:
            size, encoding = _INTS[text]
            return self._header(Kind.INT, text, size) + pack("<I", encoding << 24 | 8 * size)
        if text in _TYPEDEFS:
            return self._header(Kind.TYPEDEF, text, self.type(_TYPEDEFS[text]))
        if text in IDS:
            return self._header(Kind.TYPEDEF, text, self.type(f"{text} struct"))
        if text.endswith(" struct"):
            value = self.type(IDS[text.removesuffix(" struct")])
            return self._struct("", 4, [("val", value, 0)])
        if text.endswith("]"):
            element, _, count = text[:-1].partition("[")
            parts = pack("<III", self.type(element), self.type("int"), int(count))
            return self._header(Kind.ARRAY, "", 0) + parts
        name = text.removeprefix("struct ")
        if name in STRUCTS:
            return self._struct(name, SIZES[name], self._members(name, STRUCTS[name]))
        if name in self._within:
            members, size = self._within[name]
            return self._struct(name, size, self._members(name, members))
        return self._header(Kind.FWD, name, 0)

    def _members(self, name: str, members: dict[str, Member]) -> list[tuple[str, int, int]]:
        """Name, type and offset in bytes of each member."""
        found = []
        within: dict[str, dict[str, Member]] = {}
        for word, member in members.items():
            outer, dot, rest = word.partition(".")
            if dot:
                within.setdefault(outer, {})[rest] = member
                continue
            text = TYPES[name][word]
            if text == "char" and member.size > 1:
                text = f"char[{member.size}]"
            found.append((word, self.type(text), member.offset))
        for word, inner in within.items():
            start = min(member.offset for member in inner.values())
            end = max(member.offset + member.size for member in inner.values())
            moved = {n: m._replace(offset=m.offset - start) for n, m in inner.items()}
            self._within[word] = moved, end - start
            found.append((word, self.type(f"struct {word}"), start))
        return sorted(found, key=lambda each: each[2])

    def _struct(self, name: str, size: int, members: list[tuple[str, int, int]]) -> bytes:
        parts = b"".join(pack("<III", self._name(n), t, 8 * at) for n, t, at in members)
        return self._header(Kind.STRUCT, name, size, len(members)) + parts

    def _header(self, kind: int, name: str, size: int, parts: int = 0) -> bytes:
        return pack("<III", self._name(name), kind << 24 | parts, size)

    def _name(self, text: str) -> int:
        if not text:
            return 0
        self._strings += text.encode() + b"\0"
        return len(self._strings) - len(text) - 1
