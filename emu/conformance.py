"""python -m emu.conformance [MEM]: run one program, as the bpf_conformance suite asks plug-ins to.

MEM: the memory in hex, spaces allowed; r1 is its address, r2 its length.  The program comes on
standard input, instructions in hex.  r0 goes to standard output in hex; a fault's reason to
standard error, with exit status 1.
"""

from __future__ import annotations

import argparse
import sys

from emu.isa.insn import decode
from emu.kernel.enums import ProgType
from emu.kernel.profile import SERIES, Kernel
from emu.prog import Prog
from emu.vm.engine import ENGINES, Engine, make
from emu.vm.fault import VmFault
from emu.vm.run import Run
from emu.world.scenario import Scenario
from emu.world.world import World


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m emu.conformance", description=__doc__)
    parser.add_argument("mem", nargs="?", default="", help="memory in hex")
    parser.add_argument("--engine", choices=ENGINES, default="auto")
    options = parser.parse_args(argv)
    try:
        code, memory = bytes.fromhex(sys.stdin.read()), bytes.fromhex(options.mem)
        print(f"{run(code, memory, options.engine):x}")
    except ValueError as err:
        print(f"emu.conformance: not a program and its memory in hex: {err}", file=sys.stderr)
        return 1
    except VmFault as fault:
        print(f"emu.conformance: {fault}", file=sys.stderr)
        return 1
    return 0


def run(code: bytes, memory: bytes, engine: Engine = "auto") -> int:
    """r0 of a program that may read and write `memory`.

    Raises ValueError for bytes that are no instructions, VmFault where the program breaks a rule.
    """
    world = World(Scenario("conformance", cpus=1), Kernel.release(SERIES[-1].release))
    prog = Prog("conformance", ProgType.UNSPEC, tuple(decode(code)))
    address = world.mem.add(bytearray(memory))
    return make(prog, world.mem, engine=engine).run(Run(world, 0), address, len(memory))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
