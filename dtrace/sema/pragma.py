"""What `#pragma D` lines do: options, dependencies, and the names that others are about.

Their form has been checked when they were read (dtrace.lang.pragma).  Source: dt_pragma.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.errtags import ErrTag
from dtrace.lang.pragma import option_setting
from dtrace.optvalues import OptionError
from dtrace.sema.idents import IDENTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtrace.lang.decls import Pragma
    from dtrace.sema.context import Context

_PROVIDER_PARTS = ("provider", "module", "function", "name", "args")


def cook_pragma(cx: Context, pragma: Pragma) -> None:
    """Obey one control line.

    Raises CompileError D_PRAGMA_OPTSET, D_PRAGMA_INVAL, D_PRAGMA_SCOPE, D_PRAGMA_DEPEND.
    """
    if pragma.kind != "pragma" or pragma.words[:1] != ["D"]:
        return
    setting = option_setting(pragma)
    if setting is not None:
        _option(cx, pragma, *setting)
        return
    match pragma.words[1:]:
        case ["attributes", _, "provider", provider, part, *_]:
            _provider_attributes(cx, pragma, provider, part)
        case ["attributes", _, name, *_] | ["binding", _, name, *_]:
            _about_name(cx, pragma, name)
        case ["depends_on", kind, name]:
            _depends_on(cx, pragma, kind, name)


def _option(cx: Context, pragma: Pragma, name: str, value: str | None) -> None:
    if cx.options.set_option is None:
        return
    try:
        cx.options.set_option(name, value)
    except OptionError as err:
        to = f" to '{value}'" if value is not None else ""
        message = f"failed to set option '{name}'{to}: {err}"
        raise cx.error(ErrTag.D_PRAGMA_OPTSET, message, pragma) from None


def _provider_attributes(cx: Context, pragma: Pragma, provider: str, part: str) -> None:
    if part not in _PROVIDER_PARTS:
        message = f'invalid component "{provider}" in attribute #pragma for provider {part}'
        raise cx.error(ErrTag.D_PRAGMA_INVAL, message, pragma)


def _about_name(cx: Context, pragma: Pragma, name: str) -> None:
    # A name may be defined after the pragma about it, but in the same program.
    kind = pragma.words[1]
    if name in cx.names.program_names:
        return
    if name in IDENTS or name in cx.names.globals:
        message = f"#pragma {kind} cannot modify entity defined outside program scope"
        raise cx.error(ErrTag.D_PRAGMA_SCOPE, message, pragma)
    cx.pending_pragmas.append((name, pragma))


def check_used(cx: Context) -> None:
    """Check that the program defined every name that a pragma was about.

    Raises CompileError D_PRAGMA_UNUSED.
    """
    for name, pragma in cx.pending_pragmas:
        if name not in cx.names.program_names and not (name == "translator" and cx.translators):
            message = f"unused #pragma {pragma.words[1]}"
            raise cx.error(ErrTag.D_PRAGMA_UNUSED, message, pragma)
    cx.pending_pragmas.clear()


def _depends_on(cx: Context, pragma: Pragma, kind: str, name: str) -> None:
    if kind == "library":
        if cx.in_library:
            return
        message = "main program may not explicitly depend on a library"
        raise cx.error(ErrTag.D_PRAGMA_DEPEND, message, pragma)
    if name not in known(cx, kind):
        message = f"program requires {kind} {name}"
        raise cx.error(ErrTag.D_PRAGMA_DEPEND, message, pragma)


def known(cx: Context, kind: str) -> Iterable[str]:
    """The names of all providers or modules there are."""
    from dtrace.probes.desc import ProbeDesc

    if kind == "module":
        return ("vmlinux",)
    return {probe.provider for probe in cx.matcher(ProbeDesc())}
