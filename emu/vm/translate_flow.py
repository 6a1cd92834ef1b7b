"""The shape of a function: basic blocks, dominators, loops.

Blocks are named by the index of their first instruction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.isa import table
from emu.prog import PSEUDO_CALL, PSEUDO_KFUNC_CALL
from emu.vm import packet_ctx
from emu.vm.call import TAIL_CALL, call
from emu.vm.fault import VmFault
from emu.vm.ldst import constant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from emu.prog import Insn
    from emu.vm.interp import Vm
    from emu.vm.registry import Bound

JUMPS = ("ja", "gotol")
# How a block ends.
EXIT, JUMP, BRANCH, LEAVE = "exit", "jump", "branch", "leave"


class Op(NamedTuple):
    """An instruction as the translator needs it."""

    pc: int
    insn: Insn
    name: str  # of its row in emu.isa.table; "": what it does is left to the interpreter
    cls: int  # LD ... ALU64
    following: int
    target: int
    value: int | None = None  # the immediate operand, or what ld_imm64 loads; None: a register
    special: bool = False  # it takes more than the registers: the interpreter's step does it

    @property
    def is_subprog_call(self) -> bool:
        return self.name == "call" and self.insn.src == PSEUDO_CALL


def decode(vm: Vm, pc: int) -> Op:
    """The instruction at `pc`; what is none, and the program's end, are left to the interpreter."""
    insns = vm.prog.insns
    if pc >= len(insns):
        return Op(pc, insns[-1], "", table.LD, pc, pc)
    insn = insns[pc]
    try:
        row, bound = vm.bound(pc)
        value = None
        if row.name == "call":
            call(bound)  # raises where there is nothing to call
        if bound.src >= len(vm.initial) - len(vm.constants):
            value = vm.initial[bound.src]
        if row.name == "ld_imm64":
            value = constant(bound)
    except VmFault:
        return Op(pc, insn, "", table.LD, pc, pc)
    name = "" if row.name == "gotox" else row.name
    special = _is_special(name, bound)
    return Op(pc, insn, name, row.cls, bound.following, bound.target, value, special)


def _is_special(name: str, bound: Bound) -> bool:
    insn = bound.insn
    if name == "call":
        return insn.src == PSEUDO_KFUNC_CALL or (insn.src == 0 and insn.imm == TAIL_CALL)
    if name == "may_goto" or name.startswith(("ld_abs", "ld_ind")):
        return True
    access = bound.prog.type, insn.code, insn.off
    return packet_ctx.pointer_loaded(*access) is not None or packet_ctx.is_cut(*access)


class Block(NamedTuple):
    """Instructions that run one after the other."""

    start: int
    ops: tuple[Op, ...]
    end: str  # EXIT, JUMP, BRANCH or LEAVE: how it goes on; of LEAVE the last op is not run
    succs: tuple[int, ...]  # of BRANCH: where the condition holds, where not

    @property
    def cost(self) -> int:
        """Instructions that count when the whole block runs."""
        return len(self.ops)


class Flow(NamedTuple):
    """The blocks of a function."""

    entry: int
    blocks: dict[int, Block]
    order: list[int]  # reverse postorder: before a block come all that can reach it without a loop
    rank: dict[int, int]  # place in `order`
    preds: dict[int, list[int]]
    idom: dict[int, int]  # immediate dominator; of the entry, itself
    loops: dict[int, set[int]]  # header: the blocks of its natural loop
    reducible: bool  # whether all cycles are natural loops
    depth: int  # of the dominator tree

    def retreats(self, source: int, target: int) -> bool:
        """Whether the edge goes back, or stays."""
        return self.rank[target] <= self.rank[source]


def read_flow(vm: Vm, entry: int) -> Flow:
    """The function that begins at `entry`."""
    blocks = _blocks(vm, entry)
    order = _reverse_postorder(blocks, entry)
    rank = {start: place for place, start in enumerate(order)}
    preds: dict[int, list[int]] = {start: [] for start in order}
    for start in order:
        for succ in blocks[start].succs:
            preds[succ].append(start)
    idom = _dominators(order, rank, preds)
    depths = {entry: 0}
    for start in order[1:]:
        depths[start] = depths[idom[start]] + 1
    loops: dict[int, set[int]] = {}
    reducible = True
    for start in order:
        for succ in blocks[start].succs:
            if rank[succ] > rank[start]:
                continue
            if _dominates(idom, rank, succ, start):
                _add_loop(loops.setdefault(succ, {succ}), start, preds)
            else:
                reducible = False
    depth = max(depths.values())
    return Flow(entry, blocks, order, rank, preds, idom, loops, reducible, depth)


def _blocks(vm: Vm, entry: int) -> dict[int, Block]:
    ops: dict[int, Op] = {}
    leaders = {entry}
    work = [entry]
    while work:
        pc = work.pop()
        while pc not in ops:
            op = ops[pc] = decode(vm, pc)
            succs = _successors(op)
            if _ends_block(op):
                leaders.update(succs)
                work += succs
                break
            pc = succs[0]
    return {start: _block(ops, leaders, start) for start in leaders}


def _block(ops: dict[int, Op], leaders: set[int], start: int) -> Block:
    body = []
    pc = start
    while True:
        op = ops[pc]
        body.append(op)
        succs = _successors(op)
        if _ends_block(op):
            end = LEAVE if not op.name else EXIT if op.name == "exit" else JUMP
            if len(succs) == 2:
                end = BRANCH
            return Block(start, tuple(body), end, succs)
        pc = succs[0]
        if pc in leaders:
            return Block(start, tuple(body), JUMP, (pc,))


def is_branch(op: Op) -> bool:
    """Whether it is a conditional jump."""
    jump = op.cls in (table.JMP, table.JMP32)
    return jump and op.name not in ("", "call", "exit", *JUMPS)


def _ends_block(op: Op) -> bool:
    return op.name in ("", "exit", *JUMPS) or op.is_subprog_call or is_branch(op)


def _successors(op: Op) -> tuple[int, ...]:
    if op.name in ("", "exit"):
        return ()
    if op.name in JUMPS:
        return (op.target,)
    if is_branch(op) and op.target != op.following:
        return (op.target, op.following)
    return (op.following,)


def _reverse_postorder(blocks: dict[int, Block], entry: int) -> list[int]:
    order: list[int] = []
    seen = {entry}
    stack: list[tuple[int, Iterator[int]]] = [(entry, iter(blocks[entry].succs))]
    while stack:
        start, succs = stack[-1]
        for succ in succs:
            if succ not in seen:
                seen.add(succ)
                stack.append((succ, iter(blocks[succ].succs)))
                break
        else:
            order.append(start)
            stack.pop()
    order.reverse()
    return order


def _dominators(
    order: Sequence[int], rank: dict[int, int], preds: dict[int, list[int]]
) -> dict[int, int]:
    """Cooper, Harvey, Kennedy: A Simple, Fast Dominance Algorithm (2001)."""
    entry = order[0]
    idom = {entry: entry}
    changed = True
    while changed:
        changed = False
        for start in order[1:]:
            found = -1
            for pred in preds[start]:
                if pred not in idom:
                    continue
                other = pred
                while found >= 0 and other != found:
                    if rank[other] > rank[found]:
                        other = idom[other]
                    else:
                        found = idom[found]
                found = other
            if idom.get(start) != found:
                idom[start] = found
                changed = True
    return idom


def _dominates(idom: dict[int, int], rank: dict[int, int], above: int, start: int) -> bool:
    while rank[start] > rank[above]:
        start = idom[start]
    return start == above


def _add_loop(body: set[int], latch: int, preds: dict[int, list[int]]) -> None:
    """Add the blocks that reach `latch` without the header, which is in `body` already."""
    work = [latch]
    while work:
        start = work.pop()
        if start not in body:
            body.add(start)
            work += preds[start]
