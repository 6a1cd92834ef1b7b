"""Batch programs on the running kernel: what emu.runner answers for the emulator."""

from __future__ import annotations

import contextlib
import os
from contextlib import ExitStack, contextmanager
from functools import cache
from struct import Struct, pack
from typing import TYPE_CHECKING

from dtrace.backend.base import LoadError
from dtrace.backend.linux import syscall
from dtrace.backend.linux.maps import LinuxMap
from dtrace.backend.linux.progs import pack_insns, read_log
from dtrace.backend.linux.syscall import Memory
from emu.batch import MapElement, TestRun
from emu.net.test_run import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from emu.batch import BatchProgram
    from emu.prog import Prog

# union bpf_attr of BPF_BTF_LOAD (command 18): the types, log, size of types and log, log level.
_BTF_LOAD = 18
_LOAD_BTF = Struct("<QQIII")
# And of BPF_PROG_LOAD: type, insn count, insns, license, log level, log size, log, kernel version,
# flags, name, ifindex, attach type, prog_btf_fd, record size, func_info and its count.
_LOAD = Struct("<IIQQIIQII16sIIIIQI")
_FUNC_INFO = Struct("<II")  # the function's first insn, the id of its type
_LOG_SIZE = 1 << 20

# union bpf_attr of BPF_PROG_TEST_RUN: program, retval, sizes of data in and out, their addresses,
# repeat, duration, sizes of the context in and out, their addresses.
_RUN = Struct("<IIIIQQIIIIQQ")
_FD = Struct("<I")

Answer = tuple[list[Outcome], dict[int, dict[bytes, bytes]]]


@contextmanager
def on_cpu(cpu: int) -> Iterator[None]:
    """Stay on one CPU: BPF_PROG_TEST_RUN of a packet program runs where its caller does."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@cache
def _types() -> int:
    """The file descriptor of BTF with `static int f(void)` as type 3; it lives with the process."""
    names = b"\0int\0f\0"
    types = b"".join(
        (
            pack("<IIII", 1, 1 << 24, 4, 1 << 24 | 32),  # INT, 32 bits with sign
            pack("<III", 0, 13 << 24, 1),  # FUNC_PROTO without arguments that returns it
            pack("<III", 5, 12 << 24, 2),  # FUNC
        )
    )
    header = pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(types), len(types), len(names))
    blob = Memory(header + types + names)
    return syscall.bpf_attr(_BTF_LOAD, _LOAD_BTF, blob.address, 0, len(blob.raw), 0, 0)


def load(prog: Prog, fds: Sequence[int]) -> int:
    """The file descriptor of a program whose map i is fds[i]; its functions have types.

    Raises LoadError with the verifier's complaint and log.
    """
    insns, license_, log = Memory(pack_insns(prog, fds)), Memory(b"GPL\0"), Memory(_LOG_SIZE)
    functions = Memory(b"".join(_FUNC_INFO.pack(info.start, 3) for info in prog.func_info))

    def attempt(level: int) -> int:
        return syscall.bpf_attr(
            syscall.PROG_LOAD, _LOAD, prog.type, len(prog.insns), insns.address, license_.address,
            level, _LOG_SIZE if level else 0, log.address if level else 0, 0, prog.flags,
            prog.name.encode(), 0, prog.expected_attach_type, _types(), _FUNC_INFO.size,
            functions.address, len(prog.func_info),
        )  # fmt: skip

    try:
        return attempt(0)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.close(attempt(1))
        text = log.raw.partition(b"\0")[0].decode()
        raise LoadError(read_log(text)[0] or str(error), text) from None


def answer(program: BatchProgram, cpus: int) -> Answer:
    """What the runs gave, and what the maps to be dumped hold then.

    cpus: the number of possible CPUs.

    Raises LoadError where the verifier refuses the program or one of its tail call targets.
    """
    with ExitStack() as stack:
        maps: list[LinuxMap] = []
        for spec in program.maps:
            made = LinuxMap(spec.definition, cpus)
            stack.callback(made.close)
            maps.append(made)
        fds = [made.fd for made in maps]
        loaded = load(program.prog, fds)
        stack.callback(os.close, loaded)
        for spec, made in zip(program.maps, maps, strict=True):
            for element in spec.elements:
                if isinstance(element, MapElement):
                    fd = fds[element.map]
                else:
                    fd = load(element.prog, fds)
                    stack.callback(os.close, fd)
                made.update(element.key, _FD.pack(fd))
        outcomes = [_run(loaded, run) for run in program.runs if isinstance(run, TestRun)]
        contents = {
            number: dict(made.items())
            for number, (spec, made) in enumerate(zip(program.maps, maps, strict=True))
            if spec.dump
        }
    return outcomes, contents


def _run(fd: int, run: TestRun) -> Outcome:
    data_in, data_out = Memory(run.data), Memory(run.room)
    ctx_in, ctx_out = Memory(run.ctx), Memory(run.ctx_room)
    attr = Memory(
        _RUN.pack(
            fd, 0, len(run.data), run.room,
            data_in.address if run.data else 0, data_out.address if run.room else 0,
            run.repeat, 0, len(run.ctx), run.ctx_room,
            ctx_in.address if run.ctx else 0, ctx_out.address if run.ctx_room else 0,
        )
    )  # fmt: skip
    try:
        syscall.bpf(syscall.PROG_TEST_RUN, attr, _RUN.size)
    except OSError as error:
        return Outcome(error.errno or 0)
    _, retval, _, size, *_, ctx_size, _, _ = _RUN.unpack(attr.raw)
    return Outcome(0, retval, data_out.raw[:size], ctx_out.raw[:ctx_size])
