"""is_state_visited(): whether a walked state makes this one superfluous, and which states are kept.

Source: is_state_visited(), clean_live_states(), propagate_liveness().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EINVAL
from verifier_model import log_walk
from verifier_model.domain.word import U32
from verifier_model.equal import (
    NOT_EXACT,
    RANGE_WITHIN,
    states_equal,
)
from verifier_model.precise import propagate_precision
from verifier_model.reg import (
    FP,
    SCALAR_VALUE,
    UNINIT,
)
from verifier_model.stack import EMPTY, Slot
from verifier_model.state import Step
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.state import VerifierState


def is_state_visited(env: Env, cur: VerifierState) -> bool:
    """Whether an equivalent state at this insn was walked to its end; else maybe keep this one.

    Raises Reject where the state has been here before on this very path: an infinite loop.
    """
    idx, rules = env.insn_idx, env.rules
    jumps = env.jmps_processed - env.prev_jmps_processed
    insns = env.insns_processed - env.prev_insns_processed
    forced = bool(env.keep_every_state or env.forced_points[idx])
    forced = forced or (rules.JMP_HISTORY_LIMITED and len(cur.history) > 40)
    add_new = forced or not rules.STATES_SPACED or (jumps >= 2 and insns >= 8)

    hashed = (idx ^ (cur.frame.callsite & U32)) % len(env.insns)
    bucket = hashed if rules.STATES_SPACED else idx
    known = env.explored.get(bucket)
    if known:
        _clean_live_states(env, known, cur)
        kept = []
        searched = 0
        for n, old in enumerate(known):
            searched += 1
            if old.insn_idx != idx:
                kept.append(old)
                continue
            if old.branches and env.forced_points[idx] and _same_iteration(env, old, cur):
                if not env.callback_points[idx]:
                    enter_loop(cur, old)
                old.hits += 1
                _propagate_liveness(old, cur)
                push_history(env, cur)
                propagate_precision(env, old, cur)
                env.explored[bucket] = kept + known[n:]
                return True
            if old.branches and env.callback_points[idx]:
                pass
            elif old.branches and rules.STATES_SPACED:
                _check_loop(env, old, cur)
                if not forced and jumps < 20 and insns < 100:
                    add_new = False
            elif states_equal(env, old, cur, exact=_exactness(old)):
                if old.loop_entry is not None and _exactness(old):
                    enter_loop(cur, _topmost(old.loop_entry))
                old.hits += 1
                _propagate_liveness(old, cur)
                if not rules.JMP_POINTS or env.jmp_points[idx]:
                    push_history(env, cur)
                propagate_precision(env, old, cur)
                env.explored[bucket] = kept + known[n:]
                return True
            if add_new or not rules.STATES_SPACED:
                old.misses += 1
            keeps = 64 if env.forced_points[idx] and old.branches else 3
            if rules.STATE_EVICTION and old.misses > old.hits * keeps + keeps:
                if old.cleaned:
                    env.peak_states -= 1
            else:
                kept.append(old)
        env.explored[bucket] = kept
        env.max_states_per_insn = max(env.max_states_per_insn, searched)

    if not add_new:
        if not rules.JMP_POINTS:
            push_history(env, cur)
        return False
    _keep(env, cur, bucket)
    return False


def _same_iteration(env: Env, old: VerifierState, cur: VerifierState) -> bool:
    """Whether one more callback or may_goto finds nothing that the last did not."""
    if not env.callback_points[env.insn_idx] and old.may_goto_depth == cur.may_goto_depth:
        return False
    return states_equal(env, old, cur, exact=RANGE_WITHIN)


def enter_loop(cur: VerifierState, head: VerifierState) -> None:
    """The path of `cur` goes round to `head`: update_loop_entry()."""
    top = _topmost(head)
    if top.branches and top.dfs_depth <= _topmost(cur).dfs_depth:
        cur.loop_entry = head


def _topmost(state: VerifierState) -> VerifierState:
    """The outermost loop's first state: get_loop_entry()."""
    while state.loop_entry is not None and state.loop_entry is not state:
        state = state.loop_entry
    return state


def _exactness(old: VerifierState) -> int:
    """A state in a loop whose walk has not ended does not yet know what will be read."""
    if old.loop_entry is None:
        return NOT_EXACT
    return RANGE_WITHIN if _topmost(old).branches else NOT_EXACT


def push_history(env: Env, cur: VerifierState) -> None:
    """Note how the walk came to this insn: push_jmp_history()."""
    cur.history.append(Step(env.insn_idx, env.prev_insn_idx))
    env.hist_pushed = env.insns_processed


def _keep(env: Env, cur: VerifierState, bucket: int) -> None:
    """Store a copy of the state and make it the parent of the walk's."""
    env.total_states += 1
    env.peak_states += 1
    env.prev_jmps_processed = env.jmps_processed
    env.prev_insns_processed = env.insns_processed
    if env.rules.PRECISION_FORGOTTEN:
        _forget_precision(cur)
    new = cur.copy()
    new.insn_idx = env.insn_idx
    new.branches = 1
    env.explored.setdefault(bucket, []).insert(0, new)
    cur.parent = new
    cur.first_insn_idx = env.insn_idx
    cur.dfs_depth += 1
    cur.history = []
    for frame in cur.frames:
        frame.regs_read = frame.regs_written = 0
        frame.stack_read = frame.stack_written = 0
        frame.result_frame = frame.frameno
    if env.loop_visits is not None:
        env.loop_visits.kept(new)


def _forget_precision(cur: VerifierState) -> None:
    """mark_all_scalars_imprecise(): marks in this state come from later checks only."""
    for frame in cur.frames:
        for regno, reg in enumerate(frame.regs):
            if reg.precise and reg.type is SCALAR_VALUE:
                reg = reg.copy()
                reg.precise = False
                frame.regs[regno] = reg
        for spi, slot in enumerate(frame.stack):
            if slot.reg is not None and slot.reg.precise and slot.reg.type is SCALAR_VALUE:
                reg = slot.reg.copy()
                reg.precise = False
                frame.stack[spi] = Slot(slot.kinds, reg)


def _check_loop(env: Env, old: VerifierState, cur: VerifierState) -> None:
    """Refuse a path that comes back to a state of its own."""
    if len(old.frames) != len(cur.frames):
        return
    if (old.callback_unroll, old.may_goto_depth) != (cur.callback_unroll, cur.may_goto_depth):
        return
    for a, b in zip(old.frame.regs, cur.frame.regs, strict=True):
        if a is not b and (a.key() != b.key() or a.id != b.id or a.ref_obj_id != b.ref_obj_id):
            return
    if states_equal(env, old, cur, exact=env.rules.LOOP_EXACT):
        below = log_walk.infinite_loop(env, old, cur)
        raise Reject(f"infinite loop detected at insn {env.insn_idx}", EINVAL, below)


def _clean_live_states(env: Env, known: list[VerifierState], cur: VerifierState) -> None:
    """Forget in finished states what no path read: clean_live_states()."""
    callsites = [frame.callsite for frame in cur.frames]
    for old in known:
        if (
            old.branches
            or old.cleaned
            or old.insn_idx != env.insn_idx
            or [frame.callsite for frame in old.frames] != callsites
        ):
            continue
        old.cleaned = True
        for frame in old.frames:
            for regno in range(FP):
                if not frame.regs_read >> regno & 1:
                    frame.regs[regno] = UNINIT
            for spi in range(len(frame.stack)):
                if not frame.stack_read >> spi & 1:
                    frame.stack[spi] = EMPTY


def _propagate_liveness(old: VerifierState, cur: VerifierState) -> None:
    """What the rest of the old path read, this path would read: propagate_liveness()."""
    for depth, frame in enumerate(old.frames):
        mine = cur.frames[depth]
        for regno in range(FP):
            if frame.regs_read >> regno & 1 and not mine.regs_read >> regno & 1:
                mine.regs_read |= 1 << regno
                cur.mark_reg_read(depth, regno)
        for spi in range(min(len(frame.stack), len(mine.stack))):
            if frame.stack_read >> spi & 1 and not mine.stack_read >> spi & 1:
                mine.stack_read |= 1 << spi
                cur.mark_stack_read(depth, spi)


# -- comparing -------------------------------------------------------------------------------
