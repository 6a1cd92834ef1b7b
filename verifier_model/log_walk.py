"""What the walk says as it goes: each insn, what it changed, where paths begin and end.

Source: do_check(), print_insn_state(), and the verbose() calls of the functions named below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model import log_source
from verifier_model.cfg import EXIT
from verifier_model.log_state import changes, whole

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.state import VerifierState

# Where the state stands behind an insn's text: BPF_LOG_ALIGNMENT, BPF_LOG_MIN_ALIGNMENT.
_ALIGNMENT, _MIN_ALIGNMENT = 40, 8


def before_insn(env: Env, state: VerifierState) -> None:
    """The state the insn finds, or what the one before it changed, and the insn."""
    log, idx = env.log, env.insn_idx
    if not env.rules.LOG_STATE_DIFF:
        _state_before_insn(env, state)
    else:
        if log.path_begins and log.level > 1:
            log.lines += ("", f"{_from(env)}:{whole(env, state, -1)}")
            log.path_begins = False
        if env.scratched_regs or env.scratched_slots:
            insn_changes(env, state)
    log.lines += log_source.line(env, idx)
    log.lines.append(f"{idx}: {log.insn_text(env, idx)}")
    log.insn_line = len(log.lines)


def _state_before_insn(env: Env, state: VerifierState) -> None:
    """Until 5.16 the whole state stands before each insn, at level 1 where a path begins."""
    log = env.log
    if log.level > 1:
        log.lines.append(f"{env.insn_idx}:{whole(env, state, -1)}")
    elif log.path_begins:
        log.lines += ("", f"{_from(env)}:{whole(env, state, -1)}")
    log.path_begins = False


def _from(env: Env) -> str:
    return f"from {env.prev_insn_idx} to {env.insn_idx}"


def insn_changes(env: Env, state: VerifierState) -> None:
    """What has changed: behind the insn's text if that is still the last line."""
    log = env.log
    text = changes(env, state)
    if log.insn_line != len(log.lines):
        log.lines.append(f"{env.insn_idx}:{text}")
        return
    line = log.lines[-1]
    if log.level == 1:
        log.plain_lines[len(log.lines) - 1] = line
    log.lines[-1] = f"{aligned(line, len(line) + 1)};{text}"  # counted with its newline
    log.insn_line = -1


def aligned(line: str, length: int) -> str:
    """The line with the blanks that follow a text of that length: bpf_vlog_alignment()."""
    least = max(length + _MIN_ALIGNMENT // 2, _ALIGNMENT)
    return line + " " * (-(-least // _MIN_ALIGNMENT) * _MIN_ALIGNMENT - length - 1)


def jump(env: Env, state: VerifierState, *, predicted: bool) -> None:
    """What a conditional jump leaves behind where the walk goes on: check_cond_jmp_op()."""
    rules = env.rules
    if not rules.LOG_STATE_DIFF:
        if not predicted:
            env.log.lines.append(whole(env, state, -1))
    elif not predicted or rules.LOG_PREDICTED_JUMPS:
        insn_changes(env, state)


def memory_access(env: Env) -> None:
    """Until 5.16, the state at an access of a map's value or other memory."""
    if not env.rules.LOG_STATE_DIFF and env.cur_state is not None:
        env.log.lines.append(whole(env, env.cur_state, -1))


def pruned(env: Env) -> None:
    """The rest of this path was walked from an equivalent state."""
    log = env.log
    if log.path_begins:
        log.lines += ("", f"{_from(env)}: safe")
    else:
        log.lines.append(f"{env.insn_idx}: safe")


def path_ends(env: Env) -> None:
    """Another path begins: all of its state is new."""
    env.log.path_begins = True
    env.scratched_regs = env.scratched_slots = -1


def call(env: Env, state: VerifierState) -> None:
    """The two frames at the call of a subprog: __check_func_call()."""
    lines = env.log.lines
    lines += ("caller:", whole(env, state, -2), "callee:", whole(env, state, -1))


def leave(env: Env, state: VerifierState, following: int) -> None:
    """The two frames at the end of a subprog: prepare_func_exit()."""
    lines = env.log.lines
    lines += ("returning from callee:", whole(env, state, -1))
    lines += (f"to caller at {following}:", whole(env, state, -2))
    env.log.path_begins = env.insns[env.insn_idx].code == EXIT


def infinite_loop(env: Env, old: VerifierState, cur: VerifierState) -> tuple[str, ...]:
    """The two states that are the same, below the complaint: is_state_visited()."""
    if not env.log.bits or not env.rules.LOG_LOOP_STATES:
        return ()
    return (f"cur state:{whole(env, cur, -1)}", f"old state:{whole(env, old, -1)}")
