"""What loads, stores and atomic operations do to a path, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa import table
from emu.kernel import prog_types
from verifier_model.domain.word import U32
from verifier_model.smt import words
from verifier_model.smt.memory import Area, Pointer, Unmodelled, number
from verifier_model.smt.rules import Rule
from verifier_model.smt.semantics import PathEnd, means, read
from verifier_model.smt.state import STACK_SIZE
from verifier_model.smt.words import U64, Word, compare

if TYPE_CHECKING:
    from emu.prog import Insn
    from verifier_model.smt.memory import Value
    from verifier_model.smt.paths import Machine
    from verifier_model.smt.semantics import Bound, Effect, Meaning
    from verifier_model.smt.state import State

_SIZES = {table.W: 4, table.H: 2, table.B: 1, table.DW: 8}


def access_size(insn: Insn) -> int:
    """Bytes that a load, store or atomic operation reads or writes."""
    return _SIZES[insn.code & table.DW]


def place(
    m: Machine, s: State, base: Value, off: int, size: Word, *, stores: bool, reads: bool
) -> Pointer:
    """Where `size` bytes at base + off are, which are there.

    Raises PathEnd where they never are.
    """
    if not isinstance(base, Pointer):
        address = words.add(base, off & U64)
        m.must(s, False, Rule.NUMBER, "{size} bytes at {address}", size=size, address=address)
        raise PathEnd
    region = base.region
    pointer = Pointer(region, words.add(base.offset, off & U64), base.derived)
    m.must(
        s,
        region.holds(pointer.offset, size),
        Rule.MEMORY,
        "{size} bytes at {pointer}",
        derived=base.derived,
        size=size,
        pointer=pointer,
    )
    if stores and region.area is Area.STACK and m.judging(s, Rule.STACK):
        _stack_fits(m, s, pointer)
    if stores:
        m.must(s, region.writable, Rule.READ_ONLY, "a store at {pointer}", pointer=pointer)
    elif reads and region.written_only and m.judging(s, Rule.STACK_READ):
        m.must(
            s,
            words.negation(s.contents(region).unwritten(pointer.offset, size)),
            Rule.STACK_READ,
            "{size} bytes at {pointer}",
            size=size,
            pointer=pointer,
        )
    return pointer


def _stack_fits(m: Machine, s: State, pointer: Pointer) -> None:
    """The frames of the path, this store included, are no larger than all stack that there is."""
    tops = (s.regs[10], *(frame.pointer for frame in s.frames))
    used = 0
    for top in tops:
        if isinstance(top, Pointer):
            lowest = s.contents(top.region).lowest()
            if top.region is pointer.region:
                lowest = min(lowest, _known_offset(pointer))
            used += STACK_SIZE - lowest
    limit = m.kernel.limits.stack
    text = "{used} bytes in {frames} frames"
    m.must(s, used <= limit, Rule.STACK, text, used=used, frames=len(tops))


def _known_offset(pointer: Pointer) -> int:
    if not isinstance(pointer.offset, int):
        raise Unmodelled("how much stack a store at an unknown offset uses")
    return words.signed(pointer.offset)


def _insn_place(m: Machine, s: State, b: Bound, register: int, *, stores: bool) -> Pointer:
    """Where a load or store of the program goes."""
    size = access_size(b.insn)
    base = read(m, s, register)
    pointer = place(m, s, base, b.insn.off, size, stores=stores, reads=not stores)
    if m.judging(s, Rule.ALIGNMENT):
        aligned = compare("jeq", words.alu("and", pointer.offset, size - 1, 64), 0)
        m.must(s, aligned, Rule.ALIGNMENT, "{size} bytes at {p}", size=size, p=pointer)
    if pointer.region.area is Area.CTX:
        m.must(s, False, Rule.CONTEXT, "{size} bytes at {p}", size=size, p=pointer)
    if m.judging(s, Rule.POINTER_PART) and isinstance(pointer.offset, int):
        parts = s.contents(pointer.region).holds_pointer(words.signed(pointer.offset), size)
        m.must(s, not parts, Rule.POINTER_PART, "{size} bytes at {p}", size=size, p=pointer)
    return pointer


def disturb(m: Machine, s: State, pointer: Pointer, size: Word) -> None:
    """Let saved pointers be numbers where a store whose place or size is not known meets them."""
    if isinstance(pointer.offset, int) and isinstance(size, int):
        return  # what is stored takes their place
    end = words.add(pointer.offset, size)
    for at in s.contents(pointer.region).pointers():
        met = words.both(compare("jsle", pointer.offset, at), compare("jslt", at, end))
        if m.decide(s, met):
            s.changed(pointer.region).make_number(at)


def load(*, signed: bool) -> Meaning:
    def meaning(b: Bound) -> Effect:
        dst, src, following = b.insn.dst, b.insn.src, b.following
        size = access_size(b.insn)

        def effect(m: Machine, s: State) -> int:
            pointer = _insn_place(m, s, b, src, stores=False)
            given = _given(m, s, pointer, size) if pointer.region.area is Area.CTX else None
            value = s.load(pointer, size) if given is None else given
            if signed:
                value = words.sign_extended(number(value), 8 * size)
            s.regs[dst] = value
            return following

        return effect

    return meaning


def _given(m: Machine, s: State, pointer: Pointer, size: int) -> Value | None:
    """The pointer that a field of the context stands for; None for a field that is a number."""
    row = prog_types.by_type(m.prog.type)
    for field in row.ctx.fields if row else ():
        if field.gives and field.off == pointer.offset and size in field.sizes:
            return m.given(s, field.gives)
    return None


def store(b: Bound) -> Effect:
    dst, following, size = b.insn.dst, b.following, access_size(b.insn)
    constant = b.insn.imm & U64 if b.row.cls == table.ST else None

    def effect(m: Machine, s: State) -> int:
        value = read(m, s, b.insn.src) if constant is None else constant
        pointer = _insn_place(m, s, b, dst, stores=True)
        if size < 8 and isinstance(value, Pointer):
            m.must(s, False, Rule.POINTER_PART, "a part of {value}", value=value)
        disturb(m, s, pointer, size)
        s.store(pointer, size, value)
        return following

    return effect


for _, _letter, _bits in table.SIZES:
    means(f"ldx{_letter}", f"load_acquire{_bits}")(load(signed=False))
    means(f"stx{_letter}", f"st{_letter}", f"store_release{_bits}")(store)
    if _bits < 64:
        means(f"ldxs{_letter}")(load(signed=True))


def atomic(name: str, *, fetches: bool) -> Meaning:
    """The old number is read, and what `name` makes of it and the source is stored."""

    def meaning(b: Bound) -> Effect:
        dst, src, following, size = b.insn.dst, b.insn.src, b.following, access_size(b.insn)

        def effect(m: Machine, s: State) -> int:
            operand = read(m, s, src)
            pointer = _insn_place(m, s, b, dst, stores=True)
            old = s.load(pointer, size)
            disturb(m, s, pointer, size)
            if name == "mov":
                new: Value = operand
            else:
                new = words.alu(name, number(old), number(operand), 8 * size)
            s.store(pointer, size, new)
            if fetches:
                s.regs[src] = old
            return following

        return effect

    return meaning


for _bits in (64, 32):
    for _name in ("add", "and", "or", "xor"):
        means(f"atomic{_bits}_{_name}")(atomic(_name, fetches=False))
        means(f"atomic{_bits}_fetch_{_name}")(atomic(_name, fetches=True))
    means(f"atomic{_bits}_xchg")(atomic("mov", fetches=True))


@means("atomic64_cmpxchg", "atomic32_cmpxchg")
def cmpxchg(b: Bound) -> Effect:
    """`r0 = atomic_cmpxchg(dst + off, r0, src)`: src is stored where r0 was found."""
    dst, src, following, size = b.insn.dst, b.insn.src, b.following, access_size(b.insn)

    def effect(m: Machine, s: State) -> int:
        expected, new = number(read(m, s, 0)), read(m, s, src)
        pointer = _insn_place(m, s, b, dst, stores=True)
        old = s.load(pointer, size)
        disturb(m, s, pointer, size)
        equal = compare("jeq", number(old), expected, 8 * size)
        s.store(pointer, size, words.choice(equal, number(new), number(old)))
        s.regs[0] = old
        if b.pc in m.prog.not_extended:
            high = words.alu("and", expected, U64 & ~U32, 64)
            s.regs[0] = words.choice(equal, words.alu("or", high, number(old), 64), number(old))
        return following

    return effect
