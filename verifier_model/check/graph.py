"""Lists and trees: their roots in values and objects, and the nodes that they own.

Source: __process_kf_arg_ptr_to_graph_root(), __process_kf_arg_ptr_to_graph_node(),
mark_reg_graph_node() and ref_convert_owning_non_owning(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EINVAL
from emu.kernel.kfuncs import Does, Kind
from verifier_model.check import btf_ptr, locks, objects, records
from verifier_model.check.refs import forget
from verifier_model.domain.word import s64
from verifier_model.reg import (
    ALLOCATED,
    PTR_TO_BTF_ID,
    PTR_TO_MAP_VALUE,
    const_scalar,
    local_type,
    pointer,
    struct_name,
)
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from emu.kernel.kfuncs import Kfunc, Param
    from emu.prog import MapField
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState

ROOTS = {Kind.LIST_HEAD: records.LIST_HEAD, Kind.RB_ROOT: records.RB_ROOT}
NODES = {
    Kind.LIST_NODE: records.LIST_NODE,
    Kind.LISTED_NODE: records.LIST_NODE,
    Kind.RB_NODE: records.RB_NODE,
    Kind.TREE_NODE: records.RB_NODE,
}
_ROOT_OF = {records.LIST_NODE: records.LIST_HEAD, records.RB_NODE: records.RB_ROOT}


def check_root(
    env: Env, state: VerifierState, param: Param, reg: RegState, i: int, where: str
) -> MapField:
    """The argument is the root of a list or tree, and a lock beside it is held."""
    owned = objects.is_owned(reg)
    if not owned and (reg.type is not PTR_TO_MAP_VALUE or reg.maybe_null):
        raise Reject(f"{where} expected pointer to map value or allocated object", EINVAL)
    if owned:
        objects.check_referenced(reg)
    kind = ROOTS[param.kind]
    _check_constant(reg, f"R{i + 1}", kind)
    fields, off = records.of(env, reg), _offset(reg)
    field = _at(fields, off, kind)
    if field is None:
        raise Reject(f"{kind} not found at offset={off}", EINVAL)
    if not locks.is_held(env, state, reg):
        above = ("held lock and object are not in the same allocation",) if state.locks else ()
        at = next((f.off for f in fields if f.kind == records.SPIN_LOCK), -EINVAL)
        raise Reject(f"bpf_spin_lock at off={at} must be held for {kind}", EINVAL, above=above)
    return field


def check_node(
    env: Env,
    state: VerifierState,
    row: Kfunc,
    param: Param,
    reg: RegState,
    i: int,
    where: str,
    root: MapField,
) -> None:
    """The argument is a node that the list or tree may hold, and whose it must be."""
    if param.kind is Kind.TREE_NODE:
        _check_in_tree(env, state, row, reg)
    elif param.kind is not Kind.LISTED_NODE or not objects.is_of_graph(reg) or reg.ref_obj_id:
        if not objects.is_owned(reg):
            raise Reject(f"{where} expected pointer to allocated object", EINVAL)
        objects.check_referenced(reg)
    _check_fits(env, NODES[param.kind], reg, f"R{i + 1}", root)


def _check_in_tree(env: Env, state: VerifierState, row: Kfunc, reg: RegState) -> None:
    if env.rules.TREE_NODE_MAY_BE_OWNED:
        if not objects.is_of_graph(reg) and not reg.ref_obj_id:
            text = "can only take non-owning or refcounted bpf_rb_node pointer"
            raise Reject(f"{row.name} {text}", EINVAL)
    elif not objects.is_of_graph(reg) or reg.ref_obj_id:
        raise Reject(f"{row.name.removeprefix('bpf_')} node input must be non-owning ref", EINVAL)
    if compares_nodes(env, state):
        name = row.name if env.rules.TREE_NODE_MAY_BE_OWNED else row.name.removeprefix("bpf_")
        raise Reject(f"{name} not allowed in rbtree cb", EINVAL)


def compares_nodes(env: Env, state: VerifierState) -> bool:
    """Whether a function runs that a tree calls to compare nodes: in_rbtree_lock_required_cb()."""
    for frame in state.frames:
        if frame.callback is None or frame.callback.later:
            continue  # no insn calls it
        row = env.kfunc(env.insns[frame.callsite])
        if row is not None and Does.GRAPH in row.does:
            return True
    return False


def _check_fits(env: Env, kind: str, reg: RegState, where: str, root: MapField) -> None:
    """There is a node of the kind, and it is the one that the root names."""
    _check_constant(reg, where, kind)
    off = _offset(reg)
    if _at(records.of(env, reg), off, kind) is None:
        raise Reject(f"{kind} not found at offset={off}", EINVAL)
    if local_type(reg.mem_size) != root.target_id:
        text = f"operation on {_ROOT_OF[kind]} expects arg#1 {kind} at offset={root.node_off}"
        text += f" in struct {root.target}, but arg is at offset={off}"
        raise Reject(f"{text} in struct {struct_name(reg.mem_size)}", EINVAL)
    if off != root.node_off:
        text = f"arg#1 offset={off}, but expected {kind} at offset={root.node_off}"
        raise Reject(f"{text} in struct {root.target}", EINVAL)


def _check_constant(reg: RegState, where: str, kind: str) -> None:
    if not reg.is_const():
        text = f"doesn't have constant offset. {kind} has to be at the constant offset"
        raise Reject(f"{where} {text}", EINVAL)


def _at(fields: tuple[MapField, ...], off: int, kind: str) -> MapField | None:
    return next((field for field in fields if (field.off, field.kind) == (off, kind)), None)


def _offset(reg: RegState) -> int:
    return reg.off + s64(reg.var_off.value)


def node(env: Env, root: MapField) -> RegState:
    """A pointer to a node of what the root holds: mark_reg_graph_node()."""
    if env.rules.POINTER_CONST_IN_BITS:
        reg = const_scalar(root.node_off)
        reg.type = PTR_TO_BTF_ID
    else:
        reg = pointer(PTR_TO_BTF_ID)
        reg.off = root.node_off
    reg.mem_size, reg.frameno = btf_ptr.local(env, root.target_id), ALLOCATED
    return reg


def insert(env: Env, state: VerifierState, ref: int) -> None:
    """A list or tree owns the object of that reference now: ref_convert_owning_non_owning()."""
    forget(env, state, ref)

    def given(reg: RegState) -> RegState:
        new = objects.not_owned(env, reg)
        if env.rules.LOG_PARENT_IDS:
            new.id = 0  # there it is the reference, too
        return new

    objects.replace(state, lambda reg: reg.ref_obj_id == ref, given)
