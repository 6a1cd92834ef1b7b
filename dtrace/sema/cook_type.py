"""From the spelling of a type to the type: specifiers, declarators, structs, unions, enums.

Source: dt_decl.c.  Qualifiers are read and dropped, as there: they do not change a D program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from dtrace.errtags import ErrTag
from dtrace.lang.decls import ArrayOf, FunctionOf, MemberDecl, PointerTo, TypeSpec
from dtrace.lang.nodes import Ident, IntLit
from dtrace.sema.compat import is_positive_constant
from dtrace.sema.fold import fold
from dtrace.sema.lines import line_after, line_at_end
from dtrace.sema.scope import Constant
from dtrace.types.builtin import BASE_TYPES, FUNCTION, FUNCTION_POINTER
from dtrace.types.convert import is_dynamic, is_incomplete, is_void, type_name
from dtrace.types.layout import add_member, finish
from dtrace.types.model import Array, Enum, Function, Int, Pointer, Struct, Type, resolve

if TYPE_CHECKING:
    from dtrace.lang.decls import Declarator, Enumerator, Param, TypeName
    from dtrace.lang.nodes import Expr, Node
    from dtrace.sema.context import Context

INT_MAX = (1 << 31) - 1
U32_MAX = (1 << 32) - 1
_ATTRIBUTES = ("signed", "unsigned", "short", "long")


def type_of(cx: Context, name: TypeName | Param) -> Type:
    """The type that a type name or a parameter spells."""
    return declared_type(cx, base_type(cx, name.base), name.declarator)


def fail(cx: Context, tag: ErrTag, message: str, node: Node, *, at_end: bool = False) -> NoReturn:
    """Raise an error about a declaration.

    at_end: libdtrace finds it at the end of `node`, not when it has read the token after it.
    """
    line = line_at_end(node) if at_end else line_after(node)
    raise cx.error(tag, message, node, line)


# Specifiers


def base_type(cx: Context, spec: TypeSpec) -> Type:
    """The type of declaration specifiers; defines the struct, union or enum in them.

    Raises CompileError D_DECL_*, and D_UNKNOWN for an unknown name.
    """
    if spec.kind == "enum":
        return _enum(cx, spec)
    if spec.kind:
        _check_attributes(cx, spec, [w for w in spec.words if w in _ATTRIBUTES], "")
        return _struct(cx, spec)
    attributes = [w for w in spec.words if w in _ATTRIBUTES]
    names = [w for w in spec.words if w not in _ATTRIBUTES]
    if len(names) > 1 and names[-1] not in ("complex", "imaginary"):
        fail(cx, ErrTag.D_DECL_COMBO, "invalid type combination", spec)
    name = " ".join(names)
    _check_attributes(cx, spec, attributes, name)
    return _named_type(cx, spec, attributes, name)


def _check_attributes(cx: Context, spec: TypeSpec, attributes: list[str], name: str) -> None:
    sizes = [w for w in attributes if w in ("short", "long")]
    signs = [w for w in attributes if w in ("signed", "unsigned")]
    if name == "char" and sizes:
        message = "invalid type declaration: short and long may not be used with char type"
        fail(cx, ErrTag.D_DECL_CHARATTR, message, spec)
    if name == "void" and attributes:
        message = "invalid type declaration: attributes may not be used with void type"
        fail(cx, ErrTag.D_DECL_VOIDATTR, message, spec)
    integer = name in ("", "int", "char", "void", "_Bool") and not spec.kind
    if signs and not integer:
        message = "invalid type declaration: signed and unsigned may only be used with integer type"
        fail(cx, ErrTag.D_DECL_SIGNINT, message, spec)
    if "long" in sizes and not integer and name not in ("float", "double"):
        message = (
            "invalid type declaration: long and long long may only be used with integer or "
            "floating-point type"
        )
        fail(cx, ErrTag.D_DECL_LONGINT, message, spec)


def _named_type(cx: Context, spec: TypeSpec, attributes: list[str], name: str) -> Type:
    sizes = [w for w in ("short",) if w in attributes] + ["long"] * min(attributes.count("long"), 2)
    words = [w for w in ("signed", "unsigned") if w in attributes] + sizes
    if name and not (sizes and name == "int"):
        words.append(name)
    text = " ".join(words) or "int"
    found = BASE_TYPES.get(text) or cx.types.typedef(text)
    if found is None:
        message = f"failed to resolve type {text}{' ' if words == sizes else ''}: Unknown type name"
        raise cx.error(ErrTag.D_UNKNOWN, message, spec)
    return found


def _struct(cx: Context, spec: TypeSpec) -> Struct:
    if spec.members is None:
        found = cx.types.forward(spec.kind, spec.tag)
        assert isinstance(found, Struct)
        return found
    struct = Struct(spec.kind, spec.tag)
    if spec.tag:
        key = f"{spec.kind} {spec.tag}"
        known = cx.types.tags.get(key)
        if isinstance(known, Struct):
            if known.complete:
                raise cx.error(ErrTag.D_DECL_TYPERED, f"type redeclared: {key}", spec)
            struct = known
        cx.types.tags[key] = struct
    for member in spec.members:
        _member(cx, struct, member)
    finish(struct)
    return struct


def _member(cx: Context, struct: Struct, member: MemberDecl) -> None:
    name = member.declarator.name
    node: Node = member.declarator if name else member
    if member.bits is None and not name and not member.base.kind:
        fail(cx, ErrTag.D_DECL_MNAME, "member declaration requires a name", node)
    if "`" in name:
        message = f"D scoping operator may not be used in a member name ({name})"
        fail(cx, ErrTag.D_DECL_SCOPE, message, node)
    t = declared_type(cx, base_type(cx, member.base), member.declarator)
    if is_dynamic(t):
        fail(cx, ErrTag.D_DECL_DYNOBJ, f"cannot have dynamic member: {name}", node)
    if is_incomplete(t):
        message = f"incomplete struct/union/enum {type_name(t)}: {name}"
        fail(cx, ErrTag.D_DECL_INCOMPLETE, message, node)
    if resolve(t).size == 0 and not isinstance(resolve(t), Array):
        fail(cx, ErrTag.D_DECL_VOIDOBJ, f"cannot have void member: {name}", node)
    bits = 0
    if member.bits is not None:
        bits = _bit_field(cx, fold(cx, member.bits), t, name, node)
        if bits == 0:
            return
    if name and name in struct.members:
        message = (
            f"failed to define member '{name}': Duplicate member, enumerator, or variable name."
        )
        fail(cx, ErrTag.D_UNKNOWN, message, node)
    add_member(struct, name, t, bits)


def _bit_field(cx: Context, width: Expr, t: Type, name: str, node: Node) -> int:
    """The width of a bit-field; 0, which only a nameless one may have, is no member."""
    if not name and isinstance(width, IntLit) and width.value == 0:
        return 0
    if not is_positive_constant(width):
        message = "positive integral constant expression expected as bit-field size"
        fail(cx, ErrTag.D_DECL_BFCONST, message, node)
    assert isinstance(width, IntLit)
    if not isinstance(resolve(t), Int):
        fail(cx, ErrTag.D_DECL_BFTYPE, f"invalid type for bit-field: {name or '(anon)'}", node)
    if width.value > 8 * t.size:
        message = f"bit-field too big for type: {name or '(anon)'}"
        fail(cx, ErrTag.D_DECL_BFSIZE, message, node)
    return width.value


def _enum(cx: Context, spec: TypeSpec) -> Enum:
    if spec.enumerators is None:
        found = cx.types.forward("enum", spec.tag)
        assert isinstance(found, Enum)
        return found
    enum = Enum(spec.tag)
    if spec.tag:
        key = f"enum {spec.tag}"
        known = cx.types.tags.get(key)
        if isinstance(known, Enum) and known.values:
            raise cx.error(ErrTag.D_DECL_TYPERED, f"type redeclared: {key}", spec)
        enum = known if isinstance(known, Enum) else enum
        enum.size = 4
        cx.types.tags[key] = enum
    value = -1
    for enumerator in spec.enumerators:
        value = _enumerator(cx, enum, enumerator, value + 1)
    return enum


def _enumerator(cx: Context, enum: Enum, node: Enumerator, value: int) -> int:
    """Add one enumerator, which is `value` unless it says otherwise; the result is its value."""
    name = node.name
    if "`" in name:
        message = f"D scoping operator may not be used in an enumerator name ({name})"
        fail(cx, ErrTag.D_DECL_SCOPE, message, node)
    if node.value is not None:
        value = _enumerator_value(cx, enum, node, node.value)
    if cx.names.lookup(name) is not None:
        fail(cx, ErrTag.D_DECL_IDRED, f"identifier redeclared: {name}", node)
    enum.values[name] = value
    cx.names.add_global(name, Constant(name, enum, value))
    return value


def _enumerator_value(cx: Context, enum: Enum, node: Enumerator, expr: Expr) -> int:
    if isinstance(expr, Ident) and expr.name in enum.values:
        return enum.values[expr.name]
    folded = fold(cx, expr)
    if not isinstance(folded, IntLit):
        message = f"enumerator '{node.name}' must be assigned to an integral constant expression"
        fail(cx, ErrTag.D_DECL_ENCONST, message, node)
    if not -INT_MAX - 1 <= folded.value <= INT_MAX:
        message = f"enumerator '{node.name}' value overflows INT_MAX ({INT_MAX})"
        fail(cx, ErrTag.D_DECL_ENOFLOW, message, node)
    return folded.value


# Declarators


def declared_type(cx: Context, base: Type, declarator: Declarator) -> Type:
    """The type of what `declarator` declares; of an associative array the type of its values."""
    t = base
    for derived in reversed(declarator.derived):
        if isinstance(derived, PointerTo):
            t = FUNCTION_POINTER if isinstance(resolve(t), Function) else Pointer(t)
        elif isinstance(derived, FunctionOf):
            check_prototype(cx, derived.params, "function", void=True)
            t = FUNCTION
        elif derived.keys is None:
            t = _array(cx, t, derived)
        elif derived is not declarator.derived[0]:
            message = "cannot declare array of associative arrays"
            fail(cx, ErrTag.D_DECL_DYNOBJ, message, derived)
    return t


def _array(cx: Context, elem: Type, derived: ArrayOf) -> Type:
    if is_void(elem):
        fail(cx, ErrTag.D_DECL_VOIDOBJ, "cannot declare array of void", derived)
    if derived.size is None:
        return Array(elem, 0)
    size = fold(cx, derived.size)
    if not is_positive_constant(size):
        message = (
            "positive integral constant expression or tuple signature expected as "
            "array declaration subscript"
        )
        fail(cx, ErrTag.D_DECL_ARRSUB, message, derived)
    assert isinstance(size, IntLit)
    if size.value > U32_MAX:
        fail(cx, ErrTag.D_DECL_ARRBIG, "array dimension too big", derived)
    return Array(elem, size.value)


def check_prototype(
    cx: Context,
    params: list[Param],
    kind: str,
    *,
    void: bool = False,
    anonymous: bool = True,
    formals: list[Param] | None = None,
) -> list[Type]:
    """The types of a parameter list; [] for `(void)`.

    kind: "function", "array", "probe input" or "probe output", as messages say it.
    void: a sole `void` is allowed.
    anonymous: names may be missing.
    formals: the list whose names these must be; None: the names are new and must differ.

    Raises CompileError D_DECL_PROTO_*, D_DECL_PARMCLASS.
    """
    types: list[Type] = []
    seen: set[str] = set() if formals is None else {p.declarator.name for p in formals}
    voids = 0
    for number, param in enumerate(params, 1):
        if any(word != "register" for word in param.base.storage):
            message = "inappropriate storage class for function or associative array parameter"
            fail(cx, ErrTag.D_DECL_PARMCLASS, message, param)
        t, name = type_of(cx, param), param.declarator.name
        types.append(t)
        derived = param.declarator.derived
        if derived and isinstance(derived[0], ArrayOf) and derived[0].keys is not None:
            message = (
                f"{kind} prototype may not use parameter of type dynamic variable: "
                f"{name or '(anonymous)'}, parameter #{number}"
            )
            fail(cx, ErrTag.D_DECL_PROTO_TYPE, message, param)
        if is_void(t):
            voids += 1
            if not void:
                message = (
                    f"{kind} prototype may not use parameter of type {type_name(t)}: "
                    f"{name or '(anonymous)'}, parameter #{number}"
                )
                fail(cx, ErrTag.D_DECL_PROTO_TYPE, message, param)
            if name:
                message = f"void parameter may not have a name: {name}"
                fail(cx, ErrTag.D_DECL_PROTO_NAME, message, param)
        if name and (name in seen) is (formals is None):
            how = "already" if formals is None else "not"
            message = (
                f"parameter is {how} declared in {kind} prototype: {name}, parameter #{number}"
            )
            fail(cx, ErrTag.D_DECL_PROTO_FORM, message, param)
        if formals is None and name:
            seen.add(name)
        if not name and not is_void(t) and not anonymous:
            message = f"parameter declaration requires a name: parameter #{number}"
            fail(cx, ErrTag.D_DECL_PROTO_NAME, message, param)
    if voids and len(params) > 1:
        fail(cx, ErrTag.D_DECL_PROTO_VOID, "void must be sole parameter", params[-1])
    return [] if voids else types
