"""What a program's BTF says of its insns: where functions begin, and lines of its source.

Source: check_btf_info(), kernel/bpf/verifier.c (kernel/bpf/check_btf.c since 7.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EINVAL
from emu.kernel.traits import Trait
from verifier_model.cfg import is_packet_load, is_tail_call
from verifier_model.check.func_types import NUMBERS
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emu.prog import FuncInfo
    from verifier_model.env import Env

_LARGEST_INT = 8  # bytes: btf_type_is_small_int()


def check(env: Env) -> None:
    """Both are right, or not given."""
    _check_functions(env)
    if env.kernel.has(Trait.LINE_INFO):
        _check_lines(env)
    env.lines = env.prog.line_info


def _check_functions(env: Env) -> None:
    """BTF, if given, names every function: check_btf_func().  Without it some insns are refused."""
    infos = env.prog.func_info
    if infos:
        if len(infos) != len(env.subprogs):
            text = "number of funcs in func_info doesn't match number of subprogs"
            raise Reject(text, EINVAL)
        if [info.start for info in infos] != env.subprogs:
            text = "func_info BTF section doesn't match subprog layout in BPF program"
            raise Reject(text, EINVAL)
        _check_returns(env, [no for no, info in enumerate(infos) if not _returns_int(info)], "")
    else:
        _check_returns(env, range(len(env.subprogs)), " in subprogs without BTF")


def _returns_int(info: FuncInfo) -> bool:
    return info.result in NUMBERS and info.result_size <= _LARGEST_INT


def _check_returns(env: Env, subprogs: Iterable[int], without: str) -> None:
    """Subprogs of which it is not known that they return a number cannot end unseen."""
    if not env.rules.TAIL_CALL_IN_SUBPROG:
        return
    text = f"not allowed{without}" if without else "only allowed in functions that return 'int'."
    for no in subprogs:
        body = env.insns[env.subprogs[no] : env.subprog_end(no)] if no else ()
        if any(map(is_packet_load, body)):
            raise Reject(f"LD_ABS is {text}", EINVAL)
        if any(map(is_tail_call, body)):
            raise Reject(f"tail_call is {text}", EINVAL)


def _check_lines(env: Env) -> None:
    """Lines are in order, and every function has its own: check_btf_line()."""
    lines, starts, before = env.prog.line_info, env.subprogs, 0
    no = 0  # the function that comes next
    for i, line in enumerate(lines):
        if (i and line.insn <= before) or line.insn >= len(env.insns):
            where = f"(prev_offset:{before} prog->len:{len(env.insns)})"
            raise Reject(f"Invalid line_info[{i}].insn_off:{line.insn} {where}", EINVAL)
        if not env.insns[line.insn].code:
            raise Reject(f"Invalid insn code at line_info[{i}].insn_off", EINVAL)
        if no < len(starts) and starts[no] < line.insn:
            raise Reject(f"missing bpf_line_info for func#{no}", EINVAL)
        if no < len(starts) and starts[no] == line.insn:
            no += 1
        before = line.insn
    if lines and no < len(starts):
        text = f"missing bpf_line_info for {len(starts) - no} funcs starting from func#{no}"
        raise Reject(text, EINVAL)
