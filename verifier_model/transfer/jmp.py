"""Conditional jumps: which sides are walked, and what each side has learnt.

Source: check_cond_jmp_op(), is_branch_taken(), reg_set_min_max(), mark_ptr_or_null_regs().
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from emu.isa.table import JMP32, X
from verifier_model import invariants, log_walk
from verifier_model.check import packet
from verifier_model.domain import compare, compare_const
from verifier_model.domain.bounds import is_impossible
from verifier_model.domain.compare import FLIPPED, JEQ, JNE, REVERSED
from verifier_model.domain.value import Value
from verifier_model.domain.word import U64
from verifier_model.history import Step
from verifier_model.precise import mark_chain_precision
from verifier_model.prune import push_history
from verifier_model.reg import (
    PACKET_POINTERS,
    PTR_TO_PACKET_END,
    SCALAR_VALUE,
)
from verifier_model.scalars import linked_places, sync_linked
from verifier_model.stack import Slot
from verifier_model.transfer.callback import previous_entry, widen
from verifier_model.transfer.not_null import (
    is_not_null,
    is_null_check,
    lift_null,
    mark_ptr_or_null,
)
from verifier_model.transfer.registry import transfer
from verifier_model.verdict import Unmodelled

if TYPE_CHECKING:
    from emu.prog import Insn
    from verifier_model.domain.value import Facts
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.rules import Rules
    from verifier_model.state import VerifierState

_COMPARED = ("true_reg1", "true_reg2", "false_reg1", "false_reg2")

_CONDITIONS = tuple(
    f"j{op}{width}_{form}"
    for op in ("eq", "gt", "ge", "set", "ne", "sgt", "sge", "lt", "le", "slt", "sle")
    for width in ("", "32")
    for form in ("reg", "imm")
)


@transfer(*_CONDITIONS)
def transfer_condition(env: Env, state: VerifierState, insn: Insn) -> int:
    """if dst op src goto ..."""
    op, jmp32 = insn.code & 0xF0, insn.code & 7 == JMP32
    by_reg = bool(insn.code & X)
    if by_reg and not env.rules.JMP_READS_DST_FIRST:
        env.read_reg(state, insn.src)
    env.read_reg(state, insn.dst)
    if by_reg and env.rules.JMP_READS_DST_FIRST:
        env.read_reg(state, insn.src)
    regs = state.frames[-1].regs
    dst = regs[insn.dst]
    src = regs[insn.src] if by_reg else env.immediate(insn.imm & U64)
    following = env.insn_idx + 1
    target = following + insn.off

    linked: list[tuple[int, int, int]] = []
    if env.rules.LINKS_OF_FIVE:
        linked = _linked(env, state, dst, src if by_reg else None)
    taken = _is_branch_taken(env, dst, src, op, jmp32, by_reg, insn.dst == insn.src)
    if taken is not None:
        if dst.type is SCALAR_VALUE:
            mark_chain_precision(env, state, insn.dst)
        if by_reg and src.type is SCALAR_VALUE:
            mark_chain_precision(env, state, insn.src)
        if env.log.level:
            log_walk.jump(env, state, predicted=True)
        return target if taken else following

    if not env.rules.LINKS_OF_FIVE:
        linked = _linked(env, state, dst, src if by_reg else None)
    _remember_linked(env, state, linked)
    other = env.push_branch(state, target, env.insn_idx)
    if dst.type is SCALAR_VALUE and src.type is SCALAR_VALUE:
        _learn(env, state, other, insn, op, jmp32, by_reg, linked)
    elif is_null_check(env, dst, src, op, jmp32, by_reg):
        if by_reg and env.rules.NULL_CHECK_BY_REG_PRECISE:
            mark_chain_precision(env, state, insn.src)
        mark_ptr_or_null(env, state, insn.dst, is_null=op == JNE)
        mark_ptr_or_null(env, other, insn.dst, is_null=op == JEQ)
    elif by_reg and not jmp32 and packet.learn(env, state, other, insn.dst, insn.src, op):
        pass
    elif by_reg and not jmp32 and op in (JEQ, JNE):
        lift_null(env, state, other, insn, op)
    if env.log.level:
        log_walk.jump(env, state, predicted=False)
    return following


def _is_branch_taken(
    env: Env, dst: RegState, src: RegState, op: int, jmp32: bool, by_reg: bool, same: bool
) -> bool | None:
    rules = env.rules
    if dst.type is not SCALAR_VALUE or src.type is not SCALAR_VALUE:
        if dst.type in _PACKET and src.type in _PACKET:
            return None if jmp32 else packet.branch_taken(env, dst, src, op)
        return _pointer_against_zero(env, dst, src, op, jmp32, by_reg)
    if rules.BRANCH_TWO_RANGES:
        if by_reg and same and rules.BRANCH_SAME_REG:
            return _same_register(dst, op, jmp32)
        taken = compare.decided(dst, src, op, jmp32, rules)
        if taken is None and rules.BRANCH_BY_SIMULATION:
            return _by_simulation(dst.facts(), src.facts(), op, jmp32, rules)
        return taken
    if not by_reg:
        return compare_const.decided(dst, src.var_off.value, op, jmp32, rules)
    if rules.BRANCH_SRC_REG and compare.is_const(src, jmp32):
        x = compare.const_value(src, jmp32)
        return compare_const.decided(dst, x, op, jmp32, rules)
    if not rules.CONST_DST_BRANCH_BUG and compare.is_const(dst, jmp32):
        x = compare.const_value(dst, jmp32)
        return compare_const.decided(src, x, FLIPPED[op], jmp32, rules)
    return None


def _same_register(reg: RegState, op: int, jmp32: bool) -> bool | None:
    """`if r1 op r1` (6.19)."""
    if op == compare.JSET:
        if compare.is_const(reg, jmp32):
            return compare.const_value(reg, jmp32) != 0
        low, high = (reg.smin32, reg.smax32) if jmp32 else (reg.smin, reg.smax)
        return None if low <= 0 <= high else True
    return op in (JEQ, compare.JGE, compare.JLE, compare.JSGE, compare.JSLE)


@lru_cache(maxsize=1 << 12)
def _by_simulation(dst: Facts, src: Facts, op: int, jmp32: bool, rules: Rules) -> bool | None:
    """A side on which some range is empty cannot run (7.1)."""
    for taken, used in ((True, REVERSED[op]), (False, op)):
        a, b = Value(), Value()
        a.learn(dst)
        b.learn(src)
        compare.refine_and_sync(a, b, used, jmp32, rules)
        if is_impossible(a) or is_impossible(b):
            return taken
    return None


def _pointer_against_zero(
    env: Env, dst: RegState, src: RegState, op: int, jmp32: bool, by_reg: bool
) -> bool | None:
    """A pointer that cannot be null is not 0."""
    rules = env.rules
    if not rules.BRANCH_NON_NULL or op not in (JEQ, JNE):
        return None
    if dst.type is SCALAR_VALUE:
        if not rules.BRANCH_TWO_RANGES:
            return None
        dst, src = src, dst
    if src.type is not SCALAR_VALUE or not compare.is_const(src, jmp32):
        return None
    if compare.const_value(src, jmp32) != 0:
        return None
    if by_reg and not rules.BRANCH_SRC_REG:
        return None
    if not is_not_null(rules, dst):
        return None
    if jmp32 and rules.TEXT_ARGS:
        return None
    return op == JNE


_PACKET = (*PACKET_POINTERS, PTR_TO_PACKET_END)


def _linked(
    env: Env, state: VerifierState, dst: RegState, src: RegState | None
) -> list[tuple[int, int, int]]:
    """Registers that this comparison tells of too, because they hold the same value.

    Those that are too many are linked no more.  Source: collect_linked_regs().
    """
    rules = env.rules
    places: list[tuple[int, int, int]] = []
    for reg in (src, dst):
        if reg is not None and reg.type is SCALAR_VALUE and reg.id:
            places += linked_places(env, state, reg.id)  # twice, where both have one id
    if rules.LINKS_IN_HISTORY:
        most = 5 if rules.LINKS_OF_FIVE else 6  # LINKED_REGS_MAX
        for place in places[most:]:
            _unlink(state, place)
        del places[most:]
    return places


def _remember_linked(env: Env, state: VerifierState, places: list[tuple[int, int, int]]) -> None:
    """What counts for one of them counts for all, as the way back must know."""
    if not env.rules.LINKS_IN_HISTORY or len(places) < 2:
        return
    last = state.history
    if last is None or env.hist_pushed != env.insns_processed:
        last = push_history(env, state)
    state.history = Step(
        last.before, last.idx, last.prev_idx, last.stack_frame, last.spi, _by_frame(places)
    )


def _by_frame(places: list[tuple[int, int, int]]) -> tuple[tuple[int, int, int], ...]:
    """For each frame, masks of the registers and slots among the places."""
    masks: dict[int, tuple[int, int]] = {}
    for depth, regno, spi in places:
        regs, slots = masks.get(depth, (0, 0))
        masks[depth] = (regs | 1 << regno, slots) if spi < 0 else (regs, slots | 1 << spi)
    return tuple((depth, regs, slots) for depth, (regs, slots) in masks.items())


def _unlink(state: VerifierState, place: tuple[int, int, int]) -> None:
    depth, regno, spi = place
    frame = state.frames[depth]
    if spi < 0:
        reg = frame.regs[regno].copy()
        reg.id = reg.off = 0
        frame.regs[regno] = reg
        return
    slot = frame.stack[spi]
    assert slot.reg is not None
    reg = slot.reg.copy()
    reg.id = reg.off = 0
    frame.stack[spi] = Slot(slot.kinds, reg)


def _learn(
    env: Env,
    state: VerifierState,
    other: VerifierState,
    insn: Insn,
    op: int,
    jmp32: bool,
    by_reg: bool,
    linked: list[tuple[int, int, int]],
) -> None:
    """Bound the registers on both sides; `other` is where the jump goes."""
    rules = env.rules
    here, there = state.frames[-1].regs, other.frames[-1].regs
    numbers = [insn.dst, insn.src] if by_reg else [insn.dst]
    for regs in (here, there):
        for regno in numbers:
            regs[regno] = regs[regno].copy()
    if rules.BRANCH_TWO_RANGES:
        _learn_two_ranges(env, here, there, insn, op, jmp32, by_reg)
    else:
        _learn_constant(env, here, there, insn, op, jmp32, by_reg)
    if not rules.SCALAR_IDS:
        return
    for regno in reversed(numbers):
        if here[regno].id and here[regno].id == there[regno].id:
            sync_linked(env, state, here[regno], linked)
            sync_linked(env, other, there[regno], linked)


def _learn_two_ranges(
    env: Env,
    here: list[RegState],
    there: list[RegState],
    insn: Insn,
    op: int,
    jmp32: bool,
    by_reg: bool,
) -> None:
    if by_reg and insn.dst == insn.src and env.rules.BRANCH_SAME_REG:
        return
    compared: list[RegState] = []
    for regs, used in ((here, REVERSED[op]), (there, op)):
        dst = regs[insn.dst]
        src = regs[insn.src] if by_reg else env.immediate(insn.imm & U64).copy()
        compare.refine_and_sync(dst, src, used, jmp32, env.rules)
        compared[:0] = dst, src
    for reg, name in zip(compared, _COMPARED, strict=True):
        invariants.check(env, reg, name)


def _learn_constant(
    env: Env,
    here: list[RegState],
    there: list[RegState],
    insn: Insn,
    op: int,
    jmp32: bool,
    by_reg: bool,
) -> None:
    rules = env.rules
    if not by_reg:
        x = insn.imm & U64
        compare_const.refine(there[insn.dst], here[insn.dst], x, op, jmp32, rules)
        return
    dst, src = here[insn.dst], here[insn.src]
    if compare.is_const(src, False) or (jmp32 and compare.is_const(src, True)):
        x = src.var_off.value
        compare_const.refine(there[insn.dst], dst, x, op, jmp32, rules)
    elif compare.is_const(dst, False) or (jmp32 and compare.is_const(dst, True)):
        x = dst.var_off.value
        compare_const.refine(there[insn.src], src, x, FLIPPED[op], jmp32, rules)
    elif not jmp32 and op in (JEQ, JNE):
        equal = there if op == JEQ else here
        compare_const.combine_equal(equal[insn.src], equal[insn.dst], rules)


# -- null checks -----------------------------------------------------------------------------


@transfer("ja", "gotol")
def transfer_goto(env: Env, state: VerifierState, insn: Insn) -> int:
    from verifier_model.cfg import jump_target

    return jump_target(insn, env.insn_idx)


@transfer("may_goto")
def transfer_may_goto(env: Env, state: VerifierState, insn: Insn) -> int:
    """The jump leaves a loop whenever the kernel's budget ends; staying is walked later."""
    if insn.off:
        env.fixups.may_gotos.add(env.insn_idx)
    before = previous_entry(env, state, state.parent, env.insn_idx)
    other = env.push_branch(state, env.insn_idx + 1, env.insn_idx)
    other.may_goto_depth += 1
    if before is not None:
        widen(env, before, other)
    return env.insn_idx + 1 + insn.off


@transfer("gotox")
def transfer_indirect(env: Env, state: VerifierState, insn: Insn) -> int:
    raise Unmodelled("an indirect jump", env.insn_idx)
