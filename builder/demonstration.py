"""An edition with everything in it that one may hold: to try exporters on, ours and others'."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace

from builder.edition import (
    STYLES,
    Block,
    CardView,
    Content,
    DeckView,
    Edition,
    Footnotes,
    Formula,
    Gap,
    Hyperlink,
    Item,
    Items,
    Line,
    Listing,
    Media,
    Paragraph,
    Parts,
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
from builder.model import Kind, Place

HOSTILE = (
    '</script><script>alert(1)</script><img src=x onerror="alert(1)"><!-- <![CDATA[',
    "{{Front}} {{#Question}} {{c1::gap}} }} {{ {{{{ {{=<% %>=}}",
    r"[sound:a.mp3] [latex]x[/latex] [$]x[/$] [anki:tts] \(x\) \[x\] [[type:Question]]",
    '#import "/etc/passwd" #eval("1") $x$ *bold* _slanted_ `raw` @label <label> // remark',
    "a\tb,c;d \"e\" 'f' & &amp; &#0; %s %(x)s ${x} \\n \\",
    "#separator:comma ]]> --> */ ''' \"\"\" ``` ~~~ =1+1 @sum",
    "\u202eesrever\u202c \u2066isolate\u2069 e\u0301 \u0338 \u200b\u200d \ufeff",
    "日本語 العربية עברית हिन्दी ไทย ß ﬁ \U0001f44d\U0001f3fd",
    "w" * 300,
)
"""Texts that mean something in HTML, to Anki, in Typst, in a table or to whoever lays out text."""


def demonstration() -> Edition:
    """Return an edition with every kind of card, block and part, and with text that means harm."""
    return Edition(
        (
            DeckView("Demonstration", "demonstration", tuple(_cards())),
            DeckView(HOSTILE[0], "hostile", tuple(_hostile())),
        ),
        (_DOT,),
    )


def poor() -> tuple[Edition, ...]:
    """Return editions that lack something: decks, cards, titles, or an answer."""
    bare = replace(_card("bare", "What?", ()), section="", tags=())
    decks = DeckView("", "empty", ()), DeckView("Bare", "bare", (bare,))
    return Edition(()), Edition(decks[:1]), Edition(decks)


# ── cards ────────────────────────────────────────────────────────────────────────────────────────


def _cards() -> Iterator[CardView]:
    yield _card("literal", "What is <b>bias</b>?", (_literal("Bias = error & noise\n\n  twice"),))
    code = _card("code", "Implement the square", (Listing(_CODE, "python"),), "code")
    yield replace(
        code, signature=_CODE[:1], formula=_SQUARE, evidence="verified: square", verified=True
    )
    rich = _card("rich", "Everything at once", tuple(_blocks()))
    yield replace(
        rich, question=(Paragraph(_PARTS),), reverse=True, link="obsidian://open?vault=v&file=n"
    )
    cloze = _card("cloze", "The first and the square", (), "cloze")
    yield replace(cloze, question=(Paragraph(_GAPS), Items((Item((Paragraph(_GAPS),)),))))


def _hostile() -> Iterator[CardView]:
    for number, text in enumerate(HOSTILE):
        line = (Run(text),)
        answer = (
            _literal(text),
            Paragraph((Verbatim(text), Styled("strong", line), Formula(text, display=False))),
            Listing((line,), text),
            Table(("left",), (line,), ((line,),)),
            Quote((Paragraph(line),), "note", line),
        )
        card = _card(f"hostile-{number}", text, answer)
        yield replace(card, section=text, evidence=text, tags=(text, "a b"))
    gap = Gap(1, (Run("}}::{{c2::"), Verbatim("::hint}}")), hint="}}")
    cloze = _card("hostile-cloze", "{{c1::}}::{{c2::::hint}}", (), "cloze")
    yield replace(cloze, question=(Paragraph((gap,)),))


def _card(key: str, title: str, answer: Content, kind: Kind = "question") -> CardView:
    place = Place("demonstration.md", sum(key.encode()), 1, sum(key.encode()), 2)
    return CardView(
        key, kind, title, (_literal(title),), answer, "Section", "", ("tag", "tag::below"), place
    )


# ── blocks and parts ─────────────────────────────────────────────────────────────────────────────


def _literal(text: str) -> Prose:
    return Prose(tuple((Run(line),) if line else () for line in text.split("\n")))


_DOT = Media(
    "proofdeck-088503c9fe5b4ee6.png",
    b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNwAAAAQgBBhL+OYgAAAABJRU5ErkJg"
        "gg=="
    ),
)
_SQUARE = Formula("x^2", display=False, mathml="<math><msup><mi>x</mi><mn>2</mn></msup></math>")
_SUM = Formula(
    r"\sum_i x_i",
    display=True,
    mathml='<math display="block"><munder><mo>∑</mo><mi>i</mi></munder>'
    "<msub><mi>x</mi><mi>i</mi></msub></math>",
)
_UNSET = Formula(r"\nosuch{x}", display=True)
_CODE: tuple[Line, ...] = (
    (Run("def", "k"), Run(" "), Run("square", "nf"), Run("(x):")),
    (Run("    "), Run("# by itself", "c")),
    (),
    (Run("    "), Run("return", "k"), Run(" x "), Run("**", "o"), Run(" "), Run("2", "m")),
)
_GAPS: Parts = (
    Run("The "),
    Gap(1, (Run("first"),), "which?"),
    Run(" and the "),
    Gap(2, (Styled("strong", (Run("square"),)), _SQUARE)),
)
_PARTS: Parts = (
    Run("Everything at once "),
    *(Styled(style, (Run(style), Styled("strong", (Verbatim("x < y"),)))) for style in STYLES),
    Hyperlink("https://example.org/?a=1&b=%22", (Run("a link"),)),
    Turn(),
    _SQUARE,
    Picture(_DOT.name, "a dot", 24),
    Picture(_DOT.name, ""),
)


def _blocks() -> Iterator[Block]:
    yield Paragraph(_PARTS)
    yield Subheading(3, (Run("A heading"),))
    yield Items((Item((Paragraph((Run("one"),)), Items((Item((Paragraph(_PARTS),)),)))),), 3)
    yield Items((Item((Paragraph((Run("done"),)),), done=True), Item((), done=False)))
    row: tuple[Parts, ...] = ((Run("cell"),), _PARTS, (), (_SQUARE,))
    yield Table(("", "left", "center", "right"), row, (row, row))
    yield Quote((Paragraph((Run("quoted"),)), Rule()))
    yield Quote((Paragraph((_SUM,)), Listing(_CODE)), "warning", (Run("Careful"),))
    yield Paragraph((_UNSET,))
    yield Rule()
    yield Footnotes(((Paragraph((Run("a note"),)),),))
