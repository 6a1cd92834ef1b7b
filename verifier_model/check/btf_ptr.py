"""Loads through pointers to kernel structures, whose layout the kernel's BTF tells.

RegState.mem_size of such a pointer numbers its structure: numbers() and structure().
Source: check_ptr_to_btf_access() and mark_btf_ld_reg(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.btf import Kind
from emu.kernel.errno import EACCES, EINVAL
from emu.kernel.traits import Trait
from verifier_model.check import btf_walk
from verifier_model.reg import (
    BTF_STRUCTS,
    PERCPU_BTF_ID,
    PTR_TO_BTF_ID,
    RCU_BTF_ID,
    TRUSTED_BTF_ID,
    UNTRUSTED_BTF_ID,
    UNTRUSTED_MEM,
    USER_BTF_ID,
    RegType,
    pointer,
    struct_name,
)
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.btf import BtfData
    from emu.kernel.profile import Kernel
    from verifier_model.check.btf_walk import Found
    from verifier_model.env import Env
    from verifier_model.reg import RegState

# The releases whose rules these are: two series, and all since.
_SERIES, _OLDEST = ("5.10", "6.1"), "6.12"
_TAGGED = {"user": USER_BTF_ID, "percpu": PERCPU_BTF_ID, "rcu": RCU_BTF_ID, "": PTR_TO_BTF_ID}


def is_modelled(kernel: Kernel) -> bool:
    """Whether this release's rules for kernel structures are known here."""
    return kernel.version.series in _SERIES or kernel.at_least(_OLDEST)


def to_struct(env: Env, kind: RegType, name: str, *, maybe_null: bool = False) -> RegState:
    """A pointer to the structure of that name."""
    value = pointer(kind)
    value.mem_size = number(name)
    if maybe_null:
        value.maybe_null = True
        value.id = env.new_id()
    return value


def to_type(
    env: Env, btf: BtfData, kind: RegType, struct: int, *, maybe_null: bool = False
) -> RegState:
    """A pointer to the structure that is this type of the kernel's BTF."""
    name = btf.name(struct)
    if not name or btf.find(name, (btf.kind(struct),)) != struct:
        name = f"{name}#{struct}"
    return to_struct(env, kind, name, maybe_null=maybe_null)


def number(name: str) -> int:
    """The number of a structure, as BTF_STRUCTS has its name; a register can hold it."""
    if name not in BTF_STRUCTS:
        BTF_STRUCTS.append(name)
    return BTF_STRUCTS.index(name)


def load(env: Env, reg: RegState, regno: int, off: int, size: int) -> RegState:
    """What a load of `size` bytes at `off` of the structure gives."""
    name = struct_name(reg.mem_size)
    btf = env.btf
    if btf is None or not is_modelled(env.kernel):
        raise Unmodelled(f"a load through a pointer to struct {name}", env.insn_idx)
    kernel = env.kernel
    by_trust = kernel.has(Trait.BTF_WALK_TRUSTED)
    if by_trust and not env.gpl:
        text = f"Cannot access kernel 'struct {name}' from non-GPL compatible program"
        raise Reject(text, EINVAL)
    _check_offset(env, reg, regno, name, off)
    off += reg.off + reg.smin
    if reg.type in (USER_BTF_ID, PERCPU_BTF_ID):
        memory = "user" if reg.type is USER_BTF_ID else "percpu"
        raise Reject(f"R{regno} is ptr_{name} access {memory} memory: off={off}", EACCES)
    id_ = BTF_STRUCTS[reg.mem_size].partition("#")[2]
    struct = int(id_) if id_ else btf.find(name, (Kind.STRUCT, Kind.UNION))
    if struct is None:
        raise Unmodelled(f"struct {name}, which the BTF does not have", env.insn_idx)
    numbers = kernel.has(Trait.BTF_FLEXIBLE_NUMBERS)
    walk = btf_walk.Walk(btf, off, size, flexible_numbers=numbers, from_unions=by_trust)
    found = walk.find(struct)
    if not found.pointer:
        return env.unknown()
    if not found.struct:
        leaf = kernel.has(Trait.BTF_LEAVES_UNTRUSTED)
        return pointer(UNTRUSTED_MEM) if leaf else env.unknown()
    return _pointer(env, btf, reg, struct, found)


def _check_offset(env: Env, reg: RegState, regno: int, name: str, off: int) -> None:
    if not reg.is_const():
        raise Reject(
            f"R{regno} is ptr_{name} invalid variable offset: off={off}, var_off={reg.var_off}",
            EACCES,
        )
    if off + reg.off + reg.smin < 0:
        text = f"R{regno} is ptr_{name} invalid negative access: off={off + reg.off + reg.smin}"
        raise Reject(text, EACCES)


def _pointer(env: Env, btf: BtfData, reg: RegState, struct: int, found: Found) -> RegState:
    """A pointer that was loaded, and how far it can be trusted."""
    if env.kernel.has(Trait.BTF_WALK_TRUSTED):
        kind, maybe_null = _trust(btf, reg, struct, found)
    else:
        tagged = env.kernel.has(Trait.BTF_TAGS) and found.tag in ("user", "percpu")
        kind, maybe_null = _TAGGED[found.tag if tagged else ""], False
        if reg.type is UNTRUSTED_BTF_ID:
            kind = UNTRUSTED_BTF_ID
    return to_type(env, btf, kind, found.struct, maybe_null=maybe_null)


def _trust(btf: BtfData, reg: RegState, struct: int, found: Found) -> tuple[RegType, bool]:
    """The kind of a pointer that was loaded by a program that cannot sleep; if it may be null."""
    if reg.type is UNTRUSTED_BTF_ID:
        return UNTRUSTED_BTF_ID, False
    plain = UNTRUSTED_BTF_ID if found.in_union else PTR_TO_BTF_ID
    if reg.type not in (TRUSTED_BTF_ID, RCU_BTF_ID):
        kind = _TAGGED[found.tag]
        return (plain if kind in (PTR_TO_BTF_ID, RCU_BTF_ID) else kind), False

    def listed(suffix: str) -> bool:
        return btf_walk.is_trusted(btf, struct, found, suffix)

    if listed("__safe_trusted"):
        return TRUSTED_BTF_ID, False
    if listed("__safe_trusted_or_null"):
        return TRUSTED_BTF_ID, True
    if listed("__safe_rcu"):
        return RCU_BTF_ID, False
    if found.tag == "rcu" or listed("__safe_rcu_or_null"):
        return RCU_BTF_ID, True
    if found.tag:
        return _TAGGED[found.tag], False
    return plain, False
