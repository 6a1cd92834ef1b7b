"""The console script, and what must hold before the rest is imported."""

from __future__ import annotations

import signal


def run() -> None:
    """Run dtrace.cli.main on the process's own words, and exit.

    Until a session takes it over, SIGINT ends the process at once and without a word: what it has
    attached by then hangs on its file descriptors.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from dtrace.cli import main

    main.run()
