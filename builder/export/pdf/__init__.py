"""The edition on paper: each deck becomes a PDF, a cheat sheet to print and hang up.

    pdf.export(deck, media=edition.media, paper="letter", pages=2)

A deck of more than MOST_CARDS cards becomes several volumes: `name-1.pdf`, `name-2.pdf`, …
What the sheet says is made in `paper`, how it looks in `looks` and in the template beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal

from builder.edition import DeckView, Finding, Media, Picture
from builder.export.pdf import press, volumes
from builder.export.pdf.answers import answers
from builder.export.pdf.looks import (
    FACES,
    LARGEST_SIZE,
    LOOKS,
    PALETTE,
    SMALLEST_SIZE,
    USUAL_SIZE,
)
from builder.export.pdf.paper import Shown, shown, title_of
from builder.model import Artefact, Place

Paper = Literal["a4", "letter"]

__all__ = ["Options", "Paper", "Remark", "export"]


@dataclass(frozen=True, slots=True)
class Remark:
    """Something else that a person should know of a sheet: `message` says what the sheet does."""

    message: str
    place: Place
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """How a sheet is asked for; see `export`."""

    media: tuple[Media, ...] = ()
    paper: Paper = "a4"
    pages: int | None = None
    landscape: bool | None = None
    font_size: float | None = None
    formulas: bool = False
    timestamp: int | None = None


def export(  # noqa: PLR0913 - each of them is an option of the command line
    deck: DeckView,
    *,
    media: Sequence[Media] = (),
    paper: Paper = "a4",
    pages: int | None = None,
    landscape: bool | None = None,
    font_size: float | None = None,
    formulas: bool = False,
    timestamp: int | None = None,
) -> tuple[tuple[Artefact, ...], tuple[Finding | Remark, ...]]:
    """Return the cheat sheet of `deck`, its volumes if it has several, and what is to be said.

    `media` are the edition's images. The text has 8 pt, or `font_size`; with `pages` it is as
    large as so many pages allow, between 7 pt and 12 pt or `font_size`, and a remark tells where
    that cannot be. `landscape` turns the paper; None lets the sheet choose. With `formulas` each
    code card shows what its kernel computes. `timestamp` is the document's date in UNIX seconds;
    without it the document has none.

    A character that no font has, or that turns others around, is printed as U+FFFD and named in a
    `Finding` at its card. Whatever else the sheet cannot show is a `Remark` at its card.
    Raises `typst.TypstError`, a `RuntimeError`, for a sheet that can't be set for another reason.
    """
    options = Options(tuple(media), paper, pages, landscape, font_size, formulas, timestamp)
    parts = volumes.volumes(deck)
    printed = [_printed(part, options, i, len(parts)) for i, part in enumerate(parts, 1)]
    remarks = [remark for _, found in printed for remark in found]
    return tuple(artefact for artefact, _ in printed), tuple(remarks)


def _printed(
    deck: DeckView, options: Options, number: int, count: int
) -> tuple[Artefact, list[Finding | Remark]]:
    """Return one volume of `count`, and what is to be said about it."""
    files, names = _pictures(deck, options.media)
    cards = shown(deck, names, formulas=options.formulas)
    data = json.dumps(
        {"title": title_of(deck), "cards": [card.data for card in cards]}, ensure_ascii=False
    )
    about = _about(deck, options)
    if count > 1:
        share = -(-options.pages // count) if options.pages else None
        about |= {"volume": f"volume {number} of {count}", "pages": share}
    content, missing = _fitted(about, data, files, options.timestamp, apart=count > 1)
    remarks = [*_findings(deck, cards, missing), *_unmet(deck, about, content)]
    return Artefact(f"{deck.name}.pdf", content), remarks


# ── the deck as data ─────────────────────────────────────────────────────────────────────────────


def _about(deck: DeckView, options: Options) -> dict[str, Any]:
    """Return how the sheet looks, and what a reader says of the document."""
    usual = options.font_size or USUAL_SIZE
    least, most = min(SMALLEST_SIZE, usual), options.font_size or LARGEST_SIZE
    code = answers(deck)
    return {
        "title": title_of(deck),
        "volume": "",
        "keywords": sorted({tag for card in deck.cards for tag in card.tags}),
        "dated": options.timestamp is not None,
        "paper": options.paper,
        "landscape": options.landscape,
        "pages": options.pages,
        "sizes": {"least": least, "usual": usual, "most": most},
        "fonts": FACES,
        "palette": PALETTE,
        "looks": {role: asdict(look) for role, look in LOOKS.items()},
        "answers": {"name": f"{deck.name}.py", "text": code} if code else None,
    }


def _pictures(deck: DeckView, media: Sequence[Media]) -> tuple[press.Files, dict[str, str]]:
    """Return the pictures of `deck` that can be set, under names of our own, and these names."""
    known = {one.name: one.content for one in media}
    files: list[tuple[str, bytes]] = []
    names: dict[str, str] = {}
    for name in dict.fromkeys(picture.name for picture in _shown_pictures(deck.cards)):
        ours = f"picture-{len(files) + 1}.{name.rpartition('.')[2].lower()}"
        if name in known and ours.isascii() and press.can_be_set(ours, known[name]):
            files.append((ours, known[name]))
            names[name] = ours
    return tuple(files), names


def _shown_pictures(content: Any) -> Iterator[Picture]:
    """Yield every picture within cards, blocks or parts, in the order of the text."""
    if isinstance(content, Picture):
        yield content
    elif isinstance(content, tuple):
        for one in content:
            yield from _shown_pictures(one)
    elif hasattr(content, "__slots__"):
        for name in content.__slots__:
            yield from _shown_pictures(getattr(content, name))


# ── the sheet, fitted to its pages ───────────────────────────────────────────────────────────────


def _fitted(
    about: dict[str, Any], data: str, files: press.Files, timestamp: int | None, *, apart: bool
) -> tuple[bytes, frozenset[str]]:
    """Return the sheet. The template's plan may take a card that is cut for shorter than it is."""
    typeset = volumes.typeset_apart if apart else _typeset
    asked = about["pages"]
    for pages in (asked, (asked or 0) - 1):
        told = json.dumps({**about, "pages": pages}, ensure_ascii=False)
        content, missing = typeset(told, data, files, timestamp)
        if pages is None or pages <= 1 or press.pages_of(content) <= asked:
            break
    return content, missing


# Whoever watches builds again and again: only the sheets that changed are set anew.
@lru_cache(maxsize=64)
def _typeset(
    about: str, deck: str, files: press.Files, timestamp: int | None
) -> tuple[bytes, frozenset[str]]:
    return press.typeset(about, deck, files, timestamp)


# ── what is to be said ───────────────────────────────────────────────────────────────────────────


def _findings(
    deck: DeckView, cards: Sequence[Shown], missing: frozenset[str]
) -> Iterator[Finding | Remark]:
    """Yield what each card lacks; the sheet's title counts with the first card."""
    heading = title_of(deck)
    for card, view in zip(cards, deck.cards, strict=True):
        for remark in card.remarks:
            yield Remark(f"the sheet shows {remark}", view.place)
        if missing:
            lost = missing.intersection(heading + json.dumps(card.data, ensure_ascii=False))
            if lost:
                yield Finding("".join(sorted(lost)), view.place)
        heading = ""


def _unmet(deck: DeckView, about: dict[str, Any], content: bytes) -> Iterator[Remark]:
    """Yield a remark if the sheet has another number of pages than was asked for."""
    asked, pages = about["pages"], press.pages_of(content)
    if asked in {None, pages} or not deck.cards:
        return
    least, most = about["sizes"]["least"], about["sizes"]["most"]
    bound = f"smaller than {least:g} pt" if pages > asked else f"larger than {most:g} pt"
    yield Remark(
        f"the sheet has {pages} page{'s'[: pages != 1]} instead of {asked}",
        deck.cards[0].place,
        f"for {asked} its text would have to be {bound}",
    )
