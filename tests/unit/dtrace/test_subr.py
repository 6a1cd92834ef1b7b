"""Subroutines: loops without back-edges, and what the verifier walks for them."""

from __future__ import annotations

import pytest

import verifier_model
from dtrace.codegen.call import MODULES
from dtrace.sema.idents import IDENTS, IdentKind
from emu.prog import Prog


def test_every_implemented_subroutine_has_its_module() -> None:
    from importlib import import_module

    named = {n for n, row in IDENTS.items() if row.kind is IdentKind.SUBROUTINE}
    implemented = {n for n in named if IDENTS[n].implemented} - {"speculation"}
    assert implemented <= set(MODULES)
    for name in implemented:
        assert hasattr(import_module(f"dtrace.codegen.subr.{MODULES[name]}"), f"cg_subr_{name}")


# Instructions that the verifier walks for one call, at most; kernels before 5.2 give up at 131072.
LIMITS = {
    "strlen(execname)": 200,
    'strjoin(execname, "x")': 400,
    "substr(execname, 1, 2)": 600,
    "strchr(execname, 'a')": 4000,
    'index(execname, "ab")': 8000,
    "basename(execname)": 8000,
    "lltostr(pid)": 600,
}


@pytest.mark.parametrize("kernel", ["4.18", "7.3"])
@pytest.mark.parametrize("expr", LIMITS)
def test_a_call_is_walked_in_few_instructions(
    expr: str, kernel: str, monkeypatch: pytest.MonkeyPatch, capfdbinary: object
) -> None:
    from dtrace.cli.main import main

    walked: list[int] = []
    verify = verifier_model.verify

    def counting(prog: Prog, *args: object, **options: object) -> verifier_model.Verdict:
        verdict = verify(prog, *args, **options)  # type: ignore[arg-type]
        walked.append(verdict.insns_processed)
        return verdict

    monkeypatch.setattr(verifier_model, "verify", counting)
    main(["--kernel", kernel, "-qn", f"BEGIN {{ trace({expr}); exit(0); }}"])
    assert 0 < max(walked) <= LIMITS[expr]
