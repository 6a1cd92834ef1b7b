"""A CO-RE relocation's path, read in an object's types and found again in a kernel's.

The compiler writes "0:1:2" for `p->b.c[2]`-like accesses: an index into what the pointer points at,
then the number of a member, or an index into an array, for each step.  In the kernel the members
are looked for by name.  Source: bpf_core_parse_spec() and bpf_core_spec_match() in
tools/lib/bpf/relo_core.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.btf import MEMBER, TYPE, Kind
from emu.btf import essential_name as essential
from emu.objfile.core_types import COMPOSITES, ENUMS, array, enumerators, stripped

if TYPE_CHECKING:
    from emu.btf import BtfData, Record
    from emu.objfile.core_types import TypePairs

_MOST_STEPS = 64  # BPF_CORE_SPEC_MAX_LEN
_LONGEST_NUMBER = 9  # digits of a step


class Step(NamedTuple):
    """One step: to a member, to an element, or to a constant of an enumeration."""

    name: str  # of the member or constant; "" for an element
    type: int  # the struct, union or enumeration that has it; the type of the element
    number: int  # of the member or constant; the element's index


class Path(NamedTuple):
    """The way from a type to what an instruction is about."""

    root: int  # type
    steps: tuple[Step, ...] = ()
    bits: int = 0  # from the start of the root


class Member(NamedTuple):
    """A member of a struct or union."""

    name: str
    type: int
    bits: int  # from the start of the struct
    width: int  # of a bit-field, in bits; 0 for what is none


def member(btf: BtfData, struct: Record, index: int) -> Member:
    """The member of that number."""
    name, type_, place = btf.unpack(MEMBER, struct.at + TYPE.size + index * MEMBER.size)
    if struct.flag:
        return Member(btf.string(name), type_, place & 0xFFFFFF, place >> 24)
    return Member(btf.string(name), type_, place, 0)


def constant(btf: BtfData, enum: int, text: str) -> Path:
    """The path to a constant, whose number is `text`.  Raises ValueError where it has none."""
    index, *more = _numbers(text)
    record = stripped(btf, enum)
    if more or record.kind not in ENUMS or index >= record.parts:
        raise ValueError("there is no such constant")
    name = [each for each, _ in enumerators(btf, record)][index]
    return Path(enum, (Step(name, btf.stripped(enum), index),))


def field(btf: BtfData, root: int, text: str) -> Path:
    """The path that `text` describes, from type `root`.  Raises ValueError where there is none."""
    first, *numbers = _numbers(text)
    current = btf.stripped(root)
    steps, bits = [Step("", current, first)], 8 * first * btf.size_of(current)
    for number in numbers:
        current = btf.stripped(current)
        record = stripped(btf, current)
        if record.kind in COMPOSITES:
            if number >= record.parts:
                raise ValueError(f"there is no member {number}")
            found = member(btf, record, number)
            bits += found.bits
            if found.name:  # an anonymous one's members count as its own
                steps.append(Step(found.name, current, number))
            current = found.type
        elif record.kind == Kind.ARRAY:
            element, count = array(btf, record)
            if number >= count and not _is_flexible(btf, steps[-1], count):
                raise ValueError(f"there is no element {number} of {count}")
            current = btf.stripped(element)
            steps.append(Step("", current, number))
            bits += 8 * number * btf.size_of(current)
        else:
            raise ValueError("a step leads into what has no parts")
    return Path(root, tuple(steps), bits)


def _numbers(text: str) -> list[int]:
    words = text.split(":")
    if len(words) > _MOST_STEPS:
        raise ValueError(f"a path of {len(words)} steps")
    if not all(w.isascii() and w.isdecimal() and len(w) <= _LONGEST_NUMBER for w in words):
        raise ValueError("a path that is not made of numbers")
    return [int(word) for word in words]


def _is_flexible(btf: BtfData, step: Step, count: int) -> bool:
    """Whether an array of no elements, the last member of a struct, is as long as one likes."""
    return bool(step.name) and not count and step.number == btf.record(step.type).parts - 1


def find_constant(path: Path, btf: BtfData, enum: int) -> Path | None:
    """The same constant of a kernel's enumeration, by its name without the flavor."""
    wanted = essential(path.steps[0].name)
    record = stripped(btf, enum)
    if record.kind in ENUMS:
        for index, (name, _) in enumerate(enumerators(btf, record)):
            if essential(name) == wanted:
                return Path(enum, (Step(name, btf.stripped(enum), index),))
    return None


class _Found(NamedTuple):
    """A member of a kernel's struct, or of an anonymous one in it."""

    struct: int  # that has it
    number: int
    bits: int  # from the start of the outer struct
    steps: int  # to it, those through anonymous members counted


class FieldFinder:
    """Finds paths of an object's types in a kernel's."""

    def __init__(self, local: BtfData, target: BtfData, pairs: TypePairs) -> None:
        self._local, self._target, self._pairs = local, target, pairs
        self._members: dict[int, dict[str, _Found]] = {}

    def find(self, path: Path, root: int) -> Path | None:
        """The path in the kernel's type `root`; None where it leads nowhere there.

        Raises ValueError for one that takes too many steps there.
        """
        target, taken = self._target, 1
        current = target.stripped(root)
        steps, bits = [Step("", current, path.steps[0].number)], 0
        bits += 8 * path.steps[0].number * target.size_of(current)
        for step in path.steps[1:]:
            record = stripped(target, current)
            if step.name:
                if record.kind not in COMPOSITES:
                    return None
                found = self._named(target.stripped(current)).get(step.name)
                if found is None:
                    return None
                there = member(target, target.record(found.struct), found.number)
                here = member(self._local, self._local.record(step.type), step.number)
                if not self._pairs.fields_compatible(here.type, there.type):
                    return None
                steps.append(Step(there.name, found.struct, found.number))
                bits += found.bits
                taken += found.steps
                current = there.type
                continue
            if record.kind != Kind.ARRAY:
                return None
            element, count = array(target, record)
            if step.number >= count and not _is_flexible(target, steps[-1], count):
                return None
            current = target.stripped(element)
            steps.append(Step("", current, step.number))
            bits += 8 * step.number * target.size_of(current)
            taken += 1
        if taken > _MOST_STEPS:
            raise ValueError(f"a path of {taken} steps in the kernel")
        return Path(root, tuple(steps), bits)

    def _named(self, root: int) -> dict[str, _Found]:
        """Each member by its name, those of anonymous members too."""
        known = self._members.get(root)
        if known is None:
            known = self._members[root] = {}
            self._collect(root, 0, 1, {root}, known)
        return known

    def _collect(
        self,
        id_: int,
        base: int,
        steps: int,
        seen: set[int],
        found: dict[str, _Found],
    ) -> None:
        struct = self._target.record(id_)
        for index in range(struct.parts):
            each = member(self._target, struct, index)
            place = base + each.bits
            if each.name:
                found.setdefault(each.name, _Found(id_, index, place, steps))
                continue
            inner = self._target.stripped(each.type)
            # A second one of the same type has the same names, and the first counts.
            deeper = steps <= _MOST_STEPS and inner not in seen
            if deeper and self._target.kind(inner) in COMPOSITES:
                seen.add(inner)
                self._collect(inner, place, steps + 1, seen, found)
