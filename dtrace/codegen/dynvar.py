"""Dynamic variables: thread-local ones and associative arrays.

Each has a hash map of its own, with keys and values of just its size.  A key is made of 8-byte
cells: the thread's (for self->), then the tuple's components, strings padded with zeros.  An
element that is assigned 0 is deleted; one that is missing reads 0, or NULL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Area, Label, MapRef, VReg
from dtrace.codegen import state, string
from dtrace.codegen.expr import narrow
from dtrace.codegen.gen import round_up
from dtrace.lang.nodes import IntLit
from dtrace.sema.symbols import Variable
from dtrace.types.convert import is_string
from dtrace.types.model import Int, Struct, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Expr
    from dtrace.types.model import Type

IDLE = 1 << 32  # thread key of what runs on a CPU without a thread: IDLE | cpu


def array_variable(node: Expr) -> Variable | None:
    """The associative array that `node`, an Index, is an element of; None if it is none."""
    var = getattr(getattr(node, "base", None), "ref", None)
    return var if isinstance(var, Variable) and var.keys is not None else None


def is_dynamic(var: Variable) -> bool:
    """Whether the variable's elements come and go: thread-local ones and associative arrays."""
    return var.scope == "self" or var.keys is not None


def map_name(var: Variable) -> str:
    """The name of the variable's map."""
    return f"{var.scope}_{var.name}"


def cell_size(t: Type, strsize: int) -> int:
    """Bytes that a value of type `t` takes in a key, or as an element's value."""
    return round_up(strsize if is_string(t) else t.size, 8)


def key_size(var: Variable, strsize: int) -> int:
    """Bytes of an element's key."""
    cells = sum(cell_size(t, strsize) for t in var.keys or [])
    return cells + (8 if var.scope == "self" else 0)


def cg_key(cg: ClauseGen, var: Variable, keys: Sequence[Expr]) -> VReg:
    """The address of an element's key, built in scratch memory."""
    start = cg.alloc(key_size(var, cg.target.strsize))
    at = start
    if var.scope == "self":
        cg.code.emit("stxdw", cg.mem, thread_key(cg), off=at, ref=Area.SCRATCH)
        at += 8
    for node, t in zip(keys, var.keys or [], strict=True):
        put_cell(cg, node, t, Area.SCRATCH, at, cell_size(t, cg.target.strsize))
        at += cell_size(t, cg.target.strsize)
    return cg.scratch_address(start)


def put_cell(cg: ClauseGen, node: Expr, t: Type, area: Area, at: int, size: int) -> None:
    """Store the value of `node` as a key component of type `t` in `size` bytes at `at`."""
    if is_string(t):
        string.copy_string(cg, node, area, at, min(size, cg.target.strsize))
        return
    value = cg.operand(node)
    if isinstance(value, VReg) and isinstance(resolve(t), Int) and t.size < 8:
        narrow(cg, value, t)
    cg.store(8, cg.mem, at, value, area)


def thread_key(cg: ClauseGen) -> VReg:
    """The key of the current thread, the same register all over the clause."""
    return cg.cached["thread"]


def cg_thread_key(cg: ClauseGen) -> VReg:
    """Compute the thread's key: its id, or, in the idle task, IDLE | cpu."""
    code = cg.code
    key, l_end = VReg(), Label("thread")
    code.emit("mov32_reg", key, code.helper("get_current_pid_tgid"))
    code.jump("jne", key, 0, l_end)
    code.emit("mov64_reg", key, code.helper("get_smp_processor_id"))
    code.alu("or", key, IDLE)
    code.bind(l_end)
    return key


def cg_read(cg: ClauseGen, var: Variable, keys: Sequence[Expr]) -> VReg:
    """The value of an element, 0 if it is missing; of a string or struct its address."""
    element = cg.code.helper("map_lookup_elem", MapRef(map_name(var)), cg_key(cg, var, keys))
    if is_string(var.type) or isinstance(resolve(var.type), Struct):
        return element
    return value_of(cg, var, element)


def value_of(cg: ClauseGen, var: Variable, element: VReg) -> VReg:
    """The scalar at address `element`, 0 if that is NULL."""
    value, l_end = cg.code.const(0), Label("missing")
    cg.code.jump("jeq", element, 0, l_end)
    cg.code.emit("mov64_reg", value, cg.load(var.type, element, 0))
    cg.code.bind(l_end)
    return value


def cg_write(cg: ClauseGen, var: Variable, key: VReg, value: VReg | int) -> None:
    """Give a scalar element a value; 0 deletes it."""
    code = cg.code
    l_delete, l_end = Label("delete"), Label("written")
    if value != 0:
        if not isinstance(value, int):
            code.jump("jeq", value, 0, l_delete)
        at = cg.alloc(8)
        cg.store(8, cg.mem, at, value, Area.SCRATCH)
        _update(cg, var, key, cg.scratch_address(at), l_end)
        if isinstance(value, int):
            code.bind(l_end)
            return
    code.bind(l_delete)
    code.helper("map_delete_elem", MapRef(map_name(var)), key)
    code.bind(l_end)


def cg_write_string(cg: ClauseGen, var: Variable, key: VReg, node: Expr) -> None:
    """Give a string element a value; NULL deletes it."""
    code = cg.code
    l_delete, l_end = Label("delete"), Label("written")
    if isinstance(node, IntLit):
        code.helper("map_delete_elem", MapRef(map_name(var)), key)
        return
    at = cg.alloc(cg.target.strsize)
    if not string.may_be_null(node):
        string.copy_to_scratch(cg, node, at)
        _update(cg, var, key, cg.scratch_address(at), l_end)
        code.bind(l_end)
        return
    source = cg.expr(node)
    code.jump("jeq", source, 0, l_delete)
    cg.zero(at, round_up(cg.target.strsize, 8))
    string.copy_from(cg, source, cg.scratch_address(at), cg.target.strsize, user=False)
    _update(cg, var, key, cg.scratch_address(at), l_end)
    code.bind(l_delete)
    code.helper("map_delete_elem", MapRef(map_name(var)), key)
    code.bind(l_end)


def _update(cg: ClauseGen, var: Variable, key: VReg, value: VReg, l_end: Label) -> None:
    # Store an element, and count a drop if there is no room for it.
    status = cg.code.helper("map_update_elem", MapRef(map_name(var)), key, value, 0)
    cg.code.jump("jeq", status, 0, l_end)
    count(cg, state.DYNAMIC_DROPS)
    cg.code.goto(l_end)


def count(cg: ClauseGen, counter: int) -> None:
    """Add 1 to a counter of this CPU."""
    value = cg.code.load("ldxdw", cg.mem, counter)
    cg.code.alu("add", value, 1)
    cg.code.emit("stxdw", cg.mem, value, off=counter)
