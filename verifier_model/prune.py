"""is_state_visited(): whether a walked state makes this one superfluous, and which states are kept.

Source: is_state_visited(), clean_live_states().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EINVAL
from verifier_model import log_source, log_walk
from verifier_model.check.iters import are_apart, is_active
from verifier_model.domain.word import U32
from verifier_model.equal import (
    NOT_EXACT,
    RANGE_WITHIN,
    states_equal,
)
from verifier_model.history import Step
from verifier_model.precise import propagate_precision
from verifier_model.reg import (
    SCALAR_VALUE,
    UNINIT,
)
from verifier_model.scalars import clear_singular_ids
from verifier_model.stack import EMPTY, Slot
from verifier_model.state import ALL_REGS, bits
from verifier_model.static.clean import clean
from verifier_model.undropped import Undropped
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.state import VerifierState


def is_state_visited(env: Env, cur: VerifierState) -> bool:
    """Whether an equivalent state at this insn was walked to its end; else maybe keep this one.

    Raises Reject where the state has been here before on this very path: an infinite loop.
    """
    idx, rules = env.insn_idx, env.rules
    if not rules.STATE_EVICTION:
        return _is_visited_before_5_2(env, cur)
    if env.live_stack is not None:
        clean(env, env.live_stack, cur)
    jumps = env.jmps_processed - env.prev_jmps_processed
    insns = env.insns_processed - env.prev_insns_processed
    forced_here, calls_back = env.forced_points[idx], env.callback_points[idx]
    forced = bool(env.keep_every_state or forced_here)
    if rules.JMP_HISTORY_LIMITED and cur.history is not None:
        forced = forced or cur.history.number > 40
    spaced = rules.STATES_SPACED
    add_new = forced or not spaced or (jumps >= 2 and insns >= 8)

    hashed = (idx ^ (cur.frame.callsite & U32)) % len(env.insns)
    bucket = hashed if spaced else idx
    known = None if env.every_path else env.explored.get(bucket)
    if known:
        _clean_live_states(env, known, cur)
        kept = []
        searched = 0
        for n, old in enumerate(known):
            searched += 1
            if old.insn_idx != idx:
                kept.append(old)
                continue
            unfinished = old.branches
            if unfinished and forced_here and _same_iteration(env, old, cur):
                if not calls_back:
                    enter_loop(env, cur, old)
                _end_at(env, old, cur, comes_back=True)
                env.explored[bucket] = kept + known[n:]
                return True
            if unfinished and (calls_back or env.iter_points[idx]):
                pass
            elif unfinished and spaced:
                _check_loop(env, old, cur)
                if not forced and jumps < 20 and insns < 100:
                    add_new = False
            else:
                exact = _exactness(env, old)
                if states_equal(env, old, cur, exact=exact):
                    if exact and old.loop_entry is not None:
                        enter_loop(env, cur, _topmost(env, old.loop_entry))
                    _end_at(env, old, cur, comes_back=bool(exact))
                    env.explored[bucket] = kept + known[n:]
                    return True
            if add_new or not spaced:
                old.misses += 1
            keeps = 64 if forced_here and unfinished else 3
            if old.misses > old.hits * keeps + keeps:
                _drop(env, old)
            else:
                kept.append(old)
        env.explored[bucket] = kept
        env.max_states_per_insn = max(env.max_states_per_insn, searched)

    if not add_new:
        if not rules.JMP_POINTS:
            push_history(env, cur)
        return False
    env.explored.setdefault(bucket, []).insert(0, _keep(env, cur))
    return False


def _is_visited_before_5_2(env: Env, cur: VerifierState) -> bool:
    """The same where every state is kept, none is dropped, and there are no loops."""
    kept = env.undropped.setdefault(env.insn_idx, Undropped())
    if not env.every_path:
        _clean_live_states(env, kept.waiting(), cur)
        kept.settle()
        candidates = kept.candidates(cur)
        for old in candidates:
            if states_equal(env, old, cur):
                _end_at(env, old, cur, comes_back=False)
                return True
        kept.learn(candidates)
        env.max_states_per_insn = max(env.max_states_per_insn, kept.count)
    kept.add(_keep(env, cur))
    return False


def _same_iteration(env: Env, old: VerifierState, cur: VerifierState) -> bool:
    """Whether one more callback, element or may_goto finds nothing that the last did not."""
    if old.frame.later_entries != cur.frame.later_entries:
        return False
    idx = env.insn_idx
    if env.iter_points[idx]:
        return states_equal(env, old, cur, exact=RANGE_WITHIN) and is_active(cur)
    if not env.callback_points[idx] and old.may_goto_depth == cur.may_goto_depth:
        return False
    return states_equal(env, old, cur, exact=RANGE_WITHIN)


def enter_loop(env: Env, cur: VerifierState, head: VerifierState) -> None:
    """The path of `cur` goes round to `head`: update_loop_entry()."""
    if env.rules.LOOP_ENTRY_TOPMOST:
        mine, top = _topmost(env, cur), _topmost(env, head)
        enters = top.branches and top.dfs_depth <= mine.dfs_depth
    else:
        enters = head.branches and head.dfs_depth < (cur.loop_entry or cur).dfs_depth
    if enters:
        cur.loop_entry = head
        head.enters_loop = True


def _topmost(env: Env, state: VerifierState) -> VerifierState:
    """The outermost loop's first state: get_loop_entry()."""
    top = state
    while top.loop_entry is not None and top.loop_entry is not top:
        top = top.loop_entry
    if env.rules.LOOP_ENTRY_TOPMOST:
        # What was found is kept, though a loop between may come to have another entry.
        while state is not top and state.loop_entry is not None:
            state.loop_entry, state = top, state.loop_entry
    return top


def _end_at(env: Env, old: VerifierState, cur: VerifierState, *, comes_back: bool) -> None:
    """The path of `cur` ends at an equal state; what counted there counts for it.

    comes_back: other paths of the loop may still go on from the old state.
    """
    old.hits += 1
    if env.rules.READS_BY_STATE:
        env.reads_as(cur, old)
    if not env.rules.JMP_POINTS or env.jmp_points[env.insn_idx]:
        push_history(env, cur)
    propagate_precision(env, old, cur, env.insn_idx)
    if comes_back and env.loop_visits is not None:
        env.loop_visits.came_back(old, cur)
        _count_states(env)


def _drop(env: Env, old: VerifierState) -> None:
    """A state that never matches is searched no more."""
    if env.rules.STATES_FREED:
        env.kept_states -= 1
        env.dropped_states += 1
        old.dropped = True
        free_dropped(env, old)
    elif old.cleaned and not old.enters_loop:
        env.peak_states -= 1


def free_dropped(env: Env, old: VerifierState) -> None:
    """Nothing needs a dropped state: maybe_free_verifier_state()."""
    visits = env.loop_visits
    needed = visits.is_unfinished(old) if visits is not None else old.enters_loop
    if not old.branches and not needed:
        old.dropped = False
        env.dropped_states -= 1


def _count_states(env: Env) -> None:
    """update_peak_states()."""
    waiting = env.loop_visits.waiting if env.loop_visits is not None else 0
    env.peak_states = max(env.peak_states, env.kept_states + env.dropped_states + waiting)


def _exactness(env: Env, old: VerifierState) -> int:
    """A state in a loop whose walk has not ended does not yet know what will be read."""
    if env.loop_visits is not None:
        return RANGE_WITHIN if env.loop_visits.is_unfinished(old) else NOT_EXACT
    if old.loop_entry is None:
        return NOT_EXACT
    return RANGE_WITHIN if _topmost(env, old).branches else NOT_EXACT


def push_history(env: Env, cur: VerifierState) -> Step:
    """Note how the walk came to this insn: push_jmp_history()."""
    cur.history = step = Step(cur.history, env.insn_idx, env.prev_insn_idx)
    env.hist_pushed = env.insns_processed
    return step


def _keep(env: Env, cur: VerifierState) -> VerifierState:
    """A copy of the state, to be kept, which is the parent of the walk's from here on."""
    env.total_states += 1
    if env.rules.STATES_FREED:
        env.kept_states += 1
        _count_states(env)
    else:
        env.peak_states += 1
    env.prev_jmps_processed = env.jmps_processed
    env.prev_insns_processed = env.insns_processed
    if env.rules.PRECISION_FORGOTTEN:
        _forget_precision(cur)
    if env.rules.SINGULAR_IDS_CLEARED:
        clear_singular_ids(cur)
    new = cur.copy()
    new.insn_idx = env.insn_idx
    new.branches = 1
    if not env.rules.READS_BY_STATE:
        _mark_live(env, new)
    cur.parent = new
    cur.first_insn_idx = env.insn_idx
    cur.dfs_depth += 1
    cur.history = None
    cur.outcomes = {}
    for frame in cur.frames:
        frame.regs_read = frame.whole_read = frame.regs_written = frame.regs_lent = 0
        frame.stack_read = frame.stack_written = 0
        frame.result_frame = frame.frameno
    if env.loop_visits is not None:
        env.loop_visits.kept(new)
    return new


def _mark_live(env: Env, new: VerifierState) -> None:
    """What later insns read of a state, where it is known before the walk."""
    callsites = [frame.callsite for frame in new.frames[1:]] + [env.insn_idx]
    for frame, idx in zip(new.frames, callsites, strict=True):
        frame.regs_read = env.live_regs[idx] & ALL_REGS
        # Dead slots are forgotten, or will be when the state is finished.
        frame.stack_read = (1 << len(frame.stack)) - 1


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
    """Refuse a path that comes back to a state of its own, not of another entry."""
    if len(old.frames) != len(cur.frames):
        return
    if old.frame.later_entries != cur.frame.later_entries:
        return
    if (old.callback_unroll, old.may_goto_depth) != (cur.callback_unroll, cur.may_goto_depth):
        return
    for a, b in zip(old.frame.regs, cur.frame.regs, strict=True):
        if a is b:
            continue
        # The bits first: in a loop that ends they differ most often.
        if a.var_off != b.var_off or a.id != b.id or a.ref_obj_id != b.ref_obj_id:
            return
        if a.key() != b.key():
            return
    if states_equal(env, old, cur, exact=env.rules.LOOP_EXACT) and not are_apart(old, cur):
        below = log_walk.infinite_loop(env, old, cur)
        above = log_source.line(env, env.insn_idx)
        text = f"infinite loop detected at insn {env.insn_idx}"
        raise Reject(text, EINVAL, below, above=above)


def _is_in_unfinished_loop(env: Env, old: VerifierState) -> bool:
    """Whether what later insns read of a state may not be known yet."""
    if env.loop_visits is not None:
        return env.loop_visits.is_unfinished(old)
    in_loop = env.rules.LOOPS_NOT_CLEANED and old.loop_entry is not None
    return in_loop and bool(_topmost(env, old).branches)


def _clean_live_states(env: Env, known: list[VerifierState], cur: VerifierState) -> None:
    """Forget in finished states what no path read: clean_live_states()."""
    for old in known:
        if old.branches or old.cleaned or old.insn_idx != env.insn_idx:
            continue
        if [frame.callsite for frame in old.frames] != [frame.callsite for frame in cur.frames]:
            continue
        if _is_in_unfinished_loop(env, old):
            continue
        old.cleaned = True
        if env.stack_use is not None:
            for frame, live in zip(old.frames, env.stack_use.live_slots(old), strict=True):
                frame.stack_read &= live
        for frame in old.frames:
            for regno in bits(~frame.regs_read & ALL_REGS):
                frame.regs[regno] = UNINIT
            for spi in bits(~frame.stack_read & (1 << len(frame.stack)) - 1):
                frame.stack[spi] = EMPTY
