"""Which registers are live before each insn, and which loop an insn is in.

Source: compute_live_registers() (6.15) and compute_scc() (6.17).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from emu.isa.table import (
    ALU,
    ALU64,
    ATOMIC,
    CMPXCHG,
    FETCH,
    JMP,
    JMP32,
    LD,
    LDX,
    LOAD_ACQ,
    ST,
    STX,
    X,
    find,
)
from emu.prog import PSEUDO_KFUNC_CALL
from verifier_model.cfg import (
    CALL,
    EXIT,
    GOTOL,
    JA,
    LD_IMM64,
    NOT_STRAIGHT,
    is_packet_load,
    is_tail_call,
    jump_target,
)
from verifier_model.reg import R1
from verifier_model.state import ARGS_MASK

if TYPE_CHECKING:
    from emu.prog import Insn
    from verifier_model.env import Env

_MOV, _END, _CALL, _JCOND = 0xB0, 0xD0, 0x80, 0xE0
_EVERY = (1 << 11) - 1


def successors(env: Env) -> list[tuple[int, ...]]:
    """By insn, where it goes on in its own subprog: bpf_insn_successors()."""
    if not env.successors:
        env.successors = [
            _successors(insn, i) if insn.code in NOT_STRAIGHT else (i + 1,)
            for i, insn in enumerate(env.insns)
        ]
        if env.rules.HIDDEN_EXIT_OF_TAIL_CALL:
            _add_hidden_exits(env)
        env.goes_back = _goes_back(env.successors)
    return env.successors


def _goes_back(graph: list[tuple[int, ...]]) -> bool:
    """Whether some insn goes on to itself or to one before it; where it jumps to stands last."""
    return any(after and after[-1] <= idx for idx, after in enumerate(graph))


def replace(env: Env, insns: dict[int, Insn]) -> None:
    """Put other insns in the place of some, and what is known of them."""
    env.insns = tuple(insns.get(idx, insn) for idx, insn in enumerate(env.insns))
    for idx, insn in insns.items():
        env.rows[idx] = find(insn)
        env.successors[idx] = _successors(insn, idx)
        env.uses[idx] = _uses(env, insn)
    env.postorders, env.goes_back = {}, _goes_back(env.successors)


def _successors(insn: Insn, idx: int) -> tuple[int, ...]:
    code = insn.code
    following = idx + (2 if code == LD_IMM64 else 1)
    if code & 7 not in (JMP, JMP32) or code & 0xF0 == _CALL:
        return (following,)
    if code == EXIT:
        return ()
    if code in (JA, GOTOL):
        return (jump_target(insn, idx),)
    return following, jump_target(insn, idx)


def _add_hidden_exits(env: Env) -> None:
    """A tail call may end the subprog, and a load from the packet: it goes on to its exit too.

    Source: visit_abnormal_return_insn().
    """
    insns, loads = env.insns, env.rules.HIDDEN_EXIT_OF_LOAD
    for no, start in enumerate(env.subprogs):
        subprog = range(start, env.subprog_end(no))
        exits = [idx for idx in subprog if insns[idx].code == EXIT]
        for idx in subprog if exits else ():
            if is_tail_call(insns[idx]) or (loads and is_packet_load(insns[idx])):
                env.successors[idx] = (idx + 1, exits[-1])


def postorder(env: Env, start: int) -> tuple[int, ...]:
    """The insns of the subprog at `start`, each behind those it goes on to: compute_postorder()."""
    if start not in env.postorders:
        env.postorders[start] = tuple(_postorder(successors(env), start))
    return env.postorders[start]


def _postorder(graph: list[tuple[int, ...]], start: int) -> list[int]:
    order, seen = [], bytearray(len(graph))
    seen[start] = 1
    todo = [start]  # insns to go into, and, as ~idx, those to come out of
    while todo:
        idx = todo.pop()
        if idx < 0:
            order.append(~idx)
            continue
        todo.append(~idx)
        for i in graph[idx]:
            if not seen[i]:
                seen[i] = 1
                todo.append(i)
    return order


def live_registers(env: Env) -> list[int]:
    """A mask of registers by insn: those that are read before they are written."""
    live = [0] * len(env.insns)
    masks, graph = uses(env), successors(env)
    order = [idx for start in env.subprogs for idx in postorder(env, start)]
    changed = True
    while changed:
        changed = False
        for idx in order:
            after = 0
            for i in graph[idx]:
                after |= live[i]
            use, define = masks[idx]
            before = after & ~define | use
            if before != live[idx]:
                live[idx] = before
                changed = env.goes_back  # else all that an insn goes on to stands before it
    return live


def uses(env: Env) -> list[tuple[int, int]]:
    """By insn, masks of the registers it reads and of those it writes: compute_insn_live_regs()."""
    if not env.uses:
        env.uses = [_uses(env, insn) for insn in env.insns]
    return env.uses


def _uses(env: Env, insn: Insn) -> tuple[int, int]:
    code, dst, src, _, imm = insn
    if code == CALL:
        return _arguments(env, insn), ARGS_MASK | 1
    if code & 7 == STX and code & 0xE0 == ATOMIC:
        return _uses_of_atomic(imm, 1 << dst, 1 << src)
    return _uses_by_code(code, 1 << dst, 1 << src)


@lru_cache(maxsize=1 << 10)
def _uses_by_code(code: int, dst: int, src: int) -> tuple[int, int]:
    """The same for an insn of which the code tells; `dst` and `src` are masks."""
    cls, op = code & 7, code & 0xF0
    if code == LD_IMM64:
        return 0, dst
    if cls == LDX:
        return src, dst
    if cls == ST:
        return dst, 0
    if cls == STX:
        return dst | src, 0
    if cls in (ALU, ALU64):
        read = src if code & X and op != _END else 0
        return read if op == _MOV else read | dst, dst
    if cls == LD:
        return _EVERY, 0
    if op in (0, _JCOND):
        return 0, 0
    if code == EXIT:
        return 1, 0
    if op == _CALL:
        return ARGS_MASK, ARGS_MASK | 1
    return dst | (src if code & X else 0), 0


def _uses_of_atomic(operation: int, dst: int, src: int) -> tuple[int, int]:
    if operation == CMPXCHG:
        return dst | src | 1, 1
    if operation == LOAD_ACQ:
        return src, dst
    return dst | src, src if operation & FETCH else 0


def _arguments(env: Env, insn: Insn) -> int:
    """The arguments of a function that the program has; all five for what is not known yet."""
    row = env.kfunc_allowed(insn) if insn.src == PSEUDO_KFUNC_CALL else None
    if row is not None and row.params is not None:
        return ((1 << len(row.params)) - 1) << R1
    proto = env.helper_proto(insn)
    return ARGS_MASK if proto is None else ((1 << len(proto.args)) - 1) << R1


def loops(env: Env) -> list[int]:
    """By insn, the number of the loop it is in, or 0: Tarjan's components, as they are found.

    A helper that calls back is a loop of one insn.
    """
    n = len(env.insns)
    number, low, loop = [0] * n, [0] * n, [0] * n
    graph = successors(env)
    if not env.goes_back and not any(env.callback_points):
        return loop
    implicit = env.rules.CALLBACK_IS_LOOP
    open_insns: list[int] = []
    found = counter = 0
    for root in range(n):
        if number[root] or (root and env.insns[root - 1].code == LD_IMM64):
            continue
        todo = [root]
        while todo:
            idx = todo[-1]
            if not number[idx]:
                counter += 1
                number[idx] = low[idx] = counter
                open_insns.append(idx)
            after = graph[idx]
            fresh = next((i for i in after if not number[i]), -1)
            if fresh >= 0:
                todo.append(fresh)
                continue
            todo.pop()
            for i in after:
                low[idx] = min(low[idx], low[i])
            if low[idx] != number[idx]:
                continue
            members = [open_insns.pop()]
            while members[-1] != idx:
                members.append(open_insns.pop())
            goes_round = len(members) > 1 or idx in after
            goes_round = goes_round or (implicit and bool(env.callback_points[idx]))
            if goes_round:
                found += 1
            for i in members:
                low[i] = n + 1
                if goes_round:
                    loop[i] = found
    return loop
