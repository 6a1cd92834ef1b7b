"""Prog and MapDef: what the compiler makes, the verifier model judges and a kernel loads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from emu.btf import BtfData
    from emu.kernel.enums import MapType, ProgType

# ld_imm64's source register says what its immediate is: BPF_PSEUDO_* in include/uapi/linux/bpf.h.
PSEUDO_MAP_FD = 1  # imm: index into Prog.maps
PSEUDO_MAP_VALUE = 2  # imm: index into Prog.maps; next insn's imm: offset into element 0
PSEUDO_BTF_ID = 3  # imm: BTF id of a kernel variable
PSEUDO_FUNC = 4  # imm: insns from the next one to a subprog (a callback)
PSEUDO_MAP_IDX = 5  # imm: index into the loader's fd_array
PSEUDO_MAP_IDX_VALUE = 6  # the same, and the offset as for PSEUDO_MAP_VALUE
# call's source register: 0 a helper, 1 a subprog (imm: insns from the next one), 2 a kfunc.
PSEUDO_CALL = 1
PSEUDO_KFUNC_CALL = 2


class Insn(NamedTuple):
    """One 8-byte instruction: struct bpf_insn.  ld_imm64 is two of them, as in the kernel."""

    code: int  # u8
    dst: int = 0  # 0..10
    src: int = 0
    off: int = 0  # s16
    imm: int = 0  # s32


class MapField(NamedTuple):
    """A part of a map's values that the kernel keeps for itself: struct btf_field."""

    kind: str  # the structure, "bpf_spin_lock", or the tag of a pointer, "kptr"
    off: int  # bytes from the start of the value
    size: int  # bytes
    target: str = ""  # the structure that a pointer points to, or that a list or tree holds
    target_id: int = 0  # its type in the map's BTF
    node_off: int = 0  # where in it the node of the list or tree is
    inner: bool = False  # it is in a structure or array that is a member


class MapDef(NamedTuple):
    """A map to create: the arguments of BPF_MAP_CREATE, and what to put into it."""

    name: str  # the kernel keeps 15 bytes
    type: MapType
    key_size: int  # bytes
    value_size: int  # bytes
    max_entries: int
    flags: int = 0  # BPF_F_*
    init: tuple[tuple[bytes, bytes], ...] = ()  # (key, value) to store before programs are loaded
    frozen: bool = False  # BPF_MAP_FREEZE after `init`: the verifier may then read its contents
    inner: MapDef | None = None  # map-in-map: what its elements look like
    # Maps of maps and program arrays of objects: (index, number of a map in Prog.maps, or of a
    # program among those of the object).
    slots: tuple[tuple[int, int], ...] = ()
    # Of values that BTF describes: None without BTF.
    fields: tuple[MapField, ...] | None = None
    extra: int = 0  # map_extra; of an arena, where it is in the process


class LineInfo(NamedTuple):
    """Where an instruction comes from, as in struct bpf_line_info."""

    insn: int  # index of the first instruction of the line
    file: str
    line: int  # from 1
    column: int  # from 1
    text: str  # the source line


class Subprog(NamedTuple):
    """A BPF function of the program; the first starts at 0."""

    start: int  # index of its first instruction
    name: str


class FuncArg(NamedTuple):
    """A parameter of a function; types are those behind typedefs and qualifiers."""

    kind: str  # BTF_KIND_* without the prefix, as kernels print it; "UNKNOWN" is void
    to: str = ""  # of a pointer, the kind of what it points to
    name: str = ""  # the name of that type
    alias: str = ""  # the first typedef on the way to it
    size: int = -1  # its size in bytes, -1 where it has none
    tags: tuple[str, ...] = ()  # declaration tags of the parameter: "arg:ctx"


# Linkage of functions: enum btf_func_linkage.
STATIC, GLOBAL = 0, 1


class FuncInfo(NamedTuple):
    """What the program's BTF says of one of its functions: struct bpf_func_info."""

    start: int  # index of its first instruction
    linkage: int  # STATIC, GLOBAL, or 2 for extern
    name: str = ""
    type_id: int = 0  # of the function in the BTF
    args: tuple[FuncArg, ...] = ()
    result: str = "INT"  # the kind of what it returns
    result_size: int = 4  # in bytes
    tags: tuple[str, ...] = ()  # its own declaration tags


class Prog(NamedTuple):
    """A program ready to load: the arguments of BPF_PROG_LOAD."""

    name: str
    type: ProgType
    insns: tuple[Insn, ...]
    maps: tuple[MapDef, ...] = ()
    license: str = "GPL"
    subprogs: tuple[Subprog, ...] = ()
    line_info: tuple[LineInfo, ...] = ()
    expected_attach_type: int = 0
    flags: int = 0  # BPF_F_STRICT_ALIGNMENT ...
    attach_to: str = ""  # tracing programs: the kernel function
    kfuncs: tuple[str, ...] = ()  # kernel functions called: the imm of such a call is an index
    func_info: tuple[FuncInfo, ...] = ()  # of every function, where the loader gives BTF
    btf: BtfData | None = None  # the program's types, where the loader gives them
    # A kernel's mistake: 32-bit cmpxchgs that leave r0's high half alone where they store.
    not_extended: frozenset[int] = frozenset()
