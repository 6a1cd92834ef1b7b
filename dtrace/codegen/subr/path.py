"""basename, dirname, cleanpath."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Area, Code, Label
from dtrace.codegen.subr import text
from dtrace.codegen.subr.find import cg_find, load_place, place
from dtrace.codegen.subr.loop import Cell, define_loop, leave_unless
from dtrace.codegen.subr.text import LEAD, TEXT, base, start, whole

if TYPE_CHECKING:
    from dtrace.bpf.code import VReg
    from dtrace.codegen.gen import ClauseGen
    from dtrace.codegen.program import ProgramGen
    from dtrace.lang.nodes import Call

SLASH, DOT = ord("/"), ord(".")
CLEAN = "clean"  # the text that cleanpath() makes


def cg_subr_basename(cg: ClauseGen, node: Call) -> VReg:
    """`basename(path)`: the last name; "." of an empty path, "/" of one of slashes only.

    last = the last byte that is not a slash;  if there is none goto constant
    first = the last slash before it, + 1
    the result is what lies between
    """
    code = cg.code
    length = text.cg_text(cg, TEXT, node.args[0]).length
    result, l_end, l_constant = code.const(0), Label("end"), Label("constant")
    last = _last(cg, length, l_constant)
    first = cg_find(cg, TEXT, SLASH, last, back=True)
    size = code.copy(last)
    _not_below(code, first, -1)
    code.alu("add", first, 1)
    code.alu("sub", size, first)
    code.alu("add", size, 1)
    code.emit("mov64_reg", result, text.cut(cg, TEXT, first, size))
    code.goto(l_end)
    code.bind(l_constant)
    _dot_or_slash(cg, result, length)
    code.bind(l_end)
    return result


def cg_subr_dirname(cg: ClauseGen, node: Call) -> VReg:
    """`dirname(path)`: what is before the last name; "." if that is nothing, "/" if only slashes.

    last = the last byte that is not a slash;  if there is none goto constant
    last = the last slash before it;  if there is none, the result is "."
    last = the last byte before it that is not a slash;  if there is none goto constant
    the result is what ends there
    """
    code = cg.code
    length = text.cg_text(cg, TEXT, node.args[0]).length
    result, l_end, l_constant, l_dot = code.const(0), Label("end"), Label("constant"), Label("dot")
    last = _last(cg, length, l_constant)
    last = cg_find(cg, TEXT, SLASH, last, back=True)
    code.jump("jslt", last, 0, l_dot)
    last = cg_find(cg, TEXT, SLASH, last, back=True, other=True)
    code.jump("jslt", last, 0, l_constant)
    code.alu("add", last, 1)
    code.emit("mov64_reg", result, text.cut(cg, TEXT, code.const(0), last))
    code.goto(l_end)
    code.bind(l_dot)
    code.emit("mov64_imm", length, imm=0)
    code.bind(l_constant)
    _dot_or_slash(cg, result, length)
    code.bind(l_end)
    return result


def _last(cg: ClauseGen, length: VReg, l_none: Label) -> VReg:
    """The last byte of the text that is not a slash; `l_none` if there is none."""
    end = cg.code.address(length, -1)
    last = cg_find(cg, TEXT, SLASH, end, back=True, other=True)
    cg.code.jump("jslt", last, 0, l_none)
    return last


def _not_below(code: Code, reg: VReg, least: int) -> None:
    l_ok = Label("enough")
    code.jump("jsge", reg, least, l_ok)
    code.emit("mov64_imm", reg, imm=least)
    code.bind(l_ok)


def _dot_or_slash(cg: ClauseGen, result: VReg, length: VReg) -> None:
    """result = length == 0 ? "." : "/", as constants padded like any string."""
    code, l_end = cg.code, Label("constant")
    code.emit("mov64_reg", result, _constant(cg, "."))
    code.jump("jeq", length, 0, l_end)
    code.emit("mov64_reg", result, _constant(cg, "/"))
    code.bind(l_end)


def _constant(cg: ClauseGen, value: str) -> VReg:
    made = text.new_result(cg)
    cg.store(1, cg.mem, made.offset, ord(value), Area.SCRATCH)
    return made.address(cg)


class _Clean:
    """The state of cleanpath()'s loop.  What lies in the stack is where the names that ".." may
    take back begin."""

    def __init__(self, program: ProgramGen) -> None:
        self.to = Cell(program, "clean_to")  # where the next byte goes
        self.name = Cell(program, "clean_name")  # where the name at work begins
        self.depth = Cell(program, "clean_depth")
        self.root = Cell(program, "clean_root")  # 1 if the path begins with a slash
        self.out = start(program, CLEAN)
        self.depth_max = whole(program) // 2
        self.stack = program.keep("clean_stack", 2 * self.depth_max + 4)


def cg_subr_cleanpath(cg: ClauseGen, node: Call) -> VReg:
    """`cleanpath(path)`: without empty names, ".", and ".." with what it takes back.  Of an empty
    path it is empty, else of one where nothing is left "." or "/"."""
    code, program = cg.code, cg.program
    length = text.cg_text(cg, TEXT, node.args[0]).length
    clean = _Clean(program)
    root, l_relative = code.const(0), Label("relative")
    first = code.load("ldxb", cg.mem, start(program, TEXT), Area.KEPT)
    code.jump("jne", first, SLASH, l_relative)
    code.emit("mov64_imm", root, imm=1)
    code.emit("stb", cg.mem, off=clean.out, imm=SLASH, ref=Area.KEPT)
    code.bind(l_relative)
    for cell in (clean.to, clean.name, clean.root):
        cell.store(code, cg.mem, root)
    clean.depth.store(code, cg.mem, 0)
    at = code.address(root, LEAD)
    place(program).store(code, cg.mem, at)

    def step(code: Code) -> None:
        _clean_step(program, code)

    code.func(define_loop(program, "dt_cleanpath", 1, whole(program), step), cg.mem)
    # Each name was followed by a slash; the last one's goes, and an empty result becomes ".".
    size = clean.to.load(code, cg.mem)
    l_kept, l_end = Label("kept"), Label("end")
    code.jump("jle", size, clean.root.load(code, cg.mem), l_kept)
    code.alu("sub", size, 1)
    code.bind(l_kept)
    code.jump("jne", size, 0, l_end)
    code.jump("jeq", length, 0, l_end)
    code.emit("stb", cg.mem, off=clean.out, imm=DOT, ref=Area.KEPT)
    code.emit("mov64_imm", size, imm=1)
    code.bind(l_end)
    return text.cut(cg, CLEAN, code.const(0), size)


def _clean_step(program: ProgramGen, code: Code) -> None:
    """
    step(mem):
            c = text[place++]
            if c != '/' and c != 0, out[to++] = c and return 0
            if out[name..to-1] is "" goto next
            if it is "." goto drop
            if it is not "..", stack[depth++] = name and goto keep
            if depth != 0, name = to = stack[--depth] and goto next
            if root == 0 goto keep
    drop:   to = name and goto next
    keep:   out[to++] = '/';  name = to
    next:   return c == 0
    """
    (mem,) = code.params
    clean = _Clean(program)
    most = whole(program)
    l_stop, l_end, l_next, l_drop, l_keep, l_push = (
        Label(name) for name in ("stop", "end", "next", "drop", "keep", "push")
    )
    at = load_place(program, code, mem, l_stop)
    p = code.copy(mem)
    code.alu("add", p, at)
    char = code.load("ldxb", p, base(program, TEXT), Area.KEPT)
    code.alu("add", at, 1)
    place(program).store(code, mem, at)
    to = clean.to.load(code, mem)
    leave_unless(code, "jle", to, most, l_stop)
    code.bound(to, most)
    out = code.copy(mem)
    code.alu("add", out, to)
    ends = code.copy(char)  # 0 if c is a slash or 0
    code.alu("xor", ends, SLASH)
    code.alu("mul", ends, char)
    code.jump("jeq", ends, 0, l_end)
    code.emit("stxb", out, char, off=clean.out, ref=Area.KEPT)
    code.alu("add", to, 1)
    clean.to.store(code, mem, to)
    code.ret(0)

    code.bind(l_end)
    name = clean.name.load(code, mem)
    leave_unless(code, "jle", name, most, l_stop)
    code.bound(name, most)
    code.jump("jeq", name, to, l_next)
    before = code.copy(mem)
    code.alu("add", before, name)
    size = code.copy(to)
    code.alu("sub", size, name)
    depth = clean.depth.load(code, mem)
    leave_unless(code, "jle", depth, clean.depth_max, l_stop)
    code.bound(depth, clean.depth_max)
    stack = code.copy(mem)
    code.alu("add", stack, depth)
    code.alu("add", stack, depth)
    code.jump("jgt", size, 2, l_push)
    first = code.load("ldxb", before, clean.out, Area.KEPT)
    code.jump("jne", first, DOT, l_push)
    code.jump("jeq", size, 1, l_drop)
    second = code.load("ldxb", before, clean.out + 1, Area.KEPT)
    code.jump("jne", second, DOT, l_push)
    l_pop = Label("pop")
    code.jump("jne", depth, 0, l_pop)
    code.jump("jeq", clean.root.load(code, mem), 0, l_keep)
    code.bind(l_drop)
    clean.to.store(code, mem, name)
    code.goto(l_next)
    code.bind(l_pop)
    code.alu("sub", depth, 1)
    clean.depth.store(code, mem, depth)
    back = code.load("ldxh", stack, clean.stack, Area.KEPT)
    clean.to.store(code, mem, back)
    clean.name.store(code, mem, back)
    code.goto(l_next)
    code.bind(l_push)
    code.emit("stxh", stack, name, off=clean.stack + 2, ref=Area.KEPT)
    code.alu("add", depth, 1)
    clean.depth.store(code, mem, depth)
    code.bind(l_keep)
    code.emit("stb", out, off=clean.out, imm=SLASH, ref=Area.KEPT)
    code.alu("add", to, 1)
    clean.to.store(code, mem, to)
    clean.name.store(code, mem, to)
    code.bind(l_next)
    leave_unless(code, "jne", char, 0, l_stop)
    code.ret(0)
    code.bind(l_stop)
    code.ret(1)
