"""python -m emu --kernel RELEASE: programs in, results out, a JSON object a line.

emu.batch tells what a program looks like.  An answer: `id`, `runs` (each `errno`, `retval`,
`data_out`, `ctx_out`), `maps` (number: `entries`), `message` where something went wrong.
"""

from __future__ import annotations

import argparse
import json
import sys

from emu import batch, runner
from emu.kernel.profile import Kernel, UnknownKernel
from emu.vm.engine import ENGINES


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m emu", description=__doc__)
    parser.add_argument("--kernel", required=True, metavar="RELEASE")
    parser.add_argument("--cpus", type=int, default=1, metavar="N", help="possible CPUs")
    parser.add_argument("--engine", choices=ENGINES, default="auto")
    options = parser.parse_args(argv)
    try:
        kernel = Kernel.release(options.kernel)
    except UnknownKernel as err:
        print(f"emu: {err}", file=sys.stderr)
        return 2
    status = 0
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        try:
            program = batch.read(json.loads(line))
        except ValueError as err:
            print(f"emu: line {number}: {err}", file=sys.stderr)
            status = 1
            continue
        answer = runner.run(program, kernel, max(options.cpus, 1), engine=options.engine)
        print(json.dumps(answer), flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
