"""The context of programs that name a kernel function or a tracepoint: its arguments.

Source: tracing_prog_ctx_access() and btf_ctx_access(), kernel/bpf/btf.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.btf import POINTER_SIZE, Kind
from emu.kernel import iterators, lsm_hooks, raw_tp_args
from emu.kernel.enums import AttachType, ProgType
from emu.kernel.raw_tp_args import ERROR, NULL
from emu.kernel.traits import Trait
from verifier_model.check import btf_ptr, btf_walk, ctx, results
from verifier_model.check.target import KIND_NAMES, NUMBERS, by_value
from verifier_model.domain.bounds import finish_alu
from verifier_model.log_buffer import OPEN
from verifier_model.reg import (
    PERCPU_BTF_ID,
    PTR_TO_BTF_ID,
    PTR_TO_BUF,
    RDONLY_BUF,
    TRUSTED_BTF_ID,
    USER_BTF_ID,
    pointer,
)
from verifier_model.verdict import Unmodelled

if TYPE_CHECKING:
    from emu.btf import BtfData
    from emu.kernel.iterators import Argument
    from verifier_model.check.target import Function
    from verifier_model.env import Env
    from verifier_model.reg import RegState

_NULLABLE = "__nullable"
_BUFFERS = {"rdonly": RDONLY_BUF, "rdwr": PTR_TO_BUF}
# Attach types whose programs see the function's result behind its arguments.
_SEE_RESULT = (
    *(AttachType.TRACE_FEXIT, AttachType.TRACE_FSESSION, AttachType.MODIFY_RETURN),
    *(AttachType.LSM_MAC, AttachType.LSM_CGROUP),
)


def load(env: Env, off: int, size: int) -> RegState:
    """What a load of `size` bytes at `off` of the context gives."""
    function, btf = env.attached, env.btf
    assert function is not None  # check_attach_btf_id() found it
    assert btf is not None
    end = 8 * env.limits.max_raw_tp_args
    if off < 0 or off >= end or off % size:
        ctx.refuse(env, off, size)
    if off % 8:
        ctx.refuse(env, off, size, f"func '{function.name}' offset {off} is not multiple of 8")
    number = _argument(env, btf, function, off)
    count = len(function.args)
    is_result = number == count and env.attach_type in _SEE_RESULT
    if number > count or (number == count and not is_result):
        why = f"func '{function.name}' doesn't have {number + 1}-th argument"
        ctx.refuse(env, off, size, why)
    type_ = btf.stripped(function.result if is_result else function.args[number])
    kind = btf.kind(type_) if type_ else Kind.VOID
    if is_result and env.attach_type == AttachType.MODIFY_RETURN and kind not in NUMBERS:
        ctx.refuse(env, off, size, f"ret type {KIND_NAMES[kind]} not allowed for fmod_ret")
    numbers = NUMBERS if env.kernel.has(Trait.CTX_ENUMS) else (Kind.INT,)
    if kind in numbers and btf.size_of(type_) <= POINTER_SIZE:
        return _result_of_hook(env) if is_result else env.unknown()
    if kind in by_value(env.kernel):
        return env.unknown()
    if kind != Kind.PTR:
        name = btf.name(type_) if type_ else ""
        why = f"func '{function.name}' arg{number} '{name or '(anon)'}' has type {KIND_NAMES[kind]}"
        ctx.refuse(env, off, size, f"{why}. Only pointer access is allowed")
    if size != 8 and env.kernel.has(Trait.CTX_POINTER_WHOLE):
        ctx.refuse(env, off, size, f"func '{function.name}' size {size} must be 8")
    given = None if is_result else _given(env, function, number)
    if given is not None and given.buffer:
        value = pointer(_BUFFERS[given.buffer])
        value.maybe_null, value.id = True, env.new_id()
        return value
    if not _is_number(env, btf, type_):
        target = btf.stripped(btf.record(type_).size)
        kind = btf.kind(target) if target else Kind.VOID
        if kind not in (Kind.STRUCT, Kind.UNION):
            why = f"func '{function.name}' arg{number} type {KIND_NAMES[kind]} is not a struct"
            ctx.refuse(env, off, size, why)
        if given is not None:
            trusted = bool(given.trusted) and env.kernel.at_least(given.trusted)
            pointed = TRUSTED_BTF_ID if trusted else PTR_TO_BTF_ID
            return btf_ptr.to_type(env, btf, pointed, target, maybe_null=True)
        return _pointer(env, btf, function, number, type_)
    return env.unknown()


def _result_of_hook(env: Env) -> RegState:
    """The function's result, whose range is known of hooks of the security modules."""
    value = env.unknown()
    known = results.of_hook(env) if env.attach_type == AttachType.LSM_MAC else None
    if known is not None:
        value.smin = value.smin32 = known.low
        value.smax = value.smax32 = known.high
        finish_alu(value, env.rules)
    return value


def _given(env: Env, function: Function, number: int) -> Argument | None:
    """What the kernel says of an iterator's argument."""
    target = function.iterator
    return None if target is None else iterators.argument(target, function.arg_names[number])


def _is_number(env: Env, btf: BtfData, pointer: int) -> bool:
    """Whether the program gets a pointer as a number, since it points to no structure."""
    kernel, to = env.kernel, btf.record(pointer).size
    if not to:
        return True
    target = btf.stripped(to)
    kind = btf.kind(target) if target else Kind.VOID
    if kernel.has(Trait.CTX_POINTER_TO_ANY):
        return kind not in (Kind.STRUCT, Kind.UNION)
    if kernel.has(Trait.CTX_POINTER_TO_NAMED):
        void = kind == Kind.VOID and kernel.has(Trait.CTX_POINTER_TO_CONST_VOID)
        return kind == Kind.INT or void
    if btf.kind(to) == Kind.CONST:
        to = btf.record(to).size
    if not to or btf.kind(to) != Kind.INT or not kernel.has(Trait.CTX_POINTER_TO_CHAR):
        return False
    return btf.size_of(to) == 1 or kernel.has(Trait.CTX_POINTER_TO_NUMBER)


def _pointer(env: Env, btf: BtfData, function: Function, number: int, type_: int) -> RegState:
    kernel = env.kernel
    struct, tag = btf_walk.target(btf, type_)
    if struct != btf.record(type_).size and not kernel.has(Trait.BTF_QUALIFIED):
        raise Unmodelled("a pointer to a qualified structure", env.insn_idx)
    name = btf.name(struct) or "(anon)"
    mask = 0
    if function.raw_tp:
        mask = raw_tp_args.mask(kernel, function.name) >> 4 * number
    word = "STRUCT" if btf.kind(struct) == Kind.STRUCT else "UNION"
    env.log.add(f"func '{function.name}' arg{number} has btf_id {struct} type {word} '{name}'")
    if mask & ERROR:
        env.log.add(f"marking pointer arg{number} as scalar as it may encode error{OPEN}")
        return env.unknown()
    trusted = kernel.has(Trait.BTF_ARGS_TRUSTED) and _are_trusted(env, function)
    kind = TRUSTED_BTF_ID if trusted else PTR_TO_BTF_ID
    if tag in ("user", "percpu") and kernel.has(Trait.BTF_TAGS):
        if trusted:
            raise Unmodelled("a pointer of two kinds", env.insn_idx)
        kind = USER_BTF_ID if tag == "user" else PERCPU_BTF_ID
    nullable = (
        kernel.has(Trait.CTX_NULLABLE)
        and number < len(function.args)
        and function.arg_names[number].endswith(_NULLABLE)
    )
    return btf_ptr.to_type(env, btf, kind, struct, maybe_null=bool(mask & NULL) or nullable)


def _are_trusted(env: Env, function: Function) -> bool:
    """Whether the kernel vouches for the arguments: prog_args_trusted()."""
    if env.prog_type is ProgType.LSM:
        return not lsm_hooks.has(env.kernel, lsm_hooks.UNTRUSTED, function.name)
    return function.raw_tp or function.iterator is not None


def _argument(env: Env, btf: BtfData, function: Function, off: int) -> int:
    """The number of the argument at `off`, that of the result, or a higher one.

    One passed by value takes as many words as it has: get_ctx_arg_idx().  A tracepoint's first
    argument, which programs do not see, is counted, but the ones behind it have its numbers.
    """
    if not env.kernel.has(Trait.CTX_STRUCTS):
        return off // 8
    hidden = (POINTER_SIZE,) if function.raw_tp else ()
    sizes = *hidden, *(_bytes(btf, type_) for type_ in (*function.args, function.result))
    at = 0
    for number, size in enumerate(sizes):
        at += (size + 7) // 8 * 8
        if off < at:
            return number
    return len(sizes)


def _bytes(btf: BtfData, type_: int) -> int:
    """Bytes of an argument or a result; 0 of void."""
    return btf.size_of(type_) if btf.stripped(type_) else 0
