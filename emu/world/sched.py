"""Scheduler: who runs where, and what tasks do.

A task computes in user mode, enters a system call, spends time in the kernel, maybe sleeps,
returns, and computes again.  A CPU runs one task; the others that can run wait in its queue, and
the one that runs gives way at the end of a call once it has had its time slice.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from emu.world.rng import Rng
from emu.world.scenario import US, Activity, Buffer

if TYPE_CHECKING:
    from emu.world.scenario import Range, TaskSpec
    from emu.world.task import Task
    from emu.world.world import World

SLICE = 3_000_000  # nanoseconds: CONFIG_HZ=250 and the default base slice
WAKE_COST = (1 * US, 6 * US)  # from running again to the return of the call
RUNNING, SLEEPING, DEAD = 0, 1, 0x10  # prev_state of sched_switch


class Cpu:
    """A CPU."""

    __slots__ = ("actor", "idle", "number", "queue", "since")

    def __init__(self, number: int, idle: Task) -> None:
        self.number = number
        self.idle = idle
        self.actor: Actor | None = None  # who runs; None: the idle task
        self.queue: deque[Actor] = deque()
        self.since = 0  # when it began to run

    @property
    def task(self) -> Task:
        """The current task."""
        return self.actor.task if self.actor else self.idle


class Actor:
    """A task, and where it is in what it does."""

    __slots__ = ("activity", "args", "cpu", "done", "in_call", "result", "rng", "spec", "task")

    def __init__(self, task: Task, spec: TaskSpec, cpu: Cpu, rng: Rng) -> None:
        self.task = task
        self.spec = spec
        self.cpu = cpu
        self.rng = rng
        self.activity = Activity()  # the one under way, or the last one
        self.args: tuple[int, ...] = ()
        self.result = 0
        self.in_call = False  # inside a call: at work, asleep, or waiting for the CPU
        self.done = 0  # activities behind it

    def next_activity(self) -> Activity | None:
        """What it does next; None: it exits."""
        does, repeat = self.spec.does, self.spec.repeat
        if repeat and self.done == repeat * (len(does) if self.spec.in_order else 1):
            return None
        self.done += 1
        if self.spec.in_order:
            return does[(self.done - 1) % len(does)]
        at = self.rng.below(sum(activity.weight for activity in does))
        for activity in does:
            at -= activity.weight
            if at < 0:
                return activity
        raise AssertionError("weights are positive")

    def pick(self, choice: Range) -> int:
        """A duration."""
        return self.rng.spread(*choice)

    def outcome(self, activity: Activity) -> int:
        """What the call returns."""
        chance = self.rng.chance() if activity.errors else 1.0
        for errno, probability in activity.errors:
            if chance < probability:
                return -errno
            chance -= probability
        low, high = activity.returns
        return low + self.rng.below(high - low + 1)


class Scheduler:
    """The CPUs of a world, and the tasks that do something."""

    def __init__(self, world: World, cpus: list[Cpu], seed: int) -> None:
        self.world = world
        self.clock = world.clock
        self.cpus = cpus
        self.seed = seed
        self.started = 0

    def add(self, task: Task, spec: TaskSpec) -> None:
        """Let `task` begin to do what `spec` says."""
        if not spec.does:
            return
        actor = self._actor(task, spec)
        self.clock.after(actor.pick(spec.start), lambda: self._wake(actor))

    def _actor(self, task: Task, spec: TaskSpec) -> Actor:
        cpu = self.cpus[self.started % len(self.cpus)]
        self.started += 1
        return Actor(task, spec, cpu, Rng(self.seed, task.pid))

    def _wake(self, actor: Actor) -> None:
        cpu, task = actor.cpu, actor.task
        if self.world.traced:
            self.world.emit(
                cpu.number,
                "sched",
                "sched_wakeup",
                (task.address,),
                comm=task.comm,
                pid=task.pid,
                prio=task.prio,
                target_cpu=cpu.number,
            )
        cpu.queue.append(actor)
        if cpu.actor is None:
            self._switch(cpu, RUNNING)

    def _switch(self, cpu: Cpu, state: int) -> None:
        """Let the next in the queue run, or nobody.  state: what the one that ran is now."""
        previous = cpu.task
        following = cpu.queue.popleft() if cpu.queue else None
        task = following.task if following else cpu.idle
        if self.world.traced:
            self.world.emit(
                cpu.number,
                "sched",
                "sched_switch",
                (state == RUNNING, previous.address, task.address, state),
                prev_comm=previous.comm,
                prev_pid=previous.pid,
                prev_prio=previous.prio,
                prev_state=state,
                next_comm=task.comm,
                next_pid=task.pid,
                next_prio=task.prio,
            )
        cpu.actor = following
        cpu.since = self.clock.time
        if following:
            task.set_cpu(cpu.number)
            self._go_on(following)

    def _go_on(self, actor: Actor) -> None:
        """Let the task that has just got its CPU do what it was about to do."""
        if actor.in_call:
            self.clock.after(actor.pick(WAKE_COST), lambda: self._leave(actor))
        else:
            self.clock.after(actor.pick(actor.activity.then), lambda: self._enter(actor))

    def _enter(self, actor: Actor) -> None:
        activity = actor.next_activity()
        if activity is None:
            self._exit(actor)
            return
        actor.activity = activity
        actor.in_call = True
        if activity.call:
            actor.args = tuple(self._address(actor, arg) for arg in activity.args)
            actor.result = actor.outcome(activity)
            self.world.syscall_enter(actor.cpu.number, actor.task, activity.call, actor.args)
        self.clock.after(actor.pick(activity.takes), lambda: self._worked(actor))

    def _worked(self, actor: Actor) -> None:
        """The call has had its time on the CPU."""
        activity = actor.activity
        if activity.starts:
            self._fork(actor)
        if activity.becomes:
            self._exec(actor)
        if activity.blocks[1] and actor.result >= 0:
            self.clock.after(actor.pick(activity.blocks), lambda: self._wake(actor))
            self._switch(actor.cpu, SLEEPING)
        else:
            self._leave(actor)

    def _leave(self, actor: Actor) -> None:
        actor.in_call = False
        cpu = actor.cpu
        if actor.activity.call:
            self.world.syscall_exit(cpu.number, actor.task, actor.activity.call, actor.result)
        if cpu.queue and self.clock.time - cpu.since > SLICE:
            cpu.queue.append(actor)
            self._switch(cpu, RUNNING)
        else:
            self._go_on(actor)

    def _fork(self, actor: Actor) -> None:
        """The child returns from the same call, with 0."""
        parent, world = actor.task, self.world
        spec = world.template(actor.activity.starts)
        child = world.new_task(parent.comm.decode(), parent=parent, uid=parent.uid, gid=parent.gid)
        actor.result = child.pid
        if world.traced:
            world.emit(
                actor.cpu.number,
                "sched",
                "sched_process_fork",
                (parent.address, child.address),
                parent_comm=parent.comm,
                parent_pid=parent.pid,
                child_comm=child.comm,
                child_pid=child.pid,
            )
        born = self._actor(child, spec)
        born.activity = actor.activity._replace(starts="")
        born.in_call = True
        self.clock.after(born.pick(spec.start), lambda: self._wake(born))

    def _exec(self, actor: Actor) -> None:
        task = actor.task
        path = task.user.peek_string(actor.args[0], 4096) if actor.args else b""
        task.rename(actor.activity.becomes)
        if self.world.traced:
            self.world.emit(
                actor.cpu.number,
                "sched",
                "sched_process_exec",
                (task.address, task.pid, 0),
                filename=path or b"",
                pid=task.pid,
                old_pid=task.pid,
            )

    def _exit(self, actor: Actor) -> None:
        task, number = actor.task, actor.cpu.number
        self.world.syscall_enter(number, task, "exit_group", (0,))
        last = task.leader is task
        if self.world.traced:
            self.world.emit(
                number,
                "sched",
                "sched_process_exit",
                (task.address, last),
                comm=task.comm,
                pid=task.pid,
                prio=task.prio,
                group_dead=last,
            )
        self._switch(actor.cpu, DEAD)
        self.world.end_task(task)

    def _address(self, actor: Actor, arg: int | str | Buffer) -> int:
        """The value of an argument."""
        if isinstance(arg, int):
            return arg
        user = actor.task.user
        return user.text(arg) if isinstance(arg, str) else user.buffer(arg.size)
