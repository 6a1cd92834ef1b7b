"""explain(): the report on a complaint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model.report import path
from verifier_model.report.facts import Facts
from verifier_model.report.findings import find
from verifier_model.report.page import Page

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.report.trail import Trail


def explain(env: Env, trail: Trail, complaint: str) -> list[str]:
    """The lines of the report on a line of complaint; none where the kernel has none.

    env, trail: of a walk that has just been refused with the complaint.
    """
    for finding, match in find(complaint):
        facts = Facts(env, trail, match, finding.region)
        if finding.when is not None and not finding.when(facts):
            continue
        page = Page(env)
        page.header(finding.category, finding.problem)
        page.section("Reason")
        page.text(finding.reason.format_map(facts))
        page.section("At")
        error = finding.error or finding.problem
        page.source(facts.number(finding.at), "error", error.format_map(facts))
        if finding.register:
            place = facts.place(facts.number(finding.register))
            path.show(page, path.of_register(trail.events, place), env.rules)
        if finding.reference:
            events = path.of_reference(trail.events, facts.number(finding.reference))
            path.show(page, events, env.rules)
        if finding.shows_region:
            events = path.of_region(trail.events, facts.region, facts.number("depth"))
            path.show(page, events, env.rules)
        if finding.lock:
            held = facts.lock(finding.lock)
            page.section("Active lock")
            told = f"active {held.kind} has verifier identity {held.id}"
            page.source(held.insn, "acquired", told)
        page.section("Suggestion")
        page.text(finding.suggestion.format_map(facts))
        page.lines.append("")
        return page.lines
    return []
