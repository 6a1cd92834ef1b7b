"""Helpers that send records to user space: kernel/trace/bpf_trace.c, kernel/bpf/ringbuf.c."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers.registry import helper
from emu.kernel.enums import F_CURRENT_CPU, F_INDEX_MASK, RB_FORCE_WAKEUP, RB_NO_WAKEUP
from emu.kernel.errno import E2BIG, EAGAIN, EINVAL, ENOENT
from emu.maps.perf_event_array import PerfEventArrayMap
from emu.maps.ringbuf import RingBufMap
from emu.vm.fault import Kind, VmFault

if TYPE_CHECKING:
    from emu.vm.run import Run


@helper("perf_event_output")
def perf_event_output(run: Run, ctx: int, map_: int, flags: int, data: int, size: int) -> int:
    array = run.map_at(map_)
    if not isinstance(array, PerfEventArrayMap):
        raise VmFault(Kind.HELPER, f"{array.definition.name} is not a perf event array")
    error = _refused(run, ctx, flags)
    if error:
        return error
    index = flags & F_INDEX_MASK
    if index == F_CURRENT_CPU:
        index = run.cpu
    if index >= array.max_entries:
        return -E2BIG
    output = array.outputs.get(index)
    if output is None:
        return -ENOENT
    return output.output(run.mem.read(data, size))


def _refused(run: Run, ctx: int, flags: int) -> int:
    """What is wrong with the flags: packet programs may ask for bytes of the packet too."""
    if run.packet is None:
        return -EINVAL if flags & ~F_INDEX_MASK else 0
    from emu.helpers.packet_fields import output_error

    return output_error(run, ctx, flags)


@helper("ringbuf_output")
def ringbuf_output(run: Run, map_: int, data: int, size: int, flags: int) -> int:
    if flags & ~(RB_NO_WAKEUP | RB_FORCE_WAKEUP):
        return -EINVAL
    ring = ring_at(run, map_)
    address = ring.reserve(size)
    if not address:
        return -EAGAIN
    run.mem.write(address, run.mem.read(data, size))
    ring.commit(address, discard=False)
    return 0


@helper("ringbuf_reserve")
def ringbuf_reserve(run: Run, map_: int, size: int, flags: int) -> int:
    return 0 if flags else ring_at(run, map_).reserve(size)


@helper("ringbuf_submit")
def ringbuf_submit(run: Run, data: int, flags: int) -> int:
    ring_of(run, data).commit(data, discard=False)
    return 0


@helper("ringbuf_discard")
def ringbuf_discard(run: Run, data: int, flags: int) -> int:
    ring_of(run, data).commit(data, discard=True)
    return 0


@helper("ringbuf_query")
def ringbuf_query(run: Run, map_: int, flags: int) -> int:
    return ring_at(run, map_).query(flags)


def ring_at(run: Run, address: int) -> RingBufMap:
    """The ring buffer whose struct bpf_map is at `address`.  Raises VmFault if there is none."""
    ring = run.map_at(address)
    if not isinstance(ring, RingBufMap):
        raise VmFault(Kind.HELPER, f"{ring.definition.name} is not a ring buffer")
    return ring


def ring_of(run: Run, data: int) -> RingBufMap:
    """The ring buffer with a reserved record at `data`."""
    for ring in run.host.maps.values():
        if isinstance(ring, RingBufMap) and data in ring.busy:
            return ring
    raise VmFault(Kind.HELPER, f"{data:#x} is not a reserved record")
