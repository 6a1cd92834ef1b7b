"""What BPF_PROG_LOAD asks of a program before its insns are looked at, and what it attaches to.

Source: bpf_prog_load() and bpf_prog_load_check_attach(), kernel/bpf/syscall.c;
check_attach_btf_id() and can_be_sleepable(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel import prog_types
from emu.kernel.enums import (
    F_ANY_ALIGNMENT,
    F_SLEEPABLE,
    F_STRICT_ALIGNMENT,
    F_TEST_REG_INVARIANTS,
    F_TEST_RND_HI32,
    F_TEST_STATE_FREQ,
    F_XDP_DEV_BOUND_ONLY,
    F_XDP_HAS_FRAGS,
    AttachType,
    ProgType,
)
from emu.kernel.errno import E2BIG, EINVAL, ENOTSUPP
from emu.kernel.prog_types import ATTACH_SINCE, MULTI
from emu.kernel.traits import Trait
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel
    from emu.prog import Prog
    from verifier_model.env import Env

# prog_flags of BPF_PROG_LOAD, and the releases that took them first.
_FLAGS = (
    (F_STRICT_ALIGNMENT, "4.12"),
    (F_ANY_ALIGNMENT, "5.0"),
    (F_TEST_RND_HI32, "5.3"),
    (F_TEST_STATE_FREQ, "5.4"),
    (F_SLEEPABLE, "5.10"),
    (F_XDP_HAS_FRAGS, "5.18"),
    (F_XDP_DEV_BOUND_ONLY, "6.3"),
    (F_TEST_REG_INVARIANTS, "6.8"),
    (1 << 16, "6.9"),  # BPF_F_TOKEN_FD
)

# Types that are not modelled, but for what they attach to, and the releases that had them first.
_OTHERS = {
    ProgType.STRUCT_OPS: "5.6",
    ProgType.EXT: "5.6",
}
# The only attach type that they are loaded with, where that is asked for.
_ATTACH_TYPES = {
    ProgType.EXT: AttachType.NONE,
}
_NAME_A_FUNCTION = (ProgType.TRACING, ProgType.LSM, ProgType.EXT)

# What a program that may not sleep is told, newest first.
_NO_SLEEP: tuple[tuple[str | Trait, str], ...] = (
    (Trait.SLEEPABLE_TRACEPOINTS, "Program of this type cannot be sleepable"),
    (
        "7.1",
        "Only fentry/fexit/fsession/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be "
        "sleepable",
    ),
    (
        "6.3",
        "Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable",
    ),
    ("6.0", "Only fentry/fexit/fmod_ret, lsm, and kprobe/uprobe programs can be sleepable"),
    ("", "Only fentry/fexit/fmod_ret and lsm programs can be sleepable"),
)
_SLEEP_TRACING = (
    *(AttachType.TRACE_FENTRY, AttachType.TRACE_FEXIT, AttachType.MODIFY_RETURN),
    AttachType.TRACE_ITER,
)
_SLEEP_TRACING_SINCE: tuple[tuple[AttachType, str | Trait], ...] = (
    (AttachType.TRACE_FSESSION, "7.0"),
    (AttachType.TRACE_RAW_TP, Trait.SLEEPABLE_TRACEPOINTS),
    *((multi, "7.2") for multi in MULTI),
)
# Types whose programs sleep, whatever they attach to, and since when.
_SLEEP: tuple[tuple[ProgType, str | Trait], ...] = (
    (ProgType.KPROBE, "6.0"),
    (ProgType.STRUCT_OPS, "6.3"),
    (ProgType.RAW_TRACEPOINT, Trait.SLEEPABLE_TRACEPOINTS),
    (ProgType.TRACEPOINT, Trait.SLEEPABLE_TRACEPOINTS),
)


def refusal(prog: Prog, kernel: Kernel) -> int:
    """The errno with which the program is refused before there is a log, or 0."""
    kind = ProgType(prog.type)
    row = prog_types.by_type(kind)
    known = sum(flag for flag, since in _FLAGS if kernel.at_least(since))
    if prog.flags & ~known:
        return EINVAL
    if not prog.insns or len(prog.insns) > kernel.limits.max_insns:
        return E2BIG
    attach_type = prog.expected_attach_type
    if row is not None and not prog_types.takes_attach_type(kernel, row, attach_type):
        return EINVAL
    if kind in _ATTACH_TYPES and prog.expected_attach_type != _ATTACH_TYPES[kind]:
        return EINVAL
    if kind is ProgType.UNSPEC or not _exists(kind, row, kernel):
        return EINVAL
    return 0


def _exists(kind: ProgType, row: prog_types.ProgTypeRow | None, kernel: Kernel) -> bool:
    if row is not None:
        return prog_types.exists(kernel, row)
    return kind not in _OTHERS or kernel.at_least(_OTHERS[kind])


def check(env: Env) -> None:
    """The program may be of its type, sleep if it wants to, and attach to what it names."""
    kind, prog = env.prog_type, env.prog
    if kind is ProgType.SYSCALL:
        if not env.may_sleep:
            raise Reject("Syscall programs can only be sleepable", EINVAL)
        return
    if env.may_sleep:
        _check_sleepable(env)
    names_none = not prog.attach_to and not (
        env.attach_type in MULTI and env.kernel.at_least(ATTACH_SINCE[AttachType(env.attach_type)])
    )
    if kind in _NAME_A_FUNCTION and names_none:
        raise Reject("Tracing programs must provide btf_id", EINVAL)
    if kind is ProgType.STRUCT_OPS and not prog.attach_to:
        if not env.gpl:
            raise Reject("struct ops programs must have a GPL compatible license", EINVAL)
        named = env.kernel.at_least("6.12")
        raise Reject("" if named else "attach_btf_id 0 is not a supported struct", ENOTSUPP)
    if prog_types.by_type(kind) is None:
        raise Unmodelled(f"a program of type {kind.name}", 0)
    if kind in (ProgType.TRACING, ProgType.LSM):
        from verifier_model.check import target

        env.attached = target.find(env)


def _check_sleepable(env: Env) -> None:
    """Programs of the type may sleep: can_be_sleepable()."""
    kernel = env.kernel
    if not _may_sleep(env):
        text = next(text for since, text in _NO_SLEEP if not since or kernel.holds(since))
        raise Reject(text, EINVAL)
    in_cgroup = env.prog_type is ProgType.LSM and env.attach_type == AttachType.LSM_CGROUP
    if in_cgroup and kernel.has(Trait.TEXT_LSM_CGROUP_SLEEPS):
        raise Reject("BPF_LSM_CGROUP programs cannot be sleepable", EINVAL)


def _may_sleep(env: Env) -> bool:
    kernel, kind, attach_type = env.kernel, env.prog_type, env.attach_type
    if kind is ProgType.TRACING and kernel.at_least("6.3"):
        return attach_type in _SLEEP_TRACING or any(
            attach_type == type_ and kernel.holds(since) for type_, since in _SLEEP_TRACING_SINCE
        )
    if kind is ProgType.LSM:
        return attach_type != AttachType.LSM_CGROUP or not kernel.has(Trait.LSM_CGROUP_ATOMIC)
    return kind is ProgType.TRACING or any(
        kind is type_ and kernel.holds(since) for type_, since in _SLEEP
    )
