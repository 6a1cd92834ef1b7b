"""The table of what is proved."""

from __future__ import annotations

from verifier_model.smt.proof import (
    about_alu,
    about_arcs,
    about_bits,
    about_jumps,
    about_mul,
    about_products,
    about_ranges,
    about_stack,
    about_sums,
)

OBLIGATIONS = (
    *about_bits.OBLIGATIONS,
    *about_mul.OBLIGATIONS,
    *about_arcs.OBLIGATIONS,
    *about_ranges.OBLIGATIONS,
    *about_sums.OBLIGATIONS,
    *about_alu.OBLIGATIONS,
    *about_products.OBLIGATIONS,
    *about_jumps.OBLIGATIONS,
    *about_stack.OBLIGATIONS,
)

# Proved in a moment, all releases together; the others take seconds.
QUICK = frozenset(
    row.name
    for row in OBLIGATIONS
    if row.name not in {"tnum add", "tnum sub", "arc64", "arc32", "set_arc64"}
    and row.name
    in {row.name for rows in (about_bits, about_arcs, about_ranges) for row in rows.OBLIGATIONS}
    and not row.name.startswith(("update", "deduce", "sync", "coerce"))
)
