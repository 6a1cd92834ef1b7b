"""Atomic operations: check_atomic_rmw(), kernel/bpf/verifier.c."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import CMPXCHG, FETCH
from emu.kernel.errno import EACCES
from verifier_model.check import mem
from verifier_model.log import type_name
from verifier_model.reg import (
    PACKET_POINTERS,
    PTR_TO_ARENA,
    PTR_TO_CTX,
    PTR_TO_FLOW_KEYS,
    R0,
    SOCKETS,
)
from verifier_model.transfer.ldst import SIZES, check_same_pointer
from verifier_model.transfer.registry import transfer
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from emu.prog import Insn
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState

# What x86 does in a loop, which faults cannot leave: bpf_jit_supports_insn().
_LOOPS = (0x51, 0x41, 0xA1)  # fetching AND, OR and XOR
_NOT_ATOMIC = (PTR_TO_CTX, PTR_TO_FLOW_KEYS, *PACKET_POINTERS, *SOCKETS)


@transfer(*(f"load_acquire{bits}" for bits in (8, 16, 32, 64)))
def transfer_load_acquire(env: Env, state: VerifierState, insn: Insn) -> int:
    """dst = memory, and what follows comes later: check_atomic_load()."""
    src = env.read_reg(state, insn.src)
    _check_pointer(env, src, insn.src, "loads from")
    env.check_writable(state, insn.dst)
    size = SIZES[insn.code]
    value = mem.load(env, state, insn.src, insn.off, size, insn.dst, strict=True)
    check_same_pointer(env, src.type)
    assert value is not None
    env.write_reg(state, insn.dst, value)
    return env.insn_idx + 1


@transfer(*(f"store_release{bits}" for bits in (8, 16, 32, 64)))
def transfer_store_release(env: Env, state: VerifierState, insn: Insn) -> int:
    """Memory = src, after what came before: check_atomic_store()."""
    dst = env.read_reg(state, insn.dst)
    _check_pointer(env, dst, insn.dst, "stores into")
    env.read_reg(state, insn.src)
    mem.store(env, state, insn.dst, insn.off, SIZES[insn.code], insn.src, strict=True)
    check_same_pointer(env, dst.type)
    return env.insn_idx + 1


def _check_pointer(env: Env, reg: RegState, regno: int, verb: str) -> None:
    in_loop = env.insns[env.insn_idx].imm in _LOOPS
    arena = reg.type is PTR_TO_ARENA and (in_loop or not env.rules.ARENA_ATOMICS)
    if reg.type in _NOT_ATOMIC or arena:
        name = "BPF_ATOMIC" if env.rules.ATOMIC_FETCH else "BPF_XADD"
        shown = type_name(reg, env.rules)
        raise Reject(f"{name} {verb} R{regno} {shown} is not allowed", EACCES)


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
    if insn.imm == CMPXCHG:
        env.read_reg(state, R0)
    _check_pointer(env, dst, insn.dst, "stores into")
    old = -1
    if insn.imm & FETCH:
        old = R0 if insn.imm == CMPXCHG else insn.src
        env.check_writable(state, old)
        # The kernel forgets it first, even where it is the address.
        env.write_reg(state, old, env.unknown())
    size = SIZES[insn.code]
    mem.load(env, state, insn.dst, insn.off, size, -1, strict=True)
    value = mem.load(env, state, insn.dst, insn.off, size, old, strict=True) if old >= 0 else None
    mem.store(env, state, insn.dst, insn.off, size, -1, strict=True)
    if value is not None:
        env.write_reg(state, old, value)
    return env.insn_idx + 1
