"""Maps of the real kernel: create, fill, freeze, look up, walk."""

from __future__ import annotations

import errno
import os
import string
from struct import Struct
from typing import TYPE_CHECKING

from dtrace.backend.base import KernelError
from dtrace.backend.linux import syscall
from dtrace.backend.linux.syscall import Memory, explain
from emu.kernel.enums import MapType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.prog import MapDef

# The parts of union bpf_attr.  CREATE: type, key size, value size, entries, flags, inner map fd,
# numa node, name.  ELEM: fd, pad, key, value or next key, flags.  BATCH: in batch, out batch, keys,
# values, count, fd, element flags, flags.
_CREATE = Struct("<IIIIIII16s")
_ELEM = Struct("<IIQQQ")
_BATCH = Struct("<QQQQIIQQ")
_FREEZE = Struct("<I")
_U32 = Struct("<I")
_BATCH_COUNT_AT = 32  # offset of `count`, which the kernel writes

PER_CPU = frozenset(
    (
        MapType.PERCPU_HASH,
        MapType.PERCPU_ARRAY,
        MapType.LRU_PERCPU_HASH,
        MapType.PERCPU_CGROUP_STORAGE,
    )
)
# Kinds that BPF_MAP_LOOKUP_BATCH walks: array and hash since 5.6 (cb4d03ab499d, 057996380a42),
# their per-CPU forms since 5.13 (f008d732ab18).  A kernel that has it not says EINVAL or ENOTSUPP.
_BATCHED = frozenset(
    (
        MapType.HASH,
        MapType.ARRAY,
        MapType.LRU_HASH,
        MapType.PERCPU_HASH,
        MapType.PERCPU_ARRAY,
        MapType.LRU_PERCPU_HASH,
    )
)
_BATCH_ROWS = 1024
_BATCH_BYTES = 1 << 20
_NAME_CHARACTERS = frozenset(string.ascii_letters + string.digits + "_.")


def kernel_name(name: str) -> bytes:
    """`name` as the kernel takes it: 15 bytes of letters, digits, `_` and `.`.

    Source: bpf_obj_name_cpy(), kernel/bpf/syscall.c; the dot is of 5.1 and so is left out.
    """
    return "".join(c if c in _NAME_CHARACTERS and c != "." else "_" for c in name)[:15].encode()


class LinuxMap:
    """A map of the kernel's, by its file descriptor.  Implements backend.base.Map."""

    def __init__(self, definition: MapDef, cpus: int) -> None:
        """Create the map and store `definition.init`.  cpus: the number of possible CPUs."""
        self.definition = definition
        self._per_cpu = definition.type in PER_CPU
        self.value_size = (
            (definition.value_size + 7 & ~7) * cpus if self._per_cpu else definition.value_size
        )
        self._batched = definition.type in _BATCHED
        self.fd = -1
        try:
            self.fd = _create(definition, cpus)
            self._key = Memory(definition.key_size)
            self._value = Memory(self.value_size)
            for key, value in definition.init:
                self.update(key, value)
            if definition.frozen:
                syscall.bpf_attr(syscall.MAP_FREEZE, _FREEZE, self.fd)
        except OSError as error:
            self.close()
            raise explain(error, f"cannot create map {definition.name}") from None
        except BaseException:
            self.close()
            raise

    def lookup(self, key: bytes) -> bytes | None:
        """The value at `key`, or None."""
        self._key.raw = self._whole_key(key)
        return self._value.raw if self._elem(syscall.MAP_LOOKUP_ELEM) else None

    def update(self, key: bytes, value: bytes) -> None:
        """Store `value` at `key`.  A per-CPU kind takes all CPUs' values, or one for all."""
        definition = self.definition
        if self._per_cpu and len(value) == definition.value_size != self.value_size:
            padded = value.ljust(definition.value_size + 7 & ~7, b"\0")
            value = padded * (self.value_size // len(padded))
        if len(value) != self.value_size:
            raise KernelError(
                f"map {definition.name}: value of {len(value)} bytes, {self.value_size} expected"
            )
        self._key.raw = self._whole_key(key)
        self._value.raw = value
        if not self._elem(syscall.MAP_UPDATE_ELEM):
            raise KernelError(f"map {definition.name}: no such element")

    def delete(self, key: bytes) -> None:
        """Remove `key`; nothing happens where it is not there."""
        self._key.raw = self._whole_key(key)
        self._elem(syscall.MAP_DELETE_ELEM)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """(key, value) of every element, read as the map changes: each element at most once."""
        if self._batched:
            found = self._items_batched()
            if found is not None:
                return iter(found.items())
            self._batched = False
        return self._items_one_by_one()

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _whole_key(self, key: bytes) -> bytes:
        if len(key) != self.definition.key_size:
            raise KernelError(
                f"map {self.definition.name}: key of {len(key)} bytes, "
                f"{self.definition.key_size} expected"
            )
        return key

    # One of the element commands on the key and value buffers; False where the key is not there.
    def _elem(self, command: int) -> bool:
        try:
            # Fields that a command does not use must be 0.
            value = 0 if command == syscall.MAP_DELETE_ELEM else self._value.address
            syscall.bpf_attr(command, _ELEM, self.fd, 0, self._key.address, value, 0)
        except OSError as error:
            if error.errno == errno.ENOENT:
                return False
            raise explain(error, f"map {self.definition.name}") from None
        return True

    # All elements by BPF_MAP_LOOKUP_BATCH, or None where this kernel does not know it.
    def _items_batched(self) -> dict[bytes, bytes] | None:
        key_size, value_size = self.definition.key_size, self.value_size
        rows = max(1, min(_BATCH_ROWS, self.definition.max_entries, _BATCH_BYTES // value_size))
        found: dict[bytes, bytes] = {}
        position = Memory(max(key_size, 8))  # where the walk stands: a key or a bucket number
        started = done = False
        while not done:
            keys, values = Memory(rows * key_size), Memory(rows * value_size)
            attr = Memory(
                _BATCH.pack(
                    position.address if started else 0, position.address,
                    keys.address, values.address, rows, self.fd, 0, 0,
                )
            )  # fmt: skip
            try:
                syscall.bpf(syscall.MAP_LOOKUP_BATCH, attr, _BATCH.size)
            except OSError as error:
                if error.errno == errno.ENOSPC:  # one hash bucket holds more: once more, larger
                    rows *= 2
                    continue
                if error.errno != errno.ENOENT:  # ENOENT: that was the last batch
                    if not started and error.errno in (errno.EINVAL, syscall.ENOTSUPP):
                        return None
                    raise explain(error, f"map {self.definition.name}") from None
                done = True
            started = True
            (count,) = _U32.unpack_from(attr.raw, _BATCH_COUNT_AT)
            raw_keys, raw_values = keys.raw, values.raw
            for i in range(count):
                key = raw_keys[i * key_size : (i + 1) * key_size]
                found[key] = raw_values[i * value_size : (i + 1) * value_size]
        return found

    def _items_one_by_one(self) -> Iterator[tuple[bytes, bytes]]:
        seen: set[bytes] = set()
        key: bytes | None = None
        while (key := self._next_key(key)) is not None and key not in seen:
            # An element that goes while we walk sends the walk back to the start: stop at the
            # first key seen before, rather than go round.
            seen.add(key)
            value = self.lookup(key)
            if value is not None:
                yield key, value

    def _next_key(self, key: bytes | None) -> bytes | None:
        following = Memory(self.definition.key_size)
        if key is not None:
            self._key.raw = key
        try:
            syscall.bpf_attr(
                syscall.MAP_GET_NEXT_KEY, _ELEM, self.fd, 0,
                self._key.address if key is not None else 0, following.address, 0,
            )  # fmt: skip
        except OSError as error:
            if error.errno == errno.ENOENT:
                return None
            raise explain(error, f"map {self.definition.name}") from None
        return following.raw


def _create(definition: MapDef, cpus: int) -> int:
    # The kernel copies what it needs of the inner map and does not keep it.
    inner = LinuxMap(definition.inner, cpus) if definition.inner is not None else None
    try:
        return syscall.bpf_attr(
            syscall.MAP_CREATE, _CREATE,
            definition.type, definition.key_size, definition.value_size, definition.max_entries,
            definition.flags, inner.fd if inner else 0, 0, kernel_name(definition.name),
        )  # fmt: skip
    finally:
        if inner:
            inner.close()
