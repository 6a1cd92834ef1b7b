"""Helpers between texts and numbers: kernel/bpf/helpers.c, lib/kstrtox.c."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from emu.helpers.printk import TEXT_LIMIT, format_text
from emu.helpers.registry import helper
from emu.kernel.errno import EINVAL, ERANGE
from emu.kernel.traits import Trait

if TYPE_CHECKING:
    from emu.vm.run import Run

BASE_MASK = 0x1F  # BPF_STRTOX_BASE_MASK
BASES = (0, 8, 10, 16)
LONGEST = 63  # characters of a number that are looked at
SPACES = b" \t\n\v\f\r\xa0"
DIGITS = b"0123456789abcdef"
HEX_DIGITS = b"0123456789abcdefABCDEF"
U32 = 0xFFFF_FFFF
S64_MAX = (1 << 63) - 1
U64_MAX = (1 << 64) - 1
FORMAT_LIMIT = 1 << 16  # bytes of a map's value that a format can have here
WORD = 8


@helper("strtol")
def strtol(run: Run, buf: int, size: int, flags: int, res: int) -> int:
    """Characters used, or a negative errno; the number is stored at `res`."""
    used, number = _parse(run.mem.read(buf, size & U32), flags)
    if used > 0 and not -S64_MAX - 1 <= number <= S64_MAX:
        used = -ERANGE
    return _store(run, res, used, number)


@helper("strtoul")
def strtoul(run: Run, buf: int, size: int, flags: int, res: int) -> int:
    """The same without a sign."""
    text = run.mem.read(buf, size & U32)
    used, number = _parse(text, flags)
    if used > 0 and text.lstrip(SPACES)[:1] == b"-":
        used = -EINVAL
    return _store(run, res, used, number)


def _store(run: Run, res: int, used: int, number: int) -> int:
    if used > 0:
        run.mem.write(res, (number & U64_MAX).to_bytes(8, "little"))
    elif run.host.kernel.has(Trait.STRTOL_CLEARS_RESULT):
        run.mem.clear(res, 8)
    return used


def _parse(text: bytes, flags: int) -> tuple[int, int]:
    """Characters used, or a negative errno, and the number: __bpf_strtoull()."""
    base = flags & BASE_MASK
    if not text or base not in BASES or flags & ~BASE_MASK:
        return -EINVAL, 0
    rest = text.lstrip(SPACES)
    negative = rest[:1] == b"-"
    rest = rest[negative:]
    before = len(text) - len(rest)
    if not rest:
        return -EINVAL, 0
    rest = rest[:LONGEST].partition(b"\0")[0]
    prefix = rest[:2].lower() == b"0x"
    if not base:
        base = 10 if rest[:1] != b"0" else 16 if prefix and rest[2:3] in _HEX else 8
    skipped = 2 if base == 16 and prefix else 0
    number = digits = 0
    for char in rest[skipped:].lower():
        value = DIGITS.find(char)
        if not 0 <= value < base:
            break
        number = number * base + value
        digits += 1
    if number > U64_MAX:
        return -ERANGE, 0
    if not digits:
        return -EINVAL, 0
    return before + skipped + digits, -number if negative else number


_HEX = tuple(bytes([char]) for char in HEX_DIGITS)


@helper("snprintf")
def snprintf(run: Run, to: int, size: int, fmt: int, data: int, data_len: int) -> int:
    """Bytes that the whole text with its NUL has; what fits is stored."""
    text = _formatted(run, run.mem.peek_string(fmt, FORMAT_LIMIT), data, data_len & U32)
    if text is None:
        return -EINVAL
    size &= U32
    if size:
        run.mem.write(to, text[: size - 1] + b"\0")
    return len(text) + 1


@helper("trace_vprintk")
def trace_vprintk(run: Run, fmt: int, fmt_size: int, data: int, data_len: int) -> int:
    """Bytes written to the trace log."""
    raw = run.mem.read(fmt, fmt_size & U32)
    text = _formatted(run, raw.partition(b"\0")[0], data, data_len & U32)
    if text is None:
        return -EINVAL
    run.host.printk(text[: TEXT_LIMIT - 1].decode("latin-1"))
    return len(text)


def _formatted(run: Run, fmt: bytes | None, data: int, size: int) -> bytes | None:
    """The text for a format and an array of words; None where they are refused."""
    if fmt is None or size % WORD or size > 12 * WORD or (size and not data):
        return None
    words = struct.unpack(f"<{size // WORD}Q", run.mem.read(data, size)) if size else ()
    text = format_text(run, fmt.decode("latin-1"), words)
    return None if text is None else text.encode("latin-1")
