"""Whatever bytes are given as a program, the verifier model has an answer."""

from __future__ import annotations

import io
import json
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.isa.table import INSNS
from emu.kernel.enums import MapType, ProgType
from emu.kernel.profile import RELEASES, Kernel
from verifier_model.__main__ import judge, main

VERDICTS = {"accept", "reject", "unmodelled"}
CODES = sorted({row.code for row in INSNS})
U32 = (1 << 32) - 1

kernels = st.sampled_from([Kernel.release(release) for release in RELEASES])
u32 = st.sampled_from([0, 1, 2, 4, 8, 16, 24, 1 << 31, U32]) | st.integers(0, U32)
offsets = st.sampled_from([-8, -16, -4, -1, 0, 1, 2, 4]) | st.integers(-(1 << 15), (1 << 15) - 1)
values = (
    st.sampled_from([0, 1, 8, -8, -1, 64]) | st.integers(0, 230) | u32.map(lambda x: x - (1 << 31))
)

# An insn that has a chance to be walked, and eight bytes that have none.
plausible = st.builds(
    lambda code, dst, src, off, imm: struct.pack("<BBhi", code, dst | src << 4, off, imm),
    st.sampled_from(CODES),
    st.integers(0, 10),
    st.integers(0, 10),
    offsets,
    values,
)
likely = st.sampled_from(
    [
        bytes.fromhex("b700000000000000"),  # r0 = 0
        bytes.fromhex("bfa2000000000000"),  # r2 = r10
        bytes.fromhex("07020000f8ffffff"),  # r2 += -8
        bytes.fromhex("7a0af8ff00000000"),  # *(u64 *)(r10 -8) = 0
        bytes.fromhex("18110000000000000000000000000000"),  # r1 = map[0] ll
        bytes.fromhex("8500000001000000"),  # call map_lookup_elem
        bytes.fromhex("5500010000000000"),  # if r0 != 0 goto pc+1
        bytes.fromhex("9500000000000000"),  # exit
    ]
)
code = st.lists(likely | plausible | st.binary(min_size=8, max_size=8), max_size=24).map(b"".join)

maps = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from([int(kind) for kind in MapType])},
        optional={
            "key": u32.filter(lambda x: x < 4096),
            "value": u32.filter(lambda x: x < 4096),
            "max_entries": u32,
            "flags": u32,
            "freeze": st.booleans(),
            "init": st.just([["00000000", "01"]]),
        },
    ),
    max_size=2,
)
programs = st.fixed_dictionaries(
    {
        "id": st.just("any"),
        "prog_type": st.sampled_from([int(kind) for kind in ProgType]) | st.integers(0, U32),
        "insns": code.map(bytes.hex),
    },
    optional={
        "maps": maps,
        "license": st.sampled_from(["GPL", "", "BSD"]),
        "attach_type": st.integers(0, 64) | u32,
        "attach_to": st.sampled_from(["", "vfs_read"]),
        "prog_flags": st.sampled_from([0, 1, 2, 8, 16, 32, 128]) | u32,
        "log_level": st.integers(-3, 20) | u32,
        "log_size": st.none() | st.integers(-3, 300) | u32,
    },
)


@given(programs, kernels, st.integers(0, 4))
def test_any_bytes_have_a_verdict(program, kernel, cpus):
    answer = judge(program, kernel, cpus, 2)
    assert answer["verdict"] in VERDICTS
    assert answer["id"] == "any"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
FIELDS = (
    *("id", "prog_type", "insns", "maps", "license", "attach_type", "attach_to", "prog_flags"),
    *("log_level", "log_size", "btfs", "prog_btf", "func_info", "func_info_size", "kfuncs", "runs"),
)
MAP_FIELDS = ("type", "key", "value", "max_entries", "flags", "init", "freeze", "inner", "btf")


def lines(program: object) -> str:
    return f"{json.dumps(program)}\n"


@given(
    st.sampled_from(FIELDS),
    st.sampled_from(MAP_FIELDS),
    anything,
    anything,
)
def test_what_is_no_program_is_said_to_be_none(field, map_field, junk, more_junk):
    program = {
        "id": "x",
        "prog_type": "kprobe",
        "insns": "b7000000000000009500000000000000",
        "maps": [{"type": "array", map_field: more_junk}],
        field: junk,
    }
    status, out, err = run(lines(program))
    assert status in (0, 1)
    assert bool(out) is not bool(err)
    assert err.count("\n") <= 1


@pytest.mark.parametrize("text", ["{", "[]", "3", '"x"', "null", "[" * 3000, "{}"])
def test_a_line_that_is_no_program_does_not_stop_the_next(text):
    good = lines({"id": "next", "prog_type": 1, "insns": "b7000000000000009500000000000000"})
    status, out, err = run(f"{text}\n{good}")
    assert status == 1
    assert json.loads(out)["verdict"] == "accept"
    assert err.startswith("verifier_model: line 1: no ")


def run(text: str) -> tuple[int, str, str]:
    """Status, output and errors of the command on the input."""
    streams = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = io.StringIO(text), io.StringIO(), io.StringIO()
    try:
        status = main(["--kernel", "6.12"])
        return status, sys.stdout.getvalue(), sys.stderr.getvalue()
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
