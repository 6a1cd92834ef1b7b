"""The lexer: characters to tokens, one at a time as the parser asks for them.

D cannot be split into tokens without knowing where one is:

- In the *outer* scope, between definitions, a run of characters like `syscall::read*:entry` is
  one probe description, unless it is a word that begins a declaration (a keyword or the name of
  a type).  Everywhere else, in the *body* of a definition, tokens are as in C.
- In a body a name is a type name (TNAME) if a type of that name is known, except where only a
  new name can stand and where what follows shows that it is a variable.  The parser's state
  tells the first; types appear as their declarations are parsed.
- A `/` ends a predicate (EPRED) if a body, another `/` or `;` follows, and divides otherwise.
- After `.` and `->` keywords are names.

Source for the rules: the chapter "Lexical elements" of the D language, and what libdtrace
answers; `near()` repeats the way in which its messages quote the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtrace.diag import CompileError
from dtrace.errtags import ErrTag
from dtrace.lang import literals
from dtrace.lang.pragma import check_control, read_control
from dtrace.lang.tokens import END, KEYWORDS, OUTER_KEYWORDS, Token
from dtrace.source import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.lang.decls import Pragma
    from dtrace.lang.macros import Macros
    from dtrace.source import Source

# Possessive: what has been skipped is not read again as something else.
SPACE = r"(?:[ \t\n\r\f\v]++|\\\n|//[^\n]*+)*+"

BODY = re.compile(
    SPACE + r"(?:(?P<word>[A-Za-z_`][A-Za-z_0-9`]*)"
    r"|(?P<float>[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?[fFlL]?|\.[0-9]+(?:[eE][-+]?[0-9]+)?[fFlL]?"
    r"|[0-9]+[eE][-+]?[0-9]+[fFlL]?)"
    r"|(?P<integer>(?:0[xX][0-9A-Fa-f]+|[0-9]+)[uU]?[lL]?[lL]?)"
    r"|(?P<punctuator><<=|>>=|\.\.\.|->|\+\+|--|&&|\|\||\^\^|<<|>>|[-+*/%&|^<>=!]="
    r"|[-+*%&|^<>=!~?:;,.(){}[\]])"
    r"|(?P<slash>/(?!\*))|(?P<comment>/\*)"
    r"|(?P<aggregation>@(?:[A-Za-z_][A-Za-z_0-9]*)?)"
    r"|(?P<macro>\$\$?(?:[0-9]+|[A-Za-z_][A-Za-z_0-9]*))"
    r'|(?P<string>"(?:[^"\\\n]|\\[^\n])*")'
    r"|(?P<character>'(?:[^'\\\n]|\\[^\n])*'))"
)
OUTER = re.compile(
    SPACE + r"(?:(?P<spec>[-A-Za-z0-9_.?*\\\[\]!:$`]+)|(?P<comment>/\*)|(?P<punctuator>[,{/]))"
)

SKIP = re.compile(SPACE)
UNFINISHED = re.compile(r"""(["'])(?:(?!\1)[^\\\n]|\\[^\n])*\n""")
UNFINISHED_ERRORS = {
    '"': (ErrTag.D_STR_NL, "string literal"),
    "'": (ErrTag.D_CHR_NL, "character constant"),
}
COMMENT_END = re.compile(r"\*/|/\*")
CONTROL = re.compile(r"[^\n]*")
# What follows a variable, though a type has its name: an assignment, a subscript, its end.
AFTER_VARIABLE = re.compile(r"[ \t\n\r\f\v]*(?:=(?!=)|\+\+|--|\[|;|(,))")
BLANK = " \t\n\r\f\v"
NOT_A_WORD = frozenset(":-.?!`")  # in the outer scope, marks of a probe description
BASIC_PROBES = frozenset(("BEGIN", "END", "ERROR"))


class Lexer:
    """The tokens of one source.  `next_token()` gives the next one; END comes for ever.

    source: the text.
    known_types: whether a name that the source does not declare is a type.
    known_names: whether a name is a variable, function ... that the source does not declare;
        such a name is never a type.
    macros: the values of macro variables.
    command_line: the text is that of -n, -P ...: at its end a `/` ends a predicate.
    pspec: in the outer scope no name is a type (the option pspec, and the command line).
    on_control: called with each control line where it stands.
    """

    def __init__(
        self,
        source: Source,
        known_types: Callable[[str], bool],
        known_names: Callable[[str], bool],
        macros: Macros,
        *,
        command_line: bool,
        pspec: bool,
        on_control: Callable[[Pragma], None],
    ) -> None:
        self.source = source
        self.text = source.text
        self.pos = 0
        self.known_types = known_types
        self.known_names = known_names
        self.macros = macros
        self.command_line = command_line
        self.pspec = pspec
        self.on_control = on_control
        # Whether a token of a kind could come next; the parser's, which knows its state.
        self.can_shift: Callable[[str], bool] = lambda kind: True
        self.typedefs: set[str] = set()  # declared in this source so far
        self.variables: set[str] = set()  # assigned in this source so far
        self.declared: set[str] = set()  # declared in any way in this source so far
        self.in_enum = False  # between the braces of an enum
        self.after_member_operator = False
        self.previous = self.last = Token(END, "", 0, 0)  # the tokens before the next one
        self.last_unknown = False  # whether `last` was a name that stood for nothing yet
        self.enter_outer()

    def enter_outer(self) -> None:
        """From here on probe descriptions and declarations may begin."""
        self.outer = True
        self.parens = self.brackets = self.braces = 0

    def enter_body(self) -> None:
        """From here on tokens are those of expressions and declarations."""
        self.outer = False

    def span(self, start: int, end: int) -> Span:
        return Span(self.source, start, end)

    def error(
        self, tag: ErrTag, message: str, start: int, end: int, at: int | None = None
    ) -> CompileError:
        """The error about start..end, reported at the line of `at` (or `start`)."""
        line = self.source.line_of(start if at is None else at)
        return CompileError(tag, message, self.span(start, end), line=line)

    def next_token(self) -> Token:
        """The next token.  Raises CompileError for text that is none."""
        while (token := self.scan_outer() if self.outer else self.scan_body()) is None:
            pass
        if token.kind != END:
            self.previous, self.last = self.last, token
            self.last_unknown = token.kind in ("IDENT", "TNAME") and self.is_unknown(token)
        return token

    def scan_outer(self) -> Token | None:
        """A probe description, a word that begins a declaration, or `,` `{` `/`.

        None if a comment or control line has been skipped; likewise the next two.
        """
        match = OUTER.match(self.text, self.pos)
        if match is None:
            return self.scan_irregular()
        group = match.lastgroup
        assert group is not None
        text, (start, end) = match[group], match.span(group)
        self.pos = end
        if group == "comment":
            self.skip_comment(end)
            return None
        if group == "punctuator":
            if text == "{":
                self.braces = 1
            return Token(text, text, start, end)
        if text in OUTER_KEYWORDS:
            self.enter_body()
            return Token(text, text, start, end)
        if self.is_outer_type(text):
            self.enter_body()
            return Token("TNAME", text, start, end)
        return Token("PSPEC", text, start, end)

    def scan_body(self) -> Token | None:
        """A token of C, or one of D's own."""
        match = BODY.match(self.text, self.pos)
        if match is None:
            return self.scan_irregular()
        group = match.lastgroup
        assert group is not None
        text, (start, end) = match[group], match.span(group)
        self.pos = end
        match group:
            case "word":
                return self.word(text, start, end)
            case "punctuator":
                return self.punctuator(text, start, end)
            case "integer":
                return Token("INTEGER", literals.integer(text, self.span(start, end)), start, end)
            case "slash":
                return self.slash(start, end)
            case "comment":
                self.skip_comment(end)
                return None
            case "aggregation":
                return Token("AGG", text[1:] or "_", start, end)
            case "macro":
                return self.macro(text, start, end)
            case "string":
                return Token("TEXT", literals.unescape(text[1:-1]), start, end)
            case "character":
                return Token("INTEGER", literals.character(text, self.span(start, end)), start, end)
        message = "floating-point constants are not permitted"
        raise self.error(ErrTag.D_SYNTAX, message, start, end)

    def scan_irregular(self) -> Token | None:
        """What no token begins with: the end, a control line, an unfinished or stray character."""
        space = SKIP.match(self.text, self.pos)
        assert space is not None
        start = self.pos = space.end()
        if start == len(self.text):
            return Token(END, "", start, start)
        char = self.text[start]
        if char == "#" and self.is_first_in_line(start):
            self.control(start)
            return None
        if self.outer:
            raise self.error(ErrTag.D_SYNTAX, f'syntax error near "{char}"', start, start + 1)
        if unfinished := UNFINISHED.match(self.text, start):
            tag, what = UNFINISHED_ERRORS[char]
            end = unfinished.end()
            raise self.error(tag, f"newline encountered in {what}", start, end - 1, at=end)
        self.pos = start + 1
        return Token(char, char, start, start + 1)

    def word(self, text: str, start: int, end: int) -> Token:
        """An identifier, a type name or a keyword."""
        if self.after_member_operator:
            self.after_member_operator = False
            return Token("IDENT", text, start, end)
        if text in KEYWORDS:
            return Token(text, text, start, end)
        return Token("TNAME" if self.names_type(text) else "IDENT", text, start, end)

    def macro(self, text: str, start: int, end: int) -> Token:
        """What a macro variable stands for."""
        kind, value = self.macros.token(text, self.span(start, end))
        if kind == "IDENT" and not self.after_member_operator and self.names_type(str(value)):
            kind = "TNAME"
        self.after_member_operator = False
        return Token(kind, value, start, end)

    def is_type(self, name: str) -> bool:
        """Whether `name` is the name of a type, and of nothing else."""
        if self.is_name(name):
            return False
        return name.removeprefix("D`") in self.typedefs or self.known_types(name)

    def is_outer_type(self, text: str) -> bool:
        """Whether a word in the outer scope is a type, and so begins a declaration.

        `int*x`, without blanks, is taken for the name of a type too, which then does not exist.
        """
        if self.pspec or text in BASIC_PROBES or not NOT_A_WORD.isdisjoint(text):
            return False
        head, star, _ = text.partition("*")
        return self.is_type(head) or (star != "" and head in OUTER_KEYWORDS)

    def is_name(self, name: str) -> bool:
        """Whether `name` is known as a variable, function ..."""
        return name in self.variables or self.known_names(name)

    def names_type(self, name: str) -> bool:
        """Whether `name`, which ends at `pos`, stands for a type."""
        if not self.is_type(name):
            return False
        may_be_type = self.can_shift("TNAME")
        follow = AFTER_VARIABLE.match(self.text, self.pos)
        if follow is not None and self.can_shift("IDENT"):
            comma = follow[1] is not None
            if not (comma and self.parens):
                # Among the keys of an array a comma says nothing, though to libdtrace it does.
                return comma and self.brackets > 0 and may_be_type
        # Where neither a type nor an operand may stand, a name is declared.
        return may_be_type or self.can_shift("INTEGER")

    def punctuator(self, text: str, start: int, end: int) -> Token:
        """An operator or bracket; a closing bracket needs an opening one."""
        match text:
            case "(":
                self.parens += 1
            case "[":
                self.brackets += 1
            case "{":
                self.braces += 1
                self.in_enum = "enum" in (self.last.kind, self.previous.kind)
            case ")":
                self.parens -= 1
            case "]":
                self.brackets -= 1
            case "}":
                self.braces -= 1
                self.in_enum = False
            case "->" | ".":
                self.after_member_operator = True
        if self.parens < 0 or self.brackets < 0 or self.braces < 0:
            raise self.error(ErrTag.D_SYNTAX, f"extra {text} in input stream", start, end)
        return Token(text, text, start, end)

    def slash(self, start: int, end: int) -> Token:
        """A `/` that divides, or that ends a predicate."""
        at = self.skip_blanks(end)
        ends = self.command_line if at == len(self.text) else self.text[at] in ";{/"
        if not ends:
            return Token("/", "/", start, end)
        for depth, closing in ((self.parens, ")"), (self.brackets, "]")):
            if depth:
                message = f"closing {closing} expected in predicate before /"
                raise self.error(ErrTag.D_SYNTAX, message, start, end, at=at)
        return Token("EPRED", "/", start, end)

    def skip_blanks(self, pos: int) -> int:
        """The first place from `pos` on that is neither white space nor comment."""
        while True:
            space = SKIP.match(self.text, pos)
            assert space is not None
            pos = space.end()
            close = self.text.find("*/", pos) if self.text.startswith("/*", pos) else -1
            if close < 0:
                return pos
            pos = close + 2

    def skip_comment(self, pos: int) -> None:
        """Move behind the comment whose text begins at `pos`."""
        match = COMMENT_END.search(self.text, pos)
        if match is None:
            end = len(self.text)
            message = "end-of-file encountered before matching */"
            raise self.error(ErrTag.D_SYNTAX, message, pos - 2, end, at=end)
        if match[0] == "/*":
            message = "/* encountered inside a comment"
            raise self.error(ErrTag.D_SYNTAX, message, match.start(), match.end())
        self.pos = match.end()

    def is_first_in_line(self, pos: int) -> bool:
        """Whether only blanks precede `pos` in its line."""
        return not self.text[self.text.rfind("\n", 0, pos) + 1 : pos].strip(BLANK)

    def control(self, start: int) -> None:
        """Check the control line that begins at `start`, and move to its end."""
        line = CONTROL.match(self.text, start)
        assert line is not None
        self.pos = line.end()
        pragma = read_control(self.source, start, line.end())
        if pragma is not None:
            check_control(pragma)
            self.on_control(pragma)

    def near(self, token: Token) -> str:
        """How libdtrace quotes the token at which it gives up: `"x + 1"`, `end of input`.

        It has read on behind a name that it does not know, and so shows the rest of the line,
        with a blank for each tab, and the blanks that begin the next line if the name ends one.
        """
        if token.kind == END:
            return "end-of-input" if self.looked_at_end() else "end of input"
        text = self.text[token.start : token.end]
        if self.last_unknown:
            blanks, rest = split_blanks(self.text[token.end :])
            if not rest:
                return "end of input"
            text += " " * len(blanks.replace("\n", ""))
            if "\n" not in blanks:
                text += rest.split("\n", 1)[0]
        elif token.kind == "INTEGER" and text[0] == "'":
            text = text[:-1]
        return f'"{text}"'

    def is_unknown(self, token: Token) -> bool:
        """Whether a name stands for nothing yet: libdtrace then reads on to know what it is."""
        name = self.text[token.start : token.end]
        return not self.in_enum and name not in self.declared and not self.is_name(name)

    def looked_at_end(self) -> bool:
        """Whether libdtrace came to the end of the text when it read on behind the last token."""
        before = self.previous.kind
        if self.last.kind == "=":
            return before == "IDENT" and self.last.end == len(self.text)
        if self.last.kind == "/":
            return before != "PSPEC"
        return self.last_unknown and before not in ("struct", "union", "provider")

    def unexpected(self, token: Token) -> CompileError:
        """The syntax error that `token` is.

        To know the `/` that ends a predicate libdtrace has read up to what follows it, and names
        that line.
        """
        message = f"syntax error near {self.near(token)}"
        at = self.skip_blanks(token.end) if token.kind == "EPRED" else token.start
        return self.error(ErrTag.D_SYNTAX, message, token.start, token.end, at=at)


def split_blanks(text: str) -> tuple[str, str]:
    """The white space that a text begins with, and the rest."""
    rest = text.lstrip(BLANK)
    return text[: len(text) - len(rest)], rest
