"""Small BPF programs for the tests of the kernel backend."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from emu.isa.asm import assemble
from emu.kernel.enums import MapType, ProgType
from emu.prog import MapDef, Prog

if TYPE_CHECKING:
    from dtrace.backend.base import Map

COUNT = MapDef("count", MapType.ARRAY, 4, 8, 1)
KEY = bytes(4)
_U64 = Struct("<Q")

_ADD_ONE = """
    r1 = map[0]+0 ll
    r2 = 1
    lock *(u64 *)(r1 +0) += r2
"""
_RETURN = """
out:
    r0 = 0
    exit
"""


def counted(count: Map) -> int:
    """The number in a COUNT map."""
    value = count.lookup(KEY)
    assert value is not None
    number: int = _U64.unpack(value)[0]
    return number


def counter(type: ProgType) -> Prog:
    """A program that counts how often it runs."""
    return Prog("counter", type, assemble(_ADD_ONE + _RETURN), (COUNT,))


def process_counter(type: ProgType, pid: int) -> Prog:
    """A program that counts how often it runs in process `pid`."""
    text = f"""
        call bpf_get_current_pid_tgid#14
        r0 >>= 32
        if r0 != {pid} goto out
    """
    return Prog("process_counter", type, assemble(text + _ADD_ONE + _RETURN), (COUNT,))


def syscall_counter(pid: int, number: int) -> Prog:
    """A program for raw tracepoint sys_enter: counts one system call of one process."""
    text = f"""
        r1 = *(u64 *)(r1 +8)
        if r1 != {number} goto out
        call bpf_get_current_pid_tgid#14
        r0 >>= 32
        if r0 != {pid} goto out
    """
    prog = assemble(text + _ADD_ONE + _RETURN)
    return Prog("syscall_counter", ProgType.RAW_TRACEPOINT, prog, (COUNT,))


def numbered_records(array: MapDef, size: int, records: int) -> Prog:
    """A program that writes `records` records of `size` bytes a run into map 0.

    Each starts with its number, a u64 that map 1 (a COUNT) keeps; a record that does not fit
    takes a number too.  The other bytes are 0.
    """
    zeroes = "\n".join(f"*(u64 *)(r10 -{at}) = r1" for at in range(8, size + 1, 8))
    text = f"""
        r6 = r1
        r7 = map[1]+0 ll
        r9 = 0
        r1 = 0
        {zeroes}
    again:
        r8 = *(u64 *)(r7 +0)
        *(u64 *)(r10 -{size}) = r8
        r8 += 1
        *(u64 *)(r7 +0) = r8
        r1 = r6
        r2 = map[0] ll
        w3 = -1
        r4 = r10
        r4 += -{size}
        r5 = {size}
        call bpf_perf_event_output#25
        r9 += 1
        if r9 < {records} goto again
        r0 = 0
        exit
    """
    return Prog("records", ProgType.RAW_TRACEPOINT, assemble(text), (array, COUNT))
