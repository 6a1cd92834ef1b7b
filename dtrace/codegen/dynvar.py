"""Dynamic variables: thread-local ones and associative arrays.

Each has a hash map of its own, with keys and values of just its size.  A key is made of 8-byte
cells: the thread's (for self->), then the tuple's components, strings padded with zeros.  An
element that is assigned 0 is deleted; one that is missing reads 0, or NULL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtrace.bpf.code import Area, Label, MapRef, VReg
from dtrace.codegen import state, string
from dtrace.codegen.expr import narrow
from dtrace.codegen.gen import cut, is_aggregate, round_up
from dtrace.lang.nodes import Ident, Index, Scoped
from dtrace.sema.symbols import Variable
from dtrace.types.convert import is_integer, is_signed, is_string

if TYPE_CHECKING:
    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Expr
    from dtrace.types.model import Type

IDLE = 1 << 32  # thread key of what runs on a CPU without a thread: IDLE | cpu


class Element(NamedTuple):
    """An element of a dynamic variable."""

    variable: Variable
    keys: list[Expr]  # of an associative array


def element_of(node: Expr) -> Element | None:
    """The element that `node` stands for; None if that is no dynamic variable."""
    if isinstance(node, Index):
        ref = getattr(node.base, "ref", None)
        found = Element(ref, node.keys) if isinstance(ref, Variable) else None
        return found if found and found.variable.keys is not None else None
    ref = node.ref if isinstance(node, (Ident, Scoped)) else None
    return Element(ref, []) if isinstance(ref, Variable) and is_dynamic(ref) else None


def is_dynamic(var: Variable) -> bool:
    """Whether the variable's elements come and go: thread-local ones and associative arrays."""
    return var.scope == "self" or var.keys is not None


def map_name(var: Variable) -> str:
    """The name of the variable's map; no other map's begins with a scope and "_"."""
    return f"{var.scope}_{var.name}"


def cell_size(t: Type, strsize: int) -> int:
    """Bytes that a value of type `t` takes in a key, or as an element's value."""
    return round_up(strsize if is_string(t) else t.size, 8)


def key_size(var: Variable, strsize: int) -> int:
    """Bytes of an element's key."""
    cells = sum(cell_size(t, strsize) for t in var.keys or [])
    return cells + (8 if var.scope == "self" else 0)


def cg_key(cg: ClauseGen, element: Element) -> VReg:
    """The address of an element's key, built in scratch memory."""
    var, strsize = element.variable, cg.target.strsize
    start = cg.alloc(key_size(var, strsize))
    at = start
    if var.scope == "self":
        cg.code.emit("stxdw", cg.mem, thread_key(cg), off=at, ref=Area.SCRATCH)
        at += 8
    for node, t in zip(element.keys, var.keys or [], strict=True):
        put_cell(cg, node, t, at, cell_size(t, strsize))
        at += cell_size(t, strsize)
    return cg.scratch_address(start)


def put_cell(cg: ClauseGen, node: Expr, t: Type, at: int, size: int) -> None:
    """Store the value of `node` as a key component of type `t` in `size` bytes of scratch memory
    at `at`."""
    if is_string(t):
        string.copy_string(cg, node, Area.SCRATCH, at, min(size, cg.target.strsize))
    elif is_aggregate(t):
        cg.zero(at + size - 8, 8)
        cg.copy_bytes(cg.scratch_address(at), t.size, cg.expr(node))
    else:
        value = cg.operand(node)
        if is_integer(t) and t.size < 8:
            if isinstance(value, int):
                value = cut(value, t.size, signed=is_signed(t))
            else:
                narrow(cg, value, t)
        cg.store(8, cg.mem, at, value, Area.SCRATCH)


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


def cg_read(cg: ClauseGen, element: Element) -> VReg:
    """The value of an element, 0 if it is missing; of a string or struct its address."""
    name = map_name(element.variable)
    address = cg.code.helper("map_lookup_elem", MapRef(name), cg_key(cg, element))
    if is_string(element.variable.type) or is_aggregate(element.variable.type):
        return address
    return value_of(cg, element.variable, address)


def value_of(cg: ClauseGen, var: Variable, address: VReg) -> VReg:
    """The scalar at `address`, 0 if that is NULL."""
    value, l_end = cg.code.const(0), Label("missing")
    cg.code.jump("jeq", address, 0, l_end)
    cg.code.emit("mov64_reg", value, cg.load(var.type, address, 0))
    cg.code.bind(l_end)
    return value


def cg_write(cg: ClauseGen, var: Variable, key: VReg, value: VReg | int) -> None:
    """Give a scalar element a value; 0 deletes it."""
    at = cg.alloc(8)
    if isinstance(value, int):
        if value == 0:
            cg_delete(cg, var, key)
            return
        cg.store(8, cg.mem, at, value, Area.SCRATCH)
        _update(cg, var, key, cg.scratch_address(at))
        return
    l_delete, l_end = Label("delete"), Label("written")
    cg.code.jump("jeq", value, 0, l_delete)
    cg.store(8, cg.mem, at, value, Area.SCRATCH)
    _update(cg, var, key, cg.scratch_address(at))
    cg.code.goto(l_end)
    cg.code.bind(l_delete)
    cg_delete(cg, var, key)
    cg.code.bind(l_end)


def cg_write_copy(
    cg: ClauseGen, var: Variable, key: VReg, copy: VReg, *, nullable: bool = False
) -> None:
    """Give a string or struct element the value at `copy`, in scratch memory.

    nullable: `copy` may be 0, which deletes the element.
    """
    l_delete, l_end = Label("delete"), Label("written")
    if nullable:
        cg.code.jump("jeq", copy, 0, l_delete)
    _update(cg, var, key, copy)
    if nullable:
        cg.code.goto(l_end)
        cg.code.bind(l_delete)
        cg_delete(cg, var, key)
        cg.code.bind(l_end)


def cg_delete(cg: ClauseGen, var: Variable, key: VReg) -> None:
    """Delete an element, if it is there."""
    cg.code.helper("map_delete_elem", MapRef(map_name(var)), key)


def _update(cg: ClauseGen, var: Variable, key: VReg, value: VReg) -> None:
    # Store an element, and count a drop if there is no room for it.
    l_end = Label("stored")
    status = cg.code.helper("map_update_elem", MapRef(map_name(var)), key, value, 0)
    cg.code.jump("jeq", status, 0, l_end)
    cg.code.add_to(cg.mem, state.DYNAMIC_DROPS, 1)
    cg.code.bind(l_end)
