"""-s FILE: reading a script, through cpp(1) if that was asked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dtrace.cli.errors import CommandError
from dtrace.source import MAIN_FILE

if TYPE_CHECKING:
    from dtrace.options import Options


def read_script(path: str, options: Options) -> str:
    """The text of a script, one character for each byte.

    Raises CommandError in DTrace's words.
    """
    try:
        file = open(path, "rb")  # noqa: SIM115 - the next statement closes it
    except IsADirectoryError:
        raise _failed(path, "Error occurred while reading from input stream") from None
    except OSError as err:
        raise CommandError(f"failed to open {path}: {os.strerror(err.errno or 0)}") from None
    with file:
        try:
            data = file.read()
        except OSError:
            raise _failed(path, "Error occurred while reading from input stream") from None
    if options.cpp:
        data = _preprocess(path, data, options)
    return data.decode("latin-1")


def _failed(path: str, reason: str) -> CommandError:
    return CommandError(f"failed to compile script {path}: {reason}")


# dtrace(8)'s -X: which dialect of cpp.
_DIALECTS = {"a": "-std=gnu99", "c": "-std=gnu99", "t": "-std=gnu99", "s": "-traditional-cpp"}


def _preprocess(path: str, data: bytes, options: Options) -> bytes:
    import re
    import subprocess

    if data.startswith(b"#!"):
        data = data[data.find(b"\n") :] if b"\n" in data else b""
    command = [
        os.path.basename(options.cpppath),
        *_predefined(),
        _DIALECTS[options.stdc],
        *(f"-D{name}" for name in options.define),
        *(f"-U{name}" for name in options.undef),
        *(f"-I{folder}" for folder in options.incdir),
        *(["-H"] if options.cpphdrs else []),
        *options.cppargs,
        "-",
    ]
    marker = b'# 1 "%b"\n' % os.fsencode(path)
    try:
        done = subprocess.run(
            command,
            executable=options.cpppath,
            input=marker + data,
            stdout=subprocess.PIPE,
            check=False,
        )
    except OSError:
        raise _failed(path, "Preprocessor not found") from None
    if done.returncode:
        raise _failed(path, "Preprocessor failed to process input program")
    own = re.compile(rb'^(# \d+ )"%b"' % re.escape(os.fsencode(path)), re.MULTILINE)
    return own.sub(rb'\1"%b"' % MAIN_FILE.encode(), done.stdout)


def _predefined() -> list[str]:
    from dtrace.cli.usage import D_VERSION

    # libdtrace's DT_VERS_STRING as a number: 8 bits major, 12 minor, 12 micro.
    major, minor, micro = map(int, D_VERSION.split("."))
    machine = "amd64" if os.uname().machine == "x86_64" else os.uname().machine
    names = ("linux", "unix", "SVR4", machine, "SUNW_D=1", "SUNW_D_64", os.uname().sysname)
    version = f"-D__SUNW_D_VERSION=0x{major << 24 | minor << 12 | micro:08x}"
    return [*(f"-D__{name}" for name in names), version, "-U__GNUC__"]
