"""Spin locks in map values, and the other parts of them that are the kernel's own.

Source: process_spin_lock(), process_timer_func(), process_kptr_func(), check_map_access(),
check_map_kptr_access() and check_map_prog_compatibility(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import LDX, ST
from emu.kernel import prog_types
from emu.kernel.enums import ProgType
from emu.kernel.errno import EACCES, EINVAL
from emu.kernel.kfuncs import Kind
from emu.kernel.traits import Trait
from verifier_model.reg import PTR_TO_MAP_VALUE
from verifier_model.scalars import is_null
from verifier_model.state import Lock
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.prog import MapDef, MapField
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState

SPIN_LOCK, TIMER = "bpf_spin_lock", "bpf_timer"
WORK_QUEUE, TASK_WORK = "bpf_wq", "bpf_task_work"
# What runs functions of the program later, as arguments of kernel functions.
ASYNC = {Kind.TIMER: TIMER, Kind.WORK_QUEUE: WORK_QUEUE, Kind.TASK_WORK: TASK_WORK}
# The tags of pointers in map values, as complaints call them.
_POINTERS = {
    "kptr": "kptr",
    "kptr_ref": "kptr",
    "kptr_untrusted": "kptr",
    "percpu_kptr": "percpu_kptr",
    "uptr": "uptr",
}


# The first releases that keep such a field for themselves; others did so in 6.2 or later.
_SINCE = {
    SPIN_LOCK: "5.1",
    TIMER: "5.15",
    "kptr": "5.19",
    "kptr_ref": "5.19",
    WORK_QUEUE: "6.10",
    TASK_WORK: "6.18",
}


def fields_of(env: Env, m: MapDef) -> tuple[MapField, ...]:
    """The fields of the map's values that the kernel knows."""
    return tuple(f for f in m.fields or () if env.kernel.at_least(_SINCE.get(f.kind, "6.2")))


def field_of(env: Env, m: MapDef, kind: str) -> MapField | None:
    """The field of that kind in the map's values."""
    return next((field for field in fields_of(env, m) if field.kind == kind), None)


def has_lock(m: MapDef | None) -> bool:
    """Whether pointers to the map's values must be told apart: reg_may_point_to_spin_lock()."""
    return m is not None and any(field.kind == SPIN_LOCK for field in m.fields or ())


def runs_later(env: Env, m: MapDef) -> bool:
    """Whether something in the map's values runs functions of the program later."""
    return any(field.kind in ASYNC.values() for field in fields_of(env, m))


def check_map(env: Env, m: MapDef) -> None:
    """Programs of some types may not use a map with a lock: check_map_prog_compatibility()."""
    row = prog_types.by_type(env.prog_type)
    tracing = row is not None and row.tracing
    if tracing and not env.rules.TIMER_IN_TRACING and field_of(env, m, TIMER) is not None:
        raise Reject("tracing progs cannot use bpf_timer yet", EINVAL)
    if field_of(env, m, SPIN_LOCK) is None:
        return
    if env.prog_type is ProgType.SOCKET_FILTER and env.rules.TEXT_SOCKET_LOCK:
        raise Reject("socket filter progs cannot use bpf_spin_lock yet", EINVAL)
    if tracing or env.prog_type is ProgType.SOCKET_FILTER:
        raise Reject("tracing progs cannot use bpf_spin_lock yet", EINVAL)
    if env.may_sleep and env.kernel.has(Trait.SLEEPABLE_NO_LOCK):
        raise Reject("sleepable progs cannot use bpf_spin_lock yet", EINVAL)


def take_or_release(
    env: Env, state: VerifierState, reg: RegState, regno: int, *, take: bool
) -> None:
    """bpf_spin_lock() and bpf_spin_unlock()."""
    check_field(env, reg, regno, SPIN_LOCK)
    assert reg.map is not None
    errno = _errno(env)
    if take:
        if state.lock is not None:
            raise Reject("Locking two bpf_spin_locks are not allowed", errno)
        state.lock = Lock(reg.map, reg.id)
        return
    held = state.lock
    if held is None:
        raise Reject("bpf_spin_unlock without taking a lock", errno)
    if held.id != reg.id or (env.rules.REFS_BY_IDMAP and held.map is not reg.map):
        raise Reject("bpf_spin_unlock of different lock", errno)
    state.lock = None


def _errno(env: Env) -> int:
    """check_func_arg() answered EACCES, whatever the function it called did."""
    return EINVAL if env.rules.MAP_RECORDS else EACCES


def check_kptr(env: Env, reg: RegState, regno: int) -> None:
    """The pointer points to a kernel pointer in its map's values: process_kptr_func()."""
    m = reg.map
    assert m is not None
    fixed = reg.is_const()
    if m.fields is None and (fixed or env.kernel.has(Trait.KPTR_BTF_FIRST)):
        raise Reject(f"map '{m.name}' has to have BTF in order to use bpf_kptr_xchg", _errno(env))
    if not fixed:
        text = f"R{regno} doesn't have constant offset. kptr has to be at the constant offset"
        raise Reject(text, _errno(env))
    raise Unmodelled("an exchange of a kernel pointer", env.insn_idx)


def check_field(env: Env, reg: RegState, regno: int, kind: str) -> None:
    """The pointer points to the lock or timer of its map's values."""
    m, rules, errno = reg.map, env.rules, _errno(env)
    assert m is not None
    if not reg.is_const():
        text = f"R{regno} doesn't have constant offset. {kind} has to be at the constant offset"
        raise Reject(text, errno)
    if m.fields is None:
        raise Reject(f"map '{m.name}' has to have BTF in order to use {kind}", errno)
    field = field_of(env, m, kind)
    if field is None:
        if rules.MAP_RECORDS:
            raise Reject(f"map '{m.name}' has no valid {kind}", errno)
        raise Reject(f"map '{m.name}' doesn't have 'struct {kind}'", errno)
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
    field = field_of(env, reg.map, kind)
    at = reg.off + reg.var_off.value
    if not fields_of(env, reg.map):
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
    kinds = [field.kind for field in fields_of(env, m if alike else given.map)]
    if not alike and not helper and not {WORK_QUEUE, TASK_WORK}.intersection(kinds):
        return
    if (alike and TIMER in kinds) or (helper and not alike):
        what = "timer"
    else:
        what = TASK_WORK if TASK_WORK in kinds else "workqueue"
    text = f"{what} pointer in R{regno - 1} map_uid={uid} doesn't match"
    raise Reject(f"{text} map pointer in R{regno} map_uid={given.mem_size}", EINVAL)


def check_access(env: Env, reg: RegState, off: int, size: int, *, indirect: bool) -> None:
    """A load or store, or with `indirect` a helper, keeps clear of the fields."""
    assert reg.map is not None
    for field in fields_of(env, reg.map):
        low, high = reg.off + reg.smin + off, reg.off + reg.umax + off + size
        if not (low < field.off + field.size and field.off < high):
            continue
        name = _POINTERS.get(field.kind)
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
        _check_pointer(env, field)
        return


def _check_pointer(env: Env, field: MapField) -> None:
    """A load or store of a kernel pointer: check_map_kptr_access()."""
    insn = env.insns[env.insn_idx]
    cls = insn.code & 7
    referenced = field.kind == ("kptr" if env.rules.KPTR_IS_REFERENCED else "kptr_ref")
    if cls != LDX and referenced:
        raise Reject("store to referenced kptr disallowed", EACCES)
    if cls == ST:
        if insn.imm:
            text = f"BPF_ST imm must be 0 when storing to kptr at off={field.off}"
            raise Reject(text, EACCES)
        return
    state = env.cur_state
    if cls == LDX or state is None or not is_null(state.frames[-1].regs[insn.src]):
        raise Unmodelled("a kernel pointer in a map's value", env.insn_idx)


def check_call(env: Env, state: VerifierState, *, subprog: bool, unlocks: bool) -> None:
    """What may be called while a lock is held."""
    if state.lock is None or unlocks or (subprog and env.rules.LOCKED_SUBPROG_CALLS):
        return
    raise Reject("function calls are not allowed while holding a lock", EINVAL)


def check_exit(env: Env, state: VerifierState) -> None:
    """No lock is held where the program ends; before 6.9 nor where a function does."""
    if state.lock is None or (len(state.frames) > 1 and env.rules.LOCKED_SUBPROG_CALLS):
        return
    if env.rules.EXIT_LEAK_TEXT:
        check_unlocked(state, "BPF_EXIT instruction in main prog")
    raise Reject("bpf_spin_unlock is missing", EINVAL)


def check_unlocked(state: VerifierState, what: str) -> None:
    if state.lock is not None:
        raise Reject(f"{what} cannot be used inside bpf_spin_lock-ed region", EINVAL)
