"""Assembler: the verifier's text form, with labels, into instructions.

        r1 = map[0] ll                  ; ld_imm64: a map, map[0]+8 its value, 5 a number
        r2 = 0
    l0: r2 += 1
        if r2 < 4 goto l0               // or: goto pc-2
        *(u64 *)(r10 -8) = r2
        call bpf_map_lookup_elem#1      # or: call map_lookup_elem, call 1
        call twice                      ; a subprog's label, or: call pc+1
        exit
    twice:
        .insn 0xb7 0 0 0 1              ; code dst src off imm
        exit

An immediate of 32 bits may be written unsigned where the instruction uses 32 bits of it, and in
every jump, since that is how the kernel prints them.  What each line means is read off the `text`
of the rows in emu.isa.table.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from emu.isa.table import ALU64, CALL_KINDS, INSNS, LD_IMM64_KINDS, OFF, InsnDef, by_name, selects
from emu.kernel.helper_names import NAMES
from emu.prog import Insn

if TYPE_CHECKING:
    from collections.abc import Sequence


class AsmError(ValueError):
    """Text that is no instruction: where, from 1, and why."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(f"line {line}, column {column}: {message}")
        self.line = line
        self.column = column


_TOKEN = re.compile(
    r"""[ \t]*(?:
      (?P<reg>[rw][0-9]+\b)
    | (?P<num>(?:[+-][ \t]*)*(?:0[xX][0-9a-fA-F]+|[0-9]+)\b)
    | (?P<op>s>>=|s>=|s<=|s/=|s%=|s>|s<|<<=|>>=|[-+*/|&%^=!<>]=|[-+*&()\[\]=<>,\#])
    | (?P<word>kernel-function|[A-Za-z_.$][\w.$]*)
    )""",
    re.VERBOSE,
)
_COMMENT = re.compile(r"(?:;|//|(?<!\S)\#).*")
_LABEL = re.compile(r"[ \t]*([A-Za-z_.$][\w.$]*)[ \t]*:")
_BLANK = re.compile(r"[ \t]*")

# Keys of tokens that no word can be; any other token is its own key.
_NUMBER = "0"
_REGISTERS = ("r0", "w0")

_JUMPS = frozenset({"goto", "gotol", "may_goto"})
# Numbers no field holds, which stand for the fields when a row's text is read as a pattern.
_FIELDS = {
    "off": 1 << 70,
    "imm": 1 << 71,
    "imm2": 1 << 72,
    "imm64": 1 << 73,
    "imm_hi": 1 << 74,
    "imm_lo": 1 << 75,
}
_FIELD_OF = {value: name for name, value in _FIELDS.items()}


class Token(NamedTuple):
    """A piece of a line; the keys of a line's tokens are its shape."""

    key: str
    value: int  # of a register its number
    column: int  # from 1
    label: str = ""  # a number that the label's place will give


class Pattern(NamedTuple):
    """How a line of one shape is read."""

    row: InsnDef
    regs: tuple[str, ...]  # for each register: "dst", "src", or the number it must have
    nums: tuple[str, ...]  # for each number: its field
    src: int = 0  # where the text does not have it
    unsigned: bool = False  # whether imm may be 1 << 31 and above


class Fixup(NamedTuple):
    """A place to be filled in when all labels are known."""

    insn: int
    field: str  # "off" or "imm"
    label: str
    line: int
    column: int
    call: bool  # a helper's name will do too


def assemble(text: str) -> tuple[Insn, ...]:
    """The instructions that `text` spells, one a line.

    Raises AsmError, a ValueError, with line and column: for a line that has no such form, a number
    that its field cannot hold, a label that is missing or stands twice.
    """
    insns: list[Insn] = []
    fixups: list[Fixup] = []
    labels: dict[str, int] = {}
    for number, full in enumerate(text.split("\n"), 1):
        line, at = _COMMENT.sub("", full).rstrip(), 0
        while match := _LABEL.match(line, at):
            if match[1] in labels:
                raise AsmError(number, match.start(1) + 1, f"label {match[1]} stands twice")
            labels[match[1]] = len(insns)
            at = match.end()
        if not _BLANK.fullmatch(line, at):
            _line(_tokens(line, at, number), number, insns, fixups)
    for fixup in fixups:
        insns[fixup.insn] = _resolve(insns[fixup.insn], fixup, labels)
    return tuple(insns)


def _tokens(line: str, at: int, number: int) -> list[Token]:
    """The line's tokens; the target of a jump is always written "pc" and a number."""
    tokens: list[Token] = []
    while at < len(line):
        match = _TOKEN.match(line, at)
        if match is None:
            column = _BLANK.match(line, at).end() + 1  # type: ignore[union-attr]
            raise AsmError(number, column, f"unexpected character {line[column - 1]!r}")
        kind = match.lastgroup or ""
        word = match[kind]
        column = match.start(kind) + 1
        at = match.end()
        after_jump = bool(tokens) and tokens[-1].key in _JUMPS
        if kind == "reg":
            if int(word[1:]) > 10:
                raise AsmError(number, column, f"there is no register {word}")
            tokens.append(Token(f"{word[0]}0", int(word[1:]), column))
        elif kind == "num":
            if after_jump:
                tokens.append(Token("pc", 0, column))
            tokens.append(Token(_NUMBER, _number(word), column))
        elif after_jump and word != "pc":
            tokens += [Token("pc", 0, column), Token(_NUMBER, 0, column, label=word)]
        else:
            tokens.append(Token(word, 0, column))
    return _name_target(tokens)


def _number(word: str) -> int:
    sign = -1 if word.count("-") % 2 else 1
    return sign * int(word.lstrip("+- \t"), 0 if "x" in word.lower() else 10)


def _name_target(tokens: list[Token]) -> list[Token]:
    """`call name` and `r1 = name ll` with the name read as a label: "pc" and a number."""
    keys = [token.key for token in tokens]
    if len(keys) == 2 and keys[0] == "call" and keys[1] != _NUMBER:
        at = 1
    elif len(keys) == 4 and keys[::3] == ["r0", "ll"] and keys[2] != _NUMBER:
        at = 2
    else:
        return tokens
    name = tokens[at]
    return [
        *tokens[:at],
        Token("pc", 0, name.column),
        Token(_NUMBER, 0, name.column, label=name.key),
        *tokens[at + 1 :],
    ]


def _line(tokens: list[Token], number: int, insns: list[Insn], fixups: list[Fixup]) -> None:
    if tokens[0].key == ".insn":
        insns.append(_raw(tokens, number))
        return
    if tokens[0].key == "call":
        tokens = _helper_by_number(tokens, number)
    pattern = _patterns().get(tuple(token.key for token in tokens))
    if pattern is None:
        raise AsmError(number, tokens[0].column, "no instruction has this form")
    fields = {"dst": -1, "src": -1, "off": 0, "imm": 0, "imm2": 0}
    _registers(pattern, tokens, number, fields)
    for field, token in zip(pattern.nums, (t for t in tokens if t.key == _NUMBER), strict=True):
        if token.label:
            call = pattern.row.name == "call"
            fixups.append(Fixup(len(insns), field, token.label, number, token.column, call))
        else:
            _store(fields, field, token, number, pattern)
    row = pattern.row
    select = "off" if selects(row.code) == OFF else "imm"
    if row.select:
        fields[select] = row.select
    dst, src = max(fields["dst"], 0), fields["src"] if fields["src"] >= 0 else pattern.src
    insns.append(Insn(row.code, dst, src, fields["off"], fields["imm"]))
    if row.slots == 2:
        insns.append(Insn(0, 0, 0, 0, fields["imm2"]))


def _registers(pattern: Pattern, tokens: list[Token], number: int, fields: dict[str, int]) -> None:
    registers = (token for token in tokens if token.key in _REGISTERS)
    for place, token in zip(pattern.regs, registers, strict=True):
        wanted = fields.get(place, -1) if place in fields else int(place)
        if wanted not in (-1, token.value):
            raise AsmError(number, token.column, f"this must be {token.key[0]}{wanted}")
        if place in fields:
            fields[place] = token.value


def _store(fields: dict[str, int], field: str, token: Token, number: int, pattern: Pattern) -> None:
    """Put a number into its field, or refuse it."""
    value = token.value
    bits, unsigned = {
        "off": (16, False),
        "imm": (32, pattern.unsigned),
        "imm2": (32, True),
        "imm64": (64, True),
        "imm_hi": (16, True),
        "imm_lo": (16, True),
    }[field]
    if not -(1 << bits - 1) <= value < 1 << (bits if unsigned else bits - 1):
        raise AsmError(number, token.column, f"{value} does not fit {bits} bits")
    if field == "imm64":
        fields["imm"], fields["imm2"] = _signed32(value), _signed32(value >> 32)
    elif field == "imm_hi":
        fields["imm"] = _signed32(fields["imm"] | (value & 0xFFFF) << 16)
    elif field == "imm_lo":
        fields["imm"] |= value & 0xFFFF
    else:
        fields[field] = value if field == "off" else _signed32(value)


def _signed32(value: int) -> int:
    return (value & 0xFFFFFFFF ^ 0x80000000) - 0x80000000


def _raw(tokens: Sequence[Token], number: int) -> Insn:
    """`.insn code dst src off imm`."""
    bounds = ((0, 255), (0, 15), (0, 15), (-(1 << 15), (1 << 15) - 1), (-(1 << 31), (1 << 31) - 1))
    if [token.key for token in tokens[1:]] != [_NUMBER] * 5:
        raise AsmError(number, tokens[0].column, "wanted: .insn code dst src off imm")
    for token, (low, high) in zip(tokens[1:], bounds, strict=True):
        if not low <= token.value <= high:
            raise AsmError(number, token.column, f"{token.value} is not in {low} ... {high}")
    return Insn(*(token.value for token in tokens[1:]))


def _helper_by_number(tokens: list[Token], number: int) -> list[Token]:
    """`call bpf_name#1` as `call 1`, once the name is seen to be that number's."""
    keys = [token.key for token in tokens]
    if len(keys) != 4 or keys[2:] != ["#", _NUMBER] or keys[1] == "kernel-function":
        return tokens
    name, value = keys[1].removeprefix("bpf_"), tokens[3].value
    if name != "unknown" and (not 0 <= value < len(NAMES) or NAMES[value] != name):
        raise AsmError(number, tokens[1].column, f"helper {value} is not called {keys[1]}")
    return [tokens[0], tokens[3]]


def _resolve(insn: Insn, fixup: Fixup, labels: dict[str, int]) -> Insn:
    """The instruction with the distance to its label."""
    if fixup.label not in labels:
        helper = fixup.label.removeprefix("bpf_")
        if fixup.call and helper in NAMES:
            return insn._replace(src=0, imm=NAMES.index(helper))
        what = "label or helper" if fixup.call else "label"
        raise AsmError(fixup.line, fixup.column, f"no {what} is called {fixup.label}")
    distance = labels[fixup.label] - fixup.insn - 1
    if fixup.field == "imm":
        return insn._replace(imm=distance)
    if not -(1 << 15) <= distance < 1 << 15:
        message = f"{fixup.label} is {distance} insns away: more than 16 bits"
        raise AsmError(fixup.line, fixup.column, message)
    return insn._replace(off=distance)


@cache
def _patterns() -> dict[tuple[str, ...], Pattern]:
    """Every shape a line can have."""
    patterns: dict[tuple[str, ...], Pattern] = {}
    for row in INSNS:
        if row.name not in ("ld_imm64", "call"):
            _add(patterns, row, row.text)
            # An access at offset 0 may leave it out.
            _add(patterns, row, row.text.replace(" {off:+d}", ""))
    for kind in LD_IMM64_KINDS:
        _add(patterns, by_name["ld_imm64"], "r{dst} = " + kind.text, kind.src)
    for src, text in ((0, "call {imm}"), *((k.src, k.text) for k in CALL_KINDS if k.src)):
        _add(patterns, by_name["call"], text, src)
    return patterns


def _add(patterns: dict[tuple[str, ...], Pattern], row: InsnDef, text: str, src: int = 0) -> None:
    sample = text.format(dst=1, src=2, uimm=_FIELDS["imm"], **_FIELDS)
    tokens = _tokens(sample, 0, 0)
    places = {1: "dst", 2: "src"}
    regs = tuple(places.get(t.value, str(t.value)) for t in tokens if t.key in _REGISTERS)
    nums = tuple(_FIELD_OF[t.value] for t in tokens if t.key == _NUMBER)
    wide = row.cls == ALU64 or row.name == "stdw"
    key = tuple(token.key for token in tokens)
    patterns[key] = Pattern(row, regs, nums, src, unsigned=not wide)
