"""Why a test cannot run on this machine, in words that say what to change."""

from __future__ import annotations

import ctypes
import functools
import os
import platform

BPF_SYSCALL = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "ppc64le": 361, "s390x": 351}
BPF_MAP_CREATE = 0
BPF_MAP_TYPE_ARRAY = 2


@functools.cache
def why_no_kernel() -> str:
    """The reason why BPF programs cannot be loaded here; "" if they can."""
    if platform.system() != "Linux":
        return "needs Linux"
    if os.geteuid() != 0:
        return "needs root: programs are loaded into the running kernel"
    number = BPF_SYSCALL.get(platform.machine())
    if number is None:
        return f"no number for bpf(2) on {platform.machine()}"
    # union bpf_attr for BPF_MAP_CREATE: map_type, key_size, value_size, max_entries; the rest 0.
    attr = (ctypes.c_uint32 * 32)(BPF_MAP_TYPE_ARRAY, 4, 8, 1)
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(number, BPF_MAP_CREATE, ctypes.byref(attr), ctypes.sizeof(attr))
    if fd < 0:
        return f"bpf(2) does not work here: {os.strerror(ctypes.get_errno())}"
    os.close(fd)
    return ""
