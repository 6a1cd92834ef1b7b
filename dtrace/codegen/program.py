"""ProgramGen: what the clauses of one invocation share: strings, variables, aggregations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.codegen import dynvar, state
from dtrace.codegen.gen import is_aggregate, round_up
from dtrace.codegen.record import AggLayout, Datum, Kind, Layout
from dtrace.codegen.scan import names_used
from dtrace.probes.desc import PROBE_PARTS, name_part
from dtrace.types.convert import is_signed, is_string, type_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.bpf.code import Code
    from dtrace.codegen.gen import ClauseGen
    from dtrace.codegen.record import Statement
    from dtrace.probes.desc import Probe
    from dtrace.sema.symbols import Aggregation, Unit, Variable
    from dtrace.target import Target

LQUANTIZE_ENDS, LLQUANTIZE_ENDS = 2, 3  # buckets besides the levels


class ProgramGen:
    """The shared part of a compilation.

    offset_of(struct, member): bytes, from the target's BTF.  wall_offset(): what to add to the
    monotonic clock for nanoseconds since the epoch.  chip_of(cpu): the number of a CPU's socket.
    They are called only if a clause needs them.
    """

    def __init__(
        self,
        unit: Unit,
        target: Target,
        offset_of: Callable[[str, str], int],
        wall_offset: Callable[[], int],
        chip_of: Callable[[int], int],
    ) -> None:
        self.unit = unit
        self.target = target
        self.offset_of = offset_of
        self.wall_offset = wall_offset
        self.chip_of = chip_of
        self.uses_cpus = False
        self.statements: dict[int, Statement] = {}
        self.errors: list[ClauseGen] = []  # the functions for ERROR, in order
        self.functions: dict[str, Code] = {}  # that subroutines call, by name
        self.kept_size = 0  # bytes of what subroutines keep
        self._kept: dict[str, int] = {}
        self._this: dict[Variable, int] = {}
        self._global: dict[Variable, int] = {}
        self.globals_size = 8  # bytes of the map of global scalars, which must have some
        self.this_size = 0  # bytes of all clause-local variables
        self._place_variables()
        self.aggs = {a.id: agg_layout(a, target) for a in unit.aggregations}
        self.zeros = self._zeros_size()  # bytes of zeros that rodata begins with
        self.rodata = bytearray(self.zeros)
        self._interned: dict[str, int] = {}
        self.names: dict[int, bytes] = {}  # probe id -> its entry in the probes map
        self.names_limit = 0
        self._intern_probe_names()

    # Variables

    def _place_variables(self) -> None:
        for var in self.unit.variables:
            size = dynvar.cell_size(var.type, self.target.strsize)
            if dynvar.is_dynamic(var):
                continue
            if var.scope == "this":
                self._this[var] = state.SIZE + self.this_size
                self.this_size += size
            else:
                self._global[var] = self.globals_size - 8
                self.globals_size += size

    def is_global(self, var: Variable) -> bool:
        """Whether the variable lies in the globals' map."""
        return var in self._global

    def this_offset(self, var: Variable) -> int:
        """Offset of a clause-local variable in the per-CPU memory."""
        return self._this[var]

    def global_offset(self, var: Variable) -> int:
        """Offset of a global scalar in the globals' map."""
        return self._global[var]

    def keep(self, name: str, size: int) -> int:
        """Offset in KEPT of the `size` bytes called `name`, the same ones at every call.  They are
        0 at first."""
        found = self._kept.get(name)
        if found is None:
            found = self._kept[name] = self.kept_size
            self.kept_size += round_up(size, 8)
        return found

    # Read-only data: zeros, then strings

    def _zeros_size(self) -> int:
        # As many as the largest value that is created from them, and as a string.
        created = [layout.value_size for layout in self.aggs.values() if layout.keys]
        return max([round_up(self.target.strsize, 8), *created])

    def intern(self, text: str, size: int = 0) -> int:
        """Offset in rodata of string `text`, cut to strsize and padded with zeros to a multiple of
        8 bytes, to at least `size`."""
        text = text[: self.target.strsize - 1]
        found = self._interned.get(text)
        if found is None:
            found = self._interned[text] = len(self.rodata)
            data = text.encode("latin-1") + b"\0"
            self.rodata += data.ljust(max(round_up(len(data), 8), size), b"\0")
        return found

    def _intern_probe_names(self) -> None:
        # A clause that uses probefunc ... and has several probes finds the names at run time: all
        # of them in slots of one size, in front of the other strings.
        probes: dict[int, Probe] = {}
        for cooked in self.unit.clauses:
            if len(cooked.probes) > 1 and names_used([cooked.clause]).intersection(PROBE_PARTS):
                probes.update((p.id, p) for p in cooked.probes)
        if not probes:
            return
        names = {p.id: [name_part(p, part) for part in PROBE_PARTS] for p in probes.values()}
        longest = max(len(part) for parts in names.values() for part in parts)
        slot = round_up(min(longest + 1, self.target.strsize), 8)
        for probe, parts in names.items():
            offsets = [self.intern(part, slot) for part in parts]
            self.names[probe] = b"".join(o.to_bytes(4, "little") for o in offsets)
        self.names_limit = len(self.rodata) - slot

    # Aggregations and statements

    @property
    def error_exits(self) -> bool:
        """Whether an ERROR clause may call exit()."""
        return any(clause.may_exit for clause in self.errors)

    def layout_of(self, aggregation: Aggregation) -> AggLayout:
        """The layout of an aggregation's map."""
        return self.aggs[aggregation.id]

    def next_statement(self) -> int:
        """A number for a new statement."""
        return len(self.statements)

    def layout(self) -> Layout:
        """What the consumer needs to know."""
        probes = {p.id: p for c in self.unit.clauses for p in c.probes}
        return Layout(self.statements, probes, self.aggs)


def agg_words(func: str, params: tuple[int, ...]) -> int:
    """8-byte words of an aggregation's value: the count of updates, then the function's own."""
    if func == "lquantize":
        base, limit, step = params
        return 1 + (limit - base) // step + LQUANTIZE_ENDS
    if func == "llquantize":
        factor, low, high, steps = params
        return 1 + 2 * (high - low + 1) * (steps - steps // factor) + LLQUANTIZE_ENDS
    return {"count": 1, "sum": 2, "avg": 2, "min": 3, "max": 3, "stddev": 4, "quantize": 128}[func]


def agg_layout(aggregation: Aggregation, target: Target) -> AggLayout:
    """How an aggregation lies in its map: every key component begins at a multiple of 8 bytes."""
    keys: list[Datum] = []
    at = 0
    for t, need in zip(aggregation.keys, aggregation.key_sizes, strict=True):
        if is_string(t):
            size = round_up(min(need, target.strsize), 8)
            keys.append(Datum(at, size, Kind.STRING, ctype="string"))
        else:
            size = round_up(t.size, 8)
            kind = Kind.BYTES if is_aggregate(t) else Kind.INT
            keys.append(Datum(at, t.size, kind, is_signed(t), type_name(t)))
        at += size
    func, params = aggregation.func.value, aggregation.params
    value_size = 8 * agg_words(func, params)
    cpus = target.cpus if keys or value_size > state.PER_CPU_MAX else 0
    return AggLayout(
        aggregation.id, aggregation.name, func, params, tuple(keys), at or 4, value_size, 0,
        aggregation.signed, cpus,
    )  # fmt: skip
