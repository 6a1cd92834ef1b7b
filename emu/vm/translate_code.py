"""The Python source of a function, from its tree, or as a loop that picks blocks by number.

Every line that can raise is noted with its instruction, and with how many instructions were
counted ahead of it: with that and its locals the interpreter can take over at any line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.vm.translate_flow import BRANCH, EXIT, LEAVE
from emu.vm.translate_tree import Adjust, Code, Costs, End, Go, If, Loop, Node, Scope, build

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emu.vm.translate_facts import Text
    from emu.vm.translate_flow import Block, Flow

DEEPEST_TREE = 120  # dominators above a block, in the tree form: it is built by recursion
DEEPEST_CODE = 60  # levels of indentation in the tree form; Python's limit is 100
MOST_LOOPS = 16  # nested ones; Python's limit is 20 blocks
MANY = 4  # ways to a block that make it worth to leave a one-shot loop instead of nesting ifs

REGISTERS = ", ".join(f"r{n}" for n in range(11))
RESULTS = ", ".join(f"r{n}" for n in range(6))
ARGUMENTS = ", ".join(f"r{n}" for n in range(10))


class Line(NamedTuple):
    """Where a line of Python comes from."""

    pc: int
    ahead: int  # insns that are counted already, this one included


class TooDeep(Exception):
    """The tree nests deeper than Python allows."""


class Source:
    """Python source in the making."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.lines: list[Line | None] = [None]  # by line number, from 1

    def add(self, depth: int, text: str, line: Line | None = None) -> None:
        self.text.append(" " * depth + text)
        self.lines.append(line)

    def cut(self, length: int) -> None:
        """Forget all lines but the first `length`."""
        del self.text[length:]
        del self.lines[length + 1 :]


def write_function(source: Source, flow: Flow, costs: Costs, texts: dict[int, Text]) -> None:
    """Append the function, as f and its first instruction's number.

    f(run, left, r0, ... r10) -> (r0, ... r5, left); left: insns that may still run.
    """
    source.add(0, f"def f{flow.entry}(run, left, {REGISTERS}):")
    source.add(1, "S = run.stacks[len(run.frames) - 1]")
    source.add(1, "try:")
    length = len(source.text)
    if flow.reducible and flow.depth <= DEEPEST_TREE:
        try:
            _TreeWriter(source, flow, costs, texts).write(2)
        except TooDeep:
            source.cut(length)
            _Picker(source, flow, costs, texts).write(2)
    else:
        _Picker(source, flow, costs, texts).write(2)
    source.add(1, "except EVENTS as event:")
    source.add(2, "return leave(event, locals())")


class _Writer:
    """What both forms share."""

    def __init__(self, source: Source, flow: Flow, costs: Costs, texts: dict[int, Text]) -> None:
        self.source = source
        self.flow = flow
        self.costs = costs
        self.texts = texts

    def _line(self, block: Block, index: int) -> Line:
        return Line(block.ops[index].pc, self.costs.longest[block.start] - index)

    def _block(self, start: int, depth: int) -> None:
        """The statements of a block, without its jump."""
        add, block = self.source.add, self.flow.blocks[start]
        if start in self.costs.charging:
            add(depth, f"left -= {self.costs.longest[start]}")
            add(depth, "if left < 0: raise Leave", self._line(block, 0))
        for text, index in self.texts[start].lines:
            add(depth, text, self._line(block, index))
        last = len(block.ops) - 1
        if block.ops[last].is_subprog_call:
            call = f"f{block.ops[last].target}(run, left, {ARGUMENTS}, enter(run, CALLED))"
            add(depth, f"{RESULTS}, left = {call}", self._line(block, last))

    def _end(self, start: int, depth: int) -> None:
        block = self.flow.blocks[start]
        line = self._line(block, len(block.ops) - 1)
        if block.end == EXIT:
            self.source.add(depth, "run.frames.pop()", line)
            self.source.add(depth, f"return {RESULTS}, left", line)
        else:
            self.source.add(depth, "raise Leave", line)


class _Around(NamedTuple):
    """A Python loop around the statement that is written."""

    header: int  # where `continue` goes; -1: it is there to be left
    behind: int  # where `break` goes; -1: nowhere
    passing: set[int]  # targets further out that are gone to through it


class _TreeWriter(_Writer):
    def __init__(self, source: Source, flow: Flow, costs: Costs, texts: dict[int, Text]) -> None:
        super().__init__(source, flow, costs, texts)
        self.around: list[_Around] = []
        self.one_shot = {start for start, preds in flow.preds.items() if len(preds) >= MANY}
        self.missing: set[int] = set()  # Scopes that turn out to need a loop to be left from
        self.passes = False

    def write(self, depth: int) -> None:
        tree = build(self.flow, self.costs)
        length = len(self.source.text)
        while True:
            if self.passes:
                self.source.add(depth, "t = -1")
            before = self.passes
            self._nodes(tree, -1, depth)
            if not self.missing and self.passes == before:
                return
            self.one_shot |= self.missing
            self.missing.clear()
            self.source.cut(length)

    def _nodes(self, nodes: Sequence[Node], follow: int, depth: int) -> bool:
        """Write statements; whether their end is reached, which goes on to the block `follow`."""
        if depth > DEEPEST_CODE or len(self.around) > MOST_LOOPS:
            raise TooDeep
        reached = True
        for node in nodes:
            match node:
                case Code(start):
                    self._block(start, depth)
                case Adjust(insns):
                    self.source.add(depth, f"left += {insns}")
                case Go(target):
                    reached = self._go(target, follow, depth)
                case End(start):
                    self._end(start, depth)
                    reached = False
                case If():
                    reached = self._if(node, follow, depth)
                case Loop(header, body):
                    self._around(_Around(header, follow, set()), body, header, depth)
                case Scope(target, body) if target in self.one_shot:
                    self._around(_Around(-1, target, set()), body, target, depth)
                case Scope(target, body):
                    self._nodes(body, target, depth)
        return reached

    def _nested(self, nodes: Sequence[Node], follow: int, depth: int) -> bool:
        """Write the body of a compound statement, which Python wants not to be empty."""
        length = len(self.source.text)
        reached = self._nodes(nodes, follow, depth)
        if len(self.source.text) == length:
            self.source.add(depth, "pass")
        return reached

    def _around(self, around: _Around, body: list[Node], follow: int, depth: int) -> None:
        self.source.add(depth, "while True:")
        self.around.append(around)
        reached = self._nested(body, follow, depth + 1)
        if reached and around.header < 0:
            self.source.add(depth + 1, "break")
        self.around.pop()
        for target in sorted(around.passing):
            self.source.add(depth, f"if t == {target}:")
            self._jump(target, depth + 1, passing=True)

    def _go(self, target: int, follow: int, depth: int) -> bool:
        if target == follow:
            return True
        self._jump(target, depth, passing=False)
        return False

    def _jump(self, target: int, depth: int, *, passing: bool) -> None:
        """Leave or repeat loops; passing: t is `target` already."""
        add = self.source.add
        for level, around in enumerate(reversed(self.around)):
            if target not in (around.header, around.behind):
                continue
            word = "continue" if target == around.header else "break"
            if not level:
                if passing:
                    add(depth, "t = -1")
                add(depth, word)
                return
            self.passes = True
            for between in self.around[-level:]:
                between.passing.add(target)
            if not passing:
                add(depth, f"t = {target}")
            add(depth, "break")
            return
        self.missing.add(target)
        add(depth, "pass")

    def _if(self, node: If, follow: int, depth: int) -> bool:
        add = self.source.add
        condition, yes, no = self.texts[node.start].condition, node.yes, node.no
        if self._is_jump(no) and not self._is_jump(yes):
            condition, yes, no = f"not ({condition})", no, yes
        if self._is_jump(yes):
            # What follows stays at this level.
            add(depth, f"if {condition}:")
            self._nested(yes, -1, depth + 1)
            return self._nodes(no, follow, depth)
        if yes == [Go(follow)]:
            condition, yes, no = f"not ({condition})", no, yes
        add(depth, f"if {condition}:")
        reached = self._nested(yes, follow, depth + 1)
        if no == [Go(follow)]:
            return True
        if not reached:
            return self._nodes(no, follow, depth)
        add(depth, "else:")
        self._nested(no, follow, depth + 1)
        return True

    def _is_jump(self, nodes: Sequence[Node]) -> bool:
        """Whether these are few statements, the last of which can be a return or a jump."""
        last = nodes[-1]
        if isinstance(last, Go):
            innermost = self.around[-1] if self.around else None
            return innermost is not None and last.target in (innermost.header, innermost.behind)
        return isinstance(last, End)


class _Picker(_Writer):
    """For graphs that no tree fits: a loop around a binary decision by the block's number."""

    def write(self, depth: int) -> None:
        self.source.add(depth, "n = 0")
        self.source.add(depth, "while True:")
        self._pick(0, len(self.flow.order), depth + 1)

    def _pick(self, first: int, end: int, depth: int) -> None:
        if end - first > 1:
            middle = (first + end) // 2
            self.source.add(depth, f"if n < {middle}:")
            self._pick(first, middle, depth + 1)
            self.source.add(depth, "else:")
            self._pick(middle, end, depth + 1)
            return
        start = self.flow.order[first]
        block = self.flow.blocks[start]
        self._block(start, depth)
        if block.end in (EXIT, LEAVE):
            self._end(start, depth)
        elif block.end == BRANCH:
            self.source.add(depth, f"if {self.texts[start].condition}:")
            self._goto(start, block.succs[0], depth + 1)
            self.source.add(depth, "else:")
            self._goto(start, block.succs[1], depth + 1)
        else:
            self._goto(start, block.succs[0], depth)

    def _goto(self, source: int, target: int, depth: int) -> None:
        refund = self.costs.refund(source, target)
        if refund:
            self.source.add(depth, f"left += {refund}")
        self.source.add(depth, f"n = {self.flow.rank[target]}")
