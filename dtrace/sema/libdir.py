"""Folders of further D libraries: the option libdir (-L), and syslibdir, which replaces our own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dtrace.diag import CompileError
from dtrace.lang.pragma import control_lines
from dtrace.sema.library import compile_library
from dtrace.source import Marker, Source, Span

if TYPE_CHECKING:
    from dtrace.sema.context import Context


def load_folder(cx: Context, folder: str, program: Source) -> None:
    """Compile every .d file of `folder`, each after those that it depends on.  A folder that is
    not there has none.

    program: what the libraries are for; messages about them begin as those about it.

    Raises CompileError: without a tag for a dependency that is missing or leads back.
    """
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".d"))
    except OSError:
        return
    files = {path: _read(path, program) for path in (f"{folder}/{name}" for name in names)}
    for path in _in_order(files, folder, program):
        if _is_wanted(cx, files[path]):
            compile_library(cx, files[path])


def _read(path: str, program: Source) -> Source:
    try:
        with open(path, encoding="latin-1") as opened:
            source = Source(opened.read(), path, program.prefix)
    except OSError as err:
        message = f"failed to open library {path}: {err.strerror}"
        raise CompileError(None, message, Span(program, 0, 0)) from None
    source.markers = (Marker(0, 1, path),)
    return source


def _dependencies(source: Source, kind: str) -> list[str]:
    # What `#pragma D depends_on KIND NAME` lines of a file name.
    wanted = ["D", "depends_on", kind]
    markers = source.markers
    found = [p.words[3] for p in control_lines(source) if p.words[:3] == wanted and p.words[3:]]
    source.markers = markers
    return found


def _in_order(files: dict[str, Source], folder: str, program: Source) -> list[str]:
    # The files, each after those that it depends on.
    users: dict[str, list[str]] = {path: [] for path in files}  # that depend on each file
    for path, source in files.items():
        for name in _dependencies(source, "library"):
            needed = f"{folder}/{name}"
            if needed not in files:
                message = f"Invalid library dependency in {path}: {needed}"
                raise CompileError(None, message, Span(program, 0, 0))
            users[needed].append(path)
    ordered: list[str] = []  # each after those that depend on it

    def visit(path: str, above: list[str]) -> None:
        for user in users[path]:
            if user in (*above, path):
                message = f"Cyclic dependency detected: {(above or [path])[-1]} => {path}"
                raise CompileError(None, message, Span(program, 0, 0))
            if user not in ordered:
                visit(user, [*above, path])
        ordered.append(path)

    for path in files:
        if path not in ordered:
            visit(path, [])
    return ordered[::-1]


def _is_wanted(cx: Context, source: Source) -> bool:
    # A library for providers or modules that are not there is passed over.
    from dtrace.sema.pragma import known

    return all(
        name in known(cx, kind)
        for kind in ("provider", "module")
        for name in _dependencies(source, kind)
    )
