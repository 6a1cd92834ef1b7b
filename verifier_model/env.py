"""Env: the program under judgement, its kernel, and what the walk has counted and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.btf import Kind
from emu.isa import table
from emu.kernel import helpers, iterators, kfuncs, lsm_hooks, maps, prog_types
from emu.kernel.enums import (
    F_ANY_ALIGNMENT,
    F_SLEEPABLE,
    F_STRICT_ALIGNMENT,
    F_TEST_STATE_FREQ,
    ProgType,
)
from emu.kernel.errno import E2BIG, EACCES, EFAULT, EINVAL
from verifier_model.domain.word import U32
from verifier_model.fixups import Fixups
from verifier_model.halves import reads_whole
from verifier_model.log import Log
from verifier_model.reg import FP, NOT_INIT, SCALAR_VALUE, UNINIT, const_scalar, unknown_scalar
from verifier_model.rules import rules_of
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from emu.btf import BtfData
    from emu.isa.table import InsnDef
    from emu.kernel.helpers import Helper, Proto
    from emu.kernel.kfuncs import Kfunc
    from emu.kernel.profile import Kernel
    from emu.prog import Insn, LineInfo, MapDef, MapField, Prog
    from verifier_model.check.func_types import Expected
    from verifier_model.check.target import Function
    from verifier_model.fastcall import Fastcall
    from verifier_model.log_shares import Shares
    from verifier_model.loop_visits import LoopVisits
    from verifier_model.reg import RegState
    from verifier_model.report.trail import Trail
    from verifier_model.stack_use import StackUse
    from verifier_model.state import FuncState, VerifierState
    from verifier_model.static.live_stack import LiveStack
    from verifier_model.undropped import Undropped


# license_is_gpl_compatible(), include/linux/license.h
GPL_COMPATIBLE = (
    "GPL",
    "GPL v2",
    "GPL and additional rights",
    "Dual BSD/GPL",
    "Dual MIT/GPL",
    "Dual MPL/GPL",
)


class Env:
    """One verification: struct bpf_verifier_env."""

    def __init__(
        self,
        prog: Prog,
        kernel: Kernel,
        log_level: int,
        cpus: int,
        btf: BtfData | None = None,
        *,
        every_path: bool = False,
    ) -> None:
        self.prog = prog
        self.insns: tuple[Insn, ...] = prog.insns
        self.rows: list[InsnDef | None] = [table.find(insn) for insn in prog.insns]
        self.kernel = kernel
        self.rules = rules_of(kernel)
        self.marks_reads = self.rules.READS_BY_STATE
        self.limits = kernel.limits
        self.cpus = cpus
        self.btf = btf  # the kernel's
        self.attached: Function | None = None  # what a tracing program attaches to
        self.records: dict[int, tuple[MapField, ...]] = {}  # of objects; records.py fills it in
        self.each_of: dict[int, MapDef] = {}  # the map that an insn goes over: map_ptr_state
        self.gpl = prog.license in GPL_COMPATIBLE
        self.prog_type = ProgType(prog.type)
        self.attach_type = prog_types.attach_type_meant(prog.type, prog.expected_attach_type)
        self.maps = tuple(map(maps.as_created, prog.maps))
        self.arena: MapDef | None = None  # that of the program, once an insn has named it
        self.strict_alignment = bool(prog.flags & F_STRICT_ALIGNMENT) and not (
            prog.flags & F_ANY_ALIGNMENT
        )
        self.may_sleep = bool(prog.flags & F_SLEEPABLE)
        self.keep_every_state = bool(prog.flags & F_TEST_STATE_FREQ)
        self.log = Log(log_level, self.rules)

        n = len(prog.insns)
        self.subprogs: list[int] = [0]  # first insns, ascending; verify.py adds the rest
        self.calls: dict[int, int] = {}  # by insn, the first insn of the subprog that it names
        self.prune_points = bytearray(n + 1)
        self.jmp_points = bytearray(n + 1)
        self.forced_points = bytearray(n + 1)  # where every state is kept
        self.callback_points = bytearray(n + 1)  # calls of helpers that call back
        self.iter_points = bytearray(n + 1)  # calls of bpf_iter_*_next()
        # What live_regs.py has found of the insns: by insn, and by the start of a subprog.
        self.successors: list[tuple[int, ...]] = []
        self.uses: list[tuple[int, int]] = []
        self.postorders: dict[int, tuple[int, ...]] = {}
        self.goes_back = False  # some insn goes on to itself or to one before it
        self.undo_masks: list[int] = []  # by insn, what backtrack.py looks for
        self.live_regs: list[int] = []  # registers live before each insn, where the kernel knows
        self.fixups = Fixups()
        # 32-bit cmpxchgs whose r0 keeps its high half, where the kernel may forget to clear it.
        self.not_extended: set[int] = set()
        self.accessed_as: dict[int, object] = {}  # pointer type each load and store insn has met
        self.stack_depth: list[int] = [0]  # bytes, by subprog
        self.inlined_loops: dict[int, tuple[int, bool]] = {}  # by call: what it calls, whether
        self.max_stack_depth = 0  # bytes, of a chain of calls
        self.unknown_is_precise = False  # what a new scalar's `precise` is; verify.py knows
        self.anything = unknown_scalar()  # unknown(), one for all, not to be changed; the same
        self.unreliable: set[int] = set()  # subprogs of which BTF is not believed
        self.func_args: dict[int, tuple[Expected, ...]] = {}  # what subprogs take, as it is needed
        self.called: set[int] = set()  # global functions that were called
        self.entered: set[int] = set()  # subprogs that were walked, or begun to
        self.run_later: set[int] = set()  # subprogs that run when the program has ended
        self.called_back: set[int] = set()  # subprogs that a helper calls back, now or later
        self.exception_callback = 0  # the subprog that handles exceptions, if there is one
        self.throwers: frozenset[int] | None = None  # exceptions.throwers() does, too
        self.packet_changers: frozenset[int] | None = None  # packet.changers() fills it in
        self.sleepers: frozenset[int] | None = None  # sleeping.sleepers() does
        self.readable: set[tuple[int, int]] = set()  # offset and size of what loads found in ctx
        self.loaded: dict[tuple[int, bool], RegState] = {}  # what narrow loads make of `anything`
        self._immediates: dict[int, RegState] = {}
        self._protos: dict[int, Proto | None] = {}

        self.helpers = {insn.imm for insn in prog.insns if insn.code == _CALL and not insn.src}
        self.has_dynptrs = bool(prog.kfuncs) or not self.helpers.isdisjoint(_DYNPTR_MAKERS)
        self.every_path = every_path  # no path ends where an equivalent state was walked
        self.insn_idx = 0
        self.prev_insn_idx = -1
        self.lines: tuple[LineInfo, ...] = ()  # line_info, when it was found to be right
        self.line_of: list[int] = []  # by insn, its line; log_source.py fills it in
        self.told_line = -1  # the one that the log told last
        # (state, insn, previous insn, lines in the log) of branches still to be walked
        self.stack: list[tuple[VerifierState, int, int, int]] = []
        self.explored: dict[int, list[VerifierState]] = {}
        self.undropped: dict[int, Undropped] = {}  # the same until 5.1, by insn
        self.hist_pushed = -1  # the count of insns at which the history was last added to
        self.stack_use: StackUse | None = None  # where it is found out on the way
        self.fastcall: Fastcall | None = None  # where there are spills that can be removed
        self.loop_visits: LoopVisits | None = None  # where loops are known by their insns
        # What hears of each insn of a walk that is to be reported on, or whose insns are counted.
        self.trail: Trail | Shares | None = None
        self.live_stack: LiveStack | None = None  # where it is known before the walk
        self.cur_state: VerifierState | None = None  # of the path that is walked
        self.scratched_regs = -1  # registers to show in the log: bits, of the frame that runs
        self.scratched_slots = -1  # the same, of its stack slots
        self.ids = 0
        self.insns_processed = 0
        self.jmps_processed = 0
        self.prev_insns_processed = 0
        self.prev_jmps_processed = 0
        self.total_states = 0
        self.peak_states = 0
        self.kept_states = 0  # that are searched
        self.dropped_states = 0  # that are not, but that paths still go on from
        self.max_states_per_insn = 0
        self.longest_mark_read = 0  # the most ancestors that were told at once of a read

    def new_id(self) -> int:
        self.ids += 1
        return self.ids

    def subprog_of(self, idx: int) -> int:
        """The number of the subprog with the insn."""
        no = 0
        for i, start in enumerate(self.subprogs):
            if start <= idx:
                no = i
        return no

    def subprog_name(self, no: int) -> str:
        """What the program's BTF calls a subprog; "" without one."""
        start = self.subprogs[no]
        return next((info.name for info in self.prog.func_info if info.start == start), "")

    def subprog_end(self, no: int) -> int:
        return self.subprogs[no + 1] if no + 1 < len(self.subprogs) else len(self.insns)

    def helper_proto(self, insn: Insn) -> Proto | None:
        """The prototype of the helper that an insn calls; None where the program has none."""
        number = insn.imm
        if insn.src:
            return None
        if number not in self._protos:
            row = helpers.by_id(number)
            has = (
                row is not None
                and helpers.available(self.kernel, self.prog_type, row, self.attach_type)
                and (row.name not in _SOCKET_OPTIONS or self._has_socket())
                and self.is_built(row) is not False
            )
            self._protos[number] = (
                helpers.proto(self.kernel, row, self.prog_type) if row is not None and has else None
            )
        return self._protos[number]

    def _has_socket(self) -> bool:
        """Whether a program that names a function is given a socket there to set options of."""
        if self.attached is None:
            return True
        name = self.attached.name
        if self.prog_type is ProgType.LSM:
            return lsm_hooks.has(self.kernel, lsm_hooks.WITH_SOCKET, name)
        return iterators.has_socket(self.kernel, name)

    def is_built(self, row: Helper) -> bool | None:
        """Whether the kernel was built with the helper, as its BTF says; None: nobody knows."""
        if not row.config:
            return True
        if self.btf is None or self.btf.find(_ANY_HELPER, (Kind.FUNC,)) is None:
            return None
        return self.btf.find(f"bpf_{row.name}", (Kind.FUNC,)) is not None

    def kfunc(self, insn: Insn) -> Kfunc | None:
        """The kernel function that an insn calls; None where its name is not known."""
        if insn.off or not 0 <= insn.imm < len(self.prog.kfuncs):
            return None
        return kfuncs.of_kernel(self.kernel, self.prog.kfuncs[insn.imm])

    def kfunc_allowed(self, insn: Insn) -> Kfunc | None:
        """The same; None where programs of this type may not call it."""
        row = self.kfunc(insn)
        return row if row is not None and self.may_call(row) else None

    def may_call(self, row: Kfunc) -> bool:
        """Whether programs of this type may call the kernel function."""
        return kfuncs.is_allowed(self.kernel, self.prog_type, row, self.attach_type)

    def known_at(self, state: VerifierState, idx: int) -> list[VerifierState]:
        """The states kept in the list of the insn and the frame's call: explored_state()."""
        callsite = state.frames[-1].callsite & U32
        spaced = self.rules.STATES_SPACED
        return self.explored.get((idx ^ callsite) % len(self.insns) if spaced else idx, [])

    def push_branch(self, state: VerifierState, target: int, idx: int) -> VerifierState:
        """A copy of the state, to be walked from `target` later: push_stack()."""
        other = state.copy()
        other.branches = 1
        if other.parent is not None:
            other.parent.branches += 1
        self.push(other, target, idx)
        return other

    def push(self, other: VerifierState, target: int, idx: int, what: str = "") -> None:
        """The state is to be walked from `target` later; what: it is, as a complaint says."""
        self.stack.append((other, target, idx, len(self.log.lines)))
        if self.trail is not None:
            self.trail.fork(other)
        if len(self.stack) > self.limits.jump_queue:
            if self.rules.STATES_SPACED:
                text = f"The sequence of {len(self.stack)} jumps is too complex{what}."
            else:
                text = "BPF program is too complex"
            raise Reject(text, E2BIG if self.rules.JUMP_QUEUE_E2BIG else EFAULT)

    # -- registers ---------------------------------------------------------------------------

    def read_reg(self, state: VerifierState, regno: int) -> RegState:
        """A register an insn reads: check_reg_arg(SRC_OP)."""
        if regno > FP:
            raise Reject(f"R{regno} is invalid", EINVAL)
        frame = state.frames[-1]
        reg = frame.regs[regno]
        self.scratched_regs |= 1 << regno
        if reg.type is NOT_INIT:
            raise Reject(f"R{regno} !read_ok", EACCES)
        screened = frame.regs_written | frame.regs_lent
        if self.marks_reads and regno != FP and not screened >> regno & 1:
            whole = (
                reg.type is not SCALAR_VALUE
                or not self.rules.READS_OF_HALVES
                or reads_whole(self.insns[self.insn_idx])
            )
            self.mark_reg_read(state, len(state.frames) - 1, regno, whole=whole)
        return reg

    def mark_reg_read(
        self, state: VerifierState, depth: int, regno: int, *, whole: bool = True
    ) -> None:
        """An insn reads a register of a frame, or the low half of it, until 6.17."""
        length = state.mark_reg_read(depth, regno, whole=whole)
        self.longest_mark_read = max(length, self.longest_mark_read)

    def mark_stack_read(self, state: VerifierState, depth: int, spi: int) -> None:
        """An insn reads a slot of a frame: bpf_mark_stack_read(), before 6.18 mark_reg_read()."""
        if self.marks_reads:
            length = state.mark_stack_read(depth, spi)
            self.longest_mark_read = max(length, self.longest_mark_read)
        if self.stack_use is not None:
            self.stack_use.reads(depth, spi)

    def reads_as(self, cur: VerifierState, old: VerifierState) -> bool:
        """What the rest of the old state's path reads, that of this one's does; if any is new."""
        length = cur.reads_as(old)
        self.longest_mark_read = max(length, self.longest_mark_read)
        return length > 0

    def touch_stack(self, frame: FuncState, off: int) -> None:
        """A load or a store reaches the frame's stack at `off`, or a helper fills it there."""
        if self.fastcall is not None:
            self.fastcall.touch(frame.subprogno, off)

    def mark_stack_write(self, frame: FuncState, spi: int) -> None:
        """An insn writes all of a slot."""
        frame.stack_written |= 1 << spi
        if self.stack_use is not None:
            self.stack_use.writes(frame.frameno, spi)

    def check_writable(self, state: VerifierState, regno: int) -> None:
        """A register an insn writes: check_reg_arg(DST_OP)."""
        if regno > FP:
            raise Reject(f"R{regno} is invalid", EINVAL)
        if regno == FP:
            raise Reject("frame pointer is read only", EACCES)
        bit = 1 << regno
        state.frames[-1].regs_written |= bit
        self.scratched_regs |= bit

    def write_reg(self, state: VerifierState, regno: int, reg: RegState) -> None:
        """Put a new value into a register of the running frame."""
        frame = state.frames[-1]
        frame.regs[regno] = reg
        bit = 1 << regno
        frame.regs_written |= bit
        self.scratched_regs |= bit

    def forget_reg(self, state: VerifierState, regno: int) -> None:
        """The register's value is lost: mark_reg_not_init()."""
        frame = state.frames[-1]
        frame.regs[regno] = UNINIT
        frame.regs_written |= 1 << regno

    def unknown(self) -> RegState:
        """An unknown scalar, as this program and kernel begin them: __mark_reg_unknown()."""
        reg = unknown_scalar()
        reg.precise = self.unknown_is_precise
        return reg

    def immediate(self, x: int) -> RegState:
        """The same as const(), one register for all who ask: it must not be changed."""
        reg = self._immediates.get(x)
        if reg is None:
            reg = self._immediates[x] = self.const(x)
        return reg

    def const(self, x: int) -> RegState:
        """A known scalar; it is not precise until its value matters."""
        reg = const_scalar(x)
        if not self.rules.BOUNDS_32:
            reg.smin32, reg.smax32, reg.umin32, reg.umax32 = _FULL32
        reg.precise = self.unknown_is_precise
        return reg

    def map_of(self, index: int) -> MapDef | None:
        return self.maps[index] if 0 <= index < len(self.maps) else None


_CALL = 0x85
_SOCKET_OPTIONS = ("getsockopt", "setsockopt")
_ANY_HELPER = "bpf_send_signal"  # BTF has the functions of helpers, or of few (before 6.12)
_DYNPTR_MAKERS = (197, 198)  # dynptr_from_mem(), ringbuf_reserve_dynptr()
_UNBOUNDED = unknown_scalar()
_FULL32 = (_UNBOUNDED.smin32, _UNBOUNDED.smax32, _UNBOUNDED.umin32, _UNBOUNDED.umax32)
