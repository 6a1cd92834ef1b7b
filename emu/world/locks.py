"""Locks of maps that an NMI finds held by what it interrupted.

A helper that changes a map holds a lock with interrupts off, so only an NMI can come in between.  A
program that runs there and wants the same lock must not wait for it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from emu.isa.table import by_name
from emu.kernel import helpers
from emu.kernel.enums import MapType
from emu.kernel.errno import EBUSY, EDEADLK
from emu.kernel.traits import Trait
from emu.vm.fault import Kind, VmFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from emu.kernel.profile import Kernel
    from emu.maps.base import Map
    from emu.vm.run import Host
    from emu.vm.stepper import Stepper

CALL = by_name["call"].code
_HASHES = frozenset(
    (
        MapType.HASH,
        MapType.PERCPU_HASH,
        MapType.LRU_HASH,
        MapType.LRU_PERCPU_HASH,
    )
)
_LISTS = frozenset((MapType.QUEUE, MapType.STACK))
_RINGS = frozenset((MapType.RINGBUF,))
# Helpers that take a map's lock: of which kinds.  The map is their first argument.
LOCKING: dict[int, frozenset[MapType]] = {
    helpers.by_name(name).id: kinds
    for name, kinds in (
        ("map_update_elem", _HASHES),
        ("map_delete_elem", _HASHES),
        ("map_push_elem", _LISTS),
        ("map_pop_elem", _LISTS),
        ("map_peek_elem", _LISTS),
        ("ringbuf_reserve", _RINGS),
        ("ringbuf_output", _RINGS),
    )
}


class Place(NamedTuple):
    """A lock: of a map, and of a hash that of a bucket."""

    map: Map
    bucket: bytes | None  # the key stands for its bucket; None: there is one lock

    def covers(self, key: bytes) -> bool:
        """Whether it is the lock for `key`.

        Which other keys share a bucket the kernel's random seed decides; here none do.
        """
        return self.bucket is None or key == self.bucket

    def is_tried(self, kernel: Kernel) -> bool:
        """Whether an NMI takes it only if it is free: queue_stack_maps.c, ringbuf.c."""
        hashes = self.map.definition.type in _HASHES
        return not hashes and not kernel.has(Trait.RESILIENT_MAP_LOCKS)


def wanted(host: Host, stepper: Stepper) -> Place | None:
    """The lock that the next step takes; None if it takes none."""
    insn = stepper.next_insn
    if insn is None or insn.code != CALL or insn.src:
        return None
    address, key = stepper.arguments[:2]
    found = host.maps.get(address)
    if found is None or found.definition.type not in LOCKING.get(insn.imm, ()):
        return None
    if found.definition.type in _HASHES and found.max_entries > 1:
        return Place(found, host.mem.peek(key, found.key_size))
    return Place(found, None)


@contextmanager
def refusing(kernel: Kernel, places: Sequence[Place]) -> Iterator[None]:
    """While it lasts, maps refuse what would have to wait for one of these locks."""
    hidden: list[tuple[Map, str]] = []
    for place in places:
        for name, answer in _answers(kernel, place).items():
            # On the instance, where it hides the method of the class, or that of another lock.
            setattr(place.map, name, answer)
            hidden.append((place.map, name))
    try:
        yield
    finally:
        for map_, name in hidden:
            vars(map_).pop(name, None)


def _answers(kernel: Kernel, place: Place) -> dict[str, Callable[..., int]]:
    """What the map's methods answer while the lock is held."""
    if place.map.definition.type in _RINGS:
        return {"reserve": lambda size: 0}
    if place.map.definition.type in _LISTS:
        return dict.fromkeys(("push", "pop", "peek"), lambda *args: -EBUSY)
    store, remove = place.map.store, place.map.remove

    def locked_store(key: bytes, value: bytes, flags: int, cpu: int) -> int:
        return _hash_error(kernel) if place.covers(key) else store(key, value, flags, cpu)

    def locked_remove(key: bytes) -> int:
        return _hash_error(kernel) if place.covers(key) else remove(key)

    return {"store": locked_store, "remove": locked_remove}


def _hash_error(kernel: Kernel) -> int:
    """What a hash answers whose bucket's lock the CPU holds: htab_lock_bucket().

    Raises VmFault on kernels that wait for it: that CPU is lost.
    """
    if kernel.has(Trait.RESILIENT_MAP_LOCKS):
        return -EDEADLK
    if kernel.has(Trait.HASH_LOCK_COUNTED):
        return -EBUSY
    raise VmFault(Kind.ENDLESS, "it waits for a bucket's lock that its own CPU holds")
