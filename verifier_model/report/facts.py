"""What the sentences of a report need to know of a rejection, by the names they use for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa.table import LDX, ST, STX
from emu.kernel import helper_names
from emu.kernel.enums import Arg
from emu.kernel.kfuncs import Kind
from emu.prog import PSEUDO_KFUNC_CALL
from verifier_model.cfg import EXIT, GOTOL, JA, is_pseudo_call
from verifier_model.check import ctx, func_types
from verifier_model.check.arg_types import FIXED_ARGS, MEMORY_ARGS
from verifier_model.check.stack_objects import slot_at
from verifier_model.log import DYNPTRS, type_name
from verifier_model.reg import PTR_TO_CTX, PTR_TO_MAP_VALUE, R1, SCALAR_VALUE, SOCKETS
from verifier_model.report import path
from verifier_model.report.events import Place
from verifier_model.report.region import active, depths
from verifier_model.report.words import access_offset, offset_of, plain_type
from verifier_model.static.arg_track import SIZES
from verifier_model.transfer.ptr_alu import MAX_VAR_OFF

if TYPE_CHECKING:
    from re import Match

    from emu.kernel.kfuncs import Kfunc, Param
    from verifier_model.env import Env
    from verifier_model.reg import RegState
    from verifier_model.report.region import Region
    from verifier_model.report.trail import Trail
    from verifier_model.state import Lock

_LOCKS = {
    "bpf_res_spin_lock": "resource spin lock",
    "bpf_res_spin_lock_irqsave": "IRQ-saving resource spin lock",
}
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth")
_MAP_SIZES = {
    Arg.PTR_TO_MAP_KEY: "key_size",
    Arg.PTR_TO_MAP_VALUE: "value_size",
    Arg.PTR_TO_MAP_VALUE_OR_NULL: "value_size",
    Arg.PTR_TO_UNINIT_MAP_VALUE: "value_size",
}


class Facts(dict[str, object]):
    """The groups of a complaint's pattern, and what a method of that name finds when asked.

    region: the one that the complaint is about; None: where the path is.
    """

    def __init__(
        self, env: Env, trail: Trail, match: Match[str], region: Region | None = None
    ) -> None:
        super().__init__(
            {name: group for name, group in match.groupdict().items() if group is not None}
        )
        self._env = env
        self._depths = {} if env.cur_state is None else depths(env.cur_state)
        self._entered = region or next((r for r, depth in self._depths.items() if depth), None)
        self.trail = trail

    def __missing__(self, name: str) -> object:
        value = self[name] = getattr(self, f"_{name}")()
        return value

    def number(self, name: str) -> int:
        return int(str(self[name]))

    def _frame_reg(self, regno: int) -> RegState:
        state = self._env.cur_state
        assert state is not None
        return state.frames[-1].regs[regno]

    def place(self, regno: int) -> Place:
        return Place(self.trail.calls[-1], regno)

    def _reg(self) -> int:
        """The register, where the complaint numbers the arguments from 0."""
        return self.number("arg") + R1

    # -- the insn ----------------------------------------------------------------------------

    def _insn(self) -> int:
        return self._env.insn_idx

    def _dst(self) -> int:
        return self._env.insns[self._env.insn_idx].dst

    def _ptr(self) -> int:
        """The operand of an arithmetic insn that is a pointer."""
        insn = self._env.insns[self._env.insn_idx]
        return insn.dst if self._frame_reg(insn.dst).type is not SCALAR_VALUE else insn.src

    def _ptr_plain(self) -> str:
        return plain_type(self._frame_reg(self.number("ptr")), self._env.rules)

    def _ptr_type(self) -> str:
        return type_name(self._frame_reg(self.number("ptr")), self._env.rules)

    def _plain(self) -> str:
        return plain_type(self._frame_reg(self.number("reg")), self._env.rules)

    # -- a call ------------------------------------------------------------------------------

    def _kfunc(self) -> Kfunc | None:
        insn = self._env.insns[self._env.insn_idx]
        return self._env.kfunc(insn) if insn.src == PSEUDO_KFUNC_CALL else None

    def _next(self) -> int:
        return self.number("reg") + 1

    def _param(self) -> Param | None:
        """What the kernel function that is called says of the argument."""
        kfunc = self._kfunc()
        params = kfunc.params if kfunc is not None else None
        return params[self.number("reg") - R1] if params else None

    def _call(self) -> str:
        kfunc = self._kfunc()
        if kfunc is not None:
            return kfunc.name
        env = self._env
        if is_pseudo_call(env.insns[env.insn_idx]):
            return env.subprog_name(env.subprogs.index(env.calls[env.insn_idx]))
        number = env.insns[env.insn_idx].imm
        return f"bpf_{helper_names.NAMES[number]}"

    def _helper(self) -> str:
        return f"helper {self['call']}#{self._env.insns[self._env.insn_idx].imm}"

    def _c_type(self) -> str:
        param = self._param()
        assert param is not None
        struct = f"struct {param.name}" if param.name else "void"
        return f"({param.type or struct} *)"

    def _dynptr_type(self) -> str:
        """What the dynptr is of that the argument points to."""
        state = self._env.cur_state
        assert state is not None
        reg = self._frame_reg(self.number("reg"))
        slot = state.frames[reg.frameno].stack[slot_at(reg.off + reg.smin)]
        assert slot.reg is not None  # the dynptr was found there
        return DYNPTRS[slot.reg.mem_size]

    def _wanted(self) -> str:
        """What the parameter points to, as BTF has it."""
        return self._c_type().removesuffix(" *)") + ")"

    def _global_call(self) -> str:
        """The function of the program that is called, and walked by itself."""
        target = self.number("insn") + self._env.insns[self.number("insn")].imm + 1
        return f"global function {self._env.subprog_name(self._env.subprogs.index(target))}()"

    def lock(self, which: str) -> Lock:
        """The lock that was taken last, or the one that the insn is about."""
        state = self._env.cur_state
        assert state is not None  # the insn was walked
        found = state.locks[-1]
        if which == "same_lock":
            reg = self._frame_reg(R1)
            found = next(held for held in state.locks if (held.id, held.map) == (reg.id, reg.map))
        return found._replace(kind=_LOCKS.get(found.kind, found.kind))

    def _ordinal(self) -> str:
        return _ORDINALS[self.number("reg")]

    # -- an access ---------------------------------------------------------------------------

    def _fixed(self) -> int:
        """The constant part of the access that the insn names."""
        insn = self._env.insns[self._env.insn_idx]
        return insn.off if insn.code & 7 in (LDX, ST, STX) else 0

    def _size(self) -> int:
        """Bytes of the access; of a function, the most it may touch."""
        env, arg = self._env, self.number("reg") - R1
        insn = env.insns[env.insn_idx]
        if insn.code & 7 in (LDX, ST, STX):
            return SIZES[insn.code >> 3 & 3]
        if is_pseudo_call(insn):
            no = env.subprogs.index(env.insn_idx + insn.imm + 1)
            return func_types.expected(env, no)[arg].size
        proto = env.helper_proto(insn)
        args = proto.args if proto is not None else ()
        if arg < len(args) and args[arg] in FIXED_ARGS:
            return FIXED_ARGS[args[arg]][0]
        what = _MAP_SIZES.get(args[arg]) if arg < len(args) else None
        if what is not None:
            m = self._frame_reg(R1).map
            return int(getattr(m, what)) if m is not None else 0
        return self._frame_reg(self.number("reg") + 1).umax

    def _end(self) -> int:
        """Bytes of the object that is accessed."""
        reg = self._frame_reg(self.number("reg"))
        if reg.type is PTR_TO_MAP_VALUE and reg.map is not None:
            return reg.map.value_size
        return ctx.SYSCALL_END if reg.type is PTR_TO_CTX else reg.mem_size

    def _type(self) -> str:
        return type_name(self._frame_reg(self.number("reg")), self._env.rules)

    def _access(self) -> str:
        return access_offset(self._frame_reg(self.number("reg")), self.number("fixed"))

    def _low(self) -> int:
        return offset_of(self._frame_reg(self.number("reg"))).smin + self.number("fixed")

    def _umax(self) -> int:
        return offset_of(self._frame_reg(self.number("reg"))).umax

    def _high(self) -> int:
        return self.number("umax") + self.number("fixed")

    def _beyond(self) -> int:
        return self.number("high") + self.number("size")

    # -- regions -----------------------------------------------------------------------------

    @property
    def region(self) -> Region:
        assert self._entered is not None
        return self._entered

    def _operation(self) -> str:
        """What ends a path, where the complaint does not say it."""
        return "BPF_EXIT instruction in main prog"

    def _context(self) -> str:
        return self.region.title

    def _code(self) -> str:
        return self.region.code

    def _leave(self) -> str:
        return self.region.leave

    def _depth(self) -> int:
        return self._depths[self.region]

    def _active(self) -> str:
        return active(self.region, self.number("depth"))

    def is_in_region(self) -> bool:
        return self._entered is not None

    # -- the program -------------------------------------------------------------------------

    def _last(self) -> int:
        return len(self._env.insns) - 1

    def _subprog(self) -> int:
        """The subprog the insn is in."""
        return self._env.subprog_of(self.number("at"))

    def _subprog_start(self) -> int:
        return self._env.subprogs[self.number("subprog")]

    def _subprog_last(self) -> int:
        return self._env.subprog_end(self.number("subprog")) - 1

    def _open_end(self) -> int:
        """The last insn of the first subprog that does not end there."""
        env = self._env
        ends = [env.subprog_end(no) - 1 for no in range(len(env.subprogs))]
        return next(idx for idx in ends if env.insns[idx].code not in (EXIT, JA, GOTOL))

    def _open_subprog(self) -> int:
        return self._env.subprog_of(self.number("open_end"))

    def is_size(self) -> bool:
        """Whether the argument of a kernel function is the size of memory."""
        param = self._param()
        return param is not None and param.kind in (Kind.SIZE, Kind.CONST_SIZE)

    def _number(self) -> str:
        return "memory size" if self.is_size() else "scalar argument"

    def is_of_type(self) -> bool:
        """Whether the type of a helper's argument is wrong, not what it points to or its size."""
        if self._kfunc() is not None:
            return False
        proto = self._env.helper_proto(self._env.insns[self._env.insn_idx])
        memory = proto is not None and proto.args[self.number("reg") - R1] in MEMORY_ARGS
        return not memory or self["expected"] != "fp"

    def is_of_socket(self) -> bool:
        """Whether the register points to a socket, whose fields are checked one by one."""
        return self._frame_reg(self.number("reg")).type in SOCKETS

    def was_safe(self) -> bool:
        """Whether the pointer of an arithmetic insn was near enough to its base before it."""
        return -MAX_VAR_OFF < offset_of(self._frame_reg(self.number("ptr"))).smin < MAX_VAR_OFF

    def was_invalidated(self) -> bool:
        """Whether the register was readable before."""
        return path.was_invalidated(self.trail.events, self.place(self.number("reg")))
