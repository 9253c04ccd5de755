"""What a card looks like: colours from the style sheet, and measures from a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape, unescape
from typing import Any

import chromium
import pytest
from learner import Learner
from ledgers import ledger_of
from views import (
    EVERYTHING,
    SQUARE,
    callouts,
    cloze,
    code,
    edition_of,
    gap,
    paragraph,
    parts,
    question,
)

from builder.edition import Hyperlink, Listing, Prose, Run, Table, Verbatim
from builder.export.apkg import export
from builder.export.escaping import inline
from builder.export.markup import caption, text
from builder.export.markup import code as listing
from builder.export.style import css

TEXT_CONTRAST = 7.0
Measure = dict[str, Any]

# ── the HTML of a field ──────────────────────────────────────────────────────────────────────────


def test_a_plain_question_is_bare_text() -> None:
    """Nothing but the escapes that HTML needs, so that Anki's search finds it."""
    assert caption('Is "x" < y & z?') == 'Is "x" &lt; y &amp; z?'


@pytest.mark.parametrize("question", ["two\nlines", "two  blanks", " edge", "edge ", "a\ttab"])
def test_a_question_that_html_would_fold_is_wrapped(question: str) -> None:
    """Line ends and runs of blanks stay."""
    assert caption(question).startswith('<div class="text')


def test_each_line_of_a_text_is_a_block_with_the_newline_after_it() -> None:
    """Without tags the field is the text; a defined term is bold."""
    lines = ((Run("SGD", "term"), Run(" = noisy")), (), (Run("  end"),))
    assert text(lines) == (
        '<div class="text"><div><b>SGD</b> = noisy</div>\n<div></div>\n<div>  end</div></div>'
    )


@pytest.mark.parametrize("drawn", ["name    size", "a\tb", "└─ leaf"])
def test_text_with_columns_keeps_them(drawn: str) -> None:
    """Blanks inside a line align something, so its letters get one width."""
    assert 'class="text aligned"' in text([(Run(drawn),)])


def test_two_blanks_after_a_full_stop_are_no_columns() -> None:
    """An old habit of typing is not a table."""
    assert 'class="text"' in text([(Run("First.  Second."),)])


def test_code_has_a_span_for_each_role() -> None:
    """Plain runs stay bare, lines end with newlines."""
    lines = ((Run("def", "k"), Run(" f")), (Run("    a < b"),))
    assert listing(lines) == '<pre><code><span class="k">def</span> f\n    a &lt; b</code></pre>'


def test_an_opening_sign_of_anki_is_fenced_off() -> None:
    """A tag ends the construct and survives Anki's editor; ordinary brackets stay bare."""
    assert inline("[sound:a] x[0]") == "<span>[</span>sound:a] x[0]"


# ── the colours ──────────────────────────────────────────────────────────────────────────────────

GROUNDS = {"ground", "box", "select", "mark", "paper"}


@pytest.mark.parametrize("theme", [0, 1], ids=["day", "night"])
def test_every_colour_of_the_style_sheet_is_readable(theme: int) -> None:
    """Each colour has 7:1 on the page and on boxes; ink also where it is selected or marked."""
    colours = _themes()[theme]
    inks = {name: colour for name, colour in colours.items() if name not in GROUNDS | {"line"}}
    poor = [
        (name, ground)
        for name, colour in inks.items()
        for ground in ("ground", "box")
        if contrast(colour, colours[ground]) < TEXT_CONTRAST
    ]
    assert len(inks) == 11
    assert not poor
    for ground in ("select", "mark"):
        assert contrast(colours["ink"], colours[ground]) >= TEXT_CONTRAST


def test_both_themes_name_the_same_colours() -> None:
    """No colour of the day shines through at night."""
    day, night = _themes()
    assert day.keys() == night.keys()


def test_no_colour_stands_outside_the_themes() -> None:
    """A rule refers to a theme's colour by name."""
    rules = css().split("/* One scale")[1]
    assert not re.search(r"#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(", rules)


def test_the_style_needs_no_network_and_no_file() -> None:
    """System fonts only."""
    assert not re.search(r"url\(|@import|@font-face", css())


def _themes() -> tuple[dict[str, str], dict[str, str]]:
    day, night = re.findall(r"\{([^}]*color-scheme[^}]*)\}", css())
    return _colours(day), _colours(night)


def _colours(rule: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", rule))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (`#rrggbb`) as WCAG 2 defines it."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


# ── in a browser ─────────────────────────────────────────────────────────────────────────────────


LONG = "a_very_long_name = " + " + ".join(f"another_name_{n}" for n in range(20))
LONG_WORD = "antidisestablishmentarianism" * 5
MATH = r"\(x^2\) and \[y\] stay signs"
SHOWN = (
    question("Why ReLU over sigmoid?", (Prose(((Run("No", "term"), Run(" = yes")),)),)),
    question(LONG_WORD, f"{LONG_WORD}\n{MATH}", section=LONG_WORD),
    question("Sizes?", "net" + " " * 90 + "25M"),
    code(
        "Implement softmax",
        Listing(
            (
                (Run("@cache", "nd"),),
                (Run("def", "k"), Run(" "), Run("softmax", "nf"), Run("(x):")),
                (Run("    "), Run(LONG), Run("# why", "c"), Run("'s'", "s"), Run("1", "m")),
                (Run("    "), Run("return", "k"), Run(" "), Run("sum", "nb"), Run("(x)")),
            ),
        ),
        signature=((Run("def", "k"), Run(" "), Run("softmax", "nf"), Run("(x):")),),
        evidence="verified: softmax, one vector",
        link="https://example.org",
    ),
    question(
        "Everything that there is",
        (
            *EVERYTHING,
            *callouts(["tip", "danger", "example", "quote"]),
            paragraph(Hyperlink("https://example.org", parts(LONG_WORD)), Verbatim(LONG_WORD)),
            Table(("left",) * 4, (), ((parts(LONG_WORD),) * 4,)),
        ),
    ),
    cloze("Gaps with ", gap(1, LONG_WORD, hint=LONG_WORD), gap(1, SQUARE), gap(1, Verbatim("x"))),
)
WIDTHS = (400, 1200)

# Each side stands in a frame of its own; the script measures them all and writes down what it saw.
_MEASURE = """
<script>
function lit(node, view) {
  for (let at = node; at; at = at.parentElement) {
    const colour = view.getComputedStyle(at).backgroundColor;
    if (!/, 0\\)$/.test(colour)) return colour;
  }
  return "none";
}
function measured(frame) {
  const view = frame.contentWindow, page = frame.contentDocument;
  const nodes = [...page.querySelectorAll("#qa *")];
  const texts = nodes.filter(n => n.localName !== "style" &&
    parseFloat(view.getComputedStyle(n).fontSize) > 0 &&
    [...n.childNodes].some(c => c.nodeType === 3 && c.data.trim()));
  return {
    name: frame.title,
    overflow: page.scrollingElement.scrollWidth - page.scrollingElement.clientWidth,
    boxes: [...page.querySelectorAll(".listing, .aligned, .scroll")].map(
      n => n.scrollWidth - n.clientWidth),
    column: Math.max(...[...page.querySelectorAll(".sheet")].map(n => n.clientWidth)),
    size: parseFloat(view.getComputedStyle(page.body).fontSize),
    colours: texts.map(n =>
      [n.className || n.localName, view.getComputedStyle(n).color, lit(n, view)]),
    bold: [...page.querySelectorAll(".k")].map(n => +view.getComputedStyle(n).fontWeight),
    italic: [...page.querySelectorAll(".c")].map(n => view.getComputedStyle(n).fontStyle),
    shown: page.querySelector(".sheet").innerText,
  };
}
addEventListener("load", () => {
  const out = document.createElement("pre");
  out.id = "measures";
  out.textContent = JSON.stringify([...document.querySelectorAll("iframe")].map(measured));
  document.body.replaceChildren(out);
});
</script>
"""


@pytest.fixture(scope="module")
def measures(tmp_path_factory: pytest.TempPathFactory) -> list[Measure]:
    """Return what one run of the browser measured of all sides, widths and themes."""
    if chromium.program() is None:
        pytest.skip(chromium.HOW_TO_GET_IT)
    with Learner(tmp_path_factory.mktemp("profile")) as learner:
        shown = edition_of(*SHOWN)
        learner.imports(export(shown, name="deck", ledger=ledger_of(shown)).content)
        page = "<!doctype html><meta charset=utf-8>" + "".join(_frames(learner)) + _MEASURE
    dump = chromium.dom(page, width=1400)
    found = re.search(r'<pre id="measures">(.*?)</pre>', dump, re.DOTALL)
    assert found, dump[:2000]
    return list(json.loads(unescape(found[1])))


def _frames(learner: Learner) -> Iterator[str]:
    for card in learner.cards():
        for name, side in zip(("front", "back"), learner.sides(card), strict=True):
            for width in WIDTHS:
                for night in (False, True):
                    theme = "night" if night else "day"
                    title = f"{card.note().fields[0][:8]} {name} {width} {theme}"
                    page = escape(side.page(night=night))
                    yield f'<iframe title="{title}" width={width} srcdoc="{page}"></iframe>'


def test_no_page_scrolls_sideways(measures: list[Measure]) -> None:
    """Long words break, long code stays in its box, at 400 px and at 1200 px."""
    assert len(measures) == len(SHOWN) * 2 * 2 * len(WIDTHS)
    assert {seen["name"]: seen["overflow"] for seen in measures if seen["overflow"]} == {}


def test_wide_code_and_columns_scroll_in_their_box(measures: list[Measure]) -> None:
    """The box of a long line can be scrolled; a signature that fits needs no scrolling."""
    narrow = {seen["name"]: seen["boxes"] for seen in measures if "400 day" in seen["name"]}
    assert narrow["Implemen front 400 day"] == [0]
    assert narrow["Implemen back 400 day"][0] > 0
    assert narrow["Sizes? back 400 day"][0] > 0
    assert max(narrow["Everythi back 400 day"]) > 0


def test_the_column_is_no_wider_than_can_be_read(measures: list[Measure]) -> None:
    """Lines stay short on a wide screen, and letters are never small."""
    assert max(seen["column"] for seen in measures) <= 44 * 18
    assert min(seen["size"] for seen in measures) >= 18


def test_every_text_in_the_browser_has_its_contrast(measures: list[Measure]) -> None:
    """Computed colours, whatever the cascade made of them, keep 7:1 by day and by night."""
    colours = [(seen["name"], *colour) for seen in measures for colour in seen["colours"]]
    poor = [seen for seen in colours if contrast(_hex(seen[2]), _hex(seen[3])) < TEXT_CONTRAST]
    assert len({seen[1] for seen in colours} & {"k", "nf", "nb", "nd", "m", "s", "c"}) == 7
    assert not poor


def test_keywords_are_bold_and_comments_italic(measures: list[Measure]) -> None:
    """Meaning never hangs on a hue alone."""
    assert {weight for seen in measures for weight in seen["bold"]} == {700}
    assert {style for seen in measures for style in seen["italic"]} == {"italic"}


def test_a_reader_sees_the_literal_text(measures: list[Measure]) -> None:
    """The browser shows the very characters, and a line of the note is a line of the card."""
    (seen,) = (seen for seen in measures if seen["name"] == f"{LONG_WORD[:8]} back 400 day")
    assert seen["shown"].split("\n")[-2:] == [LONG_WORD, MATH]


def _hex(colour: str) -> str:
    """Return `rgb(1, 2, 3)` as `#010203`."""
    return "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", colour)[:3])
