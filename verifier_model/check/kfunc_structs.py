"""Kernel structures as arguments of kernel functions.

Source: check_kfunc_args(), process_kf_arg_ptr_to_btf_id().
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from emu.btf import Kind as BtfKind
from emu.kernel.errno import EINVAL
from emu.kernel.kfuncs import Does
from verifier_model.check import ctx
from verifier_model.check.btf_match import is_of, is_scalar
from verifier_model.check.helper_mem import check_fixed
from verifier_model.domain.word import s64
from verifier_model.log import type_name
from verifier_model.reg import (
    BTF_IDS,
    CONST_PTR_TO_MAP,
    MAP,
    PERCPU_BTF_ID,
    PTR_TO_BTF_ID,
    PTR_TO_SOCK_COMMON,
    PTR_TO_SOCKET,
    PTR_TO_TCP_SOCK,
    R1,
    RCU_BTF_ID,
    TRUSTED_BTF_ID,
    UNTRUSTED_BTF_ID,
    USER_BTF_ID,
    struct_name,
)
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.kernel.kfuncs import Kfunc
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState

_SOCKETS = {
    PTR_TO_SOCKET: "sock",
    PTR_TO_SOCK_COMMON: "sock_common",
    PTR_TO_TCP_SOCK: "tcp_sock",
}
# Functions that ask, before 7.0, whether a pointer can be relied on.
ASK = Does.TRUSTED_ARGS | Does.RELEASES | Does.RCU_ARGS
_UNSAFE = (UNTRUSTED_BTF_ID, USER_BTF_ID, PERCPU_BTF_ID)
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


def check(env: Env, state: VerifierState, row: Kfunc, reg: RegState, i: int, struct: str) -> None:
    """The pointer points to the structure of that name, and can be relied on.

    Memory will do for a structure that holds nothing but numbers.
    """
    releases = Does.RELEASES in row.does
    regno = R1 + i
    check_release(env, row, reg, i)
    if env.rules.KFUNC_OFFSETS_BEFORE_TRUST:
        ctx.check_offset(env, reg, regno)
    if not is_one(reg):
        if not is_scalar(env, struct):
            refuse(env, i, reg, struct)
        assert env.btf is not None  # is_scalar() looked there
        found = env.btf.find(struct, (BtfKind.STRUCT,))
        assert found is not None
        check_fixed(env, state, regno, env.btf.size_of(found))
        return
    _check_trusted(env, row, reg, regno)
    if env.rules.TRUSTED_AT_START and row.does & ASK:
        ctx.check_released(env, reg, regno)
    off = reg.off + s64(reg.var_off.value)
    if releases and reg.ref_obj_id:
        ctx.check_released(env, reg, regno)
    if not reg.is_const() or off < 0:
        raise Unmodelled("a pointer to a kernel structure at an odd offset", env.insn_idx)
    if reg.type in _UNSAFE:
        text = f"is {type_name(reg, env.rules)} expected {PTR_TO_BTF_ID.value} or socket"
        raise Reject(f"{argument(env, i)} {text}", EINVAL)
    given = _struct(reg)
    same = is_of(env, given, off, struct, strict=releases and bool(reg.ref_obj_id))
    if not same:
        where = argument(env, i, "args#")
        told = f"expected pointer to STRUCT {struct} but R{regno} has a pointer to STRUCT {given}"
        raise Reject(f"kernel function {row.name} {where} {told}", EINVAL)


def check_release(env: Env, row: Kfunc, reg: RegState, i: int) -> None:
    """What a function gives back is a reference; before 7.1 that is found out later."""
    if Does.RELEASES in row.does and env.rules.TEXT_ARGS and not reg.ref_obj_id:
        text = f"expects referenced PTR_TO_BTF_ID passed to R{R1 + i}"
        raise Reject(f"release kfunc {row.name} {text}", EINVAL)


def is_one(reg: RegState) -> bool:
    """Whether the register points to a structure of the kernel: reg2btf_ids."""
    return reg.type in BTF_IDS or reg.type is CONST_PTR_TO_MAP or reg.type in _SOCKETS


def _struct(reg: RegState) -> str:
    """The structure that it points to."""
    if reg.type is CONST_PTR_TO_MAP:
        return MAP
    return _SOCKETS.get(reg.type) or struct_name(reg.mem_size)


def _check_trusted(env: Env, row: Kfunc, reg: RegState, regno: int) -> None:
    if reg.ref_obj_id or reg.type in (TRUSTED_BTF_ID, CONST_PTR_TO_MAP, *_SOCKETS):
        return
    if not env.rules.KFUNC_ARGS_TRUSTED and not row.does & ASK:
        return
    if Does.RCU_ARGS not in row.does:
        raise Reject(f"R{regno} must be referenced or trusted", EINVAL)
    if reg.type is not RCU_BTF_ID:
        raise Reject(f"R{regno} must be a rcu pointer", EINVAL)
