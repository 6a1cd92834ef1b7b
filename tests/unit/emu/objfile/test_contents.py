"""Maps that are declared with their contents, and what objects take from the kernel."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest

from emu.btf import Kind
from emu.isa.asm import assemble
from emu.isa.insn import encode
from emu.kernel.enums import F_RDONLY_PROG, MapType
from emu.kernel.profile import Kernel
from emu.objfile import ObjectError, load
from emu.objfile.target import Target
from emu.prog import PSEUDO_BTF_ID, PSEUDO_KFUNC_CALL
from tests.btfwriter import Writer
from tests.elfwriter import elf
from tests.objects import (
    BTF,
    COMPILERS,
    CONFIG,
    KERNEL,
    by_name,
    content,
    libbpf,
    programs,
    results,
)
from verifier_model import verify

pytest.importorskip("elftools", reason="objects need pyelftools")

F_MMAPABLE = 1 << 10  # which libbpf adds for user space, and which changes nothing for programs
# The extern's number is that among .kconfig variables, of which there are none, and symbols: known,
# none, helpful ... by name.
NO_FUNCTION = {"changed": (0x85, 0, 0, 0, 2002000000), "missing": (0x85, 0, 0, 0, 2002000003)}


# -- The same maps as libbpf


@pytest.mark.parametrize("name", [name for name, row in libbpf().items() if row["maps"]])
def test_maps_are_those_that_libbpf_makes(name):
    progs = programs(name)
    maps = {made.name: made for made in progs[0].maps}
    rows = libbpf()[name]["maps"]
    assert set(maps) == {row["name"][:15] for row in rows}
    for row in rows:
        made = maps[row["name"][:15]]
        *facts, flags = row["facts"]
        assert [made.type, made.key_size, made.value_size, made.max_entries] == facts
        assert made.flags == flags & ~F_MMAPABLE
        if row["init"]:
            ((_, value),) = made.init or ((b"", b""),)
            assert value.ljust(made.value_size, b"\0").hex() == row["init"]
        if not name.startswith("contents.gcc"):  # libbpf gives up before it has filled it
            names = progs if made.type is MapType.PROG_ARRAY else progs[0].maps
            assert [[at, names[number].name] for at, number in made.slots] == row["slots"]


# -- Contents


@pytest.mark.parametrize("compiler", [*COMPILERS, "gcc12"])
def test_programs_find_the_maps_that_a_map_was_declared_with(compiler):
    progs = programs(f"contents.{compiler}.o")
    outer = next(made for made in progs[0].maps if made.name == "outer")
    assert [(at, progs[0].maps[number].name) for at, number in outer.slots] == [
        (1, "one"), (3, "two")
    ]  # fmt: skip
    assert verify(progs[0], KERNEL).accepted
    assert results(progs, times=3) == {"count": 3}


@pytest.mark.parametrize("compiler", [*COMPILERS, "gcc12"])
def test_programs_jump_to_those_that_an_array_was_declared_with(compiler):
    progs = programs(f"jumps.{compiler}.o")
    assert results(progs) == {"other": 5, "target": 42, "start": 42}
    wanted = {prog.name for prog in programs(f"jumps.{compiler}.o", optional=True)}
    assert wanted == {"other", "target", "start", "sometimes"}


@pytest.mark.parametrize("compiler", COMPILERS)
def test_functions_and_variables_work_together(compiler):
    progs = programs(f"functions.{compiler}.o")
    assert all(verify(prog, KERNEL).accepted for prog in progs)
    # one: 4 * 2 + 4 * 3 + 10; two: 4 * 3 + 5
    assert results(progs) == {"one": 30, "two": 17}
    linkages = {info.name: info.linkage for prog in progs for info in prog.func_info}
    assert linkages == {"one": 1, "two": 1, "both": 0, "twice": 0, "thrice": 1}


# -- Configuration


@pytest.mark.parametrize("compiler", COMPILERS)
def test_configuration_is_what_the_kernels_says(compiler):
    progs = programs(f"config.{compiler}.o")
    version = 6 << 16 | 18 << 8 | 44
    assert results(progs) == {"config": version + 1 + 250 + 2 + ord("e")}
    (made,) = progs[0].maps
    assert (made.name, made.flags, made.frozen) == ("config.kconfig", F_RDONLY_PROG, True)


def test_the_first_of_two_lines_counts():
    progs = programs("config.clang19.o", kconfig=CONFIG + "CONFIG_HZ=1000\nCONFIG_BPF=n\n")
    assert progs == programs("config.clang19.o")


def test_weak_variables_that_nothing_is_known_of_are_zero():
    progs = programs("config.clang19.o", kconfig="CONFIG_BPF=y\n# CONFIG_HZ is not set\n")
    assert results(progs) == {"config": (6 << 16 | 18 << 8 | 44) + 1}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("", "CONFIG_BPF is not in the kernel's configuration"),
        ("CONFIG_BPF=m", "CONFIG_BPF cannot be m"),
        ("CONFIG_BPF=2", "CONFIG_BPF cannot be 2"),
        ('CONFIG_BPF=y\nCONFIG_HZ="250"', 'CONFIG_HZ cannot be "250"'),
        ("CONFIG_BPF=y\nCONFIG_HZ=-1", "CONFIG_HZ cannot be -1"),
        ("CONFIG_BPF=y\nCONFIG_HZ=fast", "CONFIG_HZ cannot be fast"),
        ("CONFIG_BPF=y\nCONFIG_NONE=65536", "CONFIG_NONE cannot be 65536"),
        ("CONFIG_BPF=y\nCONFIG_EXT4=1", "CONFIG_EXT4 cannot be 1"),
        ("CONFIG_BPF=y\nCONFIG_NAME=y", "CONFIG_NAME cannot be y"),
    ],
)
def test_configuration_that_does_not_fit_is_refused_by_name(config, message):
    with pytest.raises(ObjectError) as info:
        programs("config.clang19.o", kconfig=config)
    assert info.value.message == f".kconfig variable {message}"


def test_the_version_needs_a_kernel():
    with pytest.raises(ObjectError, match="LINUX_KERNEL_VERSION needs a kernel, and none is given"):
        programs("config.clang19.o", kernel=None)


# -- Symbols


@pytest.mark.parametrize("compiler", COMPILERS)
def test_symbols_of_the_kernel_are_found_and_weak_ones_need_not_be(compiler):
    progs = by_name(f"symbols.{compiler}.o", symbols={"place": 0xFFFFFFFF81234567})
    insns = progs["kernel"].insns
    loads = [
        (first.src, first.imm & 0xFFFFFFFF | (second.imm & 0xFFFFFFFF) << 32)
        for first, second in pairwise(insns)
        if first.code == 0x18
    ]
    assert (0, 0xFFFFFFFF81234567) in loads
    assert NO_FUNCTION["missing"] in insns
    known = Target(btf=BTF).btf.find("known", (Kind.VAR,))
    assert {number for src, number in loads if src == PSEUDO_BTF_ID} == {known}
    calls = [insn for insn in progs["calls"].insns if insn.code == 0x85]
    assert (calls[0].src, progs["calls"].kfuncs) == (PSEUDO_KFUNC_CALL, ("helpful",))
    assert calls[1] == NO_FUNCTION["changed"]  # it takes other arguments there


def test_a_weak_symbol_without_an_address_is_null():
    insns = by_name("symbols.clang19.o")["kernel"].insns
    assert (0x18, 0, 0) in {(insn.code, insn.src, insn.imm) for insn in insns}


def test_symbols_with_a_type_need_a_kernels_types():
    with pytest.raises(ObjectError, match="known is found in a kernel's BTF only, and none is gi"):
        programs("symbols.clang19.o", btf=None)


@pytest.mark.parametrize(
    ("types", "message"),
    [
        ((), "the kernel has no variable known"),
        (("known",), "the kernel has no function helpful"),
        (("known", "helpful"), "the kernel's function helpful is of another type"),
    ],
)
def test_symbols_that_are_not_weak_must_be_there(types, message):
    w = Writer()
    int_ = w.integer("int", 4, signed=True)
    if "known" in types:
        w.type(Kind.VAR, "known", int_, rest=struct.pack("<I", 1))
    if "helpful" in types:
        w.type(Kind.FUNC, "helpful", w.proto(int_, ("x", int_)))
    with pytest.raises(ObjectError, match=message):
        programs("symbols.clang19.o", btf=w.blob())


# -- Helpers


def test_old_kernels_get_the_helpers_that_they_have():
    code = encode(assemble("call 113\ncall 115\ncall 112\ncall 114\ncall 1\nexit"))
    old, new = (
        [insn.imm for insn in load(elf(code), kernel=Kernel.release(name))[0].insns]
        for name in ("5.4", "5.5")
    )
    assert old == [4, 45, 4, 45, 1, 0]
    assert new == [113, 115, 112, 114, 1, 0]


def test_the_objects_name_begins_those_of_its_variables():
    names = [made.name for made in programs("functions.clang19.o")[0].maps]
    assert set(names) == {"function.rodata", "function.data", "function.bss", ".data.pair"}
    data = content("functions.clang19.o")
    given = [made.name for made in load(data, "a-b", btf=BTF, kconfig=CONFIG)[0].maps]
    assert set(given) == {"a_b.rodata", "a_b.data", "a_b.bss", ".data.pair"}
