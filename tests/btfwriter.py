"""Writer: BTF for tests, one type after the other."""

from __future__ import annotations

import struct

from emu.btf import HEADER, MAGIC, Kind


class Writer:
    """Writes BTF, one type after the other."""

    def __init__(self) -> None:
        self.types = b""
        self.strings = b"\0"
        self.count = 0

    def name(self, text: str) -> int:
        """The offset of a string."""
        if not text:
            return 0
        self.strings += text.encode() + b"\0"
        return len(self.strings) - len(text) - 1

    def type(
        self, kind: int, name: str = "", size: int = 0, *, parts: int = 0, flag: bool = False,
        rest: bytes = b"",
    ) -> int:  # fmt: skip
        """The id of a new type; `size` is its size or the type it refers to."""
        info = flag << 31 | kind << 24 | parts
        self.types += struct.pack("<III", self.name(name), info, size) + rest
        self.count += 1
        return self.count

    def integer(self, name: str, size: int, *, signed: bool) -> int:
        return self.type(Kind.INT, name, size, rest=struct.pack("<I", signed << 24 | size * 8))

    def struct(self, kind: int, name: str, size: int, *members: tuple[str, int, int]) -> int:
        """members: name, type, offset in bits."""
        rest = b"".join(struct.pack("<III", self.name(n), t, at) for n, t, at in members)
        return self.type(kind, name, size, parts=len(members), rest=rest)

    def proto(self, result: int, *params: tuple[str, int]) -> int:
        rest = b"".join(struct.pack("<II", self.name(n), t) for n, t in params)
        return self.type(Kind.FUNC_PROTO, "", result, parts=len(params), rest=rest)

    def blob(self) -> bytes:
        header = HEADER.pack(
            MAGIC, 1, 0, HEADER.size, 0, len(self.types), len(self.types), len(self.strings)
        )
        return header + self.types + self.strings
