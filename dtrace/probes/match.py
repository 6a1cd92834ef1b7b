"""Probe descriptions: from text to ProbeDesc, and which probes one matches.

Source: DTrace guide, chapter "Program Structure"; dt_subr.c, dtrace_xstr2desc; dt_probe.c.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from dtrace.probes.desc import ProbeDesc

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.probes.desc import Probe

FIELDS = ("provider", "module", "function", "name")
_GLOB = "*?[\\"


class BadDescription(ValueError):
    """A description that cannot be read; its text is what DTrace says of it."""


def parse_description(text: str, fields: int = 4) -> ProbeDesc:
    """`provider:module:function:name`, filled from the right: `read:entry` is a function and a
    name.  What stands before a colon at the beginning is empty, whether it has a place or not.

    fields: how many the form of the command line has: 4 for -n and scripts, 3 for -f, 2 for -m, 1
        for -P; those of -f, -m and -P are the first ones.

    Raises BadDescription for too many fields.
    """
    parts = [part.strip() for part in text.strip().split(":")]
    if len(parts) == fields + 1 and not parts[0]:
        del parts[0]
    if len(parts) > fields:
        raise BadDescription("Overspecified probe description")
    whole = ["", "", "", ""]
    whole[fields - len(parts) : fields] = parts
    provider, module, function, name = whole
    return ProbeDesc(provider, module, function, name)


def is_glob(pattern: str) -> bool:
    """Whether `pattern` can match more than one name."""
    return not pattern or any(c in pattern for c in _GLOB)


def matches(desc: ProbeDesc, probe: Probe) -> bool:
    """Whether `probe` is one of those that `desc` describes."""
    if desc.id:
        return probe.id == desc.id
    return all(
        field_matcher(pattern)(value)
        for pattern, value in zip(desc[:4], probe[1:5], strict=True)
        if pattern
    )


@lru_cache(maxsize=256)
def field_matcher(pattern: str) -> Callable[[str], bool]:
    """The test for one field's pattern: `*`, `?`, `[a-z]`, `[!x]`, `\\` to quote; "" is any."""
    if pattern in ("", "*"):
        return _any
    if not is_glob(pattern):
        return pattern.__eq__
    import re

    compiled = re.compile(_regex(pattern), re.DOTALL)
    return lambda value: compiled.fullmatch(value) is not None


def _any(value: str) -> bool:
    return True


def _regex(pattern: str) -> str:
    import re

    out: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            out.append(".*")
        elif char == "?":
            out.append(".")
        elif char == "\\" and at < len(pattern):
            out.append(re.escape(pattern[at]))
            at += 1
        elif char == "[" and (end := pattern.find("]", at + 1 + (pattern[at : at + 1] == "!"))) > 0:
            inside = pattern[at:end].replace("\\", "\\\\").replace("[", "\\[")
            negated = inside.startswith("!")
            out.append(f"[^{inside[1:]}]" if negated else f"[{inside.replace('^', chr(92) + '^')}]")
            at = end + 1
        else:
            out.append(re.escape(char))
    return "".join(out)
