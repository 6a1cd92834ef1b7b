"""What types are, how they are brought together, and how they are printed.

D's conversions are not C's: nothing is promoted to int first (dt_parser.c, dt_type_promote).
"""

from __future__ import annotations

from dtrace.types.builtin import FUNCTION_POINTER, INT
from dtrace.types.model import (
    Array,
    Dynamic,
    Enum,
    Float,
    Function,
    Int,
    Pointer,
    Qualified,
    String,
    Struct,
    Type,
    Typedef,
    Void,
    resolve,
)


def is_integer(t: Type) -> bool:
    """Whether `t` is an integer type; enums are."""
    return isinstance(resolve(t), (Int, Enum))


def is_signed(t: Type) -> bool:
    """Whether values of scalar type `t` are signed; pointers are not."""
    t = resolve(t)
    return isinstance(t, (Int, Enum)) and t.signed


def is_float(t: Type) -> bool:
    """Whether `t` is a floating-point type."""
    return isinstance(resolve(t), Float)


def is_string(t: Type) -> bool:
    """Whether `t` is D's string."""
    return isinstance(resolve(t), String)


def is_pointer(t: Type) -> bool:
    """Whether `t` is a pointer or a C array, which acts as one."""
    return isinstance(resolve(t), (Pointer, Array))


def is_scalar(t: Type) -> bool:
    """Whether `t` can be tested for being 0: integers and pointers."""
    return isinstance(resolve(t), (Int, Enum, Pointer))


def is_void(t: Type) -> bool:
    """Whether `t` is void."""
    return isinstance(resolve(t), Void)


def is_dynamic(t: Type) -> bool:
    """Whether `t` stands for something without a value: an aggregation, a translation."""
    t = resolve(t)
    return isinstance(t, Dynamic) and t.size == 0


def is_char(t: Type) -> bool:
    """Whether `t` is a character type: 1 byte, _Bool excepted."""
    t = resolve(t)
    return isinstance(t, Int) and t.size == 1 and t.name != "_Bool"


def is_strcompat(t: Type) -> bool:
    """Whether `t` can be used as a string: string, char * and char []."""
    t = resolve(t)
    if isinstance(t, String):
        return True
    inner = pointee(t)
    return inner is not None and is_char(inner)


def is_vfptr(t: Type) -> bool:
    """Whether `t` is a pointer to void or to a function, which has no arithmetic."""
    t = resolve(t)
    return isinstance(t, Pointer) and isinstance(resolve(t.target), (Void, Function))


def is_incomplete(t: Type) -> bool:
    """Whether `t` is a struct or union that is declared only."""
    t = resolve(t)
    return isinstance(t, Struct) and not t.complete


def pointee(t: Type) -> Type | None:
    """What a pointer or array of type `t` points to; None if it is neither."""
    t = resolve(t)
    if isinstance(t, Pointer):
        return t.target
    return t.elem if isinstance(t, Array) else None


def is_user(t: Type) -> bool:
    """Whether `t` is a pointer into a process."""
    t = resolve(t)
    return isinstance(t, Pointer) and t.user


def promote(left: Type, right: Type) -> Type:
    """The type of an operation on two integers: the one with more bits; of two with as many the
    unsigned one; else the left one.  An enum counts as int."""
    left = INT if isinstance(resolve(left), Enum) else left
    right = INT if isinstance(resolve(right), Enum) else right
    return right if _rank(right) > _rank(left) else left


def _rank(t: Type) -> int:
    return 8 * t.size + (not is_signed(t))


def same(a: Type, b: Type) -> bool:
    """Whether `a` and `b` are one type, names of typedefs looked through."""
    a, b = resolve(a), resolve(b)
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, Pointer) and isinstance(b, Pointer):
        return same(a.target, b.target)
    if isinstance(a, Array) and isinstance(b, Array):
        return a.count == b.count and same(a.elem, b.elem)
    if isinstance(a, Struct) and isinstance(b, Struct):
        return bool(a.tag) and (a.kind, a.tag, a.size) == (b.kind, b.tag, b.size)
    if isinstance(a, Enum) and isinstance(b, Enum):
        return bool(a.tag) and a.tag == b.tag
    if isinstance(a, (Int, Float, Dynamic)) and isinstance(b, (Int, Float, Dynamic)):
        return a.name == b.name and a.size == b.size
    return isinstance(a, (Void, String, Function))


def compatible(a: Type, b: Type) -> bool:
    """Whether a value of one type may stand for the other's (libctf, ctf_type_compat): integers
    of the same encoding, an enum and an integer, pointers to compatible types, the same struct."""
    a, b = resolve(a), resolve(b)
    if same(a, b):
        return True
    if isinstance(a, (Int, Enum)) and isinstance(b, (Int, Enum)) and type(a) is not type(b):
        return True
    if isinstance(a, Int) and isinstance(b, Int):
        return _encoding(a) == _encoding(b)
    if isinstance(a, Pointer) and isinstance(b, Pointer):
        return compatible(a.target, b.target)
    if isinstance(a, Array) and isinstance(b, Array):
        return a.count == b.count and compatible(a.elem, b.elem)
    return False


def _encoding(t: Int) -> tuple[int, bool, bool, bool]:
    return t.size, t.signed, is_char(t), t.name == "_Bool"


def pointers_compatible(a: Type, b: Type) -> bool:
    """Whether two pointers (or arrays) may be assigned or compared: to compatible types, or one
    of them to void."""
    to_a, to_b = pointee(a), pointee(b)
    if to_a is None or to_b is None:
        return False
    return is_void(to_a) or is_void(to_b) or compatible(to_a, to_b)


def type_name(t: Type | None) -> str:
    """The type as DTrace prints it: "unsigned long", "struct s *", "char [16]"."""
    if t is None:
        return "<none>"
    if t is FUNCTION_POINTER:
        return "function pointer"
    if isinstance(t, Dynamic) and t.size == 0:
        return "dynamic variable"
    base, declarator = _declarator(t, "")
    return f"{base} {declarator}" if declarator else base


def _declarator(t: Type, inner: str) -> tuple[str, str]:
    # The specifiers and, around `inner`, the declarator of a declaration of type `t`.
    match t:
        case Pointer():
            outer = resolve(t.target) if not isinstance(t.target, Typedef) else t.target
            star = f"*{inner}"
            return _declarator(
                t.target, f"({star})" if isinstance(outer, (Array, Function)) else star
            )
        case Array():
            return _declarator(t.elem, f"{inner}[{t.count}]")
        case Function():
            return "function", inner
        case Qualified():
            if isinstance(t.target, Pointer):
                return _declarator(t.target, f" {' '.join(t.quals)}{inner}")
            base, declarator = _declarator(t.target, inner)
            return f"{' '.join(t.quals)} {base}", declarator
        case Struct():
            return f"{t.kind} {t.tag}".rstrip(), inner
        case Enum():
            return f"enum {t.tag}".rstrip(), inner
        case String():
            return "string", inner
        case Void():
            return "void", inner
        case Int() | Float() | Typedef() | Dynamic():
            return t.name, inner
    return "unknown", inner
