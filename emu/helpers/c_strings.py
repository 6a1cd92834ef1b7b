"""Kernel functions on C strings, which may not be readable or have no end: kernel/bpf/helpers.c.

They return an int, kept as a u32: an index or a length, or -ENOENT, -EFAULT where memory ends
first, -E2BIG after 65536 characters, -ERANGE for an address that cannot be one of the kernel's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.helpers.probe_read import is_kernel_address
from emu.helpers.registry import kernel_function
from emu.kernel.errno import E2BIG, EFAULT, ENOENT, ERANGE
from emu.vm.mem import OFFSET, SHIFT

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.vm.run import Run

LONGEST = 65536  # XATTR_SIZE_MAX
U8, U32 = 0xFF, 0xFFFF_FFFF
# tolower() of the kernel, which knows Latin-1: A to Z, and 0xC0 to 0xDE but for the times sign.
_UPPER = (*range(0x41, 0x5B), *(char for char in range(0xC0, 0xDF) if char != 0xD7))
LOWER = bytes(char + 0x20 if char in _UPPER else char for char in range(256))


class Text(NamedTuple):
    """As much of a string as a function may look at."""

    data: bytes  # with its NUL, where that is among it
    error: int  # of the character after `data`: -EFAULT, -E2BIG, or 0 where there is none to read

    @property
    def ended(self) -> bool:
        return self.data[-1:] == b"\0"

    @property
    def characters(self) -> bytes:
        """`data` without a NUL."""
        return self.data[:-1] if self.ended else self.data

    def lower(self) -> Text:
        return Text(self.data.translate(LOWER), self.error)


def _read(run: Run, address: int, limit: int) -> Text:
    """At most `limit` characters of the string."""
    region = run.mem.readable.get(address >> SHIFT, b"")
    start = address & OFFSET
    end = region.find(0, start, start + limit)
    if end >= 0:
        return Text(bytes(region[start : end + 1]), 0)
    found = bytes(region[start : start + limit])
    return Text(found, -EFAULT if len(found) < limit else 0)


def _text(run: Run, address: int, size: int = LONGEST) -> Text:
    """At most `size` characters, or the longest string's; it is an error to look behind those."""
    limit = min(size, LONGEST)
    text = _read(run, address, limit)
    if limit == LONGEST and not text.ended and not text.error:
        return Text(text.data, -E2BIG)
    return text


def _is_outside(run: Run, *addresses: int) -> bool:
    """Whether one of them cannot be an address of the kernel's."""
    return not all(is_kernel_address(run, address) for address in addresses)


# -- Length and characters


@kernel_function("bpf_strlen")
def bpf_strlen(run: Run, s: int) -> int:
    return bpf_strnlen(run, s, LONGEST)


@kernel_function("bpf_strnlen")
def bpf_strnlen(run: Run, s: int, count: int) -> int:
    if _is_outside(run, s):
        return -ERANGE & U32
    text = _text(run, s, count)
    return text.error & U32 or len(text.characters)


@kernel_function("bpf_strchr")
def bpf_strchr(run: Run, s: int, char: int) -> int:
    return bpf_strnchr(run, s, LONGEST, char)


@kernel_function("bpf_strnchr")
def bpf_strnchr(run: Run, s: int, count: int, char: int) -> int:
    """The first index of the character, which may be NUL."""
    if _is_outside(run, s):
        return -ERANGE & U32
    text = _text(run, s, count)
    at = text.data.find(char & U8)
    return at if at >= 0 else (text.error or -ENOENT) & U32


@kernel_function("bpf_strchrnul")
def bpf_strchrnul(run: Run, s: int, char: int) -> int:
    """The same; the length where it is not there."""
    if _is_outside(run, s):
        return -ERANGE & U32
    text = _text(run, s)
    at = text.data.find(char & U8)
    return at if at >= 0 else text.error & U32 or len(text.characters)


@kernel_function("bpf_strrchr")
def bpf_strrchr(run: Run, s: int, char: int) -> int:
    """The last index of the character; none is above 255."""
    if _is_outside(run, s):
        return -ERANGE & U32
    text, char = _text(run, s), char & U32
    if text.error:
        return text.error & U32
    at = text.data.rfind(char) if char <= U8 else -1
    return at if at >= 0 else -ENOENT & U32


# -- Two strings


@kernel_function("bpf_strcmp")
def bpf_strcmp(run: Run, left: int, right: int) -> int:
    """-1, 0 or 1."""
    return _compared(run, left, right, LONGEST)


@kernel_function("bpf_strcasecmp")
def bpf_strcasecmp(run: Run, left: int, right: int) -> int:
    return _compared(run, left, right, LONGEST, Text.lower)


@kernel_function("bpf_strncasecmp")
def bpf_strncasecmp(run: Run, left: int, right: int, size: int) -> int:
    return _compared(run, left, right, size, Text.lower)


def _as_is(text: Text) -> Text:
    return text


def _compared(
    run: Run, left: int, right: int, size: int, fold: Callable[[Text], Text] = _as_is
) -> int:
    """__bpf_strncasecmp()"""
    if _is_outside(run, left, right):
        return -ERANGE & U32
    one, two = fold(_text(run, left, size)), fold(_text(run, right, size))
    common = min(len(one.data), len(two.data))
    if one.data[:common] != two.data[:common]:
        return -1 & U32 if one.data[:common] < two.data[:common] else 1
    # Both end here, or the one of which there is less to read says what happens.
    return (one if len(one.data) == common else two).error & U32


@kernel_function("bpf_strspn")
def bpf_strspn(run: Run, s: int, accept: int) -> int:
    """How many characters at the beginning are all in `accept`."""
    return _span(run, s, accept, within=True)


@kernel_function("bpf_strcspn")
def bpf_strcspn(run: Run, s: int, reject: int) -> int:
    """How many characters at the beginning are not in `reject`."""
    return _span(run, s, reject, within=False)


def _span(run: Run, s: int, chars: int, *, within: bool) -> int:
    if _is_outside(run, s, chars):
        return -ERANGE & U32
    text, given = _text(run, s), _text(run, chars)
    members = frozenset(given.data) - {0}
    for at, char in enumerate(text.data):
        if not char:
            return at
        found = char in members
        if not found and given.error:  # the search has gone over all of it
            return given.error & U32
        if found != within:
            return at
    return text.error & U32


# -- A string in another


@kernel_function("bpf_strstr")
def bpf_strstr(run: Run, s: int, part: int) -> int:
    """The index at which the other begins."""
    return _found(run, s, part, LONGEST)


@kernel_function("bpf_strcasestr")
def bpf_strcasestr(run: Run, s: int, part: int) -> int:
    return _found(run, s, part, LONGEST, Text.lower)


@kernel_function("bpf_strnstr")
def bpf_strnstr(run: Run, s: int, part: int, size: int) -> int:
    """The same in the first `size` characters."""
    return _found(run, s, part, size)


@kernel_function("bpf_strncasestr")
def bpf_strncasestr(run: Run, s: int, part: int, size: int) -> int:
    return _found(run, s, part, size, Text.lower)


def _found(run: Run, s: int, part: int, size: int, fold: Callable[[Text], Text] = _as_is) -> int:
    """__bpf_strnstr(): the index, or what the first of the characters that it reads leads to."""
    if _is_outside(run, s, part):
        return -ERANGE & U32
    text, sought = fold(_read(run, s, 2 * LONGEST)), fold(_text(run, part))
    there, wanted = text.characters, sought.characters
    for at in range(LONGEST):
        common = min(len(wanted), len(there) - at, size - at)
        if not there.startswith(wanted[:common], at):
            continue
        if common == len(wanted):
            return at if sought.ended else sought.error & U32
        return (-ENOENT if at + common == size or text.ended else -EFAULT) & U32
    return -E2BIG & U32
