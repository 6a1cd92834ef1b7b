"""FUNCTIONS: the library's functions, their shape and their cost."""

from __future__ import annotations

from typing import NamedTuple


class Function(NamedTuple):
    """One function: `u64 name(args)`."""

    name: str
    source: str  # file in src/, without .c; lib/NAME.s holds the compiled function
    args: int
    stack: int = 0  # bytes


FUNCTIONS = {
    f.name: f
    for f in (
        Function("dt_quantize", "quantize", 1),
        Function("dt_stddev", "stddev", 2),
        Function("dt_lltostr", "lltostr", 2),
        Function("dt_inet_ntoa", "inet_ntoa", 2),
        Function("dt_inet_ntoa6", "inet_ntoa6", 2, stack=40),
        Function("dt_link_ntop", "link_ntop", 3),
    )
}
