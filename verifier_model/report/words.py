"""Registers in the words of a report: bpf_diag_reg_type_plain(), diag_reg_snapshot() (7.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from verifier_model.domain import tnum
from verifier_model.domain.word import S64_MAX, S64_MIN, U64, s64
from verifier_model.log import type_name
from verifier_model.reg import (
    BTF_IDS,
    CONST_PTR_TO_MAP,
    NON_OWNING,
    NOT_INIT,
    PTR_TO_CTX,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_STACK,
    RDONLY_MEM,
    SCALAR_VALUE,
    UNTRUSTED_BTF_ID,
    UNTRUSTED_MEM,
    is_allocated,
    stands_for,
    struct_name,
)

if TYPE_CHECKING:
    from verifier_model.reg import RegState
    from verifier_model.rules import Rules

_MEMORY = (PTR_TO_MEM, RDONLY_MEM, UNTRUSTED_MEM)
_NAMES = {S64_MIN: "S64_MIN", S64_MAX: "S64_MAX"}


class Offset(NamedTuple):
    """A value, or a pointer's distance from its base, constant part included."""

    bits: tnum.Tnum
    smin: int
    smax: int
    umin: int
    umax: int

    @property
    def is_unknown(self) -> bool:
        """Whether nothing at all is known of it."""
        unbounded = (S64_MIN, S64_MAX, 0, U64)
        return self.bits.mask == U64 and (self.smin, self.smax, self.umin, self.umax) == unbounded

    def ranges(self) -> str:
        low, high = (_NAMES.get(x, str(x)) for x in (self.smin, self.smax))
        top = "U64_MAX" if self.umax == U64 else str(self.umax)
        return f"signed range [{low}, {high}], unsigned range [{self.umin}, {top}]"

    def known_bits(self) -> str:
        return f"known bits {self.bits.value:#x}, unknown mask {self.bits.mask:#x}"


def offset_of(reg: RegState) -> Offset:
    bits = reg.var_off
    if not reg.off or reg.type is SCALAR_VALUE:
        return Offset(bits, reg.smin, reg.smax, reg.umin, reg.umax)
    off = reg.off
    bits = tnum.add(bits, tnum.const(off & U64))
    smin, smax, umin, umax = reg.smin + off, reg.smax + off, reg.umin + off, reg.umax + off
    if smin < S64_MIN or smax > S64_MAX:
        smin, smax = S64_MIN, S64_MAX
    if umin < 0 or umax > U64:
        umin, umax = (umin & U64, umax & U64) if umax < 0 or umin > U64 else (0, U64)
    return Offset(bits, smin, smax, umin, umax)


def plain_type(reg: RegState, rules: Rules) -> str:
    """A register's type in a sentence."""
    nullable = "a nullable" if reg.maybe_null else "a"
    if reg.type is NOT_INIT:
        return "an uninitialized value"
    if reg.type is SCALAR_VALUE:
        return "an integer scalar"
    if reg.type is PTR_TO_CTX:
        return "a context pointer"
    if reg.type is PTR_TO_STACK:
        return "a stack pointer"
    if stands_for(reg) is PTR_TO_MAP_VALUE:
        return f"{nullable} map value pointer"
    if reg.type in _MEMORY:
        return f"{nullable} memory pointer"
    if is_allocated(reg) and not reg.maybe_null:
        return f"a{'' if reg.frameno & NON_OWNING else 'n'} {_object(reg)}"
    if reg.type in BTF_IDS:
        untrusted = reg.type is UNTRUSTED_BTF_ID and not reg.maybe_null
        return f"{'an untrusted' if untrusted else nullable} kernel object pointer"
    return type_name(reg, rules)


def _object(reg: RegState) -> str:
    """A pointer to an object that the program allocated, and whose the object is."""
    return f"{'borrowed' if reg.frameno & NON_OWNING else 'owned'} allocated object pointer"


def described(reg: RegState, rules: Rules) -> str:
    """A register and what is known of its value."""
    if reg.type is NOT_INIT:
        return "uninitialized value"
    off = offset_of(reg)
    if reg.type is SCALAR_VALUE:
        if not off.bits.mask or off.smin == off.smax:
            return f"integer scalar value {off.smin if off.bits.mask else s64(off.bits.value)}"
        if off.is_unknown:
            return "integer scalar with unknown value"
        return f"integer scalar with {off.ranges()}"
    if reg.type is not CONST_PTR_TO_MAP and stands_for(reg) is CONST_PTR_TO_MAP:
        return "map pointer"  # what stands for the inner maps has no name
    name = reg.map.name if reg.map is not None else ""
    if reg.type is CONST_PTR_TO_MAP:
        return f"map pointer for map {name}" if name else "map pointer"
    if not off.bits.mask:
        where = f"at offset {s64(off.bits.value)}"
    elif off.is_unknown:
        where = "with unknown offset"
    else:
        where = f"with variable offset: {off.known_bits()}, {off.ranges()}"
    if reg.type is PTR_TO_CTX:
        return f"context pointer {where}"
    if reg.type is PTR_TO_STACK:
        return f"stack pointer {where}"
    if stands_for(reg) is PTR_TO_MAP_VALUE:
        kind = "nullable map value" if reg.maybe_null else "map value"
        return f"{kind} from {name} {where}" if name else f"{kind} {where}"
    if is_allocated(reg):
        return f"{_object(reg)} type=(struct {struct_name(reg.mem_size)})"
    if reg.type in BTF_IDS:
        return f"{type_name(reg, rules)} type=(struct {struct_name(reg.mem_size)}) {where}"
    return f"{type_name(reg, rules)} {where}"


def access_offset(reg: RegState, fixed: int) -> str:
    """Where an access at a fixed distance from a register begins: diag_access_offset()."""
    off = offset_of(reg)
    if not off.bits.mask:
        return f"constant {s64(off.bits.value) + fixed}"
    if off.is_unknown:
        return "unbounded"
    more = f", plus fixed offset {fixed}" if fixed else ""
    return f"variable: {off.known_bits()}{more}; {off.ranges()}"
