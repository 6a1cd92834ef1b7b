"""What the statements of a translated program refer to, and where a Vm has it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from emu.helpers.families import find
from emu.maps.array import ArrayMap, PerCpuArrayMap
from emu.maps.hash import HashMap, PerCpuHashMap
from emu.vm.interp import REGS
from emu.vm.ldst import SIGNED, UNSIGNED

if TYPE_CHECKING:
    from emu.vm.interp import Vm
    from emu.vm.run import Host

# Kinds whose find() is all that bpf_map_lookup_elem() does.
PLAIN_MAPS = (ArrayMap, HashMap, PerCpuArrayMap, PerCpuHashMap)


class Names:
    """The names that translating a program came across."""

    def __init__(self, vm: Vm, host: Host) -> None:
        self._maps = {
            found.address: found for found in vm.maps if host.maps.get(found.address) is found
        }
        self._packers: set[tuple[str, int]] = set()
        self._helpers: dict[int, int] = {}  # number: arguments
        self._keys: set[int] = set()  # sizes
        self._lookups: dict[int, int] = {}  # insn: address of the map
        self._regions: set[tuple[str, int]] = set()

    def packer(self, letter: str, size: int) -> str:
        """u, s: unpack_from() of an unsigned or signed number; p: pack_into()."""
        self._packers.add((letter, size))
        return f"{letter}{size}"

    def helper(self, number: int) -> tuple[str, int]:
        """The name of a helper, and how many arguments it has."""
        _, args = find(number)
        self._helpers[number] = args
        return f"h{number}", args

    def lookup(self, pc: int, address: int) -> tuple[str, str, int] | None:
        """find() of the map at `address`, what reads its key, the key's size; None: no such map."""
        found = self._maps.get(address)
        if type(found) not in PLAIN_MAPS or found is None:
            return None
        self._lookups[pc] = address
        self._keys.add(found.key_size)
        return f"l{pc}", f"b{found.key_size}", found.key_size

    def region(self, letter: str, slot: int) -> str:
        """The region of the addresses whose upper half is `slot`; m: to read, w: to write."""
        self._regions.add((letter, slot))
        return f"{'K' if letter == 'm' else 'V'}{slot}"

    def release(self) -> None:
        """Let go of the maps: what was collected holds for any machine with equal ones."""
        self._maps.clear()

    def bind(self, vm: Vm, host: Host) -> dict[str, Any]:
        """The values of all names, for a Vm with the same maps at the same addresses."""
        mem = vm.mem
        nothing = bytearray()
        values: dict[str, Any] = {
            "R": mem.readable,
            "W": mem.writable,
            "E": nothing,
            "steps": vm.steps,
            "C": vm.initial[REGS:],
            "from_bytes": int.from_bytes,
        }
        for letter, size in self._packers:
            numbers = SIGNED if letter == "s" else UNSIGNED
            packer = numbers[size]
            values[f"{letter}{size}"] = packer.pack_into if letter == "p" else packer.unpack_from
        for number in self._helpers:
            values[f"h{number}"], _ = find(number)
        for size in self._keys:
            values[f"b{size}"] = struct.Struct(f"{size}s").unpack_from
        for pc, address in self._lookups.items():
            values[f"l{pc}"] = host.maps[address].find
        for letter, slot in self._regions:
            regions = mem.readable if letter == "m" else mem.writable
            name = f"{'K' if letter == 'm' else 'V'}{slot}"
            values[name] = regions.get(slot, nothing)
        return values
