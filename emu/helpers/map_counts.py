"""The kernel function that counts the elements of a map: kernel/bpf/map_iter.c, hashtab.c."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers.registry import kernel_function
from emu.kernel.enums import MapType

if TYPE_CHECKING:
    from emu.vm.run import Run

# Where the kernel keeps the number: htab_map_alloc().
COUNTED = (
    *(MapType.HASH, MapType.PERCPU_HASH, MapType.LRU_HASH, MapType.LRU_PERCPU_HASH),
    MapType.HASH_OF_MAPS,
)


@kernel_function("bpf_map_sum_elem_count")
def bpf_map_sum_elem_count(run: Run, map_: int) -> int:
    """Elements of a hash; 0 of every other map."""
    found = run.map_at(map_)
    return sum(1 for _ in found.walk()) if found.definition.type in COUNTED else 0
