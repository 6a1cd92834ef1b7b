"""Log: the verifier's log, line by line, and the names of types in it.

Source: kernel/bpf/log.c and, for the older releases, verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import ALU, ALU64
from verifier_model.reg import RegType

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.log_reg import RegText
    from verifier_model.reg import RegState
    from verifier_model.rules import Rules

_GOTOL = 0x06


class Log:
    """Lines as a kernel collects them; nothing is kept at level 0."""

    __slots__ = ("insn_line", "insn_texts", "level", "lines", "path_begins", "reg_text", "rules")

    def __init__(self, level: int, rules: Rules) -> None:
        self.level = level
        self.rules = rules
        self.lines: list[str] = []
        self.insn_line = -1  # the number of lines when the insn that runs was added
        self.insn_texts: dict[int, str] = {}  # by index, as they are needed
        self.path_begins = False  # the walk came here otherwise than from insn to insn
        self.reg_text: RegText | None = None  # log_state.py fills it in

    def add(self, line: str) -> None:
        if self.level:
            self.lines.append(line)

    def rewind(self, lines: int) -> None:
        """A path ended well: at level 1 what it logged is of no interest any more."""
        if self.level == 1 and self.rules.LOG_REWOUND:
            del self.lines[lines:]

    def insn_text(self, env: Env, idx: int) -> str:
        """An insn without its index: `(bf) r6 = r1`."""
        text = self.insn_texts.get(idx)
        if text is None:
            text = self.insn_texts[idx] = _insn_text(env, idx)
        return text

    def stats(self, env: Env) -> str:
        """The last line of every log: print_verification_stats()."""
        limit = env.limits.complexity
        if not self.rules.STATE_EVICTION:
            depth = "+".join(str(n) for n in env.stack_depth)
            return f"processed {env.insns_processed} insns (limit {limit}), stack depth {depth}"
        return (
            f"processed {env.insns_processed} insns (limit {limit}) "
            f"max_states_per_insn {env.max_states_per_insn} total_states {env.total_states} "
            f"peak_states {env.peak_states} mark_read 0"
        )


def _insn_text(env: Env, idx: int) -> str:
    """print_bpf_insn(), which before 6.6 knew no use of `off` in arithmetic and no gotol."""
    from emu.isa import disasm

    insn = env.insns[idx]
    if env.rules.ISA_V4:
        return disasm.coded(env.insns, idx)
    if insn.code == _GOTOL:
        return f"(06) if w{insn.dst} jmp {insn.imm & 0xFFFFFFFF:#x} goto pc{insn.off:+d}"
    if insn.off and insn.code & 7 in (ALU, ALU64):
        return disasm.coded([insn._replace(off=0)], 0)
    return disasm.coded(env.insns, idx)


def type_name(reg: RegState, rules: Rules) -> str:
    """A register's type as complaints and states name it: reg_type_str()."""
    if reg.type is RegType.SCALAR_VALUE and not rules.TEXT_SCALAR:
        return "inv"
    name = reg.type.value
    if reg.type is RegType.PTR_TO_MEM and reg.ref_obj_id:
        if rules.RINGBUF_MEM_NAME:
            name = "ringbuf_mem"
        elif rules.TEXT_TYPE_FLAGS:
            name = "alloc_mem"
    return name + "_or_null" if reg.maybe_null else name
