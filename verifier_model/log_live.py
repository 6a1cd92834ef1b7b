"""The table of live registers at the head of the log, at level 2.

Source: compute_live_registers().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model.cfg import LD_IMM64
from verifier_model.log_walk import aligned

if TYPE_CHECKING:
    from verifier_model.env import Env


def begin(env: Env) -> None:
    """What the kernel computes of the program before the walk, as far as the release tells it."""
    rules = env.rules
    if rules.LOG_LIVE_REGS:
        _live_regs(env)


def _live_regs(env: Env) -> None:
    """A line an insn: its loop, its index, R0 to R9 where they are live, its text."""
    from verifier_model.live_regs import live_registers

    insns, log = env.insns, env.log
    live = env.live_regs or live_registers(env)
    loop = env.loop_visits.loops if env.loop_visits is not None else None
    log.add("Live regs before insn:")
    extends = [False] * len(insns)
    if env.rules.LOG_ZEXT:
        from verifier_model.log_zext import zero_extending

        extends = zero_extending(env)
    second = False
    for idx, insn in enumerate(insns):
        if not second:
            mark = "" if loop is None else f"{loop[idx]:3d} " if loop[idx] else "    "
            regs = "".join(str(i) if live[idx] >> i & 1 else "." for i in range(10))
            text = log.insn_text(env, idx)
            if extends[idx]:
                text = f"{aligned(text, len(text))}; zext"
            log.add(f"{mark}{idx:3d}: {regs} {text}")
        second = not second and insn.code == LD_IMM64
