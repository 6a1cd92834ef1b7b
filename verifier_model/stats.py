"""What the log tells behind a walk, of the program as the kernel has rewritten it.

Source: print_verification_stats(), and of what changes stacks bpf_opt_remove_dead_code(),
bpf_optimize_bpf_loop() and bpf_do_misc_fixups(), kernel/bpf/verifier.c (fixups.c since 7.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.traits import Trait
from verifier_model.log_buffer import STATS
from verifier_model.log_shares import Shares
from verifier_model.stack import SLOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from verifier_model.env import Env

    Stacks = dict[int, int]  # by subprog, bytes of stack

_LOOP_SLOTS = 3  # that an inlined bpf_loop() takes


def lines(env: Env, *, accepted: bool) -> Iterator[str]:
    """The last lines of every log.  A model takes no time that would tell anything."""
    given = dict(enumerate(env.stack_depth))
    if env.log.bits & STATS:
        yield "verification time 0 usec"
        yield from _of_subprogs(env, _rewritten(env, given) if accepted else given, accepted)
    head = f"processed {env.insns_processed} insns (limit {env.limits.complexity})"
    if not env.rules.STATE_EVICTION:
        yield f"{head}, stack depth {_sum(given.values())}"
        return
    yield (
        f"{head} max_states_per_insn {env.max_states_per_insn} total_states {env.total_states} "
        f"peak_states {env.peak_states} mark_read {env.longest_mark_read}"
    )


def _of_subprogs(env: Env, stacks: Stacks, accepted: bool) -> Iterator[str]:
    if not env.rules.LOG_SHARES:
        # The function that catches what is thrown is added behind the others.
        hidden = (0,) if accepted and env.fixups.throws else ()
        yield f"stack depth {_sum((*stacks.values(), *hidden))}"
        return
    shares = env.trail if isinstance(env.trail, Shares) else Shares(env)
    if env.rules.LOG_REPORT:
        yield f"stack depth max {env.max_stack_depth}"
        yield from shares.lines(stacks)
    else:
        yield f"stack depth {_sum(stacks.values())} max {env.max_stack_depth}"
        yield f"insns processed {_sum(shares.of_walks(stacks))}"


def _sum(numbers: Iterable[int]) -> str:
    return "+".join(map(str, numbers))


def _rewritten(env: Env, given: Stacks) -> Stacks:
    """The same in the end: what was never walked is removed, and what is inlined has room."""
    stacks = {no: depth for no, depth in given.items() if no in env.entered}
    for no in {env.subprog_of(idx) for idx, (_, inlined) in env.inlined_loops.items() if inlined}:
        stacks[no] += -stacks[no] % SLOT + _LOOP_SLOTS * SLOT
    for no in {env.subprog_of(idx) for idx in env.fixups.may_gotos}:
        stacks[no] += 2 * SLOT if env.kernel.has(Trait.MAY_GOTO_TIMED) else SLOT
    return stacks
