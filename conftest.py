"""pytest: options, the `kernel` marker, and the D programs of corpus/ as tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import corpus
from tests.skips import why_no_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("dtrace")
    group.addoption(
        "--kernel",
        action="append",
        default=[],
        metavar="RELEASE",
        help="profile to run the corpus on (repeatable; 'all'); default: the newest",
    )
    group.addoption(
        "--backend",
        choices=("emulated", "kernel"),
        help="run the corpus on this backend only; default: emulated, and kernel where it works",
    )
    group.addoption(
        "--peer",
        metavar="COMMAND",
        help="run the corpus through another dtrace: --peer='sudo dtrace'",
    )
    group.addoption(
        "--update-cases",
        action="store_true",
        help="rewrite expected results with what the run gave; read the diff afterwards",
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("kernel") and (reason := why_no_kernel()):
        pytest.skip(reason)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix == ".d" and corpus.ROOT in file_path.parents:
        return CorpusFile.from_parent(parent, path=file_path)
    return None


class CorpusFile(pytest.File):
    """A D program: a test for each backend and profile."""

    def collect(self) -> Iterator[pytest.Item]:
        case = corpus.read(self.path)
        for runner in corpus.runners(
            case,
            peer=self.config.getoption("--peer"),
            backend=self.config.getoption("--backend"),
            kernels=self.config.getoption("--kernel"),
        ):
            yield CorpusItem.from_parent(self, name=runner.name, case=case, runner=runner)


class CorpusItem(pytest.Item):
    """A D program on one kernel."""

    def __init__(self, *, case: corpus.Case, runner: corpus.Runner, **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]
        self.case = case
        self.runner = runner
        if runner.needs_kernel:
            self.add_marker("kernel")

    def runtest(self) -> None:
        result = self.runner.run(self.case)
        if self.config.getoption("--update-cases"):
            corpus.write_expected(self.case, result)
        complaint = corpus.compare(self.case, result)
        if complaint:
            raise corpus.Mismatch(complaint)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None
    ) -> str:
        if isinstance(excinfo.value, corpus.Mismatch):
            return f"{self.path}\n{excinfo.value}"
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"{self.case.chapter}/{self.path.name} [{self.name}]"
