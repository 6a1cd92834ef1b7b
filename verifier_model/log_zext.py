"""Which insns must clear the high half of a register on machines that do not do it by themselves.

Since 7.3 the table of live registers at the head of a log marks them with `zext`.  Source:
compute_insn_live_regs() and bpf_compute_live_registers(), kernel/bpf/liveness.c, bpf_insn_def32().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import ALU, ALU64, DW, JMP32, LDX, LOAD_ACQ, MEM, STX, X
from emu.kernel.enums import F_NO_USER_CONV
from verifier_model.cfg import is_packet_load
from verifier_model.live_regs import postorder, successors, uses
from verifier_model.static.const_regs import atomic_load_reg

if TYPE_CHECKING:
    from emu.prog import Insn
    from verifier_model.env import Env

_END = 0xD0
_MOV, _CAST = ALU64 | X | 0xB0, 1  # addr_space_cast
_SIZE = 0x18


def zero_extending(env: Env) -> list[bool]:
    """For each insn, whether it writes the low half of a register whose high half is read."""
    insns = env.insns
    live = [0] * len(insns)  # before each insn: registers whose high half is read
    after = [0] * len(insns)
    graph, masks = successors(env), uses(env)
    order = [idx for start in env.subprogs for idx in postorder(env, start)]
    changed = True
    while changed:
        changed = False
        for idx in order:
            out = 0
            for i in graph[idx]:
                out |= live[i]
            use, define = masks[idx]
            before = out & ~define | _reads_high(insns[idx], use)
            if (out, before) != (after[idx], live[idx]):
                after[idx], live[idx] = out, before
                changed = True
    return [
        (regno := _half_written(env, insn)) >= 0 and bool(after[idx] >> regno & 1)
        for idx, insn in enumerate(insns)
    ]


def _reads_high(insn: Insn, use: int) -> int:
    """A mask of the registers whose high half an insn reads; `use`, of all that it reads."""
    cls, size = insn.code & 7, insn.code & _SIZE
    if cls == JMP32 or (cls == ALU and insn.code & 0xF0 != _END):
        return 0
    if cls == STX and size != DW and insn.imm != LOAD_ACQ:
        return 1 << insn.dst  # the address
    return use


def _half_written(env: Env, insn: Insn) -> int:
    """The register whose low half an insn defines, or -1: bpf_insn_def32()."""
    cls, mode, op = insn.code & 7, insn.code & 0xE0, insn.code & 0xF0
    if insn.code == _MOV and insn.off == _CAST:
        converts = env.arena is not None and not env.arena.flags & F_NO_USER_CONV
        return -1 if insn.imm != 1 and converts else insn.dst
    if cls == STX:
        return atomic_load_reg(insn) if insn.code & _SIZE != DW else -1
    if cls in (ALU, ALU64) and op == _END:
        return insn.dst if insn.imm != 64 else -1
    narrow_load = cls == LDX and mode == MEM and insn.code & _SIZE != DW
    if cls == ALU or narrow_load or is_packet_load(insn):
        return insn.dst
    return -1
