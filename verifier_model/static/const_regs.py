"""Registers that hold a known value whatever path leads to an insn, and the jumps they decide.

The kernel rewrites a conditional jump whose outcome is the same on every path, before it computes
what is live.  Source: kernel/bpf/const_fold.c (7.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.isa.table import (
    ALU,
    ALU64,
    ATOMIC,
    CMPXCHG,
    FETCH,
    JMP,
    JMP32,
    LDX,
    LOAD_ACQ,
    MEMSX,
    STX,
    X,
)
from emu.kernel import maps
from emu.kernel.enums import F_RDONLY_PROG
from emu.prog import PSEUDO_FUNC, PSEUDO_MAP_FD, PSEUDO_MAP_VALUE
from verifier_model.cfg import CALL, EXIT, GOTOL, JA, LD_IMM64, MAY_GOTO, is_packet_load
from verifier_model.domain.word import U32, U64, s32, s64, sign_extend
from verifier_model.live_regs import postorder, replace, successors, uses
from verifier_model.state import ARGS_MASK, bits

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.prog import Insn
    from verifier_model.env import Env

_ADD, _SUB, _AND, _MOV = 0x00, 0x10, 0x50, 0xB0
_AND_IMM = (ALU | _AND, ALU64 | _AND)
_CLOBBERED = ARGS_MASK | 1  # R0 to R5
_SIZES = (4, 2, 1, 8)  # bytes, by the size bits of a code


class Value(NamedTuple):
    """What a register is known to hold: struct const_arg_info."""

    kind: str
    number: int = 0
    map: int = -1  # the number of the map that it points to


UNKNOWN = Value("unknown")
_CONST, _MAP, _MAP_VALUE, _SUBPROG = "const", "map", "map value", "subprog"

# A bit beside those of the registers, which all masks of registers at hand here have.
_ALWAYS = 1 << 11


class _Regs(NamedTuple):
    """What R0 to R10 hold."""

    values: tuple[Value, ...]
    known: int  # a mask of those that are not UNKNOWN


_NOTHING = _Regs((UNKNOWN,) * 11, _ALWAYS)


class ConstRegs:
    """The known registers before each insn."""

    def __init__(self, env: Env) -> None:
        self._before = _solve(env)

    def _find(self, idx: int, regno: int, kind: str) -> Value | None:
        regs = self._before[idx]
        if regs is None or regs.values[regno].kind is not kind:
            return None
        return regs.values[regno]

    def const(self, idx: int, regno: int) -> int | None:
        """A number of 32 bits; larger ones the kernel does not keep."""
        found = self._find(idx, regno, _CONST)
        return found.number if found is not None and found.number <= U32 else None

    def map(self, idx: int, regno: int) -> int | None:
        """The number of the map that the register stands for."""
        found = self._find(idx, regno, _MAP)
        return found.map if found is not None else None

    def subprog(self, idx: int, regno: int) -> int | None:
        """The number of the subprog whose address the register holds."""
        found = self._find(idx, regno, _SUBPROG)
        return found.number if found is not None else None


def _solve(env: Env) -> list[_Regs | None]:
    """Go round until nothing changes: bpf_compute_const_regs()."""
    before: list[_Regs | None] = [None] * len(env.insns)
    order = [idx for start in env.subprogs for idx in postorder(env, start)]
    order.reverse()
    graph, matters = successors(env), _matters(env)
    fresh = bytearray(len(env.insns))  # insns before which something is known that is new
    for start in env.subprogs:
        before[start] = _NOTHING
        fresh[start] = 1
    while any(fresh):
        for idx in order:
            if not fresh[idx]:
                continue
            fresh[idx] = 0
            regs = before[idx]
            assert regs is not None
            after = _after(env, idx, regs) if matters[idx] & regs.known else regs
            for following in graph[idx]:
                found = before[following]
                if found is None:
                    before[following] = after
                    fresh[following] = 1
                elif found is not after:
                    joined = _join(found, after)
                    if joined != found:
                        before[following] = joined
                        fresh[following] = 1
    return before


def _matters(env: Env) -> list[int]:
    """By insn, the registers of which one must be known for the insn to change what is known.

    One that makes a known value has the bit _ALWAYS.
    """
    masks = [use | define if use else define | _ALWAYS for use, define in uses(env)]
    for idx, insn in enumerate(env.insns):
        if not insn.imm and insn.code in _AND_IMM:
            masks[idx] |= _ALWAYS
    return masks


def _join(a: _Regs, b: _Regs) -> _Regs:
    """What is known on both of two paths."""
    values = a.values
    for regno in bits(a.known & ~_ALWAYS):
        if values[regno] != b.values[regno]:
            a = _set(a, regno, UNKNOWN)
    return a


def _set(regs: _Regs, regno: int, value: Value) -> _Regs:
    old = regs.values
    if old[regno] == value:
        return regs
    known = regs.known & ~(1 << regno) if value is UNKNOWN else regs.known | 1 << regno
    return _Regs((*old[:regno], value, *old[regno + 1 :]), known)


def _after(env: Env, idx: int, regs: _Regs) -> _Regs:
    """The registers behind an insn: const_reg_xfer()."""
    insn, values = env.insns[idx], regs.values
    cls = insn.code & 7
    if insn.code == CALL or is_packet_load(insn):
        return _Regs((UNKNOWN,) * 6 + values[6:], regs.known & ~_CLOBBERED)
    if cls in (ALU, ALU64):
        value = _alu(insn, values[insn.dst], values[insn.src], wide=cls == ALU64)
    elif insn.code == LD_IMM64:
        value = _ld_imm64(env, idx)
    elif cls == LDX:
        value = _load(env, insn, values[insn.src])
    elif cls == STX and (loaded := atomic_load_reg(insn)) >= 0:
        return _set(regs, loaded, UNKNOWN)
    else:
        return regs
    return _set(regs, insn.dst, value)


def _alu(insn: Insn, dst: Value, src: Value, *, wide: bool) -> Value:
    op, imm = insn.code & 0xF0, insn.imm & U64
    value = UNKNOWN
    if insn.code & X:
        if op == _MOV:
            value = _moved(src, insn.off)
        elif op == _AND:
            if _is_zero(dst) or _is_zero(src):
                value = Value(_CONST, 0)
            elif dst.kind is _CONST and src.kind is _CONST:
                value = Value(_CONST, dst.number & src.number)
    elif op == _MOV:
        value = Value(_CONST, imm)
    elif op in (_ADD, _SUB):
        if dst.kind in (_CONST, _MAP_VALUE):
            delta = insn.imm if op == _ADD else -insn.imm
            value = dst._replace(number=dst.number + delta & U64)
    elif op == _AND:
        if dst.kind is _CONST:
            value = Value(_CONST, dst.number & imm)
        elif not imm:
            value = Value(_CONST, 0)
    if wide:
        return value
    return Value(_CONST, value.number & U32) if value.kind is _CONST else UNKNOWN


def _is_zero(value: Value) -> bool:
    return value.kind is _CONST and not value.number


def _moved(src: Value, bits: int) -> Value:
    """A copy, or with `bits` one that is extended by its sign."""
    if not bits:
        return src
    if src.kind is not _CONST or bits not in (8, 16, 32):
        return UNKNOWN
    return Value(_CONST, sign_extend(src.number, bits // 8) & U64)


def _ld_imm64(env: Env, idx: int) -> Value:
    insn = env.insns[idx]
    high = env.insns[idx + 1].imm
    if insn.src == PSEUDO_FUNC:
        target = idx + insn.imm + 1
        return Value(_SUBPROG, env.subprogs.index(target)) if target in env.subprogs else UNKNOWN
    if insn.src == PSEUDO_MAP_VALUE:
        return Value(_MAP_VALUE, high & U32, insn.imm)
    if insn.src == PSEUDO_MAP_FD:
        return Value(_MAP, 0, insn.imm)
    if insn.src == 0:
        return Value(_CONST, insn.imm & U32 | (high & U32) << 32)
    return UNKNOWN


def _load(env: Env, insn: Insn, src: Value) -> Value:
    """A load from a map that nobody writes to any more: bpf_map_direct_read()."""
    if src.kind is not _MAP_VALUE:
        return UNKNOWN
    m = env.map_of(src.map)
    if m is None or not (m.frozen and m.flags & F_RDONLY_PROG) or m.max_entries != 1:
        return UNKNOWN
    row = maps.by_type(m.type)
    size, off = _SIZES[insn.code >> 3 & 3], s32(src.number + insn.off & U32)
    if row is None or not row.direct_value or off < 0 or off + size > m.value_size:
        return UNKNOWN
    content = bytearray(m.value_size)
    for _, value in m.init:
        content[: len(value)] = value
    x = int.from_bytes(content[off : off + size], "little")
    return Value(_CONST, sign_extend(x, size) & U64 if insn.code & 0xE0 == MEMSX else x)


def atomic_load_reg(insn: Insn) -> int:
    """The register that an atomic insn loads, or -1: bpf_atomic_load_reg()."""
    if insn.code & 7 != STX or insn.code & 0xE0 != ATOMIC:
        return -1
    if insn.imm == CMPXCHG:
        return 0
    if insn.imm == LOAD_ACQ:
        return insn.dst
    return insn.src if insn.imm & FETCH else -1


# -- jumps that go one way ---------------------------------------------------------------------

_TAKEN: dict[int, Callable[[int, int], bool]] = {
    0x10: lambda a, b: a == b,
    0x50: lambda a, b: a != b,
    0x20: lambda a, b: a > b,
    0x30: lambda a, b: a >= b,
    0xA0: lambda a, b: a < b,
    0xB0: lambda a, b: a <= b,
    0x60: lambda a, b: s64(a) > s64(b),
    0x70: lambda a, b: s64(a) >= s64(b),
    0xC0: lambda a, b: s64(a) < s64(b),
    0xD0: lambda a, b: s64(a) <= s64(b),
    0x40: lambda a, b: bool(a & b),
}


def prune_dead_branches(env: Env, known: ConstRegs) -> None:
    """Make a goto of every jump whose operands are known: bpf_prune_dead_branches()."""
    pruned: dict[int, Insn] = {}
    for idx, insn in enumerate(env.insns):
        if insn.code & 7 not in (JMP, JMP32) or insn.code in (JA, GOTOL, CALL, EXIT, MAY_GOTO):
            continue
        dst = known.const(idx, insn.dst)
        src = known.const(idx, insn.src) if insn.code & X else insn.imm & U64
        taken = _TAKEN.get(insn.code & 0xF0)
        if dst is None or src is None or taken is None:
            continue
        if insn.code & 7 == JMP32:
            dst, src = s32(dst & U32) & U64, s32(src & U32) & U64
        goto = insn._replace(code=JA, dst=0, src=0, off=insn.off if taken(dst, src) else 0, imm=0)
        pruned[idx] = goto
    if pruned:
        replace(env, pruned)
