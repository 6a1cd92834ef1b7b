"""dtlab triage: what a rejection is, with hand-worked programs; a real one ends in a fault."""

from __future__ import annotations

import json
import sys

import pytest

pytest.importorskip("z3")

from dtrace.lab.main import main
from dtrace.lab.triage import judged
from emu.isa.asm import assemble
from emu.isa.insn import encode
from emu.kernel.enums import MapType, ProgType
from emu.kernel.profile import Kernel
from emu.prog import MapDef, Prog
from verifier_model import verify

ARRAY = MapDef("array", MapType.ARRAY, 4, 16, 4)
HASH = MapDef("hash", MapType.HASH, 4, 16, 4)
RING = MapDef("ring", MapType.RINGBUF, 0, 0, 4096)
ONE = MapDef("one", MapType.ARRAY, 4, 16, 1)

LOOKUP = """
    *(u32 *)(r10 -4) = 1
    r2 = r10
    r2 += -4
    r1 = map[0] ll
    call map_lookup_elem
"""

# Eight bytes for each number that an iterator gives, of the 16 of a map's value.
NUMBERS = """
        r9 = 0
        r1 = r10
        r1 += -8
        r2 = 0
        r3 = {end}
        .insn 0x85 0 2 0 0          ; bpf_iter_num_new
again:  r1 = r10
        r1 += -8
        .insn 0x85 0 2 0 1          ; bpf_iter_num_next
        if r0 == 0 goto done
        r1 = *(u32 *)(r0 +0)
        r2 = map[0]+0 ll
        r1 <<= 3
        r2 += r1
        *(u64 *)(r2 +0) = r9
        goto again
done:   r1 = r10
        r1 += -8
        .insn 0x85 0 2 0 2          ; bpf_iter_num_destroy
        r0 = 0
        exit
"""
KFUNCS = ("bpf_iter_num_new", "bpf_iter_num_next", "bpf_iter_num_destroy")


@pytest.mark.parametrize(("end", "word"), [(2, "limit"), (3, "real"), (0, "limit")])
def test_the_numbers_of_an_iterator_are_those_that_a_run_gets(end, word):
    """The verifier does not know them; a run does, and goes wrong at the third."""
    prog = Prog("loop", ProgType.KPROBE, assemble(NUMBERS.format(end=end)), (ONE,), kfuncs=KFUNCS)
    kernel = Kernel.release("6.18")
    verdict = verify(prog, kernel)
    assert "R2 unbounded memory access" in verdict.message
    finding, replay = judged(prog, kernel, 10.0, verdict)
    assert finding.word == word
    assert (replay is not None and "faulted at insn 15" in replay.text) is (word == "real")


# name: word, release, maps, text[, rule]
CASES = {
    # From 9 on, 8 bytes end behind the 16.
    "an index of up to 15 leaves the value": (
        "real", "6.1", ONE, "an access outside of the object",
        """
        r2 = *(u64 *)(r1 +0)
        r3 = map[0]+0 ll
        r2 &= 15
        r3 += r2
        r0 = *(u64 *)(r3 +0)
        exit
        """,
    ),
    # 5.2 spills a scalar as bytes that anything may be.
    "a bounded index is lost through the stack": (
        "limit", "5.2", ONE, "",
        """
        r2 = *(u64 *)(r1 +0)
        r3 = map[0]+0 ll
        r2 &= 7
        *(u64 *)(r10 -8) = r2
        r2 = *(u64 *)(r10 -8)
        r3 += r2
        r0 = *(u64 *)(r3 +0)
        exit
        """,
    ),
    "the same without the bound is wrong": (
        "real", "5.2", ONE, "an access outside of the object",
        """
        r2 = *(u64 *)(r1 +0)
        r3 = map[0]+0 ll
        *(u64 *)(r10 -8) = r2
        r2 = *(u64 *)(r10 -8)
        r3 += r2
        r0 = *(u64 *)(r3 +0)
        exit
        """,
    ),
    # The verifier does not know that a square is never 2 modulo 4, nor anything of products.
    "an index that no square can be": (
        "limit", "6.1", ONE, "",
        """
        r2 = *(u32 *)(r1 +0)
        r3 = map[0]+0 ll
        r4 = r2
        r4 *= r2
        r4 &= 3
        if r4 != 2 goto out
        r3 += 4096
        out:
        r0 = *(u64 *)(r3 +0)
        exit
        """,
    ),
    "a hash may not have the key": (
        "real", "6.1", HASH, "an access through a number that is no pointer",
        LOOKUP + "r0 = *(u64 *)(r0 +0)\nexit",
    ),
    "an array has the key 1": ("limit", "6.1", ARRAY, "", LOOKUP + "r0 = *(u64 *)(r0 +0)\nexit"),
    "a register is written on one path only": (
        "real", "6.1", None, "a read of a register that was never written",
        """
        r2 = *(u64 *)(r1 +0)
        if r2 == 7 goto out
        r3 = 1
        out:
        r0 = r3
        exit
        """,
    ),
    # Both conditions are the same, but in two registers that the verifier does not link.
    "a register is written on the path that reads it": (
        "limit", "6.1", None, "",
        """
        r2 = *(u64 *)(r1 +0)
        r4 = r2
        r4 ^= 7
        r0 = 0
        if r4 != 0 goto skip
        r3 = 1
        skip:
        if r2 != 7 goto out
        r0 = r3
        out:
        exit
        """,
    ),
    "a loop that ends was refused before 5.3": (
        "limit", "4.19", None, "",
        """
        r0 = 0
        again:
        r0 += 1
        if r0 < 10 goto again
        exit
        """,
    ),
    "a loop that does not end": (
        "real", "6.1", None, "a loop that never ends",
        """
        r0 = 0
        again:
        r0 = 1
        if r0 == 1 goto again
        exit
        """,
    ),
    # Nothing but the helper's result can end it, and that may be large each time.
    "a loop that luck may end": (
        "real",
        "6.1",
        None,
        "a loop that never ends",
        """
        again:
        call get_prandom_u32
        if r0 > 5 goto again
        r0 = 0
        exit
        """,
    ),
    "a function that calls itself": (
        "real",
        "6.1",
        None,
        "too many frames",
        """
        call deeper
        exit
        deeper:
        call deeper
        exit
        """,
    ),
    # 272 bytes of the caller and 272 of the function are more than 512.
    "two frames that are too large together": (
        "real",
        "6.1",
        None,
        "more stack than there is",
        """
        *(u64 *)(r10 -272) = 0
        call other
        exit
        other:
        *(u64 *)(r10 -272) = 0
        r0 = 0
        exit
        """,
    ),
    "a helper that came later": (
        "unavailable", "4.19", None, "",
        """
        r1 = 0
        call ktime_get_boot_ns
        exit
        """,
    ),
    "a record is not given back": (
        "real", "6.1", RING, "a reference that is not given back",
        """
        r1 = map[0] ll
        r2 = 8
        r3 = 0
        call ringbuf_reserve
        r0 = 0
        exit
        """,
    ),
    # r10 - 8 is never written; 5.10.7 minds.
    "stack that nobody wrote": (
        "real", "5.10.7", None, "a read of stack that was never written",
        "r0 = *(u64 *)(r10 -8)\nexit",
    ),
    # Moving is all that is done with it.
    "a pointer that is moved too far is not used there": (
        "limit", "6.1", ONE, "",
        """
        r3 = map[0]+0 ll
        r2 = 0x40000000 ll
        r3 += r2
        r0 = 0
        exit
        """,
    ),
    "a size of 0": (
        "real", "6.1", None, "a size that the helper does not take",
        """
        r2 = *(u64 *)(r1 +0)
        r2 &= 1
        *(u64 *)(r10 -8) = 0
        r1 = r10
        r1 += -8
        call trace_printk
        exit
        """,
    ),
    "a division by what may be 0 is no fault": (
        "limit", "6.1", ONE, "",
        """
        r2 = *(u64 *)(r1 +0)
        r4 = *(u64 *)(r1 +8)
        r3 = map[0]+0 ll
        r2 &= 7
        r2 /= r4
        if r2 <= 7 goto fine
        r3 += 4096
        fine:
        r0 = *(u64 *)(r3 +0)
        exit
        """,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_rejection_is_what_it_is_by_hand(name):
    word, release, definition, rule, text = CASES[name]
    maps = (definition,) if definition else ()
    prog = Prog(name, ProgType.KPROBE, assemble(text), maps)
    kernel = Kernel.release(release)
    assert not verify(prog, kernel).accepted, "the case needs a rejection"
    finding, replayed = judged(prog, kernel, 10.0)
    assert (finding.word, finding.rule) == (word, rule), finding.text(prog)
    assert (replayed is not None) == (word == "real")
    if word == "limit":
        assert finding.complete
    if rule == "a loop that never ends":
        assert replayed.text.startswith("still running after 1000000 insns")


FAULTING = ("an access outside of the object", "an access through a number that is no pointer")


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if case[3] in FAULTING])
def test_a_wrong_access_faults_in_the_emulator_where_the_finding_says(name):
    _, release, definition, _, text = CASES[name]
    prog = Prog(name, ProgType.KPROBE, assemble(text), (definition,))
    finding, replayed = judged(prog, Kernel.release(release), 10.0)
    assert replayed.word == "faulted"
    assert replayed.text.startswith(f"faulted at insn {finding.witness.insn}: cannot read 8 bytes")


def test_packet_pointers_are_followed_and_a_short_packet_is_found():
    text = """
        r2 = *(u32 *)(r1 +76)
        r3 = *(u32 *)(r1 +80)
        r4 = r2
        r4 += 13
        r0 = 0
        if r4 > r3 goto out
        r0 = *(u8 *)(r2 +13)
        out:
        exit
    """
    prog = Prog("short", ProgType.SCHED_CLS, assemble(text))
    finding, replayed = judged(prog, Kernel.release("6.1"), 10.0)
    assert finding.word == "real"
    packet = next(b for b in finding.witness.blocks if b.kind == "the packet")
    assert len(packet.data) + packet.low == 13
    assert replayed.word == "faulted"


def test_a_budget_that_is_used_up_leaves_it_undecided():
    text = """
        r2 = *(u64 *)(r1 +0)
        r0 = 0
        again:
        r0 += 1
        if r0 != r2 goto again
        r0 = *(u64 *)(r2 +0)
        exit
    """
    prog = Prog("slow", ProgType.KPROBE, assemble(text))
    finding, _ = judged(prog, Kernel.release("4.19"), 0.001)
    assert finding.word == "undecided"
    assert finding.reasons == ("the time is used up",)


def test_a_loop_of_any_length_is_followed_so_far_and_the_scope_says_so():
    text = """
        r8 = *(u64 *)(r1 +0)
        r9 = *(u32 *)(r1 +8)
        r7 = 0
        again:
        r7 += 1
        if r7 < r8 goto again
        r9 &= 7
        *(u32 *)(r10 -8) = r9
        r4 = *(u32 *)(r10 -8)
        r3 = map[0]+0 ll
        r3 += r4
        r0 = *(u8 *)(r3 +0)
        exit
    """
    prog = Prog("loop", ProgType.KPROBE, assemble(text), (ONE,))
    finding, _ = judged(prog, Kernel.release("5.10"), 10.0)
    assert finding.word == "limit"
    assert not finding.complete
    assert finding.scope == "the rejected instruction; bounded: 64 turns of a loop"


# -- the command


def triage(capsys, tmp_path, name, data, *words):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    status = main(["triage", str(path), *words])
    out, err = capsys.readouterr()
    return status, out.replace(f"{tmp_path}/", ""), err


SPILL = CASES["a bounded index is lost through the stack"][-1]
WRONG = CASES["an index of up to 15 leaves the value"][-1]


def row(text, name="p"):
    insns = encode(assemble(text)).hex()
    spec = {"type": "array", "key": 4, "value": 16, "max_entries": 1}
    return json.dumps({"id": name, "prog_type": "kprobe", "insns": insns, "maps": [spec]})


def test_a_batch_is_reported_program_by_program_and_the_worst_is_the_status(capsys, tmp_path):
    batch = "\n".join([row(SPILL, "spill"), row(WRONG, "wrong"), row("r0 = 0\nexit", "fine")])
    status, out, _ = triage(capsys, tmp_path, "b.jsonl", batch, "--kernel", "5.2")
    assert status == 1
    assert "b.jsonl: spill: limit: insn 6: math between map_value pointer and register" in out
    assert "pointer that it makes; complete: all paths explored; 1 path, 8 insns" in out
    assert "b.jsonl: wrong: real: insn 5: " in out
    assert "replayed: faulted at insn 5: cannot read 8 bytes" in out
    assert "b.jsonl: fine: accepted: 2 insns processed" in out


def test_only_limits_give_status_0(capsys, tmp_path):
    status, out, _ = triage(capsys, tmp_path, "b.jsonl", row(SPILL), "--kernel", "5.2")
    assert status == 0, out


def test_assembler_text_has_the_type_that_is_given(capsys, tmp_path):
    text = "r0 = *(u32 *)(r1 +0)\nr0 = r9\nexit\n"
    words = ("--kernel", "6.1", "--type", "socket_filter")
    status, out, _ = triage(capsys, tmp_path, "a.s", text, *words)
    assert status == 1
    assert "real: insn 1: R9 !read_ok" in out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "--kernel RELEASE is needed"),
        (("--kernel", "1.0"), "1.0"),
        (("--kernel", "6.1", "--budget", "none"), "--budget none is no number of seconds"),
        (("--kernel", "6.1", "--budget", "nan"), "--budget nan is no number of seconds"),
        (("--kernel", "6.1", "--type", "nose"), "unknown program type nose"),
        (("--kernel",), "--kernel needs a value"),
        (("--colour",), "unknown option --colour"),
    ],
)
def test_wrong_words_are_told_and_give_status_2(words, complaint, capsys, tmp_path):
    status, _, err = triage(capsys, tmp_path, "a.s", "r0 = 0\nexit\n", *words)
    assert status == 2
    assert complaint in err.splitlines()[0]


@pytest.mark.parametrize(
    "data", ["no such insn", '{"id": "x"}', "{broken", b"\x7fELF and nothing", b"\xff\xfe\x00"]
)
def test_what_holds_no_program_is_told_and_gives_status_2(data, capsys, tmp_path):
    status, _, err = triage(capsys, tmp_path, "a.s", data, "--kernel", "6.1")
    assert status == 2
    assert "a.s: " in err.splitlines()[0]


def test_without_z3_the_extra_to_install_is_named(capsys, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("verifier_model.smt")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "z3", None)
    status, _, err = triage(capsys, tmp_path, "b.jsonl", row(WRONG), "--kernel", "6.1")
    assert status == 2
    assert "z3 is not installed: pip install 'dtrace-bpf[proofs]'" in err.splitlines()[0]


def test_a_refusal_without_a_word_is_explained(tmp_path, capsys):
    """A kernel without tracing programs says EINVAL to their type, and has no log then."""
    file = tmp_path / "r0.s"
    file.write_text("r0 = 0\nexit\n")
    assert main(["triage", str(file), "--kernel", "6.1-uml", "--type", "raw_tracepoint"]) == 1
    text = "unavailable: refused with EINVAL: this kernel does not take its type, its attach type"
    assert text in capsys.readouterr().out
