"""strlen, strjoin, substr, strchr, strrchr, lltostr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Area, Label
from dtrace.codegen.scan import in_process
from dtrace.codegen.subr import text
from dtrace.codegen.subr.find import cg_find

if TYPE_CHECKING:
    from dtrace.bpf.code import VReg
    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Call

NUMBER = 32  # bytes that dt_lltostr() wants


def cg_subr_strlen(cg: ClauseGen, node: Call) -> VReg:
    """`strlen(s)`: what the copying helper says."""
    source, mark = text.source_of(cg, node.args[0]), cg.scratch
    to = cg.scratch_address(cg.alloc(cg.target.strsize))
    user = in_process(node.args[0])
    length = text.read_string(cg, to, cg.target.strsize, source, user=user)
    cg.scratch = mark
    return length


def cg_subr_strjoin(cg: ClauseGen, node: Call) -> VReg:
    """`strjoin(a, b)`: the second string is read to where the first one ends."""
    code, size = cg.code, cg.target.strsize
    left, right = (text.source_of(cg, arg) for arg in node.args)
    result = text.new_result(cg)
    mark = cg.scratch
    cg.alloc(size)  # the verifier takes the second copy to be of any size at any place
    users = [in_process(arg) for arg in node.args]
    length = text.read_string(cg, result.address(cg), size, left, user=users[0])
    rest = code.const(size)
    code.alu("sub", rest, length)
    text.limit(cg, rest, size)
    to = result.address(cg)
    code.alu("add", to, length)
    code.helper(cg.reader(user=users[1], string=True), to, rest, right)
    cg.scratch = mark
    return result.address(cg)


def cg_subr_substr(cg: ClauseGen, node: Call) -> VReg:
    """`substr(s, first[, count])`.

    A `first` below 0 counts from the end of the string, and what it leaves of a `count` is what is
    inside the string; a `count` below 0 ends the result that far from the end.

            if first s< 0, first += length
            end = length
            if count s>= 0 or first s< 0, end = first
            end += count
            if first s< 0, first = 0
            if end s> length, end = length
            end -= first
            if end s<= 0, the result is empty

    The last comparison is with a constant in src: a kernel then sees which way a start and a count
    that are constants go, where 5.2 would follow the impossible one with bounds that contradict
    each other (reg_set_min_max_inv).
    """
    code = cg.code
    source = text.source_of(cg, node.args[0])
    first = code.copy(cg.expr(node.args[1]))
    count = code.copy(cg.expr(node.args[2])) if len(node.args) > 2 else None
    length = text.read(cg, text.TEXT, node.args[0], source).length
    l_positive, l_end, l_start = (Label(name) for name in ("positive", "end", "start"))
    code.jump("jsge", first, 0, l_positive)
    code.alu("add", first, length)
    code.bind(l_positive)
    end = code.copy(length)
    if count is not None:
        l_forward, l_back = Label("forward"), Label("back")
        code.jump("jsge", count, 0, l_forward)
        code.jump("jsge", first, 0, l_back)
        code.bind(l_forward)
        code.emit("mov64_reg", end, first)
        code.bind(l_back)
        code.alu("add", end, count)
        code.jump("jsle", end, length, l_end)
        code.emit("mov64_reg", end, length)
        code.bind(l_end)
    code.jump("jsge", first, 0, l_start)
    code.emit("mov64_imm", first, imm=0)
    code.bind(l_start)
    l_some = Label("some")
    code.alu("sub", end, first)
    code.jump("jsgt", end, 0, l_some)
    code.emit("mov64_imm", first, imm=0)
    code.emit("mov64_imm", end, imm=0)
    code.bind(l_some)
    return text.cut(cg, text.TEXT, first, end)


def cg_subr_strchr(cg: ClauseGen, node: Call) -> VReg:
    """`strchr(s, c)`: the string from the first `c` on, or NULL."""
    return _tail(cg, node, back=False)


def cg_subr_strrchr(cg: ClauseGen, node: Call) -> VReg:
    """`strrchr(s, c)`: the string from the last `c` on, or NULL."""
    return _tail(cg, node, back=True)


def _tail(cg: ClauseGen, node: Call, *, back: bool) -> VReg:
    code = cg.code
    source, byte = text.source_of(cg, node.args[0]), cg.operand(node.args[1])
    if isinstance(byte, int):
        byte &= 0xFF
    length = text.read(cg, text.TEXT, node.args[0], source).length
    first: VReg | int = 0
    if back:
        first = code.copy(length)
        code.alu("sub", first, 1)
    found = cg_find(cg, text.TEXT, byte, first, back=back)
    return tail_or_null(cg, text.TEXT, found, length)


def tail_or_null(cg: ClauseGen, name: str, found: VReg, length: VReg) -> VReg:
    """The string from position `found` of a text on, or NULL if that is not before its end."""
    code = cg.code
    tail, l_none = code.const(0), Label("none")
    code.jump("jge", found, length, l_none)
    code.emit("mov64_reg", tail, text.cut(cg, name, found, cg.target.strsize - 1))
    code.bind(l_none)
    return tail


def cg_subr_lltostr(cg: ClauseGen, node: Call) -> VReg:
    """`lltostr(n)`: the number in decimal."""
    code = cg.code
    number = cg.expr(node.args[0])
    result = text.new_result(cg)
    mark = cg.scratch
    digits = cg.alloc(NUMBER)
    first = code.func("dt_lltostr", cg.scratch_address(digits), number)
    source = code.address(cg.mem, digits, Area.SCRATCH)
    text.limit(cg, first, NUMBER - 1)
    code.alu("add", source, first)
    code.helper(cg.reader(string=True), result.address(cg), cg.target.strsize, source)
    cg.scratch = mark
    return result.address(cg)
