"""The D programs of corpus/: reading their directives, running them, comparing results.

corpus/README.md says how a program is named and what may stand in its head comment.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.casefile import compare as compare_releases
from tests.casefile import parse_release, split_conditions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent / "corpus"
STDERR_MARK = "-- @@stderr --\n"
DIRECTIVES = ("backend", "kernels", "options", "peer", "status", "world")
DIRECTIVE = re.compile(r"@@(\w+):[ \t]*(.*?)[ \t]*(?:\*/)?$", re.MULTILINE)
NAME = re.compile(r"(?:tst|err\.(?P<tag>D_\w+)|err)\.(?P<name>[\w-]+)\.d")
# No columns for CPU and probe id, no newline after an interrupt: as DTrace's own harness runs it.
TESTING = {"_DTRACE_TESTING": "1", "DTRACE_PACE": "no"}
TIMEOUT = 60  # seconds, for a command that runs outside this process


class Mismatch(Exception):
    """A program did not do what its .r file says."""


class Case(NamedTuple):
    """A program of the corpus."""

    path: Path
    tag: str  # of the error that it must give; "" if it must run
    status: int  # expected exit status
    options: tuple[str, ...]  # words of the command line after the script
    world: str  # scenario of the emulated machine: a file's name or a built-in one; "" the default
    kernels: str  # profiles it is for: "" all, else a range ">=5.5 <6.1"
    backend: str  # the only backend that it is for; "" for both
    peer: str  # how the C implementation differs, in words; "" if it agrees

    @property
    def chapter(self) -> str:
        return self.path.parent.name

    @property
    def expected(self) -> Path:
        return self.path.with_suffix(".r")

    def argv(self) -> list[str]:
        """The command line, to be run in the program's own folder."""
        tags = ["-xerrtags"] if self.tag else []
        return [*tags, "-s", self.path.name, *self.options]


class Result(NamedTuple):
    """What a run gave."""

    stdout: str
    stderr: str
    status: int

    def text(self) -> str:
        """As a .r file holds it: standard error, if any, after a mark."""
        mark = STDERR_MARK if self.stderr else ""
        return self.stdout + mark + self.stderr


def programs() -> list[Path]:
    """All programs of the corpus, sorted."""
    return sorted(ROOT.glob("*/*.d"))


def read(path: Path) -> Case:
    """The case in `path`.  ValueError names a wrong file name or directive."""
    name = NAME.fullmatch(path.name)
    if name is None:
        raise ValueError(f"{path}: not tst.NAME.d, err.NAME.d or err.D_TAG.NAME.d")
    head = path.read_text(encoding="latin-1").split("*/", 1)[0]
    found: dict[str, str] = {}
    for key, value in DIRECTIVE.findall(head):
        if key not in DIRECTIVES or key in found:
            raise ValueError(f"{path}: unknown or repeated directive @@{key}")
        found[key] = value
    failing = path.name.startswith("err.")
    return Case(
        path=path,
        tag=name["tag"] or "",
        status=int(found.get("status", "1" if failing else "0")),
        options=tuple(shlex.split(found.get("options", ""))),
        world=found.get("world", ""),
        kernels=found.get("kernels", ""),
        backend=found.get("backend", "emulated" if "world" in found else ""),
        peer=found.get("peer", ""),
    )


# Running


class Runner(NamedTuple):
    """One way of running a program: ours on a backend, or another dtrace."""

    name: str  # shown in the test's id
    words: tuple[str, ...]  # options before the program's own; for a peer the whole command
    needs_kernel: bool
    is_peer: bool = False

    def run(self, case: Case) -> Result:
        if self.is_peer:
            return run_peer(self.words, case)
        world = ("--world", world_path(case.world)) if case.world else ()
        return run_here([*self.words, *world, *case.argv()], case.path.parent)


def world_path(name: str) -> str:
    """What --world takes for a scenario: its file here, or the name of a built-in one."""
    path = ROOT / "worlds" / f"{name}.toml"
    return str(path) if path.exists() else name


def runners(
    case: Case, *, peer: str | None, backend: str | None, kernels: Sequence[str]
) -> Iterator[Runner]:
    """The ways of running `case` that the options of this pytest run ask for."""
    if peer is not None:
        if not case.peer and not case.world:
            yield Runner("peer", tuple(shlex.split(peer)), needs_kernel=False, is_peer=True)
        return
    if "kernel" not in (case.backend, backend):
        for release in releases(case.kernels, kernels):
            yield Runner(release, ("--backend=emulated", "--kernel", release), needs_kernel=False)
    if "emulated" not in (case.backend, backend):
        yield Runner("host", ("--backend=kernel",), needs_kernel=True)


def releases(wanted: str, asked: Sequence[str]) -> list[str]:
    """Profiles to run on: those asked for, of which `wanted` (">=5.5 <6.1") holds.

    Without a wish it is the newest for which `wanted` holds.
    """
    from emu.kernel.profile import RELEASES

    rest, conditions = split_conditions(wanted)
    if rest:
        raise ValueError(f"@@kernels: {wanted}: not a range such as >=5.5 <6.1")
    names = RELEASES if not asked or "all" in asked else tuple(asked)
    suited = [
        name
        for name in names
        if all(compare_releases(parse_release(name), sign, bound) for sign, bound in conditions)
    ]
    return suited if asked else suited[-1:]


def run_here(argv: Sequence[str], folder: Path) -> Result:
    """Run our command in this process, as if started in `folder`."""
    from dtrace.cli.main import main

    with captured(folder) as (out, err):
        status = main(list(argv))
    return Result(out.text, err.text, status)


class Captured:
    """What was written to one of the standard streams."""

    text = ""


@contextlib.contextmanager
def captured(folder: Path) -> Iterator[tuple[Captured, Captured]]:
    """Catch both standard streams, whether written through sys or by descriptor."""
    out, err = Captured(), Captured()
    before = os.getcwd()
    environ = dict(os.environ)
    os.environ.update(TESTING)
    os.chdir(folder)
    try:
        with one_stream(1, "stdout", out), one_stream(2, "stderr", err):
            yield out, err
    finally:
        os.chdir(before)
        os.environ.clear()
        os.environ.update(environ)


@contextlib.contextmanager
def one_stream(fd: int, name: str, into: Captured) -> Iterator[None]:
    saved, stream = os.dup(fd), getattr(sys, name)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), fd)
        ours = io.TextIOWrapper(os.fdopen(os.dup(fd), "wb"), "utf-8", write_through=True)
        setattr(sys, name, ours)
        try:
            yield
        finally:
            ours.close()
            setattr(sys, name, stream)
            os.dup2(saved, fd)
            os.close(saved)
            file.seek(0)
            into.text = file.read().decode("latin-1")


def run_peer(command: Sequence[str], case: Case) -> Result:
    """Run another dtrace.  It reads the script from standard input: it may live in a chroot."""
    words = ["/dev/stdin" if word == case.path.name else word for word in case.argv()]
    done = subprocess.run(
        [*command, *words],
        input=case.path.read_bytes(),
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
        env={**os.environ, **TESTING},
    )

    def text(stream: bytes) -> str:
        return stream.decode("latin-1").replace("/dev/stdin", case.path.name)

    return Result(text(done.stdout), text(done.stderr), done.returncode)


# Comparing


def normalise(text: str) -> str:
    """Take out what depends on the compiler: the BPF instruction where a fault was."""
    return re.sub(r"at BPF pc \d+", "at BPF pc {pc}", text)


def compare(case: Case, result: Result) -> str:
    """What is wrong with a result, for people to read; "" if nothing."""
    complaints = []
    if result.status != case.status:
        complaints.append(f"exit status {result.status}, expected {case.status}")
    if case.tag and f"[{case.tag}]" not in result.stderr:
        complaints.append(f"standard error does not name [{case.tag}]")
    want = case.expected.read_text(encoding="latin-1") if case.expected.exists() else None
    got = normalise(result.text())
    if want is None:
        complaints.append(f"{case.expected.name} is missing; pytest --update-cases writes it")
    elif got != want:
        lines = difflib.unified_diff(
            want.splitlines(), got.splitlines(), case.expected.name, "this run", lineterm=""
        )
        complaints.extend(lines)
        complaints.append("(pytest --update-cases accepts this run's result)")
    return "\n".join(complaints)


def write_expected(case: Case, result: Result) -> None:
    """Make the result of a run the expected one."""
    case.expected.write_text(normalise(result.text()), encoding="latin-1")
