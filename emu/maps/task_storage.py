"""Task storage: a value for each task; kernel/bpf/bpf_task_storage.c.

Programs reach it through a task's struct task_struct, user space through a pidfd, a u32 key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.enums import F_NO_PREALLOC
from emu.kernel.errno import EINVAL, ENOENT
from emu.maps.base import Map, MapError
from emu.maps.places import Places

if TYPE_CHECKING:
    from emu.prog import MapDef
    from emu.vm.mem import AddressSpace

F_CREATE = 1  # BPF_LOCAL_STORAGE_GET_F_CREATE


class TaskStorageMap(Map):
    """Values by the address of a task."""

    def __init__(self, definition: MapDef, mem: AddressSpace, cpus: int) -> None:
        wrong = definition.key_size != 4 or not definition.value_size or definition.max_entries
        if wrong or not definition.flags & F_NO_PREALLOC:
            raise MapError(EINVAL, "key_size is 4, max_entries 0, F_NO_PREALLOC is needed")
        super().__init__(definition, mem, cpus)
        self.values: dict[int, int] = {}  # task: address of the value
        self.places = Places(self)

    def get(self, task: int, initial: bytes | None) -> int:
        """Address of the task's value, or 0; `initial` is stored where there is none."""
        found = self.values.get(task)
        if found is None and initial is not None:
            found = self.values[task] = self.places.put(initial)
        return found or 0

    def drop(self, task: int) -> int:
        """Take the task's value away: 0 or -ENOENT."""
        address = self.values.pop(task, None)
        if address is None:
            return -ENOENT
        self.places.free(address)
        return 0
