"""Writing records: what a clause recorded, and what is known of a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Area, Code, Label, MapRef
from dtrace.codegen import state
from dtrace.codegen.record import FAULT, FAULT_DATA, HEADER_SIZE

if TYPE_CHECKING:
    from dtrace.bpf.code import VReg
    from dtrace.codegen.program import ProgramGen

F_CURRENT_CPU = 0xFFFFFFFF  # BPF_F_CURRENT_CPU
ERROR_FUNC = "dt_error"
STATEMENT = 4  # offset of the statement's id in a record


def emit_record(code: Code, ctx: VReg, mem: VReg, statement: int, size: int) -> None:
    """Write the record of a statement, `size` bytes, to this CPU's buffer, or count a drop."""
    number = statement - (1 << 32) if statement >> 31 else statement
    code.emit("stw", mem, off=STATEMENT, imm=number, ref=Area.RECORD)
    record = code.address(mem, 0, Area.RECORD)
    cpu = code.const(F_CURRENT_CPU)
    status = code.helper("perf_event_output", ctx, MapRef(state.BUFFERS), cpu, record, size)
    l_ok = Label("written")
    code.jump("jeq", status, 0, l_ok)
    code.add_to(mem, state.DROPS, 1)
    code.bind(l_ok)


def error_function(program: ProgramGen, error_probe: int) -> Code:
    """dt_error(ctx, mem): write the fault's record, then run the ERROR clauses.

    record.probe = ERROR;  record.data = what mem->fault_... says
    perf_event_output(...)
    save arg0..arg5;  arg0..arg5 = 0, probe, clause, pc, fault, value
    clauses
    restore arg0..arg5
    record.probe = probe
    """
    code = Code(ERROR_FUNC, params=2)
    ctx, mem = code.params
    probe = code.load("ldxw", mem, state.FAULT_PROBE)
    fields = [
        (probe, "stxw"),
        (code.load("ldxw", mem, state.FAULT_CLAUSE), "stxw"),
        (code.load("ldxw", mem, state.FAULT_PC), "stxw"),
        (code.load("ldxw", mem, state.FAULT), "stxw"),
        (code.load("ldxdw", mem, state.FAULT_VALUE), "stxdw"),
    ]
    code.emit("stw", mem, off=0, imm=error_probe, ref=Area.RECORD)
    for number, (reg, store) in enumerate(fields):
        code.emit(store, mem, reg, off=HEADER_SIZE + 4 * number, ref=Area.RECORD)
    emit_record(code, ctx, mem, FAULT, HEADER_SIZE + FAULT_DATA.size)
    if program.errors:
        for i in range(6):
            old = code.load("ldxdw", mem, state.ARGS + 8 * i)
            code.emit("stxdw", mem, old, off=state.SAVED_ARGS + 8 * i)
        code.emit("stdw", mem, off=state.ARGS, imm=0)
        for i, (reg, _) in enumerate(fields, 1):
            code.emit("stxdw", mem, reg, off=state.ARGS + 8 * i)
        for clause in program.errors:
            code.func(clause.code.name, ctx, mem)
        for i in range(6):
            old = code.load("ldxdw", mem, state.SAVED_ARGS + 8 * i)
            code.emit("stxdw", mem, old, off=state.ARGS + 8 * i)
    code.emit("stxw", mem, probe, off=0, ref=Area.RECORD)
    code.ret(0)
    return code
