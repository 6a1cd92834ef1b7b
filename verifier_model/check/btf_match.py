"""Whether a pointer to one kernel structure will do for one to another.

Source: btf_struct_ids_match() and btf_struct_walk(), kernel/bpf/btf.c;
__btf_type_is_scalar_struct(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.btf import ARRAY_PART, MEMBER, TYPE, Kind
from verifier_model.verdict import Unmodelled

if TYPE_CHECKING:
    from emu.btf import BtfData
    from verifier_model.env import Env

_STRUCTS = (Kind.STRUCT, Kind.UNION)
_NUMBERS = (Kind.INT, Kind.ENUM, Kind.ENUM64)
_DEEPEST = 3  # structures in structures
# What is known without the kernel's BTF: kernel/bpf/cpumask.c.
_BEGINS_WITH = {"bpf_cpumask": "cpumask"}
# Structures of the kernel, and as what programs see them: btf_is_projection_of().
SEEN_AS = {"sk_buff": "__sk_buff", "xdp_buff": "xdp_md"}


def is_of(env: Env, given: str, off: int, struct: str, *, strict: bool = False) -> bool:
    """Whether the structure `struct` is at `off` of the structure `given`; strict: is all of it."""
    if strict or (given == struct and not off):
        return given == struct and not off
    if not off and _BEGINS_WITH.get(given) == struct:
        return True
    seen_as = SEEN_AS.get(given) == struct  # though what is in it is looked at, and told
    if env.btf is None:
        raise Unmodelled(f"struct {struct} in struct {given}", env.insn_idx)
    found = env.btf.find(given, _STRUCTS)
    while found is not None:
        if not off and env.btf.name(found) == struct:
            return True
        found, off = _member_at(env, env.btf, found, off)
    return seen_as


def is_scalar(env: Env, struct: str) -> bool:
    """Whether that structure of the kernel holds nothing but numbers."""
    if env.btf is None:
        return False
    found = env.btf.find(struct, _STRUCTS)
    return found is not None and is_scalar_struct(env, env.btf, found)


def is_scalar_struct(env: Env, btf: BtfData, type_: int, depth: int = 0) -> bool:
    """Whether it is made of numbers, also in structures: __btf_type_is_scalar_struct()."""
    record = btf.record(type_)
    for _, member, _ in btf.parts(record, MEMBER):
        inner = btf.stripped(member)
        kind = btf.kind(inner)
        if kind in _STRUCTS:
            if depth >= _DEEPEST:
                env.log.add("max struct nesting depth exceeded")
                return False
            if not is_scalar_struct(env, btf, inner, depth + 1):
                return False
            continue
        if kind == Kind.ARRAY:
            element, _, count = btf.unpack(ARRAY_PART, btf.record(inner).at + TYPE.size)
            kind = btf.kind(btf.stripped(element)) if count else Kind.VOID
        if kind not in _NUMBERS:
            return False
    return True


def _member_at(env: Env, btf: BtfData, type_: int, off: int) -> tuple[int | None, int]:
    """The structure that is a member at the offset, and where in it that is."""
    record = btf.record(type_)
    for name, member, position in btf.parts(record, MEMBER):
        start = (position & 0xFFFFFF if record.flag else position) // 8
        inner = btf.stripped(member)
        if not start <= off < start + btf.size_of(inner):
            continue
        if btf.kind(inner) in _STRUCTS:
            return inner, off - start
        if btf.kind(inner) == Kind.PTR:
            where = f"in struct {btf.name(type_) or '(anon)'} with off {off} size 1"
            told = f"cannot access ptr member {btf.string(name)} with moff {start}"
            env.log.add(f"{told} {where}")
        break
    return None, 0
