"""Compile grammar.lark to tables.py: `python -m dtrace.lang.generate`.

lark, which finds the LALR(1) states, is needed here alone and is no dependency at run time.
The tables are made small by default reductions: in each state the commonest reduction is done
for every token without an action of its own, so that a state with a single reduction has an
empty row and needs no token (see lalr.py).  An error is found later so, but never after a
token has been shifted.

States and rules are numbered in the order in which they are met, so that one grammar always
gives one text.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = Path(__file__).parent
HEADER = '''"""The parser's tables, made from grammar.lark by `python -m dtrace.lang.generate`.

An action above 0 shifts and goes to state action - 1; one below 0 reduces rule -action - 1; 0
is a syntax error.  Everything is one constant each, which Python reads from its cache at once:
what is looked up by key is a flat tuple (key, value, key, value ...) until it is needed.
"""

from __future__ import annotations

# fmt: off
'''


def load_grammar() -> Any:
    """The Lark of grammar.lark.  Raises lark's GrammarError for any conflict."""
    from lark import Lark
    from lark.lexer import Lexer

    class NoLexer(Lexer):
        """Our lexer is not lark's concern."""

        def __init__(self, conf: object) -> None:
            pass

        def lex(self, data: object) -> Iterable[Any]:  # type: ignore[override]
            return data  # type: ignore[return-value]

    grammar = (FOLDER / "grammar.lark").read_text()
    return Lark(grammar, parser="lalr", lexer=NoLexer, strict=True, keep_all_tokens=True)


def terminal_names(lark: Any) -> dict[str, str]:
    """lark's name of each literal to the literal; other terminals keep their names."""
    return {terminal.name: terminal.pattern.value for terminal in lark.terminals}


def generate() -> str:
    """The text of tables.py."""
    lark = load_grammar()
    table = lark.parser.parser._parse_table
    literals = terminal_names(lark)
    rules = lark.rules
    rule_numbers = {rule: number for number, rule in enumerate(rules)}
    nonterminals = sorted({rule.origin.name for rule in rules})

    numbers = number_states(table)
    rows: dict[str, int] = {}
    state_rows, defaults = [], []
    gotos: dict[str, dict[int, int]] = {name: {} for name in nonterminals}
    for state in numbers:
        row, reductions = {}, {}
        for symbol, (action, target) in sorted(table.states[state].items()):
            if symbol in gotos:
                gotos[symbol][numbers[state]] = numbers[target]
            elif action.name == "Shift":
                row[literals.get(symbol, symbol)] = numbers[target] + 1
            else:
                reductions[literals.get(symbol, symbol)] = -rule_numbers[target] - 1
        default = commonest(reductions.values())
        row.update({kind: rule for kind, rule in reductions.items() if rule != default})
        state_rows.append(rows.setdefault(flat(row), len(rows)))
        defaults.append(default)

    goto_defaults = [commonest(gotos[name].values()) for name in nonterminals]
    goto_rows = [
        {state: target for state, target in gotos[name].items() if target != default}
        for name, default in zip(nonterminals, goto_defaults, strict=True)
    ]
    return HEADER + "".join(
        (
            f"FINAL = {numbers[table.end_states['start']]}\n",
            "# By kind of token, the action.  Of many states the rows are the same.\n",
            assign("ROWS: tuple[tuple[str | int, ...], ...]", ", ".join(rows)),
            assign("STATE_ROWS", ", ".join(map(str, state_rows))),
            assign("DEFAULTS", ", ".join(map(str, defaults))),
            "# By rule: build function, what it makes, symbols on the right, levels it adds.\n",
            assign(
                "RULES",
                ", ".join(
                    str(
                        (
                            name(rule),
                            nonterminals.index(rule.origin.name),
                            length(rule),
                            nests(rule),
                        )
                    )
                    for rule in rules
                ),
            ),
            "# By what a rule makes and by state, the next state.\n",
            assign("GOTOS: tuple[tuple[int, ...], ...]", ", ".join(map(flat, goto_rows))),
            assign("GOTO_DEFAULTS", ", ".join(map(str, goto_defaults))),
        )
    )


def number_states(table: Any) -> dict[int, int]:
    """lark's states to ours, in the order in which a walk from the start meets them."""
    numbers = {table.start_states["start"]: 0}
    for state in numbers_as_they_grow(numbers):
        for _, (action, target) in sorted(table.states[state].items()):
            if action.name == "Shift":
                numbers.setdefault(target, len(numbers))
    return numbers


def numbers_as_they_grow(numbers: dict[int, int]) -> Iterable[int]:
    """The keys of a dictionary to which keys are added meanwhile."""
    done = 0
    while done < len(numbers):
        yield list(numbers)[done]
        done += 1


def commonest(values: Iterable[int]) -> int:
    """The value that is there most often; of several the smallest; 0 if there is none."""
    counts = Counter(values)
    return min(counts, key=lambda value: (-counts[value], value), default=0)


def name(rule: Any) -> str:
    """The build function of a rule; "" if its one symbol's value passes through."""
    if rule.alias is not None:
        return str(rule.alias)
    assert len(rule.expansion) == 1, f"{rule} needs an alias"
    return ""


def length(rule: Any) -> int:
    """How many symbols a rule takes."""
    return len(rule.expansion)


def nests(rule: Any) -> int:
    """How many levels a rule adds to the tree: lists and brackets add none."""
    return 0 if name(rule).startswith(("list_", "take_")) or not name(rule) else 1


def flat(row: dict[Any, int]) -> str:
    """The items of a dictionary as the text of a flat tuple."""
    return repr(tuple(part for item in row.items() for part in item))


def assign(target: str, items: str) -> str:
    """`target = (items)`, in lines of at most 100 characters."""
    lines = textwrap.fill(
        items,
        98,
        initial_indent="    ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return f"{target} = (\n{lines},\n)\n"


if __name__ == "__main__":
    (FOLDER / "tables.py").write_text(generate())
