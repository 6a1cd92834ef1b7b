"""LRU hash and per-CPU LRU hash: kernel/bpf/hashtab.c, bpf_lru_list.c.

A full map drops elements to make room.  Which ones depends in the kernel on lists of each CPU and
on how many elements a CPU takes at once; here the one that was found or stored longest ago goes.
"""

from __future__ import annotations

from emu.kernel.enums import ANY, NOEXIST
from emu.maps.hash import HashMap


class LruHashMap(HashMap):
    """A hash that never is full.  The order of `offsets` is that of last use."""

    def find(self, key: bytes, cpu: int) -> int:
        found = super().find(key, cpu)
        if found:
            self.offsets[key] = self.offsets.pop(key)
        return found

    def _place(self, key: bytes, flags: int, cpu: int) -> int:
        new = flags in (ANY, NOEXIST) and key not in self.offsets
        if new and len(self.offsets) >= self.max_entries:
            self.remove(next(iter(self.offsets)))
        return super()._place(key, flags, cpu)


class PerCpuLruHashMap(LruHashMap):
    """The same with a value for each CPU."""

    per_cpu = True
