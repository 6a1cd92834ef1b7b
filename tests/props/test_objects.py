"""Damaged objects: an ObjectError or programs, and nothing else."""

from __future__ import annotations

import struct

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.objects import BTF, NAMES, content, outcome

pytest.importorskip("elftools", reason="objects need pyelftools")

Edits = list[tuple[str, int, int]]
WORDS = (0, 1, 2, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 1 << 31, 0xFFFFFFFF)
EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("byte"), st.integers(0, 1 << 16), st.integers(0, 255)),
        st.tuples(st.just("word"), st.integers(0, 1 << 14), st.sampled_from(WORDS)),
        st.tuples(st.just("word"), st.integers(0, 1 << 14), st.integers(0, 1 << 13)),
        st.tuples(st.just("copy"), st.integers(0, 1 << 14), st.integers(0, 1 << 14)),
        st.tuples(st.just("insert"), st.integers(0, 1 << 16), st.integers(1, 64)),
        st.tuples(st.just("cut"), st.integers(0, 1 << 16), st.just(0)),
    ),
    min_size=1,
    max_size=5,
)


def edited(data: bytes, edits: Edits) -> bytes:
    changed = bytearray(data)
    for what, place, value in edits:
        if len(changed) < 64:
            break
        words = len(changed) // 4
        if what == "byte":
            changed[place % len(changed)] = value
        elif what == "word":
            struct.pack_into("<I", changed, 4 * (place % words), value)
        elif what == "copy":
            at, source = 4 * (place % words), 4 * (value % words)
            changed[at : at + 16] = changed[source : source + 16]
        elif what == "insert":
            at = place % len(changed)
            changed[at:at] = bytes(value)
        else:
            del changed[place % len(changed) :]
    return bytes(changed)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(NAMES), EDITS)
def test_damaged_objects_are_errors_or_programs(name: str, edits: Edits) -> None:
    outcome(edited(content(name), edits))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([n for n in NAMES if "clang19" in n]), EDITS)
def test_objects_for_kernels_of_damaged_types_are_errors_or_programs(
    name: str, edits: Edits
) -> None:
    outcome(content(name), edited(BTF.read_bytes(), edits))


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(NAMES), EDITS)
def test_objects_may_be_their_own_kernel(name: str, edits: Edits) -> None:
    data = edited(content(name), edits)
    outcome(data, data)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
@example(b"\x7fELF")
def test_any_bytes_are_refused(data: bytes) -> None:
    assert outcome(data) is not None
    assert outcome(content("twice.clang19.o")[:64] + data) is not None
