"""Checks of audio containers for damage, before anything is decoded. libsndfile reads damaged files without an error.

FLAC needs no check: its frames have checksums, and its decoder fails on damage.
"""

from __future__ import annotations

import re
import zlib

REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
OGG_HEADER = 27  # bytes of a page's header; the last byte is the number of segment lengths that follow
LAST_PAGE = 4  # flag that marks the last page of a stream
TRUNCATED = "truncated: the file is shorter than its header says"


def damage(data: bytes) -> str | None:
    """What is wrong with the container of an encoded recording (missing or changed bytes); None if nothing is."""
    match data[:4]:
        case b"RIFF":
            size = int.from_bytes(data[4:8], "little")
            unknown = size == 0xFFFFFFFF  # the file was written to a pipe
            return None if unknown or 8 + size <= len(data) else TRUNCATED
        case b"NIST":
            return _sphere_damage(data)
        case b"OggS":
            return _ogg_damage(data)
    return None


def _sphere_damage(data: bytes) -> str | None:
    """Damage of an uncompressed NIST SPHERE file: a header of text lines, then all samples."""
    header = data[:1024].decode("latin-1")
    size = re.match(r"NIST_1A\s+(\d+)", header)
    fields = re.findall(r"^(sample_count|sample_n_bytes|channel_count) -(?:i|s\d+) (-?\d+)", header, re.MULTILINE)
    counts = {name: int(value) for name, value in fields}
    for name, count in counts.items():
        if count <= 0:
            return f"damaged: its header says {name} {count}"
    samples = counts.get("sample_count", 0) * counts.get("channel_count", 1)
    end = int(size.group(1) if size else 1024) + samples * counts.get("sample_n_bytes", 2)
    return TRUNCATED if end > len(data) else None


def _ogg_damage(data: bytes) -> str | None:
    """Damage of an Ogg file with one stream. Pages are numbered, have checksums, and the last is marked (RFC 3533)."""
    start = number = 0
    while page := _ogg_page(data, start):
        if page[:4] != b"OggS":
            return f"damaged: no Ogg page at byte {start}"
        if int.from_bytes(page[22:26], "little") != _ogg_checksum(page):
            return f"damaged: wrong checksum of Ogg page {number}"
        if page[14:18] != data[14:18]:
            return "holds more than one Ogg stream"
        if int.from_bytes(page[18:22], "little") != number:
            return f"damaged: Ogg page {number} is missing"
        start, number = start + len(page), number + 1
        if page[5] & LAST_PAGE:
            return None if start == len(data) else f"damaged: {len(data) - start} bytes after the last Ogg page"
    return TRUNCATED


def _ogg_page(data: bytes, start: int) -> bytes:
    """The page that starts at `start`; empty if the file ends before the page does."""
    if start + OGG_HEADER > len(data):
        return b""
    segments = data[start + OGG_HEADER - 1]
    lengths = data[start + OGG_HEADER : start + OGG_HEADER + segments]
    end = start + OGG_HEADER + segments + sum(lengths)
    return data[start:end] if end <= len(data) else b""


def _ogg_checksum(page: bytes) -> int:
    """CRC-32 of a page as Ogg defines it: zlib's polynomial, highest bit first, without zlib's inversions.

    The bits are reversed so that zlib can compute it, a hundred times faster than a loop over bytes.
    """
    blank = page[:22] + bytes(4) + page[26:]
    crc = zlib.crc32(blank.translate(REVERSED_BITS), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{crc:032b}"[::-1], 2)
