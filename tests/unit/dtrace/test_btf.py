"""BTF: what is asked for is found; damaged BTF is an error and never a traceback."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

import pytest

from dtrace.types import btf_cache, model
from dtrace.types.btf import Btf
from emu.btf import HEADER, BtfError, Kind
from tests.btfwriter import Writer

if TYPE_CHECKING:
    from pathlib import Path


def sample() -> bytes:
    """Types of every kind:

    struct task {
        int pid;
        union { long state; struct { short lo; short hi; }; };
        struct task *parent;
        unsigned long flags:3, more:5;
        const char *name;
        char comm[16];
        struct opaque *rest;
    };
    """
    w = Writer()
    int_ = w.integer("int", 4, signed=True)
    long_ = w.integer("long int", 8, signed=True)
    ulong = w.integer("long unsigned int", 8, signed=False)
    short = w.integer("short int", 2, signed=True)
    char = w.integer("char", 1, signed=True)
    lo_hi = w.struct(Kind.STRUCT, "", 4, ("lo", short, 0), ("hi", short, 16))
    state = w.struct(Kind.UNION, "", 8, ("state", long_, 0), ("", lo_hi, 0))
    const_char = w.type(Kind.CONST, "", char)
    name = w.type(Kind.PTR, "", const_char)
    comm = w.type(Kind.ARRAY, rest=struct.pack("<III", char, int_, 16))
    opaque = w.type(Kind.PTR, "", w.type(Kind.FWD, "opaque"))
    parent = w.count + 2  # a pointer that is defined after the struct
    members = [
        ("pid", int_, 0), ("", state, 64), ("parent", parent, 128), ("flags", ulong, 3 << 24 | 192),
        ("more", ulong, 5 << 24 | 195), ("name", name, 256), ("comm", comm, 320),
        ("rest", opaque, 448),
    ]  # fmt: skip
    rest = b"".join(struct.pack("<III", w.name(n), t, at) for n, t, at in members)
    task = w.type(Kind.STRUCT, "task", 64, parts=len(members), flag=True, rest=rest)
    assert w.type(Kind.PTR, "", task) == parent
    pid = w.type(Kind.TYPEDEF, "pid_t", int_)
    proto = w.proto(pid, ("task", parent), ("name", name), ("", Kind.VOID))
    w.type(Kind.FUNC, "find", proto)
    user = w.type(Kind.PTR, "", w.type(Kind.TYPE_TAG, "user", const_char))
    constant = w.type(Kind.CONST, "", user)
    hook = w.type(Kind.PTR, "", w.proto(Kind.VOID, ("", int_)))
    table = w.type(Kind.PTR, "", comm)
    event = w.proto(
        Kind.VOID, ("data", parent), ("a", constant), ("b", hook), ("c", table), ("d", pid)
    )
    w.type(Kind.TYPEDEF, "btf_trace_found", w.type(Kind.PTR, "", event))
    values = struct.pack("<IiIi", w.name("LOW"), -1, w.name("HIGH"), 7)
    w.type(Kind.ENUM, "level", 4, parts=2, rest=values)
    big = struct.pack("<III", w.name("BIG"), 1, 2)
    w.type(Kind.ENUM64, "wide", 8, parts=1, rest=big)
    w.type(Kind.VAR, "current", parent, rest=struct.pack("<I", 1))
    w.type(Kind.FLOAT, "double", 8)
    w.type(Kind.DATASEC, ".data", 8, parts=1, rest=struct.pack("<III", 1, 0, 8))
    w.type(Kind.DECL_TAG, "tag", task, rest=struct.pack("<i", -1))
    return w.blob()


@pytest.fixture(scope="module")
def btf() -> Btf:
    return Btf(sample())


@pytest.mark.parametrize(
    ("member", "offset"),
    [
        ("pid", 0),
        ("state", 8),  # through the anonymous union
        ("hi", 10),  # and the anonymous struct in it
        ("parent", 16),
        ("more", 24),
        ("comm", 40),
    ],
)
def test_offsets_are_the_members_places(btf: Btf, member: str, offset: int) -> None:
    assert btf.struct_offset("task", member) == offset


def test_has_member_tells_what_is_there(btf: Btf) -> None:
    assert btf.has_member("task", "comm")
    assert not btf.has_member("task", "com")
    assert not btf.has_member("tas", "comm")
    assert not btf.has_member("task", "")


@pytest.mark.parametrize(
    ("struct_", "member", "message"),
    [
        ("nothing", "pid", "this kernel has no struct nothing"),
        ("task", "nothing", "struct task has no member nothing on this kernel"),
        ("task", "pid.nothing", "struct task has no member pid.nothing on this kernel"),
    ],
)
def test_what_is_missing_is_named(btf: Btf, struct_: str, member: str, message: str) -> None:
    with pytest.raises(BtfError) as caught:
        btf.struct_offset(struct_, member)
    assert str(caught.value) == message


def test_a_struct_becomes_a_struct_with_all_its_members(btf: Btf) -> None:
    task = btf.type("struct", "task")
    assert isinstance(task, model.Struct)
    assert (task.kind, task.tag, task.size, task.align, task.complete) == (
        "struct", "task", 64, 8, True,
    )  # fmt: skip
    assert list(task.members) == [
        "pid", "<1>", "parent", "flags", "more", "name", "comm", "rest",
    ]  # fmt: skip
    more = task.members["more"]
    assert (more.offset, more.bits, more.bit_offset) == (24, 5, 195)
    parent = task.members["parent"].type
    assert isinstance(parent, model.Pointer)
    assert parent.target is task
    rest = task.members["rest"].type
    assert isinstance(rest, model.Pointer)
    assert isinstance(rest.target, model.Struct)
    assert not rest.target.complete
    assert task.members["comm"].type.size == 16


def test_base_types_have_their_short_c_names(btf: Btf) -> None:
    long_ = btf.type("", "pid_t")
    assert isinstance(long_, model.Typedef)
    pid = model.resolve(long_)
    assert isinstance(pid, model.Int)
    assert (pid.name, pid.size, pid.signed) == ("int", 4, True)
    task = btf.type("struct", "task")
    assert isinstance(task, model.Struct)
    flags = task.members["flags"].type
    assert isinstance(flags, model.Int)
    assert (flags.name, flags.size, flags.signed) == ("unsigned long", 8, False)


def test_enums_have_their_values_and_their_sign(btf: Btf) -> None:
    level, wide = btf.type("enum", "level"), btf.type("enum", "wide")
    assert isinstance(level, model.Enum)
    assert isinstance(wide, model.Enum)
    assert (level.values, level.signed) == ({"LOW": -1, "HIGH": 7}, True)
    assert (wide.values, wide.signed) == ({"BIG": 2 << 32 | 1}, False)


def test_functions_have_their_prototypes(btf: Btf) -> None:
    find = btf.func_proto("find")
    assert find is not None
    assert len(find.params) == 2
    assert find.varargs
    assert btf.func_proto("lose") is None
    with pytest.raises(BtfError, match="no function lose"):
        btf.function_id("lose")


def test_a_tag_of_the_compiler_makes_a_pointer_the_processs() -> None:
    w = Writer()
    char = w.integer("char", 1, signed=True)
    plain = w.type(Kind.PTR, "", char)
    user = w.type(Kind.PTR, "", w.type(Kind.TYPE_TAG, "user", char))
    w.struct(Kind.STRUCT, "both", 16, ("plain", plain, 0), ("user", user, 64))
    both = Btf(w.blob()).type("struct", "both")
    assert isinstance(both, model.Struct)
    flags = [m.type.user for m in both.members.values() if isinstance(m.type, model.Pointer)]
    assert flags == [False, True]


def test_raw_tracepoints_have_their_arguments_as_c_writes_them(btf: Btf) -> None:
    assert btf.raw_event_args("found") == (
        "const char *const",
        "void (*)(int)",
        "char (*)[16]",
        "pid_t",
    )


def test_packed_structs_are_seen_by_their_members_places() -> None:
    w = Writer()
    long_ = w.integer("long int", 8, signed=True)
    char = w.integer("char", 1, signed=True)
    w.struct(Kind.STRUCT, "packed", 9, ("c", char, 0), ("l", long_, 8))
    w.struct(Kind.STRUCT, "plain", 16, ("c", char, 0), ("l", long_, 64))
    read = Btf(w.blob())
    aligns = [
        t.align
        for n in ("packed", "plain")
        if isinstance(t := read.type("struct", n), model.Struct)
    ]
    assert aligns == [1, 8]


def ask_everything(data: bytes) -> None:
    btf = Btf(data)
    for member in ("pid", "hi", "comm", "nothing"):
        btf.has_member("task", member)
    for kind, name in (("struct", "task"), ("", "pid_t"), ("enum", "level"), ("enum", "wide")):
        found = btf.type(kind, name)
        if isinstance(found, model.Struct):
            assert found.align >= 1
    btf.func_proto("find")
    btf.variable("current")
    btf.raw_event_args("found")


def test_btf_cut_off_anywhere_is_an_error() -> None:
    whole = sample()
    for length in range(len(whole)):
        with pytest.raises(BtfError):
            Btf(whole[:length])


def test_a_changed_byte_anywhere_gives_an_answer_or_an_error() -> None:
    whole = sample()
    ask_everything(whole)
    errors = 0
    for at in range(len(whole)):
        for byte in (0x00, 0x01, 0x7F, 0xFF):
            try:
                ask_everything(whole[:at] + bytes([byte]) + whole[at + 1 :])
            except BtfError:
                errors += 1
    assert errors > len(whole)


def test_types_that_go_in_circles_are_an_error() -> None:
    w = Writer()
    w.type(Kind.TYPEDEF, "turn", 1)
    pair = w.proto(0, ("", 0))
    w.types = w.types[:-8] + struct.pack("<II", 0, pair)
    w.type(Kind.TYPEDEF, "btf_trace_turn", w.type(Kind.PTR, "", pair))
    read = Btf(w.blob())
    with pytest.raises(BtfError, match="type 1 refers to itself"):
        read.type("", "turn")


def test_a_name_that_doubles_at_every_step_is_an_error() -> None:
    w = Writer()
    last = w.integer("int", 4, signed=True)
    for _ in range(30):
        last = w.type(Kind.PTR, "", w.proto(last, ("a", last), ("b", last)))
    w.type(Kind.TYPEDEF, "btf_trace_long", w.type(Kind.PTR, "", w.proto(0, ("x", 1), ("y", last))))
    with pytest.raises(BtfError, match="has no end"):
        Btf(w.blob()).raw_event_args("long")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "shorter than its header"),
        (bytes(64), "not BTF"),
        (HEADER.pack(0xEB9F, 2, 0, 24, 0, 0, 0, 0), "version 2"),
        (HEADER.pack(0xEB9F, 1, 0, 24, 0, 12, 12, 0) + struct.pack("<III", 0, 30 << 24, 0),
         "unknown kind 30 at offset 24"),
        (HEADER.pack(0xEB9F, 1, 0, 24, 0, 12, 12, 0) + struct.pack("<III", 0, 4 << 24 | 9, 0),
         "runs past offset 36"),
    ],
)  # fmt: skip
def test_errors_say_what_is_wrong_and_where(data: bytes, message: str) -> None:
    with pytest.raises(BtfError, match=message):
        Btf(data)


# -- The cache


@pytest.fixture
def kept(tmp_path: Path) -> str:
    """A file that keeps the index of sample()."""
    path = str(tmp_path / "deep" / "btf.index")
    data = sample()
    btf_cache.store(path, data, Btf(data).index)
    return path


def test_a_kept_index_serves_like_a_new_one(kept: str) -> None:
    data = sample()
    index = btf_cache.load(kept, data)
    assert index == Btf(data).index
    assert Btf(data, index).struct_offset("task", "comm") == 40
    assert os.listdir(os.path.dirname(kept)) == ["btf.index"]


def test_an_index_of_other_btf_is_not_used(kept: str) -> None:
    w = Writer()
    w.integer("int", 4, signed=True)
    assert btf_cache.load(kept, w.blob()) is None


def test_a_damaged_index_is_not_used(kept: str) -> None:
    with open(kept, "rb") as file:
        whole = file.read()
    damaged = [whole[:length] for length in range(0, len(whole), 7)]
    damaged += [whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :] for at in range(len(whole))]
    for content in [*damaged, whole + b"\0"]:
        with open(kept, "wb") as file:
            file.write(content)
        assert btf_cache.load(kept, sample()) is None


def test_a_cache_that_cannot_be_written_or_read_is_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    data = sample()
    btf_cache.store(f"{blocked}/btf.index", data, Btf(data).index)
    assert btf_cache.load(f"{blocked}/btf.index", data) is None
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.skipif(not os.access(btf_cache.VMLINUX, os.R_OK), reason="this kernel has no BTF")
def test_the_running_kernels_btf_is_read_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(btf_cache, "_folder", lambda: str(tmp_path))
    first = btf_cache.vmlinux()
    assert first.has_member("task_struct", "real_parent")
    assert [name.startswith("btf-") for name in os.listdir(tmp_path)] == [True]
    again = btf_cache.vmlinux()
    assert again.index == first.index
    assert again.struct_offset("task_struct", "comm") == first.struct_offset("task_struct", "comm")


def test_a_kernel_without_btf_is_an_error_that_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(BtfError, match="CONFIG_DEBUG_INFO_BTF"):
        btf_cache.read_blob(str(tmp_path / "vmlinux"))
