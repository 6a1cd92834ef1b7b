"""KERNEL_HELPERS: what programs at hooks of security modules and of BPF_PROG_RUN may call.

They have the helpers of tracing programs, and these beside them, one row a helper.

The columns are those of emu.kernel.helpers, whose by_id() looks here too.  Sources: struct
bpf_func_proto definitions, bpf_lsm_func_proto() and syscall_prog_func_proto(), read in 5.11 to
6.14, 6.19, 7.2 and 7.3.
"""

from __future__ import annotations

from emu.kernel import helper_names
from emu.kernel.enums import Arg, ProgType, Ret
from emu.kernel.helpers import Change, Helper, Reach
from emu.kernel.traits import Trait

_LSM, _SYSCALL = (ProgType.LSM,), (ProgType.SYSCALL,)
_ANY, _BTF, _MAP = Arg.ANYTHING, Arg.PTR_TO_BTF_ID, Arg.CONST_MAP_PTR
_READ, _FILL, _SIZE = Arg.PTR_TO_MEM_RDONLY, Arg.PTR_TO_UNINIT_MEM, Arg.CONST_SIZE
_SIZE_OR_ZERO = Arg.CONST_SIZE_OR_ZERO
_VALUE = Ret.PTR_TO_MAP_VALUE_OR_NULL
_VALUE_OR_NULL = Arg.PTR_TO_MAP_VALUE_OR_NULL


def _row(
    name: str,
    args: tuple[Arg, ...],
    types: tuple[ProgType, ...],
    *,
    ret: Ret = Ret.INTEGER,
    sleepable: bool | Trait = False,
    changes: tuple[Change, ...] = (),
) -> Helper:
    number = helper_names.NUMBERS[name]
    since = helper_names.since(number)
    reach = (Reach(types),)
    return Helper(number, name, ret, args, since, "", reach, sleepable=sleepable, changes=changes)


KERNEL_HELPERS = (
    _row(
        "inode_storage_get",
        (_MAP, _BTF, _VALUE_OR_NULL, _ANY),
        _LSM,
        ret=_VALUE,
        changes=(Change("6.4", _VALUE, (_MAP, Arg.PTR_TO_BTF_ID_OR_NULL, _VALUE_OR_NULL, _ANY)),),
    ),
    _row(
        "inode_storage_delete",
        (_MAP, _BTF),
        _LSM,
        changes=(Change("6.4", Ret.INTEGER, (_MAP, Arg.PTR_TO_BTF_ID_OR_NULL)),),
    ),
    _row("bprm_opts_set", (_BTF, _ANY), _LSM),
    _row("ima_inode_hash", (_BTF, _FILL, _SIZE), _LSM, sleepable=True),
    _row("ima_file_hash", (_BTF, _FILL, _SIZE), _LSM, sleepable=True),
    _row("sys_bpf", (_ANY, _READ, _SIZE), _SYSCALL, sleepable=Trait.SYSCALL_HELPERS_SLEEP),
    _row(
        "btf_find_by_name_kind",
        (_READ, _SIZE, _ANY, _ANY),
        _SYSCALL,
        sleepable=Trait.SYSCALL_HELPERS_SLEEP,
    ),
    _row("sys_close", (_ANY,), _SYSCALL, sleepable=Trait.SYSCALL_HELPERS_SLEEP),
    _row("kallsyms_lookup_name", (_READ, _SIZE_OR_ZERO, _ANY, Arg.PTR_TO_LONG), _SYSCALL),
)
