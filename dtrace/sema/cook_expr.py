"""Cooking names, members, elements, casts and the other operands of expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.errtags import ErrTag
from dtrace.lang.nodes import AggRef, Cast, Expr, Ident, Index, IntLit, Member, Scoped, Xlate
from dtrace.sema.compat import value_type
from dtrace.sema.fold import constant, sized
from dtrace.sema.idents import IdentDef, IdentKind
from dtrace.sema.proto import Signature, check_call
from dtrace.sema.scope import Constant, Parameter, kind_name
from dtrace.sema.symbols import Inline, Variable
from dtrace.types.builtin import CHAR, DYNAMIC, INT64, SIZE, UINT64
from dtrace.types.convert import (
    compatible,
    is_integer,
    is_pointer,
    is_scalar,
    is_strcompat,
    is_string,
    is_vfptr,
    is_void,
    pointee,
    type_name,
)
from dtrace.types.layout import find_member
from dtrace.types.model import Array, Function, Pointer, Struct, Type, resolve

if TYPE_CHECKING:
    from dtrace.lang.nodes import Sizeof, StrLit, Stringof
    from dtrace.sema.context import Context


def cook_constant(cx: Context, node: IntLit | StrLit) -> Expr:
    """A constant; folding gave it its type."""
    return node


# Names


def cook_ident(cx: Context, node: Ident) -> Expr:
    """A name that is read."""
    resolved = resolve_ident(cx, node, create=False)
    return read(cx, resolved)


def resolve_ident(cx: Context, node: Ident, *, create: bool) -> Expr:
    """Bind a name as a scalar, without the check that it has a value.

    create: an unknown name becomes a new global variable.

    Raises CompileError D_IDENT_UNDEF, D_IDENT_BADREF.
    """
    if "`" in node.name:
        return _external(cx, node)
    symbol = cx.names.lookup(node.name)
    if symbol is None:
        if not create:
            raise undefined(cx, node.name, node)
        symbol = cx.names.create("global", node.name, node.span)
    match symbol:
        case Constant():
            return constant(symbol.value, symbol.type, node)
        case Parameter():
            from dtrace.sema.inline import use_parameter

            return use_parameter(cx, symbol, node)
        case Inline() if not symbol.params:
            from dtrace.sema.inline import use_inline

            return use_inline(cx, symbol, node, None)
    if kind_name(symbol) != "scalar":
        message = f"{kind_name(symbol)} '{node.name}' may not be referenced as scalar"
        raise cx.error(ErrTag.D_IDENT_BADREF, message, node)
    node.ref = symbol
    if isinstance(symbol, IdentDef):
        node.type = _builtin_type(cx, symbol, node)
    else:
        node.type = symbol.type
    return node


def undefined(cx: Context, name: str, node: Expr) -> Exception:
    """The error that a name is unknown."""
    message = f"failed to resolve {name}: Unknown variable name"
    return cx.error(ErrTag.D_IDENT_UNDEF, message, node)


def _builtin_type(cx: Context, ident: IdentDef, node: Ident) -> Type:
    t = cx.types.parse(ident.prototype)
    if t is None:
        message = (
            f"failed to resolve type {ident.prototype} for identifier {ident.name}: "
            "Unknown type name"
        )
        raise cx.error(ErrTag.D_UNKNOWN, message, node)
    return t


def _external(cx: Context, node: Ident) -> Expr:
    # A kernel symbol: none can be read, since only tracing of what probes pass is supported.
    module, _, name = node.name.rpartition("`")
    message = f"failed to resolve {module}`{name}: Unknown symbol name"
    raise cx.error(ErrTag.D_IDENT_UNDEF, message, node)


def read(cx: Context, node: Expr) -> Expr:
    """Check that a variable that is read has been declared or written.

    Raises CompileError D_VAR_UNDEF; D_PROTO_LEN for an associative array without keys.
    """
    if isinstance(node, (Ident, Scoped)) and isinstance(node.ref, Variable):
        var = node.ref
        _check_defined(cx, var, node)
        if var.keys is not None:
            _check_keys(cx, var, [], node)
    return node


def _check_defined(cx: Context, var: Variable, node: Expr) -> None:
    if var in cx.names.virgins:
        scope = "" if var.scope == "global" else f"{var.scope}->"
        message = f"{scope}{var.name} has not yet been declared or assigned"
        raise cx.error(ErrTag.D_VAR_UNDEF, message, node)


def cook_scoped(cx: Context, node: Scoped) -> Expr:
    """`self->x` or `this->x` that is read."""
    return read(cx, resolve_scoped(cx, node))


def resolve_scoped(cx: Context, node: Scoped) -> Scoped:
    """Bind `self->x` or `this->x`, which makes the variable if it is new."""
    var = cx.names.variables_of(node.scope).get(node.name)
    if var is None:
        var = cx.names.create(node.scope, node.name, node.span)
    node.ref, node.type = var, var.type
    return node


def cook_place(cx: Context, node: Expr, *, create: bool = True) -> Expr:
    """Cook what is written, or what an operator may define: as Context.cook(), but a variable need
    not have a value yet.

    create: a new name alone becomes a global variable.
    """
    if isinstance(node, Ident):
        return resolve_ident(cx, node, create=create)
    if isinstance(node, Scoped):
        return resolve_scoped(cx, node)
    if isinstance(node, Index):
        return cook_index(cx, node, reading=False)
    return cx.cook(node)


def variable_of(node: Expr) -> Variable | None:
    """The D variable that a cooked node names: a scalar, or an element of an associative array."""
    if isinstance(node, Index):
        var = variable_of(node.base)
        return var if var is not None and var.keys is not None else None
    ref = getattr(node, "ref", None)
    return ref if isinstance(ref, Variable) else None


def default_type(cx: Context, node: Expr) -> None:
    """Give a variable that an operator defines, such as ++, its type: int64_t."""
    var = variable_of(node)
    if var is not None and var in cx.names.virgins:
        set_type(cx, node, var, INT64)


def set_type(cx: Context, node: Expr, var: Variable, t: Type) -> None:
    """Fix the type of a variable by its first use, at `node`."""
    assert isinstance(node, (Ident, Scoped, Index))
    var.type = t
    node.type = t
    cx.names.virgins.discard(var)


# Elements


def cook_index(cx: Context, node: Index, *, reading: bool = True) -> Expr:
    """`base[keys]`: an element of an associative array, of args[], of an inline with parameters;
    of a C array; or what a pointer that is moved by the key points to.

    reading: the element is read, so it must have a type.
    """
    base = node.base
    if isinstance(base, Ident) and "`" not in base.name:
        symbol = cx.names.lookup(base.name)
        if symbol is None or (isinstance(symbol, Variable) and symbol in cx.names.virgins):
            return _new_element(cx, node, base, symbol, reading)
        if isinstance(symbol, Inline) and symbol.params:
            from dtrace.sema.inline import use_inline

            return use_inline(cx, symbol, node, _cook_keys(cx, node))
        if isinstance(symbol, IdentDef) and symbol.kind is IdentKind.ARRAY:
            return _builtin_element(cx, node, base, symbol)
        if isinstance(symbol, Variable):
            base.ref, base.type = symbol, symbol.type
            if symbol.keys is not None:
                return _element(cx, node, symbol, reading)
    node.base = base = cook_place(cx, base, create=False)
    if isinstance(base, (Ident, Scoped)):
        var = variable_of(base)
        if var is not None and var in cx.names.virgins:
            return _new_element(cx, node, base, var, reading)
        if var is not None and var.keys is not None:
            return _element(cx, node, var, reading)
    return _c_element(cx, node)


def _cook_keys(cx: Context, node: Index) -> list[Expr]:
    node.keys[:] = [cx.cook(key) for key in node.keys]
    return node.keys


def _new_element(
    cx: Context, node: Index, base: Ident | Scoped, symbol: object, reading: bool
) -> Expr:
    # The first use of an associative array.
    if isinstance(base, Scoped) and base.scope == "this":
        message = f"local variables may not be used as associative arrays: {base.name}"
        raise cx.error(ErrTag.D_ARR_LOCAL, message, node)
    var = symbol if isinstance(symbol, Variable) else None
    if var is None:
        var = cx.names.create("global", base.name, base.span)
    var.keys = var.keys or []
    base.ref, base.type = var, var.type
    return _element(cx, node, var, reading)


def check_key(cx: Context, key: Expr, number: int, kind: str, node: Expr) -> None:
    """Check that `key` may be a component of a tuple.  Raises CompileError D_KEY_TYPE."""
    t = value_type(key)
    if t is DYNAMIC or is_void(t):
        message = f"{cx.describe(key)} expression may not be used as {kind} index: key #{number}"
        raise cx.error(ErrTag.D_KEY_TYPE, message, node)


def _element(cx: Context, node: Index, var: Variable, reading: bool) -> Expr:
    # The first element that is used fixes the types of the keys.
    if reading:
        _check_defined(cx, var, node.base)
    keys = _cook_keys(cx, node)
    if not var.keys:
        for number, key in enumerate(keys, 1):
            check_key(cx, key, number, "associative array", node.base)
        var.keys = [value_type(key) for key in keys]
    else:
        _check_keys(cx, var, keys, node.base)
    node.type = var.type
    return node


def _check_keys(cx: Context, var: Variable, keys: list[Expr], node: Expr) -> None:
    types = tuple(var.keys or ())
    signature = Signature(var.type, types, len(types), len(types))
    check_call(cx, f"{var.name}[ ]", signature, keys, node, keys=True)


def _builtin_element(cx: Context, node: Index, base: Ident, ident: IdentDef) -> Expr:
    """`args[n]`, `uregs[n]`."""
    keys = _cook_keys(cx, node)
    base.ref, base.type = ident, DYNAMIC
    if len(keys) != 1:
        message = f"{ident.name}[ ] prototype mismatch: {len(keys)} args passed, 1 expected"
        raise cx.error(ErrTag.D_PROTO_LEN, message, base)
    key = keys[0]
    if not isinstance(key, IntLit):
        message = (
            f"{ident.name}[ ] argument #1 is incompatible with prototype:\n"
            f"\tprototype: integer constant\n\t argument: {type_name(value_type(key))}"
        )
        raise cx.error(ErrTag.D_PROTO_ARG, message, base)
    if ident.name == "args":
        from dtrace.sema.args import cook_args

        return cook_args(cx, node, key.value)
    if key.value < 0:
        message = f"index {key.value} is out of range for array {ident.name}"
        raise cx.error(ErrTag.D_REGS_IDX, message, base)
    node.type = UINT64
    return node


def _c_element(cx: Context, node: Index) -> Expr:
    """`base[key]` is `*(base + key)`."""
    base = node.base
    node.keys[0] = key = cx.cook(node.keys[0])
    base_type, key_type = value_type(base), value_type(key)
    if is_integer(base_type) and is_indexable(key_type):
        node.base, node.keys[0] = base, key = key, base
        base_type, key_type = key_type, base_type
    movable = is_indexable(base_type) or is_integer(base_type)
    if not movable or not is_integer(key_type):
        message = f'operands have incompatible types: "{cx.describe(base)}" + "{cx.describe(key)}"'
        raise cx.error(ErrTag.D_OP_INCOMPAT, message, node)
    if variable_of(base) is None or not isinstance(base, Index):
        check_bounds(cx, base_type, key, node)
    if len(node.keys) > 1:
        message = f"cannot access {cx.node_name(base)} as an associative array"
        raise cx.error(ErrTag.D_ARR_BADREF, message, node)
    node.type = dereferenced(cx, base_type, node)
    return node


def is_indexable(t: Type) -> bool:
    """Whether integers can be added to values of type `t`: strings count, pointers to void not."""
    return is_string(t) or (is_pointer(t) and not is_vfptr(t))


def check_bounds(cx: Context, array: Type, index: Expr, node: Expr) -> None:
    """Check a constant index into a C array of two elements or more.

    Raises CompileError D_ARR_BOUNDS.
    """
    t = resolve(array)
    if isinstance(t, Array) and isinstance(index, IntLit) and t.count > 1:
        at = index.value & ((1 << 64) - 1)
        if at >= t.count:
            message = f"index outside array bounds: {at}, max is {t.count}"
            raise cx.error(ErrTag.D_ARR_BOUNDS, message, node)


def dereferenced(cx: Context, t: Type, node: Expr) -> Type:
    """The type of what a pointer of type `t` points to.

    Raises CompileError D_DEREF_NONPTR, D_DEREF_VOID, D_DEREF_FUNC.
    """
    target = CHAR if is_string(t) else pointee(t)
    if target is None:
        message = "cannot dereference non-pointer type"
        raise cx.error(ErrTag.D_DEREF_NONPTR, message, node)
    if is_void(target):
        raise cx.error(ErrTag.D_DEREF_VOID, "cannot dereference pointer to void", node)
    if isinstance(resolve(target), Function):
        raise cx.error(ErrTag.D_DEREF_FUNC, "cannot dereference pointer to function", node)
    return user_pointer(target) if _points_into_process(t) else target


def _points_into_process(t: Type) -> bool:
    t = resolve(t)
    return isinstance(t, Pointer) and t.user


def user_pointer(t: Type) -> Type:
    """`t`, as a pointer into the process if it is a pointer."""
    inner = resolve(t)
    return Pointer(inner.target, user=True) if isinstance(inner, Pointer) else t


# Members


def cook_member(cx: Context, node: Member) -> Expr:
    """`base.name` or `base->name`."""
    node.base = base = cx.cook(node.base)
    if isinstance(base, Xlate):
        from dtrace.sema.xlate import use_member

        return use_member(cx, base, node)
    struct = _struct_of(cx, node, value_type(base))
    found = find_member(struct, node.name)
    if found is None:
        message = f"{node.name} is not a member of {type_name(struct)}"
        raise cx.error(ErrTag.D_TYPE_MEMBER, message, node)
    t = found[0].type
    node.type = user_pointer(t) if _points_into_process(value_type(base)) else t
    return node


def _struct_of(cx: Context, node: Member, t: Type) -> Struct:
    # The struct that `node` selects a member of, where its base has type `t`.
    op = "->" if node.arrow else "."
    t = resolve(t)
    if node.arrow:
        if not isinstance(t, Pointer):
            message = "operator -> must be applied to a pointer"
            raise cx.error(ErrTag.D_OP_PTR, message, node)
        t = resolve(t.target)
    if isinstance(t, Struct) and not t.complete and t.tag:
        known = cx.types.tag(t.kind, t.tag)
        t = known if isinstance(known, Struct) else t
    if not isinstance(t, Struct):
        what = "pointer to type" if node.arrow else "type"
        wanted = "a struct or union pointer" if node.arrow else "a struct or union"
        message = (
            f'operator {op} cannot be applied to {what} "{type_name(t)}"; '
            f"must be applied to {wanted}"
        )
        raise cx.error(ErrTag.D_OP_SOU, message, node)
    if not t.complete:
        message = (
            f"operator {op} cannot be applied to a forward declaration: "
            f"no {type_name(t)} definition is available"
        )
        raise cx.error(ErrTag.D_OP_INCOMPLETE, message, node)
    return t


# Types in expressions


def cook_cast(cx: Context, node: Cast) -> Expr:
    """`(type)operand`: between scalars, from arrays to pointers, from pointers to string, and
    anything to void."""
    node.operand = operand = cx.cook(node.operand)
    to, source = node.type, value_type(operand)
    assert to is not None
    allowed = (
        compatible(to, source)
        or (is_scalar(to) and (is_scalar(source) or isinstance(resolve(source), Function)))
        or is_void(to)
        or (isinstance(resolve(to), Pointer) and is_pointer(source))
        or (is_string(to) and (is_scalar(source) or is_pointer(source) or is_strcompat(source)))
    )
    if not allowed:
        message = f'invalid cast expression: "{cx.describe(operand)}" to "{type_name(to)}"'
        raise cx.error(ErrTag.D_CAST_INVAL, message, node)
    return node


def cook_sizeof(cx: Context, node: Sizeof) -> Expr:
    """`sizeof expr`: the size of its type; of what has a type name folding has made a constant."""
    assert isinstance(node.operand, Expr)
    operand = cook_place(cx, node.operand, create=False)
    default_type(cx, operand)
    if is_bitfield(operand):
        message = "cannot apply sizeof to a bit-field"
        raise cx.error(ErrTag.D_SIZEOF_BITFIELD, message, node)
    size = 0 if isinstance(operand, AggRef) else value_type(operand).size
    return constant(sized(cx, size, node), SIZE, node)


def is_bitfield(node: Expr) -> bool:
    """Whether a cooked node is a bit-field of a struct."""
    if not isinstance(node, Member) or node.base.type is None:
        return False
    struct = resolve(node.base.type)
    if isinstance(struct, Pointer):
        struct = resolve(struct.target)
    found = find_member(struct, node.name) if isinstance(struct, Struct) else None
    return found is not None and found[0].bits > 0


def cook_stringof(cx: Context, node: Stringof) -> Expr:
    """`stringof expr`: what an address or an array of char holds, as a string."""
    node.operand = operand = cook_place(cx, node.operand, create=False)
    default_type(cx, operand)
    t = value_type(operand)
    if not (is_scalar(t) or is_pointer(t) or is_strcompat(t)):
        message = f"cannot apply stringof to a value of type {cx.describe(operand)}"
        raise cx.error(ErrTag.D_STRINGOF_TYPE, message, node)
    node.type = cx.types.string
    return node


def cook_xlate(cx: Context, node: Xlate) -> Expr:
    """`xlate <type> (operand)`."""
    from dtrace.sema.xlate import cook_translation

    return cook_translation(cx, node)
