"""Which half slots of each frame's stack are read before they are written, from each insn on.

The kernel looks at each subprog once for each call that hands it a pointer to a stack, and else
once for all calls.  Source: kernel/bpf/liveness.c (7.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import E2BIG, EINVAL
from verifier_model.cfg import CALL, is_pseudo_call
from verifier_model.check import func_types
from verifier_model.live_regs import postorder, successors, uses
from verifier_model.reg import R1, R5
from verifier_model.static import arg_track, stack_access
from verifier_model.static.arg_track import NONE, Track, Values, values_of
from verifier_model.static.stack_access import EVERY
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from collections.abc import Iterable

    from verifier_model.env import Env
    from verifier_model.log_static import Told
    from verifier_model.state import VerifierState
    from verifier_model.static.const_regs import ConstRegs
    from verifier_model.static.stack_access import Access

_MAX_PASSES = 10000
# Where a helper that calls back takes the function and its context, and where the function finds
# the context: find_callback_subprog().
_CALLBACKS = {181: (2, 3, 2), 164: (2, 3, 4), 180: (3, 4, 3), 209: (2, 3, 2)}

_Entry = tuple[Track, ...]  # R1 to R5 at the start of a subprog


class Masks:
    """Half slots of one frame's stack, by insn of the subprog: struct per_frame_masks."""

    __slots__ = ("live_before", "may_read", "must_write")

    def __init__(self, insns: int) -> None:
        self.may_read = [0] * insns
        self.must_write = [0] * insns
        self.live_before = [0] * insns


class Instance:
    """A subprog as one call insn comes to it: struct func_instance."""

    __slots__ = ("callsite", "depth", "done", "end", "frames", "start", "subprog")

    def __init__(self, callsite: int, depth: int, subprog: int, start: int, end: int) -> None:
        self.callsite = callsite  # the subprog's first insn where depth is 0
        self.depth = depth
        self.subprog = subprog
        self.start, self.end = start, end
        self.frames: dict[int, Masks] = {}
        self.done = False  # some pass over it has ended

    def fresh(self) -> Instance:
        return Instance(self.callsite, self.depth, self.subprog, self.start, self.end)

    def masks(self, frame: int) -> Masks:
        masks = self.frames.get(frame)
        if masks is None:
            masks = self.frames[frame] = Masks(self.end - self.start)
        return masks

    def touch(self, idx: int, frame: int, mask: int, *, writes: bool) -> None:
        masks = self.masks(frame)
        (masks.must_write if writes else masks.may_read)[idx - self.start] |= mask

    def live(self, idx: int, frame: int) -> int:
        masks = self.frames.get(frame)
        return masks.live_before[idx - self.start] if masks is not None else 0


class LiveStack:
    """Which half slots are live before each insn, of one program."""

    def __init__(
        self, env: Env, known: ConstRegs, callers_first: list[int], told: Told | None
    ) -> None:
        """Look at the whole program; `told` hears of each step."""
        self._env = env
        self._instances = _Analysis(env, known, callers_first, told).instances

    def live_slots(self, state: VerifierState) -> list[int]:
        """For each frame of a state, a mask of the half slots that may be read from here on.

        Source: bpf_stack_slot_alive().
        """
        env, top = self._env, len(state.frames) - 1
        instances = [self._found(state, depth) for depth in range(top + 1)]
        slots = []
        for frame in range(top + 1):
            inner = instances[top]
            live = EVERY
            if inner is not None:
                live = inner.live(env.insn_idx, frame + inner.depth - top)
            for depth in range(frame, top):
                outer = instances[depth]
                if outer is None:
                    live = EVERY
                    break
                callsite = state.frames[depth + 1].callsite
                at = callsite if env.callback_points[callsite] else callsite + 1
                rel = frame + outer.depth - depth
                live |= outer.live(at, rel) if rel >= 0 else EVERY
            slots.append(live)
        return slots

    def _found(self, state: VerifierState, depth: int) -> Instance | None:
        """The instance of a frame; one that was looked at for all calls, if there is no other."""
        frame = state.frames[depth]
        while depth:
            found = self._instances.get((frame.callsite, depth))
            if found is not None:
                return found
            depth -= 1
        return self._instances.get((self._env.subprogs[frame.subprogno], 0))


class _Analysis:
    """What is known of a program's insns while its subprogs are looked at: struct bpf_liveness."""

    def __init__(
        self, env: Env, known: ConstRegs, callers_first: list[int], told: Told | None
    ) -> None:
        """Look at the whole program; `told` hears of each step."""
        self._env = env
        self._known = known
        self._told = told
        self.instances: dict[tuple[int, int], Instance] = {}
        self._passes = 0
        self._graph = successors(env)
        self._touched = [use | define for use, define in uses(env)]  # registers, by insn
        self._orders = [postorder(env, start) for start in env.subprogs]
        self._spilled: dict[int, arg_track.Stack] = {}  # the caller's slots, by call insn
        self._values: dict[int, list[Values | None]] = {}  # by subprog, of its last pass
        for subprog in callers_first:
            start = env.subprogs[subprog]
            if subprog not in self._values or func_types.is_global(env, subprog):
                self._analyze(self._instance(start, 0, subprog), None, [])
        if told is not None:
            order = sorted(self.instances.values(), key=lambda i: (i.callsite, i.depth))
            for instance in order:
                told.uses(instance)

    def _instance(self, callsite: int, depth: int, subprog: int) -> Instance:
        found = self.instances.get((callsite, depth))
        if found is None:
            start, end = self._env.subprogs[subprog], self._env.subprog_end(subprog)
            found = Instance(callsite, depth, subprog, start, end)
            self.instances[callsite, depth] = found
        return found

    # -- one subprog -------------------------------------------------------------------------

    def _analyze(self, instance: Instance, entry: _Entry | None, callsites: list[int]) -> None:
        """One pass over a subprog and, with what it hands on, over those it calls."""
        self._passes += 1
        if self._passes > _MAX_PASSES:
            text = f"liveness analysis exceeded complexity limit ({self._passes} calls)"
            raise Reject(text, E2BIG)
        current = instance.fresh() if instance.done else instance
        values = self._values[instance.subprog] = self._follow(current, entry, callsites)
        self._record(current, values)
        if self._told is not None:
            self._told.tracked(instance.subprog, instance.start, values)
        for idx in self._orders[instance.subprog]:
            if self._env.insns[idx].code == CALL:
                self._call(current, idx, values[idx - instance.start], callsites)
        if current is not instance:
            _merge(instance, current)
        self._solve(instance)

    def _follow(
        self, instance: Instance, entry: _Entry | None, callsites: list[int]
    ) -> list[Values | None]:
        """Where pointers to stacks are before each insn: compute_subprog_args()."""
        env, told, start, depth = self._env, self._told, instance.start, instance.depth
        regs = (NONE, *(entry or (NONE,) * 5), *(NONE,) * 4, arg_track.frame_pointer(depth))
        before: list[Values | None] = [None] * (instance.end - start)
        before[0] = values_of(regs, {})
        callers = [self._spilled[callsite] for callsite in callsites]
        if told is not None:
            told.begins(instance)
        order = self._orders[instance.subprog][::-1]
        graph, touched = self._graph, self._touched
        fresh = {start}  # insns before which something else is known than when looked at
        changed = True
        while changed:
            changed = False
            for idx in order:
                values = before[idx - start]
                if values is None or (idx not in fresh and told is None):
                    continue
                fresh.discard(idx)
                after = values
                if touched[idx] & values.pointers:
                    after = arg_track.after(env.insns[idx], values, depth, callers)
                if told is not None and after is not values:
                    told.changes(idx, values, after)
                for target in graph[idx]:
                    old = before[target - start]
                    new = after if old is None else self._join(idx, target, old, after)
                    if new is not old:
                        before[target - start] = new
                        fresh.add(target)
                        changed = True
        return before

    def _join(self, idx: int, target: int, old: Values, new: Values) -> Values:
        """What holds at an insn where two paths meet; `old` itself if that is nothing new."""
        if old is new or (old.regs == new.regs and old.stack == new.stack):
            return old
        told = self._told
        regs = list(old.regs)
        for regno, (a, b) in enumerate(zip(old.regs, new.regs, strict=True)):
            both = regs[regno] = arg_track.join(a, b)
            if told is not None and both != a:
                told.joins(idx, target, f"r{regno}", a, b, both)
        stack = dict(old.stack)
        for slot in sorted({*old.stack, *new.stack}):
            a, b = old.stack.get(slot, NONE), new.stack.get(slot, NONE)
            both = stack[slot] = arg_track.join(a, b)
            if told is not None and both != a:
                told.joins(idx, target, f"fp{-8 * (slot + 1):+d}", a, b, both)
        joined = values_of(tuple(regs), stack)
        return old if joined == old else joined

    def _record(self, instance: Instance, before: list[Values | None]) -> None:
        """What each insn reads and writes, and what the stack holds at each call."""
        env, depth, touched = self._env, instance.depth, self._touched
        for idx in reversed(self._orders[instance.subprog]):
            values = before[idx - instance.start]
            if values is None or not touched[idx] & values.pointers:
                continue
            insn, regs = env.insns[idx], values.regs
            accesses: Iterable[Access]
            if insn.code != CALL:
                accesses = stack_access.by_insn(insn, regs, depth)
            elif is_pseudo_call(insn):
                accesses = ()
            else:
                accesses = stack_access.by_call(env, self._known, idx, regs, depth)
            for frame, mask, writes in accesses:
                instance.touch(idx, frame, mask, writes=writes)
            if insn.code == CALL and (is_pseudo_call(insn) or env.callback_points[idx]):
                self._spilled[idx] = values.stack

    def _call(
        self, instance: Instance, idx: int, values: Values | None, callsites: list[int]
    ) -> None:
        """Follow pointers to stacks into what an insn calls."""
        env = self._env
        insn = env.insns[idx]
        if values is None:
            return
        if is_pseudo_call(insn):
            subprog = env.subprogs.index(idx + insn.imm + 1)
            entry = values.regs[R1 : R5 + 1]
        elif env.callback_points[idx] and not insn.src and insn.imm in _CALLBACKS:
            func_reg, ctx_reg, ctx_param = _CALLBACKS[insn.imm]
            found = self._known.subprog(idx, func_reg)
            context = values.regs[ctx_reg]
            if found is None:
                for frame in range(instance.depth + 1) if context.is_fp else ():
                    instance.touch(idx, frame, EVERY, writes=False)
                return
            subprog = found
            entry = tuple(context if regno == ctx_param else NONE for regno in range(R1, R5 + 1))
        else:
            return
        if not any(track.is_fp for track in entry):
            return
        if instance.depth == env.limits.max_call_depth - 1:
            raise Reject("", EINVAL)
        callee = self._instance(idx, instance.depth + 1, subprog)
        self._analyze(callee, entry, [*callsites, idx])
        for frame in sorted(callee.frames):
            if frame < callee.depth:
                instance.touch(idx, frame, callee.live(callee.start, frame), writes=False)

    def _solve(self, instance: Instance) -> None:
        """What is live before each insn: update_instance()."""
        instance.done = True
        env, graph, start = self._env, self._graph, instance.start
        order = self._orders[instance.subprog]
        for masks in instance.frames.values():
            live, reads, writes = masks.live_before, masks.may_read, masks.must_write
            changed = True
            while changed:
                changed = False
                for idx in order:
                    following = graph[idx]
                    if not following:
                        continue
                    after = 0
                    for s in following:
                        after |= live[s - start]
                    i = idx - start
                    before = after & ~writes[i] | reads[i]
                    if before != live[i]:
                        live[i] = before
                        changed = env.goes_back


def _merge(instance: Instance, other: Instance) -> None:
    """One more pass: what some pass reads is read, what every pass writes is written."""
    for frame in range(instance.depth + 1):
        mine, its = instance.frames.get(frame), other.frames.get(frame)
        if its is None:
            if mine is not None:
                mine.must_write = [0] * len(mine.must_write)
        elif mine is None:
            its.must_write = [0] * len(its.must_write)
            instance.frames[frame] = its
        else:
            mine.may_read = [a | b for a, b in zip(mine.may_read, its.may_read, strict=True)]
            mine.must_write = [a & b for a, b in zip(mine.must_write, its.must_write, strict=True)]
