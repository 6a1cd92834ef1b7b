"""Statements about scalars on their way: spills and fills, links, and states that cover others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emu.isa.table import LDX, ST, STX
from emu.prog import Insn
from verifier_model import equal, scalars
from verifier_model.check import mem
from verifier_model.domain import arc, circular, tnum
from verifier_model.domain.word import U32, U64
from verifier_model.reg import ADD_CONST_32, ADD_CONST_64, FP, unknown_scalar
from verifier_model.smt.proof.about_bits import implied
from verifier_model.smt.proof.obligation import Obligation
from verifier_model.smt.proof.terms import Bits, signed

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier_model.domain.arc import Arc
    from verifier_model.reg import RegState
    from verifier_model.rules import Rules
    from verifier_model.smt.proof.execute import Contract, Executor
    from verifier_model.smt.proof.scene import Scene

SRC, DST = 2, 1
MEM = 0x60
SIZES = {1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18}  # bytes, and the bits of the opcode


def _spill_fill(stored: int, loaded: int, at: int) -> Callable[[Scene], None]:
    """Store `stored` bytes of a register to fp-8, and load `loaded` bytes from fp-8+at.

    What the slot held before is unknown data, written by the program.
    """

    def state(s: Scene) -> None:
        store = Insn(STX | MEM | SIZES[stored], FP, SRC, -8)
        env, here = s.machine(store, Insn(LDX | MEM | SIZES[loaded], DST, FP, -8 + at))
        v, x = s.value_with("v")
        here.frames[0].regs[SRC] = unknown_scalar()
        s.call(mem.store, env, here, FP, -8, 8, SRC)
        here.frames[0].regs[SRC] = v
        s.call(mem.store, env, here, FP, -8, stored, SRC)
        env.insn_idx = 1
        if at + loaded <= stored:
            real = (x >> 8 * at) & ((1 << 8 * loaded) - 1)
        else:
            real = s.word("other", 8 * loaded)
        real = s.result(real)
        s.show_holds(s.call(mem.load, env, here, FP, -8 + at, loaded, DST), real)

    return state


def _store_imm(stored: int, loaded: int) -> Callable[[Scene], None]:
    """Store an immediate, any number, and load the low bytes of it."""

    def state(s: Scene) -> None:
        imm = signed("imm", 32)
        store = Insn(ST | MEM | SIZES[stored], FP, 0, -8, imm)  # type: ignore[arg-type]
        env, here = s.machine(store, Insn(LDX | MEM | SIZES[loaded], DST, FP, -8))
        s.call(mem.store, env, here, FP, -8, stored, -1)
        env.insn_idx = 1
        real = s.result(Bits(imm.low(8 * loaded), False) & U64)
        s.show_holds(s.call(mem.load, env, here, FP, -8, loaded, DST), real)

    return state


def _linked(known_has: int, reg_has: int) -> Callable[[Scene], None]:
    """A comparison told something of a sum, and so of another sum of the same base.

    known_has, reg_has: the flags of the two ids: whether each is the base plus its `off`, or the
    low half of that, or the base itself.  Where one is a low half, neither is wider than that.
    """
    halves = (known_has | reg_has) & ADD_CONST_32

    def state(s: Scene) -> None:
        env, here = s.machine()
        known, k = s.value_with("known")
        reg = s.value("reg")
        regs = here.frames[0].regs
        regs[SRC], regs[DST] = known, reg
        known.id, reg.id = 7 | known_has, 7 | reg_has
        offs: list[Any] = [
            signed(name, 32) if flags else 0
            for flags, name in ((known_has, "known.off"), (reg_has, "reg.off"))
        ]
        known.off, reg.off = offs
        if halves:
            s.assume(k <= U32)
        delta = s.named((offs[1] - offs[0]) & U64)
        total = s.result((k + delta) & U64)
        other = s.result(total & U32) if halves else total
        s.call(scalars.sync_linked, env, here, known, [(0, DST, -1)])
        s.show_holds(regs[DST], other, agrees=())

    return state


def _arc_told_back(s: Scene, old: RegState, width: int, lemma: Contract) -> Contract:
    """The arc of `old`, whose range was set from one: about_arcs.py, `after set_arc`."""

    most = U64 if width == 64 else U32

    def run(ex: Executor, v: RegState) -> Arc:
        found: Arc = lemma(ex, v)
        if v is old:
            for x in s.words:
                there = ex.call(arc.contains, found, x & most, most)
                ex.assume(implied(there, s.in_range(v, width, x)))
        return found

    return run


def _covers(s: Scene) -> None:
    """A scalar that is found to be within an old one has no word that the old one lacks."""
    old = s.value("old")
    cur, x = s.value_with("cur")
    for function, width in ((circular.arc64, 64), (circular.arc32, 32)):
        s.ex.contracts[function] = _arc_told_back(s, old, width, s.ex.contracts[function])
    within = s.call(equal._within, s.rules, old, cur)
    includes = s.call(tnum.includes, old.var_off, cur.var_off)
    s.assume(within)
    s.assume(includes)
    s.show(s.holds(old, x), "the old state has the word")


def _rows() -> list[Obligation]:
    rows = []
    for stored in SIZES:
        for loaded in SIZES:
            for at in sorted({0, loaded % 8}):
                rows.append(
                    Obligation(
                        f"spill {stored} fill {loaded} at {at}",
                        (mem.store, mem.load),
                        _spill_fill(stored, loaded, at),
                    )
                )
            if loaded <= stored:
                rows.append(
                    Obligation(
                        f"store imm {stored} fill {loaded}",
                        (mem.store, mem.load),
                        _store_imm(stored, loaded),
                    )
                )
    for name, known, reg in (
        ("copy", 0, 0),
        ("sum of the base", 0, ADD_CONST_64),
        ("base of a sum", ADD_CONST_64, 0),
        ("sum of a sum", ADD_CONST_64, ADD_CONST_64),
        ("sum of 32 bits of the base", 0, ADD_CONST_32),
        ("base of a sum of 32 bits", ADD_CONST_32, 0),
        ("sum of a sum of 32 bits", ADD_CONST_32, ADD_CONST_32),
    ):
        rows.append(
            Obligation(
                f"linked: {name}", (scalars.sync_linked,), _linked(known, reg), _links(known | reg)
            )
        )
    rows.append(Obligation("covered by an old state", (equal.regsafe,), _covers))
    return rows


def _links(flags: int) -> Callable[[Rules], bool]:
    """Whether a release links registers so."""
    if flags & ADD_CONST_32:
        return lambda rules: rules.LINK_ADD_CONST_32
    return lambda rules: rules.LINK_ADD_CONST if flags else rules.SCALAR_IDS


OBLIGATIONS = tuple(_rows())
