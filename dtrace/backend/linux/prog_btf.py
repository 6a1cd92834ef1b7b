"""What a program's BTF tells the kernel: names of its functions and lines of D.

The verifier's log shows them, and so do tools that list loaded programs, and stack traces.
Structures are those of include/uapi/linux/btf.h, and bpf_func_info and bpf_line_info of bpf.h.
"""

from __future__ import annotations

import os
from struct import Struct
from typing import TYPE_CHECKING

from dtrace.backend.linux import syscall
from dtrace.backend.linux.syscall import Memory

if TYPE_CHECKING:
    from emu.prog import Prog

_HEADER = Struct("<HBBIIIII")  # magic, version, flags, length; offset and length of types, strings
_TYPE = Struct("<III")  # name, kind, size or type
_INT, _FUNC, _FUNC_PROTO = 1 << 24, 12 << 24, 13 << 24
_SIGNED_32 = 1 << 24 | 32
_FUNC_INFO, _LINE_INFO = Struct("<II"), Struct("<IIII")
# union bpf_attr of BPF_BTF_LOAD: the BTF, log, size of BTF and log, log level.
_LOAD = Struct("<QQIII")


class _Strings:
    """The string section: each once."""

    def __init__(self) -> None:
        self.data = bytearray(b"\0")
        self._offsets: dict[str, int] = {}

    def offset(self, text: str) -> int:
        if text not in self._offsets:
            self._offsets[text] = len(self.data)
            self.data += text.partition("\0")[0].encode("latin-1", "replace") + b"\0"
        return self._offsets[text]


def encode(prog: Prog) -> tuple[bytes, bytes, bytes]:
    """The BTF, the records of func_info and those of line_info.

    Its types are int, a function that takes nothing and returns one, and each of the program's
    functions, which is of that type.
    """
    strings = _Strings()
    types = _TYPE.pack(strings.offset("int"), _INT, 4) + _SIGNED_32.to_bytes(4, "little")
    types += _TYPE.pack(0, _FUNC_PROTO, 1)
    functions = lines = b""
    for type_id, function in enumerate(prog.func_info, 3):
        types += _TYPE.pack(strings.offset(function.name), _FUNC, 2)
        functions += _FUNC_INFO.pack(function.start, type_id)
    for line in prog.line_info:
        file, text = strings.offset(line.file), strings.offset(line.text)
        lines += _LINE_INFO.pack(line.insn, file, text, line.line << 10 | line.column)
    at = len(types)
    header = _HEADER.pack(0xEB9F, 1, 0, _HEADER.size, 0, at, at, len(strings.data))
    return header + types + bytes(strings.data), functions, lines


class ProgBtf:
    """The fields of BPF_PROG_LOAD, from prog_btf_fd to line_info_cnt."""

    def __init__(self, prog: Prog) -> None:
        """A kernel that does not take the BTF is told nothing: that changes nothing else."""
        self.fields = (0,) * 7
        self._fd = -1
        if not prog.func_info:
            return
        btf, functions, lines = encode(prog)
        blob, self._functions, self._lines = Memory(btf), Memory(functions), Memory(lines)
        try:
            self._fd = syscall.bpf_attr(syscall.BTF_LOAD, _LOAD, blob.address, 0, len(btf), 0, 0)
        except OSError:
            return
        self.fields = (
            *(self._fd, _FUNC_INFO.size, self._functions.address, len(prog.func_info)),
            *(_LINE_INFO.size, self._lines.address, len(prog.line_info)),
        )

    def close(self) -> None:
        """The program keeps the BTF."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
