"""Map: what all kinds share.

A map has two faces.  Programs see addresses: find() gives the address of an element's value, which
stays valid until the map is gone.  User space sees copies: read(), write().  Errors are negative
errnos, as the kernel's functions return them; MapError is what BPF_MAP_CREATE refuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.enums import EXIST, F_RDONLY_PROG, NOEXIST
from emu.kernel.errno import EINVAL, ENOTSUPP, EPERM
from emu.vm.fault import Kind, VmFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.kernel.profile import Kernel
    from emu.prog import MapDef
    from emu.vm.mem import AddressSpace

ALIGN = 8  # values lie at multiples of 8 bytes
REGION = 1 << 32  # bytes that a map can have for its values


class MapError(Exception):
    """A map that cannot be created.  errno: as bpf(2) would return it."""

    def __init__(self, errno: int, reason: str) -> None:
        super().__init__(reason)
        self.errno = errno


class Map:
    """One map.  A kind overrides what it supports; the rest answers as the kernel does.

    definition: its sizes in bytes, its number of entries, its flags.
    address: of its struct bpf_map, which programs hold and cannot read.
    cpus: possible CPUs, the number of values of an element of a per-CPU kind.
    """

    per_cpu = False

    def __init__(self, definition: MapDef, mem: AddressSpace, cpus: int) -> None:
        self.definition = definition
        self.mem = mem
        self.cpus = cpus
        self.key_size = definition.key_size
        self.value_size = definition.value_size
        self.max_entries = definition.max_entries
        self.stride = round_up(definition.value_size)
        self.frozen = definition.frozen
        self.address = mem.reserve()

    def adapt(self, kernel: Kernel) -> None:
        """Behave as the maps of that release do, where releases differ."""

    # What programs do

    def find(self, key: bytes, cpu: int) -> int:
        """Address of the value for `key` on `cpu`, or 0."""
        return 0

    def store(self, key: bytes, value: bytes, flags: int, cpu: int) -> int:
        """bpf_map_update_elem() on `cpu`: 0 or a negative errno."""
        return -ENOTSUPP

    def remove(self, key: bytes) -> int:
        """bpf_map_delete_elem(): 0 or a negative errno."""
        return -ENOTSUPP

    def direct(self, offset: int) -> int:
        """Address of byte `offset` of the first value: what ld_imm64 of a map value holds.

        Raises VmFault for kinds without.
        """
        raise VmFault(Kind.INSN, f"{self.definition.name}: no direct access to values")

    def push(self, value: bytes, flags: int) -> int:
        """bpf_map_push_elem(): 0 or a negative errno."""
        return -ENOTSUPP

    def pop(self) -> bytes | int:
        """bpf_map_pop_elem(): the element taken, or a negative errno."""
        return -ENOTSUPP

    def peek(self) -> bytes | int:
        """bpf_map_peek_elem(): the element that pop() would take, or a negative errno."""
        return -ENOTSUPP

    def test(self, value: bytes) -> int:
        """bpf_map_peek_elem() of a set: 0 if `value` may be in it, or -ENOENT."""
        return -ENOTSUPP

    def redirect(self, kernel: Kernel, flags: int) -> int:
        """bpf_redirect_map(): the action that the program is to return."""
        raise VmFault(Kind.HELPER, f"{self.definition.name} has no targets of redirections")

    # What user space does

    def read(self, key: bytes) -> bytes | None:
        """The value for `key`: of per-CPU kinds the values of all CPUs, each rounded up to 8."""
        return None

    def write(self, key: bytes, value: bytes, flags: int = 0) -> int:
        """BPF_MAP_UPDATE_ELEM: 0 or a negative errno.

        value: as read() returns it; of per-CPU kinds also one value, for all CPUs.
        """
        if self.frozen:
            return -EPERM
        if self.per_cpu and len(value) == self.value_size:
            value = value.ljust(self.stride, b"\0") * self.cpus
        if len(key) != self.key_size or len(value) != self.size_for_user():
            return -EINVAL
        return self.put(key, value, flags)

    def walk(self) -> Iterator[bytes]:
        """The keys of all elements that are there when it is called."""
        return iter(())

    # For the kinds

    def put(self, key: bytes, value: bytes, flags: int) -> int:
        """What write() does once the sizes are known to be right."""
        return -ENOTSUPP

    def size_for_user(self) -> int:
        """Bytes of a value in read() and write()."""
        return self.stride * self.cpus if self.per_cpu else self.value_size

    def region(self, data: bytearray, area: int) -> int:
        """Make `data` part of the address space, read-only if the map's flags say so."""
        return self.mem.add(data, area, writable=not self.definition.flags & F_RDONLY_PROG)


def round_up(size: int) -> int:
    """`size` rounded up to the alignment of values."""
    return -(-size // ALIGN) * ALIGN


def check_sizes(definition: MapDef, *, value_is_needed: bool = True) -> None:
    """Raise MapError(EINVAL) where a size is 0 that no kind allows to be."""
    if definition.max_entries <= 0:
        raise MapError(EINVAL, "max_entries is 0")
    if definition.key_size <= 0:
        raise MapError(EINVAL, "key_size is 0")
    if value_is_needed and definition.value_size <= 0:
        raise MapError(EINVAL, "value_size is 0")


def wrong_flags(flags: int) -> bool:
    """Whether an update's flags are none of BPF_ANY, BPF_NOEXIST, BPF_EXIST."""
    return not 0 <= flags <= max(NOEXIST, EXIST)
