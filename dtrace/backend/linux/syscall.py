"""bpf(2), perf_event_open(2) and ptrace(2): the system calls that Python has no function for.

Structures are those of include/uapi/linux/{bpf,perf_event}.h, packed by `struct`.  A failing call
raises OSError; `explain()` turns that into a KernelError with cause and cure.
"""

from __future__ import annotations

import ctypes
import errno
import os
from struct import Struct

from dtrace.backend.base import KernelError

_NUMBERS = {  # machine: (bpf, perf_event_open), asm/unistd.h
    "x86_64": (321, 298),
    "aarch64": (280, 241),
    "riscv64": (280, 241),
    "loongarch64": (280, 241),
    "ppc64le": (361, 319),
    "s390x": (351, 331),
}

# enum bpf_cmd
MAP_CREATE = 0
MAP_LOOKUP_ELEM = 1
MAP_UPDATE_ELEM = 2
MAP_DELETE_ELEM = 3
MAP_GET_NEXT_KEY = 4
PROG_LOAD = 5
PROG_TEST_RUN = 10
RAW_TRACEPOINT_OPEN = 17
BTF_LOAD = 18
MAP_FREEZE = 22
MAP_LOOKUP_BATCH = 24

# enum perf_type_id, perf_sw_ids and perf_event_sample_format
PERF_TYPE_SOFTWARE = 1
PERF_TYPE_TRACEPOINT = 2
PERF_COUNT_SW_CPU_CLOCK = 0
PERF_COUNT_SW_BPF_OUTPUT = 10
PERF_SAMPLE_TIME = 1 << 2
PERF_SAMPLE_RAW = 1 << 10
PERF_FORMAT_LOST = 1 << 4
PERF_FLAG_FD_CLOEXEC = 8
# Bits of struct perf_event_attr's flag word.
ATTR_DISABLED = 1 << 0
ATTR_WATERMARK = 1 << 14
ATTR_USE_CLOCKID = 1 << 25
# ioctls: _IO('$', 0) and _IOW('$', 8, __u32)
PERF_EVENT_IOC_ENABLE = 0x2400
PERF_EVENT_IOC_SET_BPF = 0x40042408

ENOTSUPP = 524  # the kernel's own, not in errno: an operation that a map kind does not have

PTRACE_TRACEME = 0
PTRACE_CONT = 7
PTRACE_DETACH = 17
PTRACE_SETOPTIONS = 0x4200
PTRACE_O_EXITKILL = 1 << 20

# struct perf_event_attr up to sample_max_stack (PERF_ATTR_SIZE_VER5, Linux 4.8): type, size,
# config, sample_period, sample_type, read_format, flags, wakeup, bp_type, config1, config2,
# branch_sample_type, sample_regs_user, sample_stack_user, clockid, sample_regs_intr,
# aux_watermark, sample_max_stack, reserved.
_PERF_ATTR = Struct("<IIQQQQQIIQQQQIiQIHH")

_libc = ctypes.CDLL(None, use_errno=True)
_syscall = _libc.syscall
_syscall.restype = ctypes.c_long
# void *mmap(void *, size_t, int, int, int, off_t): Python's own mmap hides the address of a page
# that cannot be written.
_mmap = _libc.mmap
_mmap.restype = ctypes.c_void_p
_mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long)
_munmap = _libc.munmap
_munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
_PROT_READ_EXEC = 1 | 4
_MAP_PRIVATE = 2
_MAP_FAILED = ctypes.c_void_p(-1).value
_ONE_PAGE = 1  # byte: the kernel rounds up

_ptrace = _libc.ptrace
_ptrace.restype = ctypes.c_long
_ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)


class Memory:
    """Bytes that a system call reads or writes: `.raw` to Python, `.address` to the kernel."""

    __slots__ = ("_buffer", "address")

    def __init__(self, content: bytes | int) -> None:
        """A copy of `content`, or that many zero bytes."""
        size = content if isinstance(content, int) else len(content)
        self._buffer = (ctypes.c_char * size)()
        if not isinstance(content, int):
            self._buffer.raw = content
        self.address = ctypes.addressof(self._buffer)

    @property
    def raw(self) -> bytes:
        return self._buffer.raw

    @raw.setter
    def raw(self, content: bytes) -> None:
        # ctypes refuses content that is longer than the buffer.
        self._buffer.raw = content


def _number(index: int) -> int:
    machine = os.uname().machine
    numbers = _NUMBERS.get(machine)
    if numbers is None:
        raise KernelError(f"machine {machine} is not supported by the kernel backend")
    return numbers[index]


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, _strerror(number))
    return result


def _strerror(number: int) -> str:
    return (
        "Operation not supported by this kind of map" if number == ENOTSUPP else os.strerror(number)
    )


def bpf(command: int, attr: Memory, size: int) -> int:
    """bpf(2); `size` is that of `attr` in bytes.  Bytes that a kernel does not know must be 0."""
    return _checked(
        _syscall(
            ctypes.c_long(_number(0)),
            ctypes.c_int(command),
            ctypes.c_void_p(attr.address),
            ctypes.c_uint(size),
        )
    )


def bpf_attr(command: int, layout: Struct, *fields: int | bytes) -> int:
    """bpf(2) with the fields of a command's part of union bpf_attr."""
    return bpf(command, Memory(layout.pack(*fields)), layout.size)


def perf_event_open(
    type: int,
    config: int,
    *,
    pid: int = -1,
    cpu: int = -1,
    period: int = 0,
    sample_type: int = 0,
    read_format: int = 0,
    flags: int = 0,
    wakeup: int = 0,
    config1: int = 0,
    config2: int = 0,
    clock: int = 0,
) -> int:
    """The file descriptor of a new perf event; close-on-exec.

    period: sample_period (not a frequency).  wakeup: wakeup_events, or bytes with ATTR_WATERMARK.
    """
    attr = Memory(
        _PERF_ATTR.pack(
            type, _PERF_ATTR.size, config, period, sample_type, read_format, flags, wakeup, 0,
            config1, config2, 0, 0, 0, clock, 0, 0, 0, 0,
        )
    )  # fmt: skip
    return _checked(
        _syscall(
            ctypes.c_long(_number(1)),
            ctypes.c_void_p(attr.address),
            ctypes.c_int(pid),
            ctypes.c_int(cpu),
            ctypes.c_int(-1),
            ctypes.c_ulong(PERF_FLAG_FD_CLOEXEC),
        )
    )


def ptrace(request: int, pid: int, data: int = 0) -> None:
    """ptrace(2) of a child of our own."""
    _checked(_ptrace(request, pid, None, data))


def map_code(fd: int) -> int:
    """The address of a private, executable mapping of the first page of a file."""
    address: int | None = _mmap(None, _ONE_PAGE, _PROT_READ_EXEC, _MAP_PRIVATE, fd, 0)
    if address is None or address == _MAP_FAILED:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return address


def unmap_code(address: int) -> None:
    """Undo map_code()."""
    _munmap(address, _ONE_PAGE)


def call(address: int) -> None:
    """Call the function `void f(void)` at `address`."""
    ctypes.CFUNCTYPE(None)(address)()


def explain(error: OSError, what: str) -> KernelError:
    """A KernelError that says what failed, why, and what helps."""
    if error.errno in (errno.EPERM, errno.EACCES):
        from dtrace.backend.linux.caps import why_not_permitted

        return KernelError(f"{what}: {error.strerror}: {why_not_permitted()}")
    if error.errno == errno.ENOSYS:
        return KernelError(
            f"{what}: {error.strerror}: this kernel was built without CONFIG_BPF_SYSCALL or "
            "CONFIG_PERF_EVENTS, or a sandbox hides them"
        )
    if error.errno == errno.ENOMEM:
        return KernelError(f"{what}: {error.strerror}: choose smaller buffers (-b, -x aggsize)")
    if error.errno == errno.EMFILE:
        return KernelError(f"{what}: {error.strerror}: raise the limit with `ulimit -n`")
    return KernelError(f"{what}: {error.strerror}")
