"""The table of what is proved, and of what is stated and was not decided yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model.smt.proof import (
    about_alu,
    about_arcs,
    about_bits,
    about_jumps,
    about_mul,
    about_products,
    about_ranges,
    about_stack,
)

if TYPE_CHECKING:
    from verifier_model.rules import Rules
    from verifier_model.smt.proof.obligation import Obligation

STATED = (
    *about_bits.OBLIGATIONS,
    *about_mul.OBLIGATIONS,
    *about_arcs.OBLIGATIONS,
    *about_ranges.OBLIGATIONS,
    *about_alu.OBLIGATIONS,
    *about_products.OBLIGATIONS,
    *about_jumps.OBLIGATIONS,
    *about_stack.OBLIGATIONS,
)

# No proof is claimed: the solver did not decide them in minutes, or has not been asked yet.
UNDECIDED = (
    *("join_ranges", "lsh64", "rsh64", "arsh64", "sub64", "sub32", "refine ", "learn ", "spill "),
    *("linked: sum of a sum", "linked: sum of 32", "linked: base of a sum of 32"),
    *(f"decide j{op}" for op in ("eq32", "eq reg", "eq imm", "ne", "gt", "ge", "lt", "le")),
    *(f"decide js{op}" for op in ("ge", "lt", "le")),
)
# Statements about values that are proved where ranges are arcs (7.2) too, as no others are.
_WITH_ARCS = frozenset(
    (
        *("update 64", "update 64 by members", "update 32", "bound_offset", "zero_extend"),
        *("set_const", "set_const32", "is_impossible", "and32", "mov64"),
        *("coerce_to_size 1", "coerce_to_size 2", "coerce_to_size 4"),
        *("coerce_to_size_sx 1", "coerce_to_size_sx 2"),
    )
)
_ABOUT_VALUES = frozenset(
    row.name
    for rows in (about_ranges, about_alu, about_jumps, about_stack)
    for row in rows.OBLIGATIONS
)


def _claimed(row: Obligation) -> Obligation:
    """The statement, for the releases for which it is proved."""
    if row.name in _WITH_ARCS or row.name not in _ABOUT_VALUES:
        return row

    def applies(rules: Rules) -> bool:
        return row.applies(rules) and not rules.RANGES_CIRCULAR

    return row._replace(applies=applies)


OBLIGATIONS = tuple(_claimed(row) for row in STATED if not row.name.startswith(UNDECIDED))

# Proved in a moment, all releases together; the others take seconds.
QUICK = frozenset(
    row.name
    for row in OBLIGATIONS
    if row.name not in {"tnum add", "tnum sub", "arc64", "arc32", "set_arc64"}
    and row.name
    in {row.name for rows in (about_bits, about_arcs, about_ranges) for row in rows.OBLIGATIONS}
    and not row.name.startswith(("update", "deduce", "sync", "coerce"))
)
