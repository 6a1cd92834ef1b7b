"""Accesses of a socket through the pointer a helper or the context gave.

Source: check_sock_access(), bpf_sock_is_valid_access() and bpf_sock_common_is_valid_access().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EACCES
from verifier_model.log import type_name
from verifier_model.reg import PTR_TO_SOCK_COMMON
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.reg import RegState

# struct bpf_sock: where a load may be narrower than the 4 bytes of a field.
_SIZE = 80
_NARROW = (4, 8, 12, *range(24, 44), 44, *range(52, 72), 72, 76)
_DST_PORT = 48  # 2 bytes, and 2 of padding that a load of 4 reads too
_NOT_COMMON = range(8, 24)


def check(env: Env, reg: RegState, regno: int, off: int, size: int, *, writes: bool) -> None:
    """A field of struct bpf_sock may be read; none may be written."""
    kind = type_name(reg, env.rules)
    if writes:
        raise Reject(f"R{regno} cannot write into {kind}", EACCES)
    if reg.smin < 0:
        raise Reject(
            f"R{regno} min value is negative, either use unsigned index or do a if (index >=0) "
            "check.",
            EACCES,
        )
    common = reg.type is PTR_TO_SOCK_COMMON
    if off < 0 or off >= _SIZE or off % size or (common and off in _NOT_COMMON):
        raise Reject(f"R{regno} invalid {kind} access off={off} size={size}", EACCES)
    narrow = (size < 4 and off in _NARROW) or (size <= 2 and off == _DST_PORT)
    if size != 4 and not narrow:
        raise Reject(f"R{regno} invalid {kind} access off={off} size={size}", EACCES)
