"""What is shown of a bank: frozen trees that say what each card holds, and nothing of its looks.

`render` makes them, exporters read them. No text in them is markup of any kind: whoever writes
HTML, Typst or TeX escapes it there. This module imports nothing but `model`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from builder.model import Kind, Place

# ── within a line ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring characters of one look.

    `role` is "" for plain text, "term" for the word that a line defines, or a token's group under
    Pygments' own short name: k keyword, nf defined name, nb builtin, nd decorator, m number,
    s string, c comment, o operator.
    """

    text: str
    role: str = ""


Line = tuple[Run, ...]

Style = Literal[
    "strong", "emphasis", "highlight", "deleted", "inserted", "subscript", "superscript", "key"
]
STYLES: tuple[Style, ...] = get_args(Style)


@dataclass(frozen=True, slots=True)
class Styled:
    """Parts with a meaning that is shown: `**strong**`, `==highlight==`, `H~2~O`."""

    style: Style
    parts: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A span of `code` within a sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Hyperlink:
    """A link. `target` is an address with one of the SCHEMES, `parts` what is shown of it."""

    target: str
    parts: tuple[Inline, ...]


SCHEMES = frozenset({"http", "https", "mailto", "obsidian"})


@dataclass(frozen=True, slots=True)
class Picture:
    """An image among the edition's media, by its name there. `width` is in CSS pixels."""

    name: str
    alt: str
    width: int | None = None


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula in TeX, without its dollars.

    `mathml` is the same as a MathML element, free of scripts and links; it is empty where the TeX
    cannot be set.
    """

    tex: str
    display: bool
    mathml: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """A line break."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What a cloze card hides: all gaps of one `number`, from 1, make one card."""

    number: int
    parts: tuple[Inline, ...]
    hint: str = ""


Inline = Run | Styled | Verbatim | Hyperlink | Picture | Formula | Turn | Gap
Parts = tuple[Inline, ...]

# ── blocks ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Prose:
    """Literal text, line by line."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Code, line by line; joined with newlines the runs are the source again.

    `language` is Pygments' name of it, "" where nothing says which it is.
    """

    lines: tuple[Line, ...]
    language: str = ""

    @property
    def source(self) -> str:
        """The code as it was written."""
        return "\n".join("".join(run.text for run in line) for line in self.lines)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence or more. A formula on display stands in a paragraph of its own."""

    parts: Parts


@dataclass(frozen=True, slots=True)
class Subheading:
    """A heading within an answer; `level` is that of the note, from 1 to 6."""

    level: int
    parts: Parts


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list; `done` tells the state of a task, None for any other item."""

    blocks: Content
    done: bool | None = None


@dataclass(frozen=True, slots=True)
class Items:
    """A list; `start` is the number of the first item, None where they have no numbers."""

    items: tuple[Item, ...]
    start: int | None = None


Align = Literal["", "left", "center", "right"]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: each row has a cell for each of `columns`, and each cell is one line of parts."""

    columns: tuple[Align, ...]
    head: tuple[Parts, ...]
    rows: tuple[tuple[Parts, ...], ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """A quotation; with a `kind` ("note", "warning", …) it is a callout with a `title`."""

    blocks: Content
    kind: str = ""
    title: Parts = ()


@dataclass(frozen=True, slots=True)
class Footnotes:
    """What the small numbers in the text stand for: the first note is number 1."""

    notes: tuple[Content, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across."""


Block = Prose | Listing | Paragraph | Subheading | Items | Table | Quote | Footnotes | Rule
Content = tuple[Block, ...]

# ── cards ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class CardView:
    """One card as it is shown: everything that an exporter needs to know about it.

    `question` is what is asked, `title` the same as one line of plain text. A cloze card asks with
    the gaps in its question; its answer is what the back says besides, and may be empty. A code
    card shows `signature` in front, and may have the kernel's `formula`. `evidence` is the quiet
    line about its verification, `verified` whether all of its code was. `reverse` asks for a card
    that goes from the answer to the question. `link` leads to the note, "" without a vault.
    """

    key: str
    kind: Kind
    title: str
    question: Content
    answer: Content
    section: str
    evidence: str
    tags: tuple[str, ...]
    place: Place
    signature: tuple[Line, ...] = ()
    formula: Formula | None = None
    verified: bool = False
    reverse: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class DeckView:
    """One deck as it is shown. `name` is the stem for the names of its files."""

    title: str
    name: str
    cards: tuple[CardView, ...]


@dataclass(frozen=True, slots=True)
class Media:
    """An image file: `name` comes from its content, so that equal names are equal images."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Edition:
    """All that is shown of a bank, deck by deck, and the images in it, sorted by name."""

    decks: tuple[DeckView, ...]
    media: tuple[Media, ...] = ()

    def cards(self) -> Iterator[CardView]:
        """Every card, deck by deck."""
        for deck in self.decks:
            yield from deck.cards


# ── what exporters give back ─────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Finding:
    """Something an exporter could not show as it stands: which characters, at which place."""

    characters: str
    place: Place
