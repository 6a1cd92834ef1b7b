"""Traits: what differs from one kernel release to another.

A feature has a `since`, a quirk that was fixed has an `until`, some have both.  Code asks
`kernel.has(Trait.X)`; nothing compares versions but emu.kernel.profile.

`commit` is the mainline commit with its subject, or the two releases whose sources were compared
where the commit is not known.  `backports` lists, for stable series that took the change, the first
point release known to carry it; for a quirk they are the point releases that no longer have it.
An earlier point release of the series may carry it too.  `reverts` lists those where a stable
series took a feature back.  A row with backports and neither since nor until is a change that only
those stable series have.
"""

from __future__ import annotations

import enum
from typing import NamedTuple


class Row(NamedTuple):
    """When a kernel has a trait, and who says so."""

    since: str = ""  # the first mainline release that has it; "" means it was always there
    until: str = ""  # the first mainline release that has it no more; "" means it still is there
    commit: str = ""  # of the change that began or, for a quirk, ended it
    note: str = ""  # a sentence: what holds on a kernel that has the trait
    backports: tuple[str, ...] = ()  # "5.10.218": the change is in 5.10.y from there on
    reverts: tuple[str, ...] = ()  # "6.18.44": 6.18.y, which had the trait, lacks it from there on


@enum.unique
class Trait(enum.Enum):
    """One row a difference, grouped as a program meets them."""

    # Members are singletons, and has() is asked very often: identity is a fast hash.
    __hash__ = object.__hash__

    # -- What is built in ------------------------------------------------------------------------

    JIT = Row(
        since="3.16",
        commit='622582786c9e ("net: filter: x86: internal BPF JIT")',
        note="Programs are compiled; an interpreter limits how functions and tail calls combine.",
    )
    BPF_EVENTS = Row(
        since="4.1",
        commit='2541517c32be ("tracing, perf: Implement BPF programs attached to kprobes")',
        note="CONFIG_BPF_EVENTS: there are tracing programs and the helpers made for them.",
    )

    # -- Programs that sleep, hooks of security modules --------------------------------------------

    SLEEPABLE_PREALLOC = Row(
        since="5.10",
        until="6.1",
        commit="read in 6.0.1, gone in 6.1.y: check_map_prog_compatibility()",
        note="Hashes of programs that sleep have all their elements from the beginning.",
    )
    SLEEPABLE_NO_LOCK = Row(
        since="5.11",
        until="6.6",
        commit="read in 5.11 and 6.5, gone in 6.6.9: check_map_prog_compatibility()",
        note="Programs that sleep use no map with a spin lock.",
    )
    LOCK_IS_RCU = Row(
        since="6.6",
        commit="read in 6.5 and 6.6.9: in_rcu_cs()",
        note="RCU protects pointers of programs that sleep while they hold a spin lock.",
    )
    SLEEPABLE_TRACEPOINTS = Row(
        since="7.2",
        commit="measured on 7.1.3, 7.1.7 and 7.2.6: can_be_sleepable()",
        note="Programs sleep at tracepoints of system calls.",
        backports=("7.1.7",),
    )
    GLOBAL_FUNCS_SLEEP = Row(
        since="6.15",
        commit='b2bb703434bf ("bpf: Summarize sleepable global subprogs")',
        note="A global function that may sleep is not called where nothing may.",
    )
    GLOBAL_FUNCS_RESTART = Row(
        since="7.2",
        commit="read in 6.19 and 7.2: check_max_stack_depth_subprog()",
        note="A global function begins to count the frames of a chain of calls anew.",
    )
    KFUNC_NEEDS_RCU = Row(
        since="6.18",
        commit="measured on 6.17.13 and 6.18.5, read in 6.19: check_kfunc_call()",
        note="A kernel function whose result RCU protects is called where it does.",
    )
    FLOW_KEYS_KNOWN = Row(
        since="6.8",
        commit='22c7fa171a02 ("bpf: Reject variable offset alu on PTR_TO_FLOW_KEYS")',
        note="What is added to a pointer to flow keys is known.",
        backports=("5.15.148", "6.1.170", "6.6.22"),
    )
    SYSCALL_CTX_MOVES = Row(
        since="7.1",
        commit="measured on 7.0.13 and 7.1.13, read in 7.2: is_var_ctx_off_allowed()",
        note="The context of a program that user space runs is memory: it has any offset.",
    )
    SYSCALLS_INJECTABLE = Row(
        since="7.1",
        commit="measured on 7.0.13 and 7.1.13, read in 7.2: check_attach_sleepable()",
        note="Without error injection, programs sleep in system calls and change their results.",
    )
    MODIFY_RETURN_LISTED = Row(
        since="6.2",
        commit="read in 6.1.y and 6.2.1: btf_kfunc_is_modify_return()",
        note="A list says which functions' results may be changed; before, those into which errors "
        "may be injected, and those of security modules.",
    )
    TEXT_DENIED = Row(
        since="6.17",
        commit="measured on 6.16.12 and 6.17.8: check_attach_btf_id()",
        note="A program for a function that none may trace is told its name.",
    )
    PREEMPT_COUNT_DENIED = Row(
        since="6.3",
        commit="read in 6.2.1 and 6.3.8: btf_id_deny",
        note="No program traces the functions that count where preemption is disabled.",
        backports=("5.15.148", "6.1.192"),
    )
    NORETURN_DENIED = Row(
        since="6.15",
        commit="read in 6.14, measured on 6.16.3: noreturn_deny",
        note="No program is attached to the return of a function that never returns.",
        backports=("6.12.43",),
    )
    LSM_DISABLED_HOOKS = Row(
        since="6.12",
        commit="read in 6.11.11 and 6.12.y: bpf_lsm_disabled_hooks",
        note="Some hooks of security modules take no programs.",
        backports=("6.1.180",),
    )
    LSM_ATOMIC_HOOKS = Row(
        since="7.1",
        commit="read in 6.19 and 7.2, measured on 7.0.9, 7.0.13 and 7.1.3: sleepable_lsm_hooks",
        note="Programs no longer sleep where sockets connect.",
        backports=("6.12.94", "7.0.13"),
    )
    LSM_TASK_TO_INODE_ATOMIC = Row(
        since="7.1",
        commit="read in 6.19 and 7.2, measured on 7.0.9, 7.0.13 and 7.1.3: sleepable_lsm_hooks",
        note="Programs no longer sleep at the hook task_to_inode.",
        backports=("6.1.177", "6.12.94", "7.0.13"),
    )
    LSM_PROG_FREE_ATOMIC = Row(
        since="7.2",
        commit="read in 6.19 and 7.2, measured on 7.1.13 and 7.2.13: sleepable_lsm_hooks",
        note="Programs no longer sleep at the hook bpf_prog_free.",
    )
    LSM_BLOCK_DEVICES = Row(
        since="7.1",
        commit="read in 6.19 and 7.2, measured on 7.0.13 and 7.1.3: bpf_lsm.c",
        note="Programs sleep at hooks of block devices, whose arguments are not trusted.",
    )
    LSM_XFRM_DISABLED = Row(
        since="7.2",
        commit="read in 6.19 and 7.2, measured on 7.1.3 and 7.1.7: bpf_lsm_disabled_hooks",
        note="The hook xfrm_decode_session takes no programs.",
        backports=("6.1.180", "6.12.107", "7.1.7"),
    )
    LSM_RETVAL = Row(
        since="6.11",
        commit="read in 6.10 and 6.11.4: bpf_lsm_get_retval_range()",
        note="What programs at hooks of security modules return is 0 or an error, or 0 or 1.",
    )
    LSM_CGROUP_ATOMIC = Row(
        since="7.2",
        commit="read in 6.19 and 7.2, measured on 7.1.3 and 7.1.7: can_be_sleepable()",
        note="Programs at hooks of a control group do not sleep, as they are told at first.",
        backports=("6.12.117", "7.1.7"),
    )
    TEXT_LSM_CGROUP_SLEEPS = Row(
        commit="read in 6.1.192, measured not to be in 6.1.180: check_attach_btf_id()",
        note="The complaint about programs at hooks of a control group that sleep is their own.",
        backports=("6.1.192",),
    )
    SYSCALL_HELPERS_SLEEP = Row(
        since="7.3",
        commit="read in 6.12.117, measured on 7.2.6 and 7.2.11: bpf_sys_bpf_proto",
        note="Helpers that call the system count as those that sleep.",
        backports=("6.12.117", "7.2.11"),
    )
    LOOP_COUNT_IS_NUMBER = Row(
        since="7.3",
        commit="measured on 7.2.6 and 7.2.11: bpf_loop_proto",
        note="The count of bpf_loop() is a number; before, anything.",
        backports=("7.2.11",),
    )
    BUF_NULL_UNSEEN = Row(
        since="5.17",
        until="7.0",
        commit="read in 6.0.1 to 6.19.0; measured on 6.12.74, 6.12.85, 6.18.15 and 7.0.4: "
        "check_mem_access()",
        note="Kernel bug: memory of an iterator is read and written though it may not be there.",
        backports=("6.1.170", "6.12.85", "6.18.44", "6.19.13"),
    )
    BUFFER_UNFOLDED = Row(
        since="7.1",
        until="7.2",
        commit="measured on 7.0.13, 7.1.3 and 7.1.7: __check_buffer_access()",
        note="Kernel bug: what was added to a pointer to a buffer does not count.",
        backports=("7.1.7",),
    )
    FLOW_KEYS_UNFOLDED = Row(
        since="7.1",
        until="7.2",
        commit="measured on 7.0.13, 7.1.13 and 7.2.13: check_flow_keys_access()",
        note="Kernel bug: what was added to a pointer to flow keys does not count.",
    )

    # -- Permissions and loading ---------------------------------------------------------------

    CAP_BPF = Row(
        since="5.8",
        commit='a17b53c4a4b5 ("bpf, capability: Introduce CAP_BPF")',
        note="CAP_BPF and CAP_PERFMON load tracing programs; before, CAP_SYS_ADMIN.",
    )
    MEMLOCK_BY_MEMCG = Row(
        since="5.11",
        commit='3ac1f01b43b6 ("bpf: Eliminate rlimit-based memory accounting for bpf progs")',
        note="Maps and programs count against the memory cgroup, not RLIMIT_MEMLOCK.",
    )
    RAW_TP_TEST_RUN = Row(
        since="5.10",
        commit='1b4d60ec162f ("bpf: Enable BPF_PROG_TEST_RUN for raw_tracepoint")',
        note="BPF_PROG_TEST_RUN runs a raw tracepoint program, on a chosen CPU.",
    )
    MAP_FREEZE = Row(
        since="5.2",
        commit='87df15de441b ("bpf: add syscall side map freeze support")',
        note="BPF_MAP_FREEZE forbids later writes by the system call.",
    )
    RDONLY_PROG = Row(
        since="5.2",
        commit='591fe9888d78 ("bpf: add program side {rd, wr}only support for maps")',
        note="BPF_F_RDONLY_PROG: programs may only read the map.",
    )
    MAP_SHA = Row(
        since="6.18",
        commit="measured on 6.16.12 and 6.18.15: struct bpf_map",
        note="struct bpf_map begins with a hash of the map's contents.",
    )
    MMAPABLE_ARRAY = Row(
        since="5.5",
        commit='fc9702273e2e ("bpf: Add mmap() support for BPF_MAP_TYPE_ARRAY")',
        note="An array created with BPF_F_MMAPABLE can be mapped by user space.",
    )
    MAP_BATCH = Row(
        since="5.6",
        commit='cb4d03ab499d ("bpf: Add generic support for lookup batch op")',
        note="BPF_MAP_LOOKUP_BATCH and its family read and write many elements a call.",
    )
    BPF_COOKIE = Row(
        since="5.15",
        commit='82e6b1eee6a8 ("bpf: Allow to specify user-provided bpf_cookie for BPF perf links")',
        note="An attachment carries a u64 that bpf_get_attach_cookie() returns.",
    )
    RAW_TP_COOKIE = Row(
        since="6.10",
        commit='68ca5d4eebb8 ("bpf: support BPF cookie in raw_tracepoint (raw_tp, tp_btf) '
        'programs")',
        note="Raw tracepoint programs have the cookie too.",
    )
    PERF_LINK = Row(
        since="5.15",
        commit='b89fbfbb854c ("bpf: Implement minimal BPF perf link")',
        note="BPF_LINK_CREATE attaches to a perf event; before, PERF_EVENT_IOC_SET_BPF.",
    )
    TRACING_COOKIE = Row(
        since="5.19",
        commit='2fcc82411e74 ("bpf, x86: Attach a cookie to fentry/fexit/fmod_ret/lsm.")',
        note="Tracing programs have the cookie too.",
    )
    KPROBE_MULTI = Row(
        since="5.18",
        commit='0dcac2725406 ("bpf: Add multi kprobe link")',
        note="One link attaches a program to many kernel functions.",
    )
    UPROBE_MULTI = Row(
        since="6.6",
        commit='89ae89f53d20 ("bpf: Add multi uprobe link")',
        note="One link attaches a program to many user functions.",
    )
    RAW_TP_BTF = Row(
        since="5.5",
        commit='9e15db66136a ("bpf: Implement accurate raw_tp context access via BTF")',
        note="Tracing programs on raw tracepoints see typed arguments.",
    )
    FENTRY = Row(
        since="5.5",
        commit='fec56f5890d9 ("bpf: Introduce BPF trampoline")',
        note="Tracing programs attach to entry and return of a kernel function.",
    )

    # -- BTF -----------------------------------------------------------------------------------

    BTF_FUNC = Row(
        since="5.0",
        commit='838e96904ff3 ("bpf: Introduce bpf_func_info")',
        note="BTF describes functions (FUNC, FUNC_PROTO); func_info ties them to subprogs.",
    )
    LINE_INFO = Row(
        since="5.0",
        commit='c454a46b5efd ("bpf: Add bpf_line_info support")',
        note="line_info ties insns to source lines; the log prints them.",
    )
    FRAME_POINTER_TRACED = Row(
        until="6.16",
        commit='e2d2115e56c4 ("bpf: Do not include stack ptr register in precision backtracking '
        'bookkeeping"), from memory, measured on 6.1.180 and 6.12.43: backtrack_insn()',
        note="Walking back to where a number comes from, r10 counts as one, and a store through it "
        "as an end of what can be followed.",
        backports=("6.12.43",),
    )
    READS_OF_HALVES = Row(
        since="5.3",
        commit='5327ed3d44b7 ("bpf: verifier: mark verified-insn with sub-register zext flag")',
        note="A state knows of a register that is read whether all of it is.",
    )
    LOG_SOURCE_PLACE = Row(
        since="6.9",
        commit='7cc13adbd057 ("bpf: emit source code file name and line number in verifier log"), '
        "release from memory",
        note="Behind a source line the log names its file and number, and tells it once where "
        "several records differ in nothing but the column.",
    )
    BTF_DATASEC = Row(
        since="5.2",
        commit='1dc92851849c ("bpf: kernel side support for BTF Var and DataSec")',
        note="BTF has VAR and DATASEC.",
    )
    VMLINUX_BTF = Row(
        since="5.4",
        commit='341dfcf8d78e ("btf: expose BTF info through sysfs")',
        note="/sys/kernel/btf/vmlinux holds the kernel's own types.",
    )

    # -- Shape and size of a program -------------------------------------------------------------

    LARGE_PROGRAMS = Row(
        since="5.2",
        commit='c04c0d2b968a ("bpf: increase complexity limit and maximum program size")',
        note="Root loads up to 1,000,000 insns; before, 4096.",
    )
    BOUNDED_LOOPS = Row(
        since="5.3",
        commit='2589726d12a1 ("bpf: introduce bounded loops")',
        note="A loop is accepted if walking every iteration ends within the limits.",
    )
    BACK_EDGE_REJECTED = Row(
        until="5.3",
        commit='2589726d12a1 ("bpf: introduce bounded loops")',
        note="check_cfg() refuses any back-edge, even one that is never taken.",
    )
    FUNC_CALLS = Row(
        since="4.16",
        commit='f4d7e40a5b71 ("bpf: introduce function calls (verification)")',
        note="A program may call subprogs.",
    )
    GLOBAL_FUNCS = Row(
        since="5.6",
        commit='51c39bb1d5d1 ("bpf: Introduce function-by-function verification")',
        note="A subprog that BTF calls global is verified once, for any arguments.",
    )
    GLOBAL_FUNC_MEM = Row(
        since="5.12",
        commit='e5069b9c23b3 ("bpf: Support pointers in global func args")',
        note="A global function takes pointers to memory of a size that BTF knows.",
    )
    GLOBAL_FUNCS_LAZY = Row(
        since="6.8",
        commit='2afae08c9dcb ("bpf: Validate global subprogs lazily")',
        note="Global functions are walked after the main program, and only those that are called.",
    )
    FUNC_ARGS_ONCE = Row(
        since="6.8",
        commit='4ba1d0f23414 ("bpf: abstract away global subprog arg preparation logic from reg '
        'state setup")',
        note="What BTF says of a function's arguments is made out once, and compared with calls; "
        "it may be tagged.  Before, each call was compared with BTF.",
    )
    FUNC_ARGS_UNSUPPORTED = Row(
        since="5.13",
        commit='34747c412041 ("bpf: Refactor btf_check_func_arg_match")',
        note="Of a static function's pointer the log says `reg type unsupported`; before, "
        "`Unrecognized`.",
    )
    FUNC_ARGS_OFFSET = Row(
        since="5.18",
        commit='25b35dd28138 ("bpf: Add check_func_arg_reg_off helper")',
        note="A pointer passed to a function of the program may not have an offset but for some "
        "kinds; before, this was asked of contexts.",
    )
    FUNC_ARGS_AT_CALLS = Row(
        since="6.1",
        commit='95f2f26f3cac ("bpf: split btf_check_subprog_arg_match in two")',
        note="Memory is looked at where a function is called, no more for the main program.",
    )
    GLOBAL_FUNCS_VOID = Row(
        since="7.1",
        commit="read in 7.2.y: btf_validate_return_type(), measured on 7.0 and 7.1",
        note="A global function may return void, and r0 is as it was.",
    )
    FUNC_STACK_ARGS = Row(
        since="7.2",
        commit="read in 7.2.y: btf_prepare_func_args(), measured on 7.1 and 7.2",
        note="BTF may give a function more than five arguments.",
    )
    GLOBAL_FUNC_PACKETS = Row(
        since="7.3",
        backports=("7.2.13",),
        commit="read in 7.2.y: btf_check_func_arg_match(), measured on 7.2.7, 7.2.13 and 7.3.4",
        note="A function that may move packets takes no pointer into them, and a tagged argument "
        "is not NULL itself.",
    )
    GLOBAL_FUNC_RESULT_ENOTSUP = Row(
        since="7.2",
        commit="read in 7.2.y: btf_validate_return_type(), measured on 7.1 and 7.2",
        note="A function that returns what none may is refused with EOPNOTSUPP, not EINVAL.",
    )
    GLOBAL_FUNC_MEM_ID_IF_NULL = Row(
        since="6.17",
        commit="read in 7.2.y: do_check_common(), measured on 6.16 and 6.18",
        note="Memory that a global function takes has an id only if it may be NULL.",
    )
    HELPER_MEM_OF_CTX = Row(
        since="6.0",
        until="7.1",
        commit='15baa55ff5b0 ("bpf/verifier: allow all functions to read user provided context"), '
        "measured on 7.0.13 and 7.1.13: check_helper_mem_access()",
        note="Where a type's context is not converted, it counts as the memory that it is; later "
        "only that of system calls.",
    )
    FUNC_ARGS_NULL_PRECISE = Row(
        since="7.3",
        commit="read in 7.3.y: check_mem_reg(), measured on 7.2 and 7.3.4",
        note="A number that passes for NULL as a function's argument is precise.",
    )
    GLOBAL_FUNCS_MOVE_PACKETS = Row(
        since="6.13",
        commit='51081a3f25c7 ("bpf: track changes_pkt_data property for global functions")',
        note="A call of a global function that may move packets ends pointers into them.",
        backports=("6.12.6",),
    )
    GLOBAL_FUNCS_NOT_IN_REGIONS = Row(
        since="6.10",
        until="6.15",
        commit='fc7566ad0a82 ("bpf: Introduce bpf_preempt_[disable,enable] kfuncs"); '
        'b2bb703434bf ("bpf: Summarize sleepable global subprogs")',
        note="A global function may not be called where preemption or interrupts are disabled; "
        "since, only one that may sleep may not.",
    )
    FUNC_ARGS_NO_STRUCT = Row(
        until="5.17",
        commit="read in 5.10.y, gone in 6.1.y: btf_get_prog_ctx_type()",
        note="The log says that an argument's type is not a struct.",
    )
    SK_LOOKUP_CTX = Row(
        since="5.14",
        commit='79a7f8bdb159 ("bpf: Introduce bpf_sys_bpf() helper and program type.")',
        note="BTF may call the context of sk_lookup programs by its name.  Before, the 0 that ends "
        "bpf_ctx_convert_map[] stood in their place, which is the place of socket filters.",
    )
    KERNEL_CTX_STRUCTS = Row(
        since="6.2",
        commit='fd264ca02094 ("bpf: Add kfunc to cast from bpf uapi ctx to kernel ctx")',
        note="sk_buff and xdp_buff stand for __sk_buff and xdp_md where BTF describes arguments.",
    )
    TAIL_CALL_IN_SUBPROG = Row(
        since="5.10",
        commit='e411901c0b77 ("bpf: allow for tailcalls in BPF subprograms for x64 JIT")',
        note="Tail calls and subprogs may be in one program.",
    )
    HELPERS_HAVE_FUNCTIONS = Row(
        since="6.12",
        commit="read in 6.1.192 and 6.12.117: get_helper_proto()",
        note="A helper that the kernel was built without is unknown; before, the program is walked "
        "and refused when its calls are patched.",
    )
    KFUNC_CALLS = Row(
        since="5.13",
        commit='e6ac2450d6de ("bpf: Support bpf program calling kernel function")',
        note="A call may name a kernel function by its BTF id.",
    )
    CALLBACKS = Row(
        since="5.13",
        commit='69c087ba6225 ("bpf: Add bpf_for_each_map_elem() helper")',
        note="ld_imm64 of a subprog gives a function pointer that helpers call back.",
    )

    # -- Instruction set -------------------------------------------------------------------------

    ARSH32 = Row(
        since="5.0",
        commit='c49f7dbd4f8c ("bpf: verifier remove the rejection on BPF_ALU | BPF_ARSH")',
        note="Arithmetic right shift of 32 bits is an instruction.",
    )
    JMP32 = Row(
        since="5.1",
        commit='092ed0968bb6 ("bpf: verifier support JMP32")',
        note="Conditional jumps on the low 32 bits.",
    )
    DIRECT_MAP_VALUE = Row(
        since="5.2",
        commit='d8eca5bbb2be ("bpf: implement lookup-free direct value access for maps")',
        note="ld_imm64 gives a pointer into a one-element array: global data.",
    )
    LD_IMM64_BTF_ID = Row(
        since="5.10",
        commit='4976b718c355 ("bpf: Introduce pseudo_btf_id")',
        note="ld_imm64 gives the address of a kernel variable.",
    )
    LD_IMM64_KFUNC = Row(
        since="6.4",
        commit='58aa2afbb1e6 ("bpf: Allow ld_imm64 instruction to point to kfunc.")',
        note="ld_imm64 gives the address of a kernel function too.",
    )
    KSYMS_READ_ONLY = Row(
        since="5.17",
        commit='34d3a78c681e ("bpf: Make per_cpu_ptr return rdonly PTR_TO_MEM.")',
        note="Programs only read kernel variables that are no structures.",
    )
    FD_ARRAY = Row(
        since="5.14",
        commit='387544bfa291 ("bpf: Introduce fd_idx")',
        note="ld_imm64 names a map by its index into the loader's fd_array.",
    )
    ATOMIC_FETCH = Row(
        since="5.12",
        commit='5ca419f2864a ("bpf: Add BPF_FETCH field / create atomic_fetch_add instruction")',
        note="Atomics beyond add: and, or, xor, exchanges, and forms that fetch the old value.",
    )
    ISA_V4 = Row(
        since="6.6",
        commit='1f9a1ea821ff ("bpf: Support new sign-extension load insns")',
        note="movsx, ldxs, bswap, sdiv, smod and a jump of 32 bits.",
    )
    MAY_GOTO = Row(
        since="6.9",
        commit='011832b97b31 ("bpf: Introduce may_goto instruction")',
        note="A jump that the kernel takes once its own loop budget is used up.",
    )
    ADDR_SPACE_CAST = Row(
        since="6.9",
        commit='6082b6c328b5 ("bpf: Recognize addr_space_cast instruction in the verifier.")',
        note="mov64 with off 1 converts between kernel and arena pointers.",
    )
    LOAD_ACQUIRE = Row(
        since="6.15",
        commit='880442305a39 ("bpf: Introduce load-acquire and store-release instructions")',
        note="Loads and stores with ordering.",
    )
    INDIRECT_JUMP = Row(
        since="6.19",
        commit="read in 6.18.2 and 6.19.0: kernel/bpf/verifier.c",
        note="A jump to the address in a register, taken from an instruction array.",
    )

    # -- Maps and helpers ------------------------------------------------------------------------

    RINGBUF = Row(
        since="5.8",
        commit='457f44363a88 ("bpf: Implement BPF ring buffer and verifier support for it")',
        note="A ring buffer shared by all CPUs.",
    )
    PROBE_READ_SPLIT = Row(
        since="5.5",
        commit='6ae08ae3dea2 ("bpf: Add probe_read_{user, kernel} and ... helpers")',
        note="probe_read() is two helpers: the address space is in the name.",
    )
    BPF_LOOP = Row(
        since="5.17",
        commit='e6f2dd0f8067 ("bpf: Add bpf_loop helper")',
        note="bpf_loop() calls a callback up to 1 << 23 times.",
    )
    STRNCMP = Row(
        since="5.17",
        commit='c5fb19937455 ("bpf: Add bpf_strncmp helper")',
        note="bpf_strncmp() compares with a constant string.",
    )
    MAP_VALUE_AS_HELPER_KEY = Row(
        since="4.18",
        commit='d71962f3e627 ("bpf: allow map helpers access to map values directly")',
        note="Map helpers take a pointer into a map value as key and value; before, stack only.",
    )
    PERCPU_MAP_ELEM_ZEROED = Row(
        since="5.10",
        commit='d3bec0138bfb ("bpf: Zero-fill re-used per-cpu map element")',
        note="A new element of a per-CPU hash is zero on the CPUs that did not store it.",
    )

    HASH_KEY_ANY_SIZE = Row(
        since="5.11",
        commit='c6bde958a62b ("bpf: Lift hashtab key_size limit")',
        note="The key of a hash may be longer than the stack.",
    )
    HELPER_MEM_RDONLY = Row(
        since="5.17",
        commit='216e3cd2f28d ("bpf: Add MEM_RDONLY for helper args that are pointers to rdonly '
        'mem.")',
        note="Helpers that only read memory take read-only memory.",
    )
    KTIME_GET_NS_NOT_GPL = Row(
        since="5.8",
        commit='082b57e3eb09 ("net: bpf: Make bpf_ktime_get_ns() available to non GPL programs")',
        note="bpf_ktime_get_ns() needs no GPL-compatible license.",
    )
    SLEEPABLE = Row(
        since="5.10",
        commit='1e6c62a88215 ("bpf: Introduce sleepable BPF programs")',
        note="A program loaded with BPF_F_SLEEPABLE may call helpers that sleep.",
    )
    TRACING_HASH_NO_PREALLOC = Row(
        since="6.1",
        commit='34dd3bad1a6f ("bpf: Relax the requirement to use preallocated hash maps in tracing '
        'progs.")',
        note="perf_event programs take hash maps that are not preallocated.",
    )

    # -- Spills and the stack --------------------------------------------------------------------

    SPILL_KEEPS_CONST = Row(
        since="5.3",
        commit='b5dc0163d8fd ("bpf: precise scalar_value tracking")',
        note="An 8-byte spill of a constant comes back as that constant.",
        backports=("4.19.222",),
    )
    SPILL_KEEPS_BOUNDS = Row(
        since="5.10",
        commit='5689d49b71ad ("bpf: Track spill/fill of bounded scalars.")',
        note="An 8-byte spill of a bounded scalar comes back with its bounds.",
    )

    # -- Ranges and branches ---------------------------------------------------------------------

    BOUNDS_32 = Row(
        since="5.7",
        commit='3f50f132d840 ("bpf: Verifier, do explicit ALU32 bounds tracking")',
        note="A scalar has bounds of its low 32 bits, apart from the 64-bit ones.",
    )
    CONST_DST_BRANCH_BUG = Row(
        until="6.4",
        commit="953d9f5beaf7 (\"bpf: Improve handling of pattern '<const> <cond_op> <non_const>' "
        'in is_branch_taken()")',
        note="`if const OP bounded_reg` is never predicted: the impossible side is walked with "
        "minimum above maximum, and using that register there makes pointers unknown.",
    )

    # -- Verifier: what bits and ranges tell each other ------------------------------------------

    BOUNDS_SYNC = Row(
        since="5.19",
        commit='3844d153a41a ("bpf: Fix insufficient bounds propagation from '
        'adjust_scalar_min_max_vals")',
        note="Every operation ends with one routine: ranges from bits, signs, bits from ranges, "
        "ranges again.",
        backports=(
            "5.10.218",
            "5.15.148",
            "5.18.11",
        ),
    )
    BITS32_FROM_NEW_BITS = Row(
        since="6.3",
        commit='7be14c1c9030 ("bpf: Fix __reg_bound_offset 64->32 var_off subreg propagation")',
        note="The low half's known bits start from those the 64-bit range gave.",
        backports=("6.1.170",),
    )
    DEDUCE_ACROSS_WIDTHS = Row(
        since="6.8",
        commit="read in 6.7.3 and 6.8.1: reg_bounds_sync()",
        note="The 64-bit range bounds the low half and the low half the 64-bit range.",
    )
    DEDUCE_SIGN_EXTENDED = Row(
        since="6.10",
        commit="read in 6.9.0 and 6.10.0: __reg_deduce_mixed_bounds()",
        note="A non-negative low half of a sign-extended value is the whole value.",
    )
    DEDUCE_MIXED_S32 = Row(
        until="6.15",
        commit="read in 6.14.0 and 6.17.0: __reg_deduce_mixed_bounds()",
        note="The signed range of the low half bounds the whole too.",
    )
    DEDUCE_SIGN_CROSSING = Row(
        since="6.17",
        commit="read in 6.14.0 and 6.17.0: __reg64_deduce_bounds()",
        note="A signed and an unsigned range that overlap in one piece bound each other.",
        backports=("6.12.85",),
    )
    DEDUCE_SIGN_CROSSING_32 = Row(
        since="7.0",
        commit="read in 6.19.0 and 7.0.0: __reg32_deduce_bounds()",
        note="The same for the low half.",
        backports=("6.12.85", "6.18.44", "6.19.13"),
    )
    DEDUCE_THREE_ROUNDS = Row(
        since="6.17",
        commit="read in 6.14.0 and 6.17.0: reg_bounds_sync()",
        note="Deduction is repeated three times, not twice.",
        backports=("6.12.107",),
    )
    BOUNDS_BY_NEXT_MEMBER = Row(
        since="7.0",
        commit="read in 6.19.0 and 7.0.0: __update_reg64_bounds()",
        note="Where the known bits leave one value inside the range, it is that value.",
        backports=("6.18.44", "6.19.10"),
    )
    DEDUCE_64_FIRST = Row(
        since="7.1",
        commit="read in 7.0.0 and 7.1.3: reg_bounds_sync()",
        note="Deduction goes twice, from the 64-bit ranges down.",
    )
    IMPOSSIBLE_RANGE_KEPT = Row(
        since="7.1",
        commit="read in 7.0.0 and 7.1.3: reg_bounds_sync()",
        note="An empty range is left as it is: it marks a branch that never runs.",
    )
    RANGES_CIRCULAR = Row(
        since="7.2",
        commit="read in 7.1.3 and 7.2.13: kernel/bpf/cnum.c",
        note="A range is an arc of the circle of all words, signed and unsigned at once.",
    )
    ASSIGN_32_BOTH_ENDS = Row(
        since="5.16",
        commit='e572ff80f05c ("bpf: Make 32->64 bounds propagation slightly more robust")',
        note="Zero extension takes the signed range of the low half only if both ends are not "
        "negative.",
        backports=(
            "5.10.218",
            "5.15.16",
        ),
    )
    COMBINE_ENDS_TOGETHER = Row(
        since="5.10",
        commit='b02709587ea3 ("bpf: Fix propagation of 32-bit signed bounds from 64-bit bounds.")',
        note="The low half takes a signed range only if both 64-bit ends fit; before, each end "
        "alone.",
    )
    COMBINE_UNSIGNED_ENDS_TOGETHER = Row(
        since="5.12",
        commit='10bf4e83167c ("bpf: Fix propagation of 32 bit unsigned bounds from 64 bit bounds")',
        note="The same for the unsigned range: CVE-2021-31440.",
        backports=("5.10.37",),
    )
    COMBINE_EDGES_FIT = Row(
        since="5.17",
        commit='b9979db83401 ("bpf: Fix propagation of bounds from 64-bit min/max into 32-bit and '
        'var_off.")',
        note="The least and the greatest 32-bit numbers count as fitting 32 bits.",
        backports=(
            "5.10.218",
            "5.15.148",
            "5.16.10",
        ),
    )

    # -- Verifier: arithmetic --------------------------------------------------------------------

    ALU32_INPUTS_TRUNCATED = Row(
        since="4.19",
        commit="read in 4.18.0 and 4.19.1: adjust_scalar_min_max_vals()",
        note="A 32-bit operation computes with truncated inputs, not only a truncated result.",
        backports=("4.18.13",),
    )
    MOV32_KEEPS_RANGE = Row(
        since="5.0",
        commit="read in 4.20.0 and 5.0.1: check_alu_op()",
        note="A 32-bit move keeps what is known of the source; before, nothing.",
        backports=("4.19.95",),
    )
    MOV32_SYNC = Row(
        since="5.16",
        commit='3cf2b61eb067 ("bpf: Fix signed bounds propagation after mov32")',
        note="A 32-bit move ends as other operations do.",
        backports=(
            "5.10.218",
            "5.15.16",
        ),
    )
    RANGE_WRAPS_WHOLE = Row(
        since="6.17",
        commit="read in 6.14.0 and 6.17.0: scalar_min_max_add()",
        note="A sum or difference whose both ends wrap keeps its unsigned range.",
    )
    TNUM_MUL_HALVES = Row(
        until="5.14",
        commit="read in 5.12.9 and 5.14-rc5: tnum_mul()",
        note="Known bits of a product come from two half-multiplications.",
    )
    TNUM_MUL_UNION = Row(
        since="6.18",
        commit="read in 6.17.0 and 6.18.2: tnum_mul()",
        note="Known bits of a product come from long multiplication that joins both cases of an "
        "unknown bit.",
    )
    MUL_OF_SIGNED = Row(
        since="6.14",
        commit="read in 6.13.7 and 6.14.0: scalar_min_max_mul()",
        note="Products of negative and of large ranges are bounded, unless they overflow.",
    )
    OR32_FROM_64 = Row(
        since="5.7",
        until="5.9",
        commit='5b9fbeb75b6a ("bpf: Fix scalar32_min_max_or bounds tracking")',
        note="A 32-bit OR takes the low half's range from the 64-bit ends: CVE-2020-27194.",
        backports=("5.8.15",),
    )
    CONST32_SETS_RANGE = Row(
        since="5.12",
        commit='049c4e13714e ("bpf: Fix alu32 const subreg bound tracking on bitwise operations")',
        note="AND, OR and XOR of constants set the low half's range: CVE-2021-3490.",
        backports=("5.10.37",),
    )
    BITWISE_SIGN_FROM_RESULT = Row(
        since="6.10",
        commit="read in 6.9.0 and 6.10.0: scalar_min_max_and()",
        note="A bitwise operation's signed range is its unsigned one wherever that has one sign.",
    )
    LSH_32_KEEPS_SIGN = Row(
        since="7.0",
        commit="read in 6.19.0 and 7.0.0: __scalar64_min_max_lsh()",
        note="A left shift by 32 keeps a negative signed range too: sign extension by two shifts.",
        backports=(
            "5.10.262",
            "6.1.170",
            "6.12.107",
            "6.18.44",
            "6.19.14",
        ),
    )
    ARSH32_BY_SUBREG = Row(
        since="5.6",
        commit='0af2ffc93a4b ("bpf: Fix incorrect verifier simulation of ARSH under ALU32")',
        note="A 32-bit arithmetic shift takes bit 31 as sign.",
        backports=(
            "4.19.222",
            "5.4.18",
        ),
    )
    XOR_TRACKED = Row(
        since="5.10",
        commit="read in 5.9.1 and 5.10.7: scalar_min_max_xor()",
        note="The result of XOR is bounded.",
    )
    ALU_OF_UNKNOWN = Row(
        since="6.10",
        commit="read in 6.9.0 and 6.10.0: is_safe_to_compute_dst_reg_range()",
        note="OR, XOR and MUL by an unknown value are computed; before, only ADD, SUB and AND.",
    )
    NEG_TRACKED = Row(
        since="6.17",
        commit="read in 6.14.0 and 6.17.0: check_alu_op()",
        note="The result of NEG is bounded.",
    )
    COERCE_SYNCS = Row(
        since="6.9",
        commit="read in 6.8.1 and 6.9.0: coerce_reg_to_size()",
        note="Truncation to 4 bytes ends as other operations do: the low half's range becomes the "
        "whole's.",
    )
    BSWAP_TRACKED = Row(
        since="7.0",
        commit="read in 6.19.0 and 7.0.0: adjust_scalar_min_max_vals()",
        note="Byte swaps keep known bits.",
        backports=("6.18.44", "6.19.10"),
    )
    BSWAP_KEEPS_ID = Row(
        commit="measured on 6.19.10 and 6.19.13: check_alu_op()",
        note="A swapped number stays linked with the copies of what it was, and follows what "
        "comparisons tell of them, though it is another one.",
        backports=("6.19.10",),
        reverts=("6.19.13",),
    )
    DIV_TRACKED = Row(
        since="7.0",
        commit="read in 6.19.0 and 7.0.0: scalar_min_max_udiv()",
        note="Division and modulo by a constant are bounded.",
    )
    MOVSX32_SETS_BITS = Row(
        since="6.10",
        commit="read in 6.9.0 and 6.10.0: coerce_subreg_to_size_sx()",
        note="A 32-bit sign-extending move updates known bits, not only ranges.",
    )
    FORK_SIGN_MASK = Row(
        since="7.0",
        commit='bffacdb80b93 ("bpf: Recognize special arithmetic shift in the verifier")',
        note="AND and OR with a constant of a value that is 0 or -1 walk both cases.",
        backports=("6.12.85", "6.18.44", "6.19.14"),
    )
    POINTER_CONST_IN_BITS = Row(
        since="7.1",
        commit="read in 7.0.0 and 7.1.3: adjust_ptr_min_max_vals()",
        note="A pointer's constant offset stands in its known bits, not apart.",
    )
    VAR_OFF_AND_OFF_CHECKED = Row(
        since="5.0",
        commit="read in 4.20.0 and 5.0.1: check_map_access()",
        note="A constant offset may make up for a negative variable one.",
        backports=("4.19.95",),
    )

    # -- Verifier: scalars that hold one value ---------------------------------------------------

    SCALAR_IDS = Row(
        since="5.10",
        commit='75748837b7e5 ("bpf: Propagate scalar ranges through register assignments.")',
        note="A comparison of one copy bounds all copies made by a 64-bit move.",
    )
    CONST_HAS_NO_ID = Row(
        since="6.4",
        commit="read in 6.3.8 and 6.4.6: check_alu_op()",
        note="A move of a constant does not link the two registers.",
    )
    SPILL_BREAKS_LINK = Row(
        since="6.4",
        commit='713274f1f2c8 ("bpf: Fix verifier id tracking of scalars on spill"), from memory, '
        "measured on 5.10.46, 5.10.218 and 6.1.170",
        note="What is spilled into fewer bytes than it has is not linked with its register.",
        backports=("5.10.218", "5.15.148", "6.1.36"),
    )
    MOV32_KEEPS_ID = Row(
        since="6.4",
        commit="read in 6.3.8 and 6.4.6: check_alu_op()",
        note="A 32-bit move links the two registers if the value fits 32 bits.",
    )
    LINK_ADD_CONST = Row(
        since="6.11",
        commit='98d7ca374ba4 ("bpf: Track delta between "linked" registers.")',
        note="A copy plus a constant stays linked.",
    )
    LINK_ADD_CONST_32 = Row(
        since="7.0",
        commit="read in 6.19.0 and 7.0.0: adjust_reg_min_max_vals()",
        note="So do a copy minus a constant, and 32-bit sums of copies without a high half.",
        backports=("6.18.44",),
    )
    LINK_KEEPS_ADD_CONST = Row(
        since="7.0",
        commit="measured on 6.12.74, 6.12.85, 6.17.13, 6.18.12, 6.18.15 and 6.19.6: "
        "sync_linked_regs()",
        note="A copy plus a constant stays one when a comparison tells of the copy.",
        backports=("6.12.85", "6.18.15", "6.19.6"),
    )
    LINK_OFF_CLEARED = Row(
        since="7.1",
        commit="measured on 6.12.95, 6.12.107, 6.18.15, 6.18.44, 7.0.13 and 7.1.13: "
        "adjust_reg_min_max_vals()",
        note="What was added to a copy is forgotten with the link; before, it is left behind, and "
        "no pointer takes such a number if it was large.",
        backports=("6.12.107", "6.18.44"),
    )
    NULL_CHECK_KEEPS_ID = Row(
        since="7.2",
        commit="read in 7.1.3 and 7.2.0: mark_ptr_or_null_reg()",
        note="A pointer keeps its id when it is found not to be null.",
    )
    LINK_KEEPS_LIFE = Row(
        since="6.3",
        commit='71f656a50176 ("bpf: Fix to preserve reg parent/live fields when copying range '
        'info")',
        note="What a comparison tells of a copy does not change whether the copy was written.",
        backports=("5.10.218", "6.1.170"),
    )
    SINGULAR_IDS_CLEARED = Row(
        since="7.0",
        commit='b2a0aa3a8739 ("bpf: Clear singular ids for scalars in is_state_visited()")',
        note="A new state drops the ids that one scalar alone has.",
    )
    LINK_NARROW_SPILLS = Row(
        since="6.8",
        commit="read in 6.1.192 and 6.12.117: bpf_get_spilled_reg()",
        note="A register spilled in less than a whole slot learns from those that it is linked to.",
    )
    LINKS_OF_FIVE = Row(
        since="7.2",
        commit="measured on 7.1.13 and 7.2.13: LINKED_REGS_MAX, check_cond_jmp_op()",
        note="Five linked registers are remembered, six before, and the others are forgotten even "
        "where the jump's way is known.",
    )
    LINK_LIVE_REGS = Row(
        since="7.0",
        commit="read in 6.19.0 and 7.0.0: collect_linked_regs()",
        note="A comparison tells of linked registers only where they are live.",
        backports=("6.18.44", "6.19.10"),
    )

    # -- Verifier: branches ----------------------------------------------------------------------

    BRANCH_BY_RANGE = Row(
        since="4.20",
        commit='4f7b3e82589e ("bpf: improve verifier branch analysis")',
        note="A comparison with a constant is decided by ranges; before, only == and != of "
        "constants.",
        backports=("4.19.95",),
    )
    BRANCH_SRC_REG = Row(
        since="5.3",
        commit='fb8d251ee2a6 ("bpf: extend is_branch_taken to registers")',
        note="So is a comparison with a register that holds a constant.",
    )
    BRANCH_NON_NULL = Row(
        since="5.8",
        commit='cac616db39c2 ("bpf: Verifier track null pointer branch_taken with JNE and JEQ")',
        note="A pointer that cannot be null, compared with 0, decides the branch.",
    )
    JSGT_FALSE_AT_EQUAL = Row(
        since="5.11",
        commit='ee114dd64c00 ("bpf: Fix verifier jsgt branch analysis on max bound")',
        note="Signed greater-than is decided false also where the maximum equals the constant.",
        backports=(
            "5.4.286",
            "5.10.16",
        ),
    )
    BRANCH_EQ_BY_RANGE = Row(
        since="6.4",
        commit='13fbcee55706 ("bpf: Improve verifier JEQ/JNE insn branch taken checking")',
        note="== and != are decided by unsigned ranges.",
    )
    BRANCH_EQ_BY_SIGNED_RANGE = Row(
        since="6.7",
        commit="read in 6.6.9 and 6.7.3: is_branch64_taken()",
        note="== and != are decided by signed ranges too.",
    )
    BRANCH_TWO_RANGES = Row(
        since="6.8",
        commit="read in 6.7.3 and 6.8.1: is_scalar_branch_taken(), regs_refine_cond_op()",
        note="Two ranges decide a branch, and each bounds the other; != can bound.",
    )
    BRANCH_BY_KNOWN_BITS = Row(
        since="6.18",
        commit="read in 6.17.0 and 6.18.2: is_scalar_branch_taken()",
        note="Contradictory known bits decide == and !=.",
        backports=("6.12.69", "6.17.8"),
    )
    JMP_READS_DST_FIRST = Row(
        since="6.6",
        commit='d75e30dddf73 ("bpf: Fix issue in verifying allow_ptr_leaks")',
        note="Of a jump that compares two registers, the left one is complained of first.",
        backports=("6.1.180",),
    )
    BRANCH_SAME_REG = Row(
        since="6.19",
        commit="read in 6.18.2 and 6.19.0: is_scalar_branch_taken()",
        note="A register compared with itself decides the branch.",
    )
    BRANCH_BY_SIMULATION = Row(
        since="7.1",
        commit="read in 7.0.0 and 7.1.3: is_branch_taken()",
        note="A side on which some range would be empty is not walked.",
    )
    JEQ_BITS_LOST = Row(
        since="5.7",
        until="5.19",
        commit='a12ca6277eca ("bpf: Fix incorrect verifier simulation around jmp32 jeq/jne")',
        note="The known bits set by == are overwritten by the old ones.",
        backports=(
            "5.10.218",
            "5.15.148",
            "5.18.11",
        ),
    )
    EQ_KEEPS_ID = Row(
        since="5.10",
        commit="read in 5.9.1 and 5.10.7: ___mark_reg_known()",
        note="A register found equal to a constant keeps its link.",
    )
    JSET_FORGETS_RANGE = Row(
        since="6.17",
        commit="read in 6.14.0 and 6.17.0: regs_refine_cond_op()",
        note="Where no bit of a mask is set, the old range is forgotten first.",
        backports=("5.10.257", "6.1.170", "6.12.43", "6.16.3"),
    )
    BRANCH_EQUAL_NOT_NULL = Row(
        since="6.2",
        commit='befae75856ab ("bpf: propagate nullness information for reg to reg comparisons")',
        note="A pointer that may be null and equals one that is not, is not null.",
    )
    BRANCH_EQUAL_KNOWN = Row(
        since="7.2",
        commit="read in 6.12.117, measured on 6.12.107, 7.1.13 and 7.2.13: check_cond_jmp_op()",
        note="The other one must be known not to be null, not only not be marked as such.",
        backports=("6.12.117",),
    )
    NULL_CHECK_BY_REG_PRECISE = Row(
        since="7.2",
        commit="measured on 7.1.13 and 7.2.13: check_cond_jmp_op()",
        note="The 0 in the register that a null check compares with matters.",
    )
    NULL_CHECK_BY_REG = Row(
        since="7.1",
        commit="read in 7.0.0 and 7.1.3: check_cond_jmp_op()",
        note="A comparison with a register that holds 0 is a null check.",
    )
    GOTOL = Row(
        since="6.6",
        commit='4cd58e9af8b9 ("bpf: Support new 32bit offset jmp instruction")',
        note="A jump with a 32-bit offset.",
        backports=("6.1.170",),
    )
    CFG_OF_LDIMM64 = Row(
        since="6.6",
        commit="read in 6.5.0 and 6.6.9: check_cfg()",
        note="A jump into the second half of ld_imm64 is a complaint of its own.",
        backports=("6.1.170",),
    )
    INVARIANTS_CHECKED = Row(
        since="6.8",
        commit='5f99f312bd3b ("bpf: add register bounds sanity checks and sanitization")',
        note="A register whose ranges contradict themselves is reported, and they are forgotten.",
    )
    INVARIANTS_ARE_BUGS = Row(
        since="6.17",
        commit="measured on 6.12.107 and 6.18.15: reg_bounds_sanity_check()",
        note='The report says "verifier bug".',
    )

    # -- Verifier: the stack ---------------------------------------------------------------------

    SPILL_NARROW = Row(
        since="5.16",
        commit='354e8f1970f8 ("bpf: Support <8-byte scalar spill and refill")',
        note="Spills of 1, 2 and 4 bytes keep the value.",
        backports=(
            "5.10.218",
            "5.15.148",
        ),
    )
    SPILL_ST_IMM = Row(
        since="6.3",
        commit="read in 6.2.1 and 6.3.8: check_stack_write_fixed_off()",
        note="A constant stored by st is known after the fill.",
        backports=(
            "5.10.218",
            "5.15.148",
            "6.1.170",
        ),
    )
    VAR_STORE_ZERO_IMM = Row(
        since="6.3",
        commit="read in 6.1.192 and 6.12.117: check_stack_write_var_off()",
        note="A zero stored by st at a variable offset leaves zeros what they are.",
    )
    ST_IMM_ZERO_EXTENDED = Row(
        since="6.3",
        until="6.7",
        commit='811c363645b3 ("bpf: Fix check_stack_write_fixed_off() to correctly spill imm")',
        note="A negative constant stored by st is remembered as a 32-bit number.",
        backports=("6.6.9",),
    )
    SPILL_ZERO = Row(
        since="6.8",
        commit="read in 6.7.3 and 6.8.1: check_stack_write_fixed_off()",
        note="A stored zero is a spilled constant too, if it fills the slot.",
    )
    SPILL_KEEPS_ANY = Row(
        since="6.9",
        commit="read in 6.8.1 and 6.9.0: check_stack_write_fixed_off()",
        note="Any scalar is remembered, an unknown one by its link.",
    )
    FILL_ZERO_BYTES = Row(
        since="6.8",
        commit="read in 6.7.3 and 6.8.1: check_stack_read_fixed_off()",
        note="A fill of bytes known to be zero, some of them in a spilled zero, gives 0.",
    )
    FILL_NARROW = Row(
        since="6.9",
        commit="read in 6.8.1 and 6.9.0: check_stack_read_fixed_off()",
        note="A fill of the low bytes of a wider spill keeps what is known.",
    )
    FILL_NARROW_SCALAR = Row(
        since="5.3",
        commit="read in 5.2.1 and 5.3.1: check_stack_read()",
        note="A narrow fill of a spilled scalar gives an unknown one; before, it is refused.",
        backports=("4.19.222",),
    )
    PARTIAL_SPILL_SCRUBBED = Row(
        since="5.0",
        commit="read in 4.20.0 and 5.0.1: check_stack_write()",
        note="Writing a part of a spilled register makes the rest plain data.",
    )
    STACK_VAR_OFF = Row(
        since="5.12",
        commit='01f810ace9ed ("bpf: Allow variable-offset stack access")',
        note="Root loads and stores the stack at a variable offset.",
        backports=("5.10.46",),
    )
    VAR_STORE_SCRUBS = Row(
        since="7.1",
        commit="measured on 6.12.90, 6.12.94, 6.19.14, 7.0.9, 7.0.13: check_stack_write_var_off()",
        note="A store at a variable offset makes all of a spilled register that it may hit plain "
        "data.",
        backports=("6.12.94", "6.18.44", "7.0.13"),
    )
    FILL_ASSIGNS_ID = Row(
        since="7.0",
        commit="measured on 6.19.14 and 7.0.13: check_stack_read_fixed_off()",
        note="A spilled scalar without an id gets one when it is filled, to be linked with it.",
    )
    SPILL_CUT_TO_ZERO = Row(
        until="7.3",
        commit="measured on 7.2.6 and 7.2.7: __clean_func_state()",
        note="Where the high half of a spilled zero is dead, the low half becomes zero bytes.",
        backports=("7.2.7",),
    )
    LOAD_SX_DROPS_ID = Row(
        since="7.2",
        commit="measured on 7.1.13 and 7.2.13: check_mem_access()",
        note="A sign-extending load that can change the value is not linked with the spill.",
    )
    ZEROS_OF_SPILLS = Row(
        since="7.3",
        commit="read in 7.2.13 and 7.3.4: mark_reg_stack_read()",
        note="A load that finds zeros only, spilled ones among them, gives 0.",
    )
    STACK_UNINIT_READ = Row(
        since="6.3",
        commit='6715df8d5d24 ("bpf: Allow reads from uninit stack")',
        note="Root may read stack that was never written.",
        backports=(
            "5.10.223",
            "6.1.170",
        ),
    )
    HELPER_STACK_VAR_OFF = Row(
        since="5.2",
        commit='2011fccfb61b ("bpf: Support variable offset stack access from helpers")',
        note="Root may pass stack at a variable offset to a helper.",
        backports=("4.19.222",),
    )
    HELPER_READS_SPILLS = Row(
        since="5.3",
        commit="read in 5.2.1 and 5.3.1: check_stack_boundary()",
        note="A helper may read a spilled scalar.",
        backports=("4.19.222",),
    )
    HELPER_READS_SPILLED_POINTERS = Row(
        since="5.11",
        commit='cd17d38f8b28 ("bpf: Permits pointers on stack for helper calls")',
        note="A helper may read a spilled pointer.",
        backports=("5.10.218",),
    )
    STACK_GROWS_BY_READ = Row(
        since="6.8",
        commit='a833a17aeac7 ("bpf: Fix verification of indirect var-off stack access")',
        note="A read or a helper's access below the stack used so far makes it larger; before, it "
        "is refused.",
        backports=("6.6.57", "6.7.3"),
    )
    SPILL_KEEPS_ZERO = Row(
        since="6.8",
        commit='eaf18febd6eb ("bpf: preserve STACK_ZERO slots on partial reg spills")',
        note="Zeros next to a narrow spill stay zeros.",
    )
    PRIVATE_STACK = Row(
        since="6.13",
        commit='e00931c02568 ("bpf: Enable private stack for eligible subprogs")',
        note="With a JIT, subprogs of tracing programs with 64 bytes of stack or more have a "
        "stack of their own.",
    )
    DIRECT_OFFSET_LIMITED = Row(
        since="5.2",
        until="7.0",
        commit="measured on 6.19.14 and 7.0.13: resolve_pseudo_ldimm64()",
        note="An offset into a map's value that is far too large has a complaint of its own.",
    )
    STACK_DEPTH_BY_16 = Row(
        since="6.9",
        commit="read in 6.8.1 and 6.9.0: round_up_stack_depth()",
        note="With a JIT a frame counts in units of 16 bytes; before, 32.",
    )

    # -- Verifier: memory and calls --------------------------------------------------------------

    KPROBE_CTX_WRITE = Row(
        since="6.18",
        commit="read in 6.17.0 and 6.18.2: kprobe_prog_is_valid_access(); measured on 6.18.44",
        note="The verifier lets kprobe programs write registers; only uprobes attach them.",
        reverts=("6.18.44",),
    )
    BPF_ST_TO_CTX = Row(
        since="6.4",
        commit="read in 6.3.8 and 6.4.6: do_check()",
        note="A constant may be stored to a context like a register.",
    )
    RDONLY_MAP_CONST_LOADS = Row(
        since="5.5",
        commit='a23740ec43ba ("bpf: Track contents of read-only maps as scalars")',
        note="A load from a frozen read-only array is the constant in it.",
        backports=("5.4.286",),
    )
    SELF_SUM_UNLINKED = Row(
        since="7.0",
        commit="measured on 6.12.43, 6.12.107, 6.18.15, 6.18.44, 6.19.14 and 7.0.13: "
        "adjust_reg_min_max_vals()",
        note="A register added to itself is linked to no other; before, if it is known, it is "
        "taken for another register of its old value plus twice that value.",
        backports=("6.12.107", "6.18.44"),
    )
    CTX_PACKET_UNSIGNED = Row(
        since="6.11",
        commit='92de36080c93 ("bpf: Fail verification for sign-extension of packet '
        'data/data_end/data_meta")',
        note="A load that extends the sign gives no pointer into a packet.",
    )
    LOOKUP_INNER_MAP_NULLABLE = Row(
        since="7.1",
        commit="measured on 6.18.15, 6.18.44, 7.0.13 and 7.1.13: can_elide_value_nullness()",
        backports=("6.18.44",),
        note="An array for which others may stand, with fewer elements, has no known elements.",
    )
    POINTER_SUM_INHERITS = Row(
        since="7.1",
        commit="read in 6.1.192 and 6.12.117, measured on 6.12.43, 6.12.107, 6.18.44, 7.0.13 and "
        "7.1.13: adjust_ptr_min_max_vals()",
        note="A pointer added to a number keeps its frame and its reference; before, it is taken "
        "for one into the first frame, and lives on when the reference is given back.",
        backports=("6.1.192", "6.12.107"),
    )
    LOOKUP_CONST_KEY_NOT_NULL = Row(
        since="6.14",
        commit='d2102f2f5d75 ("bpf: verifier: Support eliding map lookup nullchecks")',
        note="A lookup in an array by a constant key in range needs no null check.",
    )
    HELPER_STR_RETURNS_SIZE = Row(
        since="4.18",
        commit='849fa50662fb ("bpf/verifier: refine retval R0 state for bpf_get_stack helper")',
        note="The result of probe_read_str() and get_stack() is at most the size.",
    )
    HELPER_STR_RETURN_SIGNED = Row(
        since="5.7",
        commit="read in 5.6.4 and 5.7.14: do_refine_retval_range()",
        note="That result may be an error; before, the range took it for not negative. The stable "
        "series walk two paths.",
        backports=(
            "4.19.95",
            "5.4.286",
        ),
    )
    HELPER_STR_RETURN_ERRNO = Row(
        since="5.10",
        commit="read in 5.9.1 and 5.10.7: do_refine_retval_range()",
        note="That result is at least -MAX_ERRNO.",
    )
    CPU_ID_BOUNDED = Row(
        since="6.6",
        commit="read in 6.5.0 and 6.6.9: do_refine_retval_range()",
        note="bpf_get_smp_processor_id() is less than the number of CPUs.",
    )
    RINGBUF_MEM_NAME = Row(
        since="6.2",
        commit="read in 6.1-rc7 and 6.2.1: reg_type_str()",
        note="Memory of a ring buffer is called ringbuf_mem; before, alloc_mem, and mem until "
        "5.17.",
    )
    OPCODES_CHECKED_FIRST = Row(
        since="5.10",
        commit="read in 5.9.1 and 5.10.7: resolve_pseudo_ldimm64()",
        note="An unknown opcode is found before the walk.",
    )
    INSNS_CHECKED_FIRST = Row(
        since="7.1",
        commit="read in 7.0.0 and 7.1.3: check_and_resolve_insns()",
        note="Reserved fields are all checked before the walk.",
    )
    CALLBACK_IS_LOOP = Row(
        since="6.19",
        commit="measured on 6.18.44 and 6.19.14: bpf_compute_scc()",
        note="A helper that calls back is a loop of its own.",
    )
    HIDDEN_EXIT_OF_TAIL_CALL = Row(
        since="6.19",
        commit="measured on 6.18.44, 6.19.6 and 6.19.14: visit_insn()",
        note="A tail call counts as a way to the subprog's exit.",
    )
    HIDDEN_EXIT_OF_LOAD = Row(
        since="7.0",
        commit="measured on 6.19.14 and 7.0.13: visit_abnormal_return_insn()",
        note="So does a load from the packet.",
    )
    LIVENESS_BEFORE_WALK = Row(
        since="7.1",
        commit="read in 7.0.0 and 7.1.3: bpf_check(), kernel/bpf/liveness.c, const_fold.c",
        note="Decided jumps, recursion and what is live are found before the walk, which forgets "
        "dead registers and slots on its way.",
    )

    # -- Verifier: the walk ----------------------------------------------------------------------

    PRECISION = Row(
        since="5.3",
        commit='b5dc0163d8fd ("bpf: precise scalar_value tracking")',
        note="Scalars that no check depends on do not keep two states apart.",
        backports=("4.19.222",),
    )
    SUBPROG_SCALARS_PRECISE = Row(
        since="5.5",
        until="6.2",
        commit='be2ef8161572 ("bpf: allow precision tracking for programs with subprogs")',
        note="In a program with subprogs every unknown scalar counts.",
        backports=(
            "5.10.218",
            "5.15.148",
            "6.1.170",
        ),
    )
    UNKNOWN_IS_IMPRECISE = Row(
        since="5.5",
        commit='f54c7898ed1c ("bpf: Fix precision tracking for unbounded scalars")',
        note="The result of arithmetic without known bounds does not count because an operand did.",
    )
    PRECISION_FORGOTTEN = Row(
        since="6.2",
        commit='7a830b53c17b ("bpf: aggressively forget precise markings during state '
        'checkpointing")',
        note="A new state starts without precise marks.",
        backports=(
            "5.10.218",
            "5.15.148",
            "6.1.170",
        ),
    )
    PRECISION_OF_ALLOC_SIZE = Row(
        since="6.1",
        commit='2fc31465c537 ("bpf: Do mark_chain_precision for ARG_CONST_ALLOC_SIZE_OR_ZERO")',
        note="The size of a reservation counts.",
        backports=("5.15.148",),
    )
    PRECISION_OF_CALLBACK_ARGS = Row(
        since="7.3",
        commit="measured on 7.1.13, 7.2.6 and 7.2.7: backtrack_insn()",
        note="What a helper that calls back was given counts for each of its calls.",
        backports=("6.12.117", "7.2.7"),
    )
    PRECISION_OF_NULL_ARG = Row(
        since="7.3",
        commit="measured on 7.1.13, 7.2.6 and 7.2.7: check_func_arg()",
        note="A null that a helper takes in place of a pointer counts.",
        backports=("6.12.117", "7.2.7"),
    )
    JMP_HISTORY_OF_START = Row(
        since="6.2",
        commit="read in 6.1.192 and 6.2.1: is_state_visited()",
        note="A new state's history begins with the jump that led to it.",
    )
    PRECISION_OF_BOTH = Row(
        since="6.3",
        commit='71b547f56124 ("bpf: Fix incorrect verifier pruning due to missing register '
        'precision taints")',
        note="Where one operand of a comparison or of arithmetic counts, so does the other.",
        backports=("5.10.218", "6.1.170"),
    )
    PRECISION_AROUND_LOOPS = Row(
        since="6.7",
        commit='4bb7ea946a37 ("bpf: fix precision backtracking instruction iteration")',
        note="The walk back goes through a state's first insn again where the path did.",
        backports=("5.10.251", "5.15.148", "6.1.170", "6.6.9"),
    )
    PRECISION_OF_SWAP = Row(
        since="6.7",
        commit='291d044fd51f ("bpf: Fix precision tracking for BPF_ALU | BPF_TO_BE | BPF_END")',
        note="A byte swap has one operand; before, r0 counted with it where it was to big endian.",
        backports=("5.10.218", "6.1.170"),
    )
    PRECISION_OF_LOOP_FLAGS = Row(
        since="5.19",
        commit='1ade23711971 ("bpf: Inline calls to bpf_loop when callback is known")',
        note="The flags of a loop count where they are 0.",
    )
    PRECISION_OF_TAIL_CALL = Row(
        since="5.5",
        commit='d2e4c1e6c294 ("bpf: Constant map key tracking for prog array pokes")',
        note="A constant index of a tail call counts.",
    )
    PRECISION_BY_FRAME = Row(
        since="6.4",
        commit="read in 6.3.8 and 6.4.6: __mark_chain_precision()",
        note="Backtracking does not go on for what was marked before, and the log names the frame.",
    )
    PRECISION_ACROSS_CALLS = Row(
        since="6.5",
        commit='fde2a3882bd0 ("bpf: support precision propagation in the presence of subprogs")',
        note="Backtracking follows a value into the subprog that made it.",
    )
    PRECISION_OF_LINKS = Row(
        since="6.5",
        commit='904e6ddf4133 ("bpf: Use scalar ids in mark_chain_precision()")',
        note="What counts where a state ends counts for all that is linked with it there, until "
        "the history tells what was linked.",
        backports=("6.4.6",),
    )
    LINKS_IN_HISTORY = Row(
        since="6.12",
        commit='4bf79f9be434 ("bpf: Track equal scalars history on per-instruction level")',
        note="The history tells which scalars a comparison found linked: of them all count if one "
        "does.",
    )
    JMP_POINTS = Row(
        since="6.2",
        commit='bffdeaa8a5af ("bpf: decouple prune and jump points")',
        note="Where history is kept and where states are compared are two sets.",
        backports=("6.1.170",),
    )
    STATES_SPACED = Row(
        since="5.3",
        commit='2589726d12a1 ("bpf: introduce bounded loops")',
        note="A state is kept only after 2 jumps and 8 insns; before, at every visit.",
    )
    HIDDEN_EXITS_WALKED = Row(
        since="6.18",
        commit="measured on 6.12.107 and 6.18.15: check_helper_call()",
        note="A tail call in a subprog is walked as a return too.",
    )
    LD_ABS_EXIT_WALKED = Row(
        since="7.0",
        commit="read in 6.12.117 and 6.1.192, measured on 6.1.180, 6.12.y, 6.18.y, 7.0: "
        "check_ld_abs()",
        note="A load from the packet in a subprog is walked as a return too.",
        backports=("6.18.44", "6.12.101", "6.1.192"),
    )
    ATOMIC_FETCH_TRACKED = Row(
        since="7.0",
        commit="measured on 6.18.44, 6.19.10 and 6.19.13: backtrack_insn()",
        note="Backtracking knows that a fetching atomic sets a register, from the stack perhaps; "
        "before, it looks for the value in front of it.",
        backports=("6.19.13",),
    )
    READS_BY_STATE = Row(
        until="6.18",
        commit="read in 6.17.0 and 6.18.2: mark_reg_read()",
        note="What an insn reads is told to the states on the way to it; since, it is known by "
        "insn what is read from there on.",
    )
    LIVE_REGS_COMPARED = Row(
        since="6.15",
        commit="read in 6.14.0 and 6.17.0: func_states_equal()",
        note="Two states are compared by the registers that are live at their insn.",
    )
    STACK_LIVE_BY_CHAIN = Row(
        since="6.18",
        until="7.1",
        commit="read in 6.18.2 and 7.1.3: kernel/bpf/liveness.c",
        note="Which slots are live at an insn is found out on the way, for each chain of calls.",
    )
    LOOPS_BY_COMPONENT = Row(
        since="6.17",
        commit="measured on 6.16.12 and 6.18.15: compute_scc()",
        note="Loops are strongly connected parts of a subprog, and the log numbers them; a path "
        "that comes back waits until all others through the loop have ended.",
    )
    STATES_FREED = Row(
        since="6.15",
        commit="read in 6.14.0 and 6.17.0: maybe_free_verifier_state()",
        note="A dropped state counts until no path goes on from it; before, it counts for ever "
        "unless it was finished.",
    )
    NOTHING_IS_WITHIN = Row(
        since="7.0",
        commit="read in 6.19 and 7.2.13: regsafe(), stacksafe(); measured on 6.19.14 and 7.0.4",
        note="Within a loop too, what the old state knows nothing of keeps no states apart.",
    )
    OLD_SCALAR_ID_DECIDES = Row(
        since="7.0",
        commit="read in 6.19 and 7.2.13: check_scalar_ids()",
        note="A scalar that the old state links to nothing may be linked in the new one.",
        backports=("6.12.94", "6.18.44"),
    )
    LINKED_IDS_BY_BASE = Row(
        since="7.1",
        commit="read in 6.19 and 7.2.13: check_scalar_ids()",
        note="Of two scalars linked by a constant, the ids of what they are linked to must match "
        "too.",
        backports=("6.12.117",),
    )
    PACKET_ENDS_KEPT = Row(
        since="7.3",
        commit="read in 7.2.13 and 7.3.4: adjust_ptr_min_max_vals()",
        note="Where a packet pointer keeps its base, its known bits do not cut its range.",
    )
    PACKET_END_EXACT = Row(
        since="7.0",
        commit="read in 7.2.13: regsafe(); measured on 19 kernels, 5.10.251 to 7.2.13",
        note="A packet pointer found at or beyond the end is the same only as one found there.  "
        "Before, a path with a packet long enough could go unwalked.",
        backports=("5.10.257", "6.1.170", "6.12.85", "6.18.44", "6.19.13"),
    )
    STATE_EVICTION = Row(
        since="5.2",
        commit='9f4686c41bdf ("bpf: improve verification speed by droping states")',
        note="States that never match are dropped.",
    )
    JUMP_QUEUE_E2BIG = Row(
        since="6.19",
        commit="measured on 6.18.44 and 6.19.14: push_stack()",
        note="Too many branches waiting is E2BIG; before, EFAULT.",
    )
    JMP_HISTORY_LIMITED = Row(
        since="6.12",
        commit="read in 6.10.0 and 6.11.11: is_state_visited()",
        note="A history of more than 40 jumps forces a new state.",
        backports=("6.11.11",),
    )
    LOOP_EXACT = Row(
        since="6.9",
        commit="read in 6.8.1 and 6.9.0: is_state_visited()",
        note="An infinite loop is one whose state is exactly the same.",
        backports=("6.6.57",),
    )
    REGSAFE_OLD_IMPRECISE = Row(
        since="6.2",
        commit="read in 6.1-rc7 and 6.2.1: regsafe()",
        note="A scalar that did not matter in the old state never keeps two states apart.",
        backports=(
            "5.10.218",
            "5.15.148",
            "6.1.170",
        ),
    )
    FOR_EACH_OF_ONE_MAP = Row(
        until="6.10",
        commit="read in 6.9.0 and 6.10.0: set_map_elem_callback_state()",
        note="A call of bpf_for_each_map_elem() goes over one map, on whatever path it is met.",
    )
    EQUAL_IS_SAFE = Row(
        until="6.2",
        commit="read in 6.1.192 and 6.2.1: regsafe()",
        note="A register that is the same, id and all, is safe whatever the other ids stand for.",
    )
    MAP_VALUE_IDS_COMPARED = Row(
        since="6.2",
        commit="read in 6.1.192 and 6.2.1: regsafe()",
        note="The ids of two pointers into map values may stand for each other.",
    )
    IDS_REMAPPED = Row(
        since="6.3",
        commit='4633a0068258 ("bpf: fix regs_exact() logic in regsafe() to remap IDs correctly")',
        note="Two pointers are the same if their ids may stand for each other; before, most must "
        "have one id.",
    )
    REFS_BY_IDMAP = Row(
        since="6.3",
        commit="read in 6.2.1 and 6.3.8: refsafe()",
        note="References in two states need not have the same numbers to be the same.",
    )
    REGSAFE_IDS = Row(
        since="6.5",
        commit='1ffc85d9298e ("bpf: Verify scalar ids mapping in regsafe() using check_ids()")',
        note="Links between scalars must be the same in both states.",
        backports=("6.4.6",),
    )
    BACK_EDGES_OF_ALL = Row(
        since="6.7",
        commit="read in 6.6.47 and 6.7.3: push_insn()",
        note="An insn that is no jump may lead back, too, and a subprog call itself: the walk "
        "finds what has no end.",
        backports=("6.6.57",),
    )
    PERF_EVENT_PREALLOC = Row(
        until="6.1",
        commit="read in 6.0.1 and 6.1-rc7: check_map_prog_compatibility()",
        note="perf_event programs use preallocated hashes only.",
    )
    PREALLOC_WARNED = Row(
        since="5.7",
        until="6.1",
        commit='94dacdbd5d2d ("bpf: Tighten the requirements for preallocated hash maps")',
        note="Other tracing programs are warned of hashes that are not preallocated.",
    )
    EXIT_LEAK_TEXT = Row(
        since="6.13",
        commit="read in 6.12.107 and 6.13.7: check_resource_leak()",
        note="A reference held at exit is refused with a text that says where.",
    )

    # -- Verifier: the log -----------------------------------------------------------------------

    LOG_STATS = Row(
        since="5.2",
        commit='06ee7115b0d1 ("bpf: add verifier stats and log_level bit 2")',
        note="A log's level is made of bits, 4 for statistics; a log may be 1 GB long.",
    )
    LOG_ROTATES = Row(
        since="6.4",
        commit='121664093803 ("bpf: Switch BPF verifier log to be a rotating log by default")',
        note="A buffer that is too small holds the log's end, unless level 8 asks for its head.",
    )
    LOG_REWOUND = Row(
        since="5.8",
        commit='6f8a57ccf851 ("bpf: Make verifier log more relevant by default")',
        note="At level 1 the log forgets a path that is done: a rejection shows its own path only.",
    )
    LOG_PRECISION_AT_1 = Row(
        until="5.17",
        commit="measured on 5.10.262 and 6.1.176: __mark_chain_precision()",
        note="The walk back of a value that counts is told at level 1 too.",
    )
    LOG_STATE_DIFF = Row(
        since="5.17",
        commit='2e5766483c8c ("bpf: Right align verifier states in verifier logs.")',
        note="What an insn changed stands behind it; before, a whole state stood before each.",
    )
    LOG_PREDICTED_JUMPS = Row(
        since="6.6",
        commit="read in 6.5.0 and 6.6.9: check_cond_jmp_op()",
        note="A predicted jump shows its registers; a whole state hides no change.",
        backports=("6.1.170",),
    )
    LOG_LIVENESS = Row(
        until="6.18",
        commit="read in 6.17.0 and 6.18.2: print_verifier_state()",
        note="A state tells which registers and slots were read and written.",
    )
    LOG_STACK_READS = Row(
        since="6.5",
        commit='e0bf462276b6 ("bpf: mark relevant stack slots scratched for register read '
        'instructions")',
        note="A load from the stack shows the slot.",
    )
    LOG_REFS_OF_STATE = Row(
        since="6.14",
        commit="read in 6.13.7 and 6.14.0: print_verifier_state()",
        note="Each frame is shown with all references; before, with those held at its last call.",
    )
    LOG_RANGES_MERGED = Row(
        since="6.7",
        commit="read in 6.6.57 and 6.7.3: print_scalar_ranges()",
        note="Bounds that are one number are printed together.",
    )
    LOG_DETAILS = Row(
        since="6.8",
        commit="read in 6.7.3 and 6.8.1: print_reg_state()",
        note="A state names maps, describes spilled registers, omits zeros, has hex numbers.",
    )
    LOG_LOOP_STATES = Row(
        since="6.7",
        commit="read in 6.6.9 and 6.7.3: is_state_visited()",
        note="An infinite loop is shown with the two states that are the same.",
        backports=("6.6.57",),
    )
    LOG_LIVE_REGS = Row(
        since="6.15",
        commit="read in 6.14.0 and 6.17.0: compute_live_registers()",
        note="At level 2 the log begins with the registers that are live before each insn.",
    )
    LOG_PARENT_IDS = Row(
        since="7.2",
        commit="read in 7.2.13: print_reg_state()",
        note="What owns a reference is shown by its id alone, a part of it by its parent's.",
    )
    LOG_DYNPTRS = Row(
        since="6.10",
        commit="measured on 6.1.176 and 6.12.107: print_verifier_state()",
        note="A dynptr on the stack is described.",
    )
    LOG_DYNPTR_USE = Row(
        since="6.16",
        commit="measured on 6.12.107, 6.16.3 and 6.17.8: process_dynptr_func()",
        note="A call that takes a dynptr shows it.",
    )
    LOG_LINKED = Row(
        since="7.0",
        commit="measured on 6.19 and 7.0.13: sync_linked_regs()",
        note="A comparison shows every register and slot that is linked to what it compared.",
    )
    LOG_ZEXT = Row(
        since="7.3",
        commit="read in 7.2.13 and 7.3.4: bpf_compute_live_registers()",
        note="The table of live registers marks insns that must clear a register's high half.",
    )
    ELEMENTS_AT_ONCE = Row(
        since="7.3",
        commit="measured on 7.2.13 and 7.3.4: check_helper_call()",
        note="What a lookup in a map of maps or sockets gives is one even before it is compared "
        "with null.",
    )
    LOG_SHARES = Row(
        since="7.2",
        commit="read in 7.2.13: print_verification_stats(), measured on 7.1.13 and 7.2.13",
        note="The statistics tell how many insns each walk took, and the deepest stack.",
    )
    GLOBAL_FUNCS_TOLD = Row(
        since="6.8",
        until="6.19",
        commit='2afae08c9dcb ("bpf: Validate global subprogs lazily"), measured on 6.18.5, 6.19.14',
        note="The log tells of global functions at each level.",
    )
    FASTCALL = Row(
        since="6.12",
        commit='5b5f51bff1b6 ("bpf: no_caller_saved_registers attribute for helper calls")',
        note="Spills around calls that are replaced by insns are removed, and their stack with "
        "them.",
    )
    MAY_GOTO_TIMED = Row(
        since="6.15",
        commit='e723608bf4ea ("bpf: Add verifier support for timed may_goto"), release from memory',
        note="may_goto looks at the clock, and its two words are on the stack.",
    )
    LOG_REPORT = Row(
        since="7.3",
        commit="read in 7.2.13 and 7.3.4: kernel/bpf/diagnostics.c",
        note="A rejection ends with a report: what failed, why, and how the path led there.",
    )
    TEXT_SCALAR = Row(
        since="5.18",
        commit="read in 5.17-rc5 and 5.18.12: reg_type_str()",
        note="An unknown number is called scalar; before, inv.",
    )
    TEXT_TAIL_CALLS_MIXED = Row(
        since="6.18",
        commit="measured on 6.12.101 and 7.2.7 without a JIT: check_map_func_compatibility()",
        note="Without a JIT, tail calls in a program with functions are called mixing; before, not "
        "allowed.",
    )
    TEXT_TAIL_CALL_MAP = Row(
        since="6.17",
        commit="measured on 6.16.12 and 6.17.8: record_func_key()",
        note="What is wrong with a tail call through another map is said; the line has no end.",
    )
    TEXT_TYPE_FLAGS = Row(
        since="5.17",
        commit="read in 5.16.10 and 5.17-rc5: reg_type_str()",
        note="Names of types have prefixes for their flags.",
        backports=("5.15.148",),
    )
    TEXT_MEMORY_RANGE = Row(
        since="5.8",
        commit="read in 5.7.14 and 5.8.1: check_mem_region_access()",
        note="Complaints speak of memory; before, of arrays and maps.",
    )
    TASK_STACK_RETURNS_SIZE = Row(
        since="5.13",
        commit='fd0b88f73f53 ("bpf: Refine retval for bpf_get_task_stack helper")',
        note="bpf_get_task_stack() returns an error or at most the size it was given.",
    )
    TEXT_STACK_OF_REG = Row(
        since="5.12",
        commit="read in 5.11.0 and 5.12.9: check_stack_access_within_bounds()",
        note="Complaints about the stack name the register.",
        backports=("5.10.46",),
    )
    TEXT_NO_INDIRECT = Row(
        since="6.14",
        commit="read in 6.13.7 and 6.14.0: check_stack_range_initialized()",
        note="A helper's read of the stack is worded as any read.",
    )
    TEXT_VAR_STACK_OFF = Row(
        since="6.8",
        commit="read in 6.7.3 and 6.8.1: check_stack_access_within_bounds()",
        note="The complaint about a variable stack offset gives the constant part.",
    )
    TEXT_ZERO_SIZED_RANGE = Row(
        since="6.8",
        commit="read in 6.7.3 and 6.8.1: check_mem_size_reg()",
        note="The complaint about an empty read gives the size's range.",
    )
    TEXT_CANNOT_USE_HELPER = Row(
        since="6.10",
        commit="read in 6.9.0 and 6.10.0: check_helper_call()",
        note="A helper that the program type lacks is worded so; before, unknown func.",
    )
    TEXT_EXPECTED_LIST = Row(
        since="5.10",
        commit="read in 5.9.1 and 5.10.7: check_reg_type()",
        note="A wrong argument type is answered with the list of the right ones.",
    )
    TEXT_JMP32 = Row(
        since="5.1",
        commit='092ed0968bb6 ("bpf: verifier support JMP32")',
        note="Complaints name both classes of jumps.",
    )
    TEXT_FIXED_OFF = Row(
        since="4.20",
        commit="read in 4.19.1 and 4.20.0: adjust_ptr_min_max_vals()",
        note="Complaints about pointer arithmetic name the type in the log's words.",
    )
    TEXT_BASE_OFFSET = Row(
        since="7.1",
        commit="measured on 7.0.13 and 7.1.13: check_reg_sane_offset_ptr()",
        note="A pointer that a sum moves too far is complained of by its offset.",
    )
    TEXT_CONST_BITS = Row(
        since="6.8",
        commit="read in 6.7.3 and 6.8.1: tnum_strn()",
        note="Known bits that are one number are printed as that number.",
    )
    HELPER_KEY_ANY_MEM = Row(
        since="6.2",
        commit="read in 6.1-rc7 and 6.2.1: check_reg_type()",
        note="Map keys and values may be in any memory that helpers take.",
    )
    MAP_PTR_READ = Row(
        since="5.9",
        commit='41c48f3a9823 ("bpf: Support access to bpf map fields")',
        note="Fields of struct bpf_map can be read through a map pointer.",
    )
    MAP_RECORDS = Row(
        since="6.2",
        commit='db559117828d ("bpf: Consolidate spin_lock, timer management into btf_record")',
        note="All fields of a map's values that are the kernel's own are found in one way.",
    )
    RINGBUF_MEM_UNMODIFIED = Row(
        since="5.17",
        commit='64620e0a1e71 ("bpf: Fix out of bounds access for ringbuf helpers")',
        note="What ringbuf_reserve() gave must be given back without an offset.",
    )
    TIMER_IN_TRACING = Row(
        since="7.0",
        commit="read in 6.19.0 and 7.0.0: check_map_prog_compatibility()",
        note="Tracing programs may use maps with timers.",
    )
    KFUNC_CALL_OF_NOTHING = Row(
        since="5.16",
        commit='a5d827275241 ("bpf: Be conservative while processing invalid kfunc calls")',
        note="A call of kernel function 0 is refused only where it is not dead code.",
    )
    ATTACH_CHECKED_LATE = Row(
        since="6.14",
        commit='81f6d0530ba0 ("bpf: check changes_pkt_data property for extension programs")',
        note="What a program attaches to is looked at after the graph of its insns; before, ahead "
        "of the insns.",
        backports=("6.12.107",),
    )
    CALLERS_COUNTED = Row(
        since="7.1",
        commit="measured on 7.1.13, 7.2.13 and 7.3.4; read in 7.2.13: "
        "check_max_stack_depth_subprog()",
        note="Frames are counted from callee to caller when a stack is too large, which never ends "
        "where dead code calls back into the chain.",
    )
    CMPXCHG_READS_UNSEEN = Row(
        since="6.18",
        until="7.3",
        commit="measured on 6.17.13, 6.18.44, 6.19.14, 7.0.13, 7.1.13, 7.2.13 and 7.3.4; read "
        "in 7.2.13 and 7.3.4: check_reg_arg() and compute_insn_live_regs()",
        note="With a JIT, a 32-bit cmpxchg that stores leaves r0's high half as it was, if what "
        "reads it stands behind a state that is taken for an earlier one.",
    )
    BTF_BITFIELDS = Row(
        since="5.6",
        commit="read in 5.5-rc5 and 5.6.4: btf_struct_access()",
        note="Bitfields of a kernel structure can be read, and nothing behind its end; before, "
        "bitfields, ends and holes are passed by in search of a member.",
    )
    BTF_QUALIFIED = Row(
        since="5.6",
        commit="read in 5.5-rc5 and 5.6.4: btf_ctx_access(), btf_struct_access()",
        note="A pointer to a qualified structure, or to another name of it, points to it.",
    )
    BTF_SPILLED = Row(
        since="5.6",
        commit="read in 5.5-rc5 and 5.6.4: is_spillable_regtype()",
        note="The stack keeps a pointer to a kernel structure; before, a number.",
    )
    HELPER_READS_SPILLED_STRUCTS = Row(
        since="5.8",
        until="6.1",
        commit="read in 5.7.14, 5.8.1, 6.0.1 and 6.1.192: check_stack_range_initialized(), until "
        "5.11 check_stack_boundary()",
        note="A helper may read a spilled pointer to a kernel structure, which the stack keeps.",
    )
    BTF_WRITES_REFUSED_FIRST = Row(
        until="5.6",
        commit="read in 5.5-rc5 and 5.6.4: check_ptr_to_btf_access()",
        note="A store to a kernel structure is refused before its offset is looked at.",
    )
    BTF_TAGS = Row(
        since="5.18",
        commit='c6f1bfe89ac9 ("bpf: reject program if a __user tagged memory accessed in kernel '
        'way"), 5844101a1be9 ("bpf: Reject programs that try to load __percpu memory."), read in '
        "5.17-rc5 and 5.18.12: btf_struct_walk()",
        note="A pointer's tag in the kernel's BTF says that it is the user's or a CPU's own.",
    )
    BTF_FLEXIBLE_STRUCTS = Row(
        since="5.8",
        commit="read in 5.7.14 and 5.8.1: btf_struct_access()",
        note="An array of structures without a length can be read behind its structure's end.",
    )
    BTF_FLEXIBLE_NUMBERS = Row(
        since="6.4",
        commit="read in 6.3.8 and 6.4.6: btf_struct_walk()",
        note="An array of numbers without a length can be read behind its structure's end.",
        backports=("6.1.192",),
    )
    BTF_NAMED_ELEMENTS_REFUSED = Row(
        since="5.10",
        until="6.6",
        commit="read in 5.9.1, 5.10.262, 6.5.0 and 6.6.9: btf_struct_walk()",
        note="A structure in an array cannot be read from its start, if it stands there under "
        "another name or qualified.",
    )
    BTF_FOR_GPL = Row(
        since="6.2",
        commit="read in 6.1.192 and 6.2.1: check_ptr_to_btf_access()",
        note="Only GPL programs access kernel structures.",
    )
    BTF_ARGS_TRUSTED = Row(
        since="6.2",
        commit='3f00c5239344 ("bpf: Allow trusted pointers to be passed to KF_TRUSTED_ARGS '
        'kfuncs")',
        note="A raw tracepoint's arguments are trusted.",
    )
    BTF_SAFE_FIELDS = Row(
        since="6.3",
        until="6.4",
        commit='57539b1c0ac2 ("bpf: Enable annotating trusted nested pointers"), read in 6.2.1, '
        "6.3.8 and 6.4.6: nested_ptr_is_trusted()",
        note="A list of members says which pointers, loaded from a trusted one, are trusted too.",
    )
    BTF_WALK_TRUSTED = Row(
        since="6.4",
        commit='6fcd486b3a0a ("bpf: Refactor RCU enforcement in the verifier.")',
        note="A pointer that was loaded from a kernel structure is trusted as far as lists of "
        "members, tags and unions allow.",
    )
    BTF_UNIONS_UNTRUSTED = Row(
        since="6.6",
        commit='7ce4dc3e4a9d ("bpf: Fix an error around PTR_UNTRUSTED")',
        note="What lies in a union is not trusted; before, where the access starts behind the "
        "union's start only.",
        backports=("6.5.3",),
    )
    BTF_NULL_HAS_ID = Row(
        since="6.10",
        commit='0db63c0b86e9 ("bpf: Fix verifier assumptions about socket->sk")',
        note="A pointer that was loaded from a kernel structure and may be null has an id.",
        backports=("6.6.33",),
    )
    BTF_KINDS_MIX = Row(
        since="6.4",
        commit="read in 6.3.8 and 6.4.6: save_aux_ptr_type()",
        note="One insn may load through a trusted pointer on one path, through another on another.",
    )
    BTF_MEMORY_MIXES = Row(
        since="6.17",
        commit="measured on 6.16.12 and 6.17.13; read in 6.12 and 7.2: save_aux_ptr_type()",
        note="One insn may load from a kernel structure on one path and from memory on another.",
    )
    UNTRUSTED_MEM_APART = Row(
        since="7.3",
        commit="read in 7.2 and 7.3: reg_type_mismatch_ok()",
        note="One insn may not load from memory that need not be there, and from a stack or a map.",
    )
    BRANCH_TRUSTED_NOT_NULL = Row(
        since="6.5",
        commit='51302c951c8f ("bpf: Teach verifier that trusted PTR_TO_BTF_ID pointers are '
        'non-NULL")',
        note="A trusted pointer, compared with 0, decides the branch.",
    )
    BRANCH_MEM_NOT_NULL = Row(
        since="6.4",
        commit="read in 6.3.8 and 6.4.6: reg_type_not_null(); measured on 6.1.180 and 6.12.43",
        note="A pointer to memory, compared with 0, decides the branch.",
    )
    BRANCH_MAP_NOT_NULL = Row(
        since="6.17",
        commit='5534e58f2e9b ("bpf: Make reg_not_null() true for CONST_PTR_TO_MAP")',
        note="A map pointer, compared with 0, decides the branch.",
        backports=("6.6.103", "6.12.43", "6.16.3"),
    )
    BRANCH_XDP_SOCK_NOT_NULL = Row(
        since="7.2",
        commit="read in 6.19.0, 7.2.13 and 6.12.117, measured on 7.1.13 and 7.2.13: reg_not_null()",
        note="An XDP socket, compared with 0, decides the branch.",
        backports=("6.12.117",),
    )
    BRANCH_FAR_MAY_BE_NULL = Row(
        since="7.2",
        commit="read in 6.19.0, 7.2.13 and 6.12.117, measured on 7.1.13 and 7.2.13: reg_not_null()",
        note="A pointer that may be BPF_MAX_VAR_OFF away from its base may be null.",
        backports=("6.12.117",),
    )
    HELPER_MEM_TRUSTED = Row(
        since="6.4",
        commit="read in 6.3.8 and 6.4.6: mem_types",
        note="The list of what a memory argument may be has trusted pointers.",
    )
    BTF_MEM_WRITES_REFUSED = Row(
        since="7.2",
        commit="measured on 7.1.13 and 7.2.13: check_helper_mem_access()",
        note="A function that may write to its argument is not given a pointer to a kernel "
        "structure; older kernels look there as if it were read only, and it writes.",
    )
    ATTACH_CHECKED_FIRST = Row(
        until="5.6",
        commit="read in 5.5-rc5 and 5.6.4: bpf_check()",
        note="What a program attaches to is looked at before anything else of it.",
    )
    CTX_VARIADIC_REFUSED = Row(
        since="5.13",
        commit='31379397dcc3 ("bpf: Forbid trampoline attach for functions with variable '
        'arguments")',
        note="A traced function has no variable arguments.",
        backports=("5.10.44",),
    )
    CTX_TWELVE_ARGS = Row(
        since="5.18",
        commit="read in 5.17-rc5 and 5.18.12: btf_distill_func_proto()",
        note="A traced function may have 12 arguments; before, 11.",
    )
    CTX_STRUCTS = Row(
        since="6.1",
        commit='720e6a435194 ("bpf: Allow struct argument in trampoline based programs")',
        note="A traced function may have structures as arguments.",
    )
    CTX_UNIONS = Row(
        since="6.18",
        commit="read in 6.17.0 and 6.19.0, measured on 6.17.13 and 6.18.5: "
        "btf_distill_func_proto(), btf_ctx_access()",
        note="It may have unions as arguments.",
    )
    CTX_ENUMS = Row(
        since="5.6",
        commit="read in 5.5-rc5 and 5.6.4: btf_ctx_access()",
        note="An argument that is an enum can be read.",
    )
    CTX_POINTER_TO_CHAR = Row(
        since="5.6",
        commit="read in 5.5-rc5 and 5.6.4: is_string_ptr()",
        note="A traced function's argument may point to bytes.",
    )
    CTX_POINTER_TO_NUMBER = Row(
        since="5.17",
        commit='bb6728d75611 ("bpf: Allow access to int pointer arguments in tracing programs")',
        note="It may point to any integer; before, to bytes.",
    )
    CTX_POINTER_TO_NAMED = Row(
        since="6.4",
        commit='91f2dc6838c1 ("bpf/btf: Fix is_int_ptr()")',
        note="The integer may have another name and any qualifier; before, const only.",
        backports=("6.1.170", "6.2.15", "6.3.8"),
    )
    CTX_POINTER_TO_CONST_VOID = Row(
        since="6.16",
        commit="read in 6.14.0 and 6.17.0, measured on 6.16.3: is_void_or_int_ptr(), which was "
        "proposed after 6.15-rc1",
        note="It may point to void with a qualifier.",
    )
    CTX_POINTER_TO_ANY = Row(
        since="7.1",
        commit="measured on 7.0.13 and 7.1.13: btf_ctx_access()",
        note="It may point to anything; what is no structure is a number to the program.",
    )
    CTX_POINTER_WHOLE = Row(
        since="6.13",
        commit='659b9ba7cb2d ("bpf: Check size for BTF-based ctx access of pointer members")',
        note="A pointer among a traced function's arguments is read as 8 bytes only.",
        backports=("6.12.43",),
    )
    CTX_NULLABLE = Row(
        since="6.12",
        commit="read in 6.11.4, 6.11.11 and 6.12.117: btf_ctx_access()",
        note="An argument whose name ends with __nullable may be null.",
        backports=("6.11.11",),
    )
    RAW_TP_ALL_NULL = Row(
        commit='cb4158ce8ec8 ("bpf: Mark raw_tp arguments with PTR_MAYBE_NULL"), read in 6.11.4 '
        "and 6.11.11",
        note="Some of the stable releases from here on, until there is a list, say that any "
        "pointer among a raw tracepoint's arguments may be null, and let it be read through.",
        backports=("6.11.11", "6.12.1"),
    )
    RAW_TP_NULL_ARGS = Row(
        since="6.13",
        commit='838a10bd2ebf ("bpf: Augment raw_tp arguments with PTR_MAYBE_NULL")',
        note="A list says which arguments of raw tracepoints may be null, or no pointers.",
        backports=("6.12.43",),
    )
    BTF_LEAVES_UNTRUSTED = Row(
        since="6.17",
        commit='2d5c91e1cc14 ("bpf: rdonly_untrusted_mem for btf id walk pointer leafs")',
        note="A pointer to something else than a structure, loaded from a kernel structure, can be "
        "read through.",
    )
    BTF_RESULTS_TRUSTED = Row(
        since="6.2",
        commit='3f00c5239344 ("bpf: Allow trusted pointers to be passed to KF_TRUSTED_ARGS '
        'kfuncs")',
        note="The task that bpf_get_current_task_btf() gives is trusted.",
    )
    WIDEN_IGNORES_IDS = Row(
        since="7.0",
        commit="measured on 6.19.14 and 7.0.4; read in 6.12.117 and 7.2: maybe_widen_reg()",
        note="A number that has not changed in an iteration is not forgotten, whatever its links.",
    )
    LOOP_ENTRY_TOPMOST = Row(
        until="6.15",
        commit="read in 6.12.117, measured on 6.12.107 and 6.16.12: update_loop_entry()",
        note="The first state of the outermost loop decides whether a path enters the loop.",
    )
    LOOPS_NOT_CLEANED = Row(
        since="6.15",
        commit="9e63fdb0cbdb (\"bpf: don't do clean_live_states when state->loop_entry->branches "
        '> 0")',
        note="States in a loop that is still walked keep what was not read.",
        backports=("6.12.43",),
    )
    RCU_LOCKS_NEST = Row(
        since="6.19",
        commit="measured on 6.18.44 and 6.19.6; read in 6.12.117 and 7.2: check_kfunc_call()",
        note="bpf_rcu_read_lock() may be called again before bpf_rcu_read_unlock().",
    )
    KFUNC_ARGS_TRUSTED = Row(
        since="7.0",
        commit="measured on 6.19.14 and 7.0.4; read in 6.12.117 and 7.2: check_kfunc_args()",
        note="Pointers for kernel functions are not null; before, where the function says so.",
    )
    MEMORY_SIZE_CHECKED = Row(
        since="7.3",
        commit="measured on 7.1.7, 7.1.13, 7.2.6 and 7.3.4; read in 7.2: check_mem_reg()",
        note="Memory that a function takes has less than 2 GiB.",
        backports=("7.1.13", "7.2.6"),
    )
    KFUNCS_ADDED_LATE = Row(
        since="7.3",
        commit="read in 7.2 and 7.3, measured on 7.2.13 and 7.3.4: add_kfuncs()",
        note="Kernel functions are looked up after the insns are checked, not with the functions.",
    )
    KFUNC_STRUCT_AS_MEMORY = Row(
        since="7.3",
        commit="read in 7.2 and 7.3, measured on 7.2.13 and 7.3.4: check_kfunc_args()",
        note="A pointer to a kernel structure, for memory that a kernel function takes, is memory "
        "itself.",
    )
    KFUNC_OFFSETS_FIRST = Row(
        since="7.3",
        commit="read in 7.2 and 7.3, measured on 7.2.13 and 7.3.4: check_kfunc_args()",
        note="The offset in a register is looked at first, of numbers for kernel functions too.",
    )
    THROW_CHECKED = Row(
        since="7.0",
        commit="read in 6.12.117 and 7.2, measured on 6.18.15, 6.19.6 and 6.19.14: do_check()",
        note="No lock is held and no region entered where bpf_throw() is called; before, nowhere "
        "but in the main function.",
        backports=("6.12.117", "6.18.44", "6.19.14"),
    )
    ITER_PROTECTION_IGNORED = Row(
        since="6.16",
        until="7.2",
        commit="measured on 6.12.107, 6.16.12, 7.1.13 and 7.2.13",
        note="Whether RCU still protects an iterator keeps no two states apart.",
    )
    KFUNC_SIZE_FIRST = Row(
        since="7.3",
        commit="read in 7.2 and 7.3, measured on 7.2.13 and 7.3.4: process_const_arg()",
        note="That the size of memory for a kernel function is known is looked at before the "
        "memory, and it is precise then; whoever passes a pointer finds a bug.",
    )
    KFUNC_NULL_PRECISE = Row(
        since="7.3",
        commit="read in 7.2 and 7.3, measured on 7.2.13 and 7.3.4: check_kfunc_args()",
        note="A null pointer is precise where a kernel function takes one for memory.",
    )
    TEXT_KFUNC_STRUCT = Row(
        since="7.3",
        commit="read in 7.3, measured on 7.2.13 and 7.3.4: check_kfunc_args()",
        note="What is no structure that a kernel function takes is named, and so is that.",
    )
    TEXT_KFUNC_ERROR = Row(
        since="7.3",
        commit="read in 7.3, measured on 7.2.13 and 7.3.4: bpf_disasm_kfunc_name()",
        note="A call of a kernel function that there is none of is shown as one of <error>.",
    )
    RCU_ALWAYS_READ = Row(
        since="7.3",
        commit="read in 7.2 and 7.3, measured on 7.2.13 and 7.3.4: in_rcu_cs(), check_kfunc_call()",
        note="Programs that do not sleep stay where RCU protects pointers after the last "
        "bpf_rcu_read_unlock(); before, it made them untrusted.",
    )
    STACK_OBJECT_BELOW_FP = Row(
        since="7.2",
        commit="measured on 7.1.13 and 7.2.11; read in 7.2: stack_slot_obj_get_spi()",
        note="No object of the kernel's is looked for at or above the frame pointer.",
    )
    SLICES_FORGOTTEN = Row(
        since="7.2",
        commit="measured on 7.1.13 and 7.2.11; read in 6.12.117: destroy_if_dynptr_stack_slot()",
        note="What bpf_dynptr_slice() gave is lost with the dynptr.",
    )
    DYNPTR_CLONE_LOST = Row(
        since="7.1",
        commit="measured on 7.0.13 and 7.1.3; read in 7.2: destroy_if_dynptr_stack_slot()",
        note="A dynptr of a reservation may be overwritten where there is another of the same.",
    )
    TEXT_SOCKET_LOCK = Row(
        since="5.11",
        commit='9e7a4d9831e8 ("bpf: Allow LSM programs to use bpf spin locks")',
        note="A socket filter that uses a spin lock is told so; before, as a tracing program.",
    )
    KPTR_IS_REFERENCED = Row(
        since="6.4",
        commit='03b77e17aeb2 ("bpf: Rename __kptr_ref -> __kptr and __kptr -> __kptr_untrusted.")',
        note="The tag of a counted pointer in a map's value is kptr; before, kptr_ref.",
    )
    LOCKED_SUBPROG_CALLS = Row(
        since="6.9",
        commit='a44b1334aadd ("bpf: Allow calling static subprogs while holding a bpf_spin_lock")',
        note="A program that holds a spin lock may call its own functions.",
    )
    RCU_IN_SUBPROGS = Row(
        since="6.9",
        commit='6fceea0fa59f ("bpf: Transfer RCU lock state between subprog calls")',
        note="A subprog may end in a region of RCU.",
    )
    KFUNC_OFFSETS_BEFORE_TRUST = Row(
        since="7.3",
        commit="read in 7.2.13 and 7.3.4: check_kfunc_args()",
        note="Whether a structure may be given with its offset is asked before whether it is "
        "trusted.",
    )
    TRUSTED_AT_START = Row(
        until="6.11",
        commit="read in 6.10.0 and 6.11.11: check_kfunc_args()",
        note="A context, or a structure that is to be trusted, is given without an offset.",
    )
    HELPER_MEM_WRITTEN = Row(
        since="7.0",
        commit="measured on 6.17.13, 6.18.12, 6.18.15, 6.19.6 and 7.0.13, read in 6.19.0: the "
        "MEM_WRITE of helpers' prototypes",
        note="Memory that a helper fills, though it must be initialised, loses what was known.",
        backports=("6.18.15", "6.19.6"),
    )
    MTU_HELPERS_READ = Row(
        since="6.12",
        commit='14a3d3ef02ba ("bpf: Remove MEM_UNINIT from skb/xdp MTU helpers")',
        note="The length that check_mtu() is given must be initialised.",
    )
    XDP_STORE_READS = Row(
        since="7.0",
        commit='6557f1565d77 ("bpf: Fix bpf_xdp_store_bytes proto for read-only arg")',
        note="bpf_xdp_store_bytes() reads the bytes that it is given; before, they are taken for "
        "memory that it fills, which a map that programs may not write cannot be.",
        backports=("6.1.170", "6.12.75", "6.18.15", "6.19.6"),
    )
    HELPER_FILLS_NUMBERS = Row(
        since="6.12",
        commit='32556ce93bc4 ("bpf: Fix helper writes to read-only maps")',
        note="A number that a helper writes need not be initialised before.",
        backports=("6.1.170",),
    )
    CALLBACK_EVERY_ITERATION = Row(
        since="6.7",
        commit='ab5cfac139ab ("bpf: verify callbacks as if they are called unknown number of '
        'times")',
        note="A function that a helper calls back is walked until nothing new is found; before, "
        "once.",
        backports=("6.6.57",),
    )
    CALLBACK_REFS_OWN = Row(
        since="6.1",
        commit='9d9d00ac29d0 ("bpf: Fix reference state management for synchronous callbacks")',
        note="A function that is called back gives back what it has acquired, and nothing else.",
        backports=("5.15.148",),
    )
    CALLBACK_REFS_SHARED = Row(
        since="6.13",
        commit="read in 6.12.117 and 6.13.7: check_reference_leak(), release_reference_state()",
        note="References belong to the whole path again, a function that is called back or not.",
    )
    DYNPTR_GIVEN_IS_CONST = Row(
        since="6.2",
        commit='270605317366 ("bpf: Rework process_dynptr_func")',
        note="A dynptr that a function is called back with is not made again or given back; "
        "before, nothing of it was looked at.",
    )
    ASYNC_SLEEPS_ALONE = Row(
        since="6.18",
        commit='469d638d1520 ("bpf: Fix sleepable context for async callbacks")',
        note="What runs later may sleep if its kind may; before, in programs that may sleep, too.",
    )
    DYNPTR_GIVEN_SPILLED = Row(
        since="7.3",
        commit="measured on 7.2.13 and 7.3.4: is_spillable_regtype()",
        note="The stack keeps a pointer to a dynptr that a function is called back with.",
    )
    ASYNC_CALLED_COUNTED = Row(
        since="6.5",
        commit='ba7b3e7d5f90 ("bpf: Fix subprog idx logic in check_max_stack_depth"), read in '
        "5.15.16, 5.15.215, 6.4.6 and 6.5.0: check_max_stack_depth()",
        note="The stack of a function that runs later counts where the program calls it.",
        backports=("5.15.215", "6.1.170"),
    )
    ASYNC_STACK_CHECKED = Row(
        since="6.5",
        commit='b5e9ad522c4c ("bpf: Repeat check_max_stack_depth for async callbacks")',
        note="The stack of the calls from a function that runs later is limited, too.",
        backports=("6.1.170",),
    )
    ARENA_CLAIMED_FIRST = Row(
        since="6.14",
        commit="read in 6.13.7 and 6.14.0: check_map_prog_compatibility()",
        note="A map that cannot be the program's arena is refused before the place in it.",
    )
    ARENA_ATOMICS = Row(
        since="6.10",
        commit='d503a04f8bc0 ("bpf: Add support for certain atomics in bpf_arena to x86 JIT")',
        note="Arenas have atomic operations.",
    )
    ARENA_END_EXCLUDED = Row(
        since="7.1",
        commit="measured on 6.19.14 and 7.2.13: arena_map_direct_value_addr()",
        note="The place behind an arena's last byte is none of it.",
    )
    ARENA_POINTER_ADDED = Row(
        since="7.0",
        commit="measured on 6.12.90, 6.12.94, 6.18.15, 6.18.44, 6.19.14 and 7.0.13: "
        "adjust_reg_min_max_vals()",
        note="What is computed of a number and a pointer into an arena is such a pointer.",
        backports=("6.12.94", "6.18.44"),
    )
    ARENA_RETURNED = Row(
        since="7.2",
        commit="read in 6.19.0 and 7.2.13: check_global_subprog_return_code()",
        note="A function that is walked by itself may return a pointer into an arena.",
    )
    ARENA_SIGN_LOADS = Row(
        since="6.18",
        commit="measured on 6.17.13 and 6.18.15: bpf_convert_ctx_accesses()",
        note="Loads from an arena may extend the sign.",
    )
    MAPS_MATCHED_ALIKE = Row(
        since="7.3",
        commit="read in 7.2.13 and 7.3.4: process_const_map_arg()",
        note="Whatever runs later must be in the map that is given beside it.",
    )
    WORK_QUEUE_CHECKED = Row(
        since="6.18",
        commit="measured on 6.17.13 and 6.18.15: check_map_field_pointer()",
        note="Where a work queue is in a map's value is checked as for timers.",
    )
    EXCEPTIONS = Row(
        since="6.7",
        commit='f18b03fabaa9 ("bpf: Implement BPF exceptions")',
        note="A tag of the main function says which one handles what bpf_throw() throws.",
    )
    TEXT_HANDLER_CALL_OPEN = Row(
        since="6.16",
        commit="read in 6.14.0, measured on 6.16.12: check_max_stack_depth_subprog()",
        note="The complaint of a call of the function that handles exceptions ends no line.",
    )
    GLOBAL_FUNCS_THROW = Row(
        since="7.1",
        commit="measured on 7.0.13 and 7.1.13: check_func_call()",
        note="What a global function may leave behind that throws is asked where it is called.",
    )
    CALLBACK_VALUE_HAS_ID = Row(
        since="7.3",
        commit="read in 7.2.13 and 7.3.4: map_set_for_each_callback_args()",
        note="The value that a function called back for each element gets is told from others.",
    )
    CALLBACK_RESULT_PRECISE = Row(
        since="6.7",
        commit='0acd03a5bd18 ("bpf: enforce precision of R0 on callback return")',
        note="The result of a function that was called back counts in states.",
        backports=("6.1.170", "6.6.57"),
    )
    RETURN_RANGE_SIGNED = Row(
        since="6.8",
        commit='8fa4ecd49b81 ("bpf: enforce exact retval range on subprog/callback exit")',
        note="The range of a result is that of its signed bounds; before, of its known bits.",
    )
    MAY_GOTO_0 = Row(
        since="6.14",
        commit="read in 6.13.7 and 6.14.0: check_cond_jmp_op(), measured on 6.12.107 and 6.16.3",
        note="may_goto may lead to the next insn, and is removed then; the complaint about a bad "
        "one names its immediate only.",
    )
    FIELDS_NESTED = Row(
        since="6.11",
        commit='64e8ee814819 ("bpf: look into the types of the fields of a struct type '
        'recursively.")',
        note="The kernel's own fields of a value may be in structures and arrays in it.",
    )
    LOCKS_ARE_REFERENCES = Row(
        since="6.13",
        commit='f6b9a69a9e56 ("bpf: Refactor active lock management")',
        note="A lock that is held stands among the references, with the number of its pointer.",
    )
    KPTR_RCU = Row(
        since="6.4",
        commit='20c09d92faee ("bpf: Introduce kptr_rcu.")',
        note="A counted pointer in a map's value is loaded as one that RCU protects, if RCU knows "
        "its structure; before, as one that is not trusted.",
    )
    KPTR_IN_OBJECT = Row(
        since="6.12",
        commit='d59232afb034 ("bpf: Support bpf_kptr_xchg into local kptr")',
        note="Objects that a program allocated hold kernel pointers, too.",
    )
    KPTR_NULL_PRECISE = Row(
        since="7.2",
        commit="read in 7.2: check_map_kptr_access()",
        note="A null that is stored as a kernel pointer is precise.",
    )
    LOCKED_KPTR_XCHG = Row(
        since="7.1",
        commit="read in 6.12 and 7.2: do_check_insn()",
        note="bpf_kptr_xchg() may be called while a lock is held.",
    )
    LOCKED_KFUNCS = Row(
        since="6.15",
        commit="read in 6.12 and 7.2: kfunc_spin_allowed()",
        note="While a lock is held, numbers may be iterated over and resilient locks taken.",
    )
    LOOPS_FALL_THROUGH = Row(
        since="6.12",
        commit="read in 6.1 and 6.12: push_insn()",
        note="A loop that is entered in its middle may go on from its end by falling through.",
    )
    REFS_KEEP_ORDER = Row(
        since="6.14",
        commit='c8e2ee1f3df0 ("bpf: Introduce support for bpf_local_irq_{save,restore}")',
        note="References stay in the order in which they were taken; before, the last took the "
        "place of one that was given back.",
    )
    TEXT_DROP_PLAIN = Row(
        since="7.1",
        commit="measured on 7.0.13 and 7.1.13: check_kfunc_args()",
        note="A complaint of a dropped object names the functions without _impl.",
    )
    TEXT_VERIFIER_BUG = Row(
        since="6.17",
        commit="measured on 6.16.12, 6.17.13 and 6.18.15: check_kfunc_args()",
        note="What should not happen is called a bug; before, an internal error.",
    )
    PERCPU_KPTR_EXACT = Row(
        since="7.3",
        commit="measured on 7.2.6 and 7.2.11: map_kptr_match_type()",
        note="A pointer to an object of each CPU is kept where there is one, and nothing else is.",
        backports=("6.12.117", "7.2.11"),
    )
    TREE_NODE_MAY_BE_OWNED = Row(
        since="6.16",
        commit="read in 6.12 and 7.2: check_kfunc_args()",
        note="A node of a tree may be one of one's own that is counted.",
    )
    COUNTED_AT_START = Row(
        since="7.2",
        commit="read in 6.12 and 7.2: check_kfunc_args()",
        note="bpf_refcount_acquire() takes a pointer to where the object begins only.",
    )
    DROP_NOT_ANYWHERE = Row(
        since="7.2",
        commit="read in 6.12 and 7.2: check_kfunc_call()",
        note="Tracing programs do not give back objects with fields that are unsafe in an NMI.",
    )
    LOCK_IN_OBJECT = Row(
        since="6.2",
        commit='4e814da0d599 ("bpf: Allow locking bpf_spin_lock in allocated objects")',
        note="A spin lock may be in an object that the program allocated.",
    )
    SEG6_KEEPS_DATA = Row(
        since="7.2",
        commit="measured on 6.1.180, 6.12.107, 7.1.13 and 7.2.13, read in 6.1.192 and 6.12.117: "
        "lwt_seg6local_func_proto()",
        note="Programs at IPv6 segments cannot call skb_pull_data().",
        backports=("6.1.192", "6.12.117"),
    )
    RAW_TP_STACK_FILLED = Row(
        since="7.0",
        commit="measured on 6.17.13, 6.18.15, 6.19.6, 7.0.13 and 7.1.13, read in 6.19.0 and "
        "7.2.13: bpf_get_stack_proto_raw_tp",
        note="get_stack() fills memory in raw tracepoints too; before, it was said to read it.",
        backports=("6.18.15", "6.19.6"),
    )
    SOCK_OPS_DELETE = Row(
        since="6.10",
        commit="read in 6.9.0 and 6.10.0, 5.10.262 and 6.6.57, measured on 6.1.180: "
        "may_update_sockmap()",
        note="sock_ops programs may delete from maps of sockets.",
        backports=("5.10.262", "6.1.180", "6.6.57"),
    )
    HDR_OPT_WRITTEN = Row(
        since="6.12",
        commit="read in 6.11.11 and 6.12.117, measured on 6.1.180: bpf_sock_ops_load_hdr_opt_proto",
        note="bpf_load_hdr_opt() is known to write what it is given.",
        backports=("6.1.180",),
    )
    NULLABLE_TAKES_NULLABLE = Row(
        since="5.17",
        commit="read in 5.16.10 and 5.17-rc5: check_reg_type()",
        note="An argument that may be null takes a pointer that was not compared with null.",
        backports=("5.15.148",),
    )
    KPTR_BTF_FIRST = Row(
        since="6.12",
        commit="read in 6.11.11 and 6.12.117: process_kptr_func()",
        note="That a map has no types is said before its pointer's offset is looked at.",
    )
    LOCAL_STORAGE_FLAGS_PRECISE = Row(
        since="7.2",
        commit="measured on 6.1.180, 6.12.107, 6.18.44, 7.1.13 and 7.2.13: check_helper_call()",
        note="That the flags of bpf_get_local_storage() are 0 counts in states.",
    )
    ALLOC_SIZE_U32 = Row(
        since="7.3",
        commit="measured on 7.2.13 and 7.3.4: process_const_alloc_mem_size()",
        note="Helpers return no memory of 4 GiB and more; what says so is an invalid argument.",
    )
    TEXT_ALLOC_SIZE = Row(
        since="5.12",
        commit="read in 5.11.0 and 5.12.9, measured on 5.10.262: check_func_arg()",
        note="A size that is no constant is said to be none; before, to be unbounded.",
    )
    TEXT_RELEASE_OFFSET = Row(
        since="6.2",
        commit='184c9bdb8f65 ("bpf: Rework check_func_arg_reg_off")',
        note="A pointer to what is given back has an offset: a complaint of its own, and EINVAL.",
    )
    ARGS_OF_TWO_REFERENCES = Row(
        since="7.2",
        commit="measured on 7.1.13 and 7.2.13: check_func_arg()",
        note="A helper may be given two pointers that have references.",
    )
    TEXT_TWO_REFERENCES = Row(
        since="6.17",
        commit="measured on 6.16.12 and 6.17.13: check_func_arg()",
        note="What a helper may not be given two of is no internal error.",
    )
    CAST_FORKS_NULL = Row(
        since="7.2",
        commit="read in 7.2.13, measured on 7.1.13 and 7.2.13: check_helper_call()",
        note="A socket that is another one's cast has its reference; that it is null is a path "
        "of its own.",
    )
    TEXT_RELEASE_HELPER = Row(
        since="7.2",
        commit="read in 6.19.0, measured on 7.1.13 and 7.2.13: check_func_arg()",
        note="The complaint about a pointer that owns nothing names the helper.",
    )
    LOG_EVERY_REFERENCE = Row(
        since="6.2",
        commit="read in 6.1.192 and 6.2.1: print_verifier_state()",
        note="The reference is shown of every pointer that has one; before, only of some types.",
    )
    KPTR_IN_OBJECT_OF_TREE = Row(
        since="7.1",
        commit="measured on 7.0.13 and 7.1.13, read in 7.2.13: kptr_xchg_dest_types",
        note="A kernel pointer may be exchanged with one in an object that a list or tree owns.",
    )
    SLEEPING_HELPERS_SEEN = Row(
        since="6.2",
        commit="measured on 6.1.180 and 6.12.107, read in 6.1.192 and 6.2.1: check_helper_call()",
        note="Programs that may not sleep are told so of helpers that do; before, they had none.",
        backports=("6.1.192",),
    )
    RETVAL_IS_ERROR = Row(
        since="7.2",
        commit="measured on 7.1.13 and 7.2.13: check_helper_call(), do_refine_retval_range()",
        note="What bpf_get_retval() gives and bpf_set_retval() takes is 0 or an error, but after "
        "getsockopt().",
    )
    TEXT_FSESSION = Row(
        since="7.1",
        commit="measured on 7.0.13 and 7.1.13: check_get_func_ip()",
        note="fsession is among the attach types whose programs know their function's address.",
    )
    TEXT_SLEEPING_HELPER = Row(
        since="7.1",
        commit="measured on 7.0.13 and 7.1.13: check_helper_call()",
        note="The complaint about a helper that may sleep names it.",
    )
    HELPER_MEM_CTX = Row(
        since="7.1",
        commit="read in 7.2.13, measured on 7.0.13 and 7.1.3: mem_types",
        note="A memory argument may be the context, for all that the types say.",
    )
    DYNPTR_TRACKED = Row(
        since="6.3",
        commit='ef8fc7a07c0e ("bpf: Fix partial dynptr stack slot reads/writes")',
        note="A store over a dynptr ends it, where it need not be given back; before, it went "
        "unnoticed.",
    )
    HELPER_FILLS_DYNPTR = Row(
        since="7.3",
        commit="read in 7.2.13 and 7.3.4: check_stack_range_initialized()",
        note="A helper may fill memory with a dynptr in it, which ends the dynptr as a store does.",
    )
    TEXT_SLOTS_FROM_0 = Row(
        since="6.12",
        commit="read in 6.11.11, measured on 6.1.180 and 6.12.107: process_dynptr_func(), "
        "process_iter_arg()",
        note="Complaints count the argument of a dynptr or iterator from 0.",
    )
    ITER_ON_STACK = Row(
        since="6.13",
        commit='12659d28615d ("bpf: Ensure reg is PTR_TO_STACK in process_iter_arg")',
        note="An iterator is on the stack; before, only the offset of its pointer was looked at.",
        backports=("6.12.43",),
    )
    TEXT_DYNPTR_CONST = Row(
        since="6.11",
        commit="read in 6.10.0 and 6.11.4: check_kfunc_args(), process_dynptr_func()",
        note='What a dynptr may be given as is called "const struct bpf_dynptr", not "dynptr_ptr".',
    )
    CTX_CONST_OFFSET = Row(
        since="7.1",
        commit="measured on 6.18.44 and 7.2.13: check_ctx_access()",
        note="Where loads from the context are not rewritten, a constant may be added to its "
        "pointer.",
    )
    PACKET_END_KNOWN = Row(
        since="5.11",
        commit='6d94e741a8ff ("bpf: Support for pointers beyond pkt_end.")',
        note="A packet pointer found at or beyond the end decides later comparisons with it.",
        backports=("5.10.218",),
    )
    PACKET_RANGE_OFF_BY_TWO = Row(
        until="5.16",
        commit='2fa7d94afc1a ("bpf: Fix the off-by-two error in range markings")',
        note="`data + n < data_end` proves n - 1 bytes; it proves n + 1.",
        backports=("4.19.222", "5.4.164", "5.10.84", "5.15.7"),
    )
    TAIL_CALL_CHANGES_PACKET = Row(
        since="6.13",
        commit='1a4607ffba35 ("bpf: consider that tail calls invalidate packet pointers")',
        note="Pointers into the packet are worth nothing after a tail call that failed.",
        backports=("6.12.101",),
    )
    RELEASE_ARG_REFERENCED = Row(
        since="5.19",
        commit='8f14852e8911 ("bpf: Tag argument to be released in bpf_func_proto")',
        note="The argument of a release must hold a reference; before, the helper was found "
        "to release nothing.",
    )
    LD_ABS_IN_SUBPROGS = Row(
        since="5.10",
        commit='09b28d76eac4 ("bpf: Add abnormal return checks.")',
        note="Loads from the packet by LD_ABS and subprogs may be in one program.",
    )
    TEXT_ARGS = Row(
        since="7.2",
        commit="read in 7.1.3 and 7.2.13",
        note="Complaints name what a register is for.",
    )
    TEXT_CTX_POINTER = Row(
        since="5.17",
        commit="read in 5.16.10 and 5.17-rc5: __check_ptr_off_reg()",
        note="Complaints about modified pointers name the kind of pointer.",
        backports=("5.15.148",),
    )

    # -- Running programs: maps, helpers, packets ------------------------------------------------

    MAP_ERROR_U32 = Row(
        until="6.4",
        commit='d7ba4cc900bf ("bpf: return long from bpf_map_ops funcs")',
        note="With a JIT, an error of a map's update, delete, push, pop, peek or walk comes back "
        "as 32 bits, the upper half zero.",
    )
    TRACING_RECURSION = Row(
        since="5.12",
        commit='ca06f55b9002 ("bpf: Add per-program recursion prevention mechanism")',
        note="A tracing program does not run inside itself on a CPU, and that is counted.",
    )
    RAW_TP_RECURSION = Row(
        since="6.1",
        commit='05b24ff9b2cf ("bpf: Prevent bpf program recursion for raw tracepoint probes")',
        note="A raw tracepoint program does not run inside itself on a CPU, and that is counted.",
    )
    RECURSION_MISSES_OF_EVENTS = Row(
        since="6.7",
        commit='dd8657894c11 ("bpf: Count missed stats in trace_call_bpf")',
        note="A kprobe or tracepoint program that does not run because another one runs on that "
        "CPU is counted in its recursion_misses.",
    )
    SYSCALL_TRACEPOINTS_FAULT = Row(
        since="7.2",
        commit="read in 7.2 and 6.12: perf_call_bpf_enter(), kernel/trace/trace_syscalls.c; "
        "7.0 and 7.1 not read",
        note="A program at the tracepoint of a system call is only kept from running inside "
        "itself, and that is counted; before, inside any kprobe, tracepoint or perf_event program.",
    )
    HASH_LOCK_COUNTED = Row(
        since="5.11",
        until="6.15",
        commit='20b6cc34ea74 ("bpf: Avoid hashtab deadlock with map_locked")',
        note="A change of a hash inside another one on the same CPU and bucket fails with EBUSY; "
        "before, the CPU waited for itself.",
    )
    RESILIENT_MAP_LOCKS = Row(
        since="6.15",
        commit='4fa8d68aa53e ("bpf: Convert hashtab.c to rqspinlock")',
        note="Locks of hashes, queues, stacks and ring buffers that would be waited for without "
        "end are not taken: a change of a hash fails with EDEADLK.",
    )
    HASH_REUSES_AT_ONCE = Row(
        since="6.1",
        commit='fba1a1c6c912 ("bpf: Convert hash map to bpf_mem_alloc.")',
        note="A deleted element of a hash made with BPF_F_NO_PREALLOC may be used again while a "
        "program holds its address; before, it was freed after the programs that ran then.",
    )
    TAIL_CALL_COUNT_SHARED = Row(
        since="6.12",
        commit='116e04ba1459 ("bpf, x64: Fix tailcall hierarchy")',
        note="The tail calls of a run have one count, and one to an empty place does not count; "
        "before, a function began with its caller's count and kept its own.",
    )
    LPM_FULL_REFUSES_ALL = Row(
        until="6.13",
        commit='532d6b36b2bf ("bpf: Handle in-place update for full LPM trie correctly")',
        note="A full trie answers every update with ENOSPC, also one of an element it has.",
        backports=("6.1.170", "6.12.101"),
    )
    VSYSCALL_NOT_READ = Row(
        since="6.8",
        commit='32019c659ecf ("x86/mm: Disallow vsyscall page read for '
        'copy_from_kernel_nofault()")',
        note="A read at the vsyscall page is refused with ERANGE; before, it fails with EFAULT.",
        backports=("5.10.262", "6.1.170"),
    )
    LOOP_INLINED = Row(
        since="6.0",
        commit='1ade23711971 ("bpf: Inline calls to bpf_loop when callback is known")',
        note="bpf_loop() without flags is inlined: its -E2BIG has 32 bits, the upper half zero.",
    )
    REDIRECT_BROADCAST = Row(
        since="5.14",
        commit='e624d4ed4aa8 ("xdp: Extend xdp_redirect_map with broadcast support")',
        note="bpf_redirect_map() can redirect to all devices of a map.",
    )
    CSUM_DIFF_FOLDED = Row(
        since="6.13",
        commit='6a4794d5a3e2 ("bpf: bpf_csum_diff: Optimize and homogenize for all archs")',
        note="bpf_csum_diff() takes any length and gives 16 bits; before, multiples of 4 bytes and "
        "32 bits.",
    )
    STRTOL_CLEARS_RESULT = Row(
        since="6.12",
        commit='4b3786a6c539 ("bpf: Zero former ARG_PTR_TO_{LONG,INT} args in case of error")',
        note="A failing bpf_strtol() or bpf_strtoul() stores 0.",
        backports=("6.1.170",),
    )
    CHECK_MTU_CLEARS_LEN = Row(
        commit='4b3786a6c539 ("bpf: Zero former ARG_PTR_TO_{LONG,INT} args in case of error"), '
        'undone in the same release by 14a3d3ef02ba ("bpf: Remove MEM_UNINIT from skb/xdp MTU '
        'helpers")',
        note="A failing bpf_check_mtu() stores 0; the fix was not taken back with the change.",
        backports=("6.1.170",),
    )
    DYNPTR_BOUNDS_FIRST = Row(
        since="6.4",
        commit='b5964b968ac6 ("bpf: Add skb dynptrs")',
        note="bpf_dynptr_write() checks the bounds before it checks the flags.",
    )
    DYNPTR_64_BIT = Row(
        since="6.19",
        commit="measured on 6.18.44 and 6.19.6; read in 6.12 and 7.2: bpf_dynptr_check_off_len()",
        note="Offsets and sizes in dynptrs are numbers of 64 bits; before, their low half counted.",
    )
    SKB_SLICE_BEYOND_END = Row(
        until="7.3",
        commit="measured on 7.2.6, 7.2.11 and 7.3.4: skb_pointer_if_linear()",
        note="A slice without a buffer that begins behind a packet's end, which was cut since the "
        "dynptr was made, is not refused: the difference is taken for a large number.",
        backports=("7.2.11",),
    )
    USER_STR_EMPTY_0 = Row(
        until="6.16",
        commit="measured on 6.12.107 and 6.16.12: strncpy_from_user_nofault()",
        note="bpf_probe_read_user_str() of an empty string returns 0, not 1 for its NUL.",
    )
    SKB_HWTSTAMP = Row(
        since="5.16",
        commit='f64c4acea51f ("bpf: Add hardware timestamp field to __sk_buff")',
        note="struct __sk_buff ends with hwtstamp and has 192 bytes; before, 184.",
    )
    TEST_RUN_IP_HEADER = Row(
        since="7.1",
        commit='12bec2bd4b76 ("bpf: reject short IPv4/IPv6 inputs in bpf_prog_test_run_skb")',
        note="BPF_PROG_TEST_RUN of a packet that is IP by its type and shorter than an IP header "
        "fails with EINVAL.",
        backports=("5.10.262", "6.1.180", "6.12.107", "6.18.44"),
    )
    TEST_RUN_INGRESS = Row(
        since="5.15",
        commit="measured on 5.10.262 and 6.1.180: convert___skb_to_skb()",
        note="The context of a packet's test run may name the device it came in at.",
    )
    XDP_TEST_RUN_CTX = Row(
        since="5.15",
        commit='47316f4a3053 ("bpf: Support input xdp_md context in BPF_PROG_TEST_RUN")',
        note="An XDP test run takes a context, and gives the metadata with the packet.",
    )
    XDP_LONG_META = Row(
        since="6.8",
        commit="measured on 6.1.180 and 6.12.107: xdp_metalen_invalid()",
        note="Metadata may have up to 252 bytes; before, 32.",
    )
    SKB_MAX_LEN_FIXED = Row(
        since="5.12",
        commit='6306c1189e77 ("bpf: Remove MTU check in __bpf_skb_max_len")',
        note="The longest packet that a helper makes does not depend on the device's MTU.",
    )
    SKB_CHANGE_PROTO_GSO = Row(
        since="5.14",
        commit='364745fbe981 ("bpf: Do not change gso_size during bpf_skb_change_proto()")',
        note="bpf_skb_change_proto() takes packets with segments of any type.",
    )
    VLAN_TAG_CLEARED = Row(
        since="6.2",
        commit='354259fa73e2 ("net: remove skb->vlan_present")',
        note="A VLAN tag that is taken away leaves zeros in the context; before, its numbers.",
    )
    L4_CSUM_IPV6 = Row(
        since="6.16",
        commit='ead7f9b8de65 ("bpf: Fix L4 csum update on IPv6 in CHECKSUM_COMPLETE")',
        note="bpf_l4_csum_replace() knows BPF_F_IPV6.",
    )
