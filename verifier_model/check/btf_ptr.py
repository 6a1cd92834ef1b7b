"""Loads through pointers to kernel structures, whose layout the kernel's BTF tells.

RegState.mem_size of such a pointer numbers its structure: numbers() and structure().
Source: check_ptr_to_btf_access() and mark_btf_ld_reg(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from emu.btf import Kind
from emu.kernel.errno import EACCES, EINVAL
from emu.kernel.traits import Trait
from verifier_model.check import btf_walk, sleeping
from verifier_model.domain import tnum
from verifier_model.domain.word import U64, s64
from verifier_model.reg import (
    BTF_STRUCTS,
    PERCPU_BTF_ID,
    PERCPU_RCU_BTF_ID,
    PTR_TO_BTF_ID,
    RCU_BTF_ID,
    TRUSTED_BTF_ID,
    UNTRUSTED_BTF_ID,
    UNTRUSTED_MEM,
    USER_BTF_ID,
    RegType,
    local_type,
    pointer,
    struct_name,
)
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.btf import BtfData
    from verifier_model.check.btf_walk import Found
    from verifier_model.env import Env
    from verifier_model.reg import RegState

_TAGGED = {"user": USER_BTF_ID, "percpu": PERCPU_BTF_ID}


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
    """A pointer to the structure, or another variable, that is this type of the kernel's BTF."""
    name = btf.name(struct)
    if not name or btf.find(name, (Kind.STRUCT, Kind.UNION)) != struct:
        name = f"{name}#{struct}"
    return to_struct(env, kind, name, maybe_null=maybe_null)


def local(env: Env, struct: int) -> int:
    """The number of a structure that is this type of the program's BTF."""
    assert env.prog.btf is not None  # it has the type
    return number(f"{env.prog.btf.name(struct)}#@{struct}")


def number(name: str) -> int:
    """The number of a structure, as BTF_STRUCTS has its name; a register can hold it."""
    if name not in BTF_STRUCTS:
        BTF_STRUCTS.append(name)
    return BTF_STRUCTS.index(name)


def load(env: Env, reg: RegState, regno: int, off: int, size: int) -> RegState:
    """What a load of `size` bytes at `off` of the structure gives."""
    btf, kernel = env.btf, env.kernel
    struct, off, found = find(env, reg, regno, off, size)
    assert btf is not None  # find() looked there
    if not found.pointer:
        return env.unknown()
    if not found.struct:
        leaf = kernel.has(Trait.BTF_LEAVES_UNTRUSTED)
        return pointer(UNTRUSTED_MEM) if leaf else env.unknown()
    if not kernel.has(Trait.BTF_QUALIFIED) and not found.is_plain:
        raise Unmodelled("a pointer to a qualified structure", env.insn_idx)
    return _pointer(env, btf, reg, struct, off, found)


def find(env: Env, reg: RegState, regno: int, off: int, size: int) -> tuple[int, int, Found]:
    """The structure's type, where in it the access is, and what it reads."""
    name, btf = struct_name(reg.mem_size), env.btf
    if btf is None or local_type(reg.mem_size):
        raise Unmodelled(f"a load through a pointer to struct {name}", env.insn_idx)
    off = checked_offset(env, reg, regno, off)
    id_ = BTF_STRUCTS[reg.mem_size].partition("#")[2]
    struct = int(id_) if id_ else btf.find(name, (Kind.STRUCT, Kind.UNION))
    if struct is None:
        raise Unmodelled(f"struct {name}, which the BTF does not have", env.insn_idx)
    return struct, off, btf_walk.Walk(btf, env.kernel, off, size).find(struct)


def loaded(env: Env, btf: BtfData, found: Found) -> RegState:
    """A pointer that was loaded from a map's structure, of which nobody knows how it is kept."""
    if not found.struct:
        leaf = env.kernel.has(Trait.BTF_LEAVES_UNTRUSTED)
        return pointer(UNTRUSTED_MEM) if leaf else env.unknown()
    if found.tag == "rcu":
        _check_single(env, "", found.in_union)
        return to_type(env, btf, RCU_BTF_ID, found.struct)
    return to_type(env, btf, _untrusted(env, found.tag, found.in_union), found.struct)


def store(env: Env, reg: RegState, regno: int, off: int) -> NoReturn:
    """Kernel structures are for reading; what else is wrong with the access is said before."""
    if not env.kernel.has(Trait.BTF_WRITES_REFUSED_FIRST):
        checked_offset(env, reg, regno, off)
    raise Reject("only read is supported", EACCES)


def checked_offset(env: Env, reg: RegState, regno: int, off: int) -> int:
    """Where in the structure the access is, if it may be one at all."""
    name, kernel = struct_name(reg.mem_size), env.kernel
    if kernel.has(Trait.BTF_FOR_GPL) and not env.gpl and not local_type(reg.mem_size):
        text = f"Cannot access kernel 'struct {name}' from non-GPL compatible program"
        raise Reject(text, EINVAL)
    if env.rules.POINTER_CONST_IN_BITS:
        _check_variable(env, reg, regno, name, off)
        off = s64(off + reg.var_off.value & U64)
        _check_negative(regno, name, off)
    else:
        off += reg.off
        _check_negative(regno, name, off)
        _check_variable(env, reg, regno, name, off)
    if reg.type in (USER_BTF_ID, PERCPU_BTF_ID, PERCPU_RCU_BTF_ID):
        memory = "user" if reg.type is USER_BTF_ID else "percpu"
        raise Reject(f"R{regno} is ptr_{name} access {memory} memory: off={off}", EACCES)
    return off


def _check_variable(env: Env, reg: RegState, regno: int, name: str, off: int) -> None:
    """An offset is known; what is in its bits, and not apart, counts as unknown before 7.1."""
    if reg.is_const() and (env.rules.POINTER_CONST_IN_BITS or not reg.var_off.value):
        return
    bits = tnum.shown(reg.var_off) if env.rules.TEXT_CONST_BITS else str(reg.var_off)
    text = f"R{regno} is ptr_{name} invalid variable offset: off={off}, var_off={bits}"
    raise Reject(text, EACCES)


def _check_negative(regno: int, name: str, off: int) -> None:
    if off < 0:
        raise Reject(f"R{regno} is ptr_{name} invalid negative access: off={off}", EACCES)


def _pointer(
    env: Env, btf: BtfData, reg: RegState, struct: int, off: int, found: Found
) -> RegState:
    """A pointer that was loaded, and how far it can be trusted."""
    kernel = env.kernel
    if kernel.has(Trait.BTF_WALK_TRUSTED):
        kind, maybe_null = _trust(env, btf, reg, struct, found)
        value = to_type(env, btf, kind, found.struct)
        if maybe_null:
            value.maybe_null = True
            value.id = env.new_id() if kernel.has(Trait.BTF_NULL_HAS_ID) else 0
        return value
    tagged = kernel.has(Trait.BTF_TAGS) and found.tag in _TAGGED
    kind = _TAGGED[found.tag] if tagged else PTR_TO_BTF_ID
    if reg.type is UNTRUSTED_BTF_ID:
        _check_single(env, found.tag if tagged else "", False)
        kind = UNTRUSTED_BTF_ID
    lists = kernel.has(Trait.BTF_SAFE_FIELDS) and reg.type is TRUSTED_BTF_ID
    if lists and btf_walk.is_safe_field(btf, struct, off):
        kind = TRUSTED_BTF_ID
    return to_type(env, btf, kind, found.struct)


def _trust(
    env: Env, btf: BtfData, reg: RegState, struct: int, found: Found
) -> tuple[RegType, bool]:
    """The kind of a pointer that was loaded; if it may be null.

    Raises Unmodelled for one that has two kinds, as a tagged one in a union.
    """
    if reg.type is UNTRUSTED_BTF_ID:
        return UNTRUSTED_BTF_ID, False
    kernel, tag, in_union = env.kernel, found.tag, found.in_union
    if reg.type not in (TRUSTED_BTF_ID, RCU_BTF_ID) and not reg.ref_obj_id:
        return _untrusted(env, tag, in_union), False

    def listed(suffix: str) -> bool:
        return btf_walk.is_trusted(btf, struct, found, suffix)

    or_null = listed("__safe_trusted_or_null")
    if or_null or listed("__safe_trusted"):
        _check_single(env, tag, in_union)
        return TRUSTED_BTF_ID, or_null
    assert env.cur_state is not None  # the walk is on
    if not sleeping.rcu_protects(env, env.cur_state):
        return UNTRUSTED_BTF_ID, False
    if listed("__safe_rcu"):
        _check_single(env, tag if tag in _TAGGED else "", in_union)
        return RCU_BTF_ID, False
    rcu_or_null = listed("__safe_rcu_or_null")
    if tag == "rcu" or rcu_or_null:
        excused = rcu_or_null and kernel.has(Trait.BTF_UNIONS_UNTRUSTED)
        _check_single(env, tag if tag in _TAGGED else "", in_union and not excused)
        return RCU_BTF_ID, True
    return _untrusted(env, tag, in_union), False


def _untrusted(env: Env, tag: str, in_union: bool) -> RegType:
    if tag in _TAGGED:
        _check_single(env, "", in_union)
        return _TAGGED[tag]
    return UNTRUSTED_BTF_ID if in_union else PTR_TO_BTF_ID


def _check_single(env: Env, tag: str, in_union: bool) -> None:
    if tag or in_union:
        raise Unmodelled("a pointer of two kinds", env.insn_idx)
