"""The functions that are walked from their first insn: the main program and global ones.

Source: do_check_main(), do_check_subprogs(), do_check_common(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model import exceptions
from verifier_model.check import btf_ptr, dynptr, func_args, func_types
from verifier_model.check.func_types import Takes
from verifier_model.log_buffer import LEVELS
from verifier_model.reg import (
    PTR_TO_CTX,
    PTR_TO_MEM,
    R1,
    TRUSTED_BTF_ID,
    UNTRUSTED_BTF_ID,
    UNTRUSTED_MEM,
    pointer,
)
from verifier_model.state import MAIN_CALLSITE, FuncState, VerifierState

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier_model.check.func_types import Expected
    from verifier_model.env import Env
    from verifier_model.reg import RegState


def walk(env: Env, check: Callable[[int], None]) -> None:
    """Walk the main program and the global functions, in the release's order."""
    if env.rules.GLOBAL_FUNCS_LAZY:
        check(0)
        if env.exception_callback:
            env.called.add(env.exception_callback)
        walked: set[int] = set()
        while env.called - walked:
            for no in range(1, len(env.subprogs)):
                if no in env.called - walked:
                    _walk_global(env, no, check)
                    walked.add(no)
        return
    for no in range(1, len(env.subprogs)):
        if func_types.is_global(env, no):
            _walk_global(env, no, check)
    check(0)


def _walk_global(env: Env, no: int, check: Callable[[int], None]) -> None:
    check(no)
    if env.log.bits & LEVELS:
        name = f" ('{env.subprog_name(no)}')" if env.rules.GLOBAL_FUNCS_LAZY else ""
        env.log.add(f"Func#{no}{name} is safe for any args that match its prototype")


def entry(env: Env, no: int) -> VerifierState:
    """The state before a function's first insn."""
    state = VerifierState(FuncState(MAIN_CALLSITE, 0, no))
    state.sleeps = env.may_sleep
    state.first_insn_idx = env.insn_idx = env.subprogs[no]
    env.prev_insn_idx = env.told_line = -1
    env.log.path_begins = False
    env.explored.clear()
    env.undropped.clear()
    env.scratched_regs = env.scratched_slots = -1
    env.log.path_begins = False
    env.cur_state = state
    env.entered.add(no)
    if env.trail is not None:
        env.trail.begin()
    regs = state.frames[0].regs
    if not no:
        regs[R1] = pointer(PTR_TO_CTX)
        func_args.check_main(env, state)
        return state
    if env.log.bits & LEVELS or env.rules.GLOBAL_FUNCS_TOLD:
        env.log.add(f"Validating {env.subprog_name(no)}() func#{no}...")
    takes = func_types.expected(env, no)
    if no == env.exception_callback:
        exceptions.check_callback(env, no, takes)
    if not env.rules.FUNC_ARGS_ONCE:
        env.ids += [each.takes for each in takes].count(Takes.MEM)  # ids that are not used
    for i, expected in enumerate(takes):
        regs[R1 + i] = _argument(env, expected)
    return state


def _argument(env: Env, expected: Expected) -> RegState:
    if expected.takes in (Takes.NUMBER, Takes.ARENA):
        return env.unknown()
    if expected.takes is Takes.CTX:
        return pointer(PTR_TO_CTX)
    if expected.takes is Takes.DYNPTR:
        return dynptr.given(env)
    if expected.takes is Takes.UNTRUSTED and not expected.struct:
        return pointer(UNTRUSTED_MEM)
    if expected.takes in (Takes.STRUCT, Takes.UNTRUSTED):
        assert env.btf is not None  # func_types.py found the structure there
        kind = TRUSTED_BTF_ID if expected.takes is Takes.STRUCT else UNTRUSTED_BTF_ID
        reg = btf_ptr.to_type(env, env.btf, kind, expected.struct)
        reg.maybe_null, reg.id = expected.maybe_null, env.new_id()
        return reg
    reg = pointer(PTR_TO_MEM)
    reg.mem_size, reg.maybe_null = expected.size, expected.maybe_null
    if expected.maybe_null or not env.rules.GLOBAL_FUNC_MEM_ID_IF_NULL:
        reg.id = env.new_id()
    return reg
