"""The style sheet of the cards, and what a learner's own may not hold."""

from __future__ import annotations

import pytest

from builder.export.apkg import note_types
from builder.export.style import css

FINE = (
    "",
    ".card { color: teal; }",
    ".card { background: url(data:image/png;base64,AAAA) }",
    ".card { background: url( 'data:image/svg+xml,%3Csvg/%3E' ) }",
    '.a::before { content: "\\201C"; }',
    "@media (width < 40rem) { .card { font-size: 16px } }",
    "@font-face { font-family: Own; src: url(data:font/woff2;base64,AAAA) }",
    ".url { color: red } #import { color: red } .image { margin: 0 }",
    "@supports (color: oklch(1 1 1)) { .card > div { color: black } }",
)

LOADS = (
    "@import 'a.css';",
    "@IMPORT url(a.css);",
    "\\@import 'a.css';",
    "@\\69mport 'a.css';",
    ".a { background: url(https://example.org/a.png) }",
    ".a { background: url( 'a.png' ) }",
    '.a { background: URL("//example.org/a.png") }',
    ".a { background: u\\72l(a.png) }",
    ".a { background: u\\000072 l(a.png) }",
    ".a { background: \\url(a.png) }",
    ".a { background: url(\n'a.png') }",
    ".a { background: image-set('a.png' 1x) }",
    ".a { background: -webkit-image-set('a.png' 1x) }",
    ".a { background: image('a.png') }",
    ".a { src: src('a.woff2') }",
    '.a { --b: "/*"; background: url(a.png) } /* "*/',
    "</style><script>alert(1)</script>",
    "<!-- a -->",
)


@pytest.mark.parametrize("own", FINE)
def test_a_learners_style_stands_behind_ours(own: str) -> None:
    """So that it wins, and whole."""
    assert css(own).startswith(css())
    assert css(own).removeprefix(css()).strip() == own
    assert (css(own) == css()) == (not own)


@pytest.mark.parametrize("own", LOADS)
def test_a_style_that_would_load_something_is_refused(own: str) -> None:
    """However it is written; the message names the line and says what to do."""
    with pytest.raises(ValueError, match=r"^line 3 of the style sheet: `.+` (?:would|may) "):
        css(f"/* mine\n*/\n{own}")


def test_the_digests_follow_the_learners_style() -> None:
    """Anki takes another style over only if the time of the note types is newer."""
    before, after = note_types(), note_types(".card { color: teal }")
    assert before.keys() == after.keys()
    assert not set(before.values()) & set(after.values())
    assert note_types(" \n") == before
