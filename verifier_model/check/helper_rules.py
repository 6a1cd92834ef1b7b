"""What single helpers ask beyond their prototypes.

Source: the cases of check_helper_call(), bpf_d_path_allowed(), bpf_sk_storage_tracing_allowed(),
check_get_func_ip(), check_map_func_compatibility(),
record_func_map() and may_update_sockmap(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel import maps
from emu.kernel.enums import F_RDONLY_PROG, Arg, AttachType, MapType, ProgType
from emu.kernel.errno import EACCES, EINVAL, ENOTSUPP
from emu.kernel.helpers import TRAMPOLINE
from emu.kernel.traits import Trait
from verifier_model.check import results, target
from verifier_model.check.refs import check_range
from verifier_model.precise import mark_chain_precision
from verifier_model.reg import R1, R2, SCALAR_VALUE
from verifier_model.scalars import is_null
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from emu.kernel.helpers import Helper
    from emu.prog import MapDef
    from verifier_model.env import Env
    from verifier_model.state import VerifierState

SOCKMAPS = (MapType.SOCKMAP, MapType.SOCKHASH)
_TRACE = (AttachType.TRACE_FENTRY, AttachType.TRACE_FEXIT, AttachType.TRACE_FSESSION)
_IMA = ("ima_inode_hash", "ima_file_hash")
_SK_STORAGE = ("sk_storage_get", "sk_storage_delete")
# Kernel functions in which a path does not change: btf_allowlist_d_path.
_PATHS_TOLD = (
    *("security_file_permission", "security_inode_getattr", "security_file_open"),
    *("security_path_truncate", "vfs_truncate", "vfs_fallocate", "dentry_open", "vfs_getattr"),
    "filp_close",
)
_WRITERS = ("map_update_elem", "map_delete_elem", "map_push_elem", "map_pop_elem")


def check_allowed(env: Env, row: Helper) -> None:
    """Where a tracing program is does not forbid the helper: bpf_func_proto.allowed."""
    if env.attached is None and env.prog_type is not ProgType.SYSCALL:
        return
    name, attach_type = env.attached.name if env.attached else "", env.attach_type
    allowed = True
    if row.name == "d_path":
        allowed = _tells_path(env, name)
    elif row.name in _IMA:
        allowed = target.is_sleepable_hook(env.kernel, name)
    elif row.name in _SK_STORAGE and env.prog_type is not ProgType.LSM:
        inside = name.startswith("bpf_sk_storage")
        traces = attach_type in _TRACE and not inside
        allowed = attach_type in (AttachType.TRACE_RAW_TP, AttachType.TRACE_ITER) or traces
    if not allowed:
        raise Reject("helper call is not allowed in probe", EINVAL)


def _tells_path(env: Env, name: str) -> bool:
    """Whether a path does not change in the function: bpf_d_path_allowed()."""
    kernel = env.kernel
    iterates = env.prog_type is ProgType.TRACING and env.attach_type == AttachType.TRACE_ITER
    if iterates and kernel.at_least("5.12"):
        return True
    if env.prog_type is ProgType.LSM and kernel.at_least("5.11"):
        return target.is_sleepable_hook(kernel, name)
    return name in _PATHS_TOLD


def check_map_written(row: Helper, m: MapDef | None) -> None:
    """The helper does not change a map that programs may only read."""
    if m is not None and m.flags & F_RDONLY_PROG and row.name in _WRITERS:
        raise Reject("write into map forbidden", EACCES)


def check_map_fits(env: Env, row: Helper, m: MapDef | None) -> None:
    """The helper takes maps of that type."""
    if m is not None and not _map_fits(env, row, m):
        text = f"cannot pass map_type {int(m.type)} into func bpf_{row.name}#{row.id}"
        raise Reject(text, EINVAL)


def _map_fits(env: Env, row: Helper, m: MapDef) -> bool:
    if Arg.PTR_TO_TIMER in row.args:
        return True  # whatever map a timer is in
    if m.type not in SOCKMAPS or row.name not in ("map_update_elem", "map_delete_elem"):
        return maps.takes(row.name, m.type)
    from emu.kernel.packet_helpers import may_update_sockmap

    iterates = env.attach_type == AttachType.TRACE_ITER and env.kernel.at_least("5.10")
    if iterates or may_update_sockmap(env.kernel, env.prog_type, row.name):
        return True
    if env.kernel.at_least("5.10"):
        env.log.add("cannot update sockmap in this context")
    return False


def check_local_storage(env: Env, state: VerifierState) -> None:
    """bpf_get_local_storage() has no flags."""
    if not is_null(state.frames[-1].regs[R2]):
        raise Reject("get_local_storage() doesn't support non-zero flags", EINVAL)
    if env.kernel.has(Trait.LOCAL_STORAGE_FLAGS_PRECISE):
        mark_chain_precision(env, state, R2)


def check_retval(env: Env, state: VerifierState) -> None:
    """What the system call is to return is 0 or an error."""
    if not env.kernel.has(Trait.RETVAL_IS_ERROR):
        return
    reg = state.frames[-1].regs[R1]
    if reg.type is not SCALAR_VALUE:
        err = Reject("R1 is not a scalar", EINVAL)
        err.unexplained = err.lines
        raise err
    if results.is_void(env):
        raise Reject(results.VOID_HOOK, EINVAL)
    if env.attach_type != AttachType.CGROUP_GETSOCKOPT:
        mark_chain_precision(env, state, R1)
        low, high = results.of_call(env)
        check_range(env, reg, low, high, "bpf_set_retval", name="R1", as_int=True)


def check_func_ip(env: Env, row: Helper) -> None:
    """There is a function whose address could be told."""
    if env.prog_type is ProgType.KPROBE:
        return
    if env.prog_type is not ProgType.TRACING:
        text = f"not supported for program type {int(env.prog_type)}"
    elif env.attach_type not in TRAMPOLINE:
        sessions = "fsession/" if env.kernel.has(Trait.TEXT_FSESSION) else ""
        text = f"supported only for fentry/fexit/{sessions}fmod_ret programs"
    else:
        return
    raise Reject(f"func bpf_{row.name}#{row.id} {text}", ENOTSUPP)
