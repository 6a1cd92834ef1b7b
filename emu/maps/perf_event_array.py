"""Perf event array: a place for a buffer for each CPU; kernel/bpf/arraymap.c."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from emu.kernel.errno import EINVAL, ENOENT
from emu.maps.base import Map, MapError, check_sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.prog import MapDef
    from emu.vm.mem import AddressSpace


class Output(Protocol):
    """A CPU's buffer."""

    def output(self, data: bytes) -> int:
        """Append a record: 0, or a negative errno if it does not fit."""


class PerfEventArrayMap(Map):
    """Buffers by index; user space opens them, programs write with bpf_perf_event_output()."""

    def __init__(self, definition: MapDef, mem: AddressSpace, cpus: int) -> None:
        check_sizes(definition)
        if definition.key_size != 4 or definition.value_size != 4:
            raise MapError(EINVAL, "key_size and value_size of a perf event array are 4")
        super().__init__(definition, mem, cpus)
        self.outputs: dict[int, Output] = {}

    def remove(self, key: bytes) -> int:
        found = self.outputs.pop(int.from_bytes(key, "little"), None)
        return 0 if found else -ENOENT

    def walk(self) -> Iterator[bytes]:
        return iter([index.to_bytes(4, "little") for index in self.outputs])
