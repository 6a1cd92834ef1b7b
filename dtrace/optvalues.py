"""Values of options: text to sizes, rates, numbers, switches.

Every parser takes the text after `=`, or None where an option was given without a value, and
raises OptionError.  What is refused, and the words for it, are those of DTrace 2.0.7, observed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class OptionError(Exception):
    """An option cannot be set.  Its text is DTrace's reason: `Invalid option name` and others."""


INVALID_NAME = "Invalid option name"
INVALID_VALUE = "Invalid value for specified option"
NOT_IN_PROGRAM = "Option cannot be used from within a D program"
TRACING_ACTIVE = "Operation illegal when tracing is active"
TOO_LARGE = "Value too large for defined data type"
NOT_SUPPORTED = "Operation not supported"

_SIZE_SUFFIXES = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}

# Nanoseconds of one unit; hz is the other way round.
_RATE_SUFFIXES = {
    **dict.fromkeys(("", "ns", "nsec"), 1),
    **dict.fromkeys(("us", "usec"), 1_000),
    **dict.fromkeys(("ms", "msec"), 1_000_000),
    **dict.fromkeys(("s", "sec"), 1_000_000_000),
    **dict.fromkeys(("m", "min"), 60 * 1_000_000_000),
    **dict.fromkeys(("h", "hour"), 3_600 * 1_000_000_000),
    **dict.fromkeys(("d", "day"), 86_400 * 1_000_000_000),
}

_BOOLS = {
    **dict.fromkeys(("yes", "enable", "enabled", "true", "on", "set"), 1),
    **dict.fromkeys(("no", "disable", "disabled", "false", "off", "unset", ""), None),
}

_STABILITIES = frozenset(
    ("internal", "private", "obsolete", "external", "unstable", "evolving", "stable", "standard")
)
_CLASSES = frozenset(("unknown", "cpu", "platform", "group", "isa", "common"))
MIN_STRSIZE = 2
MAX_FRAMES = 127  # sysctl kernel.perf_event_max_stack, unless an administrator changed it


def c_integer(text: str) -> tuple[int, str]:
    """The unsigned C integer (decimal, 0x, 0 octal) that `text` begins with, and what follows it.

    White space and a plus sign may precede it, as for strtoull().  Raises OptionError if there is
    none or it needs more than 64 bits.
    """
    text = text.lstrip().removeprefix("+")
    base, digits, start = 10, "0123456789", 0
    if text[:2] in ("0x", "0X"):
        base, digits, start = 16, "0123456789abcdefABCDEF", 2
    elif text[:1] == "0":
        base, digits = 8, "01234567"
    end = start
    while end < len(text) and text[end] in digits:
        end += 1
    if end == start or (value := int(text[start:end], base)) >> 64:
        raise OptionError(INVALID_VALUE)
    return value, text[end:]


def size(text: str | None) -> int:
    """Bytes: a C integer and one of k, m, g, t (powers of 1024, either case).  No value: 0."""
    if not text:
        return 0
    value, suffix = c_integer(text)
    shift = _SIZE_SUFFIXES.get(suffix.lower())
    if shift is None or (value << shift) >> 64:
        raise OptionError(INVALID_VALUE)
    return value << shift


def strsize(text: str | None) -> int:
    """Bytes of a string: one and its NUL at least, and a size that fits 32 bits."""
    value = size(text)
    if value < MIN_STRSIZE:
        raise OptionError(INVALID_VALUE)
    if value >> 32:
        raise OptionError(TOO_LARGE)
    return value


def rate(text: str | None) -> int:
    """A period in nanoseconds: an integer with a unit of time, or with `hz`.

    No value, 0 hz and a bare `hz` are 0.
    """
    if not text or text.lower() == "hz":
        return 0
    value, suffix = c_integer(text)
    suffix = suffix.lower()
    if suffix == "hz":
        return 1_000_000_000 // value if value else 0
    if suffix not in _RATE_SUFFIXES:
        raise OptionError(INVALID_VALUE)
    return value * _RATE_SUFFIXES[suffix]


def number(text: str | None) -> int | None:
    """A count; a word as in `yes` or `no` is 1 or None (not set), no value at all is 0."""
    if text is None:
        return 0
    if text.lower() in _BOOLS:
        return _BOOLS[text.lower()]
    value, rest = c_integer(text)
    if rest:
        raise OptionError(INVALID_VALUE)
    return value


def switch(text: str | None) -> bool:
    """On, unless the value is one of the words for no, or empty.  Any number is on, 0 too."""
    return number(text) is not None


def flag(text: str | None) -> bool:
    """On; takes no value."""
    if text is not None:
        raise OptionError(INVALID_VALUE)
    return True


def marker(text: str | None) -> bool:
    """On, whatever the value is."""
    return True


def string(text: str | None) -> str:
    """Any text, an empty one too."""
    if text is None:
        raise OptionError(INVALID_VALUE)
    return text


def words(text: str | None) -> tuple[str, ...]:
    """Words for the list of words that the option is: `-x cppargs="-a -b"` is two."""
    return tuple(word(text)[0].split())


def word(text: str | None) -> tuple[str, ...]:
    """One more word: the option's value is all that were given, in order."""
    return (string(text),)


def mask(text: str | None) -> int:
    """A bit mask; what is not a number is 0, as strtol() has it."""
    if string(text).startswith("-"):
        raise OptionError(INVALID_VALUE)
    try:
        return c_integer(string(text))[0]
    except OptionError:
        return 0


def tree(text: str | None) -> int:
    """A bit mask that is not 0."""
    if not (value := mask(text)):
        raise OptionError(INVALID_VALUE)
    return value


def choice(*words: str) -> Callable[[str | None], str]:
    def parse(text: str | None) -> str:
        if text not in words:
            raise OptionError(INVALID_VALUE)
        return text

    return parse


def between(low: int, high: int) -> Callable[[str | None], int]:
    def parse(text: str | None) -> int:
        value, rest = c_integer(text or "")
        if rest or not low <= value <= high:
            raise OptionError(INVALID_VALUE)
        return value

    return parse


def frames(text: str | None) -> int | None:
    """A number of stack frames that the kernel can deliver."""
    value = number(text)
    if value is not None and value > MAX_FRAMES:
        raise OptionError(INVALID_VALUE)
    return value


def iregs(text: str | None) -> int:
    """8, and no other number: BPF code needs that many registers."""
    if (value := between(1, 8)(text)) < 8:
        raise OptionError("Insufficient registers to generate code")
    return value


def stability(text: str | None) -> str:
    """Stability of name, of data and dependency class: `Evolving/Evolving/Common`.

    Case does not matter, and the parts on the right may be missing.
    """
    parts = string(text).lower().split("/")
    allowed = (_STABILITIES, _STABILITIES, _CLASSES)
    if len(parts) > 3 or not all(p in words for p, words in zip(parts, allowed, strict=False)):
        raise OptionError(INVALID_VALUE)
    return "/".join(parts)


def refuse(text: str | None) -> str:
    """The option exists and cannot be set."""
    raise OptionError(NOT_SUPPORTED)
