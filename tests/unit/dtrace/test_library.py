"""The D library: what its files mean for a kernel, and folders of further ones."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from dtrace.backend.emulated_types import TYPES, EmulatedTypes
from dtrace.diag import CompileError
from dtrace.dlibs.load import FOLDER, read
from dtrace.lang.parser import parse_option
from dtrace.probes.desc import Begin, Probe
from dtrace.sema.context import Context
from dtrace.sema.libdir import load_folder
from dtrace.sema.library import compile_library
from dtrace.sema.program import Cooker, CookOptions
from dtrace.sema.scope import Constant
from dtrace.source import Source
from dtrace.target import Target
from dtrace.types.builtin import string_type
from dtrace.types.convert import type_name
from dtrace.types.layout import find_member
from dtrace.types.model import Struct, resolve
from dtrace.types.scope import TypeScope
from emu.kernel.syscalls import by_name
from emu.world.structs import SIZES, STRUCTS

if TYPE_CHECKING:
    from pathlib import Path

    from dtrace.probes.desc import ProbeDesc

BEGIN = Probe(1, "dtrace", "", "", "BEGIN", Begin())
TARGET = Target(None, cpus=4)  # type: ignore[arg-type]  # cooking does not look at the kernel
# Files that need more of a kernel than the emulated one has.
NEED_MORE = ("paths.d",)
FILES = sorted(name for name in os.listdir(FOLDER) if name.endswith(".d"))

# Members that have a rule for every kernel.
PSINFO = ["pr_pid", "pr_ppid", "pr_uid", "pr_euid", "pr_gid", "pr_egid", "pr_addr", "pr_fname"]
PSINFO += ["pr_wstat", "pr_dmodel", "pr_taskid", "pr_projid", "pr_nzomb", "pr_poolid"]
PSINFO += ["pr_zoneid", "pr_contract"]
LWPSINFO = ["pr_flag", "pr_lwpid", "pr_addr", "pr_wchan", "pr_stype", "pr_state", "pr_sname"]
LWPSINFO += ["pr_pri", "pr_name", "pr_onpro"]


def find(desc: ProbeDesc) -> list[Probe]:
    return [BEGIN]


def options() -> CookOptions:
    return CookOptions(kernel=EmulatedTypes())


def cook(text: str) -> None:
    """Cook a -n program for the emulated kernel."""
    cooker = Cooker(TARGET, find, options())
    cooker.begin()
    cooker.finish(
        parse_option(
            Source(text),
            known_types=cooker.known_type,
            known_names=cooker.known_name,
            on_definition=cooker.define,
        )
    )


@pytest.mark.parametrize("file", [name for name in FILES if name not in NEED_MORE])
def test_files_compile_for_the_emulated_kernel(file: str) -> None:
    compile_library(Context(TARGET, find, options()), read(file))


@pytest.mark.parametrize("member", PSINFO)
def test_current_process_has(member: str) -> None:
    cook(f"BEGIN {{ trace(curpsinfo->{member}); }}")


@pytest.mark.parametrize("member", LWPSINFO)
def test_current_thread_has(member: str) -> None:
    cook(f"BEGIN {{ trace(curlwpsinfo->{member}); }}")


def test_member_without_a_rule_that_the_kernel_can_serve_cannot_be_used() -> None:
    with pytest.raises(CompileError, match="does not define conversion for member: pr_nlwp"):
        cook("BEGIN { x = curpsinfo->pr_nlwp; }")


def test_types_of_the_library_can_be_named_without_its_inlines() -> None:
    cook("BEGIN { x = ((psinfo_t *)0)->pr_pid; y = xlate <lwpsinfo_t *> (curthread)->pr_pri; }")


def test_of_a_programs_own_translator_every_rule_counts() -> None:
    with pytest.raises(CompileError, match="nosuch is not a member of struct task_struct"):
        cook(
            "struct s { int a; };"
            "translator struct s < struct task_struct *T > { a = T->nosuch; };"
            "BEGIN { }"
        )


# Folders


PROGRAM = Source("BEGIN", prefix="invalid probe specifier BEGIN")


def load(tmp_path: Path, **files: str) -> Context:
    """Compile a folder with these files, `.d` left out of their names."""
    for name, text in files.items():
        (tmp_path / f"{name}.d").write_text(text)
    (tmp_path / "README").write_text("no library")
    cx = Context(TARGET, find, CookOptions())
    load_folder(cx, str(tmp_path), PROGRAM)
    return cx


def depends(on: str, text: str = "") -> str:
    return f"#pragma D depends_on library {on}.d\n{text}"


def test_libraries_come_after_those_they_depend_on(tmp_path: Path) -> None:
    cx = load(
        tmp_path,
        a=depends("b", "inline int a = b + c;"),
        b=depends("c", "inline int b = 2 * c;"),
        c="inline int c = 4;",
    )
    symbol = cx.names.lookup("a")
    assert isinstance(symbol, Constant)
    assert symbol.value == 12


def test_a_library_for_a_provider_that_is_not_there_is_passed_over(tmp_path: Path) -> None:
    text = "#pragma D depends_on provider {}\ninline int {} = 1;"
    cx = load(tmp_path, a=text.format("dtrace", "here"), b=text.format("nosuch", "gone"))
    assert cx.names.lookup("here") is not None
    assert cx.names.lookup("gone") is None


def test_no_folder_is_no_library(tmp_path: Path) -> None:
    load_folder(Context(TARGET, find, CookOptions()), f"{tmp_path}/nosuch", PROGRAM)


# The messages are those of DTrace 2.0.7 for Linux.
@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a": depends("b"), "b": depends("a")}, "Cyclic dependency detected: DIR/a.d => DIR/b.d"),
        (
            {"a": depends("b"), "b": depends("c"), "c": depends("a")},
            "Cyclic dependency detected: DIR/c.d => DIR/b.d",
        ),
        (
            {"a": depends("m"), "m": depends("c"), "c": depends("m")},
            "Cyclic dependency detected: DIR/c.d => DIR/m.d",
        ),
        ({"a": depends("x")}, "Invalid library dependency in DIR/a.d: DIR/x.d"),
        (
            {"a": "inline int a = 1;\ninline int b = nosuch;"},
            '[D_IDENT_UNDEF] "DIR/a.d", line 2: failed to resolve nosuch: Unknown variable name',
        ),
    ],
)
def test_wrong_libraries(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(CompileError) as caught:
        load(tmp_path, **files)
    headline = caught.value.headline(errtags=True)
    assert headline == f"{PROGRAM.prefix}: {message.replace('DIR', str(tmp_path))}"


# The emulated kernel's types


def test_emulated_structs_have_the_members_that_the_world_fills_in() -> None:
    types = EmulatedTypes()
    for tag, members in STRUCTS.items():
        struct = types.c_type("struct", tag)
        assert isinstance(struct, Struct)
        assert struct.size == SIZES[tag]
        for name, member in members.items():
            within: Struct = struct
            offset = 0
            for part in name.split("."):
                found = find_member(within, part)
                assert found is not None, name
                offset += found[1]
                t = resolve(found[0].type)
                within = t if isinstance(t, Struct) else within
            assert (offset, t.size) == member, name


def test_every_emulated_member_has_a_type() -> None:
    for tag, members in STRUCTS.items():
        assert {name for name in members if "." not in name} == set(TYPES[tag])


def test_the_type_of_every_parameter_of_a_system_call_is_known() -> None:
    scope = TypeScope(string_type(256), EmulatedTypes())
    for call in by_name().values():
        for param in filter(None, call.params.split(", ")):
            assert scope.parse(param.rstrip("abcdefghijklmnopqrstuvwxyz_0123456789")), param


def test_names_of_emulated_types() -> None:
    types = EmulatedTypes()
    task = types.c_type("struct", "task_struct")
    assert isinstance(task, Struct)
    names = {name: type_name(member.type) for name, member in task.members.items()}
    assert names["comm"] == "char [16]"
    assert names["real_parent"] == "struct task_struct *"
    assert names["mm"] == "struct mm_struct *"
    assert types.c_type("struct", "nosuch") is None
    assert types.c_type("union", "task_struct") is None
