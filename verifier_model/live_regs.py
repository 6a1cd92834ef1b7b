"""Which registers are live before each insn, and which loop an insn is in.

Source: compute_live_registers() (6.15) and compute_scc() (6.17).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import ABS, ALU, ALU64, ATOMIC, FETCH, IND, JMP, JMP32, LD, LDX, ST, STX, X
from emu.kernel import helpers
from verifier_model.cfg import CALL, EXIT, GOTOL, JA, LD_IMM64, jump_target
from verifier_model.reg import R1
from verifier_model.state import ARGS_MASK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.prog import Insn
    from verifier_model.env import Env

_MOV, _END, _CALL, _JCOND = 0xB0, 0xD0, 0x80, 0xE0
_CMPXCHG, _LOAD_ACQ = 0xF1, 0x100
_TAIL_CALL = 12
_EVERY = (1 << 11) - 1


def successors(env: Env, idx: int) -> tuple[int, ...]:
    """Where an insn goes on in its own subprog: bpf_insn_successors()."""
    if not env.successors:
        env.successors = [_successors(insn, i) for i, insn in enumerate(env.insns)]
        if env.rules.HIDDEN_EXITS:
            _add_hidden_exits(env)
        env.goes_back = any(i <= idx for idx, after in enumerate(env.successors) for i in after)
    return env.successors[idx]


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
    """A load from the packet may end the subprog, as a tail call may: it goes on to its exit too.

    Source: visit_abnormal_return_insn().
    """
    insns = env.insns
    for no, start in enumerate(env.subprogs):
        subprog = range(start, env.subprog_end(no))
        exits = [idx for idx in subprog if insns[idx].code == EXIT]
        for idx in subprog if exits else ():
            code = insns[idx].code
            tail_call = code == CALL and not insns[idx].src and insns[idx].imm == _TAIL_CALL
            if tail_call or (code & 7 == LD and code & 0xE0 in (ABS, IND)):
                env.successors[idx] = (idx + 1, exits[-1])


def postorder(env: Env, start: int) -> tuple[int, ...]:
    """The insns of the subprog at `start`, each behind those it goes on to: compute_postorder()."""
    if start not in env.postorders:
        env.postorders[start] = tuple(_postorder(env, start))
    return env.postorders[start]


def _postorder(env: Env, start: int) -> Iterator[int]:
    stack, seen, done = [start], bytearray(len(env.insns)), bytearray(len(env.insns))
    seen[start] = 1
    while stack:
        idx = stack[-1]
        if not done[idx]:
            done[idx] = 1
            fresh = [i for i in successors(env, idx) if not seen[i]]
            if fresh:
                for i in fresh:
                    seen[i] = 1
                stack += fresh
                continue
        yield idx
        stack.pop()


def live_registers(env: Env) -> list[int]:
    """A mask of registers by insn: those that are read before they are written."""
    insns = env.insns
    live = [0] * len(insns)
    masks = [uses(env, insn) for insn in insns]
    order = [idx for start in env.subprogs for idx in postorder(env, start)]
    changed = True
    while changed:
        changed = False
        for idx in order:
            after = 0
            for i in env.successors[idx]:
                after |= live[i]
            use, define = masks[idx]
            before = after & ~define | use
            if before != live[idx]:
                live[idx] = before
                changed = env.goes_back  # else all that an insn goes on to stands before it
    return live


def uses(env: Env, insn: Insn) -> tuple[int, int]:
    """The registers an insn reads, and those it writes: compute_insn_live_regs()."""
    cls, op = insn.code & 7, insn.code & 0xF0
    dst, src = 1 << insn.dst, 1 << insn.src
    if insn.code == LD_IMM64:
        return 0, dst
    if cls == LDX:
        return src, dst
    if cls == ST:
        return dst, 0
    if cls in (ALU, ALU64):
        read = src if insn.code & X and op != _END else 0
        return read if op == _MOV else read | dst, dst
    if cls in (JMP, JMP32):
        return _uses_of_jump(env, insn, op)
    if cls == STX:
        if insn.code & 0xE0 != ATOMIC:
            return dst | src, 0
        if insn.imm == _CMPXCHG:
            return dst | src | 1, 1
        if insn.imm == _LOAD_ACQ:
            return src, dst
        return dst | src, src if insn.imm & FETCH else 0
    return _EVERY, 0


def _uses_of_jump(env: Env, insn: Insn, op: int) -> tuple[int, int]:
    if op in (0, _JCOND):
        return 0, 0
    if insn.code == EXIT:
        return 1, 0
    if op == _CALL:
        return _arguments(env, insn), ARGS_MASK | 1
    return 1 << insn.dst | (1 << insn.src if insn.code & X else 0), 0


def _arguments(env: Env, insn: Insn) -> int:
    """The arguments of a helper that the program has; all five for what is not known yet."""
    row = helpers.by_id(insn.imm) if insn.src == 0 else None
    if row is None or not helpers.available(env.kernel, env.prog_type, row):
        return ARGS_MASK
    return ((1 << len(helpers.proto(env.kernel, row).args)) - 1) << R1


def loops(env: Env) -> list[int]:
    """By insn, the number of the loop it is in, or 0: Tarjan's components, as they are found.

    A helper that calls back is a loop of one insn.
    """
    n = len(env.insns)
    number, low, loop = [0] * n, [0] * n, [0] * n
    graph = [successors(env, idx) for idx in range(n)]
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
            fresh = [i for i in after if not number[i]]
            if fresh:
                todo.append(fresh[0])
                continue
            todo.pop()
            low[idx] = min([low[idx], *[low[i] for i in after]])
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
