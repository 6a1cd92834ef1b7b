"""Every family of helpers, and find(), which knows them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers import control, map, output, printk, probe_read, stack, string, task, time
from emu.helpers.registry import HELPERS, NOT_EMULATED
from emu.kernel import helpers as rows
from emu.vm.fault import Kind, VmFault

if TYPE_CHECKING:
    from emu.helpers.registry import Function

# Importing them registers their helpers.
FAMILIES = (control, map, output, printk, probe_read, stack, string, task, time)


def find(number: int) -> tuple[Function, int]:
    """The function behind `call number`, and how many arguments it takes beside the Run.

    Raises VmFault for a number that no kernel knows, and for a helper that is not emulated.
    """
    row = rows.by_id(number)
    if row is None:
        raise VmFault(Kind.HELPER, f"no helper {number}")
    function = HELPERS.get(row.name)
    if function is None:
        raise VmFault(Kind.HELPER, f"bpf_{row.name}() is not emulated: {NOT_EMULATED[row.name]}")
    return function, function.__code__.co_argcount - 1
