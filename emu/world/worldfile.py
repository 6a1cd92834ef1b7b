"""World files: TOML to Scenario.

    name = "one reader"
    cpus = 2
    uptime = "3h"
    wall = 2024-06-01T12:00:00Z     # without it, the real time

    [[task]]
    comm = "reader"
    pid = 812
    in_order = true
    repeat = 5

    [[task.does]]
    call = "read"
    args = [3, { buffer = 4096 }, 4096]     # a text stands for its address
    returns = [1, 4096]
    errors = { EAGAIN = 0.05 }
    takes = "2us..40us"
    blocks = "1ms..20ms"
    then = "10us"

The keys are the fields of emu.world.scenario; everything has a default but the name of a task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emu.kernel import errno, syscalls
from emu.world.scenario import Activity, Arg, Buffer, Range, Scenario, TaskSpec

if TYPE_CHECKING:
    from collections.abc import Callable

UNITS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
UNITS |= {"m": 60 * UNITS["s"], "h": 3600 * UNITS["s"], "d": 86400 * UNITS["s"]}
MAX_CPUS = 64


class WorldError(Exception):
    """A world file that cannot be used: the file, the key, what is expected there."""


class _Wrong(Exception):
    """What a value should have been."""


def load(path: str) -> Scenario:
    """The scenario in the file at `path`.

    Raises WorldError for a file that cannot be read, is not TOML, or says what cannot be.
    """
    import tomllib

    try:
        with open(path, "rb") as file:
            data = tomllib.load(file)
    except OSError as error:
        raise WorldError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise WorldError(f"{path}: not a text file") from None
    except tomllib.TOMLDecodeError as error:
        raise WorldError(f"{path}: not TOML: {error}") from None
    try:
        return read(data)
    except _Wrong as wrong:
        raise WorldError(f"{path}: {wrong}") from None


def read(data: dict[str, Any]) -> Scenario:
    """The scenario that parsed TOML describes."""
    values = _fields(data, "", _WORLD)
    tasks: tuple[TaskSpec, ...] = values.pop("task", ())
    templates = {task.comm for task in tasks if task.template}
    for number, task in enumerate(tasks, 1):
        for place, activity in enumerate(task.does, 1):
            if activity.starts and activity.starts not in templates:
                where = f"task[{number}].does[{place}].starts"
                raise _Wrong(f"{where}: no task with template = true is {activity.starts!r}")
    return Scenario(**{"name": "world", "tasks": tasks, **values})


def _fields(
    data: object, where: str, readers: dict[str, Callable[[Any, str], Any]]
) -> dict[str, Any]:
    """The values of a table, each read by the reader of its key."""
    if not isinstance(data, dict):
        raise _Wrong(f"{where}: expected a table")
    values = {}
    for key, value in data.items():
        place = f"{where}.{key}" if where else key
        if key not in readers:
            raise _Wrong(f"{place}: unknown key; expected one of {', '.join(readers)}")
        values[key] = readers[key](value, place)
    return values


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise _Wrong(f"{where}: expected a text")
    return value


def _bool(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise _Wrong(f"{where}: expected true or false")
    return value


def _number(low: int, high: int) -> Callable[[Any, str], int]:
    def reader(value: Any, where: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise _Wrong(f"{where}: expected a number from {low} to {high}")
        return value

    return reader


def _duration(value: Any, where: str) -> int:
    """Nanoseconds of "20us" or "1.5s"; of 0."""
    if value == 0 and not isinstance(value, bool):
        return 0
    if isinstance(value, str):
        digits = value.rstrip("abcdefghijklmnopqrstuvwxyz")
        unit = UNITS.get(value[len(digits) :])
        try:
            amount = float(digits)
        except ValueError:
            unit = None
        if unit and 0 <= amount < 1e9:
            return round(amount * unit)
    raise _Wrong(f'{where}: expected a duration such as "20us", with one of {", ".join(UNITS)}')


def _durations(value: Any, where: str) -> Range:
    """A duration, or "1ms..20ms"."""
    if not isinstance(value, str) or ".." not in value:
        return (_duration(value, where),) * 2
    first, _, last = value.partition("..")
    low, high = _duration(first.strip(), where), _duration(last.strip(), where)
    if low > high:
        raise _Wrong(f"{where}: expected the shorter duration first")
    return low, high


_S64 = _number(-(1 << 63), (1 << 63) - 1)


def _returns(value: Any, where: str) -> Range:
    """A number, or [lowest, highest]."""
    if not isinstance(value, list):
        return (_S64(value, where),) * 2
    if len(value) != 2 or _S64(value[0], where) > _S64(value[1], where):
        raise _Wrong(f"{where}: expected a number, or [lowest, highest]")
    return value[0], value[1]


def _wall(value: Any, where: str) -> int:
    """Nanoseconds since the epoch of a TOML date and time with its offset."""
    if getattr(value, "tzinfo", None) is None or not hasattr(value, "timestamp"):
        raise _Wrong(f"{where}: expected a date and time such as 2024-06-01T12:00:00Z")
    seconds = int(value.replace(microsecond=0).timestamp())
    return seconds * UNITS["s"] + int(value.microsecond) * UNITS["us"]


def _call(value: Any, where: str) -> str:
    name = _text(value, where)
    if name not in syscalls.by_name():
        raise _Wrong(f"{where}: {name!r} is no system call by the name of its tracepoint")
    return name


def _args(value: Any, where: str) -> tuple[Arg, ...]:
    if not isinstance(value, list) or len(value) > 6:
        raise _Wrong(f"{where}: expected a list of at most 6 arguments")
    return tuple(_arg(arg, f"{where}[{number}]") for number, arg in enumerate(value, 1))


def _arg(value: Any, where: str) -> Arg:
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and list(value) == ["buffer"]:
        return Buffer(_number(1, 1 << 20)(value["buffer"], f"{where}.buffer"))
    if isinstance(value, dict):
        raise _Wrong(f"{where}: expected {{ buffer = SIZE }}")
    return _S64(value, where)


def _errors(value: Any, where: str) -> tuple[tuple[int, float], ...]:
    if not isinstance(value, dict):
        raise _Wrong(f"{where}: expected a table such as {{ EAGAIN = 0.05 }}")
    total = 0.0
    pairs = []
    for name, probability in value.items():
        if name not in errno.NAMES:
            raise _Wrong(f"{where}.{name}: expected one of {', '.join(errno.NAMES)}")
        if isinstance(probability, bool) or not isinstance(probability, int | float):
            raise _Wrong(f"{where}.{name}: expected a probability")
        total += probability
        if probability < 0 or total > 1:
            raise _Wrong(f"{where}.{name}: expected probabilities from 0 to 1 in all")
        pairs.append((errno.NAMES[name], float(probability)))
    return tuple(pairs)


def _activity(value: Any, where: str) -> Activity:
    return Activity(**_fields(value, where, _ACTIVITY))


def _task(value: Any, where: str) -> TaskSpec:
    fields = _fields(value, where, _TASK)
    if "comm" not in fields:
        raise _Wrong(f"{where}.comm: expected the task's name")
    return TaskSpec(**fields)


def _list_of(reader: Callable[[Any, str], Any]) -> Callable[[Any, str], tuple[Any, ...]]:
    def read_list(value: Any, where: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _Wrong(f"{where}: expected [[{where}]] tables")
        return tuple(reader(item, f"{where}[{number}]") for number, item in enumerate(value, 1))

    return read_list


_ID = _number(0, (1 << 31) - 1)

_ACTIVITY = {
    "call": _call,
    "args": _args,
    "returns": _returns,
    "errors": _errors,
    "takes": _durations,
    "blocks": _durations,
    "then": _durations,
    "weight": _number(1, 1_000_000),
    "becomes": _text,
    "starts": _text,
}
_TASK = {
    "comm": _text,
    "pid": _number(1, 1 << 22),
    "ppid": _number(0, 1 << 22),
    "uid": _ID,
    "gid": _ID,
    "threads": _number(1, 1024),
    "kernel_thread": _bool,
    "template": _bool,
    "in_order": _bool,
    "repeat": _number(0, (1 << 31) - 1),
    "start": _durations,
    "does": _list_of(_activity),
}
_WORLD = {
    "name": _text,
    "cpus": _number(1, MAX_CPUS),
    "uptime": _duration,
    "wall": _wall,
    "task": _list_of(_task),
}
