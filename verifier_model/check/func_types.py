"""What a function of the program takes, as its BTF says.

Source: btf_prepare_func_args(), btf_get_prog_ctx_type(), btf_validate_prog_ctx_type(),
kernel/bpf/btf.c.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

from emu.btf import Kind, essential_name
from emu.kernel.enums import AttachType, ProgType
from emu.kernel.errno import EFAULT, EINVAL, ENOENT, ENOTSUP, ESRCH
from emu.kernel.prog_types import ctx_struct
from emu.kernel.traits import Trait
from emu.prog import GLOBAL
from verifier_model.check.btf_match import SEEN_AS
from verifier_model.log_buffer import LEVELS
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.prog import FuncArg, FuncInfo
    from verifier_model.env import Env

NUMBERS = ("INT", "ENUM", "ENUM64")
MOST = 5  # arguments in registers
_MOST_ON_STACK = 12  # arguments, with those on the stack
_DYNPTRS = ("bpf_dynptr", "bpf_dynptr_kern")  # btf_is_dynptr_ptr()
_PT_REGS = "bpf_user_pt_regs_t"
# Tags of arguments, and when kernels have them.
_TAGS = {
    **dict.fromkeys(("ctx", "nonnull"), "6.8"),
    **dict.fromkeys(("trusted", "nullable", "arena"), "6.9"),
    "untrusted": "6.17",
}
_KINDS = {
    "STRUCT": Kind.STRUCT,
    "UNION": Kind.UNION,
    "FWD": Kind.FWD,
    "INT": Kind.INT,
    "ENUM": Kind.ENUM,
    "ENUM64": Kind.ENUM64,
}
_U64_CONTEXTS = (
    *(ProgType.RAW_TRACEPOINT, ProgType.RAW_TRACEPOINT_WRITABLE),
    *(ProgType.LSM, ProgType.STRUCT_OPS),
)
_U64_ATTACHED = (
    *(AttachType.TRACE_RAW_TP, AttachType.TRACE_FENTRY),
    *(AttachType.TRACE_FEXIT, AttachType.MODIFY_RETURN, AttachType.TRACE_FSESSION),
)
_ANY_CONTEXT = (ProgType.TRACEPOINT, ProgType.SYSCALL, ProgType.EXT)


class Takes(enum.Enum):
    """What an argument is: enum bpf_arg_type, as far as functions of the program have it."""

    NUMBER = enum.auto()
    CTX = enum.auto()
    MEM = enum.auto()
    DYNPTR = enum.auto()
    ARENA = enum.auto()  # a pointer into an arena, or a number
    STRUCT = enum.auto()  # a kernel structure that can be relied on
    UNTRUSTED = enum.auto()  # the address of a kernel structure, or of anything, or no address


class Expected(NamedTuple):
    """One argument: struct bpf_subprog_arg_info."""

    takes: Takes
    size: int = 0  # bytes of memory
    maybe_null: bool = True
    struct: int = 0  # the structure, by its type's number in the kernel's BTF


def info(env: Env, no: int) -> FuncInfo | None:
    """What BTF says of a function; None without BTF."""
    infos = env.prog.func_info
    return infos[no] if no < len(infos) else None


def is_global(env: Env, no: int) -> bool:
    """Whether the function is walked once, for any arguments."""
    found = info(env, no)
    return found is not None and found.linkage == GLOBAL and env.rules.GLOBAL_FUNCS


def returns_void(env: Env, no: int) -> bool:
    """Whether BTF says so, where functions may: subprog_returns_void()."""
    found = info(env, no)
    return found is not None and found.result == "UNKNOWN" and env.rules.GLOBAL_FUNCS_VOID


def expected(env: Env, no: int) -> tuple[Expected, ...]:
    """What the function takes.

    Raises Reject for what none takes; its text is empty where a static function is not believed.
    """
    if no not in env.func_args:
        env.func_args[no] = _found(env, no)
    return env.func_args[no]


def _found(env: Env, no: int) -> tuple[Expected, ...]:
    found = info(env, no)
    assert found is not None
    known = is_global(env, no)
    if len(found.args) > MOST:
        _refuse_count(env, found, known)
    if found.result not in NUMBERS and not returns_void(env, no):
        _refuse_result(env, found, known)
    return tuple(_expected(env, found, i, arg, known) for i, arg in enumerate(found.args))


def _refuse_count(env: Env, found: FuncInfo, known: bool) -> None:
    count = len(found.args)
    if env.rules.FUNC_STACK_ARGS and count > _MOST_ON_STACK:
        text = f"kernel supports at most {_MOST_ON_STACK} parameters, function {found.name} has"
        raise Reject(f"{text} {count}", EFAULT)
    if env.rules.FUNC_STACK_ARGS and not env.kernel.has(Trait.JIT):
        text = f"JIT does not support function {found.name}() with {count} args"
        raise Reject(text, EFAULT)
    if env.rules.FUNC_STACK_ARGS and known:
        text = f"global function {found.name} has {count} > {MOST} args, stack args not supported"
        raise Reject(text, EINVAL)
    if env.rules.FUNC_STACK_ARGS:
        return
    text = f"Global function {found.name}() with {count} > {MOST} args. Buggy compiler."
    raise Reject(text if known else "", EINVAL)


def _refuse_result(env: Env, found: FuncInfo, known: bool) -> None:
    void = env.rules.GLOBAL_FUNCS_VOID
    what = "return value not void or scalar" if void else "doesn't return scalar"
    errno = ENOTSUP if env.rules.GLOBAL_FUNC_RESULT_ENOTSUP else EINVAL
    text = f"Global function {found.name}() {what}. Only those are supported."
    raise Reject(text if known else "", errno)


def _expected(env: Env, found: FuncInfo, i: int, arg: FuncArg, known: bool) -> Expected:
    tags = _tags(env, i, arg, known)
    if arg.kind == "PTR":
        if "ctx" in tags or is_ctx(env, i, arg):
            if tags - {"ctx"}:
                raise Reject(f"arg#{i} has invalid combination of tags", EINVAL)
            if "ctx" in tags:
                _check_ctx(env, i, arg)
            return Expected(Takes.CTX)
        if env.rules.FUNC_ARGS_ONCE and arg.to in ("STRUCT", "FWD") and arg.name in _DYNPTRS:
            if tags:
                raise Reject(f"arg#{i} has invalid combination of tags", EINVAL)
            return Expected(Takes.DYNPTR)
        if "trusted" in tags:
            if "nonnull" in tags:
                raise Reject(f"arg#{i} has invalid combination of tags", EINVAL)
            struct = _kernel_type(env, i, arg)
            return Expected(Takes.STRUCT, maybe_null="nullable" in tags, struct=struct)
        if "untrusted" in tags:
            return _untrusted(env, i, arg, tags)
        if "arena" in tags:
            if len(tags) > 1:
                text = f"arg#{i} arena cannot be combined with any other tags"
                raise Reject(text, EINVAL)
            return Expected(Takes.ARENA)
        if "nullable" in tags and known:
            raise Reject(f"arg#{i} has invalid combination of tags", EINVAL)
        if known and env.rules.GLOBAL_FUNC_MEM:
            return Expected(Takes.MEM, size_of(i, arg), "nonnull" not in tags)
    if tags and arg.kind != "PTR":
        raise Reject(f"arg#{i} has pointer tag, but is not a pointer type", EINVAL)
    if arg.kind in NUMBERS:
        return Expected(Takes.NUMBER)
    text = f"Arg#{i} type {arg.kind} in {found.name}() is not supported yet."
    raise Reject(text if known else "", EINVAL)


def _untrusted(env: Env, i: int, arg: FuncArg, tags: frozenset[str]) -> Expected:
    """Memory that may not be there: of a kernel structure, or of numbers."""
    if len(tags) > 1:
        text = f"arg#{i} untrusted cannot be combined with any other tags"
        raise Reject(text, EINVAL)
    if arg.to in ("UNKNOWN", *NUMBERS):
        return Expected(Takes.UNTRUSTED, maybe_null=False)
    struct = _kernel_type(env, i, arg)
    assert env.btf is not None  # _kernel_type() looked there
    if env.btf.kind(struct) not in (Kind.STRUCT, Kind.UNION):
        text = f"arg#{i} has type {arg.to} '', but only struct or primitive types are allowed"
        raise Reject(text, EINVAL)
    return Expected(Takes.UNTRUSTED, maybe_null=False, struct=struct)


def _kernel_type(env: Env, i: int, arg: FuncArg) -> int:
    """The kernel's type of that name: btf_get_ptr_to_btf_id().  Modules' are not known."""
    where = f"arg#{i} reference type('{arg.to} {arg.name or '(anon)'}')"
    if not arg.name:
        raise Reject(f"{where} candidate matching error: -{EINVAL}", EINVAL)
    kind = _KINDS.get(arg.to)
    if env.btf is None or kind is None:
        raise Unmodelled(f"{arg.to} {arg.name} of the kernel's BTF", env.insn_idx)
    name = essential_name(arg.name)
    found = [id_ for id_ in env.btf.flavors(name) if env.btf.kind(id_) == kind]
    if not found:
        raise Reject(f"{where} has no matches", ENOENT)
    if len(found) > 1:
        raise Reject(f"{where} is ambiguous", ESRCH)
    return found[0]


def _tags(env: Env, i: int, arg: FuncArg, known: bool) -> frozenset[str]:
    tags = [tag[4:] for tag in arg.tags if tag.startswith("arg:")]
    if not tags or not env.rules.FUNC_ARGS_ONCE:
        return frozenset()
    if not known:
        raise Reject(f"arg#{i} type tag is not supported in static functions", ENOTSUP)
    for tag in tags:
        if tag not in _TAGS or not env.kernel.at_least(_TAGS[tag]):
            raise Reject(f"arg#{i} has unsupported set of tags", ENOTSUP)
    return frozenset(tags)


def size_of(i: int, arg: FuncArg) -> int:
    """Bytes of what the argument points to."""
    if arg.size < 0:
        what = f"'{arg.to} {arg.name}'"
        text = f"arg#{i} reference type({what}) size cannot be determined: -{EINVAL}"
        raise Reject(text, EINVAL)
    return arg.size


def is_ctx(env: Env, i: int, arg: FuncArg) -> bool:
    """Whether BTF says that a pointer is the program's context."""
    has_btf = env.kernel.has(Trait.VMLINUX_BTF)
    if not has_btf and not env.rules.FUNC_ARGS_ONCE:
        env.log.add("btf_vmlinux is malformed")
        return False
    if env.rules.FUNC_ARGS_ONCE and env.prog_type is ProgType.KPROBE and arg.alias == _PT_REGS:
        return True
    if arg.to not in ("STRUCT", "UNION"):
        if env.rules.FUNC_ARGS_NO_STRUCT and env.log.bits & LEVELS:
            env.log.add(f"arg#{i} type is not a struct")
        return False
    if not has_btf:
        env.log.add("btf_vmlinux is malformed")
        return False
    if env.prog_type is ProgType.KPROBE and arg.name == _PT_REGS:
        return True  # a structure of the typedef's name
    name = SEEN_AS.get(arg.name) if env.rules.KERNEL_CTX_STRUCTS else None
    known = _ctx_struct(env)
    return bool(known) and known in (arg.name, name)


def _ctx_struct(env: Env) -> str:
    """The structure of the program's context: btf_get_prog_ctx_type()."""
    if env.prog_type is ProgType.SK_LOOKUP and not env.kernel.has(Trait.SK_LOOKUP_CTX):
        return ctx_struct(ProgType.SOCKET_FILTER)
    return ctx_struct(env.prog_type)


def _check_ctx(env: Env, i: int, arg: FuncArg) -> None:
    """The type of an argument that is tagged as the context."""
    kind, name = env.prog_type, _ctx_struct(env)
    if arg.to == "UNKNOWN":
        return
    if arg.alias == _PT_REGS and kind in (ProgType.KPROBE, ProgType.PERF_EVENT):
        return
    if not arg.name:
        raise Reject(f"arg#{i} type doesn't have a name", EINVAL)
    if kind in _ANY_CONTEXT:
        return
    of_regs = kind in (ProgType.KPROBE, ProgType.PERF_EVENT)
    if of_regs and (arg.to, arg.name) == ("STRUCT", "pt_regs"):
        return
    attached = kind is ProgType.TRACING and env.attach_type in _U64_ATTACHED
    if attached:
        name = "bpf_raw_tracepoint_args" if env.attach_type == AttachType.TRACE_RAW_TP else ""
    iterates = kind is ProgType.TRACING and env.attach_type == AttachType.TRACE_ITER
    if iterates and arg.to == "STRUCT" and arg.name.startswith("bpf_iter__"):
        return
    if (kind in _U64_CONTEXTS or attached) and (arg.to, arg.size) == ("INT", 8):
        return
    if arg.to == "STRUCT" and arg.name == name:
        return
    text = f"`struct {name} *`" if name and kind is not ProgType.TRACING else "void pointer"
    raise Reject(f"arg#{i} should be {text}", EINVAL)
