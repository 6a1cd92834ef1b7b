"""The passes from a cooked clause to instructions over real registers, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.opt.coalesce import coalesce
from dtrace.opt.dead import remove_dead
from dtrace.opt.jumps import remove_idle_jumps
from dtrace.opt.regalloc import allocate

if TYPE_CHECKING:
    from dtrace.bpf.code import Code
    from dtrace.opt.regalloc import Allocated
    from emu.kernel.profile import Kernel


def finish(code: Code, kernel: Kernel) -> Allocated:
    """Turn a function over virtual registers into one over r0..r10."""
    insns = coalesce(remove_idle_jumps(remove_dead(code.ins)))
    return allocate(code.name, insns, kernel, code.locals)
