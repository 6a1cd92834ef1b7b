"""What is known to be unsound: the statements that fail, and the traits that say where.

A row is one fault of real kernels.  On a kernel that has it (its trait, or the lack of it) the
statements it names do not hold; on every other kernel every statement does.  Each row has a program
that the kernel's verifier accepts and a run of it that leaves what the verifier believed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.kernel.enums import ProgType
from emu.kernel.profile import Kernel
from emu.kernel.traits import Trait
from verifier_model.rules import rules_of

if TYPE_CHECKING:
    from verifier_model.rules import Rules


class Bug(NamedTuple):
    """A fault, where it is, and how it shows."""

    trait: Trait
    fixed: bool  # whether the trait is the fix, or the fault itself
    since: Trait | None  # the feature that brought the fault; None where it was always there
    statements: tuple[str, ...]  # names of obligations; none where none is of what goes wrong
    kernel: str  # a release that has it
    program: str  # what shows it: r2 and r3 are loaded from outside
    inputs: tuple[int, int]  # with these numbers in r2 and r3

    def holds(self, rules: Rules) -> bool:
        """Whether a kernel with these rules has the fault."""
        there = self.since is None or getattr(rules, self.since.name)
        return bool(there and getattr(rules, self.trait.name) != self.fixed)


_BEGIN = """
    r2 = *(u64 *)(r1 +0)
    r3 = *(u64 *)(r1 +8)
"""
_END = """
    r0 = 0
    exit
"""


def _program(body: str) -> str:
    return _BEGIN + body + _END


# Comparisons of 64 bits, which combine_64_into_32() ends; it does no harm to a constant.
_COMPARED = tuple(
    f"learn {op} {form} {side}"
    for op in ("jeq", "jne", "jset", "jgt", "jge", "jlt", "jle", "jsgt", "jsge", "jslt", "jsle")
    for form in ("reg", "imm")
    for side in ("there", "here")
    if (op, side) not in {("jeq", "there"), ("jne", "here")}
)

BUGS = (
    Bug(
        # CVE-2021-31440: a low half of 0 is not at least 1.
        Trait.COMBINE_UNSIGNED_ENDS_TOGETHER,
        fixed=True,
        since=Trait.BOUNDS_32,
        statements=("combine_64_into_32", *_COMPARED),
        kernel="5.8",
        program=_program("""
            if r2 >= 1 goto l1
            goto l2
            l1: r0 = 0
            l2:"""),
        inputs=(1 << 32, 0),
    ),
    Bug(
        # A number of at least -5 has a low half of any sign.
        Trait.COMBINE_ENDS_TOGETHER,
        fixed=True,
        since=Trait.BOUNDS_32,
        statements=("combine_64_into_32", *_COMPARED),
        kernel="5.8",
        program=_program("""
            if r2 s>= -5 goto l1
            goto l2
            l1: r0 = 0
            l2:"""),
        inputs=(1 << 31, 0),
    ),
    Bug(
        # CVE-2021-3490: the low half is 1 & 0, and its range stays that of 1.
        Trait.CONST32_SETS_RANGE,
        fixed=True,
        since=Trait.BOUNDS_32,
        statements=("and64", "and32", "or64", "or32"),
        kernel="5.10",
        program=_program("""
            r2 <<= 32
            r2 += 1
            r4 = -2
            r2 &= r4"""),
        inputs=(7, 0),
    ),
    Bug(
        # The same, since XOR is tracked.
        Trait.CONST32_SETS_RANGE,
        fixed=True,
        since=Trait.XOR_TRACKED,
        statements=("xor64", "xor32"),
        kernel="5.10",
        program=_program("""
            r2 <<= 32
            r2 += 1
            r4 = 1
            r2 ^= r4"""),
        inputs=(7, 0),
    ),
    Bug(
        # CVE-2020-27194: the low half of a number above 0 can be 0.
        Trait.OR32_FROM_64,
        fixed=False,
        since=None,
        statements=("or64", "or32"),
        kernel="5.8",
        program=_program("""
            r2 >>= 1
            r2 += 1
            r2 |= 0"""),
        inputs=(0x1FFFFFFFF, 0),
    ),
    Bug(
        # Bit 31 is the sign, not bit 63 of a number without a high half.
        Trait.ARSH32_BY_SUBREG,
        fixed=True,
        since=Trait.ARSH32,
        statements=("arsh32",),
        kernel="5.4",
        program=_program("w2 s>>= 1"),
        inputs=(1 << 31, 0),
    ),
    Bug(
        # Bit 32 was shifted into the low half.
        Trait.ALU32_INPUTS_TRUNCATED,
        fixed=True,
        since=None,
        statements=("rsh32",),
        kernel="4.18",
        program=_program("""
            r2 = 1
            r2 <<= 32
            w2 >>= 1"""),
        inputs=(0, 0),
    ),
    Bug(
        # The known bits stay those of the number before its sign was extended.
        Trait.MOVSX32_SETS_BITS,
        fixed=True,
        since=Trait.ISA_V4,
        statements=("movsx8_32", "movsx16_32"),
        kernel="6.6",
        program=_program("""
            r2 &= 128
            w4 = (s8)w2"""),
        inputs=(128, 0),
    ),
    Bug(
        # The machine extends the sign of a stored constant.
        Trait.ST_IMM_ZERO_EXTENDED,
        fixed=False,
        since=None,
        statements=("store imm 8 fill 8",),
        kernel="6.6",
        program=_program("""
            *(u64 *)(r10 -8) = -1
            r4 = *(u64 *)(r10 -8)"""),
        inputs=(0, 0),
    ),
    Bug(
        # r4 is 0x500 where r2 is 5.  No function is wrong, but the registers stay linked.
        Trait.BSWAP_KEEPS_ID,
        fixed=False,
        since=None,
        statements=(),
        kernel="6.19.10",
        program=_program("""
            r4 = r2
            r4 = bswap16 r4
            if r2 == 5 goto l1
            r4 = 0
            l1: r3 = r4"""),
        inputs=(5, 0),
    ),
    Bug(
        # A known number added to itself stays a copy, with twice its value as the difference.
        Trait.SELF_SUM_UNLINKED,
        fixed=True,
        since=Trait.LINK_ADD_CONST,
        statements=(),
        kernel="6.18.15",
        program=_program("""
            r4 = r2
            if r4 != 1 goto l1
            r2 += r2
            if r4 == r3 goto l1
            r5 = r2
            l1:"""),
        inputs=(1, 7),
    ),
    Bug(
        # A stack pointer added to a number points into the first frame's stack.
        Trait.POINTER_SUM_INHERITS,
        fixed=True,
        since=None,
        statements=(),
        kernel="6.18.15",
        program="""
            *(u64 *)(r10 -8) = 0
            call callee
            r0 = *(u64 *)(r10 -8)
            exit
            callee: r6 = -8
            r6 += r10
            *(u64 *)(r6 +0) = 1
            r0 = 0
            exit""",
        inputs=(0, 0),
    ),
)


class Mistaken(NamedTuple):
    """A path that is taken for one that was walked, though it is not safe: states_equal()."""

    kernel: str  # a release that does
    mended: str  # one that walks the path
    prog_type: ProgType
    program: str  # what shows it, where states are kept wherever they are compared; with a hash


MISTAKEN = (
    Mistaken(
        # r7 is bounded through r6 where they are linked, and was not asked whether they are.
        kernel="6.1.180",
        mended="6.5",
        prog_type=ProgType.SOCKET_FILTER,
        program="""
            call get_prandom_u32
            r6 = r0
            call get_prandom_u32
            r7 = r0
            call get_prandom_u32
            if r0 == 0 goto merge
            r7 = r6
            r0 = 0
            merge: if r6 > 7 goto out
            r1 = r10
            r1 += r7
            *(u8 *)(r1 -8) = 1
            out: r0 = 0
            exit""",
    ),
    Mistaken(
        # r4 was beyond the packet's end, so that the last jump was known to be taken.
        kernel="6.18.15",
        mended="6.18.44",
        prog_type=ProgType.XDP,
        program="""
            r2 = *(u32 *)(r1 +0)
            r3 = *(u32 *)(r1 +4)
            r4 = r2
            r4 += 8
            r0 = 0
            if r4 <= r3 goto inside
            r0 = 0
            inside: if r4 > r3 goto out
            r0 = *(u64 *)(r2 +100)
            out: r0 = 0
            exit""",
    ),
    Mistaken(
        # r7 was r6, so that r6 told of both; what is equal was safe, whatever its id stood for.
        kernel="6.1.180",
        mended="6.5",
        prog_type=ProgType.SOCKET_FILTER,
        program="""
            *(u32 *)(r10 -4) = 0
            r2 = r10
            r2 += -4
            r1 = map[0] ll
            call map_lookup_elem
            r6 = r0
            *(u32 *)(r10 -4) = 1
            r2 = r10
            r2 += -4
            r1 = map[0] ll
            call map_lookup_elem
            r7 = r0
            call get_prandom_u32
            if r0 == 0 goto merge
            r7 = r6
            merge: if r6 == 0 goto out
            r0 = *(u64 *)(r7 +0)
            out: r0 = 0
            exit""",
    ),
)


def mended(name: str) -> Kernel:
    """The profile of a release without the bugs of BUGS."""
    rules = rules_of(Kernel.release(name))
    here = [bug for bug in BUGS if bug.holds(rules)]
    return Kernel.release(
        name,
        plus=[bug.trait for bug in here if bug.fixed],
        minus=[bug.trait for bug in here if not bug.fixed],
    )
