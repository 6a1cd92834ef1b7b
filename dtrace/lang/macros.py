"""Macro variables: `$pid`, `$target`, `$1`, and the same with two dollars as strings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtrace.diag import CompileError
from dtrace.errtags import ErrTag
from dtrace.lang import literals
from dtrace.source import Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MACRO = re.compile(r"\$\$?([0-9]+|[A-Za-z_][A-Za-z_0-9]*)")
INTEGER_ARGUMENT = re.compile(r"[+-]?[0-9][A-Za-z_0-9]*$")
NAME_ARGUMENT = re.compile(r"[A-Za-z_`][A-Za-z_0-9`]*$")


class Macros:
    """What the macro variables of a program stand for.

    variables: name without `$` to value: pid, ppid, uid, euid, gid, egid, pgid, sid, target.
    args: `$0` and the arguments after the options, as given.
    defaultargs: the option: a missing argument is 0 and "" (not in probe descriptions).
    argref: the option: an argument that is not referenced is no error.
    """

    __slots__ = ("argref", "args", "defaultargs", "referenced", "variables")

    def __init__(
        self,
        variables: Mapping[str, int] | None = None,
        args: Sequence[str] = (),
        *,
        defaultargs: bool = False,
        argref: bool = False,
    ) -> None:
        self.variables = variables or {}
        self.args = tuple(args)
        self.defaultargs = defaultargs
        self.argref = argref
        self.referenced: set[int] = set()  # the arguments that the program names

    def token(self, text: str, span: Span) -> tuple[str, object]:
        """The kind and value of the token that the macro `text` stands for.

        `$$x` is TEXT, escapes processed.  `$name` is an INTEGER; `$n` is an INTEGER if the
        argument begins like a number, an IDENT if it is a name, and TEXT otherwise, without
        the double quotes around it.

        Raises CompileError D_MACRO_UNDEF; D_MACRO_OFLOW; D_INT_DIGIT for an argument like
        `12ab`, of which libdtrace takes the 12.
        """
        name = text.lstrip("$")
        as_text = text.startswith("$$")
        if not name[0].isdigit():
            if name not in self.variables:
                message = f"macro variable {text} is not defined"
                raise CompileError(ErrTag.D_MACRO_UNDEF, message, span)
            value = str(self.variables[name])
            return ("TEXT", value) if as_text else ("INTEGER", literals.integer(value, span))
        argument = self.argument(int(name))
        if argument is None:
            if not self.defaultargs:
                message = f"macro argument {text} is not defined"
                raise CompileError(ErrTag.D_MACRO_UNDEF, message, span)
            argument = "" if as_text else "0"
        if as_text:
            return "TEXT", literals.unescape(argument)
        if INTEGER_ARGUMENT.match(argument):
            return "INTEGER", self.integer(text, argument, span)
        if NAME_ARGUMENT.match(argument):
            return "IDENT", argument
        if len(argument) >= 2 and argument[0] == argument[-1] == '"':
            argument = argument[1:-1]
        return "TEXT", literals.unescape(argument)

    def integer(self, text: str, argument: str, span: Span) -> literals.IntValue:
        """The value of a numeric argument."""
        try:
            return literals.integer(argument, span)
        except CompileError as err:
            if err.tag is ErrTag.D_INT_OFLOW and "overflow" in err.message:
                message = f"macro argument {text} {err.message}"
                raise CompileError(ErrTag.D_MACRO_OFLOW, message, span) from None
            raise

    def argument(self, number: int) -> str | None:
        """Argument `number`, noted as referenced; None if there is none."""
        self.referenced.add(number)
        return self.args[number] if number < len(self.args) else None

    def paste(self, text: str, span: Span) -> str:
        """A probe description with its macros replaced: at most one in each field.

        Raises CompileError D_PDESC_INVAL.
        """
        if "$" not in text:
            return text

        def replace(match: re.Match[str]) -> str:
            name = match[1]
            if name[0].isdigit():
                value = self.argument(int(name))
            else:
                value = str(self.variables[name]) if name in self.variables else None
            if value is None:
                message = (
                    f'invalid probe description "{text}": '
                    "Undefined macro variable in probe description"
                )
                raise CompileError(ErrTag.D_PDESC_INVAL, message, span)
            return value

        return ":".join(MACRO.sub(replace, field, count=1) for field in text.split(":"))

    def check_used(self, span: Span) -> None:
        """Refuse a last argument that the program does not name, unless argref is set.

        Only the last is checked: the others may be there for their places.
        Raises CompileError D_MACRO_UNUSED.
        """
        last = len(self.args) - 1
        if last > 0 and last not in self.referenced and not self.argref:
            message = f"extraneous argument '{self.args[last]}' (${last} is not referenced)"
            raise CompileError(ErrTag.D_MACRO_UNUSED, message, span)
