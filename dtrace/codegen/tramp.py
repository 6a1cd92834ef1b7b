"""Trampolines: the main function of a program, between what a kernel hands over and the clauses.

int trampoline(ctx)
        if this CPU is not the one of option cpu goto out
        mem = lookup(mem, 0);  if mem == NULL goto out
        if state.activity is not right for this probe goto out
        if mem->record.probe != 0, count it and goto out     (a probe inside a probe)
        mem->record.probe = id of the probe
        mem->args = what the clauses use
        clause(ctx, mem) ...
        mem->record.probe = 0
out:    return 0
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtrace.bpf.code import Area, Code, Label, MapRef, MapValue, VReg
from dtrace.codegen import state
from dtrace.codegen.gen import LOADS
from dtrace.probes.desc import Begin, End, RawTracepoint, Syscall, Timer, Tracepoint
from emu.kernel.traits import Trait

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dtrace.codegen.gen import ClauseGen
    from dtrace.codegen.program import ProgramGen
    from dtrace.probes.desc import Field, Probe, Site

# struct pt_regs of x86-64: where the system call's number and arguments are.
PT_REGS_IP = 128
PT_REGS_ORIG_AX = 120
PT_REGS_ARGS = (112, 104, 96, 56, 72, 64)  # di si dx r10 r8 r9
SYSCALL_ARGS = 16  # of a sys_enter_* record; a sys_exit_* record has the result there
MAX_ERRNO = 2048
TS_COMPAT = 2  # thread_info.status: a 32-bit system call, whose numbers mean other calls
KEY_SLOT = -4  # of the stack
TASK_SLOT = -16


class Member(NamedTuple):
    """One probe of a program, with its clauses in order."""

    probe: Probe
    clauses: tuple[ClauseGen, ...]


class Tramp:
    """One trampoline while it is being generated."""

    def __init__(self, program: ProgramGen, name: str, members: Sequence[Member]) -> None:
        self.program = program
        self.profile = program.target.profile
        self.members = members
        self.code = Code(name, params=1)
        (self.ctx,) = self.code.params
        self.mem = VReg()
        self.l_out = Label("out")
        self.l_done = Label("done")
        clauses = [c for m in members for c in m.clauses]
        self.code.span = clauses[0].cooked.clause.span
        if any(c.has_fault for c in clauses):
            clauses += program.errors
        self.args = sorted({n for c in clauses for n in c.args_used})
        self.uses_errno = any(c.uses_errno for c in clauses)

    # Parts

    def begin(self, site: Site) -> None:
        """Find the memory; leave if nothing is to be traced here and now."""
        code = self.code
        if self.program.target.cpu is not None:
            here = code.helper("get_smp_processor_id")
            code.jump("jne", here, self.program.target.cpu, self.l_out)
        fp = code.frame()
        code.emit("stw", fp, off=KEY_SLOT, imm=0)
        key = code.address(fp, KEY_SLOT)
        self.mem = code.helper("map_lookup_elem", MapRef(state.MEM), key)
        code.jump("jeq", self.mem, 0, self.l_out)
        if not isinstance(site, (Begin, End)):
            activity = code.load("ldxw", self.global_state(), state.ACTIVITY)
            code.jump("jne", activity, int(state.Activity.ACTIVE), self.l_out)
        l_free = Label("free")
        busy = code.load("ldxw", self.mem, 0, Area.RECORD)
        code.jump("jeq", busy, 0, l_free)
        self.count_nested()
        code.goto(self.l_out)
        code.bind(l_free)

    def count_nested(self) -> None:
        """Count a firing that is not traced."""
        self.code.add_to(self.mem, state.NESTED, 1)

    def global_state(self) -> VReg:
        """The address of the state that all CPUs share."""
        code = self.code
        if self.profile.has(Trait.DIRECT_MAP_VALUE):
            reg = VReg()
            code.emit("ld_imm64", reg, ref=MapValue(state.GLOBAL, 0))
            return reg
        fp = code.frame()
        reg = VReg()
        key = code.address(fp, KEY_SLOT)
        code.emit("mov64_reg", reg, code.helper("map_lookup_elem", MapRef(state.GLOBAL), key))
        code.jump("jeq", reg, 0, self.l_out)
        return reg

    def fire(self, probe: VReg | int) -> None:
        """Say which probe is firing.  Until its arguments say otherwise errno is 0."""
        if isinstance(probe, int):
            self.code.emit("stw", self.mem, off=0, imm=probe, ref=Area.RECORD)
        else:
            self.code.emit("stxw", self.mem, probe, off=0, ref=Area.RECORD)
        if self.uses_errno:
            self.code.emit("stw", self.mem, off=state.ERRNO, imm=0)

    def store_arg(self, number: int, value: VReg | int) -> None:
        at = state.ARGS + 8 * number
        if isinstance(value, int):
            self.code.emit("stdw", self.mem, off=at, imm=value)
        else:
            self.code.emit("stxdw", self.mem, value, off=at)

    def store_args(self, known: dict[int, Callable[[], VReg]]) -> None:
        """Store the arguments that the clauses use; those the probe does not have are 0."""
        for number in self.args:
            self.store_arg(number, known[number]() if number in known else 0)

    def store_errno(self, result: VReg) -> None:
        """errno of a system call that returned `result`."""
        code = self.code
        if not self.uses_errno:
            return
        l_ok = Label("succeeded")
        code.jump("jsge", result, 0, l_ok)
        code.jump("jsle", result, -MAX_ERRNO, l_ok)
        number = code.copy(result)
        code.emit("neg64", number)
        code.emit("stxw", self.mem, number, off=state.ERRNO)
        code.bind(l_ok)

    def calls(self, clauses: Sequence[ClauseGen]) -> None:
        """Call the clauses in order; one that may have called exit() is the last if it did."""
        for i, clause in enumerate(clauses):
            self.code.func(clause.code.name, self.ctx, self.mem)
            more = i + 1 < len(clauses)
            exits = clause.may_exit or (clause.has_fault and self.program.error_exits)
            if exits and more:
                activity = self.code.load("ldxw", self.global_state(), state.ACTIVITY)
                draining = int(state.Activity.DRAINING)
                self.code.jump("jeq", activity, draining, self.l_done)

    def end(self) -> Code:
        code = self.code
        code.bind(self.l_done)
        code.emit("stw", self.mem, off=0, imm=0, ref=Area.RECORD)
        code.bind(self.l_out)
        code.ret(0)
        return code

    # Sources of arguments

    def context(self, name: str, offset: int) -> Callable[[], VReg]:
        """A reader of a field of the context."""
        return lambda: self.code.load(name, self.ctx, offset)

    def field(self, field: Field) -> Callable[[], VReg]:
        """A reader of a tracepoint record's field; of an array its address."""

        def read() -> VReg:
            load = LOADS.get(field.size)
            if load is None:
                return self.code.address(self.ctx, field.offset)
            reg = self.code.load(load, self.ctx, field.offset)
            if field.signed and field.size < 8:
                self.code.emit("lsh64_imm", reg, imm=64 - 8 * field.size)
                self.code.emit("arsh64_imm", reg, imm=64 - 8 * field.size)
            return reg

        return read

    def registers(self, base: VReg, offset: int) -> Callable[[], VReg]:
        """A reader of a saved register in kernel memory at base + offset."""

        def read() -> VReg:
            code = self.code
            split = self.profile.has(Trait.PROBE_READ_SPLIT)
            fp = code.frame()
            slot = code.address(fp, TASK_SLOT)
            source = code.address(base, offset)
            code.helper("probe_read_kernel" if split else "probe_read", slot, 8, source)
            return code.load("ldxdw", fp, TASK_SLOT)

        return read


def trampoline(program: ProgramGen, name: str, member: Member) -> Code:
    """The trampoline of a program for one probe."""
    probe = member.probe
    tramp = Tramp(program, name, [member])
    tramp.begin(probe.site)
    tramp.fire(probe.id)
    _ARGUMENTS.get(type(probe.site), _no_args)(tramp, probe)
    tramp.calls(member.clauses)
    return tramp.end()


def _no_args(tramp: Tramp, probe: Probe) -> None:
    tramp.store_args({})


def _timer_args(tramp: Tramp, probe: Probe) -> None:
    """arg0 is the kernel's instruction pointer, arg1 the process's; one of them is 0."""
    if not tramp.args:
        return
    code = tramp.code
    pc = code.load("ldxdw", tramp.ctx, PT_REGS_IP)
    l_user, l_end = Label("user"), Label("pc")
    tramp.store_args({})
    code.jump("jsge", pc, 0, l_user)
    tramp.store_arg(0, pc)
    code.goto(l_end)
    code.bind(l_user)
    tramp.store_arg(1, pc)
    code.bind(l_end)


def _tracepoint_args(tramp: Tramp, probe: Probe) -> None:
    site = probe.site
    assert isinstance(site, Tracepoint)
    tramp.store_args({i: tramp.field(f) for i, f in enumerate(site.fields)})


def _raw_args(tramp: Tramp, probe: Probe) -> None:
    site = probe.site
    assert isinstance(site, RawTracepoint)
    tramp.store_args({i: tramp.context("ldxdw", 8 * i) for i in range(site.nargs)})


def _syscall_args(tramp: Tramp, probe: Probe) -> None:
    """Through the call's own tracepoint, whose record has no more than the call's parameters: a
    program that reads beyond it is not attached (perf_event_set_bpf_prog())."""
    site = probe.site
    assert isinstance(site, Syscall)
    if site.entry:
        parameters = range(min(len(probe.args), len(PT_REGS_ARGS)))
        tramp.store_args({i: tramp.context("ldxdw", SYSCALL_ARGS + 8 * i) for i in parameters})
    elif tramp.args or tramp.uses_errno:
        result = tramp.code.load("ldxdw", tramp.ctx, SYSCALL_ARGS)
        tramp.store_args({i: (lambda: result) for i in (0, 1)})
        tramp.store_errno(result)


_ARGUMENTS: dict[type, Callable[[Tramp, Probe], None]] = {
    Timer: _timer_args,
    Tracepoint: _tracepoint_args,
    RawTracepoint: _raw_args,
    Syscall: _syscall_args,
}


def syscall_map(entry: bool) -> str:
    """The name of the map that says which probe a system call's number is."""
    return "sys_enter" if entry else "sys_exit"


SELECT_ENTRY = 8  # bytes of an element: u32 probe id (0: not traced), u32 group


def syscall_trampoline(
    program: ProgramGen, name: str, groups: Sequence[Sequence[Member]], *, entry: bool, last: int
) -> Code:
    """The trampoline of one program for many system calls, on raw sys_enter or sys_exit.

            nr = number of the call;  if nr > last or it is a 32-bit call goto out
            found = select[nr];  if found->probe == 0 goto out
            ... as above, with the clauses of found->group

    groups: the probes, those with the same clauses together.
    last: the greatest number traced.
    """
    tramp = Tramp(program, name, [m for group in groups for m in group])
    code = tramp.code
    regs = code.load("ldxdw", tramp.ctx, 0)
    second = code.load("ldxdw", tramp.ctx, 8)
    number = second if entry else tramp.registers(regs, PT_REGS_ORIG_AX)()
    code.jump("jgt", number, last, tramp.l_out)
    fp = code.frame()
    code.emit("stxw", fp, number, off=KEY_SLOT)
    found = VReg()
    key = code.address(fp, KEY_SLOT)
    code.emit("mov64_reg", found, code.helper("map_lookup_elem", MapRef(syscall_map(entry)), key))
    code.jump("jeq", found, 0, tramp.l_out)
    probe = code.load("ldxw", found, 0)
    code.jump("jeq", probe, 0, tramp.l_out)
    group_number = code.load("ldxw", found, 4) if len(groups) > 1 else None
    _leave_if_compat(tramp)
    tramp.begin(groups[0][0].probe.site)
    tramp.fire(probe)
    if entry:
        tramp.store_args({i: tramp.registers(regs, at) for i, at in enumerate(PT_REGS_ARGS)})
    else:
        tramp.store_args({i: (lambda: second) for i in (0, 1)})
        tramp.store_errno(second)
    for i, group in enumerate(groups):
        l_next = Label("group")
        if group_number is not None:
            code.jump("jne", group_number, i, l_next)
        tramp.calls(group[0].clauses)
        code.goto(tramp.l_done)
        code.bind(l_next)
    return tramp.end()


def _leave_if_compat(tramp: Tramp) -> None:
    # in_ia32_syscall(): the raw tracepoints fire for 32-bit calls too, the calls' own do not.
    code = tramp.code
    task = code.helper("get_current_task")
    status = tramp.registers(task, tramp.program.offset_of("task_struct", "thread_info.status"))()
    code.alu("and", status, TS_COMPAT)
    code.jump("jne", status, 0, tramp.l_out)
