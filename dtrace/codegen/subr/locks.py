"""mutex_owned, mutex_owner, mutex_type_..., rw_...: the state of kernel locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Area, Label
from dtrace.codegen.subr import text

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.bpf.code import VReg
    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Call

MUTEX_FLAGS = 7  # kernel/locking/mutex.c: the low bits of mutex.owner are not the task's address
# struct qrwlock.cnts, the first member of an rwlock_t: asm-generic/qrwlock.h.
QW_LOCKED = 0xFF  # a writer holds it
QW_WMASK = 0x1FF  # a writer holds it or waits; the readers are counted above


def cg_subr_mutex_owner(cg: ClauseGen, node: Call) -> VReg:
    """`mutex_owner(lock)`: the task that holds it, or NULL."""
    source = text.source_of(cg, node.args[0])
    at = cg.alloc(8)
    offset = cg.program.offset_of("mutex", "owner")
    cg.copy_bytes(cg.scratch_address(at), 8, cg.code.address(source, offset))
    owner = cg.code.load("ldxdw", cg.mem, at, Area.SCRATCH)
    cg.code.alu("and", owner, ~MUTEX_FLAGS)
    return owner


def cg_subr_mutex_owned(cg: ClauseGen, node: Call) -> VReg:
    """`mutex_owned(lock)`: whether the current thread holds it."""
    owner, current = cg_subr_mutex_owner(cg, node), cg.code.helper("get_current_task")
    held, l_end = cg.code.const(1), Label("end")
    cg.code.jump("jeq", owner, current, l_end)
    cg.code.emit("mov64_imm", held, imm=0)
    cg.code.bind(l_end)
    return held


def _constant(value: int) -> Callable[[ClauseGen, Call], VReg]:
    def generate(cg: ClauseGen, node: Call) -> VReg:
        text.source_of(cg, node.args[0])
        return cg.code.const(value)

    return generate


# Every mutex of Linux is adaptive.
cg_subr_mutex_type_adaptive = _constant(1)
cg_subr_mutex_type_spin = _constant(0)


def _count(mask: int) -> Callable[[ClauseGen, Call], VReg]:
    # As in DTrace the value is the masked count, of which only "not 0" means something.
    def generate(cg: ClauseGen, node: Call) -> VReg:
        source = text.source_of(cg, node.args[0])
        at = cg.alloc(8)
        cg.copy_bytes(cg.scratch_address(at), 4, source)
        count = cg.code.load("ldxw", cg.mem, at, Area.SCRATCH)
        cg.code.alu("and", count, mask)
        return count

    return generate


cg_subr_rw_read_held = _count(~QW_WMASK)
cg_subr_rw_write_held = _count(QW_LOCKED)
cg_subr_rw_iswriter = _count(QW_WMASK)
