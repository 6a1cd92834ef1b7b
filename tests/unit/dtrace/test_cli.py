"""The command line: the cases of tests/cases/cli, and what they cannot show.

A case is a command line, split into words as a shell does it.  Its sections:

    [file NAME]         a file in the working folder
    [environment NAME]  the value of a variable
    [out], [err]        standard output, without the empty line after trace data; standard error,
                        without the source excerpts and notes that are ours; (usage) stands for
                        the whole usage message
    [out_file NAME]     what a file then holds
    [status N]          the exit status
    [ours]              DTrace 2.0.7 says it differently or not at all
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from dtrace.cli import args, usage
from dtrace.cli.args import parse_args, split
from dtrace.cli.errors import CommandError, UsageError
from dtrace.cli.main import main
from dtrace.cli.script import read_script
from dtrace.options import OPTIONS, Options
from dtrace.request import Form, Mode, Program
from dtrace.source import Source
from tests.casefile import Case, read_cases

ROOT = Path(__file__).resolve().parents[3]
CASES = [
    case
    for path in sorted((ROOT / "tests" / "cases" / "cli").glob("*.test"))
    for case in read_cases(path)
]
SECTIONS = ("file", "environment", "out", "err", "out_file", "status", "ours")
OURS = re.compile(r"dtrace: note:| *\d* \| ")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.path.stem}-{case.name}")
def test_command(
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    case.check_kinds(SECTIONS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("_DTRACE_TESTING", raising=False)
    for section in case.all("file"):
        (tmp_path / section.argument).write_text(section.text)
    for section in case.all("environment"):
        monkeypatch.setenv(section.argument, section.text.rstrip("\n"))

    status = main(shlex.split(case.text))

    out, err = capfd.readouterr()
    err = "".join(line for line in err.splitlines(keepends=True) if not OURS.match(line))
    assert err.replace(usage.USAGE, "(usage)\n") == text_of(case, "err")
    assert out.rstrip("\n") == text_of(case, "out").rstrip("\n")
    for section in case.all("out_file"):
        assert (tmp_path / section.argument).read_text() == section.text
    expected = case.get("status")
    assert expected is not None
    assert status == int(expected.argument)


def text_of(case: Case, kind: str) -> str:
    section = case.get(kind)
    return section.text if section else ""


def test_letters_are_grouped_and_values_attached_or_not() -> None:
    flags, others = split(["-qFn", "BEGIN", "-xa=b", "word", "--kernel=5.4", "--world", "w", "-"])
    assert flags == [
        ("q", ""),
        ("F", ""),
        ("n", "BEGIN"),
        ("x", "a=b"),
        ("kernel", "5.4"),
        ("world", "w"),
    ]
    assert others == ["word", "-"]


def test_two_dashes_end_the_options() -> None:
    assert split(["-q", "--", "-n", "--"]) == ([("q", "")], ["-n", "--"])


@pytest.mark.parametrize("word", ["-:", "-é", "-1"])
def test_other_characters_are_no_options(word: str) -> None:
    with pytest.raises(UsageError, match="invalid option"):
        split([word])


def test_every_letter_is_handled() -> None:
    letters = set(args.LETTERS) - {":"}
    modes, fields = set(args.MODES), {name for name in args.FIELDS if len(name) == 1}
    refused = {name for name in args.NOT_IMPLEMENTED if len(name) == 1}
    nothing_to_do = set("aA6")
    rest = letters - set(args.FORMS) - set(args.SHORT) - modes - fields - refused - nothing_to_do
    assert rest == set("cpx")


def test_every_shorthand_names_an_option() -> None:
    assert set(args.SHORT.values()) <= set(OPTIONS)


def test_all_of_a_request() -> None:
    words = shlex.split(
        "-qw -b 8k -x aggrate=1s -D A -DB=1 -o out -c 'ls -l' -p 12 --backend=kernel"
        " --world w.toml --kernel=5.4 -P p -m m:x -f f -i 3 -n 'n {}' one"
    )
    request = parse_args(words, {"DTRACE_OPT_BUFSIZE": "1m", "DTRACE_OPT_ZDEFS": "1"})
    options = request.options
    assert request.mode is Mode.RUN
    assert (options.quiet, options.destructive, options.flowindent) == (True, True, False)
    assert (options.bufsize, options.aggrate, options.define) == (8192, 10**9, ("A", "B=1"))
    assert (request.output, request.commands, request.pids) == ("out", ["ls -l"], [12])
    assert (request.backend, request.world, request.release) == ("kernel", "w.toml", "5.4")
    assert [(p.form, p.source.text) for p in request.programs] == [
        (Form.PROVIDER, "p"),
        (Form.MODULE, "m:x"),
        (Form.FUNCTION, "f"),
        (Form.ID, "3"),
        (Form.NAME, "n {}"),
    ]
    source = request.programs[-1].source
    assert (source.name, source.prefix) == ("", "invalid probe specifier n {}")
    assert source.args == ("dtrace", "one")


def test_bytes_that_are_no_text_stay_bytes() -> None:
    word = os.fsdecode(b'BEGIN{trace("\xff\xc3\xa9");}')
    (program,) = parse_args(["-n", word], {}).programs
    assert program.source.text == 'BEGIN{trace("\xff\xc3\xa9");}'


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("BEGIN", "BEGIN"),
        ("BEGIN,END { x }", "BEGIN,END "),
        ("BEGIN/x/{ y }", "BEGIN"),
        ("int x; BEGIN {}", "int x"),
        ("", ""),
    ],
)
def test_a_description_ends_where_the_program_begins(text: str, spec: str) -> None:
    assert Program(Form.NAME, Source(text)).describe() == f"description '{spec}'"


def test_cpp_sees_what_the_command_line_defines(tmp_path: Path) -> None:
    script = tmp_path / "p.d"
    script.write_text(
        '#!/usr/bin/dtrace -Cs\n#ifdef A\na B "A"\n#endif\n#ifdef __SUNW_D\nd\n#endif\n'
    )
    options = Options()
    for name, value in (("cpp", None), ("define", "A"), ("define", "B=2")):
        options.set(name, value)
    try:
        text = read_script(str(script), options)
    except CommandError as err:
        pytest.skip(f"there is no cpp: {err}")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines == ['a 2 "A"', "d"]
    assert f'"{script}"' not in text  # which would stand in messages as an included file's does
    assert '# 1 "/dev/stdin"' in text


def test_a_reader_that_goes_away_ends_the_trace_quietly() -> None:
    program = 'BEGIN { printf("%s\\n", "x"); } tick-1ms { printf("%s\\n", "y"); }'
    with subprocess.Popen(
        [sys.executable, "-m", "dtrace", "-qn", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"x\n"
        process.stdout.close()
        err = process.stderr.read().decode()
        assert process.wait(timeout=20) == 1
    assert "Traceback" not in err
    assert "Exception" not in err


def test_the_kernel_backend_is_for_root(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main(["--backend=kernel", "-n", "BEGIN"]) == 2
    message = capsys.readouterr().err
    assert message.startswith("dtrace: tracing the kernel needs root")
    assert message.count("\n") == 1
