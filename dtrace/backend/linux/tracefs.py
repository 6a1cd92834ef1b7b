"""tracefs: which tracepoints there are, their ids and the fields of their records.

Read-only: programs are attached through perf, so nothing is ever written here.
"""

from __future__ import annotations

from dtrace.backend.base import KernelError
from dtrace.probes.desc import Field

MISSING = "tracefs is not mounted; run `mount -t tracefs nodev /sys/kernel/tracing` as root"
_USUAL = ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")


def find() -> str:
    """The folder where tracefs is mounted, one of the usual two if possible; "" for nowhere."""
    try:
        with open("/proc/self/mounts", encoding="utf-8", errors="surrogateescape") as mounts:
            rows = [line.split(" ") for line in mounts]
    except OSError:
        return ""
    # A space in a path is written \040 there.
    folders = [row[1].replace("\\040", " ") for row in rows if row[2] == "tracefs"]
    return next((usual for usual in _USUAL if usual in folders), folders[0] if folders else "")


class Tracefs:
    """A mounted tracefs."""

    __slots__ = ("root",)

    def __init__(self, root: str = "") -> None:
        """root: where it is mounted; looked up when empty.  Raises KernelError without one."""
        self.root = root or find()
        if not self.root:
            raise KernelError(MISSING)

    def _read(self, path: str, missing: str) -> str:
        try:
            with open(f"{self.root}/{path}", encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            raise KernelError(missing) from None
        except OSError as error:
            raise KernelError(
                f"{self.root}/{path}: {error.strerror}: reading tracefs needs root"
            ) from None

    def events(self) -> list[tuple[str, str]]:
        """(group, event) of every tracepoint, in the kernel's order.

        Without the events that tools make for themselves while they run (kprobe_events,
        uprobe_events): they come and go, and are no tracepoints.
        """
        text = self._read("available_events", f"{self.root}: no available_events")
        pairs = (line.partition(":") for line in text.splitlines())
        made = self._dynamic()
        return [
            (group, event) for group, colon, event in pairs if colon and (group, event) not in made
        ]

    def _dynamic(self) -> set[tuple[str, str]]:
        # Lines such as `p:group/event address`, `p16:group/event ...`.
        try:
            text = self._read("dynamic_events", "")
        except KernelError:  # before 5448d44c3855 ("tracing: Add unified dynamic event framework")
            return set()
        names = (line.partition(" ")[0].partition(":")[2] for line in text.splitlines())
        pairs = (name.partition("/") for name in names)
        return {(group, event) for group, _, event in pairs}

    def event_id(self, group: str, event: str) -> int:
        """The number that perf knows a tracepoint by."""
        text = self._read(f"events/{group}/{event}/id", _no_event(group, event))
        return int(text)

    def fields(self, group: str, event: str) -> tuple[Field, ...]:
        """The fields of a tracepoint's record, the common_ ones left out."""
        text = self._read(f"events/{group}/{event}/format", _no_event(group, event))
        return parse_format(text)


def _no_event(group: str, event: str) -> str:
    return f"tracepoint {group}:{event} does not exist on this kernel"


def parse_format(text: str) -> tuple[Field, ...]:
    """The fields that a `format` file declares, in its order, the common_ ones left out.

    A line is `<tab>field:const char * filename;<tab>offset:24;<tab>size:8;<tab>signed:0;`.  An
    array's bounds go from the name to the type: `char comm[16]` is comm, "char [16]".
    Source: f_show(), kernel/trace/trace_events.c.
    """
    fields = []
    for line in text.splitlines():
        head, _, rest = line.partition(";")
        if not head.startswith("\tfield:"):
            continue
        declaration = head[len("\tfield:") :]
        type_, name = _split_declaration(declaration)
        if name.startswith("common_"):
            continue
        values = dict(part.strip().split(":", 1) for part in rest.split(";") if ":" in part)
        try:
            offset, size = int(values["offset"]), int(values["size"])
            fields.append(Field(name, type_, offset, size, values["signed"] == "1"))
        except (KeyError, ValueError):
            raise KernelError(f"tracefs format line not understood: {line.strip()}") from None
    return tuple(fields)


def _split_declaration(declaration: str) -> tuple[str, str]:
    """(type, name) of `char comm[16]`, `__data_loc char[] filename`, `const char * path`."""
    bounds = ""
    if declaration.endswith("]"):
        declaration, bracket, inside = declaration.partition("[")
        bounds = f" {bracket}{inside}"
    type_, _, name = declaration.rpartition(" ")
    return type_ + bounds, name
