"""Programs of the real kernel: load, with the verifier's log when it refuses."""

from __future__ import annotations

import errno
import os
import re
from struct import Struct
from typing import TYPE_CHECKING

from dtrace.backend.base import LoadError
from dtrace.backend.linux import syscall
from dtrace.backend.linux.maps import kernel_name
from dtrace.backend.linux.prog_btf import ProgBtf
from dtrace.backend.linux.syscall import Memory, explain
from emu.prog import PSEUDO_MAP_FD, PSEUDO_MAP_VALUE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emu.prog import Prog

_INSN = Struct("<BBhi")
# union bpf_attr of BPF_PROG_LOAD: type, insn count, insns, license, log level, log size, log,
# kernel version, flags, name, ifindex, attach type; what ProgBtf has; attach_btf_id.
_LOAD = Struct("<IIQQIIQII16sIIIIQIIQII")
_LD_IMM64 = 0x18
_FIRST_LOG = 64 << 10
_LARGEST_LOG = (1 << 24) - 1  # what kernels before 5.16 accept: UINT_MAX >> 8
_RETRIES = 5  # EAGAIN: the verifier was interrupted by a signal (c3494801cd17, 5.0)


def pack_insns(prog: Prog, fds: Sequence[int]) -> bytes:
    """The instructions as struct bpf_insn[], the index of a map replaced by fds[index]."""
    pack = _INSN.pack
    packed = []
    for code, dst, src, off, imm in prog.insns:
        if code == _LD_IMM64 and src in (PSEUDO_MAP_FD, PSEUDO_MAP_VALUE):
            imm = fds[imm]
        packed.append(pack(code, dst | src << 4, off, imm))
    return b"".join(packed)


class LinuxProg:
    """A loaded program, by its file descriptor.  Implements backend.base.LoadedProg."""

    __slots__ = ("fd", "prog")

    def __init__(
        self, prog: Prog, fds: Sequence[int], version: int, attach_btf_id: int = 0
    ) -> None:
        """Load `prog`, whose map i is fds[i].

        version: LINUX_VERSION_CODE of the running kernel, which kprobe programs had to name
        before 6c4fc209fcf9 ("bpf: remove useless version check for prog load") (in v5.0).
        attach_btf_id: tracing programs: the BTF id of the kernel function.

        Raises LoadError, with the verifier's log.
        """
        self.prog = prog
        self.fd = -1
        btf = ProgBtf(prog)
        try:
            self.fd = _load_or_explain(_Request(prog, fds, version, attach_btf_id, btf))
        finally:
            btf.close()

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class _Request:
    """What BPF_PROG_LOAD is asked for."""

    def __init__(
        self, prog: Prog, fds: Sequence[int], version: int, attach_btf_id: int, btf: ProgBtf
    ) -> None:
        self.prog = prog
        self._version, self._btf_id, self._btf = version, attach_btf_id, btf
        self._insns = Memory(pack_insns(prog, fds))
        self._license = Memory(prog.license.encode() + b"\0")

    def load(self, log: Memory | None) -> int:
        """The program's descriptor.  Raises OSError, with the reason in `log`."""
        prog = self.prog
        attr = Memory(
            _LOAD.pack(
                prog.type, len(prog.insns), self._insns.address, self._license.address,
                1 if log else 0, len(log.raw) if log else 0, log.address if log else 0,
                self._version, prog.flags, kernel_name(prog.name), 0, prog.expected_attach_type,
                *self._btf.fields, self._btf_id,
            )
        )  # fmt: skip
        for _ in range(_RETRIES):
            try:
                return syscall.bpf(syscall.PROG_LOAD, attr, _LOAD.size)
            except OSError as error:
                if error.errno != errno.EAGAIN:
                    raise
        return syscall.bpf(syscall.PROG_LOAD, attr, _LOAD.size)


def _load_or_explain(request: _Request) -> int:
    """Without a log first: it costs the verifier time, and most programs load."""
    try:
        return request.load(None)
    except OSError as error:
        failure = error
    if failure.errno in (errno.EPERM, errno.ENOSYS, errno.ENOMEM, errno.EMFILE):
        raise LoadError(str(explain(failure, f"cannot load program {request.prog.name}")))
    size = _FIRST_LOG
    while True:
        log = Memory(size)
        try:
            return request.load(log)
        except OSError as error:
            if error.errno != errno.ENOSPC or size == _LARGEST_LOG:
                break
            size = min(size * 8, _LARGEST_LOG)
    text = log.raw.partition(b"\0")[0].decode(errors="replace")
    complaint, insn = read_log(text)
    raise LoadError(complaint or str(failure.strerror), text, insn)


def read_log(log: str) -> tuple[str, int]:
    """The complaint that a verifier's log ends with, "" for none, and the insn it is about, or -1.

    The log of a rejection is `28: (61) r1 = ...` lines and states, then the complaint, then
    `processed N insns ...` (print_verification_stats(), kernel/bpf/verifier.c).
    """
    lines = [line for line in log.splitlines() if line.strip()]
    if lines and lines[-1].startswith("processed "):
        lines.pop()
    insns = [int(found[1]) for line in lines if (found := re.match(r"(\d+): \(", line))]
    return lines[-1] if lines else "", insns[-1] if insns else -1
