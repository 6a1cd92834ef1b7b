"""Library functions as instructions."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

from dtrace.bpflib.functions import FUNCTIONS

if TYPE_CHECKING:
    from emu.prog import Insn

FOLDER = os.path.join(os.path.dirname(__file__), "lib")


@functools.cache
def load(name: str) -> tuple[Insn, ...]:
    """The instructions of library function `name`."""
    from emu.isa.asm import assemble  # not needed by programs that call no library function

    assert name in FUNCTIONS, name
    with open(os.path.join(FOLDER, f"{name}.s"), encoding="ascii") as f:
        return assemble(f.read())
