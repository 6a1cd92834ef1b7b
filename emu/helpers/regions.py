"""Kernel functions that begin and end regions: of RCU, without preemption, without interrupts.

Nothing interrupts a program here, and what it holds does not go away, so that they change nothing.
Source: kernel/bpf/helpers.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers.registry import kernel_function

if TYPE_CHECKING:
    from emu.vm.run import Run

# What is left in memory: X86_EFLAGS_IF and the bit that is always set.  A kernel's word says also
# what the last arithmetic gave, and that a region within another began without interrupts; no
# program can read it before the end of the region.
FLAGS = 0x202


@kernel_function("bpf_rcu_read_lock")
def bpf_rcu_read_lock(run: Run) -> int:
    return 0


@kernel_function("bpf_rcu_read_unlock")
def bpf_rcu_read_unlock(run: Run) -> int:
    return 0


@kernel_function("bpf_preempt_disable")
def bpf_preempt_disable(run: Run) -> int:
    return 0


@kernel_function("bpf_preempt_enable")
def bpf_preempt_enable(run: Run) -> int:
    return 0


@kernel_function("bpf_local_irq_save")
def bpf_local_irq_save(run: Run, flags: int) -> int:
    run.mem.write(flags, FLAGS.to_bytes(8, "little"))
    return 0


@kernel_function("bpf_local_irq_restore")
def bpf_local_irq_restore(run: Run, flags: int) -> int:
    return 0
