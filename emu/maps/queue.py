"""Queue and stack: kernel/bpf/queue_stack_maps.c."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from emu.kernel.enums import ANY, EXIST
from emu.kernel.errno import E2BIG, EINVAL, ENOENT
from emu.maps.base import Map, MapError

if TYPE_CHECKING:
    from emu.prog import MapDef
    from emu.vm.mem import AddressSpace


class QueueMap(Map):
    """Values in order; the oldest is taken first."""

    newest_first = False

    def __init__(self, definition: MapDef, mem: AddressSpace, cpus: int) -> None:
        if definition.key_size or not definition.value_size or not definition.max_entries:
            raise MapError(EINVAL, "a queue or stack has no keys, and values and entries")
        super().__init__(definition, mem, cpus)
        self.values: deque[bytes] = deque()  # the oldest first

    def push(self, value: bytes, flags: int) -> int:
        if flags not in (ANY, EXIST):
            return -EINVAL
        if len(self.values) == self.max_entries:
            if flags != EXIST:
                return -E2BIG
            self.values.popleft()
        self.values.append(value)
        return 0

    def peek(self) -> bytes | int:
        return self.values[-1 if self.newest_first else 0] if self.values else -ENOENT

    def pop(self) -> bytes | int:
        if not self.values:
            return -ENOENT
        return self.values.pop() if self.newest_first else self.values.popleft()

    def store(self, key: bytes, value: bytes, flags: int, cpu: int) -> int:
        return -EINVAL

    def remove(self, key: bytes) -> int:
        return -EINVAL

    def read(self, key: bytes) -> bytes | None:
        found = self.peek()
        return found if isinstance(found, bytes) else None

    def put(self, key: bytes, value: bytes, flags: int) -> int:
        return self.push(value, flags)


class StackMap(QueueMap):
    """Values in order; the newest is taken first."""

    newest_first = True
