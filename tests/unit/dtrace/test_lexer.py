"""Control lines before parsing, macros and constants: what the case files cannot say."""

from __future__ import annotations

import pytest

from dtrace.diag import CompileError
from dtrace.errtags import ErrTag
from dtrace.lang.literals import INT_MAX, INT_TYPES, integer, unescape
from dtrace.lang.macros import Macros
from dtrace.lang.parser import parse
from dtrace.lang.pragma import control_lines, option_setting
from dtrace.source import NO_SPAN, Source


def test_tags_have_a_meaning_of_their_own() -> None:
    meanings = [tag.value for tag in ErrTag]
    assert len(ErrTag.__members__) == len(set(meanings)) == 213
    assert all(tag.name.startswith("D_") for tag in ErrTag)


# Control lines, read before the program is parsed


def options(text: str) -> list[tuple[str, str | None] | None]:
    return [option_setting(pragma) for pragma in control_lines(Source(text))]


def test_options_are_found_wherever_they_stand() -> None:
    text = """#!/usr/sbin/dtrace -s
#pragma D option quiet
BEGIN {
	#pragma  D option bufsize=4k
	x x syntax error ( "
} # pragma D option not=this
#pragma D option last=
"""
    assert options(text) == [("quiet", None), ("bufsize", "4k"), ("last", "")]


def test_options_in_comments_and_strings_are_none() -> None:
    text = (
        '/*\n#pragma D option a\n*/ // "\n"/*"; \'"\';\n#pragma D option b\n/*\n#pragma D option c'
    )
    assert options(text) == [("b", None)]


def test_malformed_options_set_nothing_and_are_no_error_yet() -> None:
    text = "#pragma D option\n#pragma D option a b\n#pragma D other\n#pragma option c\n#foo\n#\n"
    assert options(text) == [None] * 5


def test_a_comment_without_an_end_hides_the_rest() -> None:
    assert options("#pragma D option a\n/*\n#pragma D option b\n") == [("a", None)]


def test_markers_say_which_line_and_file_it_is() -> None:
    source = Source('one\n# 10 "a"\nten\neleven\n#line 20\ntwenty-one\n# 5 "b" 2\nfive\n')
    control_lines(source)
    places = {word: source.text.index(word) for word in ("one", "ten", "elev", "twen", "five")}
    assert {word: source.line_of(at) for word, at in places.items()} == {
        "one": 1,
        "ten": 10,
        "elev": 11,
        "twen": 21,
        "five": 5,
    }
    assert [source.file_of(at) for at in places.values()] == ["", "a", "a", "a", "b"]


# Macros


def test_arguments_are_noted_as_referenced_in_each_program_anew() -> None:
    macros = Macros(args=("prog", "5"))
    parse(Source("BEGIN { $1; }"), macros=macros)
    with pytest.raises(CompileError, match=r"extraneous argument '5' \(\$1 is not referenced\)"):
        parse(Source("BEGIN { 1; }"), macros=macros)


def test_an_argument_in_a_probe_description_is_referenced() -> None:
    macros = Macros(args=("prog", "5"))
    parse(Source("tick-$1 { }"), macros=macros)
    assert macros.referenced == {1}


def test_a_macro_without_arguments_is_undefined() -> None:
    with pytest.raises(CompileError) as caught:
        parse(Source("BEGIN { $0; }"), macros=Macros())
    assert caught.value.tag is ErrTag.D_MACRO_UNDEF


# Constants


@pytest.mark.parametrize("base", ["{:d}", "0x{:x}", "0{:o}"], ids=["decimal", "hex", "octal"])
def test_a_constant_has_the_first_type_that_holds_it(base: str) -> None:
    for limit in (0, 1, *INT_MAX[:4]):
        for value in (limit, limit + 1):
            candidates = [
                name
                for name, largest in zip(INT_TYPES, INT_MAX, strict=True)
                if value <= largest and (not name.startswith("u") or base != "{:d}")
            ]
            text = base.format(value)
            if candidates:
                assert integer(text, NO_SPAN)[:2] == (value, candidates[0])
            else:
                with pytest.raises(CompileError) as caught:
                    integer(text, NO_SPAN)
                assert caught.value.tag is ErrTag.D_INT_OFLOW


def test_escapes_give_one_character_a_byte() -> None:
    assert unescape(r"\x\0\377\xfff\n\z\\n") == "\0\0\xff\xff\n\\z\\n"
