"""Kernel structures as arguments of kernel functions.

Source: check_kfunc_args(), process_kf_arg_ptr_to_btf_id().
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from emu.kernel.errno import EINVAL
from emu.kernel.kfuncs import Does
from verifier_model.check import ctx
from verifier_model.check.btf_match import is_of
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
    from emu.kernel.kfuncs import Kfunc
    from verifier_model.env import Env
    from verifier_model.reg import RegState

TO_SCALARS = "must point to scalar, or struct with scalar"


def argument(env: Env, i: int, before: str = "arg#") -> str:
    """An argument of a kernel function as complaints name it."""
    return f"R{R1 + i}" if env.rules.TEXT_ARGS else f"{before}{i}"


def refuse(env: Env, i: int, reg: RegState, struct: str, or_else: str = "") -> NoReturn:
    """The argument is neither the structure of that name nor what else would do."""
    text = f"pointer type STRUCT {struct} {TO_SCALARS}"
    if env.rules.TEXT_KFUNC_STRUCT:
        text = f"is {type_name(reg, env.rules)} expected STRUCT {struct}{or_else}"
    raise Reject(f"{argument(env, i)} {text}", EINVAL)


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
        refuse(env, i, reg, struct)
    _check_trusted(row, reg, regno)
    off = reg.off + s64(reg.var_off.value)
    if releases and reg.ref_obj_id:
        ctx.check_released(env, reg, regno)
    if not reg.is_const() or off < 0:
        raise Unmodelled("a pointer to a kernel structure at an odd offset", env.insn_idx)
    given = MAP if reg.type is CONST_PTR_TO_MAP else struct_name(reg.mem_size)
    if not is_of(env, given, off, struct, strict=releases and bool(reg.ref_obj_id)):
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
