"""The stack of all frames of a call chain together: check_max_stack_depth()."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.enums import AttachType, ProgType
from emu.kernel.errno import E2BIG, EACCES, EINVAL
from emu.kernel.traits import Trait
from verifier_model import exceptions
from verifier_model.cfg import TAIL_CALL, is_pseudo_call, is_tail_call
from verifier_model.check import func_types
from verifier_model.log_buffer import OPEN
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from verifier_model.env import Env

MAX_STACK = 512
_THROWS = -1
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
        if TAIL_CALL in env.helpers
        and any(map(is_tail_call, env.insns[start : env.subprog_end(no)]))
    }
    shared: set[int] = set()
    later = env.run_later if env.rules.ASYNC_STACK_CHECKED else set()
    for no in sorted({0, *later}, reverse=env.rules.PRIVATE_STACK):
        _descend(env, (no,), 0, unit, calls, tails, shared)


def _calls(env: Env) -> list[list[tuple[int, int]]]:
    """The subprogs each subprog calls or hands to a helper, in order, and where it throws.

    (insn, subprog), or _THROWS in place of the subprog.
    """
    found = {
        idx: env.subprogs.index(target)
        for idx, target in env.calls.items()
        if not _runs_later(env, idx, target)
    }
    if env.fixups.throws:
        found |= {i: _THROWS for i, insn in enumerate(env.insns) if exceptions.throws(env, insn)}
    calls: list[list[tuple[int, int]]] = [[] for _ in env.subprogs]
    for idx in sorted(found):
        calls[env.subprog_of(idx)].append((idx, found[idx]))
    return calls


def _runs_later(env: Env, idx: int, target: int) -> bool:
    """Whether the function has a stack of its own: it runs when the program has ended."""
    if not env.run_later or env.subprogs.index(target) not in env.run_later:
        return False
    return not (env.rules.ASYNC_CALLED_COUNTED and is_pseudo_call(env.insns[idx]))


def _descend(
    env: Env,
    chain: tuple[int, ...],
    depth: int,
    unit: int,
    calls: list[list[tuple[int, int]]],
    tails: set[int],
    shared: set[int],
    frames: int = 1,
) -> None:
    """Go into the last subprog of a chain of calls whose other frames have `depth` bytes.

    frames: those of the chain that count.
    shared: subprogs that functions call that run later, which have no stack of their own.
    """
    no = chain[-1]
    if no and no in tails and depth >= _MOST_BELOW_TAIL_CALL:
        raise Reject(
            f"tail_calls are not allowed when call stack of previous frames is {depth} bytes. "
            "Too large",
            EACCES,
        )
    # An interpreter's frame is never empty: round_up_stack_depth().
    own = -(-max(env.stack_depth[no], 0 if env.rules.STACK_DEPTH_BY_16 else 1) // unit) * unit
    if chain[0]:
        shared.add(no)
    if own >= _PRIVATE_FROM and not tails and no not in shared and _may_be_private(env):
        if own > MAX_STACK:
            raise Reject(f"stack size of subprog {no} is {own}. Too large", EACCES)
        env.max_stack_depth = max(env.max_stack_depth, own)
    else:
        depth += own
        env.max_stack_depth = max(env.max_stack_depth, depth)
        if depth > MAX_STACK:
            _check_callers_end(env, chain)
            raise Reject(f"combined stack size of {len(chain)} calls is {depth}. Too large", EACCES)
    for idx, callee in calls[no]:
        if callee == _THROWS:
            if not env.called_back.isdisjoint(chain):
                text = f"(insn {idx}) cannot be called from callback subprog {no}"
                raise Reject(f"bpf_throw kfunc {text}", EINVAL)
            continue
        if callee and callee == env.exception_callback:
            end = OPEN if env.kernel.has(Trait.TEXT_HANDLER_CALL_OPEN) else ""
            raise Reject(f"insn {idx} cannot call exception cb directly{end}", EINVAL)
        restarts = env.rules.GLOBAL_FUNCS_RESTART and func_types.is_global(env, callee)
        if not restarts and frames >= env.limits.max_call_depth:
            raise Reject(f"the call stack of {frames} frames is too deep !", E2BIG)
        counted = 1 if restarts else frames + 1
        _descend(env, (*chain, callee), depth, unit, calls, tails, shared, counted)


def _check_callers_end(env: Env, chain: tuple[int, ...]) -> None:
    """Some releases count the frames from each subprog's only caller, and that never ends here."""
    if env.kernel.has(Trait.CALLERS_COUNTED) and len(set(chain)) < len(chain):
        raise Unmodelled(
            f"kernel bug {Trait.CALLERS_COUNTED.name}: this release's verifier never ends on a "
            "program that calls itself in dead code with more than 512 bytes of stack in all",
            env.subprogs[chain[-1]],
        )


def _may_be_private(env: Env) -> bool:
    """Whether the JIT may give subprogs a stack of their own: bpf_enable_priv_stack()."""
    traces = env.prog_type is ProgType.TRACING and env.attach_type != AttachType.TRACE_ITER
    return env.rules.PRIVATE_STACK and (traces or env.prog_type in _PRIVATE_TYPES)
