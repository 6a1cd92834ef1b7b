"""RESULTS: what helpers that only compute or copy give back, one row a helper.

Sources: the helpers' functions in kernel/bpf/helpers.c, kernel/trace/bpf_trace.c and
net/core/filter.c, and the limits that their comments name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.kernel.errno import MAX_ERRNO
from verifier_model.smt import words
from verifier_model.smt.words import BITS, U32, U64, Word, both, compare, signed

if TYPE_CHECKING:
    from verifier_model.smt.words import Truth

_MIN, _MAX = -(1 << 63), (1 << 63) - 1
MAX_CPUS = 8192  # NR_CPUS of x86


class Range(NamedTuple):
    """What a result may be: signed bounds, and the bits that may be set."""

    low: int = _MIN
    high: int = _MAX
    bits: int = U64
    up_to_size: bool = False  # `high` is the size argument


_ANY = Range()
_ERRNO = Range(-MAX_ERRNO, 0)
_LENGTH = Range(-MAX_ERRNO, up_to_size=True)
_TIME = Range(0)
_POINTER = Range(signed(0xFFFF_8880_0000_0000), signed(0xFFFF_C87F_FFFF_FFFF), U64 - 63)
# Process and thread numbers: PID_MAX_LIMIT is 1 << 22.
_PIDS = Range(0, bits=(0x3F_FFFF << 32) | 0x3F_FFFF)

RESULTS: dict[str, Range] = {
    "get_prandom_u32": Range(0, U32),
    "get_smp_processor_id": Range(0, MAX_CPUS - 1),
    "get_numa_node_id": Range(0, 1023),
    "get_current_pid_tgid": _PIDS,
    "get_current_uid_gid": _ANY,
    "get_current_task": _POINTER,
    "get_current_cgroup_id": _ANY,
    "get_attach_cookie": _ANY,
    "get_func_ip": _ANY,
    "get_socket_cookie": _ANY,
    "get_socket_uid": Range(0, U32),
    "get_cgroup_classid": Range(0, U32),
    "get_route_realm": Range(0, U32),
    "get_hash_recalc": Range(0, U32),
    "jiffies64": _TIME,
    "ktime_get_ns": _TIME,
    "ktime_get_boot_ns": _TIME,
    "ktime_get_coarse_ns": _TIME,
    "ktime_get_tai_ns": _TIME,
    "trace_printk": Range(-MAX_ERRNO, 1024),
    "get_stackid": Range(-MAX_ERRNO, (1 << 31) - 1),
    "redirect": Range(0, 7),
    "redirect_map": Range(0, U32),
    "perf_event_read": _ANY,
    "csum_diff": Range(-MAX_ERRNO, U32),
    **dict.fromkeys(
        (
            "probe_read",
            "probe_read_kernel",
            "probe_read_user",
            "probe_write_user",
            "copy_from_user",
            "get_current_comm",
            "current_task_under_cgroup",
            "perf_event_output",
            "ringbuf_output",
            "send_signal",
            "send_signal_thread",
            "skb_load_bytes",
            "skb_load_bytes_relative",
            "get_ns_current_pid_tgid",
            "map_push_elem",
            "map_pop_elem",
            "map_peek_elem",
            "perf_event_read_value",
        ),
        _ERRNO,
    ),
    **dict.fromkeys(
        (
            "probe_read_str",
            "probe_read_kernel_str",
            "probe_read_user_str",
            "get_stack",
        ),
        _LENGTH,
    ),
}


def inside(result: Word, bounds: Range, size: Word) -> Truth:
    """Whether a result is in its range.  size: the size argument."""
    masked = words.alu("and", result, U64 - bounds.bits, BITS)
    return both(
        compare("jsge", result, bounds.low & U64),
        compare("jsle", result, size if bounds.up_to_size else bounds.high),
        compare("jeq", masked, 0) if bounds.bits != U64 and bounds.low >= 0 else True,
        compare("jeq", words.alu("and", result, 63, BITS), 0) if bounds is _POINTER else True,
    )
