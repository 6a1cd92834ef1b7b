"""STRUCTS: the members of kernel structs that the world fills in.

Offsets are those of one build, which the emulated kernels all have; programs ask for them as they
would ask a kernel's BTF.  Source: BTF of a 6.18 kernel, x86-64, without structure randomization.
"""

from __future__ import annotations

from typing import NamedTuple


class Member(NamedTuple):
    """Where a member is."""

    offset: int  # bytes
    size: int  # bytes


# arch/x86/include/uapi/asm/ptrace.h
_REGISTERS = (
    "r15", "r14", "r13", "r12", "bp", "bx", "r11", "r10", "r9", "r8", "ax", "cx", "dx", "si", "di",
    "orig_ax", "ip", "cs", "flags", "sp", "ss",
)  # fmt: skip

STRUCTS: dict[str, dict[str, Member]] = {
    "task_struct": {
        "thread_info.flags": Member(0, 8),
        "thread_info.status": Member(16, 4),
        "thread_info.cpu": Member(20, 4),
        "__state": Member(24, 4),
        "stack": Member(32, 8),
        "flags": Member(44, 4),
        "prio": Member(108, 4),
        "static_prio": Member(112, 4),
        "mm": Member(1136, 8),
        "exit_state": Member(1160, 4),
        "exit_code": Member(1164, 4),
        "pid": Member(1264, 4),
        "tgid": Member(1268, 4),
        "real_parent": Member(1280, 8),
        "parent": Member(1288, 8),
        "group_leader": Member(1328, 8),
        "start_time": Member(1552, 8),
        "real_cred": Member(1728, 8),
        "cred": Member(1736, 8),
        "comm": Member(1752, 16),
    },
    "cred": {
        name: Member(8 + 4 * n, 4)
        for n, name in enumerate(("uid", "gid", "suid", "sgid", "euid", "egid", "fsuid", "fsgid"))
    },
    "pt_regs": {name: Member(8 * n, 8) for n, name in enumerate(_REGISTERS)},
}

SIZES = {"task_struct": 9792, "cred": 184, "pt_regs": 168}  # bytes

# C types of the members, without those of structs within the struct, which have entries of their
# own; where one is smaller than its member, the member is an array of it.
# Source: include/linux/sched.h, include/linux/cred.h, arch/x86/include/asm/ptrace.h.
TYPES: dict[str, dict[str, str]] = {
    "task_struct": {
        "__state": "unsigned int",
        "stack": "void *",
        "flags": "unsigned int",
        "prio": "int",
        "static_prio": "int",
        "mm": "struct mm_struct *",
        "exit_state": "int",
        "exit_code": "int",
        "pid": "pid_t",
        "tgid": "pid_t",
        "real_parent": "struct task_struct *",
        "parent": "struct task_struct *",
        "group_leader": "struct task_struct *",
        "start_time": "uint64_t",
        "real_cred": "struct cred *",
        "cred": "struct cred *",
        "comm": "char",
    },
    "thread_info": {"flags": "unsigned long", "status": "uint32_t", "cpu": "uint32_t"},
    "cred": {name: "kuid_t" if name.endswith("uid") else "kgid_t" for name in STRUCTS["cred"]},
    "pt_regs": dict.fromkeys(STRUCTS["pt_regs"], "unsigned long"),
}

# Typedefs of a struct with one member, `val`, and its type.
IDS = {"kuid_t": "uid_t", "kgid_t": "gid_t"}


def store(region: bytearray, base: int, struct: str, **values: int | bytes) -> None:
    """Set members of the struct that begins at `base` of `region`; __ in a name is a dot."""
    members = STRUCTS[struct]
    for name, value in values.items():
        member = members.get(name) or members[name.replace("__", ".")]
        start = base + member.offset
        if isinstance(value, int):
            value = (value & ((1 << 8 * member.size) - 1)).to_bytes(member.size, "little")
        region[start : start + member.size] = value[: member.size].ljust(member.size, b"\0")
