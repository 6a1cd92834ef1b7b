"""What functions of the program are given that helpers and kernel functions call back.

Source: the set_*_callback_state() functions and map_set_for_each_callback_args(),
kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.kernel import maps
from emu.kernel.errno import EINVAL, ENOTSUPP
from verifier_model.check import btf_ptr, dynptr
from verifier_model.domain.word import S32_MAX, S32_MIN
from verifier_model.reg import (
    CONST_PTR_TO_MAP,
    PTR_TO_BTF_ID,
    PTR_TO_MAP_KEY,
    PTR_TO_MAP_VALUE,
    R1,
    R2,
    R3,
    R4,
    pointer,
)
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier_model.env import Env
    from verifier_model.reg import RegState, RegType
    from verifier_model.state import FuncState

    Give = Callable[[Env, FuncState, FuncState], None]


class Callback(NamedTuple):
    """Who calls back, and how."""

    give: Give  # puts the arguments that are made for it into the function's frame
    copied: tuple[tuple[int, int], ...] = ()  # its registers that are registers of the caller
    low: int = 0  # what it may return
    high: int = 1
    later: bool = False  # it runs by itself, when the program has ended
    sleeps: bool = False  # and may sleep


def _nothing(env: Env, caller: FuncState, callee: FuncState) -> None:
    """What calls gives the arguments itself."""


def _loop(env: Env, caller: FuncState, callee: FuncState) -> None:
    callee.regs[R1] = env.unknown()


def _element(env: Env, caller: FuncState, callee: FuncState) -> None:
    given = caller.regs[R1]
    assert given.map is not None
    first = env.each_of.setdefault(env.insn_idx, given.map)
    if env.rules.FOR_EACH_OF_ONE_MAP and first is not given.map:
        raise Reject("tail_call abusing map_ptr", EINVAL)
    if not maps.takes("for_each_map_elem", given.map.type):
        raise Reject("callback function not allowed for map", ENOTSUPP)
    callee.regs[R2] = _part(PTR_TO_MAP_KEY, given)
    callee.regs[R3] = _part(PTR_TO_MAP_VALUE, given)
    _identify(env, callee)


def _area(env: Env, caller: FuncState, callee: FuncState) -> None:
    callee.regs[R2] = btf_ptr.to_struct(env, PTR_TO_BTF_ID, "vm_area_struct")


def _record(env: Env, caller: FuncState, callee: FuncState) -> None:
    callee.regs[R1] = dynptr.given(env)


def _value_of(regno: int) -> Give:
    """The map, key and value that the caller's register points into."""

    def give(env: Env, caller: FuncState, callee: FuncState) -> None:
        kinds = (CONST_PTR_TO_MAP, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE)
        callee.regs[R1 : R3 + 1] = [_part(kind, caller.regs[regno]) for kind in kinds]
        _identify(env, callee)

    return give


def _identify(env: Env, callee: FuncState) -> None:
    """Tell the value from others."""
    if env.rules.CALLBACK_VALUE_HAS_ID:
        callee.regs[R3].id = env.new_id()


def _part(kind: RegType, of: RegState) -> RegState:
    """The map of a register, or a part of it."""
    reg = pointer(kind)
    reg.map, reg.mem_size = of.map, of.mem_size
    return reg


COMPARES = Callback(_nothing)  # bpf_rbtree_add()
CALLBACKS: dict[str, Callback] = {
    "loop": Callback(_loop, ((R2, R3),)),
    "for_each_map_elem": Callback(_element, ((R1, R1), (R4, R3))),
    "find_vma": Callback(_area, ((R1, R1), (R3, R4))),
    "user_ringbuf_drain": Callback(_record, ((R2, R3),)),
    "timer_set_callback": Callback(_value_of(R1), high=0, later=True),
    **dict.fromkeys(
        ("bpf_wq_set_callback", "bpf_wq_set_callback_impl"),
        Callback(_value_of(R1), high=0, later=True, sleeps=True),
    ),
    **dict.fromkeys(
        (
            *("bpf_task_work_schedule_signal", "bpf_task_work_schedule_signal_impl"),
            *("bpf_task_work_schedule_resume", "bpf_task_work_schedule_resume_impl"),
        ),
        Callback(_value_of(R3), low=S32_MIN, high=S32_MAX, later=True, sleeps=True),
    ),
}
