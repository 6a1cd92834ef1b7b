"""The assembler language of the bpf_conformance suite's test files.

    lock fetch add32 [%r10-8], %r1
    jne32 %r0, 0x11, failed

An operation has the name of a row of emu.isa.table, but that 64 bits are not said, that lengths
of movsx are run together, and that `lock` stands before atomic operations.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from emu.isa.insn import encode
from emu.isa.table import by_name, selects
from emu.prog import PSEUDO_CALL, Insn

if TYPE_CHECKING:
    from pathlib import Path

SECTION = re.compile(r"^-- (.+)$", re.MULTILINE)
REGISTER = re.compile(r"%r(\d+)$")
PLACE = re.compile(r"\[%r(\d+)([+-]\w+)?\]$")
MOVSX = re.compile(r"movsx(8|16|32)(32|64)$")
CALL_BY_REGISTER = 0x8D


class Case:
    """A test file: its program, the memory and the result that is right."""

    def __init__(self, path: Path) -> None:
        parts = SECTION.split(path.read_text(encoding="utf-8"))
        sections = dict(zip(parts[1::2], parts[2::2], strict=True))
        self.code = assemble(sections["asm"])
        self.memory = bytes.fromhex("".join(sections.get("mem", "").split()))
        self.result = int(sections["result"].split()[0], 16)


def assemble(text: str) -> bytes:
    """The instructions of a program.  Raises KeyError and ValueError for what is none."""
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    labels: dict[str, int] = {}
    statements = []
    at = 0
    for line in filter(None, lines):
        if line.endswith(":"):
            labels[line[:-1]] = at
        else:
            if line == "exit":
                labels.setdefault(line, at)  # the first one is a label too
            statements.append((at, line))
            at += 2 if line.startswith("lddw") else 1
    return encode([insn for at, line in statements for insn in _statement(at, line, labels)])


def _statement(at: int, line: str, labels: dict[str, int]) -> list[Insn]:
    words, _, operand = line.replace(",", " , ").partition(" %")
    if "[" in words:
        words, _, operand = line.partition("[")
        operand = "[" + operand
    elif operand:
        operand = "%" + operand
    operation, *rest = words.split()
    operands = [part.strip() for part in operand.split(",")] if operand else rest
    if operation == "exit":
        return [_insn("exit")]
    if operation in ("ja", "ja32"):
        return [_jump(operation, _target(operands[0], at, labels))]
    if operation == "call":
        return [_call(operands, at, labels)]
    if operation == "lock":
        return [_atomic(rest, operands)]
    if operation == "lddw":
        value = int(operands[1], 0) % (1 << 64)
        low, high = struct.unpack("<ii", struct.pack("<Q", value))
        return [_insn("ld_imm64", dst=_register(operands[0]), imm=low), Insn(0, 0, 0, 0, high)]
    if operation.startswith("ld"):
        base, off = _place(operands[1])
        return [_insn(operation, dst=_register(operands[0]), src=base, off=off)]
    if operation.startswith("st"):
        base, off = _place(operands[0])
        if operation.startswith("stx"):
            return [_insn(operation, dst=base, src=_register(operands[1]), off=off)]
        return [_insn(operation, dst=base, off=off, imm=_number(operands[1]))]
    if operation.startswith("j"):
        target = _target(operands[2], at, labels)
        return [_with_source(operation, operands)._replace(off=target)]
    return [_arithmetic(operation, operands)]


def _arithmetic(operation: str, operands: list[str]) -> Insn:
    found = MOVSX.match(operation)
    if found:
        operation = f"movsx{found[1]}_{found[2]}"
    elif operation.startswith("swap"):
        operation = "b" + operation
    elif not operation[-1].isdigit():
        operation += "64"
    if len(operands) == 1:
        return _insn(operation, dst=_register(operands[0]))
    return _with_source(operation, operands)


def _with_source(operation: str, operands: list[str]) -> Insn:
    """An operation on a register by another one or by a number."""
    dst = _register(operands[0])
    if REGISTER.match(operands[1]):
        return _insn(operation + "_reg", dst=dst, src=_register(operands[1]))
    return _insn(operation + "_imm", dst=dst, imm=_number(operands[1]))


def _atomic(words: list[str], operands: list[str]) -> Insn:
    name = "_".join(words)
    bits = "32" if name.endswith("32") else "64"
    base, off = _place(operands[0])
    row = f"atomic{bits}_{name.removesuffix('32')}"
    return _insn(row, dst=base, src=_register(operands[1]), off=off)


def _call(operands: list[str], at: int, labels: dict[str, int]) -> Insn:
    if operands[0] == "local":
        return _insn("call", src=PSEUDO_CALL, imm=labels[operands[1]] - at - 1)
    if REGISTER.match(operands[0]):
        return Insn(CALL_BY_REGISTER, _register(operands[0]))
    return _insn("call", imm=_number(operands[0]))


def _jump(operation: str, target: int) -> Insn:
    return _insn("gotol", imm=target) if operation == "ja32" else _insn("ja", off=target)


def _insn(name: str, **fields: int) -> Insn:
    """An instruction of that row, with the field that tells it from others of its code."""
    row = by_name[name]
    selecting = selects(row.code)
    if selecting and row.select:
        fields[(selecting.name or "").lower()] = row.select
    return Insn(row.code, **fields)


def _target(text: str, at: int, labels: dict[str, int]) -> int:
    return labels[text] - at - 1 if text in labels else int(text, 0)


def _register(text: str) -> int:
    found = REGISTER.match(text)
    if not found:
        raise ValueError(f"no register: {text}")
    return int(found[1])


def _place(text: str) -> tuple[int, int]:
    found = PLACE.match(text)
    if not found:
        raise ValueError(f"no place in memory: {text}")
    return int(found[1]), int(found[2] or "0", 0)


def _number(text: str) -> int:
    value = int(text, 0) & 0xFFFF_FFFF
    return value - (value >> 31 << 32)
