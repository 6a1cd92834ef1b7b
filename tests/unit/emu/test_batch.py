"""python -m emu: what it reads, what it prints, and what releases do differently."""

from __future__ import annotations

import io
import json
import sys

import pytest

from emu import __main__, batch, runner
from emu.isa.asm import assemble
from emu.isa.insn import encode
from emu.kernel.errno import E2BIG, EINVAL, ENOSPC
from emu.kernel.profile import Kernel
from emu.kernel.traits import Trait

FRAME = bytes(12) + b"\x08\x00" + bytes.fromhex("45000014000040004011") + bytes(30)
MULTICAST = b"\x01" + FRAME[1:]


def program(text, *, kind="socket_filter", **more):
    return {"id": "p", "prog_type": kind, "insns": encode(assemble(text)).hex(), **more}


def run(text, release="6.18", *, cpus=1, **more):
    row = program(text, **more)
    return runner.run(batch.read(row), Kernel.release(release), cpus)


def retval(text, release="6.18", **more):
    return run(text, release, runs=[{"data": FRAME.hex()}], **more)["runs"][0]["retval"]


def main(monkeypatch, lines, *options):
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
    return __main__.main(["--kernel", "6.12", *options])


def test_answers_come_in_order_one_a_line(monkeypatch, capsys):
    rows = [program(f"r0 = {n}\nexit", runs=[{"data": FRAME.hex()}]) for n in (7, 8)]
    assert main(monkeypatch, map(json.dumps, rows)) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["runs"][0]["retval"] for answer in answers] == [7, 8]
    assert answers[0]["id"] == "p"
    assert answers[0]["maps"] == {}


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "3", '{"id": "p"}', '{"id": "p", "insns": "95"}', '{"id": "p", "insns": "zz"}',
     '{"id": "p", "insns": "", "prog_type": "no_such"}', '{"id": "p", "insns": "", "maps": [1]}',
     '{"id": "p", "insns": "", "runs": [{"data": 5}]}'],
)  # fmt: skip
def test_bad_line_is_a_complaint_and_the_others_are_answered(monkeypatch, capsys, line):
    good = json.dumps(program("r0 = 1\nexit", runs=[{"data": FRAME.hex()}]))
    assert main(monkeypatch, [line, good]) == 1
    output = capsys.readouterr()
    assert "emu: line 1: " in output.err
    assert json.loads(output.out)["runs"][0]["retval"] == 1


def test_unknown_kernel_is_a_usage_error(capsys):
    assert __main__.main(["--kernel", "3.2"]) == 2
    assert "no profile for kernel 3.2" in capsys.readouterr().err


def test_fault_is_told_and_nothing_is_made_up():
    answer = run("r0 = *(u64 *)(r2 +0)\nexit", runs=[{"data": FRAME.hex()}])
    assert answer["message"] == "fault: insn 0: cannot read 8 bytes at 0x0"
    assert answer["runs"][0]["errno"] == 14


def test_maps_begin_with_their_elements_and_are_shown_at_the_end():
    text = """
        r1 = map[0]+0 ll
        r0 = *(u32 *)(r1 +0)
        *(u32 *)(r1 +4) = 5
        exit
    """
    spec = {"type": "array", "value": 8, "max_entries": 1, "init": [["00000000", "2a"]]}
    answer = run(text, maps=[spec], runs=[{"data": FRAME.hex()}])
    assert answer["runs"][0]["retval"] == 42
    assert answer["maps"] == {"0": {"entries": [["00000000", "2a00000005000000"]]}}


def test_map_that_cannot_be_made_is_refused_with_the_reason():
    spec = {"type": "sockmap", "value": 4, "max_entries": 1}
    answer = run("exit", maps=[spec], runs=[{"data": FRAME.hex()}])
    assert answer["message"] == "map refused: no maps of type sockmap: the world has no sockets"
    assert answer["runs"] == []


# -- Packets


def test_socket_filter_sees_the_packet_behind_the_link_header():
    assert retval("r6 = r1\nr0 = *(u8 *)skb[0]\nexit") == 0x45
    assert retval("r0 = *(u32 *)(r1 +0)\nexit") == len(FRAME) - 14
    assert retval("r6 = r1\nr0 = *(u16 *)skb[-2097140]\nexit") == 0x0800


def test_load_out_of_range_ends_the_program_with_zero():
    assert retval("r6 = r1\nr0 = 5\nr0 = *(u32 *)skb[38]\nr0 = 7\nexit") == 0
    assert retval("r6 = r1\nr0 = 5\nr0 = *(u32 *)skb[36]\nr0 = 7\nexit") == 7


def test_classifier_reaches_the_packet_through_pointers():
    text = """
        r2 = *(u32 *)(r1 +76)
        r3 = *(u32 *)(r1 +80)
        r0 = r3
        r0 -= r2
        *(u8 *)(r2 +0) = 9
        exit
    """
    answer = run(text, kind="sched_cls", runs=[{"data": FRAME.hex()}])["runs"][0]
    assert answer["retval"] == len(FRAME)
    assert answer["data_out"] == (b"\x09" + FRAME[1:]).hex()


def test_loopback_knows_no_broadcast():
    answer = run("r0 = *(u32 *)(r1 +4)\nexit", runs=[{"data": MULTICAST.hex()}])
    assert answer["runs"][0]["retval"] == 2
    answer = run("r0 = *(u32 *)(r1 +4)\nexit", runs=[{"data": (b"\xff" * 6 + FRAME[6:]).hex()}])
    assert answer["runs"][0]["retval"] == 2


def test_narrow_fields_of_the_context_keep_16_bits():
    text = "r2 = 0x12345\n*(u32 *)(r1 +44) = r2\nr0 = *(u32 *)(r1 +44)\nexit"
    assert retval(text, kind="sched_cls") == 0x2345
    text = "r2 = 0x12345\n*(u32 *)(r1 +48) = r2\nr0 = *(u32 *)(r1 +48)\nexit"
    assert retval(text, kind="sched_cls") == 0x12345


@pytest.mark.parametrize(("release", "size"), [("5.10.262", 184), ("6.1.180", 192)])
def test_context_that_comes_back_is_as_long_as_the_release_has_it(release, size):
    answer = run("exit", release, runs=[{"data": FRAME.hex(), "ctx": bytes(192).hex()}])["runs"][0]
    assert answer["errno"] == 0
    assert len(bytes.fromhex(answer["ctx_out"])) == size


def context(**fields):
    offsets = {"len": 0, "mark": 8, "ingress_ifindex": 36, "ifindex": 40, "wire_len": 160}
    data = bytearray(192)
    for name, value in fields.items():
        data[offsets[name] : offsets[name] + 4] = value.to_bytes(4, "little")
    return bytes(data).hex()


@pytest.mark.parametrize(
    ("release", "fields", "errno"),
    [
        ("6.18", {"mark": 5, "ifindex": 1}, 0),
        ("6.18", {"len": 5}, EINVAL),
        ("6.18", {"ifindex": 2}, 19),
        ("6.18", {"ingress_ifindex": 7}, 0),
        ("5.10.262", {"ingress_ifindex": 7}, EINVAL),
        ("6.18", {"wire_len": 1}, EINVAL),
    ],
)
def test_context_may_say_only_what_the_kernel_allows(release, fields, errno):
    spec = {"data": FRAME.hex(), "ctx": context(**fields)}
    answer = run("r0 = 1\nexit", release, runs=[spec])["runs"][0]
    assert (answer["errno"], answer["retval"]) == (errno, int(not errno))


def test_output_that_does_not_fit_is_cut():
    answer = run("r0 = 3\nexit", runs=[{"data": FRAME.hex(), "out_size": 20}])["runs"][0]
    assert answer["errno"] == ENOSPC
    assert len(bytes.fromhex(answer["data_out"])) == 20


def test_too_long_a_context_is_refused():
    spec = {"data": FRAME.hex(), "ctx": (bytes(192) + b"\1").hex()}
    assert run("exit", runs=[spec])["runs"][0]["errno"] == E2BIG


def test_metadata_of_xdp_comes_back_with_the_packet():
    text = """
        r6 = r1
        r2 = -4
        call bpf_xdp_adjust_meta
        r1 = *(u32 *)(r6 +8)
        *(u32 *)(r1 +0) = 0x55
        exit
    """
    newer = run(text, "6.12", kind="xdp", runs=[{"data": FRAME.hex()}])["runs"][0]
    assert newer["data_out"] == "55000000" + FRAME.hex()
    older = run(text, "5.10.262", kind="xdp", runs=[{"data": FRAME.hex()}])["runs"][0]
    assert older["data_out"] == FRAME.hex()


# -- Releases


def test_map_error_is_32_bits_where_maps_are_called_directly():
    text = """
        *(u32 *)(r10 -4) = 9
        r1 = map[0] ll
        r2 = r10
        r2 += -4
        call bpf_map_delete_elem
        r0 >>= 32
        exit
    """
    spec = {"type": "hash", "max_entries": 1}
    halves = {
        release: retval(text, release, maps=[spec])
        for release in ("5.10.262", "5.10.46-uml", "6.1.180", "6.12.107")
    }
    assert halves == {
        "5.10.262": 0, "5.10.46-uml": 0xFFFFFFFF, "6.1.180": 0, "6.12.107": 0xFFFFFFFF,
    }  # fmt: skip


AGAIN = encode(
    assemble("""
        r2 = map[1]+0 ll
        r3 = *(u64 *)(r2 +0)
        r3 += 1
        *(u64 *)(r2 +0) = r3
        r2 = map[0] ll
        r3 = 1
        call bpf_tail_call
        r0 = 0
        exit
    """)
).hex()
PROGS = {
    "type": "prog_array", "value": 4, "max_entries": 4, "dump": False,
    "init": [["01000000", {"prog_type": "socket_filter", "insns": AGAIN}]],
}  # fmt: skip
COUNTER = {"type": "array", "value": 8, "max_entries": 1}


def jumps(text, release):
    answer = run(text, release, maps=[PROGS, COUNTER], runs=[{"data": FRAME.hex()}])
    return int.from_bytes(bytes.fromhex(answer["maps"]["1"]["entries"][0][1]), "little")


def test_33_tail_calls_are_the_limit():
    text = "r2 = map[0] ll\nr3 = 1\ncall bpf_tail_call\nexit"
    for release in ("5.10.262", "6.1.180", "6.12.107"):
        assert jumps(text, release) == 33


def test_tail_call_to_an_empty_place_counts_in_old_kernels():
    text = """
        r6 = r1
        r2 = map[0] ll
        r3 = 2
        call bpf_tail_call
        r1 = r6
        r2 = map[0] ll
        r3 = 9
        call bpf_tail_call
        r1 = r6
        r2 = map[0] ll
        r3 = 1
        call bpf_tail_call
        exit
    """
    assert [jumps(text, release) for release in ("6.1.180", "6.12.107")] == [32, 33]


def test_functions_have_a_count_of_their_own_in_old_kernels():
    text = """
        r6 = r1
        call sub
        r1 = r6
        call sub
        exit
    sub:
        r2 = map[0] ll
        r3 = 1
        call bpf_tail_call
        exit
    """
    assert [jumps(text, release) for release in ("6.1.180", "6.12.107")] == [66, 33]


def test_what_is_tail_called_from_a_function_returns_to_its_caller():
    text = """
        r6 = 5
        r7 = r10
        call sub
        r0 = r6
        if r7 == r10 goto end
        r0 = 1
    end:
        exit
    sub:
        r6 = 9
        r2 = map[0] ll
        r3 = 1
        call bpf_tail_call
        exit
    """
    answer = run(text, maps=[PROGS, COUNTER], runs=[{"data": FRAME.hex()}])
    assert answer["runs"][0]["retval"] == 5


def test_user_mode_linux_is_a_kernel_without_jit():
    assert not Kernel.release("6.1.176-uml").has(Trait.MAP_ERROR_U32)
    assert Kernel.release("6.1.176").has(Trait.MAP_ERROR_U32)


def test_kprobe_gets_the_registers_of_the_system_call():
    text = """
        r3 = *(u64 *)(r1 +112)
        r3 += 104
        r1 = map[0]+0 ll
        r2 = 8
        call bpf_probe_read_kernel
        exit
    """
    spec = {"attach": "kprobe", "name": "__x64_sys_getpgid", "args": [1, 77], "times": 1}
    answer = run(text, kind="kprobe", maps=[COUNTER], runs=[spec])
    assert answer["maps"]["0"]["entries"] == [["00000000", "4d00000000000000"]]
    assert answer["runs"] == [{"errno": 0, "retval": 0}]


def test_open_coded_iterator_counts():
    text = """
        r6 = 0
        r1 = r10
        r1 += -8
        r2 = 3
        r3 = 6
        call bpf_ktime_get_ns
    again:
        r1 = r10
        r1 += -8
        call bpf_ktime_get_ns
        if r0 == 0 goto done
        r1 = *(u32 *)(r0 +0)
        r6 *= 10
        r6 += r1
        goto again
    done:
        r0 = r6
        exit
    """
    insns = list(assemble(text))
    calls = [at for at, insn in enumerate(insns) if insn.code == batch.CALL]
    for at in calls:
        insns[at] = insns[at]._replace(src=2, imm=99)
    names = ("bpf_iter_num_new", "bpf_iter_num_next")
    row = program("exit", runs=[{"data": FRAME.hex()}], kfuncs=list(zip(calls, names, strict=True)))
    row["insns"] = encode(insns).hex()
    answer = runner.run(batch.read(row), Kernel.release("6.12"), 1)
    assert answer["runs"][0]["retval"] == 345
