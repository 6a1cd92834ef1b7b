"""Lines of the program's source, which the log tells where line_info says what insns come from.

Source: verbose_linfo() and bpf_find_linfo(), kernel/bpf/log.c and core.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.traits import Trait

if TYPE_CHECKING:
    from verifier_model.env import Env

_SPACE = " \t\n\v\f\r"


def line(env: Env, idx: int, before: str = "; ") -> tuple[str, ...]:
    """The line that an insn comes from, if it is not the one that the log told last.

    before: what stands before it.  A path that ends well takes its lines along, but a line that
    was told counts as told.
    """
    if not env.lines or not env.log.bits or not env.kernel.has(Trait.LINE_INFO):
        return ()
    no, last = number(env, idx), env.told_line
    found = env.lines[no]
    place = env.rules.LOG_SOURCE_PLACE
    if no == last or (place and last >= 0 and found[1:3] == env.lines[last][1:3]):
        return ()
    env.told_line = no
    where = f" @ {found.file.rpartition('/')[2]}:{found.line}" if place else ""
    return (before + found.text.lstrip(_SPACE) + where,)


def number(env: Env, idx: int) -> int:
    """Which of Env.lines an insn comes from; there are some."""
    if not env.line_of:
        starts = {line.insn: no for no, line in enumerate(env.lines)}
        no = 0
        for i in range(len(env.insns)):
            no = starts.get(i, no)
            env.line_of.append(no)
    return env.line_of[idx]
