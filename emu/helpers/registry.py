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
NOT_TRACING = "it is not for the program types that are emulated"
_CGROUPS = "the world has no cgroups"
_BTF_POINTERS = "typed kernel pointers are not emulated"
_DYNPTR = "dynptrs are not emulated"
_ITERATORS = "iterator programs are not emulated"
_COUNTERS = "the world's CPUs have no hardware counters and branch records"
_TRAMPOLINE = "the world has no kernel functions to attach to"

# Helpers that are refused, and why.
NOT_EMULATED: dict[str, str] = {
    **dict.fromkeys(
        (
            "get_socket_cookie",
            "get_netns_cookie",
            "sk_storage_get",
            "sk_storage_delete",
            "skb_output",
            "xdp_output",
            "skc_to_tcp6_sock",
            "skc_to_tcp_sock",
            "skc_to_tcp_timewait_sock",
            "skc_to_tcp_request_sock",
            "skc_to_udp6_sock",
            "skc_to_unix_sock",
            "skc_to_mptcp_sock",
            "sock_from_file",
        ),
        _NETWORK,
    ),
    **dict.fromkeys(
        (
            "get_cgroup_classid",
            "get_current_cgroup_id",
            "get_current_ancestor_cgroup_id",
            "cgrp_storage_get",
            "cgrp_storage_delete",
        ),
        _CGROUPS,
    ),
    **dict.fromkeys(
        (
            "get_task_stack",
            "d_path",
            "per_cpu_ptr",
            "this_cpu_ptr",
            "task_pt_regs",
            "find_vma",
            "copy_from_user_task",
            "kptr_xchg",
            "snprintf_btf",
        ),
        _BTF_POINTERS,
    ),
    **dict.fromkeys(
        ("user_ringbuf_drain",),
        _DYNPTR,
    ),
    **dict.fromkeys(("seq_printf", "seq_write", "seq_printf_btf"), _ITERATORS),
    **dict.fromkeys(
        (
            "perf_prog_read_value",
            "read_branch_records",
            "get_branch_snapshot",
        ),
        _COUNTERS,
    ),
    **dict.fromkeys(
        ("override_return", "get_func_ip", "get_func_arg", "get_func_ret", "get_func_arg_cnt"),
        _TRAMPOLINE,
    ),
    **dict.fromkeys(
        ("timer_init", "timer_set_callback", "timer_start", "timer_cancel"),
        "timers in map values are not emulated",
    ),
    **dict.fromkeys(("spin_lock", "spin_unlock"), "spin locks in map values are not emulated"),
    "get_ns_current_pid_tgid": "the world has one PID namespace",
    "ktime_get_tai_ns": "leap seconds are not modelled",
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

    Raises ValueError for a name that is registered.
    """

    def register(function: F) -> F:
        if name in KFUNCS:
            raise ValueError(f"{name} is registered already")
        KFUNCS[name] = function
        return function

    return register
