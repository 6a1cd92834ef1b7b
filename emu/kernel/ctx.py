"""Context layouts: what a program may read through the pointer it starts with.

Offsets and sizes are in bytes, for x86-64.  Sources: struct pt_regs (asm/ptrace.h), struct
bpf_perf_event_data and struct __sk_buff (include/uapi/linux), and the *_is_valid_access() functions
of kernel/trace/bpf_trace.c and net/core/filter.c.
"""

from __future__ import annotations

from typing import NamedTuple

# Pointers that a context holds: into a packet, its metadata and to its end; to a socket that may be
# any or is none ("sock"), to a whole socket that is there ("socket") or not ("socket_or_null"); to
# what a flow dissector finds.
POINTERS = ("pkt", "pkt_meta", "pkt_end", "sock", "socket", "socket_or_null", "flow_keys")


class CtxField(NamedTuple):
    """A part of a context with rules of its own."""

    name: str
    off: int
    size: int
    sizes: tuple[int, ...] = ()  # sizes of access allowed; () means any that Context allows
    write_sizes: tuple[int, ...] = ()  # sizes of stores allowed
    gives: str = ""  # what a load is, where not a number: one of POINTERS
    since: str = ""  # the first release that has the field, or lets it be used so
    until: str = ""  # the first release that no longer does
    attach_types: tuple[int, ...] = ()  # expected attach types that may use it; () means all
    write_attach_types: tuple[int, ...] = ()  # those that may store to it, if not all of them


class Context(NamedTuple):
    """What an access to the context must be like."""

    name: str  # the structure that programs know; "" where there is none
    start: int  # the first byte that can be read
    size: int  # bytes; 0: Limits.max_trace_size or Limits.max_raw_tp_args says it
    sizes: tuple[int, ...]  # sizes of access allowed
    fields: tuple[CtxField, ...] = ()  # () where any aligned access within the bounds is allowed
    only_fields: bool = False  # bytes outside every field cannot be read


def _regs(*names: str) -> tuple[CtxField, ...]:
    return tuple(CtxField(name, 8 * i, 8) for i, name in enumerate(names))


def words(off: int, *names: str) -> tuple[CtxField, ...]:
    """Fields of four bytes that may be read in parts, one behind the other."""
    return tuple(CtxField(name, off + 4 * i, 4, (1, 2, 4)) for i, name in enumerate(names))


PT_REGS = Context(
    "pt_regs",
    0,
    168,
    (1, 2, 4, 8),
    _regs(
        *("r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx"),
        *("rdx", "rsi", "rdi", "orig_rax", "rip", "cs", "eflags", "rsp", "ss"),
    ),
)

# Bytes behind the last member of struct __sk_buff.  Nothing refuses a load of them, but none can be
# made of it: bpf_convert_ctx_access().
PADDING = (
    CtxField("padding", 164, 4, (1, 2, 4), since="5.0", until="5.1"),
    CtxField("padding", 180, 4, (1, 2, 4), since="5.7", until="5.18"),
)

# struct trace_entry's first 8 bytes are the kernel's; the record follows.
TRACEPOINT = Context("", 8, 0, (1, 2, 4, 8))

# u64 args[]
RAW_TRACEPOINT = Context("bpf_raw_tracepoint_args", 0, 0, (1, 2, 4, 8))

# Each argument by its BTF type; an integer narrower than 8 bytes may be read at its own size.
TRACING = Context("", 0, 0, (1, 2, 4, 8))

# What user space gives to BPF_PROG_RUN.
SYSCALL = Context("", 0, (1 << 16) - 1, (1, 2, 4, 8))

# Two pointers to kernel structures, which nf_is_valid_access() names.
NETFILTER = Context(
    "bpf_nf_ctx",
    0,
    16,
    (8,),
    (
        CtxField("state", 0, 8, (8,), gives="nf_hook_state"),
        CtxField("skb", 8, 8, (8,), gives="sk_buff"),
    ),
    only_fields=True,
)

PERF_EVENT = Context(
    "bpf_perf_event_data",
    0,
    184,
    (8,),
    (
        *PT_REGS.fields,
        CtxField("sample_period", 168, 8, (1, 2, 4, 8)),
        CtxField("addr", 176, 8, (1, 2, 4, 8)),
    ),
)


def sk_buff(
    *more: CtxField,
    writable: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
) -> Context:
    """struct __sk_buff as one program type sees it: the fields of all, and its own.

    writable, without: names of fields that it may store to, and that it does not see.
    """
    rows = (
        *words(0, "len", "pkt_type", "mark", "queue_mapping", "protocol", "vlan_present"),
        *words(24, "vlan_tci", "vlan_proto", "priority", "ingress_ifindex", "ifindex"),
        *words(44, "tc_index"),
        *words(68, "hash"),
        *words(84, "napi_id"),
        *(w._replace(since="5.1") for w in words(164, "gso_segs")),
        *(w._replace(since="5.7") for w in words(176, "gso_size")),
        *PADDING,
    )
    cb_writes = (1, 2, 4, 8) if "cb" in writable else ()
    fields = [w._replace(write_sizes=(4,)) if w.name in writable else w for w in rows]
    fields.append(CtxField("cb", 48, 20, (1, 2, 4, 8), write_sizes=cb_writes))
    fields.append(CtxField("sk", 168, 8, (8,), gives="sock", since="5.1"))
    fields += more
    fields.sort(key=lambda field: field.off)
    kept = tuple(field for field in fields if field.name not in without)
    return Context("__sk_buff", 0, 192, (1, 2, 4, 8), kept, only_fields=True)


PACKET = (
    CtxField("data", 76, 4, (4,), gives="pkt"),
    CtxField("data_end", 80, 4, (4,), gives="pkt_end"),
)
# Which connection a packet belongs to.
CONNECTION = (
    *words(88, "family"),
    CtxField("remote_ip4", 92, 4, (4,)),
    CtxField("local_ip4", 96, 4, (4,)),
    CtxField("remote_ip6", 100, 16, (4,)),
    CtxField("local_ip6", 116, 16, (4,)),
    *words(132, "remote_port", "local_port"),
)
TSTAMP = CtxField("tstamp", 152, 8, (8,), write_sizes=(8,), since="5.0")
_HWTSTAMP = CtxField("hwtstamp", 184, 8, (8,), since="5.16")

# sk_filter_is_valid_access()
SK_BUFF = sk_buff(writable=("cb",))

# tc_cls_act_is_valid_access()
TC_SK_BUFF = sk_buff(
    *PACKET,
    *(w._replace(write_sizes=(4,)) for w in words(72, "tc_classid")),
    CtxField("data_meta", 140, 4, (4,), gives="pkt_meta"),
    TSTAMP,
    *(w._replace(since="5.0") for w in words(160, "wire_len")),
    CtxField("tstamp_type", 180, 1, (1,), since="5.18"),
    _HWTSTAMP,
    writable=("cb", "mark", "queue_mapping", "tc_index", "priority"),
)

# cg_skb_is_valid_access()
CGROUP_SK_BUFF = sk_buff(
    *PACKET,
    *CONNECTION,
    TSTAMP,
    _HWTSTAMP,
    writable=("cb", "mark", "priority"),
)

# flow_dissector_is_valid_access()
FLOW_DISSECTOR_SK_BUFF = Context(
    "__sk_buff",
    0,
    192,
    (4, 8),
    (*PACKET, CtxField("flow_keys", 144, 8, (8,), gives="flow_keys")),
    only_fields=True,
)

# xdp_is_valid_access(); the device a packet leaves by is known in a device map's program only.
BPF_XDP_DEVMAP = 33
XDP_MD = Context(
    "xdp_md",
    0,
    24,
    (4,),
    (
        CtxField("data", 0, 4, (4,), gives="pkt"),
        CtxField("data_end", 4, 4, (4,), gives="pkt_end"),
        CtxField("data_meta", 8, 4, (4,), gives="pkt_meta"),
        CtxField("ingress_ifindex", 12, 4, (4,)),
        CtxField("rx_queue_index", 16, 4, (4,)),
        CtxField("egress_ifindex", 20, 4, (4,), since="5.8", attach_types=(BPF_XDP_DEVMAP,)),
    ),
    only_fields=True,
)

# System V calling convention: the registers of a function's first six arguments, and its result.
ARG_REGS = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")
SYSCALL_ARG_REGS = ("rdi", "rsi", "rdx", "r10", "r8", "r9")
RETURN_REG = "rax"


def reg_off(name: str) -> int:
    """Where struct pt_regs has the register "rdi", in bytes.

    Raises KeyError where it has no such register.
    """
    for field in PT_REGS.fields:
        if field.name == name:
            return field.off
    raise KeyError(name)
