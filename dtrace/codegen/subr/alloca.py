"""alloca, bcopy, and the accesses to alloca()'s memory.

That memory is in KEPT.  A pointer into it is an ordinary address, which variables can hold and any
helper can read from; but the verifier knows nothing of it, so an access finds its distance from
the memory's beginning, checks that, and adds it to what the verifier does know.  Each clause starts
with all memory free: a pointer of another clause's is beyond what was allocated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Area, Label
from dtrace.codegen import state
from dtrace.codegen.gen import round_up
from dtrace.codegen.scan import in_process
from dtrace.codegen.subr.loop import Cell
from dtrace.sema.alloca import is_alloca

if TYPE_CHECKING:
    from dtrace.bpf.code import VReg
    from dtrace.codegen.gen import ClauseGen
    from dtrace.codegen.program import ProgramGen
    from dtrace.lang.nodes import Call, Expr


def _memory(program: ProgramGen) -> int:
    """Offset in KEPT of the memory.  As the verifier sees it an access may begin at any byte and be
    of any size, so that there is twice as much."""
    return program.keep("alloca", 2 * round_up(program.target.scratchsize, 8))


def _base(program: ProgramGen) -> Cell:
    """The memory's address, as a number."""
    return Cell(program, "alloca_base")


def _top(program: ProgramGen) -> Cell:
    """How many bytes are allocated."""
    return Cell(program, "alloca_top")


def cg_begin(cg: ClauseGen) -> None:
    """What a clause that uses such pointers begins with: all memory is free."""
    address = cg.code.address(cg.mem, _memory(cg.program), Area.KEPT)
    _base(cg.program).store(cg.code, cg.mem, address)
    _top(cg.program).store(cg.code, cg.mem, 0)


def cg_subr_alloca(cg: ClauseGen, node: Call) -> VReg:
    """`alloca(size)`: the address of memory that is the clause's until it ends."""
    return allocate(cg, cg.expr(node.args[0]))


def allocate(cg: ClauseGen, size: VReg) -> VReg:
    """The address of `size` new bytes, at a multiple of 8.

    if size > scratchsize or the rounded top + size > scratchsize, fault
    """
    code, program = cg.code, cg.program
    most = round_up(program.target.scratchsize, 8)
    l_full, l_ok = Label("full"), Label("room")
    address = _top(program).load(code, cg.mem)
    code.jump("jgt", size, most, l_full)
    end = code.address(size, 7)
    code.alu("and", end, -8)
    code.alu("add", end, address)
    code.jump("jle", end, most, l_ok)
    code.bind(l_full)
    cg.fault(state.Fault.NOSCRATCH)
    code.bind(l_ok)
    _top(program).store(code, cg.mem, end)
    code.alu("add", address, _base(program).load(code, cg.mem))
    return address


def checked(cg: ClauseGen, address: VReg, size: VReg | int) -> VReg:
    """A pointer for the verifier to the `size` allocated bytes at `address`, which stays as it is.

    at = address - base
    if at >= top, fault: invalid address
    if at + size > top, fault: invalid size
    """
    code, program = cg.code, cg.program
    most = round_up(program.target.scratchsize, 8)
    l_bad, l_inside, l_large, l_ok = (Label(n) for n in ("bad", "inside", "large", "ok"))
    at = code.copy(address)
    code.alu("sub", at, _base(program).load(code, cg.mem))
    top = _top(program).load(code, cg.mem)
    code.jump("jge", at, top, l_bad)
    code.jump("jle", at, most, l_inside)
    code.bind(l_bad)
    cg.fault(state.Fault.BADADDR, address)
    code.bind(l_inside)
    code.bound(at, most)
    if not isinstance(size, int):
        code.jump("jgt", size, most, l_large)
    end = code.copy(at)
    code.alu("add", end, size)
    code.jump("jle", end, top, l_ok)
    code.bind(l_large)
    cg.fault(state.Fault.BADSIZE, size)
    code.bind(l_ok)
    if not isinstance(size, int):
        code.bound(size, most)
    pointer = code.address(cg.mem, _memory(program), Area.KEPT)
    code.alu("add", pointer, at)
    return pointer


def source(cg: ClauseGen, node: Expr, address: VReg, size: VReg) -> None:
    """Check that `size` bytes can be read at `address`, the value of `node`."""
    if is_alloca(node):
        checked(cg, address, size)
        return
    l_ok = Label("address")
    cg.code.jump("jne", address, 0, l_ok)
    cg.fault(state.Fault.BADADDR)
    cg.code.bind(l_ok)


def cg_subr_bcopy(cg: ClauseGen, node: Call) -> VReg:
    """`bcopy(from, to, size)`."""
    sender, receiver, count = node.args
    address, to, size = (cg.expr(arg) for arg in (sender, receiver, count))
    source(cg, sender, address, size)
    cg.copy_bytes(checked(cg, to, size), size, address, user=in_process(sender))
    return cg.code.const(0)
