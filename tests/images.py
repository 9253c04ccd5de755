"""Small images for tests, made from nothing."""

from __future__ import annotations

import struct
import zlib


def png(width: int = 1, height: int = 1, *, more: bytes = b"") -> bytes:
    """Return a grey PNG; `more` stands behind it."""
    rows = b"".join(b"\0" + b"\x80" * width for _ in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(rows))
        + _chunk(b"IEND", b"")
        + more
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    end = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + end


def vast_png() -> bytes:
    """Return the start of a PNG that says it is larger than any screen."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header)


def gif(width: int = 1, height: int = 1) -> bytes:
    """Return the start of a GIF."""
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\0\0\0;"


def jpeg(width: int = 1, height: int = 1) -> bytes:
    """Return the start of a JPEG: a comment, a byte that fills, and the frame's header."""
    comment = b"\xff\xfe" + struct.pack(">H", 6) + b"\xff\xc0xx"
    frame = b"\xff\xff\xc2" + struct.pack(">HBHH", 11, 8, height, width) + b"\1\1\x11\0"
    return b"\xff\xd8" + comment + frame


def webp(kind: bytes, width: int = 1, height: int = 1) -> bytes:
    """Return the start of a WebP of one of its three kinds."""
    lossless = struct.pack("<I", (width - 1) | (height - 1) << 14)
    sizes = {
        b"VP8 ": b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height),
        b"VP8L": b"\x2f" + lossless,
        b"VP8X": b"\0\0\0\0" + _three(width - 1) + _three(height - 1),
    }
    content = kind + struct.pack("<I", len(sizes[kind])) + sizes[kind]
    return b"RIFF" + struct.pack("<I", 4 + len(content)) + b"WEBP" + content


def _three(number: int) -> bytes:
    return struct.pack("<I", number)[:3]


def avif(width: int = 1, height: int = 1) -> bytes:
    """Return the start of an AVIF: its brand, and a box with its size."""
    size = struct.pack(">I4sIII", 20, b"ispe", 0, width, height)
    return struct.pack(">I4s4sI", 16, b"ftyp", b"avif", 0) + size


def svg(inner: str = '<rect width="1" height="1"/>', *, before: str = "") -> bytes:
    """Return a drawing of `inner`; `before` stands above its root."""
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'{before}<svg {names} viewBox="0 0 1 1">{inner}</svg>'.encode()
