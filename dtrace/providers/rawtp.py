"""Provider rawtp: tracepoints, with the arguments that the kernel's code passes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.probes.desc import ArgDef, RawTracepoint
from dtrace.providers.tracepoints import TracepointProvider

if TYPE_CHECKING:
    from dtrace.probes.desc import Probe


class RawtpProvider(TracepointProvider):
    """Raw tracepoints; args[n] is the n-th argument of the tracepoint's function."""

    name = "rawtp"

    def site(self, group: str, event: str) -> RawTracepoint:
        return RawTracepoint(event)

    def detail(self, probe: Probe) -> Probe:
        """Typed where the kernel's BTF knows the tracepoint; else the arguments are untyped."""
        types = self._kernel.raw_event_args(probe.name)
        if not types:
            return probe
        return probe._replace(
            site=RawTracepoint(probe.name, len(types)),
            args=tuple(ArgDef(c_type) for c_type in types),
        )
