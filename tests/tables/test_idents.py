"""IDENTS: every row against its readers, and against what is known of D."""

from __future__ import annotations

from importlib import import_module

import pytest

from dtrace.codegen.act import ACTIONS
from dtrace.codegen.agg import BUCKETS, UPDATES
from dtrace.codegen.builtin import BUILTINS
from dtrace.codegen.call import MODULES
from dtrace.probes.desc import PROBE_PARTS
from dtrace.sema.context import Context, CookOptions
from dtrace.sema.idents import _ROWS, IDENTS, AggFunc, IdentDef, IdentKind
from dtrace.sema.proto import parse_prototype
from dtrace.target import Target

# Types that only a kernel's own type information has.
KERNEL_TYPES = {"msgdsize", "msgsize", "rw_iswriter", "rw_read_held", "rw_write_held", "curcpu"}

ROWS = list(IDENTS.values())
FUNCTIONS = [r for r in ROWS if "(" in r.prototype and r.name not in KERNEL_TYPES]
VARIABLES = [r for r in ROWS if r.kind is IdentKind.VARIABLE and r.name not in KERNEL_TYPES]


def context() -> Context:
    return Context(Target(None, 1), lambda desc: [], CookOptions())  # type: ignore[arg-type]


def test_no_name_has_two_rows() -> None:
    assert len(_ROWS) == len(IDENTS)


@pytest.mark.parametrize("row", FUNCTIONS, ids=lambda row: row.name)
def test_a_prototype_can_be_read(row: IdentDef) -> None:
    signature = parse_prototype(context(), row.name, row.prototype)
    assert signature.least >= 0
    assert signature.most == -1 or signature.least <= signature.most


@pytest.mark.parametrize("row", VARIABLES, ids=lambda row: row.name)
def test_a_variables_type_is_known(row: IdentDef) -> None:
    assert context().types.parse(row.prototype) is not None


def test_every_aggregating_function_has_a_row() -> None:
    rows = {r.name for r in ROWS if r.kind is IdentKind.AGGFUNC}
    assert rows == {func.value for func in AggFunc}
    assert rows == {*UPDATES, *BUCKETS}


@pytest.mark.parametrize(
    ("kind", "generated"),
    [
        (IdentKind.ACTION, set(ACTIONS)),
        (IdentKind.SUBROUTINE, set(MODULES)),
        (IdentKind.VARIABLE, {*BUILTINS, *PROBE_PARTS, *(f"arg{n}" for n in range(10))}),
    ],
)
def test_just_the_implemented_names_can_be_generated(kind: IdentKind, generated: set[str]) -> None:
    assert {r.name for r in ROWS if r.kind is kind and r.implemented} == generated


def test_arguments_in_brackets_are_optional_and_dots_are_any_number() -> None:
    cx = context()
    least_and_most = {
        name: parse_prototype(cx, name, IDENTS[name].prototype)[2:]
        for name in ("exit", "trunc", "printf", "count", "lquantize", "substr")
    }
    assert least_and_most == {
        "exit": (1, 1),
        "trunc": (1, 2),
        "printf": (1, -1),
        "count": (0, 0),
        "lquantize": (3, -1),
        "substr": (2, 3),
    }


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_subroutine_is_in_the_module_that_is_said_to_have_it(name: str) -> None:
    module = import_module(f"dtrace.codegen.subr.{MODULES[name]}")
    assert callable(getattr(module, f"cg_subr_{name}"))
