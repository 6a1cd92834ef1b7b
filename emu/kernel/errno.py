"""Error numbers that helpers, maps and system calls return, negated.

The numbers are Linux's, not those of the machine the emulator runs on.
Source: include/uapi/asm-generic/errno-base.h, errno.h; include/linux/errno.h.
"""

from __future__ import annotations

EPERM = 1
ENOENT = 2
ESRCH = 3
EINTR = 4
EIO = 5
ENXIO = 6
E2BIG = 7
EBADF = 9
ECHILD = 10
EAGAIN = 11
ENOMEM = 12
EACCES = 13
EFAULT = 14
EBUSY = 16
EEXIST = 17
ENODEV = 19
ENOTDIR = 20
EINVAL = 22
ENOTTY = 25
ENOSPC = 28
EPIPE = 32
ERANGE = 34
EDEADLK = 35
ENOSYS = 38
EPROTO = 71
ENOTSUP = 95  # EOPNOTSUPP has the same number
ETIMEDOUT = 110
EINPROGRESS = 115
ENOTSUPP = 524

MAX_ERRNO = 4095  # what a pointer can hold in place of an address: include/linux/err.h

NAMES = {name: value for name, value in globals().items() if name.startswith("E")}
