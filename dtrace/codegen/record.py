"""Layout of trace data: written by generated code, read by dtrace.consume.

Every record in a buffer begins with HEADER and goes on with the data of one clause (or of one
part of it).  A Statement says what that data is; records name it by its number.
"""

from __future__ import annotations

import enum
import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dtrace.probes.desc import Probe

HEADER = struct.Struct("<IIII")  # probe id, statement id, speculation id (0: none), reserved
HEADER_SIZE = HEADER.size  # data follows; offsets of Datum count from the record's start

FAULT = 0xFFFFFFFF  # statement id of a fault's record
FAULT_DATA = struct.Struct("<IIiIQ")  # probe id, clause id, insn index (-1 unknown), fault, value


class Kind(enum.Enum):
    """How a datum's bytes are read."""

    INT = "int"  # little-endian integer of 1, 2, 4 or 8 bytes
    STRING = "string"  # NUL-terminated within its size
    BYTES = "bytes"  # raw memory: arrays, structs, tracemem
    STACK = "stack"  # u64 kernel addresses, ended by 0
    USTACK = "ustack"  # u64 pid, then user addresses
    SYM = "sym"  # u64 kernel address: sym(), func(), mod()
    USYM = "usym"  # u64 pid, u64 user address: usym(), ufunc(), umod(), uaddr()


class Datum(NamedTuple):
    """One value in a record or in an aggregation's key."""

    offset: int  # from the start of the record (or of the key)
    size: int  # bytes
    kind: Kind
    signed: bool = False  # INT
    ctype: str = (
        ""  # the D type, for %p-like defaults and print(): "char [8]"; "" if of no interest
    )
    action: str = ""  # SYM, USYM: which of sym, mod, func, usym, ...


class Act(enum.Enum):
    """What the consumer does with the data."""

    TRACE = "trace"
    PRINTF = "printf"
    EXIT = "exit"
    PRINTA = "printa"
    CLEAR = "clear"
    TRUNC = "trunc"
    NORMALIZE = "normalize"
    DENORMALIZE = "denormalize"
    # Later issues add: stack, ustack, tracemem, print, system, freopen, setopt, ftruncate,
    # speculate, commit, discard ...


class Action(NamedTuple):
    """One action of a clause, in program order.

    PRINTF: text is the format, data its arguments.   TRACE: one datum.   EXIT: one datum, int.
    PRINTA: text is the format or "", aggs the aggregations.
    CLEAR, DENORMALIZE: aggs has one.   TRUNC: one, data the count if one was given.
    NORMALIZE: one, data the divisor.
    """

    act: Act
    data: tuple[Datum, ...] = ()
    text: str = ""
    aggs: tuple[int, ...] = ()  # aggregation ids
    # Offset in the record of a byte that is not 0 if the action's branch of an if statement ran;
    # 0: the action is not in a branch.
    guard: int = 0


class Statement(NamedTuple):
    """What one record of a clause holds.  Without actions: only that the probe fired."""

    id: int
    clause: int  # CookedClause.id
    size: int  # of the whole record, header included, in bytes
    actions: tuple[Action, ...] = ()


class AggLayout(NamedTuple):
    """An aggregation's map.  A key tuple has a value for every CPU that has updated it.

    Without keys: a per-CPU array of one element; but where a value is larger than per-CPU memory
    can be, an ordinary array whose index is the CPU.
    With keys: a hash; its key is that of the tuple, key_size bytes, and then the CPU as a u64.  (A
    per-CPU hash of the size takes the kernel 25 times as long to create.)

    value: u64 count of updates on this CPU (0: never), then by function (all 8-byte words)
      count      nothing more: the count is the value
      sum        s64 sum
      min, max   s64 value, u64 epoch: only valid in the epoch that the epochs map holds
      avg        s64 sum
      stddev     s64 sum, then the sum of squares as a 128-bit integer, low word first
      quantize   127 s64 buckets, bucket 63 is zero
      lquantize  levels + 2 s64 buckets: below, the levels, above
      llquantize buckets as in dt_aggregate.c's order: see consume/quantize.py
    """

    id: int
    name: str
    func: str  # "count", ...
    params: tuple[int, ...]
    keys: tuple[Datum, ...]  # offsets from the start of the key
    key_size: int  # bytes, the CPU not included; 4 (an array's index) if there are no keys
    value_size: int  # bytes, per CPU
    map: int  # index into the session's maps
    signed: bool = True
    cpus: int = 0  # possible CPUs, where each has elements of its own; 0: it is a per-CPU map


class Layout(NamedTuple):
    """All a consumer needs to know about a compiled program."""

    statements: dict[int, Statement]
    probes: dict[int, Probe]
    aggs: dict[int, AggLayout]
