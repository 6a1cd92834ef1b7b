"""Formats are split, and malformed ones refused, as DTrace 2.0.7 does it."""

from __future__ import annotations

import pytest

from dtrace.formats import CONVERSIONS, Accepts, FormatError, Piece, parse_format


def test_text_without_a_conversion_is_one_piece() -> None:
    assert parse_format("a 100%% b") == [Piece("a 100% b")]


def test_an_empty_format_has_no_pieces() -> None:
    assert parse_format("") == []


def test_text_and_conversions_alternate() -> None:
    assert parse_format("a%db%s") == [
        Piece("a"),
        Piece(number=1, conv="d"),
        Piece("b"),
        Piece(number=2, conv="s"),
    ]


def test_percent_signs_count_as_conversions() -> None:
    assert parse_format("%%%d")[-1].number == 2


@pytest.mark.parametrize(
    ("text", "flags", "width", "prec", "size", "conv"),
    [
        ("%-8.3lld", "-", 8, 3, "ll", "d"),
        ("%5-d", "-", 5, None, "", "d"),
        ("%.-5d", "-", None, 5, "", "d"),
        ("%*.*s", "", "*", "*", "", "s"),
        ("%?p", "", 16, None, "", "p"),
        ("%5?d", "", 16, None, "", "d"),
        ("%?5d", "", 5, None, "", "d"),
        ("%5*d", "", "*", None, "", "d"),
        ("%*5d", "", "*", None, "", "d"),
        ("%5 6d", " ", 6, None, "", "d"),
        ("%.3 4d", " ", None, 4, "", "d"),
        ("%l5d", "", 5, None, "l", "d"),
        ("%-05d", "0", 5, None, "", "d"),
        ("%0-5d", "-", 5, None, "", "d"),
        ("%.0s", "", None, None, "", "s"),
        ("%##+d", "#+", None, None, "", "d"),
    ],
)
def test_flags_width_and_precision_come_in_any_order(
    text: str, flags: str, width: int | str | None, prec: int | str | None, size: str, conv: str
) -> None:
    assert parse_format(text) == [Piece("", 1, flags, width, prec, size, conv)]


def test_at_asks_for_the_value_of_an_aggregation() -> None:
    (piece,) = parse_format("%@5d")
    assert piece.at
    assert piece.width == 5


def test_stars_are_counted() -> None:
    assert [p.stars for p in parse_format("%d%*d%.*d%*.*d")] == [0, 1, 1, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("%", "#1 name expected before end of format string"),
        ("%d%5", "#2 name expected before end of format string"),
        ("%%%q", "#2 is undefined: %q"),
        ("%hhd", "#1 is undefined: %hhd"),
        ("%lLd", "#1 is undefined: %lLd"),
        ("%hs", "#1 is undefined: %hs"),
        ("%5%", "#1 cannot be combined with other format flags: %%"),
        ("%1$d", "#1 uses unsupported positional format (%n$)"),
        ("%.3.4d", "#1 has more than one '.' specified"),
        ("%**d", "#1 has more than one '*' specified for the output width"),
        ("%.**d", "#1 has more than one '*' specified for the output precision"),
    ],
)
def test_a_malformed_format_is_refused_in_dtrace_words(text: str, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse_format(text)
    assert str(caught.value) == f"format conversion {message}"


@pytest.mark.parametrize(
    ("name", "prototype"),
    [
        ("d", "char, short, int, long, or long long"),
        ("c", "char, short, or int"),
        ("ho", "unsigned short"),
        ("hX", "short"),
        ("lx", "long"),
        ("llx", "long long"),
        ("wc", "int"),
        ("ls", "wchar_t []"),
        ("Le", "long double"),
        ("a", "pointer or integer"),
        ("A", "pointer or integer (with -p/-c) or _usymaddr (without -p/-c)"),
        ("S", "char [] or string (or use stringof)"),
        ("Y", "int64_t"),
        ("k", "dt_stack_t"),
    ],
)
def test_a_conversion_names_what_it_takes(name: str, prototype: str) -> None:
    assert CONVERSIONS[name].prototype == prototype


def test_every_class_of_argument_is_used() -> None:
    assert {row.accepts for row in CONVERSIONS.values()} == set(Accepts)


def test_there_are_the_48_conversions_of_dtrace_beside_the_percent_sign() -> None:
    assert len(CONVERSIONS) == 48
