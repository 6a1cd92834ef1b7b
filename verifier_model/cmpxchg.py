"""32-bit compare-and-exchange after which r0 keeps the high half it had.

On x86 it loads r0 only where memory holds something else.  The verifier puts a zero extension
behind it, if it has seen the high half read.  From 6.18 to 7.2 it looks on the path that it walks,
but not behind a state that it takes for another: Trait.CMPXCHG_READS_UNSEEN.  There the program
runs with a number that the verifier does not believe possible.

Source: check_reg_arg(), bpf_is_reg64(), mark_insn_zext() and opt_subreg_zext_lo32_rnd_hi32();
confirmed by what memory holds after a run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import IND, LD
from emu.kernel.traits import Trait
from verifier_model.cfg import EXIT
from verifier_model.halves import reads_whole
from verifier_model.live_regs import uses
from verifier_model.state import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.prog import Insn
    from verifier_model.env import Env
    from verifier_model.state import VerifierState

    Watch = Callable[[int, VerifierState], None]

_CMPXCHG32 = "atomic32_cmpxchg"
_MODE = 0xE0


def watching(env: Env, watch: Watch | None) -> Watch | None:
    """What is to watch the walk, so that env.not_extended is right at its end.

    watch: what watches it already.
    """
    kernel, insns = env.kernel, env.insns
    if not (kernel.has(Trait.CMPXCHG_READS_UNSEEN) and kernel.has(Trait.JIT)):
        return watch
    halves = {i for i, row in enumerate(env.rows) if row is not None and row.name == _CMPXCHG32}
    if not halves:
        return watch
    masks = uses(env)
    reads = [_reads_r0(insn, use) for insn, (use, _) in zip(insns, masks, strict=True)]
    writes = [define & 1 for _, define in masks]
    extended: set[int] = set()

    def follow(idx: int, state: VerifierState) -> None:
        frame = state.frames[-1]
        if insns[idx].code == EXIT and len(state.frames) > 1:
            state.frames[-2].half_written = frame.half_written
        elif reads[idx] and frame.half_written != NOWHERE:
            extended.add(frame.half_written)
            frame.half_written = NOWHERE
        if writes[idx]:
            frame.half_written = idx if idx in halves else NOWHERE
        env.not_extended |= halves & {idx}
        env.not_extended -= extended
        if watch is not None:
            watch(idx, state)

    return follow


def _reads_r0(insn: Insn, use: int) -> bool:
    """Whether an insn, which uses the registers `use`, reads all of r0.

    Loads from packets count as users of r0, and are none but where it says where to load.
    """
    if insn.code & 7 == LD:
        return insn.code & _MODE == IND and not insn.src
    return bool(use & 1) and reads_whole(insn)
