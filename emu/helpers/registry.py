"""What each helper does, by the names of emu.kernel.helpers.

    @helper("get_current_comm")
    def get_current_comm(run: Run, buf: int, size: int) -> int:

A helper gets the execution context and as many u64 arguments as it has; what it returns goes to r0,
negative numbers as two's complement.  A helper that breaks a rule of its own raises VmFault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from emu.kernel import helper_names

if TYPE_CHECKING:
    from collections.abc import Callable

# The first argument is a Run, the others are ints: u64 registers.
Function = Any  # Callable[[Run, int, ...], int] cannot be written

HELPERS: dict[str, Function] = {}
KFUNCS: dict[str, Function] = {}  # kernel functions that are called by name

# What emu.vm.call does itself: it changes which program runs.
BY_THE_MACHINE = ("tail_call",)

_NETWORK = "the world has no sockets and no network"
_OTHER_TYPES = "it is not for the program types that are emulated"
_FILES = "the world has no files"
_CGROUPS = "the world has no cgroups"
_BTF_POINTERS = "typed kernel pointers are not emulated"
_ITERATORS = "iterator programs are not emulated"
_COUNTERS = "the world's CPUs have no hardware counters and branch records"
_TRAMPOLINE = "the world has no kernel functions to attach to"


def _reason(reason: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), reason)


# Helpers that are refused, and why.
NOT_EMULATED: dict[str, str] = {
    **_reason(
        _NETWORK,
        """
        bind clone_redirect fib_lookup get_listener_sock get_netns_cookie get_route_realm
        get_socket_cookie getsockopt load_hdr_opt lwt_push_encap lwt_seg6_action
        lwt_seg6_adjust_srh lwt_seg6_store_bytes msg_apply_bytes msg_cork_bytes msg_pop_data
        msg_pull_data msg_push_data msg_redirect_hash msg_redirect_map redirect redirect_neigh
        redirect_peer reserve_hdr_opt setsockopt sk_assign sk_lookup_tcp sk_lookup_udp
        sk_redirect_hash sk_redirect_map sk_release sk_select_reuseport sk_storage_delete
        sk_storage_get skb_get_tunnel_key skb_get_tunnel_opt skb_get_xfrm_state skb_output
        skb_set_tunnel_key skb_set_tunnel_opt skc_lookup_tcp skc_to_mptcp_sock skc_to_tcp6_sock
        skc_to_tcp_request_sock skc_to_tcp_sock skc_to_tcp_timewait_sock skc_to_udp6_sock
        skc_to_unix_sock sock_from_file sock_hash_update sock_map_update sock_ops_cb_flags_set
        store_hdr_opt tcp_check_syncookie tcp_gen_syncookie tcp_raw_check_syncookie_ipv4
        tcp_raw_check_syncookie_ipv6 tcp_raw_gen_syncookie_ipv4 tcp_raw_gen_syncookie_ipv6
        tcp_send_ack tcp_sock xdp_output
        """,
    ),
    **_reason(
        _CGROUPS,
        """
        cgrp_storage_delete cgrp_storage_get get_cgroup_classid get_current_ancestor_cgroup_id
        get_current_cgroup_id get_local_storage get_retval set_retval sk_ancestor_cgroup_id
        sk_cgroup_id skb_ancestor_cgroup_id skb_cgroup_classid skb_cgroup_id
        sysctl_get_current_value sysctl_get_name sysctl_get_new_value sysctl_set_new_value
        """,
    ),
    **_reason(
        _BTF_POINTERS,
        """
        copy_from_user_task d_path find_vma get_task_stack kptr_xchg per_cpu_ptr snprintf_btf
        task_pt_regs this_cpu_ptr
        """,
    ),
    **_reason(_ITERATORS, "seq_printf seq_printf_btf seq_write"),
    **_reason(_COUNTERS, "get_branch_snapshot perf_prog_read_value read_branch_records"),
    **_reason(
        _TRAMPOLINE, "get_func_arg get_func_arg_cnt get_func_ip get_func_ret override_return"
    ),
    **_reason(_FILES, "ima_file_hash ima_inode_hash inode_storage_delete inode_storage_get"),
    **_reason(
        _OTHER_TYPES,
        """
        bprm_opts_set btf_find_by_name_kind kallsyms_lookup_name rc_keydown rc_pointer_rel
        rc_repeat sys_bpf sys_close
        """,
    ),
    **_reason(
        "timers in map values are not emulated",
        "timer_cancel timer_init timer_set_callback timer_start",
    ),
    **_reason("spin locks in map values are not emulated", "spin_lock spin_unlock"),
    "csum_level": "what a device has checked of a packet is not modelled",
    "get_hash_recalc": "a packet's hash depends on a number that the kernel draws at random",
    "get_ns_current_pid_tgid": "the world has one PID namespace",
    "ktime_get_tai_ns": "leap seconds are not modelled",
    "skb_set_tstamp": "the clocks of packets' times are not modelled",
    "user_ringbuf_drain": "ring buffers that user space writes are not emulated",
}

# The same for the kernel functions whose calls the verifier model knows.
KFUNCS_NOT_EMULATED: dict[str, str] = {
    **_reason(
        "programs that may sleep are not emulated",
        """
        bpf_copy_from_user_dynptr bpf_copy_from_user_str bpf_copy_from_user_str_dynptr
        bpf_copy_from_user_task_dynptr bpf_copy_from_user_task_str
        bpf_copy_from_user_task_str_dynptr
        """,
    ),
    **_reason(_NETWORK, "bpf_dynptr_from_skb_meta bpf_icmp_send"),
    **_reason(
        "the world has no network devices",
        """
        bpf_xdp_metadata_rx_hash bpf_xdp_metadata_rx_timestamp bpf_xdp_metadata_rx_vlan_tag
        """,
    ),
    **_reason("the world has no files", "bpf_dynptr_file_discard"),
    **_reason("programs have no streams", "bpf_stream_print_stack bpf_stream_vprintk"),
    "bpf_modify_return_test_tp": "the world has no kernel functions to attach to",
    **_reason(
        "arenas are not emulated",
        "bpf_arena_alloc_pages bpf_arena_free_pages bpf_arena_reserve_pages",
    ),
    **_reason(
        "functions that run later are not emulated",
        """
        bpf_task_work_schedule_resume bpf_task_work_schedule_resume_impl
        bpf_task_work_schedule_signal bpf_task_work_schedule_signal_impl bpf_timer_cancel_async
        bpf_wq_init bpf_wq_set_callback bpf_wq_set_callback_impl bpf_wq_start
        """,
    ),
    "__bpf_trap": "compilers call it where a program must not get to",
    "bpf_throw": "exceptions are not emulated",
}


# It returns what it was given, so that calls keep their types.
F = TypeVar("F", bound="Callable[..., int]")


def helper(*names: str) -> Callable[[F], F]:
    """Register what these helpers do.

    Raises ValueError for a name that no helper has, or that is registered.
    """

    def register(function: F) -> F:
        for name in names:
            if name not in helper_names.NUMBERS:
                raise ValueError(f"{name} is not a helper of emu.kernel.helper_names")
            if name in HELPERS:
                raise ValueError(f"{name} is registered already")
            HELPERS[name] = function
        return function

    return register


def kernel_function(name: str) -> Callable[[F], F]:
    """Register what a kernel function does.

    Raises ValueError for a name that is no kernel function's, or that is registered.
    """

    def register(function: F) -> F:
        from emu.kernel.kfuncs import by_name

        if by_name(name) is None:
            raise ValueError(f"{name} is not a kernel function of emu.kernel.kfuncs")
        if name in KFUNCS:
            raise ValueError(f"{name} is registered already")
        KFUNCS[name] = function
        return function

    return register
