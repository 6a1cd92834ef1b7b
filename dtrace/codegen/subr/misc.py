"""getmajor, getminor, progenyof, rand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Area, Code, Label
from dtrace.codegen.expr import narrow
from dtrace.codegen.subr.loop import Cell, define_loop, leave_unless

if TYPE_CHECKING:
    from dtrace.bpf.code import VReg
    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Call

MINOR_BITS = 20  # MINORBITS, include/linux/kdev_t.h
GENERATIONS = 256  # that progenyof() goes back, as in DTrace


def cg_subr_getmajor(cg: ClauseGen, node: Call) -> VReg:
    """`getmajor(dev)`."""
    reg = cg.expr(node.args[0])
    cg.code.alu("rsh", reg, MINOR_BITS)
    return reg


def cg_subr_getminor(cg: ClauseGen, node: Call) -> VReg:
    """`getminor(dev)`."""
    reg = cg.expr(node.args[0])
    cg.code.alu("and", reg, (1 << MINOR_BITS) - 1)
    return reg


def cg_subr_rand(cg: ClauseGen, node: Call) -> VReg:
    """`rand()`: 32 random bits, as an int."""
    assert node.type is not None
    reg = cg.code.helper("get_prandom_u32")
    narrow(cg, reg, node.type)
    return reg


def cg_subr_progenyof(cg: ClauseGen, node: Call) -> VReg:
    """`progenyof(pid)`: whether the current process or one of its ancestors has that pid.

    task = current;  found = 0
    task = parent of task, until found
    """
    code, program = cg.code, cg.program
    pid = cg.expr(node.args[0])
    code.emit("mov32_reg", pid, pid)
    task, found = Cell(program, "ancestor"), Cell(program, "ancestor_found")
    task.store(code, cg.mem, code.helper("get_current_task"))
    found.store(code, cg.mem, 0)
    tgid, parent = (program.offset_of("task_struct", m) for m in ("tgid", "real_parent"))
    reader = cg.reader()

    def step(code: Code) -> None:
        """
        step(mem, pid):
                found = task->tgid == pid;  if found return 1
                old = task;  task = task->real_parent;  return task == old
        """
        mem, wanted = code.params
        here = task.load(code, mem)
        value = Cell(program, "ancestor_value")
        l_done, l_other = Label("done"), Label("other")
        for offset, size in ((tgid, 4), (parent, 8)):
            to = code.address(mem, value.offset, Area.KEPT)
            status = code.helper(reader, to, size, code.address(here, offset))
            leave_unless(code, "jeq", status, 0, l_done)
            if size == 4:
                code.jump("jne", code.load("ldxw", mem, value.offset, Area.KEPT), wanted, l_other)
                found.store(code, mem, 1)
                code.goto(l_done)
                code.bind(l_other)
        above = value.load(code, mem)
        task.store(code, mem, above)
        leave_unless(code, "jne", above, here, l_done)
        code.ret(0)
        code.bind(l_done)
        code.ret(1)

    code.func(define_loop(program, "dt_progenyof", 2, GENERATIONS, step), cg.mem, pid)
    return found.load(code, cg.mem)
