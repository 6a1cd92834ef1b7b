"""Programs that may sleep: where they may, what they may use, and where RCU protects pointers.

Source: in_sleepable(), in_sleepable_context(), in_rcu_cs(), check_map_prog_compatibility(),
mark_subprog_might_sleep() and the places that ask them, kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel import helpers
from emu.kernel.enums import F_NO_PREALLOC, MapType
from emu.kernel.errno import EACCES, EINVAL
from emu.kernel.kfuncs import ITERATORS, Does, Kind
from emu.kernel.traits import Trait
from emu.prog import PSEUDO_KFUNC_CALL
from verifier_model.cfg import CALL
from verifier_model.summaries import subprogs_with
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from emu.kernel.helpers import Helper
    from emu.kernel.kfuncs import Kfunc
    from emu.prog import Insn, MapDef
    from verifier_model.env import Env
    from verifier_model.state import VerifierState

# Types of maps that programs that sleep may use, and since when.
_MAPS = {
    MapType.HASH: "5.10",
    MapType.LRU_HASH: "5.10",
    MapType.ARRAY: "5.10",
    MapType.PERCPU_HASH: "5.12",
    MapType.PERCPU_ARRAY: "5.12",
    MapType.LRU_PERCPU_HASH: "5.12",
    MapType.ARRAY_OF_MAPS: "5.12",
    MapType.HASH_OF_MAPS: "5.12",
    MapType.RINGBUF: "5.12",
    MapType.INODE_STORAGE: "5.17",
    MapType.SK_STORAGE: "5.17",
    MapType.TASK_STORAGE: "5.17",
    MapType.USER_RINGBUF: "6.1",
    MapType.CGRP_STORAGE: "6.2",
    MapType.QUEUE: "6.9",
    MapType.STACK: "6.9",
    MapType.ARENA: "6.9",
    MapType.INSN_ARRAY: "6.19",
    MapType.LPM_TRIE: "7.2",
    MapType.RHASH: "7.2",
    MapType.PROG_ARRAY: "7.2",
}
_HASHES = (
    *(MapType.HASH, MapType.PERCPU_HASH, MapType.LRU_HASH, MapType.LRU_PERCPU_HASH),
    MapType.HASH_OF_MAPS,
)
# What the others are refused with, newest first.
_TEXTS = (
    ("6.2", "array, hash, ringbuf and local storage maps"),
    ("5.12", "array, hash, and ringbuf maps"),
    ("", "array and hash maps"),
)


def check_map(env: Env, m: MapDef) -> None:
    """The map is of a type that programs that sleep may use, and has all its elements."""
    if not env.may_sleep:
        return
    kernel = env.kernel
    since = _MAPS.get(m.type)
    if since is None or not kernel.at_least(since):
        text = next(text for since, text in _TEXTS if not since or kernel.at_least(since))
        raise Reject(f"Sleepable programs can only use {text}", EINVAL)
    grows = m.type in _HASHES and m.flags & F_NO_PREALLOC
    if grows and kernel.has(Trait.SLEEPABLE_PREALLOC):
        kind = "maps" if kernel.at_least("5.12") else "hash maps"
        raise Reject(f"Sleepable programs can only use preallocated {kind}", EINVAL)


def rcu_protects(env: Env, state: VerifierState) -> bool:
    """Whether pointers that RCU protects stay what they are: in_rcu_cs()."""
    locked = bool(state.locks) and env.kernel.has(Trait.LOCK_IS_RCU)
    return not state.sleeps or bool(state.regions.rcu) or locked


def forbidden(state: VerifierState) -> str:
    """Where nothing may sleep, as complaints name it; "" where something may.

    Source: non_sleepable_context_description().
    """
    now = state.regions
    if now.rcu:
        return "rcu_read_lock region"
    if now.preempt:
        return "non-preemptible region"
    if now.irqs:
        return "IRQ-disabled region"
    if state.locks:
        return "lock region"
    return "" if state.sleeps else "non-sleepable prog"


def check_helper(env: Env, state: VerifierState, row: Helper) -> None:
    """A helper that sleeps is called where something may."""
    if not helpers.sleeps(env.kernel, row):
        return
    where = forbidden(state)
    if not state.sleeps and not env.kernel.has(Trait.TEXT_SLEEPING_HELPER):
        raise Reject("helper call might sleep in a non-sleepable prog", EINVAL)
    if where:
        raise Reject(f"sleepable helper bpf_{row.name}#{row.id} in {where}", EINVAL)


def check_kfunc(state: VerifierState, row: Kfunc) -> None:
    """Programs that never sleep call no kernel function that does."""
    if Does.SLEEPS in row.does and not state.sleeps:
        text = f"program must be sleepable to call sleepable kfunc {row.name}"
        raise Reject(text, EACCES)


def check_kfunc_place(state: VerifierState, row: Kfunc) -> None:
    """The same of places in programs that do; asked after the arguments."""
    where = forbidden(state) if Does.SLEEPS in row.does else ""
    if where:
        raise Reject(f"kernel func {row.name} is sleepable within {where}", EACCES)


def check_kfunc_protected(env: Env, state: VerifierState, row: Kfunc) -> None:
    """An iterator that RCU protects is made where it does; before 6.18 its use is refused."""
    param = row.params[0] if row.params else None
    makes = param is not None and param.kind is Kind.NEW_ITER and ITERATORS[param.name].rcu
    if makes and env.kernel.has(Trait.KFUNC_NEEDS_RCU) and not rcu_protects(env, state):
        text = f"kernel func {row.name} requires RCU critical section protection"
        raise Reject(text, EACCES)


def check_global_call(env: Env, state: VerifierState, no: int) -> None:
    """A global function that may sleep is called where something may."""
    if not env.rules.GLOBAL_FUNCS_SLEEP or no not in sleepers(env):
        return
    where = forbidden(state)
    if not where:
        return
    if env.kernel.has(Trait.TEXT_SLEEPING_HELPER):
        text = f"sleepable global function {env.subprog_name(no)}() called in {where}"
        raise Reject(text, EINVAL)
    raise Reject(
        "a non-sleepable BPF program context",
        EINVAL,
        above=(
            "global functions that may sleep are not allowed in non-sleepable context,",
            "i.e., in a RCU/IRQ/preempt-disabled section, or in",
        ),
    )


def sleepers(env: Env) -> frozenset[int]:
    """The subprogs that may sleep, themselves or by what they call."""
    if env.sleepers is None:
        env.sleepers = subprogs_with(env, lambda insn: _sleeps(env, insn))
    return env.sleepers


def _sleeps(env: Env, insn: Insn) -> bool:
    if insn.code != CALL:
        return False
    if insn.src == PSEUDO_KFUNC_CALL:
        kfunc = env.kfunc_allowed(insn)
        return kfunc is not None and Does.SLEEPS in kfunc.does
    row = None if insn.src else helpers.by_id(insn.imm)
    return (
        row is not None and helpers.sleeps(env.kernel, row) and env.helper_proto(insn) is not None
    )
