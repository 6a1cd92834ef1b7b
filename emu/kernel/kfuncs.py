"""KFUNCS: the kernel functions that programs call by name, and which program types may.

A kernel's BTF has their prototypes, but not what else the verifier knows of them: that stands in
lists of the kernel's sources, which this table follows.  Sources: the BTF_ID_FLAGS() lists of
kernel/bpf/helpers.c, net/core/filter.c and the files named below, read in 6.1, 6.6.57, 6.7.3,
6.8.1, 6.9.0, 6.10, 6.11.11, 6.12, 7.2 and 7.3;
that a release has a function was seen in the BTF of 6.1, 6.12.43, 6.16.3, 6.17.13, 6.18.5, 6.19.6,
7.0.13, 7.1.13, 7.2.13 and 7.3.4.
"""

from __future__ import annotations

import enum
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from emu.kernel.enums import AttachType, ProgType

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel


class Kind(enum.Enum):
    """What an argument has to be: enum kfunc_ptr_arg_type, and what numbers are for."""

    SCALAR = enum.auto()
    SIZE = enum.auto()  # a number: the bytes at the argument before
    CONST_SIZE = enum.auto()  # the same, and it is known
    CTX = enum.auto()
    DYNPTR = enum.auto()
    NEW_DYNPTR = enum.auto()  # room for one
    ITER = enum.auto()
    NEW_ITER = enum.auto()
    IRQ_FLAG = enum.auto()
    NEW_IRQ_FLAG = enum.auto()
    BUFFER = enum.auto()  # memory; its size is the next argument
    BUFFER_OR_NULL = enum.auto()  # the same, or none
    MEM = enum.auto()  # memory of a known size
    CONST_STR = enum.auto()  # text in a frozen map
    MAP = enum.auto()  # a kernel structure, which a map's pointer is
    TIMER = enum.auto()  # in a map's value, as the next two are
    WORK_QUEUE = enum.auto()
    TASK_WORK = enum.auto()
    CALLBACK = enum.auto()  # a function of the program
    KNOWN_MAP = enum.auto()  # a map that the verifier knows: "__map"
    CONST_MAP = enum.auto()  # the same, in 7.3 never a structure: "__const_map"
    STRUCT = enum.auto()  # a kernel structure
    STRUCT_OR_NULL = enum.auto()
    CONST = enum.auto()  # a known number
    ANYTHING = enum.auto()  # no register is looked at
    OBJECT = enum.auto()  # one that the program allocated
    COUNTED = enum.auto()  # the same, with a bpf_refcount
    LIST_HEAD = enum.auto()
    LIST_NODE = enum.auto()
    LISTED_NODE = enum.auto()  # one of a list's, or one of one's own
    RB_ROOT = enum.auto()
    RB_NODE = enum.auto()  # one of one's own
    TREE_NODE = enum.auto()  # one of a tree's
    RES_LOCK = enum.auto()
    LESS = enum.auto()  # the function that compares two nodes


NUMBERS = (Kind.SCALAR, Kind.CONST, Kind.CONST_SIZE, Kind.SIZE)


OF_OBJECTS = (
    *(Kind.OBJECT, Kind.COUNTED, Kind.LIST_HEAD, Kind.LIST_NODE, Kind.LISTED_NODE),
    *(Kind.RB_ROOT, Kind.RB_NODE, Kind.TREE_NODE, Kind.RES_LOCK),
)


class Result(enum.Enum):
    """What a call leaves in r0."""

    NOTHING = enum.auto()
    SCALAR = enum.auto()  # or a pointer to void, which counts as one
    ELEMENT = enum.auto()  # a pointer to memory that is only read, of an iterator
    SLICE = enum.auto()  # the same, of a dynptr
    SLICE_TO_WRITE = enum.auto()
    STRUCT = enum.auto()  # a kernel structure
    OF_TYPE = enum.auto()  # what the known number says, a type of the kernel's BTF
    KERNEL_CTX = enum.auto()  # what the kernel has where programs see their context
    OBJECT = enum.auto()  # an object of the program's type that the known number says
    PERCPU_OBJECT = enum.auto()  # one for each CPU
    SAME_OBJECT = enum.auto()  # that of the first argument
    NODE = enum.auto()  # what a list or tree holds
    LOCKED = enum.auto()  # 0; on a path of its own an error


class Does(enum.Flag):
    """KF_*: what else the verifier has to know."""

    NOTHING = 0
    MAY_BE_NULL = enum.auto()  # KF_RET_NULL
    ITER_NEXT = enum.auto()
    ITER_DESTROY = enum.auto()
    SLEEPS = enum.auto()
    TRUSTED_ARGS = enum.auto()  # its pointers are never null; since 7.0 those of all functions
    RCU_LOCK = enum.auto()
    RCU_UNLOCK = enum.auto()
    PREEMPT_DISABLE = enum.auto()
    PREEMPT_ENABLE = enum.auto()
    PACKET_CHANGES = enum.auto()
    TRAPS = enum.auto()
    ENDS = enum.auto()  # it ends the program
    ACQUIRES = enum.auto()  # what it gives must be given back
    RELEASES = enum.auto()
    CALLS_LATER = enum.auto()  # a function of the program, when that has ended
    RCU_ARGS = enum.auto()  # structures need not be trusted where RCU protects them
    GIVES_UNTRUSTED = enum.auto()
    FOR_DEVICES = enum.auto()  # only programs that are bound to a network device call it
    FOR_ITERATORS = enum.auto()  # only iterator programs do
    FOR_SESSIONS = enum.auto()  # only programs do that run at a function's entry and its end
    GRAPH = enum.auto()  # it works on lists, trees or counts: is_bpf_graph_api_kfunc()
    CALLS_BACK = enum.auto()  # a function of the program, before it returns
    INSERTS = enum.auto()  # the second argument belongs to a list or tree then
    LOCKED = enum.auto()  # it may be called while a lock is held


class Hook(enum.Enum):
    """enum btf_kfunc_hook: program types that share their functions."""

    XDP = enum.auto()
    TC = enum.auto()
    TRACING = enum.auto()
    SYSCALL = enum.auto()
    STRUCT_OPS = enum.auto()
    CGROUP = enum.auto()
    SCHED_ACT = enum.auto()
    SK_SKB = enum.auto()
    SOCKET_FILTER = enum.auto()
    LWT = enum.auto()
    KPROBE = enum.auto()
    NETFILTER = enum.auto()
    GENERIC = enum.auto()  # those that most functions are for: generic_btf_ids
    CPUMASK = enum.auto()  # those that may have sets of CPUs: cpumask_kfunc_btf_ids
    LSM = enum.auto()  # of those that share the hook of tracing programs
    KEYS = enum.auto()  # tracing programs, later those that most functions are for


# bpf_prog_type_to_kfunc_hook(): program types, each since a release; measured on those above.
HOOK_TYPES: dict[Hook, tuple[tuple[str, ProgType], ...]] = {
    Hook.XDP: (("", ProgType.XDP),),
    Hook.TC: (("", ProgType.SCHED_CLS),),
    Hook.TRACING: (
        ("", ProgType.TRACING),
        ("", ProgType.LSM),
        ("6.12", ProgType.TRACEPOINT),
        ("6.12", ProgType.PERF_EVENT),
        ("7.0", ProgType.RAW_TRACEPOINT),
    ),
    Hook.SYSCALL: (("", ProgType.SYSCALL),),
    Hook.STRUCT_OPS: (("", ProgType.STRUCT_OPS),),
    Hook.CGROUP: (
        ("6.4", ProgType.CGROUP_SKB),
        ("6.7", ProgType.CGROUP_SOCK_ADDR),
        ("6.12", ProgType.CGROUP_SOCK),
        ("6.12", ProgType.CGROUP_DEVICE),
        ("6.12", ProgType.CGROUP_SOCKOPT),
        ("6.12", ProgType.CGROUP_SYSCTL),
        ("6.15", ProgType.SOCK_OPS),
    ),
    Hook.SCHED_ACT: (("6.4", ProgType.SCHED_ACT),),
    Hook.SK_SKB: (("6.4", ProgType.SK_SKB),),
    Hook.SOCKET_FILTER: (("6.4", ProgType.SOCKET_FILTER),),
    Hook.LWT: (
        ("6.4", ProgType.LWT_OUT),
        ("6.4", ProgType.LWT_IN),
        ("6.4", ProgType.LWT_XMIT),
        ("6.4", ProgType.LWT_SEG6LOCAL),
    ),
    Hook.KPROBE: (("6.10", ProgType.KPROBE),),
    Hook.NETFILTER: (("6.4", ProgType.NETFILTER),),
    Hook.LSM: (("", ProgType.LSM),),
}

COMMON: tuple[Hook, ...] | None = None  # every program type: BTF_KFUNC_HOOK_COMMON
HOOK_TYPES[Hook.GENERIC] = (
    *(*HOOK_TYPES[Hook.TRACING], *HOOK_TYPES[Hook.TC], *HOOK_TYPES[Hook.STRUCT_OPS]),
    *(("6.8", ProgType.XDP), ("6.10", ProgType.SYSCALL)),
    *(
        ("6.12" if since in ("6.4", "6.7") else since, kind)
        for since, kind in HOOK_TYPES[Hook.CGROUP]
    ),
)
HOOK_TYPES[Hook.CPUMASK] = (
    *(*HOOK_TYPES[Hook.TRACING], *HOOK_TYPES[Hook.STRUCT_OPS]),
    ("6.10", ProgType.SYSCALL),
)
_KEYS_GENERIC = "6.18"  # measured on 6.17.13 and 6.18.5: generic_btf_ids
HOOK_TYPES[Hook.KEYS] = (
    *HOOK_TYPES[Hook.TRACING],
    *((_KEYS_GENERIC, kind) for _, kind in HOOK_TYPES[Hook.GENERIC]),
)
_SKB_HOOKS = (
    *(Hook.TC, Hook.SCHED_ACT, Hook.SK_SKB, Hook.SOCKET_FILTER),
    *(Hook.CGROUP, Hook.LWT, Hook.NETFILTER, Hook.TRACING),
)
_GENERIC, _CPUMASK = (Hook.GENERIC,), (Hook.CPUMASK,)
_LSM, _TRACING, _KEYS = (Hook.LSM,), (Hook.TRACING,), (Hook.KEYS,)
_TC_ACT = (Hook.TC, Hook.SCHED_ACT)
_CRYPTO = (Hook.TC, Hook.SCHED_ACT, Hook.XDP, Hook.SYSCALL)


class Param(NamedTuple):
    """One argument."""

    kind: Kind
    name: str = ""  # of an iterator's kind, or of a structure
    size: int = 0  # bytes of what a pointer points to, where BTF says it
    type: str = ""  # what a pointer that must not be null points to, as BTF names it


class Kfunc(NamedTuple):
    """A kernel function."""

    name: str
    since: str  # the first release that has it
    hooks: tuple[Hook, ...] | None
    params: tuple[Param, ...] | None = None  # None: its calls are not modelled
    result: Result = Result.SCALAR
    does: Does = Does.NOTHING
    gives: str = ""  # the structure that r0 points to
    # The releases that lack it later: from the first to before the second, "" for all after.
    absent: tuple[str, str] | None = None
    sleeps_until: str = ""  # the first release where it does not sleep
    later: tuple[str, Does] = ("", Does.NOTHING)  # a release, and what it does since


# What the kernel has where programs of a type see their context: include/linux/bpf_types.h.
KERNEL_CONTEXTS: dict[ProgType, str] = {
    **dict.fromkeys(
        (
            *(ProgType.SOCKET_FILTER, ProgType.SCHED_CLS, ProgType.SCHED_ACT, ProgType.CGROUP_SKB),
            *(ProgType.LWT_IN, ProgType.LWT_OUT, ProgType.LWT_XMIT, ProgType.LWT_SEG6LOCAL),
            ProgType.SK_SKB,
        ),
        "sk_buff",
    ),
    ProgType.XDP: "xdp_buff",
    ProgType.KPROBE: "pt_regs",
    ProgType.PERF_EVENT: "bpf_perf_event_data_kern",
    ProgType.CGROUP_SOCK: "sock",
    ProgType.CGROUP_SOCK_ADDR: "bpf_sock_addr_kern",
    ProgType.CGROUP_DEVICE: "bpf_cgroup_dev_ctx",
    ProgType.CGROUP_SYSCTL: "bpf_sysctl_kern",
    ProgType.CGROUP_SOCKOPT: "bpf_sockopt_kern",
    ProgType.SOCK_OPS: "bpf_sock_ops_kern",
    ProgType.SK_MSG: "sk_msg",
    ProgType.SK_LOOKUP: "bpf_sk_lookup_kern",
    ProgType.SK_REUSEPORT: "sk_reuseport_kern",
    ProgType.FLOW_DISSECTOR: "bpf_flow_dissector",
}


class IterKind(NamedTuple):
    """A kind of open-coded iterators: struct bpf_iter_NAME."""

    size: int  # bytes of its structure
    element_size: int = 0  # bytes of what its elements' addresses point to
    element: str = ""  # or the structure that they are
    rcu: bool = False  # RCU protects it and its elements: KF_RCU_PROTECTED


ITERATORS = {
    "num": IterKind(8, element_size=4),
    "bits": IterKind(16, element_size=4),
    "task": IterKind(24, element="task_struct", rcu=True),
    "css": IterKind(24, element="cgroup_subsys_state", rcu=True),
    "task_vma": IterKind(8, element="vm_area_struct"),
    "css_task": IterKind(8, element="task_struct"),
    "kmem_cache": IterKind(8, element="kmem_cache"),
    "dmabuf": IterKind(8, element="dma_buf"),
}
ITER_KINDS = tuple(ITERATORS)

_INT, _ADDRESS = Param(Kind.SCALAR), Param(Kind.ANYTHING)
_STRING, _WORDS = Param(Kind.ANYTHING, size=1), Param(Kind.ANYTHING, size=8)
_CTX = Param(Kind.CTX)  # of any program type
_SKB = Param(Kind.CTX, type="struct __sk_buff")
_XDP = Param(Kind.CTX, type="struct xdp_md")
_MAP = Param(Kind.MAP, type="struct bpf_map")
_KNOWN_MAP = Param(Kind.KNOWN_MAP, type="void")
_CONST_MAP = Param(Kind.CONST_MAP, type="void")
_TIMER = Param(Kind.TIMER, size=16, type="struct bpf_timer")
_QUEUE = Param(Kind.WORK_QUEUE, size=16, type="struct bpf_wq")
_WORK = Param(Kind.TASK_WORK, size=8, type="struct bpf_task_work")
_CALLBACK = Param(Kind.CALLBACK)
_DYNPTR = Param(Kind.DYNPTR, size=16, type="struct bpf_dynptr")
_NEW_DYNPTR = _DYNPTR._replace(kind=Kind.NEW_DYNPTR)
_IRQ_FLAG = Param(Kind.IRQ_FLAG, size=8, type="long unsigned int")
_NEW_IRQ_FLAG = _IRQ_FLAG._replace(kind=Kind.NEW_IRQ_FLAG)
_BUFFER_OR_NULL, _CONST_SIZE = Param(Kind.BUFFER_OR_NULL), Param(Kind.CONST_SIZE)
_BUFFER, _SIZE = Param(Kind.BUFFER, type="void"), Param(Kind.SIZE)
_CHARS = _BUFFER._replace(type="char")
_CONST_STR = Param(Kind.CONST_STR, size=1, type="char")
_VOID = Result.NOTHING


def _iterator(
    kind: str,
    since: str,
    *args: Param,
    does: Does = Does.NOTHING,
    does_all: Does = Does.NOTHING,
) -> tuple[Kfunc, ...]:
    """The three functions of an iterator, the first with these arguments.

    does: of the first; does_all: of each.
    """
    it = Param(Kind.ITER, kind, ITERATORS[kind].size, f"struct bpf_iter_{kind}")
    new = it._replace(kind=Kind.NEW_ITER)
    name, null = f"bpf_iter_{kind}", Does.MAY_BE_NULL
    does |= Does.LOCKED if kind == "num" else Does.NOTHING
    locked = does & Does.LOCKED
    return (
        Kfunc(f"{name}_new", since, COMMON, (new, *args), does=does | does_all),
        Kfunc(
            f"{name}_next",
            since,
            COMMON,
            (it,),
            Result.ELEMENT,
            null | Does.ITER_NEXT | does_all | locked,
        ),
        Kfunc(
            f"{name}_destroy", since, COMMON, (it,), _VOID, Does.ITER_DESTROY | does_all | locked
        ),
    )


def _acquires(
    name: str,
    since: str,
    hooks: tuple[Hook, ...] | None,
    gives: str,
    params: tuple[Param, ...],
    does: Does = Does.MAY_BE_NULL,
) -> Kfunc:
    """A function whose structure must be given back."""
    return Kfunc(name, since, hooks, params, Result.STRUCT, does | Does.ACQUIRES, gives)


def _masks(params: tuple[Param, ...], names: str, since: str = "6.3") -> tuple[Kfunc, ...]:
    """Functions of sets of CPUs: kernel/bpf/cpumask.c."""
    rcu = Does.RCU_ARGS
    return tuple(
        Kfunc(f"bpf_cpumask_{name}", since, _CPUMASK, params, does=rcu) for name in names.split()
    )


def _changes(params: tuple[Param, ...], names: str) -> tuple[Kfunc, ...]:
    """The same of those that give nothing."""
    return tuple(row._replace(result=_VOID) for row in _masks(params, names))


def _strings(since: str, params: tuple[Param, ...], names: str) -> tuple[Kfunc, ...]:
    """Functions of C strings, which they read as bpf_probe_read_kernel() does."""
    return tuple(Kfunc(f"bpf_{name}", since, COMMON, params) for name in names.split())


def _later(
    since: str, params: tuple[Param, ...], names: str, does: Does = Does.NOTHING
) -> tuple[Kfunc, ...]:
    """Functions that a function of the program is given to, to run later."""
    does |= Does.CALLS_LATER
    return tuple(Kfunc(f"bpf_{name}", since, COMMON, params, does=does) for name in names.split())


def _graph(
    since: str,
    params: tuple[Param, ...],
    names: str,
    result: Result = Result.SCALAR,
    does: Does = Does.NOTHING,
) -> tuple[Kfunc, ...]:
    """Functions of lists and trees: kernel/bpf/helpers.c."""
    does |= Does.GRAPH | (Does.MAY_BE_NULL if result is Result.NODE else Does.NOTHING)
    return tuple(
        Kfunc(f"bpf_{name}", since, _GENERIC, params, result, does) for name in names.split()
    )


def _of_objects(since: str, suffix: str, *rest: Param) -> tuple[Kfunc, ...]:
    """Functions of objects that programs allocate; rest: arguments that the kernel fills in."""
    new = Does.ACQUIRES | Does.MAY_BE_NULL
    counts = new | Does.GRAPH
    known, own = (Param(Kind.CONST), *rest), (_OBJECT, *rest)
    size = (_INT if suffix else _ADDRESS,)  # the offset of the node, which is filled in too
    percpu = "6.7" if since == "6.2" else since
    counted = "6.4" if since == "6.2" else since
    return (
        Kfunc(f"bpf_obj_new{suffix}", since, _GENERIC, known, Result.OBJECT, new),
        Kfunc(f"bpf_obj_drop{suffix}", since, _GENERIC, own, _VOID, Does.RELEASES),
        Kfunc(f"bpf_percpu_obj_new{suffix}", percpu, _GENERIC, known, Result.PERCPU_OBJECT, new),
        Kfunc(f"bpf_percpu_obj_drop{suffix}", percpu, _GENERIC, own, _VOID, Does.RELEASES),
        Kfunc(
            f"bpf_refcount_acquire{suffix}",
            counted,
            _GENERIC,
            (_COUNTED, *rest),
            Result.SAME_OBJECT,
            counts,
            later=("6.7", Does.RCU_ARGS),
        ),
        *_graph(
            since,
            (_HEAD, _NODE, *rest, *size),
            f"list_push_front{suffix} list_push_back{suffix}",
            does=Does.INSERTS,
        ),
        *_graph(
            "6.3" if since == "6.2" else since,
            (_ROOT, _OWN_NODE, _LESS, *rest, *size),
            f"rbtree_add{suffix}",
            does=Does.INSERTS | Does.CALLS_BACK,
        ),
    )


def _unmodelled(since: str, hooks: tuple[Hook, ...] | None, names: str) -> tuple[Kfunc, ...]:
    return tuple(Kfunc(name, since, hooks) for name in names.split())


def _sleeping(since: str, params: tuple[Param, ...] | None, names: str) -> tuple[Kfunc, ...]:
    """Functions that only programs call that may sleep."""
    return tuple(Kfunc(name, since, COMMON, params, does=Does.SLEEPS) for name in names.split())


def _released(since: str, hooks: tuple[Hook, ...], structs: dict[str, str]) -> tuple[Kfunc, ...]:
    """Functions by name that are given structures back."""
    return tuple(
        Kfunc(name, since, hooks, (Param(Kind.STRUCT, struct),), _VOID, Does.RELEASES)
        for name, struct in structs.items()
    )


def _number(name: str, size: int) -> Param:
    """A pointer to a number of that type."""
    return Param(Kind.MEM, size=size, type=name)


_HEAD = Param(Kind.LIST_HEAD, size=16, type="struct bpf_list_head")
_NODE = Param(Kind.LIST_NODE, size=24, type="struct bpf_list_node")
_LISTED = _NODE._replace(kind=Kind.LISTED_NODE)
_ROOT = Param(Kind.RB_ROOT, size=16, type="struct bpf_rb_root")
_OWN_NODE = Param(Kind.RB_NODE, size=32, type="struct bpf_rb_node")
_IN_TREE = _OWN_NODE._replace(kind=Kind.TREE_NODE)
_OBJECT, _COUNTED = Param(Kind.OBJECT, type="void"), Param(Kind.COUNTED, type="void")
_RES_LOCK = Param(Kind.RES_LOCK, size=4, type="struct bpf_res_spin_lock")
_LESS = Param(Kind.LESS, type="bool")
_TASK, _CGROUP = Param(Kind.STRUCT, "task_struct"), Param(Kind.STRUCT, "cgroup")
_CPUS, _OWN_CPUS = Param(Kind.STRUCT, "cpumask"), Param(Kind.STRUCT, "bpf_cpumask")
_TASK_OR_NULL = Param(Kind.STRUCT_OR_NULL, "task_struct")
_RCU = Does.MAY_BE_NULL | Does.RCU_ARGS
_FILE, _PATH = Param(Kind.STRUCT, "file"), Param(Kind.STRUCT, "path")
_DENTRY, _SOCKET = Param(Kind.STRUCT, "dentry"), Param(Kind.STRUCT, "socket")
_KEY, _MEMCG = Param(Kind.STRUCT, "bpf_key"), Param(Kind.STRUCT, "mem_cgroup")
_CSS = Param(Kind.STRUCT, "cgroup_subsys_state")
_XATTR = (_CONST_STR, _DYNPTR)  # its name, and room for its value
_FROM_DYNPTR = (_DYNPTR, _INT, _BUFFER_OR_NULL, _CONST_SIZE)
_READ_TO_DYNPTR = (_DYNPTR, _INT, _INT, _ADDRESS)
_NULL, _TRUSTED, _SLEEPS = Does.MAY_BE_NULL, Does.TRUSTED_ARGS, Does.SLEEPS
_TO_TASK = (_TASK, _WORK, _CONST_MAP, _CALLBACK, _ADDRESS)
_SCHEDULES = "task_work_schedule_signal{suffix} task_work_schedule_resume{suffix}"

KFUNCS: tuple[Kfunc, ...] = (
    # -- Regions of a program that other work waits for ------------------------------------------
    Kfunc("bpf_rcu_read_lock", "6.2", COMMON, (), _VOID, Does.RCU_LOCK),
    Kfunc("bpf_rcu_read_unlock", "6.2", COMMON, (), _VOID, Does.RCU_UNLOCK),
    Kfunc("bpf_preempt_disable", "6.10", COMMON, (), _VOID, Does.PREEMPT_DISABLE),
    Kfunc("bpf_preempt_enable", "6.10", COMMON, (), _VOID, Does.PREEMPT_ENABLE),
    Kfunc("bpf_local_irq_save", "6.14", COMMON, (_NEW_IRQ_FLAG,), _VOID),
    Kfunc("bpf_local_irq_restore", "6.14", COMMON, (_IRQ_FLAG,), _VOID),
    # -- Iterators -------------------------------------------------------------------------------
    *_iterator("num", "6.4", _INT, _INT),
    *_iterator("bits", "6.11", _WORDS, _INT),
    *_iterator("task", "6.7", _TASK_OR_NULL, _INT, does=_TRUSTED),
    *_iterator("css", "6.7", _CSS, _INT, does=_TRUSTED),
    *_iterator("task_vma", "6.7", _TASK, _INT, does=Does.RCU_ARGS),
    # -- Dynptrs ---------------------------------------------------------------------------------
    Kfunc(
        "bpf_dynptr_from_skb",
        "6.4",
        _SKB_HOOKS,
        (_SKB, _INT, _NEW_DYNPTR),
        later=("6.12", _TRUSTED),
    ),
    Kfunc("bpf_dynptr_from_skb_meta", "6.18", _TC_ACT, (_SKB, _INT, _NEW_DYNPTR), does=_TRUSTED),
    Kfunc("bpf_dynptr_from_xdp", "6.4", (Hook.XDP,), (_XDP, _INT, _NEW_DYNPTR)),
    Kfunc("bpf_dynptr_slice", "6.4", COMMON, _FROM_DYNPTR, Result.SLICE, _NULL),
    Kfunc("bpf_dynptr_slice_rdwr", "6.4", COMMON, _FROM_DYNPTR, Result.SLICE_TO_WRITE, _NULL),
    Kfunc("bpf_dynptr_adjust", "6.5", COMMON, (_DYNPTR, _INT, _INT)),
    Kfunc("bpf_dynptr_is_null", "6.5", COMMON, (_DYNPTR,)),
    Kfunc("bpf_dynptr_is_rdonly", "6.5", COMMON, (_DYNPTR,)),
    Kfunc("bpf_dynptr_size", "6.5", COMMON, (_DYNPTR,)),
    Kfunc("bpf_dynptr_clone", "6.5", COMMON, (_DYNPTR, _NEW_DYNPTR)),
    Kfunc("bpf_dynptr_copy", "6.15", COMMON, (_DYNPTR, _INT, _DYNPTR, _INT, _INT)),
    Kfunc("bpf_dynptr_memset", "6.17", COMMON, (_DYNPTR, _INT, _INT, _INT)),
    Kfunc("bpf_probe_read_user_dynptr", "6.16", COMMON, _READ_TO_DYNPTR),
    Kfunc("bpf_probe_read_kernel_dynptr", "6.16", COMMON, _READ_TO_DYNPTR),
    Kfunc("bpf_probe_read_user_str_dynptr", "6.16", COMMON, _READ_TO_DYNPTR),
    Kfunc("bpf_probe_read_kernel_str_dynptr", "6.16", COMMON, _READ_TO_DYNPTR),
    # -- Strings ---------------------------------------------------------------------------------
    *_strings("6.17", (_STRING,), "strlen"),
    *_strings("6.17", (_STRING, _INT), "strnlen strchr strchrnul strrchr"),
    *_strings("6.17", (_STRING, _STRING), "strcmp strspn strcspn strstr"),
    *_strings("6.17", (_STRING, _INT, _INT), "strnchr"),
    *_strings("6.17", (_STRING, _STRING, _INT), "strnstr"),
    *_strings("6.18", (_STRING, _STRING), "strcasecmp"),
    *_strings("6.19", (_STRING, _STRING), "strcasestr"),
    *_strings("6.19", (_STRING, _STRING, _INT), "strncasestr"),
    *_strings("7.0", (_STRING, _STRING, _INT), "strncasecmp"),
    # -- Others ----------------------------------------------------------------------------------
    # kernel/bpf/map_iter.c
    Kfunc("bpf_map_sum_elem_count", "6.6", COMMON, (_MAP,), does=_TRUSTED),
    # kernel/bpf/arena.c; until 6.19 they could sleep.
    Kfunc(
        "bpf_arena_alloc_pages",
        "6.9",
        COMMON,
        (_KNOWN_MAP, _ADDRESS, _INT, _INT, _INT),
        does=_TRUSTED,
        sleeps_until="7.0",
    ),
    Kfunc(
        "bpf_arena_free_pages",
        "6.9",
        COMMON,
        (_KNOWN_MAP, _ADDRESS, _INT),
        _VOID,
        _TRUSTED,
        sleeps_until="7.0",
    ),
    Kfunc(
        "bpf_arena_reserve_pages",
        "6.17",
        COMMON,
        (_KNOWN_MAP, _ADDRESS, _INT),
        does=_TRUSTED,
        sleeps_until="7.0",
    ),
    # -- Functions of the program that run later -------------------------------------------------
    Kfunc("bpf_wq_init", "6.10", COMMON, (_QUEUE, _CONST_MAP, _INT)),
    Kfunc("bpf_wq_start", "6.10", COMMON, (_QUEUE, _INT)),
    *_later("6.10", (_QUEUE, _CALLBACK, _INT, _ADDRESS), "wq_set_callback_impl"),
    *_later("7.0", (_QUEUE, _CALLBACK, _INT, _ADDRESS), "wq_set_callback"),
    *_later("6.18", _TO_TASK, _SCHEDULES.format(suffix="_impl"), _TRUSTED),
    *_later("7.0", _TO_TASK, _SCHEDULES.format(suffix="")),
    Kfunc("bpf_timer_cancel_async", "7.0", COMMON, (_TIMER,)),
    Kfunc("bpf_xdp_pull_data", "6.18", (Hook.XDP,), (_XDP, _INT), does=Does.PACKET_CHANGES),
    Kfunc("bpf_throw", "6.7", _GENERIC, (_INT,), _VOID, Does.ENDS),
    Kfunc("__bpf_trap", "6.16", COMMON, (), _VOID, Does.TRAPS),
    # -- Kernel structures -----------------------------------------------------------------------
    Kfunc("bpf_rdonly_cast", "6.2", COMMON, (_ADDRESS, Param(Kind.CONST)), Result.OF_TYPE),
    Kfunc("bpf_cast_to_kern_ctx", "6.2", COMMON, (_CTX,), Result.KERNEL_CTX),
    _acquires("bpf_task_from_pid", "6.2", _GENERIC, "task_struct", (_INT,)),
    _acquires("bpf_task_from_vpid", "6.13", _GENERIC, "task_struct", (_INT,)),
    _acquires("bpf_task_acquire", "6.2", _GENERIC, "task_struct", (_TASK,), _RCU),
    Kfunc("bpf_task_release", "6.2", _GENERIC, (_TASK,), _VOID, Does.RELEASES),
    _acquires("bpf_cgroup_from_id", "6.4", _GENERIC, "cgroup", (_INT,)),
    _acquires("bpf_cgroup_acquire", "6.2", _GENERIC, "cgroup", (_CGROUP,), _RCU),
    _acquires("bpf_cgroup_ancestor", "6.2", _GENERIC, "cgroup", (_CGROUP, _INT), _RCU),
    _acquires("bpf_task_get_cgroup1", "6.8", _GENERIC, "cgroup", (_TASK, _INT), _RCU),
    Kfunc("bpf_cgroup_release", "6.2", _GENERIC, (_CGROUP,), _VOID, Does.RELEASES),
    Kfunc("bpf_task_under_cgroup", "6.5", _GENERIC, (_TASK, _CGROUP), does=Does.RCU_ARGS),
    Kfunc(
        "bpf_send_signal_task",
        "6.13",
        _GENERIC,
        (_TASK, _INT, _INT, _INT),
        does=Does.TRUSTED_ARGS,
    ),
    _acquires("bpf_cpumask_create", "6.3", _CPUMASK, "bpf_cpumask", ()),
    _acquires(
        "bpf_cpumask_acquire", "6.3", _CPUMASK, "bpf_cpumask", (_OWN_CPUS,), Does.TRUSTED_ARGS
    ),
    Kfunc("bpf_cpumask_release", "6.3", _CPUMASK, (_OWN_CPUS,), _VOID, Does.RELEASES),
    *_masks((_CPUS,), "first first_zero empty full"),
    *_masks((_CPUS,), "any_distribute", "6.5"),
    *_masks((_CPUS,), "weight", "6.8"),
    *_masks((_CPUS, _CPUS), "equal intersects subset"),
    *_masks((_CPUS, _CPUS), "first_and any_and_distribute", "6.5"),
    *_masks((_INT, _CPUS), "test_cpu"),
    *_masks((_INT, _OWN_CPUS), "test_and_set_cpu test_and_clear_cpu"),
    *_changes((_INT, _OWN_CPUS), "set_cpu clear_cpu"),
    *_changes((_OWN_CPUS,), "setall clear"),
    *_changes((_OWN_CPUS, _CPUS), "copy"),
    *_masks((_OWN_CPUS, _CPUS, _CPUS), "and"),
    *_changes((_OWN_CPUS, _CPUS, _CPUS), "or xor"),
    *_masks((_OWN_CPUS, _BUFFER, _SIZE), "populate", "6.15"),
    # -- Objects that programs allocate, lists and trees of them, and locks ------------------------
    *_of_objects("6.2", "_impl", _ADDRESS),
    *_of_objects("7.1", "", _ADDRESS),
    *_graph("6.2", (_HEAD,), "list_pop_front list_pop_back", Result.NODE, Does.ACQUIRES),
    *_graph("6.16", (_HEAD,), "list_front list_back", Result.NODE),
    *_graph("7.2", (_HEAD, _NODE, _LISTED, _ADDRESS, _ADDRESS), "list_add", does=Does.INSERTS),
    *_graph("7.2", (_HEAD, _LISTED), "list_del", Result.NODE, Does.ACQUIRES),
    *_graph("7.2", (_HEAD, _LISTED), "list_is_first list_is_last"),
    *_graph("7.2", (_HEAD,), "list_empty"),
    *_graph("6.3", (_ROOT, _IN_TREE), "rbtree_remove", Result.NODE, Does.ACQUIRES),
    *_graph("6.3", (_ROOT,), "rbtree_first", Result.NODE),
    *_graph("6.16", (_ROOT,), "rbtree_root", Result.NODE),
    *_graph("6.16", (_ROOT, _IN_TREE), "rbtree_left rbtree_right", Result.NODE),
    Kfunc("bpf_res_spin_lock", "6.15", COMMON, (_RES_LOCK,), Result.LOCKED, Does.LOCKED),
    Kfunc("bpf_res_spin_unlock", "6.15", COMMON, (_RES_LOCK,), _VOID, Does.LOCKED),
    Kfunc(
        "bpf_res_spin_lock_irqsave",
        "6.15",
        COMMON,
        (_RES_LOCK, _NEW_IRQ_FLAG),
        Result.LOCKED,
        Does.LOCKED,
    ),
    Kfunc(
        "bpf_res_spin_unlock_irqrestore",
        "6.15",
        COMMON,
        (_RES_LOCK, _IRQ_FLAG),
        _VOID,
        Does.LOCKED,
    ),
    # -- Those that may sleep --------------------------------------------------------------------
    *_sleeping("6.12", (_BUFFER, _SIZE, _ADDRESS, _INT), "bpf_copy_from_user_str"),
    *_sleeping("6.15", (_BUFFER, _SIZE, _ADDRESS, _TASK, _INT), "bpf_copy_from_user_task_str"),
    *_sleeping("6.16", _READ_TO_DYNPTR, "bpf_copy_from_user_dynptr bpf_copy_from_user_str_dynptr"),
    *_sleeping(
        "6.16",
        (*_READ_TO_DYNPTR, _TASK),
        "bpf_copy_from_user_task_dynptr bpf_copy_from_user_task_str_dynptr",
    ),
    *_iterator("kmem_cache", "6.13", does=_SLEEPS, does_all=_SLEEPS),
    *_iterator("dmabuf", "6.16", does=_SLEEPS, does_all=_SLEEPS),
    # -- Files: fs/bpf_fs_kfuncs.c, fs/verity/measure.c ------------------------------------------
    _acquires("bpf_get_task_exe_file", "6.12", _LSM, "file", (_TASK,), Does.MAY_BE_NULL | _TRUSTED),
    Kfunc("bpf_put_file", "6.12", _LSM, (_FILE,), _VOID, Does.RELEASES),
    Kfunc("bpf_path_d_path", "6.12", _LSM, (_PATH, _CHARS, _SIZE), does=_TRUSTED),
    Kfunc("bpf_get_file_xattr", "6.8", _LSM, (_FILE, *_XATTR), does=_SLEEPS | _TRUSTED),
    Kfunc("bpf_get_dentry_xattr", "6.12", _LSM, (_DENTRY, *_XATTR), does=_SLEEPS | _TRUSTED),
    Kfunc("bpf_set_dentry_xattr", "6.15", _LSM, (_DENTRY, *_XATTR, _INT), does=_SLEEPS | _TRUSTED),
    Kfunc("bpf_remove_dentry_xattr", "6.15", _LSM, (_DENTRY, _CONST_STR), does=_SLEEPS | _TRUSTED),
    Kfunc("bpf_cgroup_read_xattr", "6.17", COMMON, (_CGROUP, *_XATTR), does=Does.RCU_ARGS),
    Kfunc("bpf_sock_read_xattr", "7.3", _LSM, (_SOCKET, *_XATTR), does=Does.RCU_ARGS),
    Kfunc("bpf_get_fsverity_digest", "6.8", _LSM, (_FILE, _DYNPTR), does=_TRUSTED),
    Kfunc(
        "bpf_real_data_inode",
        "7.2",
        _LSM,
        (_FILE,),
        Result.STRUCT,
        _SLEEPS | _NULL,
        gives="inode",
    ),
    Kfunc("bpf_dynptr_from_file", "6.19", COMMON, (_FILE, _INT, _NEW_DYNPTR), does=_TRUSTED),
    Kfunc("bpf_dynptr_file_discard", "6.19", COMMON, (_DYNPTR,), does=Does.RELEASES),
    # -- Keys ------------------------------------------------------------------------------------
    _acquires("bpf_lookup_user_key", "6.1", _KEYS, "bpf_key", (_INT, _INT), _NULL | _SLEEPS),
    _acquires("bpf_lookup_system_key", "6.1", _KEYS, "bpf_key", (_INT,)),
    Kfunc("bpf_key_put", "6.1", _KEYS, (_KEY,), _VOID, Does.RELEASES),
    Kfunc("bpf_verify_pkcs7_signature", "6.1", _KEYS, (_DYNPTR, _DYNPTR, _KEY), does=_SLEEPS),
    # -- Control groups and memory: kernel/cgroup/rstat.c, mm/bpf_memcontrol.c -------------------
    *_iterator("css_task", "6.7", _CSS, _INT, does=_TRUSTED),
    Kfunc("cgroup_rstat_updated", "6.1", _TRACING, (_CGROUP, _INT), _VOID, absent=("6.16", "")),
    Kfunc("cgroup_rstat_flush", "6.1", _TRACING, (_CGROUP,), _VOID, _SLEEPS, absent=("6.16", "")),
    Kfunc("css_rstat_updated", "6.16", _TRACING, (_CSS, _INT), _VOID),
    Kfunc("css_rstat_flush", "6.16", _TRACING, (_CSS,), _VOID, _SLEEPS),
    Kfunc(
        "bpf_get_kmem_cache",
        "6.13",
        COMMON,
        (_INT,),
        Result.STRUCT,
        Does.GIVES_UNTRUSTED,
        gives="kmem_cache",
    ),
    _acquires("bpf_get_root_mem_cgroup", "7.0", COMMON, "mem_cgroup", ()),
    _acquires("bpf_get_mem_cgroup", "7.0", COMMON, "mem_cgroup", (_CSS,), _RCU),
    Kfunc("bpf_put_mem_cgroup", "7.0", COMMON, (_MEMCG,), _VOID, Does.RELEASES),
    Kfunc("bpf_mem_cgroup_usage", "7.0", COMMON, (_MEMCG,)),
    Kfunc("bpf_mem_cgroup_vm_events", "7.0", COMMON, (_MEMCG, _INT)),
    Kfunc("bpf_mem_cgroup_memory_events", "7.0", COMMON, (_MEMCG, _INT)),
    Kfunc("bpf_mem_cgroup_page_state", "7.0", COMMON, (_MEMCG, _INT)),
    Kfunc("bpf_mem_cgroup_flush_stats", "7.0", COMMON, (_MEMCG,), _VOID, _SLEEPS),
    # -- Network ---------------------------------------------------------------------------------
    Kfunc(
        "bpf_sock_destroy",
        "6.5",
        _TRACING,
        (Param(Kind.STRUCT, "sock_common"),),
        does=_TRUSTED | Does.FOR_ITERATORS,
    ),
    Kfunc(
        "bpf_sock_addr_set_sun_path",
        "6.7",
        (Hook.CGROUP,),
        (
            Param(Kind.STRUCT, "bpf_sock_addr_kern"),
            _BUFFER._replace(type="unsigned char"),
            _SIZE,
        ),
    ),
    Kfunc(
        "bpf_sock_ops_enable_tx_tstamp",
        "6.15",
        (Hook.CGROUP,),
        (Param(Kind.STRUCT, "bpf_sock_ops_kern"), _INT),
        does=_TRUSTED,
    ),
    Kfunc(
        "bpf_sk_assign_tcp_reqsk",
        "6.9",
        (Hook.TC,),
        (
            _SKB,
            Param(Kind.STRUCT, "sock"),
            _BUFFER._replace(type="struct bpf_tcp_req_attrs"),
            _SIZE,
        ),
        does=_TRUSTED,
    ),
    Kfunc("bpf_icmp_send", "7.3", (Hook.CGROUP,), (_SKB, _INT, _INT)),
    _acquires(
        "bpf_xdp_get_xfrm_state",
        "6.8",
        (Hook.XDP,),
        "xfrm_state",
        (_XDP, _BUFFER._replace(type="struct bpf_xfrm_state_opts"), _SIZE),
    ),
    Kfunc(
        "bpf_xdp_xfrm_state_release",
        "6.8",
        (Hook.XDP,),
        (Param(Kind.STRUCT, "xfrm_state"),),
        _VOID,
        Does.RELEASES,
    ),
    Kfunc(
        "bpf_xdp_metadata_rx_timestamp",
        "6.3",
        (Hook.XDP,),
        (_XDP, _number("long long unsigned int", 8)),
        does=_TRUSTED | Does.FOR_DEVICES,
    ),
    Kfunc(
        "bpf_xdp_metadata_rx_hash",
        "6.3",
        (Hook.XDP,),
        (_XDP, _number("unsigned int", 4), _number("enum xdp_rss_hash_type", 4)),
        does=_TRUSTED | Does.FOR_DEVICES,
    ),
    Kfunc(
        "bpf_xdp_metadata_rx_vlan_tag",
        "6.8",
        (Hook.XDP,),
        (_XDP, _number("short unsigned int", 2), _number("short unsigned int", 2)),
        does=_TRUSTED | Does.FOR_DEVICES,
    ),
    # -- Others, and tests: net/bpf/test_run.c -----------------------------------------------------
    Kfunc(
        "bpf_stream_vprintk",
        "6.17",
        COMMON,
        (_INT, _CONST_STR, _BUFFER, _SIZE, _ADDRESS),
        does=_TRUSTED | Does.LOCKED,
        absent=("6.18", "7.0"),
    ),
    Kfunc("bpf_stream_print_stack", "7.0", COMMON, (_INT, _ADDRESS), does=Does.LOCKED),
    Kfunc("bpf_modify_return_test_tp", "6.10", COMMON, (_INT,)),
    *_released(
        "6.0",
        (Hook.TC, Hook.TRACING, Hook.SYSCALL),
        {
            "bpf_kfunc_call_test_release": "prog_test_ref_kfunc",
            "bpf_kfunc_call_memb_release": "prog_test_member",
        },
    ),
    *_unmodelled("6.0", (), "bpf_fentry_test1 bpf_modify_return_test"),
    # -- For implementations of the kernel's own tables of functions -----------------------------
    *_unmodelled(
        "6.0",
        (Hook.STRUCT_OPS,),
        """
        tcp_reno_ssthresh tcp_reno_cong_avoid tcp_reno_undo_cwnd tcp_slow_start tcp_cong_avoid_ai
        cubictcp_init cubictcp_recalc_ssthresh cubictcp_cong_avoid cubictcp_state cubictcp_acked
        """,
    ),
    *_unmodelled("7.1", (Hook.STRUCT_OPS,), "cubictcp_cwnd_event_tx_start"),
    *_unmodelled(
        "6.16",
        (Hook.STRUCT_OPS,),
        """
        bpf_kfree_skb bpf_qdisc_skb_drop bpf_qdisc_bstats_update bpf_qdisc_init_prologue
        bpf_qdisc_reset_destroy_epilogue bpf_qdisc_watchdog_schedule bpf_skb_get_hash
        """,
    ),
    *_unmodelled("7.1", (Hook.STRUCT_OPS,), "bpf_io_uring_get_region bpf_io_uring_submit_sqes"),
    # -- Those whose calls are not modelled ------------------------------------------------------
    *(
        Kfunc(name, "6.10", (Hook.KPROBE, Hook.TRACING), does=Does.FOR_SESSIONS)
        for name in ("bpf_session_is_return", "bpf_session_cookie")
    ),
    *_unmodelled("6.0", _GENERIC, "crash_kexec"),
    *_unmodelled("6.10", _CRYPTO, "bpf_crypto_decrypt bpf_crypto_encrypt"),
    *_unmodelled(
        "6.10",
        (Hook.SYSCALL,),
        "bpf_crypto_ctx_create bpf_crypto_ctx_acquire bpf_crypto_ctx_release",
    ),
    *_unmodelled(
        "7.2",
        (Hook.SYSCALL,),
        """
        bpf_wakeup_sources_get_head bpf_wakeup_sources_read_lock bpf_wakeup_sources_read_unlock
        """,
    ),
)

# Where no source was read: the calls of releases from the first to before the second are not known.
_UNREAD = ("6.2", "6.6")


@cache
def _by_name() -> dict[str, Kfunc]:
    return {row.name: row for row in KFUNCS}


def by_name(name: str) -> Kfunc | None:
    """The function's row; None for a name that the table does not have."""
    return _by_name().get(name)


def is_there(kernel: Kernel, row: Kfunc) -> bool:
    """Whether the kernel has the function."""
    if row.absent is not None and kernel.at_least(row.absent[0]):
        return bool(row.absent[1]) and kernel.at_least(row.absent[1])
    return kernel.at_least(row.since)


@cache
def of_kernel(kernel: Kernel, name: str) -> Kfunc | None:
    """The same as the release has it."""
    row = by_name(name)
    if row is None:
        return None
    does = row.does
    if row.sleeps_until and not kernel.at_least(row.sleeps_until):
        does |= Does.SLEEPS
    if kernel.holds(row.later[0]):
        does |= row.later[1]
    return row._replace(does=does)


def is_of_structures(row: Kfunc) -> bool:
    """Whether it takes, gives or walks kernel structures."""
    if row.result in (Result.STRUCT, Result.OF_TYPE, Result.KERNEL_CTX):
        return True
    return any(
        param.kind in (Kind.STRUCT, Kind.STRUCT_OR_NULL)
        or (param.kind in (Kind.NEW_ITER, Kind.ITER) and _walks_structures(param))
        for param in row.params or ()
    )


def is_of_objects(row: Kfunc) -> bool:
    """Whether it works on objects that programs allocate, lists and trees of them, or locks."""
    makes = row.result in (Result.OBJECT, Result.PERCPU_OBJECT)
    return makes or any(param.kind in OF_OBJECTS for param in row.params or ())


def _walks_structures(param: Param) -> bool:
    return param.name in ITERATORS and bool(ITERATORS[param.name].element)


def is_unread(kernel: Kernel) -> bool:
    """Whether nothing is known of the release's functions."""
    return kernel.at_least(_UNREAD[0]) and not kernel.at_least(_UNREAD[1])


_SESSIONS = (
    *(AttachType.TRACE_KPROBE_SESSION, AttachType.TRACE_UPROBE_SESSION),
    *(AttachType.TRACE_FSESSION, AttachType.TRACE_FSESSION_MULTI),
)


def is_allowed(kernel: Kernel, prog_type: ProgType, row: Kfunc, attach_type: int) -> bool:
    """Whether programs of the type may call it: btf_kfunc_id_set_contains()."""
    if Does.FOR_ITERATORS in row.does and attach_type != AttachType.TRACE_ITER:
        return False
    if Does.FOR_SESSIONS in row.does and attach_type not in _SESSIONS:
        return False
    if row.hooks is None:
        return True
    return any(
        prog_type is kind and kernel.holds(since)
        for hook in row.hooks
        for since, kind in HOOK_TYPES[hook]
    )
