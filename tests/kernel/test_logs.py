"""The log of the running kernel's verifier, with lines of D, and that of its model."""

from __future__ import annotations

import pytest

from dtrace.backend.base import LoadError
from dtrace.backend.linux.kernel import LinuxKernel
from emu.isa.asm import assemble
from emu.kernel.enums import ProgType
from emu.prog import STATIC, FuncInfo, LineInfo, Prog
from verifier_model import verify

TEXT = """
main: r6 = r1
call clause
r0 = *(u64 *)(r6 +4)
exit
clause: r0 = *(u64 *)(r10 -8)
r0 = *(u64 *)(r0 +0)
exit
"""


@pytest.mark.kernel
def test_the_log_of_a_refused_program_tells_lines_of_d() -> None:
    lines = (
        LineInfo(0, "<built in>", 1, 1, "main"),
        LineInfo(4, "/tmp/test.d", 3, 2, "\tx = 1;"),
        LineInfo(5, "/tmp/test.d", 4, 2, "\ty = *x; /* caf\xe9 */"),
    )
    prog = Prog("main", ProgType.RAW_TRACEPOINT, tuple(assemble(TEXT)), line_info=lines)
    prog = prog._replace(
        func_info=(FuncInfo(0, STATIC, "main"), FuncInfo(4, STATIC, "clause")),
    )
    with LinuxKernel() as kernel:
        with pytest.raises(LoadError) as caught:
            kernel.load(prog, [])
        expected = verify(prog, kernel.profile, log_level=1)
    assert not expected.accepted
    log = caught.value.log
    assert "; y = *x; /* caf" in log
    text = log.replace("\ufffd", "\xe9")
    assert text.splitlines() == [line for line in expected.log if line]
