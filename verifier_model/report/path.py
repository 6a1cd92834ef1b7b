"""The causal path: the branches taken, and what made a register, or a region, what it is.

Source: diag_build_lineage(), diag_history_start_idx(), diag_history_context_start_idx() and
diag_print_history(), kernel/bpf/diagnostics.c (7.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model.reg import NOT_INIT
from verifier_model.report.events import (
    Branch,
    Change,
    Context,
    Place,
    RangeWrite,
    Ref,
    Why,
    touches,
)
from verifier_model.report.words import described

if TYPE_CHECKING:
    from verifier_model.report.events import Event
    from verifier_model.report.page import Page
    from verifier_model.report.region import Region
    from verifier_model.rules import Rules

_MOST = 64  # events that are shown; of more, the first and the last
_LOST = {
    Why.REF_RELEASE: "resource release invalidated this pointer",
    Why.NON_OWN_REF: "leaving the protected region invalidated this borrowed pointer",
    Why.PKT_DATA_CHANGE: "packet data may have moved",
    Why.CALLER_SAVED: "call invalidated this caller-saved register",
}


def of_register(events: list[Event], place: Place) -> list[Event]:
    """The branches and the changes behind the value of a register, from its first change on."""
    lineage: set[int] = set()
    start = 0
    for i in range(len(events) - 1, -1, -1):
        event = events[i]
        if not touches(event, place):
            continue
        lineage.add(i)
        start = i
        if not isinstance(event, Change):
            continue
        if event.origin is not None:
            place = event.origin
        elif event.why in (Why.WRITE, Why.SPILL) and not event.moves:
            break
    return [
        e for i, e in enumerate(events) if i in lineage or (isinstance(e, Branch) and i >= start)
    ]


def of_reference(events: list[Event], ref: int) -> list[Event]:
    """What happened to a reference since it was acquired, and the branches."""
    start = 0
    for i, event in enumerate(events):
        if isinstance(event, Ref) and event.ref == ref and event.acquired:
            start = i
    return [
        e for e in events[start:] if isinstance(e, Branch) or (isinstance(e, Ref) and e.ref == ref)
    ]


def of_region(events: list[Event], region: Region, depth: int) -> list[Event]:
    """The branches, and how often a region was entered and left since it was last outermost.

    depth: how often the path is in it; outside, the whole path is shown.
    """
    start = 0
    for i in range(len(events) - 1, -1, -1) if depth else ():
        event = events[i]
        if isinstance(event, Context) and event.region is region:
            if event.entered and event.depth == 1:
                start = i
                break
            if not event.depth:
                break
    return [
        e
        for e in events[start:]
        if isinstance(e, Branch) or (isinstance(e, Context) and e.region is region)
    ]


def was_invalidated(events: list[Event], place: Place) -> bool:
    """Whether the last change of a register made it unreadable: bpf_diag_unreadable_reg()."""
    for event in reversed(events):
        if isinstance(event, Change) and event.place == place:
            return event.new.type is NOT_INIT
    return False


def show(page: Page, events: list[Event], rules: Rules) -> None:
    page.section("Causal path")
    if not events:
        page.lines.append("  no retained diagnostic events on this path")
    left_out = range(_MOST // 2, len(events) - _MOST // 2)
    first = True
    for i, event in enumerate(events):
        if len(events) > _MOST and i in left_out and i != left_out.start:
            continue
        if not first:
            page.lines.append("")
        first = False
        if len(events) > _MOST and i == left_out.start:
            page.lines.append(f"  {len(left_out)} intermediate causal-history events omitted")
        else:
            page.source(event.idx, *_told(event, rules))


def _told(event: Event, rules: Rules) -> tuple[str, str]:
    """A label and a sentence."""
    if isinstance(event, Branch):
        taken = "true" if event.taken else "false"
        followed = "followed" if event.taken else "not followed"
        return "branch", f"took the {taken} branch of this conditional, goto {followed}"
    if isinstance(event, Ref):
        return "acquired" if event.acquired else "released", f"owned resource (id={event.ref})"
    if isinstance(event, Context):
        did = "entered" if event.entered else "left"
        return "context", f"{did} {event.region.title}; depth is now {event.depth}"
    if isinstance(event, RangeWrite):
        bytes_ = f"fp{event.low} through fp{event.high - 1}"
        return "invalidated", f"variable-offset stack write may affect bytes {bytes_}"
    place, slot = event.place, event.place.spi >= 0
    name = f"stack slot fp{-8 * (place.spi + 1)}" if slot else f"R{place.regno}"
    old, new = described(event.old, rules), described(event.new, rules)
    reason = _LOST.get(event.why, "")
    if slot and event.why is Why.REF_RELEASE:
        reason = "resource release invalidated this value"
    if slot and event.why is Why.WRITE:
        reason = "a later stack write overwrote this spilled value"
    if reason:
        return "invalidated", f"{name}: {reason}; previous value was {old}"
    label = "spilled" if event.why is Why.SPILL else "update"
    return label, f"{name} changed from {old} to {new}"
