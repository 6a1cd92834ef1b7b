"""What each instruction does to a path.

    @means("add64_reg", "add64_imm")
    def ...(b: Bound) -> Effect

A meaning runs once for each insn of a program; the effect that it returns changes a state and
returns the index of the next insn.  Where the path forks it gives the others to the machine, and
where it ends it raises PathEnd.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, cast

from emu.isa import table
from emu.prog import PSEUDO_CALL, PSEUDO_FUNC, PSEUDO_MAP_FD, PSEUDO_MAP_VALUE
from verifier_model.smt import words
from verifier_model.smt.memory import OPAQUE, Area, Pointer, Unmodelled, Value, number
from verifier_model.smt.rules import Rule
from verifier_model.smt.state import Call, Frame
from verifier_model.smt.words import U32, U64, Word, compare

if TYPE_CHECKING:
    from emu.isa.table import InsnDef
    from emu.prog import Insn
    from verifier_model.smt.paths import Machine
    from verifier_model.smt.state import State

Effect = Callable[["Machine", "State"], int]


class PathEnd(Exception):
    """The path does not go on."""


class Bound(NamedTuple):
    """An instruction in its place."""

    row: InsnDef
    insn: Insn
    pc: int
    second: Insn | None  # of ld_imm64

    @property
    def following(self) -> int:
        return self.pc + self.row.slots

    @property
    def target(self) -> int:
        """Where a jump goes."""
        by_imm = self.row.name == "gotol"
        return self.pc + 1 + (self.insn.imm if by_imm else self.insn.off)

    @property
    def bits(self) -> int:
        """The width of arithmetic and comparisons."""
        return 32 if self.row.cls in (table.ALU, table.JMP32) else 64


Meaning = Callable[[Bound], Effect]
MEANINGS: dict[str, Meaning] = {}  # by the instruction's name


def means(*names: str) -> Callable[[Meaning], Meaning]:
    """Register a meaning for these rows of emu.isa.table.  Raises KeyError for what is no row."""

    def register(meaning: Meaning) -> Meaning:
        for name in names:
            MEANINGS[table.by_name[name].name] = meaning
        return meaning

    return register


def bind(insn: Insn, second: Insn | None, pc: int) -> Effect:
    """The effect of an instruction; one that ends the path as unmodelled where none is known."""
    row = table.find(insn)
    if row is None:
        return _no_insn(insn.code)
    meaning = MEANINGS.get(row.name)
    return meaning(Bound(row, insn, pc, second)) if meaning else _unknown(row.name)


def _no_insn(code: int) -> Effect:
    def effect(m: Machine, s: State) -> int:
        m.must(s, False, Rule.INSN, "opcode {code}", code=f"{code:#04x}")
        raise PathEnd

    return effect


def _unknown(what: str) -> Effect:
    def effect(m: Machine, s: State) -> int:
        raise Unmodelled(what)

    return effect


def read(m: Machine, s: State, register: int) -> Value:
    """A register's value; any number where it was never written."""
    value = s.regs[register]
    if value is None:
        m.must(s, False, Rule.REGISTER, "r{register} was never written", register=register)
        value = m.fresh(s, f"r{register} at start")
    return value


# -- arithmetic


def _operand(b: Bound) -> Callable[[Machine, State], Value]:
    """What gives the second operand."""
    if b.row.name.endswith("_imm"):
        constant = b.insn.imm & (U32 if b.bits == 32 else U64)
        return lambda m, s: constant
    return lambda m, s: read(m, s, b.insn.src)


def _set(m: Machine, s: State, register: int, value: Value) -> None:
    if register == 10:
        m.must(s, False, Rule.FRAME_POINTER, "r10 is written")
    s.regs[register] = value


def arithmetic(name: str) -> Meaning:
    def meaning(b: Bound) -> Effect:
        dst, bits, following, operand = b.insn.dst, b.bits, b.following, _operand(b)

        def effect(m: Machine, s: State) -> int:
            y = operand(m, s)
            x = read(m, s, dst)
            if isinstance(x, Pointer) or isinstance(y, Pointer):
                _set(m, s, dst, _pointer_math(m, s, name, bits, x, y))
                return following
            if name in ("add", "sub") and (x == 0) is True:
                m.must(s, False, Rule.NULL_MATH, "r{r} is 0", r=dst)
            _set(m, s, dst, words.alu(name, x, y, bits))
            return following

        return effect

    return meaning


def _pointer_math(m: Machine, s: State, name: str, bits: int, x: Value, y: Value) -> Value:
    """Arithmetic with pointers: an offset is added or taken away, or numbers are made."""
    if bits == 64:
        if name == "add" and not (isinstance(x, Pointer) and isinstance(y, Pointer)):
            pointer, by = (x, y) if isinstance(x, Pointer) else (y, x)
            return _moved(m, s, cast("Pointer", pointer), cast("Word", by))
        if name == "sub" and isinstance(x, Pointer):
            if not isinstance(y, Pointer):
                return _moved(m, s, x, words.alu("sub", 0, y, 64))
            if x.region is y.region:
                return words.alu("sub", x.offset, y.offset, 64)
    what = "{x} {name} {y}"
    m.must(s, False, Rule.POINTER_MATH, what, x=x, name=name, y=y)
    return words.alu(name, number(x), number(y), bits)


def _moved(m: Machine, s: State, pointer: Pointer, by: Word) -> Pointer:
    fits = pointer.region.area not in (*OPAQUE, Area.SOCKET)
    m.must(s, fits, Rule.POINTER_MATH, "{pointer} is moved by {by}", pointer=pointer, by=by)
    derived = pointer.derived or m.derives(s)
    return Pointer(pointer.region, words.add(pointer.offset, by), derived)


@means("mov64_reg", "mov64_imm")
def mov64(b: Bound) -> Effect:
    dst, following, operand = b.insn.dst, b.following, _operand(b)

    def effect(m: Machine, s: State) -> int:
        _set(m, s, dst, operand(m, s))
        return following

    return effect


@means("mov32_reg", "mov32_imm")
def mov32(b: Bound) -> Effect:
    dst, following, operand = b.insn.dst, b.following, _operand(b)

    def effect(m: Machine, s: State) -> int:
        value = operand(m, s)
        if isinstance(value, Pointer):
            m.must(s, False, Rule.POINTER_PART, "half of {value}", value=value)
        _set(m, s, dst, words.cut(number(value), 32))
        return following

    return effect


for _name in words.OPERATIONS:
    if _name != "mov":
        means(*(f"{_name}{_n}_{_k}" for _n in (64, 32) for _k in ("reg", "imm")))(arithmetic(_name))


def of_one(change: Callable[[Word], Word]) -> Meaning:
    """The meaning of what changes one register by itself."""

    def meaning(b: Bound) -> Effect:
        dst, src, following = b.insn.dst, b.insn.src, b.following
        source = src if b.row.uses & table.SRC else dst

        def effect(m: Machine, s: State) -> int:
            x = read(m, s, source)
            if isinstance(x, Pointer):
                m.must(s, False, Rule.POINTER_MATH, "{x} is changed", x=x)
            _set(m, s, dst, change(number(x)))
            return following

        return effect

    return meaning


means("neg64")(of_one(lambda x: words.alu("sub", 0, x, 64)))
means("neg32")(of_one(lambda x: words.alu("sub", 0, x, 32)))
for _width in (8, 16, 32):
    means(f"movsx{_width}_64_reg")(of_one(lambda x, w=_width: words.sign_extended(x, w)))  # type: ignore[misc]
for _width in (8, 16):
    means(f"movsx{_width}_32_reg")(of_one(lambda x, w=_width: words.sign_extended(x, w, 32)))  # type: ignore[misc]
for _width in (16, 32, 64):
    means(f"be{_width}", f"bswap{_width}")(of_one(lambda x, w=_width: words.swapped(x, w)))  # type: ignore[misc]
    means(f"le{_width}")(of_one(lambda x, w=_width: words.cut(x, w)))  # type: ignore[misc]


# -- jumps


@means("ja", "gotol")
def ja(b: Bound) -> Effect:
    pc, target = b.pc, b.target

    def effect(m: Machine, s: State) -> int:
        return m.jump(s, pc, target)

    return effect


@means("may_goto")
def may_goto(b: Bound) -> Effect:
    """It leaves a loop that was long enough, or goes on: both may happen, each time."""
    pc, following, target = b.pc, b.following, b.target

    def effect(m: Machine, s: State) -> int:
        if not m.turned_often(s, pc):
            staying = s.fork()
            staying.calls = Call(staying.calls, pc, "may_goto", 0, ())
            staying.pc = following
            m.later(staying)
        s.calls = Call(s.calls, pc, "may_goto", 1, ())
        return m.jump(s, pc, target)

    return effect


def jump(name: str) -> Meaning:
    def meaning(b: Bound) -> Effect:
        dst, bits, operand, pc = b.insn.dst, b.bits, _operand(b), b.pc
        following, target = b.following, b.target

        def effect(m: Machine, s: State) -> int:
            y = operand(m, s)
            x = read(m, s, dst)
            if isinstance(x, Pointer) or isinstance(y, Pointer):
                truth = _compare_pointers(name, bits, x, y)
            else:
                truth = compare(name, x, y, bits)
            if isinstance(truth, bool):
                return m.jump(s, pc, target) if truth else following
            return m.branch(s, pc, truth, target, following)

        return effect

    return meaning


def _compare_pointers(name: str, bits: int, x: Value, y: Value) -> words.Truth:
    """Offsets in one region compare as addresses do; no pointer is NULL."""
    if bits == 64 and isinstance(x, Pointer) and isinstance(y, Pointer) and x.region is y.region:
        ordered = {"jgt": "jsgt", "jge": "jsge", "jlt": "jslt", "jle": "jsle"}.get(name, name)
        if ordered != "jset":
            return compare(ordered, x.offset, y.offset)
    if bits == 64 and name in ("jeq", "jne") and 0 in (x, y):
        return name == "jne"
    return compare(name, number(x), number(y), bits)


for _name in words.RELATIONS:
    means(*(f"{_name}{_n}_{_k}" for _n in ("", "32") for _k in ("reg", "imm")))(jump(_name))


# -- constants, subprograms, the end


@means("ld_imm64")
def ld_imm64(b: Bound) -> Effect:
    dst, following = b.insn.dst, b.following
    low, high = b.insn.imm, b.second.imm if b.second else 0
    known = (low & U32) | (high & U32) << 32
    kind = b.insn.src

    def effect(m: Machine, s: State) -> int:
        value: Value = known
        if kind in (PSEUDO_MAP_FD, PSEUDO_MAP_VALUE):
            region = m.map(low) if kind == PSEUDO_MAP_FD else m.first_value(s, low)
            value = Pointer(region, 0 if kind == PSEUDO_MAP_FD else high & U64)
        elif kind == PSEUDO_FUNC:
            value = Pointer(m.function(b.pc + 1 + low), 0)
        elif kind:
            raise Unmodelled(f"ld_imm64 with src {kind}")
        _set(m, s, dst, value)
        return following

    return effect


@means("call")
def call(b: Bound) -> Effect:
    if b.insn.src == PSEUDO_CALL:
        return _call_subprog(b)
    from verifier_model.smt import calls, kfuncs

    if b.insn.src:
        return kfuncs.bind(b.insn.imm, b.pc)

    return calls.bind(b.insn.imm, b.pc)


def _call_subprog(b: Bound) -> Effect:
    pc, following, target = b.pc, b.following, b.pc + 1 + b.insn.imm

    def effect(m: Machine, s: State) -> int:
        depth = len(s.frames) + 2
        fits = depth <= m.kernel.limits.max_call_depth
        m.must(s, fits, Rule.DEPTH, "{depth} frames", depth=depth)
        s.frames = (*s.frames, Frame(following, tuple(s.regs[6:10]), s.regs[10]))
        s.regs[0] = None
        s.regs[6:10] = [None] * 4
        s.regs[10] = s.push_stack()
        return m.jump(s, pc, target)

    return effect


@means("exit")
def exit_(b: Bound) -> Effect:
    pc = b.pc

    def effect(m: Machine, s: State) -> int:
        if s.frames:
            inner = isinstance(s.regs[0], Pointer) and s.regs[0].region.area is Area.STACK
            m.must(s, not inner, Rule.RETURN, "r0 = {result}", result=s.regs[0])
            back, saved, fp = s.frames[-1]
            s.frames = s.frames[:-1]
            s.regs[1:6] = [None] * 5
            s.regs[6:10] = list(saved)
            s.regs[10] = fp
            return m.jump(s, pc, back)
        result = read(m, s, 0)
        held = s.references
        m.must(s, not held, Rule.LEAK, "what insn {at} acquired", at=held[0].insn if held else 0)
        low, high = m.returns
        inside = words.both(
            compare("jsle", low, number(result)), compare("jsle", number(result), high)
        )
        m.must(s, inside, Rule.RETURN, "r0 = {result}", result=result)
        raise PathEnd

    return effect


def packet_load(size: int, *, indirect: bool) -> Meaning:
    """A load of classic BPF: what it finds is anything, and where it finds nothing the run ends."""

    def meaning(b: Bound) -> Effect:
        following = b.following

        def effect(m: Machine, s: State) -> int:
            if indirect:
                read(m, s, b.insn.src)
            if not isinstance(read(m, s, 6), Pointer):
                m.must(s, False, Rule.ARGUMENT, "r6 is not the context")
            s.regs[0] = words.cut(m.helped(s, b.pc, b.row.name), 8 * size)
            s.regs[1:6] = [None] * 5
            return following

        return effect

    return meaning


for _letter, _size in (("b", 1), ("h", 2), ("w", 4)):
    means(f"ld_abs{_letter}")(packet_load(_size, indirect=False))
    means(f"ld_ind{_letter}")(packet_load(_size, indirect=True))
