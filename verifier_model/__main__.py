"""python -m verifier_model --kernel RELEASE: programs in, verdicts out, a JSON object a line.

A program: `id`, `prog_type` (a name or number), `insns` (hex), `maps` (each `type`, `key`,
`value`, `max_entries`, `flags`, `init`, `freeze`, `inner`), `license`, `attach_type`,
`prog_flags`, `btfs`, `prog_btf`, `func_info`, `func_info_size`, `line_info`, `line_info_size`;
`log_level` and `log_size`, if not those of the batch.

An answer: `id`, `verdict` (accept, reject, unmodelled), `errno`, `message`, `log`, `stats`; with a
log size, `log_true_size`; with --report, `report`.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from emu.batch import BadProgram
from emu.kernel.enums import AttachType, ProgType
from emu.kernel.profile import Kernel, UnknownKernel
from emu.kernel.traits import Trait
from emu.objfile import ObjectError
from emu.objfile.target import Target
from verifier_model import batch
from verifier_model.verdict import Unmodelled
from verifier_model.verify import verify

if TYPE_CHECKING:
    from emu.btf import BtfData
    from verifier_model.verdict import Verdict
    from verifier_model.verify import Denied


_STATES = ("cur state:", "old state:")  # what may stand below a complaint


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m verifier_model", description=__doc__)
    parser.add_argument("--kernel", required=True, metavar="RELEASE")
    parser.add_argument("--cpus", type=int, default=1, metavar="N", help="possible CPUs")
    parser.add_argument("--log-level", type=int, default=2, metavar="N")
    parser.add_argument("--log-size", type=int, metavar="BYTES", help="of the buffer for the log")
    parser.add_argument("--btf", metavar="FILE", help="the kernel's BTF, or an ELF file with it")
    parser.add_argument(
        "--deny",
        type=_denied,
        default=(),
        metavar="TYPE[:ATTACH],...",
        help="what the machine's policy refuses (EPERM): lsm,tracing:trace_fentry,...",
    )
    parser.add_argument("--report", action="store_true", help="explain each rejection")
    options = parser.parse_args(argv)
    try:
        kernel = Kernel.release(options.kernel)
        btf = Target(btf=options.btf).btf
    except (UnknownKernel, ObjectError) as err:
        print(f"verifier_model: {err}", file=sys.stderr)
        return 2
    status = 0
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        try:
            answer = judge(
                _object(line),
                kernel,
                options.cpus,
                options.log_level,
                log_size=options.log_size,
                report=options.report,
                btf=btf,
                denied=options.deny,
            )
        except BadProgram as err:
            print(f"verifier_model: line {number}: {err}", file=sys.stderr)
            status = 1
            continue
        print(json.dumps(answer), flush=True)
    return status


def _denied(names: str) -> tuple[Denied, ...]:
    """The program types that are named, with their attach types: `lsm,tracing:trace_fentry`."""
    found: list[Denied] = []
    for name in names.split(","):
        kind, colon, attach = name.upper().partition(":")
        if kind not in ProgType.__members__:
            raise argparse.ArgumentTypeError(f"no program type: {kind.lower()!r}")
        if colon and attach not in AttachType.__members__:
            raise argparse.ArgumentTypeError(f"no attach type: {attach.lower()!r}")
        found.append((ProgType[kind], AttachType[attach] if colon else None))
    return tuple(found)


def _object(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as err:
        raise BadProgram(f"no JSON: {err}") from None


def _complaint(verdict: Verdict, kernel: Kernel) -> str:
    """The complaint's last line as the log has it; where a report follows (7.3), that one's."""
    if not verdict.message:
        return ""
    if verdict.log and verdict.log[-1].startswith(verdict.message):
        return verdict.log[-1]  # it has no end: the statistics stand on the same line
    if kernel.has(Trait.LOG_REPORT):
        for line in reversed(verdict.log[:-1]):
            if line.strip() and not line.startswith(_STATES):
                return line.strip()
    return verdict.message


def judge(
    row: dict[str, Any],
    kernel: Kernel,
    cpus: int,
    log_level: int,
    *,
    log_size: int | None = None,
    report: bool = False,
    btf: BtfData | None = None,
    denied: tuple[Denied, ...] = (),
) -> dict[str, Any]:
    """The answer to one object.

    Raises BadProgram for one that is no program.
    """
    prog = batch.read(row)
    given: list[Any] = [row.get("log_level"), row.get("log_size")]
    if not all(isinstance(number, int | None) for number in given):
        raise BadProgram("no program: log_level and log_size are numbers")
    log_level = log_level if given[0] is None else given[0]
    log_size = log_size if given[1] is None else given[1]
    try:
        verdict = verify(
            prog,
            kernel,
            log_level=log_level,
            log_size=log_size,
            cpus=cpus,
            report=report,
            btf=btf,
            denied=denied,
        )
    except Unmodelled as err:
        return {"id": prog.name, "verdict": "unmodelled", "errno": 0, "message": str(err)}
    answer = {
        "id": prog.name,
        "verdict": "accept" if verdict.accepted else "reject",
        "errno": verdict.errno,
        "message": _complaint(verdict, kernel),
        "log": verdict.log_text,
        "stats": {
            "processed": verdict.insns_processed,
            "total_states": verdict.total_states,
            "peak_states": verdict.peak_states,
            "max_states_per_insn": verdict.max_states_per_insn,
        },
    }
    if log_size is not None:
        answer["log_true_size"] = verdict.log_true_size
    if report:
        answer["report"] = "".join(f"{line}\n" for line in verdict.report)
    return answer


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
