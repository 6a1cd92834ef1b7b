"""The compiled objects of tests/data/objects, and ways to run what becomes of them."""

from __future__ import annotations

import json
import struct
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emu.kernel.profile import Kernel
from emu.objects import open_object
from emu.objfile import ObjectError, load
from emu.world.scenario import Scenario
from emu.world.world import World

if TYPE_CHECKING:
    from emu.prog import Prog

FOLDER = Path(__file__).parent / "data" / "objects"
BTF = FOLDER / "kernel.o"  # the kernel that they are relocated against
CONFIG = (FOLDER / "config").read_text()
KERNEL = Kernel.release("6.18.44")  # the one that libbpf.jsonl was recorded on
NAMES = tuple(sorted(path.name for path in FOLDER.glob("*.*.o")))
COMPILERS = ("clang14", "clang19", "gcc16")


@cache
def content(name: str) -> bytes:
    """An object's file."""
    return (FOLDER / name).read_bytes()


def programs(name: str, **options: Any) -> list[Prog]:
    """The programs of an object, loaded for that kernel; options: more arguments of load()."""
    known = {"kernel": KERNEL, "btf": BTF, "kconfig": CONFIG} | options
    return load(FOLDER / name, **known)


def by_name(name: str, **options: Any) -> dict[str, Prog]:
    return {prog.name: prog for prog in programs(name, **options)}


@cache
def libbpf() -> dict[str, dict[str, Any]]:
    """What libbpf made of each object."""
    lines = (FOLDER / "libbpf.jsonl").read_text().splitlines()
    return {row["object"]: row for row in map(json.loads, lines)}


def results(progs: list[Prog], *, first: int = 5, times: int = 1) -> dict[str, int]:
    """r0 of the last of some runs of each program, all in one world.

    first: the number that the context begins with.
    """
    world = World(Scenario("test", cpus=1), KERNEL)
    opened = open_object(progs, world, engine="interpreter")
    context = struct.pack("<Q", first) + bytes(184)
    return {
        prog.name: [world.run(vm, 0, context) for _ in range(times)][-1]
        for prog, vm in zip(progs, opened.programs, strict=True)
    }


def outcome(data: bytes, btf: bytes | None = None) -> ObjectError | None:
    """The error that a file gives, if any; every other exception goes through.

    btf: the types of the kernel, if it is another one.
    """
    kernel = BTF.read_bytes() if btf is None else btf
    error: ObjectError | None = None
    try:
        assert load(data, "test", kernel=KERNEL, btf=kernel, kconfig=CONFIG, optional=True)
    except ObjectError as found:
        error = found
    assert error is None or error.offset >= 0
    return error
