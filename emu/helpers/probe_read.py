"""Helpers that read memory which may not be there: kernel/trace/bpf_trace.c, mm/maccess.c.

They return 0, or the length of the string with its NUL.  Where memory cannot be read it is -EFAULT,
and the destination is zero; -ERANGE where an address cannot be one of the kernel's.  A string that
is too long is cut and ended by a NUL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers.registry import helper
from emu.kernel.errno import EFAULT, EPERM, ERANGE
from emu.kernel.traits import Trait
from emu.vm.mem import USER_END

if TYPE_CHECKING:
    from emu.vm.run import Run

PAGE = 4096
TASK_SIZE = USER_END - PAGE
KERNEL_START = (1 << 64) - USER_END  # the first canonical address that is not the user's
WORD = 8  # bytes
VSYSCALL = 0xFFFF_FFFF_FF60_0000


@helper("probe_read_kernel")
def probe_read_kernel(run: Run, dst: int, size: int, src: int) -> int:
    data = run.mem.peek(src, size)
    if data is None:
        return _unreadable(run, dst, size, src)
    run.mem.write(dst, data)
    return 0


@helper("probe_read_user", "copy_from_user")
def probe_read_user(run: Run, dst: int, size: int, src: int) -> int:
    if not size:
        return 0 if src <= TASK_SIZE else -EFAULT
    data = run.task.user.peek(src, size)
    if data is None:
        run.mem.clear(dst, size)
        return -EFAULT
    run.mem.write(dst, data)
    return 0


@helper("probe_read")
def probe_read(run: Run, dst: int, size: int, src: int) -> int:
    """Kernel or user memory, as the address says: bpf_probe_read_compat()."""
    if src < TASK_SIZE:
        return probe_read_user(run, dst, size, src)
    return probe_read_kernel(run, dst, size, src)


@helper("probe_read_kernel_str")
def probe_read_kernel_str(run: Run, dst: int, size: int, src: int) -> int:
    if not size:
        return 0
    text = run.mem.peek_string(src, size - 1)
    if text is None:
        return _unreadable(run, dst, size, src)
    run.mem.write(dst, text + b"\0")
    return len(text) + 1


@helper("probe_read_user_str")
def probe_read_user_str(run: Run, dst: int, size: int, src: int) -> int:
    result, stored = user_string(run, size, src)
    if result < 0:
        run.mem.clear(dst, size)
    else:
        run.mem.write(dst, stored)
    return result


@helper("probe_read_str")
def probe_read_str(run: Run, dst: int, size: int, src: int) -> int:
    """Kernel or user memory, as the address says: bpf_probe_read_compat_str()."""
    if src < TASK_SIZE:
        return probe_read_user_str(run, dst, size, src)
    return probe_read_kernel_str(run, dst, size, src)


@helper("probe_write_user")
def probe_write_user(run: Run, dst: int, src: int, size: int) -> int:
    return 0 if run.task.user.poke(dst, run.mem.read(src, size)) else -EPERM


def user_string(run: Run, size: int, src: int) -> tuple[int, bytes]:
    """What reading a user's string returns, and what is stored: strncpy_from_user_nofault().

    Words are copied whole, so that zeros follow a string that ends in one.
    """
    if not size:
        return 0, b""
    text = run.task.user.peek_string(src, size)
    if text is None:
        return -EFAULT, b""
    if len(text) == size:
        return size, text[:-1] + b"\0"
    length = len(text) + 1
    padded = -(-length // WORD) * WORD
    if not text and run.host.kernel.has(Trait.USER_STR_EMPTY_0):
        length = 0
    return length, text.ljust(padded if padded <= size else len(text) + 1, b"\0")


def _unreadable(run: Run, dst: int, size: int, src: int) -> int:
    """What a read of kernel memory that is not there returns; the destination becomes zero."""
    run.mem.clear(dst, size)
    return kernel_error(run, size, src)


def kernel_error(run: Run, size: int, src: int) -> int:
    """What copy_from_kernel_nofault() returns where nothing can be read."""
    if not is_kernel_address(run, src):
        return -ERANGE
    return -EFAULT if size else 0


def is_kernel_address(run: Run, address: int) -> bool:
    """copy_from_kernel_nofault_allowed() of x86."""
    if VSYSCALL <= address < VSYSCALL + PAGE:
        return not run.host.kernel.has(Trait.VSYSCALL_NOT_READ)
    return address >= KERNEL_START
