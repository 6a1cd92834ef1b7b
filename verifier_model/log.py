"""Log: the verifier's log, line by line, in the release's words.

Source: bpf_verifier_log_write(), print_verifier_state() and print_bpf_insn().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model.reg import RegType

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.rules import Rules


class Log:
    """Lines as a kernel collects them; nothing is kept at level 0."""

    __slots__ = ("level", "lines", "rules")

    def __init__(self, level: int, rules: Rules) -> None:
        self.level = level
        self.rules = rules
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        if self.level:
            self.lines.append(line)

    def rewind(self, lines: int) -> None:
        """A path ended well: at level 1 what it logged is of no interest any more."""
        if self.level == 1 and self.rules.LOG_REWOUND:
            del self.lines[lines:]

    def insn(self, env: Env, idx: int) -> None:
        """The insn the walk is at: `3: (bf) r6 = r1`."""
        from emu.isa import disasm

        self.lines.append(f"{idx}: {disasm.coded(env.insns, idx)}")

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


_NAMES = {
    RegType.NOT_INIT: "?",
    RegType.SCALAR_VALUE: "scalar",
    RegType.PTR_TO_CTX: "ctx",
    RegType.CONST_PTR_TO_MAP: "map_ptr",
    RegType.PTR_TO_MAP_VALUE: "map_value",
    RegType.PTR_TO_STACK: "fp",
    RegType.PTR_TO_MEM: "mem",
}


def type_name(reg: RegState, rules: Rules) -> str:
    """A register's type as complaints and states name it: reg_type_str()."""
    if reg.type is RegType.SCALAR_VALUE and not rules.TEXT_SCALAR:
        return "inv"
    name = _NAMES[reg.type]
    if reg.type is RegType.PTR_TO_MEM and reg.ref_obj_id:
        if rules.RINGBUF_MEM_NAME:
            name = "ringbuf_mem"
        elif rules.TEXT_TYPE_FLAGS:
            name = "alloc_mem"
    return name + "_or_null" if reg.maybe_null else name
