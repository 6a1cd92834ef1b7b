"""Arenas: memory that a program shares with its process, and that any pointer may point into.

Source: check_map_prog_compatibility() and resolve_pseudo_ldimm64(), kernel/bpf/verifier.c;
arena_map_direct_value_addr(), kernel/bpf/arena.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.enums import MapType
from emu.kernel.errno import EBUSY, EINVAL, ENOTSUP, ERANGE
from emu.kernel.traits import Trait
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from emu.prog import MapDef
    from verifier_model.env import Env

_PAGE = 4096  # bytes


def is_arena(m: MapDef) -> bool:
    return m.type is MapType.ARENA


def claim(env: Env, m: MapDef) -> None:
    """The map becomes the program's only arena, which has its place in the process."""
    if env.arena is m:
        return
    if env.arena is not None:
        raise Reject("Only one arena per program", EBUSY)
    if not env.kernel.has(Trait.JIT):
        raise Reject("JIT is required to use arena", ENOTSUP)
    if not m.extra:
        raise Reject("arena's user address must be set via map_extra or mmap()", EINVAL)
    env.arena = m


def check_direct(env: Env, m: MapDef, off: int) -> None:
    """ld_imm64 may name the place `off` of the arena."""
    end = _PAGE * m.max_entries if m.extra else 0
    if off > end or (off == end and env.rules.ARENA_END_EXCLUDED):
        text = f"invalid access to map value pointer, value_size={m.value_size} off={off}"
        raise Reject(text, ERANGE)
