"""What a report may tell of a path: branches taken, registers and slots changed, regions entered.

Source: struct bpf_diag_history_event, diag_target_matches(), kernel/bpf/diagnostics.c (7.3).
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

from verifier_model.stack import SLOT

if TYPE_CHECKING:
    from verifier_model.reg import RegState
    from verifier_model.report.region import Region


class Why(enum.Enum):
    """What changed a place: enum bpf_diag_mod_reason."""

    WRITE = enum.auto()
    SPILL = enum.auto()
    REF_RELEASE = enum.auto()
    NON_OWN_REF = enum.auto()
    PKT_DATA_CHANGE = enum.auto()
    CALLER_SAVED = enum.auto()


class Place(NamedTuple):
    """A register, or a stack slot, of one frame."""

    frame: int  # the number of the call that made the frame
    regno: int  # -1 for a slot
    spi: int = -1


class Branch(NamedTuple):
    """A conditional jump that was taken or not."""

    idx: int
    taken: bool


class Change(NamedTuple):
    """An insn changed a place."""

    idx: int
    place: Place
    why: Why
    old: RegState
    new: RegState
    origin: Place | None = None  # where the new value came from
    moves: bool = False  # the new value is the old one, moved


class RangeWrite(NamedTuple):
    """A store changed some bytes of a range of the stack."""

    idx: int
    frame: int
    low: int  # bytes from the frame pointer
    high: int  # behind the last


class Ref(NamedTuple):
    """A reference was acquired, or given back."""

    idx: int
    ref: int
    acquired: bool


class Context(NamedTuple):
    """A region was entered or left."""

    idx: int
    region: Region
    depth: int  # afterwards
    entered: bool


Event = Branch | Change | RangeWrite | Ref | Context


def touches(event: Event, place: Place) -> bool:
    """Whether an event changed a place: diag_target_matches()."""
    if isinstance(event, Change):
        return event.place == place
    if isinstance(event, RangeWrite) and place.spi >= 0:
        low = -(place.spi + 1) * SLOT
        return event.frame == place.frame and event.low < low + SLOT and event.high > low
    return False
