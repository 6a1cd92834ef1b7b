"""Objects that programs allocate, and locks, as arguments of kernel functions.

Source: check_kfunc_args().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EACCES, EINVAL
from emu.kernel.kfuncs import Does, Kind
from verifier_model.check import ctx, graph, kfunc_structs, locks, objects, records
from verifier_model.check.kfunc_structs import argument
from verifier_model.reg import PTR_TO_FUNC, R1
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from emu.kernel.kfuncs import Kfunc, Param
    from verifier_model.check.kfunc_args import Found
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState


def check(env: Env, state: VerifierState, row: Kfunc, i: int, param: Param, found: Found) -> None:
    """An object that the program allocated, or a lock, or a part of a list or tree."""
    regno, kind, where = R1 + i, param.kind, argument(env, i)
    reg = state.frames[-1].regs[regno]
    if kind is Kind.OBJECT:
        kfunc_structs.check_release(env, row, reg, i)
        if not reg.ref_obj_id and not objects.is_owned(reg):
            raise Reject(f"R{regno} must be referenced or trusted", EINVAL)
        ctx.check_released(env, reg, regno)
        objects.check_dropped(env, row, reg, where)
        found.released, found.object = reg.ref_obj_id, reg
        return
    if kind is Kind.COUNTED and env.rules.COUNTED_AT_START:
        ctx.check_unmodified(env, reg, regno)
    else:
        ctx.check_offset(env, reg, regno)
    if kind is Kind.COUNTED:
        found.owned, found.object = objects.check_counted(env, reg, where), reg
    elif kind in graph.ROOTS:
        found.root = graph.check_root(env, state, param, reg, i, where)
    elif kind in graph.NODES:
        assert found.root is not None  # it is the argument before
        graph.check_node(env, state, row, param, reg, i, where, found.root)
        if i == 1 and Does.INSERTS in row.does:
            found.inserted = reg.ref_obj_id
    elif kind is Kind.LESS:
        if reg.type is not PTR_TO_FUNC:
            raise Reject(f"{where} expected pointer to func", EINVAL)
        found.less = reg.mem_size
    else:
        _check_res_lock(env, state, row, reg, regno, where)


def _check_res_lock(
    env: Env, state: VerifierState, row: Kfunc, reg: RegState, regno: int, where: str
) -> None:
    if graph.compares_nodes(env, state):
        raise Reject("can't res_spin_{lock,unlock} in rbtree cb", EACCES)
    locks.check_holder(reg, where)
    kind = f"{records.RES_LOCK}_irqsave" if "irq" in row.name else records.RES_LOCK
    change = locks.release if "unlock" in row.name else locks.take
    change(env, state, reg, regno, kind)
