"""Actions: what they put into the record, and what the consumer is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Area
from dtrace.codegen import state, string
from dtrace.codegen.gen import is_aggregate, round_up
from dtrace.codegen.record import Act, Action, Datum, Kind
from dtrace.codegen.scan import in_process
from dtrace.lang.nodes import AggRef, StrLit
from dtrace.types.convert import is_signed, is_string, type_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Call, Expr


def cg_action(cg: ClauseGen, call: Call) -> None:
    """The statement `action(args);`."""
    ACTIONS[call.name](cg, call)


def put(cg: ClauseGen, node: Expr) -> Datum:
    """Append the value of `node` to the record."""
    assert node.type is not None
    if is_string(node.type):
        return _put_string(cg, node)
    if is_aggregate(node.type):
        return _put_bytes(cg, node)
    size = node.type.size
    offset = round_up(cg.record_size, size)
    cg.store(size, cg.mem, offset, cg.operand(node), Area.RECORD)
    cg.record_size = offset + size
    return Datum(offset, size, Kind.INT, is_signed(node.type), type_name(node.type))


def _put_string(cg: ClauseGen, node: Expr) -> Datum:
    size = string.bound(cg, node)
    offset = round_up(cg.record_size, 8)
    whole = max(round_up(size, 8), string.TASK_COMM_LEN if string.is_execname(node) else 0)
    string.copy_string(cg, node, Area.RECORD, offset, size)
    cg.record_size = offset + whole
    return Datum(offset, whole, Kind.STRING, ctype="string")


def _put_bytes(cg: ClauseGen, node: Expr) -> Datum:
    assert node.type is not None
    size = node.type.size
    offset = round_up(cg.record_size, 8)
    to = cg.code.address(cg.mem, offset, Area.RECORD)
    cg.copy_bytes(to, size, cg.expr(node), user=in_process(node))
    cg.record_size = offset + size
    return Datum(offset, size, Kind.BYTES, ctype=type_name(node.type))


def add(cg: ClauseGen, action: Action) -> None:
    """Tell the consumer of an action."""
    cg.actions.append(action._replace(guard=cg.guard))


def _trace(cg: ClauseGen, call: Call) -> None:
    add(cg, Action(Act.TRACE, (put(cg, call.args[0]),)))


def _printf(cg: ClauseGen, call: Call) -> None:
    data = tuple(put(cg, arg) for arg in call.args[1:])
    add(cg, Action(Act.PRINTF, data, text_of(call.args[0])))


def text_of(node: Expr) -> str:
    """The text of a string constant."""
    assert isinstance(node, StrLit)
    return node.value


def _exit(cg: ClauseGen, call: Call) -> None:
    """The status goes into the record, and no other clause runs from now on."""
    offset = round_up(cg.record_size, 4)
    cg.store(4, cg.mem, offset, cg.operand(call.args[0]), Area.RECORD)
    cg.record_size = offset + 4
    add(cg, Action(Act.EXIT, (Datum(offset, 4, Kind.INT, signed=True),)))
    cg.may_exit = True
    address = cg.value_address(state.GLOBAL)
    cg.store(4, address, state.ACTIVITY, int(state.Activity.DRAINING))


def _aggs(call: Call) -> tuple[int, ...]:
    return tuple(a.ref.id for a in call.args if isinstance(a, AggRef) and a.ref is not None)


def _printa(cg: ClauseGen, call: Call) -> None:
    text = text_of(call.args[0]) if isinstance(call.args[0], StrLit) else ""
    add(cg, Action(Act.PRINTA, (), text, _aggs(call)))


def _on_aggregation(act: Act) -> Callable[[ClauseGen, Call], None]:
    def generate(cg: ClauseGen, call: Call) -> None:
        data = tuple(put(cg, arg) for arg in call.args[1:])
        add(cg, Action(act, data, "", _aggs(call)))

    return generate


ACTIONS: dict[str, Callable[[ClauseGen, Call], None]] = {
    "clear": _on_aggregation(Act.CLEAR),
    "denormalize": _on_aggregation(Act.DENORMALIZE),
    "exit": _exit,
    "normalize": _on_aggregation(Act.NORMALIZE),
    "printa": _printa,
    "printf": _printf,
    "trace": _trace,
    "trunc": _on_aggregation(Act.TRUNC),
}
