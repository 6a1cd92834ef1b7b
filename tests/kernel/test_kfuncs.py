"""The table of kernel functions agrees with the types of the running kernel."""

from __future__ import annotations

import os

import pytest

from emu.btf import PARAM, BtfData, Kind
from emu.kernel import kfuncs
from emu.kernel.kfuncs import Param
from emu.kernel.profile import Kernel

VMLINUX = "/sys/kernel/btf/vmlinux"
# Functions of a configuration that not every kernel has.
OPTIONAL = (
    *("crash_kexec", "bpf_arena_", "bpf_crypto_", "bpf_iter_dmabuf_", "bpf_session_"),
    *("bpf_get_fsverity_", "bpf_lookup_", "bpf_key_", "bpf_verify_pkcs7_", "bpf_mem_cgroup_"),
    *(
        "bpf_kfree_skb",
        "bpf_skb_get_hash",
        "bpf_xdp_",
        "bpf_qdisc_",
        "bpf_io_uring_",
        "cubictcp_",
        "bpf_wakeup_",
        "bpf_sock_read_",
    ),
)


def expected(btf: BtfData, name: str, type_: int, after: str) -> Param:
    """What check_kfunc_args() takes for the argument, by its type and the end of its name.

    after: the name of the next argument.
    """
    record = btf.record(btf.stripped(type_))
    if record.kind != Kind.PTR:
        ends = {
            "__szk": kfuncs.Kind.CONST_SIZE,
            "__sz": kfuncs.Kind.SIZE,
            "__k": kfuncs.Kind.CONST,
        }
        return Param(next((k for end, k in ends.items() if name.endswith(end)), kfuncs.Kind.SCALAR))
    pointee = btf.stripped(record.size)
    if pointee and btf.kind(pointee) == Kind.FUNC_PROTO:
        compares = btf.stripped(btf.record(pointee).size) and name.startswith("less")
        return Param(kfuncs.Kind.LESS, type="bool") if compares else Param(kfuncs.Kind.CALLBACK)
    ends = {"__alloc": kfuncs.Kind.OBJECT, "__refcounted_kptr": kfuncs.Kind.COUNTED}
    for end, kind in ends.items():
        if name.endswith(end):
            return Param(kind, type="void")
    struct = btf.name(pointee) if pointee else ""
    size = btf.size_of(pointee) if pointee else 0
    if name.endswith(("__ign", "__prog")):
        return Param(kfuncs.Kind.ANYTHING, size=size)
    if name.endswith("__str"):
        return Param(kfuncs.Kind.CONST_STR, size=size, type="char")
    if name.endswith(("__map", "__const_map")):
        return Param(kfuncs.Kind.KNOWN_MAP, type="void")
    if struct in ASYNC:
        return Param(ASYNC[struct], size=size, type=f"struct {struct}")
    if name.endswith("__irq_flag"):
        return Param(kfuncs.Kind.IRQ_FLAG, size=size, type=struct)
    if struct in GRAPHS:
        return Param(GRAPHS[struct], size=size, type=f"struct {struct}")
    if struct in STRUCTS:
        null = name.endswith("__nullable")
        return Param(kfuncs.Kind.STRUCT_OR_NULL if null else kfuncs.Kind.STRUCT, struct)
    if name.endswith(("__opt", "__nullable")):
        return Param(kfuncs.Kind.BUFFER_OR_NULL)
    prefix = "struct " if pointee and btf.kind(pointee) == Kind.STRUCT else ""
    if after.endswith("__sz"):
        return Param(kfuncs.Kind.BUFFER, type=prefix + struct or "void")
    if pointee and btf.kind(pointee) in (Kind.INT, Kind.ENUM):
        of = "enum " if btf.kind(pointee) == Kind.ENUM else ""
        return Param(kfuncs.Kind.MEM, size=size, type=of + struct)
    if struct == "bpf_dynptr":
        new = name.endswith("__uninit")
        kind = kfuncs.Kind.NEW_DYNPTR if new else kfuncs.Kind.DYNPTR
        return Param(kind, size=size, type="struct bpf_dynptr")
    if struct.startswith("bpf_iter_"):
        kind = kfuncs.Kind.ITER
        return Param(kind, struct.removeprefix("bpf_iter_"), size, f"struct {struct}")
    kind = kfuncs.Kind.MAP if struct == "bpf_map" else kfuncs.Kind.CTX
    return Param(kind, type=f"struct {struct}" if struct else "")


STRUCTS = {
    param.name
    for row in kfuncs.KFUNCS
    for param in row.params or ()
    if param.kind in (kfuncs.Kind.STRUCT, kfuncs.Kind.STRUCT_OR_NULL)
}
ASYNC = {
    "bpf_timer": kfuncs.Kind.TIMER,
    "bpf_wq": kfuncs.Kind.WORK_QUEUE,
    "bpf_task_work": kfuncs.Kind.TASK_WORK,
}
GRAPHS = {
    "bpf_list_head": kfuncs.Kind.LIST_HEAD,
    "bpf_list_node": kfuncs.Kind.LIST_NODE,
    "bpf_rb_root": kfuncs.Kind.RB_ROOT,
    "bpf_rb_node": kfuncs.Kind.RB_NODE,
    "bpf_res_spin_lock": kfuncs.Kind.RES_LOCK,
}
# It took any set of CPUs, the kernel's own too, until some release after 6.18.
NARROWED = ("bpf_cpumask_populate",)
SAME = {
    kfuncs.Kind.LISTED_NODE: kfuncs.Kind.LIST_NODE,
    kfuncs.Kind.TREE_NODE: kfuncs.Kind.RB_NODE,
    kfuncs.Kind.NEW_ITER: kfuncs.Kind.ITER,
    kfuncs.Kind.NEW_IRQ_FLAG: kfuncs.Kind.IRQ_FLAG,
    kfuncs.Kind.CONST_MAP: kfuncs.Kind.KNOWN_MAP,
}


@pytest.mark.kernel
def test_modelled_functions_have_the_arguments_of_the_running_kernel() -> None:
    kernel = Kernel.of_uname(os.uname().release)
    with open(VMLINUX, "rb") as file:
        btf = BtfData(file.read())
    compared = 0
    for row in kfuncs.KFUNCS:
        if row.params is None or not kfuncs.is_there(kernel, row) or row.name in NARROWED:
            continue
        func = btf.find(row.name, (Kind.FUNC,))
        if func is None and row.name.startswith(OPTIONAL):
            continue
        assert func is not None, row.name
        proto = btf.record(btf.record(func).size)
        parts = [(btf.string(name), type_) for name, type_ in btf.parts(proto, PARAM)]
        after = [name for name, _ in (*parts[1:], ("", 0))][: len(parts)]
        found = tuple(
            expected(btf, name, type_, next_)
            for (name, type_), next_ in zip(parts, after, strict=True)
        )
        ours = tuple(p._replace(kind=SAME.get(p.kind, p.kind)) for p in row.params)
        assert found == ours, row.name
        compared += 1
    assert compared >= 20


@pytest.mark.kernel
def test_functions_are_in_the_running_kernel_from_the_release_on_that_the_table_says() -> None:
    kernel = Kernel.of_uname(os.uname().release)
    with open(VMLINUX, "rb") as file:
        btf = BtfData(file.read())
    for row in kfuncs.KFUNCS:
        if not row.name.startswith(OPTIONAL):
            there = btf.find(row.name, (Kind.FUNC,)) is not None
            assert there == kfuncs.is_there(kernel, row), row.name
