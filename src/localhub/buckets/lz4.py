"""Decoding of LZ4 frames, in which Xet clients send most of their chunks; the standard library has no such thing.

Format: https://github.com/lz4/lz4/tree/dev/doc (frame and block). Checksums are not verified.
"""

MAGIC = b"\x04\x22\x4d\x18"
_CONTENT_SIZE, _BLOCK_CHECKSUM, _DICTIONARY = 0x08, 0x10, 0x01
_STORED = 0x80000000


class Malformed(ValueError):
    """What was sent is not in the form it claims to be in."""


def decompress(frame: bytes, size: int) -> bytes:
    """Raises Malformed unless the frame holds exactly `size` bytes, and stops as soon as there are more."""
    if frame[:4] != MAGIC or len(frame) < 7:
        raise Malformed("no LZ4 frame")
    flags = frame[4]
    place = 7 + (8 if flags & _CONTENT_SIZE else 0) + (4 if flags & _DICTIONARY else 0)
    out = bytearray()
    while length := int.from_bytes(frame[place : place + 4], "little"):
        place += 4
        stored = length & ~_STORED
        block = frame[place : place + stored]
        place += stored + (4 if flags & _BLOCK_CHECKSUM else 0)
        if length & _STORED:
            out += block
        else:
            _block(block, out, size)
    if len(out) != size:
        raise Malformed(f"an LZ4 frame of {len(out)} bytes instead of {size}")
    return bytes(out)


def _block(block: bytes, out: bytearray, most: int) -> None:
    try:
        place = 0
        while place < len(block):
            token = block[place]
            literals, place = _length(token >> 4, block, place + 1)
            out += block[place : place + literals]
            place += literals
            if place >= len(block):
                return
            distance = block[place] | block[place + 1] << 8
            length, place = _length(token & 15, block, place + 2)
            _repeat(out, distance, length + 4, most)
    except IndexError as error:
        raise Malformed("an LZ4 block that ends too early") from error


def _length(nibble: int, block: bytes, place: int) -> tuple[int, int]:
    """The length that begins in a token, and where reading goes on."""
    length = nibble
    while nibble == 15:
        length += block[place]
        nibble = 15 if block[place] == 255 else 0
        place += 1
    return length, place


def _repeat(out: bytearray, distance: int, length: int, most: int) -> None:
    start = len(out) - distance
    if not distance or start < 0 or len(out) + length > most:
        raise Malformed("an LZ4 block that leads outside")
    piece = bytes(out[start : start + length])
    # It may reach into what it writes itself: a run of one byte is a copy at a distance of one.
    out += (piece * (length // len(piece) + 1))[:length]
