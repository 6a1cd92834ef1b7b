"""OPTIONS: every -x option, and Options: the values that one invocation has.

Options are set by `-x name[=value]`, `#pragma D option name[=value]`, setopt() and the environment
(`DTRACE_OPT_NAME=value`).  An option whose row names no stage is accepted and has no effect.

Source: DTrace guide, chapter "Options and Tunables".
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

from dtrace import optvalues as values
from dtrace.optvalues import INVALID_NAME, NOT_IN_PROGRAM, TRACING_ACTIVE, OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["OPTIONS", "TESTING", "OptDef", "OptionError", "Options", "Scope", "Value"]

TESTING = "_DTRACE_TESTING"  # environment: print nothing that differs from run to run

Value = int | str | tuple[str, ...] | None


class Scope(enum.Enum):
    """Until when an option can be set."""

    COMPILE = "compile"  # until the programs are compiled
    RUNTIME = "runtime"  # until tracing is active
    DYNAMIC = "dynamic"  # always


class OptDef(NamedTuple):
    """One option."""

    name: str
    scope: Scope
    parse: Callable[[str | None], Value]  # None: the option was given without a value
    default: Value
    stage: str = ""  # which part of this program reads it; "": accepted without effect
    in_program: bool = True  # whether `#pragma D option` may set it


_C, _R, _D = Scope.COMPILE, Scope.RUNTIME, Scope.DYNAMIC

OPTIONS = {
    row.name: row
    for row in (
        OptDef("aggpercpu", _C, values.flag, False, "consume"),
        OptDef("amin", _C, values.stability, "internal/internal/unknown"),
        OptDef("argref", _C, values.flag, False, "lang"),
        OptDef("btfpath", _C, values.string, ""),
        OptDef("core", _C, values.flag, False),
        OptDef("cpp", _C, values.flag, False, "cli"),
        OptDef("cppargs", _C, values.words, (), "cli", in_program=False),
        OptDef("cpphdrs", _C, values.flag, False, "cli", in_program=False),
        OptDef("cpppath", _C, values.string, "cpp", "cli", in_program=False),
        OptDef("ctfpath", _C, values.string, "", in_program=False),
        OptDef("ctypes", _C, values.string, ""),
        OptDef("debug", _C, values.flag, False),
        OptDef("debugassert", _C, values.choice("mutexes"), ""),
        OptDef("define", _C, values.word, (), "cli", in_program=False),
        OptDef("defaultargs", _C, values.flag, False, "lang"),
        OptDef("disasm", _C, values.mask, 1),
        OptDef("dofstashpath", _C, values.string, "/run/dtrace"),
        OptDef("droptags", _C, values.marker, False, "consume"),
        OptDef("dtypes", _C, values.string, ""),
        OptDef("empty", _C, values.flag, False, "sema"),
        OptDef("errtags", _C, values.flag, False, "cli"),
        OptDef("evaltime", _C, values.choice("exec", "preinit", "postinit", "main"), "postinit"),
        OptDef("incdir", _C, values.word, (), "cli", in_program=False),
        OptDef("iregs", _C, values.iregs, 8),
        OptDef("kdefs", _C, values.flag, False),
        OptDef("knodefs", _C, values.flag, False),
        OptDef("late", _C, values.choice("dynamic", "static"), "static"),
        OptDef("lazyload", _C, values.marker, False),
        OptDef("ldpath", _C, values.string, "ld", in_program=False),
        OptDef("libdir", _C, values.word, (), "dlibs"),
        OptDef("linkmode", _C, values.choice("kernel", "dynamic", "static"), "kernel"),
        OptDef("linknommap", _C, values.marker, False),
        OptDef("linktype", _C, values.choice("elf", "dof"), "elf"),
        OptDef("modpath", _C, values.string, "", in_program=False),
        OptDef("nolibs", _C, values.flag, False, "dlibs"),
        OptDef("pgmax", _C, values.mask, 8),
        OptDef("preallocate", _C, values.size, 0),
        OptDef("procfspath", _C, values.string, "/proc", in_program=False),
        OptDef("pspec", _C, values.flag, False, "lang"),
        OptDef("stdc", _C, values.choice("a", "c", "s", "t"), "a", "cli", in_program=False),
        OptDef("strip", _C, values.flag, False),
        OptDef("syslibdir", _C, values.string, "", "dlibs"),
        OptDef("sysslice", _C, values.string, "system.slice"),
        OptDef("tree", _C, values.tree, 0),
        OptDef("tregs", _C, values.between(1, (1 << 31) - 1), 8),
        OptDef("udefs", _C, values.flag, False),
        OptDef("undef", _C, values.word, (), "cli", in_program=False),
        OptDef("unodefs", _C, values.flag, False),
        OptDef("useruid", _C, values.mask, 1000),
        OptDef("verbose", _C, values.flag, False, "session"),
        OptDef("version", _C, values.refuse, ""),
        OptDef("zdefs", _C, values.flag, False, "sema"),
        OptDef("aggsize", _R, values.size, 4 << 20, "link"),
        OptDef("bpflog", _R, values.switch, False, "session"),
        OptDef("bpflogsize", _R, values.size, 16_777_215, "session"),
        OptDef("bufpolicy", _R, values.choice("ring", "fill", "switch"), "switch"),
        OptDef("bufresize", _R, values.choice("auto", "manual"), "auto"),
        OptDef("bufsize", _R, values.size, 4 << 20, "session"),
        OptDef("cleanrate", _R, values.rate, 9_900_990),
        OptDef("cpu", _R, values.number, None, "session"),
        OptDef("destructive", _R, values.switch, False, "session"),
        OptDef("dynvarsize", _R, values.size, 1 << 20, "link"),
        OptDef("grabanon", _R, values.switch, False),
        OptDef("jstackframes", _R, values.frames, 50),
        OptDef("jstackstrsize", _R, values.size, 512),
        OptDef("lockmem", _R, values.string, "", in_program=False),
        OptDef("maxframes", _R, values.frames, values.MAX_FRAMES),
        OptDef("noresolve", _R, values.switch, False),
        OptDef("nspec", _R, values.number, 1),
        OptDef("pcapsize", _R, values.size, 1514),
        OptDef("scratchsize", _R, values.size, 256, "codegen"),
        OptDef("specsize", _R, values.size, 4 << 20),
        OptDef("stackframes", _R, values.frames, 20),
        OptDef("statusrate", _R, values.rate, 1_000_000_000, "session"),
        OptDef("strsize", _R, values.strsize, 256, "codegen"),
        OptDef("ustackframes", _R, values.frames, 100),
        OptDef("aggrate", _D, values.rate, 0, "session"),
        OptDef("aggsortkey", _D, values.switch, False, "consume"),
        OptDef("aggsortkeypos", _D, values.number, 0, "consume"),
        OptDef("aggsortpos", _D, values.number, 0, "consume"),
        OptDef("aggsortrev", _D, values.switch, False, "consume"),
        OptDef("flowindent", _D, values.switch, False, "consume"),
        OptDef("printsize", _D, values.size, 8192),
        OptDef("quiet", _D, values.switch, False, "consume"),
        OptDef("quietresize", _D, values.switch, False),
        OptDef("rawbytes", _D, values.switch, False, "consume"),
        OptDef("stackindent", _D, values.number, 14),
        OptDef("switchrate", _D, values.rate, 0, "session"),
    )
}


class Options:
    """The values of all options.  Those that some stage reads are attributes.

    Sizes are bytes and rates nanoseconds.
    """

    # lang, sema, dlibs: what a program means
    argref: bool
    defaultargs: bool
    empty: bool
    libdir: tuple[str, ...]
    nolibs: bool
    pspec: bool
    syslibdir: str
    zdefs: bool
    # codegen, link: sizes
    aggsize: int
    dynvarsize: int
    scratchsize: int
    strsize: int
    # session
    aggrate: int
    bpflog: bool
    bpflogsize: int
    bufsize: int
    cpu: int | None
    destructive: bool
    statusrate: int
    switchrate: int
    verbose: bool
    # consume
    aggpercpu: bool
    aggsortkey: bool
    aggsortkeypos: int
    aggsortpos: int
    aggsortrev: bool
    droptags: bool
    flowindent: bool
    quiet: bool
    rawbytes: bool
    # cli
    cpp: bool
    cppargs: tuple[str, ...]
    cpphdrs: bool
    cpppath: str
    define: tuple[str, ...]
    errtags: bool
    incdir: tuple[str, ...]
    stdc: str
    undef: tuple[str, ...]

    def __init__(self) -> None:
        self.active = False  # whether tracing is: run-time options are then fixed
        self.__dict__.update((row.name, row.default) for row in OPTIONS.values())

    def set(self, name: str, value: str | None = None, *, in_program: bool = False) -> None:
        """Set an option.

        value: the text after `=`; None if there was none.
        in_program: the D program itself asks for it.

        Raises OptionError.
        """
        row = OPTIONS.get(name)
        if row is None:
            raise OptionError(INVALID_NAME)
        if in_program and not row.in_program:
            raise OptionError(NOT_IN_PROGRAM)
        if self.active and row.scope is not Scope.DYNAMIC:
            raise OptionError(TRACING_ACTIVE)
        parsed = row.parse(value)
        if isinstance(parsed, tuple):
            parsed = (*self.__dict__[name], *parsed)
        self.__dict__[name] = row.default if parsed is None else parsed

    def get(self, name: str) -> Value:
        """The value of an option, by its name.  Raises OptionError if there is no such option."""
        if name not in OPTIONS:
            raise OptionError(INVALID_NAME)
        value: Value = self.__dict__[name]
        return value

    def set_from_environment(self, environ: Mapping[str, str]) -> None:
        """Set what DTRACE_OPT_NAME variables say; mistakes are passed over, as in DTrace."""
        for key, value in environ.items():
            name = key.removeprefix("DTRACE_OPT_")
            if name != key and name.isupper():
                try:
                    self.set(name.lower(), value)
                except OptionError:
                    continue
