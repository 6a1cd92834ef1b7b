"""A register as the log shows it, in the words of each release.

Source: print_verifier_state(), since 6.8 print_reg_state(), print_scalar_ranges() and tnum_strn().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model.domain import tnum
from verifier_model.domain.word import (
    S32_MAX,
    S32_MIN,
    S64_MAX,
    S64_MIN,
    U32,
    U64,
    s32,
    s64,
)
from verifier_model.log import DYNPTRS, type_name
from verifier_model.reg import (
    ADD_CONST,
    BTF_IDS,
    CONST_PTR_TO_MAP,
    NON_OWNING,
    PACKET_POINTERS,
    PTR_TO_ARENA,
    PTR_TO_DYNPTR,
    PTR_TO_MAP_KEY,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_SOCKET,
    PTR_TO_STACK,
    PTR_TO_TCP_SOCK,
    RDONLY_MEM,
    SCALAR_VALUE,
    UNTRUSTED_MEM,
    stands_for,
    struct_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier_model.reg import RegState
    from verifier_model.rules import Rules

    # The text of a register that a frame of that number holds.
    RegText = Callable[[RegState, int], str]

_REMEMBERED = 4096  # registers
_HAS_MAP = (CONST_PTR_TO_MAP, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE)
# What a reference is shown of: reg_type_may_be_refcounted_or_null(), until 6.1.
_SIZED = (PTR_TO_MEM, RDONLY_MEM, UNTRUSTED_MEM)
_REFERENCES = (PTR_TO_MEM, PTR_TO_SOCKET, PTR_TO_TCP_SOCK)


def reg_text_of(rules: Rules) -> RegText:
    """How this release writes a register, which must not change once it was written."""
    # States share registers, and a log shows most of them again and again.
    known: dict[int, tuple[RegState, int, str]] = {}

    def text(reg: RegState, frameno: int) -> str:
        found = known.get(id(reg))
        if found is not None and found[0] is reg and found[1] == frameno:
            return found[2]
        if rules.LOG_DETAILS:
            fresh = _detailed(reg, frameno, rules)
        else:
            fresh = _short(reg, rules) if rules.TEXT_SCALAR else _long(reg, rules)
        if len(known) >= _REMEMBERED:
            known.clear()
        known[id(reg)] = reg, frameno, fresh
        return fresh

    return text


def snum(x: int) -> str:
    """A signed number as the log writes it since 6.8: decimal if it fits 16 bits."""
    return str(x) if -0x8000 <= x <= 0x7FFF else f"{x & U64:#x}"


def unum(x: int) -> str:
    return str(x) if x <= 0xFFFF else f"{x:#x}"


def bits_text(bits: tnum.Tnum, rules: Rules) -> str:
    """tnum_strn()."""
    if bits.mask or not rules.TEXT_CONST_BITS:
        return str(bits)
    return unum(bits.value)


def _detailed(reg: RegState, frameno: int, rules: Rules) -> str:
    """Since 6.8."""
    kind, bits = reg.type, reg.var_off
    if rules.ELEMENTS_AT_ONCE:
        kind = stands_for(reg)
    if kind is SCALAR_VALUE:
        precise = "P" if reg.precise else ""
        if not bits.mask:
            return precise + snum(s64(bits.value))
        text = precise + "scalar"
    elif kind is PTR_TO_ARENA:
        return _name(reg, rules)
    else:
        text = _name(reg, rules)
        if kind is PTR_TO_STACK:
            if reg.frameno != frameno:
                text += f"[{reg.frameno}]"
            if not bits.mask:
                return text + snum(s64(bits.value + reg.off & U64))
    parts = []
    if reg.id:
        offset = f"{reg.off:+d}" if reg.id & ADD_CONST else ""
        parts.append(f"id={reg.id & ~ADD_CONST}{offset}")
    if rules.LOG_PARENT_IDS:
        if reg.dynptr_id:
            parts.append(f"parent_id={reg.dynptr_id}")
    elif reg.ref_obj_id:
        parts.append(f"ref_obj_id={reg.ref_obj_id}")
    if kind in BTF_IDS and reg.frameno & NON_OWNING:
        parts.append("non_own_ref")
    shown = reg.map
    if shown is not None and kind is not reg.type:
        shown = shown.inner
    if kind in _HAS_MAP and shown is not None:
        if shown.name:
            parts.append(f"map={shown.name}")
        parts.append(f"ks={shown.key_size},vs={shown.value_size}")
    if reg.off and kind is not SCALAR_VALUE:
        parts.append(f"off={snum(reg.off)}")
    if kind in PACKET_POINTERS:
        parts.append(f"r={unum(reg.mem_size & U64)}")
    if kind is PTR_TO_DYNPTR:
        parts.append(f"type={DYNPTRS[reg.mem_size]}")
    if kind in _SIZED:
        parts.append(f"sz={unum(reg.mem_size)}")
    if bits.mask:
        _add_merged_ranges(parts, reg, hexadecimal=True)
        if bits.mask != U64:
            parts.append(f"var_off={bits_text(bits, rules)}")
    elif bits.value:
        parts.append(f"imm={snum(s64(bits.value))}")
    return f"{text}({','.join(parts)})"


def _name(reg: RegState, rules: Rules) -> str:
    name = type_name(reg, rules)
    return name + struct_name(reg.mem_size) if reg.type in BTF_IDS else name


def _short(reg: RegState, rules: Rules) -> str:
    """5.18 to 6.7."""
    kind, bits = reg.type, reg.var_off
    text = "P" if kind is SCALAR_VALUE and reg.precise else ""
    if kind is SCALAR_VALUE and not bits.mask:
        return text + str(s64(bits.value))
    text += _name(reg, rules)
    if kind is PTR_TO_STACK and not bits.mask:
        return text + str(s64(bits.value + reg.off & U64))
    parts = []
    if reg.id:
        parts.append(f"id={reg.id}")
    owned = kind in _REFERENCES or kind in BTF_IDS or rules.LOG_EVERY_REFERENCE
    if reg.ref_obj_id and owned:
        parts.append(f"ref_obj_id={reg.ref_obj_id}")
    if kind is not SCALAR_VALUE:
        parts.append(f"off={reg.off}")
    parts += _region(reg)
    if not bits.mask:
        parts.append(f"imm={bits.value:x}")
    elif rules.LOG_RANGES_MERGED:
        _add_merged_ranges(parts, reg, hexadecimal=False)
        if bits.mask != U64:
            parts.append(f"var_off={bits}")
    else:
        _add_ranges(parts, reg, rules, "")
    return f"{text}({','.join(parts)})"


def _long(reg: RegState, rules: Rules) -> str:
    """Until 5.17."""
    kind, bits = reg.type, reg.var_off
    text = _name(reg, rules)
    if kind is SCALAR_VALUE and reg.precise:
        text += "P"
    if kind in (SCALAR_VALUE, PTR_TO_STACK) and not bits.mask:
        return text + str(s64(bits.value + reg.off & U64))
    parts = [f"id={reg.id}"]
    if kind in _REFERENCES:
        parts.append(f"ref_obj_id={reg.ref_obj_id}")
    if kind is not SCALAR_VALUE:
        parts.append(f"off={reg.off}")
    parts += _region(reg)
    if not bits.mask:
        parts.append(f"imm={bits.value:x}")
    else:
        _add_ranges(parts, reg, rules, "_value")
    return f"{text}({','.join(parts)})"


def _region(reg: RegState) -> list[str]:
    """How far a packet pointer may be used, or the sizes of a map."""
    if reg.type in PACKET_POINTERS:
        return [f"r={reg.mem_size}"]
    if reg.type in _HAS_MAP and reg.map is not None:
        return [f"ks={reg.map.key_size},vs={reg.map.value_size}"]
    return []


def _add_ranges(parts: list[str], reg: RegState, rules: Rules, suffix: str) -> None:
    """Each bound that the one before it does not imply (until 6.6)."""
    if reg.smin not in (s64(reg.umin), S64_MIN):
        parts.append(f"smin{suffix}={reg.smin}")
    if reg.smax not in (s64(reg.umax), S64_MAX):
        parts.append(f"smax{suffix}={reg.smax}")
    if reg.umin:
        parts.append(f"umin{suffix}={reg.umin}")
    if reg.umax != U64:
        parts.append(f"umax{suffix}={reg.umax}")
    if reg.var_off.mask != U64:
        parts.append(f"var_off={reg.var_off}")
    if not rules.BOUNDS_32:
        return
    if reg.smin32 not in (reg.smin, S32_MIN):
        parts.append(f"s32_min{suffix}={reg.smin32}")
    if reg.smax32 not in (reg.smax, S32_MAX):
        parts.append(f"s32_max{suffix}={reg.smax32}")
    if reg.umin32 not in (reg.umin, 0):
        parts.append(f"u32_min{suffix}={s32(reg.umin32)}")
    if reg.umax32 not in (reg.umax, U32):
        parts.append(f"u32_max{suffix}={s32(reg.umax32)}")


def _add_merged_ranges(parts: list[str], reg: RegState, *, hexadecimal: bool) -> None:
    """The bounds that say something, equal ones together (6.7)."""
    low32, high32 = reg.smin32, reg.smax32
    if hexadecimal:
        # A negative number of 32 bits in hex must not look like one of 64.
        low32 = low32 if low32 >= -0x8000 else low32 & U32
        high32 = high32 if high32 >= -0x8000 else high32 & U32
    bounds = (
        ("smin", reg.smin, reg.smin == S64_MIN),
        ("smax", reg.smax, reg.smax == S64_MAX),
        ("umin", reg.umin, reg.umin == 0),
        ("umax", reg.umax, reg.umax == U64),
        ("smin32", low32, reg.smin32 == S32_MIN),
        ("smax32", high32, reg.smax32 == S32_MAX),
        ("umin32", reg.umin32, reg.umin32 == 0),
        ("umax32", reg.umax32, reg.umax32 == U32),
    )
    done = 0
    for i, (name, value, omitted) in enumerate(bounds):
        if omitted or done >> i & 1:
            continue
        names = name
        for j in range(i + 2, 8, 2):
            other, same, left_out = bounds[j]
            if same == value and not left_out and not done >> j & 1:
                names += "=" + other
                done |= 1 << j
        if not hexadecimal:
            parts.append(f"{names}={value}")
        elif name[0] == "s":
            parts.append(f"{names}={snum(value)}")
        else:
            parts.append(f"{names}={unum(value)}")
