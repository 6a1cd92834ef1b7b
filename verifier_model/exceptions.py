"""Exceptions: the function that handles those of a program, and the functions that may throw.

Source: bpf_find_exception_callback_insn_off(), mark_subprog_might_throw(), do_check_common() and
check_max_stack_depth_subprog(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EEXIST, EINVAL, ENOENT
from emu.kernel.kfuncs import Does
from emu.prog import GLOBAL, PSEUDO_KFUNC_CALL
from verifier_model.check import func_types
from verifier_model.check.func_types import Takes
from verifier_model.summaries import subprogs_with
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from emu.prog import Insn
    from verifier_model.check.func_types import Expected
    from verifier_model.env import Env

_TAG = "exception_callback:"
_CALL = 0x85


def callback_start(env: Env) -> int:
    """The first insn of the function that handles exceptions; 0 where there is none."""
    infos = env.prog.func_info
    if not infos or not env.rules.EXCEPTIONS:
        return 0
    names = [tag.removeprefix(_TAG) for tag in infos[0].tags if tag.startswith(_TAG)]
    if not names:
        return 0
    if len(names) > 1:
        raise Reject("multiple exception callback tags for main subprog", EEXIST)
    found = next((info for info in infos if info.name == names[0]), None)
    if found is None:
        raise Reject(f"exception callback '{names[0]}' could not be found in BTF", ENOENT)
    if found.linkage != GLOBAL:
        raise Reject(f"exception callback '{names[0]}' must have global linkage", EINVAL)
    if not found.start:
        raise Reject("invalid exception callback insn_off in func_info: 0", EINVAL)
    return found.start


def check_callback(env: Env, no: int, takes: tuple[Expected, ...]) -> None:
    """The function that handles exceptions takes and returns a number."""
    if func_types.returns_void(env, no):
        raise Reject("exception cb cannot return void", EINVAL)
    if [each.takes for each in takes] != [Takes.NUMBER]:
        raise Reject("exception cb only supports single integer argument", EINVAL)


def throws(env: Env, insn: Insn) -> bool:
    """Whether the insn is a call of bpf_throw()."""
    if insn.code != _CALL or insn.src != PSEUDO_KFUNC_CALL:
        return False
    row = env.kfunc(insn)
    return row is not None and Does.ENDS in row.does


def throwers(env: Env) -> frozenset[int]:
    """The subprogs that may throw, themselves or by what they call."""
    if env.throwers is None:
        env.throwers = subprogs_with(env, lambda insn: throws(env, insn))
    return env.throwers
