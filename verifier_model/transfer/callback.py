"""Helpers that call a function of the program back, and the way out of such a function.

Until 6.6 the function is walked once, as if the helper called it and then returned.  Since 6.7
the walk goes on behind the helper and, as another path, through the function and back to the call,
until a state comes back that was seen there.  A function that runs later
is walked as another path, from a frame of its own.  Source: __check_func_call(),
push_callback_call(), push_async_cb() and prepare_func_exit().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import E2BIG, EACCES, EINVAL
from emu.prog import STATIC
from verifier_model import log_walk
from verifier_model.check import func_args, func_types, graph, objects, refs
from verifier_model.check.refs import check_range
from verifier_model.equal import IdMap
from verifier_model.precise import mark_chain_precision
from verifier_model.reg import R0, R1, R2, R4, SCALAR_VALUE, RegState
from verifier_model.stack import Slot, is_spilled
from verifier_model.state import ARGS_MASK, MAIN_CALLSITE, FuncState, VerifierState
from verifier_model.transfer.callback_args import CALLBACKS, COMPARES
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.kernel.helpers import Helper
    from verifier_model.check.helper import Meta
    from verifier_model.check.kfunc_args import Found
    from verifier_model.env import Env
    from verifier_model.transfer.callback_args import Callback


def enter(env: Env, state: VerifierState, helper: Helper, meta: Meta) -> int | None:
    """A helper calls back: the insn to go on at, where that is not the next."""
    env.called_back.add(meta.subprog)
    row = CALLBACKS.get(helper.name)
    if row is None:
        raise Unmodelled(f"the callback of {helper.name}", env.insn_idx)
    start = env.subprogs[meta.subprog]
    caller = state.frames[-1]
    if row.later:
        enter_later(env, state, row, meta.subprog)
        return None
    if helper.name == "loop" and env.rules.PRECISION_OF_LOOP_FLAGS:
        _mark_flags(env, state, meta.subprog)
    if env.rules.CALLBACK_EVERY_ITERATION:
        if helper.name == "loop":
            mark_chain_precision(env, state, R1)
            if caller.callback_depth >= caller.regs[R1].umax:
                caller.callback_depth = 0
                if env.log.level > 1:
                    env.log.add(f"frame{caller.frameno} bpf_loop iteration limit reached")
                return None
        _tell_arguments(env, state, meta.subprog)
        other = env.push_branch(state, start, env.insn_idx)
        _push_frame(env, other, row, meta.subprog)
        other.callback_unroll += 1
        other.frames[-2].callback_depth += 1
        env.scratched_regs = env.scratched_slots = -1
        caller.callback_depth = 0
        return None
    _tell_arguments(env, state, meta.subprog)
    _push_frame(env, state, row, meta.subprog)
    caller.clear_caller_saved()
    env.scratched_regs = env.scratched_slots = -1
    if env.log.level:
        log_walk.call(env, state)
    caller.regs[R0] = env.unknown()
    # The kernel clears registers after every call, and the frame that runs is now the function's.
    state.frames[-1].regs_written |= ARGS_MASK | 1
    return start


def compare_nodes(env: Env, state: VerifierState, found: Found) -> None:
    """bpf_rbtree_add() calls a function that compares two nodes, on a path of its own."""
    assert found.root is not None  # it is an argument too
    env.called_back.add(found.less)
    _tell_arguments(env, state, found.less)
    other = env.push_branch(state, env.subprogs[found.less], env.insn_idx)
    callee = _new_frame(env, other, COMPARES, found.less)
    for regno in (R1, R2):
        callee.regs[regno] = objects.not_owned(env, graph.node(env, found.root))
    other.callback_unroll += 1
    other.frames[-2].callback_depth += 1
    env.scratched_regs = env.scratched_slots = -1
    state.frames[-1].callback_depth = 0


def _tell_arguments(env: Env, state: VerifierState, subprog: int) -> None:
    """The helper's own arguments are compared with those that BTF says of the function."""
    wrong = func_args.check_call(env, state, subprog)
    if wrong is not None:
        func_args.tell(env, wrong)


def _mark_flags(env: Env, state: VerifierState, subprog: int) -> None:
    """A loop is inlined where it always calls one function with flags 0 (5.19).

    Source: update_loop_inline_state().
    """
    called, inlined = env.inlined_loops.get(env.insn_idx, (subprog, True))
    if inlined:
        flags = state.frames[-1].regs[R4]
        is_zero = flags.type is SCALAR_VALUE and flags.is_const() and not flags.var_off.value
        if is_zero:
            mark_chain_precision(env, state, R4)
        inlined = is_zero and called == subprog
    env.inlined_loops[env.insn_idx] = called, inlined


def _push_frame(env: Env, state: VerifierState, row: Callback, subprog: int) -> None:
    """The frame of the function, with the arguments that the helper gives it."""
    caller = state.frames[-1]
    callee = _new_frame(env, state, row, subprog)
    row.give(env, caller, callee)
    for regno, given in row.copied:
        callee.regs[regno] = caller.regs[given]
        if not env.rules.CALLBACK_EVERY_ITERATION:
            # Whether they were written in this state is copied along.
            callee.regs_written |= (caller.regs_written >> given & 1) << regno


def _new_frame(env: Env, state: VerifierState, row: Callback, subprog: int) -> FuncState:
    if len(state.frames) >= env.limits.max_call_depth:
        raise Reject(f"the call stack of {len(state.frames) + 1} frames is too deep", E2BIG)
    callee = FuncState(env.insn_idx, len(state.frames), subprog)
    callee.callback = row
    callee.refs_at_call = state.refs
    state.frames.append(callee)
    env.entered.add(subprog)
    return callee


def enter_later(env: Env, state: VerifierState, row: Callback, subprog: int) -> None:
    """The function is walked by itself, from a frame of its own: push_async_cb()."""
    _tell_arguments(env, state, subprog)
    caller = state.frames[-1]
    callee = FuncState(MAIN_CALLSITE, 0, subprog)
    callee.callback = row
    callee.later_entries = caller.later_entries + 1
    other = VerifierState(callee)
    other.sleeps = row.sleeps or (env.may_sleep and not env.rules.ASYNC_SLEEPS_ALONE)
    env.push(other, env.subprogs[subprog], env.insn_idx, " for async cb")
    env.run_later.add(subprog)
    env.called_back.add(subprog)
    env.scratched_regs = env.scratched_slots = -1
    row.give(env, caller, callee)
    env.entered.add(subprog)


def leave(env: Env, state: VerifierState) -> int:
    """A function that was called back ends: prepare_func_exit()."""
    rules = env.rules
    callee = state.frames[-1]
    reg = callee.regs[R0]
    if reg.type is not SCALAR_VALUE:
        raise Reject("R0 not a scalar value", EACCES)
    if rules.CALLBACK_RESULT_PRECISE:
        if env.marks_reads:
            env.mark_reg_read(state, callee.frameno, R0)
        mark_chain_precision(env, state, R0)
    assert callee.callback is not None
    check_range(env, reg, callee.callback.low, callee.callback.high, "callback return")
    following = callee.callsite + (0 if rules.CALLBACK_EVERY_ITERATION else 1)
    if env.log.level:
        log_walk.leave(env, state, following)
    state.frames.pop()
    if refs.are_of_callbacks(env):
        state.refs = callee.refs_at_call
    if not rules.CALLBACK_EVERY_ITERATION:
        return following
    before = previous_entry(env, state, state, callee.callsite)
    if before is not None:
        widen(env, before, state)
    return callee.callsite


def previous_entry(
    env: Env, state: VerifierState, newest: VerifierState | None, idx: int
) -> VerifierState | None:
    """The newest state of this very path that was kept at the insn: find_prev_entry().

    newest: the state that it must be older than.
    """
    callsites = [frame.callsite for frame in state.frames]
    if newest is None:
        return None
    for old in env.known_at(state, idx):
        if (
            old.insn_idx == idx
            and old.branches
            and [frame.callsite for frame in old.frames] == callsites
            and old.dfs_depth < newest.dfs_depth
        ):
            return old
    return None


def widen(env: Env, old: VerifierState, cur: VerifierState) -> None:
    """Scalars that changed since, and on which nothing depends, may be anything.

    Source: widen_imprecise_scalars().
    """
    ids = IdMap(env)
    for a, b in zip(old.frames, cur.frames, strict=True):
        for regno, reg in enumerate(a.regs):
            if _widens(env, reg, b.regs[regno], ids):
                b.regs[regno] = env.unknown()
        for spi, slot in enumerate(a.stack):
            other = b.stack[spi] if spi < len(b.stack) else None
            if other is None or slot.reg is None or other.reg is None:
                continue
            if is_spilled(slot) and is_spilled(other) and _widens(env, slot.reg, other.reg, ids):
                b.stack[spi] = Slot(other.kinds, env.unknown())


def _widens(env: Env, old: RegState, cur: RegState, ids: IdMap) -> bool:
    if old.type is not SCALAR_VALUE or cur.type is not SCALAR_VALUE:
        return False
    if old.precise or cur.precise:
        return False
    if old.key() != cur.key():
        return True
    return not env.rules.WIDEN_IGNORES_IDS and not ids.check(old.id, cur.id)


def check_function(env: Env, idx: int, subprog: int) -> None:
    """ld_imm64 of a function needs one that BTF calls static."""
    found = func_types.info(env, subprog)
    if found is None:
        raise Reject("missing btf func_info", EINVAL)
    if found.linkage != STATIC:
        raise Reject("callback function not static", EINVAL)
