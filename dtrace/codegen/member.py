"""Places in memory: scalars in variables, members, elements, what a pointer points to."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

from dtrace.bpf.code import Area, Label, VReg
from dtrace.codegen import dynvar, state
from dtrace.codegen.gen import LOADS, is_signed
from dtrace.diag import CompileError
from dtrace.errtags import ErrTag
from dtrace.lang.nodes import Ident, Index, IntLit, Member, Scoped, Unary
from dtrace.sema.symbols import Variable
from dtrace.types.convert import is_string
from dtrace.types.layout import find_member
from dtrace.types.model import Array, Pointer, Struct, Type, resolve

if TYPE_CHECKING:
    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Assign, Expr


class Where(enum.Enum):
    """Whose memory an address is in."""

    OURS = "ours"  # a map's value: plain loads and stores
    KERNEL = "kernel"
    USER = "user"


class Place(NamedTuple):
    """Where something of type `type` is: base + offset."""

    base: VReg
    offset: int
    type: Type
    where: Where = Where.OURS
    bits: int = 0  # a bit-field's width; it begins `shift` bits into the unit of its type's size
    shift: int = 0


def home(cg: ClauseGen, var: Variable) -> tuple[VReg, int]:
    """Where a global or clause-local scalar lives: base and offset."""
    if var.scope == "this":
        return cg.mem, cg.program.this_offset(var)
    return cg.value_address(state.GVARS, cg.program.global_offset(var)), 0


def is_aggregate(t: Type | None) -> bool:
    """Whether values of this type are handled by address."""
    return t is not None and isinstance(resolve(t), (Struct, Array))


def cg_member(cg: ClauseGen, node: Member) -> VReg:
    """`base.name` or `base->name`."""
    return value(cg, cg_place(cg, node))


def cg_element(cg: ClauseGen, node: Index) -> VReg:
    """`array[i]` or `pointer[i]`."""
    return value(cg, cg_place(cg, node))


def cg_dereference(cg: ClauseGen, node: Unary) -> VReg:
    """`*pointer`."""
    return value(cg, cg_place(cg, node))


def cg_address_of(cg: ClauseGen, node: Unary) -> VReg:
    """`&place`."""
    place = cg_place(cg, node.operand)
    return cg.code.address(place.base, place.offset)


def value(cg: ClauseGen, place: Place) -> VReg:
    """What is at `place`: a scalar, or the address of a string, struct or array."""
    if is_aggregate(place.type) or is_string(place.type):
        return cg.code.address(place.base, place.offset)
    return load(cg, place)


def cg_place(cg: ClauseGen, node: Expr) -> Place:
    """The place that `node` stands for."""
    assert node.type is not None
    if isinstance(node, (Ident, Scoped)) and isinstance(node.ref, Variable):
        return _variable_place(cg, node, node.ref)
    if isinstance(node, Member):
        return _member_place(cg, node)
    if isinstance(node, Index):
        return _element_place(cg, node)
    if isinstance(node, Unary) and node.op == "*":
        return _pointee(cg, node.operand, node.type)
    return Place(cg.expr(node), 0, node.type, Where.KERNEL)


def _variable_place(cg: ClauseGen, node: Expr, variable: Variable) -> Place:
    if not dynvar.is_dynamic(variable):
        base, offset = home(cg, variable)
        return Place(base, offset, variable.type)
    return Place(_or_zeros(cg, dynvar.cg_read(cg, variable, [])), 0, variable.type)


def _or_zeros(cg: ClauseGen, element: VReg) -> VReg:
    # A missing element reads as zeros.
    l_there = Label("there")
    cg.code.jump("jne", element, 0, l_there)
    cg.code.emit("mov64_reg", element, cg.zeros())
    cg.code.bind(l_there)
    return element


def _pointee(cg: ClauseGen, pointer: Expr, t: Type) -> Place:
    assert pointer.type is not None
    kind = resolve(pointer.type)
    where = Where.USER if isinstance(kind, Pointer) and kind.user else Where.KERNEL
    return Place(cg.expr(pointer), 0, t, where)


def _member_place(cg: ClauseGen, node: Member) -> Place:
    assert node.base.type is not None
    if node.arrow:
        pointer = resolve(node.base.type)
        assert isinstance(pointer, Pointer)
        struct = resolve(pointer.target)
        outer = _pointee(cg, node.base, struct)
    else:
        outer = cg_place(cg, node.base)
        struct = resolve(node.base.type)
    assert isinstance(struct, Struct)
    found = find_member(struct, node.name)
    assert found is not None
    member, offset = found
    if not member.bits:
        return outer._replace(offset=outer.offset + offset, type=member.type)
    unit = member.type.size * 8
    start = member.bit_offset + 8 * (offset - member.offset)
    return outer._replace(
        offset=outer.offset + start // unit * member.type.size,
        type=member.type,
        bits=member.bits,
        shift=start % unit,
    )


def _element_place(cg: ClauseGen, node: Index) -> Place:
    assert node.type is not None
    assert node.base.type is not None
    array = resolve(node.base.type)
    variable = dynvar.array_variable(node)
    if variable is not None:
        return Place(_or_zeros(cg, dynvar.cg_read(cg, variable, node.keys)), 0, node.type)
    if isinstance(array, Array):
        outer = cg_place(cg, node.base)
        count = array.count
    else:
        outer = _pointee(cg, node.base, node.type)
        count = 0
    size = node.type.size
    index = node.keys[0]
    if isinstance(index, IntLit):
        return outer._replace(offset=outer.offset + index.value * size, type=node.type)
    reg = cg.expr(index)
    if count:
        l_ok = Label("index")
        cg.code.jump("jlt", reg, count, l_ok)
        cg.fault(state.Fault.BADINDEX, reg)
        cg.code.bind(l_ok)
        reg.bound = count - 1
    cg.code.alu("mul", reg, size)
    if reg.bound is not None:
        reg.bound *= size
    base = cg.code.copy(outer.base)
    cg.code.emit("add64_reg", base, reg)
    return outer._replace(base=base, type=node.type)


def load(cg: ClauseGen, place: Place) -> VReg:
    """The scalar at `place`."""
    t, base, offset, ref = place.type, place.base, place.offset, None
    if place.where is not Where.OURS:
        offset, ref = cg.alloc(8), Area.SCRATCH
        source = cg.code.address(place.base, place.offset)
        helper = cg.probe_read
        if place.where is Where.USER:
            helper = helper.replace("kernel", "user")
        status = cg.code.helper(helper, cg.scratch_address(offset), t.size, source)
        l_ok = Label("readable")
        cg.code.jump("jeq", status, 0, l_ok)
        cg.fault(state.Fault.BADADDR, source)
        cg.code.bind(l_ok)
        base = cg.mem
    if not place.bits:
        return cg.load(t, base, offset, ref)
    reg = cg.code.load(LOADS[t.size], base, offset, ref)
    cg.code.emit("lsh64_imm", reg, imm=64 - place.shift - place.bits)
    cg.code.emit("arsh64_imm" if is_signed(t) else "rsh64_imm", reg, imm=64 - place.bits)
    return reg


def store(cg: ClauseGen, place: Place, reg: VReg | int) -> None:
    """Store a scalar at `place`, which must be in a variable."""
    if place.where is not Where.OURS:
        raise CompileError(
            ErrTag.D_OP_LVAL,
            "assignment through a pointer into kernel or user memory is not possible",
            cg.code.span,
        )
    if not place.bits:
        cg.store(place.type.size, place.base, place.offset, reg)
        return
    mask = ((1 << place.bits) - 1) << place.shift
    unit = cg.code.load(LOADS[place.type.size], place.base, place.offset)
    cg.code.alu("and", unit, ~mask)
    new = cg.code.const(reg) if isinstance(reg, int) else cg.code.copy(reg)
    cg.code.alu("lsh", new, place.shift)
    cg.code.alu("and", new, mask)
    cg.code.emit("or64_reg", unit, new)
    cg.store(place.type.size, place.base, place.offset, unit)


def cg_copy(cg: ClauseGen, node: Assign) -> VReg:
    """`struct = struct`: a copy of its bytes."""
    assert node.left.type is not None
    size = node.left.type.size
    source = cg.expr(node.right)
    place = cg_place(cg, node.left)
    to = cg.code.address(place.base, place.offset)
    cg.copy_bytes(to, size, source, checked=True)
    return source
