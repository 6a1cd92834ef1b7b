"""The emulated kernel's types: what BTF would say of the structs that its world fills in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.types.builtin import BASE_TYPES, TYPEDEFS
from dtrace.types.model import Array, Pointer, Struct, StructMember, Type, Typedef
from emu.world.structs import IDS, SIZES, STRUCTS, TYPES

if TYPE_CHECKING:
    from emu.world.structs import Member

# Internet addresses: include/uapi/linux/in.h, in6.h.  The members of in6_u are views of the same
# bytes.
_IN_ADDR = ("s_addr", "uint32_t")
_IN6_ADDR = (("u6_addr8", "uint8_t"), ("u6_addr16", "uint16_t"), ("u6_addr32", "uint32_t"))
_IN6_ADDR_SIZE = 16
WORD = 8  # bytes: the structs' alignment
# Typedefs that programs and the parameters of system calls use, and what they name:
# include/linux/types.h, include/linux/ktime.h, include/uapi.  fd_set and siginfo_t are never looked
# into.
_TYPEDEFS = {
    "bool": "_Bool",
    "u8": "uint8_t",
    "u16": "uint16_t",
    "u32": "uint32_t",
    "u64": "uint64_t",
    "s8": "int8_t",
    "s16": "int16_t",
    "s32": "int32_t",
    "s64": "int64_t",
    "__u8": "uint8_t",
    "__u16": "uint16_t",
    "__u32": "uint32_t",
    "__u64": "uint64_t",
    "__s8": "int8_t",
    "__s16": "int16_t",
    "__s32": "int32_t",
    "__s64": "int64_t",
    **dict.fromkeys(("__be16", "__le16"), "uint16_t"),
    **dict.fromkeys(("__be32", "__le32"), "uint32_t"),
    **dict.fromkeys(("__be64", "__le64"), "uint64_t"),
    "ushort": "unsigned short",
    "uint": "unsigned int",
    "ulong": "unsigned long",
    "blkcnt_t": "uint64_t",
    "fmode_t": "unsigned int",
    "gfp_t": "unsigned int",
    "ino_t": "unsigned long",
    "ktime_t": "int64_t",
    "sector_t": "uint64_t",
    "umode_t": "unsigned short",
    "clockid_t": "int",
    "timer_t": "int",
    "mqd_t": "int",
    "key_t": "int",
    "key_serial_t": "int",
    "qid_t": "unsigned int",
    "rwf_t": "int",
    "aio_context_t": "unsigned long",
    "__kernel_old_time_t": "long",
    "cap_user_header_t": "struct __user_cap_header_struct *",
    "cap_user_data_t": "struct __user_cap_data_struct *",
    "sigset_t": "unsigned long",  # a struct of one array of one word
    "fd_set": "struct __kernel_fd_set",
    "siginfo_t": "struct siginfo",
    "stack_t": "struct sigaltstack",
}


class EmulatedTypes:
    """The types of every emulated kernel.  Implements dtrace.types.scope.KernelTypes."""

    def __init__(self) -> None:
        self._structs: dict[str, Struct] = {}

    def c_type(self, kind: str, name: str) -> Type | None:
        """The type of a C name: a struct of the world, or a typedef in one or in the parameters of
        a system call; else None."""
        if kind == "struct" and name in STRUCTS:
            return self._structs.get(name) or self._struct(name, STRUCTS[name], SIZES[name])
        if kind == "struct" and name in _ADDRESSES:
            return _ADDRESSES[name]()
        if kind == "" and name in IDS:
            value = TYPEDEFS[IDS[name]]
            struct = Struct("struct", "", value.size, value.size, complete=True)
            struct.members["val"] = StructMember("val", value, 0)
            return Typedef(name, struct)
        if kind == "" and name in _TYPEDEFS:
            return Typedef(name, self._member_type(_TYPEDEFS[name]))
        return None

    def _struct(self, tag: str, members: dict[str, Member], size: int) -> Struct:
        # Entered before its members are made, since a task's parent is a task.
        struct = self._structs[tag] = Struct("struct", tag, size, WORD, complete=True)
        inner: dict[str, dict[str, Member]] = {}  # members of the structs within, by their names
        for name, member in members.items():
            outer, dot, rest = name.partition(".")
            if dot:
                inner.setdefault(outer, {})[rest] = member
                continue
            t = self._member_type(TYPES[tag][name])
            if t.size < member.size:
                t = Array(t, member.size // t.size)
            struct.members[name] = StructMember(name, t, member.offset)
        for name, within in inner.items():
            start = min(member.offset for member in within.values())
            end = max(member.offset + member.size for member in within.values())
            moved = {n: m._replace(offset=m.offset - start) for n, m in within.items()}
            nested = self._struct(name, moved, end - start)
            struct.members[name] = StructMember(name, nested, start)
        return struct

    def _member_type(self, text: str) -> Type:
        if text.endswith(" *"):
            return Pointer(self._member_type(text.removesuffix(" *")))
        if text.startswith("struct "):
            tag = text.removeprefix("struct ")
            return self.c_type("struct", tag) or Struct("struct", tag)
        t = BASE_TYPES.get(text) or TYPEDEFS.get(text) or self.c_type("", text)
        assert t is not None, text
        return t


def _in_addr() -> Struct:
    name, value = _IN_ADDR[0], TYPEDEFS[_IN_ADDR[1]]
    struct = Struct("struct", "in_addr", value.size, value.size, complete=True)
    struct.members[name] = StructMember(name, value, 0)
    return struct


def _in6_addr() -> Struct:
    views = Struct("union", "", _IN6_ADDR_SIZE, 4, complete=True)
    for name, element in _IN6_ADDR:
        array = Array(TYPEDEFS[element], _IN6_ADDR_SIZE // TYPEDEFS[element].size)
        views.members[name] = StructMember(name, array, 0)
    struct = Struct("struct", "in6_addr", _IN6_ADDR_SIZE, 4, complete=True)
    struct.members["in6_u"] = StructMember("in6_u", views, 0)
    return struct


_ADDRESSES = {"in_addr": _in_addr, "in6_addr": _in6_addr}
