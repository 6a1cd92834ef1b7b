"""printf() prints what the C library's prints, for every flag, width, precision and value."""

from __future__ import annotations

import ctypes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtrace.codegen.record import Datum, Kind
from dtrace.consume.printf import Argument, compile_printf

libc = ctypes.CDLL(None)
C_TYPES = {
    ("h", True): ctypes.c_short,
    ("h", False): ctypes.c_ushort,
    ("", True): ctypes.c_int,
    ("", False): ctypes.c_uint,
    ("ll", True): ctypes.c_longlong,
    ("ll", False): ctypes.c_ulonglong,
}
SIZES = {"h": 2, "": 4, "ll": 8}
# What the C implementation of D does not hand on to C: a precision of 0, and `-` before `0`.
FLAGS = st.sampled_from(["", "-", "0", "+", " ", "#", "+ ", "-+", "0+", "0 ", "#0", "-#", "-#+ "])
NUMBERS = st.sampled_from(
    [0, 1, -1, 7, 127, 2**15, 2**31 - 1, 2**31, 2**63, 2**64 - 1]
) | st.integers(0, 2**64 - 1)
WIDTHS = st.none() | st.integers(1, 30)


def c_printf(text: str, *values: object) -> bytes:
    buffer = ctypes.create_string_buffer(200)
    libc.snprintf(buffer, 200, text.encode(), *values)
    return buffer.value


def dtrace_printf(text: str, *values: tuple[Datum, object]) -> bytes:
    arguments = [Argument(place, datum) for place, (datum, _) in enumerate(values)]
    return compile_printf(text, arguments)([value for _, value in values])


@given(
    flags=FLAGS,
    width=WIDTHS,
    prec=WIDTHS,
    conv=st.sampled_from("diuoxX"),
    size=st.sampled_from(["h", "", "ll"]),
    number=NUMBERS,
)
def test_integers(
    flags: str, width: int | None, prec: int | None, conv: str, size: str, number: int
) -> None:
    signed = conv in "di"
    spec = f"{flags}{width or ''}{f'.{prec}' if prec else ''}"
    value = C_TYPES[size, signed](number).value
    datum = Datum(0, SIZES[size], Kind.INT, signed)
    # A short goes through an int on its way to C's printf.
    expected = c_printf(f"<%{spec}{size}{conv}>", C_TYPES[size, signed](number))
    assert dtrace_printf(f"<%{spec}{conv}>", (datum, value)) == expected


@given(flags=FLAGS, size=st.sampled_from(["h", "", "ll"]), number=NUMBERS)
def test_d_of_an_unsigned_argument_is_u(flags: str, size: str, number: int) -> None:
    value = C_TYPES[size, False](number).value
    datum = Datum(0, SIZES[size], Kind.INT, signed=False)
    expected = c_printf(f"%{flags.replace('#', '')}25{size}u", C_TYPES[size, False](number))
    assert dtrace_printf(f"%{flags}25d", (datum, value)) == expected


@given(
    width=st.integers(-30, 30),
    prec=st.integers(-5, 30).filter(bool),
    conv=st.sampled_from("dux"),
    number=st.integers(-(2**31), 2**31 - 1),
)
def test_width_and_precision_from_arguments(width: int, prec: int, conv: str, number: int) -> None:
    integer = Datum(0, 4, Kind.INT, signed=True)
    values = ((integer, width), (integer, prec), (integer, number))
    expected = c_printf(f"%0*.*{conv}", width, prec, ctypes.c_int(number))
    assert dtrace_printf(f"%0*.*{conv}", *values) == expected


@given(
    flags=st.sampled_from(["", "-"]),
    width=WIDTHS,
    prec=WIDTHS,
    text=st.binary(max_size=20).filter(lambda b: 0 not in b),
)
def test_strings(flags: str, width: int | None, prec: int | None, text: bytes) -> None:
    spec = f"%{flags}{width or ''}{f'.{prec}' if prec else ''}s"
    datum = Datum(0, 32, Kind.STRING)
    assert dtrace_printf(spec, (datum, text.ljust(32, b"\0"))) == c_printf(spec, text)


@pytest.mark.parametrize("width", [1, 5])
@pytest.mark.parametrize("flag", ["", "-"])
def test_characters(flag: str, width: int) -> None:
    spec = f"%{flag}{width}c"
    datum = Datum(0, 1, Kind.INT, signed=True)
    assert dtrace_printf(spec, (datum, 65)) == c_printf(spec, 65)
