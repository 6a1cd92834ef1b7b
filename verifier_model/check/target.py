"""What a program attaches to, where it names a kernel function or a tracepoint.

Source: bpf_check_attach_target(), btf_distill_func_proto() and check_attach_btf_id(),
kernel/bpf/verifier.c; bpf_lsm_verify_prog(); bpf_iter_prog_supported().
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.btf import PARAM, POINTER_SIZE, Kind
from emu.kernel import iterators, lsm_hooks
from emu.kernel.enums import AttachType, ProgType
from emu.kernel.errno import EINVAL
from emu.kernel.prog_types import ATTACH_SINCE, MULTI
from emu.kernel.traits import Trait
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.btf import BtfData
    from emu.kernel.iterators import Target
    from emu.kernel.profile import Kernel
    from verifier_model.env import Env

_PREFIX = "btf_trace_"
NUMBERS = (Kind.INT, Kind.ENUM, Kind.ENUM64)
_LARGEST = 16  # bytes of a structure that is passed by value
# Kinds of types as complaints call them: btf_kind_str, by number.
KIND_NAMES = (
    *("UNKNOWN", "INT", "PTR", "ARRAY", "STRUCT", "UNION", "ENUM", "FWD", "TYPEDEF", "VOLATILE"),
    *("CONST", "RESTRICT", "FUNC", "FUNC_PROTO", "VAR", "DATASEC", "FLOAT", "DECL_TAG"),
    *("TYPE_TAG", "ENUM64"),
)
# The function that stands for those that programs for many are attached to later.
_MULTI_FUNC = "bpf_multi_func"
_RETURNS = (
    *(AttachType.TRACE_FEXIT, AttachType.TRACE_FSESSION, AttachType.TRACE_FSESSION_MULTI),
    AttachType.MODIFY_RETURN,
)
_KNOWN = (
    *(AttachType.TRACE_RAW_TP, AttachType.TRACE_FENTRY, AttachType.TRACE_FEXIT),
    *(AttachType.MODIFY_RETURN, AttachType.LSM_MAC, AttachType.TRACE_ITER, AttachType.LSM_CGROUP),
    *(AttachType.TRACE_FSESSION, *MULTI),
)
_FAULTABLE = ("sys_enter", "sys_exit")  # tracepoints that may sleep

# Functions that BPF itself is built on, and since when none traces them: btf_id_deny, read in 5.12
# to 7.3.  Each is there, and listed, as the kernel is configured.
_DENIED: dict[str, str | Trait] = {
    **dict.fromkeys(("migrate_disable", "migrate_enable", "rcu_read_unlock_strict"), "5.13"),
    **dict.fromkeys(("preempt_count_add", "preempt_count_sub"), Trait.PREEMPT_COUNT_DENIED),
    **dict.fromkeys(("__rcu_read_lock", "__rcu_read_unlock"), "6.4"),
    "___migrate_enable": "6.19",
}
# Those that never return: noreturn_deny, in 6.12.107, not in 6.11.11.
_ENDLESS = (
    *("__ia32_sys_exit", "__ia32_sys_exit_group", "__x64_sys_exit", "__x64_sys_exit_group"),
    *("__kunit_abort", "kunit_try_catch_throw", "__module_put_and_kthread_exit", "do_exit"),
    *("do_group_exit", "kthread_complete_and_exit", "make_task_dead"),
)
_ENDLESS_UNTIL_7_0 = ("kthread_exit",)
# Functions whose results programs may change: register_btf_fmodret_id_set().
_MODIFIABLE = (
    *("bpf_modify_return_test", "bpf_modify_return_test2", "bpf_modify_return_test_tp"),
    *("bpf_fentry_test1", "update_socket_protocol"),
)


class Function(NamedTuple):
    """What a tracing program attaches to."""

    name: str
    args: tuple[int, ...]  # types
    arg_names: tuple[str, ...]
    result: int  # a type; 0 for void
    raw_tp: bool = False
    iterator: Target | None = None


def find(env: Env) -> Function:
    """The function that the program names.

    Raises Reject where there is none, Unmodelled without the kernel's BTF.
    """
    btf, kernel, attach_type = env.btf, env.kernel, env.attach_type
    if btf is None:
        raise Unmodelled("a tracing program, without the kernel's BTF", 0)
    raw_tp = attach_type == AttachType.TRACE_RAW_TP
    if raw_tp and kernel.has(Trait.RAW_TP_ALL_NULL) and not kernel.has(Trait.RAW_TP_NULL_ARGS):
        raise Unmodelled("a raw tracepoint's arguments, all of which may be null", 0)
    _check_attach_type(env)
    function = _function(env, btf, raw_tp=raw_tp)
    if raw_tp:
        _check_faultable(env, function)
        return function
    _check_callable(env, btf, function)
    if attach_type == AttachType.TRACE_ITER:
        return function._replace(iterator=_iterator(env, function))
    _check_sleepable(env, function)
    if attach_type == AttachType.MODIFY_RETURN and not env.may_sleep:
        _check_modifiable(env, btf, function)
    if env.prog_type is ProgType.LSM:
        _check_hook(env, btf, function)
    else:
        _check_listed(kernel, function.name, attach_type)
    return function


def _check_attach_type(env: Env) -> None:
    """The release knows how to attach such a program, of whatever type."""
    attach_type = env.attach_type
    since = ATTACH_SINCE.get(AttachType(attach_type)) if attach_type in _KNOWN else None
    if attach_type not in _KNOWN or (since and not env.kernel.at_least(since)):
        raise Reject("", EINVAL)


def _function(env: Env, btf: BtfData, *, raw_tp: bool) -> Function:
    """The function's type, as BTF has it."""
    name = _MULTI_FUNC if env.attach_type in MULTI else env.prog.attach_to
    if raw_tp and not name.startswith(_PREFIX):
        name = _PREFIX + name
    named = btf.find(name, (Kind.TYPEDEF if raw_tp else Kind.FUNC,))
    if named is None:
        raise Unmodelled(f"a tracing program for {name}, which the BTF does not have", 0)
    if not raw_tp and env.kernel.at_least("7.0") and btf.find(f"{name}_impl", (Kind.FUNC,)):
        raise Unmodelled(f"a tracing program for {name}, which may have hidden arguments", 0)
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


def _check_callable(env: Env, btf: BtfData, function: Function) -> None:
    """A trampoline can pass the function's arguments on: btf_distill_func_proto()."""
    kernel, args = env.kernel, function.args
    start = f"The function {function.name}"
    most = env.limits.max_raw_tp_args - (0 if kernel.has(Trait.CTX_TWELVE_ARGS) else 1)
    if len(args) > most:
        raise Reject(f"{start} has {len(args)} arguments. Too many.", EINVAL)
    result = btf.kind(btf.stripped(function.result)) if function.result else Kind.VOID
    if result not in (Kind.VOID, Kind.PTR, *NUMBERS):
        raise Reject(f"{start} return type {KIND_NAMES[result]} is unsupported.", EINVAL)
    if result and btf.size_of(function.result) > POINTER_SIZE and kernel.at_least("6.12"):
        raise Unmodelled(f"a tracing program for {function.name}, which returns two words", 0)
    passed = (Kind.PTR, *NUMBERS, *by_value(kernel))
    for number, type_ in enumerate(args):
        if not type_ and not kernel.has(Trait.CTX_VARIADIC_REFUSED):
            continue
        if not type_ and number == len(args) - 1:
            raise Reject(f"{start} with variable args is unsupported.", EINVAL)
        kind = btf.kind(btf.stripped(type_)) if type_ and btf.stripped(type_) else Kind.VOID
        if type_ and (kind not in passed or btf.size_of(type_) > _LARGEST):
            text = f"{start} arg{number} type {KIND_NAMES[kind]} is unsupported."
            raise Reject(text, EINVAL)
        if not type_ or not btf.size_of(type_):
            raise Reject(f"{start} has malformed void argument.", EINVAL)


def by_value(kernel: Kernel) -> tuple[int, ...]:
    """The kinds of types with members that can be arguments."""
    structs = (Kind.STRUCT,) if kernel.has(Trait.CTX_STRUCTS) else ()
    return (*structs, Kind.UNION) if kernel.has(Trait.CTX_UNIONS) else structs


def _check_faultable(env: Env, function: Function) -> None:
    """Programs sleep at tracepoints of system calls only: tracepoint_is_faultable()."""
    asked = env.may_sleep and env.kernel.has(Trait.SLEEPABLE_TRACEPOINTS)
    if asked and function.name not in _FAULTABLE:
        text = f"Sleepable program cannot attach to non-faultable tracepoint {function.name}"
        raise Reject(text, EINVAL)


def _check_sleepable(env: Env, function: Function) -> None:
    """The program may sleep in the function, if it may at all: btf_id_allow_sleepable()."""
    if not env.may_sleep or env.attach_type in MULTI:
        return
    kernel, name = env.kernel, function.name
    if env.prog_type is ProgType.LSM:
        allowed = is_sleepable_hook(kernel, name)
    else:
        tests = name == "bpf_fentry_test1" and kernel.has(Trait.MODIFY_RETURN_LISTED)
        allowed = tests or _is_injectable(env, name)
    if not allowed:
        raise Reject(f"{name} is not sleepable", EINVAL)


def is_sleepable_hook(kernel: Kernel, name: str) -> bool:
    """Whether programs at the hook of the security modules may sleep."""
    return lsm_hooks.has(kernel, lsm_hooks.SLEEPABLE, name)


def _is_injectable(env: Env, name: str) -> bool:
    """Whether errors may be injected into the function: within_error_injection_list().

    Kernels without a list of such functions have taken system calls for it since 7.1.
    """
    assert env.btf is not None  # find() asked
    if env.btf.find("within_error_injection_list", (Kind.FUNC,)):
        raise Unmodelled(f"a program for {name}, which may be listed for error injection", 0)
    return name.startswith("__x64_") and env.kernel.has(Trait.SYSCALLS_INJECTABLE)


def _check_modifiable(env: Env, btf: BtfData, function: Function) -> None:
    """The function's result may be another: check_attach_modify_return()."""
    name = function.name
    if name.startswith(("hid_bpf_", "__hid_bpf_")):
        raise Unmodelled(f"a program for {name}, whose result some releases let programs modify", 0)
    listed = name in _MODIFIABLE and env.kernel.has(Trait.MODIFY_RETURN_LISTED)
    if not (listed or name.startswith("security_") or _is_injectable(env, name)):
        raise Reject(f"{name}() is not modifiable", EINVAL)


def _check_hook(env: Env, btf: BtfData, function: Function) -> None:
    """The function is a hook of the security modules: bpf_lsm_verify_prog()."""
    if not env.gpl:
        raise Reject("LSM programs must have a GPL compatible license", EINVAL)
    kernel, name = env.kernel, function.name
    number = btf.find(name, (Kind.FUNC,))
    if kernel.has(Trait.LSM_DISABLED_HOOKS) and lsm_hooks.has(kernel, lsm_hooks.DISABLED, name):
        raise Reject(f"attach_btf_id {number} points to disabled hook {name}", EINVAL)
    if not name.startswith(lsm_hooks.PREFIX):
        raise Reject(f"attach_btf_id {number} points to wrong type name {name}", EINVAL)


def _check_listed(kernel: Kernel, name: str, attach_type: int) -> None:
    """No program traces what BPF rests on, nor the return of what never returns."""
    told = kernel.has(Trait.TEXT_DENIED)
    if _DENIED.get(name) == "5.13" and kernel.at_least("5.13") and not kernel.at_least("5.14"):
        raise Unmodelled(f"a tracing program for {name}", 0)  # 5.13 was not read
    if name in _DENIED and kernel.holds(_DENIED[name]):
        text = f"Attaching tracing programs to function '{name}' is rejected."
        raise Reject(text if told else "", EINVAL)
    endless = name in _ENDLESS or (name in _ENDLESS_UNTIL_7_0 and not kernel.at_least("7.0"))
    if endless and attach_type in _RETURNS and kernel.has(Trait.NORETURN_DENIED):
        types = "fexit/fsession/fmod_ret" if kernel.at_least("7.0") else "fexit/fmod_ret"
        to = f"__noreturn function '{name}'" if told else "__noreturn functions"
        raise Reject(f"Attaching {types} to {to} is rejected.", EINVAL)


def _iterator(env: Env, function: Function) -> Target:
    """What an iterator's programs are given: bpf_iter_prog_supported()."""
    target = iterators.find(env.kernel, function.name)
    if target is None:
        raise Reject("", EINVAL)
    return target
