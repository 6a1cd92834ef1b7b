"""The parser's engine: shift and reduce by the tables that generate.py makes of grammar.lark.

Two things differ from the usual.  A state in which only one reduction is possible reduces
without looking at the next token: so a typedef is known, and the outer scope is entered, before
the lexer reads on.  And `can_shift()` tells the lexer what may come next, which decides what a
name is.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from dtrace.diag import CompileError
from dtrace.lang.tables import DEFAULTS, FINAL, GOTO_DEFAULTS, GOTOS, ROWS, RULES, STATE_ROWS
from dtrace.lang.tokens import END

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.lang.tokens import Token

MAX_DEPTH = 500  # nodes on a path of the tree: later stages walk it recursively


def as_dict(flat: tuple[Any, ...]) -> dict[Any, int]:
    """The dictionary of a flat tuple of keys and values."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


@cache
def actions_of(row: int) -> dict[str, int]:
    """The actions of ROWS[row] by kind of token."""
    return as_dict(ROWS[row])


GOTO = [as_dict(row) for row in GOTOS]


def goto(state: int, left: int) -> int:
    """The state after `left`, a nonterminal, in `state`."""
    return GOTO[left].get(state, GOTO_DEFAULTS[left])


class Driver:
    """One parse.

    next_token: gives the next token; called only when it is needed.
    reduce: makes a value of an alternative's name, the values of its symbols, and the offsets
        where they start and end.
    unexpected: makes the error to raise for a token that cannot come next.
    too_deep: makes the error to raise for a tree of more than MAX_DEPTH levels, given the
        offsets of a node.
    """

    def __init__(
        self,
        next_token: Callable[[], Token],
        reduce: Callable[[str, list[Any], int, int], Any],
        unexpected: Callable[[Token], CompileError],
        too_deep: Callable[[int, int], CompileError],
    ) -> None:
        self.next_token = next_token
        self.reduce = reduce
        self.unexpected = unexpected
        self.too_deep = too_deep
        self.states = [0]

    def can_shift(self, kind: str) -> bool:
        """Whether a token of this kind would be taken next, after any reductions."""
        states = list(self.states)
        while (action := actions_of(STATE_ROWS[states[-1]]).get(kind, DEFAULTS[states[-1]])) < 0:
            _, left, length, _ = RULES[-action - 1]
            if length:
                del states[-length:]
            states.append(goto(states[-1], left))
        return action > 0

    def run(self, first: Token) -> Any:
        """The value of the whole text.  `first` says what it is to be parsed as."""
        states = self.states
        values: list[Any] = []
        extents: list[tuple[int, int, int]] = []  # start, end and depth of each value
        token: Token | None = first
        end = 0  # of the last token
        while True:
            state = states[-1]
            row = actions_of(STATE_ROWS[state])
            if row or state == FINAL:
                if token is None:
                    token = self.next_token()
                if state == FINAL and token.kind == END:
                    return values[0]
                action = row.get(token.kind) or DEFAULTS[state]
            else:
                action = DEFAULTS[state]
            if action > 0:
                assert token is not None
                states.append(action - 1)
                values.append(token.value)
                extents.append((token.start, token.end, 0))
                end = token.end
                token = None
                continue
            if action == 0:
                assert token is not None
                raise self.unexpected(token)
            name, left, length, nests = RULES[-action - 1]
            if name:
                if length:
                    below = extents[-length:]
                    start, stop = below[0][0], below[-1][1]
                    depth = max([extent[2] for extent in below]) + nests
                    value = self.reduce(name, values[-length:], start, stop)
                    del values[-length:], extents[-length:], states[-length:]
                    if depth > MAX_DEPTH:
                        raise self.too_deep(start, stop)
                else:
                    start = stop = end
                    depth = 0
                    value = self.reduce(name, [], start, stop)
                values.append(value)
                extents.append((start, stop, depth))
            else:
                del states[-1]
            states.append(goto(states[-1], left))
