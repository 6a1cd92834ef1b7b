"""SYSCALLS: the system calls of x86-64, by the names that tracefs gives their events.

Source: numbers from arch/x86/entry/syscalls/syscall_64.tbl; names and arguments from the `format`
files of events/syscalls/sys_enter_* on 6.18.  Rows at the end are those that kernel's configuration
left out, from their SYSCALL_DEFINE.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel


class Syscall(NamedTuple):
    """A system call."""

    number: int
    name: str  # as in sys_enter_NAME: the function's, so "newstat" for stat(2)
    params: str  # "unsigned int fd, char * buf, size_t count"
    since: str = ""  # the first release that has it; "" for 4.18 and before

    def arguments(self) -> tuple[tuple[str, str], ...]:
        """(C type, name) of each argument."""
        if not self.params:
            return ()
        pairs = (param.rsplit(" ", 1) for param in self.params.split(", "))
        return tuple((ctype, name) for ctype, name in pairs)


SYSCALLS = (
    Syscall(0, "read", "unsigned int fd, char * buf, size_t count"),
    Syscall(1, "write", "unsigned int fd, const char * buf, size_t count"),
    Syscall(2, "open", "const char * filename, int flags, umode_t mode"),
    Syscall(3, "close", "unsigned int fd"),
    Syscall(4, "newstat", "const char * filename, struct stat * statbuf"),
    Syscall(5, "newfstat", "unsigned int fd, struct stat * statbuf"),
    Syscall(6, "newlstat", "const char * filename, struct stat * statbuf"),
    Syscall(7, "poll", "struct pollfd * ufds, unsigned int nfds, int timeout_msecs"),
    Syscall(8, "lseek", "unsigned int fd, off_t offset, unsigned int whence"),
    Syscall(
        9,
        "mmap",
        "unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags, "
        "unsigned long fd, unsigned long off",
    ),
    Syscall(10, "mprotect", "unsigned long start, size_t len, unsigned long prot"),
    Syscall(11, "munmap", "unsigned long addr, size_t len"),
    Syscall(12, "brk", "unsigned long brk"),
    Syscall(
        13,
        "rt_sigaction",
        "int sig, const struct sigaction * act, struct sigaction * oact, size_t sigsetsize",
    ),
    Syscall(14, "rt_sigprocmask", "int how, sigset_t * nset, sigset_t * oset, size_t sigsetsize"),
    Syscall(15, "rt_sigreturn", ""),
    Syscall(16, "ioctl", "unsigned int fd, unsigned int cmd, unsigned long arg"),
    Syscall(17, "pread64", "unsigned int fd, char * buf, size_t count, loff_t pos"),
    Syscall(18, "pwrite64", "unsigned int fd, const char * buf, size_t count, loff_t pos"),
    Syscall(19, "readv", "unsigned long fd, const struct iovec * vec, unsigned long vlen"),
    Syscall(20, "writev", "unsigned long fd, const struct iovec * vec, unsigned long vlen"),
    Syscall(21, "access", "const char * filename, int mode"),
    Syscall(22, "pipe", "int * fildes"),
    Syscall(
        23,
        "select",
        "int n, fd_set * inp, fd_set * outp, fd_set * exp, struct __kernel_old_timeval * tvp",
    ),
    Syscall(24, "sched_yield", ""),
    Syscall(
        25,
        "mremap",
        "unsigned long addr, unsigned long old_len, unsigned long new_len, "
        "unsigned long flags, unsigned long new_addr",
    ),
    Syscall(26, "msync", "unsigned long start, size_t len, int flags"),
    Syscall(27, "mincore", "unsigned long start, size_t len, unsigned char * vec"),
    Syscall(28, "madvise", "unsigned long start, size_t len_in, int behavior"),
    Syscall(29, "shmget", "key_t key, size_t size, int shmflg"),
    Syscall(30, "shmat", "int shmid, char * shmaddr, int shmflg"),
    Syscall(31, "shmctl", "int shmid, int cmd, struct shmid_ds * buf"),
    Syscall(32, "dup", "unsigned int fildes"),
    Syscall(33, "dup2", "unsigned int oldfd, unsigned int newfd"),
    Syscall(34, "pause", ""),
    Syscall(35, "nanosleep", "struct __kernel_timespec * rqtp, struct __kernel_timespec * rmtp"),
    Syscall(36, "getitimer", "int which, struct __kernel_old_itimerval * value"),
    Syscall(37, "alarm", "unsigned int seconds"),
    Syscall(
        38,
        "setitimer",
        "int which, struct __kernel_old_itimerval * value, struct __kernel_old_itimerval * ovalue",
    ),
    Syscall(39, "getpid", ""),
    Syscall(40, "sendfile64", "int out_fd, int in_fd, loff_t * offset, size_t count"),
    Syscall(41, "socket", "int family, int type, int protocol"),
    Syscall(42, "connect", "int fd, struct sockaddr * uservaddr, int addrlen"),
    Syscall(43, "accept", "int fd, struct sockaddr * upeer_sockaddr, int * upeer_addrlen"),
    Syscall(
        44,
        "sendto",
        "int fd, void * buff, size_t len, unsigned int flags, struct sockaddr * addr, int addr_len",
    ),
    Syscall(
        45,
        "recvfrom",
        "int fd, void * ubuf, size_t size, unsigned int flags, struct sockaddr * addr, "
        "int * addr_len",
    ),
    Syscall(46, "sendmsg", "int fd, struct user_msghdr * msg, unsigned int flags"),
    Syscall(47, "recvmsg", "int fd, struct user_msghdr * msg, unsigned int flags"),
    Syscall(48, "shutdown", "int fd, int how"),
    Syscall(49, "bind", "int fd, struct sockaddr * umyaddr, int addrlen"),
    Syscall(50, "listen", "int fd, int backlog"),
    Syscall(51, "getsockname", "int fd, struct sockaddr * usockaddr, int * usockaddr_len"),
    Syscall(52, "getpeername", "int fd, struct sockaddr * usockaddr, int * usockaddr_len"),
    Syscall(53, "socketpair", "int family, int type, int protocol, int * usockvec"),
    Syscall(54, "setsockopt", "int fd, int level, int optname, char * optval, int optlen"),
    Syscall(55, "getsockopt", "int fd, int level, int optname, char * optval, int * optlen"),
    Syscall(
        56,
        "clone",
        "unsigned long clone_flags, unsigned long newsp, int * parent_tidptr, "
        "int * child_tidptr, unsigned long tls",
    ),
    Syscall(57, "fork", ""),
    Syscall(58, "vfork", ""),
    Syscall(
        59, "execve", "const char * filename, const char *const * argv, const char *const * envp"
    ),
    Syscall(60, "exit", "int error_code"),
    Syscall(61, "wait4", "pid_t upid, int * stat_addr, int options, struct rusage * ru"),
    Syscall(62, "kill", "pid_t pid, int sig"),
    Syscall(63, "newuname", "struct new_utsname * name"),
    Syscall(64, "semget", "key_t key, int nsems, int semflg"),
    Syscall(65, "semop", "int semid, struct sembuf * tsops, unsigned nsops"),
    Syscall(66, "semctl", "int semid, int semnum, int cmd, unsigned long arg"),
    Syscall(67, "shmdt", "char * shmaddr"),
    Syscall(68, "msgget", "key_t key, int msgflg"),
    Syscall(69, "msgsnd", "int msqid, struct msgbuf * msgp, size_t msgsz, int msgflg"),
    Syscall(70, "msgrcv", "int msqid, struct msgbuf * msgp, size_t msgsz, long msgtyp, int msgflg"),
    Syscall(71, "msgctl", "int msqid, int cmd, struct msqid_ds * buf"),
    Syscall(72, "fcntl", "unsigned int fd, unsigned int cmd, unsigned long arg"),
    Syscall(73, "flock", "unsigned int fd, unsigned int cmd"),
    Syscall(74, "fsync", "unsigned int fd"),
    Syscall(75, "fdatasync", "unsigned int fd"),
    Syscall(76, "truncate", "const char * path, long length"),
    Syscall(77, "ftruncate", "unsigned int fd, off_t length"),
    Syscall(78, "getdents", "unsigned int fd, struct linux_dirent * dirent, unsigned int count"),
    Syscall(79, "getcwd", "char * buf, unsigned long size"),
    Syscall(80, "chdir", "const char * filename"),
    Syscall(81, "fchdir", "unsigned int fd"),
    Syscall(82, "rename", "const char * oldname, const char * newname"),
    Syscall(83, "mkdir", "const char * pathname, umode_t mode"),
    Syscall(84, "rmdir", "const char * pathname"),
    Syscall(85, "creat", "const char * pathname, umode_t mode"),
    Syscall(86, "link", "const char * oldname, const char * newname"),
    Syscall(87, "unlink", "const char * pathname"),
    Syscall(88, "symlink", "const char * oldname, const char * newname"),
    Syscall(89, "readlink", "const char * path, char * buf, int bufsiz"),
    Syscall(90, "chmod", "const char * filename, umode_t mode"),
    Syscall(91, "fchmod", "unsigned int fd, umode_t mode"),
    Syscall(92, "chown", "const char * filename, uid_t user, gid_t group"),
    Syscall(93, "fchown", "unsigned int fd, uid_t user, gid_t group"),
    Syscall(94, "lchown", "const char * filename, uid_t user, gid_t group"),
    Syscall(95, "umask", "int mask"),
    Syscall(96, "gettimeofday", "struct __kernel_old_timeval * tv, struct timezone * tz"),
    Syscall(97, "getrlimit", "unsigned int resource, struct rlimit * rlim"),
    Syscall(98, "getrusage", "int who, struct rusage * ru"),
    Syscall(99, "sysinfo", "struct sysinfo * info"),
    Syscall(100, "times", "struct tms * tbuf"),
    Syscall(101, "ptrace", "long request, long pid, unsigned long addr, unsigned long data"),
    Syscall(102, "getuid", ""),
    Syscall(103, "syslog", "int type, char * buf, int len"),
    Syscall(104, "getgid", ""),
    Syscall(105, "setuid", "uid_t uid"),
    Syscall(106, "setgid", "gid_t gid"),
    Syscall(107, "geteuid", ""),
    Syscall(108, "getegid", ""),
    Syscall(109, "setpgid", "pid_t pid, pid_t pgid"),
    Syscall(110, "getppid", ""),
    Syscall(111, "getpgrp", ""),
    Syscall(112, "setsid", ""),
    Syscall(113, "setreuid", "uid_t ruid, uid_t euid"),
    Syscall(114, "setregid", "gid_t rgid, gid_t egid"),
    Syscall(115, "getgroups", "int gidsetsize, gid_t * grouplist"),
    Syscall(116, "setgroups", "int gidsetsize, gid_t * grouplist"),
    Syscall(117, "setresuid", "uid_t ruid, uid_t euid, uid_t suid"),
    Syscall(118, "getresuid", "uid_t * ruidp, uid_t * euidp, uid_t * suidp"),
    Syscall(119, "setresgid", "gid_t rgid, gid_t egid, gid_t sgid"),
    Syscall(120, "getresgid", "gid_t * rgidp, gid_t * egidp, gid_t * sgidp"),
    Syscall(121, "getpgid", "pid_t pid"),
    Syscall(122, "setfsuid", "uid_t uid"),
    Syscall(123, "setfsgid", "gid_t gid"),
    Syscall(124, "getsid", "pid_t pid"),
    Syscall(125, "capget", "cap_user_header_t header, cap_user_data_t dataptr"),
    Syscall(126, "capset", "cap_user_header_t header, const cap_user_data_t data"),
    Syscall(127, "rt_sigpending", "sigset_t * uset, size_t sigsetsize"),
    Syscall(
        128,
        "rt_sigtimedwait",
        "const sigset_t * uthese, siginfo_t * uinfo, const struct __kernel_timespec * uts, "
        "size_t sigsetsize",
    ),
    Syscall(129, "rt_sigqueueinfo", "pid_t pid, int sig, siginfo_t * uinfo"),
    Syscall(130, "rt_sigsuspend", "sigset_t * unewset, size_t sigsetsize"),
    Syscall(131, "sigaltstack", "const stack_t * uss, stack_t * uoss"),
    Syscall(132, "utime", "char * filename, struct utimbuf * times"),
    Syscall(133, "mknod", "const char * filename, umode_t mode, unsigned dev"),
    Syscall(135, "personality", "unsigned int personality"),
    Syscall(136, "ustat", "unsigned dev, struct ustat * ubuf"),
    Syscall(137, "statfs", "const char * pathname, struct statfs * buf"),
    Syscall(138, "fstatfs", "unsigned int fd, struct statfs * buf"),
    Syscall(139, "sysfs", "int option, unsigned long arg1, unsigned long arg2"),
    Syscall(140, "getpriority", "int which, int who"),
    Syscall(141, "setpriority", "int which, int who, int niceval"),
    Syscall(142, "sched_setparam", "pid_t pid, struct sched_param * param"),
    Syscall(143, "sched_getparam", "pid_t pid, struct sched_param * param"),
    Syscall(144, "sched_setscheduler", "pid_t pid, int policy, struct sched_param * param"),
    Syscall(145, "sched_getscheduler", "pid_t pid"),
    Syscall(146, "sched_get_priority_max", "int policy"),
    Syscall(147, "sched_get_priority_min", "int policy"),
    Syscall(148, "sched_rr_get_interval", "pid_t pid, struct __kernel_timespec * interval"),
    Syscall(149, "mlock", "unsigned long start, size_t len"),
    Syscall(150, "munlock", "unsigned long start, size_t len"),
    Syscall(151, "mlockall", "int flags"),
    Syscall(152, "munlockall", ""),
    Syscall(153, "vhangup", ""),
    Syscall(154, "modify_ldt", "int func, void * ptr, unsigned long bytecount"),
    Syscall(155, "pivot_root", "const char * new_root, const char * put_old"),
    Syscall(
        157,
        "prctl",
        "int option, unsigned long arg2, unsigned long arg3, unsigned long arg4, "
        "unsigned long arg5",
    ),
    Syscall(158, "arch_prctl", "int option, unsigned long arg2"),
    Syscall(159, "adjtimex", "struct __kernel_timex * txc_p"),
    Syscall(160, "setrlimit", "unsigned int resource, struct rlimit * rlim"),
    Syscall(161, "chroot", "const char * filename"),
    Syscall(162, "sync", ""),
    Syscall(163, "acct", "const char * name"),
    Syscall(164, "settimeofday", "struct __kernel_old_timeval * tv, struct timezone * tz"),
    Syscall(
        165,
        "mount",
        "char * dev_name, char * dir_name, char * type, unsigned long flags, void * data",
    ),
    Syscall(166, "umount", "char * name, int flags"),
    Syscall(167, "swapon", "const char * specialfile, int swap_flags"),
    Syscall(168, "swapoff", "const char * specialfile"),
    Syscall(169, "reboot", "int magic1, int magic2, unsigned int cmd, void * arg"),
    Syscall(170, "sethostname", "char * name, int len"),
    Syscall(171, "setdomainname", "char * name, int len"),
    Syscall(172, "iopl", "unsigned int level"),
    Syscall(173, "ioperm", "unsigned long from, unsigned long num, int turn_on"),
    Syscall(179, "quotactl", "unsigned int cmd, const char * special, qid_t id, void * addr"),
    Syscall(186, "gettid", ""),
    Syscall(187, "readahead", "int fd, loff_t offset, size_t count"),
    Syscall(
        188,
        "setxattr",
        "const char * pathname, const char * name, const void * value, size_t size, int flags",
    ),
    Syscall(
        189,
        "lsetxattr",
        "const char * pathname, const char * name, const void * value, size_t size, int flags",
    ),
    Syscall(
        190, "fsetxattr", "int fd, const char * name, const void * value, size_t size, int flags"
    ),
    Syscall(191, "getxattr", "const char * pathname, const char * name, void * value, size_t size"),
    Syscall(
        192, "lgetxattr", "const char * pathname, const char * name, void * value, size_t size"
    ),
    Syscall(193, "fgetxattr", "int fd, const char * name, void * value, size_t size"),
    Syscall(194, "listxattr", "const char * pathname, char * list, size_t size"),
    Syscall(195, "llistxattr", "const char * pathname, char * list, size_t size"),
    Syscall(196, "flistxattr", "int fd, char * list, size_t size"),
    Syscall(197, "removexattr", "const char * pathname, const char * name"),
    Syscall(198, "lremovexattr", "const char * pathname, const char * name"),
    Syscall(199, "fremovexattr", "int fd, const char * name"),
    Syscall(200, "tkill", "pid_t pid, int sig"),
    Syscall(201, "time", "__kernel_old_time_t * tloc"),
    Syscall(
        202,
        "futex",
        "u32 * uaddr, int op, u32 val, const struct __kernel_timespec * utime, "
        "u32 * uaddr2, u32 val3",
    ),
    Syscall(203, "sched_setaffinity", "pid_t pid, unsigned int len, unsigned long * user_mask_ptr"),
    Syscall(204, "sched_getaffinity", "pid_t pid, unsigned int len, unsigned long * user_mask_ptr"),
    Syscall(206, "io_setup", "unsigned nr_events, aio_context_t * ctxp"),
    Syscall(207, "io_destroy", "aio_context_t ctx"),
    Syscall(
        208,
        "io_getevents",
        "aio_context_t ctx_id, long min_nr, long nr, struct io_event * events, "
        "struct __kernel_timespec * timeout",
    ),
    Syscall(209, "io_submit", "aio_context_t ctx_id, long nr, struct iocb * * iocbpp"),
    Syscall(210, "io_cancel", "aio_context_t ctx_id, struct iocb * iocb, struct io_event * result"),
    Syscall(213, "epoll_create", "int size"),
    Syscall(
        216,
        "remap_file_pages",
        "unsigned long start, unsigned long size, unsigned long prot, unsigned long pgoff, "
        "unsigned long flags",
    ),
    Syscall(
        217, "getdents64", "unsigned int fd, struct linux_dirent64 * dirent, unsigned int count"
    ),
    Syscall(218, "set_tid_address", "int * tidptr"),
    Syscall(219, "restart_syscall", ""),
    Syscall(
        220,
        "semtimedop",
        "int semid, struct sembuf * tsops, unsigned int nsops, "
        "const struct __kernel_timespec * timeout",
    ),
    Syscall(221, "fadvise64", "int fd, loff_t offset, size_t len, int advice"),
    Syscall(
        222,
        "timer_create",
        "const clockid_t which_clock, struct sigevent * timer_event_spec, "
        "timer_t * created_timer_id",
    ),
    Syscall(
        223,
        "timer_settime",
        "timer_t timer_id, int flags, const struct __kernel_itimerspec * new_setting, "
        "struct __kernel_itimerspec * old_setting",
    ),
    Syscall(224, "timer_gettime", "timer_t timer_id, struct __kernel_itimerspec * setting"),
    Syscall(225, "timer_getoverrun", "timer_t timer_id"),
    Syscall(226, "timer_delete", "timer_t timer_id"),
    Syscall(
        227, "clock_settime", "const clockid_t which_clock, const struct __kernel_timespec * tp"
    ),
    Syscall(228, "clock_gettime", "const clockid_t which_clock, struct __kernel_timespec * tp"),
    Syscall(229, "clock_getres", "const clockid_t which_clock, struct __kernel_timespec * tp"),
    Syscall(
        230,
        "clock_nanosleep",
        "const clockid_t which_clock, int flags, const struct __kernel_timespec * rqtp, "
        "struct __kernel_timespec * rmtp",
    ),
    Syscall(231, "exit_group", "int error_code"),
    Syscall(232, "epoll_wait", "int epfd, struct epoll_event * events, int maxevents, int timeout"),
    Syscall(233, "epoll_ctl", "int epfd, int op, int fd, struct epoll_event * event"),
    Syscall(234, "tgkill", "pid_t tgid, pid_t pid, int sig"),
    Syscall(235, "utimes", "char * filename, struct __kernel_old_timeval * utimes"),
    Syscall(
        237,
        "mbind",
        "unsigned long start, unsigned long len, unsigned long mode, "
        "const unsigned long * nmask, unsigned long maxnode, unsigned int flags",
    ),
    Syscall(238, "set_mempolicy", "int mode, const unsigned long * nmask, unsigned long maxnode"),
    Syscall(
        239,
        "get_mempolicy",
        "int * policy, unsigned long * nmask, unsigned long maxnode, unsigned long addr, "
        "unsigned long flags",
    ),
    Syscall(
        240, "mq_open", "const char * u_name, int oflag, umode_t mode, struct mq_attr * u_attr"
    ),
    Syscall(241, "mq_unlink", "const char * u_name"),
    Syscall(
        242,
        "mq_timedsend",
        "mqd_t mqdes, const char * u_msg_ptr, size_t msg_len, unsigned int msg_prio, "
        "const struct __kernel_timespec * u_abs_timeout",
    ),
    Syscall(
        243,
        "mq_timedreceive",
        "mqd_t mqdes, char * u_msg_ptr, size_t msg_len, unsigned int * u_msg_prio, "
        "const struct __kernel_timespec * u_abs_timeout",
    ),
    Syscall(244, "mq_notify", "mqd_t mqdes, const struct sigevent * u_notification"),
    Syscall(
        245,
        "mq_getsetattr",
        "mqd_t mqdes, const struct mq_attr * u_mqstat, struct mq_attr * u_omqstat",
    ),
    Syscall(
        247,
        "waitid",
        "int which, pid_t upid, struct siginfo * infop, int options, struct rusage * ru",
    ),
    Syscall(
        248,
        "add_key",
        "const char * _type, const char * _description, const void * _payload, "
        "size_t plen, key_serial_t ringid",
    ),
    Syscall(
        249,
        "request_key",
        "const char * _type, const char * _description, const char * _callout_info, "
        "key_serial_t destringid",
    ),
    Syscall(
        250,
        "keyctl",
        "int option, unsigned long arg2, unsigned long arg3, unsigned long arg4, "
        "unsigned long arg5",
    ),
    Syscall(251, "ioprio_set", "int which, int who, int ioprio"),
    Syscall(252, "ioprio_get", "int which, int who"),
    Syscall(253, "inotify_init", ""),
    Syscall(254, "inotify_add_watch", "int fd, const char * pathname, u32 mask"),
    Syscall(255, "inotify_rm_watch", "int fd, __s32 wd"),
    Syscall(
        256,
        "migrate_pages",
        "pid_t pid, unsigned long maxnode, const unsigned long * old_nodes, "
        "const unsigned long * new_nodes",
    ),
    Syscall(257, "openat", "int dfd, const char * filename, int flags, umode_t mode"),
    Syscall(258, "mkdirat", "int dfd, const char * pathname, umode_t mode"),
    Syscall(259, "mknodat", "int dfd, const char * filename, umode_t mode, unsigned int dev"),
    Syscall(260, "fchownat", "int dfd, const char * filename, uid_t user, gid_t group, int flag"),
    Syscall(
        261, "futimesat", "int dfd, const char * filename, struct __kernel_old_timeval * utimes"
    ),
    Syscall(262, "newfstatat", "int dfd, const char * filename, struct stat * statbuf, int flag"),
    Syscall(263, "unlinkat", "int dfd, const char * pathname, int flag"),
    Syscall(264, "renameat", "int olddfd, const char * oldname, int newdfd, const char * newname"),
    Syscall(
        265,
        "linkat",
        "int olddfd, const char * oldname, int newdfd, const char * newname, int flags",
    ),
    Syscall(266, "symlinkat", "const char * oldname, int newdfd, const char * newname"),
    Syscall(267, "readlinkat", "int dfd, const char * pathname, char * buf, int bufsiz"),
    Syscall(268, "fchmodat", "int dfd, const char * filename, umode_t mode"),
    Syscall(269, "faccessat", "int dfd, const char * filename, int mode"),
    Syscall(
        270,
        "pselect6",
        "int n, fd_set * inp, fd_set * outp, fd_set * exp, struct __kernel_timespec * tsp, "
        "void * sig",
    ),
    Syscall(
        271,
        "ppoll",
        "struct pollfd * ufds, unsigned int nfds, struct __kernel_timespec * tsp, "
        "const sigset_t * sigmask, size_t sigsetsize",
    ),
    Syscall(272, "unshare", "unsigned long unshare_flags"),
    Syscall(273, "set_robust_list", "struct robust_list_head * head, size_t len"),
    Syscall(
        274, "get_robust_list", "int pid, struct robust_list_head * * head_ptr, size_t * len_ptr"
    ),
    Syscall(
        275,
        "splice",
        "int fd_in, loff_t * off_in, int fd_out, loff_t * off_out, size_t len, unsigned int flags",
    ),
    Syscall(276, "tee", "int fdin, int fdout, size_t len, unsigned int flags"),
    Syscall(277, "sync_file_range", "int fd, loff_t offset, loff_t nbytes, unsigned int flags"),
    Syscall(
        278,
        "vmsplice",
        "int fd, const struct iovec * uiov, unsigned long nr_segs, unsigned int flags",
    ),
    Syscall(
        279,
        "move_pages",
        "pid_t pid, unsigned long nr_pages, const void * * pages, const int * nodes, "
        "int * status, int flags",
    ),
    Syscall(
        280,
        "utimensat",
        "int dfd, const char * filename, struct __kernel_timespec * utimes, int flags",
    ),
    Syscall(
        281,
        "epoll_pwait",
        "int epfd, struct epoll_event * events, int maxevents, int timeout, "
        "const sigset_t * sigmask, size_t sigsetsize",
    ),
    Syscall(282, "signalfd", "int ufd, sigset_t * user_mask, size_t sizemask"),
    Syscall(283, "timerfd_create", "int clockid, int flags"),
    Syscall(284, "eventfd", "unsigned int count"),
    Syscall(285, "fallocate", "int fd, int mode, loff_t offset, loff_t len"),
    Syscall(
        286,
        "timerfd_settime",
        "int ufd, int flags, const struct __kernel_itimerspec * utmr, "
        "struct __kernel_itimerspec * otmr",
    ),
    Syscall(287, "timerfd_gettime", "int ufd, struct __kernel_itimerspec * otmr"),
    Syscall(
        288, "accept4", "int fd, struct sockaddr * upeer_sockaddr, int * upeer_addrlen, int flags"
    ),
    Syscall(289, "signalfd4", "int ufd, sigset_t * user_mask, size_t sizemask, int flags"),
    Syscall(290, "eventfd2", "unsigned int count, int flags"),
    Syscall(291, "epoll_create1", "int flags"),
    Syscall(292, "dup3", "unsigned int oldfd, unsigned int newfd, int flags"),
    Syscall(293, "pipe2", "int * fildes, int flags"),
    Syscall(294, "inotify_init1", "int flags"),
    Syscall(
        295,
        "preadv",
        "unsigned long fd, const struct iovec * vec, unsigned long vlen, "
        "unsigned long pos_l, unsigned long pos_h",
    ),
    Syscall(
        296,
        "pwritev",
        "unsigned long fd, const struct iovec * vec, unsigned long vlen, "
        "unsigned long pos_l, unsigned long pos_h",
    ),
    Syscall(297, "rt_tgsigqueueinfo", "pid_t tgid, pid_t pid, int sig, siginfo_t * uinfo"),
    Syscall(
        298,
        "perf_event_open",
        "struct perf_event_attr * attr_uptr, pid_t pid, int cpu, int group_fd, unsigned long flags",
    ),
    Syscall(
        299,
        "recvmmsg",
        "int fd, struct mmsghdr * mmsg, unsigned int vlen, unsigned int flags, "
        "struct __kernel_timespec * timeout",
    ),
    Syscall(300, "fanotify_init", "unsigned int flags, unsigned int event_f_flags"),
    Syscall(
        301,
        "fanotify_mark",
        "int fanotify_fd, unsigned int flags, __u64 mask, int dfd, const char * pathname",
    ),
    Syscall(
        302,
        "prlimit64",
        "pid_t pid, unsigned int resource, const struct rlimit64 * new_rlim, "
        "struct rlimit64 * old_rlim",
    ),
    Syscall(
        303,
        "name_to_handle_at",
        "int dfd, const char * name, struct file_handle * handle, void * mnt_id, int flag",
    ),
    Syscall(304, "open_by_handle_at", "int mountdirfd, struct file_handle * handle, int flags"),
    Syscall(305, "clock_adjtime", "const clockid_t which_clock, struct __kernel_timex * utx"),
    Syscall(306, "syncfs", "int fd"),
    Syscall(
        307, "sendmmsg", "int fd, struct mmsghdr * mmsg, unsigned int vlen, unsigned int flags"
    ),
    Syscall(308, "setns", "int fd, int flags"),
    Syscall(309, "getcpu", "unsigned * cpup, unsigned * nodep, struct getcpu_cache * unused"),
    Syscall(
        310,
        "process_vm_readv",
        "pid_t pid, const struct iovec * lvec, unsigned long liovcnt, "
        "const struct iovec * rvec, unsigned long riovcnt, unsigned long flags",
    ),
    Syscall(
        311,
        "process_vm_writev",
        "pid_t pid, const struct iovec * lvec, unsigned long liovcnt, "
        "const struct iovec * rvec, unsigned long riovcnt, unsigned long flags",
    ),
    Syscall(
        312, "kcmp", "pid_t pid1, pid_t pid2, int type, unsigned long idx1, unsigned long idx2"
    ),
    Syscall(314, "sched_setattr", "pid_t pid, struct sched_attr * uattr, unsigned int flags"),
    Syscall(
        315,
        "sched_getattr",
        "pid_t pid, struct sched_attr * uattr, unsigned int usize, unsigned int flags",
    ),
    Syscall(
        316,
        "renameat2",
        "int olddfd, const char * oldname, int newdfd, const char * newname, unsigned int flags",
    ),
    Syscall(317, "seccomp", "unsigned int op, unsigned int flags, void * uargs"),
    Syscall(318, "getrandom", "char * ubuf, size_t len, unsigned int flags"),
    Syscall(319, "memfd_create", "const char * uname, unsigned int flags"),
    Syscall(321, "bpf", "int cmd, union bpf_attr * uattr, unsigned int size"),
    Syscall(
        322,
        "execveat",
        "int fd, const char * filename, const char *const * argv, "
        "const char *const * envp, int flags",
    ),
    Syscall(323, "userfaultfd", "int flags"),
    Syscall(324, "membarrier", "int cmd, unsigned int flags, int cpu_id"),
    Syscall(325, "mlock2", "unsigned long start, size_t len, int flags"),
    Syscall(
        326,
        "copy_file_range",
        "int fd_in, loff_t * off_in, int fd_out, loff_t * off_out, size_t len, unsigned int flags",
    ),
    Syscall(
        327,
        "preadv2",
        "unsigned long fd, const struct iovec * vec, unsigned long vlen, "
        "unsigned long pos_l, unsigned long pos_h, rwf_t flags",
    ),
    Syscall(
        328,
        "pwritev2",
        "unsigned long fd, const struct iovec * vec, unsigned long vlen, "
        "unsigned long pos_l, unsigned long pos_h, rwf_t flags",
    ),
    Syscall(329, "pkey_mprotect", "unsigned long start, size_t len, unsigned long prot, int pkey"),
    Syscall(330, "pkey_alloc", "unsigned long flags, unsigned long init_val"),
    Syscall(331, "pkey_free", "int pkey"),
    Syscall(
        332,
        "statx",
        "int dfd, const char * filename, unsigned flags, unsigned int mask, struct statx * buffer",
    ),
    Syscall(
        333,
        "io_pgetevents",
        "aio_context_t ctx_id, long min_nr, long nr, struct io_event * events, "
        "struct __kernel_timespec * timeout, const struct __aio_sigset * usig",
    ),
    Syscall(334, "rseq", "struct rseq * rseq, u32 rseq_len, int flags, u32 sig"),
    Syscall(335, "uretprobe", "", "6.11"),
    Syscall(336, "uprobe", "", "6.18"),
    Syscall(
        424, "pidfd_send_signal", "int pidfd, int sig, siginfo_t * info, unsigned int flags", "5.1"
    ),
    Syscall(425, "io_uring_setup", "u32 entries, struct io_uring_params * params", "5.1"),
    Syscall(
        426,
        "io_uring_enter",
        "unsigned int fd, u32 to_submit, u32 min_complete, u32 flags, const void * argp, "
        "size_t argsz",
        "5.1",
    ),
    Syscall(
        427,
        "io_uring_register",
        "unsigned int fd, unsigned int opcode, void * arg, unsigned int nr_args",
        "5.1",
    ),
    Syscall(428, "open_tree", "int dfd, const char * filename, unsigned flags", "5.2"),
    Syscall(
        429,
        "move_mount",
        "int from_dfd, const char * from_pathname, int to_dfd, const char * to_pathname, "
        "unsigned int flags",
        "5.2",
    ),
    Syscall(430, "fsopen", "const char * _fs_name, unsigned int flags", "5.2"),
    Syscall(
        431,
        "fsconfig",
        "int fd, unsigned int cmd, const char * _key, const void * _value, int aux",
        "5.2",
    ),
    Syscall(432, "fsmount", "int fs_fd, unsigned int flags, unsigned int attr_flags", "5.2"),
    Syscall(433, "fspick", "int dfd, const char * path, unsigned int flags", "5.2"),
    Syscall(434, "pidfd_open", "pid_t pid, unsigned int flags", "5.3"),
    Syscall(435, "clone3", "struct clone_args * uargs, size_t size", "5.3"),
    Syscall(436, "close_range", "unsigned int fd, unsigned int max_fd, unsigned int flags", "5.9"),
    Syscall(
        437, "openat2", "int dfd, const char * filename, struct open_how * how, size_t usize", "5.6"
    ),
    Syscall(438, "pidfd_getfd", "int pidfd, int fd, unsigned int flags", "5.6"),
    Syscall(439, "faccessat2", "int dfd, const char * filename, int mode, int flags", "5.8"),
    Syscall(
        440,
        "process_madvise",
        "int pidfd, const struct iovec * vec, size_t vlen, int behavior, unsigned int flags",
        "5.10",
    ),
    Syscall(
        441,
        "epoll_pwait2",
        "int epfd, struct epoll_event * events, int maxevents, "
        "const struct __kernel_timespec * timeout, const sigset_t * sigmask, "
        "size_t sigsetsize",
        "5.11",
    ),
    Syscall(
        442,
        "mount_setattr",
        "int dfd, const char * path, unsigned int flags, struct mount_attr * uattr, size_t usize",
        "5.12",
    ),
    Syscall(443, "quotactl_fd", "unsigned int fd, unsigned int cmd, qid_t id, void * addr", "5.14"),
    Syscall(
        444,
        "landlock_create_ruleset",
        "const struct landlock_ruleset_attr *const attr, const size_t size, const __u32 flags",
        "5.13",
    ),
    Syscall(
        445,
        "landlock_add_rule",
        "const int ruleset_fd, const enum landlock_rule_type rule_type, "
        "const void *const rule_attr, const __u32 flags",
        "5.13",
    ),
    Syscall(446, "landlock_restrict_self", "const int ruleset_fd, const __u32 flags", "5.13"),
    Syscall(447, "memfd_secret", "unsigned int flags", "5.14"),
    Syscall(448, "process_mrelease", "int pidfd, unsigned int flags", "5.15"),
    Syscall(
        449,
        "futex_waitv",
        "struct futex_waitv * waiters, unsigned int nr_futexes, unsigned int flags, "
        "struct __kernel_timespec * timeout, clockid_t clockid",
        "5.16",
    ),
    Syscall(
        450,
        "set_mempolicy_home_node",
        "unsigned long start, unsigned long len, unsigned long home_node, unsigned long flags",
        "5.17",
    ),
    Syscall(
        451,
        "cachestat",
        "unsigned int fd, struct cachestat_range * cstat_range, struct cachestat * cstat, "
        "unsigned int flags",
        "6.5",
    ),
    Syscall(
        452, "fchmodat2", "int dfd, const char * filename, umode_t mode, unsigned int flags", "6.6"
    ),
    Syscall(
        454, "futex_wake", "void * uaddr, unsigned long mask, int nr, unsigned int flags", "6.7"
    ),
    Syscall(
        455,
        "futex_wait",
        "void * uaddr, unsigned long val, unsigned long mask, unsigned int flags, "
        "struct __kernel_timespec * timeout, clockid_t clockid",
        "6.7",
    ),
    Syscall(
        456,
        "futex_requeue",
        "struct futex_waitv * waiters, unsigned int flags, int nr_wake, int nr_requeue",
        "6.7",
    ),
    Syscall(
        457,
        "statmount",
        "const struct mnt_id_req * req, struct statmount * buf, size_t bufsize, unsigned int flags",
        "6.8",
    ),
    Syscall(
        458,
        "listmount",
        "const struct mnt_id_req * req, u64 * mnt_ids, size_t nr_mnt_ids, unsigned int flags",
        "6.8",
    ),
    Syscall(
        459,
        "lsm_get_self_attr",
        "unsigned int attr, struct lsm_ctx * ctx, u32 * size, u32 flags",
        "6.8",
    ),
    Syscall(
        460,
        "lsm_set_self_attr",
        "unsigned int attr, struct lsm_ctx * ctx, u32 size, u32 flags",
        "6.8",
    ),
    Syscall(461, "lsm_list_modules", "u64 * ids, u32 * size, u32 flags", "6.8"),
    Syscall(462, "mseal", "unsigned long start, size_t len, unsigned long flags", "6.10"),
    Syscall(
        463,
        "setxattrat",
        "int dfd, const char * pathname, unsigned int at_flags, const char * name, "
        "const struct xattr_args * uargs, size_t usize",
        "6.13",
    ),
    Syscall(
        464,
        "getxattrat",
        "int dfd, const char * pathname, unsigned int at_flags, const char * name, "
        "struct xattr_args * uargs, size_t usize",
        "6.13",
    ),
    Syscall(
        465,
        "listxattrat",
        "int dfd, const char * pathname, unsigned int at_flags, char * list, size_t size",
        "6.13",
    ),
    Syscall(
        466,
        "removexattrat",
        "int dfd, const char * pathname, unsigned int at_flags, const char * name",
        "6.13",
    ),
    Syscall(
        467,
        "open_tree_attr",
        "int dfd, const char * filename, unsigned flags, struct mount_attr * uattr, size_t usize",
        "6.15",
    ),
    Syscall(
        468,
        "file_getattr",
        "int dfd, const char * filename, struct file_attr * ufattr, size_t usize, "
        "unsigned int at_flags",
        "6.17",
    ),
    Syscall(
        469,
        "file_setattr",
        "int dfd, const char * filename, struct file_attr * ufattr, size_t usize, "
        "unsigned int at_flags",
        "6.17",
    ),
    Syscall(175, "init_module", "void * umod, unsigned long len, const char * uargs"),
    Syscall(176, "delete_module", "const char * name_user, unsigned int flags"),
    Syscall(
        246,
        "kexec_load",
        "unsigned long entry, unsigned long nr_segments, struct kexec_segment * segments, "
        "unsigned long flags",
    ),
    Syscall(313, "finit_module", "int fd, const char * uargs, int flags"),
    Syscall(
        320,
        "kexec_file_load",
        "int kernel_fd, int initrd_fd, unsigned long cmdline_len, "
        "const char * cmdline_ptr, unsigned long flags",
    ),
    Syscall(
        453, "map_shadow_stack", "unsigned long addr, unsigned long size, unsigned int flags", "6.6"
    ),
)


@cache
def by_name() -> dict[str, Syscall]:
    """All rows by name."""
    return {row.name: row for row in SYSCALLS}


def number_of(name: str) -> int:
    """The number of the call that tracefs knows by `name`; -1 where the table has none."""
    row = by_name().get(name)
    return row.number if row else -1


def traceable(kernel: Kernel) -> tuple[Syscall, ...]:
    """The system calls that `kernel` has."""
    return tuple(row for row in SYSCALLS if not row.since or kernel.at_least(row.since))
