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
    *("lsh64", "rsh64", "arsh64", "sub64", "sub32", "linked: sum of a sum"),
    *(
        f"decide j{op}{half} reg"
        for op in ("eq", "ne", "gt", "ge", "lt", "le", "sge", "slt", "sle")
        for half in ("", "32")
    ),
    *(f"decide {op} imm" for op in ("jeq32", "jne", "jne32", "jsge32")),
    *(f"decide {op} imm" for op in ("jslt", "jslt32", "jsle", "jsle32")),
)
# The same of statements that are proved only where ranges are no arcs: until 7.1.
_NOT_WITH_ARCS = frozenset(
    (
        *("covered by an old state", "add64", "add32"),
        *("linked: sum of 32 bits of the base", "linked: base of a sum of 32 bits"),
        *("decide jeq imm", "decide jset reg", "decide jset32 reg"),
        *("decide jsgt reg", "decide jsgt32 reg"),
        *(f"refine {op}" for op in ("jeq32", "jgt", "jgt32", "jge", "jsgt", "jsgt32", "jsge")),
        *(f"refine {op}" for op in ("jsge32", "jslt", "jslt32", "jsle", "not set", "not set 32")),
    )
)


def _claimed(row: Obligation) -> Obligation:
    """The statement, for the releases for which it is proved."""
    if row.name not in _NOT_WITH_ARCS:
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
