"""A tree as D text: for messages, for -S and for tests.

Text that this module prints is parsed to a tree that it prints alike.  Parentheses stand where
precedence asks for them and nowhere else; one statement is one line, indented by tabs.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from dtrace.lang import decls, nodes

if TYPE_CHECKING:
    from collections.abc import Callable

# Precedence, from loose to tight, as in grammar.lark.
COMMA, ASSIGN, TERNARY = 1, 2, 3
BINARY = {
    "||": 4, "^^": 5, "&&": 6, "|": 7, "^": 8, "&": 9, "==": 10, "!=": 10,
    "<": 11, "<=": 11, ">": 11, ">=": 11, "<<": 12, ">>": 12, "+": 13, "-": 13,
    "*": 14, "/": 14, "%": 14,
}  # fmt: skip
CAST, UNARY, POSTFIX, PRIMARY = 15, 16, 17, 18

SUFFIXES = {"int": "", "uint": "u", "long": "l", "ulong": "ul", "llong": "ll", "ullong": "ull"}
ESCAPES = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
    '"': '\\"',
}


def pretty(node: nodes.Node | nodes.Program) -> str:
    """The text of an expression, statement, clause, declaration or program.

    Expressions and types are one line without a newline; the others are whole lines.
    """
    if isinstance(node, nodes.Program):
        return "\n".join(pretty(item) for item in node.items)
    if isinstance(node, nodes.Expr):
        return expression(node)
    return PRINT[type(node)](node)


# Expressions: text and precedence


def expression(node: nodes.Expr, level: int = COMMA) -> str:
    """The text of an expression where operators looser than `level` need parentheses."""
    text, own = EXPRESSIONS[type(node)](node)
    return text if own >= level else f"({text})"


def integer(node: nodes.IntLit) -> tuple[str, int]:
    """`12u`: as written, or by value and type"""
    if node.value < 0:
        return f"-{-node.value}", CAST
    return node.text.removeprefix("+") or f"{node.value}{SUFFIXES.get(node.suffix, '')}", PRIMARY


def string(node: nodes.StrLit) -> tuple[str, int]:
    """`"text"`"""
    return quoted(node.value), PRIMARY


def quoted(value: str) -> str:
    """A string constant of that value; bytes that do not print are octal escapes."""
    return f'"{"".join(map(escape, value))}"'


def escape(char: str) -> str:
    """A character in a string constant."""
    if char in ESCAPES:
        return ESCAPES[char]
    return char if " " <= char <= "~" else f"\\{ord(char):03o}"


def aggregation(node: nodes.AggRef) -> tuple[str, int]:
    """`@name[keys]`"""
    name = "@" if node.name == "_" else f"@{node.name}"
    return name if node.keys is None else f"{name}[{arguments(node.keys)}]", POSTFIX


def arguments(nodes_: list[nodes.Expr]) -> str:
    """`a, b`"""
    return ", ".join(expression(node, ASSIGN) for node in nodes_)


def unary(node: nodes.Unary) -> tuple[str, int]:
    """`-operand`, with a blank where two operators would become one"""
    operand = expression(node.operand, UNARY if node.op in ("++", "--") else CAST)
    blank = " " if operand[0] == node.op[-1] and operand[0] in "+-&" else ""
    return f"{node.op}{blank}{operand}", UNARY


def binary(node: nodes.Binary) -> tuple[str, int]:
    """`left op right`"""
    level = BINARY[node.op]
    left, right = expression(node.left, level), expression(node.right, level + 1)
    return f"{left} {node.op} {right}", level


def assign(node: nodes.Assign) -> tuple[str, int]:
    """`left = right`"""
    return f"{expression(node.left, UNARY)} {node.op} {expression(node.right, ASSIGN)}", ASSIGN


def ternary(node: nodes.Ternary) -> tuple[str, int]:
    """`condition ? yes : no`"""
    condition, yes = expression(node.cond, BINARY["||"]), expression(node.yes)
    return f"{condition} ? {yes} : {expression(node.no, TERNARY)}", TERNARY


def sizeof(node: nodes.Sizeof) -> tuple[str, int]:
    """`sizeof (type)`, `sizeof operand`"""
    if isinstance(node.operand, decls.TypeName):
        return f"sizeof ({type_name(node.operand)})", UNARY
    return f"sizeof {expression(node.operand, UNARY)}", UNARY


def member_of(node: nodes.Member) -> tuple[str, int]:
    """`base.name`, `base->name`; `(1).name`, for `1.` would be a floating-point constant"""
    base = expression(node.base, POSTFIX)
    if isinstance(node.base, nodes.IntLit):
        base = f"({base})"
    return f"{base}{'->' if node.arrow else '.'}{node.name}", POSTFIX


EXPRESSIONS: dict[type, Callable[[Any], tuple[str, int]]] = {
    nodes.IntLit: integer,
    nodes.StrLit: string,
    nodes.Ident: lambda n: (n.name, PRIMARY),
    nodes.Scoped: lambda n: (f"{n.scope}->{n.name}", POSTFIX),
    nodes.AggRef: aggregation,
    nodes.Unary: unary,
    nodes.Postfix: lambda n: (f"{expression(n.operand, POSTFIX)}{n.op}", POSTFIX),
    nodes.Binary: binary,
    nodes.Assign: assign,
    nodes.Ternary: ternary,
    nodes.Comma: lambda n: (f"{expression(n.left)}, {expression(n.right, ASSIGN)}", COMMA),
    nodes.Cast: lambda n: (f"({type_name(n.to)}){expression(n.operand, CAST)}", CAST),
    nodes.Sizeof: sizeof,
    nodes.Offsetof: lambda n: (f"offsetof({type_name(n.of)}, {n.member})", POSTFIX),
    nodes.Stringof: lambda n: (f"stringof {expression(n.operand, UNARY)}", UNARY),
    nodes.Xlate: lambda n: (f"xlate <{type_name(n.to)}> ({expression(n.operand)})", POSTFIX),
    nodes.Call: lambda n: (f"{n.name}({arguments(n.args)})", POSTFIX),
    nodes.Index: lambda n: (f"{expression(n.base, POSTFIX)}[{arguments(n.keys)}]", POSTFIX),
    nodes.Member: member_of,
}


# Statements and clauses: whole lines


def indented(text: str) -> str:
    """Lines, one tab further in."""
    return "".join(f"\t{line}" for line in text.splitlines(keepends=True))


def statements(items: list[nodes.Stmt]) -> str:
    """`{`, statements, `}` without a newline at the end"""
    return f"{{\n{''.join(indented(pretty(item)) for item in items)}}}"


def if_statement(node: nodes.If) -> str:
    """`if (condition) { ... } else { ... }`"""
    other = f" else {statements(node.other)}" if node.other else ""
    return f"if ({expression(node.cond)}) {statements(node.then)}{other}\n"


def clause(node: nodes.Clause) -> str:
    """`specs`, `/predicate/`, `{`, statements, `}`"""
    text = ",\n".join(spec.text for spec in node.specs) + "\n"
    if node.predicate is not None:
        predicate = expression(node.predicate)
        blank = " " if predicate[0] == "*" else ""  # else it would be a comment
        text += f"/{blank}{predicate}/\n"
    return text if node.body is None else f"{text}{statements(node.body)}\n"


# Types and declarators


def specifiers(node: decls.TypeSpec) -> str:
    """`self const unsigned int`, `struct s { ... }`"""
    words = [*node.storage, *node.quals, *node.words]
    if node.kind:
        words.append(node.kind)
        words.extend([node.tag] if node.tag else [])
        if node.members is not None:
            words.append("{ " + "".join(map(member_line, by_base(node.members))) + "}")
        elif node.enumerators is not None:
            words.append("{ " + ", ".join(map(pretty, node.enumerators)) + " }")
    return " ".join(words)


def by_base(members: list[decls.MemberDecl]) -> list[list[decls.MemberDecl]]:
    """The members that were declared together: their specifiers are one node."""
    return [list(group) for _, group in groupby(members, key=lambda m: id(m.base))]


def member_line(members: list[decls.MemberDecl]) -> str:
    """`int a, b : 3; `"""
    names = ", ".join(map(member, members))
    return f"{specifiers(members[0].base)}{' ' if names else ''}{names}; "


def member(node: decls.MemberDecl) -> str:
    """`a`, `b : 3`, `: 3`; "" for an anonymous struct"""
    name = declarator(node.declarator)
    if node.bits is None:
        return name
    return f"{name}{' ' if name else ''}: {expression(node.bits, TERNARY)}"


def declared(base: decls.TypeSpec, *declarators: decls.Declarator) -> str:
    """`int x, *y`"""
    names = ", ".join(filter(None, map(declarator, declarators)))
    return f"{specifiers(base)} {names}" if names else specifiers(base)


def declarator(node: decls.Declarator) -> str:
    """`*a[3]`: from the name outwards, parentheses where a suffix follows a pointer"""
    text = node.name
    after_pointer = False
    for derived in node.derived:
        if isinstance(derived, decls.PointerTo):
            blank = " " if derived.quals and text else ""
            text = f"*{' '.join(derived.quals)}{blank}{text}"
        else:
            text = f"({text})" if after_pointer else text
            text += array(derived) if isinstance(derived, decls.ArrayOf) else function(derived)
        after_pointer = isinstance(derived, decls.PointerTo)
    return text


def array(node: decls.ArrayOf) -> str:
    """`[3]`, `[int, string]`, `[]`"""
    if node.keys is not None:
        return f"[{', '.join(map(pretty, node.keys))}]"
    return f"[{expression(node.size, TERNARY) if node.size is not None else ''}]"


def function(node: decls.FunctionOf) -> str:
    """`(int, ...)`"""
    return f"({', '.join([*map(pretty, node.params), *(['...'] if node.varargs else [])])})"


def type_name(node: decls.TypeName) -> str:
    """`struct s *`"""
    return declared(node.base, node.declarator)


def enumerator(node: decls.Enumerator) -> str:
    """`A`, `A = 1`"""
    return node.name if node.value is None else f"{node.name} = {expression(node.value, TERNARY)}"


# Definitions: whole lines


def inline(node: decls.InlineDecl) -> str:
    """`inline int name = value;`"""
    return f"inline {declared(node.base, node.declarator)} = {expression(node.value, ASSIGN)};\n"


def translator(node: decls.TranslatorDecl) -> str:
    """`translator output < input name > { ... };`"""
    named = decls.Declarator(node.param, node.input.declarator.derived)
    head = f"translator {type_name(node.output)} < {declared(node.input.base, named)} > {{\n"
    lines = [f"\t{m.name} = {expression(m.value, ASSIGN)};\n" for m in node.members]
    return f"{head}{''.join(lines)}}};\n"


def provider(node: decls.ProviderDecl) -> str:
    """`provider name { ... };`"""
    lines = []
    for probe in node.probes:
        translated = f" : {function(probe.translated)}" if probe.translated is not None else ""
        lines.append(f"\tprobe {probe.name}{function(probe.native)}{translated};\n")
    return f"provider {node.name} {{\n{''.join(lines)}}};\n"


PRINT: dict[type, Callable[[Any], str]] = {
    nodes.ExprStmt: lambda n: f"{expression(n.expr)};\n",
    nodes.If: if_statement,
    nodes.ProbeSpec: lambda n: str(n.text),
    nodes.Clause: clause,
    decls.TypeSpec: specifiers,
    decls.MemberDecl: lambda n: member_line([n]),
    decls.Declarator: declarator,
    decls.ArrayOf: array,
    decls.FunctionOf: function,
    decls.TypeName: type_name,
    decls.Enumerator: enumerator,
    decls.Param: lambda n: declared(n.base, n.declarator),
    decls.Declaration: lambda n: f"{declared(n.base, *n.declarators)};\n",
    decls.InlineDecl: inline,
    decls.TranslatorDecl: translator,
    decls.ProviderDecl: provider,
    decls.Pragma: lambda n: f"{n.span.text}\n",
}
