"""The passes between check_cfg() and the walk, in the order of bpf_check() (7.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model.live_regs import live_registers
from verifier_model.static.call_order import callees_first
from verifier_model.static.const_regs import ConstRegs, prune_dead_branches
from verifier_model.static.live_stack import LiveStack

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.log_static import Told


def analyze(env: Env) -> None:
    """Fill Env.live_stack and Env.live_regs; jumps that are decided become gotos in Env.insns."""
    known = ConstRegs(env)
    prune_dead_branches(env, known)
    order = callees_first(env)
    told: Told | None = None
    if env.log.level > 1:
        from verifier_model import log_static

        log_static.topology(env, order)
        told = log_static.Told(env)
    env.live_stack = LiveStack(env, known, order[::-1], told)
    env.live_regs = live_registers(env)
