"""func_info of a load request: where functions begin and what the program's BTF calls them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from emu.prog import FuncInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER = struct.Struct("<HBBIIIII")  # struct btf_header
_TYPE = struct.Struct("<III")  # struct btf_type
# Bytes behind struct btf_type, by kind: once, and for each of the vlen members.
_FIXED = {1: 4, 3: 12, 14: 4, 17: 4}
_EACH = {4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}
_FUNC = 12


def read(info: bytes, size: int, btf: bytes) -> tuple[FuncInfo, ...]:
    """The records of func_info, each of `size` bytes, resolved by the BTF.

    Raises ValueError for what is neither.
    """
    try:
        functions = {number: (linkage, name) for number, linkage, name in _functions(btf)}
        found = []
        for at in range(0, len(info), size):
            start, type_id = struct.unpack_from("<II", info, at)
            found.append(FuncInfo(start, *functions[type_id]))
    except (struct.error, KeyError) as err:
        raise ValueError(f"bad func_info: {err}") from None
    return tuple(found)


def _functions(btf: bytes) -> Iterator[tuple[int, int, str]]:
    """(type id, linkage, name) of every function."""
    header = _HEADER.unpack_from(btf)
    at = header[3] + header[4]
    end = at + header[5]
    number = 0
    while at < end:
        number += 1
        name, info, _ = _TYPE.unpack_from(btf, at)
        kind, members = info >> 24 & 0x1F, info & 0xFFFF
        if kind == _FUNC:
            text = btf[header[3] + header[6] + name :].split(b"\0", 1)[0]
            yield number, members, text.decode(errors="replace")
        at += _TYPE.size + _FIXED.get(kind, 0) + _EACH.get(kind, 0) * members
