"""Arguments of a kernel function against its row in emu.kernel.kfuncs.

Source: check_kfunc_args(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel import prog_types
from emu.kernel.enums import F_SLEEPABLE, AttachType, ProgType
from emu.kernel.errno import EACCES, EFAULT, EINVAL
from emu.kernel.kfuncs import NUMBERS, OF_OBJECTS, Does, Kind
from verifier_model.check import (
    const_str,
    ctx,
    dynptr,
    iters,
    kfunc_objects,
    kfunc_structs,
    locks,
    regions,
)
from verifier_model.check.helper_mem import check_fixed, check_read_and_written
from verifier_model.check.kfunc_structs import argument
from verifier_model.log import type_name
from verifier_model.precise import mark_chain_precision
from verifier_model.reg import (
    BTF_IDS,
    CONST_PTR_TO_MAP,
    MAP,
    PTR_TO_CTX,
    PTR_TO_DYNPTR,
    PTR_TO_FUNC,
    PTR_TO_MAP_VALUE,
    PTR_TO_STACK,
    R1,
    SCALAR_VALUE,
)
from verifier_model.scalars import is_null
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from emu.kernel.kfuncs import Kfunc, Param
    from emu.prog import MapDef, MapField
    from verifier_model.check.iters import Iterator
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.state import VerifierState

_MAY_BE_NULL = (Kind.BUFFER_OR_NULL, Kind.STRUCT_OR_NULL, *NUMBERS)
_MEMORY = (Kind.BUFFER, Kind.BUFFER_OR_NULL, Kind.MEM)
# Functions that make a dynptr, and the kind that it is of.
_MAKERS = {
    "bpf_dynptr_from_skb": dynptr.SKB,
    "bpf_dynptr_from_skb_meta": dynptr.SKB_META,
    "bpf_dynptr_from_xdp": dynptr.XDP,
    "bpf_dynptr_from_file": dynptr.FILE,
}


class Found:
    """What the arguments say about the call: struct bpf_kfunc_call_arg_meta."""

    __slots__ = (
        "dynptr",
        "inserted",
        "iter",
        "less",
        "map",
        "map_uid",
        "object",
        "owned",
        "released",
        "root",
        "size",
        "subprog",
    )

    def __init__(self) -> None:
        self.iter: Iterator | None = None
        self.dynptr: RegState | None = None  # what the first dynptr's slot holds
        self.released = 0  # the reference that is given back
        self.subprog = -1  # the function that runs later
        self.map: MapDef | None = None  # that a timer or work is in
        self.map_uid = 0
        self.size = 0  # the known number: bytes, or a type
        self.root: MapField | None = None  # the list or tree
        self.object: RegState | None = None  # that is given back, or counted
        self.owned = False  # the object is one's own
        self.inserted = 0  # the reference that the list or tree takes
        self.less = -1  # the subprog that compares nodes


def check(env: Env, state: VerifierState, row: Kfunc, params: tuple[Param, ...]) -> Found:
    """Every argument is what the function takes."""
    found = Found()
    for i, param in enumerate(params):
        if param.kind is Kind.ANYTHING:
            continue
        reg = state.frames[-1].regs[R1 + i]
        if param.kind in NUMBERS:
            _check_number(env, state, i, param, reg, found)
            continue
        if (
            _asks(env, row, param)
            and param.kind not in _MAY_BE_NULL
            and (is_null(reg) or reg.maybe_null)
        ):
            text = f"Possibly NULL pointer passed to trusted {argument(env, i, 'arg')}"
            raise Reject(text, EACCES)
        _check_pointer(env, state, row, i, param, found)
    if Does.RELEASES in row.does and not found.released:
        text = f"release kernel function {row.name} expects refcounted PTR_TO_BTF_ID"
        raise Reject(text, EINVAL)
    return found


def _asks(env: Env, row: Kfunc, param: Param) -> bool:
    """Whether a null pointer is refused before anything else is asked of it.

    bpf_dynptr_file_discard() is none that releases (KF_RELEASE) before 7.0.
    """
    if env.rules.KFUNC_ARGS_TRUSTED:
        return True
    asks = row.does & kfunc_structs.ASK
    return bool(asks) and not (param.kind is Kind.DYNPTR and Does.RELEASES in asks)


def _check_pointer(
    env: Env, state: VerifierState, row: Kfunc, i: int, param: Param, found: Found
) -> None:
    regno, kind = R1 + i, param.kind
    reg = state.frames[-1].regs[regno]
    if kind is Kind.STRUCT_OR_NULL and is_null(reg):
        if env.rules.KFUNC_NULL_PRECISE:
            mark_chain_precision(env, state, regno)
        return
    if kind in (Kind.STRUCT, Kind.STRUCT_OR_NULL):
        kfunc_structs.check(env, state, row, reg, i, param.name)
        if Does.RELEASES in row.does:
            found.released = reg.ref_obj_id
        return
    if kind in OF_OBJECTS or kind is Kind.LESS:
        kfunc_objects.check(env, state, row, i, param, found)
        return
    if kind in _MEMORY and _is_struct_for_memory(env, reg):
        _check_struct_as_memory(env, state, row, reg, i, param)
        return
    if kind in (Kind.KNOWN_MAP, Kind.CONST_MAP):
        _check_map(env, state, row, i, param, found)
        return
    if kind is Kind.CALLBACK:
        if reg.type is not PTR_TO_FUNC:
            raise Reject(f"{argument(env, i, 'arg')} expected pointer to func", EINVAL)
        found.subprog = reg.mem_size
        return
    if kind in locks.ASYNC:
        locks.check_async(env, reg, regno, argument(env, i), locks.ASYNC[kind])
        found.map, found.map_uid = reg.map, reg.mem_size
        return
    is_struct = kind is Kind.MAP or (kind is Kind.CTX and not _is_ctx_of(env, param))
    if kind is Kind.CTX and not is_struct and env.rules.TRUSTED_AT_START:
        ctx.check_released(env, reg, regno)
    if not is_struct or env.rules.KFUNC_OFFSETS_FIRST:
        ctx.check_offset(env, reg, regno)
    if is_struct:
        _check_struct(env, state, row, reg, i, param)
    elif kind is Kind.CTX:
        if reg.type is not PTR_TO_CTX:
            shown = type_name(reg, env.rules)
            raise Reject(f"{argument(env, i)} expected pointer to ctx, but got {shown}", EINVAL)
    elif kind in (Kind.BUFFER, Kind.BUFFER_OR_NULL):
        _check_buffer(env, state, i, param, reg)
    elif kind is Kind.MEM:
        check_fixed(env, state, regno, param.size)
    elif kind is Kind.CONST_STR:
        if reg.type is not PTR_TO_MAP_VALUE:
            raise Reject(f"{argument(env, i)} doesn't point to a const string", EINVAL)
        const_str.check(env, reg, regno)
    elif kind in (Kind.ITER, Kind.NEW_ITER):
        _check_iterator(env, state, row, i, param, found)
    elif kind in (Kind.DYNPTR, Kind.NEW_DYNPTR):
        _check_dynptr(env, state, row, i, kind, found)
    else:
        _check_irq_flag(env, state, i, kind, by_lock=Does.LOCKED in row.does)


def _check_map(
    env: Env, state: VerifierState, row: Kfunc, i: int, param: Param, found: Found
) -> None:
    """A map that the verifier knows, or a structure that is one."""
    reg = state.frames[-1].regs[R1 + i]
    structs = param.kind is Kind.KNOWN_MAP or not env.rules.TEXT_KFUNC_STRUCT
    if structs and reg.type in BTF_IDS:
        kfunc_structs.check(env, state, row, reg, i, MAP)
    elif structs and env.rules.TEXT_KFUNC_STRUCT and reg.type is not CONST_PTR_TO_MAP:
        kfunc_structs.refuse(env, i, reg, MAP, " or map_ptr")
    elif reg.map is None:
        raise Reject(f"pointer in R{R1 + i} isn't map pointer", EINVAL)
    elif reg.type is not CONST_PTR_TO_MAP:
        raise Reject(f"R{R1 + i} must be referenced or trusted", EINVAL)
    elif found.map is not None:
        locks.check_same_map(env, found.map, found.map_uid, reg, R1 + i, helper=False)


def _check_iterator(
    env: Env, state: VerifierState, row: Kfunc, i: int, param: Param, found: Found
) -> None:
    regno, where = R1 + i, dynptr.argument(env, R1 + i)
    if param.kind is Kind.NEW_ITER and param.name == "css_task":
        _check_may_walk_tasks(env)
    iters.check_is_on_stack(env, state.frames[-1].regs[regno], argument(env, i))
    if param.kind is Kind.NEW_ITER:
        iters.make(env, state, regno, param.name, where)
        return
    found.iter = iters.use(env, state, regno, row, where)
    if Does.ITER_DESTROY in row.does:
        iters.destroy(env, state, found.iter, param.name)


def _check_may_walk_tasks(env: Env) -> None:
    """Tasks of a control group are walked by few programs: check_css_task_iter_allowlist()."""
    walks = env.prog_type is ProgType.LSM or (
        env.prog_type is ProgType.TRACING and env.attach_type == AttachType.TRACE_ITER
    )
    if not walks and not env.prog.flags & F_SLEEPABLE:
        text = "css_task_iter is only allowed in bpf_lsm, bpf_iter and sleepable progs"
        raise Reject(text, EINVAL)


def _check_dynptr(
    env: Env, state: VerifierState, row: Kfunc, i: int, kind: Kind, found: Found
) -> None:
    reg = state.frames[-1].regs[R1 + i]
    if reg.type not in (PTR_TO_STACK, PTR_TO_DYNPTR):
        if Does.RELEASES in row.does and env.rules.TEXT_ARGS:
            ctx.check_released(env, reg, R1 + i)
        raise Reject(dynptr.not_one(env, R1 + i), EINVAL)
    if kind is Kind.DYNPTR:
        found.dynptr = dynptr.use(env, state, R1 + i, reg)
        if Does.RELEASES in row.does:
            dynptr.check_is_file(env, R1 + i, found.dynptr)
            found.released = found.dynptr.ref_obj_id
    elif found.dynptr is None:
        dynptr.make(env, state, R1 + i, reg, _MAKERS[row.name])
    else:
        dynptr.clone(env, state, R1 + i, reg, found.dynptr)


def _check_irq_flag(env: Env, state: VerifierState, i: int, kind: Kind, *, by_lock: bool) -> None:
    where = argument(env, i)
    regions.check_is_flag(state.frames[-1].regs[R1 + i], where)
    if kind is Kind.NEW_IRQ_FLAG:
        regions.save_irqs(env, state, R1 + i, where, by_lock=by_lock)
    else:
        regions.restore_irqs(env, state, R1 + i, where, by_lock=by_lock)


def _is_struct_for_memory(env: Env, reg: RegState) -> bool:
    """Whether a structure is given for memory, and is not taken for memory itself."""
    return kfunc_structs.is_one(reg) and not env.rules.KFUNC_STRUCT_AS_MEMORY


def _check_struct_as_memory(
    env: Env, state: VerifierState, row: Kfunc, reg: RegState, i: int, param: Param
) -> None:
    """A pointer to a structure is one where the function takes memory, too."""
    struct = param.type.removeprefix("struct ")
    if struct != param.type:
        kfunc_structs.check(env, state, row, reg, i, struct)
        return
    kind, name = ("UNKNOWN", "") if param.type == "void" else ("INT", param.type)
    where = argument(env, i, "args#")
    text = f"kernel function {row.name} {where} pointer type {kind} {name} is not supported"
    raise Reject(text, EINVAL)


def _check_buffer(env: Env, state: VerifierState, i: int, param: Param, reg: RegState) -> None:
    """What is next to the buffer is its size; what is in it, the size's check looks at."""
    nullable = param.kind is Kind.BUFFER_OR_NULL
    if nullable and is_null(reg) and env.rules.KFUNC_ARGS_TRUSTED:
        if env.rules.KFUNC_NULL_PRECISE:
            mark_chain_precision(env, state, R1 + i)
    elif env.rules.KFUNC_SIZE_FIRST:
        return
    elif state.frames[-1].regs[R1 + i + 1].type is not SCALAR_VALUE:
        if param.type == "char":
            check_fixed(env, state, R1 + i, 1)
            return
        raise Reject(f"{argument(env, i)} pointer type UNKNOWN  {kfunc_structs.TO_SCALARS}", EINVAL)


def _is_ctx_of(env: Env, param: Param) -> bool:
    """Whether programs of the type have that as their context: btf_is_prog_ctx_type()."""
    return not param.type or param.type == f"struct {prog_types.ctx_struct(env.prog_type)}"


def _check_struct(
    env: Env, state: VerifierState, row: Kfunc, reg: RegState, i: int, param: Param
) -> None:
    """A kernel structure: a map, or what elsewhere is a context."""
    is_map = param.kind is Kind.MAP
    if is_map and reg.type is CONST_PTR_TO_MAP:
        return
    struct = param.type.removeprefix("struct ")
    if kfunc_structs.is_one(reg):
        kfunc_structs.check(env, state, row, reg, i, struct)
        return
    kfunc_structs.refuse(env, i, reg, struct, " or map_ptr" if is_map else "")


def _check_number(
    env: Env, state: VerifierState, i: int, param: Param, reg: RegState, found: Found
) -> None:
    known_first = param.kind is Kind.CONST_SIZE and env.rules.KFUNC_SIZE_FIRST
    if env.rules.KFUNC_OFFSETS_FIRST:
        ctx.check_offset(env, reg, R1 + i)
    if known_first:
        _check_known(env, state, i, reg)
    if reg.type is not SCALAR_VALUE:
        raise Reject(f"R{R1 + i} is not a scalar", EINVAL)
    if param.kind is Kind.SIZE:
        _check_sized(env, state, i, reg, nullable=False)
    elif param.kind is Kind.CONST_SIZE:
        _check_sized(env, state, i, reg, nullable=True)
        if not known_first:
            _check_known(env, state, i, reg)
        found.size = reg.var_off.value
    elif param.kind is Kind.CONST:
        _check_known(env, state, i, reg)
        if not env.rules.KFUNC_SIZE_FIRST:
            mark_chain_precision(env, state, R1 + i)
        found.size = reg.var_off.value


def _check_known(env: Env, state: VerifierState, i: int, reg: RegState) -> None:
    """The register has a known value: process_const_arg() (7.3)."""
    if not reg.is_const():
        raise Reject(f"R{R1 + i} must be a known constant", EINVAL)
    if not env.rules.KFUNC_SIZE_FIRST:
        return
    if reg.type is not SCALAR_VALUE:
        raise Reject("verifier bug: backtracking misuse", EFAULT)
    mark_chain_precision(env, state, R1 + i)


def _check_sized(env: Env, state: VerifierState, i: int, size: RegState, *, nullable: bool) -> None:
    """The buffer in the argument before, if there is one, has that many bytes."""
    regs = state.frames[-1].regs
    buffer = regs[R1 + i - 1]
    if nullable and is_null(buffer):
        return
    if _is_struct_for_memory(env, buffer):
        return  # it was checked as a structure, and this as any number
    try:
        if buffer.maybe_null:
            regs[R1 + i - 1] = buffer.copy()
            regs[R1 + i - 1].maybe_null = False
        check_read_and_written(env, state, R1 + i, size)
    except Reject as err:
        between = " and " if env.rules.TEXT_ARGS else " "
        pair = f"{argument(env, i - 1)}{between}{argument(env, i)}"
        text = f"{pair} memory, len pair leads to invalid memory access"
        raise Reject(text, err.errno, above=(*err.above, err.message)) from None
    finally:
        regs[R1 + i - 1] = buffer
