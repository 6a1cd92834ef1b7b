"""Scenario: what a world has and what happens in it, as data."""

from __future__ import annotations

from typing import NamedTuple

US, MS, S = 1_000, 1_000_000, 1_000_000_000  # nanoseconds
HOUR = 3600 * S

Range = tuple[int, int]  # from, to, both included


class Buffer(NamedTuple):
    """An argument: the address of that many bytes of the process's own."""

    size: int


Arg = int | str | Buffer  # a str: the address of that text


class Activity(NamedTuple):
    """One thing that a task does: a system call, or without a name only the waiting.

    takes: nanoseconds in the kernel, on the CPU.  blocks: asleep.  then: in user mode, afterwards.
    """

    call: str = ""  # as in sys_enter_NAME
    args: tuple[Arg, ...] = ()
    returns: Range = (0, 0)
    errors: tuple[tuple[int, float], ...] = ()  # (errno, probability)
    takes: Range = (1 * US, 5 * US)
    blocks: Range = (0, 0)
    then: Range = (1 * US, 20 * US)
    weight: int = 1  # how often, against the others of the task
    becomes: str = ""  # execve: the task's new name
    starts: str = ""  # clone, fork: the comm of the template that the child is


class TaskSpec(NamedTuple):
    """A process."""

    comm: str
    pid: int = 0  # 0: the next one that is free
    ppid: int = 1
    uid: int = 0
    gid: int = 0
    threads: int = 1  # all do the same
    kernel_thread: bool = False
    template: bool = False  # not there at first: an activity `starts` it
    in_order: bool = False  # the activities one after the other, instead of by weight
    repeat: int = 0  # activities (or, in order, rounds of them) before it exits; 0: no end
    start: Range = (0, 0)  # when it begins, nanoseconds after the world
    does: tuple[Activity, ...] = ()


class Scenario(NamedTuple):
    """A world at its beginning."""

    name: str
    tasks: tuple[TaskSpec, ...] = ()
    cpus: int = 2
    uptime: int = 53 * HOUR + 1_204_871_313  # nanoseconds since boot
    wall: int | None = None  # nanoseconds since the epoch; None: the real time
