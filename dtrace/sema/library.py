"""Names that the D library defines, compiled into a session when they are first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.dlibs.load import find, read

if TYPE_CHECKING:
    from dtrace.sema.context import Context


def load(cx: Context, name: str) -> bool:
    """Define what the library file that has `name` defines; False if none has it."""
    file = find(name)
    if file is None or file in cx.libraries:
        return False
    from dtrace.lang.parser import parse
    from dtrace.sema.inline import cook_inline

    cx.libraries.add(file)
    tree = parse(read(file), known_types=lambda word: cx.types.typedef(word) is not None)
    before = set(cx.names.program_names)
    for item in tree.items:
        cook_inline(cx, item)  # type: ignore[arg-type]  # library files hold inlines only
    cx.names.program_names = before
    return True
