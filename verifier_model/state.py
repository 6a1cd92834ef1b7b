"""The state of a walk: registers and stack of every frame, references, and its ancestors.

A copy shares all registers and slots; whoever changes one puts a new one into its own list.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from verifier_model.reg import CALLER_SAVED, FP, PTR_TO_STACK, R0, R1, R5, UNINIT, pointer
from verifier_model.stack import EMPTY

if TYPE_CHECKING:
    from emu.prog import MapDef
    from verifier_model.history import Outcomes, Step
    from verifier_model.reg import RegState
    from verifier_model.stack import Slot
    from verifier_model.transfer.callback_args import Callback

MAIN_CALLSITE = -1
NOWHERE = -1  # the index of no insn
# Bits of the liveness masks: R1 to R5, which a callee shares with its caller at the call.
ARGS_MASK = sum(1 << r for r in range(R1, R5 + 1))
ALL_REGS = (1 << FP) - 1  # R0 to R9


@lru_cache(maxsize=1 << 12)
def bits(mask: int) -> tuple[int, ...]:
    """The numbers of the bits that are set, ascending."""
    return tuple(i for i in range(mask.bit_length()) if mask >> i & 1)


class FuncState:
    """One frame: struct bpf_func_state.

    Liveness is kept in masks, a bit a register and a bit a stack slot: `*_read` says that a later
    insn of some path reads what this state holds, `*_written` that this state's path wrote it since
    the state's parent.  They stand for `live` and `parent` of struct bpf_reg_state.
    """

    __slots__ = (
        "call",
        "callback",
        "callback_depth",
        "callsite",
        "frameno",
        "half_written",
        "later_entries",
        "refs_at_call",
        "regs",
        "regs_lent",
        "regs_read",
        "regs_written",
        "result_frame",
        "stack",
        "stack_read",
        "stack_written",
        "subprogno",
        "told_apart",
        "whole_read",
    )

    def __init__(self, callsite: int, frameno: int, subprogno: int) -> None:
        self.call = object()  # the same in all copies of this frame, another in every new call
        self.callsite = callsite  # the call insn, or MAIN_CALLSITE
        self.frameno = frameno
        self.subprogno = subprogno
        self.callback: Callback | None = None  # what called it, where that is no insn
        # How many functions that run later the path to this one began: async_entry_cnt.
        self.later_entries = 0
        self.callback_depth = 0  # how often the helper this frame is at has called back
        self.regs: list[RegState] = [UNINIT] * 11
        fp = pointer(PTR_TO_STACK)
        fp.frameno = frameno
        self.regs[FP] = fp
        self.stack: list[Slot] = []
        self.refs_at_call: tuple[tuple[int, int], ...] = ()  # those held when this frame began
        # The 32-bit cmpxchg that r0 comes from, its high half unread; cmpxchg.py follows it.
        self.half_written = NOWHERE
        self.regs_read = 0
        self.whole_read = 0  # of those, what is read not only in its low half
        self.regs_written = 0
        # Those written as sums with a pointer whose life they share: a read of one is a read of
        # the pointer's register, which the sum was already.
        self.regs_lent = 0
        self.stack_read = 0
        self.stack_written = 0
        # Of a kept state: the register, a mask, that made the last comparison fail.
        self.told_apart = 0
        self.result_frame = frameno  # the frame whose r0, in the parent, this r0 goes back to

    def copy(self) -> FuncState:
        new = FuncState.__new__(FuncState)
        new.call = self.call
        new.callsite = self.callsite
        new.frameno = self.frameno
        new.subprogno = self.subprogno
        new.refs_at_call = self.refs_at_call
        new.callback = self.callback
        new.later_entries = self.later_entries
        new.callback_depth = self.callback_depth
        new.regs = self.regs[:]
        new.stack = self.stack[:]
        new.half_written = self.half_written
        new.regs_read = self.regs_read
        new.whole_read = self.whole_read
        new.regs_written = self.regs_written
        new.regs_lent = self.regs_lent
        new.stack_read = self.stack_read
        new.stack_written = self.stack_written
        new.result_frame = self.result_frame
        new.told_apart = 0
        return new

    def reads(self, bit: int, *, whole: bool) -> None:
        """Note that a register is read."""
        self.regs_read |= bit
        if whole:
            self.whole_read |= bit

    def clear_caller_saved(self) -> None:
        """What a call leaves in R0 to R5: clear_caller_saved_regs()."""
        for regno in CALLER_SAVED:
            self.regs[regno] = UNINIT
        self.regs_written |= ARGS_MASK | 1

    def grow(self, spi: int) -> None:
        """Have slots up to number `spi`."""
        missing = spi + 1 - len(self.stack)
        if missing > 0:
            self.stack.extend([EMPTY] * missing)


class Lock(NamedTuple):
    """A lock that is held."""

    kind: str  # the structure, and how it was taken
    map: MapDef | None  # None: it is in an object that the program allocated
    id: int  # of the pointer to what it is in
    insn: int  # that took it


class Regions(NamedTuple):
    """What a path must leave before it ends, and what it has to do so often."""

    rcu: int = 0  # bpf_rcu_read_lock()
    preempt: int = 0  # bpf_preempt_disable()
    irqs: tuple[int, ...] = ()  # ids of what bpf_local_irq_save() saved, the newest last


NO_REGION = Regions()


class VerifierState:
    """All frames of a path: struct bpf_verifier_state."""

    __slots__ = (
        "all_precise",
        "branches",
        "callback_unroll",
        "cleaned",
        "dfs_depth",
        "dropped",
        "enters_loop",
        "first_insn_idx",
        "frames",
        "history",
        "hits",
        "insn_idx",
        "last_insn_idx",
        "locks",
        "loop_entry",
        "may_goto_depth",
        "misses",
        "outcomes",
        "parent",
        "refs",
        "regions",
        "sleeps",
    )

    def __init__(self, frame: FuncState) -> None:
        self.frames = [frame]
        self.refs: tuple[tuple[int, int], ...] = ()  # (id, insn that acquired it)
        self.locks: tuple[Lock, ...] = ()  # that are held, the newest last
        self.regions = NO_REGION
        self.sleeps = False  # what runs may sleep
        self.parent: VerifierState | None = None
        self.branches = 1  # paths that go on from here and have not ended
        self.insn_idx = 0  # of a kept state: where it was kept
        self.callback_unroll = 0  # callbacks on this path
        self.may_goto_depth = 0  # exits of may_goto on this path
        self.dfs_depth = 0  # kept states on this path
        self.loop_entry: VerifierState | None = None  # the first state of the loop it is in
        self.enters_loop = False  # it is the loop_entry of others
        self.first_insn_idx = 0
        self.last_insn_idx = -1
        self.history: Step | None = None  # since first_insn_idx
        self.outcomes: Outcomes = {}  # of walks back, one for all paths from first_insn_idx
        self.cleaned = False  # what no path reads is forgotten
        # Of a kept state: each scalar of it and of its ancestors is precise.
        self.all_precise = False
        self.hits = 0  # of a kept state: how often it ended a path
        self.misses = 0
        self.dropped = False  # no longer searched, but paths still go on from it

    def copy(self) -> VerifierState:
        new = VerifierState.__new__(VerifierState)
        new.frames = [frame.copy() for frame in self.frames]
        new.refs = self.refs
        new.locks = self.locks
        new.regions = self.regions
        new.sleeps = self.sleeps
        new.parent = self.parent
        new.branches = self.branches
        new.insn_idx = self.insn_idx
        new.callback_unroll = self.callback_unroll
        new.may_goto_depth = self.may_goto_depth
        new.dfs_depth = self.dfs_depth
        new.loop_entry = self.loop_entry
        new.enters_loop = self.enters_loop
        new.first_insn_idx = self.first_insn_idx
        new.last_insn_idx = self.last_insn_idx
        new.history = self.history
        new.outcomes = self.outcomes
        new.cleaned = False
        new.all_precise = False
        new.hits = 0
        new.misses = 0
        new.dropped = False
        return new

    @property
    def frame(self) -> FuncState:
        """The frame that runs."""
        return self.frames[-1]

    def mark_reg_read(self, depth: int, regno: int, *, whole: bool = True) -> int:
        """Tell the ancestors up to the one that wrote it that this register is read.

        whole: not only its low half.

        Returns how many had to be told.  Source: mark_reg_read().
        """
        bit, told = 1 << regno, 0
        frame = self.frames[depth]
        if (frame.regs_written | frame.regs_lent) & bit:
            return 0
        if regno == R0:
            depth = frame.result_frame
        state, frames = self.parent, self.frames
        while state is not None:
            # A frame that began after this ancestor has its arguments from the caller.  A result
            # comes from a frame that the ancestor may have and this state has not.
            while depth >= len(state.frames) or (
                regno != R0 and state.frames[depth].call is not frames[depth].call
            ):
                if not bit & ARGS_MASK or frames[depth].callback is not None:
                    return told
                depth -= 1
            frame = state.frames[depth]
            if regno <= R5 and frame is not state.frames[-1]:
                # Of frames that wait for a call, a kept state is the parent of r6 to r9 only.
                frames, state = state.frames, state.parent
                continue
            if (frame.whole_read if whole else frame.regs_read) & bit:
                return told
            frame.reads(bit, whole=whole)
            told += 1
            if (frame.regs_written | frame.regs_lent) & bit:
                return told
            if regno == R0:
                depth = frame.result_frame
            frames = state.frames
            state = state.parent
        return told

    def reads_as(self, old: VerifierState) -> int:
        """What the rest of the old state's path reads, the rest of this one's would read.

        Returns how many states had to be told, this one included, where there were most.
        Source: propagate_liveness().
        """
        most = 0
        for mine, theirs in zip(self.frames, old.frames, strict=True):
            new = theirs.regs_read & ~mine.regs_read | theirs.whole_read & ~mine.whole_read
            for regno in bits(new & ALL_REGS):
                whole = bool(theirs.whole_read >> regno & 1)
                mine.reads(1 << regno, whole=whole)
                most = max(most, 1 + self.mark_reg_read(mine.frameno, regno, whole=whole))
            both = (1 << min(len(theirs.stack), len(mine.stack))) - 1
            for spi in bits(theirs.stack_read & ~mine.stack_read & both):
                mine.stack_read |= 1 << spi
                most = max(most, 1 + self.mark_stack_read(mine.frameno, spi))
        return most

    def mark_stack_read(self, depth: int, spi: int) -> int:
        """The same for a stack slot."""
        bit, told = 1 << spi, 0
        if self.frames[depth].stack_written & bit:
            return 0
        state, call = self.parent, self.frames[depth].call
        while state is not None:
            if depth >= len(state.frames) or state.frames[depth].call is not call:
                return told
            frame = state.frames[depth]
            if frame.stack_read & bit or spi >= len(frame.stack):
                return told
            frame.stack_read |= bit
            told += 1
            if frame.stack_written & bit:
                return told
            state = state.parent
        return told
