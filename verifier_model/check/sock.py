"""Accesses of a socket through the pointer a helper or the context gave.

Source: check_sock_access() and mark_ptr_or_null_reg(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel import socket_ctx
from emu.kernel.errno import EACCES
from verifier_model.check import ctx
from verifier_model.log import type_name
from verifier_model.reg import (
    PTR_TO_SOCK_COMMON,
    PTR_TO_SOCKET,
    PTR_TO_TCP_SOCK,
    PTR_TO_XDP_SOCK,
    RegType,
)
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from emu.kernel.ctx import Context
    from verifier_model.env import Env
    from verifier_model.reg import RegState

_LAYOUTS: dict[RegType, Context] = {
    PTR_TO_SOCK_COMMON: socket_ctx.SOCK_COMMON,
    PTR_TO_SOCKET: socket_ctx.SOCK,
    PTR_TO_TCP_SOCK: socket_ctx.TCP_SOCK,
    PTR_TO_XDP_SOCK: socket_ctx.XDP_SOCK,
}


def check(env: Env, reg: RegState, regno: int, off: int, size: int, *, writes: bool) -> None:
    """A field may be read; none may be written."""
    kind = type_name(reg, env.rules)
    if writes:
        raise Reject(f"R{regno} cannot write into {kind}", EACCES)
    if reg.smin < 0:
        raise Reject(
            f"R{regno} min value is negative, either use unsigned index or do a if (index >=0) "
            "check.",
            EACCES,
        )
    if not ctx.readable(env, _LAYOUTS[reg.type], off, size):
        raise Reject(f"R{regno} invalid {kind} access off={off} size={size}", EACCES)
