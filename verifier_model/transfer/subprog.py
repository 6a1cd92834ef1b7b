"""Into functions of the program and out of them, and the end of the program.

Source: check_func_call(), prepare_func_exit(), check_return_code(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from emu.kernel.errno import E2BIG, EINVAL
from verifier_model import exceptions, log_walk
from verifier_model.check import (
    func_args,
    func_types,
    graph,
    locks,
    packet,
    regions,
    results,
    sleeping,
)
from verifier_model.check.refs import (
    LEAKS,
    acquired_by_callback,
    are_of_callbacks,
    check_held,
    check_leak,
    check_range,
)
from verifier_model.log import type_name
from verifier_model.precise import mark_chain_precision
from verifier_model.reg import PTR_TO_ARENA, PTR_TO_STACK, R0, R1, R5, SCALAR_VALUE
from verifier_model.state import ARGS_MASK, FuncState
from verifier_model.transfer import callback
from verifier_model.transfer.registry import transfer
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from emu.prog import Insn
    from verifier_model.env import Env
    from verifier_model.state import VerifierState
    from verifier_model.transfer.callback_args import Callback

# What is wrong with an argument of a function of the program, and not reported as a helper's is.
_UNEXPLAINED = re.compile(r"is not a scalar$| expected=fp$")


def call_subprog(env: Env, state: VerifierState, insn: Insn) -> int | None:
    """Into a function of the program: setup_func_entry().  Returns the insn to go on at."""
    target = env.insn_idx + insn.imm + 1
    no = env.subprogs.index(target)
    if not env.rules.FUNC_ARGS_ONCE:
        _check_depth(env, state)
    wrong = func_args.check_call(env, state, no)
    if func_types.is_global(env, no):
        return _call_global(env, state, no, wrong)
    if wrong is not None:
        func_args.tell(env, wrong)
    _check_depth(env, state)
    caller = state.frames[-1]
    callee = FuncState(env.insn_idx, len(state.frames), no)
    callee.refs_at_call = state.refs
    for regno in range(R1, R5 + 1):
        callee.regs[regno] = caller.regs[regno]
    callee.regs_written = caller.regs_written & ARGS_MASK
    caller.clear_caller_saved()
    state.frames.append(callee)
    env.entered.add(no)
    env.scratched_regs = env.scratched_slots = -1
    if env.stack_use is not None:
        env.stack_use.forget_chain()
    if env.log.level:
        log_walk.call(env, state)
    return target


def _check_depth(env: Env, state: VerifierState) -> None:
    if len(state.frames) >= env.limits.max_call_depth:
        raise Reject(f"the call stack of {len(state.frames) + 1} frames is too deep", E2BIG)


def _call_global(env: Env, state: VerifierState, no: int, wrong: Reject | None) -> int | None:
    """A function that is walked by itself: its result is any number.  wrong: of its arguments."""
    once, name = env.rules.GLOBAL_FUNCS_LAZY, env.subprog_name(no)
    shown = f"func#{no} ('{name}')" if once else f"func#{no}"
    regions.check_global_call(env, state)
    sleeping.check_global_call(env, state, no)
    if wrong is not None:
        text = f"Caller passes invalid args into {shown}"
        err = Reject(text, wrong.errno, above=wrong.lines)
        err.unexplained = tuple(line for line in wrong.lines if _UNEXPLAINED.search(line))
        raise err
    if env.log.level or (env.log.bits and env.rules.GLOBAL_FUNCS_TOLD):
        what = "assumed valid." if once else "valid. Skipping."
        env.log.lines.append(f"{shown.capitalize()} is global and {what}")
    if env.rules.GLOBAL_FUNCS_MOVE_PACKETS and no in packet.changers(env):
        packet.invalidate(env, state)
    env.called.add(no)
    frame = state.frames[-1]
    frame.clear_caller_saved()
    env.scratched_regs |= ARGS_MASK | 1
    if not func_types.returns_void(env, no):
        frame.regs[R0] = env.unknown()
    if env.rules.GLOBAL_FUNCS_THROW and no in exceptions.throwers(env):
        env.push_branch(state, env.insn_idx + 1, env.insn_idx)
        _check_left(env, state)
        return None
    return env.insn_idx + 1


@transfer("exit")
def transfer_exit(env: Env, state: VerifierState, insn: Insn) -> int | None:
    rules = env.rules
    compares = bool(state.locks) and graph.compares_nodes(env, state)
    if not compares or rules.LOCKED_SUBPROG_CALLS:
        locks.check_exit(env, state)
    ends = len(state.frames) == 1 or not (compares or rules.RCU_IN_SUBPROGS)
    if ends and not rules.EXIT_LEAK_TEXT:
        regions.check_left_at_exit(state)
    if env.rules.EXIT_LEAK_TEXT and len(state.frames) == 1:
        check_no_leak(state, "BPF_EXIT instruction in main prog")
        regions.check_left(state, "BPF_EXIT instruction in main prog")
    if len(state.frames) > 1:
        if state.refs:
            _check_callback_leak(env, state)
        return leave_subprog(env, state)
    check_no_leak(state, "")
    _check_return_code(env, state)
    return None


def leave_subprog(env: Env, state: VerifierState) -> int:
    """Back to the caller with r0: prepare_func_exit().  Returns the insn to go on at."""
    callee = state.frames[-1]
    result = callee.regs[R0]
    if result.type is PTR_TO_STACK:
        raise Reject("cannot return stack pointer to the caller", EINVAL)
    if callee.callback:
        if env.stack_use is not None:
            env.stack_use.update(state)
        return callback.leave(env, state)
    caller = state.frames[-2]
    caller.regs[R0] = result
    # The caller's r0 is the callee's, its life included.
    caller.regs_written = (caller.regs_written & ~1) | (callee.regs_written & 1)
    caller.result_frame = callee.result_frame
    following = callee.callsite + 1
    callee.refs_at_call = state.refs
    if env.stack_use is not None:
        env.stack_use.update(state)
    if env.log.level:
        log_walk.leave(env, state, following)
    state.frames.pop()
    return following


def check_no_leak(state: VerifierState, where: str) -> None:
    """Every reference was given back."""
    check_leak(state, where, LEAKS if where else "")


def _check_callback_leak(env: Env, state: VerifierState) -> None:
    """A function that was called back gave back what it acquired."""
    if state.frames[-1].callback is not None and are_of_callbacks(env):
        check_held(acquired_by_callback(env, state), "", "")


def throw(env: Env, state: VerifierState) -> None:
    """The program ends in whatever frame it is: r1 is its result."""
    env.fixups.throws = True
    if not env.exception_callback:
        _check_return_code(env, state, R1)
    _check_left(env, state)


def _check_left(env: Env, state: VerifierState) -> None:
    """Whatever frame an exception is thrown in, nothing is left behind."""
    rules = env.rules
    where = "bpf_throw" if rules.THROW_CHECKED else "BPF_EXIT instruction in main prog"
    asked = rules.THROW_CHECKED or len(state.frames) == 1
    if asked and (rules.THROW_CHECKED or rules.EXIT_LEAK_TEXT):
        locks.check_unlocked(state, where)
    elif asked:
        locks.check_exit(env, state)
        regions.check_left_at_exit(state)
    if not rules.EXIT_LEAK_TEXT and rules.THROW_CHECKED:
        regions.check_left(state, where)
    check_no_leak(state, where if rules.EXIT_LEAK_TEXT else "")
    if asked and rules.EXIT_LEAK_TEXT:
        regions.check_left(state, where)


def _check_return_code(env: Env, state: VerifierState, regno: int = R0) -> None:
    no, row = state.frames[0].subprogno, state.frames[0].callback
    if row is not None:
        _check_later_result(env, state, row)
        return
    if no == env.exception_callback:
        no = 0
    if not no and results.is_ignored(env):
        return
    if no and func_types.returns_void(env, no):
        return
    reg = env.read_reg(state, regno)
    if no:
        if reg.type is PTR_TO_ARENA and env.rules.ARENA_RETURNED:
            return
        if reg.type is not SCALAR_VALUE:
            kind = type_name(reg, env.rules)
            text = f"At subprogram exit the register R0 is not a scalar value ({kind})"
            raise Reject(text, EINVAL)
        return
    allowed = results.allowed(env)
    if allowed is None:
        return
    if reg.type is not SCALAR_VALUE:
        kind = type_name(reg, env.rules)
        text = f"At program exit the register R{regno} is not a known value ({kind})"
        raise Reject(text, EINVAL)
    if env.rules.RETURN_RANGE_SIGNED:
        mark_chain_precision(env, state, regno)
    try:
        check_range(
            env,
            reg,
            allowed.low,
            allowed.high,
            "program exit",
            name=f"R{regno if env.rules.RETURN_RANGE_SIGNED else R0}",
            as_int=results.is_int(env),
        )
    except Reject as err:
        if not results.is_void(env):
            raise
        raise Reject(results.NOTE_VOID, err.errno, above=(err.message,)) from None


def _check_later_result(env: Env, state: VerifierState, row: Callback) -> None:
    """What a function that runs later returns."""
    reg = env.read_reg(state, R0)
    signed = env.rules.RETURN_RANGE_SIGNED
    if reg.type is not SCALAR_VALUE:
        where = "At async callback return" if signed else "In async callback"
        kind = type_name(reg, env.rules)
        raise Reject(f"{where} the register R0 is not a known value ({kind})", EINVAL)
    if signed:
        mark_chain_precision(env, state, R0)
    where = "async callback return" if signed else "async callback"
    check_range(env, reg, row.low, row.high, where)
