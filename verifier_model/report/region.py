"""Regions that a path is in: what a report calls them, and how deep the path is in each.

Source: enum bpf_diag_context_kind, diag_context_name(), diag_context_constraint(),
diag_context_depth() and diag_active_context(), kernel/bpf/diagnostics.c (7.3).
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verifier_model.state import VerifierState

NO_REGION = "non-sleepable program"  # what stands for a region outside of all


class Region(enum.Enum):
    """Its name, what may not sleep there, and how it is left; the first that is entered counts."""

    RCU = ("RCU read lock region", "RCU read-side critical sections", "Call bpf_rcu_read_unlock()")
    PREEMPT = ("non-preemptible region", "preemption-disabled code", "Call bpf_preempt_enable()")
    IRQ = ("IRQ-disabled region", "IRQ-disabled code", "Restore the saved IRQ state")
    LOCK = ("lock region", "code holding a BPF spin lock", "Release the BPF spin lock")

    def __init__(self, title: str, code: str, leave: str) -> None:
        self.title = title
        self.code = code
        self.leave = leave


def depths(state: VerifierState) -> dict[Region, int]:
    """How often each region was entered and not left."""
    now = state.regions
    return {
        Region.RCU: now.rcu,
        Region.PREEMPT: now.preempt,
        Region.IRQ: len(now.irqs),
        Region.LOCK: len(state.locks),
    }


def active(region: Region, depth: int) -> str:
    """The region with its depth, in a sentence."""
    if depth == 1:
        return f"an active {region.title} (depth 1)"
    return f"{depth} active {region.title}s (depth {depth})"
