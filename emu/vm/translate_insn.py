"""One instruction as Python statements, for what is known of the registers before it.

Registers are the locals r0 to r10 and hold u64.  Statements of one instruction either raise before
they change anything, or do what the interpreter's step does.  Other names in them:

    R, W            AddressSpace.readable, .writable
    S               the bytes of the frame's stack
    m6, w6          the region, for reading and for writing, that base 6 points into
    K7, V7          the region at address 7 << 32, the same
    u8, s4, p2      unpack_from (unsigned, signed) and pack_into for so many bytes
    h1, l9, b8      helper 1; find() of the map that insn 9 looks up; bytes of an 8-byte key
    E               a region without bytes
    steps, C        the interpreter's steps, and the constants behind its registers
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.isa import table
from emu.vm import translate_range as ranges
from emu.vm.interp import REGS
from emu.vm.ldst import access_size
from emu.vm.mem import DIRECT_MAP, OFFSET, SHIFT
from emu.vm.registry import U32, U64
from emu.vm.run import STACK_SIZE
from emu.vm.translate_range import NUMBER, STACK, TOP, Value

if TYPE_CHECKING:
    from emu.vm.translate_flow import Op
    from emu.vm.translate_names import Names

# Operations that have a template: the operands are d and s, both u64, or both u32.
PLAIN = {"add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "or": "{} | {}", "and": "{} & {}",
         "xor": "{} ^ {}", "lsh": "{} << {}", "rsh": "{} >> {}"}  # fmt: skip
DIVISIONS = {"div": ("{0} // {1}", "0"), "mod": ("{0} % {1}", "{0}")}
COMPARISONS = {"jeq": "==", "jne": "!=", "jgt": ">", "jge": ">=", "jlt": "<", "jle": "<="}
SIGNED = {"jsgt": "jgt", "jsge": "jge", "jslt": "jlt", "jsle": "jle"}
ATOMICS = {"add": "v + {}", "or": "v | {}", "and": "v & {}", "xor": "v ^ {}", "xchg": "{}"}
MAP_LOOKUP = 1  # the helper's number


def split(name: str) -> tuple[str, int]:
    """("add", 32) of add32_imm; ("jlt", 64) of jlt_reg."""
    stem = name.removesuffix("_imm").removesuffix("_reg")
    if stem.startswith("movsx"):
        stem = stem.partition("_")[0]
    operation = stem.rstrip("0123456789")
    return operation, int(stem[len(operation) :] or 64)


class State:
    """What is known where an instruction begins."""

    __slots__ = ("cached", "regs")

    def __init__(self, regs: list[Value], cached: frozenset[str] | set[str]) -> None:
        self.regs = regs
        self.cached = set(cached)  # names of regions, m and w, that are right on every path

    def copy(self) -> State:
        return State(self.regs.copy(), self.cached)


class InsnWriter:
    """Writes instructions, and keeps `state` up to date.

    names: collects what the statements refer to.
    eager: regions to look up as soon as their base is known.
    uses: where each region was looked up, for who decides what is eager.
    """

    def __init__(self, names: Names, eager: frozenset[str]) -> None:
        self.names = names
        self.eager = eager
        self.uses: dict[str, set[int]] = {}
        self.state = State([], set())

    def write(self, op: Op) -> list[str]:
        """The statements of an instruction that goes on with the next one."""
        operation, width = split(op.name)
        if op.name == "ld_imm64":
            assert op.value is not None
            return self._set(op.insn.dst, str(op.value), ranges.number(op.value))
        if op.cls in (table.ALU, table.ALU64):
            return self._arithmetic(op, operation, width)
        if op.special:
            return self._step(op)
        if op.name == "call":
            return self._helper(op)
        if op.cls == table.LDX or operation == "load_acquire":
            return self._load(op)
        if op.insn.code & 0xE0 == table.MEM or operation == "store_release":
            return self._store(op)
        return self._atomic(op)

    # -- Registers

    def _set(self, dst: int, text: str, value: Value) -> list[str]:
        self.state.regs[dst] = value
        return [f"r{dst} = {text}"]

    def _define(self, op: Op, dst: int, *, is_address: bool = False) -> int:
        """Let `dst` be the base that this instruction defines; what was known of it is gone."""
        base = ranges.definition(op.pc, is_address=is_address)
        state = self.state
        for n, value in enumerate(state.regs):
            if value.base == base:
                state.regs[n] = TOP
        state.cached -= {f"m{base}", f"w{base}"}
        state.regs[dst] = Value(base, 0, 0)
        return base

    def _operand(self, op: Op) -> tuple[str, Value]:
        if op.value is None:
            return f"r{op.insn.src}", self.state.regs[op.insn.src]
        return str(op.value), ranges.number(op.value)

    def _low(self, text: str, value: Value) -> tuple[str, Value]:
        """The lower half of an operand."""
        lo, hi = ranges.limits(value)
        if hi <= U32:
            return text, Value(NUMBER, lo, hi)
        return f"({text} & {U32})", Value(NUMBER, 0, U32)

    def _step(self, op: Op) -> list[str]:
        """Let the interpreter do it."""
        for n in range(REGS):
            if n < 10 or n in (op.insn.dst, op.insn.src):
                self.state.regs[n] = TOP
        registers = ", ".join(f"r{n}" for n in range(REGS))
        return [f"q = [{registers}, *C]", f"steps[{op.pc}](q, run)", f"{registers} = q[:11]"]

    # -- Arithmetic

    def _arithmetic(self, op: Op, operation: str, width: int) -> list[str]:
        dst = op.insn.dst
        d, s = f"r{dst}", self._operand(op)
        before = self.state.regs[dst]
        if operation == "mov":
            if width == 64:
                return self._set(dst, *s)
            return self._set(dst, *self._low(*s))
        if operation == "neg":
            top = U64 if width == 64 else U32
            return self._set(dst, f"-{d} & {top}", Value(NUMBER, 0, top))
        if operation == "le":
            if width == 64:
                return []
            return self._set(dst, f"{d} & {(1 << width) - 1}", Value(NUMBER, 0, (1 << width) - 1))
        if operation == "movsx":
            top, sign = U64 if op.cls == table.ALU64 else U32, 1 << (width - 1)
            text = f"(({s[0]} & {2 * sign - 1}) ^ {sign}) - {sign} & {top}"
            return self._set(dst, text, Value(NUMBER, 0, top))
        if operation in ("be", "bswap"):
            top, size = (1 << width) - 1, width // 8
            text = f"from_bytes(({d} & {top}).to_bytes({size}, 'little'), 'big')"
            return self._set(dst, text, Value(NUMBER, 0, top))
        if operation not in PLAIN and operation not in DIVISIONS and operation != "arsh":
            return self._step(op)
        if width == 32:
            return self._plain(operation, dst, *self._low(d, before), *self._low(*s), top=U32)
        if operation in ("add", "sub"):
            return self._add(operation, dst, before, *s)
        return self._plain(operation, dst, d, before, *s, top=U64)

    def _add(self, operation: str, dst: int, before: Value, s: str, value: Value) -> list[str]:
        """64-bit addition and subtraction, which addresses take part in."""
        sign = 1 if operation == "add" else -1
        step = ranges.signed(value)
        if step and step[0] == step[1] and step[0] < 0:
            # By the number's magnitude: the result then stays in range, and needs no mask.
            sign, s, value = -sign, str(-step[0]), ranges.number(-step[0])
        after, by = ranges.moved(before, value, sign), value
        if after is None and sign > 0:
            after, by = ranges.moved(value, before, 1), before
        text = f"r{dst} {'+' if sign > 0 else '-'} {s}"
        if after:
            # A negative number is a large one, and the sum of an address and that one wraps.
            fits, known = by.lo < ranges.S63, ranges.bounds(after)
        else:
            name = "add" if sign > 0 else "sub"
            known = ranges.compute(name, ranges.limits(before), ranges.limits(value)) or (-1, -1)
            fits = True
        fits = fits and known[0] >= 0 and known[1] <= U64
        if not fits:
            text = f"{text} & {U64}"
        return self._set(dst, text, after or (Value(NUMBER, *known) if fits else TOP))

    def _plain(
        self, operation: str, dst: int, d: str, before: Value, s: str, value: Value, *, top: int
    ) -> list[str]:
        a, b = ranges.limits(before), ranges.limits(value)
        bits = top.bit_length()
        if operation == "arsh":
            if a[1] > top >> 1:
                half = (top >> 1) + 1
                if b[1] >= bits:
                    s = f"({s} & {bits - 1})"
                text = f"(({d} ^ {half}) - {half} >> {s}) & {top}"
                return self._set(dst, text, Value(NUMBER, 0, top))
            operation = "rsh"
        if operation in ("lsh", "rsh") and b[1] >= bits:
            s, b = f"({s} & {bits - 1})", (0, bits - 1)
        if operation in DIVISIONS:
            text, by_zero = (part.format(d, s) for part in DIVISIONS[operation])
            if not b[0]:
                text = f"{text} if {s} else {by_zero}"
        else:
            text = PLAIN[operation].format(d, s)
        known = ranges.compute(operation, a, b)
        if known is None or known[0] < 0 or known[1] > top:
            text, known = f"{text} & {top}", (0, top)
        return self._set(dst, text, Value(NUMBER, *known))

    # -- Memory

    def _place(self, register: int, op: Op, letter: str) -> tuple[str, str]:
        """The region and the offset of an access, as expressions; the region is evaluated first.

        letter: m to read, w to write.
        """
        base, lo, hi = self.state.regs[register]
        off = op.insn.off
        lo, hi = lo + off, hi + off
        reg = f"r{register} {'+' if off > 0 else '-'} {abs(off)}" if off else f"r{register}"
        offset = f"{reg} & {OFFSET}"
        if base == STACK:
            if lo == hi and STACK_SIZE + lo >= 0:
                return "S", str(STACK_SIZE + lo)
            return "S", offset
        if base == NUMBER:
            if lo >> SHIFT == hi >> SHIFT and lo >> SHIFT >= DIRECT_MAP:
                region = self.names.region(letter, lo >> SHIFT)
                return region, str(lo & OFFSET) if lo == hi else offset
            return self._looked_up(reg, "", letter)
        name = f"{letter}{base}"
        if name in self.state.cached:
            return name, offset
        if letter == "m" and f"w{base}" in self.state.cached:
            return f"w{base}", offset
        self.uses.setdefault(name, set()).add(op.pc)
        self.state.cached.add(name)
        return self._looked_up(reg, f"{name} := ", letter)

    def _looked_up(self, reg: str, keep: str, letter: str) -> tuple[str, str]:
        regions = "R" if letter == "m" else "W"
        if " " in reg:
            return f"{keep}{regions}[(a := {reg}) >> {SHIFT}]", f"a & {OFFSET}"
        return f"{keep}{regions}[{reg} >> {SHIFT}]", f"{reg} & {OFFSET}"

    def _get(self, region: str, offset: str, size: int, sign: str = "u") -> str:
        if size == 1 and sign == "u":
            return f"({region})[{offset}]" if ":=" in region else f"{region}[{offset}]"
        return f"{self.names.packer(sign, size)}({region}, {offset})[0]"

    def _put(self, region: str, offset: str, size: int, text: str) -> str:
        if size == 1:
            if ":=" in region:
                return f"({region})[{offset}] = {text}"
            return f"{region}[{offset}] = {text}"
        return f"{self.names.packer('p', size)}({region}, {offset}, {text})"

    def _load(self, op: Op) -> list[str]:
        size, dst = access_size(op.insn), op.insn.dst
        place = self._place(op.insn.src, op, "m")
        if op.insn.code & 0xE0 == table.MEMSX:
            return self._set(dst, f"{self._get(*place, size, 's')} & {U64}", TOP)
        text = f"r{dst} = {self._get(*place, size)}"
        if size == 8:
            self._define(op, dst)
        else:
            self.state.regs[dst] = Value(NUMBER, 0, (1 << 8 * size) - 1)
        return [text]

    def _stored(self, op: Op, size: int) -> str:
        text, value = self._operand(op)
        top = (1 << 8 * size) - 1
        if op.value is not None:
            return str(op.value & top)
        return text if ranges.limits(value)[1] <= top else f"{text} & {top}"

    def _store(self, op: Op) -> list[str]:
        size = access_size(op.insn)
        text = self._stored(op, size)
        return [self._put(*self._place(op.insn.dst, op, "w"), size, text)]

    def _atomic(self, op: Op) -> list[str]:
        operation = op.name.partition("_")[2]
        fetches = operation.startswith("fetch_") or operation == "xchg"
        operation = operation.removeprefix("fetch_")
        if operation not in ATOMICS:
            return self._step(op)
        size, src = access_size(op.insn), op.insn.src
        top = (1 << 8 * size) - 1
        region, offset = self._place(op.insn.dst, op, "w")
        lines = [f"b = ({region})", f"o = {offset}", f"v = {self._get('b', 'o', size)}"]
        result = ATOMICS[operation].format(f"r{src}")
        lines.append(self._put("b", "o", size, f"{result} & {top}"))
        if fetches:
            lines.append(f"r{src} = v")
            self.state.regs[src] = Value(NUMBER, 0, top)
        return lines

    # -- Helpers

    def _helper(self, op: Op) -> list[str]:
        text = self._lookup(op)
        if text is None:
            name, args = self.names.helper(op.insn.imm)
            registers = "".join(f", r{n}" for n in range(1, args + 1))
            text = f"{name}(run{registers}) & {U64}"
        base = self._define(op, 0, is_address=op.insn.imm == MAP_LOOKUP)
        lines = [f"r0 = {text}"]
        for letter, regions in (("m", "R"), ("w", "W")):
            name = f"{letter}{base}"
            if name in self.eager:
                lines.append(f"{name} = {regions}.get(r0 >> {SHIFT}, E)")
                self.state.cached.add(name)
        return lines

    def _lookup(self, op: Op) -> str | None:
        """bpf_map_lookup_elem() where the map is known; None for other calls."""
        base, lo, hi = self.state.regs[1]
        if op.insn.imm != MAP_LOOKUP or base != NUMBER or lo != hi:
            return None
        found = self.names.lookup(op.pc, lo)
        if found is None:
            return None
        function, key, size = found
        base, lo, hi = self.state.regs[2]
        if base == STACK and lo == hi and -STACK_SIZE <= lo <= -size:
            return f"{function}({key}(S, {STACK_SIZE + lo})[0], run.cpu)"
        return f"{function}(run.mem.read(r2, {size}), run.cpu)"

    # -- Conditions

    def condition(self, op: Op) -> str:
        """An expression that holds where the branch is taken."""
        operation, width = split(op.name)
        if op.special:
            registers = ", ".join(f"r{n}" for n in range(REGS))
            return f"steps[{op.pc}]([{registers}, *C], run) == {op.target}"
        d, s, before, value = self._compared(op, width)
        if operation == "jset":
            return f"{d} & {s}"
        unsigned = self._unsigned(operation, before, value, width)
        if unsigned:
            return f"{d} {COMPARISONS[unsigned]} {s}"
        half = 1 << (width - 1)
        flipped = str(op.value % (1 << width) ^ half) if op.value is not None else f"({s} ^ {half})"
        return f"({d} ^ {half}) {COMPARISONS[SIGNED[operation]]} {flipped}"

    def _compared(self, op: Op, width: int) -> tuple[str, str, Value, Value]:
        dst = op.insn.dst
        d, before = f"r{dst}", self.state.regs[dst]
        s, value = self._operand(op)
        if width == 32:
            d, before = self._low(d, before)
            s, value = self._low(s, value)
        return d, s, before, value

    @staticmethod
    def _unsigned(operation: str, before: Value, value: Value, width: int) -> str | None:
        """The unsigned comparison that gives the same; None where signs matter."""
        if operation in COMPARISONS:
            return operation
        half = 1 << (width - 1)
        small = ranges.limits(before)[1] < half and ranges.limits(value)[1] < half
        return SIGNED[operation] if small and operation in SIGNED else None

    def branch(self, op: Op, *, holds: bool) -> State:
        """What is known behind the branch."""
        state = self.state.copy()
        operation, width = split(op.name)
        if op.special or operation == "jset":
            return state
        _, _, before, value = self._compared(op, width)
        unsigned = self._unsigned(operation, before, value, width)
        if not unsigned:
            return state
        top = U64 if width == 64 else U32
        known = [(op.insn.dst, unsigned, value)]
        if op.value is None:
            known.append((op.insn.src, ranges.MIRRORED[unsigned], before))
        for n, comparison, other in known:
            old = state.regs[n]
            if ranges.limits(old)[1] <= top:  # else it is a part that was compared
                state.regs[n] = ranges.refine(comparison, old, other, holds=holds)
        return state

    # -- Calls of subprogs

    def after_subprog(self) -> State:
        """What is known when a subprog has returned."""
        state = self.state.copy()
        for n in range(6):
            state.regs[n] = TOP
        return state
