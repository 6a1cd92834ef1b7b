"""What sdt and rawtp share: a probe for each tracepoint that is not a system call's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.probes.desc import Probe
from dtrace.probes.match import field_matcher, is_glob
from dtrace.providers.base import PRIVATE
from dtrace.providers.dtrace import NAMES as SESSION_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtrace.backend.base import Kernel
    from dtrace.probes.desc import ProbeDesc, Site


class TracepointProvider:
    """Tracepoints: the group is the module, the event the name, and there is no function."""

    name: str
    attributes = PRIVATE

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._known: Sequence[tuple[str, str]] | None = None

    def site(self, group: str, event: str) -> Site:
        """Where the probe of that tracepoint fires."""
        raise NotImplementedError

    def count(self) -> int:
        return len(self._events())

    def list(self, desc: ProbeDesc) -> Sequence[Probe]:
        # Events are C identifiers without a function: no need to look for others.
        name = desc.name
        if not is_glob(desc.function) or not (
            is_glob(name) or (name.isidentifier() and name not in SESSION_NAMES)
        ):
            return []
        fits, fits_group = field_matcher(name), field_matcher(desc.module)
        return [
            Probe(place, self.name, group, "", event, self.site(group, event))
            for place, (group, event) in enumerate(self._events())
            if fits(event) and fits_group(group)
        ]

    def create(self, desc: ProbeDesc) -> Probe | None:
        return None

    def _events(self) -> Sequence[tuple[str, str]]:
        if self._known is None:
            self._known = [pair for pair in self._kernel.events() if pair[0] != "syscalls"]
        return self._known
