"""Replaying a witness: the emulated machine runs the program on it, up to where it goes wrong.

The machine is the emulator's; around it is what the witness says.  Every object is a region of its
own that ends where the object ends, helpers give what they gave in the witness, and the memory that
they are handed is touched as far as they would touch it.
"""

from __future__ import annotations

from itertools import chain, cycle
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from emu.isa import table
from emu.kernel import helpers
from emu.kernel.enums import Arg
from emu.prog import PSEUDO_FUNC, PSEUDO_MAP_FD, PSEUDO_MAP_VALUE
from emu.vm.fault import Kind, VmFault
from emu.vm.interp import Vm
from emu.vm.mem import DIRECT_MAP, VMALLOC
from emu.vm.run import STACK_SIZE, Run
from emu.world.scenario import Scenario
from emu.world.world import World
from verifier_model.finding import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from emu.kernel.helpers import Helper
    from emu.kernel.profile import Kernel
    from emu.net.packet import Packet
    from emu.prog import Prog
    from emu.vm.registry import Step
    from verifier_model.finding import Block, HelperResult, Witness

U64 = (1 << 64) - 1
SIZES = (Arg.CONST_SIZE, Arg.CONST_SIZE_OR_ZERO)
WRITTEN = (
    *(Arg.PTR_TO_UNINIT_MEM, Arg.PTR_TO_UNINIT_MAP_VALUE),
    *(Arg.PTR_TO_INT, Arg.PTR_TO_LONG, Arg.PTR_TO_INOUT_INT),
)
BEYOND = 1  # insns that are run after the last one of the witness


class Replay(NamedTuple):
    """What became of a witness.

    word: "faulted"; "reached", where the machine does not mind what breaks the rule and its
        registers are those of the witness; "endless"; "differs", where the run is another one.
    """

    word: Literal["faulted", "reached", "endless", "differs"]
    text: str


class Differs(Exception):
    """The run is not the one of the witness."""


def replay(prog: Prog, kernel: Kernel, witness: Witness) -> Replay:
    """Run `prog` on the witness in the emulator; never raises VmFault."""
    try:
        before = _Bench(prog, kernel, witness)
        stop = before.run(witness.steps)
        if stop is None:
            return Replay("differs", "the program ends before")
        if stop.kind is not Kind.ENDLESS:
            return Replay("differs", f"another fault came first: {stop}")
        if stop.pc != witness.insn:
            return Replay("differs", f"the run stands at insn {stop.pc}, not {witness.insn}")
        different = before.different_registers()
        if different:
            return Replay("differs", f"at insn {stop.pc} {different}")
        after = _Bench(prog, kernel, witness).run(witness.steps + BEYOND)
    except Differs as err:
        return Replay("differs", str(err))
    if after is not None and after.kind is not Kind.ENDLESS:
        return Replay("faulted", f"faulted at {after}")
    if witness.steps >= kernel.limits.complexity:
        return Replay("endless", f"still running after {witness.steps} insns")
    return Replay("reached", f"reached insn {witness.insn} with the registers of the witness")


def replay_endless(prog: Prog, kernel: Kernel, witness: Witness) -> Replay:
    """Run on for as many insns as the kernel would walk."""
    insns = kernel.limits.complexity
    bench = _Bench(prog, kernel, witness)
    if witness.repeats:
        bench.calls = chain(witness.calls, cycle(witness.calls[-witness.repeats :]))
    try:
        stop = bench.run(insns)
    except Differs as err:
        return Replay("differs", str(err))
    if stop is None:
        return Replay("differs", "the program ends")
    if bench.out_of_calls:
        return Replay("differs", f"at insn {stop.pc} helpers decide whether the run goes on")
    if stop.kind is Kind.ENDLESS:
        return Replay("endless", f"still running after {insns} insns, at insn {stop.pc}")
    return Replay("differs", f"another fault came first: {stop}")


class _Registers(Vm):
    """A machine that lets its registers be seen when it has stopped."""

    registers: Sequence[int] = ()

    def interpret(self, run: Run, pc: int, r: list[int], budget: int) -> int:
        self.registers = r
        return super().interpret(run, pc, r, budget)


class _Frame:
    """The packet that the context's pointers point into: what emu.vm.packet_ctx asks for."""

    def __init__(self, start: int, block: Block) -> None:
        end = block.low + len(block.data)
        self._pointers = {"data": start, "data_end": start + end, "data_meta": start + block.low}

    def pointer(self, name: str) -> int:
        return self._pointers[name]


class _Bench:
    """One run of the program on the witness."""

    def __init__(self, prog: Prog, kernel: Kernel, witness: Witness) -> None:
        self.prog = prog
        self.kernel = kernel
        self.witness = witness
        world = World(Scenario("replay", cpus=1), kernel)
        for area in (DIRECT_MAP, VMALLOC):
            world.mem.reserve(area)
        self.vm_run = Run(world, 0)
        self.mem = world.mem
        self.vm = _Registers(prog, world.mem)
        self.maps = [self.mem.reserve() for _ in prog.maps]
        self.bases = {block.number: self._add(block) for block in witness.blocks}
        self.first_values = {
            block.which: block.number
            for block in reversed(witness.blocks)
            if block.kind == "a map value"
        }
        self.calls: Iterator[HelperResult] = iter(witness.calls)
        self.out_of_calls = False
        for pc, step in enumerate(self.vm.steps[:-1]):
            self.vm.steps[pc] = self._step(pc, step)

    def run(self, budget: int) -> VmFault | None:
        """What stops the run: ENDLESS where it has done `budget` insns, None where it returns."""
        self.vm.budget = budget
        try:
            self.vm.run(self.vm_run, self.vm_run.place)
        except VmFault as fault:
            return fault
        return None

    def different_registers(self) -> str:
        """A register that is not what the witness says; "" if there is none."""
        for number, expected in self.witness.registers:
            found = self.vm.registers[number]
            if isinstance(expected, Place):
                if expected.block < -len(self.maps):
                    continue  # a function
                expected = self._address(expected)
            if found != expected:
                return f"r{number} is {found:#x}, not {expected:#x}"
        return ""

    def _add(self, block: Block) -> int:
        """Put a block into memory; the address of its offset 0."""
        if block.kind == "the stack":
            return 0  # the machine has its own
        if block.kind == "the context":
            return self.vm_run.set_context(block.data)
        area = {} if block.kind == "the packet" else {"area": VMALLOC}
        base = self.mem.add(bytearray(block.data), **area, writable=block.writable)
        self.mem.reserve(**area)  # so that what lies behind is nobody's
        if block.kind == "the packet":
            self.vm_run.packet = cast("Packet", _Frame(base - block.low, block))
        return base - block.low

    def _address(self, place: Place) -> int:
        if place.block < 0:
            return (self.maps[-1 - place.block] + place.offset) & U64
        block = next(b for b in self.witness.blocks if b.number == place.block)
        if block.kind == "the stack":
            tops = self.vm_run.tops
            base = tops[block.which] - STACK_SIZE if block.which < len(tops) else 0
        else:
            base = self.bases[place.block]
        return (base + place.offset) & U64

    # -- insns that ask the machine around them

    def _step(self, pc: int, step: Step) -> Step:
        insn = self.prog.insns[pc]
        row = table.find(insn)
        name = row.name if row else ""
        if name == "ld_imm64" and insn.src not in (0, PSEUDO_FUNC):
            return self._map_step(pc)
        if name == "call" and not insn.src:
            return self._call_step(pc, helpers.by_id(insn.imm))
        if name.startswith(("ld_abs", "ld_ind")):
            return self._call_step(pc, None)
        if name == "may_goto":
            return self._may_goto_step(pc, pc + 1 + insn.off)
        return step

    def _map_step(self, pc: int) -> Step:
        insn, second = self.prog.insns[pc : pc + 2]

        def step(r: list[int], run: Run) -> int:
            if insn.src == PSEUDO_MAP_FD and 0 <= insn.imm < len(self.maps):
                r[insn.dst] = self.maps[insn.imm]
            elif insn.src == PSEUDO_MAP_VALUE and insn.imm in self.first_values:
                number = self.first_values[insn.imm]
                r[insn.dst] = self._address(Place(number, second.imm))
            else:
                raise VmFault(Kind.INSN, f"ld_imm64 with src {insn.src} of {insn.imm}")
            return pc + 2

        return step

    def _call_step(self, pc: int, helper: Helper | None) -> Step:
        def step(r: list[int], run: Run) -> int:
            if helper is not None:
                self._touch(helper, r)
            self._give(self._next_call(pc), r)
            return pc + 1

        return step

    def _may_goto_step(self, pc: int, target: int) -> Step:
        def step(r: list[int], run: Run) -> int:
            return target if self._next_call(pc).result else pc + 1

        return step

    def _next_call(self, pc: int) -> HelperResult:
        call = next(self.calls, None)
        if call is None:
            self.out_of_calls = True
            raise VmFault(Kind.ENDLESS, "the witness ends here")
        if call.insn != pc:
            raise Differs(f"insn {pc} calls, where the witness has a call of insn {call.insn}")
        return call

    def _give(self, call: HelperResult, r: list[int]) -> None:
        for place, data in call.writes:
            self.mem.write(self._address(place), data)
        if isinstance(call.result, Place):
            r[0] = self._address(call.result)
        else:
            r[0] = call.result or 0

    def _touch(self, helper: Helper, r: list[int]) -> None:
        """Access the memory that the helper would.  Raises VmFault where it is not there."""
        proto = helpers.proto(self.kernel, helper)
        prog_map = None
        for n, arg in enumerate(proto.args, 1):
            size = None
            if arg is Arg.CONST_MAP_PTR:
                if r[n] not in self.maps:
                    raise VmFault(Kind.HELPER, f"{r[n]:#x} is not the address of a map")
                prog_map = self.prog.maps[self.maps.index(r[n])]
            elif arg is Arg.PTR_TO_MAP_KEY and prog_map:
                size = prog_map.key_size
            elif "MAP_VALUE" in arg.name and prog_map:
                size = prog_map.value_size
            elif arg in (Arg.PTR_TO_INT, Arg.PTR_TO_LONG):
                size = 4 if arg is Arg.PTR_TO_INT else 8
            elif n < len(proto.args) and proto.args[n] in SIZES:
                size = r[n + 1]
            if size and not ("OR_NULL" in arg.name and not r[n]):
                self._reach(r[n], size, writes=arg in WRITTEN)

    def _reach(self, address: int, size: int, *, writes: bool) -> None:
        found = self.mem.peek(address, size) if size <= 1 << 32 else None
        if found is None:
            verb = "write" if writes else "read"
            raise VmFault(Kind.ACCESS, f"cannot {verb} {size} bytes at {address:#x}")
        if writes:
            self.mem.write(address, found)
