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

from dtrace.bpf.code import Area, Label
from dtrace.codegen import act, agg, builtin, state
from dtrace.codegen.gen import ClauseGen, round_up
from dtrace.codegen.logic import jump_if
from dtrace.codegen.output import ERROR_FUNC, emit_record
from dtrace.codegen.record import HEADER_SIZE, Statement
from dtrace.codegen.scan import names_used, walk
from dtrace.lang.nodes import AggRef, Assign, Call, ExprStmt, If
from dtrace.probes.desc import Error
from dtrace.sema.alloca import uses_alloca
from dtrace.sema.idents import IdentKind

if TYPE_CHECKING:
    from dtrace.codegen.program import ProgramGen
    from dtrace.lang.nodes import Expr, Stmt
    from dtrace.sema.symbols import CookedClause


def generate(program: ProgramGen, cooked: CookedClause) -> list[ClauseGen]:
    """The functions of one clause, each with its code and what it needs: that for ERROR, whose
    faults must not lead to ERROR again, is one of its own."""
    errors = [p for p in cooked.probes if isinstance(p.site, Error)]
    others = [p for p in cooked.probes if not isinstance(p.site, Error)]
    made = [ClauseGen(program, cooked, others, f"dt_clause_{cooked.id}")] if others else []
    if errors:
        made.append(ClauseGen(program, cooked, errors, f"dt_clause_{cooked.id}_error"))
    for cg in made:
        _generate(cg)
    return made


def _generate(cg: ClauseGen) -> None:
    clause = cg.cooked.clause
    if uses_alloca(walk([clause])):
        from dtrace.codegen.subr import alloca

        alloca.cg_begin(cg)
    if clause.predicate is not None:
        _cache(cg, [clause.predicate])
        cg.code.span = clause.predicate.span
        jump_if(cg, clause.predicate, cg.l_end, holds=False)
        cg.scratch = 0
    _cache(cg, clause.body or [])
    _guards(cg, clause.body or [])
    for stmt in clause.body or []:
        statement(cg, stmt)
    cg.code.span = clause.span
    if cg.actions or not clause.body:
        _output(cg)
    _epilogue(cg)


def _cache(cg: ClauseGen, nodes: list[Expr] | list[Stmt]) -> None:
    # Compute what `nodes` use and what has one value all over the clause.
    for name in sorted(names_used(nodes)):
        key = "thread" if name == "self->" else builtin.cache_key(name)
        if key is not None and key not in cg.cached:
            cg.cached[key] = builtin.CACHED[key](cg)


def _guards(cg: ClauseGen, body: list[Stmt]) -> None:
    # A byte of the record for every branch with actions, cleared: the consumer skips the actions
    # of branches whose byte stays 0.
    size = round_up(sum(map(guards, body)), 8)
    cg.zero(cg.record_size, size, Area.RECORD)
    cg.next_guard = cg.record_size
    cg.record_size += size


def guards(stmt: Stmt) -> int:
    """How many branches of the if statements in `stmt` have actions of their own."""
    if not isinstance(stmt, If):
        return 0
    inner = sum(map(guards, (*stmt.then, *stmt.other)))
    return inner + has_actions(stmt.then) + has_actions(stmt.other)


def has_actions(branch: list[Stmt]) -> bool:
    """Whether one of a branch's statements is an action."""
    return any(isinstance(stmt, ExprStmt) and is_action(stmt.expr) for stmt in branch)


def is_action(expr: Expr) -> bool:
    """Whether a statement is the call of an action."""
    return isinstance(expr, Call) and expr.ref is not None and expr.ref.kind is IdentKind.ACTION


def statement(cg: ClauseGen, stmt: Stmt) -> None:
    """One statement."""
    cg.code.span = stmt.span
    if isinstance(stmt, If):
        _if(cg, stmt)
        return
    expr = stmt.expr
    if isinstance(expr, Assign) and isinstance(expr.left, AggRef):
        agg.cg_aggregation(cg, expr)
    elif isinstance(expr, Call) and is_action(expr):
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
    jump_if(cg, stmt.cond, l_else, holds=False)
    _branch(cg, stmt.then)
    if stmt.other:
        code.goto(l_end)
    code.bind(l_else)
    if stmt.other:
        _branch(cg, stmt.other)
        code.bind(l_end)


def _branch(cg: ClauseGen, body: list[Stmt]) -> None:
    outer = cg.guard
    if has_actions(body):
        cg.guard = cg.next_guard
        cg.next_guard += 1
        cg.code.emit("stb", cg.mem, off=cg.guard, imm=1, ref=Area.RECORD)
    cg.scratch = 0
    for stmt in body:
        statement(cg, stmt)
    cg.guard = outer


def _output(cg: ClauseGen) -> None:
    # The record, unless all actions are in branches and none of these ran.
    size = round_up(cg.record_size, 8)
    if cg.actions and all(action.guard for action in cg.actions):
        ran = cg.code.const(0)
        for at in range(HEADER_SIZE, cg.next_guard, 8):
            cg.code.alu("or", ran, cg.code.load("ldxdw", cg.mem, at, Area.RECORD))
        cg.code.jump("jeq", ran, 0, cg.l_end)
    made = Statement(cg.program.next_statement(), cg.cooked.id, size, tuple(cg.actions))
    cg.program.statements[made.id] = made
    emit_record(cg.code, cg.ctx, cg.mem, made.id, size)


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
