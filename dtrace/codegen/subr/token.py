"""strtok: the tokens of a string, one a call.

The string and where its last token ended are kept for each CPU, as in DTrace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Area, Code, Label
from dtrace.codegen import state
from dtrace.codegen.subr import text
from dtrace.codegen.subr.find import WORD, load_place, place
from dtrace.codegen.subr.loop import Cell, define_loop, leave_unless
from dtrace.codegen.subr.text import LEAD, PATTERN, base, whole
from dtrace.lang.nodes import StrLit

if TYPE_CHECKING:
    from dtrace.bpf.code import VReg
    from dtrace.codegen.gen import ClauseGen
    from dtrace.codegen.program import ProgramGen
    from dtrace.lang.nodes import Call, Expr

REST = "rest"  # the text whose tokens are wanted
BYTES = 256  # values of a byte


def cg_subr_strtok(cg: ClauseGen, node: Call) -> VReg:
    """`strtok(s, delimiters)`: the first token of `s`, or the next one if that is NULL; NULL if
    there is none.  The first call with NULL is a fault.

            set[c] = whether c is a delimiter
            place = rest;  skip what is in the set
            if place is the text's end, the result is NULL
            set[0] = 1;  find the next that is in the set
            the result is what lies between;  rest = place
    """
    code, program = cg.code, cg.program
    length, rest = Cell(program, "rest_length"), Cell(program, "rest_place")
    text_node, delimiters = node.args
    source = None if text.is_null(text_node) else cg.expr(text_node)
    _cg_set(cg, delimiters)
    l_next, l_kept = Label("next"), Label("kept")
    if source is not None:
        code.jump("jeq", source, 0, l_next)
        length.store(code, cg.mem, text.read(cg, REST, text_node, source).length)
        rest.store(code, cg.mem, LEAD)
        code.bind(l_next)
    at = rest.load(code, cg.mem)
    code.jump("jne", at, 0, l_kept)
    cg.fault(state.Fault.BADADDR)
    code.bind(l_kept)
    first = _cg_span(cg, at, member=0)
    token, l_none = code.const(0), Label("none")
    code.alu("sub", first, LEAD)
    code.jump("jge", first, length.load(code, cg.mem), l_none)
    code.emit("stb", cg.mem, off=_set(program), imm=1, ref=Area.KEPT)
    end = _cg_span(cg, place(program).load(code, cg.mem), member=1)
    size = code.address(end, -LEAD)
    code.alu("sub", size, first)
    rest.store(code, cg.mem, end)
    code.emit("mov64_reg", token, text.cut(cg, REST, first, size))
    code.bind(l_none)
    return token


def _set(program: ProgramGen) -> int:
    """Offset in KEPT of the set of delimiters: a byte for every value of a byte."""
    return program.keep("set", BYTES)


def _cg_set(cg: ClauseGen, delimiters: Expr) -> None:
    code, program = cg.code, cg.program
    at = _set(program)
    if isinstance(delimiters, StrLit):
        cg.zero(at, BYTES, Area.KEPT)
        for char in sorted(set(delimiters.value[: cg.target.strsize - 1])):
            code.emit("stb", cg.mem, off=at + ord(char), imm=1, ref=Area.KEPT)
        return
    text.cg_text(cg, PATTERN, delimiters)
    cg.zero(at, BYTES, Area.KEPT)
    place(program).store(code, cg.mem, LEAD)

    def step(code: Code) -> None:
        _set_step(program, code)

    code.func(define_loop(program, "dt_set", 1, whole(program) // WORD, step), cg.mem)


def _set_step(program: ProgramGen, code: Code) -> None:
    """step(mem): put 8 bytes of the pattern, up to its NUL, into the set."""
    (mem,) = code.params
    l_done = Label("done")
    at = load_place(program, code, mem, l_done)
    p = code.copy(mem)
    code.alu("add", p, at)
    for i in range(WORD):
        char = code.load("ldxb", p, base(program, PATTERN) + i, Area.KEPT)
        leave_unless(code, "jne", char, 0, l_done)
        member = code.copy(mem)
        code.alu("add", member, char)
        code.emit("stb", member, off=_set(program), imm=1, ref=Area.KEPT)
    code.alu("add", at, WORD)
    place(program).store(code, mem, at)
    code.ret(0)
    code.bind(l_done)
    code.ret(1)


def _cg_span(cg: ClauseGen, at: VReg, *, member: int) -> VReg:
    """The first place in the rest, from place `at` on, whose byte is (member 1) or is not (0) in
    the set."""
    code, program = cg.code, cg.program
    place(program).store(code, cg.mem, at)

    def step(code: Code) -> None:
        _span_step(program, code)

    loop = define_loop(program, "dt_span", 2, whole(program) // WORD, step)
    code.func(loop, cg.mem, code.const(member))
    return place(program).load(code, cg.mem)


def _span_step(program: ProgramGen, code: Code) -> None:
    """
    step(mem, member):
            for each of the 8 bytes at the place
                if set[byte] == member, place is there and return 1
            place += 8 and return 0
    """
    mem, member = code.params
    l_done, l_found = Label("done"), Label("found")
    at = load_place(program, code, mem, l_done)
    p = code.copy(mem)
    code.alu("add", p, at)
    for i in range(WORD):
        q = code.copy(mem)
        code.alu("add", q, code.load("ldxb", p, base(program, REST) + i, Area.KEPT))
        byte = code.load("ldxb", q, _set(program), Area.KEPT)
        leave_unless(code, "jne", byte, member, l_found)
        code.alu("add", at, 1)
    place(program).store(code, mem, at)
    code.ret(0)
    code.bind(l_found)
    place(program).store(code, mem, at)
    code.bind(l_done)
    code.ret(1)
