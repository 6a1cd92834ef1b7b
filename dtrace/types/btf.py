"""BTF: a kernel's own types, read on demand.

Reading all types of a kernel takes half a second, so emu.btf makes only an index: where each record
starts, and the offset of its name.  The index can be kept (dtrace.types.btf_cache); everything else
is read when it is asked for.

A name is found without a dictionary: it is searched in the strings, and the offset found there in
the index's array of name offsets, both at memory speed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.types import model
from emu.btf import (
    ARRAY_PART,
    DEEPEST,
    ENUM64_PART,
    ENUM_PART,
    MEMBER,
    PARAM,
    QUALIFIERS,
    TYPE,
    U32,
    BtfData,
    BtfError,
    Index,
    Kind,
)

if TYPE_CHECKING:
    from mmap import mmap

    from emu.btf import Record

# Compilers' names of the integer types, and C's short ones.
_C_INTS = {
    "short int": "short",
    "short unsigned int": "unsigned short",
    "long int": "long",
    "long unsigned int": "unsigned long",
    "long long int": "long long",
    "long long unsigned int": "unsigned long long",
}
_LONGEST = 4096  # characters of a type's name that are believed
_INT_SIGNED = 1  # BTF_INT_SIGNED
_TAG_WORDS = {
    Kind.STRUCT: "struct ",
    Kind.UNION: "union ",
    Kind.ENUM: "enum ",
    Kind.ENUM64: "enum ",
}
_KINDS_OF = {
    "struct": (Kind.STRUCT,),
    "union": (Kind.UNION,),
    "enum": (Kind.ENUM, Kind.ENUM64),
    "": (Kind.TYPEDEF, Kind.INT, Kind.FLOAT),
}


class Btf(BtfData):
    """A BTF blob, such as /sys/kernel/btf/vmlinux.  BtfError where it is damaged."""

    def __init__(self, data: bytes | mmap, index: Index | None = None) -> None:
        """data: the blob, which must not change; index: what `.index` was for it before."""
        super().__init__(data, index)
        self._models: dict[int, model.Type] = {}

    # -- Looking up

    def struct_offset(self, struct: str, member: str) -> int:
        """Offset in bytes of `member` (dots allowed) of struct or union `struct`.

        Members of anonymous structs and unions count as the outer one's.  Raises BtfError.
        """
        at = self.find(struct, (Kind.STRUCT, Kind.UNION))
        if at is None:
            raise BtfError(f"this kernel has no struct {struct}")
        current, bits = at, 0
        for name in member.split("."):
            found = self.member(current, name)
            if found is None:
                raise BtfError(f"struct {struct} has no member {member} on this kernel")
            current, offset = self.stripped(found[0]), found[1]
            bits += offset
        return bits // 8

    def has_member(self, struct: str, member: str) -> bool:
        """Whether `struct` exists and has `member` (dots allowed)."""
        try:
            self.struct_offset(struct, member)
        except BtfError:
            return False
        return True

    def type(self, kind: str, name: str) -> model.Type | None:
        """The type of a C name: kind is "struct", "union", "enum", or "" for a typedef or a base
        type.  None where there is no such type."""
        id_ = self.find(name, _KINDS_OF[kind])
        return None if id_ is None else self._model(id_)

    def variable(self, name: str) -> model.Type | None:
        """The type of a variable of the kernel (per-CPU ones only are in BTF), or None."""
        id_ = self.find(name, (Kind.VAR,))
        return None if id_ is None else self._model(self.record(id_).size)

    def func_proto(self, name: str) -> model.Function | None:
        """The prototype of a function of the kernel, or None."""
        id_ = self.find(name, (Kind.FUNC,))
        if id_ is None:
            return None
        proto = self._model(self.record(id_).size)
        if not isinstance(proto, model.Function):
            raise BtfError(f"BTF is damaged: function {name} has no prototype")
        return proto

    def function_id(self, name: str) -> int:
        """The BTF id of a function, as attach_btf_id wants it.  Raises BtfError."""
        id_ = self.find(name, (Kind.FUNC,))
        if id_ is None:
            raise BtfError(f"BTF of this kernel has no function {name}")
        return id_

    def raw_event_args(self, event: str) -> tuple[str, ...]:
        """C types of the arguments of raw tracepoint `event`; BtfError where it is not there."""
        id_ = self.find(f"btf_trace_{event}", (Kind.TYPEDEF,))
        if id_ is None:
            raise BtfError(f"BTF of this kernel has no raw tracepoint {event}")
        pointer = self.record(self.stripped(id_))
        proto = self.record(self.stripped(pointer.size)) if pointer.kind == Kind.PTR else pointer
        if proto.kind != Kind.FUNC_PROTO:
            raise BtfError(f"BTF is damaged: btf_trace_{event} is not a function")
        params = list(self.parts(proto, PARAM))
        return tuple(self.c_name(type_) for _, type_ in params[1:])

    def c_name(self, id_: int, declarator: str = "", depth: int = 0) -> str:
        """A type as C writes it around `declarator`: "const char *", "int (*)(void *)"."""
        if id_ == Kind.VOID:
            return f"void {declarator}".rstrip()
        record = self.record(id_, depth)
        kind = record.kind
        if kind == Kind.TYPE_TAG:
            return self.c_name(record.size, declarator, depth + 1)
        if kind in QUALIFIERS:
            word = QUALIFIERS[kind]
            if self.kind(record.size) == Kind.PTR:  # `char *const p`
                return self.c_name(record.size, f"{word} {declarator}".rstrip(), depth + 1)
            return f"{word} {self.c_name(record.size, declarator, depth + 1)}"
        if kind == Kind.PTR:
            around = self.kind(self._untagged(record.size)) in (Kind.ARRAY, Kind.FUNC_PROTO)
            star = f"(*{declarator})" if around else f"*{declarator}"
            return self.c_name(record.size, star, depth + 1)
        if kind == Kind.ARRAY:
            element, _, count = self.unpack(ARRAY_PART, record.at + TYPE.size)
            return self.c_name(element, f"{declarator}[{count}]", depth + 1)
        if kind == Kind.FUNC_PROTO:
            types = [type_ for _, type_ in self.parts(record, PARAM)]
            params = ", ".join(self.c_name(t, "", depth + 1) if t else "..." for t in types)
            if len(params) > _LONGEST:
                raise BtfError(f"BTF is damaged: type {id_} has no end")
            return self.c_name(record.size, f"{declarator}({params or 'void'})", depth + 1)
        return f"{self._tag_word(record)}{self._c_base_name(record)} {declarator}".rstrip()

    # -- Types as dtrace.types.model has them

    def _model(self, id_: int, depth: int = 0) -> model.Type:
        # Structs end the recursion: their members are read when someone looks.
        known = self._models.get(id_)
        if known is None:
            known = self._models[id_] = self._convert(id_, depth)
        return known

    def _convert(self, id_: int, depth: int) -> model.Type:
        if id_ == Kind.VOID:
            return model.Void()
        record = self.record(id_, depth)
        name, deeper = self._c_base_name(record), depth + 1
        match record.kind:
            case Kind.INT:
                (encoding,) = self.unpack(U32, record.at + TYPE.size)
                signed = bool(encoding >> 24 & _INT_SIGNED)
                return model.Int(name, record.size, signed, int("long long" in name))
            case Kind.FLOAT:
                return model.Float(name, record.size)
            case Kind.PTR:
                user = self._has_user_tag(record.size)
                return model.Pointer(self._model(record.size, deeper), user)
            case Kind.ARRAY:
                element, _, count = self.unpack(ARRAY_PART, record.at + TYPE.size)
                return model.Array(self._model(element, deeper), count)
            case Kind.STRUCT:
                return BtfStruct(self, id_, "struct", name, record.size)
            case Kind.UNION:
                return BtfStruct(self, id_, "union", name, record.size)
            case Kind.FWD:
                return model.Struct("union" if record.flag else "struct", name)
            case Kind.ENUM | Kind.ENUM64:
                values, signed = self._enumerators(record)
                return model.Enum(name, values, record.size, signed)
            case Kind.TYPEDEF:
                return model.Typedef(name, self._model(record.size, deeper))
            case kind if kind in QUALIFIERS:
                return model.Qualified((QUALIFIERS[kind],), self._model(record.size, deeper))
            case Kind.TYPE_TAG:
                return self._model(record.size, deeper)
            case Kind.FUNC_PROTO:
                types = [type_ for _, type_ in self.parts(record, PARAM)]
                varargs = bool(types) and types[-1] == Kind.VOID
                params = tuple(self._model(t, deeper) for t in types[: len(types) - varargs])
                return model.Function(self._model(record.size, deeper), params, varargs)
        raise BtfError(f"BTF is damaged: offset {record.at} is not a type, kind {record.kind}")

    def _enumerators(self, record: Record) -> tuple[dict[str, int], bool]:
        # kind_flag says "signed" since 6089fb325cf7 ("bpf: Add btf enum64 support") (in v6.0); a
        # negative value says so on every kernel.
        if record.kind == Kind.ENUM64:
            signed = record.flag
            wrap = 1 << 64 if signed else 0
            values = {
                self.string(name): (value := high << 32 | low) - (wrap if value >> 63 else 0)
                for name, low, high in self.parts(record, ENUM64_PART)
            }
            return values, signed
        values = {self.string(name): value for name, value in self.parts(record, ENUM_PART)}
        return values, record.flag or any(value < 0 for value in values.values())

    def members(self, id_: int) -> dict[str, model.StructMember]:
        """The members of a struct or union, by name; anonymous ones as "<0>", "<1>"."""
        record = self.record(id_)
        found = {}
        for number, (name, type_, position) in enumerate(self.parts(record, MEMBER)):
            bits = position >> 24 if record.flag else 0
            start = position & 0xFFFFFF if record.flag else position
            text = self.string(name)
            member = model.StructMember(text, self._model(type_), start // 8, bits, start)
            found[text or f"<{number}>"] = member
        return found

    def _c_base_name(self, record: Record) -> str:
        name = self.string(record.name)
        return _C_INTS.get(name, name) if record.kind == Kind.INT else name

    def _tag_word(self, record: Record) -> str:
        if record.kind == Kind.FWD:
            return "union " if record.flag else "struct "
        return _TAG_WORDS.get(record.kind, "")

    def _untagged(self, id_: int) -> int:
        for _ in range(DEEPEST):
            if self.kind(id_) != Kind.TYPE_TAG:
                return id_
            id_ = self.record(id_).size
        raise BtfError(f"BTF is damaged: type {id_} refers to itself")

    def _has_user_tag(self, id_: int) -> bool:
        # 7472d5a642c9 ("compiler_types: define __user as ...btf_type_tag") (in v5.17)
        for _ in range(DEEPEST):
            if self.kind(id_) != Kind.TYPE_TAG:
                return False
            record = self.record(id_)
            if self.string(record.name) == "user":
                return True
            id_ = record.size
        return False


class BtfStruct(model.Struct):
    """A struct or union whose members are read when they are first asked for."""

    __slots__ = ("_align", "_btf", "_id", "_members")

    def __init__(self, btf: Btf, id_: int, kind: str, tag: str, size: int) -> None:
        self._btf = btf
        self._id = id_
        self._members: dict[str, model.StructMember] | None = None
        self._align = 0  # not known yet
        self.kind = kind
        self.tag = tag
        self.size = size
        self.complete = True

    def __repr__(self) -> str:
        # Without the members: through pointers, a kernel's structs lead to one another.
        return f"BtfStruct({self.kind} {self.tag}, {self.size} bytes)"

    @property
    def members(self) -> dict[str, model.StructMember]:  # type: ignore[override]
        if self._members is None:
            self._members = self._btf.members(self._id)
        return self._members

    @property
    def align(self) -> int:  # type: ignore[override]
        """That of the most aligned member; 1 where a member's place shows that it is packed."""
        if self._align == 0:
            self._align = 1  # a damaged struct may hold itself
            aligns = {member.name: _alignment(member.type) for member in self.members.values()}
            packed = any(
                not member.bits and member.offset % aligns[member.name]
                for member in self.members.values()
            )
            best = max(aligns.values(), default=1)
            self._align = 1 if packed or self.size % best else best
        return self._align


def _alignment(type_: model.Type) -> int:
    type_ = model.resolve(type_)
    if isinstance(type_, model.Array):
        return _alignment(type_.elem)
    if isinstance(type_, model.Struct):
        return type_.align
    return type_.size or 1
