"""KernelVersion: a release number, ordered."""

from __future__ import annotations

from typing import NamedTuple


class KernelVersion(NamedTuple):
    """Major, minor and patch level; 0 where the release has no patch level, as in 5.10."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def parse(cls, release: str) -> KernelVersion:
        """The version at the start of `release`, as uname -r prints it.

        "5.10.262-1-amd64" is 5.10.262, "6.1-rc7" and "6.1+" are 6.1.0.

        Raises ValueError, showing `release`, where it does not start with two numbers.
        """
        end = 0
        while end < len(release) and release[end] in "0123456789.":
            end += 1
        parts = release[:end].rstrip(".").split(".")[:3]
        if len(parts) < 2 or not all(parts):
            raise ValueError(f"not a kernel release: {release!r}")
        return cls(*map(int, parts))

    @property
    def series(self) -> str:
        """The mainline release it descends from: "5.10" for 5.10.262."""
        return f"{self.major}.{self.minor}"

    def __str__(self) -> str:
        return f"{self.series}.{self.patch}" if self.patch else self.series
