"""Rules: the traits that the walk asks for, as plain attributes of one kernel.

A walk asks some of them several times an insn; an attribute is the fastest way to say.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from emu.kernel.traits import Trait

if TYPE_CHECKING:
    from emu.kernel.profile import Kernel


class Rules:
    """What a kernel's verifier does; each attribute is the Trait of that name."""

    ALU32_INPUTS_TRUNCATED: bool
    ALU_OF_UNKNOWN: bool
    ARSH32: bool
    ARSH32_BY_SUBREG: bool
    ASSIGN_32_BOTH_ENDS: bool
    ATOMIC_FETCH: bool
    ATOMIC_FETCH_TRACKED: bool
    BACK_EDGE_REJECTED: bool
    BITS32_FROM_NEW_BITS: bool
    BITWISE_SIGN_FROM_RESULT: bool
    BOUNDS_32: bool
    BOUNDS_BY_NEXT_MEMBER: bool
    BOUNDS_SYNC: bool
    BPF_ST_TO_CTX: bool
    BRANCH_BY_KNOWN_BITS: bool
    BRANCH_BY_RANGE: bool
    BRANCH_BY_SIMULATION: bool
    BRANCH_EQ_BY_RANGE: bool
    BRANCH_EQ_BY_SIGNED_RANGE: bool
    BRANCH_NON_NULL: bool
    BRANCH_SAME_REG: bool
    BRANCH_SRC_REG: bool
    BRANCH_TWO_RANGES: bool
    BSWAP_TRACKED: bool
    BTF_RESULTS_TRUSTED: bool
    CALLBACKS: bool
    CALLBACK_EVERY_ITERATION: bool
    CALLBACK_IS_LOOP: bool
    CALLBACK_RESULT_PRECISE: bool
    CALLBACK_VALUE_HAS_ID: bool
    CFG_OF_LDIMM64: bool
    COERCE_SYNCS: bool
    COMBINE_EDGES_FIT: bool
    COMBINE_ENDS_TOGETHER: bool
    COMBINE_UNSIGNED_ENDS_TOGETHER: bool
    CONST32_SETS_RANGE: bool
    CONST_DST_BRANCH_BUG: bool
    CONST_HAS_NO_ID: bool
    CPU_ID_BOUNDED: bool
    CTX_CONST_OFFSET: bool
    DEDUCE_64_FIRST: bool
    DEDUCE_ACROSS_WIDTHS: bool
    DEDUCE_MIXED_S32: bool
    DEDUCE_SIGN_CROSSING: bool
    DEDUCE_SIGN_CROSSING_32: bool
    DEDUCE_SIGN_EXTENDED: bool
    DEDUCE_THREE_ROUNDS: bool
    DIRECT_MAP_VALUE: bool
    DIRECT_OFFSET_LIMITED: bool
    DIV_TRACKED: bool
    DYNPTR_TRACKED: bool
    EQ_KEEPS_ID: bool
    EXIT_LEAK_TEXT: bool
    FILL_ASSIGNS_ID: bool
    FILL_NARROW: bool
    FILL_NARROW_SCALAR: bool
    FILL_ZERO_BYTES: bool
    FORK_SIGN_MASK: bool
    HELPER_FILLS_DYNPTR: bool
    HELPER_FILLS_NUMBERS: bool
    HELPER_MEM_WRITTEN: bool
    HELPER_KEY_ANY_MEM: bool
    HELPER_MEM_CTX: bool
    HELPER_READS_SPILLED_POINTERS: bool
    HELPER_READS_SPILLS: bool
    HELPER_STACK_VAR_OFF: bool
    HELPER_STR_RETURNS_SIZE: bool
    HELPER_STR_RETURN_ERRNO: bool
    HELPER_STR_RETURN_SIGNED: bool
    HIDDEN_EXITS: bool
    HIDDEN_EXITS_WALKED: bool
    IDS_REMAPPED: bool
    IMPOSSIBLE_RANGE_KEPT: bool
    INNER_MAP_AT_ONCE: bool
    INSNS_CHECKED_FIRST: bool
    INVARIANTS_ARE_BUGS: bool
    INVARIANTS_CHECKED: bool
    ISA_V4: bool
    JEQ_BITS_LOST: bool
    JMP32: bool
    JMP_HISTORY_LIMITED: bool
    JMP_HISTORY_OF_START: bool
    JMP_POINTS: bool
    JMP_READS_DST_FIRST: bool
    JSET_FORGETS_RANGE: bool
    JSGT_FALSE_AT_EQUAL: bool
    JUMP_QUEUE_E2BIG: bool
    KPROBE_CTX_WRITE: bool
    KPTR_IS_REFERENCED: bool
    LD_ABS_IN_SUBPROGS: bool
    LINKS_OF_FIVE: bool
    LINK_ADD_CONST: bool
    LINK_ADD_CONST_32: bool
    LINK_KEEPS_ADD_CONST: bool
    LINKED_IDS_BY_BASE: bool
    LINK_KEEPS_LIFE: bool
    LINK_LIVE_REGS: bool
    LINK_NARROW_SPILLS: bool
    LIVENESS_BEFORE_WALK: bool
    LIVE_REGS_COMPARED: bool
    LOAD_SX_DROPS_ID: bool
    LOCKED_SUBPROG_CALLS: bool
    LOCK_IN_OBJECT: bool
    LOG_DETAILS: bool
    LOG_EVERY_REFERENCE: bool
    LOG_DYNPTRS: bool
    LOG_DYNPTR_USE: bool
    LOG_LINKED: bool
    LOG_LIVENESS: bool
    LOG_LIVE_REGS: bool
    LOG_LOOP_STATES: bool
    LOG_PARENT_IDS: bool
    LOG_PRECISION_AT_1: bool
    LOG_PREDICTED_JUMPS: bool
    LOG_RANGES_MERGED: bool
    LOG_REFS_OF_STATE: bool
    LOG_REWOUND: bool
    LOG_STACK_READS: bool
    LOG_STATS: bool
    LOG_STATE_DIFF: bool
    LOG_REPORT: bool
    LOG_ZEXT: bool
    LOOKUP_CONST_KEY_NOT_NULL: bool
    LOOPS_BY_COMPONENT: bool
    LOOP_EXACT: bool
    LSH_32_KEEPS_SIGN: bool
    MAP_PTR_READ: bool
    MAP_RECORDS: bool
    MAP_VALUE_AS_HELPER_KEY: bool
    MOV32_KEEPS_ID: bool
    MOV32_KEEPS_RANGE: bool
    MOV32_SYNC: bool
    MOVSX32_SETS_BITS: bool
    MUL_OF_SIGNED: bool
    MTU_HELPERS_READ: bool
    NEG_TRACKED: bool
    NULL_CHECK_BY_REG: bool
    NOTHING_IS_WITHIN: bool
    NULL_CHECK_KEEPS_ID: bool
    OPCODES_CHECKED_FIRST: bool
    OR32_FROM_64: bool
    PACKET_ENDS_KEPT: bool
    PACKET_END_KNOWN: bool
    OLD_SCALAR_ID_DECIDES: bool
    PACKET_END_EXACT: bool
    PACKET_IDS_COMPARED: bool
    PACKET_RANGE_OFF_BY_TWO: bool
    PARTIAL_SPILL_SCRUBBED: bool
    PERF_EVENT_PREALLOC: bool
    PREALLOC_WARNED: bool
    POINTER_CONST_IN_BITS: bool
    PRECISION: bool
    PRECISION_ACROSS_CALLS: bool
    PRECISION_AROUND_LOOPS: bool
    PRECISION_BY_FRAME: bool
    PRECISION_FORGOTTEN: bool
    PRECISION_OF_ALLOC_SIZE: bool
    PRECISION_OF_BOTH: bool
    PRECISION_OF_CALLBACK_ARGS: bool
    PRECISION_OF_LOOP_FLAGS: bool
    PRECISION_OF_NULL_ARG: bool
    PRECISION_OF_SWAP: bool
    PRECISION_OF_TAIL_CALL: bool
    PRIVATE_STACK: bool
    RANGES_CIRCULAR: bool
    RANGE_WRAPS_WHOLE: bool
    RDONLY_MAP_CONST_LOADS: bool
    READS_BY_STATE: bool
    RECURSION_WALKED: bool
    REFS_BY_IDMAP: bool
    REGSAFE_IDS: bool
    REGSAFE_OLD_IMPRECISE: bool
    RELEASE_ARG_REFERENCED: bool
    RETURN_RANGE_SIGNED: bool
    RINGBUF_MEM_NAME: bool
    RINGBUF_MEM_UNMODIFIED: bool
    SCALAR_IDS: bool
    SINGULAR_IDS_CLEARED: bool
    SPILL_CUT_TO_ZERO: bool
    SPILL_KEEPS_ANY: bool
    SPILL_KEEPS_BOUNDS: bool
    SPILL_KEEPS_CONST: bool
    SPILL_NARROW: bool
    SPILL_ST_IMM: bool
    SPILL_ZERO: bool
    STACK_DEPTH_BY_16: bool
    STACK_GROWS_BY_READ: bool
    STACK_LIVE_BY_CHAIN: bool
    STACK_UNINIT_READ: bool
    STACK_VAR_OFF: bool
    STATES_FREED: bool
    STATES_SPACED: bool
    STATE_EVICTION: bool
    ST_IMM_ZERO_EXTENDED: bool
    SUBPROG_SCALARS_PRECISE: bool
    TAIL_CALL_CHANGES_PACKET: bool
    TAIL_CALL_IN_SUBPROG: bool
    TEXT_ARGS: bool
    TEXT_BASE_OFFSET: bool
    TEXT_CANNOT_USE_HELPER: bool
    TEXT_CONST_BITS: bool
    TEXT_CTX_POINTER: bool
    TEXT_DYNPTR_FROM_0: bool
    TEXT_EXPECTED_LIST: bool
    TEXT_FIXED_OFF: bool
    TEXT_JMP32: bool
    TEXT_MAY_GOTO_IMM: bool
    TEXT_MEMORY_RANGE: bool
    TEXT_NO_INDIRECT: bool
    TEXT_SCALAR: bool
    TEXT_SOCKET_LOCK: bool
    TEXT_STACK_OF_REG: bool
    TEXT_TAIL_CALL_MAP: bool
    TEXT_TYPE_FLAGS: bool
    TEXT_VAR_STACK_OFF: bool
    TEXT_ZERO_SIZED_RANGE: bool
    TIMER_IN_TRACING: bool
    TNUM_MUL_HALVES: bool
    TNUM_MUL_UNION: bool
    UNKNOWN_IS_IMPRECISE: bool
    VAR_OFF_AND_OFF_CHECKED: bool
    VAR_FILL_ZERO_SPILLS: bool
    VAR_STORE_SCRUBS: bool
    VAR_STORE_ZERO_IMM: bool
    XOR_TRACKED: bool

    def __init__(self, kernel: Kernel) -> None:
        for name in Rules.__annotations__:
            setattr(self, name, kernel.has(Trait[name]))


@lru_cache(maxsize=32)
def rules_of(kernel: Kernel) -> Rules:
    return Rules(kernel)
