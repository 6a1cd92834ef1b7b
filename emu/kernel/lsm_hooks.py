"""Hooks of the security modules: what programs at them may do.

Source: the BTF sets of kernel/bpf/bpf_lsm.c, read in 5.11 to 6.14, 6.19, 7.2 and 7.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.kernel.traits import Trait

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel

PREFIX = "bpf_lsm_"


class Hooks(NamedTuple):
    """Hooks that a set has had from a release on, until another."""

    names: tuple[str, ...]
    since: str | Trait = ""
    until: str | Trait = ""


def _rows(names: str, since: str | Trait = "", until: str | Trait = "") -> Hooks:
    return Hooks(tuple(names.split()), since, until)


# sleepable_lsm_hooks; in 5.10 btf_sleepable_lsm_hooks.
SLEEPABLE = (
    _rows("bprm_committed_creds", "5.10"),
    _rows(
        """
        bpf bpf_map bpf_prog bprm_check_security bprm_committing_creds bprm_creds_for_exec
        bprm_creds_from_file capget capset cred_prepare file_ioctl file_lock file_open file_receive
        inode_create inode_free_security inode_getattr inode_getxattr inode_mknod
        inode_need_killpriv inode_post_setxattr inode_readlink inode_rename inode_rmdir
        inode_setattr inode_setxattr inode_symlink inode_unlink kernel_module_request
        kernfs_init_security mmap_file netlink_send path_notify release_secctx sb_alloc_security
        sb_eat_lsm_opts sb_kern_mount sb_mount sb_remount sb_set_mnt_opts sb_show_options sb_statfs
        sb_umount settime socket_accept socket_bind socket_connect socket_create socket_getpeername
        socket_getpeersec_dgram socket_getsockname socket_getsockopt socket_listen
        socket_post_create socket_recvmsg socket_sendmsg socket_shutdown socket_socketpair syslog
        task_alloc task_prctl task_setscheduler
        """,
        "5.11",
    ),
    _rows("bpf_map_alloc_security bpf_map_free_security", "5.11", "6.9"),
    _rows("key_free", "5.11", "6.12"),
    _rows("task_getsecid", "5.11", "5.14"),
    _rows("task_getsecid_obj", "5.14", "6.13"),
    _rows("task_getsecid_subj", "5.14", "5.17"),
    _rows("current_getsecid_subj", "5.17", "6.13"),
    _rows("kernel_read_file", "5.19"),
    _rows("userns_create", "6.1"),
    _rows(
        """
        path_unlink path_mkdir path_rmdir path_truncate path_symlink path_link path_rename
        path_chmod path_chown
        """,
        "6.8",
    ),
    _rows(
        """
        bpf_map_create bpf_map_free bpf_prog_load bpf_token_create bpf_token_free bpf_token_cmd
        bpf_token_capable
        """,
        "6.9",
    ),
    _rows("file_post_open", "6.11"),
    _rows("inode_post_removexattr inode_removexattr", "6.15"),
    _rows("bdev_alloc_security bdev_setintegrity", Trait.LSM_BLOCK_DEVICES),
    _rows("inet_conn_established", "5.11", Trait.LSM_ATOMIC_HOOKS),
    _rows("task_to_inode", "5.11", Trait.LSM_TASK_TO_INODE_ATOMIC),
    _rows("bpf_prog_free", "6.9", Trait.LSM_PROG_FREE_ATOMIC),
)
# untrusted_lsm_hooks: their arguments may be half made, or half freed.
UNTRUSTED = (
    _rows("sk_alloc_security sk_free_security file_alloc_security file_free_security task_free"),
    _rows("bpf_map_free_security bpf_prog_alloc_security bpf_prog_free_security", until="6.9"),
    _rows("bpf_map_free bpf_prog_free", "6.9"),
    _rows("bdev_alloc_security bdev_free_security", Trait.LSM_BLOCK_DEVICES),
)

# bool_lsm_hooks
BOOL = (_rows("xfrm_state_pol_flow_match audit_rule_known inode_xattr_skipcap"),)

# bpf_lsm_disabled_hooks
DISABLED = (
    _rows(
        """
        vm_enough_memory inode_need_killpriv inode_getsecurity inode_listsecurity
        inode_copy_up_xattr getselfattr getprocattr setprocattr key_getsecurity audit_rule_match
        ismaclabel
        """
    ),
    _rows("xfrm_decode_session", Trait.LSM_XFRM_DISABLED),
    _rows("file_alloc_security", "6.19"),
)

# bpf_lsm_current_hooks: no programs of a control group.
WITHOUT_CGROUP = (_rows("sk_alloc_security sk_free_security"),)

# Those whose programs get and set options of the socket, locked or not.
WITH_SOCKET = (
    _rows("socket_sock_rcv_skb", until="6.1"),
    _rows("sock_graft inet_csk_clone inet_conn_established socket_post_create socket_socketpair"),
)


def has(kernel: Kernel, rows: tuple[Hooks, ...], function: str) -> bool:
    """Whether the set has the hook of a function, whose name has the prefix."""
    hook = function.removeprefix(PREFIX)
    return any(
        hook in row.names
        and kernel.holds(row.since)
        and not (row.until and kernel.holds(row.until))
        for row in rows
    )
