"""index, rindex, strstr: finding a string in a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Area, Code, Label
from dtrace.codegen import string
from dtrace.codegen.gen import round_up
from dtrace.codegen.subr import text
from dtrace.codegen.subr.find import HIGH, ONES, WORD, load_place, place, repeated
from dtrace.codegen.subr.loop import Cell, define_loop, forget, leave_unless
from dtrace.codegen.subr.text import LEAD, PATTERN, TEXT, base, start, whole

if TYPE_CHECKING:
    from dtrace.bpf.code import VReg
    from dtrace.codegen.gen import ClauseGen
    from dtrace.codegen.program import ProgramGen
    from dtrace.lang.nodes import Call, Expr


def cg_subr_index(cg: ClauseGen, node: Call) -> VReg:
    """`index(s, part[, first])`: where `part` first occurs, from `first` on; -1 if nowhere."""
    first = cg.expr(node.args[2]) if len(node.args) > 2 else cg.code.const(0)
    return _search(cg, node, first, back=False)


def cg_subr_rindex(cg: ClauseGen, node: Call) -> VReg:
    """`rindex(s, part[, last])`: where `part` last occurs, up to `last`; -1 if nowhere."""
    last = cg.expr(node.args[2]) if len(node.args) > 2 else None
    return _search(cg, node, last, back=True)


def cg_subr_strstr(cg: ClauseGen, node: Call) -> VReg:
    """`strstr(s, part)`: the string from the first `part` on, or NULL."""
    code = cg.code
    found = _search(cg, node, code.const(0), back=False)
    tail, l_none = code.const(0), Label("none")
    code.jump("jslt", found, 0, l_none)
    code.emit("mov64_reg", tail, text.cut(cg, TEXT, found, cg.target.strsize - 1))
    code.bind(l_none)
    return tail


def _search(cg: ClauseGen, node: Call, first: VReg | None, *, back: bool) -> VReg:
    """
            found = first, not below 0        (back: not above the length; -1 if it is below 0)
            if found s> length goto none
            if the part is empty goto end
            place = found;  find(first 8 bytes of the part, their mask, its first byte)
            found = place;  if found < length goto end
    none:   found = -1
    end:
    """
    code, program = cg.code, cg.program
    sources = [text.source_of(cg, arg) for arg in node.args[:2]]
    whole_text = text.read(cg, TEXT, node.args[0], sources[0])
    part = text.read(cg, PATTERN, node.args[1], sources[1])
    l_none, l_end, l_inside = Label("none"), Label("end"), Label("inside")
    found = code.copy(whole_text.length if first is None else first)
    if back:
        code.jump("jslt", found, 0, l_none)
        code.jump("jsle", found, whole_text.length, l_inside)
        code.emit("mov64_reg", found, whole_text.length)
    else:
        code.jump("jsge", found, 0, l_inside)
        code.emit("mov64_imm", found, imm=0)
    code.bind(l_inside)
    code.jump("jgt", found, whole_text.length, l_none)
    code.jump("jeq", part.length, 0, l_end)
    code.alu("add", found, LEAD)
    place(program).store(code, cg.mem, found)
    _length(program).store(code, cg.mem, part.length)
    mask = _mask(code, part.length)
    forget(program, code, cg.mem, mask)
    word = code.load("ldxdw", cg.mem, start(program, PATTERN), Area.KEPT)
    name = _define(program, _words(cg, node.args[1]), back=back)
    code.func(name, cg.mem, word, mask, repeated(code, word))
    code.emit("mov64_reg", found, place(program).load(code, cg.mem))
    code.alu("sub", found, LEAD)
    code.jump("jlt", found, whole_text.length, l_end)
    code.bind(l_none)
    code.emit("mov64_imm", found, imm=-1)
    code.bind(l_end)
    return found


def _words(cg: ClauseGen, node: Expr) -> int:
    # Of the text in `node`, without its NUL.
    return max(1, round_up(string.bound(cg, node) - 1, WORD) // WORD)


def _mask(code: Code, length: VReg) -> VReg:
    """The bytes of a word that the first `length` are."""
    mask, l_all = code.const(-1), Label("all")
    code.jump("jge", length, WORD, l_all)
    bits = code.copy(length)
    code.alu("lsh", bits, 3)
    code.emit("mov64_imm", mask, imm=1)
    code.alu("lsh", mask, bits)
    code.alu("sub", mask, 1)
    code.bind(l_all)
    return mask


def _length(program: ProgramGen) -> Cell:
    """The length of the part that is searched for."""
    return Cell(program, "part_length")


def _define(program: ProgramGen, words: int, *, back: bool) -> str:
    match = _define_match(program, words) if words > 1 else ""

    def step(code: Code) -> None:
        _step(program, code, match, back=back)

    name = f"dt_{'rindex' if back else 'index'}{words}"
    return define_loop(program, name, 4, whole(program) // WORD + 1, step)


def _step(program: ProgramGen, code: Code, match: str, *, back: bool) -> None:
    """
    step(mem, word, mask, pattern):
            at = place;  if at is not in the text return 1
            if none of the 8 bytes that begin (back: end) at `at` is as in pattern goto none
            for each of their places
                if the 8 bytes there & mask == word, and match() says so
                    place = it and return 1
    none:   place = at +- 8 and return 0

    match: the function that compares the rest of a long part, or "".
    """
    mem, word, mask, pattern = code.params
    l_done, l_none = Label("done"), Label("none")
    at = load_place(program, code, mem, l_done, back=back)
    behind = WORD - 1 if back else 0
    p = code.copy(mem)
    code.alu("add", p, at)
    near = base(program, TEXT) - behind
    # A byte of t is 0x80 where x is 0, and perhaps above such a byte.
    x = code.load("ldxdw", p, near, Area.KEPT)
    code.alu("xor", x, pattern)
    t = code.copy(x)
    code.alu("sub", t, ONES)
    code.alu("xor", x, -1)
    code.alu("and", t, x)
    code.alu("and", t, HIGH)
    code.jump("jeq", t, 0, l_none)
    for i in reversed(range(WORD)) if back else range(WORD):
        l_next = Label("next")
        here = code.load("ldxdw", p, near + i, Area.KEPT)
        code.alu("and", here, mask)
        code.jump("jne", here, word, l_next)
        found = code.address(at, i - behind)
        place(program).store(code, mem, found)
        if match:
            code.jump("jeq", code.func(match, mem), 0, l_next)
        code.goto(l_done)
        code.bind(l_next)
    code.bind(l_none)
    code.alu("sub" if back else "add", at, WORD)
    place(program).store(code, mem, at)
    code.ret(0)
    code.bind(l_done)
    code.ret(1)


def _define_match(program: ProgramGen, words: int) -> str:
    """Make match(mem): whether a part of more than 8 bytes, and at most `words` words, of which
    the first is known to be there, is at the place in the text.

            for every word i but the first
                if length < 8 * i + 8 goto last
                if they differ return 0
    last:   return whether the last 8 bytes are equal
    """
    name = f"dt_match{words}"
    if name in program.functions:
        return name
    code = program.functions[name] = Code(name, 1)
    (mem,) = code.params
    l_last, l_yes, l_no = Label("last"), Label("yes"), Label("no")
    at = load_place(program, code, mem, l_no)
    length = _length(program).load(code, mem)
    leave_unless(code, "jgt", length, WORD, l_yes)
    p = code.copy(mem)
    code.alu("add", p, at)
    in_text, in_part = base(program, TEXT), start(program, PATTERN)
    left: VReg
    for i in range(1, words):
        code.jump("jlt", length, WORD * i + WORD, l_last)
        left = code.load("ldxdw", p, in_text + WORD * i, Area.KEPT)
        right = code.load("ldxdw", mem, in_part + WORD * i, Area.KEPT)
        code.jump("jne", left, right, l_no)
    code.bind(l_last)
    # Anew, so that the verifier knows the same of it from wherever it comes here.
    length = _length(program).load(code, mem)
    leave_unless(code, "jle", length, whole(program), l_no)
    code.bound(length, whole(program))
    code.alu("add", p, length)
    left = code.load("ldxdw", p, in_text - WORD, Area.KEPT)
    q = code.copy(mem)
    code.alu("add", q, length)
    right = code.load("ldxdw", q, in_part - WORD, Area.KEPT)
    code.jump("jne", left, right, l_no)
    code.bind(l_yes)
    code.ret(1)
    code.bind(l_no)
    code.ret(0)
    return name
