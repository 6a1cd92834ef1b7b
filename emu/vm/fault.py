"""VmFault: what a program does that a verified program can never do."""

from __future__ import annotations

import enum


@enum.unique
class Kind(enum.Enum):
    """Why a program cannot go on."""

    ACCESS = "memory access"  # no memory there, not all of it, or not writable
    INSN = "instruction"  # unknown, malformed, or not emulated
    JUMP = "jump"  # out of the program, or into the middle of an instruction
    HELPER = "helper"  # unknown, not emulated, or an argument of the wrong kind
    DEPTH = "call depth"
    ENDLESS = "endless"  # the budget of instructions is used up


class VmFault(Exception):
    """A program broke a rule that the verifier guards.

    kind: which rule.
    message: what happened, with the values.
    pc: index of the instruction; -1 until the interpreter knows it.
    """

    def __init__(self, kind: Kind, message: str, pc: int = -1) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.pc = pc

    def __str__(self) -> str:
        return f"insn {self.pc}: {self.message}" if self.pc >= 0 else self.message
