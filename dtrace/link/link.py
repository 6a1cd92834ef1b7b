"""Join functions into a program: resolve labels, calls, maps and areas.

The trampoline comes first, then the clauses, dt_error and the ERROR clauses, and what they call of
the function library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtrace.bpf.code import Area, FuncRef, MapRef, MapValue, PcRef
from dtrace.bpflib.functions import FUNCTIONS
from dtrace.bpflib.load import load as load_function
from dtrace.diag import CompileError
from dtrace.errtags import ErrTag
from dtrace.link.lines import line_info
from dtrace.source import NO_SPAN
from emu.isa.table import Field, by_name, selects
from emu.kernel.traits import Trait
from emu.prog import (
    PSEUDO_CALL,
    PSEUDO_MAP_FD,
    PSEUDO_MAP_VALUE,
    STATIC,
    FuncInfo,
    Insn,
    Prog,
    Subprog,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.link.maps import Offsets
    from dtrace.opt.regalloc import Allocated, Asm
    from dtrace.source import Span
    from emu.kernel.enums import ProgType
    from emu.kernel.profile import Kernel
    from emu.prog import MapDef

S16_MIN, S16_MAX = -(1 << 15), (1 << 15) - 1
MEMORY = ("ldx", "st", "atomic")  # instructions whose `off` an area's offset is added to


class Frame(NamedTuple):
    """What a function means for the stack."""

    stack: int  # bytes
    calls: list[str]
    span: Span | None  # of its first instruction that comes from D


class Linked(NamedTuple):
    """A program, and the D text that each of its instructions comes from."""

    prog: Prog
    spans: tuple[Span | None, ...]


class Linker:
    """Builds one program, for one kernel."""

    def __init__(self, maps: dict[str, MapDef], offsets: Offsets, kernel: Kernel) -> None:
        self.definitions = maps
        self.kernel = kernel
        self.area = {
            Area.KEPT: offsets.kept,
            Area.SCRATCH: offsets.scratch,
            Area.RECORD: offsets.record,
        }
        self.maps: list[str] = []
        self.insns: list[Insn] = []
        self.spans: list[Span | None] = []
        self.starts: dict[str, int] = {}
        self.calls: list[tuple[int, str]] = []
        self.frames: dict[str, Frame] = {}

    def link(
        self,
        name: str,
        prog_type: ProgType,
        main: Allocated,
        find: Callable[[str], Allocated | None],
    ) -> Linked:
        """The program whose main function is `main`.

        find: a function of the session by name; None for one of the library.

        Raises CompileError if the program exceeds a limit of the kernel's.
        """
        self.add(main)
        done = 0
        while done < len(self.calls):
            called = self.calls[done][1]
            done += 1
            if called in self.starts:
                continue
            function = find(called)
            if function is None:
                self.add_library(called)
            else:
                self.add(function)
        for at, called in self.calls:
            insn = self.insns[at]
            self.insns[at] = insn._replace(imm=self.starts[called] - at - 1)
        self.check_limits(main.name)
        prog = Prog(
            name[:15],
            prog_type,
            tuple(self.insns),
            tuple(self.definitions[m] for m in self.maps),
            subprogs=tuple(Subprog(start, called) for called, start in self.starts.items()),
            line_info=line_info(self.spans, {at: name for name, at in self.starts.items()}),
            func_info=tuple(FuncInfo(at, STATIC, name) for name, at in self.starts.items()),
        )
        return Linked(prog, tuple(self.spans))

    def add_library(self, name: str) -> None:
        """Append a function of the library."""
        self.starts[name] = len(self.insns)
        self.frames[name] = Frame(FUNCTIONS[name].stack, [], None)
        insns = load_function(name)
        self.insns += insns
        self.spans += [None] * len(insns)

    def add(self, function: Allocated) -> None:
        """Append a function and resolve what is inside it."""
        self.starts[function.name] = start = len(self.insns)
        called = [asm.ref.name for asm in function.code if isinstance(asm.ref, FuncRef)]
        first = next((asm.span for asm in function.code if asm.span not in (None, NO_SPAN)), None)
        self.frames[function.name] = Frame(function.stack, called, first)
        labels = {}
        at = start
        for asm in function.code:
            if asm.name == "label":
                labels[asm.to] = at
            else:
                at += 2 if asm.name == "ld_imm64" else 1
        for asm in function.code:
            if asm.name == "label":
                continue
            if asm.to is not None:
                distance = labels[asm.to] - len(self.insns) - 1
                if not S16_MIN <= distance <= S16_MAX:
                    message = f"clause is too long: a jump over {distance} instructions"
                    raise CompileError(ErrTag.D_UNKNOWN, message, first or NO_SPAN)
                asm = asm._replace(off=distance)
            if asm.name == "ld_imm64":
                self.insns += self.wide(asm)
                self.spans += [asm.span, asm.span]
            else:
                self.insns.append(self.narrow(asm))
                self.spans.append(asm.span)

    def check_limits(self, main: str) -> None:
        """Raise CompileError if the kernel would refuse the program for its size."""
        limits, kernel = self.kernel.limits, f"kernel {self.kernel.name}"
        deepest, depth = self.deepest(main)
        span = next((f.span for f in self.frames.values() if f.span is not None), NO_SPAN)
        message = ""
        if len(self.insns) > limits.max_insns:
            message = (
                f"program takes {len(self.insns)} instructions, and {kernel} allows"
                f" {limits.max_insns}: use fewer or simpler clauses on one probe"
            )
        elif len(self.maps) > limits.max_maps:
            message = (
                f"program uses {len(self.maps)} maps, and {kernel} allows {limits.max_maps}: use"
                " fewer aggregations, thread-local variables and associative arrays on one probe"
            )
        elif depth > limits.stack:
            span = self.frames[deepest].span or span
            message = (
                f"clause takes {self.frames[deepest].stack} bytes of stack, {depth} with what"
                f" calls it, and {kernel} allows {limits.stack}: use simpler expressions"
            )
        if message:
            raise CompileError(ErrTag.D_UNKNOWN, message, span)

    def deepest(self, name: str) -> tuple[str, int]:
        """The function with the largest frame on the way from `name` down that takes the most
        stack, and the bytes it takes: check_max_stack_depth(), kernel/bpf/verifier.c."""
        frame = self.frames[name]
        unit = 16 if self.kernel.has(Trait.STACK_DEPTH_BY_16) else 32
        own = max(1, -(-frame.stack // unit)) * unit
        below = [self.deepest(called) for called in frame.calls]
        worst, depth = max(below, key=lambda found: found[1], default=(name, 0))
        if frame.stack > self.frames[worst].stack:
            worst = name
        return worst, own + depth

    def narrow(self, asm: Asm) -> Insn:
        """An instruction of one slot."""
        row = by_name[asm.name]
        off, imm, src = asm.off, asm.imm, asm.src
        ref = asm.ref
        if isinstance(ref, Area):
            if asm.name.startswith(MEMORY):
                off += self.area[ref]
            else:
                imm += self.area[ref]
        elif isinstance(ref, FuncRef):
            self.calls.append((len(self.insns), ref.name))
            src = PSEUDO_CALL
        elif isinstance(ref, PcRef):
            imm = len(self.insns)
        selector = selects(row.code)
        if selector is Field.IMM:
            imm = row.select
        elif selector is Field.OFF:
            off = row.select
        return Insn(row.code, asm.dst, src, off, imm)

    def wide(self, asm: Asm) -> tuple[Insn, Insn]:
        """ld_imm64: a number, a map, or the address of a map's value."""
        code = by_name["ld_imm64"].code
        ref = asm.ref
        if isinstance(ref, (MapRef, MapValue)):
            number = self.map_number(ref.name)
            if isinstance(ref, MapRef):
                return Insn(code, asm.dst, PSEUDO_MAP_FD, 0, number), Insn(0)
            return Insn(code, asm.dst, PSEUDO_MAP_VALUE, 0, number), Insn(0, imm=ref.offset)
        value = asm.imm & ((1 << 64) - 1)
        return Insn(code, asm.dst, 0, 0, _s32(value)), Insn(0, imm=_s32(value >> 32))

    def map_number(self, name: str) -> int:
        """The program's number for map `name`."""
        if name not in self.maps:
            self.maps.append(name)
        return self.maps.index(name)


def _s32(value: int) -> int:
    return (value + (1 << 31)) % (1 << 32) - (1 << 31)
