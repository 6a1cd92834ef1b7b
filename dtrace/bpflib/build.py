"""Compile src/*.c with clang to lib/*.s: `python -m dtrace.bpflib.build [--check]`.

lib/NAME.s is the text that the verifier would print for function NAME, read back from clang's
object; bpflib.toml says which compiler and flags made it, and the sources' hashes.  Users need
neither clang nor pyelftools.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile

from dtrace.bpflib.functions import FUNCTIONS
from emu.isa.disasm import disassemble
from emu.isa.insn import decode

HERE = os.path.dirname(__file__)
FLAGS = ("-O2", "-target", "bpf", "-mcpu=v1")  # v1: what every kernel has


def main(argv: list[str]) -> int:
    """Write the library, or with --check say whether what is committed is what clang makes."""
    texts = {f.name: compile_function(f.name) for f in FUNCTIONS.values()}
    files = {os.path.join(HERE, "lib", f"{name}.s"): text for name, text in texts.items()}
    files[os.path.join(HERE, "bpflib.toml")] = manifest()
    if "--check" not in argv:
        for path, text in files.items():
            with open(path, "w", encoding="ascii") as f:
                f.write(text)
        return 0
    stale = [path for path, text in files.items() if read(path) != text]
    for path in stale:
        print(f"{os.path.basename(path)} is not what its source compiles to", file=sys.stderr)
    return 1 if stale else 0


def read(path: str) -> str:
    """The file's text."""
    with open(path, encoding="ascii") as f:
        return f.read()


def sources() -> list[str]:
    """Names of all files in src/."""
    return sorted(os.listdir(os.path.join(HERE, "src")))


def digest(source: str) -> str:
    """SHA-256 of a file in src/."""
    return hashlib.sha256(read(os.path.join(HERE, "src", source)).encode("ascii")).hexdigest()


def manifest() -> str:
    """The text of bpflib.toml."""
    version = subprocess.run(["clang", "--version"], capture_output=True, text=True, check=True)
    lines = [
        "# Written by python -m dtrace.bpflib.build.",
        f'compiler = "{version.stdout.splitlines()[0]}"',
        f'flags = "{" ".join(FLAGS)}"',
        "",
        "[sources]",
        *(f'"{name}" = "{digest(name)}"' for name in sources()),
    ]
    return "\n".join(lines) + "\n"


def compile_function(name: str) -> str:
    """The text of lib/NAME.s."""
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    source = FUNCTIONS[name].source
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out.o")
        c_file = os.path.join(HERE, "src", f"{source}.c")
        subprocess.run(["clang", *FLAGS, "-c", c_file, "-o", path], check=True)
        with open(path, "rb") as f:
            elf = ELFFile(f)
            table = elf.get_section_by_name(".symtab")
            assert isinstance(table, SymbolTableSection)
            symbols = table.get_symbol_by_name(name)
            assert symbols, name
            symbol = symbols[0]
            data = elf.get_section(symbol["st_shndx"]).data()
    start = symbol["st_value"]
    insns = decode(data[start : start + symbol["st_size"]])
    head = f"; {name}: made from src/{source}.c by dtrace.bpflib.build\n"
    return head + "".join(f"{line}\n" for line in disassemble(insns))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
