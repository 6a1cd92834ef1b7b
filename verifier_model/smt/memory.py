"""Memory as a path of a program sees it: regions, and the bytes that they hold.

A pointer is a region and an offset, so that what it points to is never in doubt.  The bytes of a
region are cells at known offsets; what nobody has written is a symbol of its own from the first
load on.  An access at an unknown offset turns the numbers of its region into an array of bytes.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple, cast

import z3

from verifier_model.smt import words
from verifier_model.smt.words import BITS, U64, Word, both, compare, either

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verifier_model.smt.words import Term, Truth


class Area(enum.Enum):
    """What kind of memory a region is; the values are what reports call it."""

    CTX = "the context"
    STACK = "the stack"
    MAP_VALUE = "a map value"
    PACKET = "the packet"
    MEM = "reserved memory"
    MAP = "a map"  # the object, not its values: nothing in it is for programs
    SOCKET = "a socket"
    FUNC = "a function"

    __hash__ = object.__hash__


# How the symbols for the places of regions begin.
ADDRESS = "address of "
# Regions of which programs may touch no byte.
OPAQUE = (Area.MAP, Area.FUNC)


class Region(NamedTuple):
    """A piece of memory that pointers point into."""

    name: str  # unique on a path
    area: Area
    low: Word = 0  # offset of its first byte; negative for metadata in front of a packet
    high: Word = 0  # offset of the byte behind its last one
    writable: bool = True
    written_only: bool = False  # what nobody has written is not to be read: stacks
    which: int = -1  # of a map or its value the map, by its index; of a stack the frame
    initial: bytes = b""  # contents that are known, as a frozen map's

    def holds(self, offset: Word, size: Word) -> Truth:
        """Whether the `size` bytes from `offset` on are in the region; sizes are unsigned."""
        if self.area in OPAQUE:
            return False
        end = words.add(offset, size)
        return both(
            compare("jsle", self.low, offset),
            compare("jsle", end, self.high),
            compare("jsle", offset, end),
            compare("jsge", size, 0),
        )

    def address(self) -> Term:
        """The address of offset 0: any in the kernel's half that is a multiple of 8."""
        kernel_half = z3.BitVecVal(0x1FFFF, 17)
        anywhere = z3.BitVec(f"{ADDRESS}{self.name}", 44)
        return z3.Concat(kernel_half, anywhere, z3.BitVecVal(0, 3))


class Pointer(NamedTuple):
    """An address: `offset` bytes from the region's offset 0."""

    region: Region
    offset: Word
    derived: bool = False  # the insn that is judged took part in its making

    def number(self) -> Term:
        return words.term(words.add(self.region.address(), self.offset))


Value = Word | Pointer


def number(value: Value) -> Word:
    """A value as a number."""
    return value.number() if isinstance(value, Pointer) else value


class Piece(NamedTuple):
    """One byte of a stored value."""

    value: Value
    part: int  # 0 the lowest byte

    def byte(self) -> Word:
        """As a word below 256."""
        whole = number(self.value)
        if isinstance(whole, int):
            return (whole >> 8 * self.part) & 0xFF
        return words.zero_extend(words.byte(whole, self.part))


class Origin(NamedTuple):
    """A symbol for bytes that were there when the program began."""

    region: Region
    offset: int  # of an array 0
    size: int  # bytes; 0 for an array of all
    symbol: Term


class Run(NamedTuple):
    """Bytes that were stored at a place, over what was there before."""

    offset: Word
    size: Word
    source: Term | int  # a word, or an array from offsets in the region to bytes
    is_array: bool

    def over(self, at: Word) -> tuple[Truth, Word]:
        """Whether the byte at an offset in the region is one of them, and what it is then."""
        end = words.add(self.offset, self.size)
        inside = both(compare("jsle", self.offset, at), compare("jslt", at, end))
        if inside is False:
            return False, 0
        if self.is_array:
            return inside, words.zero_extend(z3.Select(self.source, words.term(at)))
        index = words.alu("sub", at, self.offset, BITS)
        shifted = words.alu("rsh", self.source, words.alu("mul", index, 8, BITS), BITS)
        return inside, words.cut(shifted, 8)


class Block(NamedTuple):
    """Cells that an access at an unknown offset has met."""

    cells: dict[int, Piece]  # never changed

    def runs(self) -> Iterator[Run]:
        """The same as runs, each as long as one value is."""
        start = last = None
        for at, piece in sorted(self.cells.items()):
            if start is not None and last is not None:
                first = self.cells[start]
                if at == last + 1 and _is(piece, first.value, first.part + at - start):
                    last = at
                    continue
                yield self._run(start, last)
            start = last = at
        if start is not None and last is not None:
            yield self._run(start, last)

    def _run(self, start: int, last: int) -> Run:
        piece = self.cells[start]
        value = words.alu("rsh", number(piece.value), 8 * piece.part, BITS)
        return Run(start & U64, last + 1 - start, value, is_array=False)


Layer = Run | Block


class Unmodelled(Exception):
    """A path does what this executor does not follow; the text says what."""


class Contents:
    """What a region holds on one path.

    A byte is what its cell says, else what the newest layer says that has it, else what was there
    at the start.
    """

    __slots__ = ("base", "cells", "layers", "memo", "region", "written")

    def __init__(self, region: Region) -> None:
        self.region = region
        self.cells: dict[int, Piece] = {}  # by offset
        self.layers: tuple[Layer, ...] = ()  # the oldest first
        self.base: Term | None = None  # an array: what was there at the start, if it was asked for
        self.written: frozenset[int] = frozenset()  # offsets in `layers` that were surely written
        self.memo: object = None  # what someone has found out of it, until it changes
        for offset, known in enumerate(region.initial):
            self.cells[offset] = Piece(known, 0)

    def copy(self) -> Contents:
        new = Contents.__new__(Contents)
        new.region = self.region
        new.cells = dict(self.cells)
        new.layers = self.layers
        new.base = self.base
        new.written = self.written
        new.memo = self.memo
        return new

    def same_as(self, other: Contents) -> bool:
        """Whether both hold the same terms."""
        if self is other:
            return True
        if self.layers != other.layers or self.cells.keys() != other.cells.keys():
            return False
        return all(
            p.part == other.cells[at].part and same_value(p.value, other.cells[at].value)
            for at, p in self.cells.items()
        )

    # -- reading

    def load(self, offset: Word, size: int) -> tuple[Value, tuple[Origin, ...]]:
        """The number or pointer of `size` bytes, and the symbols that had to be made for it."""
        if not isinstance(offset, int):
            self.memo = None
            origins = self._to_layers()
            return self._join(offset, size), origins
        at = words.signed(offset)
        cells = self.cells
        first = cells.get(at)
        if first is not None and not first.part:
            value = first.value
            if all(_is(cells.get(at + i), value, i) for i in range(1, size)):
                if size == 8:
                    return value, ()
                if not isinstance(value, Pointer):
                    return words.cut(value, 8 * size), ()
        self.memo = None
        origins = self._introduce(at, size)
        return self._join(offset, size), origins

    def unwritten(self, offset: Word, size: Word) -> Truth:
        """Whether one of the bytes was never written; stacks only."""
        low, high = cast("int", self.region.low), cast("int", self.region.high)
        if isinstance(offset, int) and isinstance(size, int):
            low = max(low, words.signed(offset))
            high = min(high, low + size)
        end = words.add(offset, size)
        return either(
            *(
                both(compare("jsle", offset, o), compare("jslt", o, end))
                for o in range(low, high)
                if o not in self.cells and o not in self.written
            )
        )

    def holds_pointer(self, offset: int, size: int) -> bool:
        """Whether one of the bytes is a pointer's."""
        pieces = (self.cells.get(o) for o in range(offset, offset + size))
        return any(p is not None and isinstance(p.value, Pointer) for p in pieces)

    def lowest(self) -> int:
        """The lowest offset that was written; the end where none was."""
        return min((*self.cells, *self.written), default=cast("int", self.region.high))

    def pointers(self) -> tuple[int, ...]:
        """The offsets of bytes of saved pointers, ascending."""
        return tuple(
            sorted(o for o, piece in self.cells.items() if isinstance(piece.value, Pointer))
        )

    # -- writing

    def store(self, offset: Word, size: int, value: Value) -> tuple[Origin, ...]:
        """Put the low `size` bytes of `value` there; the symbols that had to be made for it."""
        self.memo = None
        if isinstance(offset, int):
            at = words.signed(offset)
            for i in range(size):
                self.cells[at + i] = Piece(value, i)
            return ()
        origins = self._to_layers()
        self.layers += (Run(offset, size, number(value), is_array=False),)
        return origins

    def fill(self, offset: Word, size: Word, array: Term) -> tuple[Origin, ...]:
        """Put bytes of an array there; the symbols that had to be made for it."""
        self.memo = None
        origins = self._to_layers()
        self.layers += (Run(offset, size, array, is_array=True),)
        if isinstance(offset, int) and isinstance(size, int):
            at = words.signed(offset)
            self.written |= frozenset(range(at, at + size))
        return origins

    def forget(self, offset: int, size: int) -> None:
        """Take cells away whose bytes a layer is about to have."""
        self.memo = None
        at = words.signed(offset)
        for o in range(at, at + size):
            self.cells.pop(o, None)

    def make_number(self, offset: int) -> None:
        """Let a byte of a saved pointer be a number, which a store may change."""
        self.memo = None
        piece = self.cells.pop(offset)
        self.layers += (Block({offset: piece}),)
        self.written |= {offset}

    # -- inside

    def _introduce(self, at: int, size: int) -> tuple[Origin, ...]:
        """Make cells of bytes that have none."""
        if self.layers or self.base is not None:
            return self._base()
        missing = [o for o in range(at, at + size) if o not in self.cells]
        if self.region.written_only:
            # They get no cells, so that the next load is told that nobody wrote them, too.
            return tuple(Origin(self.region, o, 1, self._symbol(o, 1)) for o in missing)
        pieces = [(at, size)] if len(missing) == size <= 8 else [(o, 1) for o in missing]
        origins = []
        for start, length in pieces:
            symbol = self._symbol(start, length)
            value = words.zero_extend(symbol)
            for i in range(length):
                self.cells[start + i] = Piece(value, i)
            origins.append(Origin(self.region, start, length, symbol))
        return tuple(origins)

    def _symbol(self, at: int, size: int) -> Term:
        return z3.BitVec(f"{self.region.name} [{at}:{size}]", 8 * size)

    def _join(self, offset: Word, size: int) -> Word:
        """The bytes from `offset` on as one number."""
        parts = [self._byte(words.add(offset, i)) for i in range(size)]
        if all(isinstance(part, int) for part in parts):
            return sum(cast("int", part) << 8 * i for i, part in enumerate(parts))
        terms = [words.low(part, 8) for part in reversed(parts)]
        return words.zero_extend(z3.simplify(z3.Concat(*terms) if len(terms) > 1 else terms[0]))

    def _byte(self, at: Word) -> Word:
        if isinstance(at, int):
            piece = self.cells.get(words.signed(at))
            if piece is not None:
                return piece.byte()
        over: list[tuple[Truth, Word]] = []
        for layer in reversed(self.layers):
            if isinstance(layer, Run):
                over.append(layer.over(at))
            elif isinstance(at, int):
                piece = layer.cells.get(words.signed(at))
                over.append((piece is not None, piece.byte() if piece else 0))
            else:
                over += [run.over(at) for run in layer.runs()]
            if over and over[-1][0] is True:
                break
        if over and over[-1][0] is True:
            value = over.pop()[1]
        elif self.base is not None:
            value = words.zero_extend(z3.Select(self.base, words.term(at)))
        else:
            value = words.zero_extend(self._symbol(words.signed(cast("int", at)), 1))
        for inside, byte in reversed(over):
            if inside is not False:
                value = words.choice(inside, byte, value)
        return value

    def _base(self) -> tuple[Origin, ...]:
        if self.base is not None:
            return ()
        self.base = byte_array(f"{self.region.name} []")
        return (Origin(self.region, 0, 0, self.base),)

    def _to_layers(self) -> tuple[Origin, ...]:
        """Move all numbers to layers; pointers stay in cells, and are there as numbers too."""
        last = self.layers[-1] if self.layers else None
        known = last.cells if isinstance(last, Block) else {}
        if not self.cells.items() <= known.items():
            self.layers += (Block(self.cells),)
            self.written |= frozenset(self.cells)
        self.cells = {
            at: piece for at, piece in self.cells.items() if isinstance(piece.value, Pointer)
        }
        return self._base()


def byte_array(name: str) -> Term:
    """An array from 64-bit offsets to bytes, of which nothing is known."""
    return z3.Array(name, z3.BitVecSort(BITS), z3.BitVecSort(8))


def _is(piece: Piece | None, value: Value, part: int) -> bool:
    return piece is not None and piece.value is value and piece.part == part


def same_value(a: Value | None, b: Value | None) -> bool:
    """Whether both are the same number, the same term, or the same place."""
    if a is b:
        return True
    if isinstance(a, Pointer) and isinstance(b, Pointer):
        return a.region is b.region and same_value(a.offset, b.offset)
    if isinstance(a, int) or isinstance(b, int):
        return isinstance(a, int) and isinstance(b, int) and a == b
    return isinstance(a, z3.BitVecRef) and isinstance(b, z3.BitVecRef) and bool(a.eq(b))
