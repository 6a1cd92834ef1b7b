"""states_equal(): whether what a walked state stands for covers another state.

Source: states_equal(), regsafe(), stacksafe(), check_ids().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model.domain import tnum
from verifier_model.reg import (
    ADD_CONST,
    FP,
    NOT_INIT,
    PACKET_POINTERS,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    SCALAR_VALUE,
    unknown_scalar,
)
from verifier_model.stack import DYNPTR, INVALID, MISC, SLOT, SPILL, ZERO, Slot

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.rules import Rules
    from verifier_model.state import FuncState, VerifierState

_ANY_SCALAR = unknown_scalar()
# enum exact_level
NOT_EXACT, EXACT, RANGE_WITHIN = 0, 1, 2


class IdMap:
    """Which id of the old state stands for which of the new: struct bpf_idmap."""

    __slots__ = ("map", "temporary")

    def __init__(self, ids: int) -> None:
        self.map: dict[int, int] = {}
        self.temporary = ids

    def check(self, old: int, cur: int) -> bool:
        if not old or not cur:
            return old == cur
        known = self.map.get(old)
        if known is not None:
            return known == cur
        if cur in self.map.values():
            return False
        self.map[old] = cur
        return True

    def check_scalar(self, old: int, cur: int) -> bool:
        """The same; a scalar without an id is linked to nothing, as one with an id of its own."""
        if not old:
            self.temporary += 1
            old = self.temporary
        if not cur:
            self.temporary += 1
            cur = self.temporary
        return self.check(old, cur)


def states_equal(
    env: Env, old: VerifierState, cur: VerifierState, *, exact: int = NOT_EXACT
) -> bool:
    """Whether all that is safe from the old state is safe from this one.

    exact: EXACT asks whether they are the same, RANGE_WITHIN whether all of this state, read later
    or not, lies within the old one.
    """
    if len(old.frames) != len(cur.frames) or len(old.refs) != len(cur.refs):
        return False
    ids = IdMap(env.ids)
    if not env.rules.REFS_BY_IDMAP and old.refs != cur.refs:
        return False
    for (old_ref, _), (cur_ref, _) in zip(old.refs, cur.refs, strict=True):
        if not ids.check(old_ref, cur_ref):
            return False
    for a, b in zip(old.frames, cur.frames, strict=True):
        if a.callsite != b.callsite or a.callback_depth > b.callback_depth:
            return False
        if not _frames_equal(env, a, b, ids, exact):
            return False
    return True


def _frames_equal(env: Env, old: FuncState, cur: FuncState, ids: IdMap, exact: int) -> bool:
    live = old.regs_read
    for regno in range(FP):
        if not exact and not live >> regno & 1:
            continue
        if not regsafe(env.rules, old.regs[regno], cur.regs[regno], ids, exact):
            return False
    return _stacksafe(env, old, cur, ids, exact)


def regsafe(rules: Rules, old: RegState, cur: RegState, ids: IdMap, exact: int = NOT_EXACT) -> bool:
    """Whether what was safe with `old` in a register is safe with `cur` there."""
    if old.type is NOT_INIT and not exact:
        return True
    if old.type is not cur.type or old.maybe_null is not cur.maybe_null:
        return False
    if exact == EXACT:
        return (
            old.key() == cur.key()
            and ids.check(old.id, cur.id)
            and ids.check(old.ref_obj_id, cur.ref_obj_id)
        )
    if old.type is SCALAR_VALUE:
        if old is cur and not rules.REGSAFE_IDS:
            return True
        if not exact and not old.precise and (rules.REGSAFE_OLD_IMPRECISE or not cur.precise):
            return True
        if not (_within(rules, old, cur) and tnum.includes(old.var_off, cur.var_off)):
            return False
        if not rules.REGSAFE_IDS:
            return True
        if (old.id ^ cur.id) & ADD_CONST or (old.id & ADD_CONST and old.off != cur.off):
            return False
        return ids.check_scalar(old.id & ~ADD_CONST, cur.id & ~ADD_CONST)
    if old.type is PTR_TO_MAP_VALUE or old.type is PTR_TO_MEM:
        return (
            old.off == cur.off
            and old.map is cur.map
            and old.mem_size == cur.mem_size
            and _within(rules, old, cur)
            and tnum.includes(old.var_off, cur.var_off)
            and ids.check(old.id, cur.id)
            and ids.check(old.ref_obj_id, cur.ref_obj_id)
        )
    if old.type in PACKET_POINTERS:
        return (
            old.mem_size <= cur.mem_size
            and old.off == cur.off
            and ((not old.id and not rules.PACKET_IDS_COMPARED) or ids.check(old.id, cur.id))
            and _within(rules, old, cur)
            and tnum.includes(old.var_off, cur.var_off)
        )
    if old is cur:
        return True
    return (
        old.key() == cur.key()
        and ids.check(old.id, cur.id)
        and ids.check(old.ref_obj_id, cur.ref_obj_id)
    )


def _within(rules: Rules, old: RegState, cur: RegState) -> bool:
    """Whether every range of `cur` lies in that of `old`: range_within()."""
    return (
        old.umin <= cur.umin
        and old.umax >= cur.umax
        and old.smin <= cur.smin
        and old.smax >= cur.smax
        and (
            not rules.BOUNDS_32
            or (
                old.umin32 <= cur.umin32
                and old.umax32 >= cur.umax32
                and old.smin32 <= cur.smin32
                and old.smax32 >= cur.smax32
            )
        )
    )


def _stacksafe(env: Env, old: FuncState, cur: FuncState, ids: IdMap, exact: int) -> bool:
    for spi, a in enumerate(old.stack):
        b = cur.stack[spi] if spi < len(cur.stack) else None
        if exact:
            if b is None or a.kinds != b.kinds:
                return False
        elif not old.stack_read >> spi & 1 or (a is b and a.reg is None):
            continue
        if not _slots_equal(env, a, b, ids, exact):
            return False
    return True


def _slots_equal(env: Env, a: Slot, b: Slot | None, ids: IdMap, exact: int) -> bool:
    rules = env.rules
    ignored = INVALID + (MISC if rules.STACK_UNINIT_READ else "")
    if b is None:
        return all(kind in ignored for kind in a.kinds)
    if rules.SPILL_KEEPS_ANY and exact != EXACT:
        old_reg, cur_reg = _as_scalar(env, a), _as_scalar(env, b)
        if old_reg is not None and cur_reg is not None:
            return regsafe(rules, old_reg, cur_reg, ids, exact)
    for x, y in zip(a.kinds, b.kinds, strict=True):
        if x == y or x in ignored or (x == MISC and y == ZERO):
            continue
        return False
    if a.kinds[-1] == DYNPTR and a.reg is not None:
        return (
            b.reg is not None
            and a.reg.mem_size == b.reg.mem_size
            and a.reg.frameno == b.reg.frameno
            and ids.check(a.reg.ref_obj_id, b.reg.ref_obj_id)
        )
    if a.kinds[-1] == SPILL and a.reg is not None:
        if b.reg is None:
            return False
        return regsafe(rules, a.reg, b.reg, ids, exact)
    return True


def _as_scalar(env: Env, slot: Slot) -> RegState | None:
    """The scalar a load of the whole slot gives, where plain data counts as an unknown one."""
    if slot.kinds == SPILL * SLOT and slot.reg is not None and slot.reg.type is SCALAR_VALUE:
        return slot.reg
    plain = MISC + (INVALID if env.rules.STACK_UNINIT_READ else "")
    if all(kind in plain for kind in slot.kinds) and slot.kinds != INVALID * SLOT:
        return _ANY_SCALAR
    return None
