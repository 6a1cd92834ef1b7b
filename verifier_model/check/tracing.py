"""Tracing programs: the function or tracepoint they name, and its arguments as their context.

Source: bpf_check_attach_target(), btf_distill_func_proto(), tracing_prog_ctx_access() and
btf_ctx_access().
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.btf import PARAM, POINTER_SIZE, Kind
from emu.kernel import raw_tp_args
from emu.kernel.enums import AttachType
from emu.kernel.errno import EINVAL
from emu.kernel.raw_tp_args import ERROR, NULL
from emu.kernel.traits import Trait
from verifier_model.check import btf_ptr, btf_walk, ctx
from verifier_model.log_buffer import OPEN
from verifier_model.reg import PERCPU_BTF_ID, PTR_TO_BTF_ID, TRUSTED_BTF_ID, USER_BTF_ID
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.btf import BtfData
    from emu.kernel.profile import Kernel
    from verifier_model.env import Env
    from verifier_model.reg import RegState

_PREFIX = "btf_trace_"
_NULLABLE = "__nullable"
_NUMBERS = (Kind.INT, Kind.ENUM, Kind.ENUM64)
_LARGEST = 16  # bytes of a structure that is passed by value
# Kinds of types as complaints call them: btf_kind_str, by number.
_KIND_NAMES = (
    *("UNKNOWN", "INT", "PTR", "ARRAY", "STRUCT", "UNION", "ENUM", "FWD", "TYPEDEF", "VOLATILE"),
    *("CONST", "RESTRICT", "FUNC", "FUNC_PROTO", "VAR", "DATASEC", "FLOAT", "DECL_TAG"),
    *("TYPE_TAG", "ENUM64"),
)
_MODELLED = (AttachType.TRACE_RAW_TP, AttachType.TRACE_FENTRY, AttachType.TRACE_FEXIT)

# Functions that BPF itself is built on, and those that never return.
_DENIED = (
    *("___migrate_enable", "migrate_disable", "migrate_enable", "rcu_read_unlock_strict"),
    *("preempt_count_add", "preempt_count_sub", "__rcu_read_lock", "__rcu_read_unlock"),
)
_ENDLESS = (
    *("__ia32_sys_exit", "__ia32_sys_exit_group", "__x64_sys_exit", "__x64_sys_exit_group"),
    *("__kunit_abort", "kunit_try_catch_throw", "__module_put_and_kthread_exit", "do_exit"),
    *("do_group_exit", "kthread_complete_and_exit", "kthread_exit", "make_task_dead"),
)


class Function(NamedTuple):
    """What a tracing program attaches to."""

    name: str
    args: tuple[int, ...]  # types
    arg_names: tuple[str, ...]
    result: int  # a type; 0 for void
    raw_tp: bool


def find(env: Env) -> Function:
    """The function that the program names.

    Raises Reject where there is none, Unmodelled without the kernel's BTF.
    """
    prog, btf = env.prog, env.btf
    if btf is None:
        raise Unmodelled("a tracing program, without the kernel's BTF", 0)
    if prog.expected_attach_type not in _MODELLED:
        raise Unmodelled(f"a tracing program for attach type {prog.expected_attach_type}", 0)
    raw_tp = prog.expected_attach_type == AttachType.TRACE_RAW_TP
    kernel = env.kernel
    unlisted = kernel.has(Trait.RAW_TP_ALL_NULL) and not kernel.has(Trait.RAW_TP_NULL_ARGS)
    if raw_tp and unlisted:
        raise Unmodelled("a raw tracepoint's arguments, all of which may be null", 0)
    name = prog.attach_to
    if raw_tp and not name.startswith(_PREFIX):
        name = _PREFIX + name
    named = btf.find(name, (Kind.TYPEDEF if raw_tp else Kind.FUNC,))
    if named is None:
        raise Unmodelled(f"a tracing program for {name}, which the BTF does not have", 0)
    if _is_listed(kernel, name, prog.expected_attach_type):
        raise Unmodelled(f"a tracing program for {name}", 0)
    if not raw_tp and kernel.at_least("7.0") and btf.find(f"{name}_impl", (Kind.FUNC,)):
        raise Unmodelled(f"a tracing program for {name}, which may have hidden arguments", 0)
    proto = btf.record(named).size
    if raw_tp:
        proto = btf.record(btf.stripped(proto)).size
    record = btf.record(btf.stripped(proto))
    if record.kind != Kind.FUNC_PROTO:
        raise Reject("", EINVAL)
    args = list(btf.parts(record, PARAM))[1 if raw_tp else 0 :]
    function = Function(
        name.removeprefix(_PREFIX) if raw_tp else name,
        tuple(type_ for _, type_ in args),
        tuple(btf.string(name_offset) for name_offset, _ in args),
        record.size,
        raw_tp,
    )
    if not raw_tp:
        _check_callable(env, btf, function)
    return function


def _is_listed(kernel: Kernel, name: str, attach_type: int) -> bool:
    """Whether the kernel may refuse the function, as its configuration has it: btf_id_deny and
    noreturn_deny, not in 5.12.9 and not in 6.11.11."""
    if name in _DENIED:
        return kernel.at_least("5.13")
    endless = name in _ENDLESS and attach_type == AttachType.TRACE_FEXIT
    return endless and kernel.at_least("6.12")


def _check_callable(env: Env, btf: BtfData, function: Function) -> None:
    """A trampoline can pass the function's arguments on: btf_distill_func_proto()."""
    kernel, args = env.kernel, function.args
    start = f"The function {function.name}"
    most = env.limits.max_raw_tp_args - (0 if kernel.has(Trait.CTX_TWELVE_ARGS) else 1)
    if len(args) > most:
        raise Reject(f"{start} has {len(args)} arguments. Too many.", EINVAL)
    result = btf.kind(btf.stripped(function.result)) if function.result else Kind.VOID
    if result not in (Kind.VOID, Kind.PTR, *_NUMBERS):
        raise Reject(f"{start} return type {_KIND_NAMES[result]} is unsupported.", EINVAL)
    if result and btf.size_of(function.result) > POINTER_SIZE and kernel.at_least("6.12"):
        raise Unmodelled(f"a tracing program for {function.name}, which returns two words", 0)
    passed = (Kind.PTR, *_NUMBERS, *_by_value(kernel))
    for number, type_ in enumerate(args):
        if not type_ and not kernel.has(Trait.CTX_VARIADIC_REFUSED):
            continue
        if not type_ and number == len(args) - 1:
            raise Reject(f"{start} with variable args is unsupported.", EINVAL)
        kind = btf.kind(btf.stripped(type_)) if type_ and btf.stripped(type_) else Kind.VOID
        if type_ and (kind not in passed or btf.size_of(type_) > _LARGEST):
            text = f"{start} arg{number} type {_KIND_NAMES[kind]} is unsupported."
            raise Reject(text, EINVAL)
        if not type_ or not btf.size_of(type_):
            raise Reject(f"{start} has malformed void argument.", EINVAL)


def _by_value(kernel: Kernel) -> tuple[int, ...]:
    """The kinds of types with members that can be arguments."""
    structs = (Kind.STRUCT,) if kernel.has(Trait.CTX_STRUCTS) else ()
    return (*structs, Kind.UNION) if kernel.has(Trait.CTX_UNIONS) else structs


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
    is_result = number == count and env.prog.expected_attach_type == AttachType.TRACE_FEXIT
    if number > count or (number == count and not is_result):
        why = f"func '{function.name}' doesn't have {number + 1}-th argument"
        ctx.refuse(env, off, size, why)
    type_ = btf.stripped(function.result if is_result else function.args[number])
    kind = btf.kind(type_) if type_ else Kind.VOID
    numbers = _NUMBERS if env.kernel.has(Trait.CTX_ENUMS) else (Kind.INT,)
    if kind in numbers and btf.size_of(type_) <= POINTER_SIZE:
        return env.unknown()
    if kind in _by_value(env.kernel):
        return env.unknown()
    if kind != Kind.PTR:
        name = btf.name(type_) if type_ else ""
        why = (
            f"func '{function.name}' arg{number} '{name or '(anon)'}' has type {_KIND_NAMES[kind]}"
        )
        ctx.refuse(env, off, size, f"{why}. Only pointer access is allowed")
    if size != 8 and env.kernel.has(Trait.CTX_POINTER_WHOLE):
        ctx.refuse(env, off, size, f"func '{function.name}' size {size} must be 8")
    if not _is_number(env, btf, type_):
        target = btf.stripped(btf.record(type_).size)
        kind = btf.kind(target) if target else Kind.VOID
        if kind not in (Kind.STRUCT, Kind.UNION):
            why = f"func '{function.name}' arg{number} type {_KIND_NAMES[kind]} is not a struct"
            ctx.refuse(env, off, size, why)
        return _pointer(env, btf, function, number, type_)
    return env.unknown()


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
    trusted = function.raw_tp and kernel.has(Trait.BTF_ARGS_TRUSTED)
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
