"""ClauseGen: the state of generating one clause's function.

    long clause(ctx, mem)

The functions that generate code for a node are free functions cg_*(cg, node) in their families'
modules; dispatch.py maps classes to them.  A register that cg.expr() returns belongs to the caller,
who may change it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import (
    S32_MAX,
    S32_MIN,
    Area,
    Code,
    Label,
    MapRef,
    MapValue,
    PcRef,
    VReg,
)
from dtrace.codegen import state
from dtrace.codegen.record import HEADER_SIZE
from dtrace.diag import CompileError
from dtrace.errtags import ErrTag
from dtrace.probes.desc import Error
from dtrace.types.convert import is_signed, is_string, type_name
from dtrace.types.model import Array, Struct, resolve
from emu.kernel.traits import Trait

if TYPE_CHECKING:
    from dtrace.bpf.code import Ref
    from dtrace.codegen.program import ProgramGen
    from dtrace.codegen.record import Action
    from dtrace.codegen.state import Fault
    from dtrace.lang.nodes import Expr
    from dtrace.probes.desc import Probe
    from dtrace.sema.symbols import CookedClause
    from dtrace.types.model import Type

LOADS = {1: "ldxb", 2: "ldxh", 4: "ldxw", 8: "ldxdw"}
STORES = {1: "stxb", 2: "stxh", 4: "stxw", 8: "stxdw"}
STORES_IMM = {1: "stb", 2: "sth", 4: "stw", 8: "stdw"}
SMALL = 64  # bytes that are cleared word by word rather than by a helper


def round_up(n: int, to: int) -> int:
    """`n` rounded up to a multiple of `to`."""
    return -(-n // to) * to


class ClauseGen:
    """One clause while it is being generated."""

    def __init__(
        self, program: ProgramGen, cooked: CookedClause, probes: list[Probe], name: str
    ) -> None:
        """probes: those of the clause that the function is for."""
        self.program = program
        self.target = program.target
        self.cooked = cooked
        self.probes = probes
        # A function for ERROR: its own faults end it and nothing more.
        self.in_error = isinstance(probes[0].site, Error)
        self.code = Code(name, params=2)
        self.ctx, self.mem = self.code.params
        self.l_abort = Label("abort")  # give up without a trace: cannot happen on a sane kernel
        self.l_fault = Label("fault")
        self.l_end = Label("end")
        self.has_fault = False
        self.may_exit = False
        self.args_used: set[int] = set()
        self.uses_errno = False
        self.cached: dict[str, VReg] = {}  # values that are the same all over the clause
        # The record: where the next datum goes, and what is in it.
        self.record_size = HEADER_SIZE
        self.actions: list[Action] = []
        self.guard = 0  # offset of the guard byte of the branch at work; 0: not in a branch
        self.next_guard = 0
        # Scratch memory of the statement at work.
        self.scratch = 0
        self.scratch_max = 0

    # Expressions

    def expr(self, node: Expr) -> VReg:
        """The value of `node` in a register of the caller's own: an integer, an address, or a
        string's address (0 for NULL)."""
        from dtrace.codegen.dispatch import EXPRS

        before, self.code.span = self.code.span, node.span
        reg = EXPRS[type(node)](self, node)
        self.code.span = before
        return reg

    def operand(self, node: Expr) -> VReg | int:
        """As expr(), but a constant is returned as a number."""
        from dtrace.lang.nodes import IntLit

        return node.value if isinstance(node, IntLit) else self.expr(node)

    def number(self, node: Expr) -> VReg | int:
        """As operand(), but the address of a string or array is one that anything can be added to:
        the verifier, which keeps pointers into maps within their values, loses sight of it."""
        value = self.operand(node)
        by_address = node.type is not None and (is_string(node.type) or is_aggregate(node.type))
        if isinstance(value, int) or not by_address:
            return value
        at = self.alloc(8)
        self.code.emit("stxdw", self.mem, value, off=at, ref=Area.SCRATCH)
        return self.code.load("ldxdw", self.mem, at, Area.SCRATCH)

    def register(self, value: VReg | int) -> VReg:
        """`value` in a register."""
        return self.code.const(value) if isinstance(value, int) else value

    # Memory

    def alloc(self, size: int) -> int:
        """Offset in SCRATCH of `size` bytes, 8-byte aligned, free until the statement ends."""
        offset = self.scratch
        self.scratch += round_up(size, 8)
        self.scratch_max = max(self.scratch_max, self.scratch)
        return offset

    def scratch_address(self, offset: int) -> VReg:
        """The address of SCRATCH + offset."""
        return self.code.address(self.mem, offset, Area.SCRATCH)

    def value_address(self, name: str, offset: int = 0) -> VReg:
        """The address of byte `offset` of element 0 of array map `name`."""
        code = self.code
        if self.target.profile.has(Trait.DIRECT_MAP_VALUE):
            reg = VReg()
            code.emit("ld_imm64", reg, ref=MapValue(name, offset))
            return reg
        key = code.address(self.mem, state.ZERO_KEY)
        reg = code.helper("map_lookup_elem", MapRef(name), key)
        code.jump("jeq", reg, 0, self.l_abort)
        if offset:
            code.alu("add", reg, offset)
        return reg

    def literal(self, text: str) -> VReg:
        """The address of string `text`, padded with zeros, in the read-only map."""
        return self.value_address(state.RODATA, self.program.intern(text))

    def load(self, t: Type, base: VReg, offset: int, ref: Ref | None = None) -> VReg:
        """The value of scalar type `t` at base + offset, extended to 64 bits by its sign.

        Raises CompileError for a long double, which no register holds.
        """
        if t.size not in LOADS:
            message = f"a value of type {type_name(t)} cannot be used: it is wider than a register"
            raise CompileError(ErrTag.D_UNKNOWN, message, self.code.span)
        reg = self.code.load(LOADS[t.size], base, offset, ref)
        self.extend(reg, t)
        return reg

    def store(
        self, size: int, base: VReg, offset: int, value: VReg | int, ref: Ref | None = None
    ) -> None:
        """Store the low `size` bytes of `value` at base + offset."""
        if isinstance(value, int):
            low = cut(value, size, signed=True)
            if S32_MIN <= low <= S32_MAX:
                self.code.emit(STORES_IMM[size], base, off=offset, imm=low, ref=ref)
                return
            value = self.code.const(low)
        self.code.emit(STORES[size], base, value, off=offset, ref=ref)

    def extend(self, reg: VReg, t: Type) -> None:
        """Sign-extend what was loaded zero-extended."""
        if t.size < 8 and is_signed(t):
            bits = 64 - 8 * t.size
            self.code.emit("lsh64_imm", reg, imm=bits)
            self.code.emit("arsh64_imm", reg, imm=bits)

    def zero(self, offset: int, size: int, area: Area = Area.SCRATCH) -> None:
        """Clear `size` bytes, a multiple of 8, at `offset` of `area`."""
        if size <= SMALL:
            for at in range(offset, offset + size, 8):
                self.code.emit("stdw", self.mem, off=at, imm=0, ref=area)
            return
        step = self.program.zeros
        for at in range(offset, offset + size, step):
            dst = self.code.address(self.mem, at, area)
            part = min(step, offset + size - at)
            self.code.helper(self.reader(), dst, part, self.zeros())

    def zeros(self) -> VReg:
        """The address of program.zeros bytes that are 0, as many as any map's value has."""
        return self.value_address(state.RODATA, 0)

    def reader(self, *, user: bool = False, string: bool = False) -> str:
        """The name of the helper that copies bytes, or a string up to its NUL, from the memory of
        the kernel or of the current process."""
        name = "probe_read"
        if self.target.profile.has(Trait.PROBE_READ_SPLIT):
            name += "_user" if user else "_kernel"
        return name + "_str" if string else name

    def copy_bytes(self, dst: VReg, size: VReg | int, src: VReg, *, user: bool = False) -> None:
        """Copy `size` bytes from address `src`; fault if that is not readable."""
        status = self.code.helper(self.reader(user=user), dst, size, src)
        l_ok = Label("readable")
        self.code.jump("jeq", status, 0, l_ok)
        self.fault(state.Fault.BADADDR, src)
        self.code.bind(l_ok)

    # Faults

    def fault(self, fault: Fault, value: VReg | int = 0) -> None:
        """End the clause with a fault: the code here is only reached when it happens.

        *(u32 *)(mem + FAULT) = fault
        *(u32 *)(mem + FAULT_PC) = this instruction
        *(u64 *)(mem + FAULT_VALUE) = value
        goto fault
        """
        code = self.code
        self.has_fault = True
        self.store(8, self.mem, state.FAULT_VALUE, value)
        self.store(4, self.mem, state.FAULT, int(fault))
        code.emit("stw", self.mem, off=state.FAULT_PC, ref=PcRef())
        code.goto(self.l_fault)


def is_aggregate(t: Type | None) -> bool:
    """Whether `t` is a struct, union or array, whose values are handled by address."""
    return t is not None and isinstance(resolve(t), (Struct, Array))


def cut(value: int, size: int, *, signed: bool) -> int:
    """The low `size` bytes of `value` as a number."""
    low = value & ((1 << 8 * size) - 1)
    return low - (1 << 8 * size) if signed and low >> (8 * size - 1) else low
