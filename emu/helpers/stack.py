"""Helpers that walk stacks: kernel/bpf/stackmap.c."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from emu.helpers.registry import helper
from emu.kernel.enums import F_FAST_STACK_CMP, F_REUSE_STACKID, F_SKIP_FIELD_MASK, F_USER_STACK
from emu.kernel.errno import EFAULT, EINVAL
from emu.maps.stack_trace import WORD, StackTraceMap
from emu.vm.fault import Kind, VmFault

if TYPE_CHECKING:
    from emu.vm.run import Run


@helper("get_stack")
def get_stack(run: Run, ctx: int, buf: int, size: int, flags: int) -> int:
    """Bytes of the stack that fit into `buf`, whose rest becomes zero."""
    stack: bytes | None = None
    error = -EINVAL
    if not flags & ~(F_SKIP_FIELD_MASK | F_USER_STACK) and size % WORD == 0:
        stack = _walk(run, flags)
        error = -EFAULT
    run.mem.clear(buf, size)
    if stack is None:
        return error
    run.mem.write(buf, stack[:size])
    return min(len(stack), size)


@helper("get_stackid")
def get_stackid(run: Run, ctx: int, map_: int, flags: int) -> int:
    traces = run.map_at(map_)
    if not isinstance(traces, StackTraceMap):
        raise VmFault(Kind.HELPER, f"{traces.definition.name} is not a stack trace map")
    known = F_SKIP_FIELD_MASK | F_USER_STACK | F_FAST_STACK_CMP | F_REUSE_STACKID
    if flags & ~known:
        return -EINVAL
    stack = _walk(run, flags)
    if stack is None:
        return -EFAULT
    return traces.intern(stack[: traces.value_size], replace=bool(flags & F_REUSE_STACKID))


def _walk(run: Run, flags: int) -> bytes | None:
    """The stack's addresses, innermost first; None where all of them are to be skipped."""
    frames = run.task.user_stack if flags & F_USER_STACK else run.task.kernel_stack
    skip = flags & F_SKIP_FIELD_MASK
    if skip >= len(frames):
        return None
    return struct.pack(f"<{len(frames) - skip}Q", *frames[skip:])
