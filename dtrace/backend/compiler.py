"""From a Request's programs to what a session loads."""

from __future__ import annotations

import contextlib
import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from dtrace.lang.lalr import MAX_DEPTH
from dtrace.lang.macros import Macros
from dtrace.lang.parser import parse
from dtrace.lang.pragma import control_lines, option_setting
from dtrace.link.build import build
from dtrace.options import OptionError
from dtrace.providers.registry import ProbeTable
from dtrace.request import Form
from dtrace.sema.program import Cooker, CookOptions
from dtrace.target import Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtrace.backend.base import Kernel
    from dtrace.lang.nodes import Program as Tree
    from dtrace.link.build import Build
    from dtrace.probes.desc import Probe, ProbeDesc
    from dtrace.request import Program, Request
    from dtrace.sema.symbols import Unit


FRAMES_PER_LEVEL = 20  # of Python's stack, at most, for a level of a tree in any stage


class Compilation:
    """The programs of one invocation, parsed, cooked, and on demand built."""

    def __init__(self, kernel: Kernel, request: Request, pids: Sequence[int] = ()) -> None:
        """pids: the processes of -c and -p; the first is $target."""
        self.kernel = kernel
        self.request = request
        self.options = request.options
        self.table = ProbeTable(kernel)
        self.pids = pids

    def compile(self) -> Unit:
        """Parse and cook everything.  Raises CompileError."""
        sys.setrecursionlimit(max(sys.getrecursionlimit(), MAX_DEPTH * FRAMES_PER_LEVEL))
        self._apply_pragmas()
        options = CookOptions(
            partial(self.options.set, in_program=True),
            zdefs=bool(self.options.zdefs),
            kernel=self.kernel,
            process=bool(self.pids),
            libraries=not self.options.nolibs and not self.options.syslibdir,
        )
        cooker = Cooker(self.target(), self._match, options)
        self._load_libraries(cooker)
        for program in self.request.programs:
            cooker.begin(program.form.fields)
            cooker.finish(self._parse(program, cooker))
        return cooker.unit

    def _load_libraries(self, cooker: Cooker) -> None:
        # The libraries that were asked for; our own are compiled when a program names what they
        # define.
        if self.options.nolibs or not self.request.programs:
            return
        for folder in (self.options.syslibdir, *self.options.libdir):
            if folder:
                cooker.load_folder(folder, self.request.programs[0].source)

    def _apply_pragmas(self) -> None:
        # Options hold for all programs, from before the first is compiled.  A wrong one is
        # reported when the parser comes to it.
        for program in self.request.programs:
            for pragma in control_lines(program.source):
                setting = option_setting(pragma)
                if setting is not None:
                    with contextlib.suppress(OptionError):
                        self.options.set(*setting, in_program=True)

    def target(self) -> Target:
        """What code is generated for; the options must have been set."""
        options = self.options
        return Target(
            self.kernel.profile,
            self.kernel.possible_cpus(),
            options.strsize,
            options.dynvarsize,
            options.aggsize,
            options.scratchsize,
            options.bufsize,
            options.cpu,
        )

    def build(self, unit: Unit) -> Build:
        """Generate and link `unit`."""
        return build(
            unit,
            self.target(),
            self.kernel.begin_prog_type(),
            self.kernel.offset_of,
            self.kernel.wall_offset,
            self.kernel.chip_of,
        )

    def _parse(self, program: Program, cooker: Cooker) -> Tree:
        macros = Macros(
            macro_variables(self.pids),
            program.source.args,
            defaultargs=bool(self.options.defaultargs),
            argref=bool(self.options.argref),
        )
        script = program.form is Form.SCRIPT
        return parse(
            program.source,
            command_line=not script,
            pspec=bool(self.options.pspec),
            known_types=cooker.known_type,
            known_names=cooker.known_name,
            known_tags=cooker.known_tag,
            macros=macros,
            on_control=cooker.define,
            on_definition=cooker.define,
        )

    def _match(self, desc: ProbeDesc) -> list[Probe]:
        return [self.table.detail(probe) for probe in self.table.match(desc)]


def macro_variables(pids: Sequence[int]) -> dict[str, int]:
    """The macro variables that are integers; $target only if there is a target."""
    found = {
        "pid": os.getpid(),
        "ppid": os.getppid(),
        "uid": os.getuid(),
        "euid": os.geteuid(),
        "gid": os.getgid(),
        "egid": os.getegid(),
        "pgid": os.getpgid(0),
        "sid": os.getsid(0),
    }
    if pids:
        found["target"] = pids[0]
    return found
