"""BPF_PROG_TEST_RUN: what it refuses to run."""

from __future__ import annotations

import pytest

from emu.isa.asm import assemble
from emu.kernel.enums import ProgType
from emu.kernel.errno import EINVAL, ENODEV
from emu.kernel.profile import Kernel
from emu.net.test_run import prog_test_run
from emu.prog import Prog
from emu.vm.interp import Vm
from emu.world.scenario import Scenario
from emu.world.world import World

IFINDEX = 40  # offset in struct __sk_buff


def answered(release, data, ctx=b""):
    world = World(Scenario("test"), Kernel.release(release))
    prog = Prog("test", ProgType.SOCKET_FILTER, assemble("r0 = 7\nexit"))
    outcome = prog_test_run(world, Vm(prog, world.mem), data, ctx)
    return outcome.errno or outcome.retval


def frame(ether_type, size):
    """A packet with so many bytes behind its link header."""
    return bytes(12) + ether_type.to_bytes(2, "big") + bytes(size)


@pytest.mark.parametrize(("ether_type", "header"), [(0x0800, 20), (0x86DD, 40)])
@pytest.mark.parametrize("release", ["6.18.44", "7.2"])
def test_packet_that_is_ip_has_room_for_its_header(ether_type, header, release):
    # A running 6.18.44 answered EINVAL to 33 bytes that begin as IPv6.
    assert answered(release, frame(ether_type, header - 1)) == EINVAL
    assert answered(release, frame(ether_type, header)) == 7
    assert answered("6.17", frame(ether_type, 0)) == 7


def test_other_packets_may_be_empty():
    assert answered("7.2", frame(0x0806, 0)) == 7


def test_device_that_is_not_there_is_looked_for_before_all_else():
    ctx = bytearray(192)
    ctx[IFINDEX : IFINDEX + 4] = (2).to_bytes(4, "little")
    assert answered("7.2", frame(0x0800, 0), bytes(ctx)) == ENODEV
