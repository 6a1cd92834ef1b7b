"""Helpers that tell the time.  The machine never sleeps, so its clocks agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers.registry import helper

if TYPE_CHECKING:
    from emu.vm.run import Run

HZ = 250
INITIAL_JIFFIES = (-300 * HZ) & 0xFFFF_FFFF  # include/linux/jiffies.h


@helper("ktime_get_ns", "ktime_get_boot_ns")
def ktime_get_ns(run: Run) -> int:
    return run.host.now()


@helper("ktime_get_coarse_ns")
def ktime_get_coarse_ns(run: Run) -> int:
    """The time of the last tick."""
    tick = 1_000_000_000 // HZ
    return run.host.now() // tick * tick


@helper("jiffies64")
def jiffies64(run: Run) -> int:
    return INITIAL_JIFFIES + run.host.now() * HZ // 1_000_000_000
