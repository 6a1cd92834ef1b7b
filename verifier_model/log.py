"""Log: the verifier's log, line by line, and the names of types in it.

Source: kernel/bpf/log.c and, for the older releases, verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.btf import Kind
from emu.isa.table import ALU, ALU64, JMP, JMP32, LOAD_ACQ, STORE_REL, X
from emu.kernel import helper_names
from emu.kernel.traits import Trait
from emu.prog import PSEUDO_CALL, PSEUDO_KFUNC_CALL
from verifier_model import log_buffer
from verifier_model.domain.word import U32
from verifier_model.reg import BTF_IDS, RESERVED, RegType, stands_for

if TYPE_CHECKING:
    from emu.prog import Insn
    from verifier_model.env import Env
    from verifier_model.log_reg import RegText
    from verifier_model.reg import RegState
    from verifier_model.rules import Rules

MOST = (1 << 24) - 1  # bytes: BPF_LOG_BUF_SIZE of libbpf, the most that any kernel takes until 5.1
LEFT_OUT = "... the rest of the walk is left out"
_SEVERAL = 1000  # lines, after which it is seen to that the log does not become too long
# What a dynptr is of, by its RegState.mem_size: dynptr_type_str().
DYNPTRS = {1: "local", 2: "ringbuf", 3: "skb", 4: "xdp", 5: "skb_meta", 6: "file"}
_ORDERED = (LOAD_ACQ, STORE_REL)
_GOTOL, _CALL, _NAMELESS_JUMPS = 0x06, 0x85, 0xE0


class Log:
    """Lines as a kernel collects them; nothing is kept at level 0.

    bits: as in BPF_PROG_LOAD: BPF_LOG_LEVEL1, LEVEL2, STATS and FIXED.
    """

    __slots__ = (
        "bits",
        "buffer",
        "counted",
        "insn_line",
        "insn_texts",
        "is_cut",
        "level",
        "lines",
        "path_begins",
        "plain_lines",
        "reg_text",
        "room",
        "rules",
        "tells_precision",
    )

    def __init__(self, bits: int, rules: Rules) -> None:
        self.bits = bits
        # How much the walk tells: nothing, the path it is on, or all.  Before the levels were bits
        # any number from 2 on told all.
        self.level = 2 if bits & 2 or (bits > 2 and not rules.LOG_STATS) else bits & 1
        self.tells_precision = self.level > 1 or (self.level == 1 and rules.LOG_PRECISION_AT_1)
        self.buffer: log_buffer.Buffer | None = None  # where its size counts
        self.rules = rules
        self.lines: list[str] = []
        self.insn_line = -1  # the number of lines when the insn that runs was added
        self.room = MOST  # bytes
        self.counted = 0  # lines that have taken their part of the room
        self.is_cut = False  # there was no more room
        self.insn_texts: dict[int, str] = {}  # by index, as they are needed
        self.plain_lines: dict[int, str] = {}  # at level 1: lines before a state was added to them
        self.path_begins = False  # the walk came here otherwise than from insn to insn
        self.reg_text: RegText | None = None  # log_state.py fills it in

    def add(self, line: str) -> None:
        if self.bits:
            self.lines.append(line)

    def mute(self) -> bool:
        """Take no notes of the walk, if none would be left of one that ends well: whether so."""
        if self.level != 1 or self.buffer is not None or not self.rules.LOG_REWOUND:
            return False
        self.level, self.tells_precision = 0, False
        return True

    def rewind(self, lines: int) -> None:
        """A path ended well: at level 1 what it logged is of no interest any more."""
        if self.level == 2 or self.is_cut or not self.rules.LOG_REWOUND:
            return
        if self.buffer is not None:
            self.buffer.rewound(self.lines, self.lines[:lines])
        del self.lines[lines:]
        # The log ends where the insn's line did, but blanks have taken the place of its newline.
        plain = self.plain_lines.get(lines - 1)
        if plain is not None:
            self.lines[-1] = f"{plain} {log_buffer.OPEN}"
        self.plain_lines = {n: text for n, text in self.plain_lines.items() if n < lines - 1}
        self.insn_line = -1

    def is_full(self) -> bool:
        """Whether there is no room for the rest of the walk; how it ends is told all the same.

        Not where the size of a buffer counts, and not where paths that end well take their lines
        along.
        """
        told = len(self.lines) - self.counted
        if told < _SEVERAL or self.buffer is not None:
            return False
        if self.level < 2 and self.rules.LOG_REWOUND:
            return False
        self.room -= len(log_buffer.text_of(self.lines[self.counted :]))
        self.counted += told
        if self.room < 0:
            self.lines.append(LEFT_OUT)
            self.level, self.tells_precision, self.is_cut = 0, False, True
        return self.is_cut

    def insn_text(self, env: Env, idx: int) -> str:
        """An insn without its index: `(bf) r6 = r1`."""
        text = self.insn_texts.get(idx)
        if text is None:
            text = self.insn_texts[idx] = _insn_text(env, idx)
        return text


def _insn_text(env: Env, idx: int) -> str:
    """print_bpf_insn(), which knows the helpers and the insns of its release only."""
    from emu.isa import disasm

    insn = env.insns[idx]
    if insn.code == _CALL and insn.src != PSEUDO_CALL:
        return f"(85) call {_called(env, insn)}"
    row = env.rows[idx]
    if row is None and insn.code & 7 in (JMP, JMP32) and insn.code & 0xF0 >= _NAMELESS_JUMPS:
        letter = "r" if insn.code & 7 == JMP else "w"
        operand = f"{letter}{insn.src}" if insn.code & X else f"{insn.imm & U32:#x}"
        text = f"if {letter}{insn.dst} (null) {operand} goto pc{insn.off:+d}"
        return f"({insn.code:02x}) {text}"
    if row is not None and insn.imm in _ORDERED and row.needs and not env.kernel.has(row.needs):
        return f"BUG_{insn.code:02x}"
    if env.rules.ISA_V4:
        return disasm.coded(env.insns, idx)
    if insn.code == _GOTOL:
        return f"(06) if w{insn.dst} jmp {insn.imm & U32:#x} goto pc{insn.off:+d}"
    if insn.off and insn.code & 7 in (ALU, ALU64):
        return disasm.coded([insn._replace(off=0)], 0)
    return disasm.coded(env.insns, idx)


def _called(env: Env, insn: Insn) -> str:
    """A function of the kernel; before there are others than helpers, each call is of one."""
    kfuncs = env.kernel.has(Trait.KFUNC_CALLS)
    if insn.src == PSEUDO_KFUNC_CALL and kfuncs:
        return _kfunc_text(env, insn)
    if not (insn.src and kfuncs) and 0 <= insn.imm <= helper_names.last(env.kernel):
        return f"bpf_{helper_names.NAMES[insn.imm]}#{insn.imm}"
    return f"unknown#{insn.imm}"


def _kfunc_text(env: Env, insn: Insn) -> str:
    """The kernel function and its number in the kernel's BTF; 0, which is none, without BTF."""
    if env.kfunc(insn) is None:
        return f"{'<error>' if env.rules.TEXT_KFUNC_ERROR else ''}#{insn.imm}"
    name = env.prog.kfuncs[insn.imm]
    number = env.btf.find(name, (Kind.FUNC,)) if env.btf is not None else None
    return f"{name}#{number or 0}"


def type_name(reg: RegState, rules: Rules) -> str:
    """A register's type as complaints and states name it: reg_type_str()."""
    if reg.type is RegType.SCALAR_VALUE and not rules.TEXT_SCALAR:
        return "inv"
    name = (stands_for(reg) if rules.ELEMENTS_AT_ONCE else reg.type).value
    if reg.type is RegType.PTR_TO_MEM and reg.frameno == RESERVED:
        if rules.RINGBUF_MEM_NAME:
            name = "ringbuf_mem"
        elif rules.TEXT_TYPE_FLAGS:
            name = "alloc_mem"
    elif reg.type is RegType.PTR_TO_BUF and not rules.TEXT_TYPE_FLAGS:
        name = "rdwr_buf"
    if not reg.maybe_null:
        return name
    return name + ("or_null_" if reg.type in BTF_IDS else "_or_null")
