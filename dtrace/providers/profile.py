"""Provider profile: profile-N on every CPU and tick-N on one, N a rate or a period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.probes.desc import Probe, Timer
from dtrace.probes.match import field_matcher
from dtrace.providers.base import Attributes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtrace.backend.base import Kernel
    from dtrace.probes.desc import ProbeDesc

_SECOND = 1_000_000_000  # nanoseconds
_UNITS = {  # nanoseconds; capitals count as small letters.  "hz" and no unit are per second.
    "ns": 1,
    "nsec": 1,
    "us": 1_000,
    "usec": 1_000,
    "ms": 1_000_000,
    "msec": 1_000_000,
    "s": _SECOND,
    "sec": _SECOND,
    "m": 60 * _SECOND,
    "min": 60 * _SECOND,
    "h": 3600 * _SECOND,
    "hour": 3600 * _SECOND,
    "d": 86400 * _SECOND,
    "day": 86400 * _SECOND,
}
_SHORTEST = 200_000  # nanoseconds: what libdtrace allows
_LONGEST = (1 << 63) - 1  # perf_event_open(2) refuses a sample_period with the top bit

_LISTED = (  # (name's first word, rate per second)
    *(("profile", rate) for rate in (97, 199, 499, 997, 1999, 4001, 4999)),
    *(("tick", rate) for rate in (1, 10, 100, 500, 1000, 5000)),
)


def timer(name: str) -> Timer | None:
    """The timer that a probe's name stands for, or None where it stands for none.

    "tick-10ms": every 10 ms on one CPU; "profile-97": 97 times a second on each.  Periods below
    200 us are none.
    """
    kind, dash, value = name.partition("-")
    if not dash or kind not in ("profile", "tick"):
        return None
    unit = value.lstrip("0123456789")
    digits = value[: len(value) - len(unit)]
    # 20 digits hold every 64-bit number; int() of many more would take its time.
    if not digits or len(digits) > 20:
        return None
    number, unit = int(digits), unit.lower()
    if unit in ("", "hz"):
        period = _SECOND // number if number else 0
    elif unit in _UNITS:
        period = number * _UNITS[unit]
    else:
        return None
    return Timer(period, kind == "profile") if _SHORTEST <= period <= _LONGEST else None


class ProfileProvider:
    """Timers: some rates are listed, others come into being when they are named."""

    name = "profile"
    attributes = Attributes("Evolving/Evolving/Common", "Evolving/Evolving/Common")

    def __init__(self, kernel: Kernel) -> None:
        pass

    def count(self) -> int:
        return len(_LISTED)

    def list(self, desc: ProbeDesc) -> Sequence[Probe]:
        probes = []
        fits = field_matcher(desc.name)
        for place, (kind, rate) in enumerate(_LISTED):
            name = f"{kind}-{rate}"
            if fits(name):
                site = Timer(_SECOND // rate, kind == "profile")
                probes.append(Probe(place, self.name, "", "", name, site))
        return probes

    def create(self, desc: ProbeDesc) -> Probe | None:
        site = timer(desc.name)
        return Probe(-1, self.name, "", "", desc.name, site) if site else None

    def detail(self, probe: Probe) -> Probe:
        return probe
