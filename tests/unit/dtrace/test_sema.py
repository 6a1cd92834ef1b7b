"""Cooking: the cases of tests/cases/sema, and what the trees hold afterwards.

A case of tests/cases/sema is a list of programs, separated by empty lines, each followed by what
DTrace says of it:

    BEGIN { trace(x); }
    => [D_IDENT_UNDEF] in action list: failed to resolve x: Unknown variable name

`=> ok` is for a program that is right.  A message goes on in lines that begin with white space.
The programs are those of -n options; with a section `[script]` they are scripts.  The messages
are those of DTrace 2.0.7 for Linux.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from dtrace.diag import CompileError
from dtrace.lang.nodes import AggRef, Assign, Binary, Call, Expr, ExprStmt, If, IntLit
from dtrace.lang.parser import parse, parse_option
from dtrace.options import Options
from dtrace.probes.desc import ArgDef, Begin, End, Error, Probe, ProbeDesc, Syscall, Timer
from dtrace.probes.match import matches
from dtrace.sema.program import Cooker, CookOptions
from dtrace.sema.symbols import CookedClause, Unit
from dtrace.source import Source
from dtrace.target import Target
from dtrace.types.convert import is_user, type_name
from tests.casefile import Case, read_cases

FOLDER = Path(__file__).parents[2] / "cases" / "sema"
CASES = [case for path in sorted(FOLDER.glob("*.test")) for case in read_cases(path)]
READ_ARGS = (ArgDef("unsigned int"), ArgDef("char *", user=True), ArgDef("size_t"))
PROBES = [
    Probe(1, "dtrace", "", "", "BEGIN", Begin()),
    Probe(2, "dtrace", "", "", "END", End()),
    Probe(3, "dtrace", "", "", "ERROR", Error()),
    Probe(4, "syscall", "vmlinux", "read", "entry", Syscall("read", 0, True), READ_ARGS),
    Probe(5, "syscall", "vmlinux", "write", "entry", Syscall("write", 1, True)),
    Probe(6, "profile", "", "", "tick-1s", Timer(10**9, every_cpu=False)),
]
TARGET = Target(None, cpus=4)  # type: ignore[arg-type]  # cooking does not look at the kernel


def find(desc: ProbeDesc) -> list[Probe]:
    return [probe for probe in PROBES if matches(desc, probe)]


def cook(*texts: str, script: bool = False, zdefs: bool = False) -> Unit:
    """Cook programs as one command line."""
    options = Options()
    cooker = Cooker(TARGET, find, CookOptions(options.set, zdefs=zdefs))
    read = parse if script else parse_option
    for text in texts:
        prefix = "failed to compile script F" if script else "invalid probe specifier"
        source = Source(text, "F" if script else "", prefix)
        cooker.begin()
        tree = read(
            source,
            known_types=cooker.known_type,
            known_names=cooker.known_name,
            known_tags=cooker.known_tag,
            on_control=cooker.define,
            on_definition=cooker.define,
        )
        cooker.finish(tree)
    return cooker.unit


def message_of(text: str, *, script: bool = False) -> str:
    """What is wrong with a program, without the prefix; "ok" if nothing is."""
    try:
        cook(text, script=script)
    except CompileError as err:
        return err.headline(errtags=True).split(": ", 1)[1]
    return "ok"


class Expected(NamedTuple):
    program: str
    message: str


def expectations(case: Case) -> list[Expected]:
    """The programs of a case."""
    found = []
    for block in "\n".join(case.program.lines).split("\n\n"):
        program, arrow, message = block.strip("\n").partition("\n=> ")
        assert arrow, f"{case.path}: {case.name}: no `=>` after {program!r}"
        found.append(Expected(program, message))
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.path.stem}/{case.name}")
def test_case(case: Case) -> None:
    case.check_kinds(("script",))
    script = case.get("script") is not None
    wanted = expectations(case)
    got = [Expected(e.program, message_of(e.program, script=script)) for e in wanted]
    assert got == wanted


# What the trees hold


def statement(clause: CookedClause, number: int = 0) -> Expr:
    """The expression of a statement."""
    assert clause.clause.body is not None
    stmt = clause.clause.body[number]
    assert isinstance(stmt, ExprStmt)
    return stmt.expr


def value(text: str, before: str = "") -> Expr:
    """The cooked right side of `v = text`."""
    expr = statement(cook(f"{before} BEGIN {{ v = {text}; }}").clauses[0])
    assert isinstance(expr, Assign)
    return expr.right


@pytest.mark.parametrize(
    ("text", "number", "name"),
    [
        ("1 + 2147483647", 1 << 31, "int"),  # constants are computed with 64 bits
        ("(long)(1 + 2147483647)", 1 << 31, "long"),
        ("(int)(1 + 2147483647)", 1 << 31, "int"),
        ("(char)200", -56, "char"),
        ("(unsigned char)-1", 255, "unsigned char"),
        ("(unsigned long)-1", (1 << 64) - 1, "unsigned long"),
        ("-1u", 0xFFFFFFFF, "unsigned int"),
        ("~0u", (1 << 64) - 1, "unsigned int"),  # ~ does not cut to the type, - does
        ("-8 >> 1", (1 << 63) - 4, "int"),  # without the sign
        ("-7 / 2", -3, "int"),
        ("-7 % 2", -1, "int"),
        ("-1 < 1u", 0, "int"),
        ("-1 < 1", 1, "int"),
        ("3 ^^ 4", 0, "int"),
        ("0 ? 1 : 2L", 2, "long"),
        ("sizeof (int) * 2", 8, "size_t"),
        ('sizeof "abc"', 4, "size_t"),
        ("NULL", 0, "int"),
    ],
)
def test_a_constant_expression_is_folded(text: str, number: int, name: str) -> None:
    node = value(text)
    assert isinstance(node, IntLit)
    assert (node.value, type_name(node.type)) == (number, name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("c + c", "char"),  # nothing is promoted to int
        ("c + s", "short"),
        ("c + uc", "unsigned char"),
        ("s * i", "int"),
        ("i + u", "unsigned int"),
        ("u + l", "long"),
        ("l + ul", "unsigned long"),
        ("l + ll", "long"),  # of one rank: the left one
        ("ll + l", "long long"),
        ("c << l", "char"),
        ("l >> c", "long"),
        ("c == l", "int"),
        ("!l", "int"),
        ("-c", "char"),
        ("~uc", "unsigned char"),
        ("i ? c : l", "long"),
        ("(c, l)", "long"),
        ("p + 1", "int *"),
        ("p - p", "ptrdiff_t"),
        ("*p", "int"),
        ("p[3]", "int"),
        ("&p[3]", "int *"),
        ("t + 1", "string"),
        ("t[0]", "char"),
        ("stringof(p)", "string"),
        ("i ? t : execname", "string"),
    ],
)
def test_types_of_operators(text: str, name: str) -> None:
    before = (
        "char c; unsigned char uc; short s; int i; unsigned int u; long l; unsigned long ul;"
        "long long ll; int *p; string t;"
    )
    assert type_name(value(text, before).type) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("i < u", "unsigned int"),
        ("l < u", "long"),
        ("p == 0", "uint64_t"),
        ('t == "a"', "string"),
        ("i * l", "long"),
        ("c >> l", "char"),
    ],
)
def test_both_operands_are_brought_to_optype(text: str, name: str) -> None:
    node = value(text, "int i; unsigned int u; long l; int *p; string t; char c;")
    assert isinstance(node, Binary)
    assert type_name(node.optype) == name


def test_the_first_assignment_fixes_a_variables_type() -> None:
    unit = cook('BEGIN { a = 1; self->b = "s"; this->c = a + 2L; d[1, "x"] = pid; e++; }')
    kinds = [
        (v.scope, v.name, type_name(v.type), [type_name(k) for k in v.keys or []], v.id)
        for v in unit.variables
    ]
    assert kinds == [
        ("global", "a", "int", [], 0),
        ("self", "b", "string", [], 0),
        ("this", "c", "long", [], 0),
        ("global", "d", "pid_t", ["int", "string"], 1),
        ("global", "e", "int64_t", [], 2),
    ]


def test_globals_are_shared_between_programs_and_clause_locals_are_not() -> None:
    cook("BEGIN { x = 1; self->y = 1; }", "END { trace(x); trace(self->y); }")
    with pytest.raises(CompileError, match="this->z has not yet been declared"):
        cook("BEGIN { this->z = 1; }", "END { trace(this->z); }")


def test_each_description_gets_a_clause_with_a_tree_of_its_own() -> None:
    unit = cook("BEGIN, syscall::write:entry { trace(probename); trace(x = 1); }")
    first, second = unit.clauses
    assert [c.id for c in unit.clauses] == [0, 1]
    assert [c.spec for c in unit.clauses] == ["BEGIN", "syscall::write:entry"]
    assert [p.name for p in second.probes] == ["entry"]
    assert first.clause is not second.clause
    assert statement(first) is not statement(second)
    assert statement(second).type is not None


def test_zdefs_allows_descriptions_that_match_nothing() -> None:
    assert cook("nosuch:::probe { }", zdefs=True).clauses[0].probes == []


def test_typed_arguments_are_cooked_for_the_probe_of_each_clause() -> None:
    with pytest.raises(CompileError, match=r"index 0 is out of range for :::BEGIN args\[ \]"):
        cook("syscall::read:entry, BEGIN { trace(args[0]); }")
    call = statement(cook("syscall::read:entry { trace(args[1]); }").clauses[0])
    assert isinstance(call, Call)
    assert type_name(call.args[0].type) == "char *"
    assert is_user(call.args[0].type)


def test_an_aggregations_key_is_as_wide_as_its_widest_use() -> None:
    unit = cook(
        'BEGIN { @a["abc", execname, pid] = count(); @b[execname] = sum(1); @c = count(); }'
        'END { @a["abcdef", "x", 1L] = count(); @b[strjoin("a", "b")] = sum(2); }'
    )
    sizes = [(a.name, a.id, a.func.value, a.key_sizes) for a in unit.aggregations]
    assert sizes == [
        ("a", 1, "count", [7, 16, 4]),
        ("b", 2, "sum", [256]),
        ("c", 3, "count", []),
    ]


def test_the_parameters_of_quantizing_functions_are_constants_of_the_aggregation() -> None:
    unit = cook("BEGIN { @a = lquantize(1, 0, 25, 10); @b = llquantize(1, 10, 0, 6, 20); }")
    assert [a.params for a in unit.aggregations] == [(0, 20, 10), (10, 0, 6, 20)]


def test_a_keyed_aggregation_stays_an_assignment_to_an_aggref() -> None:
    unit = cook("BEGIN { @a[1] = count(); }")
    expr = statement(unit.clauses[0])
    assert isinstance(expr, Assign)
    assert isinstance(expr.left, AggRef)
    assert expr.left.ref is unit.aggregations[0]


def test_a_format_is_parsed_into_the_calls_detail() -> None:
    call = statement(cook('BEGIN { printf("a%5db", 1); }').clauses[0])
    assert isinstance(call, Call)
    assert isinstance(call.detail, list)
    assert [piece.conv or piece.text for piece in call.detail] == ["a", "d", "b"]


def test_an_inline_is_replaced_by_its_expression() -> None:
    unit = cook("inline long twice[int n] = n + n; BEGIN { trace(twice[pid]); }")
    call = statement(unit.clauses[0])
    assert isinstance(call, Call)
    (argument,) = call.args
    assert type_name(argument.type) == "long"
    assert repr(argument).count("pid") == 2


def test_a_member_of_translated_data_is_the_translators_expression() -> None:
    unit = cook(
        "struct in { int x; }; struct out { long y; };"
        "translator struct out < struct in *p > { y = p->x + 1; };"
        "struct in *q; BEGIN { trace(xlate <struct out *> (q)->y); }"
    )
    call = statement(unit.clauses[0])
    assert isinstance(call, Call)
    (argument,) = call.args
    assert type_name(argument.type) == "long"
    assert "Xlate" not in repr(argument)


def test_branches_of_if_are_cooked_in_the_clauses_context() -> None:
    unit = cook("BEGIN { if (pid == 1) { x = 1; } else { trace(y = 2L); } trace(x); }")
    body = unit.clauses[0].clause.body
    assert body is not None
    assert isinstance(body[0], If)
    assert type_name(body[0].cond.type) == "int"
    assert [type_name(v.type) for v in unit.variables] == ["int", "long"]


def test_a_clause_knows_whether_it_is_destructive() -> None:
    assert not cook("BEGIN { trace(1); }").clauses[0].destructive


def test_names_of_the_d_library_are_constants_and_may_be_shadowed_by_none() -> None:
    node = value("ENOENT")
    assert isinstance(node, IntLit)
    assert (node.value, type_name(node.type)) == (2, "int")
    with pytest.raises(CompileError, match="identifier redefined: SIGKILL"):
        cook("inline int SIGKILL = 1; BEGIN { }")


def test_of_several_probes_the_first_types_the_arguments_unless_names_differ() -> None:
    cook("syscall:::entry { trace(args[2]); }")
    with pytest.raises(CompileError, match="matches an unstable set of probes"):
        cook("syscall::: { trace(args[2]); }")
