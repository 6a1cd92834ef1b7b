"""What an instruction over virtual registers reads and writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import VReg

if TYPE_CHECKING:
    from dtrace.bpf.code import Ins

# By how a name in emu.isa.table begins; any other instruction with a dst reads and writes it.
_WRITES_ONLY = ("mov", "ldx", "ld_imm64", "call")
_READS_ONLY = ("st", "atomic", "j")


def reads_dst(name: str) -> bool:
    """Whether the instruction needs dst's old value."""
    return not name.startswith(_WRITES_ONLY)


def writes_dst(name: str) -> bool:
    """Whether the instruction changes dst."""
    return not name.startswith(_READS_ONLY)


def uses(ins: Ins) -> list[VReg]:
    """The registers that `ins` reads."""
    regs = [] if ins.name == "params" else [a for a in ins.args if isinstance(a, VReg)]
    if ins.src is not None:
        regs.append(ins.src)
    if ins.dst is not None and reads_dst(ins.name):
        regs.append(ins.dst)
    return regs


def defs(ins: Ins) -> list[VReg]:
    """The registers that `ins` writes."""
    if ins.name == "params":
        return [a for a in ins.args if isinstance(a, VReg)]
    if ins.dst is not None and writes_dst(ins.name):
        return [ins.dst]
    return []


def is_pure(ins: Ins) -> bool:
    """Whether `ins` does nothing but write dst."""
    return ins.dst is not None and writes_dst(ins.name) and ins.name != "call"
