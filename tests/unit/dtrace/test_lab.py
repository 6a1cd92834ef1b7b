"""dtlab verify: one line a script, one column a kernel, and reasons below."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from dtrace.lab.main import main

SMALL = "BEGIN { @[execname] = count(); exit(0); }\n"
# More instructions than 4.18 takes (4096), fewer than 5.4 does (a million).
STATEMENTS = "".join(f'\tprintf("%d", x < "{i}" || x > "{i}");\n' for i in range(70))
LARGE = f"string x;\nBEGIN\n{{\n{STATEMENTS}}}\n"
WRONG = "BEGIN { x = ; }\n"


def verify(capsys, tmp_path, *words, **texts):
    paths = []
    for name, text in texts.items():
        path = tmp_path / f"{name}.d"
        path.write_text(text)
        paths.append(str(path))
    status = main(["verify", *paths, *words])
    out = capsys.readouterr().out.replace(f"{tmp_path}/", "")
    return status, [line for line in out.splitlines() if line]


def test_a_small_script_loads_everywhere(capsys, tmp_path):
    status, lines = verify(capsys, tmp_path, small=SMALL)
    assert status == 0
    assert lines[0].split()[:2] == ["SCRIPT", "4.18"]
    assert set(lines[1].split()[1:]) == {"ok"}
    assert len(lines) == 2


def test_a_large_one_is_refused_by_the_kernels_with_a_small_limit(capsys, tmp_path):
    status, lines = verify(capsys, tmp_path, "--kernels", "4.18,5.4", large=LARGE)
    assert status == 1
    assert lines[1].split() == ["large.d", "error", "ok"]
    assert lines[2].startswith("large.d on 4.18: error: ")
    assert "4096" in lines[2]


def test_a_range_of_kernels_takes_those_with_a_profile(capsys, tmp_path):
    _, lines = verify(capsys, tmp_path, "--kernels", "5.4..5.15", small=SMALL)
    releases = lines[0].split()[1:]
    assert releases[0] == "5.4"
    assert releases[-1] == "5.15"
    assert "6.1" not in releases


def test_what_does_not_compile_is_shown_with_its_line(capsys, tmp_path):
    status, lines = verify(capsys, tmp_path, "--kernels", "6.1", wrong=WRONG)
    assert status == 1
    assert lines[1].split() == ["wrong.d", "error"]
    assert 'syntax error near ";"' in lines[2]
    assert lines[3].endswith("BEGIN { x = ; }")


def test_wrong_usage_is_status_2(capsys):
    assert main([]) == 2
    assert main(["verify"]) == 2
    assert main(["verify", __file__, "--kernels", "1.2"]) == 2
    assert "Usage: dtlab" in capsys.readouterr().err


def test_a_script_that_cannot_be_read_is_named(capsys):
    assert main(["verify", "/no/such.d"]) == 1
    assert "failed to open /no/such.d: No such file or directory" in capsys.readouterr().err


OBJECT = """
__attribute__((section("socket"), used)) int good(void *ctx) { return 1; }
"""
READS_NULL = """
__attribute__((section("socket"), used)) int bad(void *ctx)
{ return *(volatile int *)0; }
"""


def verify_object(capsys, tmp_path, text):
    clang = shutil.which("clang")
    if clang is None:
        pytest.skip("no clang to make objects with")
    pytest.importorskip("elftools", reason="objects need pyelftools")
    (tmp_path / "test.c").write_text(text)
    words = [clang, "-target", "bpf", "-O2", "-g", "-c", "test.c", "-o", "test.o"]
    subprocess.run(words, check=True, cwd=tmp_path)
    status = main(["verify", str(tmp_path / "test.o"), "--kernels", "5.4,6.18"])
    lines = capsys.readouterr().out.replace(f"{tmp_path}/", "").splitlines()
    return status, [line for line in lines if line]


def test_an_object_that_loads_is_ok(capsys, tmp_path):
    status, lines = verify_object(capsys, tmp_path, OBJECT)
    assert status == 0
    assert lines[1].split() == ["test.o", "ok", "ok"]


def test_an_object_that_is_refused_is_shown_with_its_line(capsys, tmp_path):
    status, lines = verify_object(capsys, tmp_path, READS_NULL)
    assert status == 1
    assert lines[1].split() == ["test.o", "reject", "reject"]
    assert lines[2].startswith("test.o on 5.4: reject: bad: R1 invalid mem access 'inv'")
    assert lines[3].endswith("test.c:3: { return *(volatile int *)0; }")


def test_a_damaged_object_is_an_error_with_its_offset(capsys, tmp_path):
    path = tmp_path / "cut.o"
    path.write_bytes(b"\x7fELF\x02\x01")
    assert main(["verify", str(path), "--kernels", "6.18"]) == 1
    assert "cut.o on 6.18: error: byte 0: Elf_Ehdr is cut short" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help_is_no_error(capsys, word):
    assert main([word]) == 0
    assert capsys.readouterr().out.startswith("Usage: dtlab verify")
