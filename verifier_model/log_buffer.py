"""What of a log fits into the buffer that the loader gave, and what is said where it does not.

Until 6.3 the buffer keeps the log's beginning and, once it is full, takes nothing any more; since
6.4 it keeps the end, unless BPF_LOG_FIXED is set.  Either way the load fails with ENOSPC, even of
a program that is accepted.

Source: bpf_verifier_vlog(), bpf_vlog_reset(), bpf_vlog_finalize() and
bpf_verifier_log_attr_valid(), kernel/bpf/log.c, until 6.0 in verifier.c.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from emu.kernel.traits import Trait

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emu.kernel.profile import Kernel

LEVEL1, LEVEL2, STATS, FIXED = 1, 2, 4, 8  # BPF_LOG_*
LEVELS = LEVEL1 | LEVEL2  # BPF_LOG_LEVEL
OPEN = "\0"  # at a line's end: it goes on in the next line
_LEAST = 128  # bytes, until 6.3
_U32 = (1 << 32) - 1
# An insn's text, the blanks behind it, the state that was added to its line.
_AMENDED = re.compile(r"\d+: \([0-9a-f]{2}\) .*?( +);")


def is_valid(kernel: Kernel, level: int, size: int | None) -> bool:
    """Whether the kernel takes these attributes; `size` is in bytes, None for one that suffices."""
    known = LEVELS
    if kernel.has(Trait.LOG_STATS):
        known |= STATS
    if kernel.has(Trait.LOG_ROTATES):
        known |= FIXED
    most = _U32 >> 2 if kernel.has(Trait.LOG_STATS) else _U32 >> 8
    if level & ~known and (level < 0 or kernel.has(Trait.LOG_STATS)):
        return False
    if size is None:
        return True
    if not 0 <= size <= most or (size and not level):
        return False
    return kernel.has(Trait.LOG_ROTATES) or size >= _LEAST or not (level or size)


def text_of(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines).replace(f"{OPEN}\n", "")


class Buffer:
    """Follows how long the log is each time that its end is dropped, and when it ends."""

    def __init__(self, kernel: Kernel, level: int, size: int) -> None:
        self._rotates = kernel.has(Trait.LOG_ROTATES)
        self._fixed = bool(level & FIXED)
        self._amends = kernel.has(Trait.LOG_STATE_DIFF)
        self._size = size  # bytes
        self._start = 0  # the first byte that is still there
        self._longest = 0  # bytes, the final zero included
        self._full: str | None = None  # until 6.3, all that a full buffer holds

    def rewound(self, before: Iterable[str], after: Iterable[str]) -> None:
        """The log was cut from some lines to fewer."""
        self._note(text_of(before))
        self._start = min(self._start, len(text_of(after)))

    def _note(self, text: str) -> None:
        self._longest = max(self._longest, len(text) + 1)
        self._start = max(self._start, len(text) + 1 - self._size)
        if not self._rotates and self._full is None and len(text) >= self._size - 1:
            self._full = self._head(text)

    def _head(self, text: str) -> str:
        """The first bytes; where they end in an insn's newline, nothing was added to its line."""
        cut = text[: self._size - 1]
        if self._amends and cut.endswith(" "):
            start = text.rfind("\n", 0, len(cut)) + 1
            line = text[start:].split("\n", 1)[0]
            amended = _AMENDED.match(line)
            if amended and start + amended.start(1) == len(cut) - 1:
                cut = cut[:-1] + "\n"
        return cut

    def finish(self, lines: Iterable[str]) -> tuple[str, bool]:
        """What the buffer holds in the end, and whether that is not all."""
        text = text_of(lines)
        self._note(text)
        if not self._rotates:
            return (text, False) if self._full is None else (self._full, True)
        lost = bool(self._size) and self._longest > self._size
        if self._fixed:
            return text[: max(self._size - 1, 0)], lost
        return text[self._start :] if self._size else "", lost

    @property
    def true_size(self) -> int:
        """The bytes that would have been enough: log_true_size; 0 where the kernel does not say."""
        return self._longest if self._rotates else 0
