"""Kernel functions: what the recorded runs of corpus/kernels do not hold."""

from __future__ import annotations

import pytest

from emu.helpers import dynptr, families
from emu.helpers.dynptr_reads import bpf_probe_read_user_dynptr, bpf_probe_read_user_str_dynptr
from emu.helpers.iterators import bpf_iter_bits_destroy, bpf_iter_bits_new, bpf_iter_bits_next
from emu.kernel.enums import ProgType
from emu.kernel.errno import EFAULT
from emu.kernel.profile import Kernel
from emu.prog import Prog
from emu.vm.fault import VmFault
from emu.vm.run import Run
from emu.world.task import Task
from tests.unit.emu.vm.machine import Machine

FILLED = b"\xff" * 24


class Place:
    """A dynptr of 24 bytes, and a process."""

    def __init__(self):
        machine = Machine()
        machine.world.kernel = Kernel.release("7.2")
        self.mem = machine.world.mem
        self.run = Run(machine.world, 0)
        self.run.task = self.task = Task(self.mem, 812, "process")
        self.data = bytearray(FILLED)
        self.stack = bytearray(64)
        self.ptr = self.mem.add(self.stack)
        dynptr.dynptr_from_mem(self.run, self.mem.add(self.data), 24, 0, self.ptr)


# Measured on 6.16.12 and 7.2.13, with a string that the program itself wrote.
@pytest.mark.parametrize(
    ("text", "size", "result", "stored"),
    [
        ("", 16, 1, bytes(8)),
        ("hi", 16, 3, b"hi".ljust(8, b"\0")),
        ("123456789", 9, 9, b"12345678\0"),
    ],
)
def test_string_of_a_process_is_read_into_a_dynptr(text, size, result, stored):
    place = Place()
    source = place.task.user.text(text)
    assert bpf_probe_read_user_str_dynptr(place.run, place.ptr, 0, size, source) == result
    assert bytes(place.data) == stored + FILLED[len(stored) :]


def test_bytes_of_a_process_are_read_into_a_dynptr():
    place = Place()
    source = place.task.user.text("0123456789")
    assert bpf_probe_read_user_dynptr(place.run, place.ptr, 20, 4, source) == 0
    assert bytes(place.data) == FILLED[:20] + b"0123"
    assert bpf_probe_read_user_dynptr(place.run, place.ptr, 0, 4, 0x1000) == -EFAULT
    assert bytes(place.data) == FILLED[:20] + b"0123"


def test_copy_that_an_iterator_of_bits_makes_goes_with_it():
    place = Place()
    words = place.mem.add(bytearray((1).to_bytes(8, "little") + (2).to_bytes(8, "little")))
    before = set(place.mem.readable)
    it = place.ptr + 32
    assert bpf_iter_bits_new(place.run, it, words, 2) == 0
    place.mem.clear(words, 16)  # the iterator has its own
    found = []
    while address := bpf_iter_bits_next(place.run, it):
        found.append(int.from_bytes(place.mem.read(address, 4), "little"))
    assert found == [0, 65]
    assert set(place.mem.readable) > before
    bpf_iter_bits_destroy(place.run, it)
    assert set(place.mem.readable) == before


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bpf_copy_from_user_str", r": programs that may sleep are not emulated$"),
        ("bpf_task_from_pid", r": kernel structures are not emulated$"),
        ("bpf_throw", r": exceptions are not emulated$"),
        ("bpf_arena_alloc_pages", r": arenas are not emulated$"),
        ("bpf_wq_start", r": functions that run later are not emulated$"),
    ],
)
def test_function_that_is_not_emulated_is_refused_by_its_name(name, reason):
    prog = Prog("prog", ProgType.SCHED_CLS, (), kfuncs=(name,))
    with pytest.raises(VmFault, match=rf"{name}\(\).*{reason}"):
        families.kfunc(prog, 0)
