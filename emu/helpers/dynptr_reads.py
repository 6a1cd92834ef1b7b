"""Kernel functions that read memory which may not be there into dynptrs: kernel/trace/bpf_trace.c.

They return 0, or the length of the string with its NUL, or an errno.  Where memory cannot be read
they leave the destination alone, other than the helpers of emu.helpers.probe_read; in a kernel some
bytes may have been copied before, or come from nowhere.

What they return is an int, and the upper half of the register is what compiled code leaves there:
the sign of an errno that a read gave, zeros otherwise, as measured on 6.18.44 and 7.2.13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers import dynptr
from emu.helpers.dynptr import U32
from emu.helpers.dynptr_functions import PIECE, writable_slice_of
from emu.helpers.probe_read import TASK_SIZE, kernel_error, user_string
from emu.helpers.registry import kernel_function
from emu.kernel.errno import E2BIG, EFAULT

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.helpers.dynptr import Dynptr
    from emu.vm.run import Run

    # (run, source, size) -> the result, and what the destination gets.
    Read = Callable[[Run, int, int], tuple[int, bytes]]
    # (run, destination, offset, size, source, read) -> the result
    Pieces = Callable[[Run, Dynptr, int, int, int, Read], int]


@kernel_function("bpf_probe_read_kernel_dynptr")
def bpf_probe_read_kernel_dynptr(run: Run, ptr: int, offset: int, size: int, src: int) -> int:
    return _copy(run, ptr, offset, size, src, _from_kernel, _bytes)


@kernel_function("bpf_probe_read_user_dynptr")
def bpf_probe_read_user_dynptr(run: Run, ptr: int, offset: int, size: int, src: int) -> int:
    return _copy(run, ptr, offset, size, src, _from_user, _bytes)


@kernel_function("bpf_probe_read_kernel_str_dynptr")
def bpf_probe_read_kernel_str_dynptr(run: Run, ptr: int, offset: int, size: int, src: int) -> int:
    return _copy(run, ptr, offset, size, src, _kernel_string, _string)


@kernel_function("bpf_probe_read_user_str_dynptr")
def bpf_probe_read_user_str_dynptr(run: Run, ptr: int, offset: int, size: int, src: int) -> int:
    return _copy(run, ptr, offset, size, src, _user_string, _string)


def _copy(
    run: Run, ptr: int, offset: int, size: int, src: int, read: Read, in_pieces: Pieces
) -> int:
    """Read all of it at once where the dynptr's memory is in one place."""
    offset, size = dynptr.number(run, offset), dynptr.number(run, size)
    to = dynptr.at(run, ptr)
    place = writable_slice_of(run, to, offset, 0, size)
    if place:
        result, data = read(run, src, size)
        run.mem.write(place, data)
        return result
    if not to.holds(offset, size):
        return -E2BIG & U32
    return in_pieces(run, to, offset, size, src, read)


def _bytes(run: Run, to: Dynptr, offset: int, size: int, src: int, read: Read) -> int:
    """__bpf_dynptr_copy()"""
    for at in range(0, size, PIECE):
        error, data = read(run, src + at, min(PIECE, size - at))
        error = error or dynptr.store(run, to, offset + at, data) & U32
        if error:
            return error
    return 0


def _string(run: Run, to: Dynptr, offset: int, size: int, src: int, read: Read) -> int:
    """__bpf_dynptr_copy_str(): the NUL of a piece is where the next begins."""
    at = 0
    while at < size:
        piece = min(PIECE, size - at)
        length, data = read(run, src + at, piece)
        if length < 0:
            return length
        error = dynptr.store(run, to, offset + at, data[:length])
        if error:
            return error & U32
        if length < piece or piece == 1:
            return at + length
        at += piece - 1
    return at


def _from_kernel(run: Run, src: int, size: int) -> tuple[int, bytes]:
    data = run.mem.peek(src, size)
    return (kernel_error(run, size, src), b"") if data is None else (0, data)


def _from_user(run: Run, src: int, size: int) -> tuple[int, bytes]:
    data = run.task.user.peek(src, size) if size else b""
    if data is None or src > TASK_SIZE - size:
        return -EFAULT, b""
    return 0, data


def _kernel_string(run: Run, src: int, size: int) -> tuple[int, bytes]:
    if not size:
        return 0, b""
    text = run.mem.peek_string(src, size - 1)
    if text is not None:
        return len(text) + 1, text + b"\0"
    error = kernel_error(run, size, src)
    return error, b"\0" if error == -EFAULT else b""


def _user_string(run: Run, src: int, size: int) -> tuple[int, bytes]:
    return user_string(run, size, src)
