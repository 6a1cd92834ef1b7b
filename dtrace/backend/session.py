"""One invocation of dtrace: compile, load, BEGIN, the loop, END."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from dtrace.backend.base import KernelError, LoadError
from dtrace.backend.compiler import Compilation
from dtrace.codegen import state
from dtrace.diag import excerpt
from dtrace.options import TESTING
from dtrace.probes.desc import Begin, End
from dtrace.request import Mode

if TYPE_CHECKING:
    from types import FrameType

    from dtrace.backend.base import Buffers, Kernel, Link, LoadedProg, Map, Target
    from dtrace.consume.consumer import Consumer
    from dtrace.link.build import Build, Built
    from dtrace.request import Request
    from dtrace.sema.symbols import Unit

PACE = "DTRACE_PACE"  # environment: "no" lets an emulated world's time run ahead of real time
WAIT = 0.05  # seconds between looks at the buffers, if option switchrate does not say
NANOSECONDS = 1e9


class Interrupted(Exception):
    """A signal came while the session waited for data."""


def open_kernel(request: Request) -> Kernel:
    """The kernel that the command line names."""
    if request.backend == "kernel":
        from dtrace.backend.linux.kernel import LinuxKernel

        return LinuxKernel()
    from dtrace.backend.emulated import EmulatedKernel
    from emu.kernel.profile import RELEASES, Kernel, UnknownKernel

    try:
        profile = Kernel.release(request.release or RELEASES[-1])
    except UnknownKernel as err:
        raise KernelError(str(err)) from None
    paced = os.environ.get(PACE) != "no"
    return EmulatedKernel(profile, world=request.world or None, pace=paced)


def run(request: Request) -> int:
    """Do what `request` asks for; the exit status.  Raises CompileError, KernelError."""
    kernel = open_kernel(request)
    try:
        return Session(kernel, request).run()
    finally:
        kernel.close()


def say(text: str) -> None:
    """A message for the user."""
    sys.stdout.flush()
    sys.stderr.write(f"dtrace: {text}\n")


class Session:
    """A trace, from the command line to its last line of output.  kernel.close() undoes it all."""

    def __init__(self, kernel: Kernel, request: Request) -> None:
        self.kernel = kernel
        self.request = request
        self.options = request.options
        self.maps: dict[str, Map] = {}
        self.targets: list[Target] = []
        self.signals = 0
        self.waiting = False

    def run(self) -> int:
        """Compile, then trace until something ends it.  The exit status."""
        self.targets = [self.kernel.start_process(c) for c in self.request.commands]
        self.targets += [self.kernel.grab_process(pid) for pid in self.request.pids]
        compilation = Compilation(self.kernel, self.request, [t.pid for t in self.targets])
        unit = compilation.compile()
        build = compilation.build(unit)
        if self.options.verbose:
            self.disassemble(build)
        if self.request.mode is Mode.CHECK:
            return 0
        self.announce(unit)
        previous = [signal.signal(s, self.on_signal) for s in (signal.SIGINT, signal.SIGTERM)]
        try:
            return self.trace(build)
        finally:
            for number, handler in zip((signal.SIGINT, signal.SIGTERM), previous, strict=True):
                signal.signal(number, handler)

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """The first SIGINT or SIGTERM ends the trace, the second its output too."""
        self.signals += 1
        if self.waiting:
            raise Interrupted

    def announce(self, unit: Unit) -> None:
        """Say how many probes each program matched, clause by clause."""
        if TESTING not in os.environ and self.kernel.banner:
            say(f"note: data from an {self.kernel.banner}")
        if self.options.quiet:
            return
        for program in self.request.programs:
            matched = sum(
                len(cooked.probes)
                for cooked in unit.clauses
                if cooked.clause.span.source is program.source
            )
            plural = "" if matched == 1 else "s"
            say(f"{program.describe()} matched {matched} probe{plural}")

    def disassemble(self, build: Build) -> None:
        """-S: the programs, on standard error."""
        from dtrace.backend.annotate import annotate

        for built in build.programs:
            sys.stderr.write("\n".join(annotate(built)) + "\n\n")

    # Tracing

    def trace(self, build: Build) -> int:
        """Load, attach, and run until exit(), a signal, or the end of all targets."""
        from dtrace.consume.consumer import Consumer

        kernel = self.kernel
        self.check_sizes(build)
        for name, definition in build.maps.items():
            self.maps[name] = kernel.create_map(definition)
        cpus = self.cpus()
        buffers = kernel.open_buffers(self.maps[state.BUFFERS], self.options.bufsize, cpus)
        if buffers.size > self.options.bufsize:
            sys.stderr.write(f"bufsize increased to {buffers.size}\n")
        loaded = [(built, self.load(built)) for built in build.programs]
        links: list[Link] = []
        for built, prog in loaded:
            if not isinstance(built.site, (Begin, End)):
                links.append(kernel.attach(prog, built.site, cpus))
        consumer = Consumer(build.layout, self.maps, kernel, self.options, self.request.output)
        self.run_session_probe(Begin, loaded, cpus[0])
        if self.activity() is state.Activity.STARTING:
            self.set_activity(state.Activity.ACTIVE)
            for target in self.targets:
                target.start()
            self.loop(buffers, consumer)
        self.set_activity(state.Activity.DRAINING)
        self.run_session_probe(End, loaded, cpus[0])
        self.set_activity(state.Activity.STOPPED)
        if self.signals < 2:
            consumer.consume(buffers.read())
            self.count_drops(consumer, buffers)
            consumer.finish()
        consumer.close()
        return consumer.exit_status or 0

    def check_sizes(self, build: Build) -> None:
        """Refuse buffers that cannot hold one of what goes into them."""
        for need in build.needs:
            if need.size > need.given:
                message = "could not enable tracing: Enabling exceeds size of buffer"
                if TESTING not in os.environ:
                    message += f": option {need.option} is {need.given},"
                    message += f" one {need.what} takes {need.size}"
                raise KernelError(message)

    def cpus(self) -> list[int]:
        """The CPUs to trace on: option cpu, or all."""
        online = self.kernel.online_cpus()
        chosen = self.options.cpu
        if chosen is None:
            return online
        if chosen not in online:
            raise KernelError(f"could not enable tracing: CPU {chosen} is not online")
        return [chosen]

    def load(self, built: Built) -> LoadedProg:
        """Load one program with the session's maps.  A refusal is shown at its line of D."""
        try:
            return self.kernel.load(built.prog, [self.maps[m.name] for m in built.prog.maps])
        except LoadError as err:
            probe = built.probes[0]
            span = built.spans[err.insn] if 0 <= err.insn < len(built.spans) else None
            where = f"\n{excerpt(span)}" if span is not None else ""
            raise LoadError(f"cannot load the program for {probe}: {err}{where}") from None

    def run_session_probe(
        self, kind: type[Begin | End], loaded: list[tuple[Built, LoadedProg]], cpu: int
    ) -> None:
        """Fire BEGIN or END, if it is traced."""
        for built, prog in loaded:
            if isinstance(built.site, kind):
                self.kernel.run(prog, cpu)

    def loop(self, buffers: Buffers, consumer: Consumer) -> None:
        """Print what comes until the trace is to end."""
        wait = (self.options.switchrate or 0) / NANOSECONDS or WAIT
        status_every = self.options.statusrate
        next_status = self.kernel.now() + status_every
        consumer.consume(buffers.read())
        while consumer.exit_status is None and not self.signals and not self.targets_gone():
            self.waiting = True
            try:
                buffers.wait(wait)
            except Interrupted:
                pass
            finally:
                self.waiting = False
            consumer.consume(buffers.read())
            if self.kernel.now() >= next_status:
                next_status += status_every
                self.count_drops(consumer, buffers)
        if self.signals and TESTING not in os.environ:
            consumer.newline()

    def targets_gone(self) -> bool:
        """Whether there were processes to watch and all are gone."""
        return bool(self.targets) and all(t.wait(0) for t in self.targets)

    # The state that programs and session share

    def activity(self) -> state.Activity:
        """What the session is at, as the programs see it."""
        value = self.maps[state.GLOBAL].lookup(bytes(4)) or bytes(state.GLOBAL_SIZE)
        return state.Activity(int.from_bytes(value[:4], "little"))

    def set_activity(self, activity: state.Activity) -> None:
        """Tell the programs what the session is at."""
        value = int(activity).to_bytes(state.GLOBAL_SIZE, "little")
        self.maps[state.GLOBAL].update(bytes(4), value)

    def count_drops(self, consumer: Consumer, buffers: Buffers) -> None:
        """Report what was dropped since the last look."""
        size = -(-self.maps[state.MEM].definition.value_size // 8) * 8
        memory = self.maps[state.MEM].lookup(bytes(4)) or b""
        for cpu in range(len(memory) // size):
            counters = memory[cpu * size : (cpu + 1) * size]

            def counter(at: int, counters: bytes = counters) -> int:
                return int.from_bytes(counters[at : at + 8], "little")

            consumer.drops(
                cpu,
                principal=counter(state.DROPS),
                dynamic=counter(state.DYNAMIC_DROPS),
                aggregation=counter(state.AGG_DROPS),
            )
        consumer.report_drops()
