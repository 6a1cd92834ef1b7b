"""The dtlab command."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

USAGE = """\
Usage: dtlab verify FILE ... [--kernels RELEASE,RELEASE,... | FIRST..LAST]

  verify    say which kernels would load the programs of D scripts and BPF objects (.o), and why
            others would not.  Default: every kernel that there is a profile of.

Exit status: 0 all load everywhere, 1 some do not, 2 wrong usage.
"""


class UsageError(Exception):
    """The command line is wrong: exit status 2."""


def run() -> None:
    """The console script."""
    sys.exit(main(sys.argv[1:]))


def main(words: Sequence[str]) -> int:
    """Do what the command line says; the exit status."""
    try:
        if not words or words[0] != "verify":
            raise UsageError(f"unknown command {words[0]}" if words else "a command is expected")
        return _verify(list(words[1:]))
    except UsageError as err:
        sys.stderr.write(f"dtlab: {err}\n{USAGE}")
        return 2
    except OSError as err:
        sys.stderr.write(f"dtlab: failed to open {err.filename}: {err.strerror}\n")
        return 1


def _verify(words: list[str]) -> int:
    from dtrace.lab.matrix import matrix, refused

    wanted = ""
    paths = []
    while words:
        word = words.pop(0)
        if word == "--kernels":
            if not words:
                raise UsageError("--kernels needs a list of releases")
            wanted = words.pop(0)
        elif word.startswith("-"):
            raise UsageError(f"unknown option {word}")
        else:
            paths.append(word)
    if not paths:
        raise UsageError("a D script or a BPF object is expected")
    texts = [_read(path) for path in paths]
    lines = list(matrix(paths, texts, _releases(wanted)))
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if refused(lines) else 0


def _read(path: str) -> str:
    with open(path, "rb") as file:
        return file.read().decode("latin-1")


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
