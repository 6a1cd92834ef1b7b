"""Subprogs in the order of their calls, and those that come to call themselves.

Source: sort_subprogs_topo() (7.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EINVAL
from verifier_model.cfg import is_pseudo_call
from verifier_model.live_regs import postorder
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from verifier_model.env import Env


def callees_first(env: Env) -> list[int]:
    """The numbers of all subprogs, each behind those it calls or hands to a helper.

    Raises Reject where one calls itself, by whatever way.
    """
    order: list[int] = []
    open_subprogs: set[int] = set()

    def visit(no: int) -> None:
        open_subprogs.add(no)
        for idx in postorder(env, env.subprogs[no]):
            if idx not in env.calls:
                continue
            callee = env.subprogs.index(env.calls[idx])
            if callee in order:
                continue
            if callee not in open_subprogs:
                visit(callee)
            elif is_pseudo_call(env.insns[idx]):
                env.insn_idx = idx
                raise Reject(
                    f"recursive call from {env.subprog_name(no)}() to {env.subprog_name(callee)}()",
                    EINVAL,
                )
        order.append(no)

    for no in range(len(env.subprogs)):
        if no not in order:
            visit(no)
    return order
