"""The running kernel's verifier, to check tables against: a system call of our own."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from typing import TYPE_CHECKING

from emu.isa.insn import encode
from tests.skips import BPF_SYSCALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emu.kernel.enums import ProgType
    from emu.prog import Insn

BPF_PROG_LOAD = 5
# union bpf_attr: prog_type, insn_cnt, insns, license, log_level, log_size, log_buf, kern_version,
# prog_flags; the rest 0.
_ATTR = struct.Struct("<IIQQIIQII")
_ATTR_SIZE = 128


def verifier_log(prog_type: ProgType, insns: Sequence[Insn], license_: bytes = b"GPL") -> str:
    """What the kernel says to the program at log level 2, whether it loads or not."""
    code = ctypes.create_string_buffer(encode(insns))
    text = ctypes.create_string_buffer(license_)
    log = ctypes.create_string_buffer(1 << 16)
    attr = ctypes.create_string_buffer(_ATTR_SIZE)
    at = ctypes.addressof
    _ATTR.pack_into(attr, 0, prog_type, len(insns), at(code), at(text), 2, len(log), at(log), 0, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(BPF_SYSCALL[platform.machine()], BPF_PROG_LOAD, attr, _ATTR_SIZE)
    if fd >= 0:
        os.close(fd)
    return log.value.decode("latin-1")
