"""The worlds that need no file: "busy", the default, and "idle"."""

from __future__ import annotations

from emu.kernel.errno import EAGAIN, ENOENT, ETIMEDOUT
from emu.world.scenario import HOUR, MS, US, Activity, Buffer, S, Scenario, TaskSpec

AT_FDCWD = -100
O_RDONLY, O_CLOEXEC = 0, 0o2000000
FUTEX_WAIT_PRIVATE, FUTEX_WAKE_PRIVATE = 128, 129

INIT = TaskSpec("systemd", pid=1, ppid=0)
KTHREADD = TaskSpec("kthreadd", pid=2, ppid=0, kernel_thread=True)


def _worker(comm: str, pid: int, low: int, high: int) -> TaskSpec:
    """A kernel thread that wakes up every now and then."""
    nap = Activity(takes=(2 * US, 40 * US), blocks=(low, high), then=(0, 0))
    return TaskSpec(comm, pid, ppid=2, kernel_thread=True, does=(nap,))


_NGINX = (
    Activity(
        "epoll_wait",
        (8, Buffer(6144), 512, -1),
        (1, 3),
        blocks=(4 * MS, 60 * MS),
        then=(1 * US, 4 * US),
    ),
    Activity("accept4", (6, Buffer(112), Buffer(8), 0o4000), (11, 19), ((EAGAIN, 0.1),)),
    Activity("recvfrom", (11, Buffer(1024), 1024, 0, 0, 0), (78, 540), ((EAGAIN, 0.05),)),
    Activity(
        "newfstatat",
        (AT_FDCWD, "/var/www/html/index.html", Buffer(144), 0),
        errors=((ENOENT, 0.08),),
        takes=(1 * US, 12 * US),
    ),
    Activity(
        "openat",
        (AT_FDCWD, "/var/www/html/index.html", O_RDONLY | O_CLOEXEC, 0),
        (12, 20),
        takes=(2 * US, 25 * US),
    ),
    Activity("writev", (11, Buffer(64), 2), (230, 260), takes=(8 * US, 60 * US)),
    Activity("sendfile64", (11, 12, Buffer(8), 10918), (612, 10918), takes=(9 * US, 180 * US)),
    Activity("close", (12,), takes=(300, 3 * US)),
    Activity(
        "write", (4, Buffer(256), 190), (140, 230), takes=(2 * US, 30 * US), then=(2 * US, 60 * US)
    ),
)

_POSTGRES = (
    Activity("epoll_wait", (5, Buffer(64), 1, -1), (1, 1), blocks=(6 * MS, 90 * MS)),
    Activity("recvfrom", (9, Buffer(8192), 8192, 0, 0, 0), (60, 410), then=(20 * US, 900 * US)),
    Activity("pread64", (14, Buffer(8192), 8192, 1 << 20), (8192, 8192), takes=(2 * US, 40 * US)),
    Activity("pread64", (15, Buffer(8192), 8192, 7 << 13), (8192, 8192), blocks=(60 * US, 4 * MS)),
    Activity("pwrite64", (16, Buffer(8192), 8192, 3 << 13), (8192, 8192), takes=(4 * US, 60 * US)),
    Activity("fdatasync", (16,), takes=(3 * US, 20 * US), blocks=(300 * US, 9 * MS)),
    Activity("sendto", (9, Buffer(512), 412, 0, 0, 0), (90, 412), takes=(6 * US, 50 * US)),
)

_PYTHON = (
    Activity("read", (3, Buffer(65536), 65536), (0, 65536), takes=(1 * US, 40 * US), weight=6),
    Activity("lseek", (3, 0, 1), (0, 1 << 20), takes=(150, 600), weight=4),
    Activity(
        "openat",
        (AT_FDCWD, "/srv/app/data/part-0001.json", O_RDONLY | O_CLOEXEC, 0o666),
        (3, 5),
        ((ENOENT, 0.2),),
        takes=(2 * US, 30 * US),
        weight=3,
    ),
    Activity("newfstat", (3, Buffer(144)), takes=(300, 2 * US), weight=3),
    Activity("close", (3,), takes=(200, 2 * US), weight=3),
    Activity("mmap", (0, 262144, 3, 34, -1, 0), (0x7F2A_0000_0000, 0x7F2A_0FFF_F000), weight=2),
    Activity("munmap", (0x7F2A_0000_0000, 262144), takes=(4 * US, 30 * US), weight=2),
    Activity("brk", (0,), (0x5581_0000_0000, 0x5581_00FF_F000)),
    Activity("getrandom", (Buffer(32), 32, 1), (32, 32), takes=(300, 2 * US)),
    Activity(
        "futex",
        (Buffer(4), FUTEX_WAIT_PRIVATE, 0, 0, 0, 0),
        errors=((EAGAIN, 0.15), (ETIMEDOUT, 0.1)),
        blocks=(50 * US, 40 * MS),
        weight=3,
    ),
    Activity("futex", (Buffer(4), FUTEX_WAKE_PRIVATE, 1, 0, 0, 0), (0, 1), weight=3),
    Activity("write", (1, Buffer(256), 80), (20, 80), takes=(3 * US, 50 * US), weight=2),
    Activity(
        "clock_nanosleep",
        (1, 0, Buffer(16), 0),
        blocks=(5 * MS, 60 * MS),
        then=(10 * US, 3 * MS),
        weight=2,
    ),
)

_BASH = (
    Activity("pselect6", (1, Buffer(128), 0, 0, 0, Buffer(16)), (1, 1), blocks=(60 * MS, 1 * S)),
    Activity("read", (0, Buffer(1), 1), (1, 1)),
    Activity("write", (2, Buffer(16), 1), (1, 1), takes=(2 * US, 20 * US)),
    Activity("rt_sigprocmask", (0, Buffer(8), Buffer(8), 8), takes=(150, 500)),
)

_SSHD = (
    Activity("ppoll", (Buffer(32), 4, 0, Buffer(8), 8), (1, 1), blocks=(60 * MS, 1 * S)),
    Activity("read", (4, Buffer(16384), 16384), (36, 68), ((EAGAIN, 0.05),)),
    Activity("write", (4, Buffer(64), 36), (36, 36), takes=(6 * US, 40 * US)),
)

_CRON = (
    Activity("clock_nanosleep", (0, 0, Buffer(16), 0), blocks=(700 * MS, 1300 * MS)),
    Activity(
        "newfstatat", (AT_FDCWD, "/var/spool/cron/crontabs", Buffer(144), 0), takes=(2 * US, 9 * US)
    ),
    Activity("clone", (0x1200011, 0, 0, Buffer(4), 0), takes=(60 * US, 300 * US), starts="sh"),
    Activity("wait4", (-1, Buffer(4), 0, 0), (1, 1), blocks=(2 * MS, 9 * MS)),
)

_SH = (
    Activity(
        "execve", ("/bin/sh", Buffer(32), Buffer(64)), takes=(200 * US, 900 * US), becomes="sh"
    ),
    Activity("brk", (0,), (0x5581_0000_0000, 0x5581_0000_0000)),
    Activity(
        "openat", (AT_FDCWD, "/etc/ld.so.cache", O_CLOEXEC, 0), (3, 3), takes=(2 * US, 20 * US)
    ),
    Activity("newfstat", (3, Buffer(144)), takes=(300, 2 * US)),
    Activity("close", (3,), takes=(200, 2 * US)),
    Activity("write", (1, "ok\n", 3), (3, 3), takes=(2 * US, 20 * US)),
)

_JOURNAL = (
    Activity("epoll_wait", (7, Buffer(384), 32, -1), (1, 1), blocks=(40 * MS, 700 * MS)),
    Activity("recvmsg", (5, Buffer(56), 64), (60, 400), ((EAGAIN, 0.1),)),
    Activity(
        "openat",
        (AT_FDCWD, "/proc/812/comm", O_RDONLY | O_CLOEXEC, 0),
        (29, 29),
        ((ENOENT, 0.05),),
        takes=(3 * US, 30 * US),
    ),
    Activity("read", (29, Buffer(1024), 1024), (4, 16)),
    Activity("close", (29,), takes=(200, 2 * US)),
    Activity("ftruncate", (31, 8 << 20), takes=(2 * US, 12 * US)),
)

BUSY = Scenario(
    "busy",
    (
        INIT,
        KTHREADD,
        _worker("rcu_preempt", 17, 8 * MS, 60 * MS),
        _worker("kworker/0:1", 24, 30 * MS, 400 * MS),
        _worker("kworker/1:0", 25, 30 * MS, 400 * MS),
        TaskSpec("systemd-journal", 321, in_order=True, does=_JOURNAL),
        TaskSpec("cron", 655, in_order=True, does=_CRON),
        TaskSpec("sh", template=True, in_order=True, repeat=1, does=_SH),
        TaskSpec("nginx", 811),
        TaskSpec("nginx", 812, ppid=811, uid=33, gid=33, in_order=True, does=_NGINX),
        TaskSpec("nginx", 813, ppid=811, uid=33, gid=33, in_order=True, does=_NGINX),
        TaskSpec("postgres", 901, uid=113, gid=120),
        TaskSpec("postgres", 934, ppid=901, uid=113, gid=120, in_order=True, does=_POSTGRES),
        TaskSpec("sshd", 1188, in_order=True, does=_SSHD),
        TaskSpec("bash", 1203, ppid=1188, uid=1000, gid=1000, in_order=True, does=_BASH),
        TaskSpec("python3", 2041, uid=1000, gid=1000, threads=2, does=_PYTHON),
    ),
)

IDLE = Scenario("idle", (INIT, KTHREADD), uptime=2 * HOUR + 17 * S)

WORLDS = {world.name: world for world in (BUSY, IDLE)}
