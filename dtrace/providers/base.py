"""Provider: a family of probes, listed no further than a description asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from dtrace.probes.desc import ArgDef

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtrace.backend.base import Kernel
    from dtrace.probes.desc import Probe, ProbeDesc


class Attributes(NamedTuple):
    """Stability of a provider's names, each as Name/Data/Class (chapter Stability)."""

    probe: str  # of its probe descriptions
    args: str  # of its args[]


PRIVATE = Attributes("Private/Private/Unknown", "Private/Private/ISA")


class Provider(Protocol):
    """A family of probes.

    Its probes form one block of ids, in the order of the listing.  Here a probe's id is its place
    in that block, from 0; ProbeTable adds where the block begins.
    """

    name: str
    attributes: Attributes

    def __init__(self, kernel: Kernel) -> None:
        """Costs nothing: `kernel` is asked only by the other methods."""

    def count(self) -> int:
        """Number of probes in the block.  Raises KernelError."""

    def list(self, desc: ProbeDesc) -> Iterable[Probe]:
        """The probes of the block that `desc` may match; those it cannot match may be left out.

        Raises KernelError where they cannot be known.
        """

    def create(self, desc: ProbeDesc) -> Probe | None:
        """A probe that `desc` names and the block does not have, with id -1; None for none."""

    def detail(self, probe: Probe) -> Probe:
        """`probe` with its args, and with its site's fields.  Raises KernelError."""


# What the kernel writes into types that says nothing about a value.
_NOISE = frozenset(
    ("const", "volatile", "__user", "__rcu", "__iomem", "__percpu", "__seg_gs", "__seg_fs")
)
_INDIRECT = ("__data_loc ", "__rel_loc ")  # the field holds where in the record the value is


def field_arg(c_type: str, *, user: bool = False) -> ArgDef:
    """The typed argument that a tracepoint's field is: "const char *" is char *.

    A field of variable length is its u32 of offset and length.  user: pointers are the process's.
    """
    if c_type.startswith(_INDIRECT):
        return ArgDef("u32")
    base, bracket, bounds = c_type.partition("[")
    words = [word for word in base.replace("*", " * ").split() if word not in _NOISE]
    stars = words.count("*")
    parts = [word for word in words if word != "*"]
    if stars:
        parts.append("*" * stars)
    if bracket:
        parts.append(bracket + bounds)
    return ArgDef(" ".join(parts), user=user and bool(stars))
