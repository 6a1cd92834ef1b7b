"""BPF_PROG_TEST_RUN: net/bpf/test_run.c."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.kernel.enums import ProgType
from emu.kernel.errno import E2BIG, EINVAL, ENODEV, ENOSPC, ENOTSUPP
from emu.kernel.traits import Trait
from emu.net import skb, xdp
from emu.net.packet import ETH_HLEN
from emu.net.sock import sock_of
from emu.vm.packet_ctx import SKB_TYPES
from emu.vm.run import Run

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel
    from emu.net.packet import Packet
    from emu.vm.interp import Vm
    from emu.vm.run import Host

U32 = 0xFFFF_FFFF
RAW_ARGS_SIZE = 96  # bytes: MAX_BPF_FUNC_ARGS words
# BPF_PROG_TEST_RUN without the fields that came with 6.1 leaves this much of struct __sk_buff.
SKB_SIZE_WITHOUT_HWTSTAMP = 184
PAGE = 4096
MAX_WIRE_LEN = 65536  # GSO_LEGACY_MAX_SIZE
MAX_GSO_SEGS = 65535
LOOPBACK = 1  # the only device
IP_HEADER = {skb.ETH_P_IP: 20, skb.ETH_P_IPV6: 40}  # bytes that it has at least
MAX_META_OLD, MAX_META = 32, 252  # bytes
# Bytes of struct __sk_buff that user space may fill in; hwtstamp where the kernel has it.
GIVEN = (
    *("mark", "priority", "ingress_ifindex", "ifindex", "cb"),
    *("tstamp", "wire_len", "gso_segs", "gso_size", "hwtstamp"),
)


class Outcome(NamedTuple):
    """What a test run gives back."""

    errno: int = 0
    retval: int = 0  # u32
    data_out: bytes = b""
    ctx_out: bytes = b""


class Refused(Exception):
    """The kernel does not run the program.  errno: positive."""

    def __init__(self, errno: int) -> None:
        super().__init__(errno)
        self.errno = errno


def prog_test_run(
    host: Host,
    vm: Vm,
    data: bytes,
    ctx: bytes,
    *,
    repeat: int = 1,
    room: int = PAGE,
    ctx_room: int = 0,
    cpu: int = 0,
) -> Outcome:
    """Run a program as BPF_PROG_TEST_RUN does.

    data, ctx: data_in and ctx_in; b"" for none.
    room, ctx_room: bytes of data_out and ctx_out; 0 for no ctx_out.
    cpu: the CPU to run on.

    Raises VmFault where the program breaks a rule.
    """
    run = Run(host, cpu)
    try:
        match vm.prog.type:
            case kind if kind in SKB_TYPES:
                return _run_skb(run, vm, data, ctx, max(repeat, 1), room, ctx_room)
            case ProgType.XDP:
                return _run_xdp(run, vm, data, ctx, max(repeat, 1), room, ctx_room)
            case ProgType.RAW_TRACEPOINT | ProgType.RAW_TRACEPOINT_WRITABLE:
                return _run_raw_tracepoint(run, vm, data, ctx, repeat, ctx_room)
            case _:
                return Outcome(ENOTSUPP)
    except Refused as refused:
        return Outcome(refused.errno)
    finally:
        run.close()


def _run_raw_tracepoint(
    run: Run, vm: Vm, data: bytes, ctx: bytes, repeat: int, ctx_room: int
) -> Outcome:
    if data or ctx_room or repeat or len(ctx) > RAW_ARGS_SIZE:
        raise Refused(EINVAL)
    return Outcome(retval=vm.run(run, run.set_context(ctx)) & U32)


# -- struct sk_buff


def _run_skb(
    run: Run, vm: Vm, data: bytes, ctx: bytes, repeat: int, room: int, ctx_room: int
) -> Outcome:
    kernel = run.host.kernel
    size = skb.SIZE if kernel.has(Trait.SKB_HWTSTAMP) else SKB_SIZE_WITHOUT_HWTSTAMP
    given = _context(ctx, size)
    if len(data) < ETH_HLEN:
        raise Refused(EINVAL)
    packet = skb.SkBuff(run.mem, data)
    packet["sk"] = packet.own(sock_of(packet))
    has_link_header = SKB_TYPES[vm.prog.type]
    try:
        _check_skb(kernel, packet, given)
        if has_link_header:
            packet.push(ETH_HLEN)
        if given:
            _give_skb(kernel, packet, given)
        retval = _repeat(run, vm, packet, repeat)
        if not has_link_header:
            packet.push(ETH_HLEN)
            packet.write(0, bytes(ETH_HLEN))
        shown = _shown_skb(packet, given) if given else b""
        return _finish(retval, packet.read(0, len(packet)) or b"", room, shown[:size], ctx_room)
    finally:
        packet.close()


def _check_skb(kernel: Kernel, packet: skb.SkBuff, given: bytes) -> None:
    """What bpf_prog_test_run_skb() refuses before it looks at the rest of the context."""
    off, size = skb.FIELDS["ifindex"]
    if int.from_bytes(given[off : off + size], "little") > LOOPBACK:
        raise Refused(ENODEV)
    header = IP_HEADER.get(packet.protocol, 0)
    if len(packet) < header and kernel.has(Trait.TEST_RUN_IP_HEADER):
        raise Refused(EINVAL)


def _give_skb(kernel: Kernel, packet: skb.SkBuff, given: bytes) -> None:
    """convert___skb_to_skb(): what user space says of the packet."""
    rest = bytearray(given)
    value = {}
    for name in GIVEN:
        off, size = skb.FIELDS[name]
        value[name] = int.from_bytes(given[off : off + size], "little")
        rest[off : off + size] = bytes(min(size, len(rest) - off)) if off < len(rest) else b""
    if any(rest) or (value["ingress_ifindex"] and not kernel.has(Trait.TEST_RUN_INGRESS)):
        raise Refused(EINVAL)
    wire = value["wire_len"] or len(packet)
    if not len(packet) <= wire <= MAX_WIRE_LEN or value["gso_segs"] > MAX_GSO_SEGS:
        raise Refused(EINVAL)
    value |= {"wire_len": wire, "ifindex": LOOPBACK}
    for name, number in value.items():
        packet[name] = number


def _shown_skb(packet: skb.SkBuff, given: bytes) -> bytes:
    """convert_skb_to___skb(): the context for user space."""
    shown = bytearray(given.ljust(skb.SIZE, b"\0"))
    for name in GIVEN:
        if name != "gso_size":
            off, size = skb.FIELDS[name]
            shown[off : off + size] = packet.view[off : off + size]
    return bytes(shown)


# -- struct xdp_buff


def _run_xdp(
    run: Run, vm: Vm, data: bytes, ctx: bytes, repeat: int, room: int, ctx_room: int
) -> Outcome:
    kernel = run.host.kernel
    has_context = kernel.has(Trait.XDP_TEST_RUN_CTX)
    if ctx and not has_context:
        raise Refused(EINVAL)
    given = _context(ctx, xdp.SIZE)
    meta = _check_xdp_md(kernel, given, len(data)) if given else 0
    if len(data) - meta < ETH_HLEN or len(data) > xdp.FRAME - xdp.HEADROOM - xdp.TAIL:
        raise Refused(EINVAL)
    packet = xdp.XdpBuff(run.mem, data, meta)
    try:
        retval = _repeat(run, vm, packet, repeat)
        start = packet.meta if has_context else packet.start
        shown = bytearray(given)
        if given:
            shown[:8] = packet.meta_size.to_bytes(4, "little") + (
                packet.end - packet.meta
            ).to_bytes(4, "little")
        return _finish(retval, bytes(packet.buf[start : packet.end]), room, bytes(shown), ctx_room)
    finally:
        packet.close()


def _check_xdp_md(kernel: Kernel, given: bytes, size: int) -> int:
    """Bytes of metadata that the context asks for: xdp_convert_md_to_buff()."""
    data, end, meta, ingress, queue, egress = (
        int.from_bytes(given[at : at + 4], "little") for at in range(0, xdp.SIZE, 4)
    )
    if meta or end != size or data > end or data % 4 or data > max_meta(kernel):
        raise Refused(EINVAL)
    if egress or (queue and not ingress):
        raise Refused(EINVAL)
    if ingress > LOOPBACK:
        raise Refused(ENODEV)
    if queue:
        raise Refused(EINVAL)
    return data


def max_meta(kernel: Kernel) -> int:
    """The most bytes of metadata: xdp_metalen_invalid()."""
    return MAX_META if kernel.has(Trait.XDP_LONG_META) else MAX_META_OLD


# -- What both share


def _context(ctx: bytes, size: int) -> bytes:
    """A context from user space, `size` bytes long, or b"": bpf_ctx_init()."""
    if any(ctx[size:]):
        raise Refused(E2BIG)
    return ctx[:size].ljust(size, b"\0") if ctx else b""


def _repeat(run: Run, vm: Vm, packet: Packet, times: int) -> int:
    """Run the program `times` times on the packet; returns the last result, a u32."""
    run.packet = packet
    address = run.set_context(bytes(packet.view))
    packet.view = run.context
    result = 0
    for _ in range(times):
        result = vm.run(run, address)
    return result & U32


def _finish(retval: int, data: bytes, room: int, ctx: bytes, ctx_room: int) -> Outcome:
    """bpf_test_finish(), bpf_ctx_finish(): what fits is copied, ENOSPC tells that more is there."""
    if room and len(data) > room:
        return Outcome(ENOSPC, retval, data[:room])
    if ctx and ctx_room:
        return Outcome(
            ENOSPC if len(ctx) > ctx_room else 0, retval, data, ctx[: ctx_room or len(ctx)]
        )
    return Outcome(0, retval, data)
