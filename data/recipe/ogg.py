"""Ogg pages with a serial number of our choice: libsndfile draws it from the clock, so no two files are the same."""

from __future__ import annotations

import struct

CRC_POLYNOMIAL = 0x04C11DB7  # RFC 3533, section 6: not reflected, starts at zero, no final exclusive or
SERIAL, CHECKSUM, SEGMENTS, HEADER = 14, 22, 26, 27  # offsets in a page


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1) ^ (CRC_POLYNOMIAL if value & 0x80000000 else 0)
        table.append(value & 0xFFFFFFFF)
    return table


CRC_TABLE = _crc_table()


def _checksum(page: bytes) -> int:
    value = 0
    for byte in page:
        value = ((value << 8) & 0xFFFFFFFF) ^ CRC_TABLE[(value >> 24) ^ byte]
    return value


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
