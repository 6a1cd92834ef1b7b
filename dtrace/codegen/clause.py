"""A clause's function: predicate, statements, and the record at its end.

long dt_clause_N(ctx, mem)
        values that are the same all over the clause
        if predicate is false goto end
        statements
        record.statement = id
        if perf_event_output(ctx, buffers, this CPU, record, size) fails, count a drop
end:    return 0
fault:  mem->fault_... = probe, clause
        dt_error(ctx, mem)
        return 0
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.bpf.code import Area, Label, MapRef
from dtrace.codegen import act, agg, builtin, dynvar, state
from dtrace.codegen.gen import ClauseGen, round_up
from dtrace.codegen.record import Statement
from dtrace.codegen.scan import names_used
from dtrace.lang.nodes import AggRef, Assign, Call, If
from dtrace.sema.idents import IdentKind

if TYPE_CHECKING:
    from dtrace.codegen.program import ProgramGen
    from dtrace.lang.nodes import Expr, Stmt
    from dtrace.sema.symbols import CookedClause

F_CURRENT_CPU = 0xFFFFFFFF  # BPF_F_CURRENT_CPU
ERROR_FUNC = "dt_error"


def generate(program: ProgramGen, cooked: CookedClause, *, in_error: bool) -> ClauseGen:
    """The function of one clause; the result holds its code and what it needs."""
    cg = ClauseGen(program, cooked, f"dt_clause_{cooked.id}", in_error=in_error)
    clause = cooked.clause
    _guards(cg, clause.body)
    if clause.predicate is not None:
        _cache(cg, [clause.predicate])
        cg.code.span = clause.predicate.span
        cg.code.jump("jeq", cg.expr(clause.predicate), 0, cg.l_end)
        cg.scratch = 0
    _cache(cg, clause.body or [])
    for stmt in clause.body or []:
        statement(cg, stmt)
    cg.code.span = clause.span
    if cg.actions or not clause.body:
        _output(cg)
    _epilogue(cg)
    return cg


def _cache(cg: ClauseGen, nodes: list[Expr] | list[Stmt]) -> None:
    # Compute what `nodes` use and what has one value all over the clause.
    for name in sorted(names_used(nodes)):
        key = "thread" if name == "self->" else builtin.cache_key(name)
        if key is not None and key not in cg.cached:
            cg.cached[key] = builtin.CACHED[key](cg)


def _guards(cg: ClauseGen, body: list[Stmt] | None) -> None:
    # A byte of the record for every branch of the clause's if statements, cleared: the consumer
    # skips the actions of branches whose byte stays 0.
    count = sum(branches(stmt) for stmt in body or [])
    if count:
        cg.zero(cg.record_size, round_up(count, 8), Area.RECORD)
        cg.next_guard = cg.record_size
        cg.record_size += round_up(count, 8)


def branches(stmt: Stmt) -> int:
    """How many branches the if statements in `stmt` have."""
    if not isinstance(stmt, If):
        return 0
    inner = sum(branches(s) for s in (*stmt.then, *stmt.other))
    return inner + 1 + bool(stmt.other)


def statement(cg: ClauseGen, stmt: Stmt) -> None:
    """One statement."""
    cg.code.span = stmt.span
    if isinstance(stmt, If):
        _if(cg, stmt)
        return
    expr = stmt.expr
    if isinstance(expr, Assign) and isinstance(expr.left, AggRef):
        agg.cg_aggregation(cg, expr)
    elif isinstance(expr, Call) and expr.ref is not None and expr.ref.kind is IdentKind.ACTION:
        act.cg_action(cg, expr)
    else:
        cg.expr(expr)
    cg.scratch = 0


def _if(cg: ClauseGen, stmt: If) -> None:
    """
            if cond == 0 goto else
            then
            goto end
    else:   other
    end:
    """
    code = cg.code
    l_else, l_end = Label("else"), Label("end")
    code.jump("jeq", cg.expr(stmt.cond), 0, l_else)
    _branch(cg, stmt.then)
    if stmt.other:
        code.goto(l_end)
    code.bind(l_else)
    if stmt.other:
        _branch(cg, stmt.other)
        code.bind(l_end)


def _branch(cg: ClauseGen, body: list[Stmt]) -> None:
    outer = cg.guard
    cg.guard = cg.next_guard
    cg.next_guard += 1
    cg.code.emit("stb", cg.mem, off=cg.guard, imm=1, ref=Area.RECORD)
    cg.scratch = 0
    for stmt in body:
        statement(cg, stmt)
    cg.guard = outer


def _output(cg: ClauseGen) -> None:
    size = round_up(cg.record_size, 8)
    made = Statement(cg.program.next_statement(), cg.cooked.id, size, tuple(cg.actions))
    cg.program.statements[made.id] = made
    emit_record(cg, made.id, size)


def emit_record(cg: ClauseGen, statement_id: int, size: int) -> None:
    """Write the record, `size` bytes, to this CPU's buffer."""
    code = cg.code
    code.emit("stw", cg.mem, off=4, imm=_s32(statement_id), ref=Area.RECORD)
    record = code.address(cg.mem, 0, Area.RECORD)
    cpu = code.const(F_CURRENT_CPU)
    status = code.helper("perf_event_output", cg.ctx, MapRef(state.BUFFERS), cpu, record, size)
    l_ok = Label("written")
    code.jump("jeq", status, 0, l_ok)
    dynvar.count(cg, state.DROPS)
    code.bind(l_ok)


def _s32(value: int) -> int:
    return (value + (1 << 31)) % (1 << 32) - (1 << 31)


def _epilogue(cg: ClauseGen) -> None:
    code = cg.code
    code.bind(cg.l_end)
    code.bind(cg.l_abort)
    if cg.in_error:
        code.bind(cg.l_fault)
    code.ret(0)
    if cg.has_fault and not cg.in_error:
        code.bind(cg.l_fault)
        probe = code.load("ldxw", cg.mem, 0, Area.RECORD)
        code.emit("stxw", cg.mem, probe, off=state.FAULT_PROBE)
        code.emit("stw", cg.mem, off=state.FAULT_CLAUSE, imm=cg.cooked.id)
        code.func(ERROR_FUNC, cg.ctx, cg.mem)
        code.ret(0)
