"""Which registers are live before each insn, and which loop an insn is in.

Source: compute_live_registers() (6.15) and compute_scc() (6.17).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import ALU, ALU64, ATOMIC, FETCH, JMP, JMP32, LDX, ST, STX, X
from emu.kernel import helpers
from verifier_model.cfg import EXIT, GOTOL, JA, LD_IMM64, jump_target
from verifier_model.reg import R1
from verifier_model.state import ARGS_MASK

if TYPE_CHECKING:
    from emu.prog import Insn
    from verifier_model.env import Env

_MOV, _END, _CALL = 0xB0, 0xD0, 0x80
_CMPXCHG, _LOAD_ACQ = 0xF1, 0x100
_EVERY = (1 << 11) - 1


def successors(env: Env, idx: int) -> tuple[int, ...]:
    """Where an insn goes on in its own subprog: bpf_insn_successors()."""
    insn = env.insns[idx]
    if insn.code == EXIT:
        return ()
    if insn.code in (JA, GOTOL):
        return (jump_target(insn, idx),)
    following = idx + (2 if insn.code == LD_IMM64 else 1)
    if insn.code & 7 not in (JMP, JMP32) or insn.code & 0xF0 == _CALL:
        return (following,)
    return following, jump_target(insn, idx)


def postorder(env: Env, start: int) -> list[int]:
    """The insns of the subprog at `start`, each behind those it goes on to: compute_postorder()."""
    order: list[int] = []
    stack, seen, done = [start], {start}, set()
    while stack:
        idx = stack[-1]
        if idx not in done:
            done.add(idx)
            fresh = [i for i in successors(env, idx) if i not in seen]
            if fresh:
                seen.update(fresh)
                stack += fresh
                continue
        order.append(idx)
        stack.pop()
    return order


def live_registers(env: Env) -> list[int]:
    """A mask of registers by insn: those that are read before they are written."""
    insns = env.insns
    live = [0] * len(insns)
    uses = [_uses(env, insn) for insn in insns]
    order = [idx for start in env.subprogs for idx in postorder(env, start)]
    changed = True
    while changed:
        changed = False
        for idx in order:
            after = 0
            for i in successors(env, idx):
                after |= live[i]
            use, define = uses[idx]
            before = after & ~define | use
            if before != live[idx]:
                live[idx] = before
                changed = True
    return live


def _uses(env: Env, insn: Insn) -> tuple[int, int]:
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
    if op == 0:
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
    """By insn, the number of the loop it is in, or 0: Tarjan's components, as they are found."""
    n = len(env.insns)
    number, low, loop = [0] * n, [0] * n, [0] * n
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
            after = successors(env, idx)
            fresh = next((i for i in after if not number[i]), None)
            if fresh is not None:
                todo.append(fresh)
                continue
            todo.pop()
            low[idx] = min([low[idx], *(low[i] for i in after)])
            if low[idx] != number[idx]:
                continue
            members = open_insns[open_insns.index(idx) :]
            del open_insns[open_insns.index(idx) :]
            if len(members) > 1 or idx in after:
                found += 1
            for i in members:
                low[i] = n + 1
                if len(members) > 1 or idx in after:
                    loop[i] = found
    return loop
