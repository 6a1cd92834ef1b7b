"""The kernel's enumerations and flags, in its own words and numbers.

Program, map and attach types and BPF_* constants are include/uapi/linux/bpf.h; Arg and Ret are
enum bpf_arg_type and enum bpf_return_type of include/linux/bpf.h.  A name stands without the prefix
that the class already says.
"""

from __future__ import annotations

import enum
from enum import IntEnum


class ProgType(IntEnum):
    """enum bpf_prog_type."""

    UNSPEC = 0
    SOCKET_FILTER = 1
    KPROBE = 2
    SCHED_CLS = 3
    SCHED_ACT = 4
    TRACEPOINT = 5
    XDP = 6
    PERF_EVENT = 7
    CGROUP_SKB = 8
    CGROUP_SOCK = 9
    LWT_IN = 10
    LWT_OUT = 11
    LWT_XMIT = 12
    SOCK_OPS = 13
    SK_SKB = 14
    CGROUP_DEVICE = 15
    SK_MSG = 16
    RAW_TRACEPOINT = 17
    CGROUP_SOCK_ADDR = 18
    LWT_SEG6LOCAL = 19
    LIRC_MODE2 = 20
    SK_REUSEPORT = 21
    FLOW_DISSECTOR = 22
    CGROUP_SYSCTL = 23
    RAW_TRACEPOINT_WRITABLE = 24
    CGROUP_SOCKOPT = 25
    TRACING = 26
    STRUCT_OPS = 27
    EXT = 28
    LSM = 29
    SK_LOOKUP = 30
    SYSCALL = 31
    NETFILTER = 32


class MapType(IntEnum):
    """enum bpf_map_type."""

    UNSPEC = 0
    HASH = 1
    ARRAY = 2
    PROG_ARRAY = 3
    PERF_EVENT_ARRAY = 4
    PERCPU_HASH = 5
    PERCPU_ARRAY = 6
    STACK_TRACE = 7
    CGROUP_ARRAY = 8
    LRU_HASH = 9
    LRU_PERCPU_HASH = 10
    LPM_TRIE = 11
    ARRAY_OF_MAPS = 12
    HASH_OF_MAPS = 13
    DEVMAP = 14
    SOCKMAP = 15
    CPUMAP = 16
    XSKMAP = 17
    SOCKHASH = 18
    CGROUP_STORAGE = 19
    REUSEPORT_SOCKARRAY = 20
    PERCPU_CGROUP_STORAGE = 21
    QUEUE = 22
    STACK = 23
    SK_STORAGE = 24
    DEVMAP_HASH = 25
    STRUCT_OPS = 26
    RINGBUF = 27
    INODE_STORAGE = 28
    TASK_STORAGE = 29
    BLOOM_FILTER = 30
    USER_RINGBUF = 31
    CGRP_STORAGE = 32
    ARENA = 33
    INSN_ARRAY = 34
    RHASH = 35


class AttachType(IntEnum):
    """enum bpf_attach_type: what programs of several kinds name as expected_attach_type."""

    NONE = 0  # the program type says it all; the kernel's 0 is BPF_CGROUP_INET_INGRESS
    CGROUP_INET_EGRESS = 1
    CGROUP_INET_SOCK_CREATE = 2
    CGROUP_SOCK_OPS = 3
    SK_SKB_STREAM_PARSER = 4
    SK_SKB_STREAM_VERDICT = 5
    CGROUP_DEVICE = 6
    SK_MSG_VERDICT = 7
    CGROUP_INET4_BIND = 8
    CGROUP_INET6_BIND = 9
    CGROUP_INET4_CONNECT = 10
    CGROUP_INET6_CONNECT = 11
    CGROUP_INET4_POST_BIND = 12
    CGROUP_INET6_POST_BIND = 13
    CGROUP_UDP4_SENDMSG = 14
    CGROUP_UDP6_SENDMSG = 15
    LIRC_MODE2 = 16
    FLOW_DISSECTOR = 17
    CGROUP_SYSCTL = 18
    CGROUP_UDP4_RECVMSG = 19
    CGROUP_UDP6_RECVMSG = 20
    CGROUP_GETSOCKOPT = 21
    CGROUP_SETSOCKOPT = 22
    TRACE_RAW_TP = 23
    TRACE_FENTRY = 24
    TRACE_FEXIT = 25
    MODIFY_RETURN = 26
    LSM_MAC = 27
    TRACE_ITER = 28
    CGROUP_INET4_GETPEERNAME = 29
    CGROUP_INET6_GETPEERNAME = 30
    CGROUP_INET4_GETSOCKNAME = 31
    CGROUP_INET6_GETSOCKNAME = 32
    XDP_DEVMAP = 33
    CGROUP_INET_SOCK_RELEASE = 34
    XDP_CPUMAP = 35
    SK_LOOKUP = 36
    XDP = 37
    SK_SKB_VERDICT = 38
    SK_REUSEPORT_SELECT = 39
    SK_REUSEPORT_SELECT_OR_MIGRATE = 40
    PERF_EVENT = 41
    TRACE_KPROBE_MULTI = 42
    LSM_CGROUP = 43
    STRUCT_OPS = 44
    NETFILTER = 45
    TCX_INGRESS = 46
    TCX_EGRESS = 47
    TRACE_UPROBE_MULTI = 48
    CGROUP_UNIX_CONNECT = 49
    CGROUP_UNIX_SENDMSG = 50
    CGROUP_UNIX_RECVMSG = 51
    CGROUP_UNIX_GETPEERNAME = 52
    CGROUP_UNIX_GETSOCKNAME = 53
    NETKIT_PRIMARY = 54
    NETKIT_PEER = 55
    TRACE_KPROBE_SESSION = 56
    TRACE_UPROBE_SESSION = 57
    TRACE_FSESSION = 58
    TRACE_FENTRY_MULTI = 59
    TRACE_FEXIT_MULTI = 60
    TRACE_FSESSION_MULTI = 61


@enum.unique
class Arg(enum.Enum):
    """What a helper takes in one argument register: enum bpf_arg_type.

    A modifier the kernel adds with `|` is part of the name: PTR_TO_MEM_RDONLY is
    ARG_PTR_TO_MEM | MEM_RDONLY, which kernels without Trait.HELPER_MEM_RDONLY take as PTR_TO_MEM.
    """

    ANYTHING = enum.auto()  # any initialised register
    SCALAR = enum.auto()
    CONST_MAP_PTR = enum.auto()
    PTR_TO_MAP_KEY = enum.auto()  # the map's key_size bytes
    PTR_TO_MAP_VALUE = enum.auto()  # the map's value_size bytes
    PTR_TO_MAP_VALUE_OR_NULL = enum.auto()
    PTR_TO_UNINIT_MAP_VALUE = enum.auto()  # value_size bytes that the helper writes
    PTR_TO_MEM = enum.auto()  # as many bytes as the next argument says
    PTR_TO_MEM_OR_NULL = enum.auto()
    PTR_TO_MEM_RDONLY = enum.auto()  # the helper only reads
    PTR_TO_MEM_OR_NULL_RDONLY = enum.auto()
    PTR_TO_MEM_WRITE = enum.auto()  # PTR_TO_MEM that is known to be written on all kernels
    PTR_TO_UNINIT_MEM = enum.auto()  # the helper fills all of it, or zeroes it when it fails
    CONST_SIZE = enum.auto()  # bytes of the argument before, at least 1
    CONST_SIZE_OR_ZERO = enum.auto()
    CONST_ALLOC_SIZE_OR_ZERO = enum.auto()  # bytes of the memory the helper returns; a constant
    PTR_TO_CTX = enum.auto()
    PTR_TO_CTX_OR_NULL = enum.auto()
    PTR_TO_SPIN_LOCK = enum.auto()
    PTR_TO_TIMER = enum.auto()
    PTR_TO_KPTR = enum.auto()
    PTR_TO_INT = enum.auto()  # 4 aligned bytes that the helper writes
    PTR_TO_LONG = enum.auto()  # 8 aligned bytes that the helper writes
    PTR_TO_INOUT_INT = enum.auto()  # 4 aligned bytes that the helper reads, and writes
    PTR_TO_IPHDR = enum.auto()  # 20 bytes that the helper reads
    PTR_TO_IPV6HDR = enum.auto()  # 40 of them
    PTR_TO_TCPHDR = enum.auto()  # 20
    PTR_TO_SOCK_COMMON = enum.auto()
    PTR_TO_SOCKET = enum.auto()  # a whole socket
    PTR_TO_SOCKET_OR_NULL = enum.auto()
    PTR_TO_BTF_ID_SOCK_COMMON = enum.auto()
    PTR_TO_BTF_ID_SOCK_COMMON_OR_NULL = enum.auto()
    PTR_TO_BTF_ID = enum.auto()
    PTR_TO_BTF_ID_OR_NULL = enum.auto()
    PTR_TO_PERCPU_BTF_ID = enum.auto()
    PTR_TO_RINGBUF_MEM = (
        enum.auto()
    )  # what ringbuf_reserve returned; ARG_PTR_TO_ALLOC_MEM until 6.2
    PTR_TO_FUNC = enum.auto()  # ld_imm64 of a callback
    PTR_TO_STACK_OR_NULL = enum.auto()  # the callback's context
    PTR_TO_CONST_STR = enum.auto()  # NUL-terminated text in a frozen read-only map
    PTR_TO_DYNPTR = enum.auto()
    PTR_TO_UNINIT_DYNPTR = enum.auto()


@enum.unique
class Ret(enum.Enum):
    """What a helper leaves in r0: enum bpf_return_type."""

    INTEGER = enum.auto()
    VOID = enum.auto()  # r0 is not readable
    PTR_TO_MAP_VALUE = enum.auto()
    PTR_TO_MAP_VALUE_OR_NULL = enum.auto()
    PTR_TO_SOCKET_OR_NULL = enum.auto()
    PTR_TO_SOCK_COMMON_OR_NULL = enum.auto()
    PTR_TO_TCP_SOCK_OR_NULL = enum.auto()
    PTR_TO_RINGBUF_MEM_OR_NULL = enum.auto()  # RET_PTR_TO_ALLOC_MEM_OR_NULL until 6.2
    PTR_TO_DYNPTR_MEM_OR_NULL = enum.auto()
    PTR_TO_MEM_OR_BTF_ID = enum.auto()
    PTR_TO_MEM_OR_BTF_ID_OR_NULL = enum.auto()
    PTR_TO_BTF_ID = enum.auto()
    PTR_TO_BTF_ID_OR_NULL = enum.auto()


# BPF_MAP_UPDATE_ELEM and bpf_map_update_elem()
ANY = 0
NOEXIST = 1
EXIST = 2
F_LOCK = 4

# BPF_MAP_CREATE: map_flags
F_NO_PREALLOC = 1 << 0
F_NO_COMMON_LRU = 1 << 1
F_NUMA_NODE = 1 << 2
F_RDONLY = 1 << 3  # the system call may only read
F_WRONLY = 1 << 4
F_STACK_BUILD_ID = 1 << 5
F_ZERO_SEED = 1 << 6
F_RDONLY_PROG = 1 << 7  # programs may only read
F_WRONLY_PROG = 1 << 8
F_CLONE = 1 << 9
F_MMAPABLE = 1 << 10
F_PRESERVE_ELEMS = 1 << 11
F_INNER_MAP = 1 << 12
F_LINK = 1 << 13
F_PATH_FD = 1 << 14
F_VTYPE_BTF_OBJ_FD = 1 << 15
F_TOKEN_FD = 1 << 16
F_SEGV_ON_FAULT = 1 << 17
F_NO_USER_CONV = 1 << 18

# BPF_PROG_LOAD: prog_flags
F_STRICT_ALIGNMENT = 1 << 0
F_ANY_ALIGNMENT = 1 << 1
F_TEST_RND_HI32 = 1 << 2
F_TEST_STATE_FREQ = 1 << 3
F_SLEEPABLE = 1 << 4
F_XDP_HAS_FRAGS = 1 << 5
F_XDP_DEV_BOUND_ONLY = 1 << 6
F_TEST_REG_INVARIANTS = 1 << 7

# BPF_PROG_TEST_RUN: flags
F_TEST_RUN_ON_CPU = 1 << 0

# bpf_get_stack(), bpf_get_stackid(): flags
F_SKIP_FIELD_MASK = 0xFF  # frames to skip
F_USER_STACK = 1 << 8
F_FAST_STACK_CMP = 1 << 9
F_REUSE_STACKID = 1 << 10
F_USER_BUILD_ID = 1 << 11

# bpf_perf_event_output(), bpf_perf_event_read(): flags
F_INDEX_MASK = 0xFFFFFFFF
F_CURRENT_CPU = F_INDEX_MASK
F_CTXLEN_MASK = 0xFFFFF << 32

# bpf_ringbuf_submit(), bpf_ringbuf_output(): flags
RB_NO_WAKEUP = 1 << 0
RB_FORCE_WAKEUP = 1 << 1

# bpf_ringbuf_query(): flags
RB_AVAIL_DATA = 0
RB_RING_SIZE = 1
RB_CONS_POS = 2
RB_PROD_POS = 3

# A record's header in the ring buffer: its length has two flag bits.
RINGBUF_BUSY_BIT = 1 << 31
RINGBUF_DISCARD_BIT = 1 << 30
RINGBUF_HDR_SZ = 8  # bytes

# BPF_PROG_LOAD: log_level bits
LOG_LEVEL1 = 1
LOG_LEVEL2 = 2
LOG_STATS = 4
LOG_FIXED = 8  # keep the head of a log that is too long
