"""Accesses of a map's value: within value_size, also at a variable offset's ends.

Source: check_map_access(), check_map_access_type(), bpf_map_direct_read().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel import maps
from emu.kernel.enums import F_RDONLY_PROG, F_WRONLY_PROG
from emu.kernel.errno import EACCES
from verifier_model.check import kptr
from verifier_model.domain.word import U64, sign_extend
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.reg import RegState


def check_type(env: Env, reg: RegState, off: int, size: int, how: str) -> None:
    """The map's flags allow programs to read ("read") or write ("write") it."""
    assert reg.map is not None
    forbidden = F_RDONLY_PROG if how == "write" else F_WRONLY_PROG
    if reg.map.flags & forbidden:
        verb = "write into" if how == "write" else "read from"
        raise Reject(
            f"{verb} map forbidden, value_size={reg.map.value_size} off={off + reg.off} "
            f"size={size}",
            EACCES,
        )


def check(
    env: Env,
    reg: RegState,
    regno: int,
    off: int,
    size: int,
    zero_ok: bool = False,
    *,
    indirect: bool = False,
) -> None:
    """The access, with `indirect` a helper's, is inside the value and what programs may touch."""
    from verifier_model.check.mem import check_region

    assert reg.map is not None
    check_region(env, reg, regno, off, size, reg.map.value_size, zero_ok)
    if reg.map.fields:
        kptr.check_access(env, reg, off, size, indirect=indirect)


def known_value(env: Env, reg: RegState, off: int, size: int, sign: bool) -> RegState:
    """What a load gives: the constant in a frozen read-only array, else an unknown scalar."""
    m = reg.map
    assert m is not None
    if not (m.frozen and m.flags & F_RDONLY_PROG and reg.is_const()):
        return env.anything
    row = maps.by_type(m.type)
    if not env.rules.RDONLY_MAP_CONST_LOADS or row is None or not row.direct_value:
        return env.anything
    if m.max_entries != 1:
        return env.anything
    content = bytearray(m.value_size)
    for _, value in m.init:
        content[: len(value)] = value
    at = off + reg.off + reg.smin
    x = int.from_bytes(content[at : at + size], "little")
    return env.const(sign_extend(x, size) & U64 if sign else x)
