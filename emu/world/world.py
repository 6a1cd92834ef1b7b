"""World: the simulated machine, and the programs attached to it."""

from __future__ import annotations

import struct
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from emu.kernel.enums import ProgType
from emu.vm.mem import AddressSpace
from emu.vm.run import Run
from emu.world import tracepoints
from emu.world.clock import Clock
from emu.world.rng import Rng
from emu.world.scenario import TaskSpec
from emu.world.sched import Cpu, Scheduler
from emu.world.structs import SIZES
from emu.world.task import KERNEL_CS, KERNEL_IP, USER_CS, USER_FLAGS, USER_IP, Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emu.kernel.profile import Kernel
    from emu.maps.base import Map
    from emu.vm import run as vm_run
    from emu.vm.interp import Vm
    from emu.world.scenario import Scenario

LOG_LINES = 4096  # of trace_printk() that are kept
FIRST_CHILD = 2100  # pid of the first process that a scenario gives none
RAW_ARGS = 12  # words of a raw tracepoint's context: MAX_BPF_FUNC_ARGS
CALL_ARGS = 6
U64 = 0xFFFF_FFFF_FFFF_FFFF

_RAW = struct.Struct(f"<{RAW_ARGS}Q")
_WORDS = tuple(struct.Struct(f"<{n}Q") for n in range(CALL_ARGS + 1))
_NUMBER = struct.Struct("<8xi4x")  # a call's record: 8 bytes, the number, padding, the arguments
# struct bpf_perf_event_data: struct pt_regs from ip on, the sample period, the address.
_PERF_EVENT = struct.Struct("<128x5Q2Q")


class Tracer(NamedTuple):
    """Who traces: the process that BEGIN and END run in."""

    pid: int
    ppid: int
    uid: int
    gid: int


class Hook:
    """A program attached to something that happens."""

    __slots__ = ("closed", "cookie", "key", "vm", "world")

    def __init__(self, world: World, key: str, vm: Vm, cookie: int) -> None:
        self.world = world
        self.key = key  # "group:event"; "event" for a raw tracepoint; "" for a timer
        self.vm = vm
        self.cookie = cookie
        self.closed = False

    def close(self) -> None:
        """Detach the program."""
        if not self.closed:
            self.closed = True
            self.world.unhook(self)


class World:
    """A machine with CPUs, tasks, memory and time.  A Host for programs.

    kernel: the profile it imitates.
    seed: the same seed gives the same events.
    tracer: the process that traces; without one BEGIN runs in init.
    wall: nanoseconds since the epoch at the start, where the scenario does not say.

    stop: set it while run_until() is at work, and it returns after the current event.
    """

    def __init__(
        self,
        scenario: Scenario,
        kernel: Kernel,
        *,
        seed: int = 0,
        tracer: Tracer | None = None,
        wall: int = 0,
    ) -> None:
        self.scenario = scenario
        self.kernel = kernel
        self.clock = Clock(scenario.uptime)
        self.wall_offset = (wall if scenario.wall is None else scenario.wall) - scenario.uptime
        self.mem = AddressSpace()
        self.maps: dict[int, Map] = {}
        self.cpus = scenario.cpus
        self.log: deque[str] = deque(maxlen=LOG_LINES)  # what trace_printk() wrote
        self.traced = False  # whether a program is attached to an event
        self.stop = False
        self._rng = Rng(seed, 1)
        self._hooks: dict[str, list[Hook]] = {}
        self._numbers: dict[str, int] = {}
        self._idle = [
            Task(self.mem, 0, f"swapper/{n}", kernel_thread=True) for n in range(self.cpus)
        ]
        self._cpus = [Cpu(n, idle) for n, idle in enumerate(self._idle)]
        self._runs: list[list[Run]] = [[] for _ in self._cpus]  # contexts that are not in use
        self._tasks: dict[int, Task] = {}
        self._free_pid = FIRST_CHILD
        self.scheduler = Scheduler(self, self._cpus, seed)
        # The tracer's pid is real, so it comes first, and a task of the scenario gives way.
        self.tracer: Task | None = None
        if tracer:
            self.tracer = self.new_task("dtrace", pid=tracer.pid, uid=tracer.uid, gid=tracer.gid)
        for spec in scenario.tasks:
            if not spec.template:
                self._add(spec)
        if tracer and self.tracer:
            self.tracer.adopt(self._tasks.get(tracer.ppid) or self._shell(tracer))

    # -- What helpers ask for

    def now(self) -> int:
        return self.clock.read()

    def current(self, cpu: int) -> vm_run.Task:
        return self._cpus[cpu].task

    def prandom_u32(self) -> int:
        return self._rng.u64() >> 32

    def printk(self, text: str) -> None:
        self.log.append(text)

    def send_signal(self, task: vm_run.Task, signal: int, *, thread: bool) -> int:
        """Signals are accepted; the tasks of the world have handlers for all of them."""
        return 0

    # -- Time

    def run_until(self, time: int) -> None:
        """Let everything happen that happens until `time`, or until `stop` is set."""
        self.stop = False
        while self.clock.step(time) and not self.stop:
            pass

    # -- Programs

    def run(
        self, vm: Vm, cpu: int, data: bytes, *, task: Task | None = None, cookie: int = 0
    ) -> int:
        """Run a program on `cpu` with `data` as its context; returns r0.

        task: the current task, if not the one that the CPU is running.

        Raises VmFault where the program breaks a rule.
        """
        free = self._runs[cpu]
        run = free.pop() if free else Run(self, cpu)
        run.task = task or self._cpus[cpu].task
        run.cookie = cookie
        try:
            return vm.run(run, run.set_context(data))
        finally:
            free.append(run)

    def run_as_tracer(self, vm: Vm, cpu: int) -> int:
        """Run a program once in the process that traces; returns r0.

        Its context is zero: a raw tracepoint's arguments as BPF_PROG_TEST_RUN gives them, or, for
        a kprobe program, which a uprobe would run, registers.
        """
        raw = vm.prog.type == ProgType.RAW_TRACEPOINT
        data = bytes(_RAW.size if raw else SIZES["pt_regs"])
        return self.run(vm, cpu, data, task=self.tracer)

    def attach_tracepoint(self, group: str, event: str, vm: Vm, cookie: int = 0) -> Hook:
        """Run the program at each event, with its record.

        Raises KeyError for an event that the kernel does not have.
        """
        if tracepoints.find(self.kernel, group, event) is None:
            raise KeyError(f"{group}:{event}")
        return self._hook(f"{group}:{event}", vm, cookie)

    def attach_raw_tracepoint(self, event: str, vm: Vm, cookie: int = 0) -> Hook:
        """Run the program at each event, with its arguments.

        Raises KeyError for an event that has none.
        """
        if not any(row.name == event and row.raw_args for row in tracepoints.EVENTS):
            raise KeyError(event)
        return self._hook(event, vm, cookie)

    def attach_timer(
        self, period: int, vm: Vm, *, cpus: Sequence[int] = (), cookie: int = 0
    ) -> Hook:
        """Run the program every `period` nanoseconds from now on each of `cpus`, or on all."""
        hook = Hook(self, "", vm, cookie)
        for cpu in [self._cpus[number] for number in cpus] or self._cpus:
            self._next_tick(hook, cpu, period, self.clock.time + period)
        return hook

    def unhook(self, hook: Hook) -> None:
        """Forget a hook that was closed."""
        if hook.key:
            # A copy: the event that closes it may be the one that runs it.
            self._hooks[hook.key] = [other for other in self._hooks[hook.key] if other is not hook]
            self.traced = any(self._hooks.values())

    def _hook(self, key: str, vm: Vm, cookie: int) -> Hook:
        if not self._numbers:
            from emu.kernel.syscalls import SYSCALLS

            self._numbers = {row.name: row.number for row in SYSCALLS}
        hook = Hook(self, key, vm, cookie)
        self._hooks[key] = [*self._hooks.get(key, ()), hook]
        self.traced = True
        return hook

    def _next_tick(self, hook: Hook, cpu: Cpu, period: int, time: int) -> None:
        def tick() -> None:
            if not hook.closed:
                user = cpu.actor is not None and not cpu.actor.in_call
                ip, cs = (USER_IP, USER_CS) if user else (KERNEL_IP, KERNEL_CS)
                data = _PERF_EVENT.pack(ip, cs, USER_FLAGS, 0, 0, period, 0)
                self.run(hook.vm, cpu.number, data, cookie=hook.cookie)
                self._next_tick(hook, cpu, period, time + period)

        self.clock.at(time, tick)

    # -- What happens

    def emit(
        self, cpu: int, group: str, name: str, raw: tuple[int, ...], **fields: int | bytes
    ) -> None:
        """An event happens on `cpu`.  raw: its arguments; fields: what its record holds."""
        for hook in self._hooks.get(name, ()):
            self.run(
                hook.vm, cpu, _RAW.pack(*raw, *(0,) * (RAW_ARGS - len(raw))), cookie=hook.cookie
            )
        hooks = self._hooks.get(f"{group}:{name}")
        if hooks:
            event = tracepoints.find(self.kernel, group, name)
            assert event is not None, "only known events are attached to"
            self._fire(hooks, cpu, tracepoints.record(event, fields))

    def syscall_enter(self, cpu: int, task: Task, call: str, args: tuple[int, ...]) -> None:
        """A task enters a system call."""
        if not self.traced:
            return
        hooks, number = self._hooks, self._numbers[call]
        words = tuple(arg & U64 for arg in args)
        if hooks.get("sys_enter") or hooks.get("raw_syscalls:sys_enter"):
            padded = (*words, *(0,) * (CALL_ARGS - len(words)))
            task.enter_call(number, padded)
            raw = (task.regs, number)
            packed = _WORDS[CALL_ARGS].pack(*padded)
            self.emit(cpu, "raw_syscalls", "sys_enter", raw, id=number, args=packed)
        own = hooks.get(f"syscalls:sys_enter_{call}")
        if own:
            self._fire(own, cpu, _NUMBER.pack(number) + _WORDS[len(words)].pack(*words))

    def syscall_exit(self, cpu: int, task: Task, call: str, result: int) -> None:
        """A task returns from a system call."""
        if not self.traced:
            return
        hooks, number = self._hooks, self._numbers[call]
        if hooks.get("sys_exit") or hooks.get("raw_syscalls:sys_exit"):
            task.leave_call(result)
            raw = (task.regs, result & U64)
            self.emit(cpu, "raw_syscalls", "sys_exit", raw, id=number, ret=result)
        own = hooks.get(f"syscalls:sys_exit_{call}")
        if own:
            self._fire(own, cpu, _NUMBER.pack(number) + _WORDS[1].pack(result & U64))

    def _fire(self, hooks: list[Hook], cpu: int, data: bytes) -> None:
        for hook in hooks:
            self.run(hook.vm, cpu, data, cookie=hook.cookie)

    # -- Tasks

    def template(self, comm: str) -> TaskSpec:
        """The scenario's template of that name.  Raises KeyError if there is none."""
        for spec in self.scenario.tasks:
            if spec.template and spec.comm == comm:
                return spec
        raise KeyError(comm)

    def task(self, pid: int) -> Task | None:
        """The task with that pid, if it is there."""
        return self._tasks.get(pid)

    def new_task(
        self,
        comm: str,
        *,
        pid: int = 0,
        parent: Task | None = None,
        leader: Task | None = None,
        uid: int = 0,
        gid: int = 0,
        kernel_thread: bool = False,
    ) -> Task:
        """A task that is there from now on.  pid: 0 for the next that is free."""
        while not pid or pid in self._tasks:
            pid = self._free_pid
            self._free_pid += 1
        task = Task(
            self.mem,
            pid,
            comm,
            parent=parent or self._idle[0],
            leader=leader,
            uid=uid,
            gid=gid,
            kernel_thread=kernel_thread,
            started=self.clock.time,
        )
        self._tasks[pid] = task
        return task

    def end_task(self, task: Task) -> None:
        """A task is gone, with its memory."""
        del self._tasks[task.pid]
        self.mem.remove(task.address)

    def _add(self, spec: TaskSpec) -> None:
        parent = self._tasks.get(spec.ppid)
        leader: Task | None = None
        for thread in range(spec.threads):
            task = self.new_task(
                spec.comm,
                pid=0 if thread else spec.pid,
                parent=parent,
                leader=leader,
                uid=spec.uid,
                gid=spec.gid,
                kernel_thread=spec.kernel_thread,
            )
            leader = leader or task
            self.scheduler.add(task, spec)

    def _shell(self, who: Tracer) -> Task:
        """What the tracer was started from."""
        return self.new_task("bash", pid=who.ppid, uid=who.uid, gid=who.gid)
