"""Run: one execution of a program; Host: what it may ask of the machine around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from emu.vm.fault import Kind, VmFault
from emu.vm.mem import TEXT, VMALLOC

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel
    from emu.maps.base import Map
    from emu.net.packet import Packet
    from emu.vm.interp import Vm
    from emu.vm.mem import AddressSpace

STACK_SIZE = 512  # bytes of a frame: MAX_BPF_STACK
_CLEAR = bytes(STACK_SIZE)
FUNCTION_STEP = 8  # bytes of an insn: what separates pointers to subprogs


def function_address(pc: int) -> int:
    """What a pointer to the subprog at `pc` holds."""
    return TEXT + FUNCTION_STEP * pc


class UserMemory(Protocol):
    """A process's memory."""

    def peek(self, address: int, size: int) -> bytes | None: ...
    def peek_string(self, address: int, limit: int) -> bytes | None: ...
    def poke(self, address: int, data: bytes) -> bool:
        """Store `data`; False, and nothing stored, if one of the bytes is not writable."""


class Task(Protocol):
    """A thread, as helpers see it.  Numbers as in the kernel: pid is the thread's id."""

    @property
    def pid(self) -> int: ...
    @property
    def tgid(self) -> int: ...
    @property
    def comm(self) -> bytes: ...
    @property
    def uid(self) -> int: ...
    @property
    def gid(self) -> int: ...
    @property
    def address(self) -> int:
        """Of its struct task_struct."""

    @property
    def user(self) -> UserMemory: ...
    @property
    def kernel_stack(self) -> tuple[int, ...]:
        """Return addresses, innermost first."""

    @property
    def user_stack(self) -> tuple[int, ...]: ...


class Host(Protocol):
    """The machine around programs."""

    kernel: Kernel
    mem: AddressSpace
    maps: dict[int, Map]  # by the address of their struct bpf_map
    cpus: int  # possible CPUs

    def now(self) -> int:
        """Nanoseconds since boot, time in suspend left out."""

    def current(self, cpu: int) -> Task: ...
    def prandom_u32(self) -> int: ...
    def printk(self, text: str) -> None: ...
    def send_signal(self, task: Task, signal: int, *, thread: bool) -> int:
        """0, or a negative errno."""


class Frame(NamedTuple):
    """What a call keeps for its caller."""

    back: int  # insn to go on with; -1: the interpreter was called here and returns
    saved: list[int]  # r6 to r9
    fp: int  # the caller's r10


# A function that an engine was called for, where nobody wants the registers back.
CALLED = Frame(-1, [0] * 4, 0)


class Run:
    """An execution context: frames and stacks.  Reused for one program after the other.

    cpu: number of the CPU it runs on.
    task: the current task.
    ctx: address of the context it was called with.
    cookie: what bpf_get_attach_cookie() returns.
    budget: insns that it may still run.
    packet: what a packet program runs on.
    tail_calls: tail calls counted so far, by the depth of the frame that counts: emu.vm.call.
    loops: iterations that may_goto has left, by the depth of the frame.
    deepest: frames that there may be: each program has its own, beside those of the programs whose
        functions ended with a tail call to it.
    """

    __slots__ = (
        "budget", "context", "cookie", "cpu", "ctx", "deepest", "frames", "host", "loops", "mem",
        "packet", "place", "stacks", "tail_calls", "task", "tops", "vm",
    )  # fmt: skip

    def __init__(self, host: Host, cpu: int) -> None:
        self.host = host
        self.mem = host.mem
        self.cpu = cpu
        self.task: Task = host.current(cpu)
        self.context = bytearray()
        self.place = self.mem.add(self.context)
        self.ctx = 0
        self.cookie = 0
        self.budget = 0
        self.packet: Packet | None = None
        self.tail_calls: dict[int, int] = {}
        self.loops: dict[int, int] = {}
        self.deepest = host.kernel.limits.max_call_depth
        self.vm: Vm | None = None
        self.frames: list[Frame] = []
        self.stacks: list[bytearray] = []
        self.tops: list[int] = []  # r10 of each frame

    def set_context(self, data: bytes) -> int:
        """Put a context into memory; returns its address."""
        self.context[:] = data
        return self.place

    def push(self, frame: Frame) -> int:
        """Enter a function; returns its r10.  Its stack is zero.

        Raises VmFault beyond the kernel's number of frames of a program.
        """
        depth = len(self.frames)
        if self.loops:
            self.loops.pop(depth, None)
        if depth >= self.deepest:
            raise VmFault(Kind.DEPTH, f"the call stack of {depth + 1} frames is too deep")
        if depth == len(self.tops):
            stack = bytearray(STACK_SIZE)
            self.stacks.append(stack)
            self.tops.append(self.mem.add(stack, VMALLOC) + STACK_SIZE)
        else:
            self.stacks[depth][:] = _CLEAR
        self.frames.append(frame)
        return self.tops[depth]

    def map_at(self, address: int) -> Map:
        """The map whose struct bpf_map is at `address`.  Raises VmFault if there is none."""
        try:
            return self.host.maps[address]
        except KeyError:
            raise VmFault(Kind.HELPER, f"{address:#x} is not the address of a map") from None

    def callback(self, address: int, args: tuple[int, ...]) -> int:
        """Call the subprog that a helper was given a pointer to; returns its r0.

        Raises VmFault where `address` is no such pointer.
        """
        vm = self.vm
        pc = (address - TEXT) // FUNCTION_STEP
        if vm is None or not 0 <= pc < len(vm.prog.insns):
            raise VmFault(Kind.HELPER, f"{address:#x} is not a function of the program")
        return vm.call(self, pc, args)

    def close(self) -> None:
        """Give the addresses of stacks and context up."""
        self.mem.remove(self.place)
        for top in self.tops:
            self.mem.remove(top - STACK_SIZE)
        self.tops.clear()
        self.stacks.clear()
