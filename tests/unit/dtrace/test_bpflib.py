"""The function library: what is committed is what its sources compile to, and it computes right."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from dtrace.bpf.code import Code
from dtrace.bpflib import build
from dtrace.bpflib.functions import FUNCTIONS
from dtrace.bpflib.load import load
from dtrace.codegen.passes import finish
from dtrace.link.link import Linker
from dtrace.link.maps import Offsets
from emu.isa.disasm import disassemble
from emu.kernel.enums import ProgType
from emu.kernel.profile import Kernel
from tests.props.test_regalloc import execute

U64 = (1 << 64) - 1


def why_not_compiled() -> str:
    """Why the library cannot be rebuilt here; "" if it can."""
    if shutil.which("clang") is None:
        return "needs clang"
    committed = re.search(r'compiler = "(.*)"', build.read(f"{build.HERE}/bpflib.toml"))
    version = subprocess.run(["clang", "--version"], capture_output=True, text=True, check=True)
    here = version.stdout.splitlines()[0]
    if committed is None or committed[1] != here:
        return f"needs the compiler that bpflib.toml names, this is {here}"
    return ""


def test_library_is_what_its_sources_compile_to(capsys: pytest.CaptureFixture[str]) -> None:
    if reason := why_not_compiled():
        pytest.skip(reason)
    assert build.main(["--check"]) == 0, capsys.readouterr().err


def test_manifest_has_the_hashes_of_the_sources() -> None:
    manifest = build.read(f"{build.HERE}/bpflib.toml")
    for source in build.sources():
        assert f'"{source}" = "{build.digest(source)}"' in manifest


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_uses_no_more_stack_than_its_row_says(name: str) -> None:
    text = "\n".join(disassemble(load(name)))
    slots = re.findall(r"r10 -(\d+)", text)
    addresses = [n for _, n in re.findall(r"(r\d) = r10\n\1 \+= -(\d+)", text)]
    assert max(map(int, [*slots, *addresses]), default=0) <= FUNCTIONS[name].stack


def call(name: str, *args: int) -> int:
    """What library function `name` returns for `args`."""
    code = Code("main", params=1)
    code.ret(code.func(name, *[code.const(arg) for arg in args]))
    return execute(code, Kernel.release("4.18"))


@pytest.mark.parametrize("power", range(63))
def test_quantize_of_powers_of_two(power: int) -> None:
    bucket = 64 + power
    assert call("dt_quantize", 1 << power) == bucket
    assert call("dt_quantize", (1 << power + 1) - 1) == bucket
    assert call("dt_quantize", -(1 << power)) == 126 - bucket


def test_quantize_of_the_ends() -> None:
    assert call("dt_quantize", 0) == 63
    assert call("dt_quantize", -(1 << 63)) == 0
    assert call("dt_quantize", (1 << 63) - 1) == 126


def test_a_function_is_linked_once() -> None:
    code = Code("main", params=1)
    first = code.func("dt_quantize", code.const(1))
    code.alu("add", first, code.func("dt_quantize", code.const(2)))
    code.ret(first)
    kernel = Kernel.release("4.18")
    linker = Linker({}, Offsets(0, 0, 0), kernel)
    linked = linker.link("main", ProgType.KPROBE, finish(code, kernel), lambda name: None)
    assert [subprog.name for subprog in linked.prog.subprogs] == ["main", "dt_quantize"]
