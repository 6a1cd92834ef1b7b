"""ProbeTable: every probe there is, with its id, found by description.

Ids go by providers, a block each, in the order of PROVIDERS; a block's place depends on the sizes
of those before it, so an id is the same whichever way a probe was found.  A provider is asked only
if a description may match its probes: BEGIN reads nothing of the kernel's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.diag import KernelError
from dtrace.probes.desc import ProbeDesc
from dtrace.probes.match import field_matcher, is_glob, matches
from dtrace.providers.dtrace import DtraceProvider
from dtrace.providers.profile import ProfileProvider
from dtrace.providers.rawtp import RawtpProvider
from dtrace.providers.sdt import SdtProvider
from dtrace.providers.syscall import SyscallProvider

if TYPE_CHECKING:
    from dtrace.backend.base import Kernel
    from dtrace.probes.desc import Probe
    from dtrace.providers.base import Attributes, Provider

# dtrace, then by name: the order of libdtrace's ids.
PROVIDERS: tuple[type[Provider], ...] = (
    DtraceProvider,
    ProfileProvider,
    RawtpProvider,
    SdtProvider,
    SyscallProvider,
)


class ProbeTable:
    """The probes of one kernel."""

    def __init__(self, kernel: Kernel) -> None:
        """Asks the kernel nothing yet."""
        self._providers = [provider(kernel) for provider in PROVIDERS]
        self._created: dict[str, Probe] = {}  # by their four names
        self._starts: dict[str, int] = {}  # id of each block's first probe, as far as known

    def match(self, desc: ProbeDesc) -> list[Probe]:
        """The probes that `desc` matches, without their args (detail() adds those).

        In libdtrace's order: the highest id first where some part of the description is literal,
        because its hash chains begin with the newest; else by id.  A timer that is named but not
        listed is created.  Raises KernelError where the kernel cannot tell what it has.
        """
        if desc.id:
            return [probe for probe in self.all() if probe.id == desc.id]
        is_asked = field_matcher(desc.provider)
        found = [
            self._numbered(provider, probe)
            for provider in self._providers
            if is_asked(provider.name)
            for probe in provider.list(desc)
            if matches(desc, probe)
        ]
        found.extend(probe for probe in self._created.values() if matches(desc, probe))
        if not found:
            found = self._create(desc)
        if not all(map(is_glob, desc[:4])):
            found.reverse()
        return found

    def all(self) -> list[Probe]:
        """Every probe, by id.  What the kernel cannot tell is left out."""
        anything = ProbeDesc()
        found: list[Probe] = []
        for provider in self._providers:
            if self._count(provider):
                found.extend(self._numbered(provider, probe) for probe in provider.list(anything))
        return [*found, *self._created.values()]

    def detail(self, probe: Probe) -> Probe:
        """`probe` with its typed arguments, and with the fields that its site reads."""
        return self._provider(probe).detail(probe)

    def attributes(self, probe: Probe) -> Attributes:
        """The stability of a probe's names and arguments."""
        return self._provider(probe).attributes

    def _provider(self, probe: Probe) -> Provider:
        return next(p for p in self._providers if p.name == probe.provider)

    def _create(self, desc: ProbeDesc) -> list[Probe]:
        created = []
        for provider in self._providers:
            probe = provider.create(desc)
            if probe is not None and matches(desc, probe):
                probe = probe._replace(id=self._end() + len(self._created))
                self._created[str(probe)] = probe
                created.append(probe)
        return created

    def _numbered(self, provider: Provider, probe: Probe) -> Probe:
        return probe._replace(id=self._start(provider) + probe.id)

    # The id of the first probe of a provider's block.
    def _start(self, provider: Provider) -> int:
        start = self._starts.get(provider.name)
        if start is None:
            before = self._providers[: self._providers.index(provider)]
            start = 1 + sum(map(self._count, before))
            self._starts[provider.name] = start
        return start

    # The id after the last block.
    def _end(self) -> int:
        last = self._providers[-1]
        return self._start(last) + self._count(last)

    @staticmethod
    def _count(provider: Provider) -> int:
        # Where tracefs is missing, the providers that need none still work.
        try:
            return provider.count()
        except KernelError:
            return 0
