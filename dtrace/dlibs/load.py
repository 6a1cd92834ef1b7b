"""Which file of the D library defines a name.

Nothing is read until a program uses a name that is neither its own nor built in, and then only the
file that has it is compiled.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache

from dtrace.source import Source

FOLDER = os.path.dirname(__file__)
# An inline, with or without parameters; a typedef in one line; a struct's typedef, at its end.
_DEFINITION = re.compile(
    r"^(?:inline [\w`* ]*?(?=\w+(?:\[[^\]]*\])? =)|typedef [\w *]*?(?=\w+;)|\} )(\w+)", re.MULTILINE
)


def find(name: str) -> str | None:
    """The file, in FOLDER, that defines an inline or a type of that name, or None."""
    return _index().get(name)


def read(file: str) -> Source:
    """A file of the library."""
    with open(os.path.join(FOLDER, file), encoding="latin-1") as opened:
        return Source(opened.read(), file, f"failed to compile library {file}")


@lru_cache(maxsize=1)
def _index() -> dict[str, str]:
    return {
        name: file
        for file in sorted(os.listdir(FOLDER))
        if file.endswith(".d")
        for name in _DEFINITION.findall(read(file).text)
    }
