"""Which pointers can be null, and what a comparison tells of that.

Source: reg_not_null(), until 6.4 reg_type_not_null(), and mark_ptr_or_null_regs(),
kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model.check import locks, refs
from verifier_model.domain.compare import JEQ, JNE
from verifier_model.reg import (
    BTF_IDS,
    CONST_PTR_TO_MAP,
    PTR_TO_BTF_ID,
    PTR_TO_MAP_KEY,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_SOCK_COMMON,
    PTR_TO_SOCKET,
    PTR_TO_TCP_SOCK,
    PTR_TO_XDP_SOCK,
    RDONLY_MEM,
    SCALAR_VALUE,
    TRUSTED_BTF_ID,
    is_allocated,
    stands_for,
)
from verifier_model.stack import Slot
from verifier_model.transfer.ptr_alu import MAX_VAR_OFF

if TYPE_CHECKING:
    from emu.prog import Insn
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.rules import Rules
    from verifier_model.state import VerifierState

# A pointer into the kernel may be null though nothing says so.
_NEVER_EQUAL = (SCALAR_VALUE, *BTF_IDS)
_ALWAYS = (
    *(PTR_TO_MAP_VALUE, PTR_TO_MAP_KEY),
    *(PTR_TO_SOCKET, PTR_TO_SOCK_COMMON, PTR_TO_TCP_SOCK),
)


def _is_trusted(reg: RegState) -> bool:
    """Whether it points to a kernel structure for sure: is_trusted_reg()."""
    return reg.type is TRUSTED_BTF_ID or (reg.type is PTR_TO_BTF_ID and reg.ref_obj_id != 0)


def is_not_null(rules: Rules, reg: RegState) -> bool:
    """Whether the release knows that the pointer is not null."""
    if reg.maybe_null:
        return False
    if rules.BRANCH_FAR_MAY_BE_NULL and not (reg.smin > -MAX_VAR_OFF and reg.smax < MAX_VAR_OFF):
        return False
    kind = reg.type
    return (
        kind in _ALWAYS
        or (kind in (PTR_TO_MEM, RDONLY_MEM) and rules.BRANCH_MEM_NOT_NULL)
        or (rules.BRANCH_TRUSTED_NOT_NULL and _is_trusted(reg))
        or (kind is CONST_PTR_TO_MAP and rules.BRANCH_MAP_NOT_NULL)
        or (kind is PTR_TO_XDP_SOCK and rules.BRANCH_XDP_SOCK_NOT_NULL)
    )


def is_null_check(
    env: Env, dst: RegState, src: RegState, op: int, jmp32: bool, by_reg: bool
) -> bool:
    """Whether the comparison decides if `dst` is null."""
    if jmp32 or op not in (JEQ, JNE) or not dst.maybe_null:
        return False
    if by_reg and not env.rules.NULL_CHECK_BY_REG:
        return False
    return src.type is SCALAR_VALUE and src.is_const() and src.var_off.value == 0


def lift_null(env: Env, state: VerifierState, other: VerifierState, insn: Insn, op: int) -> None:
    """A pointer that may be null and equals one that is not, is not null.

    Only the register compared is known not to be, none of its copies.
    """
    rules, regs = env.rules, state.frames[-1].regs
    dst, src = regs[insn.dst], regs[insn.src]
    if not rules.BRANCH_EQUAL_NOT_NULL or dst.type in _NEVER_EQUAL or src.type in _NEVER_EQUAL:
        return
    equal = (other if op == JEQ else state).frames[-1].regs
    for regno, reg, like in ((insn.src, src, dst), (insn.dst, dst, src)):
        known = is_not_null(rules, like) if rules.BRANCH_EQUAL_KNOWN else not like.maybe_null
        if reg.maybe_null and known:
            equal[regno] = _not_null(env, reg)


def mark_ptr_or_null(env: Env, state: VerifierState, regno: int, *, is_null: bool) -> None:
    """The pointer turned out null or not, and so did every copy: mark_ptr_or_null_regs()."""
    reg = state.frames[-1].regs[regno]
    wanted = reg.id
    keeps_id = env.rules.NULL_CHECK_KEEPS_ID and not is_null
    if is_null and reg.ref_obj_id and reg.ref_obj_id == wanted:
        refs.forget(env, state, wanted)
    for frame in state.frames:
        for i, r in enumerate(frame.regs):
            if r.maybe_null and r.id == wanted:
                frame.regs[i] = _null_decided(env, r, is_null, keeps_id)
        for spi, slot in enumerate(frame.stack):
            if slot.reg is not None and slot.reg.maybe_null and slot.reg.id == wanted:
                frame.stack[spi] = Slot(slot.kinds, _null_decided(env, slot.reg, is_null, keeps_id))


def _null_decided(env: Env, reg: RegState, is_null: bool, keeps_id: bool) -> RegState:
    if is_null and is_allocated(reg):
        return env.const(0)
    new = _not_null(env, reg)
    if is_null or not (keeps_id or locks.has_lock(env, reg)):
        new.id = 0
    if is_null:
        new.type = SCALAR_VALUE
        new.precise = env.unknown_is_precise
        new.ref_obj_id = 0
        new.map = None
        new.mem_size = new.frameno = 0
    return new


def _not_null(env: Env, reg: RegState) -> RegState:
    """What a pointer is that is not null: mark_ptr_not_null_reg()."""
    new = reg.copy()
    new.maybe_null = False
    new.type = stands_for(reg)
    inner = reg.map.inner if reg.map is not None and reg.type is not CONST_PTR_TO_MAP else None
    if inner is not None:
        new.map = inner
        new.mem_size = reg.id if locks.runs_later(env, inner) else 0
    return new
