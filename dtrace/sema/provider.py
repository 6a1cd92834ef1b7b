"""Provider declarations: `provider name { probe p(args) : (args); };`.

They describe an interface; probes come from the providers themselves.  Source: dt_parser.c,
dt_node_provider, dt_node_probe, dt_cook_provider.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtrace.errtags import ErrTag
from dtrace.sema.cook_type import check_prototype, fail
from dtrace.types.convert import same, type_name

if TYPE_CHECKING:
    from dtrace.lang.decls import ProviderDecl, ProviderProbe
    from dtrace.sema.context import Context
    from dtrace.types.model import Type

PROVIDER_MAX = 63  # characters of a provider's name
PROBE_MAX = 63  # and of a probe's
ARGUMENTS_MAX = 255


class Signature(NamedTuple):
    """A probe's native and translated argument types."""

    native: list[Type]
    translated: list[Type] | None


class Provider(NamedTuple):
    """A declared provider."""

    name: str
    probes: dict[str, Signature]


def cook_provider(cx: Context, decl: ProviderDecl) -> None:
    """Check a provider's declaration, the second one of a name against the first.

    Raises CompileError D_PROV_*, D_DECL_PROTO_*.
    """
    name = decl.name
    if "`" in name:
        message = f"provider name may not contain scoping operator: {name}"
        fail(cx, ErrTag.D_PROV_BADNAME, message, decl)
    if len(name) > PROVIDER_MAX:
        message = f"provider name may not exceed {PROVIDER_MAX} characters: {name}"
        fail(cx, ErrTag.D_PROV_BADNAME, message, decl)
    if name[-1:].isdigit():
        message = f"provider name may not end with a digit: {name}"
        fail(cx, ErrTag.D_PROV_BADNAME, message, decl)
    previous = cx.providers.get(name)
    provider = Provider(name, {})
    for probe in decl.probes:
        probe_name = probe.name.replace("__", "-")
        signature = _signature(cx, probe, probe_name)
        if probe_name in provider.probes:
            fail(cx, ErrTag.D_PROV_PRDUP, f"probe redeclared: {name}:::{probe_name}", probe)
        if previous is not None:
            _check_same(cx, previous, probe, probe_name, signature)
        provider.probes[probe_name] = signature
    cx.providers.setdefault(name, provider)


def _signature(cx: Context, probe: ProviderProbe, name: str) -> Signature:
    if "`" in name:
        message = f"probe name may not contain scoping operator: ::{name}"
        fail(cx, ErrTag.D_PROV_BADNAME, message, probe)
    if len(name) > PROBE_MAX:
        message = f"probe name may not exceed {PROBE_MAX} characters: ::{name}"
        fail(cx, ErrTag.D_PROV_BADNAME, message, probe)
    native = check_prototype(cx, probe.native.params, "probe input", void=True)
    translated = None
    if probe.translated is not None:
        translated = check_prototype(
            cx,
            probe.translated.params,
            "probe output",
            void=True,
            anonymous=False,
            formals=probe.native.params,
        )
    for types, which in ((native, "input"), (translated or [], "output")):
        if len(types) > ARGUMENTS_MAX:
            message = (
                f"probe ::{name} {which} prototype exceeds {ARGUMENTS_MAX} parameters: "
                f"{len(types)} params used"
            )
            fail(cx, ErrTag.D_PROV_PRARGLEN, message, probe)
    return Signature(native, translated)


def _check_same(
    cx: Context, previous: Provider, probe: ProviderProbe, name: str, new: Signature
) -> None:
    """A redeclared probe must be as it was.  Raises CompileError D_PROV_INCOMPAT."""
    full = f"{previous.name}:::{name}"
    old = previous.probes.get(name)
    if old is None:
        message = (
            f"provider interface mismatch: {previous.name}\n"
            f"\t current: probe {full} defined\n\tprevious: probe {full} not defined"
        )
        fail(cx, ErrTag.D_PROV_INCOMPAT, message, probe)
    outputs = (old.translated or old.native, new.translated or new.native)
    _check_types(cx, probe, full, "output", *outputs)
    if old.translated is not None and new.translated is not None:
        _check_types(cx, probe, full, "input", old.native, new.native)


def _check_types(
    cx: Context, probe: ProviderProbe, full: str, kind: str, old: list[Type], new: list[Type]
) -> None:
    if len(old) != len(new):
        message = (
            f"probe {full} {kind} prototype mismatch:\n"
            f"\t current: {_arguments(len(new))}\n\tprevious: {_arguments(len(old))}"
        )
        fail(cx, ErrTag.D_PROV_INCOMPAT, message, probe)
    for number, (a, b) in enumerate(zip(old, new, strict=True), 1):
        if not same(a, b):
            message = (
                f"probe {full} {kind} prototype argument #{number} mismatch:\n"
                f"\t current: {type_name(b)}\n\tprevious: {type_name(a)}"
            )
            fail(cx, ErrTag.D_PROV_INCOMPAT, message, probe)


def _arguments(count: int) -> str:
    return f"{count} arg" if count == 1 else f"{count} args"
