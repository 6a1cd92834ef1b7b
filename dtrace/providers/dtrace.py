"""Provider dtrace: BEGIN, END and ERROR."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.probes.desc import Begin, End, Error, Probe
from dtrace.providers.base import Attributes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtrace.backend.base import Kernel
    from dtrace.probes.desc import ProbeDesc

# Names that no other provider has: a description of just BEGIN asks nobody else.
NAMES = ("BEGIN", "END", "ERROR")

_PROBES = (
    Probe(0, "dtrace", "", "", "BEGIN", Begin()),
    Probe(1, "dtrace", "", "", "END", End()),
    Probe(2, "dtrace", "", "", "ERROR", Error()),
)


class DtraceProvider:
    """The probes of the tracing session itself."""

    name = "dtrace"
    attributes = Attributes("Stable/Stable/Common", "Stable/Stable/Common")

    def __init__(self, kernel: Kernel) -> None:
        pass

    def count(self) -> int:
        return len(_PROBES)

    def list(self, desc: ProbeDesc) -> Sequence[Probe]:
        return _PROBES

    def create(self, desc: ProbeDesc) -> Probe | None:
        return None

    def detail(self, probe: Probe) -> Probe:
        return probe
