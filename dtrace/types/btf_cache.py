"""The running kernel's BTF, with its index kept between runs.

The file holds a header (magic, version, sizes of the BTF's sections, number of types, checksum)
and the index's two arrays.  It is named after the kernel's build id, written whole under another
name and then renamed; whatever does not fit is made anew without a word: a cache is never an error.
"""

from __future__ import annotations

import contextlib
import mmap
import os
from array import array
from struct import Struct, error
from zlib import crc32

from dtrace.types.btf import Btf
from emu.btf import BtfError, Index

VMLINUX = "/sys/kernel/btf/vmlinux"
_NOTES = "/sys/kernel/notes"
_NOTE = Struct("<III")  # sizes of name and contents, type
_NT_GNU_BUILD_ID = 3

_HEADER = Struct("<8sIIII")  # magic, version, BTF's crc32 of its header and length, types, checksum
_MAGIC = b"dtbtfidx"
_VERSION = 1


def vmlinux() -> Btf:
    """The running kernel's BTF.  Raises BtfError where it has none."""
    data = read_blob(VMLINUX)
    build_id = kernel_build_id()
    path = f"{_folder()}/btf-{build_id}.index" if build_id else ""
    index = load(path, data) if path else None
    btf = Btf(data, index)
    if path and index is None:
        store(path, data, btf.index)
    return btf


def read_blob(path: str) -> bytes | mmap.mmap:
    """A BTF file's content: mapped where the kernel allows that (Linux 6.16), else read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as err:
        raise BtfError(
            f"{path}: {err.strerror}: the kernel must be built with CONFIG_DEBUG_INFO_BTF"
        ) from None
    try:
        size = os.fstat(fd).st_size
        with contextlib.suppress(OSError, ValueError):
            return mmap.mmap(fd, size, mmap.MAP_PRIVATE, mmap.PROT_READ)
        with open(fd, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(fd)


def kernel_build_id() -> str:
    """The running kernel's build id as hexadecimal digits; "" where it has none."""
    try:
        with open(_NOTES, "rb") as file:
            notes = file.read()
        at = 0
        while at < len(notes):
            name_size, size, kind = _NOTE.unpack_from(notes, at)
            name_at = at + _NOTE.size
            content_at = name_at + (name_size + 3 & ~3)
            if kind == _NT_GNU_BUILD_ID and notes[name_at : name_at + name_size] == b"GNU\0":
                return notes[content_at : content_at + size].hex()
            at = content_at + (size + 3 & ~3)
    except (OSError, error):
        pass
    return ""


def load(path: str, data: bytes | mmap.mmap) -> Index | None:
    """The index of `data` kept in a file, or None where there is none that is whole and fits."""
    try:
        with open(path, "rb") as file:
            content = file.read()
        magic, version, identity, types, checksum = _HEADER.unpack_from(content)
    except (OSError, error):
        return None
    body = memoryview(content)[_HEADER.size :]
    if (magic, version, identity) != (_MAGIC, _VERSION, _identity(data)):
        return None
    if len(body) != 8 * types or crc32(body) != checksum:
        return None
    offsets, names = array("I"), array("I")
    offsets.frombytes(body[: 4 * types])
    names.frombytes(body[4 * types :])
    return Index(offsets, names)


def store(path: str, data: bytes | mmap.mmap, index: Index) -> None:
    """Keep the index of `data` in a file.  Nothing happens where it cannot be written."""
    body = index.offsets.tobytes() + index.names.tobytes()
    header = _HEADER.pack(_MAGIC, _VERSION, _identity(data), len(index.offsets), crc32(body))
    # Each writer has a name of its own; the last rename wins, with equal content.
    temporary = f"{path}.{os.getpid()}.{os.urandom(4).hex()}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        try:
            with open(temporary, "xb") as file:
                file.write(header + body)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError:
        pass


def _identity(data: bytes | mmap.mmap) -> int:
    # The header holds the sizes of both sections.
    return crc32(data[:24], len(data))


def _folder() -> str:
    import platformdirs

    return platformdirs.user_cache_dir("dtrace-bpf", appauthor=False)
