"""Pointers to kernel structures and to objects that are kept in map values and in objects.

Source: check_map_kptr_access(), btf_ld_kptr_type(), map_kptr_match_type() and process_kptr_func(),
kernel/bpf/verifier.c; btf_parse_kptr(), kernel/bpf/btf.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.btf import Kind
from emu.isa.table import LDX, ST
from emu.kernel.errno import EACCES, EINVAL
from emu.kernel.traits import Trait
from verifier_model.check import btf_ptr, ctx, objects, records, sleeping
from verifier_model.check.btf_match import is_of
from verifier_model.check.refs import acquire, forget, release
from verifier_model.domain.word import s64
from verifier_model.log import type_name
from verifier_model.precise import mark_chain_precision
from verifier_model.reg import (
    ALLOCATED,
    BTF_IDS,
    NON_OWNING,
    PERCPU_BTF_ID,
    PERCPU_RCU_BTF_ID,
    PTR_TO_BTF_ID,
    PTR_TO_MEM,
    R2,
    RCU_BTF_ID,
    TRUSTED_BTF_ID,
    UNTRUSTED_BTF_ID,
    is_allocated,
    local_type,
    pointer,
    struct_name,
)
from verifier_model.scalars import is_null
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.prog import MapField
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState

_STRUCTS = (Kind.STRUCT, Kind.UNION)
# Kernel structures that RCU protects: rcu_protected_types.
_BY_RCU = ("prog_test_ref_kfunc", "cgroup", "bpf_cpumask", "task_struct", "bpf_crypto_ctx")
# Those that have a function to give them back (register_btf_id_dtor_kfuncs()); other counted
# pointers are to the program's own structures, which needs no BTF of the kernel to be known.
_COUNTED = (*_BY_RCU, "prog_test_member", "sk_buff")
_PERCPU, _UNREFERENCED, _UPTR = "percpu_kptr", "kptr_untrusted", "uptr"


def is_percpu(field: MapField) -> bool:
    return field.kind == _PERCPU


def is_counted(env: Env, field: MapField) -> bool:
    """Whether the pointer must be given back by whoever takes it."""
    return field.kind == ("kptr" if env.rules.KPTR_IS_REFERENCED else "kptr_ref")


def _struct(env: Env, field: MapField) -> int:
    """What it points to, a number of BTF_STRUCTS: the kernel's structure, or the program's own.

    The kernel's counts, if it has one of the name.
    """
    if field.target in _COUNTED:
        return btf_ptr.number(field.target)
    if env.btf is None and not is_percpu(field) and not is_counted(env, field):
        raise Unmodelled(f"a pointer to struct {field.target} in a map's value", env.insn_idx)
    if env.btf is not None and env.btf.find(field.target, _STRUCTS) is not None:
        return btf_ptr.number(field.target)
    if env.prog.btf is None:
        raise Unmodelled(f"a pointer to an object of type {field.target}", env.insn_idx)
    return btf_ptr.local(env, field.target_id)


# -- loads and stores ----------------------------------------------------------------------------


def check_access(env: Env, reg: RegState, off: int, size: int, *, indirect: bool) -> None:
    """A load or store of a map's value, or with `indirect` a helper, keeps clear of the fields."""
    assert reg.map is not None
    for field in records.of_map(env, reg.map):
        low, high = reg.off + reg.smin + off, reg.off + reg.umax + off + size
        if not (low < field.off + field.size and field.off < high):
            continue
        name = records.POINTERS.get(field.kind)
        if name is None:
            raise Reject(f"{field.kind} cannot be accessed directly by load/store", EACCES)
        if indirect:
            raise Reject(f"{name} cannot be accessed indirectly by helper", EACCES)
        if not reg.is_const():
            raise Reject(f"{name} access cannot have variable offset", EACCES)
        if low != field.off:
            text = f"{name} access misaligned expected={field.off} off={low}"
            raise Reject(text, EACCES)
        if size != field.size:
            raise Reject(f"{name} access size must be BPF_DW", EACCES)
        _check_insn(env, field)
        return


def _check_insn(env: Env, field: MapField) -> None:
    """The insn may load or store the pointer: check_map_kptr_access()."""
    insn = env.insns[env.insn_idx]
    cls = insn.code & 7
    if cls != LDX and (is_counted(env, field) or is_percpu(field)):
        raise Reject("store to referenced kptr disallowed", EACCES)
    if cls != LDX and field.kind == _UPTR:
        raise Reject("store to uptr disallowed", EACCES)
    if cls == ST:
        if insn.imm:
            text = f"BPF_ST imm must be 0 when storing to kptr at off={field.off}"
            raise Reject(text, EACCES)
        return
    state = env.cur_state
    if cls == LDX or state is None:
        return
    reg = state.frames[-1].regs[insn.src]
    if not is_null(reg):
        _check_fits(env, field, reg, insn.src)
    elif env.rules.KPTR_NULL_PRECISE:
        mark_chain_precision(env, state, insn.src)


def load(env: Env, state: VerifierState, reg: RegState, off: int) -> RegState | None:
    """The pointer that a load finds; None where there is none in the map's value."""
    assert reg.map is not None
    at = reg.off + reg.smin + off
    field = next((field for field in records.of_map(env, reg.map) if field.off == at), None)
    if field is None or field.kind not in records.POINTERS:
        return None
    value = _loaded(env, state, field)
    value.maybe_null = True
    value.id = env.new_id()
    return value


def _loaded(env: Env, state: VerifierState, field: MapField) -> RegState:
    """The same, not null: mark_uptr_ld_reg(), btf_ld_kptr_type()."""
    if field.kind == _UPTR:
        value = pointer(PTR_TO_MEM)
        value.mem_size = env.prog.btf.size_of(field.target_id) if env.prog.btf is not None else 0
        return value
    struct = _struct(env, field)
    own = local_type(struct)
    counted = is_counted(env, field) and (own or field.target in _BY_RCU)
    value = pointer(UNTRUSTED_BTF_ID)
    value.mem_size = struct
    by_rcu = env.rules.KPTR_RCU and sleeping.rcu_protects(env, state)
    if not by_rcu or not (counted or is_percpu(field)):
        return value
    value.type = PERCPU_RCU_BTF_ID if is_percpu(field) else RCU_BTF_ID
    if own:
        value.frameno = 0 if is_percpu(field) else ALLOCATED
        if any(part.kind in records.NODES for part in records.of_object(env, own)):
            value.frameno |= NON_OWNING
    return value


def _check_fits(env: Env, field: MapField, reg: RegState, regno: int) -> None:
    """What a register points to may be kept in the field: map_kptr_match_type()."""
    if not _is_kind(env, field, reg):
        _refuse(env, field, reg, regno, "")
    ctx.check_unmodified(env, reg, regno, constant_ok=True)
    off = reg.off + (s64(reg.var_off.value) if env.rules.POINTER_CONST_IN_BITS else 0)
    wanted = _struct(env, field)
    if local_type(wanted) or is_allocated(reg):
        same = wanted == reg.mem_size and not off
    else:
        strict = field.kind != _UNREFERENCED and (is_counted(env, field) or is_percpu(field))
        same = is_of(env, struct_name(reg.mem_size), off, field.target, strict=strict)
    if not same:
        _refuse(env, field, reg, regno, struct_name(reg.mem_size))


def _is_kind(env: Env, field: MapField, reg: RegState) -> bool:
    """Whether the flags of the register's type are among those that the field takes."""
    if local_type(reg.mem_size) and reg.type in BTF_IDS:
        if reg.frameno & NON_OWNING:
            return False
        if env.rules.PERCPU_KPTR_EXACT:
            return reg.type is (PERCPU_BTF_ID if is_percpu(field) else PTR_TO_BTF_ID)
        return reg.type is PTR_TO_BTF_ID or (reg.type is PERCPU_BTF_ID and is_percpu(field))
    taken = [PTR_TO_BTF_ID, TRUSTED_BTF_ID]
    if env.rules.KPTR_RCU:
        taken.append(RCU_BTF_ID)
    if not is_counted(env, field) and not is_percpu(field):
        taken.append(UNTRUSTED_BTF_ID)
    return reg.type in taken and not is_percpu(field)


def _refuse(env: Env, field: MapField, reg: RegState, regno: int, given: str) -> None:
    text = f"invalid kptr access, R{regno} type={type_name(reg, env.rules)}{given} "
    text += f"expected=ptr_{field.target}"
    if not is_counted(env, field) and not is_percpu(field):
        text += f" or untrusted_ptr_{field.target}"
    raise Reject(text, EACCES)


# -- exchanges -----------------------------------------------------------------------------------


def field_of(env: Env, reg: RegState, regno: int) -> MapField:
    """The field whose pointer bpf_kptr_xchg() takes: process_kptr_func()."""
    errno = EINVAL if env.rules.MAP_RECORDS else EACCES
    first = reg.is_const() or env.kernel.has(Trait.KPTR_BTF_FIRST)
    if first and reg.map is not None and reg.map.fields is None:
        text = f"map '{reg.map.name}' has to have BTF in order to use bpf_kptr_xchg"
        raise Reject(text, errno)
    if not reg.is_const():
        text = f"R{regno} doesn't have constant offset. kptr has to be at the constant offset"
        raise Reject(text, errno)
    found = [field for field in records.of(env, reg) if field.kind in records.POINTERS]
    found = [field for field in found if field.kind != _UPTR]
    if not found:
        raise Reject(_no_kptr(env, reg, regno), errno)
    at = reg.off + reg.smin
    field = next((field for field in found if field.off == at), None)
    if field is None:
        raise Reject(f"off={at} doesn't point to kptr", EACCES)
    if not is_counted(env, field) and not is_percpu(field):
        raise Reject(f"off={at} kptr isn't referenced kptr", EACCES)
    return field


def _no_kptr(env: Env, reg: RegState, regno: int) -> str:
    if env.rules.KPTR_IN_OBJECT:
        return f"R{regno} has no valid kptr"
    name = reg.map.name if reg.map is not None else ""
    return f"map '{name}' has no valid kptr"


def check_given(env: Env, field: MapField, reg: RegState, regno: int) -> None:
    """The pointer that is given for it: check_reg_type(), check_func_arg_reg_off()."""
    if reg.maybe_null and env.kernel.has(Trait.BTF_WALK_TRUSTED):
        which = f"R{regno}" if env.rules.TEXT_ARGS else f"arg{regno}"
        raise Reject(f"Possibly NULL pointer passed to helper {which}", EACCES)
    _check_fits(env, field, reg, regno)
    if not reg.ref_obj_id:
        told = f"R{regno} must be referenced when passed to release function"
        if env.kernel.has(Trait.TEXT_RELEASE_HELPER):
            told = (
                f"release helper bpf_kptr_xchg expects referenced PTR_TO_BTF_ID passed to R{regno}"
            )
        raise Reject(told, EINVAL)


def give(env: Env, state: VerifierState) -> None:
    """The kernel has what was given; what else points there is lost, unless RCU protects it."""
    given = state.frames[-1].regs[R2]
    if is_null(given):
        return
    if given.type is PERCPU_BTF_ID and sleeping.rcu_protects(env, state):
        _protect(env, state, given.ref_obj_id)
    else:
        release(env, state, given.ref_obj_id)


def _protect(env: Env, state: VerifierState, ref: int) -> None:
    """Of the object there is a pointer of each CPU that RCU protects from now on."""
    forget(env, state, ref)
    objects.replace(state, lambda reg: reg.ref_obj_id == ref, _protected)


def _protected(reg: RegState) -> RegState:
    new = reg.copy()
    if new.id == new.ref_obj_id:
        new.id = 0
    new.type, new.ref_obj_id, new.frameno = PERCPU_RCU_BTF_ID, 0, 0
    return new


def taken(env: Env, state: VerifierState, field: MapField) -> RegState:
    """The pointer that was in the field, or null: it must be given back."""
    value = pointer(PERCPU_BTF_ID if is_percpu(field) else PTR_TO_BTF_ID)
    value.mem_size = _struct(env, field)
    if local_type(value.mem_size):
        value.frameno = ALLOCATED
    value.maybe_null = True
    env.new_id()
    value.id = value.ref_obj_id = acquire(env, state)
    return value
