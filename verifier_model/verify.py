"""verify(): bpf_check()'s passes in order, then do_check() over all paths."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from emu.isa.table import JMP, JMP32
from emu.kernel.errno import E2BIG, EINVAL, EPERM
from emu.kernel.traits import Trait
from verifier_model import (
    btf_info,
    cfg,
    cmpxchg,
    fastcall,
    fields,
    functions,
    kfunc_calls,
    ldimm64,
    log_buffer,
    log_live,
    log_walk,
    stack_depth,
)
from verifier_model.check import attach
from verifier_model.ending import ending
from verifier_model.env import Env
from verifier_model.live_regs import live_registers
from verifier_model.log_shares import Shares
from verifier_model.loop_visits import LoopVisits
from verifier_model.prune import enter_loop, free_dropped, is_state_visited, push_history
from verifier_model.stack_use import StackUse
from verifier_model.transfer.registry import TRANSFERS
from verifier_model.verdict import Reject, Unmodelled, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from emu.btf import BtfData
    from emu.kernel.enums import ProgType
    from emu.kernel.profile import Kernel
    from emu.prog import Prog
    from verifier_model.ending import Reports
    from verifier_model.log_buffer import Buffer
    from verifier_model.state import VerifierState
    from verifier_model.transfer.registry import Transfer

    Denied = tuple[ProgType, int | None]
    Watch = Callable[[int, VerifierState], None]


def verify(
    prog: Prog,
    kernel: Kernel,
    *,
    log_level: int = 1,
    log_size: int | None = None,
    cpus: int = 1,
    report: bool = False,
    btf: BtfData | None = None,
    denied: Collection[Denied] = (),
    watch: Watch | None = None,
    every_path: bool = False,
) -> Verdict:
    """Say whether `kernel` would load `prog`, and what its log would hold.

    prog: what a loader is given; maps are named by their index in Prog.maps.
    kernel: the profile to imitate, as root.
    log_level: as in BPF_PROG_LOAD: 0 no log, 1 the rejected path, 2 every path; plus 4 for
        statistics, plus 8 to keep the head of a log that is too long.
    log_size: bytes of the buffer for the log, 0 for none; None for one that is large enough, with
        the log of the walk cut at log.MOST bytes.
    cpus: possible CPUs; bpf_get_smp_processor_id() is less.
    report: fill Verdict.report on a rejection: the report that ends the logs of 7.3.
    denied: what the machine's policy does not allow (an LSM's bpf_prog_load hook, a sandbox):
        program types, each with an attach type or, whatever it is, None.  EPERM, without a log.
    btf: that kernel's types, which tracing programs and kernel structures need.
    watch: called with the index of each insn that is walked and the state before it, which it
        must not change.
    every_path: walk every path to its end, though an equivalent state was walked before; the counts
        are not the kernel's then.

    Returns a Verdict.  A rejection is a Verdict, not an exception.

    Raises Unmodelled, naming the insn, where the program uses what this model does not cover.

    Source: bpf_check(), kernel/bpf/verifier.c.
    """
    errno = attach.refusal(prog, kernel)
    if not errno and {(prog.type, None), (prog.type, prog.expected_attach_type)} & {*denied}:
        errno = EPERM
    if errno:
        return Verdict(False, errno)
    if not log_buffer.is_valid(kernel, log_level, log_size):
        return Verdict(False, EINVAL)
    buffer = None if log_size is None else log_buffer.Buffer(kernel, log_level, log_size)
    with _uncollected():
        return _verified(
            Env(prog, kernel, log_level, cpus, btf, every_path=every_path), buffer, report, watch
        )


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for garbage in cycles: a walk keeps what it makes, and searching is dear.

    What is garbage after the walk is young for the first search thereafter, which will find it.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _verified(
    env: Env, buffer: Buffer | None, report: bool, watch: Watch | None, *, quietly: bool = True
) -> Verdict:
    """quietly: where the log will hold nothing of a walk that ends well, walk without it first."""
    env.log.buffer = buffer
    muted = quietly and watch is None and env.log.mute()
    try:
        _check(env, watch)
    except Reject as err:
        if not muted:
            wanted = report or (env.rules.LOG_REPORT and env.log.bits & log_buffer.LEVELS)
            return ending(env, err, _reports(env, err) if wanted else [])
    except Unmodelled as err:
        if err.insn < 0:
            raise Unmodelled(err.what, env.insn_idx) from None
        raise
    else:
        return ending(env, None, [])
    bits = env.log.bits
    env = Env(env.prog, env.kernel, bits, env.cpus, env.btf, every_path=env.every_path)
    return _verified(env, buffer, report, watch, quietly=False)


def _reports(env: Env, err: Reject) -> Reports:
    """The report on each line of the complaint: the walk is done again, and recorded."""
    from verifier_model.report.explain import explain
    from verifier_model.report.findings import find
    from verifier_model.report.trail import Trail

    said = [line for line in err.lines if find(line) and line not in err.unexplained]
    if not said:
        return []
    again = Env(env.prog, env.kernel, 1, env.cpus, env.btf)
    trail = again.trail = Trail(again)
    try:
        _check(again, None)
    except Reject as same:
        lines = (line for line in same.lines if line not in same.unexplained)
        return [(line, explain(again, trail, line)) for line in lines]
    return []


def _check(env: Env, watch: Watch | None) -> None:
    """The passes; their order is the release's."""
    rules = env.rules
    attached_first = env.kernel.has(Trait.ATTACH_CHECKED_FIRST)
    attached_late = env.kernel.has(Trait.ATTACH_CHECKED_LATE)
    if attached_first:
        attach.check(env)
    if not rules.OPCODES_CHECKED_FIRST:
        ldimm64.resolve(env)
    cfg.find_subprogs(env)
    btf_info.check(env)
    if not attached_first and not attached_late:
        attach.check(env)
    if rules.OPCODES_CHECKED_FIRST:
        ldimm64.resolve(env)
    if rules.KFUNCS_ADDED_LATE:
        kfunc_calls.declare_all(env)
    cfg.check_cfg(env)
    if attached_late:
        attach.check(env)
    if rules.LIVENESS_BEFORE_WALK:
        from verifier_model.static.analysis import analyze

        analyze(env)
    elif rules.LIVE_REGS_COMPARED:
        env.live_regs = live_registers(env)
    if rules.LOOPS_BY_COMPONENT:
        env.loop_visits = LoopVisits(env)
    if rules.STACK_LIVE_BY_CHAIN:
        env.stack_use = StackUse(env)
    if env.log.level > 1:
        log_live.begin(env)
    env.fastcall = fastcall.find(env)
    env.unknown_is_precise = not rules.PRECISION or (
        rules.SUBPROG_SCALARS_PRECISE and len(env.subprogs) > 1
    )
    env.anything = env.unknown()
    if rules.LOG_SHARES and env.log.bits & log_buffer.STATS and env.trail is None:
        env.trail = Shares(env)
    watch = cmpxchg.watching(env, watch)
    functions.walk(env, lambda no: _do_check(env, watch, no))
    if env.fastcall is not None:
        env.fastcall.remove()
    stack_depth.check_max_stack_depth(env)
    env.fixups.check(env)


@cache
def _transfers() -> dict[str, Transfer]:
    """The functions for the rows of the table; importing their modules registers them."""
    from verifier_model.transfer import alu, arena, atomic, call, jmp, ldst  # noqa: F401

    return TRANSFERS


def _do_check(env: Env, watch: Watch | None, no: int) -> None:
    """Walk every path from a function's first insn until none is left: do_check()."""
    transfers = _transfers()
    handlers = [transfers.get(row.name) if row is not None else None for row in env.rows]
    rules, insns, n = env.rules, env.insns, len(env.insns)
    prune_points, jmp_points = env.prune_points, env.jmp_points
    limit = env.limits.complexity
    checks_fields = not rules.INSNS_CHECKED_FIRST
    fields_known = bytearray(n)
    history_apart, starts_in_history = rules.JMP_POINTS, rules.JMP_HISTORY_OF_START
    log = env.log if env.log.level else None
    stack_use, trail = env.stack_use, env.trail

    state = functions.entry(env, no)
    idx = env.subprogs[no]
    while True:
        env.insn_idx = idx
        insn = insns[idx]
        env.insns_processed += 1
        if env.insns_processed > limit:
            raise Reject(f"BPF program is too large. Processed {env.insns_processed} insn", E2BIG)
        state.last_insn_idx = env.prev_insn_idx
        if trail is not None:
            trail.arrive(state)
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
            if trail is not None:
                trail.enter(state)
            if log is not None:
                if log.is_full():
                    log = None
                else:
                    log_walk.before_insn(env, state)
            if checks_fields and not fields_known[idx]:
                fields.check(env, idx)
                fields_known[idx] = 1
            handler = handlers[idx]
            if handler is None:
                fields.check(env, idx)
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
        if trail is not None:
            trail.resume(state)
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
        if st is not state:
            if env.loop_visits is not None:
                env.loop_visits.ended(st)
            if st.dropped:
                free_dropped(env, st)
        if st.loop_entry is not None and st.parent is not None:
            enter_loop(env, st.parent, st.loop_entry)
        st = st.parent
