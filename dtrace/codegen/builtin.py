"""Builtin variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Area, MapRef, VReg
from dtrace.codegen import dynvar, probename, state, string
from dtrace.codegen.expr import narrow
from dtrace.lang.nodes import Ident, IntLit
from dtrace.probes.desc import PROBE_PARTS
from dtrace.types.convert import is_integer

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Expr, Index


def cg_builtin(cg: ClauseGen, node: Ident) -> VReg:
    """The value of a builtin variable."""
    if node.name in PROBE_PARTS:
        return probename.cg_part(cg, node.name)
    if node.name.startswith("arg"):
        return argument(cg, int(node.name[3:]))
    return BUILTINS[node.name](cg)


def is_args(node: Expr) -> bool:
    """Whether `node` is the builtin args[]."""
    return isinstance(node, Ident) and node.name == "args"


def argument(cg: ClauseGen, number: int) -> VReg:
    """arg0 ... arg9, as the trampoline stored it."""
    cg.args_used.add(number)
    return cg.code.load("ldxdw", cg.mem, state.ARGS + 8 * number)


def cg_args(cg: ClauseGen, node: Index) -> VReg:
    """args[n]: the argument of that number in the probe's typed list."""
    key = node.keys[0]
    assert isinstance(key, IntLit)
    args = cg.probes[0].args
    mapping = args[key.value].mapping
    reg = argument(cg, key.value if mapping < 0 else mapping)
    if node.type is not None and is_integer(node.type) and node.type.size < 8:
        narrow(cg, reg, node.type)
    return reg


def _read(helper: str) -> Callable[[ClauseGen], VReg]:
    def read(cg: ClauseGen) -> VReg:
        return cg.code.helper(helper)

    return read


# Values that are computed once, where the clause begins.
CACHED: dict[str, Callable[[ClauseGen], VReg]] = {
    "timestamp": _read("ktime_get_ns"),
    "thread": dynvar.cg_thread_key,
}


def cache_key(name: str) -> str | None:
    """What a builtin of this name needs to be computed where the clause begins."""
    return "timestamp" if name in ("timestamp", "walltimestamp") else None


def _timestamp(cg: ClauseGen) -> VReg:
    return cg.code.copy(cg.cached["timestamp"])


def _walltimestamp(cg: ClauseGen) -> VReg:
    reg = _timestamp(cg)
    cg.code.alu("add", reg, cg.program.wall_offset())
    return reg


def _pid(cg: ClauseGen) -> VReg:
    reg = cg.code.helper("get_current_pid_tgid")
    cg.code.emit("rsh64_imm", reg, imm=32)
    return reg


def _low(helper: str) -> Callable[[ClauseGen], VReg]:
    def read(cg: ClauseGen) -> VReg:
        reg = cg.code.helper(helper)
        cg.code.emit("mov32_reg", reg, reg)
        return reg

    return read


def _gid(cg: ClauseGen) -> VReg:
    reg = cg.code.helper("get_current_uid_gid")
    cg.code.emit("rsh64_imm", reg, imm=32)
    return reg


def _ppid(cg: ClauseGen) -> VReg:
    """current->real_parent->tgid."""
    parent = kernel_load(cg, _curthread(cg), "task_struct", "real_parent", 8)
    return kernel_load(cg, parent, "task_struct", "tgid", 4)


def kernel_load(cg: ClauseGen, base: VReg, struct: str, member: str, size: int) -> VReg:
    """The unsigned `size` bytes of a member of the kernel struct at `base`."""
    source = cg.code.address(base, cg.program.offset_of(struct, member))
    at = cg.alloc(8)
    cg.copy_bytes(cg.scratch_address(at), size, source)
    return cg.code.load({4: "ldxw", 8: "ldxdw"}[size], cg.mem, at, Area.SCRATCH)


_curthread = _read("get_current_task")


def _curcpu(cg: ClauseGen) -> VReg:
    """The address of this CPU's value of CPUS, through memory: the verifier lets a pointer into a
    map be used for little else than what is at it."""
    code = cg.code
    cg.program.uses_cpus = True
    key, at = cg.alloc(8), cg.alloc(8)
    cpu = code.helper("get_smp_processor_id")
    code.emit("stxw", cg.mem, cpu, off=key, ref=Area.SCRATCH)
    info = code.helper("map_lookup_elem", MapRef(state.CPUS), cg.scratch_address(key))
    code.jump("jeq", info, 0, cg.l_abort)
    code.emit("stxdw", cg.mem, info, off=at, ref=Area.SCRATCH)
    return code.load("ldxdw", cg.mem, at, Area.SCRATCH)


def _errno(cg: ClauseGen) -> VReg:
    cg.uses_errno = True
    return cg.code.load("ldxw", cg.mem, state.ERRNO)


def _probe_id(cg: ClauseGen) -> VReg:
    return cg.code.load("ldxw", cg.mem, 0, Area.RECORD)


def _epid(cg: ClauseGen) -> VReg:
    reg = _probe_id(cg)
    cg.code.emit("lsh64_imm", reg, imm=32)
    cg.code.alu("or", reg, cg.cooked.id)
    return reg


def _execname(cg: ClauseGen) -> VReg:
    at = cg.alloc(string.TASK_COMM_LEN)
    string.execname_to(cg, Area.SCRATCH, at, string.TASK_COMM_LEN)
    return cg.scratch_address(at)


BUILTINS: dict[str, Callable[[ClauseGen], VReg]] = {
    "cpu": _read("get_smp_processor_id"),
    "curcpu": _curcpu,
    "curthread": _curthread,
    "epid": _epid,
    "errno": _errno,
    "execname": _execname,
    "gid": _gid,
    "id": _probe_id,
    "pid": _pid,
    "ppid": _ppid,
    "tid": _low("get_current_pid_tgid"),
    "timestamp": _timestamp,
    "uid": _low("get_current_uid_gid"),
    "walltimestamp": _walltimestamp,
}
