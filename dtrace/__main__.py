"""`python -m dtrace` is the dtrace command."""

from __future__ import annotations

from dtrace.cli.entry import run

if __name__ == "__main__":
    run()
