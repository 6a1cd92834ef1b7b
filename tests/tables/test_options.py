"""The table of options against the attributes of Options."""

from __future__ import annotations

import typing

import pytest

from dtrace.options import OPTIONS, Options

HINTS = typing.get_type_hints(Options)


def test_attributes_are_the_options_that_some_stage_reads() -> None:
    assert set(HINTS) == {row.name for row in OPTIONS.values() if row.stage}


@pytest.mark.parametrize("name", sorted(HINTS))
def test_a_default_has_the_type_of_its_attribute(name: str) -> None:
    hint = HINTS[name]
    allowed = typing.get_args(hint) if typing.get_origin(hint) is not tuple else (tuple,)
    assert type(getattr(Options(), name)) in (allowed or (hint,))
