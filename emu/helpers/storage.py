"""Helpers on values that belong to tasks: kernel/bpf/bpf_task_storage.c."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers.registry import helper
from emu.kernel.errno import EINVAL
from emu.maps.task_storage import F_CREATE, TaskStorageMap
from emu.vm.fault import Kind, VmFault

if TYPE_CHECKING:
    from emu.vm.run import Run


@helper("task_storage_get")
def task_storage_get(run: Run, map_: int, task: int, value: int, flags: int) -> int:
    """Address of the task's value; with F_CREATE one is made, of `value` or zeros."""
    storage = _storage(run, map_)
    if flags & ~F_CREATE or not task:
        return 0
    initial = None
    if flags:
        size = storage.value_size
        initial = run.mem.read(value, size) if value else bytes(size)
    return storage.get(task, initial)


@helper("task_storage_delete")
def task_storage_delete(run: Run, map_: int, task: int) -> int:
    storage = _storage(run, map_)
    return storage.drop(task) if task else -EINVAL


def _storage(run: Run, map_: int) -> TaskStorageMap:
    storage = run.map_at(map_)
    if not isinstance(storage, TaskStorageMap):
        raise VmFault(Kind.HELPER, f"{storage.definition.name} is not a task storage")
    return storage
