"""Objects that a program allocates: what is made, loaded, stored and given back.

A register that points to one has ALLOCATED in `frameno`; with NON_OWNING too, a list or tree owns
the object.  Source: check_special_kfunc(), check_ptr_to_btf_access(), ref_set_non_owning() and
invalidate_non_owning_refs(), kernel/bpf/verifier.c; btf_struct_access(), kernel/bpf/btf.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.btf import Kind
from emu.kernel import prog_types
from emu.kernel.enums import F_SLEEPABLE, AttachType, ProgType
from emu.kernel.errno import EACCES, EFAULT, EINVAL
from emu.kernel.kfuncs import Result
from emu.kernel.traits import Trait
from verifier_model.check import btf_ptr, btf_walk, records
from verifier_model.check.btf_match import is_scalar_struct
from verifier_model.domain.word import U32
from verifier_model.reg import (
    ALLOCATED,
    NON_OWNING,
    PERCPU_BTF_ID,
    PTR_TO_BTF_ID,
    RCU_BTF_ID,
    UNTRUSTED_BTF_ID,
    UNTRUSTED_MEM,
    is_allocated,
    local_type,
    pointer,
)
from verifier_model.stack import Slot
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.btf import BtfData
    from emu.kernel.kfuncs import Kfunc
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState

_LARGEST_PERCPU = 512  # bytes: BPF_GLOBAL_PERCPU_MA_MAX_SIZE
# Fields that may be given back in any context: btf_field_is_nmi_safe().
_SAFE_ANYWHERE = (
    *(records.SPIN_LOCK, records.RES_LOCK, records.REFCOUNT, *records.NODES, "kptr_untrusted"),
)


def is_owned(reg: RegState) -> bool:
    """Whether it is PTR_TO_BTF_ID | MEM_ALLOC and nothing else."""
    return reg.type is PTR_TO_BTF_ID and reg.frameno == ALLOCATED and not reg.maybe_null


def is_of_graph(reg: RegState) -> bool:
    """Whether a list or tree owns what it points to: type_is_non_owning_ref()."""
    return is_allocated(reg) and bool(reg.frameno & NON_OWNING)


# -- making and giving back ----------------------------------------------------------------------


def make(env: Env, row: Kfunc, type_id: int) -> RegState:
    """A new object of a type of the program's BTF."""
    if type_id > U32:
        raise Reject("local type ID argument must be in range [0, U32_MAX]", EINVAL)
    btf = env.prog.btf
    if btf is None:
        raise Reject("bpf_obj_new/bpf_percpu_obj_new requires prog BTF", EINVAL)
    known = 0 < type_id <= len(btf.index.offsets)
    if not known or btf.kind(type_id) != Kind.STRUCT:
        text = "bpf_obj_new/bpf_percpu_obj_new type ID argument must be of a struct"
        raise Reject(text, EINVAL)
    if row.result is Result.PERCPU_OBJECT:
        _check_percpu(env, btf, type_id)
    reg = pointer(PERCPU_BTF_ID if row.result is Result.PERCPU_OBJECT else PTR_TO_BTF_ID)
    reg.mem_size, reg.frameno = btf_ptr.local(env, type_id), ALLOCATED
    return reg


def _check_percpu(env: Env, btf: BtfData, type_id: int) -> None:
    """An object of each CPU is small and has numbers only."""
    size = btf.size_of(type_id)
    if size > _LARGEST_PERCPU:
        text = f"bpf_percpu_obj_new type size ({size}) is greater than {_LARGEST_PERCPU}"
        raise Reject(text, EINVAL)
    if not is_scalar_struct(env, btf, type_id):
        text = "bpf_percpu_obj_new type ID argument must be of a struct of scalars"
        raise Reject(text, EINVAL)
    if records.of_object(env, type_id):
        text = "bpf_percpu_obj_new type ID argument must not contain special fields"
        raise Reject(text, EINVAL)


def check_dropped(env: Env, row: Kfunc, reg: RegState, where: str) -> None:
    """The object that bpf_obj_drop() or bpf_percpu_obj_drop() gives back."""
    percpu = "percpu_" in row.name
    suffix = "" if env.rules.TEXT_DROP_PLAIN else "_impl"
    if is_owned(reg):
        if percpu:
            raise Reject(f"{where} expected for bpf_obj_drop{suffix}()", EINVAL)
    elif reg.type is PERCPU_BTF_ID and reg.frameno == ALLOCATED:
        if not percpu:
            raise Reject(f"{where} expected for bpf_percpu_obj_drop{suffix}()", EINVAL)
    else:
        raise Reject(f"{where} expected pointer to allocated object", EINVAL)
    check_referenced(reg)


def check_referenced(reg: RegState) -> None:
    if not reg.ref_obj_id:
        raise Reject("allocated object must be referenced", EINVAL)


def check_drop_context(env: Env, row: Kfunc, reg: RegState) -> None:
    """Objects with some fields are not given back where a program may interrupt anything."""
    kind = prog_types.by_type(env.prog_type)
    anywhere = kind is not None and kind.tracing
    if env.prog_type is ProgType.TRACING and env.attach_type != AttachType.TRACE_ITER:
        anywhere = not env.prog.flags & F_SLEEPABLE
    fields = records.of(env, reg)
    if anywhere and any(field.kind not in _SAFE_ANYWHERE for field in fields):
        text = "cannot be used in tracing programs on types with NMI unsafe fields"
        raise Reject(f"{row.name} {text}", EINVAL)


def check_counted(env: Env, reg: RegState, where: str) -> bool:
    """The object whose count bpf_refcount_acquire() adds to.  Whether it is one's own."""
    if not is_allocated(reg) or reg.maybe_null:
        raise Reject(f"{where} is neither owning or non-owning ref", EINVAL)
    fields = records.of(env, reg)
    if not fields:
        bug = "bug" if env.rules.TEXT_VERIFIER_BUG else "internal error"
        raise Reject(f"verifier {bug}: Couldn't find btf_record", EFAULT)
    if not any(field.kind == records.REFCOUNT for field in fields):
        raise Reject(f"{where} doesn't point to a type with bpf_refcount field", EINVAL)
    return not is_of_graph(reg) and bool(reg.ref_obj_id)


# -- what lists and trees own --------------------------------------------------------------------


def not_owned(env: Env, reg: RegState) -> RegState:
    """The pointer when a list or tree owns the object: ref_set_non_owning()."""
    new = reg.copy()
    new.ref_obj_id = 0
    new.frameno |= NON_OWNING
    if any(field.kind == records.REFCOUNT for field in records.of(env, reg)):
        new.type = RCU_BTF_ID
    return new


def lose_graph(env: Env, state: VerifierState) -> None:
    """A lock is released: what lists and trees own may be gone."""
    replace(state, is_of_graph, lambda reg: env.unknown())


def replace(
    state: VerifierState, wanted: Callable[[RegState], bool], new: Callable[[RegState], RegState]
) -> None:
    """Change every register and spill that is wanted."""
    for frame in state.frames:
        for regno, reg in enumerate(frame.regs):
            if wanted(reg):
                frame.regs[regno] = new(reg)
        for spi, slot in enumerate(frame.stack):
            if slot.reg is not None and wanted(slot.reg):
                frame.stack[spi] = Slot(slot.kinds, new(slot.reg))


# -- loads and stores ----------------------------------------------------------------------------


def load(env: Env, reg: RegState, regno: int, off: int, size: int) -> RegState:
    """What a load of `size` bytes at `off` of the object gives."""
    found = _access(env, reg, btf_ptr.checked_offset(env, reg, regno, off), size)
    if not found.pointer:
        return env.unknown()
    if not found.struct and env.kernel.has(Trait.BTF_LEAVES_UNTRUSTED):
        return pointer(UNTRUSTED_MEM)
    if is_allocated(reg) or not found.struct:
        return env.unknown()
    value = pointer(UNTRUSTED_BTF_ID if reg.type is UNTRUSTED_BTF_ID else PTR_TO_BTF_ID)
    value.mem_size = btf_ptr.local(env, found.struct)
    return value


def store(env: Env, reg: RegState, regno: int, off: int, size: int) -> None:
    """Programs write into objects that they know to be there."""
    off = btf_ptr.checked_offset(env, reg, regno, off)
    if reg.type is UNTRUSTED_BTF_ID or not is_allocated(reg):
        raise Reject("only read is supported", EACCES)
    _access(env, reg, off, size)


def _access(env: Env, reg: RegState, off: int, size: int) -> btf_walk.Found:
    for field in records.of(env, reg):
        if off < field.off + field.size and field.off < off + size:
            name = records.POINTERS.get(field.kind, field.kind)
            raise Reject(f"direct access to {name} is disallowed", EACCES)
    assert env.prog.btf is not None  # it has the type
    return btf_walk.Walk(env.prog.btf, env.kernel, off, size).find(local_type(reg.mem_size))
