"""Global functions: walked by themselves, in the release's order, for any arguments."""

from __future__ import annotations

import pytest

from emu.btf import BtfData, Kind
from emu.isa.asm import assemble
from emu.kernel.enums import AttachType, ProgType
from emu.kernel.profile import Kernel
from emu.prog import GLOBAL, STATIC, FuncArg, FuncInfo, Prog
from tests.btfwriter import Writer
from verifier_model import verify

CTX = FuncArg("PTR", "STRUCT", "__sk_buff", size=192)
NUMBER, PAIR = FuncArg("INT"), FuncArg("PTR", "STRUCT", "pair", size=16)
MAIN = FuncInfo(0, GLOBAL, "main", args=(CTX,))


def program(text: str, start: int, *args: FuncArg, linkage: int = GLOBAL) -> Prog:
    functions = (MAIN, FuncInfo(start, linkage, "f", args=args))
    return Prog("", ProgType.SOCKET_FILTER, assemble(text), func_info=functions)


# f() may not read r1 unless it is known to be there.
READS = "r1 = 5\ncall f\nr0 = 0\nexit\nf: r0 = r1\nexit\n"
POINTS = "r1 = r10\nr1 += -16\nr2 = 0\n*(u64 *)(r10 -8) = r2\n*(u64 *)(r10 -16) = r2\ncall f\n"
POINTS += "r0 = 0\nexit\nf: r0 = 0\nif r1 == 0 goto +1\nr0 = *(u64 *)(r1 +8)\nexit\n"
RETURNS = "r1 = 5\ncall f\nr0 = 0\nexit\nf: r0 = 0\nexit\n"
NEVER = "r0 = 0\nif r0 == 0 goto out\nr1 = 5\ncall f\nout: r0 = 0\nexit\nf: r0 = r9\nexit\n"


@pytest.mark.parametrize("release", ["5.6", "5.10.262", "6.1.180", "6.12.107", "7.2.13"])
def test_a_global_function_knows_no_more_than_its_types(release):
    kernel = Kernel.release(release)
    assert verify(program(READS, 4, NUMBER), kernel).accepted
    assert verify(program(READS, 4), kernel).message == "R1 !read_ok"
    assert verify(program(READS, 4, linkage=STATIC), kernel).accepted


def test_before_5_6_every_function_is_walked_with_its_caller():
    assert verify(program(READS, 4), Kernel.release("5.5")).accepted


@pytest.mark.parametrize(("release", "accepted"), [("5.10.262", False), ("6.1.180", True)])
def test_memory_is_taken_since_5_12(release, accepted):
    verdict = verify(program(POINTS, 8, PAIR), Kernel.release(release))
    assert verdict.accepted == accepted
    assert accepted or verdict.message == "Arg#0 type PTR in f() is not supported yet."


@pytest.mark.parametrize(("release", "accepted"), [("6.1.180", False), ("6.12.107", True)])
def test_a_function_that_is_never_called_is_not_walked_since_6_8(release, accepted):
    assert verify(program(NEVER, 6, NUMBER), Kernel.release(release)).accepted == accepted


@pytest.mark.parametrize("release", ["5.10.262", "6.12.107"])
def test_what_a_caller_passes_is_compared(release):
    verdict = verify(program(RETURNS, 4, CTX), Kernel.release(release), log_level=2)
    assert not verdict.accepted
    assert verdict.message.startswith("Caller passes invalid args into func#1")
    said = {"5.10.262": "R1 is not a pointer", "6.12.107": "arg#0 expects pointer to ctx"}
    assert said[release] in verdict.log


@pytest.mark.parametrize(("release", "known"), [("5.10.262", False), ("6.1.180", True)])
def test_before_5_14_sk_lookup_programs_do_not_know_their_context_by_name(release, known):
    main = FuncInfo(0, GLOBAL, "main", args=(FuncArg("PTR", "STRUCT", "bpf_sk_lookup", size=64),))
    insns = assemble("r0 = 1\nexit\n")
    prog = Prog("", ProgType.SK_LOOKUP, insns, func_info=(main,))
    prog = prog._replace(expected_attach_type=AttachType.SK_LOOKUP)
    verdict = verify(prog, Kernel.release(release), log_level=2)
    assert verdict.accepted
    assert ("Unrecognized arg#0 type PTR" in verdict.log) == (not known)


def test_what_is_left_of_a_good_walk_at_level_1():
    verdict = verify(program(READS, 4, NUMBER), Kernel.release("6.12.107"))
    assert verdict.log[:-1] == ("Func#1 ('f') is safe for any args that match its prototype",)


def types() -> BtfData:
    """struct task_struct, of one word."""
    writer = Writer()
    word = writer.integer("long", 8, signed=True)
    writer.struct(Kind.STRUCT, "task_struct", 8, ("state", word, 0))
    return BtfData(writer.blob())


@pytest.mark.parametrize(
    ("release", "offset", "expected"),
    [
        ("7.1.13", 0, ()),
        ("7.2.13", 0, ("only read is supported", "Caller passes invalid args into func#1 ('')")),
        ("7.2.13", -8, ("negative offset trusted_ptr_ ptr R1 off=-8 disallowed",)),
    ],
)
def test_a_kernel_structure_is_no_memory_to_write_since_7_2(release, offset, expected):
    text = f"call get_current_task_btf\nr1 = r0\nr1 += {offset}\ncall f\nr0 = 0\nexit\n"
    insns = assemble(f"{text}f: r0 = 0\nexit\n")
    word = FuncArg("PTR", "INT", "long", size=8)
    infos = (FuncInfo(0, GLOBAL, "main", args=(CTX,)), FuncInfo(6, GLOBAL, "", args=(word,)))
    prog = Prog("", ProgType.KPROBE, insns, func_info=infos)
    verdict = verify(prog, Kernel.release(release), btf=types())
    assert verdict.accepted == (not expected)
    assert set(expected) <= set(verdict.log)


def test_the_arguments_of_a_callback_are_compared_with_the_helpers():
    """As one of the kernel's own tests shows on 6.1.180."""
    text = "r1 = 1\nr2 = pc+6 ll\nr3 = 0\nr4 = 0\ncall loop\nr0 = 0\nexit\nr0 = 1\nexit\n"
    takes = (NUMBER, FuncArg("PTR", "UNKNOWN"))
    callback = FuncInfo(8, STATIC, "callback", 7, takes)
    prog = Prog("", ProgType.SOCKET_FILTER, assemble(text), func_info=(MAIN, callback))
    verdict = verify(prog, Kernel.release("6.1.180"), log_level=2)
    assert verdict.accepted
    assert "reg type unsupported for arg#1 function callback#7" in verdict.log


OTHER = "R1 is of type task_struct but other is expected"
EXPECTED = "ptr_, trusted_ptr_, rcu_ptr_"
GIVES_TASK = "call get_current_task_btf\nr1 = r0\n"


def tagged(name: str, *tags: str) -> FuncArg:
    """A pointer to a structure of that name, with declaration tags."""
    return FuncArg("PTR", "STRUCT", name, size=8, tags=tuple(f"arg:{tag}" for tag in tags))


def kernel_types() -> BtfData:
    """struct task_struct, struct other, and two that are called twice."""
    writer = Writer()
    word = writer.integer("long", 8, signed=True)
    for name in ("task_struct", "other", "twice", "twice___old"):
        writer.struct(Kind.STRUCT, name, 8, ("state", word, 0))
    return BtfData(writer.blob())


@pytest.mark.parametrize(
    ("arg", "before", "body", "expected"),
    [
        (tagged("task_struct", "trusted"), GIVES_TASK, "r0 = *(u64 *)(r1 +0)", ""),
        (tagged("task_struct___mine", "trusted"), GIVES_TASK, "r0 = *(u64 *)(r1 +0)", ""),
        (tagged("task_struct", "trusted"), "r1 = 0", "r0 = 0", f"type=scalar expected={EXPECTED}"),
        (tagged("other", "trusted"), GIVES_TASK, "r0 = 0", OTHER),
        (tagged("task_struct", "trusted", "nullable"), "r1 = 0", "r0 = 0", ""),
        (
            tagged("task_struct", "trusted", "nullable"),
            GIVES_TASK,
            "r0 = *(u64 *)(r1 +0)",
            "R1 invalid mem access 'trusted_ptr_or_null_'",
        ),
        (tagged("task_struct", "untrusted"), "r1 = 5", "r0 = *(u64 *)(r1 +0)", ""),
        (tagged("task_struct", "untrusted"), "r1 = 5", "*(u64 *)(r1 +0) = 0", "only read is"),
        (tagged("none", "trusted"), "r1 = 5", "r0 = 0", "('STRUCT none') has no matches"),
        (tagged("twice", "trusted"), "r1 = 5", "r0 = 0", "('STRUCT twice') is ambiguous"),
        (tagged("other", "trusted", "nonnull"), "r1 = 5", "r0 = 0", "invalid combination of tags"),
        (tagged("other", "untrusted", "trusted"), "r1 = 5", "r0 = 0", EXPECTED),
        (tagged("other", "untrusted", "nullable"), "r1 = 5", "r0 = 0", "cannot be combined"),
        (tagged("other", "odd"), "r1 = 5", "r0 = 0", "arg#0 has unsupported set of tags"),
    ],
)
def test_tags_say_what_a_function_takes(arg, before, body, expected):
    """Measured with these tags and struct task_struct on 6.18.15, 7.2.13 and 7.3.4."""
    insns = assemble(f"{before}\ncall f\nr0 = 0\nexit\nf: {body}\nr0 = 0\nexit\n")
    start = len(insns) - len(assemble(f"{body}\nr0 = 0\nexit\n"))
    functions = (FuncInfo(0, GLOBAL, "main"), FuncInfo(start, GLOBAL, "f", args=(arg,)))
    prog = Prog("", ProgType.KPROBE, insns, func_info=functions)
    verdict = verify(prog, Kernel.release("7.2.13"), log_level=1, btf=kernel_types())
    assert verdict.accepted == (not expected)
    assert expected in "\n".join(verdict.log)


def test_untrusted_arguments_are_known_since_6_17():
    arg = FuncArg("PTR", "UNKNOWN", tags=("arg:untrusted",))
    prog = program("r1 = 5\ncall f\nr0 = 0\nexit\nf: r0 = *(u8 *)(r1 +0)\nexit\n", 4, arg)
    old = verify(prog, Kernel.release("6.16.12"), log_level=1)
    assert "arg#0 has unsupported set of tags" in old.log
    assert verify(prog, Kernel.release("6.18.15")).accepted
