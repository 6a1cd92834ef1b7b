"""What `python -m verifier_model` answers, where it is not what the log's last line says."""

from __future__ import annotations

import json

import pytest

from emu.isa.asm import assemble
from emu.kernel.profile import Kernel
from verifier_model.__main__ import judge, main


def _answer(text, release, **more):
    insns = "".join(
        f"{insn.code:02x}{insn.src << 4 | insn.dst:02x}"
        + (insn.off & 0xFFFF).to_bytes(2, "little").hex()
        + (insn.imm & 0xFFFFFFFF).to_bytes(4, "little").hex()
        for insn in assemble(text)
    )
    row = {"id": "p", "prog_type": "socket_filter", "license": "GPL", "insns": insns, **more}
    return judge(row, Kernel.release(release), 1, 2)


TAIL_CALL = "r2 = map[0] ll\nr3 = 0\ncall tail_call\nr0 = 0\nexit\n"
ARRAY = [{"type": "array", "key": 4, "value": 8, "max_entries": 1}]
STATS = (
    "processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 "
    "mark_read 0"
)


@pytest.mark.parametrize("release", ["7.2.13", "7.3.4"])
def test_a_complaint_without_an_end_goes_on_with_the_statistics(release):
    answer = _answer(TAIL_CALL, release, maps=ARRAY)
    assert answer["message"] == f"expected prog array map for tail call{STATS}"
    assert answer["log"].endswith(f"\n{answer['message']}\n")


def test_without_a_log_it_stands_alone():
    answer = _answer(TAIL_CALL, "7.2.13", maps=ARRAY, log_level=0)
    assert answer["message"] == "expected prog array map for tail call"


@pytest.mark.parametrize("release", ["6.12.107", "7.3.4"])
def test_the_states_below_a_complaint_are_none(release):
    answer = _answer("r0 = 1\nagain: if r0 == 1 goto again\nexit\n", release)
    assert answer["message"] == "infinite loop detected at insn 1"


@pytest.mark.parametrize("release", ["6.12.107", "6.18.44", "7.3.4"])
def test_a_netfilter_program_attaches_to_netfilter_only(release):
    text = "r0 = *(u64 *)(r1 +0)\nexit\n"
    refused = _answer(text, release, prog_type="netfilter", attach_type=200)
    assert (refused["verdict"], refused["errno"], refused["message"]) == ("reject", 22, "")
    refused = _answer(text, release, prog_type="netfilter", attach_type=45)
    text = "At program exit the register R0 is not a known value (trusted_ptr_)"
    assert (refused["errno"], refused["message"]) == (22, text)


@pytest.mark.parametrize("release", ["7.2.13", "7.3.4"])
def test_a_refusal_without_words_has_no_complaint(release):
    answer = _answer("r0 = 0\nexit\n", release, prog_type="struct_ops")
    assert (answer["verdict"], answer["errno"], answer["message"]) == ("reject", 524, "")


def test_what_the_policy_denies_is_refused_before_it_is_read(monkeypatch, capsys):
    """As on a machine that refused fentry and LSM programs: EPERM and no log; tp_btf not, and an
    attach type that another program type names was of no concern."""
    insns = "b700000000000000" + "9500000000000000"
    rows = [
        {"id": name, "prog_type": kind, "attach_type": number, "insns": insns}
        for name, kind, number in (
            ("fentry", "tracing", 24),
            ("lsm", "lsm", 200),
            ("raw_tp", "tracing", 23),
            ("other", "socket_filter", 24),
            ("no_such", "tracing", 1000),
        )
    ]
    monkeypatch.setattr("sys.stdin", [json.dumps(row) for row in rows])
    assert main(["--kernel", "6.18.44", "--deny", "lsm,tracing:trace_fentry"]) == 0
    answers = map(json.loads, capsys.readouterr().out.splitlines())
    fentry, lsm, raw_tp, other, no_such = answers
    assert (fentry["verdict"], fentry["errno"], fentry["log"]) == ("reject", 1, "")
    assert (lsm["errno"], lsm["message"]) == (1, "")
    assert other["verdict"] == "accept"
    assert (raw_tp["errno"], raw_tp["message"]) == (22, "Tracing programs must provide btf_id")
    assert no_such["errno"] == 22


@pytest.mark.parametrize(
    ("words", "complaint"),
    [("trace", "no program type: 'trace'"), ("tracing:fentri", "no attach type: 'fentri'")],
)
def test_a_type_that_is_none_is_wrong_usage(capsys, words, complaint):
    with pytest.raises(SystemExit) as ended:
        main(["--kernel", "6.18.44", "--deny", words])
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err
