"""verify(): bpf_check()'s passes in order, then do_check() over all paths."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from emu.isa.table import JMP, JMP32
from emu.kernel import prog_types
from emu.kernel.enums import (
    F_ANY_ALIGNMENT,
    F_SLEEPABLE,
    F_STRICT_ALIGNMENT,
    F_TEST_REG_INVARIANTS,
    F_TEST_STATE_FREQ,
    F_XDP_DEV_BOUND_ONLY,
    F_XDP_HAS_FRAGS,
    ProgType,
)
from emu.kernel.errno import E2BIG, EINVAL
from verifier_model import cfg, fields, ldimm64, log_live, log_walk, stack_depth
from verifier_model.env import Env
from verifier_model.live_regs import live_registers
from verifier_model.prune import enter_loop, is_state_visited, push_history
from verifier_model.reg import PTR_TO_CTX, R1, pointer
from verifier_model.state import MAIN_CALLSITE, FuncState, VerifierState
from verifier_model.transfer.registry import TRANSFERS
from verifier_model.verdict import Reject, Unmodelled, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.kernel.profile import Kernel
    from emu.prog import Prog
    from verifier_model.transfer.registry import Transfer

    Watch = Callable[[int, VerifierState], None]


def verify(
    prog: Prog,
    kernel: Kernel,
    *,
    log_level: int = 1,
    cpus: int = 1,
    watch: Watch | None = None,
) -> Verdict:
    """Say whether `kernel` would load `prog`, and what its log would hold.

    prog: what a loader is given; maps are named by their index in Prog.maps.
    kernel: the profile to imitate, as root.
    log_level: as in BPF_PROG_LOAD: 0 no log, 1 the rejected path, 2 every path.
    cpus: possible CPUs; bpf_get_smp_processor_id() is less.
    watch: called with the index of each insn that is walked and the state before it, which it
        must not change.

    Returns a Verdict.  A rejection is a Verdict, not an exception.

    Raises Unmodelled, naming the insn, where the program uses what this model does not cover.

    Source: bpf_check(), kernel/bpf/verifier.c.
    """
    if prog.flags & ~_known_flags(kernel):
        return Verdict(False, EINVAL)
    if not prog.insns or len(prog.insns) > kernel.limits.max_insns:
        return Verdict(False, E2BIG)
    if prog.type is ProgType.UNSPEC:
        return Verdict(False, EINVAL)
    env = Env(prog, kernel, log_level, cpus)
    try:
        _check(env, watch)
    except Reject as err:
        for line in (err.message, *err.below):
            env.log.add(line)
        return _verdict(env, err)
    except Unmodelled as err:
        if err.insn < 0:
            raise Unmodelled(err.what, env.insn_idx) from None
        raise
    return _verdict(env, None)


# prog_flags of BPF_PROG_LOAD, and the releases that took them first.
_FLAGS = (
    (F_STRICT_ALIGNMENT, "4.12"),
    (F_ANY_ALIGNMENT, "5.0"),
    (1 << 2, "5.3"),  # BPF_F_TEST_RND_HI32
    (F_TEST_STATE_FREQ, "5.4"),
    (F_SLEEPABLE, "5.10"),
    (F_XDP_HAS_FRAGS, "5.18"),
    (F_XDP_DEV_BOUND_ONLY, "6.3"),
    (F_TEST_REG_INVARIANTS, "6.8"),
    (1 << 16, "6.9"),  # BPF_F_TOKEN_FD
)


def _known_flags(kernel: Kernel) -> int:
    return sum(flag for flag, since in _FLAGS if kernel.at_least(since))


def _verdict(env: Env, err: Reject | None) -> Verdict:
    env.log.add(env.log.stats(env))
    return Verdict(
        accepted=err is None,
        errno=err.errno if err else 0,
        message=err.message if err else "",
        insn=env.insn_idx if err and env.insns_processed else -1,
        log=tuple(env.log.lines),
        insns_processed=env.insns_processed,
        total_states=env.total_states,
        peak_states=env.peak_states,
        max_states_per_insn=env.max_states_per_insn,
    )


def _check(env: Env, watch: Watch | None) -> None:
    """The passes; their order is the release's."""
    rules = env.rules
    if prog_types.by_type(env.prog_type) is None or env.prog_type is ProgType.TRACING:
        raise Unmodelled(f"a program of type {env.prog_type.name}", 0)
    if env.prog.flags & F_SLEEPABLE:
        raise Unmodelled("a program that may sleep", 0)
    if not rules.OPCODES_CHECKED_FIRST:
        ldimm64.resolve(env)
    cfg.find_subprogs(env)
    cfg.check_func_info(env)
    if rules.OPCODES_CHECKED_FIRST:
        ldimm64.resolve(env)
    if rules.INSNS_CHECKED_FIRST:
        fields.check_all(env)
    cfg.check_cfg(env)
    if rules.RECURSION_FOUND_FIRST:
        stack_depth.check_recursion(env)
    if rules.LINK_LIVE_REGS:
        env.live_regs = live_registers(env)
    if env.log.level > 1:
        log_live.begin(env)
    env.unknown_is_precise = not rules.PRECISION or (
        rules.SUBPROG_SCALARS_PRECISE and len(env.subprogs) > 1
    )
    _do_check(env, watch)
    stack_depth.check_max_stack_depth(env)


@cache
def _transfers() -> dict[str, Transfer]:
    """The functions for the rows of the table; importing their modules registers them."""
    from verifier_model.transfer import alu, atomic, call, jmp, ldst  # noqa: F401

    return TRANSFERS


def _do_check(env: Env, watch: Watch | None) -> None:
    """Walk every path until none is left: do_check()."""
    transfers = _transfers()
    handlers = [transfers.get(row.name) if row is not None else None for row in env.rows]
    rules, insns, n = env.rules, env.insns, len(env.insns)
    prune_points, jmp_points = env.prune_points, env.jmp_points
    limit = env.limits.complexity
    checks_fields = not rules.INSNS_CHECKED_FIRST
    fields_known = bytearray(n)
    history_apart, starts_in_history = rules.JMP_POINTS, rules.JMP_HISTORY_OF_START
    log = env.log if env.log.level else None
    stack_use = env.stack_use

    state = VerifierState(FuncState(MAIN_CALLSITE, 0, 0))
    state.frames[0].regs[R1] = pointer(PTR_TO_CTX)
    env.cur_state = state
    idx = 0
    while True:
        env.insn_idx = idx
        insn = insns[idx]
        env.insns_processed += 1
        if env.insns_processed > limit:
            raise Reject(f"BPF program is too large. Processed {env.insns_processed} insn", E2BIG)
        state.last_insn_idx = env.prev_insn_idx
        visited = prune_points[idx] and is_state_visited(env, state)
        if not visited:
            if (
                history_apart
                and jmp_points[idx]
                and (starts_in_history or env.prev_insns_processed != env.insns_processed)
            ):
                push_history(env, state)
            if watch is not None:
                watch(idx, state)
            if log is not None:
                log_walk.before_insn(env, state)
            if checks_fields and not fields_known[idx]:
                fields.check(env, idx)
                fields_known[idx] = 1
            handler = handlers[idx]
            if handler is None:
                raise Reject(f"unknown opcode {insn.code:02x}", EINVAL)
            if insn.code & 7 in (JMP, JMP32):
                env.jmps_processed += 1
            if stack_use is not None:
                stack_use.begin_insn(state)
            following = handler(env, state, insn)
            if stack_use is not None:
                stack_use.end_insn(idx)
            if following is not None:
                env.prev_insn_idx = idx
                idx = following
                continue
        elif log is not None:
            log_walk.pruned(env)
        _end_path(env, state)
        if stack_use is not None:
            stack_use.update(state)
        if not env.stack:
            env.log.rewind(0)
            return
        state, idx, env.prev_insn_idx, lines = env.stack.pop()
        env.cur_state = state
        if log is not None:
            log.rewind(lines)
            log_walk.path_ends(env)


def _end_path(env: Env, state: VerifierState) -> None:
    """One path less goes on from each ancestor: update_branch_counts()."""
    st: VerifierState | None = state
    while st is not None:
        st.branches -= 1
        if st.branches:
            return
        if env.loop_visits is not None and st is not state:
            env.loop_visits.ended(st)
        if st.loop_entry is not None and st.parent is not None:
            enter_loop(st.parent, st.loop_entry)
        st = st.parent
