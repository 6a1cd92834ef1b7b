"""states_equal(): whether what a walked state stands for covers another state.

Source: states_equal(), regsafe(), stacksafe(), check_ids().
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from verifier_model.domain import arc, circular, tnum
from verifier_model.domain.word import U32, U64
from verifier_model.reg import (
    ADD_CONST,
    NOT_INIT,
    PACKET_POINTERS,
    PTR_TO_ARENA,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    RDONLY_MEM,
    SCALAR_VALUE,
    unknown_scalar,
)
from verifier_model.stack import (
    DYNPTR,
    INVALID,
    IRQ_FLAG,
    ITER,
    MISC,
    POISON,
    SLOT,
    SPILL,
    ZERO,
    Slot,
)
from verifier_model.state import ALL_REGS, bits

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.rules import Rules
    from verifier_model.state import FuncState, Lock, Regions, VerifierState

_ANY_SCALAR = unknown_scalar()
_MEMORY = (PTR_TO_MAP_VALUE, PTR_TO_MEM, RDONLY_MEM)
_HALF, _NOTHING = SLOT // 2, INVALID + POISON
# enum exact_level
NOT_EXACT, EXACT, RANGE_WITHIN = 0, 1, 2


class IdMap:
    """Which id of the old state stands for which of the new: struct bpf_idmap."""

    __slots__ = ("map", "rules", "temporary")

    def __init__(self, env: Env) -> None:
        self.map: dict[int, int] = {}
        self.rules = env.rules
        self.temporary = env.ids

    def check(self, old: int, cur: int) -> bool:
        """Whether one may stand for the other, as far as was seen: check_ids().

        Until 6.2 an id may stand for none, and nothing is asked where there was none; until 6.4
        two ids may stand for one.
        """
        if not old or (not cur and self.rules.IDS_REMAPPED):
            return old == cur or not self.rules.IDS_REMAPPED
        known = self.map.get(old)
        if known is not None:
            return known == cur
        if self.rules.REGSAFE_IDS and cur in self.map.values():
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
    if len(old.frames) != len(cur.frames):
        return False
    ids = IdMap(env)
    if (old.refs or cur.refs) and not _same_refs(env, old, cur, ids):
        return False
    if old.sleeps is not cur.sleeps:
        return False
    if old.regions != cur.regions and not _same_regions(old.regions, cur.regions, ids):
        return False
    if (old.locks or cur.locks) and not _same_locks(env, old.locks, cur.locks, ids):
        return False
    for depth, (a, b) in enumerate(zip(old.frames, cur.frames, strict=True)):
        if a.callsite != b.callsite or a.callback_depth > b.callback_depth:
            return False
        regs = _live_regs(env, old, depth)
        if not _frames_equal(env, a, b, regs if exact else regs & a.regs_read, ids, exact):
            return False
    return True


def _same_refs(env: Env, old: VerifierState, cur: VerifierState, ids: IdMap) -> bool:
    if not env.rules.REFS_BY_IDMAP and old.refs != cur.refs:
        return False
    return len(old.refs) == len(cur.refs) and all(
        ids.check(a, b) for (a, _), (b, _) in zip(old.refs, cur.refs, strict=True)
    )


def _same_regions(old: Regions, cur: Regions, ids: IdMap) -> bool:
    return (old.rcu, old.preempt, len(old.irqs)) == (cur.rcu, cur.preempt, len(cur.irqs)) and all(
        ids.check(a, b) for a, b in zip(old.irqs, cur.irqs, strict=True)
    )


def _live_regs(env: Env, state: VerifierState, depth: int) -> int:
    """The registers of a frame of a kept state that two states are compared by."""
    if not env.rules.LIVE_REGS_COMPARED:
        return ALL_REGS
    inner = depth + 1
    idx = state.frames[inner].callsite if inner < len(state.frames) else state.insn_idx
    return env.live_regs[idx] & ALL_REGS


def _same_locks(env: Env, old: tuple[Lock, ...], cur: tuple[Lock, ...], ids: IdMap) -> bool:
    """Whether as many locks are held, and each is the other's."""
    if not env.rules.REFS_BY_IDMAP:
        return [lock.id for lock in old] == [lock.id for lock in cur]
    return len(old) == len(cur) and all(
        a.kind == b.kind and a.map is b.map and ids.check(a.id, b.id)
        for a, b in zip(old, cur, strict=True)
    )


def _frames_equal(
    env: Env, old: FuncState, cur: FuncState, regs: int, ids: IdMap, exact: int
) -> bool:
    """regs: a mask of the registers to compare; the order of comparing makes no difference."""
    rules, old_regs, cur_regs, likely = env.rules, old.regs, cur.regs, old.told_apart
    for regno in bits(regs & likely) + bits(regs & ~likely):
        if not regsafe(rules, old_regs[regno], cur_regs[regno], ids, exact):
            old.told_apart = 1 << regno
            return False
    return _stacksafe(env, old, cur, ids, exact)


def regsafe(rules: Rules, old: RegState, cur: RegState, ids: IdMap, exact: int = NOT_EXACT) -> bool:
    """Whether what was safe with `old` in a register is safe with `cur` there."""
    if old.type is NOT_INIT and (not exact or (exact != EXACT and rules.NOTHING_IS_WITHIN)):
        return True
    if old.type is not cur.type or old.maybe_null is not cur.maybe_null:
        return False
    if exact == EXACT:
        return (
            old.key() == cur.key()
            and ids.check(old.id, cur.id)
            and ids.check(old.ref_obj_id, cur.ref_obj_id)
        )
    if old.type is PTR_TO_ARENA:
        return True
    if old.type is SCALAR_VALUE:
        if old is cur and not rules.REGSAFE_IDS:
            return True
        if not exact and not old.precise and (rules.REGSAFE_OLD_IMPRECISE or not cur.precise):
            return True
        if not _covers(rules, old, cur):
            return False
        if not rules.REGSAFE_IDS:
            return True
        return _linked_alike(rules, old, cur, ids)
    if rules.EQUAL_IS_SAFE and _is_equal(old, cur):
        return True
    if not rules.IDS_REMAPPED and old.type not in PACKET_POINTERS:
        return _safe_before_6_3(rules, old, cur, ids)
    if old.type in _MEMORY:
        return (
            old.off == cur.off
            and old.frameno == cur.frameno
            and old.map is cur.map
            and old.mem_size == cur.mem_size
            and _covers(rules, old, cur)
            and ids.check(old.id, cur.id)
            and ids.check(old.ref_obj_id, cur.ref_obj_id)
        )
    if old.type in PACKET_POINTERS:
        return (
            (
                old.mem_size == cur.mem_size
                if rules.PACKET_END_EXACT and min(old.mem_size, cur.mem_size) < 0
                else old.mem_size <= cur.mem_size
            )
            and old.off == cur.off
            and ids.check(old.id, cur.id)
            and _covers(rules, old, cur)
        )
    if old is cur:
        return True
    return (
        old.key() == cur.key()
        and ids.check(old.id, cur.id)
        and ids.check(old.ref_obj_id, cur.ref_obj_id)
    )


def _is_equal(old: RegState, cur: RegState) -> bool:
    """All that memcmp() compares of two registers, which states mostly share."""
    if old is cur:
        return True
    return old.key() == cur.key() and (old.id, old.ref_obj_id) == (cur.id, cur.ref_obj_id)


def _safe_before_6_3(rules: Rules, old: RegState, cur: RegState, ids: IdMap) -> bool:
    """A pointer that is none into a map's value or a packet must be the very same one."""
    if old.type is not PTR_TO_MAP_VALUE:
        return _is_equal(old, cur)
    if old.off != cur.off or old.map is not cur.map:
        return False
    if old.maybe_null:
        return ids.check(old.id, cur.id)
    return _covers(rules, old, cur) and (
        not rules.MAP_VALUE_IDS_COMPARED or ids.check(old.id, cur.id)
    )


def _linked_alike(rules: Rules, old: RegState, cur: RegState, ids: IdMap) -> bool:
    """Whether two scalars have the same links to others."""
    if not old.id and rules.OLD_SCALAR_ID_DECIDES:
        return True
    if (old.id ^ cur.id) & ADD_CONST or (old.id & ADD_CONST and old.off != cur.off):
        return False
    if not ids.check_scalar(old.id, cur.id):
        return False
    if old.id & ADD_CONST and rules.LINKED_IDS_BY_BASE:
        return ids.check(old.id & ~ADD_CONST, cur.id & ~ADD_CONST)
    return True


def _covers(rules: Rules, old: RegState, cur: RegState) -> bool:
    """Whether every number that `cur` may be is one that `old` may be."""
    return old is cur or (tnum.includes(old.var_off, cur.var_off) and _within(rules, old, cur))


def _within(rules: Rules, old: RegState, cur: RegState) -> bool:
    """Whether every range of `cur` lies in that of `old`: range_within()."""
    if rules.RANGES_CIRCULAR:
        return arc.is_subset(circular.arc64(cur), circular.arc64(old), U64) and arc.is_subset(
            circular.arc32(cur), circular.arc32(old), U32
        )
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
    rules, stack, size = env.rules, cur.stack, len(cur.stack)
    strict = exact == EXACT or (exact and not rules.NOTHING_IS_WITHIN)
    for spi in range(len(old.stack)) if exact else bits(old.stack_read):
        a = old.stack[spi]
        b = stack[spi] if spi < size else None
        if strict and (b is None or a.kinds != b.kinds):
            return False
        if a is b and a.reg is not None and a.kinds[-1] == SPILL:
            # All but its ids, which may stand for others elsewhere, is the same.
            if not regsafe(rules, a.reg, a.reg, ids, exact):
                return False
        elif (a is not b or a.reg is not None) and not _slots_equal(env, a, b, ids, exact):
            return False
    return True


def _slots_equal(env: Env, a: Slot, b: Slot | None, ids: IdMap, exact: int) -> bool:
    rules = env.rules
    if b is None:
        return not a.kinds.strip(_ignored(rules.STACK_UNINIT_READ))
    if rules.SPILL_KEEPS_ANY and exact != EXACT and a.kinds.strip(_ignored(False)):
        old_reg, cur_reg = _as_scalar(env, a, a.kinds), _as_scalar(env, b, b.kinds)
        if old_reg is not None and cur_reg is not None:
            return regsafe(rules, old_reg, cur_reg, ids, exact)
        if rules.LIVENESS_BEFORE_WALK and a.kinds[_HALF] == SPILL:
            # Half a slot is compared like a whole one.
            old_reg = _as_scalar(env, a, a.kinds[_HALF:])
            cur_reg = _as_scalar(env, b, b.kinds[_HALF:])
            if old_reg is not None and cur_reg is not None:
                return _bytes_safe(
                    a.kinds[:_HALF], b.kinds[:_HALF], rules.STACK_UNINIT_READ
                ) and regsafe(rules, old_reg, cur_reg, ids, exact)
    if a.kinds != b.kinds and not _bytes_safe(a.kinds, b.kinds, rules.STACK_UNINIT_READ):
        return False
    if a.kinds[-1] in (ITER, IRQ_FLAG) and a.reg is not None:
        # How often the iterator came to another element makes no difference.
        return (
            b.reg is not None
            and (a.reg.type is b.reg.type or rules.ITER_PROTECTION_IGNORED)
            and a.reg.mem_size == b.reg.mem_size
            and a.reg.maybe_null is b.reg.maybe_null
            and ids.check(a.reg.ref_obj_id, b.reg.ref_obj_id)
        )
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


def _ignored(uninit: bool) -> str:
    """Kinds of bytes that tell nothing; uninit: Trait.STACK_UNINIT_READ."""
    return _NOTHING + MISC if uninit else _NOTHING


@lru_cache(maxsize=1 << 10)
def _bytes_safe(old: str, cur: str, uninit: bool) -> bool:
    """Whether every load that was safe of bytes of these kinds is safe of the other."""
    ignored = _ignored(uninit)
    return all(
        x == y or x in ignored or (x == MISC and y == ZERO) for x, y in zip(old, cur, strict=True)
    )


def _as_scalar(env: Env, slot: Slot, kinds: str) -> RegState | None:
    """The scalar a load of those bytes of a slot gives, plain data being an unknown one."""
    if kinds[0] == SPILL:
        reg = slot.reg
        return reg if reg is not None and reg.type is SCALAR_VALUE else None
    plain = _ignored(True) if env.rules.STACK_UNINIT_READ else MISC
    return None if kinds.strip(plain) else _ANY_SCALAR
