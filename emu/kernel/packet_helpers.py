"""PACKET_HELPERS: what only programs that see packets may call, one row a helper.

The columns are those of emu.kernel.helpers, whose by_id() looks here too.  Sources: struct
bpf_func_proto definitions, sk_filter_func_proto(), tc_cls_act_func_proto(), xdp_func_proto(),
cg_skb_func_proto() and bpf_helper_changes_pkt_data(), net/core/filter.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.enums import Arg, MapType, ProgType, Ret
from emu.kernel.helpers import (
    CGROUP_SKB,
    EVERY,
    FLOW_DISSECTOR,
    LWT,
    OLDEST_READ,
    SK_LOOKUP,
    SK_MSG,
    SK_REUSEPORT,
    SK_SKB,
    SOCK_ADDR,
    SOCK_OPS,
    SOCKET,
    SOCKOPT,
    TC,
    XDP,
    Change,
    Helper,
    Reach,
    reaches,
)
from emu.kernel.traits import Trait

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel

_XMIT, _SEG6 = (ProgType.LWT_XMIT,), (ProgType.LWT_SEG6LOCAL,)
_LWT_BUT_SEG6 = (ProgType.LWT_IN, ProgType.LWT_OUT, ProgType.LWT_XMIT)
_CTX, _ANY, _MAP = Arg.PTR_TO_CTX, Arg.ANYTHING, Arg.CONST_MAP_PTR
_READ, _FILL = Arg.PTR_TO_MEM_RDONLY, Arg.PTR_TO_UNINIT_MEM
_READ_OR_NULL = Arg.PTR_TO_MEM_OR_NULL_RDONLY
_SIZE, _SIZE_OR_ZERO = Arg.CONST_SIZE, Arg.CONST_SIZE_OR_ZERO


def _row(
    number: int,
    name: str,
    args: tuple[Arg, ...],
    since: str,
    commit: str,
    types: tuple[ProgType, ...] = TC,
    ret: Ret = Ret.INTEGER,
    changes: tuple[Change, ...] = (),
    later: tuple[ProgType, ...] = (),
    more: tuple[Reach, ...] = (),
    gpl_only: bool = False,
) -> Helper:
    """types: who may call it since it is there; later: who could in OLDEST_READ; more: who else."""
    reach = [Reach(types)] if types else []
    if later:
        reach.append(Reach(later, OLDEST_READ))
    return Helper(
        number, name, ret, args, since, commit, (*reach, *more), gpl_only=gpl_only, changes=changes
    )


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


PACKET_HELPERS = (
    _row(
        9,
        "skb_store_bytes",
        (_CTX, _ANY, _READ, _SIZE, _ANY),
        "4.1",
        "608cd71a9c7c",
        later=_XMIT + SK_SKB,
    ),
    _row(10, "l3_csum_replace", (_CTX, _ANY, _ANY, _ANY, _ANY), "4.1", "91bc4822c3d6", later=_XMIT),
    _row(11, "l4_csum_replace", (_CTX, _ANY, _ANY, _ANY, _ANY), "4.1", "91bc4822c3d6", later=_XMIT),
    _row(13, "clone_redirect", (_CTX, _ANY, _ANY), "4.2", "3896d655f4d4", later=_XMIT),
    _row(18, "skb_vlan_push", (_CTX, _ANY, _ANY), "4.3", "4e10df9a60d9"),
    _row(19, "skb_vlan_pop", (_CTX,), "4.3", "4e10df9a60d9"),
    _row(23, "redirect", (_ANY, _ANY), "4.4", "27b29f63058d", TC + XDP, later=_XMIT),
    _row(24, "get_route_realm", (_CTX,), "4.4", "c46646d0484f", later=LWT),
    _row(
        28,
        "csum_diff",
        (_READ_OR_NULL, _SIZE_OR_ZERO, _READ_OR_NULL, _SIZE_OR_ZERO, _ANY),
        "4.6",
        "7d672345ed29",
        TC + XDP,
        later=LWT,
    ),
    _row(31, "skb_change_proto", (_CTX, _ANY, _ANY), "4.8", "6578171a7ff0"),
    _row(32, "skb_change_type", (_CTX, _ANY), "4.8", "d2485c4242a8"),
    _row(33, "skb_under_cgroup", (_CTX, _MAP, _ANY), "4.8", "4a482f34afcc", later=LWT),
    _row(34, "get_hash_recalc", (_CTX,), "4.8", "13c5c240f789", later=LWT),
    _row(38, "skb_change_tail", (_CTX, _ANY, _ANY), "4.9", "5293efe62df8", later=_XMIT + SK_SKB),
    _row(
        39,
        "skb_pull_data",
        (_CTX, _ANY),
        "4.9",
        "36bbef52c7eb",
        later=_LWT_BUT_SEG6 + SK_SKB,
        more=(Reach(_SEG6, OLDEST_READ, until=Trait.SEG6_KEEPS_DATA),),
    ),
    _row(40, "csum_update", (_CTX, _ANY), "4.9", "36bbef52c7eb", later=_XMIT),
    _row(41, "set_hash_invalid", (_CTX,), "4.9", "7a4b28c6cc9f", later=_XMIT),
    _row(
        43,
        "skb_change_head",
        (_CTX, _ANY, _ANY),
        "4.10",
        "3a0af8fd61f9",
        (),
        later=_XMIT + SK_SKB,
        more=(Reach(TC, "5.8"),),
    ),
    _row(44, "xdp_adjust_head", (_CTX, _ANY), "4.10", "17bedab27231", XDP),
    _row(48, "set_hash", (_CTX, _ANY), "4.13", "ded092cd73c2"),
    _row(
        50,
        "skb_adjust_room",
        (_CTX, _ANY, _ANY, _ANY),
        "4.13",
        "2be7e212d541",
        more=(Reach(SK_SKB, "5.10"),),
    ),
    _row(51, "redirect_map", (_MAP, _ANY, _ANY), "4.14", "97f91a7cf04f", XDP),
    _row(54, "xdp_adjust_meta", (_CTX, _ANY), "4.15", "de8f3a83b0a0", XDP),
    _row(65, "xdp_adjust_tail", (_CTX, _ANY), "4.18", "b32cc5b9a346", XDP),
    _row(
        69,
        "fib_lookup",
        (_CTX, Arg.PTR_TO_MEM, _SIZE, _ANY),
        "4.18",
        "87f5fc7e48dd",
        TC + XDP,
        gpl_only=True,
    ),
    _row(
        84,
        "sk_lookup_tcp",
        (_CTX, _READ, _SIZE, _ANY, _ANY),
        "4.20",
        "6acc9b432e67",
        TC + XDP,
        Ret.PTR_TO_SOCKET_OR_NULL,
        later=SK_SKB + SOCK_ADDR,
        more=(Reach(CGROUP_SKB, "5.8"),),
        changes=(
            Change("6.11", Ret.PTR_TO_SOCKET_OR_NULL, (_CTX, _READ, _SIZE_OR_ZERO, _ANY, _ANY)),
        ),
    ),
    _row(
        85,
        "sk_lookup_udp",
        (_CTX, _READ, _SIZE, _ANY, _ANY),
        "4.20",
        "6acc9b432e67",
        TC + XDP,
        Ret.PTR_TO_SOCKET_OR_NULL,
        later=SK_SKB + SOCK_ADDR,
        more=(Reach(CGROUP_SKB, "5.8"),),
        changes=(
            Change("6.11", Ret.PTR_TO_SOCKET_OR_NULL, (_CTX, _READ, _SIZE_OR_ZERO, _ANY, _ANY)),
        ),
    ),
    _row(
        86,
        "sk_release",
        (Arg.PTR_TO_SOCK_COMMON,),
        "4.20",
        "6acc9b432e67",
        TC + XDP,
        later=SK_SKB + SOCK_ADDR,
        more=(Reach(CGROUP_SKB, "5.8"), Reach(SK_LOOKUP, "5.9")),
        changes=(Change("5.10", Ret.INTEGER, (Arg.PTR_TO_BTF_ID_SOCK_COMMON,)),),
    ),
    _row(
        95,
        "sk_fullsock",
        (Arg.PTR_TO_SOCK_COMMON,),
        "5.1",
        "46f8bc92758c",
        TC + CGROUP_SKB,
        Ret.PTR_TO_SOCKET_OR_NULL,
    ),
    _row(
        96,
        "tcp_sock",
        (Arg.PTR_TO_SOCK_COMMON,),
        "5.1",
        "655a51e536c0",
        TC + CGROUP_SKB,
        Ret.PTR_TO_TCP_SOCK_OR_NULL,
        later=SOCK_OPS + SOCKOPT,
    ),
    _row(97, "skb_ecn_set_ce", (_CTX,), "5.1", "f7c917ba11a6", TC + CGROUP_SKB),
    _row(
        98,
        "get_listener_sock",
        (Arg.PTR_TO_SOCK_COMMON,),
        "5.1",
        "dbafd7ddd623",
        TC + CGROUP_SKB,
        Ret.PTR_TO_SOCKET_OR_NULL,
    ),
    _row(
        99,
        "skc_lookup_tcp",
        (_CTX, _READ, _SIZE, _ANY, _ANY),
        "5.2",
        "edbf8c01de5a",
        TC + XDP,
        Ret.PTR_TO_SOCK_COMMON_OR_NULL,
        later=SK_SKB + SOCK_ADDR,
        more=(Reach(CGROUP_SKB, "5.8"),),
        changes=(
            Change(
                "6.11", Ret.PTR_TO_SOCK_COMMON_OR_NULL, (_CTX, _READ, _SIZE_OR_ZERO, _ANY, _ANY)
            ),
        ),
    ),
    _row(
        163,
        "check_mtu",
        (_CTX, _ANY, Arg.PTR_TO_INOUT_INT, _ANY, _ANY),
        "5.12",
        "34b2021cc616",
        TC + XDP,
        gpl_only=True,
    ),
    _row(189, "xdp_load_bytes", (_CTX, _ANY, _FILL, _SIZE), "5.18", "3f364222d032", XDP),
    _row(
        190,
        "xdp_store_bytes",
        (_CTX, _ANY, _FILL, _SIZE),
        "5.18",
        "3f364222d032",
        XDP,
        changes=(Change(Trait.XDP_STORE_READS, Ret.INTEGER, (_CTX, _ANY, _READ, _SIZE)),),
    ),
)

# bpf_helper_changes_pkt_data(): pointers into the packet are worth nothing after the call.
CHANGES_PACKET = _names(
    "skb_store_bytes l3_csum_replace l4_csum_replace clone_redirect skb_vlan_push "
    "skb_vlan_pop skb_change_proto skb_change_tail skb_pull_data skb_change_head "
    "skb_adjust_room xdp_adjust_head xdp_adjust_meta xdp_adjust_tail msg_pull_data msg_push_data "
    "msg_pop_data lwt_push_encap lwt_seg6_store_bytes lwt_seg6_adjust_srh lwt_seg6_action "
    "store_hdr_opt "
)

# Maps that emu.kernel.maps has no row for, and their helpers: check_map_func_compatibility().
NET_MAPS: dict[MapType, frozenset[str]] = {
    MapType.DEVMAP: _names("redirect_map map_lookup_elem"),
    MapType.DEVMAP_HASH: _names("redirect_map map_lookup_elem"),
    MapType.CPUMAP: _names("redirect_map"),
    MapType.XSKMAP: _names("redirect_map map_lookup_elem"),
    MapType.SOCKMAP: _names(
        "sk_redirect_map sock_map_update msg_redirect_map sk_select_reuseport map_lookup_elem"
    ),
    MapType.SOCKHASH: _names(
        "sk_redirect_hash sock_hash_update msg_redirect_hash sk_select_reuseport map_lookup_elem"
    ),
    MapType.REUSEPORT_SOCKARRAY: _names("sk_select_reuseport"),
    MapType.CGROUP_STORAGE: _names("get_local_storage"),
    MapType.PERCPU_CGROUP_STORAGE: _names("get_local_storage"),
    MapType.SK_STORAGE: _names("sk_storage_get sk_storage_delete"),
    MapType.INODE_STORAGE: _names("inode_storage_get inode_storage_delete"),
}

# bpf_func_proto.pkt_access: a memory argument may point into the packet.
TAKES_PACKET = _names(
    "map_lookup_elem map_update_elem map_delete_elem map_push_elem map_lookup_percpu_elem "
    "csum_diff sk_lookup_tcp sk_lookup_udp skc_lookup_tcp tcp_check_syncookie tcp_gen_syncookie "
    "tcp_raw_gen_syncookie_ipv4 tcp_raw_gen_syncookie_ipv6 tcp_raw_check_syncookie_ipv4 "
    "tcp_raw_check_syncookie_ipv6 "
)
# may_access_direct_pkt_data(): the types whose programs may pass packets to those helpers.  What a
# program for socket options has in place of a packet it may pass to any.
PASS_PACKET = TC + XDP + CGROUP_SKB + LWT + SK_SKB + SK_MSG + SK_REUSEPORT + FLOW_DISSECTOR
PASS_PACKET_ANYWHERE = SOCKOPT

# Those of them whose programs may not change it.
READ_PACKET = (
    *(ProgType.LWT_IN, ProgType.LWT_OUT, ProgType.LWT_SEG6LOCAL),
    *(ProgType.SK_REUSEPORT, ProgType.FLOW_DISSECTOR, ProgType.CGROUP_SKB, ProgType.SOCK_OPS),
)


def may_write_packet(prog_type: ProgType) -> bool:
    """Whether programs of the type may change what they see of a packet."""
    return prog_type in PASS_PACKET + PASS_PACKET_ANYWHERE and prog_type not in READ_PACKET


# may_update_sockmap(): where no program holds the lock of a socket.
_SOCKMAP_UPDATES = (
    Reach(SOCKET + TC + XDP + FLOW_DISSECTOR, "5.10", until="7.3"),
    Reach(SK_REUSEPORT + SK_LOOKUP, "5.10"),
)
_SOCKMAP_DELETES = (Reach(EVERY, until="5.10"), Reach(SOCK_OPS, Trait.SOCK_OPS_DELETE))


def may_update_sockmap(kernel: Kernel, prog_type: ProgType, helper: str) -> bool:
    """Whether programs may pass a map of sockets to map_update_elem() or map_delete_elem()."""
    more = _SOCKMAP_DELETES if helper == "map_delete_elem" else ()
    rows = (*_SOCKMAP_UPDATES, *more)
    return any(reaches(kernel, row, prog_type) for row in rows)
