"""Aggregations: `@name[keys] = function(value)`.

An element's value is a count of updates and then the function's words (record.AggLayout).  Without
keys it is element 0 of a per-CPU array, so that the event costs one lookup.
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
    from dtrace.lang.nodes import Assign

NOEXIST = 1  # BPF_NOEXIST
DATA = 8  # the function's words follow the count


def map_name(name: str) -> str:
    """The name of aggregation `name`'s map."""
    return f"agg_{name}"


def cg_aggregation(cg: ClauseGen, node: Assign) -> None:
    """The statement `@name[keys] = function(args)`."""
    assert isinstance(node.left, AggRef)
    assert isinstance(node.right, Call)
    assert node.left.ref is not None
    layout = cg.program.layout_of(node.left.ref)
    operands = [cg.expr(arg) for arg in value_arguments(node.right)]
    l_end = Label("aggregated")
    if layout.func in BUCKETS:
        value = operands[0]
        increment = operands[1] if len(operands) > 1 else cg.code.const(1)
        index = BUCKETS[layout.func](cg, layout, value)
        element = cg_element(cg, node.left, layout, l_end)
        cg.code.emit("lsh64_imm", index, imm=3)
        if index.bound is not None:
            index.bound *= 8
        cg.code.emit("atomic64_add", element, cg.code.const(1), off=0)
        cg.code.emit("add64_reg", element, index)
        cg.code.emit("atomic64_add", element, increment, off=DATA)
    else:
        element = cg_element(cg, node.left, layout, l_end)
        UPDATES[layout.func](cg, layout, element, operands)
    cg.code.bind(l_end)


def value_arguments(call: Call) -> list:  # type: ignore[type-arg]
    """The value and the increment of an aggregating function's call, without the constants that
    shape its buckets."""
    constants = {"lquantize": 3, "llquantize": 4}.get(call.name, 0)
    return [*call.args[:1], *call.args[1 + constants :]]


def cg_element(cg: ClauseGen, node: AggRef, layout: AggLayout, l_end: Label) -> VReg:
    """The address of the element of this CPU, made if it is missing; counts a drop and goes to
    `l_end` if there is no room."""
    code, ref = cg.code, MapRef(map_name(layout.name))
    if not node.keys:
        key = code.address(cg.mem, state.ZERO_KEY)
        element = code.helper("map_lookup_elem", ref, key)
        code.jump("jeq", element, 0, cg.l_abort)
        return element
    assert node.ref is not None
    start = cg.alloc(layout.key_size)
    for at, (part, t, datum) in enumerate(zip(node.keys, node.ref.keys, layout.keys, strict=True)):
        end = layout.keys[at + 1].offset if at + 1 < len(layout.keys) else layout.key_size
        dynvar.put_cell(cg, part, t, Area.SCRATCH, start + datum.offset, end - datum.offset)
    key = cg.scratch_address(start)
    element, l_found = VReg(), Label("found")
    code.emit("mov64_reg", element, code.helper("map_lookup_elem", ref, key))
    code.jump("jne", element, 0, l_found)
    code.helper("map_update_elem", ref, key, cg.zeros(), NOEXIST)
    code.emit("mov64_reg", element, code.helper("map_lookup_elem", ref, key))
    code.jump("jne", element, 0, l_found)
    dynvar.count(cg, state.AGG_DROPS)
    code.goto(l_end)
    code.bind(l_found)
    return element


def _count(cg: ClauseGen, layout: AggLayout, element: VReg, operands: list[VReg]) -> None:
    cg.code.emit("atomic64_add", element, cg.code.const(1), off=0)


def _sum(cg: ClauseGen, layout: AggLayout, element: VReg, operands: list[VReg]) -> None:
    cg.code.emit("atomic64_add", element, operands[0], off=DATA)
    cg.code.emit("atomic64_add", element, cg.code.const(1), off=0)


def _extreme(jump: str) -> Callable[[ClauseGen, AggLayout, VReg, list[VReg]], None]:
    # min() and max(): a value of another epoch than the current one does not count.
    def update(cg: ClauseGen, layout: AggLayout, element: VReg, operands: list[VReg]) -> None:
        code, value = cg.code, operands[0]
        l_store, l_end = Label("store"), Label("kept")
        epochs = cg.value_address(state.EPOCHS, 8 * layout.id)
        epoch = code.load("ldxdw", epochs, 0)
        old_epoch = code.load("ldxdw", element, DATA + 8)
        code.jump("jne", old_epoch, epoch, l_store)
        code.jump(jump, code.load("ldxdw", element, DATA), value, l_end)
        code.bind(l_store)
        code.emit("stxdw", element, value, off=DATA)
        code.emit("stxdw", element, epoch, off=DATA + 8)
        code.bind(l_end)
        code.emit("atomic64_add", element, code.const(1), off=0)

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

QUANTIZE_BUCKETS = 127


def _quantize(cg: ClauseGen, layout: AggLayout, value: VReg) -> VReg:
    return bounded(cg, cg.code.func("dt_quantize", value), QUANTIZE_BUCKETS)


def bounded(cg: ClauseGen, index: VReg, buckets: int) -> VReg:
    """`index`, known to the verifier to be below `buckets`."""
    cg.code.jump("jgt", index, buckets - 1, cg.l_abort)
    index.bound = buckets - 1
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
    return bounded(cg, index, levels + 2)


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
        start, end = factor**magnitude, factor ** (magnitude + 1)
        code.jump("jge", size, end, l_next)
        code.emit("mov64_reg", index, size)
        _linear(cg, index, start, end, factor, steps)
        code.alu("add", index, (magnitude - low) * per + 1)
        code.goto(l_sign)
        code.bind(l_next)
    code.set(index, buckets + 1)
    code.bind(l_sign)
    code.jump("jsge", value, 0, l_end)
    code.emit("neg64", index)
    code.bind(l_end)
    code.alu("add", index, buckets + 1)
    return bounded(cg, index, 2 * buckets + 3)


def _linear(cg: ClauseGen, index: VReg, start: int, end: int, factor: int, steps: int) -> None:
    # index: a value in start..end-1 to its step within the magnitude, from 0.  Where a magnitude
    # has fewer numbers than steps, each number has steps of its own.
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
