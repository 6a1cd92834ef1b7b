"""Kernel functions: which programs may call them, what they are given, and what the log says.

What kernels say to them is in corpus/kernels/kfuncs.jsonl.xz; here is what that does not hold: the
log's words for iterators, and answers of the model's own.
"""

from __future__ import annotations

import pytest

from emu.isa.asm import assemble
from emu.kernel.enums import ProgType
from emu.kernel.kfuncs import ITERATORS, KFUNCS, NUMBERS, Does, Kind, by_name
from emu.kernel.profile import Kernel
from emu.prog import Prog
from verifier_model import verify
from verifier_model.verdict import Unmodelled

NAMES = ("bpf_iter_num_new", "bpf_iter_num_next", "bpf_iter_num_destroy")
LOOP = """
        r1 = r10
        r1 += -8
        r2 = 0
        r3 = 3
        .insn 0x85 0 2 0 0          ; bpf_iter_num_new
again:  r1 = r10
        r1 += -8
        .insn 0x85 0 2 0 1          ; bpf_iter_num_next
        if r0 == 0 goto done
        goto again
done:   r1 = r10
        r1 += -8
        .insn 0x85 0 2 0 2          ; bpf_iter_num_destroy
        r0 = 0
        exit
"""


def prog(text=LOOP, *, kind=ProgType.KPROBE, names=NAMES, license="GPL"):
    return Prog("prog", kind, assemble(text), kfuncs=names, license=license)


def one_call(name):
    return prog(".insn 0x85 0 2 0 0\nr0 = 0\nexit", names=(name,))


def log(release, program=None):
    return verify(program or prog(), Kernel.release(release), log_level=2).log


@pytest.mark.parametrize(
    ("release", "shown"),
    [
        ("6.12", "fp-8=iter_num(ref_id=1,state=drained,depth=0)"),
        ("6.18", "fp-8=iter_num(ref_id=1,state=drained,depth=0)"),
        ("7.2", "fp-8=iter_num(id=1,state=drained,depth=0)"),
    ],
)
def test_an_iterator_is_shown_as_the_release_writes_it(release, shown):
    lines = [line for line in log(release) if "bpf_iter_num_next" in line and shown in line]
    assert len(lines) == 1


def test_without_btf_a_function_is_shown_by_its_name_and_no_number():
    assert any("(85) call bpf_iter_num_new#0" in line for line in log("6.12"))


@pytest.mark.parametrize("release", ["6.2", "6.5"])
def test_releases_whose_functions_were_not_read_are_unmodelled(release):
    with pytest.raises(Unmodelled, match=r"insn 4: a call of bpf_iter_num_new\(\)"):
        verify(prog(), Kernel.release(release))


UNINITIALISED = "r1 = r10\nr1 += -8\n.insn 0x85 0 2 0 0\nr0 = 0\nexit"
OF_NULL = "r1 = 0\n.insn 0x85 0 2 0 0\nr0 = 0\nexit"
OF_CTX = ".insn 0x85 0 2 0 0\nr0 = 0\nexit"
OF_MOVED_CTX = """
    r1 += 8
    r2 = 0
    r3 = r10
    r3 += -16
    .insn 0x85 0 2 0 0
    r0 = 0
    exit
"""
IN_SUBPROG = """
    .insn 0x85 0 2 0 0
    call inner
    .insn 0x85 0 2 0 1
    r0 = 0
    exit
    inner: r0 = 0
    exit
"""
AT_START = "R1 must have zero offset when passed to release func or trusted arg to kfunc"
CONST_DYNPTR = "expected pointer to stack or const struct bpf_dynptr"


@pytest.mark.parametrize(
    ("release", "name", "text", "message"),
    [
        ("6.6.57", "iter_num_next", UNINITIALISED, "expected an initialized iter_num as arg #1"),
        ("6.11.11", "iter_num_next", UNINITIALISED, "expected an initialized iter_num as arg #1"),
        ("6.12.107", "iter_num_next", UNINITIALISED, "expected an initialized iter_num as arg #0"),
        ("6.11.11", "iter_bits_next", OF_NULL, "expected an initialized iter_bits as arg #1"),
        (
            "6.12.107",
            "iter_bits_next",
            OF_NULL,
            "arg#0 expected pointer to an iterator on stack",
        ),
        ("6.10", "dynptr_size", OF_CTX, "arg#0 expected pointer to stack or dynptr_ptr"),
        ("6.11.11", "dynptr_size", OF_CTX, f"arg#1 {CONST_DYNPTR}"),
        ("6.12.107", "dynptr_size", OF_CTX, f"arg#0 {CONST_DYNPTR}"),
        ("6.10", "dynptr_from_skb", OF_MOVED_CTX, AT_START),
        (
            "6.11.11",
            "dynptr_from_skb",
            OF_MOVED_CTX,
            "dereference of modified ctx ptr R1 off=8 disallowed",
        ),
    ],
)
def test_complaints_of_releases_that_were_read_only(release, name, text, message):
    """Read in 6.6.57, 6.10.0 and 6.11.11; what their own tests expect is the same."""
    program = prog(text, kind=ProgType.SCHED_CLS, names=(f"bpf_{name}",))
    assert verify(program, Kernel.release(release)).message == message


@pytest.mark.parametrize(
    ("kind", "name", "last_without"),
    [
        (ProgType.XDP, "bpf_task_from_pid", "6.7.3"),
        (ProgType.SYSCALL, "bpf_task_from_pid", "6.9"),
        (ProgType.CGROUP_SKB, "bpf_task_from_pid", "6.11.11"),
        (ProgType.SYSCALL, "bpf_cpumask_create", "6.9"),
    ],
)
def test_program_types_came_to_sets_of_functions_one_by_one(kind, name, last_without):
    """The register_btf_kfunc_id_set() calls of 6.6.57 to 6.11.11, and 6.12 as measured."""
    program = prog(".insn 0x85 0 2 0 0\nr0 = 0\nexit", kind=kind, names=(name,))
    program = program._replace(flags=16 if kind is ProgType.SYSCALL else 0)
    releases = ["6.6.57", "6.7.3", "6.8", "6.9", "6.10", "6.11.11", "6.12.107"]
    refused = f"calling kernel function {name} is not allowed"
    without = [r for r in releases if verify(program, Kernel.release(r)).message == refused]
    assert without == releases[: releases.index(last_without) + 1]


@pytest.mark.parametrize("release", ["6.6.57", "6.8", "6.9", "6.11.11"])
def test_a_region_of_rcu_around_a_subprog_is_allowed_since_6_9(release):
    program = prog(IN_SUBPROG, names=("bpf_rcu_read_lock", "bpf_rcu_read_unlock"))
    verdict = verify(program, Kernel.release(release))
    before = release in ("6.6.57", "6.8")
    assert verdict.message == ("bpf_rcu_read_unlock is missing" if before else "")


def test_a_function_that_the_kernel_does_not_have_yet_is_not_found_as_libbpf_says_it():
    verdict = verify(one_call("bpf_strlen"), Kernel.release("6.16"))
    assert (verdict.accepted, verdict.errno) == (False, 3)
    assert verdict.message == (
        "extern (func ksym) 'bpf_strlen': not found in kernel or module BTFs"
    )


def test_a_function_that_nothing_is_known_of_is_unmodelled():
    with pytest.raises(Unmodelled, match=r"insn 0: a call of bpf_of_a_module\(\)"):
        verify(
            one_call("bpf_of_a_module"),
            Kernel.release("6.18"),
        )


def test_programs_that_are_not_under_the_gpl_call_none():
    verdict = verify(prog(license="MIT"), Kernel.release("6.12"))
    assert verdict.message == "cannot call kernel function from non-GPL compatible program"


@pytest.mark.parametrize(
    ("release", "message"),
    [
        ("6.12-uml", "calling kernel function is not supported without CONFIG_DEBUG_INFO_BTF"),
        ("5.10", "BPF_CALL uses reserved fields"),
    ],
)
def test_kernels_that_cannot_call_functions_say_so(release, message):
    loop = prog(kind=ProgType.SOCKET_FILTER)
    assert verify(loop, Kernel.release(release)).message == message


def test_what_must_not_be_null_says_what_it_points_to():
    """7.3 tells it, as its BTF has it: type (struct bpf_dynptr *)."""
    free = (*NUMBERS, Kind.ANYTHING, Kind.BUFFER_OR_NULL, Kind.CALLBACK)
    for row in KFUNCS:
        if Does.SLEEPS not in row.does and row.name != "bpf_cast_to_kern_ctx":  # takes void *
            pointers = [param for param in row.params or () if param.kind not in free]
            assert all(param.type or param.name for param in pointers), row.name


def test_no_name_is_in_the_table_twice_and_every_iterator_has_its_three_functions():
    names = [row.name for row in KFUNCS]
    assert len(names) == len(set(names))
    for kind in ITERATORS:
        assert all(by_name(f"bpf_iter_{kind}_{end}") for end in ("new", "next", "destroy"))
