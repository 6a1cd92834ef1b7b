"""Control lines: `#pragma D option quiet`, `#error text`, `# 12 "file"`.

A control line begins with `#` as the first character that is not blank, anywhere in a program
except in comments.  They are read twice: `control_lines()` collects them before a program is
parsed, so that options are set wherever they stand, and never complains; the lexer calls
`check_control()` when it comes to each, so that mistakes are reported in order.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from dtrace.diag import CompileError
from dtrace.errtags import ErrTag
from dtrace.lang import literals
from dtrace.lang.decls import Pragma
from dtrace.source import Marker, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import NoReturn

    from dtrace.source import Source

LINES = re.compile(
    r"/\*.*?(?:\*/|\Z)|//[^\n]*"
    r'|"(?:[^"\\\n]|\\[^\n])*"'
    r"|'(?:[^'\\\n]|\\[^\n])*'"
    r"|^[ \t\r\f\v]*(#[^\n]*)",
    re.MULTILINE | re.DOTALL,
)
WORDS = re.compile(r'[ \t\r\f\v]*(?:"((?:[^"\\]|\\.)*)"|(")|([^\s"]+))')

# The parts of an attribute, `name stability/data stability/dependency class`, from low to high.
STABILITIES = (
    "Internal",
    "Private",
    "Obsolete",
    "External",
    "Unstable",
    "Evolving",
    "Stable",
    "Standard",
)
CLASSES = ("Unknown", "CPU", "Platform", "Group", "ISA", "Common")


class Word(NamedTuple):
    """A word of a control line."""

    kind: str  # "string", "integer" or "name"
    text: str  # of a string, without quotes and with escapes processed


def control_lines(source: Source) -> list[Pragma]:
    """The control lines of a program, in order, unchecked.  Sets `source.markers`."""
    if "#" not in source.text:
        return []
    found = [
        pragma
        for start, end in control_spans(source.text)
        if (pragma := read_control(source, start, end)) is not None
    ]
    source.markers = tuple(marker for p in found if (marker := line_marker(p)) is not None)
    return found


def control_spans(text: str) -> Iterator[tuple[int, int]]:
    """Start (the `#`) and end of each control line."""
    for match in LINES.finditer(text):
        if match[1] is not None:
            yield match.span(1)


def read_control(source: Source, start: int, end: int) -> Pragma | None:
    """The control line start..end; None for an empty one and for `#!`.

    `#pragma D` and `#pragma` before error, ident and line are left out: these mean the same
    without.  Its words are without quotes.
    """
    if source.text.startswith("#!", start):
        return None
    span = Span(source, start, end)
    words = [word.text for word in split(source.text[start + 1 : end])]
    if not words:
        return None
    if words[0] == "pragma":
        rest = words[2:] if words[1:2] == ["D"] else words[1:]
        if rest and rest[0] in ("error", "ident", "line"):
            return Pragma(rest[0], rest[1:], span)
        return Pragma("pragma", words[1:], span)
    if words[0].isdecimal():
        return Pragma("marker", words, span)
    return Pragma(words[0], words[1:], span)


def split(text: str) -> list[Word]:
    """The words of a control line."""
    words = []
    for match in WORDS.finditer(text):
        string, quote, word = match.groups()
        if string is not None:
            words.append(Word("string", literals.unescape(string)))
        elif quote is not None:
            words.append(Word("unfinished", '"'))
        else:
            words.append(Word("integer" if word.isdecimal() else "name", word))
    return words


def line_marker(pragma: Pragma) -> Marker | None:
    """What a line marker says of the lines below it: `# 12` is about the next line, and
    `#line 12` about itself.
    """
    if pragma.kind not in ("line", "marker") or not pragma.words[:1]:
        return None
    number = pragma.words[0]
    if not number.isdecimal():
        return None
    line = int(number) + (1 if pragma.kind == "line" else 0)
    return Marker(pragma.span.end + 1, line, pragma.words[1] if len(pragma.words) > 1 else "")


def option_setting(pragma: Pragma) -> tuple[str, str | None] | None:
    """Name and value (None: none was given) of an option pragma; None for any other."""
    if pragma.kind != "pragma" or pragma.words[:2] != ["D", "option"] or len(pragma.words) != 3:
        return None
    name, equals, value = pragma.words[2].partition("=")
    return name, value if equals else None


def check_control(pragma: Pragma) -> None:
    """Refuse a control line that says nothing: an unknown one, or one with wrong arguments.

    Whether an option, an identifier or a dependency exists is not known here.
    Raises CompileError D_PRAGCTL_INVAL, D_PRAGERR, D_PRAGMA_INVAL, D_PRAGMA_MALFORM, D_STR_NL.
    """
    words = split(pragma.span.text[1:])
    if any(word.kind == "unfinished" for word in words):
        line = pragma.span.line + 1
        message = "newline encountered in string literal"
        raise CompileError(ErrTag.D_STR_NL, message, pragma.span, line=line)
    match pragma.kind:
        case "error":
            fail(ErrTag.D_PRAGERR, f"#error: {''.join(f'{w} ' for w in pragma.words)}", pragma)
        case "line" | "marker":
            check_line(pragma, words[len(words) - len(pragma.words) :])
        case "pragma":
            if words[1:2] == [Word("name", "D")] and words[2:] and words[2].kind == "name":
                check = CHECKS.get(words[2].text)
                if check is None:
                    fail(ErrTag.D_PRAGMA_INVAL, f"invalid D pragma: {words[2].text}", pragma)
                check(pragma, words[3:])
        case "ident":
            pass
        case _:
            what = "" if words[0].kind == "string" else f": #{words[0].text}"
            fail(ErrTag.D_PRAGCTL_INVAL, f"invalid control directive{what}", pragma)


def fail(tag: ErrTag, message: str, pragma: Pragma) -> NoReturn:
    """Refuse a control line."""
    raise CompileError(tag, message, pragma.span)


def malformed(usage: str, pragma: Pragma) -> NoReturn:
    """Refuse a control line whose words are not those of `usage`."""
    fail(ErrTag.D_PRAGMA_MALFORM, f"malformed #{usage}", pragma)


def kinds(words: list[Word]) -> list[str]:
    """What each word is."""
    return [word.kind for word in words]


def check_line(pragma: Pragma, words: list[Word]) -> None:
    """`#line 12 "file" 3`"""
    wanted = ["integer", "string", "integer"]
    if not words or any(a != b for a, b in zip(kinds(words), wanted, strict=False)):
        malformed('line <line> [ ["file"] state ]', pragma)


def check_option(pragma: Pragma, words: list[Word]) -> None:
    """`#pragma D option name=value`"""
    if kinds(words[:1]) != ["name"]:
        malformed("pragma option <option>=<val>", pragma)
    if len(words) > 1:
        message = "superfluous arguments specified for #pragma option"
        fail(ErrTag.D_PRAGMA_MALFORM, message, pragma)


def check_attributes(pragma: Pragma, words: list[Word]) -> None:
    """`#pragma D attributes Stable/Stable/Common name`, or `... provider name component`."""
    if kinds(words[:2]) != ["name", "name"]:
        malformed("pragma attributes <attributes> <ident>", pragma)
    levels = words[0].text.split("/")
    allowed = (STABILITIES, STABILITIES, CLASSES)
    if len(levels) > 3 or any(a not in b for a, b in zip(levels, allowed, strict=False)):
        message = "invalid attributes specified by #pragma attributes"
        fail(ErrTag.D_PRAGMA_INVAL, message, pragma)


def check_binding(pragma: Pragma, words: list[Word]) -> None:
    """`#pragma D binding "1.2" name`"""
    if kinds(words[:2]) != ["string", "name"]:
        malformed('pragma binding "version" <ident>', pragma)
    if not re.fullmatch(r"[0-9]+(\.[0-9]+){0,2}", words[0].text):
        message = "invalid version string specified by #pragma binding"
        fail(ErrTag.D_PRAGMA_INVAL, message, pragma)


def check_depends_on(pragma: Pragma, words: list[Word]) -> None:
    """`#pragma D depends_on provider name`"""
    if kinds(words) != ["name", "name"]:
        malformed("pragma depends_on <class> <name>", pragma)
    if words[0].text not in ("provider", "module", "library"):
        message = f"invalid class {words[0].text} specified by #pragma depends_on"
        fail(ErrTag.D_PRAGMA_INVAL, message, pragma)


CHECKS: dict[str, Callable[[Pragma, list[Word]], None]] = {
    "attributes": check_attributes,
    "binding": check_binding,
    "depends_on": check_depends_on,
    "option": check_option,
}
