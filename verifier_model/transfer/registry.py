"""@transfer: which function models which rows of emu.isa.table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.prog import Insn
    from verifier_model.env import Env
    from verifier_model.state import VerifierState

    # Changes the state and returns the next insn's index, or None where the path ends.
    Transfer = Callable[[Env, VerifierState, Insn], int | None]

TRANSFERS: dict[str, Transfer] = {}


def transfer(*names: str) -> Callable[[Transfer], Transfer]:
    """Register a function for rows, by name.

    Raises ValueError for a row that has a function already; that every name is a row's and every
    row has a function is a test.
    """

    def register(function: Transfer) -> Transfer:
        for name in names:
            if name in TRANSFERS:
                raise ValueError(f"two transfer functions for {name}")
            TRANSFERS[name] = function
        return function

    return register
