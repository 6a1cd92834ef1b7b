"""Options take and refuse the values that DTrace 2.0.7 takes and refuses."""

from __future__ import annotations

import pytest

from dtrace.options import OPTIONS, OptionError, Options, Scope

INVALID = "Invalid value for specified option"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("010", 8),
        ("0x10", 16),
        (" +5", 5),
        ("64k", 65536),
        ("64K", 65536),
        ("3m", 3 << 20),
        ("1g", 1 << 30),
        ("1T", 1 << 40),
        ("", 0),
        (None, 0),
    ],
)
def test_sizes_are_c_integers_with_a_suffix(text: str | None, size: int) -> None:
    options = Options()
    options.set("bufsize", text)
    assert options.bufsize == size


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("7", 7),
        ("7ns", 7),
        ("7NSEC", 7),
        ("7us", 7_000),
        ("7usec", 7_000),
        ("7ms", 7_000_000),
        ("7msec", 7_000_000),
        ("7s", 7_000_000_000),
        ("7sec", 7_000_000_000),
        ("7m", 420_000_000_000),
        ("7min", 420_000_000_000),
        ("7h", 25_200_000_000_000),
        ("7hour", 25_200_000_000_000),
        ("7d", 604_800_000_000_000),
        ("7day", 604_800_000_000_000),
        ("5hz", 200_000_000),
        ("3HZ", 333_333_333),
        ("0hz", 0),
        ("hz", 0),
        ("", 0),
        (None, 0),
    ],
)
def test_rates_are_periods_in_nanoseconds(text: str | None, period: int) -> None:
    options = Options()
    options.set("switchrate", text)
    assert options.switchrate == period


@pytest.mark.parametrize(
    ("text", "on"),
    [
        (None, True),
        ("yes", True),
        ("Enabled", True),
        ("1", True),
        ("0", True),  # a number sets it, and 0 is one
        ("no", False),
        ("OFF", False),
        ("Disable", False),
        ("", False),
    ],
)
def test_a_switch_is_on_unless_a_word_says_no(text: str | None, on: bool) -> None:
    options = Options()
    options.set("quiet", text)
    assert options.quiet is on


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("foo", None, "Invalid option name"),
        ("QUIET", None, "Invalid option name"),
        ("", "1", "Invalid option name"),
        ("quiet", "maybe", INVALID),
        ("quiet", "-1", INVALID),
        ("strsize", None, INVALID),
        ("strsize", "", INVALID),
        ("strsize", "0", INVALID),
        ("strsize", "abc", INVALID),
        ("strsize", "-1", INVALID),
        ("strsize", "64q", INVALID),
        ("strsize", "64kk", INVALID),
        ("strsize", "1.5k", INVALID),
        ("strsize", "5 ", INVALID),
        ("strsize", "09", INVALID),
        ("strsize", "0x", INVALID),
        ("strsize", "99999999999999999999", INVALID),
        ("strsize", "4294967296", "Value too large for defined data type"),
        ("aggrate", "1parsec", INVALID),
        ("aggrate", "abc", INVALID),
        ("aggrate", "-1", INVALID),
        ("aggrate", "1.5s", INVALID),
        ("cpu", "x", INVALID),
        ("iregs", "7", "Insufficient registers to generate code"),
        ("iregs", "9", INVALID),
        ("iregs", "0", INVALID),
        ("tregs", "0", INVALID),
        ("version", None, "Operation not supported"),
        ("version", "1.2", "Operation not supported"),
        ("amin", "foo", INVALID),
        ("evaltime", "foo", INVALID),
        ("linkmode", "foo", INVALID),
        ("linktype", "x", INVALID),
        ("stdc", "q", INVALID),
        ("late", "foo", INVALID),
        ("disasm", None, INVALID),
        ("tree", "x", INVALID),
        ("pgmax", "-1", INVALID),
        ("pgmax", None, INVALID),
        ("aggsortpos", "-1", INVALID),
        ("aggsortpos", "1k", INVALID),
        ("bufpolicy", "foo", INVALID),
        ("maxframes", "500", INVALID),
        ("debugassert", "x", INVALID),
        ("incdir", None, INVALID),
        ("cpp", "1", INVALID),
        ("zdefs", "1", INVALID),
    ],
)
def test_a_wrong_value_is_refused_in_dtrace_words(
    name: str, value: str | None, reason: str
) -> None:
    with pytest.raises(OptionError) as caught:
        Options().set(name, value)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cpu", None),
        ("disasm", "x"),
        ("pgmax", "x"),
        ("tree", "1x"),
        ("droptags", "x"),
        ("lazyload", "x"),
        ("amin", "Stable"),
        ("amin", "stable/Stable/COMMON"),
        ("iregs", "8"),
        ("lockmem", "unlimited"),
        ("dofstashpath", "x"),
    ],
)
def test_these_values_are_taken(name: str, value: str | None) -> None:
    Options().set(name, value)


def test_a_number_given_as_no_is_not_set() -> None:
    options = Options()
    options.set("cpu", "1")
    assert options.cpu == 1
    options.set("cpu", "no")
    assert options.cpu is None


def test_words_are_collected() -> None:
    options = Options()
    options.set("define", "A")
    options.set("define", "B=1")
    assert options.define == ("A", "B=1")
    assert Options().define == ()


@pytest.mark.parametrize("name", ["incdir", "lockmem", "cpphdrs", "ctfpath"])
def test_some_options_are_not_for_programs(name: str) -> None:
    with pytest.raises(OptionError, match="Option cannot be used from within a D program"):
        Options().set(name, "x", in_program=True)


def test_run_time_options_are_fixed_once_tracing_is_active() -> None:
    options = Options()
    options.active = True
    with pytest.raises(OptionError, match="Operation illegal when tracing is active"):
        options.set("strsize", "5")
    options.set("quiet")
    assert options.quiet


def test_the_environment_sets_options_and_its_mistakes_are_passed_over() -> None:
    options = Options()
    options.set_from_environment(
        {
            "DTRACE_OPT_QUIET": "1",
            "DTRACE_OPT_STRSIZE": "x",
            "DTRACE_OPT_FOO": "1",
            "DTRACE_OPT_flowindent": "1",
            "AGGSORTREV": "1",
        }
    )
    assert options.quiet
    assert options.strsize == OPTIONS["strsize"].default
    assert not options.flowindent
    assert not options.aggsortrev


def test_get_knows_every_option_and_no_other() -> None:
    options = Options()
    assert [options.get(name) for name in OPTIONS] == [row.default for row in OPTIONS.values()]
    with pytest.raises(OptionError, match="Invalid option name"):
        options.get("foo")


def test_dtrace_has_as_many_options_of_each_kind() -> None:
    scopes = [row.scope for row in OPTIONS.values()]
    assert [scopes.count(s) for s in (Scope.COMPILE, Scope.RUNTIME, Scope.DYNAMIC)] == [52, 24, 12]


def test_cppargs_are_words():
    options = Options()
    options.set("cppargs", "-fno-show-column  -DX=1")
    options.set("cppargs", "-DY")
    assert options.cppargs == ("-fno-show-column", "-DX=1", "-DY")
