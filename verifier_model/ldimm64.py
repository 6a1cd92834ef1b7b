"""What is looked at in all insns before the walk: maps, opcodes, some reserved fields (7.1: all).

Source: resolve_pseudo_ldimm64(), until 5.9 replace_map_fd_with_map_ptr(), since 7.1
check_and_resolve_insns().
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from emu.isa import table
from emu.isa.table import LDX, MEM, MEMSX, STX
from emu.kernel import maps
from emu.kernel.enums import F_NO_PREALLOC, MapType, ProgType
from emu.kernel.errno import EBADF, EINVAL, ENOTSUPP, EPROTO
from emu.kernel.traits import Trait
from emu.prog import (
    PSEUDO_BTF_ID,
    PSEUDO_FUNC,
    PSEUDO_MAP_FD,
    PSEUDO_MAP_IDX,
    PSEUDO_MAP_IDX_VALUE,
    PSEUDO_MAP_VALUE,
)
from verifier_model import fields
from verifier_model.check import arena, ksyms, locks, sleeping
from verifier_model.domain.word import U32
from verifier_model.reg import FP
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel
    from emu.prog import MapDef
    from verifier_model.env import Env

LD_IMM64 = 0x18
MAX_VAR_OFF = 1 << 29
_XADD = 0xC0
# Programs that may run while memory is being allocated: is_tracing_prog_type() of 5.10.
_IN_ANY_CONTEXT = (ProgType.KPROBE, ProgType.TRACEPOINT, ProgType.RAW_TRACEPOINT)
_HASHES = (
    MapType.HASH,
    MapType.PERCPU_HASH,
    MapType.LRU_HASH,
    MapType.LRU_PERCPU_HASH,
    MapType.HASH_OF_MAPS,
)
# Maps whose rules are not known here.
_UNMODELLED = (MapType.STRUCT_OPS, MapType.INSN_ARRAY, MapType.RHASH)


def resolve(env: Env) -> None:
    """Check every insn, and that what ld_imm64 names is there."""
    rules, insns = env.rules, env.insns
    known = _codes(env.kernel)
    i = 0
    while i < len(insns):
        insn = insns[i]
        cls, mode = insn.code & 7, insn.code & 0xE0
        if rules.INSNS_CHECKED_FIRST and (insn.dst > FP or insn.src > FP):
            raise Reject(f"R{insn.dst if insn.dst > FP else insn.src} is invalid", EINVAL)
        if cls == LDX and not rules.INSNS_CHECKED_FIRST:
            modes = (MEM, MEMSX) if rules.ISA_V4 else (MEM,)
            if mode not in modes or insn.imm:
                raise Reject("BPF_LDX uses reserved fields", EINVAL)
        if cls == STX and not rules.ATOMIC_FETCH and (mode not in (MEM, _XADD) or insn.imm):
            raise Reject("BPF_STX uses reserved fields", EINVAL)
        if insn.code == LD_IMM64:
            _resolve_one(env, i)
            i += 2
            continue
        if rules.OPCODES_CHECKED_FIRST and insn.code not in known:
            raise Reject(f"unknown opcode {insn.code:02x}", EINVAL)
        if rules.INSNS_CHECKED_FIRST and not (cls == STX and fields.is_atomic(insn)):
            fields.check(env, i)
        i += 1


@lru_cache(maxsize=32)
def _codes(kernel: Kernel) -> frozenset[int]:
    """The opcodes that the kernel's interpreter has: bpf_opcode_in_insntable()."""
    return frozenset(row.code for row in table.INSNS if row.needs is None or kernel.has(row.needs))


def _resolve_one(env: Env, i: int) -> None:
    insns, rules = env.insns, env.rules
    insn = insns[i]
    second = insns[i + 1] if i + 1 < len(insns) else None
    if second is None or second.code or second.dst or second.src or second.off:
        raise Reject("invalid bpf_ld_imm64 insn", EINVAL)
    if rules.INSNS_CHECKED_FIRST and insn.off:
        raise Reject("BPF_LD_IMM64 uses reserved fields", EINVAL)
    if insn.src == 0:
        return
    if insn.src == PSEUDO_FUNC and rules.CALLBACKS:
        return
    if insn.src == PSEUDO_BTF_ID and env.kernel.has(Trait.LD_IMM64_BTF_ID):
        ksyms.declare(env, i)
        return
    if insn.src in (PSEUDO_MAP_IDX, PSEUDO_MAP_IDX_VALUE) and env.kernel.has(Trait.FD_ARRAY):
        if insn.src == PSEUDO_MAP_IDX and second.imm:
            raise Reject("unrecognized bpf_ld_imm64 insn", EINVAL)
        raise Reject("fd_idx without fd_array is invalid", EPROTO)
    direct = insn.src == PSEUDO_MAP_VALUE and rules.DIRECT_MAP_VALUE
    if not direct and (insn.src != PSEUDO_MAP_FD or second.imm):
        raise Reject("unrecognized bpf_ld_imm64 insn", EINVAL)
    target = env.map_of(insn.imm)
    if target is None:
        # The first three descriptors of a process are open, and no maps.
        errno = EINVAL if 0 <= insn.imm < 3 else EBADF
        raise Reject(f"fd {insn.imm} is not pointing to valid bpf_map", errno)
    _check_map(env, target)
    late = not env.kernel.has(Trait.ARENA_CLAIMED_FIRST)
    if direct and late:
        _check_direct(env, target, second.imm & U32)
    if arena.is_arena(target):
        arena.claim(env, target)
    if direct and not late:
        _check_direct(env, target, second.imm & U32)


def _check_map(env: Env, m: MapDef) -> None:
    """Programs of this type may use the map: check_map_prog_compatibility()."""
    if m.type in _HASHES and m.flags & F_NO_PREALLOC:
        if env.rules.PERF_EVENT_PREALLOC and env.prog_type is ProgType.PERF_EVENT:
            raise Reject("perf_event programs can only use preallocated hash map", EINVAL)
        if env.rules.PREALLOC_WARNED and env.prog_type in _IN_ANY_CONTEXT:
            env.log.add(
                "trace type programs with run-time allocated hash maps are unsafe. "
                "Switch to preallocated hash maps."
            )
    locks.check_map(env, m)
    sleeping.check_map(env, m)
    if m.type in _UNMODELLED:
        raise Unmodelled(f"maps of type {m.type.name.lower()}")


def _check_direct(env: Env, m: MapDef, off: int) -> None:
    if off >= MAX_VAR_OFF and env.rules.DIRECT_OFFSET_LIMITED:
        raise Reject(f"direct value offset of {off} is not allowed", EINVAL)
    if arena.is_arena(m):
        arena.check_direct(env, m, off)
        return
    row = maps.by_type(m.type)
    if row is None or not row.direct_value:
        raise Reject("no direct value access support for this map type", EINVAL)
    if m.max_entries != 1 or off >= m.value_size:
        raise Reject(
            f"invalid access to map value pointer, value_size={m.value_size} off={off}",
            ENOTSUPP if m.max_entries != 1 else EINVAL,
        )
