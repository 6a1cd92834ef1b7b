"""Contexts of programs at sockets and control groups, as emu.kernel.ctx has the others.

Offsets and sizes are in bytes.  Sources: include/uapi/linux/bpf.h; the *_is_valid_access()
functions of net/core/filter.c and kernel/bpf/cgroup.c, read in 5.10, 6.1, 6.12 and 7.2.
"""

from __future__ import annotations

from emu.kernel.ctx import CONNECTION, PACKET, Context, CtxField, sk_buff, words
from emu.kernel.enums import AttachType

_NARROW = (1, 2, 4)

# lwt_is_valid_access()
LWT_SK_BUFF = sk_buff(*PACKET, writable=("cb", "mark", "priority"))

# sk_skb_is_valid_access()
SK_SKB = sk_buff(*PACKET, *CONNECTION, writable=("tc_index", "priority"), without=("mark",))

SK_MSG = Context(
    "sk_msg_md",
    0,
    80,
    (4,),
    (
        CtxField("data", 0, 8, (8,), gives="pkt"),
        CtxField("data_end", 8, 8, (8,), gives="pkt_end"),
        CtxField("family .. size", 16, 56, (4,)),
        CtxField("sk", 72, 8, (8,), gives="socket", since="5.9"),
    ),
    only_fields=True,
)

SK_REUSEPORT = Context(
    "sk_reuseport_md",
    0,
    56,
    (4,),
    (
        CtxField("data", 0, 8, (8,), gives="pkt"),
        CtxField("data_end", 8, 8, (8,), gives="pkt_end"),
        *words(16, "len"),
        CtxField("eth_protocol", 20, 4, (2, 4)),
        *words(24, "ip_protocol", "bind_inany"),
        CtxField("hash", 32, 4, (4,)),
        CtxField("sk", 40, 8, (8,), gives="socket", since="5.14"),
        CtxField("migrating_sk", 48, 8, (8,), gives="sock", since="5.14"),
    ),
    only_fields=True,
)

# remote_port has two bytes, of which more may be read.
SK_LOOKUP = Context(
    "bpf_sk_lookup",
    0,
    72,
    (4,),
    (
        CtxField("sk", 0, 8, (8,), gives="socket_or_null"),
        *words(8, "family", "protocol", "remote_ip4"),
        CtxField("remote_ip6", 20, 16, _NARROW),
        *words(36, "remote_port", "local_ip4"),
        CtxField("local_ip6", 44, 16, _NARROW),
        *words(60, "local_port"),
        CtxField("ingress_ifindex", 64, 4, _NARROW, since="5.17"),
    ),
    only_fields=True,
)

# Without an attach type, CREATE is meant: bpf_prog_load_fixup_attach_type().
OF_CREATED = (
    AttachType.NONE,
    AttachType.CGROUP_INET_SOCK_CREATE,
    AttachType.CGROUP_INET_SOCK_RELEASE,
)
_POST_BIND4 = (AttachType.CGROUP_INET4_POST_BIND,)
_POST_BIND6 = (AttachType.CGROUP_INET6_POST_BIND,)


def _of_created(off: int, *names: str) -> tuple[CtxField, ...]:
    return tuple(
        CtxField(name, off + 4 * i, 4, (4,), write_sizes=(4,), attach_types=OF_CREATED)
        for i, name in enumerate(names)
    )


# bpf_sock_is_valid_access(), __sock_filter_check_attach_type()
CGROUP_SOCK = Context(
    "bpf_sock",
    0,
    80,
    (4,),
    (
        *_of_created(0, "bound_dev_if"),
        *words(4, "family", "type", "protocol"),
        *_of_created(16, "mark", "priority"),
        CtxField("src_ip4", 24, 4, _NARROW, attach_types=_POST_BIND4),
        CtxField("src_ip6", 28, 16, _NARROW, attach_types=_POST_BIND6),
        CtxField("src_port", 44, 4, _NARROW, attach_types=_POST_BIND4 + _POST_BIND6),
        CtxField("dst_port", 48, 2, (1, 2)),
        CtxField("dst_port", 48, 4, (4,)),
        *words(52, "dst_ip4"),
        CtxField("dst_ip6", 56, 16, _NARROW),
        *words(72, "state"),
        CtxField("rx_queue_mapping", 76, 4, _NARROW, since="5.8"),
    ),
    only_fields=True,
)

_INET4 = (
    AttachType.CGROUP_INET4_BIND,
    AttachType.CGROUP_INET4_CONNECT,
    AttachType.CGROUP_INET4_GETPEERNAME,
    AttachType.CGROUP_INET4_GETSOCKNAME,
    AttachType.CGROUP_UDP4_SENDMSG,
    AttachType.CGROUP_UDP4_RECVMSG,
)
_INET6 = (
    AttachType.CGROUP_INET6_BIND,
    AttachType.CGROUP_INET6_CONNECT,
    AttachType.CGROUP_INET6_GETPEERNAME,
    AttachType.CGROUP_INET6_GETSOCKNAME,
    AttachType.CGROUP_UDP6_SENDMSG,
    AttachType.CGROUP_UDP6_RECVMSG,
)
OF_ADDRESSES = (
    *_INET4,
    *_INET6,
    AttachType.CGROUP_UNIX_CONNECT,
    AttachType.CGROUP_UNIX_SENDMSG,
    AttachType.CGROUP_UNIX_RECVMSG,
    AttachType.CGROUP_UNIX_GETPEERNAME,
    AttachType.CGROUP_UNIX_GETSOCKNAME,
)
_SEND4 = (AttachType.CGROUP_UDP4_SENDMSG,)
_SEND6 = (AttachType.CGROUP_UDP6_SENDMSG,)

# sock_addr_is_valid_access()
CGROUP_SOCK_ADDR = Context(
    "bpf_sock_addr",
    0,
    72,
    (4,),
    (
        CtxField("user_family", 0, 4, (4,)),
        CtxField("user_ip4", 4, 4, _NARROW, write_sizes=(4,), attach_types=_INET4),
        CtxField("user_ip6", 8, 16, (1, 2, 4, 8), (4, 8), since="5.3", attach_types=_INET6),
        CtxField("user_ip6", 8, 16, _NARROW, (4,), attach_types=_INET6),
        CtxField("user_port", 24, 4, _NARROW, write_sizes=(4,), since="5.8"),
        CtxField("user_port", 24, 4, (4,), write_sizes=(4,)),
        CtxField("family .. protocol", 28, 12, (4,)),
        CtxField("msg_src_ip4", 40, 4, _NARROW, write_sizes=(4,), attach_types=_SEND4),
        CtxField("msg_src_ip6", 44, 16, (1, 2, 4, 8), (4, 8), since="5.3", attach_types=_SEND6),
        CtxField("msg_src_ip6", 44, 16, _NARROW, (4,), attach_types=_SEND6),
        CtxField("sk", 64, 8, (8,), gives="socket", since="5.3"),
    ),
    only_fields=True,
)

SOCK_OPS = Context(
    "bpf_sock_ops",
    0,
    224,
    (4,),
    (
        CtxField("op", 0, 4, (4,)),
        CtxField("reply", 4, 4, (4,), write_sizes=(4,)),
        CtxField("replylong .. sacked_out", 8, 156, (4,)),
        CtxField("sk_txhash", 164, 4, (4,), write_sizes=(4,)),
        CtxField("bytes_received, bytes_acked", 168, 16, (8,)),
        CtxField("sk", 184, 8, (8,), gives="socket_or_null", since="5.3"),
        CtxField("skb_data", 192, 8, (8,), gives="pkt", since="5.10"),
        CtxField("skb_data_end", 200, 8, (8,), gives="pkt_end", since="5.10"),
        CtxField("skb_len", 208, 4, (4,), since="5.10"),
        CtxField("skb_tcp_flags", 212, 4, _NARROW, since="5.10"),
        CtxField("skb_hwtstamp", 216, 8, (8,), since="6.2"),
    ),
    only_fields=True,
)

# cgroup_dev_is_valid_access()
CGROUP_DEVICE = Context(
    "bpf_cgroup_dev_ctx",
    0,
    12,
    (4,),
    (*words(0, "access_type"), CtxField("major, minor", 4, 8, (4,))),
    only_fields=True,
)

# sysctl_is_valid_access()
CGROUP_SYSCTL = Context(
    "bpf_sysctl",
    0,
    8,
    (4,),
    (*words(0, "write"), CtxField("file_pos", 4, 4, _NARROW, write_sizes=(4,))),
    only_fields=True,
)

_GET, _SET = (AttachType.CGROUP_GETSOCKOPT,), (AttachType.CGROUP_SETSOCKOPT,)

# cg_sockopt_is_valid_access()
CGROUP_SOCKOPT = Context(
    "bpf_sockopt",
    0,
    40,
    (4,),
    (
        CtxField("sk", 0, 8, (8,), gives="socket"),
        CtxField("optval", 8, 8, (8,), gives="pkt"),
        CtxField("optval_end", 16, 8, (8,), gives="pkt_end"),
        CtxField("level, optname", 24, 8, (4,), write_sizes=(4,), write_attach_types=_SET),
        CtxField("optlen", 32, 4, (4,), write_sizes=(4,)),
        CtxField("retval", 36, 4, (4,), write_sizes=(4,), attach_types=_GET),
    ),
    only_fields=True,
)


# What a program sees of sockets that a context or a helper gave it.


def _of_any_socket(field: CtxField) -> CtxField:
    return field._replace(write_sizes=(), attach_types=())


# bpf_sock_is_valid_access(), bpf_sock_common_is_valid_access()
SOCK = CGROUP_SOCK._replace(fields=tuple(map(_of_any_socket, CGROUP_SOCK.fields)))
SOCK_COMMON = SOCK._replace(fields=tuple(field for field in SOCK.fields if not 8 <= field.off < 24))
# bpf_tcp_sock_is_valid_access()
TCP_SOCK = Context(
    "bpf_tcp_sock",
    0,
    112,
    (4,),
    (
        CtxField("snd_cwnd .. sacked_out", 0, 80, (4,)),
        CtxField("bytes_received, bytes_acked", 80, 16, (8,)),
        CtxField("dsack_dups .. icsk_retransmits", 96, 16, (4,)),
    ),
    only_fields=True,
)
# bpf_xdp_sock_is_valid_access()
XDP_SOCK = Context("bpf_xdp_sock", 0, 4, (4,), (CtxField("queue_id", 0, 4, (4,)),), True)
