"""Which bytes of the stack a load, a store or a helper touches, as far as it is known beforehand.

Source: record_load_store_access(), record_arg_access() in kernel/bpf/liveness.c and
bpf_helper_stack_access_bytes() in verifier.c (7.1).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from emu.btf import Kind as BtfKind
from emu.isa.table import ATOMIC, LDX, LOAD_ACQ, ST, STORE_REL, STX
from emu.kernel.enums import Arg
from emu.kernel.kfuncs import NUMBERS, Kind
from emu.prog import PSEUDO_KFUNC_CALL, PSEUDO_MAP_FD, PSEUDO_MAP_VALUE
from verifier_model.cfg import LD_IMM64
from verifier_model.reg import R1
from verifier_model.static.arg_track import SIZES, Track, add

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.kernel.helpers import Proto
    from emu.kernel.kfuncs import Param
    from emu.prog import Insn, MapDef
    from verifier_model.env import Env
    from verifier_model.static.const_regs import ConstRegs

    # The slots of one frame that an access touches: frame, mask, whether they are written.
    Access = tuple[int, int, bool]

HALF = 4  # bytes of a slot in these masks
EVERY = (1 << 128) - 1  # a mask of all slots
_MAX_STACK = 512
_UNKNOWN = None  # bytes that an access touches, where that is not known

_MAPS_MEMORY = {
    Arg.PTR_TO_MAP_KEY: "key_size",
    Arg.PTR_TO_MAP_VALUE: "value_size",
    Arg.PTR_TO_MAP_VALUE_OR_NULL: "value_size",
    Arg.PTR_TO_UNINIT_MAP_VALUE: "value_size",
}
_WRITTEN = (
    Arg.PTR_TO_UNINIT_MAP_VALUE,
    Arg.PTR_TO_UNINIT_MEM,
    Arg.PTR_TO_INT,
    Arg.PTR_TO_LONG,
    Arg.PTR_TO_UNINIT_DYNPTR,
)
_MEMORY = (
    Arg.PTR_TO_MEM,
    Arg.PTR_TO_MEM_WRITE,
    Arg.PTR_TO_MEM_OR_NULL,
    Arg.PTR_TO_MEM_RDONLY,
    Arg.PTR_TO_MEM_OR_NULL_RDONLY,
    Arg.PTR_TO_UNINIT_MEM,
)
_FIXED = {
    Arg.PTR_TO_INT: 4,
    Arg.PTR_TO_LONG: 8,
    Arg.PTR_TO_INOUT_INT: 4,
    Arg.PTR_TO_IPHDR: 20,
    Arg.PTR_TO_IPV6HDR: 40,
    Arg.PTR_TO_TCPHDR: 20,
    Arg.PTR_TO_DYNPTR: 16,
    Arg.PTR_TO_UNINIT_DYNPTR: 16,
    Arg.PTR_TO_STACK_OR_NULL: 0,  # a callback's context: the callback is looked at by itself
}
_FILLED = (Kind.NEW_ITER, Kind.NEW_DYNPTR)
_SIZE_ARGS = (Arg.CONST_SIZE, Arg.CONST_SIZE_OR_ZERO)


def by_insn(insn: Insn, regs: tuple[Track, ...], depth: int) -> tuple[Access, ...]:
    """The accesses of a load or store in the frame `depth`."""
    cls, size = insn.code & 7, SIZES[insn.code >> 3 & 3]
    if cls == LDX:
        base, size = regs[insn.src], size
    elif cls == ST:
        base, size = regs[insn.dst], -size
    elif cls != STX:
        return ()
    elif insn.code & 0xE0 != ATOMIC:
        base, size = regs[insn.dst], -size
    else:
        base = regs[insn.src if insn.imm == LOAD_ACQ else insn.dst]
        size = -size if insn.imm == STORE_REL else size
    return _accesses(base, insn.off, size, depth) if base.is_fp else ()


def by_call(
    env: Env, known: ConstRegs, idx: int, regs: tuple[Track, ...], depth: int
) -> Iterator[Access]:
    """The accesses that a function of the kernel makes through its arguments."""
    insn = env.insns[idx]
    if insn.src == PSEUDO_KFUNC_CALL:
        yield from _by_kfunc(env, known, idx, regs, depth)
        return
    proto = env.helper_proto(insn)
    for arg in range(5 if proto is None else len(proto.args)):
        track = regs[R1 + arg]
        if not track.is_fp:
            continue
        size = _UNKNOWN if proto is None else _argument_bytes(env, known, idx, proto, arg)
        if size != 0:
            yield from _accesses(track, 0, size, depth)


def _by_kfunc(
    env: Env, known: ConstRegs, idx: int, regs: tuple[Track, ...], depth: int
) -> Iterator[Access]:
    """Source: bpf_kfunc_stack_access_bytes()."""
    row = env.kfunc_allowed(env.insns[idx])
    params = row.params if row is not None else None
    for arg in range(5 if params is None else len(params)):
        track = regs[R1 + arg]
        if not track.is_fp:
            continue
        size = _UNKNOWN if params is None else _parameter_bytes(env, known, idx, params[arg], arg)
        if size != 0:
            yield from _accesses(track, 0, size, depth)


def _parameter_bytes(env: Env, known: ConstRegs, idx: int, param: Param, arg: int) -> int | None:
    """Bytes read through an argument, negative where they are written."""
    if param.kind in NUMBERS:
        return 0
    if param.kind in (Kind.BUFFER, Kind.BUFFER_OR_NULL):
        size = known.const(idx, R1 + arg + 1)
        return _MAX_STACK if size is None else size
    if param.kind in (Kind.STRUCT, Kind.STRUCT_OR_NULL):
        struct = env.btf.find(param.name, (BtfKind.STRUCT,)) if env.btf is not None else None
        return env.btf.size_of(struct) if env.btf is not None and struct else _UNKNOWN
    if not param.size:
        return _UNKNOWN
    return -param.size if param.kind in _FILLED else param.size


def _argument_bytes(env: Env, known: ConstRegs, idx: int, proto: Proto, arg: int) -> int | None:
    """Bytes read through an argument, negative where they are written."""
    kind = proto.args[arg]
    size: int | None = _UNKNOWN
    if kind in _MAPS_MEMORY:
        size = _map_bytes(env, known, idx, proto, arg)
    elif kind in _FIXED:
        size = _FIXED[kind]
    elif kind in _MEMORY:
        if arg + 1 >= len(proto.args) or proto.args[arg + 1] not in _SIZE_ARGS:
            return _UNKNOWN
        size = known.const(idx, R1 + arg + 1)
        if size is None:
            return 0 if kind in _WRITTEN else _MAX_STACK
    return -size if size is not None and kind in _WRITTEN else size


def _map_bytes(env: Env, known: ConstRegs, idx: int, proto: Proto, arg: int) -> int | None:
    """The size of a key or value of the map at hand, or the largest of any map."""
    what = _MAPS_MEMORY[proto.args[arg]]
    before = proto.args[:arg]
    if Arg.CONST_MAP_PTR in before:
        number = known.map(idx, R1 + before.index(Arg.CONST_MAP_PTR))
        found = env.map_of(number) if number is not None else None
        if found is not None:
            return int(getattr(found, what))
    sizes = [int(getattr(m, what)) for m in _used_maps(env)]
    return max(sizes, default=0) or _UNKNOWN


def _used_maps(env: Env) -> list[MapDef]:
    """The maps that the program names, and what lies in maps of maps."""
    numbers = {
        insn.imm
        for insn in env.insns
        if insn.code == LD_IMM64 and insn.src in (PSEUDO_MAP_FD, PSEUDO_MAP_VALUE)
    }
    used = [m for m in map(env.map_of, sorted(numbers)) if m is not None]
    return used + [m.inner for m in used if m.inner is not None]


# -- masks -------------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 10)
def _accesses(track: Track, off: int, size: int | None, depth: int) -> tuple[Access, ...]:
    """What an access of `size` bytes at `off` from a pointer touches."""
    if track.is_mixed:
        return tuple((frame, EVERY, False) for frame in range(depth + 1) if track.mask >> frame & 1)
    if track.frame > depth:
        return ()
    writes = size is not None and size < 0
    offs = [add(base, off) for base in track.offs]
    known = [at for at in offs if at is not None]
    if not offs or len(known) < len(offs):
        return () if writes else ((track.frame, EVERY, False),)
    if writes and len(known) != 1:
        return ()
    return tuple((track.frame, mask, writes) for at in known if (mask := _mask(at, size)))


def _mask(off: int, size: int | None) -> int:
    """The half slots that an access at `off` from the frame pointer reads, or fills."""
    if off >= 0:
        return 0
    if size is None:
        return _range(0, (-off - 1) // HALF)
    if size > 0:
        return _range(max(-off - size, 0) // HALF, (-off - 1) // HALF)
    return _range(max(-off + size + HALF - 1, 0) // HALF, -off // HALF - 1)


def _range(low: int, high: int) -> int:
    return (1 << high + 1) - (1 << low) & EVERY if low <= high else 0
