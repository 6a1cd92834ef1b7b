"""Helpers about the current task and CPU: kernel/bpf/helpers.c, kernel/trace/bpf_trace.c."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers.registry import helper

if TYPE_CHECKING:
    from emu.vm.run import Run


@helper("get_smp_processor_id")
def get_smp_processor_id(run: Run) -> int:
    return run.cpu


@helper("get_numa_node_id")
def get_numa_node_id(run: Run) -> int:
    """All CPUs are in one node."""
    return 0


@helper("get_current_pid_tgid")
def get_current_pid_tgid(run: Run) -> int:
    return run.task.tgid << 32 | run.task.pid


@helper("get_current_uid_gid")
def get_current_uid_gid(run: Run) -> int:
    return run.task.gid << 32 | run.task.uid


@helper("get_current_comm")
def get_current_comm(run: Run, buf: int, size: int) -> int:
    """As much of the name as fits, the rest of the buffer zero."""
    run.mem.clear(buf, size)
    run.mem.write(buf, run.task.comm[: max(size - 1, 0)])
    return 0


@helper("get_current_task", "get_current_task_btf")
def get_current_task(run: Run) -> int:
    return run.task.address


@helper("get_prandom_u32")
def get_prandom_u32(run: Run) -> int:
    return run.host.prandom_u32()


@helper("get_attach_cookie")
def get_attach_cookie(run: Run, ctx: int) -> int:
    return run.cookie


@helper("send_signal")
def send_signal(run: Run, sig: int) -> int:
    return run.host.send_signal(run.task, sig & 0xFFFF_FFFF, thread=False)


@helper("send_signal_thread")
def send_signal_thread(run: Run, sig: int) -> int:
    return run.host.send_signal(run.task, sig & 0xFFFF_FFFF, thread=True)
