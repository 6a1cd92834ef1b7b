"""What the D library defines, compiled into a session when a program first names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.dlibs.load import find, read

if TYPE_CHECKING:
    from dtrace.sema.context import Context
    from dtrace.source import Source


def load(cx: Context, name: str) -> bool:
    """Define what the library file that has `name`, an inline or a type, defines; False if none
    has it, or if it is in already."""
    file = find(name)
    if file is None or file in cx.libraries:
        return False
    compile_library(cx, read(file))
    return True


def compile_library(cx: Context, source: Source) -> None:
    """Define what a library file defines, wherever in a program that becomes necessary.

    Raises CompileError.
    """
    cx.libraries.add(source.name)
    from dtrace.lang.parser import parse
    from dtrace.sema.program import define

    tree = parse(
        source,
        # A kernel is slow to say that it has no such type, and a library would ask for each word.
        known_types=lambda word: cx.types.typedef(word, kernel=False) is not None,
        known_names=lambda word: cx.names.lookup(word) is not None,
        allow_empty=True,
    )
    names = cx.names
    state = names.program_names, names.parameters, cx.in_library
    names.program_names, names.parameters, cx.in_library = set(names.program_names), [], True
    try:
        for item in tree.items:
            define(cx, item)
    finally:
        names.program_names, names.parameters, cx.in_library = state
