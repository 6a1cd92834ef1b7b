"""python -m verifier_model --kernel RELEASE: programs in, verdicts out, a JSON object a line.

A program: `id`, `prog_type` (a name or number), `insns` (hex), `maps` (each `type`, `key`,
`value`, `max_entries`, `flags`, `init`, `freeze`, `inner`), `license`, `attach_type`,
`prog_flags`, `btfs`, `prog_btf`, `func_info`, `func_info_size`.

An answer: `id`, `verdict` (accept, reject, unmodelled), `errno`, `message`, `log`,
`stats`.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from emu.isa import insn as codec
from emu.kernel.enums import MapType, ProgType
from emu.kernel.profile import Kernel, UnknownKernel
from emu.prog import FuncInfo, MapDef, Prog
from verifier_model import func_info
from verifier_model.verdict import Unmodelled
from verifier_model.verify import verify


class BadProgram(ValueError):
    """A line of input is no program."""


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m verifier_model", description=__doc__)
    parser.add_argument("--kernel", required=True, metavar="RELEASE")
    parser.add_argument("--cpus", type=int, default=1, metavar="N", help="possible CPUs")
    parser.add_argument("--log-level", type=int, default=2, metavar="N")
    options = parser.parse_args(argv)
    try:
        kernel = Kernel.release(options.kernel.removesuffix("-uml"))
    except UnknownKernel as err:
        print(f"verifier_model: {err}", file=sys.stderr)
        return 2
    status = 0
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            answer = judge(row, kernel, options.cpus, options.log_level)
        except (ValueError, KeyError, TypeError) as err:
            print(f"verifier_model: line {number} is no program: {err!r}", file=sys.stderr)
            status = 1
            continue
        print(json.dumps(answer), flush=True)
    return status


def judge(row: dict[str, Any], kernel: Kernel, cpus: int, log_level: int) -> dict[str, Any]:
    """The answer to one line of input."""
    try:
        verdict = verify(program(row), kernel, log_level=log_level, cpus=cpus)
    except Unmodelled as err:
        return {"id": row["id"], "verdict": "unmodelled", "errno": 0, "message": str(err)}
    return {
        "id": row["id"],
        "verdict": "accept" if verdict.accepted else "reject",
        "errno": verdict.errno,
        "message": verdict.message,
        "log": "".join(f"{line}\n" for line in verdict.log),
        "stats": {
            "processed": verdict.insns_processed,
            "total_states": verdict.total_states,
            "peak_states": verdict.peak_states,
            "max_states_per_insn": verdict.max_states_per_insn,
        },
    }


def program(row: dict[str, Any]) -> Prog:
    """The program of a line of input.

    Raises ValueError, KeyError or TypeError for what is none, Unmodelled for a type of program or
    map that emu.kernel has no name for.
    """
    maps: list[MapDef] = []
    for spec in row.get("maps", []):
        maps.append(_map(spec, maps))
    return Prog(
        name=str(row["id"]),
        type=_enum(ProgType, row["prog_type"]),
        insns=tuple(codec.decode(bytes.fromhex(row["insns"]))),
        maps=tuple(maps),
        license=row.get("license", "GPL"),
        expected_attach_type=row.get("attach_type", 0),
        flags=row.get("prog_flags", 0),
        func_info=_func_info(row),
    )


def _func_info(row: dict[str, Any]) -> tuple[FuncInfo, ...]:
    if not row.get("func_info"):
        return ()
    btf = bytes.fromhex(row["btfs"][row.get("prog_btf", 0)])
    return func_info.read(bytes.fromhex(row["func_info"]), row.get("func_info_size", 8), btf)


def _map(spec: dict[str, Any], earlier: list[MapDef]) -> MapDef:
    inner = spec.get("inner")
    init = tuple(
        (bytes.fromhex(key), bytes.fromhex(value))
        for key, value in spec.get("init", [])
        if isinstance(value, str)
    )
    return MapDef(
        spec.get("name", ""),
        _enum(MapType, spec["type"]),
        spec.get("key", 4),
        spec.get("value", 8),
        spec.get("max_entries", 1),
        spec.get("flags", 0),
        init,
        bool(spec.get("freeze", False)),
        earlier[inner] if inner is not None else None,
    )


def _enum(kind: Any, value: str | int) -> Any:
    try:
        return kind[value.upper()] if isinstance(value, str) else kind(value)
    except (KeyError, ValueError):
        raise Unmodelled(f"{kind.__name__} {value}") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
