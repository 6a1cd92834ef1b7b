"""What a caller gives to a function of the program, against what BTF says that it takes.

Of a global function the arguments must be right; of a static one BTF is no more believed where they
are not.

Source: btf_check_subprog_call(), btf_check_func_arg_match(), kernel/bpf/btf.c, from 6.8 on
kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.enums import Arg
from emu.kernel.errno import EACCES, EFAULT, EINVAL
from verifier_model.check import arg_types, ctx, dynptr, func_types, helper, helper_mem, packet
from verifier_model.check.func_types import MOST, NUMBERS, Takes
from verifier_model.check.kfunc_structs import argument
from verifier_model.log import type_name
from verifier_model.precise import mark_chain_precision
from verifier_model.reg import (
    PACKET_POINTERS,
    PTR_TO_ARENA,
    PTR_TO_CTX,
    PTR_TO_DYNPTR,
    PTR_TO_STACK,
    R1,
    SCALAR_VALUE,
)
from verifier_model.scalars import is_null
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.prog import FuncArg, FuncInfo
    from verifier_model.check.func_types import Expected
    from verifier_model.env import Env
    from verifier_model.state import VerifierState


def check_call(env: Env, state: VerifierState, no: int) -> Reject | None:
    """What is wrong with the arguments of a call; None where they are what the function takes.

    Raises Reject where it takes some on the stack.
    """
    found = func_types.info(env, no)
    if found is None or no in env.unreliable:
        return Reject("", EINVAL)
    try:
        if env.rules.FUNC_ARGS_ONCE:
            _check_all(env, state, found, no)
        else:
            _compare(env, state, found, no, called=True)
    except Reject as err:
        if err.errno == EFAULT:
            raise
        env.unreliable.add(no)
        if not env.rules.FUNC_ARGS_OFFSET:
            err.errno = EINVAL
        return err
    return None


def _check_all(env: Env, state: VerifierState, found: FuncInfo, no: int) -> None:
    """All arguments, from 6.8 on."""
    try:
        takes = func_types.expected(env, no)
    except Reject as err:
        _check_stack_args(env, found, (err.message,))
        raise
    _check_stack_args(env, found)
    for i, expected in enumerate(takes):
        _check(env, state, no, i, expected)


def _check_stack_args(env: Env, found: FuncInfo, above: tuple[str, ...] = ()) -> None:
    """No insn that is modelled leaves arguments there: check_outgoing_stack_args()."""
    count = len(found.args)
    if env.rules.FUNC_STACK_ARGS and count > MOST:
        text = f"callee expects {count} args, stack arg1 is not initialized"
        raise Reject(text, EFAULT, above=above)


def check_main(env: Env, state: VerifierState) -> None:
    """What BTF says of the main program may be wrong, which only the log tells."""
    found = func_types.info(env, 0)
    if found is None:
        return
    try:
        if not env.rules.FUNC_ARGS_ONCE:
            _compare(env, state, found, 0, called=False)
        elif [arg.takes for arg in func_types.expected(env, 0)] != [Takes.CTX]:
            env.unreliable.add(0)
    except Reject as err:
        tell(env, err)
        env.unreliable.add(0)


def tell(env: Env, err: Reject) -> None:
    """Log what is wrong and yet no reason to refuse the program."""
    for line in err.lines:
        env.log.add(line)


def _check(env: Env, state: VerifierState, no: int, i: int, expected: Expected) -> None:
    """One of them."""
    regno = R1 + i
    reg = state.frames[-1].regs[regno]
    name = argument(env, i)
    if expected.takes is Takes.UNTRUSTED:
        return
    if expected.takes is Takes.STRUCT:
        _check_struct(env, state, regno, expected)
        return
    if expected.takes is Takes.NUMBER:
        if reg.type is not SCALAR_VALUE:
            raise Reject(f"R{regno} is not a scalar", EINVAL)
        return
    if expected.takes is Takes.ARENA:
        if reg.type not in (PTR_TO_ARENA, SCALAR_VALUE):
            raise Reject(f"R{regno} is not a pointer to arena or scalar.", EINVAL)
        return
    ctx.check_offset(env, reg, regno)
    if expected.takes is Takes.DYNPTR:
        if reg.type not in (PTR_TO_STACK, PTR_TO_DYNPTR):
            if not env.rules.TEXT_DYNPTR_CONST:
                raise Unmodelled("a dynptr that is given as something else", env.insn_idx)
            raise Reject(dynptr.not_one(env, regno), EINVAL)
        dynptr.use(env, state, regno, reg)
        return
    if expected.takes is Takes.CTX:
        if reg.type is not PTR_TO_CTX:
            raise Reject(f"{name} expects pointer to ctx", EINVAL)
        return
    _check_memory(env, state, regno, expected.size)
    if reg.type in PACKET_POINTERS and env.rules.GLOBAL_FUNC_PACKETS and no in packet.changers(env):
        text = f"{name} is a packet pointer, but func#{no} may change packet data"
        raise Reject(text, EINVAL)
    null = reg.maybe_null or (env.rules.GLOBAL_FUNC_PACKETS and is_null(reg))
    if null and not expected.maybe_null:
        raise Reject(f"{name} is expected to be non-NULL", EINVAL)


def _check_struct(env: Env, state: VerifierState, regno: int, expected: Expected) -> None:
    """The caller gives that structure of the kernel: check_reg_type()."""
    reg = state.frames[-1].regs[regno]
    if is_null(reg) and expected.maybe_null:
        if env.rules.FUNC_ARGS_NULL_PRECISE:
            mark_chain_precision(env, state, regno)
        return
    arg = Arg.PTR_TO_BTF_ID_OR_NULL if expected.maybe_null else Arg.PTR_TO_BTF_ID
    refused = reg.maybe_null and not expected.maybe_null
    if refused or not arg_types.takes(env.kernel, arg, reg.type):
        listed = arg_types.expected(env.kernel, arg)
        text = f"R{regno} type={type_name(reg, env.rules)} expected={listed}"
        raise Reject(text, EACCES)
    assert env.btf is not None  # the structure was found there
    helper.check_is_of(env, regno, reg, env.btf.name(expected.struct))


def _check_memory(env: Env, state: VerifierState, regno: int, size: int) -> None:
    """The function may read and write `size` bytes there, if it is not NULL."""
    try:
        helper_mem.check_fixed(env, state, regno, size)
    except Reject as err:
        err.errno = EINVAL
        raise


def _compare(env: Env, state: VerifierState, found: FuncInfo, no: int, *, called: bool) -> None:
    """All arguments, until 6.7."""
    if len(found.args) > MOST:
        raise Reject(f"Function {found.name} has {len(found.args)} > {MOST} args", EINVAL)
    for i, arg in enumerate(found.args):
        reg = state.frames[-1].regs[R1 + i]
        if arg.kind in NUMBERS:
            if reg.type is not SCALAR_VALUE:
                raise Reject(f"R{R1 + i} is not a scalar", EINVAL)
        elif arg.kind != "PTR":
            raise Reject(f"Unrecognized arg#{i} type {arg.kind}", EINVAL)
        else:
            _compare_pointer(env, state, found, no, i, arg, called)


def _compare_pointer(
    env: Env, state: VerifierState, found: FuncInfo, no: int, i: int, arg: FuncArg, called: bool
) -> None:
    rules, regno = env.rules, R1 + i
    reg = state.frames[-1].regs[regno]
    if not rules.GLOBAL_FUNC_MEM and reg.type is SCALAR_VALUE:
        raise Reject(f"R{regno} is not a pointer", EINVAL)
    if rules.FUNC_ARGS_OFFSET:
        ctx.check_offset(env, reg, regno)
    if func_types.is_ctx(env, i, arg):
        if reg.type is not PTR_TO_CTX:
            raise Reject(f"arg#{i} expected pointer to ctx, but got {arg.kind}", EINVAL)
        if not rules.FUNC_ARGS_OFFSET:
            ctx.check_unmodified(env, reg, regno)
        return
    known = func_types.is_global(env, no) and rules.GLOBAL_FUNC_MEM
    if known and (called or not rules.FUNC_ARGS_AT_CALLS):
        _check_memory(env, state, regno, func_types.size_of(i, arg))
    elif rules.FUNC_ARGS_UNSUPPORTED:
        text = f"reg type unsupported for arg#{i} function {found.name}#{found.type_id}"
        raise Reject(text, EINVAL)
    else:
        raise Reject(f"Unrecognized arg#{i} type {arg.kind}", EINVAL)
