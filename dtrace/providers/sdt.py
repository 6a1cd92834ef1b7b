"""Provider sdt: tracepoints, as the records that perf sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.probes.desc import Tracepoint
from dtrace.providers.base import field_arg
from dtrace.providers.tracepoints import TracepointProvider

if TYPE_CHECKING:
    from dtrace.probes.desc import Probe


class SdtProvider(TracepointProvider):
    """Tracepoints; args[n] is the n-th field of the record."""

    name = "sdt"

    def site(self, group: str, event: str) -> Tracepoint:
        return Tracepoint(group, event)

    def detail(self, probe: Probe) -> Probe:
        fields = self._kernel.event_fields(probe.module, probe.name)
        return probe._replace(
            site=Tracepoint(probe.module, probe.name, fields),
            args=tuple(field_arg(field.type) for field in fields),
        )
