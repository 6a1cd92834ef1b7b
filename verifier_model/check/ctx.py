"""Accesses of the context a program starts with: a readable field, at a size it has.

Source: check_ctx_access() and the *_is_valid_access() of the program types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from emu.kernel import prog_types
from emu.kernel.ctx import PADDING
from emu.kernel.enums import ProgType
from emu.kernel.errno import EACCES, EINVAL
from emu.kernel.traits import Trait
from verifier_model import log_source
from verifier_model.check import btf_ptr
from verifier_model.log import type_name
from verifier_model.reg import (
    PACKET_POINTERS,
    PTR_TO_BTF_ID,
    PTR_TO_FLOW_KEYS,
    PTR_TO_MAP_KEY,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_PACKET,
    PTR_TO_PACKET_END,
    PTR_TO_PACKET_META,
    PTR_TO_SOCK_COMMON,
    PTR_TO_SOCKET,
    PTR_TO_STACK,
    PTR_TO_TP_BUFFER,
    RCU_BTF_ID,
    RDONLY_MEM,
    SCALAR_VALUE,
    TRUSTED_BTF_ID,
    pointer,
)
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.kernel.ctx import Context, CtxField
    from verifier_model.env import Env
    from verifier_model.reg import RegState

SYSCALL_END = (1 << 16) - 1
_RAW = (ProgType.RAW_TRACEPOINT, ProgType.RAW_TRACEPOINT_WRITABLE)
# What CtxField.gives says, where it is modelled: a kind of pointer, and whether it may be null.
_POINTERS = {
    "pkt": (PTR_TO_PACKET, False),
    "pkt_meta": (PTR_TO_PACKET_META, False),
    "pkt_end": (PTR_TO_PACKET_END, False),
    "sock": (PTR_TO_SOCK_COMMON, True),
    "socket": (PTR_TO_SOCKET, False),
    "socket_or_null": (PTR_TO_SOCKET, True),
    "flow_keys": (PTR_TO_FLOW_KEYS, False),
}
STRUCTS = ("nf_hook_state", "sk_buff")  # what may be trusted
# What a function may be given with any offset, and with one that is known.
_MOVED = (
    *(PTR_TO_STACK, *PACKET_POINTERS, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE),
    *(PTR_TO_MEM, RDONLY_MEM, SCALAR_VALUE),
)
_MOVED_BY_CONSTANTS = (PTR_TO_BTF_ID, TRUSTED_BTF_ID, RCU_BTF_ID)


def load(
    env: Env, reg: RegState, regno: int, off: int, size: int, *, sign_extend: bool = False
) -> RegState:
    off += _check_offset(env, reg, regno, off, size)
    if env.attached is not None:
        from verifier_model.check import tracing

        return tracing.load(env, off, size)
    layout = _layout(env)
    _check_readable(env, layout, off, size)
    if env.prog_type is ProgType.RAW_TRACEPOINT_WRITABLE and off == 0:
        if size != 8:
            refuse(env, off, size)
        return pointer(PTR_TO_TP_BUFFER)
    field = next(_fields(env, layout, off, size), None) if layout.only_fields else None
    if field in PADDING:
        env.fixups.loads_padding = True
    if field is None or not field.gives:
        return env.anything
    if sign_extend and field.gives.startswith("pkt") and env.rules.CTX_PACKET_UNSIGNED:
        refuse(env, off, size)
    if field.gives in STRUCTS:
        return btf_ptr.to_struct(env, TRUSTED_BTF_ID, field.gives)
    kind, maybe_null = _POINTERS[field.gives]
    value = pointer(kind)
    if maybe_null:
        value.maybe_null = True
        value.id = env.new_id()
    return value


def store(env: Env, reg: RegState, regno: int, off: int, size: int) -> None:
    off += _check_offset(env, reg, regno, off, size)
    layout = _layout(env)
    kprobe = env.prog_type is ProgType.KPROBE and env.rules.KPROBE_CTX_WRITE
    if kprobe or env.prog_type is ProgType.SYSCALL:
        _check_readable(env, layout, off, size)
        return
    if off % size or not any(
        size in field.write_sizes and _meant(env, field.write_attach_types)
        for field in _fields(env, layout, off, size)
    ):
        refuse(env, off, size)


def is_memory(env: Env) -> bool:
    """Whether programs of the type see the context as it is: it has no convert_ctx_access()."""
    return not (_layout(env).only_fields or env.prog_type is ProgType.PERF_EVENT)


def moves(env: Env) -> bool:
    """Whether the context is memory of which any byte may be read: is_var_ctx_off_allowed()."""
    return env.prog_type is ProgType.SYSCALL and env.kernel.has(Trait.SYSCALL_CTX_MOVES)


def _check_offset(env: Env, reg: RegState, regno: int, off: int, size: int) -> int:
    """The most that was added to the context pointer, where the release takes that."""
    if moves(env):
        from verifier_model.check import mem

        mem.check_region(env, reg, regno, off, size, SYSCALL_END)
        return reg.umax
    if env.rules.CTX_CONST_OFFSET and is_memory(env) and reg.is_const() and reg.smin >= 0:
        return reg.smin
    check_unmodified(env, reg, regno)
    return 0


def check_unmodified(env: Env, reg: RegState, regno: int, *, constant_ok: bool = False) -> None:
    """The pointer, of a context or like it, has no offset: __check_ptr_off_reg().

    constant_ok: it may have one that is known.
    """
    rules = env.rules
    name = type_name(reg, rules) if rules.TEXT_CTX_POINTER else "ctx"
    kind = f"{name} " if rules.TEXT_CTX_POINTER else ""
    off = reg.off + (reg.smin if rules.POINTER_CONST_IN_BITS and reg.is_const() else 0)
    if off < 0 and rules.TEXT_SCALAR:
        raise Reject(f"negative offset {kind}ptr R{regno} off={off} disallowed", EACCES)
    if off and not constant_ok:
        raise Reject(f"dereference of modified {name} ptr R{regno} off={off} disallowed", EACCES)
    in_bits = reg.var_off.value and not (constant_ok and rules.POINTER_CONST_IN_BITS)
    if not reg.is_const() or in_bits:
        raise Reject(f"variable {name} access var_off={reg.var_off} disallowed", EACCES)


def check_released(env: Env, reg: RegState, regno: int) -> None:
    """A pointer to what is given back has no offset: __check_func_arg_reg_off()."""
    rules = env.rules
    in_bits = rules.POINTER_CONST_IN_BITS
    moved = not reg.is_const() or reg.var_off.value != 0 if in_bits else reg.off != 0
    if moved and rules.TEXT_RELEASE_OFFSET:
        text = "must have zero offset when passed to release func or trusted arg to kfunc"
        raise Reject(f"R{regno} {text}", EINVAL)
    check_unmodified(env, reg, regno)


def check_offset(env: Env, reg: RegState, regno: int) -> None:
    """A function may be given the register with the offset it has: check_func_arg_reg_off()."""
    if reg.type not in _MOVED:
        constant_ok = reg.type in _MOVED_BY_CONSTANTS and not reg.maybe_null
        check_unmodified(env, reg, regno, constant_ok=constant_ok)


def _layout(env: Env) -> Context:
    row = prog_types.by_type(env.prog_type)
    assert row is not None  # verify() asked
    return row.ctx


def _check_readable(env: Env, layout: Context, off: int, size: int) -> None:
    if (off, size) in env.readable:
        return
    if not readable(env, layout, off, size):
        refuse(env, off, size)
    env.readable.add((off, size))


def readable(env: Env, layout: Context, off: int, size: int) -> bool:
    """Whether a load of `size` bytes at `off` reads what this kernel shows of the layout."""
    end = layout.size
    aligned = not off % size
    if env.prog_type is ProgType.SYSCALL:
        # syscall_prog_is_valid_access() looks at where the access begins only.
        end += size - 1
        aligned = aligned or moves(env)
    if not end:
        if env.prog_type in _RAW:
            end = 8 * env.limits.max_raw_tp_args
        else:
            # tp_prog_is_valid_access() looks at where the access begins only.
            end = env.limits.max_trace_size + size - 1
    if off < layout.start or not aligned or off + size > end:
        return False
    if not layout.only_fields and not any(
        field.off <= off < field.off + field.size for field in layout.fields
    ):
        return size in layout.sizes
    return any(size in (field.sizes or layout.sizes) for field in _fields(env, layout, off, size))


def _fields(env: Env, layout: Context, off: int, size: int) -> Iterator[CtxField]:
    """The fields around [off, off + size) that this kernel and program have."""
    for field in layout.fields:
        if field.off <= off and off + size <= field.off + field.size:
            known = not field.since or env.kernel.at_least(field.since)
            gone = field.until and env.kernel.at_least(field.until)
            if known and not gone and _meant(env, field.attach_types):
                yield field


def _meant(env: Env, attach_types: tuple[int, ...]) -> bool:
    return not attach_types or env.prog.expected_attach_type in attach_types


def refuse(env: Env, off: int, size: int, *why: str) -> NoReturn:
    """No such access of the context: check_ctx_access()."""
    below = log_source.line(env, env.insn_idx)
    raise Reject(f"invalid bpf_context access off={off} size={size}", EACCES, below, above=why)
