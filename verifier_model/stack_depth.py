"""The stack of all frames of a call chain together: check_max_stack_depth()."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.enums import ProgType
from emu.kernel.errno import E2BIG, EACCES, EINVAL
from verifier_model.cfg import CALL, is_pseudo_call, is_pseudo_func
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from verifier_model.env import Env

MAX_STACK = 512
_TAIL_CALL = 12
_PRIVATE_FROM = 64  # bytes: BPF_PRIV_STACK_MIN_SIZE
_PRIVATE_TYPES = (
    ProgType.KPROBE,
    ProgType.TRACEPOINT,
    ProgType.PERF_EVENT,
    ProgType.RAW_TRACEPOINT,
)
_MOST_BELOW_TAIL_CALL = 256  # bytes of the callers' frames


def check_max_stack_depth(env: Env) -> None:
    """No chain of calls from the first insn uses more stack than a program has."""
    unit = 16 if env.rules.STACK_DEPTH_BY_16 else 32
    calls = _calls(env)
    tails = {
        no
        for no, start in enumerate(env.subprogs)
        if any(
            insn.code == CALL and insn.src == 0 and insn.imm == _TAIL_CALL
            for insn in env.insns[start : env.subprog_end(no)]
        )
    }
    _descend(env, 0, 0, 0, unit, calls, tails)


def _calls(env: Env) -> list[list[int]]:
    """The subprogs each subprog calls or hands to a helper, in order."""
    back = env.rules.CALLBACKS
    return [
        [
            env.subprogs.index(i + env.insns[i].imm + 1)
            for i in range(start, env.subprog_end(no))
            if is_pseudo_call(env.insns[i]) or (back and is_pseudo_func(env.insns[i]))
        ]
        for no, start in enumerate(env.subprogs)
    ]


def _descend(
    env: Env,
    no: int,
    frame: int,
    depth: int,
    unit: int,
    calls: list[list[int]],
    tails: set[int],
) -> None:
    if no and no in tails and depth >= _MOST_BELOW_TAIL_CALL:
        raise Reject(
            f"tail_calls are not allowed when call stack of previous frames is {depth} bytes. "
            "Too large",
            EACCES,
        )
    own = (max(env.stack_depth[no], 1) + unit - 1) // unit * unit
    if own >= _PRIVATE_FROM and not tails and _may_be_private(env):
        if own > MAX_STACK:
            raise Reject(f"stack size of subprog {no} is {own}. Too large", EACCES)
    else:
        depth += own
        if depth > MAX_STACK:
            raise Reject(f"combined stack size of {frame + 1} calls is {depth}. Too large", EACCES)
    for callee in calls[no]:
        if frame + 1 >= env.limits.max_call_depth:
            raise Reject(f"the call stack of {frame + 1} frames is too deep !", E2BIG)
        _descend(env, callee, frame + 1, depth, unit, calls, tails)


def _may_be_private(env: Env) -> bool:
    """Whether the JIT may give subprogs a stack of their own: bpf_enable_priv_stack()."""
    return env.rules.PRIVATE_STACK and env.prog_type in _PRIVATE_TYPES


def check_recursion(env: Env) -> None:
    """No subprog comes to call itself: since 7.1 this is found before the walk."""
    calls = _calls(env)
    done: set[int] = set()

    def visit(no: int, chain: tuple[int, ...]) -> None:
        if no in chain:
            raise Reject("recursive call from () to ()", EINVAL)
        if no in done:
            return
        for callee in calls[no]:
            visit(callee, (*chain, no))
        done.add(no)

    visit(0, ())
