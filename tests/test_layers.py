"""Imports go one way, modules stay short, and a one-liner loads nothing heavy.

docs/architecture.md gives the reasons.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("emu", "verifier_model", "dtrace")

# From the bottom up.  A module may import from its own line and from those above it; the entry
# that counts is the longest one that is its name or a parent's.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("emu.kernel",),
    ("emu.prog", "emu.btf"),
    ("emu.isa",),
    ("emu.objfile",),
    ("emu.vm", "emu.maps", "emu.helpers", "emu.net"),
    ("emu.world",),
    ("emu",),
    ("verifier_model",),
    (
        "dtrace.errtags",
        "dtrace.source",
        "dtrace.diag",
        "dtrace.formats",
        "dtrace.options",
        "dtrace.optvalues",
        "dtrace.request",
        "dtrace.target",
    ),
    ("dtrace.dlibs",),
    ("dtrace.lang",),
    ("dtrace.types",),
    ("dtrace.probes",),
    # The protocol that both kernels follow; those who ask a kernel need it, whoever implements it.
    ("dtrace.backend.base",),
    ("dtrace.bpf",),
    ("dtrace.opt",),
    ("dtrace.bpflib",),
    ("dtrace.providers",),
    ("dtrace.sema",),
    ("dtrace.codegen",),
    ("dtrace.link",),
    ("dtrace.consume",),
    ("dtrace.backend",),
    ("dtrace.lab",),
    ("dtrace.cli", "dtrace.__main__"),
    ("dtrace",),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}

# What must not be imported even though it lies below: (importer, imported).
MACHINE = ("emu.vm", "emu.maps", "emu.helpers", "emu.net", "emu.world")
RUNS_PROGRAMS = ("dtrace.backend", "dtrace.lab", "dtrace.cli")
FORBIDDEN = [("verifier_model", name) for name in MACHINE] + [
    (importer, name)
    for names in LAYERS
    for importer in names
    if importer.startswith("dtrace") and importer not in RUNS_PROGRAMS
    for name in (*MACHINE, "verifier_model")
]

MAX_LINES = 400
# Modules that are one table and may be longer.
TABLES = (
    "emu.kernel.helpers",
    "emu.kernel.kfuncs",
    "emu.kernel.syscalls",
    "emu.kernel.traits",
    "verifier_model.report.findings",
)

# Third-party modules that a module may import, beyond the standard library.
THIRD_PARTY = {
    "dtrace": ("platformdirs",),
    "emu.objfile": ("elftools",),
    "verifier_model.smt": ("z3",),
    # These make committed files, and are run by developers only.
    "dtrace.bpflib.build": ("elftools",),
    "dtrace.lang.generate": ("lark",),
}

# What the run of a one-liner must not load: each costs more than it gives.
HEAVY = ("argparse", "dataclasses_json", "elftools", "hypothesis", "inspect", "json", "lark")
HEAVY += ("pathlib", "shutil", "subprocess", "tempfile", "typing_extensions", "unittest", "z3")


def modules() -> Iterator[tuple[str, Path]]:
    """Name and file of every module of ours."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def below(name: str, package: str) -> bool:
    """Whether `name` is `package` or lies in it."""
    return name == package or name.startswith(package + ".")


def entry(name: str) -> str:
    """The entry of LAYERS that counts for a module: the longest one that holds it."""
    return max((layer for layer in RANK if below(name, layer)), key=len, default="")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and name of what a module imports when it runs; what is for annotations is left out."""
    todo: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            todo.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield node.lineno, "."
            # `from package import module` may name a module: the longer name decides the layer.
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        todo.extend(ast.iter_child_nodes(node))


MODULES = list(modules())


@pytest.mark.parametrize(("name", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_module_imports_only_what_lies_below(name: str, path: Path) -> None:
    layer = entry(name)
    complaints = []
    for line, imported in imports(path):
        where = f"{path.relative_to(ROOT)}:{line}: {name} imports {imported}"
        if imported == ".":
            complaints.append(f"{where}: relative imports are not used")
        if not any(below(imported, package) for package in PACKAGES):
            continue
        if RANK[entry(imported)] > RANK[layer]:
            complaints.append(f"{where}, which lies above it")
        complaints.extend(
            f"{where}: forbidden, see FORBIDDEN"
            for importer, banned in FORBIDDEN
            if layer == importer and below(imported, banned)
        )
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize(("name", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_module_needs_the_standard_library_only(name: str, path: Path) -> None:
    allowed = {top for module, tops in THIRD_PARTY.items() if below(name, module) for top in tops}
    for line, imported in imports(path):
        top = imported.split(".")[0]
        assert top in sys.stdlib_module_names or top in PACKAGES or top in allowed, (
            f"{path.relative_to(ROOT)}:{line}: {name} imports {top}"
        )


@pytest.mark.parametrize(("name", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_module_is_short(name: str, path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    if name in TABLES:
        assert lines > MAX_LINES, f"{name} is short: take it out of TABLES"
    else:
        assert lines <= MAX_LINES, f"{name} has {lines} lines; split it by subject"


def test_every_package_has_a_layer() -> None:
    for package in PACKAGES:
        for path in (ROOT / package).iterdir():
            if path.name.startswith(("_", ".", "py.typed")) or path.suffix not in {"", ".py"}:
                continue
            name = f"{package}.{path.stem}"
            assert entry(name) != "dtrace", f"{name} has no place in LAYERS"


def test_tables_and_exceptions_name_modules_that_exist() -> None:
    names = {name for name, _ in MODULES}
    for name in TABLES:
        assert name in names, f"TABLES names {name}"


def test_architecture_page_names_modules_that_exist() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:emu|verifier_model|dtrace)(?:\.\w+)+)`", page))
    assert len(named) > 20
    for name in named:
        # A capital begins a class in a module.
        path = ROOT.joinpath(*(part for part in name.split(".") if part[0].islower()))
        found = path.is_dir() or path.with_suffix(".py").exists()
        assert found, f"docs/architecture.md names {name}"


def test_one_liner_loads_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from dtrace.cli.main import main\n"
        'status = main(["-qn", "BEGIN { exit(0); }"])\n'
        'print(status, *sorted(sys.modules), sep="\\n")\n'
    )
    # -S: an installation in editable mode brings a finder that itself imports pathlib.
    place = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", place + program],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    status, *loaded = done.stdout.split()
    assert status == "0", done.stderr
    assert not set(HEAVY) & set(loaded)
