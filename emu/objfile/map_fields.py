"""What BTF says of values and objects: locks, timers, kernel pointers, lists, and where they are.

Source: btf_find_field() and, since 6.2, btf_parse_fields(), kernel/bpf/btf.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.btf import ARRAY_PART, MEMBER, SECINFO, TYPE, U32, Kind
from emu.prog import MapField

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.btf import BtfData

# The structures, and what sizes they have had: one of another size is the program's own.
_NAMED = {
    "bpf_spin_lock": (4,),
    "bpf_res_spin_lock": (4,),
    "bpf_timer": (16,),
    "bpf_wq": (16,),
    "bpf_task_work": (8,),
    "bpf_list_head": (16,),
    "bpf_list_node": (16, 24),
    "bpf_rb_root": (16,),
    "bpf_rb_node": (24, 32),
    "bpf_refcount": (4,),
}
_NODES = {"bpf_list_head": "bpf_list_node", "bpf_rb_root": "bpf_rb_node"}
ROOTS = ("bpf_list_head", "bpf_rb_root")
_TAGS = ("kptr", "kptr_ref", "kptr_untrusted", "percpu_kptr", "uptr")
_POINTER = 8  # bytes
_MOST = 11  # fields: BTF_FIELDS_MAX
_CONTAINS = "contains:"


class _Member(NamedTuple):
    """A member of a structure, or a variable of a section."""

    type: int
    off: int  # bytes
    owner: int  # the structure, or the variable
    number: int  # the member's, as declaration tags have it; -1 of a variable


def read(btf: BtfData, value_type: int) -> tuple[MapField, ...]:
    """The fields that a struct, or a section of variables, has; none where one of them is wrong.

    Raises BtfError for BTF that is damaged, ObjectError where it is an object's.
    """
    found = sorted(_fields(btf, value_type), key=lambda field: field.off)
    if len(found) > _MOST or any(f.kind in ROOTS and not f.target_id for f in found):
        return ()
    return tuple(found)


def _fields(btf: BtfData, value_type: int) -> Iterator[MapField]:
    for member in _members(btf, value_type):
        type_, count = _element(btf, member.type)
        kind = btf.kind(type_)
        if kind == Kind.STRUCT:
            found = _of_struct(btf, member, type_)
        elif kind == Kind.PTR:
            found = _pointers(btf, type_, member.off)
        else:
            continue
        size = btf.size_of(type_) if found else 0
        for i in range(count):
            for field in found:
                inner = field.inner or count > 1
                yield field._replace(off=field.off + i * size, inner=inner)


def _of_struct(btf: BtfData, member: _Member, type_: int) -> list[MapField]:
    """What the kernel keeps for itself of a member that is a structure."""
    name = btf.name(type_)
    if name not in _NAMED:
        nested = (field for field in _fields(btf, type_))
        return [field._replace(off=member.off + field.off, inner=True) for field in nested]
    field = MapField(name, member.off, btf.size_of(type_))
    if field.size not in _NAMED[name]:
        return []
    if name in ROOTS:
        target, _, node = _contents(btf, member).partition(":")
        struct = btf.find(target, (Kind.STRUCT,))
        at = btf.member(struct, node) if struct is not None else None
        if struct is not None and at and btf.name(btf.stripped(at[0])) == _NODES[name]:
            field = field._replace(target=target, target_id=struct, node_off=at[1] // 8)
    return [field]


def _contents(btf: BtfData, member: _Member) -> str:
    """What a declaration tag says that a list or tree holds: "struct:node"."""
    for id_ in range(1, len(btf.index.offsets) + 1):
        record = btf.record(id_)
        if record.kind != Kind.DECL_TAG or record.size != member.owner:
            continue
        (number,) = btf.unpack(U32, record.at + TYPE.size)
        text = btf.string(record.name)
        if number == member.number & 0xFFFFFFFF and text.startswith(_CONTAINS):
            return text.removeprefix(_CONTAINS)
    return ""


def _element(btf: BtfData, type_: int) -> tuple[int, int]:
    """The innermost element of an array of arrays, and how many there are; else the type, and 1."""
    count = 1
    type_ = btf.stripped(type_)
    while btf.kind(type_) == Kind.ARRAY:
        element, _, number = btf.unpack(ARRAY_PART, btf.record(type_).at + TYPE.size)
        type_, count = btf.stripped(element), count * number
    return type_, count


def _members(btf: BtfData, value_type: int) -> Iterator[_Member]:
    """What the value is made of."""
    if not btf.kind(value_type):
        return
    struct = btf.stripped(value_type)
    record = btf.record(struct)
    if record.kind == Kind.STRUCT:
        for i, (_, type_, bits) in enumerate(btf.parts(record, MEMBER)):
            yield _Member(type_, (bits & 0xFFFFFF if record.flag else bits) // 8, struct, i)
    elif record.kind == Kind.DATASEC:
        for variable, off, _ in btf.parts(record, SECINFO):
            if btf.kind(variable) != Kind.VAR:
                raise btf.wrong(f"type {variable} of a section is no variable", record.at)
            yield _Member(btf.record(variable).size, off, variable, -1)


def _pointers(btf: BtfData, pointer: int, off: int) -> list[MapField]:
    """A pointer whose tag says that it is one to a kernel structure, or to an object."""
    to = btf.record(pointer).size
    if btf.kind(to) != Kind.TYPE_TAG or btf.name(to) not in _TAGS:
        return []
    target = btf.stripped(to)
    return [MapField(btf.name(to), off, _POINTER, btf.name(target), target)]
