"""What kernels without a JIT or tracing refuse, some of it after the walk.

Expectations: generated programs on User-mode Linux 5.10.46, 6.1.176, 6.12.101 and 7.2.7.
"""

from __future__ import annotations

import pytest

from emu.isa.asm import assemble
from emu.kernel.enums import MapType, ProgType
from emu.kernel.errno import EFAULT, EINVAL
from emu.kernel.profile import Kernel
from emu.prog import FuncInfo, MapDef, Prog
from verifier_model import verify

PROGS = MapDef("progs", MapType.PROG_ARRAY, 4, 4, 2)

TAIL_CALL_AND_FUNCTION = """
    r6 = r1
    call f
    r1 = r6
    r2 = map[0] ll
    r3 = 0
    call tail_call
    r0 = 0
    exit
    f:
    r0 = 0
    exit
"""
CALLBACK = """
    r1 = 4
    r2 = f ll
    r3 = 0
    r4 = 0
    call loop
    r0 = 0
    exit
    f:
    r0 = 0
    exit
"""
READ = """
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    call probe_read_kernel
    r0 = 0
    exit
"""
# The call is dead: r2 is 1.
NOT_READ = """
    r2 = 1
    if r2 == 1 goto out
    r1 = r10
    r1 += -8
    r3 = 0
    call probe_read_kernel
    out:
    r0 = 0
    exit
"""


def answer(text: str, release: str, *maps: MapDef) -> tuple[int, str, int]:
    # Functions that are called back need BTF.
    functions = (FuncInfo(0, 0), FuncInfo(8, 0)) if text is CALLBACK else ()
    prog = Prog("plain", ProgType.XDP, assemble(text), maps, func_info=functions)
    verdict = verify(prog, Kernel.release(release))
    return verdict.errno, verdict.message, verdict.insns_processed


@pytest.mark.parametrize(
    ("release", "message"),
    [
        ("5.10.46-uml", "tail_calls are not allowed in non-JITed programs with bpf-to-bpf calls"),
        ("6.1.176-uml", "tail_calls are not allowed in non-JITed programs with bpf-to-bpf calls"),
        ("7.2.7-uml", "mixing of tail_calls and bpf-to-bpf calls is not supported"),
    ],
)
def test_tail_calls_and_functions_need_a_jit(release, message):
    assert answer(TAIL_CALL_AND_FUNCTION, release, PROGS)[:2] == (EINVAL, message)
    assert not answer(TAIL_CALL_AND_FUNCTION, release.removesuffix("-uml"), PROGS)[0]


@pytest.mark.parametrize("release", ["6.1.176-uml", "6.12.101-uml", "7.2.7-uml"])
def test_callbacks_need_a_jit_which_is_said_after_the_walk(release):
    errno, message, processed = answer(CALLBACK, release)
    assert (errno, message) == (EINVAL, "callbacks are not allowed in non-JITed programs")
    assert (0, "", processed) == answer(CALLBACK, release.removesuffix("-uml"))


@pytest.mark.parametrize(
    ("release", "errno", "message", "processed"),
    [
        ("5.10.46-uml", EFAULT, "kernel subsystem misconfigured func bpf_probe_read_kernel#113", 7),
        ("6.1.176-uml", EFAULT, "kernel subsystem misconfigured func bpf_probe_read_kernel#113", 7),
        (
            "7.2.7-uml",
            EINVAL,
            "program of this type cannot use helper bpf_probe_read_kernel#113",
            5,
        ),
    ],
)
def test_a_helper_without_a_function_is_found_out_when_its_call_is_patched(
    release, errno, message, processed
):
    """Until 6.1; later kernels look for the function first."""
    assert answer(READ, release) == (errno, message, processed)
    assert answer(NOT_READ, release)[:2] == (0, "")
