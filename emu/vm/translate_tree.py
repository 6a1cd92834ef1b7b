"""A function's blocks as a tree of statements without jumps between them.

The method is that of Ramsey, Beyond Relooper (ICFP 2022): a block stands inside the one that
dominates it.  A block that several others go to follows a Scope, which is left to get there; a
loop's header is the start of a Loop; other blocks stand in the branch that leads to them.  Code
behind a loop is not part of it: it follows a Scope around the Loop.
"""

from __future__ import annotations

from typing import NamedTuple

from emu.vm.translate_flow import BRANCH, EXIT, LEAVE, Flow

COPIED = 4  # insns of a function's end that is written wherever something goes to it


class Code(NamedTuple):
    """A block's statements, without how it ends."""

    start: int


class If(NamedTuple):
    """The end of a block that branches."""

    start: int
    yes: list[Node]
    no: list[Node]


class Go(NamedTuple):
    """Go to the block behind a Scope, or to a Loop's header."""

    target: int


class Adjust(NamedTuple):
    """This way is shorter than the one that was charged for."""

    insns: int


class End(NamedTuple):
    """The function returns, or the interpreter takes over."""

    start: int


class Loop(NamedTuple):
    """Repeats `body`, which begins with the block `header`, until it is left."""

    header: int
    body: list[Node]


class Scope(NamedTuple):
    """`body` comes to its end, or goes to `target`, which follows."""

    target: int
    body: list[Node]


Node = Code | If | Go | Adjust | End | Loop | Scope


class Costs(NamedTuple):
    """Where instructions are counted.

    Some blocks charge for the longest way to the next block that charges; shorter ways get the
    difference back.
    """

    charging: set[int]
    longest: dict[int, int]  # from the start of a block to where something is charged next
    flow: Flow

    def refund(self, source: int, target: int) -> int:
        """What the way from one block to the next gets back."""
        ahead = 0 if target in self.charging else self.longest[target]
        return self.longest[source] - self.flow.blocks[source].cost - ahead


def count(flow: Flow) -> Costs:
    """The costs of a function.  Each cycle, each loop's end and each call has a charge."""
    charging = {flow.entry}
    for start in flow.order:
        block = flow.blocks[start]
        for succ in block.succs:
            leaves = any(start in body and succ not in body for body in flow.loops.values())
            if leaves or flow.retreats(start, succ) or block.ops[-1].is_subprog_call:
                charging.add(succ)
    costs = Costs(charging, {}, flow)
    for start in reversed(flow.order):
        block = flow.blocks[start]
        ahead = [costs.longest[succ] for succ in block.succs if succ not in charging]
        costs.longest[start] = block.cost + max(ahead, default=0)
    return costs


def build(flow: Flow, costs: Costs) -> list[Node]:
    """The tree of a function whose loops all have one entry."""
    return _Builder(flow, costs).tree(flow.entry)


class _Builder:
    def __init__(self, flow: Flow, costs: Costs) -> None:
        self.flow = flow
        self.costs = costs
        self.inside: dict[int, list[int]] = {}  # block: those that follow a Scope in its place
        self.behind: dict[int, list[int]] = {}  # header: those that follow a Scope around its Loop
        self.scoped: set[int] = set()
        for start in flow.order[1:]:
            self._place(start)

    def _place(self, start: int) -> None:
        flow = self.flow
        above = flow.idom[start]
        # From the outermost loop on: headers come in order of rank.
        left = sorted(
            (h for h, body in flow.loops.items() if above in body and start not in body),
            key=flow.rank.__getitem__,
        )
        ahead = sum(not flow.retreats(pred, start) for pred in flow.preds[start])
        block = flow.blocks[start]
        copied = block.end in (EXIT, LEAVE) and block.cost <= COPIED
        if copied or (ahead < 2 and not left):
            return
        self.scoped.add(start)
        if left:
            self.behind.setdefault(left[0], []).append(start)
        else:
            self.inside.setdefault(above, []).append(start)

    def tree(self, start: int) -> list[Node]:
        nodes = self._scopes(self._block(start), self.inside.get(start, ()))
        if start in self.flow.loops:
            nodes = self._scopes([Loop(start, nodes)], self.behind.get(start, ()))
        return nodes

    def _scopes(self, nodes: list[Node], targets: list[int] | tuple[int, ...]) -> list[Node]:
        for target in targets:  # in reverse postorder: the last one is outermost
            nodes = [Scope(target, nodes), *self.tree(target)]
        return nodes

    def _block(self, start: int) -> list[Node]:
        block = self.flow.blocks[start]
        nodes: list[Node] = [Code(start)]
        if block.end in (EXIT, LEAVE):
            nodes.append(End(start))
        elif block.end == BRANCH:
            yes, no = (self._edge(start, succ) for succ in block.succs)
            nodes.append(If(start, yes, no))
        else:
            nodes += self._edge(start, block.succs[0])
        return nodes

    def _edge(self, source: int, target: int) -> list[Node]:
        refund = self.costs.refund(source, target)
        nodes: list[Node] = [Adjust(refund)] if refund else []
        if self.flow.retreats(source, target) or target in self.scoped:
            return [*nodes, Go(target)]
        return nodes + self.tree(target)
