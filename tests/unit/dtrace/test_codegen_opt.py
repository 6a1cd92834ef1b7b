"""Passes over instructions with virtual registers, and register allocation."""

from __future__ import annotations

from dtrace.bpf.code import Code, Ins, Label, VReg
from dtrace.codegen.passes import finish
from dtrace.opt.coalesce import coalesce
from dtrace.opt.dead import remove_dead
from dtrace.opt.jumps import remove_idle_jumps
from dtrace.opt.regalloc import Asm, allocate
from emu.kernel.profile import Kernel

NEWEST = Kernel.release("6.18")
FORGETFUL = Kernel.release("5.4")  # a value is unknown after it was spilled


def text(code: list[Ins]) -> list[str]:
    """One word an instruction, registers numbered in order of appearance."""
    numbers: dict[VReg, int] = {}

    def name(reg: VReg | None) -> str:
        return "" if reg is None else f"v{numbers.setdefault(reg, len(numbers))}"

    words = []
    for ins in code:
        parts = [ins.name, name(ins.dst), name(ins.src)]
        parts += [name(arg) for arg in ins.args if isinstance(arg, VReg)]
        words.append(" ".join(part for part in parts if part))
    return words


def names(code: list[Asm]) -> list[str]:
    return [asm.name for asm in code]


# --- Dead code ------------------------------------------------------------------------------------


def test_what_nobody_reads_is_dropped() -> None:
    code = Code("f")
    code.const(5)
    kept = code.const(6)
    code.ret(kept)
    assert text(remove_dead(code.ins)) == ["mov64_imm v0", "ret v0"]


def test_an_update_of_itself_reads_nothing() -> None:
    code = Code("f")
    counter = code.const(1)
    code.alu("add", counter, 1)
    code.alu("add", counter, counter)
    code.ret(0)
    assert text(remove_dead(code.ins)) == ["ret"]


def test_what_only_dead_code_reads_is_dead() -> None:
    code = Code("f")
    first = code.const(1)
    code.copy(first)
    code.ret(0)
    assert text(remove_dead(code.ins)) == ["ret"]


def test_a_call_stays_for_its_effects() -> None:
    code = Code("f")
    code.helper("ktime_get_ns")
    code.ret(0)
    assert text(remove_dead(code.ins)) == ["call v0", "ret"]


def test_a_value_that_one_branch_reads_stays() -> None:
    code = Code("f", params=1)
    l_end = Label("end")
    value = code.const(1)
    code.jump("jeq", code.params[0], 0, l_end)
    code.set(value, 2)
    code.bind(l_end)
    code.ret(value)
    assert [word.split()[0] for word in text(remove_dead(code.ins))].count("mov64_imm") == 2


# --- Coalescing -----------------------------------------------------------------------------------


def test_a_result_goes_where_it_is_moved_to() -> None:
    code = Code("f")
    result = VReg()
    code.emit("mov64_reg", result, code.helper("ktime_get_ns"))
    code.ret(result)
    assert text(coalesce(code.ins)) == ["call v0", "ret v0"]


def test_a_result_that_is_used_twice_stays() -> None:
    code = Code("f")
    result = VReg()
    call = code.helper("ktime_get_ns")
    code.emit("mov64_reg", result, call)
    code.alu("add", result, call)
    code.ret(result)
    assert text(coalesce(code.ins)) == ["call v0", "mov64_reg v1 v0", "add64_reg v1 v0", "ret v1"]


# --- Jumps ----------------------------------------------------------------------------------------


def test_a_jump_to_the_next_instruction_is_dropped() -> None:
    code = Code("f")
    first, second = Label("first"), Label("second")
    code.goto(second)
    code.bind(first)
    code.bind(second)
    code.ret(0)
    assert text(remove_idle_jumps(code.ins)) == ["label", "label", "ret"]


def test_jumps_that_become_idle_are_dropped_too() -> None:
    code = Code("f")
    l_end = Label("end")
    code.goto(l_end)
    code.goto(l_end)
    code.bind(l_end)
    code.ret(0)
    assert text(remove_idle_jumps(code.ins)) == ["label", "ret"]


def test_a_jump_over_an_instruction_stays() -> None:
    code = Code("f")
    l_end = Label("end")
    code.goto(l_end)
    code.helper("ktime_get_ns")
    code.bind(l_end)
    code.ret(0)
    assert text(remove_idle_jumps(code.ins)) == ["ja", "call v0", "label", "ret"]


# --- Register allocation --------------------------------------------------------------------------


def crowded(code: Code) -> list[VReg]:
    """Twelve registers that live across a call, so that some must be spilled."""
    regs = [code.const(i) for i in range(12)]
    code.helper("ktime_get_ns")
    return regs


def test_registers_that_live_across_a_call_are_kept_from_it() -> None:
    code = Code("f")
    value = code.const(7)
    code.helper("ktime_get_ns")
    code.ret(value)
    made = finish(code, NEWEST)
    assert made.stack == 0
    assert made.code[0] == Asm("mov64_imm", 6, imm=7, span=made.code[0].span)


def test_spilled_registers_lie_below_what_the_code_uses_itself() -> None:
    code = Code("f")
    code.emit("stdw", code.frame(24), off=-24, imm=0)
    regs = crowded(code)
    total = code.const(0)
    for reg in regs:
        code.alu("add", total, reg)
    code.ret(total)
    made = finish(code, NEWEST)
    slots = {asm.off for asm in made.code if asm.name == "stxdw"}
    assert slots
    assert max(slots) == -32
    assert made.stack == -min(slots)


def spilled_index(kernel: Kernel, *, limit_before: bool) -> list[Asm]:
    """A spilled register that is bounded, multiplied, bounded again and used."""
    code = Code("f", params=1)
    index = code.load("ldxdw", code.params[0], 0)
    busy = crowded(code)
    l_out = Label("out")
    for reg in busy * 4:
        code.alu("add", busy[0], reg)
    code.jump("jgt", index, 100, l_out)
    if limit_before:
        code.bound(index, 100)
    code.alu("lsh", index, 3)
    code.bound(index, 800)
    for reg in busy * 4:
        code.alu("add", busy[0], reg)
    code.alu("add", busy[0], index)
    code.bind(l_out)
    code.ret(busy[0])
    return allocate("f", code.ins, kernel).code


def checks(code: list[Asm]) -> list[int]:
    """The limits that are checked, in order."""
    return [asm.imm for asm in code if asm.name == "jgt_imm"]


def test_a_bound_holds_from_where_it_is_stated() -> None:
    """Not before: 500 must reach the code's own check, and not end the function without a trace."""
    assert checks(spilled_index(FORGETFUL, limit_before=True)) == [100, 100, 800]


def test_a_bound_ends_where_the_register_is_written() -> None:
    assert checks(spilled_index(FORGETFUL, limit_before=False)) == [100, 800]


def test_a_kernel_that_learns_from_the_check_of_a_fill_needs_no_other() -> None:
    assert checks(spilled_index(NEWEST, limit_before=True)) == [100]


def test_arguments_are_moved_all_at_once() -> None:
    code = Code("f", params=2)
    first, second = code.params
    code.func("g", second, first)
    code.ret(0)
    moves = [(asm.dst, asm.src) for asm in finish(code, NEWEST).code if asm.name == "mov64_reg"]
    registers = {1: "first", 2: "second"}
    for to, source in moves:
        registers[to] = registers[source]
    assert (registers[1], registers[2]) == ("second", "first")
