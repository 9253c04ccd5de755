"""What an image may be: the formats that every Anki shows. Pure.

The bytes decide, and the name must agree with them: a program that trusts the name, and another
that trusts the bytes, would else see two different things.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from pathlib import PurePath

from builder.media.svg import refuse_unsafe

SUFFIXES: Mapping[str, str] = {
    ".avif": "avif", ".gif": "gif", ".jpeg": "jpg", ".jpg": "jpg", ".png": "png", ".svg": "svg",
    ".webp": "webp",
}  # fmt: skip
"""The format of each suffix, which is also the suffix that its media files get."""

KNOWN = "PNG, JPEG, GIF, WebP, AVIF or SVG"

PIXELS = 50_000_000
"""No larger picture is shown: a few bytes may stand for more than a phone's memory holds."""


class UnfitError(Exception):
    """An image cannot be shown: the message completes "this image …"."""


class VastError(UnfitError):
    """An image has too many pixels."""


def format_of(name: str, content: bytes) -> str:
    """Return the format of the image `content`, in a file called `name`, as in SUFFIXES.

    Raises UnfitError where it is none, is another one than its name says, or is not safe.
    """
    promised = SUFFIXES.get(PurePath(name).suffix.lower())
    if promised is None:
        raise UnfitError(f"is no {KNOWN}")
    found = _by_content(content)
    if found != promised:
        what = f"is {found.upper()}, not what its name says" if found else "is damaged"
        raise UnfitError(f"{what}: the suffix must fit the content")
    if found == "svg":
        if refused := refuse_unsafe(content):
            raise UnfitError(refused)
    elif (pixels := _pixels(found, content)) > PIXELS:
        raise VastError(f"has {pixels / 10**6:,.0f} million pixels")
    return found


def _by_content(content: bytes) -> str:
    """Return the format that the first bytes tell, empty for none."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    if content[4:8] == b"ftyp" and content[8:12] in (b"avif", b"avis"):
        return "avif"
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    return "svg" if start.startswith(b"<") and b"<svg" in content else ""


# ── how many pixels ──────────────────────────────────────────────────────────────────────────────


def _pixels(name: str, content: bytes) -> int:
    try:
        width, height = _SIZES[name](content)
    except (struct.error, ValueError, IndexError) as error:
        raise UnfitError("is damaged: its width and height cannot be read") from error
    return int(width) * int(height)


Size = tuple[int, int]


def _of_png(content: bytes) -> Size:
    return struct.unpack_from(">II", content, 16)


def _of_gif(content: bytes) -> Size:
    return struct.unpack_from("<HH", content, 6)


def _of_jpeg(content: bytes) -> Size:
    """Look for the frame's header, from segment to segment."""
    at = 2
    while True:
        mark, kind, length = struct.unpack_from(">BBH", content, at)
        if mark != 0xFF:
            raise ValueError(at)
        if kind == 0xFF:  # a byte that fills
            at += 1
        elif 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        else:
            at += 2 + length


def _of_webp(content: bytes) -> Size:
    match content[12:16]:
        case b"VP8X":
            width, high, height, more = struct.unpack_from("<HBHB", content, 24)
            return 1 + width + (high << 16), 1 + height + (more << 16)
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", content, 21)
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", content, 26)
            return width & 0x3FFF, height & 0x3FFF
    raise ValueError(content[12:16])


def _of_avif(content: bytes) -> Size:
    return struct.unpack_from(">II", content, content.index(b"ispe") + 8)


_SIZES: Mapping[str, Callable[[bytes], Size]] = {
    "avif": _of_avif, "gif": _of_gif, "jpg": _of_jpeg, "png": _of_png, "webp": _of_webp,
}  # fmt: skip
