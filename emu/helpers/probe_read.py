"""Helpers that read memory which may not be there: kernel/trace/bpf_trace.c, mm/maccess.c.

They return 0, or the length of the string with its NUL.  Where memory cannot be read it is -EFAULT,
and the destination is zero.  A string that is too long is cut and ended by a NUL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers.registry import helper
from emu.kernel.errno import EFAULT, EPERM
from emu.vm.mem import USER_END

if TYPE_CHECKING:
    from emu.vm.mem import AddressSpace
    from emu.vm.run import Run, UserMemory


@helper("probe_read_kernel")
def probe_read_kernel(run: Run, dst: int, size: int, src: int) -> int:
    return _read(run, dst, size, run.mem.peek(src, size))


@helper("probe_read_user", "copy_from_user")
def probe_read_user(run: Run, dst: int, size: int, src: int) -> int:
    return _read(run, dst, size, run.task.user.peek(src, size))


@helper("probe_read")
def probe_read(run: Run, dst: int, size: int, src: int) -> int:
    """Kernel or user memory, as the address says: bpf_probe_read_compat()."""
    data = run.task.user.peek(src, size) if src < USER_END else run.mem.peek(src, size)
    return _read(run, dst, size, data)


@helper("probe_read_kernel_str")
def probe_read_kernel_str(run: Run, dst: int, size: int, src: int) -> int:
    return _read_string(run, dst, size, src, run.mem)


@helper("probe_read_user_str")
def probe_read_user_str(run: Run, dst: int, size: int, src: int) -> int:
    return _read_string(run, dst, size, src, run.task.user)


@helper("probe_read_str")
def probe_read_str(run: Run, dst: int, size: int, src: int) -> int:
    """Kernel or user memory, as the address says: bpf_probe_read_compat_str()."""
    return _read_string(run, dst, size, src, run.task.user if src < USER_END else run.mem)


@helper("probe_write_user")
def probe_write_user(run: Run, dst: int, src: int, size: int) -> int:
    return 0 if run.task.user.poke(dst, run.mem.read(src, size)) else -EPERM


def _read(run: Run, dst: int, size: int, data: bytes | None) -> int:
    if data is None:
        run.mem.clear(dst, size)
        return -EFAULT
    run.mem.write(dst, data)
    return 0


def _read_string(run: Run, dst: int, size: int, src: int, memory: AddressSpace | UserMemory) -> int:
    if not size:
        return 0
    text = memory.peek_string(src, size - 1)
    if text is None:
        run.mem.clear(dst, size)
        return -EFAULT
    run.mem.write(dst, text + b"\0")
    return len(text) + 1
