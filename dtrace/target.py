"""Target: what code is generated for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel as Profile


class Target(NamedTuple):
    """A kernel, and the sizes that options set."""

    profile: Profile
    cpus: int  # possible CPUs
    strsize: int = 256  # bytes of a string, the NUL included (2.0.4 and later)
    dynvarsize: int = 1 << 20  # bytes for each dynamic variable's map
    aggsize: int = 4 << 20  # bytes per CPU for each aggregation's map
    scratchsize: int = 256
    bufsize: int = 4 << 20  # bytes of each CPU's buffer
    cpu: int | None = None  # the only one to trace on
