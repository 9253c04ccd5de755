"""Cards as they are shown, for tests of exporters: small builders, and an edition with everything.

question("Why ReLU?", "No vanishing gradient")
code("Implement softmax", "def softmax(x):\\n    ...")
cloze("Adam keeps ", gap(1, "two"), " moments")
edition_of(question("Why?"), code("f"), title="Deck")
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from builder.edition import (
    CardView,
    Content,
    DeckView,
    Edition,
    Footnotes,
    Formula,
    Gap,
    Hyperlink,
    Inline,
    Item,
    Items,
    Line,
    Listing,
    Media,
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
from builder.model import Place

HERE = Place("bank.md", 1, 1, 1, 1)

# ── parts and blocks ─────────────────────────────────────────────────────────────────────────────


def parts(*given: str | Inline) -> tuple[Inline, ...]:
    """Return parts of a line; a string is plain text."""
    return tuple(Run(one) if isinstance(one, str) else one for one in given)


def paragraph(*given: str | Inline) -> Paragraph:
    """Return a paragraph; a string is plain text."""
    return Paragraph(parts(*given))


def gap(number: int, *given: str | Inline, hint: str = "") -> Gap:
    """Return a gap of a cloze card."""
    return Gap(number, parts(*given), hint)


def prose(text: str) -> Prose:
    """Return literal text without any defined term."""
    return Prose(lines(text))


def listing(source: str, language: str = "python") -> Listing:
    """Return code without any highlighting."""
    return Listing(lines(source), language)


def lines(text: str) -> tuple[Line, ...]:
    """Return `text` as lines of one plain run each."""
    return tuple((Run(line),) if line else () for line in text.split("\n"))


def item(*given: str | Inline, done: bool | None = None) -> Item:
    """Return an item of one paragraph."""
    return Item((paragraph(*given),), done)


# ── cards ────────────────────────────────────────────────────────────────────────────────────────


def question(asked: str | Content, answer: str | Content = "yes", **given: Any) -> CardView:
    """Return a question card; strings are literal text, and its key is its title."""
    return _card("question", _content(asked), _content(answer), given)


def code(title: str, source: str | Listing = "def f(x):\n    return x", **given: Any) -> CardView:
    """Return a code card; its front shows the lines of `source` that open with `def`."""
    shown = listing(source) if isinstance(source, str) else source
    headers = [line for line in shown.lines if "".join(run.text for run in line)[:4] == "def "]
    given = {"signature": tuple(headers), **given}
    return _card("code", (prose(title),), (shown,), given)


def cloze(*given: str | Inline, answer: str | Content = (), **more: Any) -> CardView:
    """Return a cloze card of one paragraph; `answer` is what its back says besides."""
    return _card("cloze", (paragraph(*given),), _content(answer), more)


def _content(given: str | Content) -> Content:
    return (prose(given),) if isinstance(given, str) else given


def _card(kind: Any, asked: Content, answer: Content, given: dict[str, Any]) -> CardView:
    title = " ".join("".join(text(block) for block in asked).split())
    shared = {"key": title, "title": title, "section": "", "evidence": "", "tags": ()}
    return CardView(
        **{**shared, "kind": kind, "question": asked, "answer": answer, "place": HERE, **given}
    )


def edition_of(
    *cards: CardView, title: str = "Deck", name: str = "deck", media: Iterable[Media] = ()
) -> Edition:
    """Return an edition of one deck."""
    ordered = sorted(media, key=lambda one: one.name)
    return Edition((DeckView(title, name, cards),), tuple(ordered))


# ── what can be read of them ─────────────────────────────────────────────────────────────────────


def text(shown: Any) -> str:
    """Return the characters of a block, a part, a line, or of several; formulas as TeX."""
    match shown:
        case Run(written) | Verbatim(written):
            return written
        case Formula(tex):
            return tex
        case Prose(written) | Listing(written):
            return "\n".join(map(text, written))
        case Paragraph(inner) | Subheading(_, inner) | Gap(_, inner):
            return text(inner)
        case Styled(_, inner) | Hyperlink(_, inner):
            return text(inner)
        case Item(inner) | Items(inner) | Footnotes(inner) | Quote(inner):
            return text(inner)
        case Table(_, head, rows):
            return text(head) + text(rows)
        case Turn():
            return "\n"
        case Picture() | Rule():
            return ""
        case _:
            return "".join(map(text, shown))


# ── an edition with everything ───────────────────────────────────────────────────────────────────


def png(width: int, height: int, colour: tuple[int, int, int] = (80, 120, 200)) -> bytes:
    """Return a PNG image of one colour with a darker frame."""
    frame = tuple(part // 2 for part in colour)
    edge = bytes(frame) * width
    middle = bytes(frame) + bytes(colour) * (width - 2) + bytes(frame)
    rows = [edge, *[middle] * (height - 2), edge]
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


IMAGE = Media("curve-1f2e3d4c.png", png(320, 180))
WIDE = Media("pipeline-5a6b7c8d.png", png(1600, 320, (200, 140, 80)))

SQUARE = Formula("x^2", display=False, mathml="<math><msup><mi>x</mi><mn>2</mn></msup></math>")
FRACTION = Formula(
    r"\frac{a}{b}",
    display=True,
    mathml='<math display="block"><mfrac><mi>a</mi><mi>b</mi></mfrac></math>',
)
UNSET = Formula(r"\unknown{x}", display=False)

HIGHLIGHTED = Listing(
    (
        (Run("@cache", "nd"),),
        (Run("def", "k"), Run(" "), Run("softmax", "nf"), Run("(x):")),
        (Run("    "), Run("# stable", "c")),
        (Run("    e = np.exp(x - "), Run("max", "nb"), Run("(x))")),
        (Run("    "), Run("return", "k"), Run(" e / e.sum(), "), Run("1", "m"), Run(", "),
         Run("'s'", "s")),
    ),
    "python",
)  # fmt: skip

STYLED = paragraph(
    Styled("strong", parts("strong")), ", ",
    Styled("emphasis", parts("emphasis")), ", ",
    Styled("highlight", parts("highlight")), ", ",
    Styled("deleted", parts("deleted")), ", ",
    Styled("inserted", parts("inserted")), ", H",
    Styled("subscript", parts("2")), "O, n",
    Styled("superscript", parts("2")), ", ",
    Styled("key", parts("Ctrl")), ", ",
    Verbatim("np.exp(x)"), ", ", SQUARE, ", ", UNSET, ",", Turn(),
    Hyperlink("https://example.org/a?b=1&c=2", parts("a link")),
)  # fmt: skip

TABLE = Table(
    ("left", "right", "center", ""),
    tuple(parts(name) for name in ("optimizer", "memory", "moments", "note")),
    (
        (parts("SGD"), parts("1×"), parts("0"), parts(Styled("emphasis", parts("noisy")))),
        (parts("Adam"), parts("3×"), parts(SQUARE), parts(Verbatim("betas"))),
    ),
)

LISTS = (
    Items((item("one"), Item((paragraph("two"), Items((item("inner"),)))), item("three"))),
    Items((item("third"), item("fourth")), start=3),
    Items((item("to do", done=False), item("done", done=True))),
)


def callouts(kinds: Sequence[str] = ("note", "warning", "question")) -> Content:
    """Return a callout of each of `kinds`."""
    return tuple(
        Quote((paragraph(f"This is a {kind}."),), kind, parts(kind.title())) for kind in kinds
    )


EVERYTHING: Content = (
    STYLED,
    Subheading(3, parts("A heading")),
    *LISTS,
    Paragraph((FRACTION,)),
    TABLE,
    HIGHLIGHTED,
    paragraph(Picture(IMAGE.name, "A curve", 160), Picture(WIDE.name, "A pipeline")),
    Quote((paragraph("All models are wrong."), paragraph("Some are useful."))),
    *callouts(),
    Rule(),
    prose("literal text\n  with two lines"),
    Footnotes(((paragraph("First note"),), (paragraph("Second "), paragraph("note")))),
)
"""A block of each kind, and a part of each kind but gaps."""


def everything() -> Edition:
    """Return an edition with a card of each kind, and every block and part."""
    return edition_of(
        question("Bias vs Variance?", "Bias = wrong assumptions\nVariance = sensitivity"),
        question((paragraph("What is ", SQUARE, "?"),), EVERYTHING, section="Rich"),
        question("There and back?", "Back", section="Rich", reverse=True),
        code(
            "Implement softmax",
            HIGHLIGHTED,
            section="Code",
            evidence="verified: softmax, one vector",
            verified=True,
            formula=FRACTION,
            link="obsidian://open?vault=Notes&file=bank",
        ),
        cloze(
            "Adam keeps ", gap(1, "two", hint="how many"), " moments and divides by ",
            gap(2, SQUARE), ", not by ", gap(1, "one"), ".",
            answer=(paragraph("See the paper."),),
            section="Rich",
        ),
        title="Everything",
        name="everything",
        media=(IMAGE, WIDE),
    )  # fmt: skip
