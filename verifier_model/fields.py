"""Fields that an instruction does not use must be zero.

Source: the "uses reserved fields" checks of do_check(), check_alu_op() and check_cond_jmp_op(),
since 7.1 all in check_and_resolve_insns().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa import table
from emu.isa.table import ALU, ALU64, JMP, JMP32, LD, LDX, ST, STX, Field
from emu.kernel.enums import ProgType
from emu.kernel.errno import EINVAL
from emu.kernel.traits import Trait
from emu.prog import PSEUDO_CALL, PSEUDO_KFUNC_CALL
from verifier_model.cfg import MAY_GOTO
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from emu.prog import Insn
    from verifier_model.env import Env

_DST, _SRC, _OFF, _IMM = (int(f) for f in (Field.DST, Field.SRC, Field.OFF, Field.IMM))
_JA, _CALL, _EXIT = 0x00, 0x80, 0x90
_NEG, _MOV, _END, _LAST_ALU, _LAST_JMP = 0x80, 0xB0, 0xD0, 0xD0, 0xE0
# may_access_skb()
MAY_LOAD_PACKET = (ProgType.SOCKET_FILTER, ProgType.SCHED_CLS, ProgType.SCHED_ACT)
_ATOMIC, _LD_IMM64 = 0xC0, 0x18
# ADD, OR, AND and XOR, each without and with BPF_FETCH; BPF_XCHG; BPF_CMPXCHG.
_ATOMIC_OPS = (0x00, 0x01, 0x40, 0x41, 0x50, 0x51, 0xA0, 0xA1, 0xE1, 0xF1)


_CASTS = (1, 1 << 16)  # from address space 1 to 0, and back


def is_atomic(insn: Insn) -> bool:
    """Whether it is one of those whose fields the walk checks in all releases."""
    return insn.code & 7 == STX and insn.code & 0xE0 == _ATOMIC


def check(env: Env, idx: int) -> None:
    """Refuse an insn with a field set that it does not use, or that the release does not have."""
    insn = env.insns[idx]
    cls = insn.code & 7
    row = env.rows[idx]
    known = row is not None and (row.needs is None or env.kernel.has(row.needs))
    leads_nowhere = insn.code == MAY_GOTO and not insn.off and not env.rules.MAY_GOTO_0
    if known and row is not None and not _uses_reserved(insn, row) and not leads_nowhere:
        if cls in (JMP, JMP32) and insn.code & 0xF0 == _CALL:
            _check_call(env, insn)
        elif row.name == "addr_space_cast" and insn.imm not in _CASTS:
            text = "addr_space_cast insn can only convert between address space 1 and 0"
            raise Reject(text, EINVAL)
        return
    raise Reject(_complaint(env, insn, row is not None), EINVAL)


def _uses_reserved(insn: Insn, row: table.InsnDef) -> bool:
    _, dst, src, off, imm = insn
    free = _USED[row.name]
    return bool(
        (dst and not free & _DST)
        or (src and not free & _SRC)
        or (off and not free & _OFF)
        or (imm and not free & _IMM)
    )


# By row: the fields that mean something.
_USED = {row.name: int(row.uses | table.selects(row.code)) for row in table.INSNS}


def _check_call(env: Env, insn: Insn) -> None:
    kfunc = insn.src == PSEUDO_KFUNC_CALL and env.kernel.has(Trait.KFUNC_CALLS)
    if not kfunc and (insn.src not in (0, PSEUDO_CALL) or insn.off):
        raise Reject("BPF_CALL uses reserved fields", EINVAL)


def _complaint(env: Env, insn: Insn, in_table: bool) -> str:
    code, cls = insn.code, insn.code & 7
    op = code & 0xF0
    if cls in (ALU, ALU64):
        if op > _LAST_ALU:
            return f"invalid BPF_ALU opcode {op:x}"
        names = {_NEG: "BPF_NEG", _END: "BPF_END", _MOV: "BPF_MOV"}
        return f"{names.get(op, 'BPF_ALU')} uses reserved fields"
    if cls in (JMP, JMP32):
        if cls == JMP32 and not env.rules.JMP32:
            return f"unknown opcode {code:02x}"
        names = {_JA: "BPF_JA", _CALL: "BPF_CALL", _EXIT: "BPF_EXIT"}
        both = "BPF_JMP/JMP32" if env.rules.TEXT_JMP32 else "BPF_JMP"
        if op == _LAST_JMP and env.kernel.has(Trait.MAY_GOTO):
            off = "" if env.rules.MAY_GOTO_0 else f"off {insn.off} "
            return f"invalid may_goto {off}imm {insn.imm}"
        if op >= _LAST_JMP:
            return f"invalid {both} opcode {op:x}"
        return f"{names.get(op, both)} uses reserved fields"
    if is_atomic(insn) and env.rules.ATOMIC_FETCH:
        if insn.imm in _ATOMIC_OPS and insn.code & 0x18 not in (0x00, 0x18):
            return "invalid atomic operand size"
        return f"BPF_ATOMIC uses invalid atomic opcode {insn.imm & 0xFFFFFFFF:02x}"
    if is_atomic(insn):
        return "BPF_XADD uses reserved fields"
    if cls == LD:
        mode = code & 0xE0
        if mode == 0x00:
            wide = code == _LD_IMM64
            return "BPF_LD_IMM64 uses reserved fields" if wide else "invalid BPF_LD_IMM insn"
        if mode in (0x20, 0x40):
            if not env.rules.INSNS_CHECKED_FIRST and env.prog_type not in MAY_LOAD_PACKET:
                return "BPF_LD_[ABS|IND] instructions not allowed for this program type"
            return "BPF_LD_[ABS|IND] uses reserved fields"
        return "invalid BPF_LD mode"
    names = {LDX: "BPF_LDX", ST: "BPF_ST", STX: "BPF_STX"}
    return f"{names[cls]} uses reserved fields"
