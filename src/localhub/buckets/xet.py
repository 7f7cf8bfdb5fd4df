"""The two forms in which a Xet client sends files: xorbs hold chunks, a shard says which chunks make a file.

Format: https://huggingface.co/docs/xet (pages "xorb" and "shard"), as hf_xet 1.8 speaks it. Hashes are taken at their
word: verifying them would need BLAKE3, and whoever may write to a bucket may write anything into it.
"""

from collections.abc import Iterator
from typing import NamedTuple

from localhub.buckets import lz4
from localhub.buckets.lz4 import Malformed

LARGEST_XORB = 64 * 1024 * 1024 + 1024 * 1024
"""What the Hub takes, and room for the headers."""
EMPTY = "0" * 64
"""The hash of the empty file, which no shard names."""
CHUNK = 64 * 1024
"""Size of the chunks in what localhub itself sends; the last one is smaller."""
_HEADER = 8
_RECORD = 48
_FOOTER = b"XETBLOB"
_TAG = b"HFRepoMetaData"
_BOOKEND = b"\xff" * 32
_VERIFIED, _DESCRIBED = 1 << 31, 1 << 30


class Part(NamedTuple):
    """Some chunks of a xorb, from `start` up to `end`."""

    xorb: str
    start: int
    end: int


def chunks(xorb: bytes, start: int, end: int) -> Iterator[bytes]:
    """The content of some of its chunks. Raises Malformed."""
    place = number = 0
    while place < len(xorb) and number < end and not xorb.startswith(_FOOTER, place):
        sent = int.from_bytes(xorb[place + 1 : place + 4], "little")
        if number >= start:
            size = int.from_bytes(xorb[place + 5 : place + 8], "little")
            yield _content(xorb[place + _HEADER : place + _HEADER + sent], xorb[place + 4], size)
        place += _HEADER + sent
        number += 1
    if number < end:
        raise Malformed(f"a xorb of {number} chunks instead of {end}")


def files(shard: bytes) -> dict[str, list[Part]]:
    """What each file of a shard is made of, by its hash. Raises Malformed."""
    if not shard.startswith(_TAG):
        raise Malformed("no shard")
    found: dict[str, list[Part]] = {}
    place = _RECORD
    while (record := shard[place : place + _RECORD])[:32] != _BOOKEND:
        if len(record) < _RECORD:
            raise Malformed("a shard that ends too early")
        flags, count = _number(record, 32), _number(record, 36)
        first, end = place + _RECORD, place + _RECORD * (1 + count)
        place = end + (_RECORD * count if flags & _VERIFIED else 0) + (_RECORD if flags & _DESCRIBED else 0)
        if place > len(shard):
            raise Malformed("a shard that ends too early")
        found[_hash(record)] = [_part(shard[at : at + _RECORD]) for at in range(first, end, _RECORD)]
    return found


def chunk(content: bytes) -> bytes:
    """A chunk as it stands in a xorb, not compressed."""
    size = len(content).to_bytes(3, "little")
    return b"\0" + size + b"\0" + size + content


def _content(sent: bytes, scheme: int, size: int) -> bytes:
    if scheme == 0 and len(sent) == size:
        return sent
    if scheme == 1:
        return lz4.decompress(sent, size)
    if scheme == 2:
        return _ungrouped(lz4.decompress(sent, size))
    raise Malformed("a chunk in a form that is not known")


def _ungrouped(grouped: bytes) -> bytes:
    """The bytes 0, 4, 8, … came first, then 1, 5, 9, … and so on."""
    out, place = bytearray(len(grouped)), 0
    for group in range(4):
        count = len(range(group, len(grouped), 4))
        out[group::4] = grouped[place : place + count]
        place += count
    return bytes(out)


def _part(record: bytes) -> Part:
    return Part(_hash(record), _number(record, 40), _number(record, 44))


def _number(record: bytes, place: int) -> int:
    return int.from_bytes(record[place : place + 4], "little")


def _hash(record: bytes) -> str:
    """Four little-endian numbers, each written with its highest digit first."""
    return "".join(record[place : place + 8][::-1].hex() for place in range(0, 32, 8))
