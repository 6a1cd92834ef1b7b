"""Runs InsnWriter over a function until what it assumes at every block holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.vm import translate_range as ranges
from emu.vm.interp import REGS
from emu.vm.registry import U64
from emu.vm.translate_flow import BRANCH, EXIT, LEAVE, Block, Flow, is_branch
from emu.vm.translate_insn import InsnWriter, State
from emu.vm.translate_range import STACK, Value

if TYPE_CHECKING:
    from emu.vm.translate_names import Names

PATIENCE = 2  # visits of a loop's header before intervals are widened
OFTEN = 2  # accesses that make it worth to look a region up beforehand


class Text(NamedTuple):
    """A block's statements."""

    lines: list[tuple[str, int]]  # statement; which of the block's instructions it belongs to
    condition: str  # of a BRANCH


def write_blocks(flow: Flow, names: Names) -> dict[int, Text]:
    """The statements of every block, without its jump."""
    writer = InsnWriter(names, frozenset())
    texts = _solve(flow, writer)
    if flow.loops:
        in_loop = {op.pc for body in flow.loops.values() for b in body for op in flow.blocks[b].ops}
        eager = frozenset(
            name
            for name, pcs in writer.uses.items()
            if int(name[1:]) & 1 and (len(pcs) >= OFTEN or pcs & in_loop)
        )
        if eager:
            texts = _solve(flow, InsnWriter(names, eager))
    return texts


def _solve(flow: Flow, writer: InsnWriter) -> dict[int, Text]:
    stops = ranges.thresholds(_compared(flow))
    headers = {
        succ
        for start in flow.order
        for succ in flow.blocks[start].succs
        if flow.retreats(start, succ)
    }
    outside = 1 + max(op.pc for block in flow.blocks.values() for op in block.ops)
    regs = [Value(ranges.definition(outside + n), 0, 0) for n in range(REGS)]
    regs[10] = Value(STACK, 0, 0)
    states = {flow.entry: State(regs, frozenset())}
    visits: dict[int, int] = {}
    texts: dict[int, Text] = {}
    dirty = {flow.entry}
    while dirty:
        for start in flow.order:
            if start not in dirty:
                continue
            dirty.discard(start)
            visits[start] = visits.get(start, 0) + 1
            texts[start], after = _run(flow.blocks[start], states[start], writer)
            for succ, state in after:
                old = states.get(succ)
                if old is None:
                    states[succ] = state
                    dirty.add(succ)
                    continue
                widen = succ in headers and visits.get(succ, 0) >= PATIENCE
                if _merge(old, state, stops if widen else None):
                    dirty.add(succ)
    return texts


def _run(block: Block, state: State, writer: InsnWriter) -> tuple[Text, list[tuple[int, State]]]:
    """A block's statements, and what is known on each edge out of it."""
    writer.state = state.copy()
    lines: list[tuple[str, int]] = []
    last = block.ops[-1]
    for index, op in enumerate(block.ops):
        if op is last and (block.end in (EXIT, LEAVE) or is_branch(op)):
            break
        if op.is_subprog_call:
            return Text(lines, ""), [(block.succs[0], writer.after_subprog())]
        if op.name not in ("ja", "gotol"):
            lines += [(line, index) for line in writer.write(op)]
    if block.end != BRANCH:
        return Text(lines, ""), [(succ, writer.state) for succ in block.succs]
    edges = [
        (succ, writer.branch(last, holds=holds))
        for succ, holds in zip(block.succs, (True, False), strict=True)
    ]
    return Text(lines, writer.condition(last)), edges


def _merge(old: State, new: State, stops: list[int] | None) -> bool:
    """Make `old` hold where `new` does too; whether that changed it."""
    changed = False
    for n, (a, b) in enumerate(zip(old.regs, new.regs, strict=True)):
        if a == b:
            continue
        joined = ranges.join(a, b)
        if joined != a:
            old.regs[n] = ranges.widen(a, joined, stops) if stops else joined
            changed = True
    if not old.cached <= new.cached:
        old.cached &= new.cached
        changed = True
    return changed


def _compared(flow: Flow) -> list[int]:
    """The numbers that branches compare with."""
    return [
        op.value & U64
        for block in flow.blocks.values()
        for op in block.ops
        if is_branch(op) and op.value is not None
    ]
