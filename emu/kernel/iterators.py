"""BPF iterators: what the programs of each are given that is not as their BTF says.

The function of a target is bpf_iter_NAME(); its arguments are the context, eight bytes each.
Source: the bpf_iter_reg tables, read in 5.8 to 6.14 and in 6.19.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel

_PREFIX = "bpf_iter_"


class Argument(NamedTuple):
    """An argument that may be null: struct bpf_ctx_arg_aux."""

    name: str
    trusted: str = ""  # a structure: the first release in which it is; "" in none
    buffer: str = ""  # or memory: "rdonly" or "rdwr"


class Target(NamedTuple):
    """What an iterator goes over."""

    name: str
    since: str
    args: tuple[Argument, ...]


TARGETS = (
    Target("bpf_map", "5.8", (Argument("map", "6.6"),)),
    Target("ipv6_route", "5.8", (Argument("rt"),)),
    Target("netlink", "5.8", (Argument("sk"),)),
    Target("task", "5.8", (Argument("task", "6.7"),)),
    Target("task_file", "5.8", (Argument("task"), Argument("file"))),
    Target(
        "bpf_map_elem", "5.9", (Argument("key", buffer="rdonly"), Argument("value", buffer="rdwr"))
    ),
    Target("bpf_prog", "5.9", (Argument("prog"),)),
    Target("bpf_sk_storage_map", "5.9", (Argument("sk"), Argument("value", buffer="rdwr"))),
    Target("tcp", "5.9", (Argument("sk_common", "6.5"),)),
    Target("udp", "5.9", (Argument("udp_sk", "6.5"),)),
    Target("sockmap", "5.10", (Argument("key", buffer="rdonly"), Argument("sk"))),
    Target("task_vma", "5.12", (Argument("task"), Argument("vma"))),
    Target("unix", "5.15", (Argument("unix_sk"),)),
    Target("bpf_link", "5.19", (Argument("link"),)),
    Target("ksym", "6.0", (Argument("ksym"),)),
    Target("cgroup", "6.1", (Argument("cgroup", "6.7"),)),
    Target("kmem_cache", "6.13", (Argument("s", "6.13"),)),
    Target("dmabuf", "6.16", (Argument("dmabuf"),)),
)
_BY_NAME = {target.name: target for target in TARGETS}


def find(kernel: Kernel, function: str) -> Target | None:
    """The target that the function is of; None where the kernel has none."""
    if not function.startswith(_PREFIX):
        return None
    target = _BY_NAME.get(function.removeprefix(_PREFIX))
    return target if target is not None and kernel.at_least(target.since) else None


def argument(target: Target, name: str) -> Argument | None:
    """The argument of that name, where its BTF does not say all."""
    return next((arg for arg in target.args if arg.name == name), None)


def has_socket(kernel: Kernel, function: str) -> bool:
    """Whether the iterator's programs get and set options of its sockets."""
    since = {"bpf_iter_tcp": "5.15", "bpf_iter_unix": "5.19"}.get(function)
    return since is not None and kernel.at_least(since)
