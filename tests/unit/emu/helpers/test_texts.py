"""strtol, strtoul, snprintf: expectations from lib/kstrtox.c and the recorded runs."""

from __future__ import annotations

import pytest

from emu.helpers import texts
from emu.kernel.errno import EINVAL, ERANGE
from emu.vm.run import Run
from tests.unit.emu.vm.machine import Machine

U64 = 2**64


class Memory:
    """A buffer that helpers read and write, as a program's stack is."""

    def __init__(self):
        machine = Machine()
        self.run = Run(machine.world, 0)
        self.data = bytearray(64)
        self.address = machine.world.mem.add(self.data)

    def put(self, at, data):
        self.data[at : at + len(data)] = data
        return self.address + at


def parse(function, text, flags=0):
    """What the helper returns, and the number that it stored."""
    memory = Memory()
    memory.put(32, b"\xaa" * 8)
    used = function(memory.run, memory.put(0, text), len(text), flags, memory.address + 32)
    return used, int.from_bytes(memory.data[32:40], "little")


@pytest.mark.parametrize(
    ("text", "flags", "used", "number"),
    [
        (b"42", 0, 2, 42),
        (b"  17", 0, 4, 17),
        (b"0x1f", 0, 4, 31),
        (b"0X", 0, 1, 0),
        (b"077", 0, 3, 63),
        (b"08", 0, 1, 0),
        (b"12ab", 0, 2, 12),
        (b"ff", 16, 2, 255),
        (b"0xff", 16, 4, 255),
        (b"-1", 0, 2, U64 - 1),
        (b"-9223372036854775808", 0, 20, 2**63),
        (b"7\n", 10, 1, 7),
    ],
)
def test_number_is_read_and_its_characters_counted(text, flags, used, number):
    assert parse(texts.strtol, text, flags) == (used, number)


@pytest.mark.parametrize(
    ("text", "flags", "error"),
    [
        (b"", 0, EINVAL),
        (b"   ", 0, EINVAL),
        (b"-", 0, EINVAL),
        (b"abc", 0, EINVAL),
        (b"+5", 0, EINVAL),
        (b"42", 7, EINVAL),
        (b"42", 1 << 32, EINVAL),
        (b"9223372036854775808", 0, ERANGE),
        (b"99999999999999999999", 0, ERANGE),
    ],
)
def test_what_is_no_number_stores_zero_and_gives_an_error(text, flags, error):
    assert parse(texts.strtol, text, flags) == (-error, 0)


def test_unsigned_numbers_have_no_sign_and_one_bit_more():
    assert parse(texts.strtoul, b"18446744073709551615") == (20, U64 - 1)
    assert parse(texts.strtoul, b"-1") == (-EINVAL, 0)


@pytest.mark.parametrize(
    ("fmt", "words", "size", "result", "stored"),
    [
        (b"%d %u\0", (U64 - 1, 7), 8, 5, b"-1 7\0"),
        (b"x%llxy\0", (2**63,), 32, 19, b"x8000000000000000y\0"),
        (b"%5d|%-6u|%06x\0", (42, 42, 42), 32, 20, b"   42|42    |00002a\0"),
        (b"%lu|%ld\0", (1, U64 - 2), 4, 5, b"1|-\0"),
        (b"100%%\0", (), 8, 5, b"100%\0"),
        (b"plain\0", (), 0, 6, b""),
        (b"%d\0", (), 8, -EINVAL, b""),
        (b"%y\0", (1,), 8, -EINVAL, b""),
    ],
)
def test_text_is_cut_to_the_buffer_and_counted_whole(fmt, words, size, result, stored):
    memory = Memory()
    data = b"".join(word.to_bytes(8, "little") for word in words)
    where = memory.put(16, data) if data else 0
    memory.put(40, b"\xaa" * 24)
    given = texts.snprintf(
        memory.run, memory.address + 40, size, memory.put(0, fmt), where, len(data)
    )
    assert given == result
    assert bytes(memory.data[40:]) == stored.ljust(24, b"\xaa")
