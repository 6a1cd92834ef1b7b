"""What a program may return.

Source: check_return_code(), return_retval_range() and bpf_lsm_get_retval_range().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel import lsm_hooks, prog_types
from emu.kernel.enums import AttachType, ProgType
from emu.kernel.errno import MAX_ERRNO
from emu.kernel.prog_types import ReturnRange
from emu.kernel.traits import Trait

if TYPE_CHECKING:
    from verifier_model.env import Env

VOID_HOOK = "BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!"
NOTE_VOID = f"Note, {VOID_HOOK}"


def allowed(env: Env) -> ReturnRange | None:
    """The range of what the program returns; None where any number will do."""
    if env.prog_type is not ProgType.LSM:
        return prog_types.return_range(env.kernel, env.prog_type, env.prog.expected_attach_type)
    if env.attach_type != AttachType.LSM_CGROUP:
        return of_hook(env) if env.attach_type == AttachType.LSM_MAC else None
    return ReturnRange(1, 1) if is_void(env) else ReturnRange(0, 1)


def is_int(env: Env) -> bool:
    """Whether only the low half of r0 is the result."""
    return env.prog_type is ProgType.LSM and env.attach_type != AttachType.LSM_CGROUP


def is_void(env: Env) -> bool:
    """Whether the program is at a hook of the security modules that has no result."""
    return env.prog_type is ProgType.LSM and env.attached is not None and not env.attached.result


def is_ignored(env: Env) -> bool:
    """Whether nobody asks for what the program returns."""
    return is_void(env) and env.attach_type != AttachType.LSM_CGROUP


def of_call(env: Env) -> tuple[int, int]:
    """What the system call returns that the program is about, as bpf_get_retval() tells it."""
    hook = of_hook(env) if env.prog_type is ProgType.LSM else None
    return (-MAX_ERRNO, 0) if hook is None else (hook.low, hook.high)


def of_hook(env: Env) -> ReturnRange | None:
    """What a hook of the security modules returns, where the release knows."""
    kernel, function = env.kernel, env.attached
    if function is None or not function.result or not kernel.has(Trait.LSM_RETVAL):
        return None
    if lsm_hooks.has(kernel, lsm_hooks.BOOL, function.name):
        return ReturnRange(0, 1)
    return ReturnRange(-MAX_ERRNO, 0)
