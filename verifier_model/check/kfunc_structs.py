"""Kernel structures as arguments of kernel functions.

Source: check_kfunc_args(), process_kf_arg_ptr_to_btf_id() and btf_struct_ids_match().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.btf import MEMBER, Kind
from emu.kernel.errno import EINVAL
from emu.kernel.kfuncs import Does
from verifier_model.domain.word import s64
from verifier_model.log import type_name
from verifier_model.reg import (
    BTF_IDS,
    CONST_PTR_TO_MAP,
    MAP,
    R1,
    RCU_BTF_ID,
    SOCKETS,
    TRUSTED_BTF_ID,
    struct_name,
)
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.btf import BtfData
    from emu.kernel.kfuncs import Kfunc
    from verifier_model.env import Env
    from verifier_model.reg import RegState

_STRUCTS = (Kind.STRUCT, Kind.UNION)
# What is known without the kernel's BTF: kernel/bpf/cpumask.c.
_BEGINS_WITH = {"bpf_cpumask": "cpumask"}


def argument(env: Env, i: int, before: str = "arg#") -> str:
    """An argument of a kernel function as complaints name it."""
    return f"R{R1 + i}" if env.rules.TEXT_ARGS else f"{before}{i}"


def check(env: Env, row: Kfunc, reg: RegState, i: int, struct: str) -> None:
    """The pointer points to the structure of that name, and can be relied on."""
    releases = Does.RELEASES in row.does
    regno = R1 + i
    if releases and env.rules.TEXT_ARGS and not reg.ref_obj_id:
        text = f"expects referenced PTR_TO_BTF_ID passed to R{regno}"
        raise Reject(f"release kfunc {row.name} {text}", EINVAL)
    if reg.type in SOCKETS:
        raise Unmodelled(f"a socket as an argument of {row.name}()", env.insn_idx)
    if reg.type not in BTF_IDS and reg.type is not CONST_PTR_TO_MAP:
        text = f"pointer type STRUCT {struct} must point to scalar, or struct with scalar"
        if env.rules.TEXT_KFUNC_STRUCT:
            text = f"is {type_name(reg, env.rules)} expected STRUCT {struct}"
        raise Reject(f"{argument(env, i)} {text}", EINVAL)
    _check_trusted(row, reg, regno)
    off = reg.off + s64(reg.var_off.value)
    if releases and reg.ref_obj_id and off:
        text = "must have zero offset when passed to release func or trusted arg to kfunc"
        raise Reject(f"R{regno} {text}", EINVAL)
    if not reg.is_const() or off < 0:
        raise Unmodelled("a pointer to a kernel structure at an odd offset", env.insn_idx)
    given = MAP if reg.type is CONST_PTR_TO_MAP else struct_name(reg.mem_size)
    if not _is_of(env, given, off, struct, strict=releases and bool(reg.ref_obj_id)):
        where = argument(env, i, "args#")
        told = f"expected pointer to STRUCT {struct} but R{regno} has a pointer to STRUCT {given}"
        raise Reject(f"kernel function {row.name} {where} {told}", EINVAL)


def _check_trusted(row: Kfunc, reg: RegState, regno: int) -> None:
    if reg.ref_obj_id or reg.type in (TRUSTED_BTF_ID, CONST_PTR_TO_MAP):
        return
    if Does.RCU_ARGS not in row.does:
        raise Reject(f"R{regno} must be referenced or trusted", EINVAL)
    if reg.type is not RCU_BTF_ID:
        raise Reject(f"R{regno} must be a rcu pointer", EINVAL)


def _is_of(env: Env, given: str, off: int, struct: str, *, strict: bool) -> bool:
    """Whether the structure `struct` is at `off` of the structure `given`; strict: is all of it."""
    if strict or (given == struct and not off):
        return given == struct and not off
    if not off and _BEGINS_WITH.get(given) == struct:
        return True
    if env.btf is None:
        raise Unmodelled(f"struct {struct} in struct {given}", env.insn_idx)
    found = env.btf.find(given, _STRUCTS)
    while found is not None:
        if not off and env.btf.name(found) == struct:
            return True
        found, off = _member_at(env, env.btf, found, off)
    return False


def _member_at(env: Env, btf: BtfData, type_: int, off: int) -> tuple[int | None, int]:
    """The structure that is a member at the offset, and where in it that is."""
    record = btf.record(type_)
    for name, member, position in btf.parts(record, MEMBER):
        start = (position & 0xFFFFFF if record.flag else position) // 8
        inner = btf.stripped(member)
        if not start <= off < start + btf.size_of(inner):
            continue
        if btf.kind(inner) in _STRUCTS:
            return inner, off - start
        if btf.kind(inner) == Kind.PTR:
            where = f"in struct {btf.name(type_)} with off {off} size 1"
            told = f"cannot access ptr member {btf.string(name)} with moff {start}"
            env.log.add(f"{told} {where}")
        break
    return None, 0
