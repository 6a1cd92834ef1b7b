"""Tracing programs release by release: where each rule for kernel structures begins and ends.

Each expectation names the function that was read, in the releases on both sides of it; those of
5.10.262, 6.1.180, 6.12.43, 6.16.3, 6.17.13, 6.18.5 and 7.2.13 were measured too, with such accesses
of the kernels' own structures.
"""

from __future__ import annotations

import re

import pytest

from emu.btf import BtfData, Kind
from emu.isa.asm import assemble
from emu.kernel import raw_tp_args
from emu.kernel.enums import AttachType, ProgType
from emu.kernel.profile import Kernel
from emu.prog import Insn, Prog
from tests.btfwriter import Writer
from verifier_model import Unmodelled, Verdict, verify

RAW_TP, FENTRY = AttachType.TRACE_RAW_TP, AttachType.TRACE_FENTRY
TRUE = "r0 = 0\nexit"
LEAF = "r2 = *(u64 *)(r1 +0)\n"
NO_ACCESS = "invalid bpf_context access off={} size=8"


def types_() -> BtfData:
    """struct leaf, structures around it, functions and tracepoint `hit` that have them."""
    w = Writer()
    integer = w.integer("int", 4, signed=True)
    char = w.integer("char", 1, signed=True)
    u32 = w.type(Kind.TYPEDEF, "u32", size=integer)
    colour = w.type(Kind.ENUM, "colour", 4)
    pair = w.struct(Kind.STRUCT, "pair", 8, ("a", integer, 0), ("b", integer, 32))
    pair_t = w.type(Kind.TYPEDEF, "pair_t", size=pair)

    def array(of: int, count: int) -> int:
        rest = b"".join(n.to_bytes(4, "little") for n in (of, integer, count))
        return w.type(Kind.ARRAY, rest=rest)

    pairs, tail = array(pair_t, 2), array(pair, 0)
    leaf = w.count + 7
    to_leaf = w.type(Kind.PTR, size=leaf)
    const_leaf = w.type(Kind.CONST, size=leaf)
    to_const = w.type(Kind.PTR, size=const_leaf)
    either = w.struct(Kind.UNION, "", 8, ("x", to_leaf, 0), ("n", integer, 0))
    second = w.struct(Kind.STRUCT, "second", 16, ("n", integer, 0), ("x", to_leaf, 64))
    deep = w.struct(Kind.UNION, "", 16, ("second", second, 0), ("n", integer, 0))
    members = (
        ("next", to_leaf, 0),
        ("both", either, 64),
        ("list", pairs, 128),
        ("n", integer, 256),
        ("other", to_leaf, 320),
        ("deep", deep, 384),
        ("tail", tail, 512),
    )
    assert leaf == w.struct(Kind.STRUCT, "leaf", 64, *members)
    w.struct(Kind.STRUCT, "leaf__safe_fields", 8, ("other", to_leaf, 0))
    w.struct(Kind.STRUCT, "leaf__safe_rcu", 8, ("other", to_leaf, 0))
    w.struct(Kind.STRUCT, "leaf__safe_rcu_or_null", 8, ("next", to_leaf, 0))
    bits = b"".join(
        n.to_bytes(4, "little")
        for n in (w.name("a"), integer, 3 << 24, w.name("b"), integer, 5 << 24 | 3)
    )
    flags = w.type(Kind.STRUCT, "flags", 4, parts=2, flag=True, rest=bits)

    def pointer(to: int) -> int:
        return w.type(Kind.PTR, size=to)

    to_int = pointer(w.type(Kind.CONST, size=integer))
    text = array(char, 0)
    line = w.struct(Kind.STRUCT, "line", 4, ("n", integer, 0), ("text", text, 32))
    mine = pointer(w.type(Kind.TYPE_TAG, "user", size=leaf))
    own = pointer(w.type(Kind.TYPE_TAG, "percpu", size=leaf))
    for name, args in {
        "take": (to_leaf, colour),
        "numbers": (pointer(u32), to_int, pointer(char)),
        "seen": (to_const,),
        "flagged": (pointer(flags),),
        "many": (integer,) * 12,
        "say": (to_leaf, 0),
        "give": (pair, to_leaf),
        "hollow": (w.struct(Kind.STRUCT, "nothing", 0),),
        "share": (either,),
        "migrate_enable": (),
        "read": (pointer(line),),
        "free": (pointer(w.type(Kind.CONST)),),
        "copy": (mine, own),
    }.items():
        w.type(Kind.FUNC, name, w.proto(0, *(("x", arg) for arg in args)))
    w.type(Kind.FUNC, "try", w.proto(0, ("leaf__nullable", to_leaf)))
    proto = w.proto(0, ("", pointer(0)), ("", to_leaf))
    w.type(Kind.TYPEDEF, "btf_trace_hit", pointer(proto))
    return BtfData(w.blob())


TYPES = types_()


def answer(
    to: str,
    insns: str | tuple[Insn, ...],
    release: str,
    *,
    licence: str = "GPL",
    kfuncs: tuple[str, ...] = (),
) -> Verdict:
    """What `release` says of a program for function `to`, or for the tracepoint `hit`."""
    prog = Prog(
        "t",
        ProgType.TRACING,
        tuple(assemble(insns)) if isinstance(insns, str) else insns,
        license=licence,
        kfuncs=kfuncs,
        expected_attach_type=RAW_TP if to == "hit" else FENTRY,
        attach_to=to,
    )
    return verify(prog, Kernel.release(release), btf=TYPES, log_level=2)


def said(verdict: Verdict) -> str:
    return "accept" if verdict.accepted else verdict.message


@pytest.mark.parametrize(
    ("to", "text", "expected"),
    [
        # btf_ctx_access(): btf_type_is_enum(), is_string_ptr(), is_int_ptr()
        ("take", "r2 = *(u64 *)(r1 +8)", {"5.5": NO_ACCESS.format(8), "5.6": "accept"}),
        ("numbers", "r2 = *(u64 *)(r1 +16)", {"5.5": NO_ACCESS.format(16), "5.6": "accept"}),
        ("numbers", "r2 = *(u64 *)(r1 +8)", {"5.16": NO_ACCESS.format(8), "5.17": "accept"}),
        (
            "numbers",
            "r2 = *(u64 *)(r1 +0)",
            {
                "5.17": NO_ACCESS.format(0),
                "6.1.180": "accept",
                "6.2.1": NO_ACCESS.format(0),
                "6.2.15": "accept",
                "6.4": "accept",
            },
        ),
        ("free", "r2 = *(u64 *)(r1 +0)", {"6.15": NO_ACCESS.format(0), "6.16.3": "accept"}),
        (
            "try",
            LEAF + "r0 = *(u64 *)(r2 +0)",
            {
                "6.11.4": "accept",
                "6.11.11": "R2 invalid mem access 'ptr_or_null_'",
                "6.12": "R2 invalid mem access 'ptr_or_null_'",
            },
        ),
        (
            "take",
            "r2 = *(u32 *)(r1 +0)",
            {
                "6.11": "accept",
                "6.12.43": "invalid bpf_context access off=0 size=4",
                "6.13": "invalid bpf_context access off=0 size=4",
            },
        ),
        # btf_distill_func_proto()
        (
            "many",
            "",
            {"5.17": "The function many has 12 arguments. Too many.", "5.18": "accept"},
        ),
        (
            "say",
            "",
            {
                "5.10.7": "accept",
                "5.10.44": "The function say with variable args is unsupported.",
                "5.12": "accept",
                "5.13": "The function say with variable args is unsupported.",
            },
        ),
        (
            "give",
            "",
            {"6.0": "The function give arg0 type STRUCT is unsupported.", "6.1": "accept"},
        ),
        (
            "hollow",
            "",
            {
                "6.0": "The function hollow arg0 type STRUCT is unsupported.",
                "6.6": "The function hollow has malformed void argument.",
            },
        ),
        (
            "share",
            "",
            {"6.17": "The function share arg0 type UNION is unsupported.", "6.18": "accept"},
        ),
        # check_attach_btf_id(): btf_id_deny
        ("migrate_enable", "", {"5.12": "accept", "5.14": "", "6.6": ""}),
        # btf_struct_access(), btf_struct_walk()
        (
            "flagged",
            LEAF + "r0 = *(u8 *)(r2 +0)",
            {"5.5": "struct flags doesn't have field at offset 0", "5.6": "accept"},
        ),
        (
            "flagged",
            LEAF + "r0 = *(u32 *)(r2 +4)",
            {
                "5.5": "struct flags doesn't have field at offset 4",
                "5.6": "access beyond struct flags at off 4 size 4",
            },
        ),
        (
            "take",
            LEAF + "r0 = *(u32 *)(r2 +36)",  # a hole
            {
                "5.5": "struct leaf doesn't have field at offset 36",
                "5.6": "struct leaf doesn't have field at offset 36",
            },
        ),
        (
            "take",
            LEAF + "r0 = *(u32 *)(r2 +68)",
            {"5.7": "access beyond struct leaf at off 68 size 4", "5.8": "accept"},
        ),
        (
            "read",
            LEAF + "r0 = *(u8 *)(r2 +9)",
            {"6.3": "access beyond struct line at off 9 size 1", "6.4": "accept"},
        ),
        (
            "copy",
            LEAF + "r0 = *(u64 *)(r2 +0)",
            {"5.17": "accept", "5.18": "R2 is ptr_leaf access user memory: off=0"},
        ),
        (
            "copy",
            "r2 = *(u64 *)(r1 +8)\nr0 = *(u64 *)(r2 +0)",
            {"5.17": "accept", "5.18": "R2 is ptr_leaf access percpu memory: off=0"},
        ),
        (
            "take",
            LEAF + "r0 = *(u32 *)(r2 +24)",
            {
                "5.9": "accept",
                "5.10": "Type 'pair_t' is not a struct",
                "5.15": "Type 'pair_t' is not a struct",
                "6.5": "Type 'pair_t' is not a struct",
                "6.6": "accept",
            },
        ),
        (
            "take",
            LEAF + "r0 = *(u32 *)(r2 +28)",
            dict.fromkeys(("5.5", "5.9", "5.15", "6.5", "6.6"), "accept"),
        ),
        ("seen", LEAF + "r0 = *(u64 *)(r2 +0)", dict.fromkeys(("5.6", "5.15", "6.6"), "accept")),
        # check_ptr_to_btf_access()
        (
            "take",
            LEAF + "*(u64 *)(r2 -8) = 0",
            {
                "5.5": "only read is supported",
                "5.6": "R2 is ptr_leaf invalid negative access: off=-8",
                "6.6": "R2 is ptr_leaf invalid negative access: off=-8",
            },
        ),
        (
            "take",
            LEAF + "r3 = *(u32 *)(r2 +32)\nr3 &= 7\nr2 += r3\nr0 = *(u8 *)(r2 -8)",
            {
                "5.15": "R2 is ptr_leaf invalid negative access: off=-8",
                "7.0.13": "R2 is ptr_leaf invalid negative access: off=-8",
                "7.1.13": "R2 is ptr_leaf invalid variable offset: off=-8, var_off=(0x0; 0x7)",
            },
        ),
        (
            "take",
            LEAF + "r3 = *(u32 *)(r2 +32)\nr3 &= 7\nr2 += 8\nr2 += r3\nr0 = *(u8 *)(r2 +4)",
            {
                "5.15": "R2 is ptr_leaf invalid variable offset: off=12, var_off=(0x0; 0x7)",
                "7.2.13": "R2 is ptr_leaf invalid variable offset: off=4, var_off=(0x8; 0x7)",
            },
        ),
        # is_spillable_regtype(), check_stack_boundary(), check_stack_range_initialized()
        (
            "take",
            LEAF + "*(u64 *)(r10 -8) = r2\nr3 = *(u64 *)(r10 -8)\nr0 = *(u32 *)(r3 +32)",
            {"5.5": "R3 invalid mem access 'inv'", "5.6": "accept"},
        ),
        (
            "take",
            LEAF + "*(u64 *)(r10 -8) = r2\nr1 = r10\nr1 += -8\nr2 = 8\ncall trace_printk\n"
            "r3 = *(u64 *)(r10 -8)\nr0 = *(u32 *)(r3 +32)",
            {
                "5.7": "invalid indirect read from stack off -8+0 size 8",
                "5.8": "accept",
                "5.15": "accept",
                "6.0": "accept",
                "6.1.180": "R3 invalid mem access 'scalar'",
            },
        ),
        # reg_not_null(), save_aux_ptr_type(), mem_types
        (
            "hit",
            LEAF + "if r2 != 0 goto +1\nr0 = *(u64 *)(r0 +0)",
            {"6.4": "R0 !read_ok", "6.5": "accept"},
        ),
        (
            "hit",
            LEAF + "r6 = r2\ncall get_prandom_u32\nif r0 == 0 goto +1\n"
            "r6 = *(u64 *)(r6 +40)\nr0 = *(u32 *)(r6 +32)",
            {
                "6.1": "accept",
                "6.2": "same insn cannot be used with different pointers",
                "6.4": "accept",
            },
        ),
        (
            "take",
            LEAF + "r1 = r2\nr2 = 4\ncall trace_printk",
            {
                "5.12": "R1 type=ptr_ expected=fp, pkt, pkt_meta, map_value, mem, rdonly_buf, "
                "rdwr_buf",
                "5.15": "R1 type=ptr_ expected=fp, pkt, pkt_meta, map_key, map_value, mem, "
                "rdonly_buf, rdwr_buf",
                "6.3": "R1 type=ptr_ expected=fp, pkt, pkt_meta, map_key, map_value, mem, "
                "ringbuf_mem, buf",
                "6.4": "R1 type=ptr_ expected=fp, pkt, pkt_meta, map_key, map_value, mem, "
                "ringbuf_mem, buf, trusted_ptr_",
            },
        ),
        (
            "hit",
            LEAF + "r1 = r2\nr2 = 8\ncall trace_printk",
            {
                "6.1": "R1 type=ptr_ expected=fp, pkt, pkt_meta, map_key, map_value, mem, "
                "alloc_mem, buf",
                "6.3": "R1 type=trusted_ptr_ expected=fp, pkt, pkt_meta, map_key, map_value, mem, "
                "ringbuf_mem, buf",
                "6.4": "accept",
            },
        ),
        # check_return_code()
        (
            "take",
            "r0 = 1\nif r0 != 0 goto +1",
            {
                "5.6.4": "accept",
                "5.6.14": "At program exit the register R0 has value (0x1; 0x0) should have been "
                "in (0x0; 0x0)",
            },
        ),
    ],
)
def test_rule_begins_and_ends_with_its_release(to, text, expected):
    for release, message in expected.items():
        assert said(answer(to, f"{text}\n{TRUE}", release)) == message, release


def test_only_gpl_programs_access_structures_since_6_2():
    """check_ptr_to_btf_access(), read in 6.1.192 and 6.2.1."""
    text = f"{LEAF}r0 = *(u32 *)(r2 +32)\n{TRUE}"
    assert said(answer("take", text, "6.1", licence="BSD")) == "accept"
    assert said(answer("take", text, "6.2", licence="BSD")) == (
        "Cannot access kernel 'struct leaf' from non-GPL compatible program"
    )


@pytest.mark.parametrize(
    ("off", "expected"),
    [
        # prog_args_trusted()
        (None, {"5.15": "ptr_leaf", "6.1": "ptr_leaf", "6.2": "trusted_ptr_leaf"}),
        # nested_ptr_is_trusted(), then type_is_rcu()
        (40, {"6.2": "ptr_leaf", "6.3": "trusted_ptr_leaf", "6.4": "rcu_ptr_leaf"}),
        (0, {"6.3": "ptr_leaf", "6.4": "rcu_ptr_or_null_leaf", "6.6": "rcu_ptr_or_null_leaf"}),
        # btf_struct_walk(): a union's start, and what is behind it
        (
            8,
            {
                "6.3": "ptr_leaf",
                "6.4": "ptr_leaf",
                "6.5": "ptr_leaf",
                "6.5.3": "untrusted_ptr_leaf",
                "6.6": "untrusted_ptr_leaf",
            },
        ),
        (56, {"6.3": "ptr_leaf", "6.4": "untrusted_ptr_leaf", "6.6": "untrusted_ptr_leaf"}),
    ],
)
def test_loaded_pointer_is_trusted_as_the_release_says(off, expected):
    text = LEAF if off is None else f"{LEAF}r3 = r2\nr2 = 0\nr2 = *(u64 *)(r3 +{off})\n"
    for release, name in expected.items():
        log = "\n".join(answer("hit", text + TRUE, release).log)
        assert re.findall(r"R2(?:_w)?=(\w*ptr_\w+)\(", log)[-1] == name, release


def test_what_rcu_protects_is_untrusted_after_the_last_unlock_until_7_3():
    """check_kfunc_call(); since 7.3 in_rcu_cs() counts programs that do not sleep.

    Measured on 7.2.13 and 7.3.4 with task_struct.cgroups.
    """
    text = (
        "r6 = *(u64 *)(r1 +0)\n.insn 0x85 0 2 0 0\nr7 = *(u64 *)(r6 +40)\n"
        f"*(u64 *)(r10 -8) = r7\n.insn 0x85 0 2 0 1\nr7 = *(u64 *)(r10 -8)\n{TRUE}"
    )
    names = ("bpf_rcu_read_lock", "bpf_rcu_read_unlock")
    for release, name in (("7.2", "untrusted_ptr_leaf"), ("7.3", "rcu_ptr_leaf")):
        log = "\n".join(answer("hit", text, release, kfuncs=names).log)
        assert re.findall(r"R7=(\w*ptr_\w+)\(", log)[-1] == name, release


def test_pointers_without_an_id_are_null_together_before_6_10():
    """mark_btf_ld_reg() gives ids since 6.10; is_rcu_reg() lets those without be compared."""
    text = (
        f"{LEAF}r3 = *(u64 *)(r2 +0)\nr4 = *(u64 *)(r2 +0)\nif r3 == 0 goto out\n"
        f"r0 = *(u32 *)(r4 +32)\nout: {TRUE}"
    )
    assert said(answer("hit", text, "6.6.31")) == "accept"
    for release in ("6.6.57", "6.10"):
        message = said(answer("hit", text, release))
        assert message == "R4 invalid mem access 'rcu_ptr_or_null_'", release


def test_function_is_looked_at_before_the_insns_in_5_5():
    """check_attach_btf_id() came first; since 5.6 replace_map_fd_with_map_ptr() did."""
    bad = (Insn(0x18, 1, 9), Insn(0), Insn(0xB7), Insn(0x95))
    refused = "The function give arg0 type STRUCT is unsupported."
    assert said(answer("give", bad, "5.5")) == refused
    assert said(answer("give", bad, "5.6")) == "unrecognized bpf_ld_imm64 insn"


@pytest.mark.parametrize(
    ("to", "text", "releases", "what"),
    [
        ("seen", LEAF, ("5.5",), "a pointer to a qualified structure"),
        ("hit", "", ("6.11.11", "6.12.20"), "a raw tracepoint's arguments"),
        ("migrate_enable", "", ("5.13",), "a tracing program for migrate_enable"),
    ],
)
def test_what_no_source_tells_has_no_answer(to, text, releases, what):
    for release in releases:
        with pytest.raises(Unmodelled, match=what):
            answer(to, f"{text}\n{TRUE}", release)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # raw_tp_null_args, read in 6.11.4, 6.12.117, 6.13.7, 6.14.0, 6.17.0 and 7.2
        ("sched_pi_setprio", {"6.11": 0, "6.12": 0, "6.12.43": 0x10, "6.13": 0x10}),
        ("xfs_defer_add_item", {"6.12.43": 0, "6.14": 0, "6.15": 1, "7.2": 1}),
        ("sched_process_wait", {"6.13": 0, "6.19": 0, "7.2": 1}),
    ],
)
def test_lists_of_raw_tracepoints_grow(name, expected):
    for release, mask in expected.items():
        assert raw_tp_args.mask(Kernel.release(release), name) == mask, release
