"""Kernel variables and functions by the number of their BTF type: what ld_imm64 gives.

Source: check_pseudo_btf_id() and check_ld_imm(), RET_PTR_TO_MEM_OR_BTF_ID in check_helper_call(),
kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.btf import SECINFO, BtfError, Kind
from emu.kernel.errno import EINVAL, ENOENT
from emu.kernel.traits import Trait
from verifier_model.check import btf_ptr
from verifier_model.reg import (
    BTF_STRUCTS,
    PERCPU_BTF_ID,
    PTR_TO_BTF_ID,
    PTR_TO_MEM,
    RDONLY_MEM,
    pointer,
)
from verifier_model.verdict import Reject, Unmodelled

if TYPE_CHECKING:
    from emu.btf import BtfData
    from verifier_model.env import Env
    from verifier_model.reg import RegState

_STRUCTS = (Kind.STRUCT, Kind.UNION)
_PERCPU = ".data..percpu"


def declare(env: Env, i: int) -> None:
    """The insn names a variable or a function of the kernel: check_pseudo_btf_id()."""
    if not env.kernel.has(Trait.VMLINUX_BTF):
        text = "kernel is missing BTF, make sure CONFIG_DEBUG_INFO_BTF=y is specified in Kconfig."
        raise Reject(text, EINVAL)
    number, module = env.insns[i].imm, env.insns[i + 1].imm
    if module:
        raise Unmodelled("ld_imm64 of a module's symbol", i)
    if number and env.btf is None:
        raise Unmodelled("ld_imm64 of a kernel symbol", i)
    if env.btf is not None and not 0 <= number <= len(env.btf.index.offsets):
        raise Reject(f"ldimm64 insn specifies invalid btf_id {number}.", ENOENT)
    kind = env.btf.kind(number) if env.btf is not None else Kind.VOID
    functions = env.kernel.has(Trait.LD_IMM64_KFUNC)
    if kind == Kind.VAR or (kind == Kind.FUNC and functions):
        return
    kinds = "KIND_VAR or KIND_FUNC" if functions else "KIND_VAR."
    raise Reject(f"pseudo btf_id {number} in ldimm64 isn't {kinds}", EINVAL)


def load(env: Env, number: int) -> RegState:
    """The address of a variable or a function that declare() found."""
    btf = env.btf
    assert btf is not None  # declare() needed it
    record = btf.record(number)
    if record.kind == Kind.FUNC:
        return pointer(RDONLY_MEM)
    if _is_percpu(btf, number):
        return btf_ptr.to_type(env, btf, PERCPU_BTF_ID, record.size)
    return _memory(env, btf, record.size, "ldimm64 unable")


def on_cpu(env: Env, percpu: RegState) -> RegState:
    """One CPU's own of a variable that each CPU has: what bpf_per_cpu_ptr() gives."""
    btf = env.btf
    if btf is None:
        raise Unmodelled("a variable of each CPU", env.insn_idx)
    name, _, id_ = BTF_STRUCTS[percpu.mem_size].partition("#")
    type_ = int(id_) if id_ else btf.find(name, _STRUCTS)
    assert type_ is not None  # a register's type is one of the BTF
    return _memory(env, btf, type_, "unable")


def _memory(env: Env, btf: BtfData, type_: int, unable: str) -> RegState:
    """A pointer to a structure, or to memory of another type's size."""
    stripped = btf.stripped(type_)
    if btf.kind(stripped) in _STRUCTS:
        return btf_ptr.to_type(env, btf, PTR_TO_BTF_ID, stripped)
    reg = pointer(RDONLY_MEM if env.kernel.has(Trait.KSYMS_READ_ONLY) else PTR_TO_MEM)
    try:
        reg.mem_size = btf.size_of(stripped)
    except BtfError:
        text = f"{unable} to resolve the size of type '{btf.name(stripped)}': -{EINVAL}"
        raise Reject(text, EINVAL) from None
    return reg


def _is_percpu(btf: BtfData, number: int) -> bool:
    """Whether each CPU has its own of the variable."""
    section = btf.find(_PERCPU, (Kind.DATASEC,))
    if section is None:
        return False
    return any(type_ == number for type_, _, _ in btf.parts(btf.record(section), SECINFO))
