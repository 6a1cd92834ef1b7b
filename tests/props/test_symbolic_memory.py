"""Symbolic memory against an array of bytes, at offsets that are known and that are not."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

z3 = pytest.importorskip("z3")

from verifier_model.smt import words  # noqa: E402
from verifier_model.smt.memory import Area, Contents, Region, byte_array  # noqa: E402

SIZE = 24
sizes = st.sampled_from([1, 2, 4, 8])


@st.composite
def accesses(draw) -> tuple[str, int, int, int, bool]:
    """What is done, where, of how many bytes, with which number; whether the place is known."""
    size = draw(sizes)
    return (
        draw(st.sampled_from(["store", "store", "load", "load", "fill"])),
        draw(st.integers(0, SIZE - size)),
        size,
        draw(st.integers(0, 2**64 - 1)),
        draw(st.booleans()),
    )


class Model:
    """Symbols, and the numbers that they are to stand for."""

    def __init__(self) -> None:
        self.pairs: list[tuple[object, object]] = []

    def offset(self, at: int, known: bool):
        if known:
            return at
        symbol = z3.BitVec(f"offset {len(self.pairs)}", 64)
        self.pairs.append((symbol, z3.BitVecVal(at, 64)))
        return symbol

    def start(self, origins, data: bytes) -> None:
        """What is read first is what was there at the start."""
        for origin in origins:
            if origin.size:
                number = int.from_bytes(data[origin.offset :][: origin.size], "little")
                self.pairs.append((origin.symbol, z3.BitVecVal(number, 8 * origin.size)))
            else:
                self.pairs.append((origin.symbol, array_of(data)))

    def number(self, term) -> int:
        return z3.simplify(z3.substitute(words.term(term), *self.pairs)).as_long()


def array_of(data: bytes):
    array = z3.K(z3.BitVecSort(64), z3.BitVecVal(0, 8))
    for i, byte in enumerate(data):
        array = z3.Store(array, z3.BitVecVal(i, 64), z3.BitVecVal(byte, 8))
    return array


@given(
    start=st.binary(min_size=SIZE, max_size=SIZE), todo=st.lists(accesses(), min_size=1, max_size=8)
)
@example(  # the byte is stored again as it is in the newest block, and then anywhere
    start=bytes(SIZE),
    todo=[
        ("store", 0, 1, 0, True),
        ("load", 0, 1, 0, False),
        ("store", 0, 1, 0, True),
        ("store", 0, 1, 1, False),
    ],
)
def test_a_load_gives_the_bytes_that_are_there(start, todo):
    contents = Contents(Region("memory", Area.MAP_VALUE, high=SIZE))
    expected, model = bytearray(start), Model()
    for kind, at, size, number, known in todo:
        offset = model.offset(at, known)
        data = (number & (1 << 8 * size) - 1).to_bytes(size, "little")
        if kind == "load":
            value, origins = contents.load(offset, size)
            model.start(origins, start)
            assert model.number(value) == int.from_bytes(expected[at : at + size], "little")
            continue
        if kind == "store":
            origins = contents.store(offset, size, number)
        else:
            if known:
                contents.forget(offset, size)
            array = byte_array(f"bytes {len(model.pairs)}")
            model.pairs.append((array, array_of(bytes(at) + data)))
            origins = contents.fill(offset, size, array)
        model.start(origins, start)
        expected[at : at + size] = data
    copy = contents.copy()
    copy.store(0, 1, 0)
    value, origins = contents.load(0, 8)
    model.start(origins, start)
    assert model.number(value) == int.from_bytes(expected[:8], "little")
