"""RegState: what is known of one register, or of a register spilled to the stack."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from emu.kernel.enums import MapType
from verifier_model.domain import tnum
from verifier_model.domain.value import Value
from verifier_model.domain.word import S32_MAX, S32_MIN, S64_MAX, S64_MIN, U32, U64, s32, s64

if TYPE_CHECKING:
    from emu.prog import MapDef
    from verifier_model.domain.arc import Arc

R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, FP = range(11)
CALLER_SAVED = (R0, R1, R2, R3, R4, R5)


class RegType(enum.Enum):
    """enum bpf_reg_type; the values are the names in the log."""

    NOT_INIT = "?"
    SCALAR_VALUE = "scalar"
    PTR_TO_CTX = "ctx"
    CONST_PTR_TO_MAP = "map_ptr"
    PTR_TO_MAP_VALUE = "map_value"
    PTR_TO_STACK = "fp"
    PTR_TO_MEM = "mem"
    PTR_TO_PACKET = "pkt"
    PTR_TO_PACKET_META = "pkt_meta"
    PTR_TO_PACKET_END = "pkt_end"
    PTR_TO_SOCKET = "sock"
    PTR_TO_SOCK_COMMON = "sock_common"
    PTR_TO_TCP_SOCK = "tcp_sock"
    PTR_TO_XDP_SOCK = "xdp_sock"
    PTR_TO_TP_BUFFER = "tp_buffer"
    PTR_TO_BUF = "buf"
    PTR_TO_FLOW_KEYS = "flow_keys"
    RDONLY_BUF = "rdonly_buf"
    PTR_TO_MAP_KEY = "map_key"
    PTR_TO_FUNC = "func"
    PTR_TO_DYNPTR = "dynptr_ptr"
    PTR_TO_ARENA = "arena"
    ITERATOR = "iter"
    RCU_ITERATOR = "rcu_iter"
    LOST_ITERATOR = "untrusted_iter"
    SAVED_IRQS = "irq_flag"
    RDONLY_MEM = "rdonly_mem"
    PTR_TO_BTF_ID = "ptr_"
    TRUSTED_BTF_ID = "trusted_ptr_"
    RCU_BTF_ID = "rcu_ptr_"
    UNTRUSTED_BTF_ID = "untrusted_ptr_"
    USER_BTF_ID = "user_ptr_"
    PERCPU_BTF_ID = "percpu_ptr_"
    PERCPU_RCU_BTF_ID = "percpu_rcu_ptr_"
    UNTRUSTED_MEM = "rdonly_untrusted_mem"

    __hash__ = object.__hash__


NOT_INIT = RegType.NOT_INIT
SCALAR_VALUE = RegType.SCALAR_VALUE
PTR_TO_CTX = RegType.PTR_TO_CTX
CONST_PTR_TO_MAP = RegType.CONST_PTR_TO_MAP
PTR_TO_MAP_VALUE = RegType.PTR_TO_MAP_VALUE
PTR_TO_STACK = RegType.PTR_TO_STACK
PTR_TO_MEM = RegType.PTR_TO_MEM
PTR_TO_PACKET = RegType.PTR_TO_PACKET
PTR_TO_PACKET_META = RegType.PTR_TO_PACKET_META
PTR_TO_PACKET_END = RegType.PTR_TO_PACKET_END
PTR_TO_SOCKET = RegType.PTR_TO_SOCKET
PTR_TO_SOCK_COMMON = RegType.PTR_TO_SOCK_COMMON
PTR_TO_TCP_SOCK = RegType.PTR_TO_TCP_SOCK
PTR_TO_XDP_SOCK = RegType.PTR_TO_XDP_SOCK
PTR_TO_TP_BUFFER = RegType.PTR_TO_TP_BUFFER
PTR_TO_BUF = RegType.PTR_TO_BUF
PTR_TO_FLOW_KEYS = RegType.PTR_TO_FLOW_KEYS
RDONLY_BUF = RegType.RDONLY_BUF
PTR_TO_MAP_KEY = RegType.PTR_TO_MAP_KEY
PTR_TO_FUNC = RegType.PTR_TO_FUNC
PTR_TO_DYNPTR = RegType.PTR_TO_DYNPTR
PTR_TO_ARENA = RegType.PTR_TO_ARENA
ITERATOR = RegType.ITERATOR
RCU_ITERATOR = RegType.RCU_ITERATOR
LOST_ITERATOR = RegType.LOST_ITERATOR
SAVED_IRQS = RegType.SAVED_IRQS
RDONLY_MEM = RegType.RDONLY_MEM
PTR_TO_BTF_ID = RegType.PTR_TO_BTF_ID
TRUSTED_BTF_ID = RegType.TRUSTED_BTF_ID
RCU_BTF_ID = RegType.RCU_BTF_ID
UNTRUSTED_BTF_ID = RegType.UNTRUSTED_BTF_ID
USER_BTF_ID = RegType.USER_BTF_ID
PERCPU_BTF_ID = RegType.PERCPU_BTF_ID
PERCPU_RCU_BTF_ID = RegType.PERCPU_RCU_BTF_ID
UNTRUSTED_MEM = RegType.UNTRUSTED_MEM
BTF_IDS = (
    PTR_TO_BTF_ID,
    TRUSTED_BTF_ID,
    RCU_BTF_ID,
    UNTRUSTED_BTF_ID,
    USER_BTF_ID,
    PERCPU_BTF_ID,
    PERCPU_RCU_BTF_ID,
)
# What a pointer of BTF_IDS may be besides, as bits: to an object that the program allocated, and
# one that a list or tree owns (MEM_ALLOC, NON_OWN_REF).
ALLOCATED, NON_OWNING = 1, 2
# The kernel structures that BTF_IDS have pointed to, by number: check/btf_ptr.py adds to them.
# One that its name does not lead to has its type's id behind the name: "#7", "name#7"; one of the
# program's own types has "#@7".
MAP_OPS, MAP = "bpf_map_ops", "bpf_map"
BTF_STRUCTS = [MAP_OPS, MAP]
# What moves with its offset, and what has none.
PACKET_POINTERS = (PTR_TO_PACKET, PTR_TO_PACKET_META)
SOCKETS = (PTR_TO_SOCKET, PTR_TO_SOCK_COMMON, PTR_TO_TCP_SOCK, PTR_TO_XDP_SOCK)

# Maps whose elements are sockets, and what a lookup in them finds.
SOCKET_MAPS: dict[MapType, RegType] = {
    MapType.XSKMAP: PTR_TO_XDP_SOCK,
    MapType.SOCKMAP: PTR_TO_SOCKET,
    MapType.SOCKHASH: PTR_TO_SOCKET,
}

# A scalar's id with one of these bits: its value, or its low 32 bits, is that of the others plus
# `off` (BPF_ADD_CONST64, BPF_ADD_CONST32).
ADD_CONST_64, ADD_CONST_32 = 1 << 31, 1 << 30
ADD_CONST = ADD_CONST_64 | ADD_CONST_32


RESERVED = -1  # RegState.frameno of what ringbuf_reserve() gave


def struct_name(number: int) -> str:
    """What BTF calls a structure of BTF_STRUCTS; "" for one without a name."""
    return BTF_STRUCTS[number].partition("#")[0]


def local_type(number: int) -> int:
    """The id of a structure of BTF_STRUCTS in the program's BTF; 0 for one of the kernel's."""
    id_ = BTF_STRUCTS[number].partition("#")[2]
    return int(id_[1:]) if id_.startswith("@") else 0


def is_allocated(reg: RegState) -> bool:
    """Whether it points to an object that the program allocated: type_is_ptr_alloc_obj()."""
    return reg.type in BTF_IDS and bool(reg.frameno & ALLOCATED)


class RegState(Value):
    """One register: struct bpf_reg_state.

    States share registers: one that a state holds is not changed, a changed copy takes its place.
    Fields have the names that the log prints.
    """

    __slots__ = (
        "dynptr_id",
        "frameno",
        "id",
        "map",
        "maybe_null",
        "mem_size",
        "off",
        "precise",
        "ref_obj_id",
        "type",
    )

    def __init__(self) -> None:
        self.type: RegType = NOT_INIT
        self.maybe_null: bool = False  # a pointer that a null check has yet to decide
        self.off: int = 0  # s32: fixed part of a pointer's offset; of a scalar, see ADD_CONST
        self.var_off: tnum.Tnum = tnum.UNKNOWN  # a scalar's bits; variable part of an offset
        self.smin: int = S64_MIN
        self.smax: int = S64_MAX
        self.umin: int = 0
        self.umax: int = U64
        self.smin32: int = S32_MIN
        self.smax32: int = S32_MAX
        self.umin32: int = 0
        self.umax32: int = U32
        self.wrap64: Arc | None = None
        self.wrap32: Arc | None = None
        self.id: int = 0  # registers with one non-zero id hold one value, or are null together
        self.ref_obj_id: int = 0  # the reference that must be released
        self.dynptr_id: int = 0  # of memory: the dynptr that it belongs to
        self.map: MapDef | None = None  # of a map pointer or a pointer into a map's value
        # Whose stack a stack pointer points into; of memory, the kind of the dynptr that it is a
        # slice of, or RESERVED; of a BTF_IDS, ALLOCATED and NON_OWNING.
        self.frameno: int = 0
        # Bytes behind a PTR_TO_MEM; from a packet pointer's base on, bytes known to be there
        # (`range`, negative as check/packet.py says); of a PTR_TO_FUNC the subprog's number; of a
        # BTF_IDS the index into BTF_STRUCTS.
        self.mem_size: int = 0
        self.precise: bool = False  # its value mattered, so pruning must compare it

    def copy(self) -> RegState:
        r = RegState.__new__(RegState)
        r.type = self.type
        r.maybe_null = self.maybe_null
        r.off = self.off
        r.var_off = self.var_off
        r.smin = self.smin
        r.smax = self.smax
        r.umin = self.umin
        r.umax = self.umax
        r.smin32 = self.smin32
        r.smax32 = self.smax32
        r.umin32 = self.umin32
        r.umax32 = self.umax32
        r.wrap64 = self.wrap64
        r.wrap32 = self.wrap32
        r.id = self.id
        r.ref_obj_id = self.ref_obj_id
        r.dynptr_id = self.dynptr_id
        r.map = self.map
        r.frameno = self.frameno
        r.mem_size = self.mem_size
        r.precise = self.precise
        return r

    def is_const(self) -> bool:
        return not self.var_off.mask

    def bounds(self) -> tuple[int, int, int, int, int, int, int, int]:
        return (
            self.smin,
            self.smax,
            self.umin,
            self.umax,
            self.smin32,
            self.smax32,
            self.umin32,
            self.umax32,
        )

    def key(self) -> tuple[object, ...]:
        """All that memcmp() compares of two registers, id and precision left out."""
        return (
            self.type,
            self.maybe_null,
            self.off,
            id(self.map),
            self.frameno,
            self.mem_size,
            self.var_off,
            *self.bounds(),
            self.wrap64,
            self.wrap32,
        )


def unknown_scalar() -> RegState:
    """A scalar of which nothing is known."""
    r = RegState()
    r.type = SCALAR_VALUE
    return r


def const_scalar(x: int) -> RegState:
    """The word `x`."""
    r = RegState()
    r.type = SCALAR_VALUE
    r.var_off = tnum.Tnum(x, 0)
    r.umin = r.umax = x
    r.smin = r.smax = s64(x)
    r.umin32 = r.umax32 = x & U32
    r.smin32 = r.smax32 = s32(x)
    return r


def pointer(kind: RegType) -> RegState:
    """A pointer to the start of something."""
    r = _ZERO.copy()
    r.type = kind
    return r


UNINIT = RegState()
_ZERO = const_scalar(0)


def stands_for(reg: RegState) -> RegType:
    """What a pointer is when it is not null: an element of a map may be a map or a socket.

    Source: mark_ptr_not_null_reg().
    """
    if reg.type is PTR_TO_MAP_VALUE and reg.map is not None:
        if reg.map.inner is not None:
            return CONST_PTR_TO_MAP
        return SOCKET_MAPS.get(reg.map.type, PTR_TO_MAP_VALUE)
    return reg.type
