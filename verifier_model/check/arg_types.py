"""What kinds of registers a helper's argument may be, and how releases list them.

Source: compatible_reg_types and check_reg_type(), kernel/bpf/verifier.c, read in all releases from
5.5 to 7.3 but 6.15, 6.16, 6.18, 7.0 and 7.1, on which the lists were measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.enums import Arg
from emu.kernel.traits import Trait
from verifier_model.reg import (
    CONST_PTR_TO_MAP,
    NON_OWNING,
    PACKET_POINTERS,
    PERCPU_BTF_ID,
    PERCPU_RCU_BTF_ID,
    PTR_TO_BTF_ID,
    PTR_TO_BUF,
    PTR_TO_CTX,
    PTR_TO_DYNPTR,
    PTR_TO_FUNC,
    PTR_TO_MAP_KEY,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_SOCKET,
    PTR_TO_STACK,
    RCU_BTF_ID,
    RDONLY_BUF,
    RDONLY_MEM,
    SCALAR_VALUE,
    SOCKETS,
    TRUSTED_BTF_ID,
    RegType,
)

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel
    from verifier_model.reg import RegState

# A release, or a trait, and the list that its complaints end with; newest first.
Lists = tuple[tuple[str | Trait, str], ...]

_MEMORY = (PTR_TO_STACK, *PACKET_POINTERS, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE, PTR_TO_MEM)
_BTF = (PTR_TO_BTF_ID, TRUSTED_BTF_ID, RCU_BTF_ID)

# Memory whose size the next argument says, and whether the helper may write there.
MEM_ARGS = {
    Arg.PTR_TO_MEM: True,
    Arg.PTR_TO_MEM_OR_NULL: True,
    Arg.PTR_TO_MEM_RDONLY: False,
    Arg.PTR_TO_MEM_OR_NULL_RDONLY: False,
    Arg.PTR_TO_MEM_WRITE: True,
    Arg.PTR_TO_UNINIT_MEM: True,
}
# Bytes of memory whose size the helper knows, and whether it writes there.
FIXED_ARGS = {
    Arg.PTR_TO_INT: (4, True),
    Arg.PTR_TO_INOUT_INT: (4, True),
    Arg.PTR_TO_LONG: (8, True),
    Arg.PTR_TO_IPHDR: (20, False),
    Arg.PTR_TO_IPV6HDR: (40, False),
    Arg.PTR_TO_TCPHDR: (20, False),
}
NUMBER_ARGS = (Arg.PTR_TO_INT, Arg.PTR_TO_LONG, Arg.PTR_TO_INOUT_INT)
KEY_ARGS = (
    Arg.PTR_TO_MAP_KEY,
    Arg.PTR_TO_MAP_VALUE,
    Arg.PTR_TO_MAP_VALUE_OR_NULL,
    Arg.PTR_TO_UNINIT_MAP_VALUE,
)
MEMORY_ARGS = (*MEM_ARGS, *FIXED_ARGS, *KEY_ARGS)
OR_NULL = (
    Arg.PTR_TO_MEM_OR_NULL,
    Arg.PTR_TO_MEM_OR_NULL_RDONLY,
    Arg.PTR_TO_MAP_VALUE_OR_NULL,
    Arg.PTR_TO_STACK_OR_NULL,
    Arg.PTR_TO_CTX_OR_NULL,
    Arg.PTR_TO_SOCKET_OR_NULL,
    Arg.PTR_TO_BTF_ID_OR_NULL,
    Arg.PTR_TO_BTF_ID_SOCK_COMMON_OR_NULL,
)

# Types of registers that may be passed; takes() says which of them a release leaves out or adds.
TYPES: dict[Arg, tuple[RegType, ...]] = {
    Arg.SCALAR: (SCALAR_VALUE,),
    Arg.CONST_SIZE: (SCALAR_VALUE,),
    Arg.CONST_SIZE_OR_ZERO: (SCALAR_VALUE,),
    Arg.CONST_ALLOC_SIZE_OR_ZERO: (SCALAR_VALUE,),
    Arg.CONST_MAP_PTR: (CONST_PTR_TO_MAP,),
    Arg.PTR_TO_CTX: (PTR_TO_CTX,),
    Arg.PTR_TO_CTX_OR_NULL: (PTR_TO_CTX,),
    Arg.PTR_TO_SPIN_LOCK: (PTR_TO_MAP_VALUE,),
    Arg.PTR_TO_TIMER: (PTR_TO_MAP_VALUE,),
    Arg.PTR_TO_KPTR: (PTR_TO_MAP_VALUE,),
    Arg.PTR_TO_SOCKET: (PTR_TO_SOCKET,),
    Arg.PTR_TO_SOCKET_OR_NULL: (PTR_TO_SOCKET,),
    Arg.PTR_TO_RINGBUF_MEM: (PTR_TO_MEM,),
    Arg.PTR_TO_SOCK_COMMON: SOCKETS,
    Arg.PTR_TO_BTF_ID_SOCK_COMMON: (*SOCKETS, PTR_TO_BTF_ID, TRUSTED_BTF_ID),
    Arg.PTR_TO_BTF_ID_SOCK_COMMON_OR_NULL: (*SOCKETS, PTR_TO_BTF_ID, TRUSTED_BTF_ID),
    Arg.PTR_TO_BTF_ID: _BTF,
    Arg.PTR_TO_BTF_ID_OR_NULL: _BTF,
    Arg.PTR_TO_PERCPU_BTF_ID: (PERCPU_BTF_ID, PERCPU_RCU_BTF_ID),
    Arg.PTR_TO_CONST_STR: (PTR_TO_MAP_VALUE,),
    Arg.PTR_TO_DYNPTR: (PTR_TO_STACK, PTR_TO_DYNPTR),
    Arg.PTR_TO_UNINIT_DYNPTR: (PTR_TO_STACK, PTR_TO_DYNPTR),
    Arg.PTR_TO_FUNC: (PTR_TO_FUNC,),
    Arg.PTR_TO_STACK_OR_NULL: (PTR_TO_STACK,),
    **dict.fromkeys(MEMORY_ARGS, _MEMORY),
}

_FIRST = "fp, pkt, pkt_meta, map_key, map_value"
_MEM_LISTS: Lists = (
    (Trait.HELPER_MEM_CTX, f"{_FIRST}, mem, ringbuf_mem, buf, trusted_ptr_, ctx"),
    (Trait.HELPER_MEM_TRUSTED, f"{_FIRST}, mem, ringbuf_mem, buf, trusted_ptr_"),
    ("6.2", f"{_FIRST}, mem, ringbuf_mem, buf"),
    (Trait.TEXT_TYPE_FLAGS, f"{_FIRST}, mem, alloc_mem, buf"),
    (Trait.CALLBACKS, f"{_FIRST}, mem, rdonly_buf, rdwr_buf"),
    ("5.10", "fp, pkt, pkt_meta, map_value, mem, rdonly_buf, rdwr_buf"),
    ("", "fp"),
)
_NO_MEM_LISTS: Lists = (
    (Trait.CALLBACKS, _FIRST),
    ("5.10", "fp, pkt, pkt_meta, map_value"),
    ("", "fp"),
)
_NUMBER: Lists = ((Trait.TEXT_SCALAR, "scalar"), ("", "inv"))
_MAP_VALUE: Lists = (("", "map_value"),)
_SOCKETS_BY_BTF: Lists = (
    ("6.2", "sock_common, sock, tcp_sock, xdp_sock, ptr_, trusted_ptr_"),
    ("5.10", "sock_common, sock, tcp_sock, xdp_sock, ptr_"),
    ("", "sock_common"),
)
_BY_BTF: Lists = (("6.2", "ptr_, trusted_ptr_, rcu_ptr_"), ("", "ptr_"))
_DYNPTRS: Lists = (("6.1", "fp, dynptr_ptr"), ("", "fp"))

_LISTS: dict[Arg, Lists] = {
    Arg.SCALAR: _NUMBER,
    Arg.CONST_SIZE: _NUMBER,
    Arg.CONST_SIZE_OR_ZERO: _NUMBER,
    Arg.CONST_ALLOC_SIZE_OR_ZERO: _NUMBER,
    Arg.CONST_MAP_PTR: (("", "map_ptr"),),
    Arg.PTR_TO_CTX: (("", "ctx"),),
    Arg.PTR_TO_CTX_OR_NULL: (("", "ctx"),),
    Arg.PTR_TO_SPIN_LOCK: ((Trait.LOCK_IN_OBJECT, "map_value, ptr_"), *_MAP_VALUE),
    Arg.PTR_TO_TIMER: _MAP_VALUE,
    Arg.PTR_TO_KPTR: (
        (Trait.KPTR_IN_OBJECT_OF_TREE, "map_value, ptr_, ptr_, rcu_ptr_"),
        ("6.12", "map_value, ptr_"),
        *_MAP_VALUE,
    ),
    Arg.PTR_TO_SOCKET: (("", "sock"),),
    Arg.PTR_TO_SOCKET_OR_NULL: (("", "sock"),),
    Arg.PTR_TO_RINGBUF_MEM: (
        ("6.2", "ringbuf_mem"),
        (Trait.TEXT_TYPE_FLAGS, "alloc_mem"),
        ("", "mem"),
    ),
    Arg.PTR_TO_SOCK_COMMON: (
        ("5.10", "sock_common, sock, tcp_sock, xdp_sock"),
        ("", "sock_common"),
    ),
    Arg.PTR_TO_BTF_ID_SOCK_COMMON: _SOCKETS_BY_BTF,
    Arg.PTR_TO_BTF_ID_SOCK_COMMON_OR_NULL: _SOCKETS_BY_BTF,
    Arg.PTR_TO_BTF_ID: _BY_BTF,
    Arg.PTR_TO_BTF_ID_OR_NULL: _BY_BTF,
    Arg.PTR_TO_PERCPU_BTF_ID: (
        ("6.7", "percpu_ptr_, percpu_rcu_ptr_, percpu_trusted_ptr_"),
        ("6.2", "percpu_ptr_, percpu_trusted_ptr_"),
        ("", "percpu_ptr_"),
    ),
    Arg.PTR_TO_CONST_STR: _MAP_VALUE,
    Arg.PTR_TO_DYNPTR: _DYNPTRS,
    Arg.PTR_TO_UNINIT_DYNPTR: _DYNPTRS,
    Arg.PTR_TO_FUNC: (("", "func"),),
    Arg.PTR_TO_STACK_OR_NULL: (("", "fp"),),
}


def takes_object(kernel: Kernel, arg: Arg, reg: RegState) -> bool:
    """Whether a pointer to an object that the program allocated may be passed."""
    if reg.type is PERCPU_BTF_ID:
        return arg is Arg.PTR_TO_BTF_ID_OR_NULL
    owned = reg.type is PTR_TO_BTF_ID and not reg.frameno & NON_OWNING
    if arg is Arg.PTR_TO_SPIN_LOCK:
        return owned
    if arg is Arg.PTR_TO_BTF_ID_OR_NULL:
        return not reg.frameno & NON_OWNING and reg.type in _BTF
    if arg is not Arg.PTR_TO_KPTR:
        return False
    of_graph = reg.type in (PTR_TO_BTF_ID, RCU_BTF_ID) and bool(reg.frameno & NON_OWNING)
    in_tree = of_graph and kernel.has(Trait.KPTR_IN_OBJECT_OF_TREE)
    return in_tree or (owned and kernel.has(Trait.KPTR_IN_OBJECT))


def takes(kernel: Kernel, arg: Arg, kind: RegType) -> bool:
    """Whether a register of this type may be passed, whatever it points to."""
    if arg not in MEMORY_ARGS:
        return kind in TYPES[arg]
    if kind is RDONLY_BUF and not kernel.has(Trait.TEXT_TYPE_FLAGS):
        return _takes_any_memory(kernel, arg)
    if kind in (RDONLY_MEM, RDONLY_BUF):
        return not MEM_ARGS.get(arg, True)
    if kind in (PTR_TO_MEM, PTR_TO_BUF):
        return _takes_any_memory(kernel, arg)
    if kind is PTR_TO_MAP_VALUE and arg in KEY_ARGS:
        return kernel.has(Trait.MAP_VALUE_AS_HELPER_KEY)
    if kind is TRUSTED_BTF_ID:
        return kernel.has(Trait.HELPER_MEM_TRUSTED) and _takes_any_memory(kernel, arg)
    return kind in _MEMORY or (kind is PTR_TO_CTX and kernel.has(Trait.HELPER_MEM_CTX))


def expected(kernel: Kernel, arg: Arg) -> str:
    """The names of the types that may be passed, as the release lists them."""
    if arg in MEMORY_ARGS:
        lists = _MEM_LISTS if _takes_any_memory(kernel, arg) else _NO_MEM_LISTS
    else:
        lists = _LISTS[arg]
    return next(text for since, text in lists if kernel.holds(since))


def _takes_any_memory(kernel: Kernel, arg: Arg) -> bool:
    """Whether all lists of memory are the same: before, those for keys and numbers were shorter."""
    if arg in KEY_ARGS:
        return kernel.has(Trait.HELPER_KEY_ANY_MEM)
    return arg not in NUMBER_ARGS or kernel.has(Trait.HELPER_FILLS_NUMBERS)
