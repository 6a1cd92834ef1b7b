"""func_info and line_info of a load request: what the program's BTF says of its insns."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from emu.objfile.func_types import FuncTypes
from emu.prog import LineInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.btf import BtfData
    from emu.prog import FuncInfo

_FUNC, _LINE = struct.Struct("<II"), struct.Struct("<IIII")


def functions(info: bytes, size: int, btf: BtfData) -> tuple[FuncInfo, ...]:
    """The records of func_info, each of `size` bytes, resolved by the BTF.

    Raises ValueError or BtfError for what is neither.
    """
    types = FuncTypes(btf)
    return tuple(types.info(start, type_id) for start, type_id in _records(info, size, _FUNC))


def lines(info: bytes, size: int, btf: BtfData) -> tuple[LineInfo, ...]:
    """The records of line_info, the same."""
    return tuple(
        LineInfo(insn, btf.string(file), place >> 10, place & 0x3FF, btf.string(text))
        for insn, file, text, place in _records(info, size, _LINE)
    )


def _records(info: bytes, size: int, layout: struct.Struct) -> Iterator[tuple[int, ...]]:
    try:
        for at in range(0, len(info), size):
            yield layout.unpack_from(info, at)
    except struct.error as err:
        raise ValueError(f"bad record: {err}") from None
