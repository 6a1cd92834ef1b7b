"""Output buffers: one perf ring per CPU, read in the order of time.

A ring wakes its reader when it is an eighth full, never for a single record: a wake-up costs the
traced process an interrupt, microseconds where the record itself costs a fraction of one.  Who
wants records sooner reads on a timer.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import mmap
import os
import select
import time
from _thread import allocate_lock
from operator import itemgetter
from struct import Struct, error
from typing import TYPE_CHECKING

from dtrace.backend.base import KernelError, Sample, ring_size
from dtrace.backend.linux import syscall
from dtrace.backend.linux.syscall import explain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtrace.backend.linux.maps import LinuxMap

# struct perf_event_mmap_page: offsets of data_head and data_tail.
_HEAD_AT = 1024
_TAIL_AT = 1032
_RECORD_LOST = 2  # PERF_RECORD_LOST
_RECORD_SAMPLE = 9  # PERF_RECORD_SAMPLE
# struct perf_event_header, then PERF_SAMPLE_TIME and PERF_SAMPLE_RAW: type, misc, size; time, size
# of the data.  The data is filled up so that its size plus 4 is a multiple of 8.
_SAMPLE = Struct("<IHHQI")
_HEADER = Struct("<IHH")
_LOST = Struct("<QQ")  # after the header: event id, records lost
_COUNTERS = Struct("<QQ")  # read(2) of an event with PERF_FORMAT_LOST: value, lost
_U32 = Struct("<I")
_WAKEUPS_PER_RING = 8

_time_of = itemgetter(1)  # Sample.time, faster than by name


def parse(chunk: bytes, cpu: int, samples: list[Sample]) -> int:
    """Append the samples of `chunk`, whole records one after the other; return how many records
    the kernel says it lost."""
    lost = 0
    at, end = 0, len(chunk)
    unpack, append, width = _SAMPLE.unpack_from, samples.append, _SAMPLE.size
    try:
        while at < end:
            if chunk[at] == _RECORD_SAMPLE:
                _, _, size, when, length = unpack(chunk, at)
                start = at + width
                append(Sample(cpu, when, chunk[start : start + length]))
            else:
                kind, _, size = _HEADER.unpack_from(chunk, at)
                if kind == _RECORD_LOST:
                    lost += _LOST.unpack_from(chunk, at + _HEADER.size)[1]
            if size < _HEADER.size:
                raise KernelError(f"perf buffer of CPU {cpu} is damaged: a record of {size} bytes")
            at += size
    except error:
        raise KernelError(f"perf buffer of CPU {cpu} is damaged: a record is cut off") from None
    return lost


class Ring:
    """The mapped ring of one CPU's event."""

    __slots__ = ("_counts_lost", "_data", "_fence", "_head", "_map", "_mask", "_reported", "_tail",
                 "cpu", "fd", "lost")  # fmt: skip

    def __init__(self, cpu: int, size: int) -> None:
        """A ring of `size` bytes, a ring_size().  Raises OSError."""
        self.cpu = cpu
        self.lost = 0  # records lost since the ring was made
        self.fd, self._counts_lost = _open_event(cpu, size // _WAKEUPS_PER_RING)
        try:
            self._map = mmap.mmap(self.fd, mmap.PAGESIZE + size)
            fcntl.ioctl(self.fd, syscall.PERF_EVENT_IOC_ENABLE, 0)
        except BaseException:
            os.close(self.fd)
            raise
        self._mask = size - 1
        self._data = memoryview(self._map)[mmap.PAGESIZE :]
        # ctypes reads and writes a c_uint64 at once, as the protocol with the kernel needs.
        self._head = ctypes.c_uint64.from_buffer(self._map, _HEAD_AT)
        self._tail = ctypes.c_uint64.from_buffer(self._map, _TAIL_AT)
        self._fence = allocate_lock()
        self._fence.acquire()

    def take(self) -> bytes:
        """The whole records written so far, which the kernel may then overwrite."""
        head, tail = self._head.value, self._tail.value
        if head == tail:
            return b""
        # What was written before data_head is read after it, and all of it before data_tail is
        # written: perf_output_put_handle(), kernel/events/ring_buffer.c.  Releasing and taking a
        # lock orders memory on every CPU architecture.
        self._barrier()
        start, end = tail & self._mask, head & self._mask
        if start < end:
            chunk = bytes(self._data[start:end])
        else:
            chunk = b"".join((self._data[start:], self._data[:end]))
        self._barrier()
        self._tail.value = head
        return chunk

    def count_lost(self, in_records: int) -> None:
        """Bring `lost` up to date.  in_records: what PERF_RECORD_LOST said since the last time.

        The kernel writes that record before the next one that fits, so the last losses are only
        in its counter: 119a784c8127 ("perf/core: Add a new read format to get a number of lost
        samples") (in v6.0).
        """
        if self._counts_lost:
            self.lost = _COUNTERS.unpack(os.read(self.fd, _COUNTERS.size))[1]
        else:
            self.lost += in_records

    def _barrier(self) -> None:
        self._fence.release()
        self._fence.acquire()

    def close(self) -> None:
        if self.fd >= 0:
            # A mapping with views on it cannot be closed.
            self._data.release()
            del self._head, self._tail
            with contextlib.suppress(BufferError):
                self._map.close()
            os.close(self.fd)
            self.fd = -1


def _open_event(cpu: int, watermark: int) -> tuple[int, bool]:
    # The event, and whether it counts its losses.
    for read_format in (syscall.PERF_FORMAT_LOST, 0):
        try:
            fd = syscall.perf_event_open(
                syscall.PERF_TYPE_SOFTWARE,
                syscall.PERF_COUNT_SW_BPF_OUTPUT,
                cpu=cpu,
                period=1,
                sample_type=syscall.PERF_SAMPLE_TIME | syscall.PERF_SAMPLE_RAW,
                read_format=read_format,
                flags=syscall.ATTR_WATERMARK | syscall.ATTR_USE_CLOCKID,
                wakeup=watermark,
                clock=time.CLOCK_MONOTONIC,
            )
        except OSError:
            if not read_format:
                raise
        else:
            return fd, bool(read_format)
    raise AssertionError("unreachable")


class PerfBuffers:
    """The rings behind a perf event array.  Implements backend.base.Buffers."""

    def __init__(self, array: LinuxMap, size: int, cpus: Sequence[int]) -> None:
        """Give `array` a ring of at least `size` bytes for each of `cpus`; KernelError."""
        self.size = ring_size(size, mmap.PAGESIZE)
        self._rings: list[Ring] = []
        self._later: list[Sample] = []  # read, but written after the time that read() covers
        self._told: dict[int, int] = {}  # losses that lost() has returned, by CPU
        self._poll = select.epoll()
        try:
            for cpu in cpus:
                ring = Ring(cpu, self.size)
                self._rings.append(ring)
                array.update(_U32.pack(cpu), _U32.pack(ring.fd))
                self._poll.register(ring.fd, select.EPOLLIN)
        except OSError as err:
            self.close()
            raise explain(err, f"cannot make a buffer of {size} bytes for CPU {cpu}") from None
        except BaseException:
            self.close()
            raise

    def watch(self, fd: int) -> None:
        """Let wait() return once when `fd`, a process's pidfd, is readable; -1 is no pidfd."""
        if fd >= 0:
            self._poll.register(fd, select.EPOLLIN | select.EPOLLONESHOT)

    def wait(self, timeout: float) -> None:
        """Return when a ring is an eighth full or after `timeout` seconds."""
        self._poll.poll(timeout)

    def read(self) -> Sequence[Sample]:
        """All records written before the call, in order of time.

        Records written meanwhile are for the next call: a ring that was read early in this one
        may hold older ones by then.
        """
        until = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        samples, self._later = self._later, []
        for ring in self._rings:
            lost = parse(ring.take(), ring.cpu, samples)
            ring.count_lost(lost)
        samples.sort(key=_time_of)
        end = len(samples)
        while end and samples[end - 1].time > until:
            end -= 1
        self._later = samples[end:]
        del samples[end:]
        return samples

    def lost(self) -> dict[int, int]:
        """Records lost since the last call, by CPU; CPUs that lost none are left out.

        Up to date as of the last read().
        """
        now = {ring.cpu: ring.lost for ring in self._rings}
        fresh = {cpu: n - self._told.get(cpu, 0) for cpu, n in now.items()}
        self._told = now
        return {cpu: n for cpu, n in fresh.items() if n}

    def close(self) -> None:
        for ring in self._rings:
            ring.close()
        self._rings = []
        self._poll.close()
