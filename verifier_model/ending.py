"""The end of a verification: the log's last lines, and the Verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import ENOSPC
from verifier_model import stats
from verifier_model.log_buffer import LEVELS, OPEN, text_of
from verifier_model.verdict import Verdict

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.verdict import Reject

    # The lines of a complaint, each with the lines of the report on it.
    Reports = list[tuple[str, list[str]]]


def ending(env: Env, err: Reject | None, reports: Reports) -> Verdict:
    """What the kernel answers; `reports` are there where they were asked for."""
    log, rules = env.log, env.rules
    report = [line for _, page in reports for line in page]
    if err is not None:
        pages = dict(reports) if rules.LOG_REPORT and log.bits & LEVELS else {}
        for line in err.lines:
            log.add(line)
            log.lines += pages.get(line, ())
    for line in stats.lines(env, accepted=err is None):
        log.add(line)
    errno = err.errno if err else 0
    kept, cut, true_size = text_of(log.lines).split("\n")[:-1], False, 0
    if log.buffer is not None and log.bits:
        text, lost = log.buffer.finish(log.lines)
        kept, true_size = text.split("\n"), log.buffer.true_size
        cut = kept[-1] != ""
        kept = kept if cut else kept[:-1]
        errno = ENOSPC if lost else errno
    return Verdict(
        accepted=not errno and err is None,
        errno=errno,
        message=err.message.removesuffix(OPEN) if err else "",
        insn=env.insn_idx if err and env.insns_processed else -1,
        log=tuple(kept),
        insns_processed=env.insns_processed,
        total_states=env.total_states,
        peak_states=env.peak_states,
        max_states_per_insn=env.max_states_per_insn,
        log_cut=cut,
        log_true_size=true_size,
        report=tuple(report),
        not_extended=frozenset(env.not_extended),
    )
