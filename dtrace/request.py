"""Request: what one invocation of dtrace(8) asks for.  Made by dtrace.cli, carried out by
dtrace.backend.session."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

from dtrace.options import Options

if TYPE_CHECKING:
    from dtrace.source import Source


class Form(enum.Enum):
    """How a program was given, which decides what its probe descriptions may leave out."""

    SCRIPT = "script"  # -s FILE: a whole program, full descriptions
    NAME = "name"  # -n: [[[provider:]module:]function:]name
    FUNCTION = "function"  # -f: [[provider:]module:]function
    MODULE = "module"  # -m: [provider:]module
    PROVIDER = "provider"  # -P: provider
    ID = "id"  # -i: a probe's number

    @property
    def fields(self) -> int:
        """How many fields its descriptions have: provider first, filled from the right."""
        return {Form.PROVIDER: 1, Form.MODULE: 2, Form.FUNCTION: 3}.get(self, 4)


class Program(NamedTuple):
    """One -s, -n, -f, -m, -P or -i, in the order of the command line.

    source: its text after preprocessing, with the macro arguments ($0, $1 ...) and the words that
    begin an error message about it.
    """

    form: Form
    source: Source

    def describe(self) -> str:
        """How messages name it: `description 'SPEC'`, the text up to the first predicate, action
        or `;`, or `script 'FILE'`."""
        if self.form is Form.SCRIPT:
            return f"script '{self.source.name}'"
        text = self.source.text
        end = min([i for i in map(text.find, "{/;") if i >= 0], default=len(text))
        return f"description '{text[:end]}'"


class Mode(enum.Enum):
    """What to do.  RUN and CHECK are the session's, the others the command's own."""

    RUN = "run"  # compile, load, trace
    CHECK = "check"  # -e: compile, and stop
    LIST = "list"  # -l: list the probes that the programs' descriptions match, or all
    VERSION = "version"  # -V: print the version


class Request:
    """Everything the command line says, checked as far as that needs no compiler."""

    def __init__(self, mode: Mode = Mode.RUN, *, verbose: bool = False) -> None:
        self.mode = mode
        self.verbose = verbose  # -v: say more
        self.programs: list[Program] = []
        self.options = Options()
        self.backend = "emulated"  # or "kernel"
        self.release = ""  # --kernel: a release to emulate, "" for the newest
        self.world = ""  # --world: a scenario's file, "" for the one that comes with the emulator
        self.output = ""  # -o: file to append trace data to, "" for standard output
        self.commands: list[str] = []  # -c: processes to run under trace
        self.pids: list[int] = []  # -p: processes that are the trace's targets
