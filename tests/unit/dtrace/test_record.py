"""Records: classes made of their annotations."""

from __future__ import annotations

import pytest

from dtrace.lang.record import describe, fresh, record


class Base:
    __slots__ = ()
    size: int


@record
class Point(Base):
    """A record with a required field, a default and a default of its own."""

    x: int
    y: int = 2
    marks: list[str] = fresh(factory=list)


def test_fields_are_slots_in_the_order_of_their_annotations() -> None:
    assert Point.__slots__ == ("x", "y", "marks")
    with pytest.raises(AttributeError):
        Point(1).z = 3  # type: ignore[attr-defined]


def test_values_are_taken_by_place_and_by_name() -> None:
    point = Point(1, marks=["a"])
    assert (point.x, point.y, point.marks) == (1, 2, ["a"])


def test_a_fresh_default_is_no_others() -> None:
    first, second = Point(1), Point(1)
    first.marks.append("a")
    assert second.marks == []


@pytest.mark.parametrize(
    ("args", "named", "message"),
    [
        ((), {}, "Point without x"),
        ((1, 2, [], 4), {}, "4 values for the 3 fields of Point"),
        ((1,), {"x": 1}, "Point has no free field x"),
        ((1,), {"z": 1}, "Point has no free field z"),
    ],
)
def test_wrong_fields_are_refused(
    args: tuple[object, ...], named: dict[str, object], message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        Point(*args, **named)  # type: ignore[arg-type]


def test_description_shows_the_fields_but_the_hidden_ones() -> None:
    assert describe(Point(1, 3), hidden=("marks",)) == "Point(x=1, y=3)"


def test_records_are_compared_by_identity() -> None:
    assert Point(1) != Point(1)
