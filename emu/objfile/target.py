"""Target: what is known of the kernel that an object is loaded for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from emu.btf import BtfData, BtfError
from emu.objfile.elf import MAGIC, ElfFile, ObjectError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from emu.kernel.profile import Kernel


class Target:
    """A kernel's release, types, configuration and symbols, as far as they are given."""

    def __init__(
        self,
        kernel: Kernel | None = None,
        btf: BtfData | bytes | str | PathLike[str] | None = None,
        kconfig: str = "",
        symbols: Mapping[str, int] | None = None,
        cpus: int = 1,
    ) -> None:
        """The arguments are those of emu.objfile.load()."""
        self.kernel = kernel
        self.symbols = symbols
        self.cpus = cpus
        self._btf = btf
        self._kconfig = kconfig

    @cached_property
    def btf(self) -> BtfData | None:
        """The kernel's types.  Raises ObjectError for a file that has none."""
        given = self._btf
        if given is None or isinstance(given, BtfData):
            return given
        data = content(given)
        if data.startswith(MAGIC):
            elf = ElfFile(data)
            section = elf.find(".BTF")
            if section is None:
                raise ObjectError("the kernel's file has no .BTF", 0)
            data = elf.bytes_of(section)
        try:
            return BtfData(data)
        except BtfError as err:
            raise ObjectError(f"the kernel's {err}", 0) from None

    @cached_property
    def config(self) -> dict[str, str]:
        """CONFIG_* to what follows the "="; of several, the first."""
        found: dict[str, str] = {}
        for line in self._kconfig.splitlines():
            name, separator, value = line.partition("=")
            if separator and name.startswith("CONFIG_"):
                found.setdefault(name, value)
        return found


def content(source: bytes | str | PathLike[str]) -> bytes:
    """A file's content, given itself or by its path.

    Raises ObjectError for one that cannot be read.
    """
    if isinstance(source, bytes):
        return source
    try:
        with open(source, "rb") as file:
            return file.read()
    except OSError as err:
        raise ObjectError(f"{source}: {err.strerror}", 0) from None
