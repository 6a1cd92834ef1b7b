"""Helpers that write to the kernel's trace log: kernel/trace/bpf_trace.c."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.helpers.registry import helper
from emu.kernel.errno import EINVAL

if TYPE_CHECKING:
    from emu.vm.run import Run

TEXT_LIMIT = 1024  # bytes of a formatted text: BPF_TRACE_PRINTK_SIZE
STRING_LIMIT = 512  # bytes of a %s: MAX_BPRINTF_BUF
WIDTH = {"": 4, "l": 8, "ll": 8}  # bytes of an integer, by its length modifier


@helper("trace_printk")
def trace_printk(run: Run, fmt: int, fmt_size: int, arg1: int, arg2: int, arg3: int) -> int:
    """Bytes written, or -EINVAL for a format that is not allowed."""
    raw, end, _ = run.mem.read(fmt, fmt_size).partition(b"\0")
    if not end:
        return -EINVAL
    text = format_text(run, raw.decode("latin-1"), (arg1, arg2, arg3))
    if text is None:
        return -EINVAL
    run.host.printk(text[: TEXT_LIMIT - 1])
    return len(text)


def format_text(run: Run, fmt: str, args: tuple[int, ...]) -> str | None:
    """`fmt` with its conversions replaced; None where bpf_bprintf_prepare() refuses it.

    Conversions: %d %i %u %x %X with l or ll, %c, %p and its kernel forms as a plain address, %s of
    kernel memory, %%; widths and flags as in C.
    """
    out: list[str] = []
    left = list(args)
    at = 0
    while at < len(fmt):
        char = fmt[at]
        at += 1
        if char != "%":
            out.append(char)
            continue
        start = at
        while at < len(fmt) and fmt[at] in "0123456789-+ #":
            at += 1
        flags = fmt[start:at]
        start = at
        while at < len(fmt) and fmt[at] == "l":
            at += 1
        length, conversion = fmt[start:at], fmt[at : at + 1]
        at += 1
        if conversion == "%":
            out.append("%")
            continue
        if not left or length not in WIDTH:
            return None
        piece = _convert(run, flags, WIDTH[length], conversion, left.pop(0))
        if piece is None:
            return None
        out.append(piece)
    return "".join(out)


def _convert(run: Run, flags: str, size: int, conversion: str, value: int) -> str | None:
    if conversion == "s":
        text = run.mem.peek_string(value, STRING_LIMIT) or b""
        return f"%{flags}s" % text.decode("latin-1")
    if conversion == "p":
        return f"{value:016x}"
    if conversion == "c":
        return chr(value & 0xFF)
    if conversion not in ("d", "i", "u", "x", "X"):
        return None
    value &= (1 << 8 * size) - 1
    if conversion in "di" and value >> (8 * size - 1):
        value -= 1 << 8 * size
    return f"%{flags}{'d' if conversion in 'diu' else conversion}" % value
