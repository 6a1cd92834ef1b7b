"""EVENTS: the tracepoints of the world, the fields of their records, their raw arguments.

Source: the `format` files of tracefs on 6.18; raw arguments from the TP_PROTO of
include/trace/events/sched.h and syscalls.h.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel

HEADER_SIZE = 8  # bytes of the common_ fields, which a program's context has no access to
DATA_LOC = "__data_loc"  # the field says where in the record the data is: size << 16 | offset


class Field(NamedTuple):
    """A field of a record."""

    name: str
    type: str  # C type; bounds of an array behind it: "char [16]"
    offset: int  # bytes from the record's start
    size: int
    signed: bool


class Event(NamedTuple):
    """A tracepoint."""

    group: str
    name: str
    fields: tuple[Field, ...]  # without the common_ ones
    raw_args: tuple[str, ...] = ()  # C types of what raw tracepoint programs get


_TASK = "struct task_struct *"

EVENTS = (
    Event(
        "raw_syscalls",
        "sys_enter",
        (
            Field("id", "long", 8, 8, True),
            Field("args", "unsigned long [6]", 16, 48, False),
        ),
        ("struct pt_regs *", "long"),
    ),
    Event(
        "raw_syscalls",
        "sys_exit",
        (Field("id", "long", 8, 8, True), Field("ret", "long", 16, 8, True)),
        ("struct pt_regs *", "long"),
    ),
    Event(
        "sched",
        "sched_switch",
        (
            Field("prev_comm", "char [16]", 8, 16, False),
            Field("prev_pid", "pid_t", 24, 4, True),
            Field("prev_prio", "int", 28, 4, True),
            Field("prev_state", "long", 32, 8, True),
            Field("next_comm", "char [16]", 40, 16, False),
            Field("next_pid", "pid_t", 56, 4, True),
            Field("next_prio", "int", 60, 4, True),
        ),
        ("bool", _TASK, _TASK, "unsigned int"),
    ),
    Event(
        "sched",
        "sched_wakeup",
        (
            Field("comm", "char [16]", 8, 16, False),
            Field("pid", "pid_t", 24, 4, True),
            Field("prio", "int", 28, 4, True),
            Field("target_cpu", "int", 32, 4, True),
        ),
        (_TASK,),
    ),
    Event(
        "sched",
        "sched_process_fork",
        (
            Field("parent_comm", "__data_loc char[]", 8, 4, False),
            Field("parent_pid", "pid_t", 12, 4, True),
            Field("child_comm", "__data_loc char[]", 16, 4, False),
            Field("child_pid", "pid_t", 20, 4, True),
        ),
        (_TASK, _TASK),
    ),
    Event(
        "sched",
        "sched_process_exec",
        (
            Field("filename", "__data_loc char[]", 8, 4, False),
            Field("pid", "pid_t", 12, 4, True),
            Field("old_pid", "pid_t", 16, 4, True),
        ),
        (_TASK, "pid_t", "struct linux_binprm *"),
    ),
    Event(
        "sched",
        "sched_process_exit",
        (
            Field("comm", "char [16]", 8, 16, False),
            Field("pid", "pid_t", 24, 4, True),
            Field("prio", "int", 28, 4, True),
            Field("group_dead", "bool", 32, 1, False),
        ),
        (_TASK, "bool"),
    ),
)

_EXIT_FIELDS = (
    Field("__syscall_nr", "int", 8, 4, True),
    Field("ret", "long", 16, 8, True),
)


@cache
def _by_name() -> dict[tuple[str, str], Event]:
    return {(event.group, event.name): event for event in EVENTS}


def find(kernel: Kernel, group: str, name: str) -> Event | None:
    """The tracepoint `group`:`name` of `kernel`, or None."""
    if group != "syscalls":
        return _by_name().get((group, name))
    from emu.kernel.syscalls import traceable

    prefix, _, call = name.partition("sys_")[2].partition("_")
    row = next((row for row in traceable(kernel) if row.name == call), None)
    if row is None or prefix not in ("enter", "exit"):
        return None
    if prefix == "exit":
        return Event(group, name, _EXIT_FIELDS)
    # Every argument takes a word, whatever its type.
    args = tuple(
        Field(arg, ctype, 16 + 8 * n, 8, False) for n, (ctype, arg) in enumerate(row.arguments())
    )
    return Event(group, name, (_EXIT_FIELDS[0], *args))


def names(kernel: Kernel) -> list[tuple[str, str]]:
    """(group, name) of every tracepoint of `kernel`."""
    from emu.kernel.syscalls import traceable

    calls = [row.name for row in traceable(kernel)]
    return [
        *((event.group, event.name) for event in EVENTS),
        *(("syscalls", f"sys_{side}_{call}") for call in calls for side in ("enter", "exit")),
    ]


def record(event: Event, values: dict[str, int | bytes]) -> bytes:
    """The record of an event: its fields in place, variable texts behind them, 8 zeros before."""
    size = max((field.offset + field.size for field in event.fields), default=HEADER_SIZE)
    data = bytearray(size)
    for field in event.fields:
        value = values[field.name]
        if field.type.startswith(DATA_LOC) and isinstance(value, bytes):
            text = value + b"\0"
            value = len(text) << 16 | len(data)
            data += text
        if isinstance(value, int):
            value = (value & ((1 << 8 * field.size) - 1)).to_bytes(field.size, "little")
        data[field.offset : field.offset + field.size] = value[: field.size].ljust(
            field.size, b"\0"
        )
    data += bytes(-len(data) % 8)
    return bytes(data)
