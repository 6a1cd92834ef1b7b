"""Code: one BPF function while it is being written, over virtual registers.

    code = Code("dt_clause_1", params=2)
    ctx, mem = code.params
    v = code.load("ldxw", mem, STATE_ERRNO)     # v = *(u32 *)(mem + STATE_ERRNO)
    code.emit("add64_imm", dst=v, imm=1)
    code.ret(0)

Instructions have the names of emu.isa.table.  Jumps only go forward, so that every program loads
on kernels that refuse back-edges (before 5.3) and a register's life is one range of positions.
dtrace.opt.regalloc turns a Code into instructions over r0..r10.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

from dtrace.source import NO_SPAN, Span
from emu.kernel import helpers

if TYPE_CHECKING:
    from collections.abc import Sequence


class VReg:
    """A virtual register."""

    __slots__ = ()


FRAME = VReg()  # the frame pointer, in any function


class Label:
    """A place to jump to."""

    __slots__ = ("name",)

    def __init__(self, name: str = "") -> None:
        self.name = name


class Area(enum.Enum):
    """A part of the per-CPU memory whose offset the linker knows.  An instruction that refers to
    one has the area's offset added: to `off` if it accesses memory, else to `imm`."""

    KEPT = "kept"  # what subroutines keep beyond a statement: texts at work, alloca's memory
    SCRATCH = "scratch"  # keys, values and strings of one statement
    RECORD = "record"  # the record that is being assembled


class MapRef(NamedTuple):
    """A map by name, as ld_imm64 loads it: its descriptor."""

    name: str


class MapValue(NamedTuple):
    """The address of byte `offset` of element 0 of an array map."""

    name: str
    offset: int


class FuncRef(NamedTuple):
    """A BPF function by name."""

    name: str


class PcRef(NamedTuple):
    """The index that this very instruction has in the loaded program."""


Ref = Area | MapRef | MapValue | FuncRef | PcRef
Arg = VReg | int | MapRef


class Ins:
    """An instruction over virtual registers, or one of the pseudo instructions
    `params` (args: the registers that r1... are moved to), `call` (args, dst), `ret` (src or imm),
    `label` and `bound` (src is at most imm)."""

    __slots__ = ("args", "dst", "imm", "name", "off", "ref", "span", "src", "to")

    def __init__(
        self,
        name: str,
        dst: VReg | None = None,
        src: VReg | None = None,
        off: int = 0,
        imm: int = 0,
        to: Label | None = None,
        ref: Ref | None = None,
        args: Sequence[Arg] = (),
        span: Span = NO_SPAN,
    ) -> None:
        self.name = name
        self.dst = dst
        self.src = src
        self.off = off
        self.imm = imm
        self.to = to
        self.ref = ref
        self.args = args
        self.span = span


S32_MIN, S32_MAX = -(1 << 31), (1 << 31) - 1


class Code:
    """A function being written.  `span` is what the next instructions come from."""

    def __init__(self, name: str, params: int = 0) -> None:
        self.name = name
        self.span = NO_SPAN
        self.ins: list[Ins] = []
        self.locals = 0  # bytes of stack below the frame pointer that the code itself uses
        self.params = tuple(VReg() for _ in range(params))
        if params:
            self.ins.append(Ins("params", args=self.params))

    def emit(
        self,
        name: str,
        dst: VReg | None = None,
        src: VReg | None = None,
        *,
        off: int = 0,
        imm: int = 0,
        to: Label | None = None,
        ref: Ref | None = None,
    ) -> None:
        """Append an instruction of emu.isa.table, by name."""
        self.ins.append(Ins(name, dst, src, off, imm, to, ref, (), self.span))

    def bind(self, label: Label) -> None:
        """Put `label` here."""
        self.ins.append(Ins("label", to=label))

    def const(self, value: int) -> VReg:
        """A register that holds `value`, taken modulo 2**64."""
        reg = VReg()
        self.set(reg, value)
        return reg

    def set(self, reg: VReg, value: int) -> None:
        """reg = value, in the shortest form."""
        value = (value + (1 << 63)) % (1 << 64) - (1 << 63)
        if S32_MIN <= value <= S32_MAX:
            self.emit("mov64_imm", reg, imm=value)
        else:
            self.emit("ld_imm64", reg, imm=value)

    def copy(self, src: VReg) -> VReg:
        """A new register with the value of `src`."""
        reg = VReg()
        self.emit("mov64_reg", reg, src)
        return reg

    def load(self, name: str, base: VReg, off: int, ref: Ref | None = None) -> VReg:
        """A new register loaded by `name` (ldxw, ldxdw ...) from base + off."""
        reg = VReg()
        self.emit(name, reg, base, off=off, ref=ref)
        return reg

    def add_to(self, base: VReg, off: int, by: VReg | int) -> None:
        """Add to the 8-byte word at base + off, not atomically."""
        value = self.load("ldxdw", base, off)
        self.alu("add", value, by)
        self.emit("stxdw", base, value, off=off)

    def address(self, base: VReg, off: int, ref: Ref | None = None) -> VReg:
        """A new register that holds base + off."""
        reg = self.copy(base)
        if ref is not None:
            self.emit("add64_imm", reg, imm=off, ref=ref)
        elif off:
            self.alu("add", reg, off)
        return reg

    def alu(self, op: str, dst: VReg, operand: VReg | int) -> None:
        """dst op= operand, 64 bits wide, with the immediate form where the number fits."""
        if isinstance(operand, int):
            value = (operand + (1 << 63)) % (1 << 64) - (1 << 63)
            if S32_MIN <= value <= S32_MAX:
                self.emit(f"{op}64_imm", dst, imm=value)
                return
            operand = self.const(value)
        self.emit(f"{op}64_reg", dst, operand)

    def jump(self, op: str, left: VReg, right: VReg | int, to: Label) -> None:
        """if left op right goto to.  The constant is always the right operand: with it on the left
        the verifiers of some kernels predict nothing and get the bounds wrong."""
        if isinstance(right, int):
            value = (right + (1 << 63)) % (1 << 64) - (1 << 63)
            if S32_MIN <= value <= S32_MAX:
                self.emit(f"{op}_imm", left, imm=value, to=to)
                return
            right = self.const(value)
        self.emit(f"{op}_reg", left, right, to=to)

    def frame(self, size: int = 16) -> VReg:
        """The frame pointer, with `size` bytes below it that the code may use as it likes."""
        self.locals = max(self.locals, size)
        return FRAME

    def bound(self, reg: VReg, limit: int) -> None:
        """State that the code has established reg <= limit, unsigned, and relies on it.  It holds
        on every way to the instructions that follow, until `reg` is written.  Where a kernel
        forgets it because the register is spilled, the allocator checks it again after a fill."""
        self.ins.append(Ins("bound", src=reg, imm=limit, span=self.span))

    def goto(self, to: Label) -> None:
        """goto to."""
        self.emit("ja", to=to)

    def helper(self, name: str, *args: Arg) -> VReg:
        """r0 of a call of kernel helper `name`."""
        return self._call(Ins("call", VReg(), imm=helpers.by_name(name).id, args=args))

    def func(self, name: str, *args: Arg) -> VReg:
        """r0 of a call of BPF function `name`."""
        return self._call(Ins("call", VReg(), ref=FuncRef(name), args=args))

    def _call(self, ins: Ins) -> VReg:
        ins.span = self.span
        self.ins.append(ins)
        assert ins.dst is not None
        return ins.dst

    def ret(self, value: VReg | int) -> None:
        """return value."""
        if isinstance(value, int):
            self.ins.append(Ins("ret", imm=value, span=self.span))
        else:
            self.ins.append(Ins("ret", src=value, span=self.span))
