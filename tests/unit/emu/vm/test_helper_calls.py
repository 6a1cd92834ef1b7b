"""Helpers: return codes and effects as the kernel has them."""

from __future__ import annotations

import pytest

from emu.kernel.enums import MapType
from emu.kernel.errno import E2BIG, EAGAIN, EFAULT, EINVAL, ENOENT, ERANGE
from emu.kernel.profile import Kernel
from emu.maps.prog_array import ProgArrayMap
from emu.maps.ringbuf import RingBufMap
from emu.prog import MapDef
from emu.vm.fault import Kind, VmFault
from emu.world.task import Task
from tests.unit.emu.vm.machine import Machine

U64 = 2**64


def u64(number):
    return number % U64


def task_machine(*maps):
    """A machine whose current task, on CPU 0, is a process with memory."""
    machine = Machine(*maps)
    task = Task(machine.world.mem, 812, "a-long-name-of-16", uid=33, gid=44)
    machine.world._cpus[0].idle = task
    return machine, task


def test_task_helpers_tell_who_runs():
    machine, task = task_machine()
    thread = Task(machine.world.mem, 815, "thread", leader=task)
    assert machine.run("call bpf_get_current_pid_tgid\nexit") == 812 << 32 | 812
    assert machine.run("call bpf_get_current_uid_gid\nexit") == 44 << 32 | 33
    assert machine.run("call bpf_get_current_task\nexit") == task.address
    machine.world._cpus[0].idle = thread
    assert machine.run("call bpf_get_current_pid_tgid\nexit") == 812 << 32 | 815
    assert machine.run("call bpf_get_smp_processor_id\nexit", cpu=1) == 1


@pytest.mark.parametrize(
    ("size", "expected"), [(16, b"a-long-name-of-\0"), (4, b"a-l\0"), (1, b"\0")]
)
def test_comm_is_cut_to_the_buffer_and_ends_with_nul(size, expected):
    machine, _ = task_machine()
    machine.run(f"""
        r1 = r10
        r1 += -16
        r2 = {size}
        call bpf_get_current_comm
        exit
    """)
    stack = machine.world._runs[0][0].stacks[0]
    assert bytes(stack[-16:][:size]) == expected


def test_clock_never_stands_still():
    program = """
        call bpf_ktime_get_ns
        r6 = r0
        call bpf_ktime_get_ns
        r0 -= r6
        exit
    """
    assert 0 < Machine().run(program) < 1000


READ = """
    r2 = 0x1111111111111111 ll
    *(u64 *)(r10 -8) = r2
    *(u64 *)(r10 -16) = r2
    r1 = r10
    r1 += -16
    r2 = {size}
    r3 = {source} ll
    call bpf_{helper}
    exit
"""


def read(machine, helper, size, source):
    """r0, and the 16 bytes of the buffer."""
    result = machine.run(READ.format(helper=helper, size=size, source=source))
    return result, bytes(machine.world._runs[0][0].stacks[0][-16:])


def test_probe_read_copies_from_the_address_space_that_its_name_says():
    machine, task = task_machine()
    text = task.user.text("/etc/passwd")
    comm = task.address + 1752
    assert read(machine, "probe_read_user", 11, text) == (0, b"/etc/passwd" + b"\x11" * 5)
    assert read(machine, "probe_read", 11, text) == (0, b"/etc/passwd" + b"\x11" * 5)
    assert read(machine, "probe_read_kernel", 6, comm) == (0, b"a-long" + b"\x11" * 10)
    assert read(machine, "probe_read", 6, comm) == (0, b"a-long" + b"\x11" * 10)
    zeros = bytes(8) + b"\x11" * 8
    assert read(machine, "probe_read_kernel", 8, text) == (u64(-ERANGE), zeros)
    assert read(machine, "probe_read_user", 8, comm) == (u64(-EFAULT), zeros)


HIGH = 0xFFFF_8880_0000_0000 - 8
VSYSCALL = 0xFFFF_FFFF_FF60_0000


# As probe_bad of the recorded runs has them: gen_run's addresses on 5.10 to 7.2.
@pytest.mark.parametrize(
    ("helper", "source", "error"),
    [
        *(("probe_read_user", source, EFAULT) for source in (0, 1, 1 << 56, HIGH, U64 - 1)),
        *(("probe_read_kernel", source, ERANGE) for source in (0, 1, 1 << 47, 1 << 56, VSYSCALL)),
        *(("probe_read_kernel", source, EFAULT) for source in (HIGH, U64 - 255)),
        *(("probe_read", source, EFAULT) for source in (0, 1, HIGH)),
        *(("probe_read", source, ERANGE) for source in (1 << 47, 1 << 56)),
    ],
)
@pytest.mark.parametrize("kind", ["", "_str"])
def test_unreadable_address_gives_an_error_and_zeros(helper, kind, source, error):
    machine, _ = task_machine()
    assert read(machine, helper + kind, 12, source) == (u64(-error), bytes(12) + b"\x11" * 4)


def test_read_of_nothing_only_fails_at_addresses_that_cannot_be_right():
    machine, _ = task_machine()
    untouched = b"\x11" * 16
    assert read(machine, "probe_read_user", 0, 1) == (0, untouched)
    assert read(machine, "probe_read_user", 0, 1 << 56) == (u64(-EFAULT), untouched)
    assert read(machine, "probe_read_kernel", 0, HIGH) == (0, untouched)
    assert read(machine, "probe_read_kernel", 0, 1) == (u64(-ERANGE), untouched)


@pytest.mark.parametrize(
    ("size", "result", "buffer"),
    [
        (16, 6, b"hello\0\0\0" + b"\x11" * 8),
        (8, 6, b"hello\0\0\0" + b"\x11" * 8),
        (7, 6, b"hello\0" + b"\x11" * 10),
        (6, 6, b"hello\0" + b"\x11" * 10),
        (5, 5, b"hell\0" + b"\x11" * 11),
        (1, 1, b"\0" + b"\x11" * 15),
        (0, 0, b"\x11" * 16),
    ],
)
def test_string_is_copied_with_its_nul_and_counted(size, result, buffer):
    """Words are copied whole, as measured on 5.10, 6.1, 6.12, 6.16 and 7.2."""
    machine, task = task_machine()
    assert read(machine, "probe_read_user_str", size, task.user.text("hello")) == (result, buffer)


# Measured on 5.10.262, 6.1.180, 6.12.107, 6.16.12 and 7.2.13.
@pytest.mark.parametrize(("release", "result"), [("6.12", 0), ("6.16", 1)])
def test_empty_string_of_a_user_is_counted_since_6_16(release, result):
    machine, task = task_machine()
    machine.world.kernel = Kernel.release(release)
    empty = task.user.text("")
    zeros = bytes(8) + b"\x11" * 8
    assert read(machine, "probe_read_user_str", 16, empty) == (result, zeros)
    assert read(machine, "probe_read_user_str", 1, empty) == (result, b"\0" + b"\x11" * 15)
    assert read(machine, "probe_read_user_str", 1, task.user.text("hello"))[0] == 1


def test_huge_size_is_a_fault_and_takes_no_memory():
    machine, _ = task_machine()
    for helper in ("probe_read_kernel", "probe_read_kernel_str", "get_current_comm"):
        with pytest.raises(VmFault):
            read(machine, helper, 2**31 - 1, 0)


EVENTS = MapDef("events", MapType.PERF_EVENT_ARRAY, 4, 4, 2)
OUTPUT = """
    r6 = 0x1122334455667788 ll
    *(u64 *)(r10 -8) = r6
    r2 = map[0] ll
    r3 = {flags} ll
    r4 = r10
    r4 += -8
    r5 = 8
    call bpf_perf_event_output
    exit
"""


class Records:
    """A CPU's buffer that keeps what it gets."""

    def __init__(self):
        self.records = []

    def output(self, data):
        self.records.append(data)
        return 0


@pytest.mark.parametrize(
    ("flags", "cpu", "result", "count"),
    [
        (0xFFFF_FFFF, 0, 0, 1),
        (0, 1, 0, 1),
        (0xFFFF_FFFF, 1, -ENOENT, 0),
        (2, 0, -E2BIG, 0),
        (1 << 32, 0, -EINVAL, 0),
    ],
)
def test_perf_event_output_goes_to_the_buffer_of_its_cpu(flags, cpu, result, count):
    machine = Machine(EVENTS)
    machine.maps[0].outputs[0] = buffer = Records()
    assert machine.run(OUTPUT.format(flags=flags), cpu=cpu) == u64(result)
    assert buffer.records == [bytes.fromhex("8877665544332211")] * count


def test_ring_buffer_helpers_reserve_submit_and_run_full():
    machine = Machine(MapDef("ring", MapType.RINGBUF, 0, 0, 4096))
    reserve = """
        r1 = map[0] ll
        r2 = 16
        r3 = 0
        call bpf_ringbuf_reserve
        if r0 == 0 goto end
        *(u64 *)(r0 +0) = 7
        *(u64 *)(r0 +8) = 8
        r1 = r0
        r2 = 0
        call bpf_ringbuf_submit
    end:
        exit
    """
    ring = machine.maps[0]
    assert isinstance(ring, RingBufMap)
    machine.run(reserve)
    assert ring.consume() == [(7).to_bytes(8, "little") + (8).to_bytes(8, "little")]
    output = """
        r1 = map[0] ll
        r2 = r10
        r2 += -512
        r3 = 504
        r4 = 0
        call bpf_ringbuf_output
        exit
    """
    results = [machine.run(output) for _ in range(9)]
    # The eighth would fill the ring, which then looked empty: the kernel keeps a byte free.
    assert results == [0] * 7 + [u64(-EAGAIN)] * 2


def test_map_helper_with_something_else_than_a_map_is_a_fault():
    with pytest.raises(VmFault) as fault:
        Machine().run("r1 = 5\nr2 = r10\ncall bpf_map_lookup_elem\nexit")
    assert fault.value.kind is Kind.HELPER


def test_helper_that_is_not_emulated_says_so():
    with pytest.raises(VmFault, match=r"get_socket_cookie\(\) is not emulated: the world has no"):
        Machine().run("call bpf_get_socket_cookie\nexit")


@pytest.mark.parametrize(
    ("fmt", "text"),
    [
        (b"%d %u %llx|%%\0", "-1 4294967295 ffffffffffffffff|%"),
        (b"%x %5d|%-3d|\0", "ffffffff    -1|-1 |"),
        (b"plain\0", "plain"),
        (b"%d %d %d %d\0", None),  # three arguments are all there are
        (b"%f\0", None),
        (b"no end", None),
    ],
)
def test_trace_printk_formats_as_the_kernel(fmt, text):
    machine, _ = task_machine()
    words = [fmt.ljust(24, b"\0")[at : at + 8] for at in range(0, 24, 8)]
    stores = "\n".join(
        f"r6 = {int.from_bytes(word, 'little')} ll\n*(u64 *)(r10 -{24 - 8 * n}) = r6"
        for n, word in enumerate(words)
    )
    result = machine.run(f"""
        {stores}
        r1 = r10
        r1 += -24
        r2 = {len(fmt)}
        r3 = -1
        r4 = -1
        r5 = -1
        call bpf_trace_printk
        exit
    """)
    assert result == (u64(-EINVAL) if text is None else len(text))
    assert list(machine.world.log) == ([] if text is None else [text])


@pytest.mark.parametrize(("other", "result"), [("abc", 0), ("abd", -1), ("abb", 1), ("ab", 1)])
def test_strncmp_compares_up_to_the_size(other, result):
    machine = Machine(MapDef("text", MapType.ARRAY, 4, 8, 1))
    machine.maps[0].write(bytes(4), other.encode().ljust(8, b"\0"))
    program = """
        r6 = 0x636261
        *(u64 *)(r10 -8) = r6
        r1 = r10
        r1 += -8
        r2 = 8
        r3 = map[0]+0 ll
        call bpf_strncmp
        exit
    """
    assert machine.run(program) == u64(result)


def test_loop_calls_back_until_told_to_stop():
    program = """
        r1 = {times}
        r2 = func add ll
        r3 = r10
        r3 += -8
        r4 = 0
        *(u64 *)(r10 -8) = 0
        r6 = 1000
        call bpf_loop
        r1 = *(u64 *)(r10 -8)
        r0 *= r6
        r0 += r1
        exit
    add:
        r6 = *(u64 *)(r2 +0)
        r6 += r1
        *(u64 *)(r2 +0) = r6
        r0 = 0
        if r1 < 5 goto end
        r0 = 1
    end:
        exit
    """
    from emu.isa.asm import assemble

    def with_callback(times):
        lines = program.format(times=times).replace("r2 = func add ll", "r2 = 0 ll")
        insns = list(assemble(lines))
        target = next(n for n, insn in enumerate(insns) if insn.code == 0x95) + 1
        insns[1] = insns[1]._replace(src=4, imm=target - 2)
        return insns

    assert Machine().run(with_callback(3)) == 3 * 1000 + 0 + 1 + 2
    assert Machine().run(with_callback(100)) == 6 * 1000 + 0 + 1 + 2 + 3 + 4 + 5
    # The call is inlined, so that the error has 32 bits.
    assert Machine().run(with_callback(1 << 24)) == (2**32 - E2BIG) * 1000


def test_tail_call_goes_on_in_the_other_program_with_the_same_context():
    machine = Machine(MapDef("progs", MapType.PROG_ARRAY, 4, 4, 2))
    array = machine.maps[0]
    assert isinstance(array, ProgArrayMap)
    array.progs[1] = machine.load("r0 = *(u64 *)(r1 +0)\nexit")
    program = """
        r2 = map[0] ll
        r3 = {index}
        call bpf_tail_call
        r0 = 5
        exit
    """
    context = (77).to_bytes(8, "little")
    assert machine.run(program.format(index=1), context) == 77
    assert machine.run(program.format(index=0), context) == 5
