"""copyin, copyinstr, copyinto: the memory of the current process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Label
from dtrace.codegen import state
from dtrace.codegen.subr import text
from dtrace.codegen.subr.alloca import allocate, checked

if TYPE_CHECKING:
    from dtrace.bpf.code import VReg
    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Call


def cg_subr_copyin(cg: ClauseGen, node: Call) -> VReg:
    """`copyin(address, size)`: the address of a copy in alloca()'s memory."""
    source, size = cg.expr(node.args[0]), cg.expr(node.args[1])
    copy, l_end = allocate(cg, size), Label("copied")
    cg.code.jump("jeq", size, 0, l_end)
    cg.copy_bytes(checked(cg, copy, size), size, source, user=True)
    cg.code.bind(l_end)
    return copy


def cg_subr_copyinto(cg: ClauseGen, node: Call) -> VReg:
    """`copyinto(address, size, to)`."""
    source, size, to = (cg.expr(arg) for arg in node.args)
    cg.copy_bytes(checked(cg, to, size), size, source, user=True)
    return cg.code.const(0)


def cg_subr_copyinstr(cg: ClauseGen, node: Call) -> VReg:
    """`copyinstr(address[, size])`: a string, at most `size` bytes with its NUL."""
    code = cg.code
    source = cg.expr(node.args[0])
    most = cg.target.strsize
    size: VReg | int = cg.operand(node.args[1]) if len(node.args) > 1 else most
    if isinstance(size, int):
        size = min(size & ((1 << 64) - 1), most)
    else:
        l_fits = Label("fits")
        code.jump("jle", size, most, l_fits)
        code.emit("mov64_imm", size, imm=most)
        code.bind(l_fits)
        text.limit(cg, size, most)
    result = text.new_result(cg)
    status = code.helper(cg.reader(user=True, string=True), result.address(cg), size, source)
    l_ok = Label("copied")
    code.jump("jsge", status, 0, l_ok)
    cg.fault(state.Fault.BADADDR, source)
    code.bind(l_ok)
    return result.address(cg)
