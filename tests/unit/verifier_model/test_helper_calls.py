"""Calls of helpers, by program type, attach type and release: what kernels answered.

Measured on Debian's kernels under emulation; a row's release is the kernel that it was measured on.
"""

from __future__ import annotations

import pytest

from emu.btf import BtfData, Kind
from emu.isa.asm import assemble
from emu.kernel.enums import F_RDONLY_PROG, MapType, ProgType
from emu.kernel.helper_names import NUMBERS
from emu.kernel.profile import Kernel
from emu.prog import MapDef, Prog
from tests.btfwriter import Writer
from verifier_model import Unmodelled, verify

_OLD_MEM = "fp, pkt, pkt_meta, map_value, mem, rdonly_buf, rdwr_buf"
_MEM = "fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_"
_SOCKETS = "sock_common, sock, tcp_sock, xdp_sock"
_UNREAD = "R2 !read_ok"

# A release, a program type, an attach type, a helper, and what the kernel says of a program that
# calls it first: "" for nothing.
CALLS = (
    # Who may call it.
    ("5.10.262", "lwt_in", 0, "lwt_push_encap", _UNREAD),
    ("5.10.262", "lwt_out", 0, "lwt_push_encap", "unknown func bpf_lwt_push_encap#73"),
    ("5.10.262", "flow_dissector", 0, "skb_load_bytes", _UNREAD),
    ("7.2.13", "flow_dissector", 0, "skb_load_bytes_relative", "cannot use"),
    ("7.1.13", "lwt_seg6local", 0, "skb_pull_data", _UNREAD),
    ("7.2.13", "lwt_seg6local", 0, "skb_pull_data", "cannot use"),
    ("6.1.180", "sk_msg", 0, "get_netns_cookie", ""),
    ("6.12.107", "sched_cls", 0, "get_netns_cookie", "cannot use"),
    ("7.2.13", "sched_cls", 0, "get_netns_cookie", ""),
    ("5.10.262", "cgroup_sock_addr", 8, "setsockopt", "unknown func bpf_setsockopt#49"),
    ("6.1.180", "cgroup_sock_addr", 8, "setsockopt", _UNREAD),
    ("6.12.107", "cgroup_sock", 2, "setsockopt", "cannot use"),
    ("6.19.14", "cgroup_sock", 2, "setsockopt", _UNREAD),
    ("7.2.13", "cgroup_sock", 0, "setsockopt", _UNREAD),
    ("7.2.13", "cgroup_sockopt", 21, "setsockopt", "cannot use"),
    ("7.2.13", "cgroup_skb", 0, "set_retval", "cannot use"),
    ("6.12.107", "xdp", 0, "get_cgroup_classid", "cannot use"),
    # Helpers that may sleep.
    ("6.1.180", "kprobe", 0, "copy_from_user", "unknown func bpf_copy_from_user#148"),
    ("6.12.107", "kprobe", 0, "copy_from_user", "helper call might sleep in a non-sleepable prog"),
    ("6.12.107", "xdp", 0, "copy_from_user", "cannot use"),
    ("6.16.12", "xdp", 0, "copy_from_user", "helper call might sleep in a non-sleepable prog"),
    (
        *("7.1.13", "xdp", 0, "copy_from_user_task"),
        "sleepable helper bpf_copy_from_user_task#191 in non-sleepable prog",
    ),
    # What it takes from programs of the type.
    ("7.2.13", "xdp", 0, "get_cgroup_classid", ""),
    ("6.12.107", "cgroup_sock", 2, "get_cgroup_classid", ""),
    (
        *("7.2.13", "sk_reuseport", 0, "get_socket_cookie"),
        f"R1 type=ctx expected={_SOCKETS}, ptr_, trusted_ptr_",
    ),
    ("7.1.13", "cgroup_sock", 2, "set_retval", ""),
    ("7.2.13", "cgroup_sock", 2, "set_retval", "R1 is not a scalar"),
    ("7.2.13", "kprobe", 0, "get_func_ip", ""),
    (
        *("6.1.180", "tracepoint", 0, "get_func_ip"),
        "func bpf_get_func_ip#173 not supported for program type 5",
    ),
    # What the argument may be.
    ("5.10.262", "sk_msg", 0, "trace_printk", f"R1 type=ctx expected={_OLD_MEM}"),
    ("7.0.13", "xdp", 0, "trace_printk", f"R1 type=ctx expected={_MEM}"),
    ("7.1.13", "xdp", 0, "trace_printk", _UNREAD),
    ("7.0.13", "sched_cls", 0, "tcp_raw_gen_syncookie_ipv4", f"R1 type=ctx expected={_MEM}"),
    ("7.2.13", "sched_cls", 0, "tcp_raw_gen_syncookie_ipv4", "R1 type=ctx expected=fp"),
    ("7.1.13", "xdp", 0, "loop", _UNREAD),
    ("7.2.13", "xdp", 0, "loop", "R1 type=ctx expected=scalar"),
    ("6.1.180", "kprobe", 0, "dynptr_data", "R1 type=ctx expected=fp, dynptr_ptr"),
    ("5.10.262", "kprobe", 0, "get_task_stack", "R1 type=ctx expected=ptr_"),
    ("7.2.13", "kprobe", 0, "get_task_stack", "R1 type=ctx expected=ptr_, trusted_ptr_, rcu_ptr_"),
    ("6.1.180", "kprobe", 0, "this_cpu_ptr", "R1 type=ctx expected=percpu_ptr_"),
    (
        *("6.12.107", "kprobe", 0, "this_cpu_ptr"),
        "R1 type=ctx expected=percpu_ptr_, percpu_rcu_ptr_, percpu_trusted_ptr_",
    ),
    ("6.1.180", "kprobe", 0, "kptr_xchg", "R1 type=ctx expected=map_value"),
    ("7.0.13", "kprobe", 0, "kptr_xchg", "R1 type=ctx expected=map_value, ptr_"),
    ("7.1.13", "kprobe", 0, "kptr_xchg", "R1 type=ctx expected=map_value, ptr_, ptr_, rcu_ptr_"),
    ("6.1.180", "sched_cls", 0, "tcp_sock", f"R1 type=ctx expected={_SOCKETS}"),
    ("5.10.262", "sched_cls", 0, "tcp_gen_syncookie", f"R1 type=ctx expected={_SOCKETS}, ptr_"),
)

_ARRAY = MapDef("", MapType.ARRAY, 4, 64, 1)
_RING = MapDef("", MapType.RINGBUF, 0, 0, 4096)
_QUEUE = MapDef("", MapType.QUEUE, 0, 64, 1)
_SOCKMAP = MapDef("", MapType.SOCKMAP, 4, 4, 1)
_TEXT = _ARRAY._replace(flags=F_RDONLY_PROG)
_DEVMAP = _SOCKMAP._replace(type=MapType.DEVMAP)
_PROGS = _SOCKMAP._replace(type=MapType.PROG_ARRAY)

_ELEMENT = """
*(u64 *)(r10 -8) = 0
r1 = map[0] ll
r2 = r10
r2 += -8
"""
_PACKET = """
r6 = r1
r8 = *(u32 *)(r6 +76)
r9 = *(u32 *)(r6 +80)
r0 = r8
r0 += 64
if r0 > r9 goto done
"""
_RESERVE = "call get_prandom_u32\nr2 = r0\nr1 = map[0] ll\nr3 = 0\ncall ringbuf_reserve\n"
_WRITE = "r2 = map[0]+0 ll\nr3 = 8\nr4 = 0\ncall "
_UPDATE = f"{_ELEMENT}r3 = r2\nr4 = 0\ncall map_update_elem\n"
_DELETE = f"{_ELEMENT}call map_delete_elem\n"
_NULLABLE = f"{_ELEMENT}call map_lookup_elem\nr1 = r0\nr2 = 8\nr3 = 0\nr4 = 0\nr5 = 0\n"
_SK = "r1 = *(u64 *)(r1 +168)\nif r1 == 0 goto done\ncall sk_release\n"
_PUSH = f"{_PACKET}r1 = map[0] ll\nr2 = r8\nr3 = 0\ncall map_push_elem\n"
_POP = f"{_PACKET}r1 = map[0] ll\nr2 = r8\ncall map_pop_elem\n"
_TAIL_CALL = f"{_PACKET}r2 = map[0] ll\nr3 = 0\ncall tail_call\nr1 = *(u64 *)(r8 +0)\n"

# A release, a program type, a map, what the program does, and what the kernel says of it.
ARGUMENTS = (
    (
        *("5.10.262", "sched_cls", _RING, _RESERVE),
        "R2 unbounded size, use 'var &= const' or 'if (var < const)'",
    ),
    ("7.2.13", "sched_cls", _RING, _RESERVE, "R2 is not a known constant'"),
    ("7.3.4", "sched_cls", _RING, _RESERVE, "R2 is not a const"),
    (
        *("5.10.262", "sched_cls", _ARRAY, f"{_NULLABLE}call csum_diff\n"),
        f"R1 type=map_value_or_null expected={_OLD_MEM}",
    ),
    ("6.1.180", "sched_cls", _ARRAY, f"{_NULLABLE}call csum_diff\n", ""),
    ("6.12.107", "sched_cls", _ARRAY, _SK, "R1 must be referenced when passed to release function"),
    (
        *("7.2.13", "sched_cls", _ARRAY, _SK),
        "release helper bpf_sk_release expects referenced PTR_TO_BTF_ID passed to R1",
    ),
    (
        *("6.1.180", "sched_cls", _ARRAY, "r1 = map[0]+0 ll\nr2 = 0\ncall kptr_xchg\n"),
        "map '' has to have BTF in order to use bpf_kptr_xchg",
    ),
    # Memory that helpers write to, and that programs may not.
    ("6.18.5", "sched_cls", _TEXT, f"{_WRITE}fib_lookup\n", ""),
    (
        *("7.2.13", "sched_cls", _TEXT, f"{_WRITE}fib_lookup\n"),
        "write into map forbidden, value_size=64 off=0 size=8",
    ),
    ("5.10.262", "sock_ops", _TEXT, f"{_WRITE}load_hdr_opt\n", ""),
    (
        *("6.1.180", "sock_ops", _TEXT, f"{_WRITE}load_hdr_opt\n"),
        "write into map forbidden, value_size=64 off=0 size=8",
    ),
    ("6.12.107", "cgroup_sysctl", _TEXT, f"{_WRITE}sysctl_get_name\n", ""),
    (
        *("6.18.5", "cgroup_sysctl", _TEXT, f"{_WRITE}sysctl_get_name\n"),
        "write into map forbidden, value_size=64 off=0 size=8",
    ),
    # Packets as memory, and behind a tail call that failed.
    ("6.1.180", "sched_cls", _QUEUE, _PUSH, ""),
    ("6.1.180", "sched_cls", _QUEUE, _POP, "helper access to the packet is not allowed"),
    ("6.12.107", "sched_cls", _PROGS, _TAIL_CALL, "R8 invalid mem access 'scalar'"),
    ("6.18.5", "sched_cls", _PROGS, _TAIL_CALL, ""),
    # Maps of sockets and of devices.
    ("5.10.262", "sched_cls", _SOCKMAP, _UPDATE, f"R3 type=fp expected={_SOCKETS}, ptr_"),
    ("5.10.262", "sched_cls", _SOCKMAP, _DELETE, ""),
    ("5.10.262", "sk_skb", _SOCKMAP, _DELETE, "cannot pass map_type 15 into func"),
    ("7.3.4", "sched_cls", _SOCKMAP, _DELETE, "cannot pass map_type 15 into func"),
    ("7.2.13", "sched_cls", _DEVMAP, _UPDATE, "write into map forbidden"),
)


def _verdict(release, prog_type, text, attach_type=0, maps=()):
    insns = assemble(f"{text}done:\nr0 = 0\nexit\n")
    kind = ProgType[prog_type.upper()]
    prog = Prog("", kind, insns, expected_attach_type=attach_type, maps=maps, license="GPL")
    return verify(prog, Kernel.release(release), log_level=1)


@pytest.mark.parametrize(("release", "prog_type", "attach_type", "helper", "complaint"), CALLS)
def test_call_is_answered_as_the_kernel_does(release, prog_type, attach_type, helper, complaint):
    if complaint == "cannot use":
        complaint = f"program of this type cannot use helper bpf_{helper}#{NUMBERS[helper]}"
    verdict = _verdict(release, prog_type, f"call {helper}\n", attach_type)
    assert (verdict.accepted, verdict.message) == (not complaint, complaint)


@pytest.mark.parametrize(("release", "prog_type", "map_", "text", "complaint"), ARGUMENTS)
def test_argument_is_answered_as_the_kernel_does(release, prog_type, map_, text, complaint):
    verdict = _verdict(release, prog_type, text, maps=(map_,))
    assert verdict.accepted is not bool(complaint)
    assert verdict.message.startswith(complaint)


@pytest.mark.parametrize("release", ["5.10.262", "7.2.13"])
def test_helper_that_not_every_kernel_is_built_with_is_not_guessed_at(release):
    with pytest.raises(Unmodelled, match="CONFIG_BPF_KPROBE_OVERRIDE"):
        _verdict(release, "kprobe", "r2 = 0\ncall override_return\n")
    assert "override_return" in _verdict(release, "tracepoint", "call override_return\n").message


def test_attach_type_that_the_release_does_not_have_is_refused():
    unix_connect = 49
    assert _verdict("6.12.107", "cgroup_sock_addr", "", unix_connect).accepted
    refused = _verdict("6.1.180", "cgroup_sock_addr", "", unix_connect)
    assert (refused.accepted, refused.errno, refused.message) == (False, 22, "")


def test_flow_dissector_reads_the_packet_and_nothing_else_of_its_context():
    assert _verdict("6.12.107", "flow_dissector", "r2 = *(u32 *)(r1 +76)\n").accepted
    refused = _verdict("6.12.107", "flow_dissector", "r2 = *(u32 *)(r1 +0)\n")
    assert refused.message == "invalid bpf_context access off=0 size=4"
    keys = "r2 = *(u64 *)(r1 +144)\n"
    assert _verdict("6.12.107", "flow_dissector", f"{keys}*(u64 *)(r2 +48) = r1\n").accepted
    refused = _verdict("6.12.107", "flow_dissector", f"{keys}*(u64 *)(r2 +49) = r1\n")
    assert refused.message == "invalid access to flow keys off=49 size=8"


@pytest.mark.parametrize(
    ("functions", "expected"),
    [
        (("bpf_send_signal",), "program of this type cannot use helper bpf_override_return#58"),
        (("bpf_send_signal", "bpf_override_return"), ""),
    ],
)
def test_btf_says_whether_the_kernel_was_built_with_a_helper(functions, expected):
    """Debian's kernels are not: measured on 6.12.107, 6.18.44 and 7.2.13."""
    writer = Writer()
    proto = writer.proto(writer.integer("int", 4, signed=True))
    for name in functions:
        writer.type(Kind.FUNC, name, proto)
    prog = Prog("", ProgType.KPROBE, assemble("r2 = 0\ncall override_return\nr0 = 0\nexit"))
    verdict = verify(prog, Kernel.release("7.2.13"), btf=BtfData(writer.blob()))
    assert verdict.message == expected


def test_without_btf_nobody_knows_of_such_a_helper():
    prog = Prog("", ProgType.KPROBE, assemble("r2 = 0\ncall override_return\nr0 = 0\nexit"))
    with pytest.raises(Unmodelled, match="depends on CONFIG_BPF_KPROBE_OVERRIDE"):
        verify(prog, Kernel.release("7.2.13"))


# The releases that added the members: 5.0 (f11216b24219, e3da08d05700), 5.1 (d9ff286a0f59,
# 46f8bc92758c) and 5.7 (b0ac4941491f).
@pytest.mark.parametrize(
    ("off", "size", "without", "since"),
    [
        (152, 8, "4.20", "5.0"),
        (160, 4, "4.20", "5.0"),
        (164, 4, "4.20", "5.1"),
        (168, 8, "5.0", "5.1"),
        (176, 4, "5.6", "5.7"),
    ],
)
def test_packet_context_has_the_members_of_its_release(off, size, without, since):
    load = f"r2 = *(u{8 * size} *)(r1 +{off})\n"
    refused = _verdict(without, "sched_cls", load)
    assert refused.message == f"invalid bpf_context access off={off} size={size}"
    assert _verdict(since, "sched_cls", load).accepted


def test_padding_between_the_members_of_a_release_cannot_be_loaded():
    refused = _verdict("5.0", "sched_cls", "r2 = *(u32 *)(r1 +164)\n")
    assert (refused.errno, refused.message) == (22, "bpf verifier is misconfigured")
