"""What BTF says of a program's functions: their parameters and what they return.

Source: btf_prepare_func_args(), btf_resolve_size(), kernel/bpf/btf.c.
"""

from __future__ import annotations

from collections import defaultdict
from struct import Struct
from typing import TYPE_CHECKING

from emu.btf import PARAM, TRANSPARENT, TYPE, BtfError, Kind
from emu.objfile.elf import ObjectError
from emu.prog import FuncArg, FuncInfo

if TYPE_CHECKING:
    from emu.btf import BtfData

_COMPONENT = Struct("<i")  # struct btf_decl_tag: the parameter, or
_ITSELF = -1
_NAMES = {number: name for name, number in vars(Kind).items() if name.isupper()}
_NAMES[Kind.VOID] = "UNKNOWN"


class FuncTypes:
    """The functions of one BTF blob."""

    def __init__(self, btf: BtfData) -> None:
        self._btf = btf
        self._tags: dict[tuple[int, int], list[str]] | None = None  # by function and parameter

    def info(self, start: int, id_: int) -> FuncInfo:
        """The function of that id, which begins at insn `start`.

        Raises BtfError, or ObjectError, where the id is no function's.
        """
        btf = self._btf
        record = btf.record(id_)
        if record.kind != Kind.FUNC:
            raise btf.wrong(f"BTF type {id_} is not a function", record.at)
        proto = btf.record(record.size)
        if proto.kind != Kind.FUNC_PROTO:
            raise btf.wrong(f"BTF type {record.size} is not a function prototype", proto.at)
        args = tuple(
            self._arg(type_, tuple(self._tags_of(id_, i)))
            for i, (_, type_) in enumerate(btf.parts(proto, PARAM))
        )
        result = btf.stripped(proto.size)
        return FuncInfo(
            start,
            record.parts,
            btf.string(record.name),
            id_,
            args,
            _NAMES[btf.kind(result)],
            self._size(result),
            tuple(self._tags_of(id_, _ITSELF)),
        )

    def _arg(self, type_: int, tags: tuple[str, ...]) -> FuncArg:
        btf = self._btf
        type_ = btf.stripped(type_)
        kind = btf.kind(type_)
        if kind != Kind.PTR:
            return FuncArg(_NAMES[kind], tags=tags)
        target = btf.record(type_).size
        to = btf.stripped(target)
        name, size = btf.name(to), self._size(to)
        return FuncArg("PTR", _NAMES[btf.kind(to)], name, self._alias(target), size, tags)

    def _alias(self, id_: int) -> str:
        """The name of the first typedef that the id leads to."""
        while self._btf.kind(id_) in TRANSPARENT and self._btf.kind(id_) != Kind.TYPEDEF:
            id_ = self._btf.record(id_).size
        return self._btf.name(id_) if self._btf.kind(id_) == Kind.TYPEDEF else ""

    def _size(self, id_: int) -> int:
        if not id_:
            return -1
        try:
            return self._btf.size_of(id_)
        except (BtfError, ObjectError):
            return -1

    def _tags_of(self, function: int, arg: int) -> list[str]:
        if self._tags is None:
            self._tags = defaultdict(list)
            btf = self._btf
            for id_ in range(1, len(btf.index.offsets) + 1):
                if btf.kind(id_) == Kind.DECL_TAG:
                    record = btf.record(id_)
                    (component,) = btf.unpack(_COMPONENT, record.at + TYPE.size)
                    self._tags[record.size, component].append(btf.string(record.name))
        return self._tags.get((function, arg), [])
