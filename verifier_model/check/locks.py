"""Locks in map values and in objects: who may use them, and what is allowed while one is held.

Source: process_spin_lock(), process_timer_func(), check_map_prog_compatibility(),
check_resource_leak() and kfunc_spin_allowed(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel import prog_types
from emu.kernel.enums import ProgType
from emu.kernel.errno import EACCES, EINVAL
from emu.kernel.kfuncs import Does, Kind
from emu.kernel.traits import Trait
from emu.prog import PSEUDO_CALL
from verifier_model.check import objects, records
from verifier_model.check.records import RES_LOCK, SPIN_LOCK, TASK_WORK, TIMER, WORK_QUEUE
from verifier_model.reg import PTR_TO_MAP_VALUE
from verifier_model.state import Lock
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.prog import Insn, MapDef, MapField
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState

# What runs functions of the program later, as arguments of kernel functions.
ASYNC = {Kind.TIMER: TIMER, Kind.WORK_QUEUE: WORK_QUEUE, Kind.TASK_WORK: TASK_WORK}
_SPIN_UNLOCK, _KPTR_XCHG = 94, 194
# How a lock may be taken, and the field that it is.
_FIELDS = {SPIN_LOCK: SPIN_LOCK, RES_LOCK: RES_LOCK, f"{RES_LOCK}_irqsave": RES_LOCK}


def has_lock(env: Env, reg: RegState) -> bool:
    """Whether pointers like this must be told apart: reg_may_point_to_spin_lock()."""
    return any(field.kind in records.LOCKS for field in records.of(env, reg))


def field_of(fields: tuple[MapField, ...], kind: str) -> MapField | None:
    """The first field of that kind."""
    return next((field for field in fields if field.kind == kind), None)


def runs_later(env: Env, m: MapDef) -> bool:
    """Whether something in the map's values runs functions of the program later."""
    return any(field.kind in ASYNC.values() for field in records.of_map(env, m))


def check_map(env: Env, m: MapDef) -> None:
    """Programs of some types may not use a map with a lock: check_map_prog_compatibility()."""
    fields = records.of_map(env, m)
    row = prog_types.by_type(env.prog_type)
    tracing = row is not None and row.tracing
    tracing = tracing or env.prog_type is ProgType.RAW_TRACEPOINT_WRITABLE
    roots = any(field.kind in (records.LIST_HEAD, records.RB_ROOT) for field in fields)
    if tracing and roots:
        raise Reject("tracing progs cannot use bpf_{list_head,rb_root} yet", EINVAL)
    if tracing and not env.rules.TIMER_IN_TRACING and field_of(fields, TIMER) is not None:
        raise Reject("tracing progs cannot use bpf_timer yet", EINVAL)
    if not any(field.kind in records.LOCKS for field in fields):
        return
    if env.prog_type is ProgType.SOCKET_FILTER and env.rules.TEXT_SOCKET_LOCK:
        raise Reject("socket filter progs cannot use bpf_spin_lock yet", EINVAL)
    if tracing or env.prog_type is ProgType.SOCKET_FILTER:
        raise Reject("tracing progs cannot use bpf_spin_lock yet", EINVAL)
    if env.may_sleep and env.kernel.has(Trait.SLEEPABLE_NO_LOCK):
        raise Reject("sleepable progs cannot use bpf_spin_lock yet", EINVAL)


def take(env: Env, state: VerifierState, reg: RegState, regno: int, kind: str) -> None:
    """The lock that a pointer points to is taken in this way."""
    check_field(env, reg, regno, _FIELDS[kind])
    lock = Lock(kind, reg.map, reg.id, env.insn_idx)
    if kind == SPIN_LOCK and state.locks:
        raise Reject("Locking two bpf_spin_locks are not allowed", _errno(env))
    if any(held.kind != SPIN_LOCK and _is_same(env, held, reg) for held in state.locks):
        raise Reject("Acquiring the same lock again, AA deadlock detected", EINVAL)
    state.locks = (*state.locks, lock)
    if env.rules.LOCKS_ARE_REFERENCES:
        state.refs = (*state.refs, (lock.id, lock.insn))


def release(env: Env, state: VerifierState, reg: RegState, regno: int, kind: str) -> None:
    """The lock that was taken in this way, and last, is released."""
    name = _FIELDS[kind].removesuffix("_lock")
    check_field(env, reg, regno, _FIELDS[kind])
    if not state.locks:
        raise Reject(f"{name}_unlock without taking a lock", _errno(env))
    newest = state.locks[-1]
    if not any(held.kind == kind and _is_same(env, held, reg) for held in state.locks):
        raise Reject(f"{name}_unlock of different lock", _errno(env))
    if not _is_same(env, newest, reg):
        raise Reject(f"{name}_unlock cannot be out of order", EINVAL)
    state.refs = tuple(ref for ref in state.refs if ref != (newest.id, newest.insn))
    state.locks = state.locks[:-1]
    objects.lose_graph(env, state)


def is_held(env: Env, state: VerifierState, reg: RegState) -> bool:
    """Whether a lock is held of what the register points to: check_reg_allocation_locked()."""
    return any(_is_same(env, held, reg) for held in state.locks)


def _is_same(env: Env, held: Lock, reg: RegState) -> bool:
    """Whether the lock is the one in what the register points to."""
    return held.id == reg.id and (not env.rules.REFS_BY_IDMAP or held.map is reg.map)


def _errno(env: Env) -> int:
    """check_func_arg() answered EACCES, whatever the function it called did."""
    return EINVAL if env.rules.MAP_RECORDS else EACCES


def check_field(env: Env, reg: RegState, regno: int, kind: str) -> None:
    """The pointer points to the lock or timer of its map's values, or of its object."""
    m, rules, errno = reg.map, env.rules, _errno(env)
    if not reg.is_const():
        text = f"R{regno} doesn't have constant offset. {kind} has to be at the constant offset"
        raise Reject(text, errno)
    if m is not None and m.fields is None:
        raise Reject(f"map '{m.name}' has to have BTF in order to use {kind}", errno)
    field = field_of(records.of(env, reg), kind)
    if field is None:
        owner = f"map '{m.name}'" if m is not None else "local 'kptr'"
        if rules.MAP_RECORDS:
            raise Reject(f"{owner} has no valid {kind}", errno)
        raise Reject(f"{owner} doesn't have 'struct {kind}'", errno)
    at = reg.off + reg.smin
    if at != field.off:
        told = f" that is at {field.off}" if rules.MAP_RECORDS or kind == TIMER else ""
        raise Reject(f"off {at} doesn't point to 'struct {kind}'{told}", errno)


def check_async(env: Env, reg: RegState, regno: int, where: str, kind: str) -> None:
    """A kernel function is given something in a map's value that runs functions later.

    Source: process_wq_func(), since 6.18 check_map_field_pointer().
    """
    if reg.type is not PTR_TO_MAP_VALUE:
        raise Reject(f"{where} doesn't point to a map value", EINVAL)
    if env.rules.WORK_QUEUE_CHECKED:
        check_field(env, reg, regno, kind)
        return
    assert reg.map is not None
    fields = records.of_map(env, reg.map)
    field = field_of(fields, kind)
    at = reg.off + reg.var_off.value
    if not fields:
        raise Unmodelled("a work queue in a map's value that has no fields", env.insn_idx)
    if field is None or at != field.off:
        off = field.off if field is not None else -EINVAL
        raise Reject(f"off {at} doesn't point to 'struct {kind}' that is at {off}", EINVAL)


def check_same_map(
    env: Env, m: MapDef, uid: int, given: RegState, regno: int, *, helper: bool
) -> None:
    """The map that is given is the one that the timer or work of the argument before is in."""
    if (m is given.map and uid == given.mem_size) or given.map is None:
        return
    alike = env.rules.MAPS_MATCHED_ALIKE
    kinds = [field.kind for field in records.of_map(env, m if alike else given.map)]
    if not alike and not helper and not {WORK_QUEUE, TASK_WORK}.intersection(kinds):
        return
    if (alike and TIMER in kinds) or (helper and not alike):
        what = "timer"
    else:
        what = TASK_WORK if TASK_WORK in kinds else "workqueue"
    text = f"{what} pointer in R{regno - 1} map_uid={uid} doesn't match"
    raise Reject(f"{text} map pointer in R{regno} map_uid={given.mem_size}", EINVAL)


def check_holder(reg: RegState, where: str) -> None:
    """A kernel function's lock is in a map's value or in an object of one's own."""
    if reg.type is not PTR_TO_MAP_VALUE and not objects.is_owned(reg):
        raise Reject(f"{where} doesn't point to map value or allocated object", EINVAL)


def check_call(env: Env, state: VerifierState, insn: Insn) -> None:
    """What may be called while a lock is held."""
    if not state.locks:
        return
    if insn.src == PSEUDO_CALL:
        allowed = env.rules.LOCKED_SUBPROG_CALLS
    elif insn.src:
        row = env.kfunc(insn)
        allowed = row is not None and _may_be_called(env, row.does)
    else:
        exchanges = insn.imm == _KPTR_XCHG and env.rules.LOCKED_KPTR_XCHG
        allowed = insn.imm == _SPIN_UNLOCK or exchanges
    if not allowed:
        raise Reject("function calls are not allowed while holding a lock", EINVAL)


def _may_be_called(env: Env, does: Does) -> bool:
    """Whether a kernel function is one of those that do: kfunc_spin_allowed()."""
    if Does.GRAPH in does:
        return True
    return Does.LOCKED in does and env.rules.LOCKED_KFUNCS


def check_exit(env: Env, state: VerifierState) -> None:
    """No lock is held where the program ends; before 6.9 nor where a function does."""
    if not state.locks or (len(state.frames) > 1 and env.rules.LOCKED_SUBPROG_CALLS):
        return
    if env.rules.EXIT_LEAK_TEXT:
        check_unlocked(state, "BPF_EXIT instruction in main prog")
    raise Reject("bpf_spin_unlock is missing", EINVAL)


def check_unlocked(state: VerifierState, what: str) -> None:
    if state.locks:
        raise Reject(f"{what} cannot be used inside bpf_spin_lock-ed region", EINVAL)
