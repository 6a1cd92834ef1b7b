"""HELPERS: what a program may call, one row a helper.

The columns are those of struct bpf_func_proto.  Read by the code generator (may I call it?), the
verifier model (arguments and result) and the emulator (which implements them).

A row says what the kernels from 4.18 on say; `changes` lists later prototypes.  Marks that only
narrow a pointer argument (MEM_RDONLY, MEM_WRITE) are written as the newest kernels have them, see
Arg.  Sources: struct bpf_func_proto definitions and *_func_proto() in kernel/trace/bpf_trace.c,
kernel/bpf/helpers.c and net/core/filter.c of the releases named in emu.kernel.profile.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from emu.kernel.enums import Arg, AttachType, ProgType, Ret
from emu.kernel.traits import Trait

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel

KPROBE = (ProgType.KPROBE,)
TRACEPOINT = (ProgType.TRACEPOINT,)
PERF_EVENT = (ProgType.PERF_EVENT,)
LSM = (ProgType.LSM,)
RAW_TP = (ProgType.RAW_TRACEPOINT, ProgType.RAW_TRACEPOINT_WRITABLE)
TRACING = (ProgType.TRACING,)
SOCKET = (ProgType.SOCKET_FILTER,)
TC = (ProgType.SCHED_CLS, ProgType.SCHED_ACT)
XDP = (ProgType.XDP,)
CGROUP_SKB = (ProgType.CGROUP_SKB,)
NET = SOCKET + TC + XDP + CGROUP_SKB
LWT = (ProgType.LWT_IN, ProgType.LWT_OUT, ProgType.LWT_XMIT, ProgType.LWT_SEG6LOCAL)
SK_SKB = (ProgType.SK_SKB,)
SK_MSG = (ProgType.SK_MSG,)
TRACING_ALL = KPROBE + TRACEPOINT + PERF_EVENT + RAW_TP + TRACING
SK_REUSEPORT = (ProgType.SK_REUSEPORT,)
SK_LOOKUP = (ProgType.SK_LOOKUP,)
SOCK_OPS = (ProgType.SOCK_OPS,)
SOCK = (ProgType.CGROUP_SOCK,)
SOCK_ADDR = (ProgType.CGROUP_SOCK_ADDR,)
SOCKOPT = (ProgType.CGROUP_SOCKOPT,)
DEVICE = (ProgType.CGROUP_DEVICE,)
SYSCTL = (ProgType.CGROUP_SYSCTL,)
FLOW_DISSECTOR = (ProgType.FLOW_DISSECTOR,)
# Types whose helpers were few before they shared those of the others: cgroup_base_func_proto().
FEW = SOCKOPT + DEVICE + SYSCTL
# bpf_sk_base_func_proto(), and bpf_base_func_proto() without it and for all but tracing programs.
SK_BASE = NET + LWT + SK_SKB + SK_MSG + SK_LOOKUP + SOCK_OPS + SOCK_ADDR + FLOW_DISSECTOR
BASE = SK_BASE + SK_REUSEPORT + SOCK + FEW
EVERY = TRACING_ALL + BASE
EVERY_BUT_FEW = TRACING_ALL + SK_BASE + SK_REUSEPORT + SOCK

# Programs in the way of a kernel function: bpf_prog_has_trampoline().
TRAMPOLINE = (
    *(AttachType.TRACE_FENTRY, AttachType.TRACE_FEXIT, AttachType.MODIFY_RETURN),
    *(AttachType.TRACE_FSESSION, AttachType.LSM_MAC),
    *(AttachType.TRACE_FENTRY_MULTI, AttachType.TRACE_FEXIT_MULTI),
    AttachType.TRACE_FSESSION_MULTI,
)
# What programs of these types have in common, all have: bpf_base_func_proto().
_HAVE_BASE = (ProgType.SK_REUSEPORT, ProgType.CGROUP_SYSCTL)
# Types whose programs have the helpers of tracing programs, and their own.
_LIKE_TRACING = (ProgType.LSM, ProgType.SYSCALL)


class Reach(NamedTuple):
    """Program types that may call a helper; "" means as long as the helper exists.

    A trait stands for the releases that have it.
    """

    prog_types: tuple[ProgType, ...]
    since: str | Trait = ""
    until: str | Trait = ""
    attach_types: tuple[AttachType, ...] = ()  # with one of these; () means all
    but_attach_types: tuple[AttachType, ...] = ()  # with none of these


class Change(NamedTuple):
    """The prototype from a release on, or where a trait is; "" means always."""

    since: str | Trait
    ret: Ret
    args: tuple[Arg, ...]
    gpl_only: bool = False
    prog_types: tuple[ProgType, ...] = ()  # for programs of these types; () means all


class Helper(NamedTuple):
    """A helper: struct bpf_func_proto, and who has it."""

    id: int
    name: str  # without the bpf_ in front
    ret: Ret
    args: tuple[Arg, ...]
    since: str  # the first release that has the id
    commit: str  # that brought it; "" where the releases named at the top of its table say it
    reach: tuple[Reach, ...]  # a program type with several attach types may need a certain one
    gpl_only: bool = False
    sleepable: bool | Trait = False  # only programs that may sleep can call it; where it is said
    config: str = ""  # what has to be built in, where distributions differ
    needs: Trait | None = None  # the trait that says the same as `since`, where there is one
    changes: tuple[Change, ...] = ()


# Types that have no packet whose class could be told: bpf_get_cgroup_classid_curr_proto.
_CURRENT = tuple(kind for kind in EVERY if kind not in TC + LWT)

HELPERS = (
    Helper(
        1,
        "map_lookup_elem",
        Ret.PTR_TO_MAP_VALUE_OR_NULL,
        (Arg.CONST_MAP_PTR, Arg.PTR_TO_MAP_KEY),
        since="3.19",
        commit="d0003ec01c66",
        reach=(Reach(EVERY),),
    ),
    Helper(
        2,
        "map_update_elem",
        Ret.INTEGER,
        (Arg.CONST_MAP_PTR, Arg.PTR_TO_MAP_KEY, Arg.PTR_TO_MAP_VALUE, Arg.ANYTHING),
        since="3.19",
        commit="d0003ec01c66",
        reach=(Reach(EVERY),),
    ),
    Helper(
        3,
        "map_delete_elem",
        Ret.INTEGER,
        (Arg.CONST_MAP_PTR, Arg.PTR_TO_MAP_KEY),
        since="3.19",
        commit="d0003ec01c66",
        reach=(Reach(EVERY),),
    ),
    Helper(
        4,
        "probe_read",
        Ret.INTEGER,
        (Arg.PTR_TO_UNINIT_MEM, Arg.CONST_SIZE_OR_ZERO, Arg.ANYTHING),
        since="4.1",
        commit="2541517c32be",
        gpl_only=True,
        reach=(Reach(TRACING_ALL),),
    ),
    Helper(
        5,
        "ktime_get_ns",
        Ret.INTEGER,
        (),
        since="4.1",
        commit="d9847d310ab4",
        gpl_only=True,
        reach=(Reach(EVERY_BUT_FEW), Reach(FEW, "5.8")),
        changes=(Change("5.8", Ret.INTEGER, (), gpl_only=False),),
    ),
    Helper(
        6,
        "trace_printk",
        Ret.INTEGER,
        (Arg.PTR_TO_MEM_RDONLY, Arg.CONST_SIZE),
        since="4.1",
        commit="9c959c863f82",
        gpl_only=True,
        reach=(Reach(EVERY),),
    ),
    Helper(
        7,
        "get_prandom_u32",
        Ret.INTEGER,
        (),
        since="4.1",
        commit="03e69b508b6f",
        reach=(Reach(EVERY_BUT_FEW), Reach(FEW, "5.8")),
    ),
    Helper(
        8,
        "get_smp_processor_id",
        Ret.INTEGER,
        (),
        since="4.1",
        commit="c04167ce2ca0",
        reach=(Reach(EVERY_BUT_FEW), Reach(FEW, "5.8")),
    ),
    Helper(
        12,
        "tail_call",
        Ret.VOID,
        (Arg.PTR_TO_CTX, Arg.CONST_MAP_PTR, Arg.ANYTHING),
        since="4.2",
        commit="04fd61ab36ec",
        reach=(Reach(EVERY_BUT_FEW), Reach(FEW, "5.8")),
    ),
    Helper(
        14,
        "get_current_pid_tgid",
        Ret.INTEGER,
        (),
        since="4.2",
        commit="ffeedafbf023",
        reach=(
            Reach(TRACING_ALL),
            Reach(SOCK + SOCK_ADDR, "5.7"),
            Reach(SK_MSG, "5.8"),
            Reach(FEW, "6.1"),
            Reach(BASE, "6.10"),
        ),
    ),
    Helper(
        15,
        "get_current_uid_gid",
        Ret.INTEGER,
        (),
        since="4.2",
        commit="ffeedafbf023",
        reach=(
            Reach(TRACING_ALL),
            Reach(FEW + SOCK + SOCK_ADDR, "5.5"),
            Reach(SK_MSG, "5.8"),
            Reach(BASE, "6.16"),
        ),
    ),
    Helper(
        16,
        "get_current_comm",
        Ret.INTEGER,
        (Arg.PTR_TO_UNINIT_MEM, Arg.CONST_SIZE),
        since="4.2",
        commit="ffeedafbf023",
        reach=(
            Reach(TRACING_ALL),
            Reach(SOCK + SOCK_ADDR, "5.7"),
            Reach(FEW, "6.1"),
            Reach(BASE, "6.16"),
        ),
    ),
    Helper(
        17,
        "get_cgroup_classid",
        Ret.INTEGER,
        (Arg.PTR_TO_CTX,),
        since="4.3",
        commit="8d20aabe1c76",
        reach=(
            Reach(TC),
            Reach(LWT, "5.5"),
            Reach(SOCK + SOCK_ADDR, "5.7"),
            Reach(SK_MSG, "5.8"),
            Reach(FEW, "6.1"),
            Reach(TRACING_ALL + BASE, "6.16"),
        ),
        changes=(Change("", Ret.INTEGER, (), prog_types=_CURRENT),),
    ),
    Helper(
        22,
        "perf_event_read",
        Ret.INTEGER,
        (Arg.CONST_MAP_PTR, Arg.ANYTHING),
        since="4.3",
        commit="35578d798400",
        gpl_only=True,
        reach=(
            Reach(TRACING_ALL),
            Reach(BASE, "6.16"),
        ),
    ),
    Helper(
        25,
        "perf_event_output",
        Ret.INTEGER,
        (
            Arg.PTR_TO_CTX,
            Arg.CONST_MAP_PTR,
            Arg.ANYTHING,
            Arg.PTR_TO_MEM_RDONLY,
            Arg.CONST_SIZE_OR_ZERO,
        ),
        since="4.4",
        commit="a43eec304259",
        gpl_only=True,
        reach=(
            Reach(KPROBE + TRACEPOINT + PERF_EVENT + RAW_TP),
            Reach(TRACING, "5.5"),
            Reach(SOCKET, "5.4"),
            Reach(TC + XDP),
            Reach(CGROUP_SKB, "5.4"),
            Reach(LWT + SK_SKB + SOCK_OPS, "5.5"),
            Reach(SOCK + SOCK_ADDR, "5.7"),
            Reach(FEW + SK_MSG, "5.8"),
            Reach(SK_LOOKUP, "5.9"),
        ),
    ),
    Helper(
        26,
        "skb_load_bytes",
        Ret.INTEGER,
        (Arg.PTR_TO_CTX, Arg.ANYTHING, Arg.PTR_TO_UNINIT_MEM, Arg.CONST_SIZE),
        since="4.5",
        commit="05c74e5e53f6",
        reach=(
            Reach(SOCKET + TC + CGROUP_SKB),
            Reach(LWT + SK_SKB + SK_REUSEPORT + FLOW_DISSECTOR, "5.5"),
        ),
    ),
    Helper(
        27,
        "get_stackid",
        Ret.INTEGER,
        (Arg.PTR_TO_CTX, Arg.CONST_MAP_PTR, Arg.ANYTHING),
        since="4.6",
        commit="d5a3b1f69186",
        gpl_only=True,
        reach=(
            Reach(KPROBE + TRACEPOINT + PERF_EVENT + RAW_TP),
            Reach(TRACING, "5.5"),
        ),
        changes=(
            Change(
                "5.9",
                Ret.INTEGER,
                (Arg.PTR_TO_CTX, Arg.CONST_MAP_PTR, Arg.ANYTHING),
                prog_types=PERF_EVENT,
            ),
        ),
    ),
    Helper(
        35,
        "get_current_task",
        Ret.INTEGER,
        (),
        since="4.8",
        commit="606274c5abd8",
        gpl_only=True,
        reach=(
            Reach(TRACING_ALL),
            Reach(BASE, "5.8"),
        ),
    ),
    Helper(
        36,
        "probe_write_user",
        Ret.INTEGER,
        (Arg.ANYTHING, Arg.PTR_TO_MEM_RDONLY, Arg.CONST_SIZE),
        since="4.8",
        commit="96ae52279594",
        gpl_only=True,
        reach=(Reach(TRACING_ALL),),
    ),
    Helper(
        37,
        "current_task_under_cgroup",
        Ret.INTEGER,
        (Arg.CONST_MAP_PTR, Arg.ANYTHING),
        since="4.9",
        commit="60d20f9195b2",
        reach=(
            Reach(TRACING_ALL),
            Reach(FEW + SOCK + SOCK_ADDR, "6.12"),
            Reach(BASE, "6.16"),
        ),
    ),
    Helper(
        42,
        "get_numa_node_id",
        Ret.INTEGER,
        (),
        since="4.10",
        commit="2d0e30c30f84",
        reach=(Reach(EVERY_BUT_FEW), Reach(FEW, "5.8")),
    ),
    Helper(
        45,
        "probe_read_str",
        Ret.INTEGER,
        (Arg.PTR_TO_UNINIT_MEM, Arg.CONST_SIZE_OR_ZERO, Arg.ANYTHING),
        since="4.11",
        commit="a5e8c07059d0",
        gpl_only=True,
        reach=(Reach(TRACING_ALL),),
    ),
    Helper(
        46,
        "get_socket_cookie",
        Ret.INTEGER,
        (Arg.PTR_TO_CTX,),
        since="4.12",
        commit="91b8270f2a4d",
        reach=(
            Reach(TRACING, "5.12"),
            Reach(SOCKET + TC + CGROUP_SKB),
            Reach(SK_SKB + SOCK_ADDR + SOCK_OPS, "5.5"),
            Reach(SOCK, "5.7"),
            Reach(SK_REUSEPORT, "5.14"),
        ),
        changes=(
            Change(
                "", Ret.INTEGER, (Arg.PTR_TO_BTF_ID_SOCK_COMMON,), prog_types=TRACING + SK_REUSEPORT
            ),
            Change(
                "6.4",
                Ret.INTEGER,
                (Arg.PTR_TO_BTF_ID_SOCK_COMMON_OR_NULL,),
                prog_types=TRACING + SK_REUSEPORT,
            ),
        ),
    ),
    Helper(
        47,
        "get_socket_uid",
        Ret.INTEGER,
        (Arg.PTR_TO_CTX,),
        since="4.12",
        commit="6acc5c291068",
        reach=(
            Reach(SOCKET + TC + CGROUP_SKB),
            Reach(SK_SKB, "5.5"),
        ),
    ),
    Helper(
        55,
        "perf_event_read_value",
        Ret.INTEGER,
        (Arg.CONST_MAP_PTR, Arg.ANYTHING, Arg.PTR_TO_UNINIT_MEM, Arg.CONST_SIZE),
        since="4.15",
        commit="908432ca84fc",
        gpl_only=True,
        reach=(
            Reach(TRACING_ALL, "5.7"),
            Reach(KPROBE),
            Reach(BASE, "6.16"),
        ),
    ),
    Helper(
        56,
        "perf_prog_read_value",
        Ret.INTEGER,
        (Arg.PTR_TO_CTX, Arg.PTR_TO_UNINIT_MEM, Arg.CONST_SIZE),
        since="4.15",
        commit="4bebdc7a85aa",
        gpl_only=True,
        reach=(Reach(PERF_EVENT),),
    ),
    Helper(
        58,
        "override_return",
        Ret.INTEGER,
        (Arg.PTR_TO_CTX, Arg.ANYTHING),
        since="4.16",
        commit="9802d86585db",
        gpl_only=True,
        config="CONFIG_BPF_KPROBE_OVERRIDE",
        reach=(Reach(KPROBE),),
    ),
    Helper(
        67,
        "get_stack",
        Ret.INTEGER,
        (Arg.PTR_TO_CTX, Arg.PTR_TO_UNINIT_MEM, Arg.CONST_SIZE_OR_ZERO, Arg.ANYTHING),
        since="4.18",
        commit="de2ff05f48af",
        gpl_only=True,
        reach=(
            Reach(KPROBE + TRACEPOINT + PERF_EVENT + RAW_TP),
            Reach(TRACING, "5.5"),
        ),
        changes=(
            Change(
                "",
                Ret.INTEGER,
                (Arg.PTR_TO_CTX, Arg.PTR_TO_MEM_RDONLY, Arg.CONST_SIZE_OR_ZERO, Arg.ANYTHING),
                gpl_only=True,
                prog_types=RAW_TP + TRACING,
            ),
            Change(
                Trait.RAW_TP_STACK_FILLED,
                Ret.INTEGER,
                (Arg.PTR_TO_CTX, Arg.PTR_TO_UNINIT_MEM, Arg.CONST_SIZE_OR_ZERO, Arg.ANYTHING),
                gpl_only=True,
                prog_types=RAW_TP + TRACING,
            ),
        ),
    ),
    Helper(
        68,
        "skb_load_bytes_relative",
        Ret.INTEGER,
        (Arg.PTR_TO_CTX, Arg.ANYTHING, Arg.PTR_TO_UNINIT_MEM, Arg.CONST_SIZE, Arg.ANYTHING),
        since="4.18",
        commit="4e1ec56cdc59",
        reach=(
            Reach(SOCKET + TC + CGROUP_SKB),
            Reach(SK_REUSEPORT, "5.5"),
        ),
    ),
    Helper(
        80,
        "get_current_cgroup_id",
        Ret.INTEGER,
        (),
        since="4.18",
        commit="bf6fa2c893c5",
        reach=(
            Reach(TRACING_ALL),
            Reach(FEW, "5.5"),
            Reach(SOCK + SOCK_ADDR, "5.7"),
            Reach(SK_MSG, "5.8"),
            Reach(BASE, "6.4"),
        ),
    ),
    Helper(
        87,
        "map_push_elem",
        Ret.INTEGER,
        (Arg.CONST_MAP_PTR, Arg.PTR_TO_MAP_VALUE, Arg.ANYTHING),
        since="4.20",
        commit="f1a2e44a3aec",
        reach=(
            Reach(TRACING_ALL, "5.2"),
            Reach(BASE),
        ),
    ),
    Helper(
        88,
        "map_pop_elem",
        Ret.INTEGER,
        (Arg.CONST_MAP_PTR, Arg.PTR_TO_UNINIT_MAP_VALUE),
        since="4.20",
        commit="f1a2e44a3aec",
        reach=(
            Reach(TRACING_ALL, "5.2"),
            Reach(BASE),
        ),
    ),
    Helper(
        89,
        "map_peek_elem",
        Ret.INTEGER,
        (Arg.CONST_MAP_PTR, Arg.PTR_TO_UNINIT_MAP_VALUE),
        since="4.20",
        commit="f1a2e44a3aec",
        reach=(
            Reach(TRACING_ALL, "5.2"),
            Reach(BASE),
        ),
    ),
    Helper(
        93,
        "spin_lock",
        Ret.VOID,
        (Arg.PTR_TO_SPIN_LOCK,),
        since="5.1",
        commit="d83525ca62cf",
        reach=(
            Reach(TRACING_ALL, "5.15"),
            Reach(SK_BASE + SK_REUSEPORT + SOCK),
            Reach(FEW, "5.8"),
            Reach(LSM, "5.11"),
        ),
    ),
    Helper(
        94,
        "spin_unlock",
        Ret.VOID,
        (Arg.PTR_TO_SPIN_LOCK,),
        since="5.1",
        commit="d83525ca62cf",
        reach=(
            Reach(TRACING_ALL, "5.15"),
            Reach(SK_BASE + SK_REUSEPORT + SOCK),
            Reach(FEW, "5.8"),
            Reach(LSM, "5.11"),
        ),
    ),
    Helper(
        105,
        "strtol",
        Ret.INTEGER,
        (Arg.PTR_TO_MEM_RDONLY, Arg.CONST_SIZE, Arg.ANYTHING, Arg.PTR_TO_LONG),
        since="5.2",
        commit="d7a4cb9b6705",
        reach=(Reach(EVERY, "6.1"), Reach(SYSCTL)),
    ),
    Helper(
        106,
        "strtoul",
        Ret.INTEGER,
        (Arg.PTR_TO_MEM_RDONLY, Arg.CONST_SIZE, Arg.ANYTHING, Arg.PTR_TO_LONG),
        since="5.2",
        commit="d7a4cb9b6705",
        reach=(Reach(EVERY, "6.1"), Reach(SYSCTL)),
    ),
    Helper(
        107,
        "sk_storage_get",
        Ret.PTR_TO_MAP_VALUE_OR_NULL,
        (
            Arg.CONST_MAP_PTR,
            Arg.PTR_TO_SOCKET,
            Arg.PTR_TO_MAP_VALUE_OR_NULL,
            Arg.ANYTHING,
        ),
        since="5.2",
        commit="6ac99e8f23d4",
        reach=(
            Reach(TRACING, "5.11"),
            Reach(LSM),
            Reach(TC + CGROUP_SKB),
            Reach(SOCK_OPS + SOCK_ADDR + SOCKOPT, "5.5"),
            Reach(SK_MSG, "5.8"),
            Reach(SOCK, "5.9"),
        ),
        changes=(
            Change(
                "5.10",
                Ret.PTR_TO_MAP_VALUE_OR_NULL,
                (
                    Arg.CONST_MAP_PTR,
                    Arg.PTR_TO_BTF_ID_SOCK_COMMON,
                    Arg.PTR_TO_MAP_VALUE_OR_NULL,
                    Arg.ANYTHING,
                ),
            ),
            Change(
                "",
                Ret.PTR_TO_MAP_VALUE_OR_NULL,
                (Arg.CONST_MAP_PTR, Arg.PTR_TO_CTX, Arg.PTR_TO_MAP_VALUE_OR_NULL, Arg.ANYTHING),
                prog_types=SOCK,
            ),
            Change(
                "",
                Ret.PTR_TO_MAP_VALUE_OR_NULL,
                (
                    Arg.CONST_MAP_PTR,
                    Arg.PTR_TO_BTF_ID,
                    Arg.PTR_TO_MAP_VALUE_OR_NULL,
                    Arg.ANYTHING,
                ),
                prog_types=TRACING,
            ),
            Change(
                "6.4",
                Ret.PTR_TO_MAP_VALUE_OR_NULL,
                (
                    Arg.CONST_MAP_PTR,
                    Arg.PTR_TO_BTF_ID_OR_NULL,
                    Arg.PTR_TO_MAP_VALUE_OR_NULL,
                    Arg.ANYTHING,
                ),
                prog_types=TRACING,
            ),
        ),
    ),
    Helper(
        108,
        "sk_storage_delete",
        Ret.INTEGER,
        (Arg.CONST_MAP_PTR, Arg.PTR_TO_SOCKET),
        since="5.2",
        commit="6ac99e8f23d4",
        reach=(
            Reach(TRACING, "5.11"),
            Reach(LSM),
            Reach(TC + CGROUP_SKB),
            Reach(SOCK_OPS + SOCK_ADDR + SOCKOPT, "5.5"),
            Reach(SK_MSG, "5.8"),
        ),
        changes=(
            Change("5.10", Ret.INTEGER, (Arg.CONST_MAP_PTR, Arg.PTR_TO_BTF_ID_SOCK_COMMON)),
            Change("", Ret.INTEGER, (Arg.CONST_MAP_PTR, Arg.PTR_TO_BTF_ID), prog_types=TRACING),
            Change(
                "6.4",
                Ret.INTEGER,
                (Arg.CONST_MAP_PTR, Arg.PTR_TO_BTF_ID_OR_NULL),
                prog_types=TRACING,
            ),
        ),
    ),
    Helper(
        109,
        "send_signal",
        Ret.INTEGER,
        (Arg.ANYTHING,),
        since="5.3",
        commit="8b401f9ed244",
        reach=(
            Reach(TRACING_ALL),
            Reach(BASE, "6.16"),
        ),
    ),
    Helper(
        111,
        "skb_output",
        Ret.INTEGER,
        (
            Arg.PTR_TO_BTF_ID,
            Arg.CONST_MAP_PTR,
            Arg.ANYTHING,
            Arg.PTR_TO_MEM_RDONLY,
            Arg.CONST_SIZE_OR_ZERO,
        ),
        since="5.5",
        commit="a7658e1a4164",
        gpl_only=True,
        reach=(Reach(TRACING),),
    ),
    Helper(
        112,
        "probe_read_user",
        Ret.INTEGER,
        (Arg.PTR_TO_UNINIT_MEM, Arg.CONST_SIZE_OR_ZERO, Arg.ANYTHING),
        since="5.5",
        commit="6ae08ae3dea2",
        gpl_only=True,
        reach=(
            Reach(TRACING_ALL),
            Reach(BASE, "5.8"),
        ),
        needs=Trait.PROBE_READ_SPLIT,
    ),
    Helper(
        113,
        "probe_read_kernel",
        Ret.INTEGER,
        (Arg.PTR_TO_UNINIT_MEM, Arg.CONST_SIZE_OR_ZERO, Arg.ANYTHING),
        since="5.5",
        commit="6ae08ae3dea2",
        gpl_only=True,
        reach=(
            Reach(TRACING_ALL),
            Reach(BASE, "5.8"),
        ),
        needs=Trait.PROBE_READ_SPLIT,
    ),
    Helper(
        114,
        "probe_read_user_str",
        Ret.INTEGER,
        (Arg.PTR_TO_UNINIT_MEM, Arg.CONST_SIZE_OR_ZERO, Arg.ANYTHING),
        since="5.5",
        commit="6ae08ae3dea2",
        gpl_only=True,
        reach=(
            Reach(TRACING_ALL),
            Reach(BASE, "5.8"),
        ),
        needs=Trait.PROBE_READ_SPLIT,
    ),
    Helper(
        115,
        "probe_read_kernel_str",
        Ret.INTEGER,
        (Arg.PTR_TO_UNINIT_MEM, Arg.CONST_SIZE_OR_ZERO, Arg.ANYTHING),
        since="5.5",
        commit="6ae08ae3dea2",
        gpl_only=True,
        reach=(
            Reach(TRACING_ALL),
            Reach(BASE, "5.8"),
        ),
        needs=Trait.PROBE_READ_SPLIT,
    ),
    Helper(
        117,
        "send_signal_thread",
        Ret.INTEGER,
        (Arg.ANYTHING,),
        since="5.6",
        commit="8482941f0906",
        reach=(
            Reach(TRACING_ALL),
            Reach(BASE, "6.16"),
        ),
    ),
    Helper(
        118,
        "jiffies64",
        Ret.INTEGER,
        (),
        since="5.6",
        commit="5576b991e9c1",
        reach=(
            Reach(TRACING_ALL, "5.9"),
            Reach(SK_BASE + SK_REUSEPORT + SOCK),
            Reach(FEW, "5.8"),
        ),
    ),
    Helper(
        119,
        "read_branch_records",
        Ret.INTEGER,
        (Arg.PTR_TO_CTX, Arg.PTR_TO_MEM_OR_NULL, Arg.CONST_SIZE_OR_ZERO, Arg.ANYTHING),
        since="5.7",
        commit="fff7b64355ea",
        gpl_only=True,
        reach=(Reach(PERF_EVENT),),
    ),
    Helper(
        120,
        "get_ns_current_pid_tgid",
        Ret.INTEGER,
        (Arg.ANYTHING, Arg.ANYTHING, Arg.PTR_TO_UNINIT_MEM, Arg.CONST_SIZE),
        since="5.7",
        commit="b4490c5c4e02",
        reach=(
            Reach(TRACING_ALL),
            Reach(BASE, "6.10"),
        ),
    ),
    Helper(
        121,
        "xdp_output",
        Ret.INTEGER,
        (
            Arg.PTR_TO_BTF_ID,
            Arg.CONST_MAP_PTR,
            Arg.ANYTHING,
            Arg.PTR_TO_MEM_RDONLY,
            Arg.CONST_SIZE_OR_ZERO,
        ),
        since="5.7",
        commit="d831ee84bfc9",
        gpl_only=True,
        reach=(Reach(TRACING),),
    ),
    Helper(
        122,
        "get_netns_cookie",
        Ret.INTEGER,
        (Arg.PTR_TO_CTX_OR_NULL,),
        since="5.7",
        commit="f318903c0bf4",
        reach=(
            Reach(SOCK + SOCK_ADDR),
            Reach(SOCK_OPS + SK_MSG + SOCKOPT, "5.15"),
            Reach(TC, "6.13"),
            Reach(SOCKET + CGROUP_SKB, "6.15"),
        ),
    ),
    Helper(
        123,
        "get_current_ancestor_cgroup_id",
        Ret.INTEGER,
        (Arg.ANYTHING,),
        since="5.7",
        commit="0f09abd105da",
        reach=(
            Reach(TRACING_ALL, "5.13"),
            Reach(SOCK + SOCK_ADDR),
            Reach(SK_MSG, "5.8"),
            Reach(FEW, "6.1"),
            Reach(BASE, "6.4"),
        ),
    ),
    Helper(
        125,
        "ktime_get_boot_ns",
        Ret.INTEGER,
        (),
        since="5.8",
        commit="71d19214776e",
        reach=(Reach(EVERY),),
    ),
    Helper(
        126,
        "seq_printf",
        Ret.INTEGER,
        (
            Arg.PTR_TO_BTF_ID,
            Arg.PTR_TO_MEM_RDONLY,
            Arg.CONST_SIZE,
            Arg.PTR_TO_MEM_OR_NULL_RDONLY,
            Arg.CONST_SIZE_OR_ZERO,
        ),
        since="5.8",
        commit="492e639f0c22",
        gpl_only=True,
        reach=(Reach(TRACING, attach_types=(AttachType.TRACE_ITER,)),),
    ),
    Helper(
        127,
        "seq_write",
        Ret.INTEGER,
        (Arg.PTR_TO_BTF_ID, Arg.PTR_TO_MEM_RDONLY, Arg.CONST_SIZE_OR_ZERO),
        since="5.8",
        commit="492e639f0c22",
        gpl_only=True,
        reach=(Reach(TRACING, attach_types=(AttachType.TRACE_ITER,)),),
    ),
    Helper(
        130,
        "ringbuf_output",
        Ret.INTEGER,
        (Arg.CONST_MAP_PTR, Arg.PTR_TO_MEM_RDONLY, Arg.CONST_SIZE_OR_ZERO, Arg.ANYTHING),
        since="5.8",
        commit="457f44363a88",
        reach=(Reach(EVERY),),
        needs=Trait.RINGBUF,
    ),
    Helper(
        131,
        "ringbuf_reserve",
        Ret.PTR_TO_RINGBUF_MEM_OR_NULL,
        (Arg.CONST_MAP_PTR, Arg.CONST_ALLOC_SIZE_OR_ZERO, Arg.ANYTHING),
        since="5.8",
        commit="457f44363a88",
        reach=(Reach(EVERY),),
        needs=Trait.RINGBUF,
    ),
    Helper(
        132,
        "ringbuf_submit",
        Ret.VOID,
        (Arg.PTR_TO_RINGBUF_MEM, Arg.ANYTHING),
        since="5.8",
        commit="457f44363a88",
        reach=(Reach(EVERY),),
        needs=Trait.RINGBUF,
    ),
    Helper(
        133,
        "ringbuf_discard",
        Ret.VOID,
        (Arg.PTR_TO_RINGBUF_MEM, Arg.ANYTHING),
        since="5.8",
        commit="457f44363a88",
        reach=(Reach(EVERY),),
        needs=Trait.RINGBUF,
    ),
    Helper(
        134,
        "ringbuf_query",
        Ret.INTEGER,
        (Arg.CONST_MAP_PTR, Arg.ANYTHING),
        since="5.8",
        commit="457f44363a88",
        reach=(Reach(EVERY),),
        needs=Trait.RINGBUF,
    ),
    Helper(
        136,
        "skc_to_tcp6_sock",
        Ret.PTR_TO_BTF_ID_OR_NULL,
        (Arg.PTR_TO_BTF_ID,),
        since="5.9",
        commit="af7ec1383361",
        reach=(
            Reach(TRACING),
            Reach(SK_BASE, "5.10"),
        ),
        changes=(
            Change(
                "5.10", Ret.PTR_TO_BTF_ID_OR_NULL, (Arg.PTR_TO_BTF_ID_SOCK_COMMON,), gpl_only=False
            ),
        ),
    ),
    Helper(
        137,
        "skc_to_tcp_sock",
        Ret.PTR_TO_BTF_ID_OR_NULL,
        (Arg.PTR_TO_BTF_ID,),
        since="5.9",
        commit="478cfbdf5f13",
        reach=(
            Reach(TRACING),
            Reach(SK_BASE, "5.10"),
        ),
        changes=(
            Change(
                "5.10", Ret.PTR_TO_BTF_ID_OR_NULL, (Arg.PTR_TO_BTF_ID_SOCK_COMMON,), gpl_only=False
            ),
        ),
    ),
    Helper(
        138,
        "skc_to_tcp_timewait_sock",
        Ret.PTR_TO_BTF_ID_OR_NULL,
        (Arg.PTR_TO_BTF_ID,),
        since="5.9",
        commit="478cfbdf5f13",
        reach=(
            Reach(TRACING),
            Reach(SK_BASE, "5.10"),
        ),
        changes=(
            Change(
                "5.10", Ret.PTR_TO_BTF_ID_OR_NULL, (Arg.PTR_TO_BTF_ID_SOCK_COMMON,), gpl_only=False
            ),
        ),
    ),
    Helper(
        139,
        "skc_to_tcp_request_sock",
        Ret.PTR_TO_BTF_ID_OR_NULL,
        (Arg.PTR_TO_BTF_ID,),
        since="5.9",
        commit="478cfbdf5f13",
        reach=(
            Reach(TRACING),
            Reach(SK_BASE, "5.10"),
        ),
        changes=(
            Change(
                "5.10", Ret.PTR_TO_BTF_ID_OR_NULL, (Arg.PTR_TO_BTF_ID_SOCK_COMMON,), gpl_only=False
            ),
        ),
    ),
    Helper(
        140,
        "skc_to_udp6_sock",
        Ret.PTR_TO_BTF_ID_OR_NULL,
        (Arg.PTR_TO_BTF_ID,),
        since="5.9",
        commit="0d4fad3e57df",
        reach=(
            Reach(TRACING),
            Reach(SK_BASE, "5.10"),
        ),
        changes=(
            Change(
                "5.10", Ret.PTR_TO_BTF_ID_OR_NULL, (Arg.PTR_TO_BTF_ID_SOCK_COMMON,), gpl_only=False
            ),
        ),
    ),
    Helper(
        141,
        "get_task_stack",
        Ret.INTEGER,
        (Arg.PTR_TO_BTF_ID, Arg.PTR_TO_UNINIT_MEM, Arg.CONST_SIZE_OR_ZERO, Arg.ANYTHING),
        since="5.9",
        commit="fa28dcb82a38",
        reach=(
            Reach(TRACING_ALL),
            Reach(BASE, "6.16"),
        ),
    ),
    Helper(
        147,
        "d_path",
        Ret.INTEGER,
        (Arg.PTR_TO_BTF_ID, Arg.PTR_TO_MEM, Arg.CONST_SIZE_OR_ZERO),
        since="5.10",
        commit="6e22ab9da793",
        reach=(Reach(TRACING),),
    ),
    Helper(
        148,
        "copy_from_user",
        Ret.INTEGER,
        (Arg.PTR_TO_UNINIT_MEM, Arg.CONST_SIZE_OR_ZERO, Arg.ANYTHING),
        since="5.10",
        commit="07be4c4a3e7a",
        reach=(
            Reach(TRACING_ALL),
            Reach(BASE, "6.16"),
        ),
        sleepable=True,
    ),
    Helper(
        149,
        "snprintf_btf",
        Ret.INTEGER,
        (Arg.PTR_TO_MEM, Arg.CONST_SIZE, Arg.PTR_TO_MEM_RDONLY, Arg.CONST_SIZE, Arg.ANYTHING),
        since="5.10",
        commit="c4d0bfb45068",
        reach=(Reach(EVERY),),
    ),
    Helper(
        150,
        "seq_printf_btf",
        Ret.INTEGER,
        (Arg.PTR_TO_BTF_ID, Arg.PTR_TO_MEM_RDONLY, Arg.CONST_SIZE_OR_ZERO, Arg.ANYTHING),
        since="5.10",
        commit="eb411377aed9",
        gpl_only=True,
        reach=(Reach(TRACING, attach_types=(AttachType.TRACE_ITER,)),),
    ),
    Helper(
        153,
        "per_cpu_ptr",
        Ret.PTR_TO_MEM_OR_BTF_ID_OR_NULL,
        (Arg.PTR_TO_PERCPU_BTF_ID, Arg.ANYTHING),
        since="5.10",
        commit="eaa6bcb71ef6",
        reach=(Reach(EVERY),),
    ),
    Helper(
        154,
        "this_cpu_ptr",
        Ret.PTR_TO_MEM_OR_BTF_ID,
        (Arg.PTR_TO_PERCPU_BTF_ID,),
        since="5.10",
        commit="63d9b80dcf2c",
        reach=(Reach(EVERY),),
    ),
    Helper(
        156,
        "task_storage_get",
        Ret.PTR_TO_MAP_VALUE_OR_NULL,
        (Arg.CONST_MAP_PTR, Arg.PTR_TO_BTF_ID, Arg.PTR_TO_MAP_VALUE_OR_NULL, Arg.ANYTHING),
        since="5.11",
        commit="4cf1bc1f1045",
        reach=(
            Reach(TRACING_ALL, "5.13"),
            Reach(BASE, "6.16"),
        ),
        changes=(
            Change(
                "6.4",
                Ret.PTR_TO_MAP_VALUE_OR_NULL,
                (
                    Arg.CONST_MAP_PTR,
                    Arg.PTR_TO_BTF_ID_OR_NULL,
                    Arg.PTR_TO_MAP_VALUE_OR_NULL,
                    Arg.ANYTHING,
                ),
                gpl_only=False,
            ),
        ),
    ),
    Helper(
        157,
        "task_storage_delete",
        Ret.INTEGER,
        (Arg.CONST_MAP_PTR, Arg.PTR_TO_BTF_ID),
        since="5.11",
        commit="4cf1bc1f1045",
        reach=(
            Reach(TRACING_ALL, "5.13"),
            Reach(BASE, "6.16"),
        ),
        changes=(
            Change(
                "6.4",
                Ret.INTEGER,
                (
                    Arg.CONST_MAP_PTR,
                    Arg.PTR_TO_BTF_ID_OR_NULL,
                ),
                gpl_only=False,
            ),
        ),
    ),
    Helper(
        158,
        "get_current_task_btf",
        Ret.PTR_TO_BTF_ID,
        (),
        since="5.11",
        commit="3ca1032ab7ab",
        gpl_only=True,
        reach=(
            Reach(TRACING_ALL),
            Reach(BASE, "5.15"),
        ),
    ),
    Helper(
        160,
        "ktime_get_coarse_ns",
        Ret.INTEGER,
        (),
        since="5.11",
        commit="d05512618056",
        # 5e0bc3082e2e ("bpf: Forbid bpf_ktime_get_coarse_ns and bpf_timer_* in tracing progs")
        reach=(
            Reach(TRACING_ALL + SOCKOPT + DEVICE, until="5.15.16"),
            Reach(SK_BASE + SOCK + SYSCTL + SK_REUSEPORT),
        ),
    ),
    Helper(
        162,
        "sock_from_file",
        Ret.PTR_TO_BTF_ID_OR_NULL,
        (Arg.PTR_TO_BTF_ID,),
        since="5.11",
        commit="4f19cab76136",
        reach=(Reach(TRACING),),
    ),
    Helper(
        164,
        "for_each_map_elem",
        Ret.INTEGER,
        (Arg.CONST_MAP_PTR, Arg.PTR_TO_FUNC, Arg.PTR_TO_STACK_OR_NULL, Arg.ANYTHING),
        since="5.13",
        commit="69c087ba6225",
        reach=(Reach(EVERY),),
        needs=Trait.CALLBACKS,
    ),
    Helper(
        165,
        "snprintf",
        Ret.INTEGER,
        (
            Arg.PTR_TO_MEM_OR_NULL,
            Arg.CONST_SIZE_OR_ZERO,
            Arg.PTR_TO_CONST_STR,
            Arg.PTR_TO_MEM_OR_NULL_RDONLY,
            Arg.CONST_SIZE_OR_ZERO,
        ),
        since="5.13",
        commit="7b15523a989b",
        gpl_only=True,
        reach=(Reach(EVERY),),
    ),
    Helper(
        169,
        "timer_init",
        Ret.INTEGER,
        (Arg.PTR_TO_TIMER, Arg.CONST_MAP_PTR, Arg.ANYTHING),
        since="5.15",
        commit="b00628b1c7d5",
        gpl_only=True,
        reach=(Reach(EVERY),),
    ),
    Helper(
        170,
        "timer_set_callback",
        Ret.INTEGER,
        (Arg.PTR_TO_TIMER, Arg.PTR_TO_FUNC),
        since="5.15",
        commit="b00628b1c7d5",
        gpl_only=True,
        reach=(Reach(EVERY),),
    ),
    Helper(
        171,
        "timer_start",
        Ret.INTEGER,
        (Arg.PTR_TO_TIMER, Arg.ANYTHING, Arg.ANYTHING),
        since="5.15",
        commit="b00628b1c7d5",
        gpl_only=True,
        reach=(Reach(EVERY),),
    ),
    Helper(
        172,
        "timer_cancel",
        Ret.INTEGER,
        (Arg.PTR_TO_TIMER,),
        since="5.15",
        commit="b00628b1c7d5",
        gpl_only=True,
        reach=(Reach(EVERY),),
    ),
    Helper(
        173,
        "get_func_ip",
        Ret.INTEGER,
        (Arg.PTR_TO_CTX,),
        since="5.15",
        commit="9b99edcae5c8",
        gpl_only=True,
        reach=(Reach(TRACING_ALL),),
    ),
    Helper(
        174,
        "get_attach_cookie",
        Ret.INTEGER,
        (Arg.PTR_TO_CTX,),
        since="5.15",
        commit="7adfc6c9b315",
        reach=(
            Reach(TRACING, "5.19", attach_types=TRAMPOLINE),
            Reach(TRACING, "6.10", attach_types=(AttachType.TRACE_RAW_TP,)),
            Reach(KPROBE + TRACEPOINT + PERF_EVENT),
            Reach(RAW_TP, "6.10"),
        ),
        needs=Trait.BPF_COOKIE,
    ),
    Helper(
        175,
        "task_pt_regs",
        Ret.PTR_TO_BTF_ID,
        (Arg.PTR_TO_BTF_ID,),
        since="5.15",
        commit="dd6e10fbd9fb",
        gpl_only=True,
        reach=(Reach(EVERY),),
    ),
    Helper(
        176,
        "get_branch_snapshot",
        Ret.INTEGER,
        (Arg.PTR_TO_UNINIT_MEM, Arg.CONST_SIZE_OR_ZERO),
        since="5.16",
        commit="856c02dbce4f",
        gpl_only=True,
        reach=(
            Reach(TRACING_ALL),
            Reach(BASE, "6.16"),
        ),
    ),
    Helper(
        177,
        "trace_vprintk",
        Ret.INTEGER,
        (
            Arg.PTR_TO_MEM_RDONLY,
            Arg.CONST_SIZE,
            Arg.PTR_TO_MEM_OR_NULL_RDONLY,
            Arg.CONST_SIZE_OR_ZERO,
        ),
        since="5.16",
        commit="10aceb629e19",
        gpl_only=True,
        reach=(Reach(EVERY),),
    ),
    Helper(
        178,
        "skc_to_unix_sock",
        Ret.PTR_TO_BTF_ID_OR_NULL,
        (Arg.PTR_TO_BTF_ID_SOCK_COMMON,),
        since="5.16",
        commit="9eeb3aa33ae0",
        reach=(
            Reach(TRACING),
            Reach(SK_BASE),
        ),
    ),
    Helper(
        180,
        "find_vma",
        Ret.INTEGER,
        (Arg.PTR_TO_BTF_ID, Arg.ANYTHING, Arg.PTR_TO_FUNC, Arg.PTR_TO_STACK_OR_NULL, Arg.ANYTHING),
        since="5.17",
        commit="7c7e3d31e785",
        reach=(
            Reach(TRACING_ALL),
            Reach(BASE, "6.16"),
        ),
    ),
    Helper(
        181,
        "loop",
        Ret.INTEGER,
        (Arg.ANYTHING, Arg.PTR_TO_FUNC, Arg.PTR_TO_STACK_OR_NULL, Arg.ANYTHING),
        since="5.17",
        commit="e6f2dd0f8067",
        reach=(Reach(EVERY),),
        needs=Trait.BPF_LOOP,
        changes=(
            Change(
                Trait.LOOP_COUNT_IS_NUMBER,
                Ret.INTEGER,
                (
                    Arg.SCALAR,
                    Arg.PTR_TO_FUNC,
                    Arg.PTR_TO_STACK_OR_NULL,
                    Arg.ANYTHING,
                ),
                gpl_only=False,
            ),
        ),
    ),
    Helper(
        182,
        "strncmp",
        Ret.INTEGER,
        (Arg.PTR_TO_MEM, Arg.CONST_SIZE, Arg.PTR_TO_CONST_STR),
        since="5.17",
        commit="c5fb19937455",
        reach=(Reach(EVERY),),
        needs=Trait.STRNCMP,
        changes=(
            Change(
                "6.4",
                Ret.INTEGER,
                (
                    Arg.PTR_TO_MEM_RDONLY,
                    Arg.CONST_SIZE,
                    Arg.PTR_TO_CONST_STR,
                ),
                gpl_only=False,
            ),
        ),
    ),
    Helper(
        183,
        "get_func_arg",
        Ret.INTEGER,
        (Arg.PTR_TO_CTX, Arg.ANYTHING, Arg.PTR_TO_LONG),
        since="5.17",
        commit="f92c1e183604",
        reach=(
            Reach(TRACING, attach_types=TRAMPOLINE),
            Reach(TRACING, "7.0", attach_types=(AttachType.TRACE_RAW_TP,)),
        ),
    ),
    Helper(
        184,
        "get_func_ret",
        Ret.INTEGER,
        (Arg.PTR_TO_CTX, Arg.PTR_TO_LONG),
        since="5.17",
        commit="f92c1e183604",
        reach=(Reach(TRACING, attach_types=TRAMPOLINE),),
    ),
    Helper(
        185,
        "get_func_arg_cnt",
        Ret.INTEGER,
        (Arg.PTR_TO_CTX,),
        since="5.17",
        commit="f92c1e183604",
        reach=(
            Reach(TRACING, attach_types=TRAMPOLINE),
            Reach(TRACING, "7.0", attach_types=(AttachType.TRACE_RAW_TP,)),
        ),
    ),
    Helper(
        188,
        "xdp_get_buff_len",
        Ret.INTEGER,
        (Arg.PTR_TO_CTX,),
        since="5.18",
        commit="0165cc817075",
        reach=(Reach(TRACING + XDP),),
        changes=(Change("", Ret.INTEGER, (Arg.PTR_TO_BTF_ID,), prog_types=TRACING),),
    ),
    Helper(
        191,
        "copy_from_user_task",
        Ret.INTEGER,
        (
            Arg.PTR_TO_UNINIT_MEM,
            Arg.CONST_SIZE_OR_ZERO,
            Arg.ANYTHING,
            Arg.PTR_TO_BTF_ID,
            Arg.ANYTHING,
        ),
        since="5.18",
        commit="376040e47334",
        gpl_only=True,
        reach=(
            Reach(TRACING_ALL),
            Reach(BASE, "6.16"),
        ),
        sleepable=True,
    ),
    Helper(
        194,
        "kptr_xchg",
        Ret.PTR_TO_BTF_ID_OR_NULL,
        (Arg.PTR_TO_KPTR, Arg.PTR_TO_BTF_ID_OR_NULL),
        since="5.19",
        commit="c0a5a21c25f3",
        reach=(Reach(EVERY),),
    ),
    Helper(
        195,
        "map_lookup_percpu_elem",
        Ret.PTR_TO_MAP_VALUE_OR_NULL,
        (Arg.CONST_MAP_PTR, Arg.PTR_TO_MAP_KEY, Arg.ANYTHING),
        since="5.19",
        commit="07343110b293",
        reach=(Reach(EVERY),),
    ),
    Helper(
        196,
        "skc_to_mptcp_sock",
        Ret.PTR_TO_BTF_ID_OR_NULL,
        (Arg.PTR_TO_SOCK_COMMON,),
        since="5.19",
        commit="3bc253c2e652",
        reach=(
            Reach(TRACING),
            Reach(SK_BASE),
        ),
    ),
    Helper(
        197,
        "dynptr_from_mem",
        Ret.INTEGER,
        (Arg.PTR_TO_UNINIT_MEM, Arg.CONST_SIZE_OR_ZERO, Arg.ANYTHING, Arg.PTR_TO_UNINIT_DYNPTR),
        since="5.19",
        commit="263ae152e962",
        reach=(Reach(EVERY),),
    ),
    Helper(
        198,
        "ringbuf_reserve_dynptr",
        Ret.INTEGER,
        (Arg.CONST_MAP_PTR, Arg.ANYTHING, Arg.ANYTHING, Arg.PTR_TO_UNINIT_DYNPTR),
        since="5.19",
        commit="bc34dee65a65",
        reach=(Reach(EVERY),),
    ),
    Helper(
        199,
        "ringbuf_submit_dynptr",
        Ret.VOID,
        (Arg.PTR_TO_DYNPTR, Arg.ANYTHING),
        since="5.19",
        commit="bc34dee65a65",
        reach=(Reach(EVERY),),
    ),
    Helper(
        200,
        "ringbuf_discard_dynptr",
        Ret.VOID,
        (Arg.PTR_TO_DYNPTR, Arg.ANYTHING),
        since="5.19",
        commit="bc34dee65a65",
        reach=(Reach(EVERY),),
    ),
    Helper(
        201,
        "dynptr_read",
        Ret.INTEGER,
        (
            Arg.PTR_TO_UNINIT_MEM,
            Arg.CONST_SIZE_OR_ZERO,
            Arg.PTR_TO_DYNPTR,
            Arg.ANYTHING,
            Arg.ANYTHING,
        ),
        since="5.19",
        commit="13bbbfbea759",
        reach=(Reach(EVERY),),
    ),
    Helper(
        202,
        "dynptr_write",
        Ret.INTEGER,
        (
            Arg.PTR_TO_DYNPTR,
            Arg.ANYTHING,
            Arg.PTR_TO_MEM_RDONLY,
            Arg.CONST_SIZE_OR_ZERO,
            Arg.ANYTHING,
        ),
        since="5.19",
        commit="13bbbfbea759",
        reach=(Reach(EVERY),),
    ),
    Helper(
        203,
        "dynptr_data",
        Ret.PTR_TO_DYNPTR_MEM_OR_NULL,
        (Arg.PTR_TO_DYNPTR, Arg.ANYTHING, Arg.CONST_ALLOC_SIZE_OR_ZERO),
        since="5.19",
        commit="34d4ef5775f7",
        reach=(Reach(EVERY),),
    ),
    Helper(
        208,
        "ktime_get_tai_ns",
        Ret.INTEGER,
        (),
        since="6.1",
        commit="c8996c98f703",
        reach=(Reach(EVERY),),
    ),
    Helper(
        209,
        "user_ringbuf_drain",
        Ret.INTEGER,
        (Arg.CONST_MAP_PTR, Arg.PTR_TO_FUNC, Arg.PTR_TO_STACK_OR_NULL, Arg.ANYTHING),
        since="6.1",
        commit="205715673844",
        reach=(Reach(EVERY),),
    ),
    Helper(
        210,
        "cgrp_storage_get",
        Ret.PTR_TO_MAP_VALUE_OR_NULL,
        (Arg.CONST_MAP_PTR, Arg.PTR_TO_BTF_ID, Arg.PTR_TO_MAP_VALUE_OR_NULL, Arg.ANYTHING),
        since="6.2",
        commit="c4bcfb38a95e",
        reach=(Reach(EVERY),),
        changes=(
            Change(
                "6.4",
                Ret.PTR_TO_MAP_VALUE_OR_NULL,
                (
                    Arg.CONST_MAP_PTR,
                    Arg.PTR_TO_BTF_ID_OR_NULL,
                    Arg.PTR_TO_MAP_VALUE_OR_NULL,
                    Arg.ANYTHING,
                ),
                gpl_only=False,
            ),
        ),
    ),
    Helper(
        211,
        "cgrp_storage_delete",
        Ret.INTEGER,
        (Arg.CONST_MAP_PTR, Arg.PTR_TO_BTF_ID),
        since="6.2",
        commit="c4bcfb38a95e",
        reach=(Reach(EVERY),),
        changes=(
            Change(
                "6.4",
                Ret.INTEGER,
                (
                    Arg.CONST_MAP_PTR,
                    Arg.PTR_TO_BTF_ID_OR_NULL,
                ),
                gpl_only=False,
            ),
        ),
    ),
)


class Proto(NamedTuple):
    """What a helper takes and gives on one kernel."""

    ret: Ret
    args: tuple[Arg, ...]
    gpl_only: bool


def sleeps(kernel: Kernel, helper: Helper) -> bool:
    """Whether only what may sleep can call the helper: bpf_func_proto.might_sleep."""
    return kernel.has(helper.sleepable) if isinstance(helper.sleepable, Trait) else helper.sleepable


@cache
def _ids() -> dict[int, Helper]:
    return {row.id: row for row in HELPERS}


@cache
def _names() -> dict[str, Helper]:
    return {row.name: row for row in HELPERS}


def by_id(number: int) -> Helper | None:
    """The helper that `call number` calls; None where we know none."""
    row = _ids().get(number)
    if row is None and number > 0:
        # Rare enough that a tracing program does not pay for the table.
        from emu.kernel.kernel_helpers import KERNEL_HELPERS
        from emu.kernel.packet_helpers import PACKET_HELPERS
        from emu.kernel.socket_helpers import SOCKET_HELPERS

        rows = (*PACKET_HELPERS, *SOCKET_HELPERS, *KERNEL_HELPERS)
        row = next((r for r in rows if r.id == number), None)
    return row


def by_name(name: str) -> Helper:
    """The helper of that name, "map_lookup_elem".

    Raises KeyError where there is none.
    """
    return _names()[name]


# The oldest release in which the helpers of all program types were read.  A row that begins with it
# may have begun before.
OLDEST_READ = "5.5"
_READ_EARLIER = TRACING_ALL + NET


def proto(kernel: Kernel, helper: Helper, prog_type: ProgType | None = None) -> Proto:
    """The helper's prototype on `kernel`, for programs of `prog_type`."""
    if prog_type in _LIKE_TRACING and not any(prog_type in row.prog_types for row in helper.reach):
        prog_type = ProgType.TRACING
    latest: Proto | Change = Proto(helper.ret, helper.args, helper.gpl_only)
    for change in helper.changes:
        meant = not change.prog_types or prog_type in change.prog_types
        if meant and kernel.holds(change.since):
            latest = change
    return Proto(latest.ret, latest.args, latest.gpl_only)


# Helpers of kernel/trace/bpf_trace.c that tracing programs share with other types: trace_printk and
# trace_vprintk, whose prototypes are asked for, and those with declared ones: perf_event_read*,
# get_current_*, send_signal*, probe_read_*, snprintf_btf, task_pt_regs, get_branch_snapshot.
_ASKED_FOR = (6, 177)
_DECLARED = (22, 35, 55, 109, 112, 113, 114, 115, 117, 149, 158, 175, 176)


def available(
    kernel: Kernel, prog_type: ProgType, helper: Helper, attach_type: int | None = None
) -> bool:
    """Whether programs of `prog_type`, loaded by root on `kernel`, may call `helper`.

    attach_type: the expected attach type; None for one that lets programs call the most.
    """
    built = kernel.has(Trait.BPF_EVENTS) or helper.id not in _ASKED_FOR + _DECLARED
    return built and _is_given(kernel, prog_type, helper, attach_type)


def is_empty(kernel: Kernel, prog_type: ProgType, helper: Helper) -> bool:
    """Whether they could call it, but this kernel has no function behind the prototype.

    The prototype is zero then: no arguments, a number as the result.
    """
    return (
        helper.id in _DECLARED
        and not kernel.has(Trait.BPF_EVENTS)
        and _is_given(kernel, prog_type, helper, None)
    )


def _is_given(kernel: Kernel, prog_type: ProgType, helper: Helper, attach_type: int | None) -> bool:
    has = kernel.has(helper.needs) if helper.needs else kernel.at_least(helper.since)
    given = has and any(
        reaches(kernel, row, prog_type) and _attach_fits(row, attach_type) for row in helper.reach
    )
    if prog_type is ProgType.NETFILTER:
        return all(_is_given(kernel, kind, helper, None) for kind in _HAVE_BASE)
    if not given and prog_type in _LIKE_TRACING:
        return _is_given(kernel, ProgType.TRACING, helper, attach_type)
    return given


def reaches(kernel: Kernel, row: Reach, prog_type: ProgType) -> bool:
    """Whether the row holds for programs of `prog_type` on `kernel`, with some attach type."""
    return (
        prog_type in row.prog_types
        and kernel.holds(row.since)
        and not (row.until and kernel.holds(row.until))
    )


def _attach_fits(reach: Reach, attach_type: int | None) -> bool:
    if attach_type is None:
        return True
    return attach_type not in reach.but_attach_types and (
        not reach.attach_types or attach_type in reach.attach_types
    )


def is_unread(kernel: Kernel, prog_type: ProgType, helper: Helper | None) -> bool:
    """Whether `kernel` may let programs of `prog_type` call `helper`, though no row says so."""
    if kernel.at_least(OLDEST_READ):
        return False
    return prog_type not in _READ_EARLIER or (
        helper is not None
        and any(prog_type in row.prog_types and row.since == OLDEST_READ for row in helper.reach)
    )
