"""Arguments of a kernel function against its row in emu.kernel.kfuncs.

Source: check_kfunc_args(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EACCES, EINVAL
from emu.kernel.kfuncs import Does, Kind
from verifier_model.check import ctx, dynptr, iters, kfunc_structs, regions
from verifier_model.check.helper_mem import Memory, check_size
from verifier_model.check.kfunc_structs import argument
from verifier_model.log import type_name
from verifier_model.precise import mark_chain_precision
from verifier_model.reg import (
    BTF_IDS,
    CONST_PTR_TO_MAP,
    PACKET_POINTERS,
    PTR_TO_CTX,
    PTR_TO_MAP_KEY,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_STACK,
    R1,
    RDONLY_MEM,
    SCALAR_VALUE,
    SOCKETS,
)
from verifier_model.scalars import is_null
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.kernel.kfuncs import Kfunc, Param
    from verifier_model.check.iters import Iterator
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState

# Registers that may have an offset: check_func_arg_reg_off().
_MOVED = (
    *(PTR_TO_STACK, *PACKET_POINTERS, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE),
    *(PTR_TO_MEM, RDONLY_MEM, SCALAR_VALUE),
)
_TRUSTED = Does.TRUSTED_ARGS | Does.RELEASES | Does.RCU_ARGS
_NUMBERS = (Kind.SCALAR, Kind.CONST, Kind.CONST_SIZE)
_MAY_BE_NULL = (Kind.BUFFER_OR_NULL, Kind.STRUCT_OR_NULL, *_NUMBERS)
# Functions that make a dynptr, and the kind that it is of.
_MAKERS = {"bpf_dynptr_from_skb": dynptr.SKB, "bpf_dynptr_from_xdp": dynptr.XDP}


class Found:
    """What the arguments say about the call: struct bpf_kfunc_call_arg_meta."""

    __slots__ = ("dynptr", "iter", "released", "size")

    def __init__(self) -> None:
        self.iter: Iterator | None = None
        self.dynptr: RegState | None = None  # what the first dynptr's slot holds
        self.released = 0  # the reference that is given back
        self.size = 0  # the known number: bytes, or a type


def check(env: Env, state: VerifierState, row: Kfunc, params: tuple[Param, ...]) -> Found:
    """Every argument is what the function takes."""
    found = Found()
    for i, param in enumerate(params):
        if param.kind is Kind.ANYTHING:
            continue
        reg = state.frames[-1].regs[R1 + i]
        if param.kind in _NUMBERS:
            if env.rules.KFUNC_OFFSETS_FIRST and reg.type not in _MOVED:
                ctx.check_unmodified(env, reg, R1 + i)
            if reg.type is not SCALAR_VALUE:
                raise Reject(f"R{R1 + i} is not a scalar", EINVAL)
            if param.kind is Kind.CONST_SIZE:
                _check_known_size(env, state, row, i, reg, found)
            elif param.kind is Kind.CONST:
                if not reg.is_const():
                    raise Reject(f"R{R1 + i} must be a known constant", EINVAL)
                mark_chain_precision(env, state, R1 + i)
                found.size = reg.var_off.value
            continue
        trusted = env.rules.KFUNC_ARGS_TRUSTED or bool(row.does & _TRUSTED)
        if trusted and param.kind not in _MAY_BE_NULL and (is_null(reg) or reg.maybe_null):
            text = f"Possibly NULL pointer passed to trusted {argument(env, i, 'arg')}"
            raise Reject(text, EACCES)
        _check_pointer(env, state, row, i, param, found)
    if Does.RELEASES in row.does and not found.released:
        text = f"release kernel function {row.name} expects refcounted PTR_TO_BTF_ID"
        raise Reject(text, EINVAL)
    return found


def _check_pointer(
    env: Env, state: VerifierState, row: Kfunc, i: int, param: Param, found: Found
) -> None:
    regno, kind = R1 + i, param.kind
    reg = state.frames[-1].regs[regno]
    if kind is Kind.STRUCT_OR_NULL and is_null(reg):
        return
    if kind in (Kind.STRUCT, Kind.STRUCT_OR_NULL):
        kfunc_structs.check(env, row, reg, i, param.name)
        if Does.RELEASES in row.does:
            found.released = reg.ref_obj_id
        return
    if reg.type in BTF_IDS or reg.type in SOCKETS:
        raise Unmodelled(f"a kernel structure as an argument of {row.name}()", env.insn_idx)
    if kind is Kind.MAP:
        _check_map(env, reg, i)
        return
    if reg.type not in _MOVED:
        ctx.check_unmodified(env, reg, regno)
    if kind is Kind.CTX:
        if reg.type is not PTR_TO_CTX:
            shown = type_name(reg, env.rules)
            raise Reject(f"{argument(env, i)} expected pointer to ctx, but got {shown}", EINVAL)
    elif kind is Kind.BUFFER_OR_NULL:
        _check_has_size(env, state.frames[-1].regs[regno + 1])
    elif kind in (Kind.ITER, Kind.NEW_ITER):
        _check_iterator(env, state, row, i, param, found)
    elif kind in (Kind.DYNPTR, Kind.NEW_DYNPTR):
        _check_dynptr(env, state, row, i, kind, found)
    else:
        _check_irq_flag(env, state, i, kind)


def _check_iterator(
    env: Env, state: VerifierState, row: Kfunc, i: int, param: Param, found: Found
) -> None:
    regno, where = R1 + i, argument(env, i, "arg #")
    iters.check_is_on_stack(state.frames[-1].regs[regno], argument(env, i))
    if param.kind is Kind.NEW_ITER:
        iters.make(env, state, regno, param.name, where)
        return
    found.iter = iters.use(env, state, regno, row, where)
    if Does.ITER_DESTROY in row.does:
        iters.destroy(env, state, found.iter, param.name)


def _check_dynptr(
    env: Env, state: VerifierState, row: Kfunc, i: int, kind: Kind, found: Found
) -> None:
    reg = state.frames[-1].regs[R1 + i]
    if reg.type is not PTR_TO_STACK:
        text = "expected pointer to stack or const struct bpf_dynptr"
        raise Reject(f"{argument(env, i)} {text}", EINVAL)
    if kind is Kind.DYNPTR:
        found.dynptr = dynptr.use(env, state, R1 + i, reg)
    elif found.dynptr is None:
        dynptr.make(env, state, R1 + i, reg, _MAKERS[row.name])
    else:
        dynptr.clone(env, state, R1 + i, reg, found.dynptr)


def _check_irq_flag(env: Env, state: VerifierState, i: int, kind: Kind) -> None:
    where = argument(env, i)
    regions.check_is_flag(state.frames[-1].regs[R1 + i], where)
    if kind is Kind.NEW_IRQ_FLAG:
        regions.save_irqs(env, state, R1 + i, where)
    else:
        regions.restore_irqs(env, state, R1 + i, where)


def _check_has_size(env: Env, size: RegState) -> None:
    if size.type is not SCALAR_VALUE:
        raise Unmodelled("a buffer without a number for its size", env.insn_idx)


def _check_map(env: Env, reg: RegState, i: int) -> None:
    if reg.type is CONST_PTR_TO_MAP:
        return
    if reg.map is not None:
        raise Unmodelled("another pointer for a map", env.insn_idx)
    text = "pointer type STRUCT bpf_map must point to scalar, or struct with scalar"
    raise Reject(f"{argument(env, i)} {text}", EINVAL)


def _check_known_size(
    env: Env, state: VerifierState, row: Kfunc, i: int, size: RegState, found: Found
) -> None:
    """The buffer in the argument before has that many bytes, a known number of them."""
    regs, regno = state.frames[-1].regs, R1 + i
    buffer = regs[regno - 1]
    if not is_null(buffer):
        if buffer.maybe_null:
            raise Unmodelled("a buffer that may be null", env.insn_idx)
        try:
            check_size(env, state, regno, size, True, Memory())
            written = Memory()
            written.writes = True
            check_size(env, state, regno, size, True, written)
        except Reject as err:
            env.log.add(err.message)
            between = " and " if env.rules.TEXT_ARGS else " "
            pair = f"{argument(env, i - 1)}{between}{argument(env, i)}"
            text = f"{pair} memory, len pair leads to invalid memory access"
            raise Reject(text, err.errno) from None
    if not size.is_const():
        raise Reject(f"R{regno} must be a known constant", EINVAL)
    found.size = size.var_off.value
