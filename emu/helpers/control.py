"""Helpers that decide which instructions run next: tail calls and callbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers.registry import helper
from emu.kernel.errno import E2BIG, EINVAL
from emu.maps.prog_array import ProgArrayMap
from emu.vm.fault import Kind, VmFault

if TYPE_CHECKING:
    from emu.vm.run import Run

MAX_LOOPS = 1 << 23  # kernel/bpf/bpf_iter.c


class TailCall(Exception):
    """The running program ends, and the program at `index` of `array` goes on with its context."""

    def __init__(self, array: ProgArrayMap, index: int) -> None:
        super().__init__(index)
        self.array = array
        self.index = index


@helper("tail_call")
def tail_call(run: Run, ctx: int, map_: int, index: int) -> int:
    """Does not return, unless nothing is at the index."""
    array = run.map_at(map_)
    if not isinstance(array, ProgArrayMap):
        raise VmFault(Kind.HELPER, f"{array.definition.name} is not a program array")
    index &= 0xFFFF_FFFF
    if index in array.progs:
        raise TailCall(array, index)
    return 0


@helper("loop")
def loop(run: Run, nr_loops: int, callback: int, ctx: int, flags: int) -> int:
    """How often the callback ran: until it returns 1, or nr_loops times."""
    if flags:
        return -EINVAL
    if nr_loops > MAX_LOOPS:
        return -E2BIG
    for index in range(nr_loops):
        if run.callback(callback, (index, ctx)):
            return index + 1
    return nr_loops
