"""LLVM's disassembler reads our bytes: what it prints assembles to the same instruction."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess

import pytest

from emu.isa.asm import assemble
from emu.isa.insn import encode
from emu.isa.table import INSNS, InsnDef
from emu.kernel.traits import Trait
from tests.tables.test_insns import slots

OBJDUMP = shutil.which("llvm-objdump")

# Where LLVM's spelling is another than the kernel's.
SPELLINGS = (
    (r" <[^ ]+>$", ""),
    (r"^w(\d+) = atomic_fetch_(\w+)\((.*), w(\d+)\)$", r"r\1 = atomic_fetch_\2(\3, r\4)"),
    (r"^r(\d+) = atomic_fetch_(\w+)\(\(u64", r"r\1 = atomic64_fetch_\2((u64"),
    (r"^r(\d+) = xchg_64\(r(\d+) (.*), r\d+\)$", r"r\1 = atomic64_xchg((u64 *)(r\2 \3), r\1)"),
    (r"^w(\d+) = xchg32_32\(r(\d+) (.*), w\d+\)$", r"r\1 = atomic_xchg((u32 *)(r\2 \3), r\1)"),
    (
        r"^r0 = cmpxchg_64\(r(\d+) (.*), r0, r(\d+)\)$",
        r"r0 = atomic64_cmpxchg((u64 *)(r\1 \2), r0, r\3)",
    ),
    (
        r"^w0 = cmpxchg32_32\(r(\d+) (.*), w0, w(\d+)\)$",
        r"r0 = atomic_cmpxchg((u32 *)(r\1 \2), r0, r\3)",
    ),
    (r"^w(\d+) = \*\(u32 \*\)", r"r\1 = *(u32 *)"),
    (r"^w(\d+) = \*\(u(8|16) \*\)", r"r\1 = *(u\2 *)"),
    (r"^(\*\(u(?:8|16|32) \*\).*) = w(\d+)$", r"\1 = r\2"),
    (r"^(lock \*\(u32 \*\).*) w(\d+)$", r"\1 r\2"),
)
# Version 3 of the instruction set is compared: older LLVMs print what came later as something else.
AFTER_VERSION_3 = {
    Trait.ISA_V4,
    Trait.MAY_GOTO,
    Trait.ADDR_SPACE_CAST,
    Trait.LOAD_ACQUIRE,
    Trait.INDIRECT_JUMP,
}


def elf(text: bytes) -> bytes:
    """A relocatable ELF object for BPF with one section of code."""
    names = b"\0.text\0.shstrtab\0"
    header_size, section_size = 64, 64
    names_at = header_size + len(text)
    sections_at = names_at + len(names)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\x02\x01\x01",  # 64 bits, little endian, version 1
        *(1, 247, 1, 0, 0, sections_at, 0),  # ET_REL, EM_BPF
        *(header_size, 0, 0, section_size, 3, 2),
    )
    section = struct.Struct("<IIQQQQIIQQ")
    sections = (
        section.pack(*[0] * 10),
        section.pack(1, 1, 6, 0, header_size, len(text), 0, 0, 8, 0),  # PROGBITS, ALLOC|EXECINSTR
        section.pack(7, 3, 0, 0, names_at, len(names), 0, 0, 1, 0),  # STRTAB
    )
    return header + text + names + b"".join(sections)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """LLVM's text of a sample of each row, by the row's name."""
    if OBJDUMP is None:
        pytest.skip("needs llvm-objdump")
    path = tmp_path_factory.mktemp("llvm") / "insns.o"
    path.write_bytes(elf(b"".join(encode(slots(row)) for row in INSNS)))
    command = [OBJDUMP, "-d", "--no-show-raw-insn", "--mattr=+alu32,+dwarfris", str(path)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = dict(re.findall(r"^\s*([0-9a-f]+):\s+(.*)$", out, re.MULTILINE))
    texts, index = {}, 0
    for row in INSNS:
        texts[row.name] = lines.get(str(index), "<unknown>")
        index += row.slots
    return texts


@pytest.mark.parametrize("row", INSNS, ids=lambda row: row.name)
def test_text_of_llvm_assembles_to_the_instruction(row: InsnDef, printed: dict[str, str]) -> None:
    if row.needs in AFTER_VERSION_3:
        pytest.skip("after version 3 of the instruction set")
    if row.name.startswith("ld_ind"):
        pytest.skip("LLVM does not print the immediate")
    text = printed[row.name]
    if "unknown" in text:
        pytest.skip("this LLVM does not know the instruction")
    for pattern, replacement in SPELLINGS:
        text = re.sub(pattern, replacement, text)
    assert assemble(text) == slots(row)
