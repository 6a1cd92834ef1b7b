"""What programs attach to, release by release: hooks, iterators, results that may be changed.

Each expectation was measured on the release it names, with the kernel's own function of that name.
"""

from __future__ import annotations

import pytest

from emu.btf import BtfData, Kind
from emu.isa.asm import assemble
from emu.kernel.enums import F_SLEEPABLE, AttachType, ProgType
from emu.kernel.profile import Kernel
from emu.prog import Prog
from tests.btfwriter import Writer
from verifier_model import Unmodelled, Verdict, verify

TRUE = "r0 = 0\nexit"
ARGUMENT = f"r2 = *(u64 *)(r1 +0)\n{TRUE}"
RANGE = "At program exit the register R0 has smin={0} smax={0} should have been in [{1}, {2}]"
VOID_HOOK = "Note, BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!"
NORETURN = "Attaching {} to __noreturn function{} rejected."


_ARGUMENTS = {
    "bpf_iter_task": ("meta", "task"),
    "bpf_iter_bpf_map_elem": ("meta", "map", "key", "value"),
}


def types_() -> BtfData:
    """The functions, with arguments of structures of one number."""
    w = Writer()
    integer = w.integer("int", 4, signed=True)

    def pointer(name: str) -> int:
        return w.type(Kind.PTR, size=w.struct(Kind.STRUCT, name, 8, ("n", integer, 0)))

    file, sock, task, meta = map(pointer, ("file", "sock", "task_struct", "bpf_iter_meta"))
    void = w.type(Kind.PTR)
    for name, (result, *args) in {
        "bpf_lsm_file_open": (integer, file),
        "bpf_lsm_inode_xattr_skipcap": (integer, file),
        "bpf_lsm_sk_clone_security": (0, sock, sock),
        "bpf_lsm_sk_alloc_security": (integer, sock),
        "bpf_lsm_task_to_inode": (0, task),
        "bpf_lsm_vm_enough_memory": (integer, file),
        "bpf_iter_task": (integer, meta, task),
        "bpf_iter_bpf_map_elem": (integer, meta, file, void, void),
        "bpf_iter_nothing": (integer, meta),
        "bpf_modify_return_test": (integer, integer),
        "bpf_fentry_test1": (integer, integer),
        "bpf_multi_func": (integer,),
        "security_file_open": (integer, file),
        "vfs_read": (integer, file),
        "__x64_sys_getpgid": (integer, file),
        "migrate_enable": (0,),
        "do_exit": (0, integer),
    }.items():
        names = _ARGUMENTS.get(name, ("x",) * len(args))
        w.type(Kind.FUNC, name, w.proto(result, *zip(names, args, strict=True)))
    for name in ("sys_enter", "sched_switch"):
        proto = w.proto(0, ("", void), ("", task))
        w.type(Kind.TYPEDEF, f"btf_trace_{name}", w.type(Kind.PTR, size=proto))
    return BtfData(w.blob())


TYPES = types_()
DISABLED = "attach_btf_id {} points to disabled hook bpf_lsm_vm_enough_memory".format(
    TYPES.find("bpf_lsm_vm_enough_memory", (Kind.FUNC,))
)
NO_HOOK = "attach_btf_id {} points to wrong type name vfs_read".format(
    TYPES.find("vfs_read", (Kind.FUNC,))
)


def answer(where: str, text: str, release: str, *, sleeps: bool = False) -> Verdict:
    """What `release` says of a program; where: an attach type, and the function's name."""
    attach_type, _, function = where.partition(" ")
    prog = Prog(
        "t",
        ProgType.LSM if attach_type.startswith("LSM") else ProgType.TRACING,
        tuple(assemble(text)),
        license="GPL",
        flags=F_SLEEPABLE if sleeps else 0,
        expected_attach_type=AttachType[attach_type],
        attach_to=function,
    )
    return verify(prog, Kernel.release(release), btf=TYPES, log_level=2)


def said(verdict: Verdict) -> str:
    return "accept" if verdict.accepted else verdict.message


@pytest.mark.parametrize(
    ("where", "text", "expected"),
    [
        # bpf_lsm_verify_prog()
        (
            "LSM_MAC vfs_read",
            TRUE,
            {"7.2.13": NO_HOOK},
        ),
        (
            "LSM_MAC bpf_lsm_vm_enough_memory",
            TRUE,
            {"6.1.177": "accept", "6.1.180": DISABLED, "6.12.43": DISABLED},
        ),
        # bpf_lsm_get_retval_range()
        (
            "LSM_MAC bpf_lsm_file_open",
            "r0 = 1\nexit",
            {"6.1.180": "accept", "6.12.43": RANGE.format(1, -4095, 0)},
        ),
        ("LSM_MAC bpf_lsm_file_open", "r0 = -4095\nexit", {"6.12.43": "accept"}),
        ("LSM_MAC bpf_lsm_file_open", "r0 = *(u64 *)(r1 +8)\nexit", {"7.2.13": "accept"}),
        (
            "LSM_MAC bpf_lsm_inode_xattr_skipcap",
            "r0 = 2\nexit",
            {"6.12.107": RANGE.format(2, 0, 1), "7.2.13": RANGE.format(2, 0, 1)},
        ),
        ("LSM_MAC bpf_lsm_sk_clone_security", "exit", {"6.1.180": "accept", "7.2.13": "accept"}),
        ("LSM_CGROUP bpf_lsm_sk_clone_security", TRUE, {"6.1.180": VOID_HOOK, "7.2.13": VOID_HOOK}),
        ("LSM_CGROUP bpf_lsm_sk_clone_security", "r0 = 1\nexit", {"7.2.13": "accept"}),
        ("LSM_CGROUP bpf_lsm_file_open", "r0 = 2\nexit", {"7.2.13": RANGE.format(2, 0, 1)}),
        # bpf_iter_prog_supported(), check_mem_access()
        ("TRACE_ITER bpf_iter_nothing", TRUE, {"7.2.13": ""}),
        (
            "TRACE_ITER bpf_iter_bpf_map_elem",
            "r6 = *(u64 *)(r1 +16)\nr2 = *(u64 *)(r6 +0)\nr0 = 0\nexit",
            {
                "6.1.180": "R6 invalid mem access 'rdonly_buf_or_null'",
                "6.12.74": "accept",
                "6.12.85": "R6 invalid mem access 'rdonly_buf_or_null'",
                "6.18.15": "accept",
                "7.2.13": "R6 invalid mem access 'rdonly_buf_or_null'",
            },
        ),
        (
            "TRACE_ITER bpf_iter_bpf_map_elem",
            "r6 = *(u64 *)(r1 +24)\nif r6 == 0 goto end\n*(u64 *)(r6 -8) = 0\nend: r0 = 0\nexit",
            {
                "5.10.262": "R6 invalid rdwr buffer access: off=-8, size=8",
                "7.2.13": "R6 invalid negative rdwr buffer offset: off=-8, var_off=0",
            },
        ),
        # check_attach_modify_return(), btf_id_deny, noreturn_deny
        (
            "MODIFY_RETURN bpf_modify_return_test",
            TRUE,
            {"6.1.180": "bpf_modify_return_test() is not modifiable", "6.12.107": "accept"},
        ),
        ("MODIFY_RETURN security_file_open", TRUE, {"5.10.262": "accept", "7.2.13": "accept"}),
        (
            "MODIFY_RETURN __x64_sys_getpgid",
            TRUE,
            {"7.0.13": "__x64_sys_getpgid() is not modifiable", "7.1.3": "accept"},
        ),
        ("MODIFY_RETURN vfs_read", TRUE, {"7.2.13": "vfs_read() is not modifiable"}),
        (
            "TRACE_FENTRY migrate_enable",
            TRUE,
            {
                "6.1.180": "",
                "6.16.12": "",
                "6.17.8": "Attaching tracing programs to function 'migrate_enable' is rejected.",
            },
        ),
        (
            "TRACE_FEXIT do_exit",
            TRUE,
            {
                "6.1.180": "accept",
                "6.12.43": NORETURN.format("fexit/fmod_ret", "s is"),
                "6.17.8": NORETURN.format("fexit/fmod_ret", " 'do_exit' is"),
                "7.0.13": NORETURN.format("fexit/fsession/fmod_ret", " 'do_exit' is"),
            },
        ),
        ("TRACE_FSESSION bpf_fentry_test1", TRUE, {"6.19.14": "", "7.0.13": "accept"}),
        (
            "TRACE_FENTRY_MULTI",
            TRUE,
            {"7.1.13": "Tracing programs must provide btf_id", "7.2.13": "accept"},
        ),
        (
            "TRACE_FENTRY_MULTI",
            ARGUMENT,
            {"7.2.13": "invalid bpf_context access off=0 size=8"},
        ),
    ],
)
def test_what_programs_attach_to(where, text, expected):
    assert {release: said(answer(where, text, release)) for release in expected} == expected


ONLY_6_3 = "Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable"
NO_SLEEP = "Program of this type cannot be sleepable"


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        # btf_id_allow_sleepable(), can_be_sleepable()
        (
            "LSM_MAC bpf_lsm_file_open",
            {"5.10.262": "bpf_lsm_file_open is not sleepable", "6.1.180": "accept"},
        ),
        (
            "LSM_MAC bpf_lsm_task_to_inode",
            {
                "6.1.180": "bpf_lsm_task_to_inode is not sleepable",
                "6.12.90": "accept",
                "6.12.94": "bpf_lsm_task_to_inode is not sleepable",
                "7.0.9": "accept",
                "7.0.13": "bpf_lsm_task_to_inode is not sleepable",
            },
        ),
        (
            "LSM_CGROUP bpf_lsm_file_open",
            {"5.10.262": "", "6.1.180": "accept", "7.1.3": "accept", "7.1.7": NO_SLEEP},
        ),
        (
            "TRACE_FENTRY bpf_fentry_test1",
            {"6.1.180": "bpf_fentry_test1 is not sleepable", "6.12.107": "accept"},
        ),
        (
            "TRACE_FENTRY __x64_sys_getpgid",
            {"7.0.13": "__x64_sys_getpgid is not sleepable", "7.1.13": "accept"},
        ),
        ("TRACE_FENTRY vfs_read", {"7.2.13": "vfs_read is not sleepable"}),
        ("TRACE_ITER bpf_iter_task", {"6.1.180": "accept", "7.2.13": "accept"}),
        (
            "TRACE_RAW_TP sched_switch",
            {
                "6.1.180": "accept",
                "6.12.107": ONLY_6_3,
                "7.1.7": "Sleepable program cannot attach to non-faultable tracepoint sched_switch",
            },
        ),
        ("TRACE_RAW_TP sys_enter", {"6.12.107": ONLY_6_3, "7.1.7": "accept", "7.2.13": "accept"}),
        ("TRACE_FSESSION bpf_fentry_test1", {"6.19.14": ONLY_6_3, "7.0.13": "accept"}),
        ("TRACE_FENTRY_MULTI", {"7.1.13": NO_SLEEP, "7.2.13": "accept"}),
    ],
)
def test_where_programs_may_sleep(where, expected):
    answers = {release: said(answer(where, TRUE, release, sleeps=True)) for release in expected}
    assert answers == expected


def test_functions_that_are_listed_for_errors_are_not_known():
    w = Writer()
    integer = w.integer("int", 4, signed=True)
    for name in ("within_error_injection_list", "vfs_read"):
        w.type(Kind.FUNC, name, w.proto(integer))
    prog = Prog(
        "t",
        ProgType.TRACING,
        tuple(assemble(TRUE)),
        license="GPL",
        expected_attach_type=AttachType.MODIFY_RETURN,
        attach_to="vfs_read",
    )
    with pytest.raises(Unmodelled, match="listed for error injection"):
        verify(prog, Kernel.release("7.2.13"), btf=BtfData(w.blob()))


@pytest.mark.parametrize(
    ("hook", "shown"),
    [
        ("LSM_MAC bpf_lsm_file_open", "R2=trusted_ptr_file()"),
        ("LSM_MAC bpf_lsm_sk_alloc_security", "R2=ptr_sock()"),  # untrusted_lsm_hooks
        ("TRACE_ITER bpf_iter_task", "R2=trusted_ptr_bpf_iter_meta()"),
    ],
)
def test_what_arguments_are_worth(hook, shown):
    assert shown in "\n".join(answer(hook, ARGUMENT, "7.2.13").log)


@pytest.mark.parametrize(
    ("release", "shown"),
    [("6.1.180", "R2_w=ptr_or_null_task_struct("), ("6.12.107", "R2_w=trusted_ptr_or_null_task_")],
)
def test_an_iterator_comes_to_an_end(release, shown):
    text = f"r2 = *(u64 *)(r1 +8)\n{TRUE}"
    assert shown in "\n".join(answer("TRACE_ITER bpf_iter_task", text, release).log)
