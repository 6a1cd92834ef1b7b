"""Programs to judge, as JSON objects: those of emu.batch, with what BTF says of them.

Beyond what emu.batch reads: `btfs` (BTF in hex), `prog_btf` (a number in that list), `func_info`
(hex) and `func_info_size` of a program, `line_info` and `line_info_size` too; `btf` and
`btf_value` (a type) of a map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emu import batch
from emu.batch import BadProgram
from emu.btf import BtfData, BtfError
from emu.kernel.enums import ProgType
from emu.objfile import map_fields
from verifier_model import info_records

if TYPE_CHECKING:
    from emu.prog import MapDef, MapField, Prog

_U32 = (1 << 32) - 1


def read(row: Any) -> Prog:
    """The program of an object.

    Raises BadProgram for an object that is none.
    """
    try:
        kind = row.get("prog_type", 0)
        if isinstance(kind, int) and kind not in set(ProgType):
            # No kernel has it: all say what they say to type 0.
            row = {**row, "prog_type": 0}
        prog = batch.read(row).prog
        btfs = [bytes.fromhex(text) for text in row.get("btfs", ())]
        maps: tuple[MapDef, ...] = ()
        for m, spec in zip(prog.maps, row.get("maps", ()), strict=True):
            inner = None if spec.get("inner") is None else maps[int(spec["inner"])]
            inner = inner and inner._replace(name="")  # kernels forget it
            maps = (*maps, m._replace(fields=_fields(spec, btfs), inner=inner))
        _check_numbers(prog, maps)
        if row.get("func_info") or row.get("line_info"):
            prog = _described(prog, row, BtfData(btfs[row.get("prog_btf", 0)]))
        return prog._replace(maps=maps)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, BtfError) as err:
        if isinstance(err, BadProgram):
            raise
        raise BadProgram(f"no program: {err!r}") from None


def _described(prog: Prog, row: Any, btf: BtfData) -> Prog:
    """The program with what its BTF says of its functions and lines."""
    functions, lines = (bytes.fromhex(row.get(key) or "") for key in ("func_info", "line_info"))
    return prog._replace(
        btf=btf,
        func_info=info_records.functions(functions, row.get("func_info_size", 8), btf),
        line_info=info_records.lines(lines, row.get("line_info_size", 16), btf),
    )


def _fields(spec: Any, btfs: list[bytes]) -> tuple[MapField, ...] | None:
    if spec.get("btf") is None:
        return None
    return map_fields.read(BtfData(btfs[spec["btf"]]), spec.get("btf_value", 0))


def _check_numbers(prog: Prog, maps: tuple[MapDef, ...]) -> None:
    """Those that a system call takes as 32 bits have no more."""
    numbers = [prog.expected_attach_type, prog.flags]
    for m in maps:
        numbers += (m.key_size, m.value_size, m.max_entries, m.flags)
    for number in numbers:
        if not 0 <= number <= _U32:
            raise BadProgram(f"no program: {number} is no 32-bit number")
