"""Program array: the targets of tail calls; kernel/bpf/arraymap.c."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EINVAL, ENOENT
from emu.maps.base import Map, MapError, check_sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.prog import MapDef
    from emu.vm.interp import Vm
    from emu.vm.mem import AddressSpace


class ProgArrayMap(Map):
    """Programs by index."""

    def __init__(self, definition: MapDef, mem: AddressSpace, cpus: int) -> None:
        check_sizes(definition)
        if definition.key_size != 4 or definition.value_size != 4:
            raise MapError(EINVAL, "key_size and value_size of a program array are 4")
        super().__init__(definition, mem, cpus)
        self.progs: dict[int, Vm] = {}

    def remove(self, key: bytes) -> int:
        found = self.progs.pop(int.from_bytes(key, "little"), None)
        return 0 if found else -ENOENT

    def walk(self) -> Iterator[bytes]:
        return iter([index.to_bytes(4, "little") for index in self.progs])
