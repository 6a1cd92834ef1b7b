"""Texts that a helper takes as constants: in a frozen map that programs cannot write.

Source: check_reg_const_str(), check_bpf_snprintf_call() and bpf_bprintf_prepare().
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from emu.kernel import maps
from emu.kernel.enums import F_RDONLY_PROG
from emu.kernel.errno import EACCES, EINVAL
from verifier_model.check import map_value
from verifier_model.reg import R3, R5
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState

# One conversion of bpf_bprintf_prepare(); texts and %p end at a space, a mark or the end.
_END = rb"(?=[\s!-/:-@\[-`{-~]|$)"
_CONVERSION = re.compile(
    rb"%(?:(?P<percent>%)|[0+\- ]*(?:[1-9][0-9]*)?"
    rb"(?:p(?:[ku]s"
    + _END
    + rb"|[KxsSB]|[iI][46]|"
    + _END
    + rb")|s"
    + _END
    + rb"|c|l{0,2}[diuxX]))"
)


def check(env: Env, reg: RegState, regno: int) -> None:
    """The text ends inside the map's value."""
    m = reg.map
    assert m is not None
    if not (m.frozen and m.flags & F_RDONLY_PROG):
        raise Reject(f"R{regno} does not point to a readonly map'", EACCES)
    if not reg.is_const():
        raise Reject(f"R{regno} is not a constant address'", EACCES)
    row = maps.by_type(m.type)
    if row is None or not row.direct_value:
        raise Reject("no direct value access support for this map type", EACCES)
    map_value.check(env, reg, regno, 0, m.value_size - reg.off - reg.smin)
    if b"\0" not in _behind(reg):
        raise Reject("string is not zero-terminated", EINVAL)


def check_format(env: Env, state: VerifierState) -> None:
    """The format of bpf_snprintf() has as many conversions as there are arguments, or fewer."""
    regs = state.frames[-1].regs
    size = regs[R5].var_off.value
    if size % 8:
        raise Reject("", EINVAL)
    text = _behind(regs[R3]).partition(b"\0")[0]
    rest = _CONVERSION.sub(b"", text)
    count = sum(1 for found in _CONVERSION.finditer(text) if not found["percent"])
    odd = any(not 32 <= c < 127 and c not in b"\t\n\v\f\r" for c in text)
    if odd or b"%" in rest or count > size // 8:
        raise Reject("Invalid format string", EINVAL)


def _behind(reg: RegState) -> bytes:
    """The map's contents from where the pointer points."""
    m = reg.map
    assert m is not None
    content = bytearray(m.value_size)
    for _, value in m.init:
        content[: len(value)] = value
    return bytes(content[reg.off + reg.smin :])
