"""Aggregations: `@name[keys] = function(value)`.

An element's value is a count of updates and then the function's words (record.AggLayout, which also
says what the maps are like).  Every CPU has a value of its own, and a program that interrupts
another one of ours does nothing, so that plain loads and stores update it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Area, Label, MapRef, VReg
from dtrace.codegen import dynvar, state
from dtrace.lang.nodes import AggRef, Call

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.codegen.gen import ClauseGen
    from dtrace.codegen.record import AggLayout
    from dtrace.lang.nodes import Assign, Expr

NOEXIST = 1  # BPF_NOEXIST
COUNT, DATA, EPOCH = 0, 8, 16  # offsets in an element: min() and max() have a value and its epoch
CPU_CELL = 8  # bytes of the CPU in a key


def map_name(name: str) -> str:
    """The name of aggregation `name`'s map."""
    return f"agg_{name}"


def cg_aggregation(cg: ClauseGen, node: Assign) -> None:
    """The statement `@name[keys] = function(args)`: keys first, then the arguments."""
    assert isinstance(node.left, AggRef)
    assert isinstance(node.right, Call)
    assert node.left.ref is not None
    layout = cg.program.layout_of(node.left.ref)
    key = cg_key(cg, node.left, layout)
    operands = [cg.expr(arg) for arg in value_arguments(node.right)]
    l_end = Label("aggregated")
    if layout.func in BUCKETS:
        index = BUCKETS[layout.func](cg, layout, operands[0])
        element = cg_element(cg, layout, key, l_end)
        cg.code.add_to(element, COUNT, 1)
        cg.code.emit("lsh64_imm", index, imm=3)
        cg.code.bound(index, 8 * (buckets_of(layout) - 1))
        cg.code.emit("add64_reg", element, index)
        cg.code.add_to(element, DATA, operands[1] if len(operands) > 1 else 1)
    else:
        element = cg_element(cg, layout, key, l_end)
        UPDATES[layout.func](cg, layout, element, operands)
    cg.code.bind(l_end)


def value_arguments(call: Call) -> list[Expr]:
    """The value and the increment of an aggregating function's call, without the constants that
    shape its buckets."""
    constants = {"lquantize": 3, "llquantize": 4}.get(call.name, 0)
    return [*call.args[:1], *call.args[1 + constants :]]


def buckets_of(layout: AggLayout) -> int:
    """How many buckets an element has."""
    return layout.value_size // 8 - 1


def cg_key(cg: ClauseGen, node: AggRef, layout: AggLayout) -> int:
    """Build the key of an element in scratch memory.  Returns its offset there."""
    start = cg.alloc(layout.key_size + CPU_CELL)
    if node.keys:
        assert node.ref is not None
        ends = [*(datum.offset for datum in layout.keys[1:]), layout.key_size]
        for part, t, datum, end in zip(node.keys, node.ref.keys, layout.keys, ends, strict=True):
            dynvar.put_cell(cg, part, t, start + datum.offset, end - datum.offset)
    return start


def cg_element(cg: ClauseGen, layout: AggLayout, at: int, l_end: Label) -> VReg:
    """The address of this CPU's element for the key at SCRATCH + at, made if it is missing; counts
    a drop and goes to `l_end` if there is no room."""
    code, ref = cg.code, MapRef(map_name(layout.name))
    cpu_at = at + layout.key_size if layout.keys else at
    if layout.cpus:
        cpu = code.helper("get_smp_processor_id")
        cg.store(8 if layout.keys else 4, cg.mem, cpu_at, cpu, Area.SCRATCH)
    if not layout.keys:
        index = cg.scratch_address(at) if layout.cpus else code.address(cg.mem, state.ZERO_KEY)
        element = code.helper("map_lookup_elem", ref, index)
        code.jump("jeq", element, 0, cg.l_abort)
        return element
    key = cg.scratch_address(at)
    element, l_found = VReg(), Label("found")
    code.emit("mov64_reg", element, code.helper("map_lookup_elem", ref, key))
    code.jump("jne", element, 0, l_found)
    code.helper("map_update_elem", ref, key, cg.zeros(), NOEXIST)
    code.emit("mov64_reg", element, code.helper("map_lookup_elem", ref, key))
    code.jump("jne", element, 0, l_found)
    code.add_to(cg.mem, state.AGG_DROPS, 1)
    code.goto(l_end)
    code.bind(l_found)
    return element


def _count(cg: ClauseGen, layout: AggLayout, element: VReg, operands: list[VReg]) -> None:
    cg.code.add_to(element, COUNT, 1)


def _sum(cg: ClauseGen, layout: AggLayout, element: VReg, operands: list[VReg]) -> None:
    cg.code.add_to(element, DATA, operands[0])
    cg.code.add_to(element, COUNT, 1)


def _extreme(jump: str) -> Callable[[ClauseGen, AggLayout, VReg, list[VReg]], None]:
    # min() and max(): a value of another epoch than the current one does not count.
    def update(cg: ClauseGen, layout: AggLayout, element: VReg, operands: list[VReg]) -> None:
        code, value = cg.code, operands[0]
        l_store, l_end = Label("store"), Label("kept")
        epoch = code.load("ldxdw", cg.value_address(state.EPOCHS, 8 * layout.id), 0)
        code.jump("jne", code.load("ldxdw", element, EPOCH), epoch, l_store)
        code.jump(jump, code.load("ldxdw", element, DATA), value, l_end)
        code.bind(l_store)
        code.emit("stxdw", element, value, off=DATA)
        code.emit("stxdw", element, epoch, off=EPOCH)
        code.bind(l_end)
        cg.code.add_to(element, COUNT, 1)

    return update


def _stddev(cg: ClauseGen, layout: AggLayout, element: VReg, operands: list[VReg]) -> None:
    cg.code.func("dt_stddev", element, operands[0])


UPDATES: dict[str, Callable[[ClauseGen, AggLayout, VReg, list[VReg]], None]] = {
    "count": _count,
    "sum": _sum,
    "avg": _sum,
    "min": _extreme("jsle"),
    "max": _extreme("jsge"),
    "stddev": _stddev,
}


def _quantize(cg: ClauseGen, layout: AggLayout, value: VReg) -> VReg:
    return bounded(cg, layout, cg.code.func("dt_quantize", value))


def bounded(cg: ClauseGen, layout: AggLayout, index: VReg) -> VReg:
    """`index`, known to the verifier to be a bucket's."""
    cg.code.jump("jgt", index, buckets_of(layout) - 1, cg.l_abort)
    cg.code.bound(index, buckets_of(layout) - 1)
    return index


def _lquantize(cg: ClauseGen, layout: AggLayout, value: VReg) -> VReg:
    """The level of `value`, from 1; 0 is below the base, levels + 1 at or above the limit.

            index = 0
            if value s< base goto end
            index = levels + 1
            if value s>= limit goto end
            index = (value - base) / step + 1
    end:
    """
    base, limit, step = layout.params
    code = cg.code
    levels = (limit - base) // step
    index, l_end = code.const(0), Label("level")
    code.jump("jslt", value, base, l_end)
    code.set(index, levels + 1)
    code.jump("jsge", value, limit, l_end)
    code.emit("mov64_reg", index, value)
    code.alu("sub", index, base)
    code.alu("div", index, step)
    code.alu("add", index, 1)
    code.bind(l_end)
    return bounded(cg, layout, index)


def _llquantize(cg: ClauseGen, layout: AggLayout, value: VReg) -> VReg:
    """The bucket of `value` on a log-linear scale; numbering as in consume.quantize.

    index = |value| on the scale: 0 below factor**low; then for every magnitude
            steps - steps/factor buckets; one more at the top
    index = middle + index, or middle - index if value is negative
    """
    factor, low, high, steps = layout.params
    code = cg.code
    per = steps - steps // factor
    buckets = (high - low + 1) * per
    size, index = code.copy(value), code.const(0)
    l_positive, l_sign, l_end = Label("positive"), Label("sign"), Label("bucket")
    code.jump("jsge", size, 0, l_positive)
    code.emit("neg64", size)
    code.bind(l_positive)
    code.jump("jlt", size, factor**low, l_sign)
    for magnitude in range(low, high + 1):
        l_next = Label("magnitude")
        end = factor ** (magnitude + 1)
        code.jump("jge", size, end, l_next)
        code.emit("mov64_reg", index, size)
        _linear(cg, index, end, factor, steps)
        code.alu("add", index, (magnitude - low) * per + 1)
        code.goto(l_sign)
        code.bind(l_next)
    code.set(index, buckets + 1)
    code.bind(l_sign)
    code.jump("jsge", value, 0, l_end)
    code.emit("neg64", index)
    code.bind(l_end)
    code.alu("add", index, buckets + 1)
    return bounded(cg, layout, index)


def _linear(cg: ClauseGen, index: VReg, end: int, factor: int, steps: int) -> None:
    # index: a value of the magnitude that ends at `end` to its step there, from 0.  Where a
    # magnitude has fewer numbers than steps, each number has steps of its own.
    if end >= steps:
        cg.code.alu("div", index, end // steps)
    else:
        cg.code.alu("mul", index, steps // end)
    cg.code.alu("sub", index, steps // factor)


BUCKETS: dict[str, Callable[[ClauseGen, AggLayout, VReg], VReg]] = {
    "quantize": _quantize,
    "lquantize": _lquantize,
    "llquantize": _llquantize,
}
