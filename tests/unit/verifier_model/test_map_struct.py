"""Loads from a map's own structure, of which the kernel's BTF knows all members.

What is expected was measured with loads at all offsets of 18 kinds of maps on 5.10.262, 6.1.180,
6.12.107, 6.18.15 and 7.2.13.
"""

from __future__ import annotations

import pytest

from emu.btf import BtfData, Kind
from emu.isa.asm import assemble
from emu.kernel.enums import MapType, ProgType
from emu.kernel.profile import Kernel
from emu.prog import MapDef, Prog
from tests.btfwriter import Writer
from verifier_model import verify


def map_types() -> BtfData:
    """struct bpf_array and bpf_dtab, with members that are unlike the kernel's behind the head."""
    w = Writer()
    number = w.integer("unsigned int", 4, signed=False)
    user = w.struct(Kind.STRUCT, "user_struct", 4, ("uid", number, 0))
    head = w.struct(Kind.STRUCT, "bpf_map", 64, ("id", number, 320))
    anything, to_user = w.type(Kind.PTR), w.type(Kind.PTR, size=user)
    members = (("map", head, 0), ("size", number, 512), ("user", to_user, 576))
    for name in ("bpf_array", "bpf_dtab"):
        w.struct(Kind.STRUCT, name, 88, *members, ("any", anything, 640))
    return BtfData(w.blob())


TYPES = map_types()


def answer(load, then="", release="7.2.13", kind=MapType.ARRAY) -> str:
    maps = (MapDef("m", kind, 4, 4, 1),)
    text = f"r1 = map[0] ll\nr2 = *({load})\n{then}\nr0 = 0\nexit"
    prog = Prog("t", ProgType.KPROBE, assemble(text), maps=maps)
    verdict = verify(prog, Kernel.release(release), btf=TYPES)
    return "accept" if verdict.accepted else verdict.message


@pytest.mark.parametrize("kind", [MapType.ARRAY, MapType.DEVMAP])
@pytest.mark.parametrize(
    ("load", "then", "expected"),
    [
        ("u32 *)(r1 +64", "", "accept"),
        ("u64 *)(r1 +64", "", "access beyond the end of member size (mend:68) in struct {} with"),
        ("u64 *)(r1 +72", "r3 = *(u32 *)(r2 +0)", "accept"),
        ("u64 *)(r1 +72", "*(u32 *)(r2 +0) = 0", "only read is supported"),
        ("u32 *)(r1 +76", "", "cannot access ptr member user with moff 72 in struct {} with off"),
        ("u64 *)(r1 +80", "r3 = *(u8 *)(r2 +0)", "accept"),
        ("u64 *)(r1 +88", "", "access beyond struct {} at off 88 size 8"),
    ],
)
def test_members_behind_the_head_are_what_btf_says(kind, load, then, expected) -> None:
    name = {MapType.ARRAY: "bpf_array", MapType.DEVMAP: "bpf_dtab"}[kind]
    assert answer(load, then, kind=kind).startswith(expected.format(name))


@pytest.mark.parametrize("release", ["5.10.262", "6.1.180", "6.12.107"])
def test_the_security_of_a_map_is_a_pointer(release) -> None:
    assert answer("u64 *)(r1 +16", release=release) == "accept"
    refused = "cannot access ptr member security with moff 16 in struct bpf_map with off 20 size 4"
    assert answer("u32 *)(r1 +20", release=release) == refused
