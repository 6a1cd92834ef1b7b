"""The line that DTrace names in an error about a node.

libdtrace's parser gives a node the number of the line that it has reached when it makes the node:
for most operators that is the line of the token after the last operand, for calls the line of the
function's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.lang import nodes

if TYPE_CHECKING:
    from dtrace.source import Span

# Made when their last token was read, without looking at the next one.
_AT_END = (nodes.Index, nodes.Member, nodes.Scoped, nodes.Postfix, nodes.Clause)
# Made when the token after them was read.
_AFTER = (
    nodes.Assign,
    nodes.Binary,
    nodes.Cast,
    nodes.Comma,
    nodes.Sizeof,
    nodes.Stringof,
    nodes.Ternary,
    nodes.Unary,
)


def reported_line(node: nodes.Node) -> int:
    """The line, from 1, of an error about `node`."""
    if isinstance(node, nodes.Sizeof) and not isinstance(node.operand, nodes.Expr):
        return line_at_end(node)
    if isinstance(node, _AT_END):
        return line_at_end(node)
    if isinstance(node, _AFTER):
        return line_after(node)
    return node.span.line


def line_at_end(node: nodes.Node) -> int:
    """The line of the last character of `node`."""
    return node.span.source.line_of(max(node.span.end - 1, node.span.start))


def line_after(node: nodes.Node) -> int:
    """The line of the token that follows `node`."""
    return node.span.source.line_of(_next_token(node.span))


def _next_token(span: Span) -> int:
    # Offset of the first character after `span` that is neither blank nor in a comment.
    text, at = span.source.text, span.end
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif text.startswith("/*", at):
            at = _past(text, "*/", at + 2)
        elif text.startswith("//", at):
            at = _past(text, "\n", at + 2)
        else:
            return _end_of_predicate(text, at) if text[at] == "/" else at
    return len(text)


def _end_of_predicate(text: str, at: int) -> int:
    # The lexer tells the `/` that ends a predicate from a division by what follows.
    after = at + 1
    while after < len(text) and text[after].isspace():
        after += 1
    return after if text[after : after + 1] in ("", ";", "{", "/") else at


def _past(text: str, mark: str, start: int) -> int:
    found = text.find(mark, start)
    return len(text) if found < 0 else found + len(mark)
