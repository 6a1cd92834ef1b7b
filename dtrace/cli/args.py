"""The command line: words to a Request.

As in dtrace(8) all options hold for all programs, wherever they stand; words that belong to no
option, wherever they stand, are the macro arguments $1, $2 ...
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from dtrace.cli.errors import CommandError, UsageError
from dtrace.options import OptionError
from dtrace.request import Form, Mode, Program, Request
from dtrace.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dtrace.options import Options


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
MODES = {"V": Mode.VERSION, "l": Mode.LIST, "e": Mode.CHECK}  # the first that is given
FIELDS = {"o": "output", "backend": "backend", "kernel": "release", "world": "world"}
BACKENDS = ("emulated", "kernel")
NOT_IMPLEMENTED = {"3": "-32", "B": "-B", "G": "-G", "h": "-h", "json": "--json", "v": "-v"}
COMMAND = "dtrace"  # $0 where there is no script


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


def _next(rest: Iterator[str], message: str) -> str:
    if (word := next(rest, None)) is None:
        raise UsageError(message)
    return word


def parse_args(words: Sequence[str], environ: Mapping[str, str]) -> Request:
    """What the command line asks for.

    words: without the command's own name.

    Raises UsageError and CommandError.
    """
    flags, others = split(words)
    names = {flag.name for flag in flags}
    _check(flags, names)
    request = Request(mode=_mode(names), verbose="v" in names)
    request.options.set_from_environment(environ)
    for flag in flags:
        _apply(request, flag)
    arguments = tuple(map(_text, others))
    request.programs = [
        _program(request.options, FORMS[flag.name], flag.value, arguments)
        for flag in flags
        if flag.name in FORMS
    ]
    if not request.programs:
        if request.mode is Mode.RUN:
            raise CommandError("no probes specified")
        if request.mode is Mode.LIST and others:
            extra = f"extraneous argument '{others[0]}' ($1 is not referenced)"
            raise CommandError(f"invalid probe specifier :::: {extra}")
    return request


def _mode(names: set[str]) -> Mode:
    return next((mode for name, mode in MODES.items() if name in names), Mode.RUN)


def _check(flags: Sequence[Flag], names: set[str]) -> None:
    # What is wrong with the flags as such.
    if len(names & set("GhlV")) > 1:
        raise UsageError("only one of the [-GhlV] options can be specified at a time", usage=False)
    for name, value in flags:
        if name in "36" and name + value not in ("32", "64"):
            raise UsageError(f"illegal option -- {name}{value}")
        if name == "backend" and value not in BACKENDS:
            known = " or ".join(BACKENDS)
            raise UsageError(f"no such backend: {value} (it is {known})", usage=False)
    if "V" not in names:
        for name in sorted(names & NOT_IMPLEMENTED.keys()):
            raise CommandError(f"{NOT_IMPLEMENTED[name]} is not implemented")


def _apply(request: Request, flag: Flag) -> None:
    # One flag that is neither a mode nor a program.
    name, value = flag
    if name == "x":
        option, equals, setting = value.partition("=")
        _set(request.options, option, setting if equals else None, f"-x {option}")
    elif name in SHORT:
        takes_value = f"{name}:" in LETTERS
        _set(request.options, SHORT[name], value if takes_value else None, f"-{name} {value}")
    elif name == "c":
        request.commands.append(value)
    elif name == "p":
        if not value.isdecimal():
            raise CommandError(f"invalid pid: {value}")
        request.pids.append(int(value))
    elif name in FIELDS:
        setattr(request, FIELDS[name], value)


def _set(options: Options, name: str, value: str | None, flag: str) -> None:
    try:
        options.set(name, value)
    except OptionError as err:
        raise CommandError(f"failed to set {flag}: {err}") from None


def _program(options: Options, form: Form, value: str, arguments: tuple[str, ...]) -> Program:
    if form is Form.SCRIPT:
        from dtrace.cli.script import read_script

        text, name, prefix = read_script(value, options), value, f"failed to compile script {value}"
    else:
        text, name = _text(value), ""
        prefix = f"invalid probe specifier {text}"
    return Program(form, Source(text, name, prefix, (name or COMMAND, *arguments)))


def _text(word: str) -> str:
    # One character for each byte of an argument.
    return os.fsencode(word).decode("latin-1")
