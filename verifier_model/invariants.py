"""Scalars whose ranges and bits contradict each other: reg_bounds_sanity_check() (6.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.enums import F_TEST_REG_INVARIANTS
from emu.kernel.errno import EFAULT
from verifier_model.domain import circular
from verifier_model.domain.bounds import is_impossible, unbound
from verifier_model.domain.word import U32, U64, s32, s64
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.reg import RegState


def check(env: Env, reg: RegState, where: str) -> None:
    """Report such a register in the log and forget its ranges; what its bits say stays.

    reg: the caller's own, no state shares it.
    where: what the report calls it.

    Raises Reject with that report where the program asks to be tested so.
    """
    wrong = violation(reg)
    if not wrong:
        return
    bug = "verifier bug: " if env.rules.INVARIANTS_ARE_BUGS else ""
    ranges = _arcs(reg) if env.rules.RANGES_CIRCULAR else _ranges(reg)
    value, mask = reg.var_off
    report = (
        f"{bug}REG INVARIANTS VIOLATION ({where}): {wrong} {ranges} var_off=({value:#x}, {mask:#x})"
    )
    if env.prog.flags & F_TEST_REG_INVARIANTS:
        raise Reject(report, EFAULT)
    env.log.add(report)
    unbound(reg)


def violation(reg: RegState) -> str:
    """What is wrong with a register, in the kernel's words; "" for nothing."""
    if is_impossible(reg):
        return "range bounds violation"
    value, mask = reg.var_off
    if mask & U32:
        return ""
    if not mask and (
        reg.umin != value or reg.umax != value or reg.smin != s64(value) or reg.smax != s64(value)
    ):
        return "const tnum out of sync with range bounds"
    low = value & U32
    if reg.umin32 != low or reg.umax32 != low or reg.smin32 != s32(low) or reg.smax32 != s32(low):
        return "const subreg tnum out of sync with range bounds"
    return ""


def _ranges(reg: RegState) -> str:
    return (
        f"u64=[{reg.umin:#x}, {reg.umax:#x}] s64=[{reg.smin & U64:#x}, {reg.smax & U64:#x}] "
        f"u32=[{reg.umin32:#x}, {reg.umax32:#x}] s32=[{reg.smin32 & U32:#x}, {reg.smax32 & U32:#x}]"
    )


def _arcs(reg: RegState) -> str:
    wide, low = circular.arc64(reg), circular.arc32(reg)
    return (
        f"r64={{.base={wide.base:#x}, .size={wide.size:#x}}} "
        f"r32={{.base={low.base:#x}, .size={low.size:#x}}}"
    )
