"""Helpers that call functions of the program: kernel/bpf/bpf_iter.c, kernel/bpf/helpers.c."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers.map import error
from emu.helpers.registry import helper
from emu.kernel.errno import E2BIG, EINVAL
from emu.kernel.traits import Trait

if TYPE_CHECKING:
    from emu.vm.run import Run

U32 = 0xFFFF_FFFF
MAX_LOOPS = 1 << 23  # kernel/bpf/bpf_iter.c


@helper("loop")
def loop(run: Run, nr_loops: int, callback: int, ctx: int, flags: int) -> int:
    """How often the callback ran: until it returns 1, or nr_loops times, a u32."""
    nr_loops &= U32
    if flags:
        return -EINVAL
    if nr_loops > MAX_LOOPS:
        return -E2BIG & U32 if run.host.kernel.has(Trait.LOOP_INLINED) else -E2BIG
    for index in range(nr_loops):
        if run.callback(callback, (index, ctx)):
            return index + 1
    return nr_loops


@helper("for_each_map_elem")
def for_each_map_elem(run: Run, map_: int, callback: int, ctx: int, flags: int) -> int:
    """How many elements the callback got: all, or those up to where it returns 1.

    It gets a copy of the key, and the value itself; of per-CPU maps that of its CPU.
    """
    found = run.map_at(map_)
    if flags:
        return error(run, -EINVAL)
    count = 0
    for key in found.walk():
        value = found.find(key, run.cpu)
        if not value:
            continue
        count += 1
        place = run.mem.add(bytearray(key), writable=False)
        try:
            if run.callback(callback, (map_, place, value, ctx)):
                break
        finally:
            run.mem.remove(place)
    return count
