"""ld_imm64 of kernel variables and functions.

What is expected was measured on 6.12.107, 6.16.12, 6.17.13, 6.18.5, 6.19.14, 7.0.13, 7.2.13 and
7.3.4 with the same programs and variables of their own.
"""

from __future__ import annotations

import struct

import pytest

from emu.btf import BtfData, Kind
from emu.isa.asm import assemble
from emu.kernel.enums import ProgType
from emu.kernel.profile import Kernel
from emu.prog import Prog
from tests.btfwriter import Writer
from verifier_model import verify

PER_CPU, THIS_CPU = 153, 154
OUTSIDE = "min value is outside of the allowed memory range"


def kernel_symbols() -> tuple[BtfData, dict[str, int]]:
    """Variables `number`, `record` and `nothing` of each CPU, `table` of all, and a function."""
    w = Writer()
    integer = w.integer("int", 4, signed=True)
    record = w.struct(Kind.STRUCT, "rec", 8, ("a", integer, 0), ("b", integer, 32))
    forward = w.type(Kind.FWD, "later")
    of = {"number": integer, "record": record, "nothing": forward, "table": integer}
    ids = {
        name: w.type(Kind.VAR, name, type_, rest=struct.pack("<I", 1)) for name, type_ in of.items()
    }
    percpu = [ids[name] for name in ("number", "record", "nothing")]
    rest = b"".join(struct.pack("<III", id_, 8 * i, 8) for i, id_ in enumerate(percpu))
    w.type(Kind.DATASEC, ".data..percpu", 24, parts=len(percpu), rest=rest)
    ids["function"] = w.type(Kind.FUNC, "do_it", w.proto(integer))
    ids["struct"] = record
    return BtfData(w.blob()), ids


TYPES, IDS = kernel_symbols()


def answer(text: str, kernel: str = "7.2.13") -> str:
    """ "accept", or the complaint."""
    text = text.format(**IDS) + "\nr0 = 0\nexit"
    prog = Prog("t", ProgType.KPROBE, tuple(assemble(text)))
    verdict = verify(prog, Kernel.release(kernel), btf=TYPES)
    return "accept" if verdict.accepted else verdict.message


def this_cpu(name: str, then: str) -> str:
    return f"r1 = btf[{{{name}}}] ll\ncall {THIS_CPU}\n{then}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (this_cpu("number", "r1 = *(u32 *)(r0 +0)"), "accept"),
        (this_cpu("number", "r1 = *(u32 *)(r0 +4)"), f"R0 {OUTSIDE}"),
        (this_cpu("number", "*(u32 *)(r0 +0) = 0"), "R0 cannot write into rdonly_mem"),
        (this_cpu("record", "r1 = *(u32 *)(r0 +4)"), "accept"),
        (this_cpu("record", "*(u32 *)(r0 +0) = 0"), "only read is supported"),
        (this_cpu("nothing", ""), "unable to resolve the size of type 'later': -22"),
        (
            f"r1 = btf[{{number}}] ll\nr2 = 0\ncall {PER_CPU}\nr1 = *(u32 *)(r0 +0)",
            "R0 invalid mem access 'rdonly_mem_or_null'",
        ),
        (
            f"r1 = btf[{{record}}] ll\nr2 = 0\ncall {PER_CPU}\nif r0 == 0 goto +1\n"
            "r1 = *(u32 *)(r0 +0)",
            "accept",
        ),
        (
            "r1 = btf[{record}] ll\nr1 = *(u32 *)(r1 +0)",
            "R1 is ptr_rec access percpu memory: off=0",
        ),
        (
            "r1 = btf[{number}] ll\nr1 = *(u32 *)(r1 +4)",
            "R1 is ptr_int access percpu memory: off=4",
        ),
        ("r1 = btf[{table}] ll\nr1 = *(u32 *)(r1 +0)", "accept"),
        ("r1 = btf[{table}] ll\n*(u32 *)(r1 +0) = 0", "R1 cannot write into rdonly_mem"),
        ("r1 = btf[{function}] ll\nr2 = 5\nif r1 == r2 goto +0", "accept"),
        ("r1 = btf[{function}] ll\nr1 = *(u8 *)(r1 +0)", f"R1 {OUTSIDE}"),
        (
            "r1 = btf[{struct}] ll",
            f"pseudo btf_id {IDS['struct']} in ldimm64 isn't KIND_VAR or KIND_FUNC",
        ),
        ("r1 = btf[99] ll", "ldimm64 insn specifies invalid btf_id 99."),
    ],
)
def test_symbols_are_what_the_kernels_btf_says(text: str, expected: str) -> None:
    assert answer(text) == expected


EITHER_WAY = f"""
call 7
r6 = r0
r1 = btf[{{record}}] ll
if r6 == 0 goto +2
r1 = btf[{{number}}] ll
call {THIS_CPU}
r0 = *(u32 *)(r0 +0)
"""


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        ("6.12.107", "same insn cannot be used with different pointers"),
        ("6.16.12", "same insn cannot be used with different pointers"),
        ("6.17.13", "accept"),
        ("7.2.13", "accept"),
    ],
)
def test_one_insn_loads_from_a_structure_or_from_memory_since_6_17(kernel, expected) -> None:
    assert answer(EITHER_WAY, kernel) == expected


def test_variables_may_be_written_before_5_17() -> None:
    """From the sources; no kernel at hand has variables in its BTF."""
    assert answer(this_cpu("number", "*(u32 *)(r0 +0) = 0"), "5.15") == "accept"
