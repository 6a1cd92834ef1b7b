"""Memory that a helper reads or fills, its size, and a map's key that is known.

Source: check_helper_mem_access(), check_mem_size_reg(), get_constant_map_key().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.enums import F_INNER_MAP, MapType
from emu.kernel.errno import EACCES
from emu.kernel.traits import Trait
from verifier_model.check import btf_ptr, buffers, ctx, map_value, mem, packet
from verifier_model.check.stack_helper import check_initialized
from verifier_model.domain.word import S32_MAX
from verifier_model.log import type_name
from verifier_model.precise import mark_chain_precision, mark_slots_precision
from verifier_model.reg import (
    BTF_IDS,
    PACKET_POINTERS,
    PTR_TO_BUF,
    PTR_TO_CTX,
    PTR_TO_MAP_KEY,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_STACK,
    RDONLY_BUF,
    RDONLY_MEM,
    SCALAR_VALUE,
    UNTRUSTED_MEM,
)
from verifier_model.scalars import is_null
from verifier_model.stack import SPILL, ZERO, is_spilled
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.prog import MapDef
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState

MAX_VAR_SIZE = 1 << 29
_REGIONS = (PTR_TO_MEM, RDONLY_MEM, UNTRUSTED_MEM)


class Memory:
    """What is known of the memory arguments of a call."""

    __slots__ = ("filled", "max_size", "raw", "writes")

    def __init__(self) -> None:
        self.raw = False  # it is written, not read
        self.writes = False  # it is written, whether it is read or not
        self.filled: list[tuple[int, int]] = []  # (register, bytes) that the helper fills
        self.max_size = 0  # the largest value of the size argument


def check_size(
    env: Env,
    state: VerifierState,
    regno: int,
    reg: RegState,
    zero_ok: bool,
    meta: Memory,
    *,
    precise: bool = True,
) -> None:
    """The size argument, and with it the memory argument before it.

    precise: the size is, from now on.
    """
    rules = env.rules
    meta.max_size = reg.umax
    fixed = reg.is_const()
    if reg.smin < 0:
        raise Reject(
            f"R{regno} min value is negative, either use unsigned or 'var &= const'", EACCES
        )
    raw = meta.raw and fixed
    if reg.umin == 0 and not zero_ok and rules.TEXT_ZERO_SIZED_RANGE:
        raise Reject(f"R{regno} invalid zero-sized read: u64=[{reg.umin},{reg.umax}]", EACCES)
    if reg.umin == 0 and not rules.TEXT_ZERO_SIZED_RANGE:
        check_memory(
            env,
            state,
            regno - 1,
            0,
            writes=meta.writes,
            zero_ok=zero_ok,
            meta=meta if fixed else None,
        )
    if reg.umax >= MAX_VAR_SIZE:
        raise Reject(
            f"R{regno} unbounded memory access, use 'var &= const' or 'if (var < const)'", EACCES
        )
    check_memory(
        env,
        state,
        regno - 1,
        reg.umax,
        writes=meta.writes,
        zero_ok=zero_ok,
        meta=meta if raw else None,
    )
    if precise:
        mark_chain_precision(env, state, regno)


def check_read_and_written(env: Env, state: VerifierState, regno: int, reg: RegState) -> None:
    """The same of memory that is read and written; each time it is precise, since 7.3 once."""
    written = Memory()
    written.writes = True
    check_size(env, state, regno, reg, True, Memory(), precise=not env.rules.KFUNC_SIZE_FIRST)
    check_size(env, state, regno, reg, True, written)


def check_fixed(env: Env, state: VerifierState, regno: int, size: int) -> None:
    """A function may read and write `size` bytes there, if it is not NULL: check_mem_reg()."""
    regs = state.frames[-1].regs
    reg = regs[regno]
    if is_null(reg):
        if env.rules.FUNC_ARGS_NULL_PRECISE:
            mark_chain_precision(env, state, regno)
        return
    if size > S32_MAX:
        if not env.kernel.has(Trait.MEMORY_SIZE_CHECKED):
            raise Unmodelled("memory of more than 2 GiB for a function", env.insn_idx)
        raise Reject(f"R{regno} memory size {size} is too large", EACCES)
    try:
        if reg.maybe_null:
            regs[regno] = reg.copy()
            regs[regno].maybe_null = False
        for writes in (False, True):
            check_memory(
                env, state, regno, size, writes=writes, zero_ok=True, poison_ok=True, meta=None
            )
    finally:
        regs[regno] = reg


def check_memory(
    env: Env,
    state: VerifierState,
    regno: int,
    size: int,
    *,
    writes: bool,
    zero_ok: bool = False,
    poison_ok: bool = False,
    meta: Memory | None,
) -> None:
    """The helper may access `size` bytes at the pointer: check_helper_mem_access().

    meta: where to note that the helper fills them, if it does.
    """
    reg = state.frames[-1].regs[regno]
    if reg.type is PTR_TO_STACK:
        if size == 0 and not zero_ok and env.rules.TEXT_STACK_OF_REG:
            raise Reject("invalid zero-sized read", EACCES)
        if size == 0 and not zero_ok:
            at = reg.off + reg.smin
            raise Reject(f"invalid stack type R{regno} off={at} access_size=0", EACCES)
        raw = meta is not None and meta.raw
        filled = check_initialized(
            env,
            state,
            regno,
            reg,
            reg.off,
            size,
            helper=True,
            writes=writes,
            raw=raw,
            poison_ok=poison_ok,
        )
        if filled and meta is not None:
            meta.filled.append((regno, size))
    elif reg.type is PTR_TO_MAP_VALUE:
        map_value.check_type(env, reg, 0, size, "write" if writes else "read")
        map_value.check(env, reg, regno, 0, size, zero_ok, indirect=True)
    elif reg.type in _REGIONS:
        if writes and reg.type is not PTR_TO_MEM:
            raise Reject(f"R{regno} cannot write into {type_name(reg, env.rules)}", EACCES)
        mem.check_region(env, reg, regno, 0, size, reg.mem_size, zero_ok)
    elif reg.type in (PTR_TO_BUF, RDONLY_BUF) and not reg.maybe_null:
        if writes and reg.type is RDONLY_BUF:
            text = f"R{regno} cannot write into {type_name(reg, env.rules)}"
            raise Reject(text if env.rules.TEXT_TYPE_FLAGS else "", EACCES)
        buffers.check(env, reg, regno, 0, size)
    elif reg.type is PTR_TO_MAP_KEY:
        if meta is not None and meta.raw:
            kind = type_name(reg, env.rules)
            raise Reject(f"R{regno} cannot write into {kind}", EACCES)
        assert reg.map is not None
        mem.check_region(env, reg, regno, 0, size, reg.map.key_size, zero_ok)
    elif reg.type in PACKET_POINTERS:
        packet.check(env, reg, regno, 0, size, zero_ok)
    elif reg.type in BTF_IDS and env.rules.HELPER_MEM_TRUSTED:
        if writes and env.rules.BTF_MEM_WRITES_REFUSED:
            btf_ptr.store(env, reg, regno, 0)
        btf_ptr.find(env, reg, regno, 0, size)
    elif reg.type is PTR_TO_CTX and ctx.moves(env):
        mem.check_region(env, reg, regno, 0, size, ctx.SYSCALL_END, zero_ok)
    elif reg.type is PTR_TO_CTX and env.rules.HELPER_MEM_OF_CTX and ctx.is_memory(env):
        if size and writes:
            ctx.store(env, reg, regno, size - 1, 1)
        elif size:
            ctx.load(env, reg, regno, size - 1, 1)
        elif not zero_ok:
            raise Reject("", EACCES)
    elif not (zero_ok and size == 0 and is_null(reg)):
        raise Reject(f"R{regno} type={type_name(reg, env.rules)} expected=fp", EACCES)


def constant_key(env: Env, state: VerifierState, reg: RegState, m: MapDef) -> int | None:
    """The array index on the stack, where it is known: get_constant_map_key() (6.14)."""
    if m.type not in (MapType.ARRAY, MapType.PERCPU_ARRAY):
        return None
    if m.flags & F_INNER_MAP and env.rules.LOOKUP_INNER_MAP_NULLABLE:
        return None  # another array, with fewer elements, may stand for it
    if reg.type is not PTR_TO_STACK or not reg.is_const():
        return None
    frame = state.frames[reg.frameno]
    off = reg.off + reg.smin
    spi, last = (-off - 1) >> 3, (-off - 1) & 7
    if spi >= len(frame.stack) or last < 3:
        return None
    slot = frame.stack[spi]
    kinds = slot.kinds[: last + 1]
    if kinds.endswith(ZERO * 4):
        env.mark_stack_read(state, reg.frameno, spi)
        return 0
    # The high half of a spilled register is taken for a key that was spilled by itself.
    spilled = len(kinds) - len(kinds.rstrip(SPILL))
    if spilled != 4 or not is_spilled(slot) or slot.reg is None:
        return None
    if slot.reg.type is not SCALAR_VALUE or not slot.reg.is_const():
        return None
    mark_slots_precision(env, state, reg.frameno, 1 << spi)
    return int(slot.reg.var_off.value)
