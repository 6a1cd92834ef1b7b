"""Loads, stores and ld_imm64, through check/."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import MEMSX
from emu.kernel.errno import EACCES, EINVAL
from emu.prog import PSEUDO_BTF_ID, PSEUDO_FUNC, PSEUDO_MAP_FD, PSEUDO_MAP_VALUE
from verifier_model.check import ctx, ksyms, mem, regions
from verifier_model.check.arena import is_arena
from verifier_model.check.locks import check_unlocked, has_lock
from verifier_model.check.refs import LEAKS, check_leak
from verifier_model.domain.word import U32
from verifier_model.fields import MAY_LOAD_PACKET
from verifier_model.log import type_name
from verifier_model.reg import (
    BTF_IDS,
    CONST_PTR_TO_MAP,
    PTR_TO_ARENA,
    PTR_TO_BTF_ID,
    PTR_TO_CTX,
    PTR_TO_FUNC,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    R0,
    R6,
    RDONLY_MEM,
    SOCKETS,
    UNTRUSTED_BTF_ID,
    UNTRUSTED_MEM,
    RegType,
    const_scalar,
    pointer,
)
from verifier_model.transfer.callback import check_function
from verifier_model.transfer.registry import transfer
from verifier_model.transfer.subprog import leave_subprog
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.prog import Insn
    from verifier_model.env import Env
    from verifier_model.state import VerifierState

_IND = 0x40
# Pointers whose loads the kernel rewrites.
_ALONE = frozenset((PTR_TO_CTX, PTR_TO_ARENA, *BTF_IDS, *SOCKETS))
_ALONE_PROBED = frozenset((*_ALONE, UNTRUSTED_MEM))
# What one insn may load from on different paths.
_PROBED = (*BTF_IDS, PTR_TO_MEM, RDONLY_MEM, UNTRUSTED_MEM)
_MAY_FAULT = frozenset((PTR_TO_BTF_ID, UNTRUSTED_BTF_ID, UNTRUSTED_MEM))
# How many bytes a load, store or atomic touches, by its code.
SIZES = tuple((4, 2, 1, 8)[code >> 3 & 3] for code in range(256))


@transfer(*(f"ldx{s}" for s in ("b", "h", "w", "dw")), *(f"ldxs{s}" for s in ("b", "h", "w")))
def transfer_load(env: Env, state: VerifierState, insn: Insn) -> int:
    src = env.read_reg(state, insn.src)
    env.check_writable(state, insn.dst)
    signed = insn.code & 0xE0 == MEMSX
    value = mem.load(env, state, insn.src, insn.off, SIZES[insn.code], insn.dst, sign_extend=signed)
    check_same_pointer(env, src.type, loads=True)
    if signed and src.type is PTR_TO_ARENA:
        env.fixups.extends_sign_in_arena = True
    assert value is not None
    env.write_reg(state, insn.dst, value)
    return env.insn_idx + 1


@transfer(*(f"stx{s}" for s in ("b", "h", "w", "dw")))
def transfer_store_reg(env: Env, state: VerifierState, insn: Insn) -> int:
    env.read_reg(state, insn.src)
    dst = env.read_reg(state, insn.dst)
    mem.store(env, state, insn.dst, insn.off, SIZES[insn.code], insn.src)
    check_same_pointer(env, dst.type)
    return env.insn_idx + 1


@transfer(*(f"st{s}" for s in ("b", "h", "w", "dw")))
def transfer_store_imm(env: Env, state: VerifierState, insn: Insn) -> int:
    dst = env.read_reg(state, insn.dst)
    if dst.type is PTR_TO_CTX and not env.rules.BPF_ST_TO_CTX:
        raise Reject(
            f"BPF_ST stores into R{insn.dst} {type_name(dst, env.rules)} is not allowed", EACCES
        )
    mem.store(env, state, insn.dst, insn.off, SIZES[insn.code], -1)
    check_same_pointer(env, dst.type)
    return env.insn_idx + 1


def check_same_pointer(env: Env, kind: RegType, *, loads: bool = False) -> None:
    """An insn that loads from the context on one path does so on all: save_aux_ptr_type()."""
    before = env.accessed_as.setdefault(env.insn_idx, kind)
    if before is kind:
        return
    alone = _ALONE_PROBED if env.rules.UNTRUSTED_MEM_APART else _ALONE
    if before not in alone and kind not in alone:
        return
    together = _PROBED if env.rules.BTF_MEMORY_MIXES else BTF_IDS
    if not loads or before not in together or kind not in together or not env.rules.BTF_KINDS_MIX:
        raise Reject("same insn cannot be used with different pointers", EINVAL)
    if before in BTF_IDS and kind not in BTF_IDS:
        env.accessed_as[env.insn_idx] = kind
    if env.rules.UNTRUSTED_MEM_APART and not _MAY_FAULT.isdisjoint((before, kind)):
        of_memory = before not in BTF_IDS or kind not in BTF_IDS
        env.accessed_as[env.insn_idx] = UNTRUSTED_MEM if of_memory else UNTRUSTED_BTF_ID


@transfer("ld_imm64")
def transfer_ld_imm64(env: Env, state: VerifierState, insn: Insn) -> int:
    env.check_writable(state, insn.dst)
    following = env.insns[env.insn_idx + 1]
    if insn.src == 0:
        value = (insn.imm & U32) | (following.imm & U32) << 32
        env.write_reg(state, insn.dst, env.immediate(value))
        return env.insn_idx + 2
    if insn.src == PSEUDO_FUNC:
        reg = pointer(PTR_TO_FUNC)
        reg.mem_size = env.subprogs.index(env.insn_idx + insn.imm + 1)
        check_function(env, env.insn_idx, reg.mem_size)
        env.fixups.names_callback = True
        env.write_reg(state, insn.dst, reg)
        return env.insn_idx + 2
    if insn.src == PSEUDO_BTF_ID:
        env.write_reg(state, insn.dst, ksyms.load(env, insn.imm))
        return env.insn_idx + 2
    target = env.map_of(insn.imm)
    if target is None or insn.src not in (PSEUDO_MAP_FD, PSEUDO_MAP_VALUE):
        raise Unmodelled(f"ld_imm64 of pseudo source {insn.src}", env.insn_idx)
    if insn.src == PSEUDO_MAP_VALUE:
        if is_arena(target):
            env.write_reg(state, insn.dst, env.unknown())
            return env.insn_idx + 2
        if env.rules.POINTER_CONST_IN_BITS:
            reg = const_scalar(following.imm & U32)
            reg.type = PTR_TO_MAP_VALUE
        else:
            reg = pointer(PTR_TO_MAP_VALUE)
            reg.off = following.imm & U32
        reg.map = target
        if not env.rules.MAP_RECORDS and has_lock(env, reg):
            reg.id = env.new_id()
    else:
        reg = pointer(CONST_PTR_TO_MAP)
        reg.map = target
    env.write_reg(state, insn.dst, reg)
    return env.insn_idx + 2


@transfer(*(f"ld_{mode}{s}" for mode in ("abs", "ind") for s in ("b", "h", "w")))
def transfer_packet_load(env: Env, state: VerifierState, insn: Insn) -> int:
    """r0 = the packet's bytes; r6 is its context: check_ld_abs()."""
    if env.prog_type not in MAY_LOAD_PACKET:
        raise Reject("BPF_LD_[ABS|IND] instructions not allowed for this program type", EINVAL)
    if len(env.subprogs) > 1 and not env.rules.LD_ABS_IN_SUBPROGS:
        text = "BPF_LD_[ABS|IND] instructions cannot be mixed with bpf-to-bpf calls"
        raise Reject(text, EINVAL)
    reg = env.read_reg(state, R6)
    leaks = "cannot be mixed with socket references"
    if env.rules.EXIT_LEAK_TEXT:
        check_unlocked(state, "BPF_LD_[ABS|IND]")
        leaks = LEAKS
    check_leak(state, "BPF_LD_[ABS|IND]", leaks)
    check_unlocked(state, "BPF_LD_[ABS|IND]")
    regions.check_left(state, "BPF_LD_[ABS|IND]")
    if reg.type is not PTR_TO_CTX:
        raise Reject("at the time of BPF_LD_ABS|IND R6 != pointer to skb", EINVAL)
    if insn.code & 0xE0 == _IND:
        env.read_reg(state, insn.src)
    ctx.check_unmodified(env, reg, R6)
    state.frames[-1].clear_caller_saved()
    env.write_reg(state, R0, env.unknown())
    if env.rules.LD_ABS_EXIT_WALKED and len(state.frames) > 1:
        # A load beyond the packet's end returns 0.
        env.push_branch(state, env.insn_idx + 1, env.insn_idx)
        env.write_reg(state, R0, env.const(0))
        return leave_subprog(env, state)
    return env.insn_idx + 1
