"""dtlab triage --prove: whether a program that a kernel takes is what its verifier believed."""

from __future__ import annotations

import pytest

pytest.importorskip("z3")

from dtrace.lab.main import main
from dtrace.lab.triage import judged
from emu.isa.asm import assemble
from emu.kernel.enums import F_TEST_STATE_FREQ, MapType, ProgType
from emu.kernel.profile import Kernel
from emu.prog import MapDef, Prog
from verifier_model import verify
from verifier_model.explain import confirm_acceptance
from verifier_model.smt.proof.bugs import BUGS, MISTAKEN, mended

IDS = [bug.trait.name for bug in BUGS]
HASH = MapDef("hash", MapType.HASH, 4, 16, 4)
NEWEST = Kernel.release("7.3")


def program(text: str, *maps: MapDef) -> Prog:
    return Prog("prove", ProgType.RAW_TRACEPOINT, assemble(text), maps)


@pytest.mark.parametrize("bug", BUGS, ids=IDS)
def test_a_run_escapes_a_verifier_with_a_known_bug_and_the_emulator_follows_it(bug):
    finding, replayed = judged(program(bug.program), Kernel.release(bug.kernel), 10.0)
    assert finding.word == "escapes"
    assert finding.rule == "registers that the verifier did not believe possible"
    assert replayed.word == "reached"


@pytest.mark.parametrize("bug", BUGS, ids=IDS)
def test_no_run_escapes_the_same_verifier_once_it_is_mended(bug):
    finding, _ = judged(program(bug.program), mended(bug.kernel), 10.0)
    assert (finding.word, finding.complete, finding.reasons) == ("confirmed", True, ())


@pytest.mark.parametrize("mistaken", MISTAKEN, ids=lambda mistaken: mistaken.prog_type.name)
def test_a_path_that_was_taken_for_another_goes_wrong_and_a_later_kernel_walks_it(mistaken):
    """Recorded in corners: ids-pruned, packet-beyond-wrong, value-null-ids."""
    prog = Prog("mistaken", mistaken.prog_type, assemble(mistaken.program), (HASH,))
    prog = prog._replace(flags=F_TEST_STATE_FREQ)
    finding, replayed = judged(prog, Kernel.release(mistaken.kernel), 10.0)
    assert (finding.word, replayed.word) == ("escapes", "faulted")
    assert finding.rule.startswith("an access")
    finding, replayed = judged(prog, Kernel.release(mistaken.mended), 10.0)
    assert (finding.word, replayed.word) == ("real", "faulted")


def test_a_path_that_was_taken_for_another_and_never_goes_wrong_is_undecided():
    """The two lookups are of one element: both find it, or neither does."""
    prog = Prog("same", MISTAKEN[-1].prog_type, assemble(MISTAKEN[-1].program), (HASH,))
    insns = tuple(insn._replace(imm=0) if insn.code == 0x62 else insn for insn in prog.insns)
    prog = prog._replace(insns=insns, flags=F_TEST_STATE_FREQ)
    finding, _ = judged(prog, Kernel.release("6.1.180"), 10.0)
    assert finding.word == "undecided"
    assert finding.reasons == (
        "a path that was taken for another one is refused if walked: "
        "insn 18: R7 invalid mem access 'map_value_or_null'",
    )


def test_a_packet_without_metadata_is_shown_if_there_is_one():
    text = "r2 = *(u32 *)(r1 +0)\nr0 = *(u8 *)(r2 +3)\nexit"
    prog = Prog("short", ProgType.XDP, assemble(text))
    finding, replayed = judged(prog, NEWEST, 10.0)
    packet = next(b for b in finding.witness.blocks if b.kind == "the packet")
    assert (packet.low, finding.word, replayed.word) == (0, "real", "faulted")
    size = len(packet.data)
    assert size <= 3
    assert finding.detail == f"1 bytes at offset 3 of packet ({size} bytes)"


def test_metadata_is_told_apart_from_its_packet():
    text = """
        r2 = *(u32 *)(r1 +8)
        r3 = *(u32 *)(r1 +0)
        r4 = r2
        r4 += 4
        if r4 > r3 goto out
        r3 = *(u32 *)(r2 +0)
        if r3 != 7 goto out
        r3 = *(u64 *)(r2 +512)
        out: r0 = 0
        exit
    """
    prog = Prog("meta", ProgType.XDP, assemble(text))
    finding, replayed = judged(prog, NEWEST, 10.0)
    assert (finding.word, replayed.word) == ("real", "faulted")
    packet = next(b for b in finding.witness.blocks if b.kind == "the packet")
    lines = finding.text(prog).splitlines()
    front = next(line for line in lines if "metadata in front of packet" in line)
    assert front.startswith(f"  metadata in front of packet: {-packet.low} bytes: 07")
    assert any(line.startswith(f"  packet: {len(packet.data) + packet.low} byte") for line in lines)


def test_the_witness_is_the_number_that_leaves_the_range():
    """CVE-2021-31440: of r2 >= 1 the low half was believed to be at least 1, too."""
    text = """
        r2 = *(u64 *)(r1 +0)
        if r2 >= 1 goto out
        r2 = 1
        out:
        r0 = 0
        exit
    """
    finding, _ = judged(program(text), Kernel.release("5.8"), 10.0)
    assert finding.word == "escapes"
    value = dict(finding.witness.registers)[2]
    assert value >= 1
    assert value & 0xFFFF_FFFF == 0


@pytest.mark.parametrize(("release", "word"), [("6.17", "confirmed"), ("7.2", "escapes")])
def test_a_zero_extension_that_is_forgotten_is_an_escape(release, word):
    """The high half of r0 is 0 to the verifier; tests of the model show which kernels forget it."""
    text = """
        r6 = *(u64 *)(r1 +0)
        r0 = *(u64 *)(r1 +8)
        r3 = 1
        *(u64 *)(r10 -8) = 0
        if r6 == 0 goto exchange
        w0 = w6
        goto out
        exchange:
        r0 = atomic_cmpxchg((u32 *)(r10 -8), r0, r3)
        out:
        r0 >>= 32
        r0 = 0
        exit
    """
    finding, replayed = judged(program(text), Kernel.release(release), 10.0)
    assert finding.word == word, finding.text(program(text))
    assert (replayed is not None and replayed.word == "reached") == (word == "escapes")


@pytest.mark.parametrize("release", ["5.10.262", "6.1", "6.8", "6.17", "7.1", "7.2"])
def test_a_lookup_a_loop_and_a_spill_are_confirmed(release):
    text = """
        r6 = *(u64 *)(r1 +0)
        r7 = 0
        again:
        r7 += 1
        if r7 < 10 goto again
        r6 &= 12
        *(u64 *)(r10 -16) = r6
        *(u32 *)(r10 -4) = 1
        r2 = r10
        r2 += -4
        r1 = map[0] ll
        call map_lookup_elem
        if r0 == 0 goto out
        r6 = *(u64 *)(r10 -16)
        r0 += r6
        r0 = *(u32 *)(r0 +0)
        r0 = 0
        out:
        exit
    """
    finding, _ = judged(program(text, HASH), Kernel.release(release), 10.0)
    assert (finding.word, finding.complete) == ("confirmed", True), finding.text(program(text))


def test_more_paths_than_there_is_time_for_are_undecided():
    forks = "".join(f"if r2 & {1 << n} goto l{n}\nr0 += 1\nl{n}:\n" for n in range(24))
    prog = program(f"r2 = *(u64 *)(r1 +0)\nr0 = 0\n{forks}r0 = 0\nexit")
    finding, _ = judged(prog, NEWEST, 0.2)
    assert finding.word == "undecided"
    assert finding.reasons == ("walking every path takes longer than there is time",)


def test_a_rejection_cannot_be_confirmed():
    prog = program("r0 = *(u64 *)(r2 +0)\nexit")
    with pytest.raises(ValueError, match="rejected"):
        confirm_acceptance(prog, NEWEST, verify(prog, NEWEST))


@pytest.mark.parametrize(
    ("words", "text", "status"),
    [
        ((), "r2: accepted: 5 insns processed\n", 0),
        (("--prove",), "r2: escapes: accepted, 5 insns processed\n", 1),
    ],
)
def test_the_command_proves_only_when_it_is_asked_to(tmp_path, capsys, words, text, status):
    file = tmp_path / "r2.s"
    file.write_text("r2 = *(u64 *)(r1 +0)\nr2 &= 128\nw4 = (s8)w2\nr0 = 0\nexit\n")
    assert main(["triage", str(file), "--kernel", "6.6", "--type", "kprobe", *words]) == status
    assert capsys.readouterr().out.removeprefix(f"{file}: ").startswith(text)
