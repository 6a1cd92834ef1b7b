"""Interleaving: programs on several CPUs, and programs inside programs, in an order by a seed.

    cpus = Interleaving(world, seed=7)
    cpus.interrupt(profile, Level.NMI, one_in=20)
    first = cpus.start(0, lookup)
    second = cpus.start(1, delete)
    cpus.run()

Whole instructions of the CPUs follow one another in any order, so atomic operations are atomic, and
what a program does in two instructions others can come between.  The order of memory is that of
x86 and stronger: a store is seen by all at once.  Helpers are not interrupted, but for the locks of
emu.world.locks.
"""

from __future__ import annotations

import enum
from collections import Counter, deque
from typing import TYPE_CHECKING, NamedTuple

from emu.kernel.traits import Trait
from emu.vm.fault import Kind, VmFault
from emu.vm.run import Run
from emu.vm.stepper import Stepper
from emu.world.locks import refusing, wanted
from emu.world.recursion import Firing, missed
from emu.world.rng import Rng

if TYPE_CHECKING:
    from emu.vm.interp import Vm
    from emu.vm.run import Host, Task
    from emu.world.locks import Place


class Level(enum.IntEnum):
    """What a program interrupts: anything of a lower level."""

    TASK = 0
    HARDIRQ = 1
    NMI = 2


class Execution:
    """A program that was started.

    result: r0, once it has ended; None before, and for one that was missed.
    missed: whether it did not run, because of what ran already.
    inside: what it interrupted; None for one that did not.
    lock: of a map, which what it interrupted holds; None if it came between two instructions.
    """

    __slots__ = ("_data", "_run", "_stepper", "_task", "cpu", "firing", "inside", "level", "lock",
                 "missed", "result", "vm")  # fmt: skip

    def __init__(
        self, firing: Firing, vm: Vm, cpu: int, level: Level, data: bytes, task: Task | None
    ) -> None:
        self.firing = firing
        self.vm = vm
        self.cpu = cpu
        self.level = level
        self.result: int | None = None
        self.missed = False
        self.inside: Execution | None = None
        self._data = data
        self._task = task
        self._run: Run | None = None
        self._stepper: Stepper | None = None
        self.lock: Place | None = None

    @property
    def ended(self) -> bool:
        return self.missed or self.result is not None


class _Source(NamedTuple):
    """Something that interrupts."""

    vm: Vm
    level: Level
    one_in: int
    data: bytes


class Interleaving:
    """The CPUs of a world, with the programs that run on them.

    The same seed and the same calls give the same order.

    misses: how often each program did not run, as its `recursion_misses` has it.
    probe_misses: how often its kprobe was hit in vain, `nmissed`.
    """

    def __init__(self, host: Host, seed: int = 0) -> None:
        self.host = host
        self.misses: Counter[Vm] = Counter()
        self.probe_misses: Counter[Vm] = Counter()
        self._rng = Rng(seed, 3)
        self._sources: list[_Source] = []
        self._running: list[list[Execution]] = [[] for _ in range(host.cpus)]  # the innermost last
        self._waiting: list[deque[Execution]] = [deque() for _ in range(host.cpus)]

    def start(
        self,
        cpu: int,
        vm: Vm,
        data: bytes = b"",
        *,
        level: Level = Level.TASK,
        task: Task | None = None,
        syscall: bool = False,
    ) -> Execution:
        """Let a program begin on `cpu`, inside what runs there if that has a lower level.

        Otherwise it begins when what runs there has ended.

        data: its context.
        task: the current task, if not the one that the CPU is running.
        syscall: whether it is at a system call's own tracepoint.
        """
        execution = Execution(Firing(vm.prog, syscall), vm, cpu, level, data, task)
        if self._may_begin(execution):
            self._begin(execution)
        else:
            self._waiting[cpu].append(execution)
        return execution

    def interrupt(self, vm: Vm, level: Level, *, one_in: int, data: bytes = b"") -> None:
        """Let a program begin inside others, on every CPU, before one in so many instructions."""
        self._sources.append(_Source(vm, level, one_in, data))

    def run(self) -> None:
        """Step CPUs, each time any of those that have something to do, until none has.

        Raises VmFault where a program breaks a rule, and where CPUs wait for one another.
        """
        while busy := [cpu for cpu, running in enumerate(self._running) if running]:
            ready = [cpu for cpu in busy if not self._waits(cpu)]
            if not ready and not self.host.kernel.has(Trait.RESILIENT_MAP_LOCKS):
                raise VmFault(Kind.ENDLESS, f"CPUs {busy} wait for one another's locks")
            choice = ready or busy
            self.step(choice[self._rng.below(len(choice))])

    def _waits(self, cpu: int) -> bool:
        """Whether the next step on `cpu` has to wait until another CPU gives a lock back."""
        lock = self._contended(cpu)
        if lock is None:
            return False
        in_nmi = self._running[cpu][-1].level == Level.NMI
        return not (in_nmi and lock.is_tried(self.host.kernel))

    def _contended(self, cpu: int) -> Place | None:
        """The lock that the next step on `cpu` takes, if another CPU holds it."""
        lock = wanted(self.host, self._innermost(cpu))
        others = (other for other in range(self.host.cpus) if other != cpu)
        return lock if any(lock in self._held(other) for other in others) else None

    def _held(self, cpu: int) -> list[Place]:
        """The locks that were held on `cpu` when an NMI came."""
        return [execution.lock for execution in self._running[cpu] if execution.lock]

    def _innermost(self, cpu: int) -> Stepper:
        stepper = self._running[cpu][-1]._stepper
        assert stepper is not None, "what runs has begun"
        return stepper

    def step(self, cpu: int) -> None:
        """Run one instruction of what runs on `cpu`, or let an interrupt begin there.

        Raises VmFault where the program breaks a rule; it has ended then.
        """
        execution = self._running[cpu][-1]
        for source in self._sources:
            if source.level > execution.level and not self._rng.below(source.one_in):
                firing = Firing(source.vm.prog)
                self._begin(Execution(firing, source.vm, cpu, source.level, source.data, None))
                return
        stepper = self._innermost(cpu)
        contended = self._contended(cpu)
        held = self._held(cpu) + ([contended] if contended else [])
        try:
            with refusing(self.host.kernel, held):
                stepper.step()
        except BaseException:
            self._end(execution)
            raise
        execution.result = stepper.result
        if execution.ended:
            self._end(execution)

    def _may_begin(self, execution: Execution) -> bool:
        running = self._running[execution.cpu]
        return not running or execution.level > running[-1].level

    def _begin(self, execution: Execution) -> None:
        running = self._running[execution.cpu]
        outer = running[-1] if running else None
        execution.inside = outer
        firings = [other.firing for other in running]
        miss = missed(self.host.kernel, execution.firing, firings)
        if miss:
            execution.missed = True
            self.probe_misses[execution.vm] += miss.probe
            self.misses[execution.vm] += miss.counted
            return
        if outer and execution.level == Level.NMI and self._rng.below(2):
            # It comes while the helper is at work, not before the call.
            execution.lock = wanted(self.host, self._innermost(execution.cpu))
        run = execution._run = Run(self.host, execution.cpu)
        run.task = execution._task or self._current(execution.cpu)
        execution._stepper = Stepper(execution.vm, run, run.set_context(execution._data))
        running.append(execution)

    def _current(self, cpu: int) -> Task:
        """The task that an interrupt on `cpu` finds there."""
        running = self._running[cpu]
        inside = running[-1]._run if running else None
        return inside.task if inside else self.host.current(cpu)

    def _end(self, execution: Execution) -> None:
        running, waiting = self._running[execution.cpu], self._waiting[execution.cpu]
        running.remove(execution)
        if execution._run:
            execution._run.close()
        for following in list(waiting):
            if self._may_begin(following):
                waiting.remove(following)
                self._begin(following)
