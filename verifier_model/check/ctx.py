"""Accesses of the context a program starts with: a readable field, at a size it has.

Source: check_ctx_access() and the *_is_valid_access() of the program types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel import prog_types
from emu.kernel.enums import ProgType
from emu.kernel.errno import EACCES
from verifier_model.reg import (
    PTR_TO_PACKET,
    PTR_TO_PACKET_END,
    PTR_TO_PACKET_META,
    PTR_TO_SOCK_COMMON,
    pointer,
)
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.kernel.ctx import Context, CtxField
    from verifier_model.env import Env
    from verifier_model.reg import RegState

_RAW = (ProgType.RAW_TRACEPOINT, ProgType.RAW_TRACEPOINT_WRITABLE)
_POINTERS = {
    "pkt": PTR_TO_PACKET,
    "pkt_meta": PTR_TO_PACKET_META,
    "pkt_end": PTR_TO_PACKET_END,
    "sock": PTR_TO_SOCK_COMMON,
}


def load(env: Env, reg: RegState, regno: int, off: int, size: int) -> RegState:
    off += _check_offset(env, reg, regno)
    layout = _layout(env)
    if layout.partial and off + size > layout.size:
        raise Unmodelled(f"the context of {env.prog_type.name} at {off}", env.insn_idx)
    if not _readable(env, layout, off, size):
        _refuse(off, size)
    field = _field(env, layout, off) if layout.only_fields else None
    if field is None or not field.gives:
        return env.unknown()
    value = pointer(_POINTERS[field.gives])
    if value.type is PTR_TO_SOCK_COMMON:
        value.maybe_null = True
        value.id = env.new_id()
    return value


def store(env: Env, reg: RegState, regno: int, off: int, size: int) -> None:
    off += _check_offset(env, reg, regno)
    layout = _layout(env)
    if env.prog_type is ProgType.KPROBE and env.rules.KPROBE_CTX_WRITE:
        if not _readable(env, layout, off, size):
            _refuse(off, size)
        return
    if layout.partial:
        raise Unmodelled(f"a store to the context of {env.prog_type.name}", env.insn_idx)
    field = _field(env, layout, off)
    inside = field is not None and not off % size and off + size <= field.off + field.size
    if not inside or field is None or size not in field.write_sizes:
        _refuse(off, size)


def _check_offset(env: Env, reg: RegState, regno: int) -> int:
    """The constant that was added to the context pointer, where the release takes that."""
    converted = _layout(env).only_fields or env.prog_type is ProgType.PERF_EVENT
    if env.rules.CTX_CONST_OFFSET and not converted and reg.is_const() and reg.smin >= 0:
        return reg.smin
    check_unmodified(env, reg, regno)
    return 0


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
    field = _field(env, layout, off)
    if field is not None:
        return off + size <= field.off + field.size and (
            (not field.sizes and size in layout.sizes) or size in field.sizes
        )
    return not layout.only_fields and size in layout.sizes


def _field(env: Env, layout: Context, off: int) -> CtxField | None:
    """The field at `off`, if this kernel and program have it."""
    for field in layout.fields:
        if field.off <= off < field.off + field.size:
            known = not field.since or env.kernel.at_least(field.since)
            meant = not field.attach_type or field.attach_type == env.prog.expected_attach_type
            return field if known and meant else None
    return None


def _refuse(off: int, size: int) -> None:
    raise Reject(f"invalid bpf_context access off={off} size={size}", EACCES)
