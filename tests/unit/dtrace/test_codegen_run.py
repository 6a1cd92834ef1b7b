"""What generated code does, where it is more than arithmetic: places, strings, faults, branches.

The values are those that DTrace 2.0.7 prints for the same programs.
"""

from __future__ import annotations

import pytest

from dtrace.codegen.state import Activity
from tests.dprogram import NEWEST, OLDEST, Ran, run

pytestmark = pytest.mark.parametrize("release", [OLDEST, NEWEST])

STRUCT = """
struct in { int x; char c; };
struct st {
    int a; char b[8]; short s; struct in i; unsigned f1:3; int f2:5; unsigned long f3:40;
    struct in arr[3]; string name;
};
union un { int i; char c[4]; unsigned short h; };
struct st g; this struct st t; self struct st v; union un u;
"""


def traced(release: str, *clauses: str, head: str = "", **options: str) -> list[object]:
    """All values that BEGIN clauses of these bodies trace, in order; there must be no fault."""
    ran = run(head + "".join(f"BEGIN {{ {body} }}\n" for body in clauses), release, **options)
    assert not ran.faults
    return [value for values in ran.values for value in values]


def faults(ran: Ran) -> list[tuple[int, int, int]]:
    """Clause, fault and value of every fault."""
    return [(f.clause, f.fault, f.value) for f in ran.faults]


# --- Structs, arrays, pointers --------------------------------------------------------------------


def test_members_and_bit_fields(release: str) -> None:
    body = """
        g.a = 5; g.s = 40000; g.i.x = 77; g.f1 = 9; g.f2 = 15; g.f3 = 0x123456789abcd;
        trace(g.a); trace(g.s); trace(g.i.x); trace(g.f1); trace(g.f2); trace(g.f3);
        g.f2++; g.f1 += 8; g.f3 += 3; trace(g.f2); trace(g.f1); trace(g.f3); trace(g.a);
    """
    wanted = [5, -25536, 77, 1, 15, 0x456789ABCD, -16, 1, 0x456789ABD0, 5]
    assert traced(release, body, head=STRUCT) == wanted


def test_a_union_s_members_share_their_bytes(release: str) -> None:
    body = "u.i = 0x41424344; trace(u.c[0]); trace(u.h); u.c[1] = 'z'; u.h++; trace(u.i);"
    assert traced(release, body, head=STRUCT) == [0x44, 0x4344, 0x41427A45]


def test_elements_at_constant_and_computed_indexes(release: str) -> None:
    body = "i = 1; g.arr[i].x = 42; g.arr[2].x = 43; trace(g.arr[0].x); trace(g.arr[1].x);"
    assert traced(release, body + "trace(g.arr[i + 1].x);", head=STRUCT) == [0, 42, 43]


def test_offsets_that_no_instruction_has_room_for(release: str) -> None:
    head = "int big[20000]; struct { int a[20000]; int last; } far;"
    body = "big[19999] = 5; i = 19999; trace(big[i]); far.last = 7; trace(far.last);"
    assert traced(release, body, head=head) == [5, 7]


def test_structs_are_copied_whole(release: str) -> None:
    clauses = [
        'g.a = 3; g.i.x = 4; g.name = "n"; this->t = g; g.a = 9; trace(this->t.a);',
        "self->v = this->t; trace(self->v.a); self->v.a = 99; trace(self->v.a);",
        "trace(self->v.i.x); trace(self->v.name);",
    ]
    assert traced(release, *clauses, head=STRUCT) == [3, 3, 99, 4, b"n"]


def test_a_member_of_a_struct_that_is_not_there_is_a_fault(release: str) -> None:
    clauses = "BEGIN { self->v.a = 5; }\nBEGIN { trace(self->v.a); }\n"
    clauses += "BEGIN { self->v = g; self->v = 0; trace(self->v.a); }"
    assert faults(run(STRUCT + clauses, release)) == [(0, 1, 0), (1, 1, 0), (2, 1, 0)]


def test_an_index_out_of_bounds_is_a_fault(release: str) -> None:
    ran = run("int a[5]; BEGIN { i = 5; trace(a[i]); } BEGIN { i = 4; trace(a[i]); }", release)
    assert faults(ran) == [(0, 11, 5)]
    assert ran.values == [[0]]


def test_pointers_count_in_elements(release: str) -> None:
    body = """
        p = (int *)0; p++; trace((int64_t)p); p += 3; trace((int64_t)p); p -= 2; trace((int64_t)p);
        q = (int *)100; trace(q - p); trace(q > p); trace((int64_t)(2 + q)); trace(q[-25] == 0);
    """
    ran = run(f"BEGIN {{ {body} }}", release)
    assert faults(ran) == [(0, 1, 0)]  # q[-25] is at address 0
    wanted = [4, 16, 8, 23, 1, 108]
    assert traced(release, body.replace("trace(q[-25] == 0);", "")) == wanted


def test_arrays_and_strings_are_pointers_to_go_on_from(release: str) -> None:
    head = "char a[8]; int n[4]; string s; char *cp; int *ip;"
    body = """
        a[0] = 'a'; a[1] = 'b'; a[2] = 'c'; i = 1; cp = a;
        trace(*cp); trace(cp[i]); trace(*(a + i));
        cp++; trace(stringof(cp)); n[2] = 77; ip = n; trace(*(ip + i + 1)); ip += 2; trace(ip - n);
        s = "hello"; trace(s[i]); trace(s + 2); trace(s + i == "ello"); trace((cp = a)[2]);
    """
    wanted = [97, 98, 98, b"bc", 77, 2, 101, b"llo", 1, 99]
    assert traced(release, body, head=head) == wanted


# --- Keys -----------------------------------------------------------------------------------------


def test_keys_are_cut_to_the_types_of_the_first_use(release: str) -> None:
    clauses = ["c = (char)44; z[c] = 9; trace(z[44]); trace(z[300]);"]
    clauses.append("u = (unsigned char)255; m[(char)-1] = 3; trace(m[u]); trace(m[-1]);")
    assert traced(release, *clauses) == [9, 9, 3, 3]


def test_a_char_array_is_a_key_by_its_bytes(release: str) -> None:
    body = "c[0] = 'a'; z[c] = 5; trace(z[c]); c[0] = 'b'; trace(z[c]); c[0] = 'a'; trace(z[c]);"
    assert traced(release, body, head="char c[5];") == [5, 0, 5]


def test_tuples_and_thread_local_arrays(release: str) -> None:
    body = """
        k[1, "a", 2] = 1; k[1, "a", 3] = 2; k[1, "ab", 2] = 3; self->t["x"] = 4;
        trace(k[1, "a", 2]); trace(k[1, "a", 3]); trace(k[1, "ab", 2]); trace(k[1, "", 2]);
        trace(self->t["x"]); trace(self->t["y"]); self->t["x"] = 0; trace(self->t["x"]);
    """
    assert traced(release, body) == [1, 2, 3, 0, 4, 0, 0]


# --- Strings --------------------------------------------------------------------------------------


def test_null_goes_through_variables_and_conditions(release: str) -> None:
    clauses = [
        's = NULL; t = 1 ? s : "x"; trace(t == NULL); u = t; trace(u == NULL);',
        's = ""; trace(s == NULL); self->s = "x"; self->s = NULL; trace(self->s == NULL);',
        'a["k"] = u; trace(a["k"] == NULL); x = (s = "new"); trace(x); trace(s);',
    ]
    head = "string s; string t; string u; string a[string];"
    assert traced(release, *clauses, head=head) == [1, 1, 0, 1, 1, b"new", b"new"]


def test_recording_null_is_a_fault(release: str) -> None:
    ran = run("string s; BEGIN { s = NULL; trace(s); } BEGIN { @[s] = count(); }", release)
    assert faults(ran) == [(0, 1, 0), (1, 1, 0)]


def test_strings_in_arrays_of_an_odd_size_do_not_touch(release: str) -> None:
    body = 'a[1] = "yyyyy"; a[0] = "x"; a[2] = "zz"; trace(a[0]); trace(a[1]); trace(a[2] == "zz");'
    assert traced(release, body, head="string a[3];", strsize="13") == [b"x", b"yyyyy", 1]


def test_a_string_of_one_ternary_compares_whole(release: str) -> None:
    body = 's = "x"; i = 1; trace((i ? "x" : s) == s); trace((i ? s : "longer than that") == "x");'
    assert traced(release, body, head="string s;") == [1, 1]


# --- Order of evaluation --------------------------------------------------------------------------


def test_operands_are_computed_from_left_to_right(release: str) -> None:
    body = """
        x = 5; trace(x + x++); trace(x++ * 10 + x++); x = 5; trace(x + (x = 3)); x = 5;
        x = ++x + x; trace(x); i = 1; a[i++] = i; trace(a[1]); trace(a[2]);
    """
    assert traced(release, body) == [10, 67, 8, 12, 1, 0]


def test_the_place_of_op_assign_is_found_twice_if_that_has_effects(
    release: str,
) -> None:
    body = "a[0] = 10; a[1] = 20; i = 0; a[i++] += 5; trace(i); trace(a[0]); trace(a[1]);"
    body += 'i = 0; a[i++]++; trace(i); trace(a[0]); s[i++] = "x"; trace(i);'
    assert traced(release, body, head="string s[int];") == [2, 10, 15, 1, 11, 2]


def test_an_aggregation_s_keys_come_before_its_value(release: str) -> None:
    ran = run("BEGIN { i = 5; @[i] = sum(i++); @b[i++] = sum(i); }", release)
    for name, key, value in (("agg__", 5, 5), ("agg_b", 6, 7)):
        ((found, words),) = ran.maps[name].items()
        assert int.from_bytes(found[:8], "little") == key
        assert int.from_bytes(words[8:16], "little") == value


# --- Faults, ERROR, exit() ------------------------------------------------------------------------

ERROR = "ERROR { trace(arg0); trace(arg1); trace(arg2); trace(arg4); trace(arg5); trace(id); }"


def test_a_fault_drops_the_clause_s_record_and_runs_the_error_clauses(release: str) -> None:
    ran = run(f"BEGIN {{ trace(1); x = *(int *)16; }} BEGIN {{ trace(2); }} {ERROR}", release)
    assert ran.values == [[0, 1, 0, 1, 16, 3], [2]]
    (fault,) = ran.faults
    assert fault.insn > 0


def test_a_fault_in_an_error_clause_ends_it_and_nothing_more(release: str) -> None:
    text = "BEGIN { x = *(int *)8; } ERROR { trace(1); y = *(int *)24; } ERROR { trace(arg5); }"
    ran = run(text, release)
    assert ran.values == [[8]]
    assert len(ran.faults) == 1


def test_a_clause_of_begin_and_error_faults_in_both(release: str) -> None:
    text = "dtrace::: { trace(probename); x = *(int *)8; } BEGIN { trace(2); }"
    ran = run(text, release)
    assert ran.values == [[2]]
    assert len(ran.faults) == 1


def test_exit_in_an_error_clause_stops_the_clauses_that_follow(release: str) -> None:
    text = "BEGIN { x = *(int *)8; } ERROR { exit(3); } ERROR { trace(1); } BEGIN { trace(2); }"
    ran = run(text, release)
    assert ran.values == [[3], [1]]
    assert ran.maps["state"].lookup(bytes(4))[0] == Activity.DRAINING


def test_clause_local_variables_are_shared_with_error_clauses(release: str) -> None:
    text = "BEGIN { this->x = 5; x = *(int *)8; } ERROR { this->x++; } BEGIN { trace(this->x); }"
    assert run("this int x;" + text, release).values == [[6]]


def test_divisions(release: str) -> None:
    text = "BEGIN { z = 0; x = 5; trace(x / z); }"
    text += "BEGIN { u = 5ul; v = 0ul; trace(u / v); trace(u % v); }"
    ran = run(text, release)
    assert faults(ran) == [(0, 4, 0)]
    assert ran.values == [[0, 5]]


# --- if -------------------------------------------------------------------------------------------


def test_branches_run_their_statements(release: str) -> None:
    clauses = [
        "x = 5; if (x > 3) { y = 1; if (x == 4) { y = 2; } else { y += 10; } } else { y = 3; }",
        "trace(y);",
        'if (x == 4) y = 1; else if (x == 5) { self->t = 7; s = "in"; } else y = 2;',
        "trace(y); trace(self->t); trace(s);",
    ]
    assert traced(release, *clauses) == [11, 11, 7, b"in"]


def test_a_clause_whose_actions_did_not_run_records_nothing(release: str) -> None:
    text = (
        "BEGIN { x = 5; if (x == 4) { trace(1); } } BEGIN { if (x == 5) { trace(2); } trace(3); }"
    )
    assert run(text, release).values == [[2, 3]]


def test_a_fault_in_a_branch_drops_the_record(release: str) -> None:
    text = "BEGIN { trace(1); if (pid >= 0) { trace(*(int *)8); } trace(2); }"
    ran = run(text, release)
    assert (ran.values, faults(ran)) == ([], [(0, 1, 8)])


def test_exit_in_a_branch(release: str) -> None:
    text = "BEGIN { if (pid >= 0) { exit(3); } trace(1); } BEGIN { trace(2); }"
    assert run(text, release).values == [[3, 1]]
