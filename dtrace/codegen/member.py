"""Places in memory: scalars in variables, members, elements, what a pointer points to."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

from dtrace.bpf.code import Area, Label, VReg
from dtrace.codegen import dynvar, state, string
from dtrace.codegen.gen import LOADS, is_aggregate, round_up
from dtrace.codegen.scan import in_process
from dtrace.diag import CompileError
from dtrace.errtags import ErrTag
from dtrace.lang.nodes import Ident, Index, IntLit, Member, Scoped, Unary
from dtrace.sema.alloca import is_alloca
from dtrace.sema.symbols import Variable
from dtrace.types.convert import is_signed, is_string, is_user
from dtrace.types.layout import find_member
from dtrace.types.model import Array, Pointer, Struct, Type, resolve

if TYPE_CHECKING:
    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Assign, Expr

FAR = 1 << 14  # bytes: an instruction's offset has 16 bits, the sign one of them


class Where(enum.Enum):
    """Whose memory an address is in."""

    OURS = "ours"  # a map's value: plain loads and stores
    KERNEL = "kernel"
    USER = "user"
    ALLOCA = "alloca"  # alloca()'s: every access is checked


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


def cg_value(cg: ClauseGen, node: Expr) -> VReg:
    """What is at the place that `node` stands for: a scalar, or a string's, struct's or array's
    address."""
    place = cg_place(cg, node)
    if is_string(place.type) and place.where is Where.OURS:
        return string.load_variable(cg, place.base, place.offset)
    if is_string(place.type) or is_aggregate(place.type):
        return cg.code.address(place.base, place.offset)
    return load(cg, place)


def cg_address_of(cg: ClauseGen, node: Unary) -> VReg:
    """`&place`."""
    place = cg_place(cg, node.operand)
    return cg.code.address(place.base, place.offset)


def cg_place(cg: ClauseGen, node: Expr) -> Place:
    """The place that `node` stands for."""
    assert node.type is not None
    if isinstance(node, Member):
        return _member_place(cg, node)
    element = dynvar.element_of(node)
    if element is not None:
        return _dynamic_place(cg, element)
    if isinstance(node, (Ident, Scoped)) and isinstance(node.ref, Variable):
        base, offset = home(cg, node.ref)
        return Place(base, offset, node.ref.type)
    if isinstance(node, Index):
        return _element_place(cg, node)
    if isinstance(node, Unary) and node.op == "*":
        return _pointee(cg, node.operand, node.type)
    return Place(cg.expr(node), 0, node.type, Where.KERNEL)


def _dynamic_place(cg: ClauseGen, element: dynvar.Element) -> Place:
    # A struct or array as a dynamic variable's element: it must be there.
    address = dynvar.cg_read(cg, element)
    l_there = Label("there")
    cg.code.jump("jne", address, 0, l_there)
    cg.fault(state.Fault.BADADDR, 0)
    cg.code.bind(l_there)
    return Place(address, 0, element.variable.type)


def _pointee(cg: ClauseGen, pointer: Expr, t: Type) -> Place:
    assert pointer.type is not None
    where = Where.USER if is_user(pointer.type) else Where.KERNEL
    if is_alloca(pointer):
        where = Where.ALLOCA
    return Place(cg.register(cg.number(pointer)), 0, t, where)


def _moved(cg: ClauseGen, place: Place, by: int, t: Type) -> Place:
    # The place of something of type `t`, `by` bytes further on.
    offset = place.offset + by
    if -FAR <= offset < FAR:
        return place._replace(offset=offset, type=t)
    return place._replace(base=cg.code.address(place.base, offset), offset=0, type=t)


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
        return _moved(cg, outer, offset, member.type)
    unit = member.type.size
    start, shift = divmod(member.bit_offset + 8 * (offset - member.offset), 8 * unit)
    place = _moved(cg, outer, start * unit, member.type)
    return place._replace(bits=member.bits, shift=shift)


def _element_place(cg: ClauseGen, node: Index) -> Place:
    # array[i], pointer[i] or string[i].
    assert node.type is not None
    assert node.base.type is not None
    array = resolve(node.base.type)
    is_array = isinstance(array, Array)
    outer = cg_place(cg, node.base) if is_array else _pointee(cg, node.base, node.type)
    size = node.type.size
    index = node.keys[0]
    if isinstance(index, IntLit):
        return _moved(cg, outer, index.value * size, node.type)
    reg = cg.expr(index)
    if isinstance(array, Array) and array.count:
        l_ok = Label("index")
        cg.code.jump("jlt", reg, array.count, l_ok)
        cg.fault(state.Fault.BADINDEX, reg)
        cg.code.bind(l_ok)
        cg.code.bound(reg, array.count - 1)
        cg.code.alu("mul", reg, size)
        cg.code.bound(reg, (array.count - 1) * size)
    else:
        cg.code.alu("mul", reg, size)
    base = cg.code.copy(outer.base)
    cg.code.emit("add64_reg", base, reg)
    return outer._replace(base=base, type=node.type)


def load(cg: ClauseGen, place: Place) -> VReg:
    """The scalar at `place`."""
    t, base, offset, ref = place.type, place.base, place.offset, None
    if place.where is Where.ALLOCA:
        base, offset = reached(cg, place)
    elif place.where is not Where.OURS:
        source = cg.code.address(base, offset)
        base, offset, ref = cg.mem, cg.alloc(8), Area.SCRATCH
        user = place.where is Where.USER
        cg.copy_bytes(cg.scratch_address(offset), t.size, source, user=user)
    if not place.bits:
        return cg.load(t, base, offset, ref)
    reg = cg.code.load(LOADS[t.size], base, offset, ref)
    cg.code.emit("lsh64_imm", reg, imm=64 - place.shift - place.bits)
    cg.code.emit("arsh64_imm" if is_signed(t) else "rsh64_imm", reg, imm=64 - place.bits)
    return reg


def reached(cg: ClauseGen, place: Place) -> tuple[VReg, int]:
    """Base and offset of a place that may be stored to; alloca()'s memory is checked.

    Raises CompileError if it is neither there nor in a variable.
    """
    if place.where is Where.OURS:
        return place.base, place.offset
    if place.where is Where.ALLOCA:
        from dtrace.codegen.subr import alloca

        address = cg.code.address(place.base, place.offset)
        return alloca.checked(cg, address, place.type.size), 0
    raise CompileError(
        ErrTag.D_OP_LVAL,
        "assignment through a pointer into kernel or user memory is not possible",
        cg.code.span,
    )


def store(cg: ClauseGen, place: Place, reg: VReg | int) -> None:
    """Store a scalar at `place`.  Raises CompileError as reached() does."""
    base, offset = reached(cg, place)
    if not place.bits:
        cg.store(place.type.size, base, offset, reg)
        return
    mask = ((1 << place.bits) - 1) << place.shift
    unit = cg.code.load(LOADS[place.type.size], base, offset)
    cg.code.alu("and", unit, ~mask)
    new = cg.code.const(reg) if isinstance(reg, int) else cg.code.copy(reg)
    cg.code.alu("lsh", new, place.shift)
    cg.code.alu("and", new, mask)
    cg.code.emit("or64_reg", unit, new)
    cg.store(place.type.size, base, offset, unit)


def cg_copy(cg: ClauseGen, node: Assign) -> VReg:
    """`struct = struct`: a copy of its bytes.  A dynamic variable may be assigned 0."""
    assert node.left.type is not None
    size = node.left.type.size
    element = dynvar.element_of(node.left)
    if element is not None and isinstance(node.right, IntLit):
        dynvar.cg_delete(cg, element.variable, dynvar.cg_key(cg, element))
        return cg.code.const(0)
    source, user = cg.expr(node.right), in_process(node.right)
    if element is None:
        base, offset = reached(cg, cg_place(cg, node.left))
        cg.copy_bytes(cg.code.address(base, offset), size, source, user=user)
        return source
    at = cg.alloc(size)
    cg.zero(at + round_up(size, 8) - 8, 8)
    cg.copy_bytes(cg.scratch_address(at), size, source, user=user)
    key = dynvar.cg_key(cg, element)
    dynvar.cg_write_copy(cg, element.variable, key, cg.scratch_address(at))
    return source
