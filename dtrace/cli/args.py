"""The command line: words to a Request.

As in dtrace(8) all options hold for all programs, wherever they stand; words that belong to no
option, wherever they stand, are the macro arguments $1, $2 ...
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from dtrace.diag import KernelError
from dtrace.options import OptionError
from dtrace.request import Form, Mode, Program, Request
from dtrace.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class UsageError(Exception):
    """The command line is wrong: exit status 2.  usage: whether to print it all."""

    def __init__(self, message: str, *, usage: bool = True) -> None:
        super().__init__(message)
        self.usage = usage


class FatalError(Exception):
    """What was asked for cannot be done: exit status 1."""


class Flag(NamedTuple):
    """One option as it was given."""

    name: str  # "n", "backend"
    value: str  # "" for one that takes none


# dtrace(8)'s letters; those that take a value are followed by a colon.  -a and -A do nothing.
LETTERS = "3:6:aAb:Bc:CD:ef:FGhHi:I:lL:m:n:o:p:P:qs:SU:vVwx:X:Z"
LONG = {"backend": True, "kernel": True, "world": True, "json": False}  # takes a value

FORMS = {
    "f": Form.FUNCTION,
    "i": Form.ID,
    "m": Form.MODULE,
    "n": Form.NAME,
    "P": Form.PROVIDER,
    "s": Form.SCRIPT,
}
# Flags that are short for an option; a value of the flag is the option's.
SHORT = {
    "b": "bufsize",
    "C": "cpp",
    "D": "define",
    "F": "flowindent",
    "H": "cpphdrs",
    "I": "incdir",
    "L": "libdir",
    "q": "quiet",
    "S": "verbose",
    "U": "undef",
    "w": "destructive",
    "X": "stdc",
    "Z": "zdefs",
}
MODES = {"e": Mode.CHECK, "l": Mode.LIST, "V": Mode.VERSION}
BACKENDS = ("emulated", "kernel")
NOT_IMPLEMENTED = {"B": "-B", "G": "-G", "h": "-h", "json": "--json", "v": "-v"}


def split(words: Sequence[str]) -> tuple[list[Flag], list[str]]:
    """Options and other words, as getopt_long() finds them.  Raises UsageError."""
    flags: list[Flag] = []
    others: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            others.extend(rest)
        elif word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            if name not in LONG:
                raise UsageError(f"unrecognized option '--{name}'")
            if equals and not LONG[name]:
                raise UsageError(f"option '--{name}' doesn't allow an argument")
            if LONG[name] and not equals:
                value = _next(rest, f"option '--{name}' requires an argument")
            flags.append(Flag(name, value))
        elif word.startswith("-") and word != "-":
            at = 1
            while at < len(word):
                letter, at = word[at], at + 1
                where = LETTERS.find(letter)
                if where < 0 or letter == ":":
                    raise UsageError(f"invalid option -- '{letter}'")
                value = ""
                if LETTERS[where + 1 : where + 2] == ":":
                    value, at = word[at:], len(word)
                    value = value or _next(rest, f"option requires an argument -- '{letter}'")
                flags.append(Flag(letter, value))
        else:
            others.append(word)
    return flags, others


def _next(rest: object, message: str) -> str:
    for word in rest:  # type: ignore[attr-defined]
        return word
    raise UsageError(message)


def parse_args(words: Sequence[str], environ: Mapping[str, str]) -> Request:
    """What the command line asks for.

    words: without the command's own name.

    Raises UsageError and FatalError.
    """
    flags, others = split(words)
    request = Request()
    _check(flags)
    request.options.set_from_environment(environ)
    for flag in flags:
        _apply(request, flag)
    arguments = [_text(word) for word in others]
    for flag in flags:
        if flag.name in FORMS:
            request.programs.append(_program(request, FORMS[flag.name], flag.value, arguments))
    return request


def _check(flags: Sequence[Flag]) -> None:
    # What is wrong with the flags as such.
    names = [flag.name for flag in flags]
    if len({name for name in names if name in "GhlV"}) > 1:
        raise UsageError(
            "only one of the [-GhlV] options can be specified at a time", usage=False
        )
    for flag in flags:
        if flag.name in "36" and flag.name + flag.value not in ("32", "64"):
            raise UsageError(f"illegal option -- {flag.name}{flag.value}")
        if flag.name == "backend" and flag.value not in BACKENDS:
            raise UsageError(f"no such backend: {flag.value} (there are {', '.join(BACKENDS)})", usage=False)
    if "V" in names:
        return
    for name in names:
        if name in NOT_IMPLEMENTED:
            raise FatalError(f"{NOT_IMPLEMENTED[name]} is not implemented")
        if name == "3":
            raise FatalError("-32 is not implemented")
