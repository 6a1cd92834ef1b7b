"""Memory of the kernel with rules of its own: buffers, whose length is asked later, and flow keys.

Source: __check_buffer_access() and check_flow_keys_access(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EACCES
from emu.kernel.traits import Trait
from verifier_model.domain import tnum
from verifier_model.domain.word import s64
from verifier_model.reg import PTR_TO_BUF, PTR_TO_TP_BUFFER, RDONLY_BUF
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.reg import RegState

# Buffers as complaints call them.
NAMES = {PTR_TO_TP_BUFFER: "tracepoint", PTR_TO_BUF: "rdwr", RDONLY_BUF: "rdonly"}
_FLOW_KEYS = 56  # bytes of struct bpf_flow_keys


def check(env: Env, reg: RegState, regno: int, off: int, size: int) -> None:
    """The access does not begin before the buffer."""
    name, in_bits = NAMES[reg.type], env.rules.POINTER_CONST_IN_BITS
    unfolded = env.kernel.has(Trait.BUFFER_UNFOLDED)
    start = reg.smin if in_bits and not unfolded else 0
    if not in_bits:
        off += reg.off
    if (not in_bits or unfolded) and off < 0:
        text = f"R{regno} invalid {name} buffer access: off={off}, size={size}"
        raise Reject(text, EACCES)
    if not reg.is_const() or (reg.var_off.value and not in_bits):
        text = f"R{regno} invalid variable buffer offset: off={off}, var_off={reg.var_off}"
        raise Reject(text, EACCES)
    if start + off < 0:
        text = f"R{regno} invalid negative {name} buffer offset: off={off}, var_off={start}"
        raise Reject(text, EACCES)


def check_flow_keys(env: Env, reg: RegState, regno: int, off: int, size: int) -> None:
    """The access is inside what a flow dissector finds out."""
    off += reg.off
    if env.rules.POINTER_CONST_IN_BITS:
        if not reg.is_const():
            bits = tnum.shown(reg.var_off) if env.rules.TEXT_CONST_BITS else str(reg.var_off)
            text = f"R{regno} invalid variable offset to flow keys: off={off}, var_off={bits}"
            raise Reject(text, EACCES)
        if not env.kernel.has(Trait.FLOW_KEYS_UNFOLDED):
            off += s64(reg.var_off.value)
    if off < 0 or off + size > _FLOW_KEYS:
        raise Reject(f"invalid access to flow keys off={off} size={size}", EACCES)
