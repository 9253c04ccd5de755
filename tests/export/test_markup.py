"""The HTML of what a card holds: every node, and no way out of it for hostile text."""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from views import (
    EVERYTHING,
    FRACTION,
    HIGHLIGHTED,
    LISTS,
    SQUARE,
    STYLED,
    TABLE,
    UNSET,
    cloze,
    gap,
    item,
    paragraph,
    parts,
    prose,
)

from builder.edition import (
    STYLES,
    Content,
    Footnotes,
    Formula,
    Hyperlink,
    Inline,
    Item,
    Items,
    Listing,
    Paragraph,
    Picture,
    Prose,
    Quote,
    Rule,
    Run,
    Styled,
    Subheading,
    Table,
    Turn,
    Verbatim,
)
from builder.export.cards import fields
from builder.export.escaping import guarded, inline
from builder.export.markup import address, compact, formula, html

# ── what comes out ───────────────────────────────────────────────────────────────────────────────


def shown(*given: str | Inline) -> str:
    """Return the HTML of a line of parts."""
    return html((paragraph(*given),)).removeprefix("<p>").removesuffix("</p>")


def test_each_style_has_its_tag() -> None:
    """A reader without our style sheet still sees what is meant."""
    assert html((STYLED,)).startswith(
        "<p><strong>strong</strong>, <em>emphasis</em>, <mark>highlight</mark>, "
        "<del>deleted</del>, <ins>inserted</ins>, H<sub>2</sub>O, n<sup>2</sup>, "
        "<kbd>Ctrl</kbd>, <code>np.exp(x)</code>, "
    )


def test_lists_are_tight_and_keep_their_numbers() -> None:
    """A sole paragraph of an item is bare, and so is one before a list within it."""
    assert html(LISTS[:1]) == (
        "<ul>\n<li>one</li>\n<li>two\n<ul>\n<li>inner</li>\n</ul></li>\n<li>three</li>\n</ul>"
    )
    assert html(LISTS[1:2]).startswith('<ol start="3">\n<li>third</li>')
    assert html((Items((item("a"),), start=1),)) == "<ol>\n<li>a</li>\n</ol>"
    loose = Items((Item((paragraph("a"), paragraph("b"))),))
    assert "<li><p>a</p>\n<p>b</p></li>" in html((loose,))


def test_tasks_are_signs_and_not_inputs() -> None:
    """Nothing on a card can be ticked off, and without a style sheet the state is still there."""
    assert '<li><span class="box">☐</span> to do</li>' in html(LISTS)
    assert '<li><span class="box done">☑</span> done</li>' in html(LISTS)
    assert "<input" not in html(LISTS)


def test_a_table_stands_in_a_box_and_aligns_its_columns() -> None:
    """A table without a head has none."""
    made = html((TABLE,))
    assert made.startswith('<div class="scroll"><table>\n<thead><tr><th class="left">optimizer')
    assert '<td class="right">3×</td><td class="center">\\(x^2\\)</td>' in made
    assert "<thead>" not in html((Table(("",), ((),), ((parts("a"),),)),))


def test_code_within_an_answer_stands_in_a_box() -> None:
    """It has the spans of a code card, and no line end in them."""
    made = html((HIGHLIGHTED,))
    assert made.startswith('<div class="listing"><pre><code><span class="nd">@cache</span>\n')
    assert "    e = np.exp(x - <span" in made


def test_a_callout_has_the_look_of_its_kind_and_a_title() -> None:
    """Kinds that nobody knows look like notes, and a missing title is the kind."""
    made = html((Quote((paragraph("a"),), "caution", parts("Mind the gap")),))
    assert made == (
        '<div class="callout callout-warning"><div class="callout-title">Mind the gap</div>\n'
        "<p>a</p></div>"
    )
    strange = html((Quote((), 'x" onclick="a'),))
    assert strange == (
        '<div class="callout callout-note"><div class="callout-title">X" onclick="a</div></div>'
    )
    assert html((Quote((paragraph("a"),)),)) == "<blockquote><p>a</p></blockquote>"


def test_notes_headings_and_lines() -> None:
    """Footnotes are a list, a heading keeps its level."""
    assert html((Footnotes(((paragraph("a"),),)),)) == '<ol class="footnotes">\n<li>a</li>\n</ol>'
    assert html((Subheading(3, parts("a")), Rule())) == "<h3>a</h3>\n<hr>"
    assert shown("a", Turn(), "b") == "a<br>b"


def test_a_picture_has_its_alternative_text() -> None:
    """Line ends in it are blanks, and quotes end nothing."""
    assert shown(Picture("a.png", 'the "x"\naxis', 20)) == (
        '<img src="a.png" alt="the &quot;x&quot; axis" width="20">'
    )


def test_a_sole_paragraph_is_a_bare_caption() -> None:
    """So that a search for the question finds it."""
    assert compact((paragraph("Is x < y?"),)) == "Is x &lt; y?"
    assert compact((prose("Is x < y?"),)) == "Is x &lt; y?"
    assert compact((paragraph("a"), paragraph("b"))) == "<p>a</p>\n<p>b</p>"


def test_roles_that_look_like_nothing_need_no_span() -> None:
    """Neighbouring plain runs are one text; so nothing that Anki reads can hide in two."""
    assert shown(Run("a", "o"), Run("["), Run("sound:a]")) == "a<span>[</span>sound:a]"
    assert shown(Run("a", 'k"><b')) == "a"


# ── links ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "target",
    ["javascript:alert(1)", "JAVASCRIPT:a", " javascript:a", "data:text/html,a", "//a", "a", "",
     "file:///etc/passwd", "java\nscript:a", "http", ":a"],
)  # fmt: skip
def test_a_link_elsewhere_is_its_text(target: str) -> None:
    """Only addresses of the schemes that the edition allows become links."""
    assert address(target) == ""
    assert shown(Hyperlink(target, parts("a"))) == "a"


def test_an_address_cannot_leave_its_attribute() -> None:
    """Whatever an address may not hold is written in per cent."""
    assert shown(Hyperlink('HTTP://a/?q="><b>&[sound:a]{{c1::x}}', parts("b"))) == (
        '<a href="HTTP://a/?q=%22%3E%3Cb%3E&amp;%5Bsound:a%5D%7B%7Bc1:&#58;x%7D%7D">b</a>'
    )


# ── formulas ─────────────────────────────────────────────────────────────────────────────────────


def set_as(tex: str, *, display: bool = False) -> str:
    """Return the HTML of a formula that the sheet could set."""
    return formula(Formula(tex, display, "<math></math>"))


def test_formulas_are_for_mathjax() -> None:
    """Those of a line and those on display have Anki's delimiters, and HTML's signs are escaped."""
    assert formula(SQUARE) == r"\(x^2\)"
    assert formula(FRACTION) == r"\[\frac{a}{b}\]"
    assert set_as("a < b & c </anki-mathjax>") == r"\(a &lt; b &amp; c &lt;/anki-mathjax&gt;\)"


def test_a_formula_that_cannot_be_set_is_code() -> None:
    """Its TeX is literal text."""
    assert formula(UNSET) == r'<code class="tex">\unknown{x}</code>'
    assert formula(Formula(r"\(<b>", display=True)) == (
        r'<code class="tex"><span>\</span>(&lt;b&gt;</code>'
    )


@pytest.mark.parametrize(
    "tex",
    [r"a\) b", r"\[x", r"\text{\(a\)}", "a}", "}{", r"x\\\)", "x\\", r"% { ", r"\def\x{}",
     r"\gdef\frac#1#2{}", r"\let\a\b", r"\href{javascript:a}{b}", r"\require{html}",
     r"\newcommand{\a}{b}"],
)  # fmt: skip
def test_a_formula_that_mathjax_would_misread_is_code(tex: str) -> None:
    """It would end early, swallow what follows, change other cards' formulas, or be a link."""
    assert set_as(tex).startswith('<code class="tex">')


@pytest.mark.parametrize(
    ("tex", "safe"),
    [
        (r"\frac{a}{b_{c}}", r"\frac{a}{b_{c} }"),
        (r"{{a}}", r"{ {a} }"),
        (r"a :: b", r"a : : b"),
        (r"a \\[2pt] b", r"a \\*[2pt] b"),
        (r"(a \\) \\] \\(", r"(a \\ ) \\ ] \\ ("),
        (r"x[sound:a]", r"x[ sound:a]"),
        (r"\{a\}", r"\{a\}"),
        (r"\left\{\frac{1}{2}\right\}", r"\left\{\frac{1}{2}\right\}"),
    ],
)
def test_signs_of_anki_in_a_formula_are_kept_apart(tex: str, safe: str) -> None:
    """With what means nothing in TeX."""
    assert set_as(tex) == rf"\({safe}\)"


# ── gaps ─────────────────────────────────────────────────────────────────────────────────────────


def test_gaps_are_marked_in_a_cloze_card_alone() -> None:
    """Elsewhere a gap is its content."""
    statement = (paragraph("Adam keeps ", gap(1, "two", hint="how many"), "."),)
    assert compact(statement, guarded) == "Adam keeps {{c1::two::how many}}."
    assert compact(statement) == "Adam keeps two."


def test_no_text_in_a_cloze_card_is_a_gap() -> None:
    """Signs of gaps are broken up, at the edges of a text, too."""
    card = cloze("{{c2::a}} {", gap(1, "b::c}", hint=":}} x"), "}")
    text = fields(card)[0]
    assert re.findall(r"\{\{|\}\}|::", text) == ["{{", "::", "::", "}}"]
    assert re.sub(r"<[^>]*>", "", text) == "{{c2::a}} {{{c1::b::c}:::}} x}}}"


@pytest.mark.parametrize("hint", ["sound:a.mp3", "SOUND:a", "anki:play:q:0", "latex", "$", "$$"])
def test_a_hint_is_nothing_that_anki_plays(hint: str) -> None:
    """Anki shows it in brackets."""
    assert re.search(r"::<span>.</span>", fields(cloze(gap(1, "a", hint=hint)))[0])


def test_a_picture_in_a_gap_does_not_end_it() -> None:
    """Its alternative text is kept apart."""
    text = fields(cloze(gap(1, Picture("a.png", "}}::{{c1::x}}[sound:a]"))))[0]
    assert text == '{{c1::<img src="a.png" alt="} }: :{ {c1: :x} }[ sound:a]">}}'


# ── hostile text ─────────────────────────────────────────────────────────────────────────────────

ATTRIBUTES = {
    "a": {"href"},
    "code": {"class"},
    "div": {"class"},
    "img": {"src", "alt", "width"},
    "ol": {"class", "start"},
    "span": {"class"},
    "td": {"class"},
    "th": {"class"},
    "ul": {"class"},
}
PLAIN_TAGS = {
    *("b", "blockquote", "br", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ins"),
    *("kbd", "li", "mark", "p", "pre", "strong", "sub", "sup", "table", "tbody", "thead", "tr"),
}
VOID = {"br", "hr", "img"}


class Reader(HTMLParser):
    """Reads HTML as a browser does, and objects to whatever is not ours."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in PLAIN_TAGS | ATTRIBUTES.keys(), tag
        assert {name for name, _ in attrs} <= ATTRIBUTES.get(tag, set()), attrs
        for name, value in attrs:
            assert name != "class" or re.fullmatch(r"[a-z -]+", value or "")
            assert name != "href" or re.match(r"(?i)(?:https?|mailto|obsidian):", value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    handle_comment = handle_decl = handle_pi = unknown_decl


PIECES = (
    *("<", ">", "&", '"', "'", "=", "/", "\\", "(", ")", "[", "]", "{", "}", "{{", "}}", "::", ":"),
    *("\\(", "\\)", "\\[", "\\]", "[sound:", "[latex]", "[$]", "[anki:", "[[type:", "{{c1::"),
    *("<script>", "</div>", "</style>", "<!--", "-->", "]]>", "<?", "&lt;", "&#58;", "\u0338"),
    *("javascript:", "https://", "onload=", "\n", "\t", " ", "\u2028", "a", "ä", "b::c", "$"),
)
hostile = st.lists(st.sampled_from(PIECES), max_size=7).map("".join) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12
)
ROLES = st.sampled_from(["", "term", "k", "nf", "o", '"><script>'])
runs = st.builds(Run, hostile, ROLES)
formulas = st.builds(Formula, hostile, st.booleans(), st.sampled_from(["", "<math></math>"]))
leaves = st.one_of(
    runs, formulas, st.builds(Verbatim, hostile), st.builds(Turn),
    st.builds(Picture, hostile, hostile, st.none() | st.integers(1, 9)),
)  # fmt: skip


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, max_size=3).map(tuple)
    return (
        st.builds(Styled, st.sampled_from(STYLES), several)
        | st.builds(Hyperlink, hostile, several)
        | st.builds(gap, st.integers(1, 12), inner, hint=hostile)
    )


inlines = st.lists(st.recursive(leaves, _nested, max_leaves=5), max_size=4).map(tuple)
lines = st.lists(st.lists(runs, max_size=3).map(tuple), min_size=1, max_size=3).map(tuple)
flat_blocks = st.one_of(
    st.builds(Paragraph, inlines),
    st.builds(Subheading, st.integers(-1, 9), inlines),
    st.builds(Prose, lines),
    st.builds(Listing, lines, hostile),
    st.builds(
        lambda head, row: Table(("", "left"), (head, head), ((row, head),)), inlines, inlines
    ),
    st.builds(Rule),
)


def _boxed(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    content = st.lists(inner, max_size=3).map(tuple)
    items = st.lists(st.builds(Item, content, st.none() | st.booleans()), max_size=3).map(tuple)
    return (
        st.builds(Items, items, st.none() | st.integers(0, 3))
        | st.builds(Quote, content, hostile, inlines)
        | st.builds(lambda *notes: Footnotes(notes), content, content)
    )


contents = st.lists(st.recursive(flat_blocks, _boxed, max_leaves=4), max_size=3).map(tuple)


@given(contents)
def test_no_text_makes_a_tag_or_an_attribute(content: Content) -> None:
    """Only what is on the list comes out, well nested, and nothing for Anki to play."""
    made = html(content)
    Reader(unicodedata.normalize("NFC", made))
    assert not re.search(r"\[(?:sound:|anki:|latex\]|\$\$?\]|\[?type:)", made, re.IGNORECASE)


@given(contents, hostile)
def test_no_text_of_a_cloze_card_opens_a_gap(content: Content, hint: str) -> None:
    """After the true gaps are taken out no sign of one is left."""
    inner = html((*content, paragraph(gap(1, "x", hint=hint))), guarded)
    Reader(inner)
    while (
        closed := re.sub(r"\{\{c\d+::(?:(?!\{\{|\}\}).)*\}\}", "", inner, flags=re.DOTALL)
    ) != inner:
        inner = closed
    assert not re.search(r"\{\{|\}\}", closed)


@given(hostile, st.booleans())
def test_a_formula_has_its_own_delimiters_alone(tex: str, display: bool) -> None:
    """Anki's editor and MathJax find the end that we wrote."""
    made = set_as(tex, display=display)
    if not made.startswith("<code"):
        inner = made[2:-2]
        assert not re.search(r"\\[()\[\]]|\{\{|\}\}|::|<", inner)
        assert not inner.endswith("\\") or inner.endswith("\\\\")


@given(hostile)
def test_literal_text_is_the_text_itself_without_its_tags(text: str) -> None:
    """For a plain field as for one with gaps."""
    for escaped in (inline(text), guarded(text)):
        assert Reader(escaped).text == text


def test_everything_reads_as_it_was_written() -> None:
    """A sample with every node passes the reader."""
    assert "All models are wrong." in Reader(html(EVERYTHING)).text
