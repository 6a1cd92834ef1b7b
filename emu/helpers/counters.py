"""Helpers that read performance counters and ask for cgroups.

Sources: kernel/trace/bpf_trace.c, kernel/bpf/cgroup.c.  The world has no hardware counters, so
that an array of events has none that could be read, and no cgroups.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers.registry import helper
from emu.kernel.enums import F_CURRENT_CPU, F_INDEX_MASK
from emu.kernel.errno import E2BIG, EAGAIN, EINVAL, ENOENT
from emu.maps.perf_event_array import PerfEventArrayMap
from emu.vm.fault import Kind, VmFault

if TYPE_CHECKING:
    from emu.vm.run import Run

VALUE_SIZE = 24  # bytes of struct bpf_perf_event_value
U32 = 0xFFFF_FFFF


def _no_counter(run: Run, map_: int, flags: int) -> int:
    array = run.map_at(map_)
    if not isinstance(array, PerfEventArrayMap):
        raise VmFault(Kind.HELPER, f"{array.definition.name} is not a perf event array")
    if flags & ~F_INDEX_MASK:
        return -EINVAL
    index = run.cpu if flags == F_CURRENT_CPU else flags
    return -E2BIG if index >= array.max_entries else -ENOENT


@helper("perf_event_read")
def perf_event_read(run: Run, map_: int, flags: int) -> int:
    return _no_counter(run, map_, flags)


@helper("perf_event_read_value")
def perf_event_read_value(run: Run, map_: int, flags: int, buf: int, size: int) -> int:
    error = -EINVAL if size & U32 != VALUE_SIZE else _no_counter(run, map_, flags)
    run.mem.clear(buf, size & U32)
    return error


@helper("current_task_under_cgroup")
def current_task_under_cgroup(run: Run, map_: int, index: int) -> int:
    array = run.map_at(map_)
    return -E2BIG if index & U32 >= array.max_entries else -EAGAIN
