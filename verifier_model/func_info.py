"""func_info of a load request: where functions begin and what the program's BTF says of them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from emu.objfile.func_types import FuncTypes

if TYPE_CHECKING:
    from emu.btf import BtfData
    from emu.prog import FuncInfo


def read(info: bytes, size: int, btf: BtfData) -> tuple[FuncInfo, ...]:
    """The records of func_info, each of `size` bytes, resolved by the BTF.

    Raises ValueError or BtfError for what is neither.
    """
    types = FuncTypes(btf)
    try:
        rows = [struct.unpack_from("<II", info, at) for at in range(0, len(info), size)]
    except struct.error as err:
        raise ValueError(f"bad func_info: {err}") from None
    return tuple(types.info(start, type_id) for start, type_id in rows)
