"""Tracing programs: the function or tracepoint they name, and its arguments as their context.

Source: bpf_check_attach_target(), tracing_prog_ctx_access() and btf_ctx_access().
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.btf import PARAM, Kind
from emu.kernel.enums import AttachType
from emu.kernel.errno import EACCES, EINVAL
from emu.kernel.raw_tp_args import ERROR, NULL, RAW_TP_ARGS
from verifier_model.check import btf_ptr, btf_walk
from verifier_model.reg import PERCPU_BTF_ID, PTR_TO_BTF_ID, TRUSTED_BTF_ID, USER_BTF_ID
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.btf import BtfData
    from verifier_model.env import Env
    from verifier_model.reg import RegState

_PREFIX = "btf_trace_"
_NULLABLE = "__nullable"
_NUMBERS = (Kind.INT, Kind.ENUM, Kind.ENUM64, Kind.STRUCT, Kind.UNION)
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
    if not env.kernel.at_least(btf_ptr.OLDEST):
        raise Unmodelled("a tracing program on this release", 0)
    raw_tp = prog.expected_attach_type == AttachType.TRACE_RAW_TP
    name = prog.attach_to
    if raw_tp and not name.startswith(_PREFIX):
        name = _PREFIX + name
    named = btf.find(name, (Kind.TYPEDEF if raw_tp else Kind.FUNC,))
    if named is None:
        raise Unmodelled(f"a tracing program for {name}, which the BTF does not have", 0)
    if name in _DENIED or (name in _ENDLESS and not raw_tp):
        raise Unmodelled(f"a tracing program for {name}", 0)
    proto = btf.record(named).size
    if raw_tp:
        proto = btf.record(btf.stripped(proto)).size
    record = btf.record(btf.stripped(proto))
    if record.kind != Kind.FUNC_PROTO:
        raise Reject("", EINVAL)
    args = list(btf.parts(record, PARAM))[1 if raw_tp else 0 :]
    return Function(
        name.removeprefix(_PREFIX) if raw_tp else name,
        tuple(type_ for _, type_ in args),
        tuple(btf.string(name_offset) for name_offset, _ in args),
        record.size,
        raw_tp,
    )


def load(env: Env, off: int, size: int) -> RegState:
    """What a load of `size` bytes at `off` of the context gives."""
    function, btf = env.attached, env.btf
    assert function is not None  # check_attach_btf_id() found it
    assert btf is not None
    end = 8 * env.limits.max_raw_tp_args
    if off < 0 or off >= end or off % size:
        _refuse(off, size)
    if off % 8:
        env.log.add(f"func '{function.name}' offset {off} is not multiple of 8")
        _refuse(off, size)
    number = _argument(btf, function, off)
    count = len(function.args)
    is_result = number == count and env.prog.expected_attach_type == AttachType.TRACE_FEXIT
    if number > count or (number == count and not is_result):
        env.log.add(f"func '{function.name}' doesn't have {number + 1}-th argument")
        _refuse(off, size)
    type_ = btf.stripped(function.result if is_result else function.args[number])
    kind = btf.kind(type_)
    if kind in _NUMBERS:
        return env.unknown()
    if kind != Kind.PTR:
        raise Unmodelled(f"argument {number} of {function.name}", env.insn_idx)
    if size != 8:
        env.log.add(f"func '{function.name}' size {size} must be 8")
        _refuse(off, size)
    return _pointer(env, btf, function, number, type_)


def _pointer(env: Env, btf: BtfData, function: Function, number: int, type_: int) -> RegState:
    struct, tag = btf_walk.target(btf, type_)
    if not struct:
        return env.unknown()
    name = btf.name(struct)
    if not name:
        raise Unmodelled("a pointer to a structure without a name", env.insn_idx)
    mask = RAW_TP_ARGS.get(function.name, 0) >> 4 * number if function.raw_tp else 0
    word = "STRUCT" if btf.kind(struct) == Kind.STRUCT else "UNION"
    env.log.add(f"func '{function.name}' arg{number} has btf_id {struct} type {word} '{name}'")
    if mask & ERROR:
        env.log.add(f"marking pointer arg{number} as scalar as it may encode error")
        return env.unknown()
    kind = TRUSTED_BTF_ID if function.raw_tp else PTR_TO_BTF_ID
    if tag in ("user", "percpu"):
        kind = USER_BTF_ID if tag == "user" else PERCPU_BTF_ID
    nullable = number < len(function.args) and function.arg_names[number].endswith(_NULLABLE)
    return btf_ptr.to_struct(env, kind, name, maybe_null=bool(mask & NULL) or nullable)


def _argument(btf: BtfData, function: Function, off: int) -> int:
    """The number of the argument at `off`; one passed by value takes as many words as it has."""
    at = 0
    for number, type_ in enumerate(function.args):
        at += (btf.size_of(type_) + 7) // 8 * 8
        if off < at:
            return number
    return len(function.args) + (off - at) // 8


def _refuse(off: int, size: int) -> None:
    raise Reject(f"invalid bpf_context access off={off} size={size}", EACCES)
