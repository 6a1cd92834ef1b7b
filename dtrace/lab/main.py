"""The dtlab command."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

USAGE = """\
Usage: dtlab verify FILE ... [--kernels RELEASE,RELEASE,... | FIRST..LAST]
       dtlab triage FILE ... --kernel RELEASE [--prove] [--budget SECONDS] [--btf FILE]
                    [--type PROGTYPE]

  verify    say which kernels would load the programs of D scripts and BPF objects (.o), and why
            others would not.  Default: every kernel that there is a profile of.
  triage    say of what a kernel refuses whether it is the program's fault or the verifier's limit.
            A file is a BPF object, a batch of programs (JSON, one a line) or assembler text, whose
            type --type says (kprobe).  SECONDS are for each program (10); --btf are the kernel's
            types, for objects that need them.  Needs z3.

            real         a run breaks the rule: its input is shown, and replayed in the emulator
            limit        no run does, within the scope that is printed
            unavailable  the kernel does not have what the program asks for
            undecided    not known, and why

            With --prove also say of what the kernel takes whether it is what the verifier believed:

            confirmed    every run is, within the scope that is printed
            escapes      a run has registers that the verifier believed impossible, or faults: its
                         input is shown, and replayed

Exit status: 0 all load everywhere, 1 some do not, 2 wrong usage.  Of triage: 0 nothing is refused,
or by the verifier's limits only; 1 something is real or unavailable, or escapes; 3 something is
undecided and nothing worse; 2 wrong usage, a file that is none of these, or z3 is missing.
"""


class UsageError(Exception):
    """The command line is wrong: exit status 2."""


def run() -> None:
    """The console script."""
    sys.exit(main(sys.argv[1:]))


def main(words: Sequence[str]) -> int:
    """Do what the command line says; the exit status."""
    try:
        if not words:
            raise UsageError("a command is expected")
        if words[0] in ("-h", "--help"):
            sys.stdout.write(USAGE)
            return 0
        command = _COMMANDS.get(words[0])
        if command is None:
            raise UsageError(f"unknown command {words[0]}")
        return command(list(words[1:]))
    except UsageError as err:
        sys.stderr.write(f"dtlab: {err}\n{USAGE}")
        return 2
    except OSError as err:
        sys.stderr.write(f"dtlab: failed to open {err.filename}: {err.strerror}\n")
        return 1


def _verify(words: list[str]) -> int:
    from dtrace.lab.matrix import matrix, refused

    values = {"--kernels": ""}
    paths = _split(words, values)
    if not paths:
        raise UsageError("a D script or a BPF object is expected")
    texts = [_read(path) for path in paths]
    lines = list(matrix(paths, texts, _releases(values["--kernels"])))
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if refused(lines) else 0


def _triage(words: list[str]) -> int:
    from dtrace.lab import triage
    from emu.kernel.enums import ProgType
    from emu.kernel.profile import Kernel, UnknownKernel
    from verifier_model.explain import BUDGET_S, SolverMissing

    values = {"--kernel": "", "--budget": str(BUDGET_S), "--btf": "", "--type": "kprobe"}
    proves = "--prove" in words
    paths = _split([word for word in words if word != "--prove"], values)
    if not paths:
        raise UsageError("a BPF object, a batch or assembler text is expected")
    if not values["--kernel"]:
        raise UsageError("--kernel RELEASE is needed")
    try:
        kernel = Kernel.release(values["--kernel"])
    except UnknownKernel as err:
        raise UsageError(str(err)) from None
    prog_type = ProgType.__members__.get(values["--type"].upper())
    if prog_type is None:
        raise UsageError(f"unknown program type {values['--type']}")
    budget = _seconds(values["--budget"])
    found = []
    for path in paths:
        try:
            data, name = _bytes(path), os.path.basename(path).partition(".")[0]
            read = triage.programs(data, name, kernel, btf=values["--btf"], prog_type=prog_type)
            for prog in read:
                found.append(triage.triage(prog, kernel, budget, proves=proves))
                sys.stdout.write(f"{path}: {prog.name}: {found[-1].text}\n")
        except triage.Unreadable as err:
            sys.stderr.write(f"dtlab: {path}: {err}\n")
            return 2
        except SolverMissing as err:
            raise UsageError(str(err)) from None
    return triage.status([each.word for each in found])


_COMMANDS = {"verify": _verify, "triage": _triage}


def _split(words: list[str], values: dict[str, str]) -> list[str]:
    """Put the values of options into `values`; the words that are neither."""
    rest = []
    while words:
        word = words.pop(0)
        if word in values:
            if not words:
                raise UsageError(f"{word} needs a value")
            values[word] = words.pop(0)
        elif word.startswith("-"):
            raise UsageError(f"unknown option {word}")
        else:
            rest.append(word)
    return rest


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 < seconds < float("inf"):
        raise UsageError(f"--budget {text} is no number of seconds")
    return seconds


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _read(path: str) -> str:
    return _bytes(path).decode("latin-1")


def _releases(wanted: str) -> list[str]:
    """`5.4,6.1` as it stands; `5.4..6.1` every release with a profile from first to last."""
    from emu.kernel.profile import RELEASES, Kernel, UnknownKernel

    try:
        if ".." in wanted:
            first, last = (Kernel.release(end).version for end in wanted.split("..", 1))
            return [r for r in RELEASES if first <= Kernel.release(r).version <= last]
        names = wanted.split(",") if wanted else list(RELEASES)
        for name in names:
            Kernel.release(name)
    except UnknownKernel as err:
        raise UsageError(str(err)) from None
    return names
