"""Clock: virtual time, and what happens when."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

READ_COST = 25  # nanoseconds that pass while a program reads the clock


class Clock:
    """Nanoseconds since boot, and a queue of actions.

    Time moves when an action's time comes, and a little with each reading, so that no two readings
    are the same.
    """

    def __init__(self, start: int) -> None:
        self.time = start
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0  # keeps actions of one time in the order in which they were asked for

    def read(self) -> int:
        """The time, as bpf_ktime_get_ns() has it."""
        self.time += READ_COST
        return self.time

    def at(self, time: int, action: Callable[[], None]) -> None:
        """Let `action` happen at `time`, or next if that is past."""
        self._count += 1
        heapq.heappush(self._queue, (time, self._count, action))

    def after(self, delay: int, action: Callable[[], None]) -> None:
        """Let `action` happen in `delay` nanoseconds."""
        self.at(self.time + delay, action)

    def next_time(self) -> int | None:
        """When the next action happens; None if there is none."""
        return self._queue[0][0] if self._queue else None

    def step(self, until: int) -> bool:
        """Let the next action happen; False, and the time is `until`, if there is none by then."""
        if not self._queue or self._queue[0][0] > until:
            self.time = max(self.time, until)
            return False
        time, _, action = heapq.heappop(self._queue)
        self.time = max(self.time, time)
        action()
        return True
