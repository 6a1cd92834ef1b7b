"""What a kernel asks of the kernel functions that a program calls, before the program is walked.

Source: add_kfunc_call(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel import kfuncs
from emu.kernel.errno import EINVAL, ENOTSUPP, ESRCH
from emu.kernel.kfuncs import Does
from emu.kernel.traits import Trait
from emu.prog import PSEUDO_FUNC, PSEUDO_KFUNC_CALL
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.prog import Insn
    from verifier_model.env import Env


_LD_IMM64, _CALL = 0x18, 0x85


def is_callback(insn: Insn) -> bool:
    """Whether it loads the address of a function of the program."""
    return insn.code == _LD_IMM64 and insn.src == PSEUDO_FUNC


def declare_all(env: Env) -> None:
    """Every insn at once: add_kfuncs() (7.3)."""
    for idx in range(len(env.insns)):
        declare(env, idx)


def declare(env: Env, idx: int) -> None:
    """The insn may call a kernel function by name.

    Raises Reject for one that the kernel does not have, as libbpf does before it asks the kernel,
    and Unmodelled for one of which nothing is known.
    """
    insn, kernel = env.insns[idx], env.kernel
    if insn.code != _CALL or insn.src != PSEUDO_KFUNC_CALL or not env.prog.kfuncs:
        return
    if not kernel.has(Trait.KFUNC_CALLS):
        return  # the insn is refused where it is met
    if not kernel.has(Trait.VMLINUX_BTF):
        text = "calling kernel function is not supported without CONFIG_DEBUG_INFO_BTF"
        raise Reject(text, ENOTSUPP)
    if not kernel.has(Trait.JIT):
        raise Reject("JIT is required for calling kernel function", ENOTSUPP)
    if not env.gpl:
        raise Reject("cannot call kernel function from non-GPL compatible program", EINVAL)
    row = env.kfunc(insn)
    if row is None or kfuncs.is_unread(kernel):
        known = 0 <= insn.imm < len(env.prog.kfuncs)
        name = f"{env.prog.kfuncs[insn.imm]}()" if known else "a kernel function by its number"
        raise Unmodelled(f"a call of {name}", idx)
    if Does.FOR_DEVICES in row.does and kfuncs.is_there(kernel, row):
        raise Reject("metadata kfuncs require device-bound program", EINVAL)
    if not kfuncs.is_there(kernel, row):
        text = f"extern (func ksym) '{row.name}': not found in kernel or module BTFs"
        raise Reject(text, ESRCH)
    allowed = env.kfunc_allowed(insn) is not None
    refused = Does.SLEEPS in row.does and not env.may_sleep
    if allowed and row.params is None and not refused:
        raise Unmodelled(f"a call of {row.name}()", idx)
