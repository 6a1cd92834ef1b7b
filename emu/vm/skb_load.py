"""Handlers: the packet loads of classic BPF; bpf_gen_ld_abs() in net/core/filter.c.

They read big-endian numbers from the packet in r6 into r0, and a load that is out of range ends
the function with 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.vm.call import exit_
from emu.vm.fault import Kind, VmFault
from emu.vm.registry import U32, Bound, Step, handles

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.vm.run import Run


def load(size: int, *, indirect: bool) -> Callable[[Bound], Step]:
    """The handler of `r0 = *skb[imm]`, or `r0 = *skb[src + imm]`, of `size` bytes."""

    def handler(i: Bound) -> Step:
        src, imm, following = i.insn.src, i.insn.imm, i.following
        leave = exit_(i)

        def step(r: list[int], run: Run) -> int:
            packet = run.packet
            if packet is None or r[6] != run.ctx:
                raise VmFault(Kind.ACCESS, "r6 is not a packet")
            offset = ((r[src] if indirect else 0) + imm) & U32
            found = packet.load(offset - (offset >> 31 << 32), size)
            if found is None:
                r[0] = 0
                return leave(r, run)
            r[0] = int.from_bytes(found, "big")
            return following

        return step

    return handler


for _name, _size in (("b", 1), ("h", 2), ("w", 4)):
    handles(f"ld_abs{_name}")(load(_size, indirect=False))
    handles(f"ld_ind{_name}")(load(_size, indirect=True))
