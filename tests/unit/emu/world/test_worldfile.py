"""World files: what they say, and what is said about those that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.world.scenario import HOUR, MS, US, Activity, Buffer, Scenario, TaskSpec
from emu.world.worldfile import WorldError, load

WORLDS = sorted(Path(__file__).parents[4].glob("corpus/worlds/*.toml"))


def test_there_are_world_files():
    assert len(WORLDS) >= 2


@pytest.mark.parametrize("path", WORLDS, ids=lambda path: path.stem)
def test_world_files_of_the_corpus_can_be_read(path):
    assert load(str(path)).tasks


def written(tmp_path, text):
    path = tmp_path / "world.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_file_says_what_the_scenario_is(tmp_path):
    path = written(
        tmp_path,
        """
        name = "small"
        cpus = 3
        uptime = "1.5h"
        wall = 2024-06-01T12:00:00.25Z
        [[task]]
        comm = "reader"
        pid = 812
        threads = 2
        start = "1ms..2ms"
        [[task.does]]
        call = "read"
        args = [3, "text", { buffer = 16 }]
        returns = [0, 4096]
        errors = { EAGAIN = 0.25 }
        takes = "10us"
        weight = 2
        """,
    )
    activity = Activity(
        "read", (3, "text", Buffer(16)), (0, 4096), ((11, 0.25),), (10 * US, 10 * US), weight=2
    )
    task = TaskSpec("reader", 812, threads=2, start=(1 * MS, 2 * MS), does=(activity,))
    assert load(path) == Scenario(
        "small", (task,), cpus=3, uptime=HOUR * 3 // 2, wall=1_717_243_200_250_000_000
    )


DOES = "[[task]]\ncomm = 'a'\n[[task.does]]\n"

WRONG = [
    ("cpus = 0", "cpus: expected a number from 1 to 64"),
    ("cpus = true", "cpus: expected a number from 1 to 64"),
    ("cpu = 1", "cpu: unknown key; expected one of name, cpus, uptime, wall, task"),
    ('uptime = "5 parsecs"', 'uptime: expected a duration such as "20us"'),
    ('uptime = "nan"', "uptime: expected a duration"),
    ("uptime = 3", "uptime: expected a duration"),
    ("wall = 2024-06-01", "wall: expected a date and time such as 2024-06-01T12:00:00Z"),
    ("task = 3", "task: expected [[task]] tables"),
    ("task = [3]", "task[1]: expected a table"),
    ("[[task]]\npid = 3", "task[1].comm: expected the task's name"),
    ('[[task]]\ncomm = ""', "task[1].comm: expected a text"),
    (DOES + "call = 'raed'",
     "task[1].does[1].call: 'raed' is no system call"),
    (DOES + "args = [1,2,3,4,5,6,7]",
     "task[1].does[1].args: expected a list of at most 6"),
    (DOES + "args = [1.5]", "task[1].does[1].args[1]: expected a number"),
    (DOES + "args = [{ bufer = 1 }]", "expected { buffer = SIZE }"),
    (DOES + "errors = { EWHAT = 0.1 }", "errors.EWHAT: expected one of"),
    (DOES + "errors = { EIO = 1.1 }", "from 0 to 1 in all"),
    (DOES + "returns = [2, 1]", "returns: expected a number, or"),
    (DOES + "takes = '2ms..1ms'", "takes: expected the shorter"),
    (DOES + "starts = 'b'", "no task with template = true is 'b'"),
    ("cpus = ", "not TOML: "),
    (b"\xff\xfe", "not a text file"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_wrong_file_is_named_with_key_and_expectation(tmp_path, text, message):
    path = written(tmp_path, text)
    with pytest.raises(WorldError) as error:
        load(path)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)


def test_missing_file_is_named():
    with pytest.raises(WorldError, match=r"^/nowhere/world.toml: No such file or directory$"):
        load("/nowhere/world.toml")
