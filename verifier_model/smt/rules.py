"""What a program must not do, and which of it a kernel's complaint is about.

A rule is a condition on one run of the program; a complaint says which rules the kernel could not
convince itself of, and where they are to be looked for.
"""

from __future__ import annotations

import enum
import re
from typing import NamedTuple


class Rule(enum.Enum):
    """Something that a run does wrong; the values are what reports call it."""

    MEMORY = "an access outside of the object"
    NUMBER = "an access through a number that is no pointer"
    READ_ONLY = "a store to what programs may not change"
    CONTEXT = "an access to the context that the kernel does not offer"
    ARGUMENT = "an argument that the helper does not take"
    SIZE = "a size that the helper does not take"
    REGISTER = "a read of a register that was never written"
    STACK_READ = "a read of stack that was never written"
    ALIGNMENT = "a misaligned access"
    POINTER_MATH = "arithmetic that leaves no pointer"
    NULL_MATH = "arithmetic on a pointer that is NULL"
    POINTER_PART = "a part of a saved pointer"
    FRAME_POINTER = "a write to r10"
    LEAK = "a reference that is not given back"
    RELEASE = "a release of what was not acquired"
    RETURN = "a result outside of what the program may return"
    INSN = "an instruction that does not exist"
    DEPTH = "too many frames"
    STACK = "more stack than there is"
    ENDLESS = "a loop that never ends"
    LENGTH = "a run longer than the kernel follows"
    OUTSIDE = "registers that the verifier did not believe possible"

    __hash__ = object.__hash__


# What ends a run: the emulated machine faults there.
FAULTS = frozenset({Rule.MEMORY, Rule.NUMBER, Rule.READ_ONLY, Rule.INSN, Rule.DEPTH})
# What is wrong wherever it is done.
_ALWAYS = FAULTS | {Rule.ARGUMENT, Rule.SIZE, Rule.REGISTER, Rule.RELEASE}
_LENGTHS = frozenset({Rule.ENDLESS, Rule.LENGTH})


class Scope(enum.Enum):
    """Where the rules of a complaint are looked for."""

    HERE = "the rejected instruction"
    DERIVED = "what is done with the pointer that it makes"
    PROGRAM = "the whole program"
    NOTHING = "nothing"  # no run matters

    __hash__ = object.__hash__


class Charge(NamedTuple):
    """What a complaint amounts to."""

    scope: Scope
    rules: frozenset[Rule] = frozenset()


class _Row(NamedTuple):
    text: str  # a regular expression for a part of the complaint
    scope: Scope = Scope.HERE
    more: tuple[Rule, ...] = ()  # beside those that always count


_NOTHING, _PROGRAM, _DERIVED = Scope.NOTHING, Scope.PROGRAM, Scope.DERIVED
_STACK, _MATH = (Rule.STACK_READ,), (Rule.POINTER_MATH, Rule.NULL_MATH)

# The first row that fits counts.  The texts are those of kernel/bpf/verifier.c from 4.18 to 7.3.
_ROWS = (
    # The program asks for what the kernel does not have, or is no program.
    _Row("unknown opcode|uses reserved fields|ld_imm64 insn|BPF_LD_IMM insn", _NOTHING),
    _Row("jump out of range|jump into the middle|last insn is not an exit", _NOTHING),
    _Row("is not pointing to valid bpf_map|[Uu]nrecognized bpf_ld|invalid shift", _NOTHING),
    _Row("extern \\(func ksym\\)|calling kernel function|program must be sleepable", _NOTHING),
    _Row("kernel function from non-GPL", _NOTHING),
    _Row("unknown func|invalid func unknown|cannot use helper|GPL-restricted", _NOTHING),
    _Row("btf_id|kernel is missing BTF|CONFIG_DEBUG_INFO_BTF|invalid may_goto", _NOTHING),
    _Row("BPF_ST stores into|BPF_XADD stores into|BPF_ATOMIC stores into|div by zero", _NOTHING),
    _Row("cannot pass map_type|tail_calls are not allowed|R\\d+ is invalid", _NOTHING),
    _Row(
        "BPF_LD_\\[ABS\\|IND\\] instructions|LD_ABS is not allowed|subprogs without BTF", _NOTHING
    ),
    _Row("call to invalid destination|too many subprograms|fd_array|preallocated", _NOTHING),
    _Row("direct value (offset|access)|only be sleepable|not supported for 32 bit ALU", _NOTHING),
    _Row("spin_lock yet|bpf_timer yet|to have BTF|doesn't have 'struct", _NOTHING),
    _Row("missing btf func_info|callback function not", _NOTHING),
    # The verifier does not come to an end, or never looks at what runs do.
    _Row("too large\\. Processed|jumps is too complex|[Tt]oo many states", _PROGRAM),
    _Row("infinite loop|back-edge|unreachable insn|recursive call", _PROGRAM),
    _Row("combined stack size|stack size of|stack depth", _PROGRAM, more=(Rule.STACK,)),
    _Row("call stack of", _PROGRAM),
    # Arithmetic whose result is a pointer with too wide a range.
    _Row("math between .* pointer and|makes .* pointer be out of bounds", _DERIVED),
    _Row("pointer offset -?\\d+ is not allowed", _DERIVED),
    _Row("Clamp or bounds-check the scalar offset", _DERIVED),
    # Arithmetic that the kernel knows nothing of.
    _Row("pointer arithmetic|pointer \\+= pointer|pointer -= pointer", more=_MATH),
    _Row("subtraction from stack pointer|bitwise operator|subtract pointer from", more=_MATH),
    _Row("pointer .* pointer prohibited", more=_MATH),
    _Row("frame pointer is read only", more=(Rule.FRAME_POINTER,)),
    # Loads and stores.
    _Row("misaligned", more=(Rule.ALIGNMENT,)),
    _Row("invalid bpf_context access", more=(Rule.CONTEXT,)),
    _Row("invalid size of register (spill|fill)|corrupt(ed)? spill", more=(Rule.POINTER_PART,)),
    _Row("invalid indirect read from stack|invalid read from stack", more=_STACK),
    _Row("!read_ok|invalid mem access|allowed memory range|unbounded memory access"),
    _Row("min value is negative|invalid (access to|write to|read from)|stack (off|R\\d|type)"),
    _Row("variable-offset|variable stack|offset is outside of the packet|zero-sized"),
    _Row("stores into|write into|cannot write|modified|var_off=.* disallowed"),
    _Row("bounds check that proves|only read from|cannot access ptr|negative access"),
    _Row("outside of the .* range|outside of stack bound|variable offset stack access"),
    _Row("write to change key|forbidden, value_size|invalid .* access off=|negative offset"),
    _Row("same insn cannot be used with different pointers|R6 != pointer to skb"),
    # Helpers and exit.
    _Row("type=.* expected=|helper access to the packet|unbounded size|not a known constant"),
    _Row("not a scalar value"),
    _Row("reference leak|Unreleased reference", more=(Rule.LEAK,)),
    _Row("must be referenced|release|reference has not been acquired", more=(Rule.RELEASE,)),
    _Row("the register R0|R0 leaks|should have been in|return stack pointer", more=(Rule.RETURN,)),
)
_COMPILED = tuple((re.compile(row.text), row) for row in _ROWS)

# The program is larger than the kernel takes: bpf_prog_load() says so by its errno only.
_SILENT = Charge(Scope.NOTHING)


def charge(message: str) -> Charge | None:
    """What a kernel's complaint amounts to; None for one that no row tells of."""
    if not message:
        return _SILENT
    if "cannot write into rdonly_mem" in message:
        return None  # a run does what the kernel forbids, and nothing in the machine shows it
    for pattern, row in _COMPILED:
        if pattern.search(message):
            lengths = _LENGTHS if row.scope is Scope.PROGRAM else frozenset()
            return Charge(row.scope, _ALWAYS.union(lengths, row.more))
    return None
