"""Atomic operations: check_atomic_rmw(), kernel/bpf/verifier.c."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import FETCH
from emu.kernel.errno import EACCES
from verifier_model.check import mem
from verifier_model.log import type_name
from verifier_model.reg import PACKET_POINTERS, PTR_TO_CTX, R0, SOCKETS
from verifier_model.transfer.ldst import access_size
from verifier_model.transfer.registry import transfer
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from emu.prog import Insn
    from verifier_model.env import Env
    from verifier_model.state import VerifierState

_CMPXCHG = 0xF1
_NOT_ATOMIC = (PTR_TO_CTX, *PACKET_POINTERS, *SOCKETS)


@transfer(
    *(
        f"atomic{bits}_{prefix}{op}"
        for bits in (64, 32)
        for prefix in ("", "fetch_")
        for op in ("add", "and", "or", "xor")
    ),
    *(f"atomic{bits}_{op}" for bits in (64, 32) for op in ("xchg", "cmpxchg")),
)
def transfer_atomic(env: Env, state: VerifierState, insn: Insn) -> int:
    """Memory op= src; the fetching forms put the old value into src, or into r0."""
    env.read_reg(state, insn.src)
    dst = env.read_reg(state, insn.dst)
    if insn.imm == _CMPXCHG:
        env.read_reg(state, R0)
    if dst.type in _NOT_ATOMIC:
        name = "BPF_ATOMIC" if env.rules.ATOMIC_FETCH else "BPF_XADD"
        shown = type_name(dst, env.rules)
        raise Reject(f"{name} stores into R{insn.dst} {shown} is not allowed", EACCES)
    old = -1
    if insn.imm & FETCH:
        old = R0 if insn.imm == _CMPXCHG else insn.src
        env.check_writable(state, old)
    size = access_size(insn)
    mem.load(env, state, insn.dst, insn.off, size, -1, strict=True)
    value = mem.load(env, state, insn.dst, insn.off, size, old, strict=True) if old >= 0 else None
    mem.store(env, state, insn.dst, insn.off, size, -1, strict=True)
    if value is not None:
        env.write_reg(state, old, value)
    return env.insn_idx + 1
