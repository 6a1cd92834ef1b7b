"""Batches: programs as JSON objects, one a line, and what running them gave.

A program: `id`, `prog_type` (a name or number), `insns` (hex), `license`, `attach_type`,
`prog_flags`, `kfuncs` ([instruction, name] pairs), `maps`, `runs`.  A map: `type`, `key`, `value`,
`max_entries`, `flags`, `name`, `inner` (number of an earlier map), `freeze`, `dump`, `init` (pairs
of a key in hex and a value in hex, {"map": number} or {"prog_type", "insns"}).  A run: `data`,
`ctx` (hex), `repeat`, `out_size`, `no_ctx_out`, `cpu`; or `attach` ("kprobe"), `name`, `syscall`,
`args`, `times`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from emu.isa import insn as codec
from emu.kernel.enums import MapType, ProgType
from emu.prog import PSEUDO_KFUNC_CALL, Insn, MapDef, Prog

CALL = 0x85
MORE_OUTPUT = 512  # bytes of data_out beyond those of data, where the run does not say
NUMBER = int | str


class BadProgram(ValueError):
    """An object is no program."""


class ProgElement(NamedTuple):
    """An element of a program array to store before the first run."""

    key: bytes
    prog: Prog


class MapElement(NamedTuple):
    """An element of a map of maps to store before the first run."""

    key: bytes
    map: int  # index into the maps


class TestRun(NamedTuple):
    """A BPF_PROG_TEST_RUN."""

    data: bytes
    ctx: bytes
    repeat: int
    room: int  # bytes of data_out
    ctx_room: int  # bytes of ctx_out; 0 for none
    cpu: int


class AttachedRun(NamedTuple):
    """A program attached somewhere, and a system call that makes it run."""

    kind: str
    name: str
    args: tuple[int, ...]  # six u64
    times: int


class BatchMap(NamedTuple):
    """A map of a program."""

    definition: MapDef  # with the elements that are bytes, padded to the value's size
    elements: tuple[ProgElement | MapElement, ...]
    dump: bool  # whether its contents are asked for


class BatchProgram(NamedTuple):
    """A program with its maps and runs."""

    id: str
    prog: Prog
    maps: tuple[BatchMap, ...]
    runs: tuple[TestRun | AttachedRun, ...]


def read(row: Any) -> BatchProgram:
    """The program of an object.

    Raises BadProgram for an object that is none, and for a type that no kernel has.
    """
    try:
        maps: list[BatchMap] = []
        for spec in row.get("maps", ()):
            maps.append(_map(spec, maps))
        definitions = tuple(each.definition for each in maps)
        kfuncs = tuple((int(at), str(name)) for at, name in row.get("kfuncs", ()))
        prog = Prog(
            name=str(row["id"]),
            type=_enum(ProgType, row.get("prog_type", ProgType.SOCKET_FILTER)),
            insns=_with_kfuncs(decode(row["insns"]), [at for at, _ in kfuncs]),
            maps=definitions,
            license=str(row.get("license", "GPL")),
            expected_attach_type=int(row.get("attach_type", 0)),
            flags=int(row.get("prog_flags", 0)),
            attach_to=str(row.get("attach_to") or ""),
            kfuncs=tuple(name for _, name in kfuncs),
        )
        runs = tuple(_run(spec) for spec in row.get("runs", ()))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as err:
        raise BadProgram(f"no program: {err!r}") from None
    return BatchProgram(str(row["id"]), prog, tuple(maps), runs)


def decode(text: str) -> tuple[Insn, ...]:
    """Instructions from hex.  Raises ValueError for what is none."""
    return tuple(codec.decode(bytes.fromhex(text)))


def _with_kfuncs(insns: tuple[Insn, ...], calls: list[int]) -> tuple[Insn, ...]:
    """`insns` with the calls of kernel functions numbered as Prog.kfuncs has them."""
    out = list(insns)
    for number, at in enumerate(calls):
        if (out[at].code, out[at].src) == (CALL, PSEUDO_KFUNC_CALL):
            out[at] = out[at]._replace(imm=number)
    return tuple(out)


def _map(spec: Any, earlier: list[BatchMap]) -> BatchMap:
    value_size = int(spec.get("value", 8))
    inner = spec.get("inner")
    plain: list[tuple[bytes, bytes]] = []
    elements: list[ProgElement | MapElement] = []
    for key_text, value in spec.get("init", ()):
        key = bytes.fromhex(key_text)
        if isinstance(value, str):
            plain.append((key, bytes.fromhex(value).ljust(value_size, b"\0")))
        elif "map" in value:
            elements.append(MapElement(key, int(value["map"])))
        else:
            kind = _enum(ProgType, value["prog_type"])
            elements.append(ProgElement(key, Prog("", kind, decode(value["insns"]))))
    definition = MapDef(
        str(spec.get("name", "")),
        _enum(MapType, spec["type"]),
        int(spec.get("key", 4)),
        value_size,
        int(spec.get("max_entries", 1)),
        int(spec.get("flags", 0)),
        tuple(plain),
        bool(spec.get("freeze", False)),
        None if inner is None else earlier[int(inner)].definition,
        extra=int(spec.get("extra", 0)),
    )
    return BatchMap(definition, tuple(elements), bool(spec.get("dump", True)))


def _run(spec: Any) -> TestRun | AttachedRun:
    if spec.get("attach", "test") != "test":
        args = tuple(int(arg) % (1 << 64) for arg in spec.get("args", ()))
        return AttachedRun(
            str(spec["attach"]),
            str(spec.get("name", "")),
            (*args, *(0,) * 6)[:6],
            int(spec.get("times", 1)),
        )
    data, ctx = bytes.fromhex(spec.get("data") or ""), bytes.fromhex(spec.get("ctx") or "")
    no_ctx_out = bool(spec.get("no_ctx_out"))
    return TestRun(
        data,
        ctx,
        int(spec.get("repeat", 0 if no_ctx_out else 1)),
        int(spec.get("out_size") or len(data) + MORE_OUTPUT),
        0 if no_ctx_out else len(ctx),
        int(spec.get("cpu", 0)),
    )


def _enum(kind: Any, value: NUMBER) -> Any:
    """A member by name or number.  Raises ValueError or KeyError."""
    return kind[value.upper()] if isinstance(value, str) else kind(value)
