"""Every family of helpers, and find(), which knows them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers import control, map, output, printk, probe_read, stack, string, task, time
from emu.helpers.registry import HELPERS, KFUNCS, KFUNCS_NOT_EMULATED, NOT_EMULATED
from emu.kernel import kfuncs
from emu.kernel.helper_names import NAMES
from emu.vm.fault import Kind, VmFault

if TYPE_CHECKING:
    from emu.helpers.registry import Function
    from emu.prog import Prog

# Importing them registers their helpers.
FAMILIES = (control, map, output, printk, probe_read, stack, string, task, time)
# What D programs do not call is imported when a program does.
RARE = (
    "c_strings",
    "counters",
    "dynptr",
    "dynptr_functions",
    "dynptr_reads",
    "iterators",
    "map_counts",
    "packet_fields",
    "packet_room",
    "packets",
    "regions",
    "storage",
    "texts",
)


def load_all() -> None:
    """Import the families that are not imported yet."""
    from importlib import import_module

    for name in RARE:
        import_module(f"emu.helpers.{name}")


def find(number: int) -> tuple[Function, int]:
    """The function behind `call number`, and how many arguments it takes beside the Run.

    Raises VmFault for a number that no kernel knows, and for a helper that is not emulated.
    """
    if not 0 < number < len(NAMES):
        raise VmFault(Kind.HELPER, f"no helper {number}")
    name = NAMES[number]
    if name not in HELPERS:
        load_all()
    function = HELPERS.get(name)
    if function is None:
        raise VmFault(Kind.HELPER, f"bpf_{name}() is not emulated: {NOT_EMULATED[name]}")
    return function, function.__code__.co_argcount - 1


def kfunc(prog: Prog, number: int) -> tuple[Function, int]:
    """The same for a kernel function, by its index into Prog.kfuncs.

    Raises VmFault for a number that is no index, and for a function that is not emulated.
    """
    if not 0 <= number < len(prog.kfuncs):
        raise VmFault(Kind.HELPER, f"no kernel function {number}")
    name = prog.kfuncs[number]
    load_all()
    function = KFUNCS.get(name)
    if function is None:
        text = f"the kernel function {name}() is not emulated"
        reason = why_not(name)
        raise VmFault(Kind.HELPER, f"{text}: {reason}" if reason else text)
    return function, function.__code__.co_argcount - 1


def why_not(name: str) -> str:
    """Why a kernel function is not emulated; "" for one of which nothing is known."""
    row = kfuncs.by_name(name)
    if row is not None and kfuncs.is_of_structures(row):
        return "kernel structures are not emulated"
    if row is not None and kfuncs.is_of_objects(row):
        return "objects that programs allocate and locks are not emulated"
    return KFUNCS_NOT_EMULATED.get(name, "")
