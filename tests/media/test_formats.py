"""Formats: the content decides, and the name must agree."""

from __future__ import annotations

from contextlib import suppress

import images
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.media.formats import PIXELS, SUFFIXES, UnfitError, VastError, format_of

SIDE = int(PIXELS**0.5)
MAKERS = {
    "png": lambda *size: images.png(*size) if size[0] < 10_000 else images.vast_png(),
    "gif": images.gif,
    "jpg": images.jpeg,
    "webp": lambda *size: images.webp(b"VP8X", *size),
    "avif": images.avif,
}
GOOD = [(name, make(7, 5)) for name, make in MAKERS.items()]
GOOD += [("webp", images.webp(kind, 7, 5)) for kind in (b"VP8 ", b"VP8L")]
GOOD += [("svg", images.svg())]


@pytest.mark.parametrize(("name", "content"), GOOD)
def test_a_known_format_is_recognised(name: str, content: bytes) -> None:
    """By its content, under each suffix that it may have."""
    for suffix, meant in SUFFIXES.items():
        if meant == name:
            assert format_of(f"a{suffix}", content) == name
            assert format_of(f"a.b{suffix.upper()}", content) == name


@pytest.mark.parametrize(("name", "content"), GOOD)
def test_the_name_must_fit_the_content(name: str, content: bytes) -> None:
    """Or one program sees a picture and another one something else."""
    for suffix, meant in SUFFIXES.items():
        if meant != name:
            with pytest.raises(UnfitError, match=f"is {name.upper()}, not what its name says"):
                format_of(f"a{suffix}", content)


@pytest.mark.parametrize("name", ["a.bmp", "a.pdf", "a.tiff", "a", ".png", "a.png.txt"])
def test_other_suffixes_are_refused(name: str) -> None:
    """Not every Anki shows what stands behind them."""
    with pytest.raises(UnfitError, match="is no PNG, JPEG, GIF, WebP, AVIF or SVG"):
        format_of(name, images.png())


@pytest.mark.parametrize("content", [b"", b"words", b"<html></html>", b"\x89PNG", b"%PDF-1.7"])
def test_what_is_no_image_is_refused(content: bytes) -> None:
    """Whatever its name promises."""
    for suffix in SUFFIXES:
        with pytest.raises(UnfitError, match="is damaged"):
            format_of(f"a{suffix}", content)


@pytest.mark.parametrize(("name", "content"), GOOD[:-1])
def test_an_image_that_is_cut_off_is_refused(name: str, content: bytes) -> None:
    """At least up to where its size stands."""
    with pytest.raises(UnfitError, match="is damaged"):
        format_of(f"a.{name}", content[:18] if name != "gif" else content[:8])


@pytest.mark.parametrize("name", ["png", "gif", "jpg", "webp", "avif"])
def test_no_picture_is_larger_than_memory(name: str) -> None:
    """A few bytes may stand for gigabytes."""
    format_of(f"a.{name}", MAKERS[name](SIDE, SIDE) if name != "png" else images.png(99, 99))
    with pytest.raises(VastError, match=r"has [\d,]+ million pixels"):
        format_of(f"a.{name}", MAKERS[name](60_000, 60_000))


@given(st.sampled_from(GOOD), st.binary(max_size=40), st.integers(0, 60))
def test_no_content_breaks_it(good: tuple[str, bytes], noise: bytes, at: int) -> None:
    """Whatever stands in a file, it is a format or it is refused."""
    name, content = good
    for found in (noise, content[:at], content[:at] + noise, content[:at] + noise + content[at:]):
        with suppress(UnfitError):
            assert format_of(f"a.{name}", found) == name
