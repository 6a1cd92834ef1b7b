"""Cooking a clause for one of its probe descriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.diag import CompileError
from dtrace.errtags import ErrTag
from dtrace.lang.nodes import Clause, ExprStmt, If, ProbeSpec, Stmt
from dtrace.probes.desc import ProbeDesc
from dtrace.probes.match import BadDescription, parse_description
from dtrace.sema.args import describe
from dtrace.sema.check import check_clause
from dtrace.sema.compat import value_type
from dtrace.sema.fold import fold
from dtrace.sema.symbols import CookedClause
from dtrace.types.convert import is_scalar

if TYPE_CHECKING:
    from dtrace.sema.context import Context

U64_MAX = (1 << 64) - 1
MAX_PROBE_ID = (1 << 32) - 1


def fold_clause(cx: Context, clause: Clause) -> None:
    """What libdtrace does to a clause while it parses: descriptions, constants, functions' names.

    Raises CompileError.
    """
    for spec in clause.specs:
        _description(cx, spec)
    if clause.predicate is not None:
        clause.predicate = fold(cx, clause.predicate)
    _fold_statements(cx, clause.body or [])


def _fold_statements(cx: Context, body: list[Stmt]) -> None:
    for stmt in body:
        if isinstance(stmt, If):
            stmt.cond = fold(cx, stmt.cond)
            _fold_statements(cx, stmt.then)
            _fold_statements(cx, stmt.other)
        else:
            stmt.expr = fold(cx, stmt.expr)


# What the descriptions of a command line's form are of, by how many fields they have.
_FORMS = {1: "providers", 2: "modules", 3: "functions"}


def _description(cx: Context, spec: ProbeSpec) -> ProbeDesc:
    if spec.text[:1].isdigit():
        return _by_id(cx, spec)
    try:
        desc = parse_description(spec.text, cx.fields)
    except BadDescription as err:
        message = f'invalid probe description "{spec.text}": {err}'
        raise cx.error(ErrTag.D_PDESC_INVAL, message, spec) from None
    return desc


def _by_id(cx: Context, spec: ProbeSpec) -> ProbeDesc:
    """The description of one probe by its number; what stands behind one is a name for which there
    is no probe."""
    name = spec.text.lstrip("0123456789")
    digits = spec.text.removesuffix(name).lstrip("0")
    number = int(digits[: len(str(U64_MAX)) + 1] or "0")
    desc = ProbeDesc(id=number)
    tag = ErrTag.D_PDESC_INVAL
    if number > U64_MAX:
        tag, message = ErrTag.D_INT_OFLOW, f"constant {digits} results in integer overflow"
    elif cx.fields in _FORMS:
        form = _FORMS[cx.fields]
        message = f"probe identifier {number} not permitted when specifying {form}"
    elif number > MAX_PROBE_ID:
        message = f"identifier {number} exceeds maximum probe id"
    elif not number or not cx.matcher(desc):
        message = f"invalid probe identifier {number}: Unknown probe identifier"
    elif name:
        tag, message = ErrTag.D_PDESC_ZERO, f"probe description :::{name} does not match any probes"
    else:
        return desc
    raise cx.error(tag, message, spec)


def cook_clause(cx: Context, clause: Clause, spec: ProbeSpec, number: int) -> CookedClause:
    """Cook `clause`, in place, for the probes that `spec` matches.

    number: the CookedClause's id.

    Raises CompileError.
    """
    cx.at = spec
    cx.desc = desc = _description(cx, spec)
    cx.probes = cx.matcher(desc)
    if not cx.probes and not cx.options.zdefs:
        message = f"probe description {describe(desc)} does not match any probes"
        raise cx.error(ErrTag.D_PDESC_ZERO, message, spec)
    _cook_parts(cx, clause)
    destructive = check_clause(cx, clause)
    cooked = CookedClause(number, clause, cx.probes, spec.text, destructive)
    cx.at = cx.desc = None
    cx.probes = []
    return cooked


def _cook_parts(cx: Context, clause: Clause) -> None:
    """The statements, then the predicate; or, where the statements use what only the predicate
    defines, the predicate first (dt_parser.c, dt_cook_clause)."""
    try:
        _cook_body(cx, clause)
    except CompileError as err:
        unknown = err.tag in (ErrTag.D_IDENT_UNDEF, ErrTag.D_VAR_UNDEF)
        if clause.predicate is None or not unknown:
            raise
        _cook_predicate(cx, clause)
        _cook_body(cx, clause)
        return
    _cook_predicate(cx, clause)


def _cook_body(cx: Context, clause: Clause) -> None:
    cx.region = "in action list"
    _cook_statements(cx, clause.body or [])
    cx.region = ""


def _cook_predicate(cx: Context, clause: Clause) -> None:
    if clause.predicate is None:
        return
    cx.region = "in predicate"
    clause.predicate = cx.cook(clause.predicate)
    if not is_scalar(value_type(clause.predicate)):
        message = "predicate result must be of scalar type"
        raise cx.error(ErrTag.D_PRED_SCALAR, message, clause)
    cx.region = ""


def _cook_statements(cx: Context, body: list[Stmt]) -> None:
    for stmt in body:
        if isinstance(stmt, ExprStmt):
            stmt.expr = cx.cook(stmt.expr)
            continue
        stmt.cond = cond = cx.cook(stmt.cond)
        if not is_scalar(value_type(cond)):
            message = "condition of if must be of scalar type"
            raise cx.error(ErrTag.D_OP_SCALAR, message, cond)
        _cook_statements(cx, stmt.then)
        _cook_statements(cx, stmt.other)
