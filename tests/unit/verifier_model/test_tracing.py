"""Tracing programs, kernel structures by BTF, and what is asked before the insns are.

What is expected of loads was measured on 6.18.44 with the same accesses of struct task_struct.
"""

from __future__ import annotations

import pytest

from emu.btf import BtfData, Kind
from emu.isa.asm import assemble
from emu.kernel.enums import F_SLEEPABLE, AttachType, ProgType
from emu.kernel.profile import Kernel
from emu.prog import Insn, Prog
from tests.btfwriter import Writer
from verifier_model import Unmodelled, verify
from verifier_model.check.btf_walk import Walk

HOST = Kernel.release("6.18.44")
TRUE = "r0 = 0\nexit"


def kernel_types() -> BtfData:
    """struct task, and tracepoint `wake` with (struct task *, int, struct task *)."""
    w = Writer()
    integer = w.integer("int", 4, signed=True)
    char = w.integer("char", 1, signed=True)
    text = w.type(Kind.ARRAY, rest=b"".join(n.to_bytes(4, "little") for n in (char, integer, 16)))
    task = w.count + 1 + 6
    to_task = w.type(Kind.PTR, size=task)
    to_char = w.type(Kind.PTR, size=char)
    inner = w.struct(Kind.STRUCT, "inner", 16, ("a", integer, 0), ("up", to_task, 64))
    either = w.struct(Kind.UNION, "", 8, ("task", to_task, 0), ("name", to_char, 0))
    w.struct(Kind.STRUCT, "task__safe_rcu", 8, ("parent", to_task, 0))
    w.struct(Kind.STRUCT, "task__safe_rcu_or_null", 8, ("tracer", to_task, 0))
    assert task == w.struct(
        Kind.STRUCT,
        "task",
        80,
        ("pid", integer, 0),
        ("comm", text, 32),
        ("inner", inner, 192),
        ("parent", to_task, 320),
        ("tracer", to_task, 384),
        ("other", to_task, 448),
        ("either", either, 512),
        ("label", to_char, 576),
    )
    proto = w.proto(0, ("", w.type(Kind.PTR)), ("", to_task), ("", integer), ("", to_task))
    w.type(Kind.TYPEDEF, "btf_trace_wake", w.type(Kind.PTR, size=proto))
    entry = w.proto(to_task, ("task", to_task), ("n", integer))
    w.type(Kind.FUNC, "wake_up", entry)
    return BtfData(w.blob())


TYPES = kernel_types()


def answer(text: str, *, licence: str = "GPL", attach_type=AttachType.TRACE_RAW_TP, to="wake"):
    """ "accept", or the message."""
    prog = Prog(
        "t",
        ProgType.TRACING,
        tuple(assemble(text)),
        license=licence,
        expected_attach_type=attach_type,
        attach_to=to,
    )
    verdict = verify(prog, HOST, btf=TYPES)
    return "accept" if verdict.accepted else verdict.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("r0 = *(u32 *)(r2 +0)", "accept"),
        ("r0 = *(u64 *)(r2 +8)", "accept"),  # in the middle of comm
        (
            "r0 = *(u64 *)(r2 +16)",
            "access beyond the end of member comm (mend:20) in struct task with off 16 size 8",
        ),
        ("r0 = *(u64 *)(r2 +80)", "access beyond struct task at off 80 size 8"),
        ("r0 = *(u64 *)(r2 -8)", "R2 is ptr_task invalid negative access: off=-8"),
        ("*(u64 *)(r2 +0) = 0", "only read is supported"),
        (
            "r0 = *(u32 *)(r2 +40)",
            "cannot access ptr member parent with moff 40 in struct task with off 40 size 4",
        ),
        ("r2 = *(u64 *)(r2 +40)\nr2 = *(u64 *)(r2 +40)\nr0 = *(u32 *)(r2 +0)", "accept"),
        (
            "r2 = *(u64 *)(r2 +48)\nr0 = *(u32 *)(r2 +0)",
            "R2 invalid mem access 'rcu_ptr_or_null_'",
        ),
        ("r2 = *(u64 *)(r2 +56)\nr0 = *(u32 *)(r2 +0)", "accept"),
        ("r2 = *(u64 *)(r2 +32)\nr0 = *(u32 *)(r2 +0)", "accept"),  # inner.up
        ("r2 = *(u64 *)(r2 +72)\nr0 = *(u64 *)(r2 +64)", "accept"),  # any place behind label
        (
            "r2 = *(u64 *)(r2 +72)\n*(u64 *)(r2 +64) = 0",
            "R2 cannot write into rdonly_untrusted_mem",
        ),
        ("r2 += 4\nr0 = *(u8 *)(r2 +15)", "accept"),
        (
            "r3 = *(u64 *)(r1 +8)\nr3 &= 7\nr2 += r3\nr0 = *(u8 *)(r2 +4)",
            "R2 is ptr_task invalid variable offset: off=4, var_off=(0x0; 0x7)",
        ),
    ],
)
def test_load_through_an_argument_is_as_on_6_18(text, expected):
    assert answer(f"r2 = *(u64 *)(r1 +0)\n{text}\n{TRUE}") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("r2 = *(u64 *)(r1 +16)", "accept"),
        ("r2 = *(u64 *)(r1 +24)", "invalid bpf_context access off=24 size=8"),
        ("r2 = *(u32 *)(r1 +0)", "invalid bpf_context access off=0 size=4"),
        ("r2 = *(u32 *)(r1 +4)", "invalid bpf_context access off=4 size=4"),
        ("r2 = *(u32 *)(r1 +8)", "accept"),
        ("r2 = *(u64 *)(r1 +8)\nr0 = *(u64 *)(r2 +0)", "R2 invalid mem access 'scalar'"),
    ],
)
def test_argument_is_read_as_on_6_18(text, expected):
    assert answer(f"{text}\n{TRUE}") == expected


def test_a_tracepoints_argument_is_there_and_a_functions_need_not_be():
    """The branch on null is dead for the one: its load of a number would be refused."""
    text = "r2 = *(u64 *)(r1 +0)\nif r2 != 0 goto out\nr0 = *(u64 *)(r0 +0)\nout: r0 = 0\nexit"
    assert answer(text) == "accept"
    entry = answer(text, attach_type=AttachType.TRACE_FENTRY, to="wake_up")
    assert entry == "R0 !read_ok"


def test_only_an_exit_has_the_result():
    text = f"r2 = *(u64 *)(r1 +16)\nr0 = *(u32 *)(r2 +0)\n{TRUE}"
    assert answer(text, attach_type=AttachType.TRACE_FEXIT, to="wake_up") == "accept"
    entry = answer(text, attach_type=AttachType.TRACE_FENTRY, to="wake_up")
    assert entry == "invalid bpf_context access off=16 size=8"


def test_kernel_structures_are_for_gpl_programs():
    text = f"r2 = *(u64 *)(r1 +0)\nr0 = *(u32 *)(r2 +0)\n{TRUE}"
    assert answer(text, licence="BSD") == (
        "Cannot access kernel 'struct task' from non-GPL compatible program"
    )


def test_without_btf_there_is_no_answer():
    prog = Prog("t", ProgType.TRACING, tuple(assemble(TRUE)), attach_to="wake_up")
    with pytest.raises(Unmodelled, match="without the kernel's BTF"):
        verify(prog, HOST)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("r2 = 4\ncall trace_printk", "accept"),
        (
            "r2 = 24\ncall trace_printk",
            "access beyond the end of member pid (mend:4) in struct task with off 0 size 24",
        ),
        ("r1 += 4\nr2 = 16\ncall trace_printk", "accept"),  # comm
        (
            "r2 = 4\ncall get_current_comm",
            "bpf_get_current_comm() may write into memory pointed by R1 type=trusted_ptr_",
        ),
        (
            "r1 += -8\nr2 = 4\ncall trace_printk",
            "negative offset trusted_ptr_ ptr R1 off=-8 disallowed",
        ),
        (
            "r3 = *(u32 *)(r1 +0)\nr3 &= 7\nr1 += r3\nr2 = 4\ncall trace_printk",
            "variable trusted_ptr_ access var_off=(0x0; 0x7) disallowed",
        ),
    ],
)
def test_a_trusted_structure_is_memory_that_helpers_read(text, expected):
    """Measured on 6.12.107, 6.18.15 and 7.2.13 with struct task_struct."""
    assert answer(f"r1 = *(u64 *)(r1 +0)\n{text}\n{TRUE}") == expected


@pytest.mark.parametrize(("release", "accepted"), [("6.1.180", False), ("6.12.107", True)])
def test_memory_for_a_stack_is_read_before_7_0(release, accepted):
    """Measured on both; since 6.3 programs may read what was never written."""
    text = "r2 = r10\nr2 += -8\nr3 = 8\nr4 = 0\ncall get_stack\nr0 = 0\nexit"
    prog = Prog("t", ProgType.TRACING, assemble(text), attach_to="wake")
    prog = prog._replace(expected_attach_type=AttachType.TRACE_RAW_TP)
    assert verify(prog, Kernel.release(release), btf=TYPES).accepted == accepted


@pytest.mark.parametrize(
    ("to", "attach_type", "call", "expected"),
    [
        ("wake", AttachType.TRACE_RAW_TP, "task_pt_regs", "R1 is of type task but task_struct is"),
        ("wake", AttachType.TRACE_RAW_TP, "skc_to_tcp_sock", "R1 is of type task but sock_common"),
        ("wake", AttachType.TRACE_RAW_TP, "d_path", "helper call is not allowed in probe"),
        ("wake", AttachType.TRACE_RAW_TP, "seq_write", "program of this type cannot use helper"),
        ("wake", AttachType.TRACE_RAW_TP, "get_func_arg_cnt", "program of this type cannot use"),
        ("wake_up", AttachType.TRACE_FENTRY, "get_func_arg_cnt", "R1 type=ptr_ expected=ctx"),
        ("wake", AttachType.TRACE_RAW_TP, "sk_storage_delete", "R1 type=trusted_ptr_ expected=map"),
    ],
)
def test_helpers_ask_for_the_structure_and_the_place(to, attach_type, call, expected):
    """The words of 6.18.5 and 6.19.14, with struct task_struct and functions that these have."""
    text = f"r1 = *(u64 *)(r1 +0)\nr2 = r1\ncall {call}\n{TRUE}"
    assert answer(text, attach_type=attach_type, to=to).startswith(expected)


def test_a_pointer_in_a_union_is_told_from_others():
    task = TYPES.find("task", (Kind.STRUCT,))
    assert Walk(TYPES, HOST, 64, 8).find(task).in_union
    assert not Walk(TYPES, HOST, 56, 8).find(task).in_union
    assert Walk(TYPES, HOST, 56, 8).find(task)[:2] == (True, task)


# -- before the insns ------------------------------------------------------------------------

EMPTY = (Insn(0xB7), Insn(0x95))


@pytest.mark.parametrize(
    ("kind", "flags", "attach_type", "release", "message"),
    [
        (ProgType.SYSCALL, 0, 0, "6.12", "Syscall programs can only be sleepable"),
        (ProgType.SYSCALL, 0, 0, "5.10", ""),
        (ProgType.LSM, 0, 27, "6.12", "Tracing programs must provide btf_id"),
        (ProgType.TRACING, 0, 24, "7.2", "Tracing programs must provide btf_id"),
        (ProgType.EXT, 0, 24, "6.12", ""),
        (ProgType.CGROUP_SOCK_ADDR, 0, 0, "6.1", ""),
        (
            ProgType.XDP,
            F_SLEEPABLE,
            0,
            "5.10",
            "Only fentry/fexit/fmod_ret and lsm programs can be sleepable",
        ),
        (
            ProgType.XDP,
            F_SLEEPABLE,
            0,
            "6.1",
            "Only fentry/fexit/fmod_ret, lsm, and kprobe/uprobe programs can be sleepable",
        ),
        (ProgType.XDP, F_SLEEPABLE, 0, "7.2", "Program of this type cannot be sleepable"),
    ],
)
def test_program_is_refused_for_what_it_says_it_is(kind, flags, attach_type, release, message):
    prog = Prog("t", kind, EMPTY, flags=flags, expected_attach_type=attach_type)
    verdict = verify(prog, Kernel.release(release))
    assert (verdict.accepted, verdict.message) == (False, message)


def calls_itself_when_dead(stack: int) -> Prog:
    return Prog(
        "t",
        ProgType.SOCKET_FILTER,
        (
            Insn(0xB7),  # r0 = 0
            Insn(0x7B, 10, 0, -stack),  # *(u64 *)(r10 -stack) = r0
            Insn(0x55, 0, 0, 2),  # if r0 != 0 goto pc+2
            Insn(0xB7),
            Insn(0x95),
            Insn(0x85, 0, 1, 0, -6),  # call pc-6
            Insn(0x95),
        ),
    )


@pytest.mark.parametrize(
    ("release", "stack", "frames"),
    [("6.12", 64, 8), ("7.1.13", 64, 8), ("7.2", 32, 16)],
)
def test_a_program_that_calls_itself_in_dead_code_is_too_deep(release, stack, frames):
    verdict = verify(calls_itself_when_dead(stack), Kernel.release(release))
    assert verdict.message == f"the call stack of {frames} frames is too deep !"


@pytest.mark.parametrize(("release", "stack"), [("7.1.13", 72), ("7.2.13", 40), ("7.3.4", 40)])
def test_the_bug_that_never_ends_has_a_name(release, stack):
    with pytest.raises(Unmodelled, match="kernel bug CALLERS_COUNTED"):
        verify(calls_itself_when_dead(stack), Kernel.release(release))


# -- older rules ---------------------------------------------------------------------------------
# Measured on 5.10.262, 6.1.180 and 6.12.107 with such accesses of their own structures.


def older_types() -> BtfData:
    """Functions whose arguments releases take differently."""
    w = Writer()
    integer = w.integer("int", 4, signed=True)
    char = w.integer("char", 1, signed=True)
    to_int = w.type(Kind.PTR, size=integer)
    numbers = w.type(Kind.ARRAY, rest=b"".join(n.to_bytes(4, "little") for n in (char, integer, 0)))
    node = w.count + 1 + 3
    to_node = w.type(Kind.PTR, size=node)
    user = w.type(Kind.PTR, size=w.type(Kind.TYPE_TAG, "user", size=node))
    assert node == w.struct(
        Kind.STRUCT,
        "node",
        24,
        ("next", to_node, 0),
        ("mine", user, 64),
        ("both", w.count + 2, 128),
        ("tail", numbers, 192),
    )
    w.struct(Kind.UNION, "either", 8, ("a", to_node, 0), ("b", integer, 0))
    pair = w.struct(Kind.STRUCT, "pair", 16, ("a", integer, 0), ("b", to_node, 64))
    const_void = w.type(Kind.PTR, size=w.type(Kind.CONST))
    deep = w.type(Kind.PTR, size=to_node)
    w.type(Kind.FUNC, "walk", w.proto(integer, ("n", to_node), ("p", to_int), ("d", deep)))
    w.type(Kind.FUNC, "free", w.proto(0, ("at", const_void)))
    w.type(Kind.FUNC, "give", w.proto(0, ("pair", pair), ("n", to_node)))
    w.type(Kind.FUNC, "say", w.proto(0, ("n", to_node), ("", 0)))
    return BtfData(w.blob())


OLDER_TYPES = older_types()
TO_NODE = "r2 = *(u64 *)(r1 +0)\n"


@pytest.mark.parametrize(
    ("to", "text", "expected"),
    [
        ("walk", TO_NODE + "r2 = *(u64 *)(r2 +0)\nr0 = *(u64 *)(r2 +0)", {"5.10.262": "accept"}),
        (
            "walk",
            TO_NODE + "r2 = *(u64 *)(r2 +16)\nr0 = *(u64 *)(r2 +0)",  # of a union
            {"5.10.262": "accept", "6.1.180": "accept"},
        ),
        (
            "walk",
            TO_NODE + "r2 = *(u64 *)(r2 +8)\nr0 = *(u64 *)(r2 +0)",
            {
                "5.10.262": "accept",
                "6.1.180": "R2 is ptr_node access user memory: off=0",
                "6.12.107": "R2 is ptr_node access user memory: off=0",
            },
        ),
        (
            "walk",
            TO_NODE + "r0 = *(u8 *)(r2 +24)",
            {
                "5.10.262": "access beyond struct node at off 24 size 1",
                "6.1.180": "access beyond struct node at off 24 size 1",
                "6.1.192": "accept",
                "6.12.107": "accept",
            },
        ),
        (
            "walk",
            "r2 = *(u64 *)(r1 +8)",
            {
                "5.10.262": "invalid bpf_context access off=8 size=8",
                "6.1.180": "accept",
                "6.12.107": "accept",
            },
        ),
        (
            "walk",
            "r2 = *(u64 *)(r1 +16)",
            {"7.0.13": "invalid bpf_context access off=16 size=8", "7.1.13": "accept"},
        ),
        (
            "free",
            "r2 = *(u64 *)(r1 +0)",
            {"6.12.107": "invalid bpf_context access off=0 size=8", "6.18.15": "accept"},
        ),
        (
            "give",
            "r2 = *(u64 *)(r1 +16)\nr0 = *(u64 *)(r2 +0)",
            {
                "5.10.262": "The function give arg0 type STRUCT is unsupported.",
                "6.1.180": "accept",
                "6.12.107": "accept",
            },
        ),
        (
            "say",
            "",
            dict.fromkeys(
                ("5.10.262", "6.1.180"), "The function say with variable args is unsupported."
            ),
        ),
    ],
)
def test_arguments_and_loads_are_as_on_each_release(to, text, expected):
    prog = Prog(
        "t",
        ProgType.TRACING,
        tuple(assemble(f"{text}\n{TRUE}")),
        license="GPL",
        expected_attach_type=AttachType.TRACE_FENTRY,
        attach_to=to,
    )
    for release, message in expected.items():
        verdict = verify(prog, Kernel.release(release), btf=OLDER_TYPES)
        assert ("accept" if verdict.accepted else verdict.message) == message, release


def test_a_structure_without_a_name_is_told_from_others():
    w = Writer()
    integer = w.integer("int", 4, signed=True)
    first = w.struct(Kind.STRUCT, "", 4, ("a", integer, 0))
    second = w.struct(Kind.STRUCT, "", 8, ("a", integer, 0), ("b", integer, 32))
    pointers = [w.type(Kind.PTR, size=struct) for struct in (first, second)]
    w.type(Kind.FUNC, "f", w.proto(0, ("a", pointers[0]), ("b", pointers[1])))
    types = BtfData(w.blob())
    said = []
    for off in (0, 8):
        text = f"r2 = *(u64 *)(r1 +{off})\nr0 = *(u32 *)(r2 +4)\n{TRUE}"
        prog = Prog(
            "t",
            ProgType.TRACING,
            tuple(assemble(text)),
            license="GPL",
            expected_attach_type=AttachType.TRACE_FENTRY,
            attach_to="f",
        )
        verdict = verify(prog, Kernel.release("6.1.180"), btf=types)
        said.append("accept" if verdict.accepted else verdict.message)
    assert said == ["access beyond struct (anon) at off 4 size 4", "accept"]


def test_arithmetic_leaves_memory_that_need_not_be_there_as_it_is():
    text = "r2 = *(u64 *)(r2 +72)\nr2 &= 7\nr2 *= 3\nr0 = *(u8 *)(r2 +4)"
    assert answer(f"r2 = *(u64 *)(r1 +0)\n{text}\n{TRUE}") == "accept"


def test_members_of_what_was_acquired_are_trusted_as_those_of_trusted_pointers():
    """Measured on 6.12.107, where the pointer itself has no such name."""
    w = Writer()
    task = w.count + 2
    to_task = w.type(Kind.PTR, size=task)
    w.struct(Kind.STRUCT, "task_struct", 8, ("parent", to_task, 0))
    w.struct(Kind.STRUCT, "task_struct__safe_rcu", 8, ("parent", to_task, 0))
    insns = assemble("r1 = 1\n.insn 0x85 0 2 0 0\nif r0 == 0 goto +1\nr1 = *(u64 *)(r0 +0)\nexit")
    prog = Prog("t", ProgType.TRACEPOINT, insns, kfuncs=("bpf_task_from_pid",))
    log = verify(prog, Kernel.release("6.12.107"), log_level=2, btf=BtfData(w.blob())).log
    assert any("R1_w=rcu_ptr_task_struct()" in line for line in log)
