"""What a map's BTF says of its values: locks, timers and kernel pointers, and where they are.

Source: btf_find_field() and, since 6.2, btf_parse_fields(), kernel/bpf/btf.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.btf import MEMBER, SECINFO, Kind
from emu.prog import MapField

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.btf import BtfData

_NAMED = (
    "bpf_spin_lock",
    "bpf_res_spin_lock",
    "bpf_timer",
    "bpf_wq",
    "bpf_task_work",
    "bpf_list_head",
    "bpf_list_node",
    "bpf_rb_root",
    "bpf_rb_node",
    "bpf_refcount",
)
_TAGS = ("kptr", "kptr_ref", "kptr_untrusted", "percpu_kptr", "uptr")
_POINTER = 8  # bytes


def read(btf: BtfData, value_type: int) -> tuple[MapField, ...]:
    """The fields that a struct, or a section of variables, has among its direct members.

    Raises BtfError for BTF that is damaged, ObjectError where it is an object's.
    """
    return tuple(sorted(_fields(btf, value_type), key=lambda field: field.off))


def _fields(btf: BtfData, value_type: int) -> Iterator[MapField]:
    for type_, off in _members(btf, value_type):
        kind = btf.kind(btf.stripped(type_))
        if kind == Kind.STRUCT:
            name = btf.name(btf.stripped(type_))
            if name in _NAMED:
                yield MapField(name, off, btf.size_of(type_))
        elif kind == Kind.PTR:
            tag, target = _tag(btf, btf.stripped(type_))
            if tag in _TAGS:
                yield MapField(tag, off, _POINTER, target)


def _members(btf: BtfData, value_type: int) -> Iterator[tuple[int, int]]:
    """(type, offset in bytes) of what the value is made of."""
    if not btf.kind(value_type):
        return
    record = btf.record(btf.stripped(value_type))
    if record.kind == Kind.STRUCT:
        for _, type_, bits in btf.parts(record, MEMBER):
            yield type_, (bits & 0xFFFFFF if record.flag else bits) // 8
    elif record.kind == Kind.DATASEC:
        for variable, off, _ in btf.parts(record, SECINFO):
            if btf.kind(variable) != Kind.VAR:
                raise btf.wrong(f"type {variable} of a section is no variable", record.at)
            yield btf.record(variable).size, off


def _tag(btf: BtfData, pointer: int) -> tuple[str, str]:
    """The tag of what a pointer points to, and the name of the structure."""
    to = btf.record(pointer).size
    if btf.kind(to) != Kind.TYPE_TAG:
        return "", ""
    return btf.name(to), btf.name(btf.stripped(to))
