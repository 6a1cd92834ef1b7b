"""Accesses of the context a program starts with: a readable field, at a size it has.

Source: check_ctx_access() and the *_is_valid_access() of the program types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel import prog_types
from emu.kernel.enums import ProgType
from emu.kernel.errno import EACCES
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.kernel.ctx import Context
    from verifier_model.env import Env
    from verifier_model.reg import RegState

_RAW = (ProgType.RAW_TRACEPOINT, ProgType.RAW_TRACEPOINT_WRITABLE)


def load(env: Env, reg: RegState, regno: int, off: int, size: int) -> RegState:
    check_unmodified(env, reg, regno)
    layout = _layout(env)
    if not _readable(env, layout, off, size):
        _refuse(off, size)
    return env.unknown()


def store(env: Env, reg: RegState, regno: int, off: int, size: int) -> None:
    check_unmodified(env, reg, regno)
    layout = _layout(env)
    if env.prog_type is ProgType.KPROBE and env.rules.KPROBE_CTX_WRITE:
        if not _readable(env, layout, off, size):
            _refuse(off, size)
        return
    if layout.only_fields:
        raise Unmodelled(f"a store to the context of {env.prog_type.name}", env.insn_idx)
    _refuse(off, size)


def check_unmodified(env: Env, reg: RegState, regno: int) -> None:
    """A context pointer has no offset: __check_ptr_off_reg()."""
    rules = env.rules
    kind = "ctx " if rules.TEXT_CTX_POINTER else ""
    off = reg.off + (reg.smin if rules.POINTER_CONST_IN_BITS and reg.is_const() else 0)
    if off < 0 and rules.TEXT_SCALAR:
        raise Reject(f"negative offset {kind}ptr R{regno} off={off} disallowed", EACCES)
    if off:
        raise Reject(f"dereference of modified ctx ptr R{regno} off={off} disallowed", EACCES)
    if not reg.is_const() or reg.var_off.value:
        raise Reject(f"variable ctx access var_off={reg.var_off} disallowed", EACCES)


def _layout(env: Env) -> Context:
    row = prog_types.by_type(env.prog_type)
    assert row is not None  # verify() asked
    return row.ctx


def _readable(env: Env, layout: Context, off: int, size: int) -> bool:
    end = layout.size
    if not end:
        if env.prog_type in _RAW:
            end = 8 * env.limits.max_raw_tp_args
        else:
            # tp_prog_is_valid_access() looks at where the access begins only.
            end = env.limits.max_trace_size + size - 1
    if off < layout.start or off % size or off + size > end:
        return False
    for field in layout.fields:
        if field.off <= off < field.off + field.size:
            return off + size <= field.off + field.size and (
                (not field.sizes and size in layout.sizes) or size in field.sizes
            )
    if layout.only_fields:
        raise Unmodelled(f"the context of {env.prog_type.name} at {off}", env.insn_idx)
    return size in layout.sizes


def _refuse(off: int, size: int) -> None:
    raise Reject(f"invalid bpf_context access off={off} size={size}", EACCES)
