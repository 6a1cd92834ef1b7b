"""Tokens: their kinds, and the words that are not identifiers.

A token's kind is its terminal in grammar.lark: the text itself for keywords and punctuation
(`"if"`, `"->"`), a name in capitals for what has many spellings (`"IDENT"`, `"INTEGER"`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

END = "$END"  # the kind of what follows the last token


class Token(NamedTuple):
    """A token, and the characters it stands for."""

    kind: str
    value: Any  # the text; for INTEGER an IntValue; for TEXT the string, escapes processed
    start: int
    end: int


# fmt: off

# Words that begin a declaration, so that they are no probe descriptions in the outer scope.
# counter and import are there because libdtrace reserves them there too.
OUTER_KEYWORDS = frozenset((
    "auto", "char", "const", "counter", "double", "enum", "extern", "float", "import", "inline",
    "int", "long", "provider", "register", "restrict", "self", "short", "signed", "static",
    "string", "struct", "this", "translator", "typedef", "union", "unsigned", "void", "volatile",
))

# Words that are never identifiers, except after `.` and `->`.  Those that the grammar does not
# use are reserved, so that every use of one is a syntax error.
KEYWORDS = OUTER_KEYWORDS | frozenset((
    "break", "case", "continue", "default", "do", "else", "for", "goto", "if", "offsetof",
    "probe", "sizeof", "stringof", "switch", "while", "xlate",
))
