"""Pointers into a packet: how many bytes a comparison with the packet's end has shown to be there.

RegState.mem_size of such a pointer is the kernel's `range`: bytes counted from where its id was
given, or one of the two numbers below.  Source: check_packet_access(), find_good_pkt_pointers(),
try_match_pkt_pointers() and is_pkt_ptr_branch_taken(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel import helpers
from emu.kernel.errno import EACCES, EINVAL
from emu.kernel.kfuncs import Does
from emu.kernel.packet_helpers import CHANGES_PACKET, READ_PACKET, may_write_packet
from emu.prog import PSEUDO_KFUNC_CALL
from verifier_model.cfg import CALL
from verifier_model.domain import tnum
from verifier_model.domain.compare import FLIPPED, JGE, JGT, JLE, JLT
from verifier_model.domain.word import U64
from verifier_model.reg import (
    PACKET_POINTERS,
    PTR_TO_MEM,
    PTR_TO_PACKET,
    PTR_TO_PACKET_END,
    PTR_TO_PACKET_META,
    RDONLY_MEM,
)
from verifier_model.stack import Slot
from verifier_model.summaries import subprogs_with
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from emu.kernel.helpers import Helper
    from emu.prog import Insn
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState

AT_END, BEYOND_END = -1, -2
MAX_OFF = 0xFFFF  # MAX_PACKET_OFF
_IP_ALIGN = 2  # NET_IP_ALIGN, where the verifier is strict


def check(env: Env, reg: RegState, regno: int, off: int, size: int, zero_ok: bool = False) -> None:
    """The bytes are known to be there: check_packet_access()."""
    if reg.smin < 0 and not env.rules.POINTER_CONST_IN_BITS:
        raise Reject(
            f"R{regno} min value is negative, either use unsigned index or do a if (index >=0) "
            "check.",
            EACCES,
        )
    if env.rules.POINTER_CONST_IN_BITS and reg.mem_size >= 0:
        from verifier_model.check.mem import check_region

        check_region(env, reg, regno, off, size, reg.mem_size, zero_ok)
        return
    at = off + _distance(env, reg)
    known = reg.mem_size
    if known < 0:
        raise Reject(f"R{regno} offset is outside of the packet", EINVAL)
    if not (at >= 0 and (size > 0 or zero_ok) and at + size <= known):
        env.log.add(
            f"invalid access to packet, off={at} size={size}, "
            f"R{regno}(id={reg.id},off={at},r={known})"
        )
        raise Reject(f"R{regno} offset is outside of the packet", EACCES)


def check_write(env: Env) -> None:
    """Programs of this type may change the packet: may_access_direct_pkt_data()."""
    if env.prog_type in READ_PACKET:
        raise Reject("cannot write into packet", EACCES)


def check_alignment(env: Env, reg: RegState, off: int, size: int) -> None:
    """Where the verifier is strict, a packet begins two bytes after an aligned address."""
    at = tnum.add(reg.var_off, tnum.const((_IP_ALIGN + reg.off + off) & U64))
    if tnum.is_aligned(at, size):
        return
    rules = env.rules
    shown = tnum.shown(reg.var_off) if rules.TEXT_CONST_BITS else str(reg.var_off)
    fixed = "" if rules.POINTER_CONST_IN_BITS else f"+{reg.off}"
    raise Reject(
        f"misaligned packet access off {_IP_ALIGN}+{shown}{fixed}+{off} size {size}", EACCES
    )


def may_write(env: Env) -> bool:
    """Whether programs of the type may change what they see of a packet."""
    return may_write_packet(env.prog_type)


def changes(env: Env, row: Helper) -> bool:
    """Whether the helper may move the packet: bpf_helper_changes_pkt_data()."""
    if row.name == "tail_call":
        return env.rules.TAIL_CALL_CHANGES_PACKET
    return row.name in CHANGES_PACKET


def changers(env: Env) -> frozenset[int]:
    """The subprogs that may move the packet, themselves or by what they call."""
    if env.packet_changers is None:
        env.packet_changers = subprogs_with(env, lambda insn: _moves(env, insn))
    return env.packet_changers


def _moves(env: Env, insn: Insn) -> bool:
    if insn.code != CALL:
        return False
    if insn.src == PSEUDO_KFUNC_CALL:
        kfunc = env.kfunc(insn)
        return kfunc is not None and Does.PACKET_CHANGES in kfunc.does
    row = None if insn.src else helpers.by_id(insn.imm)
    return row is not None and changes(env, row)


def invalidate(env: Env, state: VerifierState) -> None:
    """The packet may have moved; pointers into it become numbers: clear_all_pkt_pointers()."""
    for frame in state.frames:
        for i, reg in enumerate(frame.regs):
            if points_into(reg):
                frame.regs[i] = env.unknown()
        for spi, slot in enumerate(frame.stack):
            if slot.reg is not None and points_into(slot.reg):
                frame.stack[spi] = Slot(slot.kinds, env.unknown())


def points_into(reg: RegState) -> bool:
    """Whether it points into a packet, to its end, or to a part of it that a dynptr gave.

    Source: reg_is_pkt_pointer_any() and reg_is_dynptr_slice_pkt().
    """
    from verifier_model.check.dynptr import OF_PACKETS

    if reg.type in PACKET_POINTERS or reg.type is PTR_TO_PACKET_END:
        return True
    return reg.type in (PTR_TO_MEM, RDONLY_MEM) and reg.frameno in OF_PACKETS


def branch_taken(env: Env, dst: RegState, src: RegState, op: int) -> bool | None:
    """A pointer that is known to be at or beyond the end: is_pkt_ptr_branch_taken()."""
    if not env.rules.PACKET_END_KNOWN:
        return None
    if src.type is PTR_TO_PACKET_END and dst.type in PACKET_POINTERS:
        pointer = dst
    elif dst.type is PTR_TO_PACKET_END and src.type in PACKET_POINTERS:
        pointer = src
        op = FLIPPED.get(op, op)
    else:
        return None
    if op in (JLE, JGT) and pointer.mem_size == BEYOND_END:
        return op == JGT
    if op in (JLT, JGE) and pointer.mem_size < 0:
        return op == JGE
    return None


def learn(env: Env, here: VerifierState, there: VerifierState, dst: int, src: int, op: int) -> bool:
    """What a comparison tells of the packet's length; whether it was such a comparison.

    here, there: the states where the jump is not taken and where it is.
    """
    regs = here.frames[-1].regs
    if op not in _ORDERS:
        return False
    if _is_end_of(regs[dst], regs[src]):
        pointer, op = dst, op
    elif _is_end_of(regs[src], regs[dst]):
        pointer, op = src, FLIPPED[op]
    else:
        return False
    # `pointer op end`: on one side the pointer is before the end, on the other behind it.
    inside_is_there, open_inside = _ORDERS[op]
    inside, outside = (there, here) if inside_is_there else (here, there)
    reg = regs[pointer]
    _mark_good(env, inside, reg, open_inside)
    if env.rules.PACKET_END_KNOWN and reg.type is PTR_TO_PACKET:
        frame = outside.frames[-1]
        new = frame.regs[pointer].copy()
        new.mem_size = AT_END if open_inside else BEYOND_END
        frame.regs[pointer] = new
    return True


# Comparisons of a pointer with the end: whether the pointer is before the end where the jump is
# taken, and whether it is then known not to be the end itself.
_ORDERS = {JGT: (False, False), JLT: (True, True), JGE: (False, True), JLE: (True, False)}


def _is_end_of(reg: RegState, end: RegState) -> bool:
    """Whether `end` ends what `reg` points into; metadata ends where the packet begins."""
    if reg.type is PTR_TO_PACKET:
        return end.type is PTR_TO_PACKET_END
    return (
        reg.type is PTR_TO_PACKET_META
        and end.type is PTR_TO_PACKET
        and not end.id
        and not end.off
        and end.is_const()
        and not end.var_off.value
    )


def _distance(env: Env, reg: RegState) -> int:
    """Bytes from where the pointer's id was given."""
    return reg.umax if env.rules.POINTER_CONST_IN_BITS else reg.off


def _mark_good(env: Env, state: VerifierState, known: RegState, right_open: bool) -> None:
    """The bytes before `known` exist, for all pointers of its id: find_good_pkt_pointers()."""
    reach = _distance(env, known)
    if reach < 0 or (reach == 0 and right_open):
        return
    if known.umax > MAX_OFF or known.umax + known.off > MAX_OFF:
        return
    if right_open:
        reach += -1 if env.rules.PACKET_RANGE_OFF_BY_TWO else 1
    for frame in state.frames:
        for i, reg in enumerate(frame.regs):
            if reg.type is known.type and reg.id == known.id and reg.mem_size < reach:
                frame.regs[i] = _with_range(reg, reach)
        for spi, slot in enumerate(frame.stack):
            spilled = slot.reg
            if (
                spilled is not None
                and spilled.type is known.type
                and spilled.id == known.id
                and spilled.mem_size < reach
            ):
                frame.stack[spi] = Slot(slot.kinds, _with_range(spilled, reach))


def _with_range(reg: RegState, reach: int) -> RegState:
    new = reg.copy()
    new.mem_size = reach
    return new
