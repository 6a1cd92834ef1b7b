"""ProgramGen: what the clauses of one invocation share: strings, variables, aggregations, maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtrace.codegen import agg, dynvar, probename, state
from dtrace.codegen.gen import round_up
from dtrace.codegen.record import AggLayout, Datum, Kind, Layout
from dtrace.codegen.scan import names_used
from dtrace.types.convert import is_string, type_name
from dtrace.types.model import Int, resolve
from emu.kernel.enums import F_RDONLY_PROG, MapType
from emu.kernel.traits import Trait
from emu.prog import MapDef

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.codegen.gen import ClauseGen
    from dtrace.codegen.record import Statement
    from dtrace.probes.desc import Probe
    from dtrace.sema.symbols import Aggregation, Unit, Variable
    from dtrace.target import Target

LQUANTIZE_ENDS, LLQUANTIZE_ENDS = 2, 3  # buckets besides the levels


class Offsets(NamedTuple):
    """Where the areas of the per-CPU memory begin, and its size, in bytes."""

    scratch: int
    record: int
    size: int


class ProgramGen:
    """The shared part of a compilation.

    offset_of(struct, member): bytes, from the target's BTF.  wall_offset(): what to add to the
    monotonic clock for nanoseconds since the epoch.  Both are called only if a clause needs them.
    """

    def __init__(
        self,
        unit: Unit,
        target: Target,
        offset_of: Callable[[str, str], int],
        wall_offset: Callable[[], int],
    ) -> None:
        self.unit = unit
        self.target = target
        self.offset_of = offset_of
        self.wall_offset = wall_offset
        self.statements: dict[int, Statement] = {}
        self._this: dict[Variable, int] = {}
        self._global: dict[Variable, int] = {}
        self._globals_size = 8
        self._this_size = 0
        self._place_variables()
        self.aggs = {a.id: agg_layout(a, target.strsize) for a in unit.aggregations}
        self.rodata = bytearray(self._zeros_size())
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
                self._this[var] = state.SIZE + self._this_size
                self._this_size += size
            else:
                self._global[var] = self._globals_size - 8
                self._globals_size += size

    def this_offset(self, var: Variable) -> int:
        """Offset of a clause-local variable in the per-CPU memory."""
        return self._this[var]

    def global_offset(self, var: Variable) -> int:
        """Offset of a global scalar in the globals' map."""
        return self._global[var]

    # Read-only data: zeros, then strings

    def _zeros_size(self) -> int:
        # As many as the largest value that is created from them, and as a string.
        sizes = [a.value_size for a in self.aggs.values()]
        sizes += [dynvar.cell_size(v.type, self.target.strsize) for v in self.unit.variables]
        return max([round_up(self.target.strsize, 8), *sizes])

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
            if len(cooked.probes) > 1 and not names_used(
                [
                    *([cooked.clause.predicate] if cooked.clause.predicate else []),
                    *(cooked.clause.body or []),
                ]
            ).isdisjoint(probename.PARTS):
                probes.update((p.id, p) for p in cooked.probes)
        if not probes:
            return
        longest = max(len(part) for p in probes.values() for part in p[1:5])
        slot = round_up(min(longest + 1, self.target.strsize), 8)
        for probe in probes.values():
            offsets = [self.intern(part, slot) for part in probe[1:5]]
            self.names[probe.id] = b"".join(o.to_bytes(4, "little") for o in offsets)
        self.names_limit = len(self.rodata) - slot

    # Aggregations and statements

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

    # Maps

    def offsets(self, clauses: list[ClauseGen], record_min: int) -> Offsets:
        """Where the per-CPU memory's areas are, for all clauses of the session."""
        scratch = state.SIZE + self._this_size
        record = scratch + max([c.scratch_max for c in clauses], default=0)
        largest = max([round_up(c.record_size, 8) for c in clauses], default=0)
        # String copies are made in whole words, so the last one may reach behind the record.
        return Offsets(scratch, record, record + max(largest, record_min) + 16)

    def maps(self, offsets: Offsets) -> dict[str, MapDef]:
        """Definitions of all maps by name; which of them a program uses is the linker's affair."""
        profile = self.target.profile
        sealed = profile.has(Trait.MAP_FREEZE)
        zero = bytes(4)
        rodata = bytes(self.rodata) + bytes(round_up(self.target.strsize, 8))
        epochs = 8 * (len(self.aggs) + 1)
        found = [
            MapDef(state.MEM, MapType.PERCPU_ARRAY, 4, offsets.size, 1),
            MapDef(state.GLOBAL, MapType.ARRAY, 4, state.GLOBAL_SIZE, 1),
            MapDef(
                state.RODATA, MapType.ARRAY, 4, len(rodata), 1,
                flags=F_RDONLY_PROG if sealed else 0, init=((zero, rodata),), frozen=sealed,
            ),
            MapDef(state.BUFFERS, MapType.PERF_EVENT_ARRAY, 4, 4, self.target.cpus),
            MapDef(state.GVARS, MapType.ARRAY, 4, self._globals_size, 1),
            MapDef(
                state.EPOCHS, MapType.ARRAY, 4, epochs, 1,
                init=((zero, (1).to_bytes(8, "little") * (epochs // 8)),),
            ),
            MapDef(
                state.PROBES, MapType.HASH, 4, probename.ENTRY, max(len(self.names), 1),
                init=tuple((i.to_bytes(4, "little"), e) for i, e in self.names.items()),
            ),
        ]  # fmt: skip
        found += [self._variable_map(v) for v in self.unit.variables if dynvar.is_dynamic(v)]
        found += [self._agg_map(a) for a in self.aggs.values()]
        return {m.name: m for m in found}

    def _variable_map(self, var: Variable) -> MapDef:
        strsize = self.target.strsize
        key, value = dynvar.key_size(var, strsize), dynvar.cell_size(var.type, strsize)
        entries = max(1, self.target.dynvarsize // (key + value))
        return MapDef(dynvar.map_name(var), MapType.HASH, key, value, entries)

    def _agg_map(self, layout: AggLayout) -> MapDef:
        name = agg.map_name(layout.name)
        if not layout.keys:
            return MapDef(name, MapType.PERCPU_ARRAY, 4, layout.value_size, 1)
        entries = max(1, self.target.aggsize // (layout.key_size + layout.value_size))
        return MapDef(name, MapType.PERCPU_HASH, layout.key_size, layout.value_size, entries)


def agg_words(func: str, params: tuple[int, ...]) -> int:
    """8-byte words of an aggregation's value: the count of updates, then the function's own."""
    if func == "lquantize":
        base, limit, step = params
        return 1 + (limit - base) // step + LQUANTIZE_ENDS
    if func == "llquantize":
        factor, low, high, steps = params
        return 1 + 2 * (high - low + 1) * (steps - steps // factor) + LLQUANTIZE_ENDS
    return {"count": 1, "sum": 2, "avg": 2, "min": 3, "max": 3, "stddev": 4, "quantize": 128}[func]


def agg_layout(aggregation: Aggregation, strsize: int) -> AggLayout:
    """How an aggregation lies in its map: every key component begins at a multiple of 8 bytes."""
    keys: list[Datum] = []
    at = 0
    for t, need in zip(aggregation.keys, aggregation.key_sizes, strict=True):
        if is_string(t):
            size = round_up(min(need, strsize), 8)
            keys.append(Datum(at, size, Kind.STRING, ctype="string"))
        else:
            signed = isinstance(resolve(t), Int) and bool(getattr(resolve(t), "signed", False))
            size = 8
            keys.append(Datum(at, t.size, Kind.INT, signed, type_name(t)))
        at += size
    func = aggregation.func.value
    return AggLayout(
        aggregation.id, aggregation.name, func, aggregation.params, tuple(keys), at or 4,
        8 * agg_words(func, aggregation.params), 0, aggregation.signed,
    )  # fmt: skip
