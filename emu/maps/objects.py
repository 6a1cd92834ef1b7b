"""Arrays of kernel objects that the machine has none of: cgroups, devices, CPUs, sockets.

Sources: kernel/bpf/arraymap.c, devmap.c, cpumap.c, net/xdp/xskmap.c.  They are empty, and user
space has nothing to put into them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EINVAL
from emu.kernel.traits import Trait
from emu.maps.base import Map, MapError, check_sizes

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel
    from emu.prog import MapDef
    from emu.vm.mem import AddressSpace

XDP_ABORTED, XDP_TX, XDP_REDIRECT = 0, 3, 4
ACTION_MASK = 3
F_BROADCAST, F_EXCLUDE_INGRESS = 8, 16
U32 = 0xFFFF_FFFF


class ObjectArrayMap(Map):
    """Places without objects."""

    def __init__(self, definition: MapDef, mem: AddressSpace, cpus: int) -> None:
        check_sizes(definition)
        if definition.key_size != 4:
            raise MapError(EINVAL, "key_size is 4")
        super().__init__(definition, mem, cpus)

    def remove(self, key: bytes) -> int:
        return -EINVAL


class RedirectMap(ObjectArrayMap):
    """Targets of redirections: the action for a place without one is in the flags."""

    flags = 0  # that may stand beside the action

    def redirect(self, kernel: Kernel, flags: int) -> int:
        known = ACTION_MASK
        if kernel.has(Trait.REDIRECT_BROADCAST):
            known |= self.flags
        if flags & ~known:
            return XDP_ABORTED
        return XDP_REDIRECT if flags & F_BROADCAST else flags & ACTION_MASK


class DevMap(RedirectMap):
    """Devices; a packet may go to all of them."""

    flags = F_BROADCAST | F_EXCLUDE_INGRESS
