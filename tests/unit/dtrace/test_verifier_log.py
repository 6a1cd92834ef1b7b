"""What a refusal by the running kernel says."""

from __future__ import annotations

from dtrace.backend.linux.progs import read_log

# As 6.18 printed it.
LOG = """\
0: R1=ctx() R10=fp0
0: (b7) r0 = 0                        ; R0=0
1: (61) r2 = *(u32 *)(r3 +0)
R3 !read_ok
processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
"""


def test_the_complaint_and_its_insn_are_found():
    assert read_log(LOG) == ("R3 !read_ok", 1)


def test_a_log_without_insns_still_has_its_complaint():
    assert read_log("unreachable insn 3\n") == ("unreachable insn 3", -1)
    assert read_log("") == ("", -1)
