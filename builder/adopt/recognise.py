"""Which note asks what a card asks: by the text of a field, else by the evidence of identity. Pure.

Only what is sure counts, and no note and no card is given away twice.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape
from typing import TypeVar

from builder.adopt.package import Note
from builder.identity import identify
from builder.model import Bank, Card, ChangeKind, Deck, Entry, Kind, Ledger, Place

Thing = TypeVar("Thing")

# The file in which all notes stand for `identify`; no path on any disk has such a name.
_PACKAGE = "\0package"

# None of these patterns tries a stretch of the text more than once: fields come from strangers.
_LINK = re.compile(r"<a [^<>]*>[^<>]*</a>", re.IGNORECASE)
_LINE_END = re.compile(r"<(?:br|/?div|/?p|/?li|/?h[1-6]|/?tr|/?pre)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[/!a-z][^<>]*>", re.IGNORECASE)
_MARKUP = re.compile(r"`|\*\*|\$|\\[()\[\]]")
_PROGRAM = re.compile(r"\b(?:def|class) [^\W\d]")
_GAP = re.compile(r"\{\{c\d+::")


@dataclass(frozen=True, slots=True)
class Recognised:
    """The cards with their notes, and those without: each with the note that comes nearest.

    `reworded` are those of the `pairs` that ask in other words; `unmatched` are the notes that no
    card has.
    """

    pairs: tuple[tuple[Card, Note], ...]
    reworded: tuple[tuple[Card, Note], ...]
    missing: tuple[tuple[Card, Note | None], ...]
    unmatched: tuple[Note, ...]


def recognise(bank: Bank, notes: Sequence[Note]) -> Recognised:
    """Find the note of each card of `bank`; what is not certain is missing."""
    cards = {card.place: card for card in bank.cards()}
    free = dict(enumerate(notes))
    pairs: dict[Place, int] = {}

    def take(found: Mapping[Place, int]) -> None:
        for place, number in found.items():
            pairs[place] = number
            del cards[place], free[number]

    for read in (_folded, _bare):
        for at in range(max((len(note.fields) for note in notes), default=0)):
            take(_alone(cards, free, read, at))
    sure, near = _by_evidence(bank, cards, free)
    take(sure)
    found = [(card, notes[pairs[card.place]]) for card in bank.cards() if card.place in pairs]
    return Recognised(
        tuple(found),
        tuple((card, note) for card, note in found if card.place in sure),
        tuple(
            (card, notes[near[place]] if place in near else None) for place, card in cards.items()
        ),
        tuple(free.values()),
    )


def plain(html: str) -> str:
    """Return the text that a field shows, its lines apart.

    >>> plain("<div>What is <b>R&amp;D</b>?</div>")
    'What is R&D?'
    """
    text = _TAG.sub("", _LINE_END.sub("\n", _LINK.sub(_without_backlink, html)))
    return unicodedata.normalize("NFC", unescape(text)).strip()


def _without_backlink(link: re.Match[str]) -> str:
    """Return a link, or nothing for the one that leads back to a note in Obsidian."""
    return "" if "obsidian://" in link[0] else link[0]


def _alone(
    cards: Mapping[Place, Card], notes: Mapping[int, Note], read: Callable[[str], str], at: int
) -> dict[Place, int]:
    """Return who asks the same as the field `at` of a note, where one card and one note do."""
    asking = _grouped(cards, lambda place: read(cards[place].question))
    asked = _grouped(notes, lambda number: read(plain("".join(notes[number].fields[at : at + 1]))))
    return {
        group[0]: asked[text][0]
        for text, group in asking.items()
        if text and len(group) == len(asked.get(text, ())) == 1
    }


def _grouped(things: Collection[Thing], text: Callable[[Thing], str]) -> dict[str, list[Thing]]:
    groups: defaultdict[str, list[Thing]] = defaultdict(list)
    for thing in things:
        groups[text(thing)].append(thing)
    return groups


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split()).casefold()


def _bare(text: str) -> str:
    """Return a question without the signs of Markdown and of formulas."""
    return _folded(_MARKUP.sub("", text))


# ── what is worded otherwise ─────────────────────────────────────────────────────────────────────


def _by_evidence(
    bank: Bank, cards: Collection[Place], notes: Mapping[int, Note]
) -> tuple[dict[Place, int], dict[Place, int]]:
    """Return the note of each card that is sure, and the nearest one of each that may have one."""
    entries = {f"note {number}": _entry(number, note) for number, note in notes.items()}
    numbers = dict(zip(entries, notes, strict=True))
    rest = Bank(tuple(_those(deck, cards) for deck in bank.decks))
    found = identify(rest, Ledger(tuple(entries.values())), {_PACKAGE})
    sure = {card.place: numbers[card.key] for card in found.bank.cards() if card.key in numbers}
    near = {
        change.card.place: numbers[change.candidates[0].key]
        for change in found.changes
        if change.kind is ChangeKind.UNSURE and change.card
    }
    return sure, near


def _those(deck: Deck, places: Collection[Place]) -> Deck:
    return replace(deck, cards=tuple(card for card in deck.cards if card.place in places))


def _entry(number: int, note: Note) -> Entry:
    """Return what a ledger would know of a note: the first field asks, the others answer."""
    question, *others = map(plain, note.fields)
    answer = "\n".join(filter(None, others))
    kind: Kind = "cloze" if _GAP.search(question) else "question"
    kind = "code" if kind == "question" and _PROGRAM.search(answer) else kind
    return Entry(
        f"note {number}", note.guid, number + 1, 0, "", _PACKAGE, "", "", kind, "", question, answer
    )  # fmt: skip
