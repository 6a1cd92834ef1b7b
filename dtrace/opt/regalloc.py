"""Register allocation: virtual registers to r0..r10, by linear scan.

    params v0, v1             r6 = r1
    v2 = *(u32 *)(v1 +8)      r7 = r2
    call helper(v0, v2)       r2 = *(u32 *)(r7 +8)
    ret v3                    r1 = r6
                              call helper
                              exit

Jumps only go forward, so a virtual register lives from its first to its last position.  Those that
live across a call get r6..r9, the others r1..r4; what does not fit is spilled to the stack, with r0
and r5 as the places where a spilled register is worked on.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from dtrace.bpf.code import FRAME, Ins, Label, MapRef, VReg
from dtrace.opt import effects
from emu.kernel.traits import Trait

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtrace.bpf.code import Arg, Ref
    from dtrace.source import Span
    from emu.kernel.profile import Kernel

FP = 10
SCRATCH_DST, SCRATCH_SRC = 0, 5
ACROSS_CALLS = (6, 7, 8, 9)
BETWEEN_CALLS = (1, 2, 3, 4)


class Asm(NamedTuple):
    """An instruction over real registers.  Labels are `label` with `to`."""

    name: str
    dst: int = 0
    src: int = 0
    off: int = 0
    imm: int = 0
    to: Label | None = None
    ref: Ref | None = None
    span: Span | None = None


class Allocated(NamedTuple):
    """A function over real registers."""

    name: str
    code: list[Asm]
    stack: int  # bytes of stack it uses


class _Life:
    """Where a virtual register lives: positions first..last; and where it is kept."""

    __slots__ = ("across", "first", "hints", "last", "reg", "slot", "uses", "vreg")

    def __init__(self, vreg: VReg, first: int) -> None:
        self.vreg = vreg
        self.first = self.last = first
        self.across = False
        self.uses = 0
        self.hints: list[VReg | int] = []  # registers that would save a move
        self.reg = -1
        self.slot = 0  # offset from the frame pointer, if spilled


def allocate(name: str, code: list[Ins], kernel: Kernel, local: int = 0) -> Allocated:
    """Give every virtual register of `code` a place.

    local: bytes of stack that the code uses itself; spilled registers go below them.

    kernel: whether a spilled value learns from a check of what was filled from its slot is one of
        its traits.
    """
    lives = _lives(code)
    stack = _assign(lives, local)
    writer = _Writer(lives, learns=kernel.has(Trait.SPILL_KEEPS_ANY))
    for ins in code:
        writer.rewrite(ins)
    return Allocated(name, writer.finish(), stack)


def _lives(code: list[Ins]) -> dict[VReg, _Life]:
    # The life of every register, which of them live across a call, and what they would like to be.
    lives: dict[VReg, _Life] = {}
    calls: list[int] = []
    for pos, ins in enumerate(code):
        for reg in (*effects.uses(ins), *effects.defs(ins)):
            if reg is FRAME:
                continue
            life = lives.get(reg)
            if life is None:
                life = lives[reg] = _Life(reg, pos)
            life.last = pos
            life.uses += 1
        if ins.name == "call":
            calls.append(pos)
        _hint(lives, ins)
    for life in lives.values():
        after = bisect_right(calls, life.first)
        life.across = after < len(calls) and calls[after] < life.last
    return lives


def _hint(lives: dict[VReg, _Life], ins: Ins) -> None:
    if ins.name == "mov64_reg" and ins.dst is not None and ins.src is not None:
        if ins.src is not FRAME:
            lives[ins.dst].hints.append(ins.src)
            lives[ins.src].hints.append(ins.dst)
    elif ins.name in ("call", "params"):
        for number, arg in enumerate(ins.args, 1):
            if isinstance(arg, VReg):
                lives[arg].hints.append(number)


def _assign(lives: dict[VReg, _Life], local: int) -> int:
    # Linear scan.  Returns the bytes of stack used, with those of the code itself.
    active: list[_Life] = []
    free_slots: list[tuple[int, int]] = []  # (position from which it is free, slot)
    stack = local

    def spill(life: _Life) -> None:
        nonlocal stack
        life.reg = -1
        for i, (free_from, slot) in enumerate(free_slots):
            if free_from <= life.first:
                life.slot = slot
                free_slots[i] = (life.last, slot)
                return
        stack += 8
        life.slot = -stack
        free_slots.append((life.last, -stack))

    for life in sorted(lives.values(), key=lambda x: x.first):
        active = [a for a in active if a.last > life.first]
        taken = {a.reg for a in active}
        pool = ACROSS_CALLS if life.across else BETWEEN_CALLS + ACROSS_CALLS
        free = [r for r in pool if r not in taken]
        if free:
            life.reg = _preferred(life, free, lives)
            active.append(life)
            continue
        # The one that is used least for the length of its life gives way.
        rivals = [a for a in active if a.reg in pool]
        victim = min([*rivals, life], key=_weight)
        if victim is not life:
            life.reg = victim.reg
            active.remove(victim)
            active.append(life)
        spill(victim)
    return stack


def _weight(life: _Life) -> float:
    return life.uses / (life.last - life.first + 1)


def _preferred(life: _Life, free: Sequence[int], lives: dict[VReg, _Life]) -> int:
    for hint in life.hints:
        reg = hint if isinstance(hint, int) else lives[hint].reg
        if reg in free:
            return reg
    return free[0]


class _Writer:
    """Rewrites instructions to the places that their registers were given."""

    def __init__(self, lives: dict[VReg, _Life], *, learns: bool) -> None:
        self.lives = lives
        self.learns = learns  # a check of a filled register bounds its slot too
        self.bounds: dict[VReg, int] = {}  # stated of the values that spilled registers have now
        self.out: list[Asm] = []
        self.trap = Label("trap")
        self.trap_used = False
        self.span: Span | None = None

    def put(
        self,
        name: str,
        dst: int = 0,
        src: int = 0,
        off: int = 0,
        imm: int = 0,
        to: Label | None = None,
        ref: Ref | None = None,
    ) -> None:
        self.out.append(Asm(name, dst, src, off, imm, to, ref, self.span))

    def rewrite(self, ins: Ins) -> None:
        self.span = ins.span
        self.rewrite_places(ins)
        for reg in effects.defs(ins):
            self.bounds.pop(reg, None)

    def rewrite_places(self, ins: Ins) -> None:
        special = _SPECIAL.get(ins.name)
        if special is not None:
            special(self, ins)
            return
        dst, src = ins.dst, ins.src
        src_reg = self.fetch(src, SCRATCH_SRC) if src is not None else 0
        dst_reg, slot = (FP, 0) if dst is FRAME else (0, 0)
        if dst is not None and dst is not FRAME:
            life = self.lives[dst]
            dst_reg, slot = (life.reg, 0) if life.reg >= 0 else (SCRATCH_DST, life.slot)
            if slot and effects.reads_dst(ins.name):
                self.fetch(dst, SCRATCH_DST)
        if ins.name == "mov64_reg" and dst_reg == src_reg and not slot:
            return
        if ins.name == "mov64_reg" and slot:
            self.put("stxdw", FP, src_reg, slot)
            return
        self.put(ins.name, dst_reg, src_reg, ins.off, ins.imm, ins.to, ins.ref)
        if slot and effects.writes_dst(ins.name):
            self.put("stxdw", FP, dst_reg, slot)

    def fetch(self, vreg: VReg, scratch: int) -> int:
        # The register that holds `vreg`, which is filled into `scratch` if it was spilled.
        if vreg is FRAME:
            return FP
        life = self.lives[vreg]
        if life.reg >= 0:
            return life.reg
        self.fill(vreg, scratch, life.slot)
        return scratch

    def fill(self, vreg: VReg, reg: int, slot: int) -> None:
        self.put("ldxdw", reg, FP, slot)
        limit = self.bounds.get(vreg)
        if limit is not None:
            self.trap_used = True
            self.put("jgt_imm", reg, imm=limit, to=self.trap)

    def params(self, ins: Ins) -> None:
        moves: list[tuple[int, int]] = []
        for number, arg in enumerate(ins.args, 1):
            life = self.lives[_vreg(arg)]
            if life.last == life.first:
                continue  # never read
            if life.reg < 0:
                self.put("stxdw", FP, number, life.slot)
            else:
                moves.append((life.reg, number))
        self.moves(moves)

    def call(self, ins: Ins) -> None:
        moves = [
            (number, self.lives[arg].reg)
            for number, arg in enumerate(ins.args, 1)
            if isinstance(arg, VReg) and self.lives[arg].reg >= 0
        ]
        self.moves(moves)
        for number, arg in enumerate(ins.args, 1):
            self.argument(number, arg)
        self.put("call", imm=ins.imm, ref=ins.ref)
        assert ins.dst is not None
        life = self.lives[ins.dst]
        if life.last == life.first:
            return  # the result is not used
        if life.reg >= 0:
            self.put("mov64_reg", life.reg, 0)
        else:
            self.put("stxdw", FP, 0, life.slot)

    def argument(self, number: int, arg: Arg) -> None:
        # Arguments that do not come from a register.
        if isinstance(arg, MapRef):
            self.put("ld_imm64", number, ref=arg)
        elif isinstance(arg, int):
            self.put("mov64_imm", number, imm=arg)
        elif self.lives[arg].reg < 0:
            self.fill(arg, number, self.lives[arg].slot)

    def moves(self, moves: list[tuple[int, int]]) -> None:
        # (to, from) pairs, all at once: r0 breaks cycles.
        pending = [(to, frm) for to, frm in moves if to != frm]
        while pending:
            sources = {frm for _, frm in pending}
            ready = [m for m in pending if m[0] not in sources]
            if not ready:
                to, frm = pending[0]
                self.put("mov64_reg", 0, frm)
                pending = [(t, 0 if f == frm else f) for t, f in pending]
                continue
            for to, frm in ready:
                self.put("mov64_reg", to, frm)
            pending = [m for m in pending if m not in ready]

    def ret(self, ins: Ins) -> None:
        if ins.src is None:
            self.put("mov64_imm", 0, imm=ins.imm)
        else:
            reg = self.fetch(ins.src, SCRATCH_DST)
            if reg != 0:
                self.put("mov64_reg", 0, reg)
        self.put("exit")

    def label(self, ins: Ins) -> None:
        self.put("label", to=ins.to)

    def bound(self, ins: Ins) -> None:
        reg = _vreg(ins.src)
        if self.lives[reg].reg < 0 and not self.learns:
            self.bounds[reg] = ins.imm

    def finish(self) -> list[Asm]:
        if self.trap_used:
            self.put("label", to=self.trap)
            self.put("mov64_imm", 0, imm=0)
            self.put("exit")
        return self.out


def _vreg(arg: Arg | None) -> VReg:
    assert isinstance(arg, VReg)
    return arg


_SPECIAL = {
    "params": _Writer.params,
    "call": _Writer.call,
    "ret": _Writer.ret,
    "label": _Writer.label,
    "bound": _Writer.bound,
}
