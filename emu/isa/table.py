"""INSNS: the instruction set, one row an instruction.

Encoder, assembler, disassembler, emulator, verifier model and code generator all read these rows.
A name is made of: the operation; for arithmetic its width, 64 or 32; `32` after a jump's operation
when it compares the low halves; for loads and stores b h w dw, as the size is 1, 2, 4 or 8 bytes;
and _reg or _imm for where the second operand is.

Sources: RFC 9669 (BPF Instruction Set Architecture), include/uapi/linux/bpf.h, and for the text
print_bpf_insn(), kernel/bpf/disasm.c, as of 6.18.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

from emu.kernel.traits import Trait
from emu.prog import (
    PSEUDO_BTF_ID,
    PSEUDO_CALL,
    PSEUDO_FUNC,
    PSEUDO_KFUNC_CALL,
    PSEUDO_MAP_FD,
    PSEUDO_MAP_IDX,
    PSEUDO_MAP_IDX_VALUE,
    PSEUDO_MAP_VALUE,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.prog import Insn

# The class: the low 3 bits of a code.
LD, LDX, ST, STX, ALU, JMP, JMP32, ALU64 = range(8)
# Arithmetic and jumps: where the second operand is.
K, X = 0x00, 0x08
# Loads and stores: size and mode.
W, H, B, DW = 0x00, 0x08, 0x10, 0x18
IMM_MODE, ABS, IND, MEM, MEMSX, ATOMIC = 0x00, 0x20, 0x40, 0x60, 0x80, 0xC0
# Atomics: the operation is in imm.
FETCH = 0x01
LOAD_ACQ, STORE_REL = 0x100, 0x110
CMPXCHG = 0xF0 | FETCH


class Field(enum.IntFlag):
    """The fields of an instruction beside its code."""

    NONE = 0
    DST = 1
    SRC = 2
    OFF = 4
    IMM = 8


NONE, DST, SRC, OFF, IMM = Field.NONE, Field.DST, Field.SRC, Field.OFF, Field.IMM


class InsnDef(NamedTuple):
    """What an instruction is called, how it is encoded, how it is printed."""

    code: int
    select: int  # among rows of one code: the value of the field that selects(code) names
    name: str
    text: str  # as the kernel prints it: dst src off imm by name, uimm is imm as u32
    uses: Field  # the fields it reads; the others, but for the selecting one, must be 0
    needs: Trait | None = None  # None: every kernel we model has it

    @property
    def cls(self) -> int:
        """LD ... ALU64."""
        return self.code & 7

    @property
    def slots(self) -> int:
        """How many 8-byte instructions it takes: 2 for ld_imm64, else 1."""
        return 2 if self.code == LD | IMM_MODE | DW else 1


def alu(
    name: str, op: int, text: str, *, select: int = 0, needs: Trait | None = None
) -> Iterator[InsnDef]:
    """The four forms of an operation: 64- or 32-bit, by register or immediate."""
    for cls, bits, reg in ((ALU64, 64, "r"), (ALU, 32, "w")):
        dst, src = reg + "{dst}", reg + "{src}"
        by_reg, by_imm = text.format(dst=dst, src=src), text.format(dst=dst, src="{imm}")
        need = Trait.ARSH32 if name == "arsh" and bits == 32 else needs
        yield InsnDef(cls | X | op, select, f"{name}{bits}_reg", by_reg, DST | SRC, need)
        yield InsnDef(cls | K | op, select, f"{name}{bits}_imm", by_imm, DST | IMM, need)


def movsx(cls: int, bits: int, width: int, reg: str) -> InsnDef:
    """A move that extends the sign of the low `width` bits."""
    text = f"{reg}{{dst}} = (s{width}){reg}{{src}}"
    return InsnDef(cls | X | 0xB0, width, f"movsx{width}_{bits}_reg", text, DST | SRC, Trait.ISA_V4)


def swap(cls: int, source: int, name: str, needs: Trait | None = None) -> Iterator[InsnDef]:
    """Byte order of the low 16, 32 or 64 bits, the rest cleared: imm is the width."""
    for width in (16, 32, 64):
        text = f"r{{dst}} = {name}{width} r{{dst}}"
        yield InsnDef(cls | source | 0xD0, width, f"{name}{width}", text, DST, needs)


def jmp(name: str, op: int, sign: str) -> Iterator[InsnDef]:
    """The four forms of a condition: on 64 or the low 32 bits, with register or immediate."""
    for cls, suffix, reg, needs in ((JMP, "", "r", None), (JMP32, "32", "w", Trait.JMP32)):
        start, end = f"if {reg}{{dst}} {sign} ", " goto pc{off:+d}"
        by_reg, by_imm = f"{start}{reg}{{src}}{end}", f"{start}{{uimm:#x}}{end}"
        yield InsnDef(cls | X | op, 0, f"{name}{suffix}_reg", by_reg, DST | SRC | OFF, needs)
        yield InsnDef(cls | K | op, 0, f"{name}{suffix}_imm", by_imm, DST | IMM | OFF, needs)


SIZES = ((B, "b", 8), (H, "h", 16), (W, "w", 32), (DW, "dw", 64))


def loads_and_stores() -> Iterator[InsnDef]:
    """Memory to register, register to memory, immediate to memory, for each size."""
    for size, letter, bits in SIZES:
        text = f"r{{dst}} = *(u{bits} *)(r{{src}} {{off:+d}})"
        yield InsnDef(LDX | MEM | size, 0, f"ldx{letter}", text, DST | SRC | OFF)
    for size, letter, bits in SIZES[:3]:
        text = f"r{{dst}} = *(s{bits} *)(r{{src}} {{off:+d}})"
        code, uses = LDX | MEMSX | size, DST | SRC | OFF
        yield InsnDef(code, 0, f"ldxs{letter}", text, uses, Trait.ISA_V4)
    for size, letter, bits in SIZES:
        at = f"*(u{bits} *)(r{{dst}} {{off:+d}})"
        uses = DST | OFF
        yield InsnDef(STX | MEM | size, 0, f"stx{letter}", at + " = r{src}", uses | SRC)
        yield InsnDef(ST | MEM | size, 0, f"st{letter}", at + " = {imm}", uses | IMM)


def packet_loads() -> Iterator[InsnDef]:
    """Loads from the packet, kept from classic BPF."""
    for size, letter, bits in SIZES[:3]:
        at = f"r0 = *(u{bits} *)skb["
        yield InsnDef(LD | ABS | size, 0, f"ld_abs{letter}", at + "{imm}]", IMM)
        yield InsnDef(LD | IND | size, 0, f"ld_ind{letter}", at + "r{src} + {imm}]", SRC | IMM)


def atomic(name: str, op: int, sign: str) -> Iterator[InsnDef]:
    """The four forms of an atomic operation: 64- or 32-bit, fetching the old value or not."""
    for size, bits, suffix in ((DW, 64, "64"), (W, 32, "")):
        code, at = STX | ATOMIC | size, f"(u{bits} *)(r{{dst}} {{off:+d}})"
        uses, old = DST | SRC | OFF, None if name == "add" else Trait.ATOMIC_FETCH
        text = f"lock *{at} {sign} r{{src}}"
        yield InsnDef(code, op, f"atomic{bits}_{name}", text, uses, old)
        fetch = f"r{{src}} = atomic{suffix}_fetch_{name}({at}, r{{src}})"
        full = f"atomic{bits}_fetch_{name}"
        yield InsnDef(code, op | FETCH, full, fetch, uses, Trait.ATOMIC_FETCH)


def exchanges() -> Iterator[InsnDef]:
    """Exchange, and compare with r0 and exchange."""
    for size, bits, suffix in ((DW, 64, "64"), (W, 32, "")):
        code, at = STX | ATOMIC | size, f"(u{bits} *)(r{{dst}} {{off:+d}})"
        uses, needs = DST | SRC | OFF, Trait.ATOMIC_FETCH
        xchg = f"r{{src}} = atomic{suffix}_xchg({at}, r{{src}})"
        cmpxchg = f"r0 = atomic{suffix}_cmpxchg({at}, r0, r{{src}})"
        yield InsnDef(code, 0xE0 | FETCH, f"atomic{bits}_xchg", xchg, uses, needs)
        yield InsnDef(code, CMPXCHG, f"atomic{bits}_cmpxchg", cmpxchg, uses, needs)


def ordered() -> Iterator[InsnDef]:
    """Loads that later accesses cannot pass, stores that earlier ones cannot."""
    for size, _, bits in SIZES:
        code, uses, needs = STX | ATOMIC | size, DST | SRC | OFF, Trait.LOAD_ACQUIRE
        load = f"r{{dst}} = load_acquire((u{bits} *)(r{{src}} {{off:+d}}))"
        store = f"store_release((u{bits} *)(r{{dst}} {{off:+d}}), r{{src}})"
        yield InsnDef(code, LOAD_ACQ, f"load_acquire{bits}", load, uses, needs)
        yield InsnDef(code, STORE_REL, f"store_release{bits}", store, uses, needs)


INSNS = (
    *alu("add", 0x00, "{dst} += {src}"),
    *alu("sub", 0x10, "{dst} -= {src}"),
    *alu("mul", 0x20, "{dst} *= {src}"),
    *alu("div", 0x30, "{dst} /= {src}"),
    *alu("sdiv", 0x30, "{dst} s/= {src}", select=1, needs=Trait.ISA_V4),
    *alu("or", 0x40, "{dst} |= {src}"),
    *alu("and", 0x50, "{dst} &= {src}"),
    *alu("lsh", 0x60, "{dst} <<= {src}"),
    *alu("rsh", 0x70, "{dst} >>= {src}"),
    InsnDef(ALU64 | K | 0x80, 0, "neg64", "r{dst} = -r{dst}", DST),
    InsnDef(ALU | K | 0x80, 0, "neg32", "w{dst} = -w{dst}", DST),
    *alu("mod", 0x90, "{dst} %= {src}"),
    *alu("smod", 0x90, "{dst} s%= {src}", select=1, needs=Trait.ISA_V4),
    *alu("xor", 0xA0, "{dst} ^= {src}"),
    *alu("mov", 0xB0, "{dst} = {src}"),
    *(movsx(ALU64, 64, width, "r") for width in (8, 16, 32)),
    *(movsx(ALU, 32, width, "w") for width in (8, 16)),
    InsnDef(
        ALU64 | X | 0xB0,
        1,
        "addr_space_cast",
        "r{dst} = addr_space_cast(r{src}, {imm_hi}, {imm_lo})",
        DST | SRC | IMM,
        Trait.ADDR_SPACE_CAST,
    ),
    *alu("arsh", 0xC0, "{dst} s>>= {src}"),
    *swap(ALU, X, "be"),
    *swap(ALU, K, "le"),
    *swap(ALU64, K, "bswap", Trait.ISA_V4),
    InsnDef(JMP | K | 0x00, 0, "ja", "goto pc{off:+d}", OFF),
    InsnDef(JMP32 | K | 0x00, 0, "gotol", "gotol pc{imm:+d}", IMM, Trait.GOTOL),
    InsnDef(JMP | X | 0x00, 0, "gotox", "gotox r{dst}", DST, Trait.INDIRECT_JUMP),
    *jmp("jeq", 0x10, "=="),
    *jmp("jgt", 0x20, ">"),
    *jmp("jge", 0x30, ">="),
    *jmp("jset", 0x40, "&"),
    *jmp("jne", 0x50, "!="),
    *jmp("jsgt", 0x60, "s>"),
    *jmp("jsge", 0x70, "s>="),
    *jmp("jlt", 0xA0, "<"),
    *jmp("jle", 0xB0, "<="),
    *jmp("jslt", 0xC0, "s<"),
    *jmp("jsle", 0xD0, "s<="),
    InsnDef(JMP | 0xE0, 0, "may_goto", "may_goto pc{off:+d}", OFF, Trait.MAY_GOTO),
    # src says what is called, CALL_KINDS; off is the kernel module's index where that is a kfunc.
    InsnDef(JMP | K | 0x80, 0, "call", "call {callee}", SRC | OFF | IMM),
    InsnDef(JMP | K | 0x90, 0, "exit", "exit", NONE),
    # Two slots, the second's imm the upper half; src says what that number is: LD_IMM64_KINDS.
    InsnDef(LD | IMM_MODE | DW, 0, "ld_imm64", "r{dst} = {imm64:#x}", DST | SRC | IMM),
    *packet_loads(),
    *loads_and_stores(),
    *atomic("add", 0x00, "+="),
    *atomic("and", 0x50, "&="),
    *atomic("or", 0x40, "|="),
    *atomic("xor", 0xA0, "^="),
    *exchanges(),
    *ordered(),
)


class ImmKind(NamedTuple):
    """What the number of an ld_imm64 is."""

    src: int  # PSEUDO_* in emu.prog
    text: str  # for the assembler; imm and imm2 are the halves, imm64 the whole
    needs: Trait | None = None


LD_IMM64_KINDS = (
    ImmKind(0, "{imm64:#x} ll"),
    ImmKind(PSEUDO_MAP_FD, "map[{imm}] ll"),
    ImmKind(PSEUDO_MAP_VALUE, "map[{imm}]{imm2:+d} ll", Trait.DIRECT_MAP_VALUE),
    ImmKind(PSEUDO_BTF_ID, "btf[{imm}] ll", Trait.LD_IMM64_BTF_ID),
    ImmKind(PSEUDO_FUNC, "pc{imm:+d} ll", Trait.CALLBACKS),
    ImmKind(PSEUDO_MAP_IDX, "map_idx[{imm}] ll", Trait.FD_ARRAY),
    ImmKind(PSEUDO_MAP_IDX_VALUE, "map_idx[{imm}]{imm2:+d} ll", Trait.FD_ARRAY),
)


class CallKind(NamedTuple):
    """What a call calls."""

    src: int  # 0, PSEUDO_CALL or PSEUDO_KFUNC_CALL in emu.prog
    text: str
    needs: Trait | None = None


CALL_KINDS = (
    CallKind(0, "call {helper}#{imm}"),
    CallKind(PSEUDO_CALL, "call pc{imm:+d}", Trait.FUNC_CALLS),
    CallKind(PSEUDO_KFUNC_CALL, "call kernel-function#{imm}", Trait.KFUNC_CALLS),
)

# The field that tells apart the rows of a code which has several meanings: its place in Insn.
_SRC, _OFF, _IMM = 2, 3, 4
_SELECTS = {
    **{cls | op | source: _OFF for cls in (ALU, ALU64) for op in (0x30, 0x90) for source in (K, X)},
    **{cls | X | 0xB0: _OFF for cls in (ALU, ALU64)},
    **{cls | source | 0xD0: _IMM for cls in (ALU, ALU64) for source in (K, X)},
    **{STX | ATOMIC | size: _IMM for size, _, _ in SIZES},
    JMP | 0xE0: _SRC,
}

by_name = {row.name: row for row in INSNS}
_BY_CODE = {(row.code, row.select): row for row in INSNS}


def selects(code: int) -> Field:
    """The field whose value tells apart the rows of `code`; NONE where it has one row."""
    return {0: NONE, _SRC: SRC, _OFF: OFF, _IMM: IMM}[_SELECTS.get(code, 0)]


def find(insn: Insn) -> InsnDef | None:
    """The row of an instruction; None where no kernel has one like it.

    The second half of ld_imm64 is no instruction: it has no row.
    """
    field = _SELECTS.get(insn.code)
    return _BY_CODE.get((insn.code, insn[field] if field else 0))
