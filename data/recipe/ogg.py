"""Ogg pages with a serial number of our choice: libsndfile draws it from the clock, so no two files are the same."""

from __future__ import annotations

import struct
import zlib

SERIAL, CHECKSUM, SEGMENTS, HEADER = 14, 22, 26, 27  # offsets in a page
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))  # each byte's bits back to front


def _checksum(page: bytes) -> int:
    """RFC 3533, section 6: zlib's CRC-32 of the bits back to front, from zero and without the final exclusive or."""
    value = zlib.crc32(page.translate(REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{value:032b}"[::-1], 2)


def with_serial(stream: bytes, serial: int) -> bytes:
    """The same Ogg stream (one logical stream) with another serial number and right checksums."""
    data = bytearray(stream)
    start = 0
    while start < len(data):
        if data[start : start + 4] != b"OggS":
            raise ValueError(f"no Ogg page at byte {start}")
        segments = data[start + SEGMENTS]
        end = start + HEADER + segments + sum(data[start + HEADER : start + HEADER + segments])
        struct.pack_into("<I", data, start + SERIAL, serial)
        struct.pack_into("<I", data, start + CHECKSUM, 0)
        struct.pack_into("<I", data, start + CHECKSUM, _checksum(data[start:end]))
        start = end
    return bytes(data)
