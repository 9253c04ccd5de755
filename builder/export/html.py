"""The edition as one page to look at: every card as Anki shows it, with what was found about it.

The page stands alone. It loads nothing, and its policy forbids whatever is not in it: its style
and its script run by their digests, and images are part of it. The files in `preview` are its
frame; what comes from the bank is handed to the script as JSON. The cards have the templates and
the style sheet of the deck.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from hashlib import sha256
from html import escape, unescape
from importlib.resources import files
from string import Template
from typing import Any

from builder.edition import CardView, DeckView, Edition, Formula, Gap, Listing, Media, Run
from builder.export import cards, markup, mustache
from builder.model import Artefact, Diagnostic, Place

Excerpts = Mapping[tuple[str, int], str]
Json = Mapping[str, object]
Parts = tuple[object, ...]
"""All that a card holds: its blocks, what is in them, and so on."""


def export(
    edition: Edition,
    *,
    name: str,
    diagnostics: Sequence[Diagnostic] = (),
    excerpts: Excerpts | None = None,
    css: str = "",
    reload: bool = False,
) -> Artefact:
    """Return the page `NAME.html` with every card of `edition`, and the `diagnostics`.

    A diagnostic stands beside the card that it is about, and above all cards where it is about
    none; `excerpts` are the lines that they show, by file and number. `css` is added to the style
    of the cards. With `reload` the page asks the server that it comes from when to load again.
    """
    remarks = Remarks(edition, diagnostics, excerpts or {})
    data = {
        "cards": [shown for deck in edition.decks for shown in _deck(deck, remarks)],
        "css": contained(_asset("face.css") + cards.css(css)),
        "media": {media.name: _address(media) for media in edition.media},
        "problems": remarks.elsewhere,
    }
    return Artefact(f"{name}.html", _page(_title(edition), data, reload=reload).encode())


def _title(edition: Edition) -> str:
    return ", ".join(dict.fromkeys(deck.title for deck in edition.decks)) or "No cards"


# ── the page ─────────────────────────────────────────────────────────────────────────────────────


def _page(title: str, data: Json, *, reload: bool) -> str:
    style, script = _asset("preview.css"), _asset("preview.js")
    return Template(_asset("page.html")).substitute(
        policy=_policy(style, script, reload=reload),
        title=escape(title),
        style=style,
        data=_json(data),
        script=script,
        # Whatever differs in the page makes another address, by which a server knows an old page.
        reload=f"events?{sha256(_json(data).encode()).hexdigest()[:16]}" if reload else "",
    )


def _asset(name: str) -> str:
    return files("builder.export").joinpath("preview", name).read_text(encoding="utf-8")


def _policy(style: str, script: str, *, reload: bool) -> str:
    """Return what a browser may do with the page: show what is in it, and nothing else."""
    connections = "; connect-src 'self'" if reload else ""
    return (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; "
        f"img-src data:; base-uri 'none'; form-action 'none'{connections}"
    )


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _json(data: Json) -> str:
    """Return `data` such that no text in it ends the script that holds it, or opens a comment."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


_TYPES = {"gif": "gif", "jpg": "jpeg", "jpeg": "jpeg", "png": "png", "svg": "svg+xml"}


def _address(media: Media) -> str:
    ending = media.name.rpartition(".")[2].lower()
    content = b64encode(media.content).decode()
    return f"data:image/{_TYPES.get(ending, ending)};base64,{content}"


_WIDTHS = re.compile(r"@media(?=\s*\(\s*(?:max-|min-)?width)")
_VIEWPORT = re.compile(r"(?<=[\d.])vw\b")


def contained(css: str) -> str:
    """Return `css` with the card's own frame in the place of the window, where it asks for one.

    >>> contained("@media (max-width: 30rem) { p { margin: 5vw } }")
    '@container (max-width: 30rem) { p { margin: 5cqi } }'
    """
    return _VIEWPORT.sub("cqi", _WIDTHS.sub("@container", css))


# ── cards ────────────────────────────────────────────────────────────────────────────────────────


def _deck(deck: DeckView, remarks: Remarks) -> Iterator[Json]:
    """Yield what the script needs to know of each card that Anki makes of `deck`."""
    for card in deck.cards:
        parts = tuple(_within((card.question, card.answer, card.formula)))
        shared = {
            "title": card.title,
            "deck": deck.title,
            "section": card.section,
            "tags": card.tags,
            "verdict": _verdict(card, parts),
            "place": f"{card.place.file}:{card.place.line}",
            "link": unescape(markup.address(card.link)),
            "text": _words(card),
            "problems": remarks.beside(card),
        }
        faces = tuple(_faces(card, parts))
        for at, (asks, front, back) in enumerate(faces, start=1):
            name = {"key": card.key if at == 1 else f"{card.key}/{at}"}
            asked = {"asks": asks if len(faces) > 1 else ""}
            yield {**name, **asked, **shared, "front": front, "back": back}


def _verdict(card: CardView, parts: Parts) -> str:
    """Return what is known of the code of `card`; nothing where it has none to verify."""
    if card.verified:
        return "verified"
    coded = any(isinstance(one, Listing) and one.language == "python" for one in parts)
    return "unverified" if coded else ""


_BLOCK = re.compile(r"</?(?:br|d[dlt]|div|h\d|hr|li|ol|p|pre|t[dhr]|ul)\b[^>]*>")
_MARKUP = re.compile(r"<[^>]*>")


def _words(card: CardView) -> str:
    """Return question and answer for a search, in one line; formulas are in TeX."""
    shown = _MARKUP.sub("", _BLOCK.sub(" ", markup.html((*card.question, *card.answer))))
    return " ".join(unescape(shown).split())


def _faces(card: CardView, parts: Parts) -> Iterator[tuple[str, str, str]]:
    """Yield front and back of each card of a note, and what tells it from the others."""
    kind = cards.note_type(card)
    formulas = _Formulas(card, parts)
    names = (field.name for field in kind.fields)
    filled = dict(zip(names, cards.fields(formulas.marked), strict=True))
    numbers = sorted({one.number for one in parts if isinstance(one, Gap)})
    for template in kind.templates:
        for number in numbers if kind.gaps else (1,):
            front = mustache.side(template.front, filled, number=number)
            if not front.strip():
                continue
            whole = {**filled, "FrontSide": front}
            back = mustache.side(template.back, whole, number=number, back=True)
            asks = f"Gap {number}" if kind.gaps else template.name
            yield asks, formulas.set(front), formulas.set(back)


def _within(node: object) -> Iterator[object]:
    """Yield every value of a tree, itself first."""
    if isinstance(node, tuple):
        for one in node:
            yield from _within(one)
    elif is_dataclass(node):
        yield node
        for field in fields(node):
            yield from _within(getattr(node, field.name))


# ── formulas ─────────────────────────────────────────────────────────────────────────────────────

_STYLE = re.compile(r'(<[^<>]*) style="')


class _Formulas:
    """The formulas of a card, which Anki has a script for and a browser sets by itself.

    `marked` is the card with a mark for each of them. The mark holds a digest of the whole card,
    so that no text in it can be the mark.
    """

    def __init__(self, card: CardView, parts: Parts) -> None:
        self._mark = f"formula{sha256(repr(card).encode()).hexdigest()}at"
        self._found: list[str] = []
        has_some = any(isinstance(one, Formula) for one in parts)
        self.marked: CardView = self._replaced(card) if has_some else card

    def set(self, side: str) -> str:
        """Return `side` with the formulas in the place of the marks, in MathML."""
        if not self._found:
            return side
        return re.sub(rf"{self._mark}(\d+)!", lambda mark: self._found[int(mark[1])], side)

    def _replaced(self, node: Any) -> Any:
        if isinstance(node, tuple):
            return tuple(map(self._replaced, node))
        if isinstance(node, Formula):
            return self._marked(node) if node.mathml else node
        if is_dataclass(node) and not isinstance(node, type):
            parts = {
                field.name: self._replaced(getattr(node, field.name)) for field in fields(node)
            }
            return replace(node, **parts)
        return node

    def _marked(self, formula: Formula) -> Run:
        # The policy forbids styles in attributes; the script sets them.
        self._found.append(_STYLE.sub(r'\1 data-style="', formula.mathml))
        return Run(f"{self._mark}{len(self._found) - 1}!")


# ── diagnostics ──────────────────────────────────────────────────────────────────────────────────


class Remarks:
    """Diagnostics, told apart by the cards that they are about."""

    def __init__(
        self, edition: Edition, diagnostics: Sequence[Diagnostic], excerpts: Excerpts
    ) -> None:
        self._excerpts = excerpts
        self._all = sorted(diagnostics, key=_line)
        self._lines = [_line(one) for one in self._all]
        claimed = {at for card in edition.cards() for at in self._about(card)}
        self.elsewhere = [self._told(one) for at, one in enumerate(self._all) if at not in claimed]

    def beside(self, card: CardView) -> list[Json]:
        """Return what was found about `card`."""
        return [self._told(self._all[at]) for at in self._about(card)]

    def _about(self, card: CardView) -> range:
        place = card.place
        last = place.end_line - (place.end_column == 1 and place.end_line > place.line)
        return range(
            bisect_left(self._lines, (place.file, place.line)),
            bisect_right(self._lines, (place.file, last)),
        )

    def _told(self, one: Diagnostic) -> Json:
        return {
            "severity": one.severity.value,
            "code": one.code,
            "name": one.name,
            "message": one.message,
            "place": f"{one.place.file}:{one.place.line}",
            "excerpt": self._excerpt(one.place),
            "label": one.label,
            "notes": one.notes,
            "hint": one.hint,
        }

    def _excerpt(self, place: Place) -> tuple[str, ...]:
        """Return the line of `place`, cut in what is before it, in it, and behind it."""
        line = self._excerpts.get((place.file, place.line), "")
        end = place.end_column if place.end_line == place.line else len(line) + 1
        start, end = place.column - 1, max(end, place.column) - 1
        return (line[:start], line[start:end], line[end:]) if line else ()


def _line(one: Diagnostic) -> tuple[str, int]:
    return one.place.file, one.place.line
