"""Generated code computes what the tree says, on the oldest kernel and on the newest."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from dtrace.diag import CompileError
from dtrace.errtags import ErrTag
from dtrace.lang.nodes import Call, ExprStmt
from tests.devaluate import U64, DivideByZero, Evaluator, signed
from tests.dprogram import NEWEST, OLDEST, Ran, run

BOTH = pytest.mark.parametrize("release", [OLDEST, NEWEST])

# --- Integers -------------------------------------------------------------------------------------

TYPES = ("int8_t", "uint8_t", "int16_t", "uint16_t", "int32_t", "uint32_t", "int64_t", "uint64_t")
# One of every type, in every scope in turn.
VARIABLES = tuple(
    (("", "this->", "self->")[i % 3], f"v{i}", TYPES[i % len(TYPES)]) for i in range(12)
)
ARRAY = "a"  # int64_t a[int16_t]
EDGES = (0, 1, 2, 7, 63, 64, 127, 128, 255, 32767, 32768, 65535, (1 << 31) - 1, 1 << 31)
HUGE = ((1 << 32) - 1, 1 << 32, (1 << 62) + 12345, (1 << 63) - 1, 1 << 63, U64)

numbers = st.one_of(st.sampled_from(EDGES + HUGE), st.integers(0, U64))
literals = numbers.map(lambda n: f"{n:#x}{'ul' if n >> 31 else ''}")
nonzero = numbers.filter(bool).map(lambda n: f"{n:#x}{'ul' if n >> 31 else ''}")
variables = st.sampled_from([scope + name for scope, name, _ in VARIABLES])
BINARY = ("+", "-", "*", "&", "|", "^", "<<", ">>")
LOGIC = ("==", "!=", "<", "<=", ">", ">=", "&&", "||", "^^")
OPASSIGN = ("+=", "-=", "*=", "&=", "|=", "^=", "<<=", ">>=")


def extend(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions with `inner` ones as operands."""
    places = st.one_of(variables, inner.map(lambda e: f"{ARRAY}[{e}]"))
    divisors = st.one_of(variables, nonzero)
    return st.one_of(
        st.tuples(inner, st.sampled_from(BINARY + LOGIC), inner).map(
            "({0[0]} {0[1]} {0[2]})".format
        ),
        st.tuples(inner, st.sampled_from("/%"), divisors).map("({0[0]} {0[1]} {0[2]})".format),
        st.tuples(st.sampled_from("-~!+"), inner).map("{0[0]}({0[1]})".format),
        st.tuples(st.sampled_from(TYPES), inner).map("(({0[0]})({0[1]}))".format),
        st.tuples(inner, inner, inner).map("({0[0]} ? {0[1]} : {0[2]})".format),
        st.tuples(inner, inner).map("({0[0]}, {0[1]})".format),
        st.tuples(places, inner).map("({0[0]} = {0[1]})".format),
        st.tuples(places, st.sampled_from(OPASSIGN), inner).map("({0[0]} {0[1]} {0[2]})".format),
        st.tuples(places, st.sampled_from(["/=", "%="]), divisors).map(
            "({0[0]} {0[1]} {0[2]})".format
        ),
        st.tuples(places, st.sampled_from(["++", "--"])).map("({0[0]}{0[1]})".format),
        st.tuples(st.sampled_from(["++", "--"]), places).map("({0[0]}{0[1]})".format),
    )


expressions = st.recursive(st.one_of(variables, variables, literals), extend, max_leaves=12)
programs = st.tuples(
    st.lists(literals, min_size=len(VARIABLES), max_size=len(VARIABLES)),
    st.lists(expressions, min_size=1, max_size=6),
)


def integer_program(values: list[str], exprs: list[str]) -> str:
    """A clause that sets the variables, and one for each expression, which keeps its 64 bits."""
    scope = {"": "", "this->": "this ", "self->": "self "}
    lines = [f"{scope[where]}{t} {name};" for where, name, t in VARIABLES]
    lines += [f"int64_t {ARRAY}[int16_t];", "int64_t whole;"]
    sets = [f"{v[0]}{v[1]} = {value};" for v, value in zip(VARIABLES, values, strict=True)]
    lines.append(f"BEGIN {{ {' '.join(sets)} {ARRAY}[1] = 5; }}")
    lines += [f"BEGIN {{ whole = {expr}; trace(whole); }}" for expr in exprs]
    return "\n".join(lines)


def expected(ran: Ran) -> tuple[list[int], list[int]]:
    """What the clauses trace, and the numbers of those that fault."""
    evaluate = Evaluator()
    traced: list[int] = []
    faulted: list[int] = []
    for cooked in ran.unit.clauses:
        try:
            for stmt in cooked.clause.body or []:
                assert isinstance(stmt, ExprStmt)
                if isinstance(stmt.expr, Call):
                    traced.append(signed(evaluate(stmt.expr.args[0])))
                else:
                    evaluate(stmt.expr)
        except DivideByZero:
            faulted.append(cooked.id)
    return traced, faulted


@BOTH
@settings(deadline=None, max_examples=25)
@given(program=programs)
@example(program=(["0x7"] * 12, ["(v0 % -3)", "(a[v0++] += 1)", "(v0, a[8])"]))
@example(program=(["0x80"] * 12, ["(((uint32_t)(v0)) + ((int64_t)(self->v8)))", "(v0 / self->v5)"]))
@example(program=(["0x10001"] * 12, ["((a[self->v5] = 9), a[1])", "(a[self->v5 + 1], a[0x30001])"]))
def test_integers(release: str, program: tuple[list[str], list[str]]) -> None:
    try:
        ran = run(integer_program(*program), release)
    except CompileError as err:  # folding found a constant divisor that is 0
        assume(err.tag is not ErrTag.D_DIV_ZERO)
        raise
    traced, faulted = expected(ran)
    assert [value for (value,) in ran.values] == traced
    assert [fault.clause for fault in ran.faults] == faulted


# --- Strings --------------------------------------------------------------------------------------

STRINGS = ("s0", "s1", "this->s2", "self->s3")
LETTERS = "ab\x7f\xff"
words = st.one_of(
    st.text(LETTERS, max_size=10),
    st.integers(0, 40).map(lambda n: "a" * n),
    st.tuples(st.integers(0, 30), st.text(LETTERS, max_size=2)).map(lambda t: "a" * t[0] + t[1]),
)


def literal(word: str | None) -> str:
    """`word` as D writes it."""
    if word is None:
        return "NULL"
    return '"' + "".join(f"\\{ord(c):03o}" for c in word) + '"'


@BOTH
@settings(deadline=None, max_examples=6)
@given(
    strsize=st.sampled_from([4, 7, 8, 16, 20, 32]),
    values=st.tuples(*[st.one_of(st.none(), words)] * len(STRINGS)),
    constant=words,
)
def test_strings(release: str, strsize: int, values: tuple[str | None, ...], constant: str) -> None:
    """Assignment cuts to strsize; == and < are those of bytes; NULL is less than any string."""
    scope = {"s0": "", "s1": "", "this->s2": "this ", "self->s3": "self "}
    declared = [f"{scope[name]}string {name.split('>')[-1]};" for name in STRINGS]
    sets = [f"{n} = {literal(v)};" for n, v in zip(STRINGS, values, strict=True)]
    kept = [None if v is None else v.encode("latin-1")[: strsize - 1] for v in values]
    tests: list[str] = []
    wanted: list[int | bytes] = []
    operands = [*zip(STRINGS, kept, strict=True)]
    operands.append((literal(constant), constant.encode("latin-1")[: strsize - 1]))
    for (left, a), (right, b) in combinations(operands, 2):
        tests += [f"trace({left} == {right});", f"trace({left} < {right});"]
        wanted += [int(a == b), int((a is not None, a or b"") < (b is not None, b or b""))]
    for left, a in operands:
        if a is not None:
            tests += [f"trace({left});", f"trace(s0 != NULL ? {left} : s1);"]
            chosen = a if kept[0] is not None else kept[1]
            wanted.append(a)
            if chosen is None:
                tests.pop()
            else:
                wanted.append(chosen)
    clauses = "\n".join(f"BEGIN {{ {test} }}" for test in tests)
    ran = run(
        "\n".join([*declared, f"BEGIN {{ {' '.join(sets)} }}", clauses]),
        release,
        strsize=str(strsize),
    )
    assert [value for (value,) in ran.values] == wanted
    assert not ran.faults


# --- Aggregations ---------------------------------------------------------------------------------

LLQUANTIZE = ((10, 0, 3, 10), (10, 1, 3, 20), (2, 0, 16, 4), (10, 0, 3, 5), (16, 0, 14, 16))
LQUANTIZE = ((0, 10, 1), (-10, 10, 3), (-10000, 10000, 4), (5, 6, 1))
amounts = st.one_of(
    st.sampled_from([*EDGES, *HUGE]),
    st.integers(0, U64),
    st.integers(-20, 20),
    st.integers(0, 2000),
).map(signed)


def quantize_bucket(value: int) -> int:
    """63 for 0; one up for each power of two, down for negative ones."""
    magnitude = min(abs(value).bit_length(), 63)
    return 63 + (magnitude if value >= 0 else -magnitude)


def lquantize_bucket(value: int, base: int, limit: int, step: int) -> int:
    """0 below the base, then the levels, the last one for the rest."""
    levels = (limit - base) // step
    if value < base:
        return 0
    return min((value - base) // step, levels) + 1 if value < limit else levels + 1


def llquantize_bucket(value: int, factor: int, low: int, high: int, steps: int) -> int:
    """From the middle outwards: below factor**low, the steps of every magnitude, the rest."""
    per = steps - steps // factor
    middle = per * (high - low + 1) + 1
    size = abs(value)
    if size < factor**low:
        return middle
    distance = middle
    for magnitude in range(low, high + 1):
        end = factor ** (magnitude + 1)
        if size < end:
            distance = (magnitude - low) * per + size * steps // end - steps // factor + 1
            break
    return middle + (distance if value >= 0 else -distance)


def llquantize(factor: int, low: int, high: int, steps: int) -> str:
    """A call, with its first argument left open."""
    return f"llquantize({{}}, {factor}, {low}, {high}, {steps})"


def element(ran: Ran, name: str) -> list[int]:
    """The words of the only element, added up over the CPUs that have one."""
    (layout,) = (a for a in ran.build.layout.aggs.values() if a.name == name)
    values = [
        raw[i : i + layout.value_size]
        for _, raw in ran.maps[f"agg_{name}"].items()
        for i in range(0, len(raw), layout.value_size)
    ]
    columns = zip(
        *([value[i : i + 8] for i in range(0, len(value), 8)] for value in values), strict=True
    )
    return [sum(int.from_bytes(word, "little") for word in column) & U64 for column in columns]


def histogram(size: int, buckets: list[int]) -> list[int]:
    return [buckets.count(i) for i in range(size)]


@BOTH
@settings(deadline=None, max_examples=3)
@given(values=st.lists(amounts, min_size=1, max_size=3))
@example(values=[-5, 3, 0])
@example(values=[signed(1 << 63), (1 << 63) - 1])
def test_aggregations(release: str, values: list[int]) -> None:
    functions = {
        "n": "count()", "s": "sum({})", "i": "min({})", "x": "max({})", "d": "stddev({})",
        "q": "quantize({})",
        **{f"l{i}": f"lquantize({{}}, {p[0]}, {p[1]}, {p[2]})" for i, p in enumerate(LQUANTIZE)},
        **{f"m{i}": llquantize(*p) for i, p in enumerate(LLQUANTIZE)},
    }  # fmt: skip
    lines = [
        f"BEGIN {{ this->v = (int64_t){value & U64:#x}ul; "
        + " ".join(f"@{name} = {f.format('this->v')};" for name, f in functions.items())
        + " }"
        for value in values
    ]
    ran = run("\n".join(lines), release)
    n = len(values)
    assert element(ran, "n") == [n]
    assert element(ran, "s") == [n, sum(values) & U64]
    assert element(ran, "i")[:2] == [n, min(values) & U64]
    assert element(ran, "x")[:2] == [n, max(values) & U64]
    squares = sum(value * value for value in values)
    assert element(ran, "d") == [n, sum(values) & U64, squares & U64, squares >> 64]
    assert element(ran, "q") == [n, *histogram(127, [quantize_bucket(v) for v in values])]
    for i, (base, limit, step) in enumerate(LQUANTIZE):
        buckets = [lquantize_bucket(v, base, limit, step) for v in values]
        assert element(ran, f"l{i}") == [n, *histogram((limit - base) // step + 2, buckets)]
    for i, params in enumerate(LLQUANTIZE):
        words_ = element(ran, f"m{i}")
        buckets = [llquantize_bucket(v, *params) for v in values]
        assert words_ == [n, *histogram(len(words_) - 1, buckets)]
