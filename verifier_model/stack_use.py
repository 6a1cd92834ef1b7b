"""What the walk finds out of each insn's use of the stack (6.18 to 7.0).

The kernel gathers, for each chain of calls, the slots that an insn may read and those it is sure
to write, and computes from them which slots are live before each insn: what is not live is
forgotten in states that are kept.  At level 2 the log tells of every change.

Source: kernel/bpf/liveness.c of 6.18.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from verifier_model.domain.word import U32, U64
from verifier_model.live_regs import postorder, successors
from verifier_model.log_precise import slot_offsets

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.state import VerifierState


# What an insn did with the stack when it first ran.  One that then wrote no slot need not write one
# the next time either: it is not sure to write any.
_WROTE_NOTHING, _WROTE = 1, 2


class Masks:
    """Slots by insn, for one frame: struct per_frame_masks."""

    __slots__ = ("live_before", "may_read", "must_write", "must_write_acc", "stale")

    def __init__(self, insns: int) -> None:
        self.may_read = [0] * insns
        self.must_write = [0] * insns
        self.must_write_acc = [0] * insns  # by the insn and all that follow it
        self.live_before = [0] * insns
        self.stale: set[int] = set()  # insns with other masks than when their sums were made


class Instance:
    """One subprog as one chain of calls comes to it: struct func_instance."""

    __slots__ = ("callsites", "dropped", "frames", "insns", "seen", "start", "updated")

    def __init__(self, callsites: tuple[int, ...], start: int, insns: int) -> None:
        self.callsites = callsites  # of the frames above
        self.start = start  # the subprog's first insn
        self.insns = insns
        self.frames: dict[int, Masks] = {}
        self.seen = bytearray(insns)  # what each insn did when it first ran
        self.updated = False
        self.dropped = False  # some must_write became smaller

    def masks(self, frame: int) -> Masks:
        masks = self.frames.get(frame)
        if masks is None:
            masks = self.frames[frame] = Masks(self.insns)
        return masks

    def live_before(self, frame: int, idx: int) -> int:
        masks = self.frames.get(frame)
        return masks.live_before[idx - self.start] if masks is not None else 0

    def chain(self) -> str:
        return "(" + ",".join(map(str, (*self.callsites, self.start))) + ")"


class StackUse:
    """The stack's use, of one program: struct bpf_liveness."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self._instances: dict[tuple[int, ...], Instance] = {}
        self._tells = env.log.level > 1
        self._orders = [postorder(env, start) for start in env.subprogs]
        # By insn: its place in its subprog's order, and the insns that go on to it.
        self._places = {idx: n for order in self._orders for n, idx in enumerate(order)}
        self._sources: dict[int, list[int]] = {idx: [] for idx in self._places}
        graph = self._successors = successors(env)
        for idx in self._places:
            for following in graph[idx]:
                self._sources[following].append(idx)
        self._current: Instance | None = None
        self._written: dict[int, int] = {}  # by the insn that runs: slots, by frame

    def _lookup(self, callsites: tuple[int, ...], start: int) -> Instance:
        found = self._instances.get((*callsites, start))
        if found is None:
            no = self._env.subprogs.index(start)
            found = Instance(callsites, start, self._env.subprog_end(no) - start)
            self._instances[(*callsites, start)] = found
        return found

    def _of_frame(self, state: VerifierState, depth: int) -> Instance:
        callsites = tuple(frame.callsite for frame in state.frames[1 : depth + 1])
        return self._lookup(callsites, self._env.subprogs[state.frames[depth].subprogno])

    # -- while an insn runs ------------------------------------------------------------------

    def begin_insn(self, state: VerifierState) -> None:
        if self._current is None:
            self._current = self._of_frame(state, len(state.frames) - 1)

    def forget_chain(self) -> None:
        """The frame that runs is another one: bpf_reset_live_stack_callchain()."""
        self._current = None

    def reads(self, frame: int, spi: int) -> None:
        if self._current is not None:
            _mark_read(self._current, frame, self._env.insn_idx, 1 << spi)

    def writes(self, frame: int, spi: int) -> None:
        self._written[frame] = self._written.get(frame, 0) | 1 << spi

    def end_insn(self, idx: int) -> None:
        current, written = self._current, self._written
        if current is not None:
            seen = current.seen[idx - current.start]
            if seen == _WROTE or (written and not seen):
                _commit(current, idx, written)
            elif not seen:
                current.seen[idx - current.start] = _WROTE_NOTHING
        if written:
            written.clear()

    # -- what it was found out for -----------------------------------------------------------

    def live_slots(self, state: VerifierState) -> list[int]:
        """For each frame of a kept state, a mask of the slots that may be read from there on.

        Source: bpf_stack_slot_alive().
        """
        top = len(state.frames) - 1
        instances = [self._of_frame(state, depth) for depth in range(top + 1)]
        live = []
        for frame in range(top + 1):
            slots = instances[top].live_before(frame, state.insn_idx)
            for depth in range(frame, top):
                callsite = state.frames[depth + 1].callsite
                at = callsite if self._env.callback_points[callsite] else callsite + 1
                slots |= instances[depth].live_before(frame, at)
            live.append(slots)
        return live

    # -- where a frame or a path ends --------------------------------------------------------

    def update(self, state: VerifierState) -> None:
        """Compute anew what changed, from the frame that runs outwards: bpf_update_live_stack()."""
        self.forget_chain()
        for depth in range(len(state.frames) - 1, -1, -1):
            instance = self._of_frame(state, depth)
            if instance.updated:
                self._update_instance(instance)
                instance.updated = instance.dropped = False

    def _update_instance(self, instance: Instance) -> None:
        env = self._env
        order = self._orders[env.subprogs.index(instance.start)]
        if instance.dropped:
            for masks in instance.frames.values():
                masks.must_write_acc = [0] * instance.insns
                masks.stale.update(order)
        rounds, changed = 0, True
        while changed:
            rounds += 1
            changed = False
            for frame in sorted(instance.frames):
                changed |= self._go_round(instance, frame, order)
        if self._tells:
            env.log.add(f"{instance.chain()} live stack update done in {rounds} iterations")
        if instance.callsites:
            self._tell_caller(instance)

    def _go_round(self, instance: Instance, frame: int, order: tuple[int, ...]) -> bool:
        """Go once through the insns in order; whether something changed.

        The kernel looks at all of them; those that are not stale would stay as they are.
        """
        stale, places = instance.frames[frame].stale, self._places
        todo = [places[idx] for idx in stale]
        heapify(todo)
        changed = False
        while todo:
            place = heappop(todo)
            idx = order[place]
            stale.remove(idx)
            if not self._update_insn(instance, frame, idx):
                continue
            changed = True
            for source in self._sources[idx]:
                if source not in stale:
                    stale.add(source)
                    if places[source] > place:
                        heappush(todo, places[source])
        return changed

    def _update_insn(self, instance: Instance, frame: int, idx: int) -> bool:
        after = self._successors[idx]
        if not after:
            return False
        masks, i = instance.frames[frame], idx - instance.start
        live, written = 0, U64
        for following in after:
            live |= masks.live_before[following - instance.start]
            written &= masks.must_write_acc[following - instance.start]
        written |= masks.must_write[i]
        live = live & ~masks.must_write[i] | masks.may_read[i]
        old_live, old_written = masks.live_before[i], masks.must_write_acc[i]
        if self._tells and (
            masks.may_read[i]
            or masks.must_write[i]
            or idx == instance.start
            or self._env.prune_points[idx]
        ):
            where = f"{instance.chain()} frame {frame} insn {idx} "
            self._tell(where, "live", old_live, live)
            self._tell(where, "written", old_written, written)
        masks.live_before[i], masks.must_write_acc[i] = live, written
        return live != old_live or written != old_written

    def _tell(self, where: str, what: str, old: int, new: int) -> None:
        if old == new:
            return
        line = where
        if new & ~old:
            line += f"+{what} {slot_offsets(new & ~old)} "
        if old & ~new:
            line += f"-{what} {slot_offsets(old & ~new)}"
        self._env.log.add(line)

    def _tell_caller(self, instance: Instance) -> None:
        """The caller's slots that the subprog reads and writes, the call reads and writes."""
        *above, callsite = instance.callsites
        depth = len(above)
        caller_start = self._start_of(callsite)
        outer = self._lookup(tuple(above), caller_start)
        written: dict[int, int] = {}
        for frame in range(depth + 1):
            masks = instance.frames.get(frame)
            if masks is not None:
                written[frame] = masks.must_write_acc[0]
                _mark_read(outer, frame, callsite, masks.live_before[0])
        _commit(outer, callsite, written)

    def _start_of(self, idx: int) -> int:
        return self._env.subprogs[self._env.subprog_of(idx)]


def _mark_read(instance: Instance, frame: int, idx: int, slots: int) -> None:
    masks, i = instance.masks(frame), idx - instance.start
    read = masks.may_read[i] | slots
    if read != masks.may_read[i] and read & ~masks.live_before[i]:
        instance.updated = True
    if read != masks.may_read[i]:
        masks.may_read[i] = read
        masks.stale.add(idx)


def _commit(instance: Instance, idx: int, written: dict[int, int]) -> None:
    """Slots that an insn wrote this time and every time before: commit_stack_write_marks()."""
    i = idx - instance.start
    for frame in range(len(instance.callsites) + 1):
        slots = written.get(frame, 0)
        if not slots and not instance.seen[i]:
            continue
        masks = instance.masks(frame)
        old = masks.must_write[i] & U32  # a u32 in the kernel
        if instance.seen[i]:
            slots &= old
        if old != slots:
            masks.must_write[i] = slots
            masks.stale.add(idx)
            instance.updated = True
        if old & ~slots:
            instance.dropped = True
    instance.seen[i] = _WROTE
