"""Accesses to the context of a packet program that are not plain: bpf_convert_ctx_access().

The context is kept as the bytes of struct __sk_buff or struct xdp_md.  Two kinds of its fields are
not what they look like: the 4 bytes of `data`, `data_end` and `data_meta` load a whole pointer, and
some fields of a packet are u16 in the kernel, so that the upper half of what is stored is lost.
Verifiers allow such accesses through the context's own address only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import LDX, MEM, ST, STX, W
from emu.kernel.enums import ProgType

if TYPE_CHECKING:
    from emu.vm.registry import Bound, Step
    from emu.vm.run import Run

# Which of them see the link's header in front of the packet.
SKB_TYPES = {
    ProgType.SOCKET_FILTER: False,
    ProgType.CGROUP_SKB: False,
    ProgType.SCHED_CLS: True,
    ProgType.SCHED_ACT: True,
}
# Offset of a field -> the pointer it stands for: struct __sk_buff, struct xdp_md.
SKB_POINTERS = {76: "data", 80: "data_end", 140: "data_meta"}
XDP_POINTERS = {0: "data", 4: "data_end", 8: "data_meta"}
SKB_U16 = (12, 44, 72)  # queue_mapping, tc_index, tc_classid
U16 = 0xFFFF


def pointer_loaded(prog_type: ProgType, code: int, off: int) -> str | None:
    """Which pointer an instruction loads if its source register is the context; None for none."""
    if code != LDX | MEM | W:
        return None
    if prog_type in SKB_TYPES:
        return SKB_POINTERS.get(off)
    return XDP_POINTERS.get(off) if prog_type == ProgType.XDP else None


def is_cut(prog_type: ProgType, code: int, off: int) -> bool:
    """Whether a store keeps only 16 bits if its destination register is the context."""
    return code in (ST | MEM | W, STX | MEM | W) and prog_type in SKB_TYPES and off in SKB_U16


def load(i: Bound, plain: Step) -> Step:
    """`plain`, or a step that loads a pointer where the address is the context's."""
    name = pointer_loaded(i.prog.type, i.insn.code, i.insn.off)
    if name is None:
        return plain
    dst, src, following = i.dst, i.src, i.following

    def step(r: list[int], run: Run) -> int:
        if r[src] != run.ctx or run.packet is None:
            return plain(r, run)
        r[dst] = run.packet.pointer(name)
        return following

    return step


def store(i: Bound, plain: Step) -> Step:
    """`plain`, or a step that stores 16 bits where the address is the context's."""
    if not is_cut(i.prog.type, i.insn.code, i.insn.off):
        return plain
    dst, src, off, following = i.dst, i.src, i.insn.off, i.following

    def step(r: list[int], run: Run) -> int:
        if r[dst] != run.ctx:
            return plain(r, run)
        run.mem.write(r[dst] + off, (r[src] & U16).to_bytes(4, "little"))
        return following

    return step
