"""elf(): BPF objects for tests, made of sections and symbols."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGBITS, SYMTAB, STRTAB, NOBITS, REL = 1, 2, 3, 8, 9
WRITE, ALLOC, EXEC = 1, 2, 4
OBJECT, FUNC, SECTION, GLOBAL = 1, 2, 3, 1 << 4
BPF = 247  # EM_BPF


class Symbol(NamedTuple):
    """Of the fields of Elf64_Sym those that tests care for."""

    info: int  # type, and binding << 4
    section: int
    value: int = 0
    size: int = 0
    name: str = "main"


def elf(
    code: bytes,
    section: str = "socket",
    *,
    relocs: Sequence[tuple[int, int, int]] = (),
    symbols: Sequence[tuple[int, ...]] = (),
    more: Sequence[tuple[str, int, int, bytes]] = (),
    machine: int = BPF,
) -> bytes:
    """An object whose section 1 holds one function, `main`, and is changed by `relocs`.

    relocs: (offset, type, symbol); symbol 1 is main.
    symbols: fields of Symbol, of more symbols.
    more: name, type, flags and content of more sections, from number 2 on.
    """
    rows = [Symbol(0, 0, name=""), Symbol(FUNC | GLOBAL, 1, 0, len(code))]
    rows += [Symbol(*each) for each in symbols]
    strings = b"\0" + b"\0".join(row.name.encode() for row in rows) + b"\0"
    table = b"".join(
        struct.pack(
            "<IBBHQQ", strings.index(b"\0" + row.name.encode() + b"\0") + 1 if row.name else 0,
            row.info, 0, row.section, row.value, row.size,
        )
        for row in rows
    )  # fmt: skip
    end = 2 + len(more)
    parts = [
        ("", 0, 0, 0, 0, b""),
        (section, PROGBITS, ALLOC | EXEC, 0, 0, code),
        *((name, kind, flags, 0, 0, content) for name, kind, flags, content in more),
        (".symtab", SYMTAB, 0, end + 1, 1, table),
        (".strtab", STRTAB, 0, 0, 0, strings),
        (".rel", REL, 0, end, 1, b"".join(
            struct.pack("<QQ", offset, symbol << 32 | kind) for offset, kind, symbol in relocs)),
    ]  # fmt: skip
    names = b"".join(name.encode() + b"\0" for name, *_ in parts) + b".names\0"
    parts.append((".names", STRTAB, 0, 0, 0, names))
    body, headers, at = b"", b"", 0
    for name, kind, flags, link, info, content in parts:
        place = 64 + len(body)
        headers += struct.pack(
            "<IIQQQQIIQQ", at, kind, flags, 0, place, len(content), link, info, 8, 0
        )
        body += content
        at += len(name) + 1
    ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    ehdr = (1, machine, 1, 0, 0, 64 + len(body), 0, 64, 0, 0, 64, len(parts), len(parts) - 1)
    return ident + struct.pack("<HHIQQQIHHHHHH", *ehdr) + body + headers
