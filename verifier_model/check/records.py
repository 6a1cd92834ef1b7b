"""What the kernel keeps for itself in a map's values and in objects that a program allocates.

Source: struct btf_record, btf_parse_fields() and btf_parse_struct_metas(), kernel/bpf/btf.c;
reg_btf_record(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.traits import Trait
from emu.objfile import map_fields
from verifier_model.reg import PTR_TO_MAP_VALUE, is_allocated, local_type

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel
    from emu.prog import MapDef, MapField
    from verifier_model.env import Env
    from verifier_model.reg import RegState

SPIN_LOCK, TIMER, REFCOUNT = "bpf_spin_lock", "bpf_timer", "bpf_refcount"
WORK_QUEUE, TASK_WORK = "bpf_wq", "bpf_task_work"
RES_LOCK = "bpf_res_spin_lock"
LOCKS = (SPIN_LOCK, RES_LOCK)
LIST_HEAD, RB_ROOT = map_fields.ROOTS
LIST_NODE, RB_NODE = "bpf_list_node", "bpf_rb_node"
NODES = (LIST_NODE, RB_NODE)
# The tags of pointers in map values, as complaints call them.
POINTERS = {
    "kptr": "kptr",
    "kptr_ref": "kptr",
    "kptr_untrusted": "kptr",
    "percpu_kptr": "percpu_kptr",
    "uptr": "uptr",
}
# Where such a field is first kept from programs; others are from 6.2 on.
_SINCE: dict[str, str | Trait] = {
    SPIN_LOCK: "5.1",
    TIMER: "5.15",
    "kptr": "5.19",
    "kptr_untrusted": Trait.KPTR_IS_REFERENCED,
    "kptr_ref": "5.19",
    "percpu_kptr": "6.7",
    "uptr": "6.13",
    WORK_QUEUE: "6.10",
    TASK_WORK: "6.18",
    RES_LOCK: "6.15",
}
# Those that objects do not have.
_OF_MAPS = (TIMER, WORK_QUEUE, TASK_WORK, "uptr")


def of_map(env: Env, m: MapDef) -> tuple[MapField, ...]:
    """The fields of the map's values that the kernel knows."""
    fields, kernel = m.fields or (), env.kernel
    wrong = [f for f in fields if f.kind in POINTERS and not _is_known(kernel, f.kind)]
    if wrong and _is_known(kernel, "kptr"):
        # A tag that is none is an error, by which all pointers are lost, since 6.2 all fields.
        fields = (
            () if kernel.at_least("6.2") else tuple(f for f in fields if f.kind not in POINTERS)
        )
    return _known(env, fields)


def of_object(env: Env, struct: int) -> tuple[MapField, ...]:
    """Those of an object of this type of the program's BTF."""
    found = env.records.get(struct)
    if found is None:
        assert env.prog.btf is not None  # it has the type
        fields = map_fields.read(env.prog.btf, struct)
        known = _known(env, tuple(field for field in fields if field.kind not in _OF_MAPS))
        # A structure is looked at for the sake of a member; a resilient lock is no reason to.
        seen = any(not field.inner and field.kind != RES_LOCK for field in known)
        found = env.records[struct] = known if seen else ()
    return found


def of(env: Env, reg: RegState) -> tuple[MapField, ...]:
    """Those of what a register points to."""
    if reg.type is PTR_TO_MAP_VALUE and reg.map is not None:
        return of_map(env, reg.map)
    return of_object(env, local_type(reg.mem_size)) if is_allocated(reg) else ()


def _known(env: Env, fields: tuple[MapField, ...]) -> tuple[MapField, ...]:
    nested = env.kernel.has(Trait.FIELDS_NESTED)
    return tuple(
        field
        for field in fields
        if _is_known(env.kernel, field.kind) and (nested or not field.inner)
    )


def _is_known(kernel: Kernel, kind: str) -> bool:
    ended = kind == "kptr_ref" and kernel.has(Trait.KPTR_IS_REFERENCED)
    return not ended and kernel.holds(_SINCE.get(kind, "6.2"))
