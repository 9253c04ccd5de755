"""Drawings: those that merely draw are shown, and no other one."""

from __future__ import annotations

import time

import pytest
from images import svg

from builder.media.svg import refuse_unsafe

HARMLESS = [
    '<path d="M0 0L1 1" style="fill:none;stroke:#000" class="line"/>',
    '<defs><linearGradient id="a"/></defs><rect fill="url(#a)" clip-path="url( \'#b\' )"/>',
    '<g id="a"><circle r="1"/></g><use xlink:href="#a"/><use href="#a"/>',
    "<style>.line { stroke: red; marker: url(#arrow) }</style>",
    "<style><![CDATA[@font-face { font-family: x }]]></style>",
    '<image href="data:image/png;base64,iVBORw0KGgo="/>',
    "<text>onload = url(http://example.org) in words, and R&amp;D</text><title>a</title>",
    '<a href="#top"><text x="0">top</text></a>',
    '<animate attributeName="opacity" from="0" to="1"/>',
    '<metadata xmlns:r="urn:r" r:about="http://example.org/licence"/>',
    '<path aria-label="C:\\temp"/>',
    '<g xmlns:tool="urn:tool" tool:online="yes"/>',
]

ACTING = {
    "<script>alert(1)</script>": "holds `<script>`",
    "<SCRIPT>alert(1)</SCRIPT>": "holds `<script>`",
    '<s:script xmlns:s="http://www.w3.org/2000/svg"/>': "holds `<script>`",
    '<h:iframe xmlns:h="http://www.w3.org/1999/xhtml"/>': "holds `<iframe>`",
    "<foreignObject><p>a</p></foreignObject>": "holds `<foreignobject>`",
    '<rect onload="alert(1)"/>': "holds the event handler `onload`",
    '<rect ONCLICK="alert(1)"/>': "holds the event handler `ONCLICK`",
    '<image href="http://example.org/a.png"/>': "links to something else",
    '<image xlink:href="//example.org/a.png"/>': "links to something else",
    '<image href="other.png"/>': "links to something else",
    '<image href="data:image/svg+xml;base64,AA=="/>': "links to something else",
    '<image href=" data:text/html,a"/>': "links to something else",
    '<a href="javascript:alert(1)"/>': "links to something else",
    '<use href="/etc/passwd#a"/>': "links to something else",
    '<rect fill="url(http://example.org/a)"/>': "loads something else",
    "<rect style=\"fill: URL( 'file:///etc/passwd')\"/>": "loads something else",
    '<rect style="fill: u\\72l(http://example.org)"/>': "loads something else",
    "<style>@import 'http://example.org/a.css';</style>": "loads something else",
    "<style>@\\69mport 'http://example.org/a.css';</style>": "loads something else",
    "<style>a { fill: url(//example.org) }</style>": "loads something else",
    "<style>a { x: image-set('a.png' 1x) }</style>": "loads something else",
    "<style>a { x: <g/>url(//example.org) }</style>": "loads something else",
    '<set attributeName="href" to="http://example.org"/>': "changes where links lead",
    '<animate attributeName=" xlink:href " to="x"/>': "changes where links lead",
    '<set attributeName="onclick" to="alert(1)"/>': "changes where links lead",
    '<g xml:base="http://example.org/"/>': "changes where links lead",
    "<g>" * 300 + "</g>" * 300: "is nested too deeply",
    "<g>": "is no well-formed SVG: mismatched tag in line 1",
    "&what;": "is no well-formed SVG",
}

BEFORE = {
    '<?xml-stylesheet href="http://example.org/a.css"?>': "holds the instruction",
    '<!DOCTYPE svg [<!ENTITY a "b">]>': "defines entities",
    '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>': "defines entities",
    '<!DOCTYPE svg [<!ENTITY % a SYSTEM "http://example.org">%a;]>': "defines entities",
    '<!DOCTYPE svg [<!ATTLIST svg onload CDATA "alert(1)">]>': "holds the event handler",
    '<?xml version="1.0" encoding="cp037"?>': "is in 'cp037'",
    '<?xml version="1.0" encoding="utf-16"?>': "is in 'utf-16'",
}


@pytest.mark.parametrize("inner", HARMLESS)
def test_a_drawing_is_shown(inner: str) -> None:
    """With its styles, gradients, parts that are used again, and pictures within."""
    assert refuse_unsafe(svg(inner)) == ""


def test_what_drawing_programs_write_above_it_is_fine() -> None:
    """A declaration, comments, and the type that nobody loads any more."""
    public = '"-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"'
    before = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<!-- made by x -->\n'
    assert refuse_unsafe(svg(before=f"{before}<!DOCTYPE svg PUBLIC {public}>\n")) == ""


@pytest.mark.parametrize("inner", ACTING)
def test_a_drawing_that_acts_or_reaches_out_is_refused(inner: str) -> None:
    """It is told what it holds."""
    assert ACTING[inner] in refuse_unsafe(svg(inner))


@pytest.mark.parametrize("before", BEFORE)
def test_nothing_above_a_drawing_changes_what_it_is(before: str) -> None:
    """Neither entities nor defaults of attributes, instructions or other encodings."""
    assert BEFORE[before] in refuse_unsafe(svg(before=before))


@pytest.mark.parametrize(
    "content",
    [b"<svg/>", b'<html xmlns="http://www.w3.org/2000/svg"/>', b'<svg xmlns="urn:other"/>'],
)
def test_only_an_svg_is_one(content: bytes) -> None:
    """By its root's name and the space that it belongs to."""
    assert refuse_unsafe(content) == "is no SVG: its root is another element"


def test_other_bytes_are_no_drawing() -> None:
    """What a browser would read as another text is not looked at as this one."""
    for encoding in ("utf-16", "utf-16-le", "utf-32", "cp037"):
        assert refuse_unsafe(svg().decode().encode(encoding))
    assert "is no well-formed SVG" in refuse_unsafe(b"")


def test_a_part_that_is_used_within_itself_is_no_matter() -> None:
    """Renderers leave it out."""
    assert refuse_unsafe(svg('<g id="a"><use href="#a"/></g><use href="#gone"/>')) == ""


def test_a_drawing_that_grows_while_it_is_drawn_is_refused() -> None:
    """Thirty lines would draw a thousand million circles; that is seen at once."""
    levels = "".join(
        f'<g id="a{level + 1}"><use href="#a{level}"/><use href="#a{level}"/></g>'
        for level in range(30)
    )
    started = time.monotonic()
    found = refuse_unsafe(svg(f'<circle id="a0" r="1"/>{levels}<use href="#a30"/>'))
    assert found == "draws its own parts too many times"
    assert time.monotonic() - started < 5


def test_masks_within_masks_are_counted_like_parts() -> None:
    """Each of twenty is drawn twice by the one before: a million, of two thousand bytes."""
    masks = "".join(
        f'<mask id="m{n}">' + f'<rect mask="url(#m{n + 1})"/>' * 2 + "</mask>" for n in range(20)
    )
    end = '<mask id="m20"><rect/></mask><rect mask="url(#m0)"/>'
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg">{masks}{end}</svg>'
    assert refuse_unsafe(drawing.encode()) == "draws its own parts too many times"


def test_a_filter_is_refused() -> None:
    """It may take any time that it likes."""
    noise = '<filter id="f"><feTurbulence numOctaves="99999"/></filter><rect filter="url(#f)"/>'
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg">{noise}</svg>'
    assert "`<filter>`" in refuse_unsafe(drawing.encode())
