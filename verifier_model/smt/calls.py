"""Calls of helpers: what they must be given, and all that they may give back.

Of a helper's result only its range is known, and of the bytes that it stores nothing.  What has no
row in verifier_model.smt.results ends the path as unmodelled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.kernel import helpers
from emu.kernel.enums import EXIST, NOEXIST, Arg, Ret
from emu.kernel.errno import MAX_ERRNO
from emu.kernel.traits import Trait
from verifier_model.smt import maps, results, words
from verifier_model.smt.access import disturb, place
from verifier_model.smt.memory import Area, Pointer, Unmodelled, Value, byte_array, number
from verifier_model.smt.rules import Rule
from verifier_model.smt.semantics import PathEnd, read
from verifier_model.smt.state import Call, Reference, Write
from verifier_model.smt.words import U64, Word, compare

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.kernel.helpers import Helper, Proto
    from verifier_model.smt.paths import Machine
    from verifier_model.smt.semantics import Effect
    from verifier_model.smt.state import State

FEW = 64  # bytes that are kept one by one
_OR_NULL = (
    Arg.PTR_TO_MEM_OR_NULL,
    Arg.PTR_TO_MEM_OR_NULL_RDONLY,
    Arg.PTR_TO_MAP_VALUE_OR_NULL,
)
_MEMORY = (
    Arg.PTR_TO_MEM,
    Arg.PTR_TO_MEM_WRITE,
    Arg.PTR_TO_MEM_OR_NULL,
    Arg.PTR_TO_MEM_RDONLY,
    Arg.PTR_TO_MEM_OR_NULL_RDONLY,
    Arg.PTR_TO_UNINIT_MEM,
)
_SIZES = (Arg.CONST_SIZE, Arg.CONST_SIZE_OR_ZERO)
_NUMBERS = (Arg.SCALAR, Arg.CONST_ALLOC_SIZE_OR_ZERO)
_MAP_VALUES = (Arg.PTR_TO_MAP_VALUE, Arg.PTR_TO_MAP_VALUE_OR_NULL)


class Done(NamedTuple):
    """What a helper has done."""

    result: Value | None  # None: r0 is not to be read
    writes: tuple[Write, ...] = ()


class Given(NamedTuple):
    """The arguments of a call that follows its prototype."""

    values: tuple[Value, ...]
    map: int  # index of the map, -1 for none
    size: Word  # of the last sized argument
    filled: tuple[tuple[Pointer, Word], ...]  # memory that the helper writes, and its size


def bind(helper: int, pc: int) -> Effect:
    """The effect of `call helper`."""
    row = helpers.by_id(helper)

    def effect(m: Machine, s: State) -> int:
        if row is None or not helpers.available(m.kernel, m.prog.type, row):
            raise Unmodelled(f"helper {row.name if row else helper} in {m.prog.type.name}")
        _call(m, s, pc, row)
        return pc + 1

    return effect


def _call(m: Machine, s: State, pc: int, row: Helper) -> None:
    proto = helpers.proto(m.kernel, row, m.prog.type)
    given = _check(m, s, row, proto)
    own = SPECIAL.get(row.name)
    if own is not None:
        done = own(m, s, pc, given)
        _finish(s, pc, row.name, done.result, done.writes)
        return
    bounds = results.RESULTS.get(row.name)
    if bounds is None:
        raise Unmodelled(f"helper {row.name}")
    result = m.fresh(s, f"result of {row.name} at insn {pc}")
    s.assume(results.inside(result, bounds, given.size))
    writes = tuple(_fill(m, s, pointer, size, pc) for pointer, size in given.filled)
    _finish(s, pc, row.name, result if proto.ret is not Ret.VOID else None, writes)


def _finish(
    s: State,
    pc: int,
    name: str,
    result: Value | None,
    writes: tuple[Write, ...],
) -> None:
    s.regs[0] = result
    s.regs[1:6] = [None] * 5
    s.calls = Call(s.calls, pc, name, result, writes)


# -- arguments


def _check(m: Machine, s: State, row: Helper, proto: Proto) -> Given:
    """Every argument is what the helper takes, where the path goes on."""
    values: list[Value] = []
    index, size = -1, 0
    last_size: Word = size
    filled: list[tuple[Pointer, Word]] = []
    for number_of, arg in enumerate(proto.args, 1):
        value = read(m, s, number_of)
        values.append(value)
        match arg:
            case Arg.ANYTHING:
                pass
            case Arg.CONST_MAP_PTR:
                index = _map_argument(m, s, value, number_of)
            case Arg.PTR_TO_CTX:
                fits = isinstance(value, Pointer) and value.region.area is Area.CTX
                _must_be(m, s, fits, "the context", value, number_of)
            case Arg.PTR_TO_MAP_KEY:
                place(m, s, value, 0, m.prog.maps[index].key_size, stores=False, reads=True)
            case _ if arg in _MAP_VALUES:
                if not (arg in _OR_NULL and _is_zero(value)):
                    room = m.prog.maps[index].value_size
                    place(m, s, value, 0, room, stores=False, reads=True)
            case Arg.PTR_TO_UNINIT_MAP_VALUE:
                room = m.prog.maps[index].value_size
                filled.append((place(m, s, value, 0, room, stores=True, reads=False), room))
            case Arg.PTR_TO_INT | Arg.PTR_TO_LONG | Arg.PTR_TO_INOUT_INT:
                room = 8 if arg is Arg.PTR_TO_LONG else 4
                filled.append((place(m, s, value, 0, room, stores=True, reads=False), room))
            case _ if arg in _MEMORY:
                pass  # its size follows
            case _ if arg in _NUMBERS:
                fits = not isinstance(value, Pointer)
                _must_be(m, s, fits, "a number", value, number_of)
            case _ if arg in _SIZES:
                _must_be(m, s, not isinstance(value, Pointer), "a number", value, number_of)
                last_size = number(value)
                memory = proto.args[number_of - 2]
                pointer = _sized(m, s, values[-2], last_size, memory, arg)
                if pointer is not None and memory is Arg.PTR_TO_UNINIT_MEM:
                    filled.append((pointer, last_size))
            case Arg.PTR_TO_RINGBUF_MEM:
                held = isinstance(value, Pointer) and any(
                    ref.region == value.region.name for ref in s.references
                )
                m.must(s, held, Rule.RELEASE, "r{n} = {value}", n=number_of, value=value)
                if not held:
                    raise PathEnd
            case _:
                raise Unmodelled(f"argument {arg.name} of helper {row.name}")
    return Given(tuple(values), index, last_size, tuple(filled))


def _must_be(m: Machine, s: State, fits: bool, what: str, value: Value, number_of: int) -> None:
    text = "r{n} = {value}, not {what}"
    m.must(s, fits, Rule.ARGUMENT, text, n=number_of, value=value, what=what)
    if not fits:
        raise PathEnd


def _map_argument(m: Machine, s: State, value: Value, number_of: int) -> int:
    fits = isinstance(value, Pointer) and value.region.area is Area.MAP
    _must_be(m, s, fits, "a map", value, number_of)
    assert isinstance(value, Pointer)
    return value.region.which


def _sized(
    m: Machine, s: State, memory: Value, size: Word, arg: Arg, size_arg: Arg
) -> Pointer | None:
    """`size` bytes of memory; None where a NULL pointer stands for no memory."""
    if size_arg is Arg.CONST_SIZE:
        m.must(s, compare("jne", size, 0), Rule.SIZE, "a size of 0")
    if _is_zero(memory) and (arg in _OR_NULL or size_arg is Arg.CONST_SIZE_OR_ZERO):
        zero = compare("jeq", size, 0)
        m.must(s, zero, Rule.NUMBER, "{size} bytes at NULL", size=size)
        return None
    writes = arg is Arg.PTR_TO_UNINIT_MEM
    return place(m, s, memory, 0, size, stores=writes, reads=not writes)


def _is_zero(value: Value) -> bool:
    return isinstance(value, int) and not value


def _fill(m: Machine, s: State, pointer: Pointer, size: Word, pc: int) -> Write:
    """Let a helper store any bytes there."""
    disturb(m, s, pointer, size)
    if isinstance(size, int) and size <= FEW:
        stored: list[Word] = []
        for chunk in maps.chunks(size):
            at = len(stored)
            value = words.cut(m.fresh(s, f"bytes {at} of insn {pc}"), 8 * chunk)
            s.store(Pointer(pointer.region, words.add(pointer.offset, at)), chunk, value)
            stored += words.split(value, chunk)
        return Write(pointer, size, tuple(stored))
    if isinstance(size, int) and isinstance(pointer.offset, int):
        s.changed(pointer.region).forget(pointer.offset, size)
    array = byte_array(s.unique(f"bytes of insn {pc}"))
    s.fill(pointer, size, array)
    return Write(pointer, size, array)


# -- helpers with a meaning of their own


def _lookup(m: Machine, s: State, pc: int, given: Given) -> Done:
    key = given.values[1]
    assert isinstance(key, Pointer)
    value = maps.find(m, s, given.map, maps.key_at(m, s, given.map, key))
    return Done(Pointer(value, 0) if value is not None else 0)


def _update(m: Machine, s: State, pc: int, given: Given) -> Done:
    """The element is stored; or nothing is, and the result is an error."""
    key_place, source, flags = given.values[1], given.values[2], given.values[3]
    assert isinstance(key_place, Pointer)
    definition = m.prog.maps[given.map]
    key = maps.key_at(m, s, given.map, key_place)
    old = maps.find(m, s, given.map, key)
    if not isinstance(flags, int):
        raise Unmodelled("unknown flags of map_update_elem")
    refused = flags > EXIST or (old is None and (flags == EXIST or definition.type in maps.ARRAYS))
    refused = refused or (old is not None and flags == NOEXIST)
    if refused:
        return Done(_error(m, s, "map_update_elem", pc))
    if definition.type not in maps.ARRAYS:
        failing = s.fork()
        failing.pc = pc + 1
        _finish(failing, pc, "map_update_elem", _error(m, failing, "map_update_elem", pc), ())
        m.later(failing)
    if old is None:
        region = s.new_region(
            Area.MAP_VALUE,
            f"value of map {given.map} at insn {pc}",
            definition.value_size,
            which=given.map,
        )
        maps.replace(s, given.map, key, region)
        old = region
    assert isinstance(source, Pointer)
    at = 0
    stored: list[Word] = []
    for chunk in maps.chunks(definition.value_size):
        taken = number(s.load(Pointer(source.region, words.add(source.offset, at)), chunk))
        s.store(Pointer(old, at), chunk, taken)
        stored += words.split(taken, chunk)
        at += chunk
    return Done(0, (Write(Pointer(old, 0), len(stored), tuple(stored)),))


def _delete(m: Machine, s: State, pc: int, given: Given) -> Done:
    key_place = given.values[1]
    assert isinstance(key_place, Pointer)
    key = maps.key_at(m, s, given.map, key_place)
    found = maps.find(m, s, given.map, key)
    if found is None or m.prog.maps[given.map].type in maps.ARRAYS:
        return Done(_error(m, s, "map_delete_elem", pc))
    maps.replace(s, given.map, key, None)
    return Done(0)


def _error(m: Machine, s: State, name: str, pc: int) -> Word:
    """A negative errno; of 32 bits where the kernel's functions of maps return an int."""
    result = m.fresh(s, f"error of {name} at insn {pc}")
    s.assume(compare("jsge", result, -MAX_ERRNO & U64))
    s.assume(compare("jslt", result, 0))
    return words.cut(result, 32) if m.kernel.has(Trait.MAP_ERROR_U32) else result


def _tail_call(m: Machine, s: State, pc: int, given: Given) -> Done:
    """Another program runs in this one's place, or the call fails; only then the path goes on."""
    held = s.references
    m.must(s, not held, Rule.LEAK, "what insn {at} acquired", at=held[0].insn if held else 0)
    return Done(m.fresh(s, f"result of tail_call at insn {pc}"))


def _reserve(m: Machine, s: State, pc: int, given: Given) -> Done:
    """A record that must be submitted or discarded, or NULL."""
    without = s.fork()
    without.pc = pc + 1
    _finish(without, pc, "ringbuf_reserve", 0, ())
    m.later(without)
    region = s.new_region(Area.MEM, f"record of insn {pc}", number(given.values[1]))
    s.references += (Reference(region.name, pc),)
    return Done(Pointer(region, 0))


def _release(m: Machine, s: State, pc: int, given: Given) -> Done:
    """The record is given back, and pointers to it are no pointers any more."""
    record = given.values[0]
    assert isinstance(record, Pointer)
    gone = record.region
    s.references = tuple(ref for ref in s.references if ref.region != gone.name)
    s.regs = [
        m.fresh(s, "a pointer that was given back")
        if isinstance(value, Pointer) and value.region is gone
        else value
        for value in s.regs
    ]
    return Done(None)


SPECIAL: dict[str, Callable[[Machine, State, int, Given], Done]] = {
    "map_lookup_elem": _lookup,
    "map_update_elem": _update,
    "map_delete_elem": _delete,
    "tail_call": _tail_call,
    "ringbuf_reserve": _reserve,
    "ringbuf_submit": _release,
    "ringbuf_discard": _release,
}
