"""The conversion between numbers and pointers into an arena: check_alu_op()."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EINVAL
from verifier_model.reg import PTR_TO_ARENA
from verifier_model.transfer.registry import transfer
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from emu.prog import Insn
    from verifier_model.env import Env
    from verifier_model.state import VerifierState


@transfer("addr_space_cast")
def transfer_addr_space_cast(env: Env, state: VerifierState, insn: Insn) -> int:
    """A number becomes a pointer into the arena, or a pointer a number."""
    if env.arena is None:
        text = "addr_space_cast insn can only be used in a program that has an associated arena"
        raise Reject(text, EINVAL)
    env.read_reg(state, insn.src)
    env.check_writable(state, insn.dst)
    new = env.unknown()
    if insn.imm == 1:
        new.type = PTR_TO_ARENA
    env.write_reg(state, insn.dst, new)
    return env.insn_idx + 1
