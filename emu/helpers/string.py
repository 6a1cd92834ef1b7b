"""Helpers on text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers.registry import helper
from emu.vm.fault import Kind, VmFault

if TYPE_CHECKING:
    from emu.vm.run import Run


@helper("strncmp")
def strncmp(run: Run, s1: int, s1_size: int, s2: int) -> int:
    """-1, 0 or 1, by the first byte that differs in the first s1_size: lib/string.c."""
    left, right = run.mem.peek_string(s1, s1_size), run.mem.peek_string(s2, s1_size)
    if left is None or right is None:
        raise VmFault(Kind.ACCESS, f"cannot compare {s1_size} bytes at {s1:#x} and {s2:#x}")
    return (left > right) - (left < right)
