"""What the walk back says at level 2: where it begins, each insn it undoes, what it marks.

Source: __mark_chain_precision(), backtrack_insn(), propagate_precision() and
mark_all_scalars_precise().
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from verifier_model.log_state import whole
from verifier_model.stack import SLOT
from verifier_model.state import bits

if TYPE_CHECKING:
    from verifier_model.backtrack import Tracker
    from verifier_model.env import Env
    from verifier_model.state import VerifierState


def begins(env: Env, bt: Tracker, last_idx: int, first_idx: int, subseq_idx: int) -> None:
    """From which insn to which the walk goes back in one state."""
    text = f"last_idx {last_idx} first_idx {first_idx}"
    rules = env.rules
    if rules.PRECISION_BY_FRAME:
        text = f"mark_precise: frame{bt.frame}: {text} "
    if rules.PRECISION_ACROSS_CALLS:
        text += f"subseq_idx {subseq_idx} "
    env.log.lines.append(text)


def undoes(env: Env, bt: Tracker, idx: int) -> None:
    """The insn, and what is tracked behind it."""
    if env.insns[idx].code == 0:
        return
    insn = f"before {idx}: {env.log.insn_text(env, idx)}"
    regs, slots = bt.regs[-1], bt.slots[-1]
    if env.rules.PRECISION_BY_FRAME:
        tracked = f"regs={_regs(regs)} stack={slot_offsets(slots)}"
        env.log.lines.append(f"mark_precise: frame{bt.frame}: {tracked} {insn}")
    else:
        env.log.lines.append(f"regs={regs:x} stack={slots:x} {insn}")


def marked(env: Env, st: VerifierState, bt: Tracker, depth: int, *, new: bool) -> None:
    """The parent state with its marks, and what is still tracked in this frame of it."""
    lines, regs, slots = env.log.lines, bt.regs[depth], bt.slots[depth]
    if env.rules.PRECISION_BY_FRAME:
        tracked = f"regs={_regs(regs)} stack={slot_offsets(slots)}"
        lines.append(f"mark_precise: frame{depth}: parent state {tracked}: {whole(env, st, depth)}")
        return
    had = "didn't have" if new else "already had"
    text = f"parent {had} regs={regs:x} stack={slots:x} marks"
    if env.rules.LOG_STATE_DIFF:
        lines.append(f"{text}:{whole(env, st, depth)}")
    else:
        lines += (whole(env, st, depth), text)


def propagates(env: Env, depth: int, regs: int, slots: int) -> None:
    """What a state that ended the path needed to know of one frame."""
    places = _names(regs, slots)
    if not places:
        return
    frame = f"frame {depth}: " if env.rules.PRECISION_FORGOTTEN else ""
    env.log.lines.append(f"{frame}propagating {places}")


def gives_up(env: Env, state: VerifierState) -> None:
    if env.rules.PRECISION_BY_FRAME:
        env.log.lines.append(
            f"mark_precise: frame{len(state.frames) - 1}: "
            "falling back to forcing all scalars precise"
        )


def forces(env: Env, depth: int, regs: int, slots: int) -> None:
    """What was marked because the walk back gave up; regs and slots together have one bit."""
    if env.rules.PRECISION_BY_FRAME:
        place = _names(regs, slots)
        env.log.lines.append(f"force_precise: frame{depth}: forcing {place} to be precise")


def _names(regs: int, slots: int) -> str:
    places = [f"r{i}" for i in bits(regs)] + [f"fp{-SLOT * (i + 1)}" for i in bits(slots)]
    return ",".join(places)


@lru_cache(maxsize=1024)
def _regs(mask: int) -> str:
    return ",".join(f"r{i}" for i in bits(mask))


@lru_cache(maxsize=1024)
def slot_offsets(mask: int) -> str:
    """Slots as the log names them, by their lowest byte: `-8,-16`."""
    return ",".join(str(-SLOT * (i + 1)) for i in bits(mask))
