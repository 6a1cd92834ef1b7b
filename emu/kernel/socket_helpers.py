"""SOCKET_HELPERS: what programs at sockets, tunnels and control groups may call, one row a helper.

The columns are those of emu.kernel.helpers, whose by_id() looks here too.  Sources: struct
bpf_func_proto definitions and *_func_proto() in net/core/filter.c, net/core/sock_map.c and
kernel/bpf/cgroup.c, read in all releases from 5.5 to 7.3 but 6.15, 6.16, 6.18, 7.0 and 7.1.
"""

from __future__ import annotations

from emu.kernel import helper_names
from emu.kernel.enums import Arg, AttachType, ProgType, Ret
from emu.kernel.helpers import (
    CGROUP_SKB,
    DEVICE,
    FEW,
    LSM,
    OLDEST_READ,
    SK_LOOKUP,
    SK_MSG,
    SK_REUSEPORT,
    SK_SKB,
    SOCK,
    SOCK_ADDR,
    SOCK_OPS,
    SOCKOPT,
    SYSCTL,
    TC,
    TRACING,
    XDP,
    Change,
    Helper,
    Reach,
)
from emu.kernel.prog_types import ALWAYS_ALLOW
from emu.kernel.traits import Trait

_XMIT, _SEG6 = (ProgType.LWT_XMIT,), (ProgType.LWT_SEG6LOCAL,)
_CTX, _ANY, _MAP, _KEY = Arg.PTR_TO_CTX, Arg.ANYTHING, Arg.CONST_MAP_PTR, Arg.PTR_TO_MAP_KEY
_READ, _FILL, _WRITE = Arg.PTR_TO_MEM_RDONLY, Arg.PTR_TO_UNINIT_MEM, Arg.PTR_TO_MEM_WRITE
_SIZE, _SIZE_OR_ZERO = Arg.CONST_SIZE, Arg.CONST_SIZE_OR_ZERO
_SOCK_COMMON, _BTF_SOCK = Arg.PTR_TO_SOCK_COMMON, Arg.PTR_TO_BTF_ID_SOCK_COMMON

_INT = Ret.INTEGER
_CONNECT = (AttachType.CGROUP_INET4_CONNECT, AttachType.CGROUP_INET6_CONNECT)
# sock_addr_func_proto(): whose programs get and set socket options.
_ADDRESS_OPTIONS = (
    *_CONNECT,
    AttachType.CGROUP_INET4_BIND,
    AttachType.CGROUP_INET6_BIND,
    AttachType.CGROUP_UDP4_SENDMSG,
    AttachType.CGROUP_UDP6_SENDMSG,
    AttachType.CGROUP_UDP4_RECVMSG,
    AttachType.CGROUP_UDP6_RECVMSG,
    AttachType.CGROUP_INET4_GETPEERNAME,
    AttachType.CGROUP_INET6_GETPEERNAME,
    AttachType.CGROUP_INET4_GETSOCKNAME,
    AttachType.CGROUP_INET6_GETSOCKNAME,
)
_UNIX = (
    AttachType.CGROUP_UNIX_CONNECT,
    AttachType.CGROUP_UNIX_SENDMSG,
    AttachType.CGROUP_UNIX_RECVMSG,
)
_UNIX_NAMES = (AttachType.CGROUP_UNIX_GETPEERNAME, AttachType.CGROUP_UNIX_GETSOCKNAME)
_OPTIONS = (
    Reach(SOCK_OPS, OLDEST_READ),
    Reach(SOCK_ADDR, "5.8", attach_types=_CONNECT),
    Reach(SOCK_ADDR, "5.12", attach_types=_ADDRESS_OPTIONS),
    Reach(SOCK_ADDR, "6.7", attach_types=_UNIX),
    Reach(SOCK_ADDR, "6.7", until="7.2", attach_types=_UNIX_NAMES),
    Reach(SOCKOPT, "5.15", attach_types=(AttachType.CGROUP_SETSOCKOPT,)),
    Reach(SOCK, "6.19", attach_types=(AttachType.CGROUP_INET_SOCK_CREATE,)),
    Reach(TRACING, "5.15", attach_types=(AttachType.TRACE_ITER,)),
    Reach(LSM, "6.0", attach_types=(AttachType.LSM_CGROUP,)),
)
# cgroup_common_func_proto(): the attach types whose programs have no result to get or set.
_NO_RETVAL = (
    AttachType.NONE,  # which is BPF_CGROUP_INET_INGRESS
    AttachType.CGROUP_INET_EGRESS,
    AttachType.CGROUP_SOCK_OPS,
    *ALWAYS_ALLOW,
)
_OF_HOOKS = Reach(LSM, "6.1", attach_types=(AttachType.LSM_CGROUP,))
_OF_CGROUPS = FEW + CGROUP_SKB + SOCK + SOCK_OPS + SOCK_ADDR
_RETVAL = (
    Reach(FEW, "5.18", until="6.1"),
    Reach(_OF_CGROUPS, "6.1", but_attach_types=_NO_RETVAL),
    _OF_HOOKS,
)


def _row(
    name: str,
    args: tuple[Arg, ...],
    *reach: Reach,
    ret: Ret = _INT,
    gpl_only: bool = False,
    changes: tuple[Change, ...] = (),
) -> Helper:
    number = helper_names.NUMBERS[name]
    since = helper_names.since(number)
    return Helper(number, name, ret, args, since, "", reach, gpl_only=gpl_only, changes=changes)


def _of(*types: ProgType) -> Reach:
    """Programs that could call a helper in the oldest release that was read, if it was there."""
    return Reach(types, OLDEST_READ)


def _for_sockets(name: str, old: Arg, *more: Arg, reach: tuple[Reach, ...]) -> Helper:
    """A helper whose argument is a kind of socket until 5.9, and any that is known by BTF later."""
    return _row(name, (old, *more), *reach, changes=(Change("5.10", _INT, (_BTF_SOCK, *more)),))


SOCKET_HELPERS = (
    _row("skb_get_tunnel_key", (_CTX, _FILL, _SIZE, _ANY), _of(*TC, *_XMIT)),
    _row("skb_set_tunnel_key", (_CTX, _READ, _SIZE, _ANY), _of(*TC, *_XMIT)),
    _row("skb_get_tunnel_opt", (_CTX, _FILL, _SIZE), _of(*TC, *_XMIT)),
    _row("skb_set_tunnel_opt", (_CTX, _READ, _SIZE), _of(*TC, *_XMIT)),
    _row(
        "setsockopt",
        (_CTX, _ANY, _ANY, _READ, _SIZE),
        *_OPTIONS,
        changes=(
            Change(
                "",
                _INT,
                (_BTF_SOCK, _ANY, _ANY, _READ, _SIZE),
                prog_types=SOCKOPT + TRACING + LSM,
            ),
        ),
    ),
    _row("sk_redirect_map", (_CTX, _MAP, _ANY, _ANY), _of(*SK_SKB)),
    _row("sock_map_update", (_CTX, _MAP, _KEY, _ANY), _of(*SOCK_OPS)),
    _row(
        "getsockopt",
        (_CTX, _ANY, _ANY, _FILL, _SIZE),
        *_OPTIONS,
        changes=(
            Change(
                "",
                _INT,
                (_BTF_SOCK, _ANY, _ANY, _FILL, _SIZE),
                prog_types=SOCKOPT + TRACING + LSM,
            ),
        ),
    ),
    _row("sock_ops_cb_flags_set", (_CTX, _ANY), _of(*SOCK_OPS)),
    _row("msg_redirect_map", (_CTX, _MAP, _ANY, _ANY), _of(*SK_MSG)),
    _row("msg_apply_bytes", (_CTX, _ANY), _of(*SK_MSG)),
    _row("msg_cork_bytes", (_CTX, _ANY), _of(*SK_MSG)),
    _row("msg_pull_data", (_CTX, _ANY, _ANY, _ANY), _of(*SK_MSG)),
    _row("bind", (_CTX, _READ, _SIZE), Reach(SOCK_ADDR, OLDEST_READ, attach_types=_CONNECT)),
    _row("skb_get_xfrm_state", (_CTX, _ANY, _FILL, _SIZE, _ANY), _of(*TC)),
    _row("sock_hash_update", (_CTX, _MAP, _KEY, _ANY), _of(*SOCK_OPS)),
    _row("msg_redirect_hash", (_CTX, _MAP, _KEY, _ANY), _of(*SK_MSG)),
    _row("sk_redirect_hash", (_CTX, _MAP, _KEY, _ANY), _of(*SK_SKB)),
    _row("lwt_push_encap", (_CTX, _ANY, _READ, _SIZE), _of(ProgType.LWT_IN, *_XMIT)),
    _row("lwt_seg6_store_bytes", (_CTX, _ANY, _READ, _SIZE), _of(*_SEG6)),
    _row("lwt_seg6_adjust_srh", (_CTX, _ANY, _ANY), _of(*_SEG6)),
    _row("lwt_seg6_action", (_CTX, _ANY, _READ, _SIZE), _of(*_SEG6)),
    _row("skb_cgroup_id", (_CTX,), _of(*TC, *CGROUP_SKB)),
    _row(
        "get_local_storage",
        (_MAP, _ANY),
        Reach(CGROUP_SKB + SOCK + SOCK_ADDR + SOCK_OPS + DEVICE),
        _of(*SYSCTL, *SOCKOPT),
        _OF_HOOKS,
        ret=Ret.PTR_TO_MAP_VALUE,
    ),
    _row("sk_select_reuseport", (_CTX, _MAP, _KEY, _ANY), Reach(SK_REUSEPORT)),
    _row("skb_ancestor_cgroup_id", (_CTX, _ANY), _of(*TC), Reach(CGROUP_SKB, "5.8")),
    _row("msg_push_data", (_CTX, _ANY, _ANY, _ANY), _of(*SK_MSG)),
    _row("msg_pop_data", (_CTX, _ANY, _ANY, _ANY), _of(*SK_MSG)),
    *(
        _row(
            name,
            (_SOCK_COMMON, _READ, _SIZE, _READ, _SIZE),
            _of(*TC, *XDP),
            gpl_only=True,
            changes=(Change("5.10", _INT, (_BTF_SOCK, _READ, _SIZE, _READ, _SIZE), gpl_only=True),),
        )
        for name in ("tcp_check_syncookie", "tcp_gen_syncookie")
    ),
    _row(
        "sysctl_get_name",
        (_CTX, _READ, _SIZE, _ANY),
        _of(*SYSCTL),
        changes=(Change("6.15", _INT, (_CTX, _WRITE, _SIZE, _ANY)),),
    ),
    _row("sysctl_get_current_value", (_CTX, _FILL, _SIZE), _of(*SYSCTL)),
    _row("sysctl_get_new_value", (_CTX, _FILL, _SIZE), _of(*SYSCTL)),
    _row("sysctl_set_new_value", (_CTX, _READ, _SIZE), _of(*SYSCTL)),
    _row(
        "sk_assign",
        (_CTX, _SOCK_COMMON, _ANY),
        Reach(TC),
        Reach(SK_LOOKUP, "5.9"),
        changes=(
            Change("5.10", _INT, (_CTX, _BTF_SOCK, _ANY)),
            Change("", _INT, (_CTX, Arg.PTR_TO_SOCKET_OR_NULL, _ANY), prog_types=SK_LOOKUP),
        ),
    ),
    _for_sockets("sk_cgroup_id", Arg.PTR_TO_SOCKET, reach=(Reach(CGROUP_SKB),)),
    _for_sockets("sk_ancestor_cgroup_id", Arg.PTR_TO_SOCKET, _ANY, reach=(Reach(CGROUP_SKB),)),
    _row("csum_level", (_CTX, _ANY), Reach(TC + _XMIT)),
    _row(
        "load_hdr_opt",
        (_CTX, _READ, _SIZE, _ANY),
        Reach(SOCK_OPS),
        changes=(Change(Trait.HDR_OPT_WRITTEN, _INT, (_CTX, _WRITE, _SIZE, _ANY)),),
    ),
    _row("store_hdr_opt", (_CTX, _READ, _SIZE, _ANY), Reach(SOCK_OPS)),
    _row("reserve_hdr_opt", (_CTX, _ANY, _ANY), Reach(SOCK_OPS)),
    _row("skb_cgroup_classid", (_CTX,), Reach(TC)),
    _row("redirect_neigh", (_ANY, Arg.PTR_TO_MEM_OR_NULL_RDONLY, _SIZE_OR_ZERO, _ANY), Reach(TC)),
    _row("redirect_peer", (_ANY, _ANY), Reach(TC)),
    _row("get_retval", (), *_RETVAL),
    _row("set_retval", (_ANY,), *_RETVAL),
    _row("skb_set_tstamp", (_CTX, _ANY, _ANY), Reach(TC)),
    *(
        _row(
            f"tcp_raw_gen_syncookie_{version}",
            (header, _READ, _SIZE),
            Reach(TC + XDP),
            gpl_only=True,
            changes=(Change("6.3", _INT, (header, _READ, _SIZE_OR_ZERO), gpl_only=True),),
        )
        for version, header in (("ipv4", Arg.PTR_TO_IPHDR), ("ipv6", Arg.PTR_TO_IPV6HDR))
    ),
    *(
        _row(
            f"tcp_raw_check_syncookie_{version}",
            (header, Arg.PTR_TO_TCPHDR),
            Reach(TC + XDP),
            gpl_only=True,
        )
        for version, header in (("ipv4", Arg.PTR_TO_IPHDR), ("ipv6", Arg.PTR_TO_IPV6HDR))
    ),
)
