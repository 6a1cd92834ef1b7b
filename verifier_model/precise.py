"""Precision: which scalars of earlier states a check depended on, found by walking back.

A scalar counts in the comparison of two states only if some check depended on its value.  When one
does, the insns that led there are walked backwards, along the history of each state, to all that
the value was made of.  Source: __mark_chain_precision().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model import log_precise
from verifier_model.backtrack import CannotTrack, Tracker, involved, undo
from verifier_model.reg import FP, SCALAR_VALUE
from verifier_model.stack import Slot, is_spilled
from verifier_model.state import ALL_REGS, bits

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.history import Place, Tracked
    from verifier_model.state import FuncState, VerifierState

# Insns of a straight run, and steps of a history, from one landmark to the next.
_APART = 64


def mark_chain_precision(env: Env, state: VerifierState, regno: int) -> None:
    """A check depends on the value of a scalar register of the running frame."""
    if not env.rules.PRECISION:
        return
    frame = state.frames[-1]
    reg = frame.regs[regno]
    if reg.type is not SCALAR_VALUE:
        return
    if not env.rules.PRECISION_FORGOTTEN:
        if reg.precise:
            return
        reg = reg.copy()
        reg.precise = True
        frame.regs[regno] = reg
    bt = Tracker(len(state.frames) - 1)
    bt.regs[-1] = 1 << regno
    _backtrack(env, state, bt, env.insn_idx)


def mark_slots_precision(env: Env, state: VerifierState, frameno: int, slots: int) -> None:
    """A check depends on the values of spilled scalars, a mask: mark_chain_precision_batch()."""
    bt = Tracker(len(state.frames) - 1)
    bt.slots[frameno] = slots
    _backtrack(env, state, bt, env.insn_idx)


def propagate_precision(env: Env, old: VerifierState, state: VerifierState, idx: int) -> bool:
    """What counted in a state that ended this path counts for this path: propagate_precision().

    idx: the insn the path ends at.  Returns whether that marked anything (since 6.5).
    """
    rules = env.rules
    if not rules.PRECISION:
        return False
    logs = env.log.level > 1
    tracked = Tracker(len(state.frames) - 1)
    # Until 6.2 the running frame alone.
    first = 0 if rules.PRECISION_FORGOTTEN else tracked.frame
    for depth in range(tracked.frame, first - 1, -1):
        regs, slots = _precise(old.frames[depth], read_only=rules.READS_BY_STATE)
        if rules.PRECISION_ACROSS_CALLS:
            tracked.regs[depth], tracked.slots[depth] = regs, slots
            if logs:
                log_precise.propagates(env, depth, regs, slots)
            continue
        for one in [(1 << regno, 0) for regno in bits(regs)] + [(0, 1 << i) for i in bits(slots)]:
            if logs:
                log_precise.propagates(env, depth, *one)
            _propagate_one(env, state, depth, *one)
    return not tracked.empty() and _backtrack(env, state, tracked, idx)


def _precise(frame: FuncState, *, read_only: bool) -> tuple[int, int]:
    """Masks of the registers and slots whose values later insns depended on.

    read_only: of the registers that the state is known to be read of; else those that are dead are
        forgotten, once the state's paths have ended.
    """
    regs = slots = 0
    for regno in bits(frame.regs_read if read_only else ALL_REGS):
        reg = frame.regs[regno]
        if reg.precise and reg.type is SCALAR_VALUE:
            regs |= 1 << regno
    for spi in bits(frame.stack_read):
        slot = frame.stack[spi]
        if (
            slot.reg is not None
            and slot.reg.precise
            and slot.reg.type is SCALAR_VALUE
            and is_spilled(slot)
        ):
            slots |= 1 << spi
    return regs, slots


def _propagate_one(env: Env, state: VerifierState, depth: int, regs: int, slots: int) -> None:
    """Until 6.4 each register and slot is followed for itself: mark_chain_precision_frame()."""
    bt = Tracker(depth)
    bt.regs[-1], bt.slots[-1] = regs, slots
    if env.rules.PRECISION_FORGOTTEN:
        _drop_other_values(state.frames[depth], bt)
    else:
        bt.regs[-1], bt.slots[-1] = _mark_frame(state.frames[depth], regs, slots)[2:]
    if not bt.empty():
        _backtrack(env, state, bt, env.insn_idx)


def _drop_other_values(frame: FuncState, bt: Tracker) -> None:
    """What is no scalar now is not followed."""
    for regno in bits(bt.regs[-1]):
        if frame.regs[regno].type is not SCALAR_VALUE:
            bt.regs[-1] = 0
    for spi in bits(bt.slots[-1]):
        slot = frame.stack[spi]
        if not is_spilled(slot) or slot.reg is None or slot.reg.type is not SCALAR_VALUE:
            bt.slots[-1] = 0


def _backtrack(env: Env, state: VerifierState, bt: Tracker, last_idx: int) -> bool:
    """Walk back from an insn, which itself is not undone: whether a state got a new mark."""
    by_frame = env.rules.PRECISION_BY_FRAME
    with_links = env.rules.PRECISION_OF_LINKS and not env.rules.LINKS_IN_HISTORY
    st: VerifierState = state
    subseq_idx = -1
    changed = False
    try:
        while True:
            if env.log.tells_precision:
                log_precise.begins(env, bt, last_idx, st.first_insn_idx, subseq_idx)
            if with_links:
                _track_links(st, bt)
            if last_idx < 0:
                return changed
            _undo_history(env, st, bt, last_idx, subseq_idx)
            if bt.empty():
                return changed
            if st.parent is None:
                break
            subseq_idx = st.first_insn_idx
            st = st.parent
            last_idx = st.last_insn_idx
            changed |= _mark(env, st, bt)
            if bt.empty():
                return changed
    except CannotTrack:
        mark_all(env, state if by_frame else st)
        return changed
    if by_frame:
        mark_all(env, state)
    return changed


def _track_links(st: VerifierState, bt: Tracker) -> None:
    """All that is linked with what is tracked at a state's end: mark_precise_scalar_ids()."""
    places = [
        (depth, regno, -1, reg.id)
        for depth, frame in enumerate(st.frames[: bt.frame + 1])
        for regno, reg in enumerate(frame.regs[:FP])
        if reg.id and reg.type is SCALAR_VALUE
    ]
    places += [
        (depth, -1, spi, slot.reg.id)
        for depth, frame in enumerate(st.frames[: bt.frame + 1])
        for spi, slot in enumerate(frame.stack)
        if slot.reg and slot.reg.id and slot.reg.type is SCALAR_VALUE and is_spilled(slot)
    ]
    ids = {
        reg_id
        for depth, regno, spi, reg_id in places
        if (bt.regs[depth] >> regno if spi < 0 else bt.slots[depth] >> spi) & 1
    }
    for depth, regno, spi, reg_id in places:
        if reg_id not in ids:
            continue
        if spi < 0:
            bt.regs[depth] |= 1 << regno
        else:
            bt.set_slot(depth, spi)


def _undo_history(env: Env, st: VerifierState, bt: Tracker, last_idx: int, subseq_idx: int) -> None:
    """Walk back to the first insn of one state's path, or to where nothing is tracked any more.

    subseq_idx: the insn after the last; negative if that one is not undone itself.

    Many checks in a long straight run, or in a loop that is walked in one state, lead the same way
    back.  What came of it is noted at landmarks on the way, and no other goes on from there, unless
    the log tells of each.
    """
    around, logs = env.rules.PRECISION_AROUND_LOOPS, env.log.tells_precision
    matters, first_idx = involved(env), st.first_insn_idx
    idx, last = last_idx, st.history
    passed: list[tuple[Place, Tracked]] = []
    try:
        while True:
            step = last if last is not None and last.idx == idx else None
            if subseq_idx >= 0:
                if logs:
                    log_precise.undoes(env, bt, idx)
                mask = matters[idx]
                if mask < 0 or mask & bt.regs[-1] or (step is not None and bt.concerns(step)):
                    undo(env, idx, subseq_idx, step, bt)
                    if bt.empty():
                        break
            subseq_idx = idx
            # The insn before, or the start of this state's path: get_prev_insn_idx().
            if idx == first_idx and (
                not around or last is None or (step is not None and step.before is None)
            ):
                break
            if step is None:
                idx -= 1
                landmark = not idx % _APART
            else:
                idx, last = step.prev_idx, step.before
                landmark = not step.number % _APART
            if landmark and not logs:
                key = (last, idx, subseq_idx), bt.tracked()
                if key in st.outcomes:
                    bt.track(st.outcomes[key])
                    break
                passed.append(key)
    except CannotTrack:
        st.outcomes.update(dict.fromkeys(passed))
        raise
    if passed:
        st.outcomes.update(dict.fromkeys(passed, bt.tracked()))


def _mark(env: Env, st: VerifierState, bt: Tracker) -> bool:
    """Mark what is tracked in a state, and track on only what was not marked there before.

    Until 6.3 all of it is tracked on, unless nothing is new.  Returns whether something is.
    """
    rules, changed = env.rules, False
    for depth in range(bt.frame, -1 if rules.PRECISION_ACROSS_CALLS else bt.frame - 1, -1):
        if depth >= len(st.frames):
            raise CannotTrack
        regs, slots, *new = _mark_frame(st.frames[depth], bt.regs[depth], bt.slots[depth])
        is_new = any(new)
        changed |= is_new
        bt.regs[depth], bt.slots[depth] = new if rules.PRECISION_BY_FRAME else (regs, slots)
        if env.log.tells_precision:
            log_precise.marked(env, st, bt, depth, new=is_new)
        if not is_new:
            bt.regs[depth] = bt.slots[depth] = 0
    return changed


def _mark_frame(frame: FuncState, regs: int, slots: int) -> tuple[int, int, int, int]:
    """Mark scalars precise: masks of those that are scalars, and of those that were not marked."""
    new_regs = new_slots = 0
    for regno in bits(regs):
        reg = frame.regs[regno]
        if reg.type is not SCALAR_VALUE:
            regs &= ~(1 << regno)
        elif not reg.precise:
            new_regs |= 1 << regno
            _mark_reg(frame, regno)
    for spi in bits(slots):
        if spi >= len(frame.stack):
            raise CannotTrack
        slot = frame.stack[spi]
        if not is_spilled(slot) or slot.reg is None or slot.reg.type is not SCALAR_VALUE:
            slots &= ~(1 << spi)
        elif not slot.reg.precise:
            new_slots |= 1 << spi
            _mark_slot(frame, spi)
    return regs, slots, new_regs, new_slots


def _mark_reg(frame: FuncState, regno: int) -> None:
    reg = frame.regs[regno].copy()
    reg.precise = True
    frame.regs[regno] = reg


def _mark_slot(frame: FuncState, spi: int) -> None:
    slot = frame.stack[spi]
    assert slot.reg is not None
    reg = slot.reg.copy()
    reg.precise = True
    frame.stack[spi] = Slot(slot.kinds, reg)


def mark_all(env: Env, state: VerifierState) -> None:
    """Every scalar on the way here counts: mark_all_scalars_precise()."""
    logs = env.log.tells_precision
    if logs:
        log_precise.gives_up(env, state)
    st: VerifierState | None = state.parent if env.rules.PRECISION_FORGOTTEN else state
    while st is not None and not st.all_precise:
        for depth, frame in enumerate(st.frames):
            spilled = sum(1 << i for i, slot in enumerate(frame.stack) if is_spilled(slot))
            _, _, regs, slots = _mark_frame(frame, (1 << FP) - 1, spilled)
            if logs:
                for regno in bits(regs):
                    log_precise.forces(env, depth, 1 << regno, 0)
                for spi in bits(slots):
                    log_precise.forces(env, depth, 0, 1 << spi)
        st.all_precise = st is not state  # which may yet get other scalars
        st = st.parent
