"""Damaged copies of recordings: what a bad disk, a broken copy or a hostile hand makes of a file. Pure."""

import struct
from collections.abc import Callable
from random import Random

Mutation = Callable[[bytearray, Random], None]


def bits(data: bytearray, random: Random) -> None:
    for _ in range(random.choice((1, 3, 30, 300))):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def head_bits(data: bytearray, random: Random) -> None:
    """Where most of the structure is."""
    for _ in range(random.choice((1, 2, 8))):
        data[random.randrange(min(len(data), 2000))] ^= 1 << random.randrange(8)


def zeros(data: bytearray, random: Random) -> None:
    begin, size = _range(data, random)
    data[begin : begin + size] = bytes(size)


def noise(data: bytearray, random: Random) -> None:
    begin, size = _range(data, random)
    data[begin : begin + size] = random.randbytes(size)


def left_out(data: bytearray, random: Random) -> None:
    begin, size = _range(data, random)
    del data[begin : begin + size]


def twice(data: bytearray, random: Random) -> None:
    begin, size = _range(data, random)
    data[begin:begin] = data[begin : begin + size]


def cut(data: bytearray, random: Random) -> None:
    del data[random.randrange(1, len(data)) :]


def without_a_head(data: bytearray, random: Random) -> None:
    del data[: random.randrange(1, min(len(data), 5000))]


def swapped(data: bytearray, random: Random) -> None:
    begin, size = _range(data, random)
    other = random.randrange(0, max(1, len(data) - size))
    first, second = data[begin : begin + size], data[other : other + size]
    data[begin : begin + len(second)] = second
    data[other : other + len(first)] = first


def extreme_number(data: bytearray, random: Random) -> None:
    """A number of four or eight bytes that is the least, the largest or nearly so."""
    form, numbers = random.choice(
        ((">I", (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)), (">Q", (0, 2**31, 2**63, 2**64 - 1)))
    )
    at = random.randrange(0, min(len(data), 4000))
    written = struct.pack(form, random.choice(numbers))
    data[at : at + len(written)] = written


MUTATIONS: tuple[Mutation, ...] = (
    *(bits, head_bits, head_bits, zeros, noise, left_out, twice, cut, without_a_head, swapped),
    *(extreme_number, extreme_number),
)


def mutated(original: bytes, seed: int) -> bytes:
    """Copy with one to three mutations, the same for the same seed; never empty."""
    random, data = Random(seed), bytearray(original)
    for _ in range(random.choice((1, 1, 2, 3))):
        random.choice(MUTATIONS)(data, random)
        if not data:
            data += b"\0"
    return bytes(data)


def _range(data: bytearray, random: Random) -> tuple[int, int]:
    begin = random.randrange(len(data))
    return begin, min(random.choice((1, 4, 64, 1000, 20_000)), len(data) - begin)
