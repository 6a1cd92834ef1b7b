"""check_subprogs() and check_cfg(): what a program's shape must be before it is walked.

Source: kernel/bpf/verifier.c (kernel/bpf/cfg.c since 7.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import ABS, IND, JMP, JMP32, LD
from emu.kernel import helper_names
from emu.kernel.errno import E2BIG, EINVAL
from emu.kernel.kfuncs import Does
from emu.prog import PSEUDO_CALL, PSEUDO_FUNC, PSEUDO_KFUNC_CALL
from verifier_model import exceptions, kfunc_calls, log_source
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.prog import Insn
    from verifier_model.env import Env

    _Edge = tuple[int, int, bool]  # where to, its kind, whether it may lead back

JA, GOTOL, GOTOX, CALL, EXIT, LD_IMM64 = 0x05, 0x06, 0x0D, 0x85, 0x95, 0x18
MAY_GOTO = 0xE5
TAIL_CALL = 12
# Helpers that call a function before they return: is_sync_callback_calling_function().
_CALL_BACK = (164, 180, 181, 209)
CALL_BACK_LATER = 170  # bpf_timer_set_callback()

_DISCOVERED, _EXPLORED = 1, 2
_FALLTHROUGH, _BRANCH = 1, 2
# Codes of insns that do not lead to the next insn and nowhere else.
NOT_STRAIGHT = frozenset(c for c in range(256) if c & 7 in (JMP, JMP32) or c == LD_IMM64)


def is_pseudo_call(insn: Insn) -> bool:
    return insn.code == CALL and insn.src == PSEUDO_CALL


def is_pseudo_func(insn: Insn) -> bool:
    return insn.code == LD_IMM64 and insn.src == PSEUDO_FUNC


def is_tail_call(insn: Insn) -> bool:
    return insn.code == CALL and not insn.src and insn.imm == TAIL_CALL


def is_packet_load(insn: Insn) -> bool:
    return insn.code & 7 == LD and insn.code & 0xE0 in (ABS, IND)


def jump_target(insn: Insn, idx: int) -> int:
    return idx + 1 + (insn.imm if insn.code == GOTOL else insn.off)


def find_subprogs(env: Env) -> None:
    """Fill Env.calls and Env.subprogs; jumps stay inside, and every subprog has an end."""
    insns, n = env.insns, len(env.insns)
    starts = {0}
    for i, insn in enumerate(insns):
        if insn.code not in (CALL, LD_IMM64):
            continue
        if not env.rules.KFUNCS_ADDED_LATE:
            kfunc_calls.declare(env, i)
        if not is_pseudo_call(insn) and not (env.rules.CALLBACKS and is_pseudo_func(insn)):
            continue
        target = i + insn.imm + 1
        if not 0 <= target < n:
            raise Reject("call to invalid destination", EINVAL)
        env.calls[i] = target
        starts.add(target)
        if len(starts) > env.limits.max_subprogs:
            raise Reject("too many subprograms", E2BIG)
    handler = exceptions.callback_start(env)
    if handler:
        starts.add(handler)
    env.subprogs = sorted(starts)
    if handler:
        env.exception_callback = env.subprogs.index(handler)
        env.run_later.add(env.exception_callback)
        env.called_back.add(env.exception_callback)
    env.stack_depth = [0] * len(env.subprogs)
    for no, start in enumerate(env.subprogs):
        if env.log.level > 1:
            env.log.add(f"func#{no} @{start}")
    for no, start in enumerate(env.subprogs):
        end = env.subprog_end(no)
        for i in range(start, end):
            insn = insns[i]
            if insn.code & 7 not in (JMP, JMP32) or insn.code & 0xF0 in (0x80, 0x90):
                continue
            target = jump_target(insn, i)
            if not start <= target < end:
                raise Reject(f"jump out of range from insn {i} to {target}", EINVAL)
        if insns[end - 1].code not in (EXIT, JA, GOTOL):
            raise Reject("last insn is not an exit or jmp", EINVAL)


def check_cfg(env: Env) -> None:
    """Walk the graph of insns depth first: every insn is reached, and where states are compared.

    Back-edges are refused on releases that cannot walk a loop.
    """
    insns, n = env.insns, len(env.insns)
    loops = not env.rules.BACK_EDGE_REJECTED
    state = bytearray(n)
    _explore(env, 0, state, loops)
    handler = env.subprogs[env.exception_callback]
    if not state[handler]:
        _explore(env, handler, state, loops)
    middle = env.rules.CFG_OF_LDIMM64
    i = 0
    while i < n:
        if state[i] != _EXPLORED:
            raise Reject(f"unreachable insn {i}", EINVAL)
        if middle and insns[i].code == LD_IMM64:
            if i + 1 < n and state[i + 1]:
                raise Reject(f"jump into the middle of ldimm64 insn {i}", EINVAL)
            i += 1
        i += 1


def _explore(env: Env, first: int, state: bytearray, loops: bool) -> None:
    """Walk what is reached from an insn."""
    n = len(env.insns)
    stack = [_run(env, first, state, loops)]
    while stack:  # insns on the way here, with the edges that are not yet followed
        run, edges = stack[-1]
        t = run[-1]
        for w, edge, loop_ok in edges:
            if not 0 <= w < n:
                above = log_source.line(env, t, f"{t}: ")
                raise Reject(f"jump out of range from insn {t} to {w}", EINVAL, above=above)
            if edge == _BRANCH:
                _mark(env, w)
            if not state[w]:
                stack.append(_run(env, w, state, loops))
                break
            if state[w] == _DISCOVERED and not (loop_ok or env.rules.BACK_EDGES_OF_ALL):
                above = (*log_source.line(env, t, f"{t}: "), *log_source.line(env, w, f"{w}: "))
                raise Reject(f"back-edge from insn {t} to {w}", EINVAL, above=above)
        else:
            for t in run:
                state[t] = _EXPLORED
            stack.pop()


def _run(env: Env, t: int, state: bytearray, loops: bool) -> tuple[list[int], Iterator[_Edge]]:
    """The insns from t on of which each only leads to the next, and the edges of the last."""
    insns, run = env.insns, [t]
    state[t] = _DISCOVERED
    last = len(insns) - 1
    while insns[t].code not in NOT_STRAIGHT and t < last and not state[t + 1]:
        t += 1
        state[t] = _DISCOVERED
        run.append(t)
    return run, iter(_edges(env, t, loops))


def _mark(env: Env, idx: int) -> None:
    if idx < len(env.prune_points):
        env.prune_points[idx] = 1
        env.jmp_points[idx] = 1


def _mark_itself(env: Env, idx: int) -> None:
    env.prune_points[idx] = 1
    if not env.rules.JMP_POINTS:
        env.jmp_points[idx] = 1


def _mark_callback(env: Env, t: int) -> None:
    """The insn calls something of the kernel that calls a function of the program."""
    env.callback_points[t] = 1
    if env.rules.CALLBACK_EVERY_ITERATION:
        env.forced_points[t] = 1
        _mark(env, t)


def _edges(env: Env, t: int, loops: bool) -> list[_Edge]:
    """The edges of an insn, and the prune points it makes."""
    insn = env.insns[t]
    code, rules = insn.code, env.rules
    following = t + (2 if code == LD_IMM64 and rules.CFG_OF_LDIMM64 else 1)
    if rules.CALLBACKS and is_pseudo_func(insn):
        _mark_itself(env, t)
        _mark(env, following)
        return [(following, _FALLTHROUGH, False), (t + insn.imm + 1, _BRANCH, True)]
    straight = loops and rules.LOOPS_FALL_THROUGH
    if code & 7 not in (JMP, JMP32):
        return [(following, _FALLTHROUGH, straight)]
    op = code & 0xF0
    if op == 0x90:
        return []
    if op == 0x80:
        edges = [(following, _FALLTHROUGH, straight)]
        _mark(env, following)
        if insn.src == PSEUDO_CALL:
            _mark_itself(env, t)
            edges.append((t + insn.imm + 1, _BRANCH, False))
        elif insn.src == PSEUDO_KFUNC_CALL:
            row = env.kfunc_allowed(insn)
            if row is not None and Does.CALLS_LATER in row.does:
                _mark_itself(env, t)
            if row is not None and Does.ITER_NEXT in row.does:
                env.prune_points[t] = env.forced_points[t] = env.iter_points[t] = 1
            if row is not None and Does.CALLS_BACK in row.does:
                _mark_callback(env, t)
        elif not insn.src and insn.imm == CALL_BACK_LATER:
            # A state is looked at before the call, which else makes one each time.
            if insn.imm <= helper_names.last(env.kernel):
                _mark_itself(env, t)
        elif not insn.src and insn.imm in _CALL_BACK:
            _mark_callback(env, t)
        return edges
    if code == GOTOX:
        raise Unmodelled("an indirect jump", t)
    if code == MAY_GOTO and not insn.src:
        env.forced_points[t] = 1
    target = jump_target(insn, t)
    if op == 0:
        if rules.PRECISION:
            _mark(env, target)
        if not rules.JMP_POINTS:
            _mark(env, following)
        return [(target, _FALLTHROUGH, loops)]
    _mark_itself(env, t)
    return [(following, _FALLTHROUGH, loops), (target, _BRANCH, loops)]
