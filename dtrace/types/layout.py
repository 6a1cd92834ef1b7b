"""Sizes, alignments and offsets of structs, unions and bit-fields, as in the System V ABI.

Bit-fields go on where the one before ended, in the same byte if it is not full, unless they would
cross a boundary of their declared type's size.
"""

from __future__ import annotations

from dtrace.types.model import Array, Struct, StructMember, Type, resolve


def align_of(t: Type) -> int:
    """Alignment of `t` in bytes."""
    t = resolve(t)
    if isinstance(t, Array):
        return align_of(t.elem)
    if isinstance(t, Struct):
        return t.align
    return min(t.size, 16) or 1


def add_member(struct: Struct, name: str, t: Type, bits: int = 0) -> None:
    """Append a member to a struct or union that is being defined.

    name: "" for an anonymous struct or union.
    bits: width of a bit-field, 0 for an ordinary member.

    Until finish() is called `struct.size` is the end of what has been added, in bytes.
    """
    align = align_of(t)
    start = 8 * struct.size if struct.kind == "struct" else 0
    unit = 8 * t.size
    if bits:
        last = _last_bit(struct)
        start = last if struct.kind == "struct" and last else start
        if start // unit != (start + bits - 1) // unit:
            start = _round_up(start, 8 * align)
        offset = start // unit * t.size
        end = (start + bits + 7) // 8
    else:
        offset = _round_up(start // 8, align)
        start, end = 8 * offset, offset + t.size
    key = name or f"<{len(struct.members)}>"
    struct.members[key] = StructMember(name, t, offset, bits, start)
    struct.size = max(struct.size, end)
    struct.align = max(struct.align, align)


def finish(struct: Struct) -> None:
    """End a definition: round the size up and mark it complete."""
    struct.size = _round_up(struct.size, struct.align)
    struct.complete = True


def find_member(struct: Struct, name: str) -> tuple[StructMember, int] | None:
    """A member by name and its offset in bytes, looked for in anonymous members too."""
    member = struct.members.get(name)
    if member is not None:
        return member, member.offset
    for outer in struct.members.values():
        inner = resolve(outer.type)
        if not outer.name and isinstance(inner, Struct):
            found = find_member(inner, name)
            if found is not None:
                return found[0], outer.offset + found[1]
    return None


def _last_bit(struct: Struct) -> int:
    # Where the bit-field that was added last ends; 0 if the last member is none.
    if not struct.members:
        return 0
    last = next(reversed(struct.members.values()))
    return last.bit_offset + last.bits if last.bits else 0


def _round_up(n: int, to: int) -> int:
    return -(-n // to) * to
