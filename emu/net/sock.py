"""The socket of a test run's packet, as struct bpf_sock shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.net.skb import ETH_P_IP, ETH_P_IPV6

if TYPE_CHECKING:
    from emu.net.skb import SkBuff

AF_INET, AF_INET6 = 2, 10
TCP_CLOSE = 7
SIZE = 80  # bytes of struct bpf_sock
NO_QUEUE = -1

_NUMBERS = {"family": 4, "state": 72, "rx_queue_mapping": 76}  # offsets of 4 bytes
_SRC_IP4, _SRC_IP6, _DST_IP4, _DST_IP6 = 24, 28, 52, 56


def sock_of(packet: SkBuff) -> bytes:
    """struct bpf_sock of a socket that only took over the packet's addresses.

    Source: bpf_prog_test_run_skb(), sock_init_data().
    """
    image = bytearray(SIZE)
    header = bytes(packet.buf[packet.network : packet.end])
    _number(image, "state", TCP_CLOSE)
    _number(image, "rx_queue_mapping", NO_QUEUE)
    if packet.protocol == ETH_P_IP and len(header) >= 20:
        _number(image, "family", AF_INET)
        image[_SRC_IP4 : _SRC_IP4 + 4] = header[12:16]
        image[_DST_IP4 : _DST_IP4 + 4] = header[16:20]
    elif packet.protocol == ETH_P_IPV6 and len(header) >= 40:
        _number(image, "family", AF_INET6)
        image[_SRC_IP6 : _SRC_IP6 + 16] = header[8:24]
        image[_DST_IP6 : _DST_IP6 + 16] = header[24:40]
    return bytes(image)


def _number(image: bytearray, name: str, value: int) -> None:
    at = _NUMBERS[name]
    image[at : at + 4] = value.to_bytes(4, "little", signed=value < 0)
