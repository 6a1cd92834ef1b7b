"""Byte order, and network addresses as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Area, Label, VReg
from dtrace.codegen import state
from dtrace.codegen.scan import in_process
from dtrace.codegen.subr import text

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Call, Expr

AF_INET6 = 10
V4, V6 = 4, 16  # bytes of an address
ARPHRD_ETHER, ARPHRD_INFINIBAND = 1, 32
LINK_SIZES = {ARPHRD_ETHER: 6, ARPHRD_INFINIBAND: 20}  # bytes of a link-layer address
LINK_MAX = max(LINK_SIZES.values())
# ::ffff:a.b.c.d: the third word of the address, and what stands before the numbers.
MAPPED_WORD, MAPPED_PREFIX = -0x10000 & 0xFFFFFFFF, b"::ffff:"
# ::a.b.c.d, RFC 4291's IPv4-compatible address, but for :: and ::1 (as they are in memory).
COMPATIBLE_PREFIX, NOT_COMPATIBLE = b"::", (0, 0x01000000)
OUT = 80  # bytes that the functions of the library may write


def _swap(insn: str) -> Callable[[ClauseGen, Call], VReg]:
    def generate(cg: ClauseGen, node: Call) -> VReg:
        reg = cg.expr(node.args[0])
        cg.code.emit(insn, reg)
        return reg

    return generate


cg_subr_htons = cg_subr_ntohs = _swap("be16")
cg_subr_htonl = cg_subr_ntohl = _swap("be32")
cg_subr_htonll = cg_subr_ntohll = _swap("be64")


def cg_subr_inet_ntoa(cg: ClauseGen, node: Call) -> VReg:
    """`inet_ntoa(address)`: a.b.c.d."""
    return _ntoa(cg, node.args[0], text.source_of(cg, node.args[0]))


def cg_subr_inet_ntoa6(cg: ClauseGen, node: Call) -> VReg:
    """`inet_ntoa6(address[, strict])`: an IPv6 address; one that stands for an IPv4 address as
    that, unless `strict` is given and not 0: then with the prefix."""
    strict: VReg | int = cg.operand(node.args[1]) if len(node.args) > 1 else 0
    return _ntoa6(cg, node.args[0], text.source_of(cg, node.args[0]), strict)


def cg_subr_inet_ntop(cg: ClauseGen, node: Call) -> VReg:
    """`inet_ntop(family, address)`: inet_ntoa6(address, 1) for AF_INET6, else inet_ntoa()."""
    code = cg.code
    family, address = node.args
    kind = cg.operand(family)
    source = text.source_of(cg, address)
    if isinstance(kind, int):
        six = kind == AF_INET6
        return _ntoa6(cg, address, source, 1) if six else _ntoa(cg, address, source)
    result, l_four, l_end = code.const(0), Label("four"), Label("end")
    code.jump("jne", kind, AF_INET6, l_four)
    code.emit("mov64_reg", result, _ntoa6(cg, address, source, 1))
    code.goto(l_end)
    code.bind(l_four)
    code.emit("mov64_reg", result, _ntoa(cg, address, source))
    code.bind(l_end)
    return result


def cg_subr_link_ntop(cg: ClauseGen, node: Call) -> VReg:
    """`link_ntop(type, address)`: an Ethernet or InfiniBand address as xx:xx...  Any other type is
    a fault."""
    code = cg.code
    kind, address = cg.expr(node.args[0]), node.args[1]
    source = text.source_of(cg, address)
    size, l_known = VReg(), Label("known")
    for hardware, length in LINK_SIZES.items():
        code.emit("mov64_imm", size, imm=length)
        code.jump("jeq", kind, hardware, l_known)
    cg.fault(state.Fault.ILLOP)
    code.bind(l_known)
    text.limit(cg, size, LINK_MAX)
    at = _read(cg, address, source, LINK_MAX, size)
    out = cg.alloc(OUT)
    code.func("dt_link_ntop", cg.scratch_address(out), cg.scratch_address(at), size)
    return _string(cg, out)


def _read(cg: ClauseGen, node: Expr, source: VReg, most: int, size: VReg | int = 0) -> int:
    """Offset in SCRATCH of a copy of an address of `size` bytes, `most` if that is 0."""
    at = cg.alloc(most)
    cg.copy_bytes(cg.scratch_address(at), size or most, source, user=in_process(node))
    return at


def _ntoa(cg: ClauseGen, node: Expr, source: VReg) -> VReg:
    at = _read(cg, node, source, V4)
    out = cg.alloc(OUT)
    address = cg.code.load("ldxw", cg.mem, at, Area.SCRATCH)
    cg.code.func("dt_inet_ntoa", cg.scratch_address(out), address)
    return _string(cg, out)


def _ntoa6(cg: ClauseGen, node: Expr, source: VReg, strict: VReg | int) -> VReg:
    """
            prefix = 7
            if the address is ::ffff:a.b.c.d goto four
            prefix = 2
            if it is not ::a.b.c.d, above ::0.0.0.1, goto six
    four:   if strict, *out = "::ffff:", else prefix = 0
            dt_inet_ntoa(out + prefix, its last 4 bytes) and goto end
    six:    dt_inet_ntoa6(out, address)
    end:
    """
    code = cg.code
    at = _read(cg, node, source, V6)
    out = cg.alloc(OUT)
    l_four, l_six, l_plain, l_end = (Label(name) for name in ("four", "six", "plain", "end"))
    code.jump("jne", code.load("ldxdw", cg.mem, at, Area.SCRATCH), 0, l_six)
    word = code.load("ldxw", cg.mem, at + 8, Area.SCRATCH)
    four = code.load("ldxw", cg.mem, at + 12, Area.SCRATCH)
    prefix = code.const(len(MAPPED_PREFIX))
    code.jump("jeq", word, MAPPED_WORD, l_four)
    code.jump("jne", word, 0, l_six)
    code.emit("mov64_imm", prefix, imm=len(COMPATIBLE_PREFIX))
    for number in NOT_COMPATIBLE:
        code.jump("jeq", four, number, l_six)
    code.bind(l_four)
    to = cg.scratch_address(out)
    if not isinstance(strict, int):
        code.jump("jeq", strict, 0, l_plain)
    if strict != 0:
        cg.store(8, cg.mem, out, int.from_bytes(MAPPED_PREFIX, "little"), Area.SCRATCH)
        code.emit("add64_reg", to, prefix)
    code.bind(l_plain)
    code.func("dt_inet_ntoa", to, four)
    code.goto(l_end)
    code.bind(l_six)
    code.func("dt_inet_ntoa6", cg.scratch_address(out), cg.scratch_address(at))
    code.bind(l_end)
    return _string(cg, out)


def _string(cg: ClauseGen, out: int) -> VReg:
    """The string at `out` in SCRATCH as a result."""
    result = text.new_result(cg)
    source = cg.scratch_address(out)
    cg.code.helper(cg.reader(string=True), result.address(cg), cg.target.strsize, source)
    return result.address(cg)
