"""Vm: a program bound to a machine, and its interpreter."""

from __future__ import annotations

import struct
from operator import length_hint
from typing import TYPE_CHECKING

from emu.isa import table
from emu.prog import PSEUDO_CALL, PSEUDO_FUNC
from emu.vm import alu, atomic, call, jmp, ldst, move, skb_load
from emu.vm.call import Exit, TailCall
from emu.vm.fault import Kind, VmFault
from emu.vm.registry import HANDLERS, NOT_EMULATED, U32, U64, Bound
from emu.vm.run import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from emu.isa.table import InsnDef
    from emu.maps.base import Map
    from emu.prog import Insn, Prog
    from emu.vm.mem import AddressSpace
    from emu.vm.registry import Step
    from emu.vm.run import Run

FAMILIES = (alu, atomic, call, jmp, ldst, move, skb_load)  # importing them registers their handlers

BUDGET = 1 << 26  # insns of one run; programs that verifiers accept end long before
REGS = 11  # r0 to r10


class Vm:
    """A program ready to run.

    prog: need not be verified; what is wrong with an instruction is a VmFault when it is reached.
    mem: where its loads and stores go.
    maps: what prog.maps became.
    budget: insns after which a run counts as endless.
    """

    def __init__(
        self, prog: Prog, mem: AddressSpace, maps: Sequence[Map] = (), *, budget: int = BUDGET
    ) -> None:
        self.prog = prog
        self.budget = budget
        self.mem = mem
        self.maps = maps
        self.constants: dict[int, int] = {}  # where each immediate is kept, among the registers
        self.steps = [self._bind(pc) for pc in range(len(prog.insns))]
        self.steps.append(_fault(VmFault(Kind.JUMP, "the program does not end with exit")))
        self.initial = [0] * REGS + list(self.constants)

    def run(self, run: Run, ctx: int, *more: int) -> int:
        """Run the program with r1 = ctx; returns r0, a u64.

        run: an execution context that is not in use.
        ctx: address of the context.
        more: what r2 ... begin with; kernels give programs nothing else.

        Raises VmFault, with the insn's index, where the program breaks a rule.
        """
        run.ctx = ctx
        run.budget = self.budget
        run.frames.clear()
        run.tail_calls.clear()
        run.vm = self
        return self.call(run, 0, (ctx, *more))

    def call(self, run: Run, pc: int, args: Sequence[int]) -> int:
        """Call the function at `pc` with r1 ... = args; returns its r0.

        For the program's start, and for callbacks of helpers that it calls.
        """
        r = self.initial.copy()
        r[1 : 1 + len(args)] = args
        r[10] = run.push(Frame(-1, r[6:10], 0))
        try:
            left = self.interpret(run, pc, r, run.budget)
        except TailCall as tail:
            return self.finish(run, tail)
        run.budget = min(run.budget, left)
        return r[0]

    @staticmethod
    def finish(run: Run, tail: TailCall) -> int:
        """Run what a function that was called ended with; returns its r0."""
        run.budget = min(run.budget, tail.left)
        caller = run.vm
        result = tail.enter(run)
        run.vm = caller
        return result

    def interpret(self, run: Run, pc: int, r: list[int], budget: int) -> int:
        """Go on at `pc` until the function that is running returns, with its results in `r`.

        r: the registers and constants, as `initial` has them.

        Returns how many of `budget` insns are left.  Raises TailCall where it ends with one.
        """
        left = iter(range(budget))
        try:
            pc = self.advance(run, pc, r, left)
        except Exit:
            return length_hint(left)
        raise VmFault(Kind.ENDLESS, f"still running after {self.budget} insns", pc)

    def advance(self, run: Run, pc: int, r: list[int], left: Iterator[int]) -> int:
        """Run an insn for each item of `left`; returns the index of the next one.

        Raises Exit or TailCall where the function that is running ends before.
        """
        steps = self.steps
        try:
            for _ in left:
                pc = steps[pc](r, run)
        except TailCall as tail:
            tail.left, tail.registers = length_hint(left), r[1:6]
            raise
        except VmFault as fault:
            if fault.pc < 0:
                fault.pc = pc
            raise
        except (KeyError, struct.error):
            access = self._access_fault(pc, r)
            if access is None:
                raise
            raise access from None
        return pc

    def _bind(self, pc: int) -> Step:
        """The step of an instruction; one that faults if it is not what the ISA allows."""
        try:
            row, bound = self.bound(pc)
            return HANDLERS[row.name](bound)
        except VmFault as fault:
            return _fault(fault)

    def bound(self, pc: int) -> tuple[InsnDef, Bound]:
        """An instruction's row, and what its handler gets.

        Raises VmFault if it is not what the ISA allows, or not emulated.
        """
        insn = self.prog.insns[pc]
        row = table.find(insn)
        if row is None:
            raise VmFault(Kind.INSN, f"unknown opcode {insn.code:#04x}")
        if row.name not in HANDLERS:
            raise VmFault(Kind.INSN, f"{row.name} is not emulated: {NOT_EMULATED[row.name]}")
        if insn.dst >= REGS or insn.src >= REGS:
            raise VmFault(Kind.INSN, f"no register r{max(insn.dst, insn.src)}")
        wide = row.name == "ld_imm64"
        second = self.prog.insns[pc + 1] if wide and pc + 1 < len(self.prog.insns) else None
        return row, Bound(
            insn=insn,
            pc=pc,
            dst=insn.dst,
            src=self._source(insn, row),
            following=pc + 1 + wide,
            target=self._target(insn, row, pc),
            second=second,
            mem=self.mem,
            maps=self.maps,
            prog=self.prog,
        )

    def _source(self, insn: Insn, row: InsnDef) -> int:
        """Where the operand is: a register, or the place of an immediate."""
        by_imm = row.name.endswith("_imm") or row.cls == table.ST
        if not by_imm:
            return insn.src
        narrow = row.cls in (table.ALU, table.JMP32)
        value = insn.imm & (U32 if narrow else U64)
        return self.constants.setdefault(value, REGS + len(self.constants))

    def _target(self, insn: Insn, row: InsnDef, pc: int) -> int:
        """Where a jump or call goes: out of the program is its end, where a fault waits."""
        by_imm = (
            row.name == "gotol"
            or (row.name == "call" and insn.src == PSEUDO_CALL)
            or (row.name == "ld_imm64" and insn.src == PSEUDO_FUNC)
        )
        target = pc + 1 + (insn.imm if by_imm else insn.off)
        return target if 0 <= target < len(self.prog.insns) else len(self.prog.insns)

    def _access_fault(self, pc: int, r: list[int]) -> VmFault | None:
        """What went wrong at a load or store; None where it is something else."""
        insn = self.prog.insns[pc]
        kind = insn.code & 7
        if kind not in (table.LDX, table.ST, table.STX):
            return None
        row = table.find(insn)
        loads = kind == table.LDX or (row is not None and row.name.startswith("load_acquire"))
        address = (r[insn.src if loads else insn.dst] + insn.off) & U64
        size = ldst.access_size(insn)
        verb = "read" if loads else "write"
        return VmFault(Kind.ACCESS, f"cannot {verb} {size} bytes at {address:#x}", pc)


def _fault(fault: VmFault) -> Step:
    """A step that raises `fault`."""

    def step(r: list[int], run: Run) -> int:
        raise VmFault(fault.kind, fault.message)

    return step
