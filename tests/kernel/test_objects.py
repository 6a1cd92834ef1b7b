"""Compiled objects: the running kernel loads them and gives what the emulator gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emu import batch
from emu.batch import BatchMap, BatchProgram, MapElement, ProgElement
from emu.kernel.enums import MapType, ProgType
from emu.objfile import load
from tests import objects

if TYPE_CHECKING:
    from emu.prog import MapDef, Prog

VMLINUX = "/sys/kernel/btf/vmlinux"
RAW = batch.TestRun(b"", bytes(64), 0, 0, 0, 0)
PLAIN = batch.TestRun(bytes(64), b"", 1, 1024, 0, 0)


def described(definition: MapDef, progs: list[Prog]) -> BatchMap:
    """A map with what it was declared with."""
    elements = tuple(
        ProgElement(at.to_bytes(4, "little"), progs[number])
        if definition.type is MapType.PROG_ARRAY
        else MapElement(at.to_bytes(4, "little"), number)
        for at, number in definition.slots
    )
    return BatchMap(definition, elements, dump=False)


@pytest.mark.kernel
@pytest.mark.parametrize("compiler", objects.COMPILERS)
@pytest.mark.parametrize("source", ["task", "functions", "jumps"])
def test_objects_do_on_the_running_kernel_what_they_do_in_a_world(
    source: str, compiler: str
) -> None:
    pytest.importorskip("elftools", reason="objects need pyelftools")
    from emu.world import kernel_btf
    from tests.kernel.runs import answer

    path = objects.FOLDER / f"{source}.{compiler}.o"
    expected = objects.results(load(path, btf=kernel_btf.blob()))
    progs = load(path, btf=VMLINUX)
    maps = tuple(described(each, progs) for each in progs[0].maps)
    found = {}
    for prog in progs:
        raw = prog.type is ProgType.RAW_TRACEPOINT
        run = RAW if raw else PLAIN
        (outcome,), _ = answer(BatchProgram(prog.name, prog, maps, (run,)), cpus=1)
        found[prog.name] = outcome.retval
    assert found == expected
