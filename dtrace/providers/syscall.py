"""Provider syscall: entry and return of the system calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.probes.desc import ArgDef, Probe, Syscall
from dtrace.probes.match import field_matcher, is_glob
from dtrace.providers.base import PRIVATE, field_arg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtrace.backend.base import Kernel
    from dtrace.probes.desc import ProbeDesc

_MODULE = "vmlinux"
_NAMES = ("return", "entry")  # of each call, in the order of their tracepoints


class SyscallProvider:
    """System calls, by the names of their tracepoints: stat(2) is newstat."""

    name = "syscall"
    attributes = PRIVATE

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._known: dict[str, int] | None = None

    # Asked for once: a session lists more often than it adds system calls.
    def _calls(self) -> dict[str, int]:
        if self._known is None:
            self._known = self._kernel.syscalls()
        return self._known

    def count(self) -> int:
        return len(self._calls()) * len(_NAMES)

    def list(self, desc: ProbeDesc) -> Sequence[Probe]:
        if not is_glob(desc.name) and desc.name not in _NAMES:
            return []
        fits = field_matcher(desc.function)
        return [
            Probe(
                place * len(_NAMES) + side,
                self.name,
                _MODULE,
                call,
                name,
                Syscall(call, number, name == "entry"),
            )
            for place, (call, number) in enumerate(self._calls().items())
            if fits(call)
            for side, name in enumerate(_NAMES)
        ]

    def create(self, desc: ProbeDesc) -> Probe | None:
        return None

    def detail(self, probe: Probe) -> Probe:
        """Entry: the call's parameters, pointers being the process's.  Return: the result."""
        if probe.name == "return":
            return probe._replace(args=(ArgDef("long"),))
        fields = self._kernel.event_fields("syscalls", f"sys_enter_{probe.function}")
        # The first field is the call's number; what is of variable length is the kernel's copy
        # of what a parameter points to.
        params = [f.type for f in fields[1:] if not f.type.startswith("__data_loc")]
        return probe._replace(args=tuple(field_arg(c_type, user=True) for c_type in params))
