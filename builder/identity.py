"""Cards get keys: the names under which Anki and the author know them for ever.

A key is an explicit id, else the deck's slug and the question's slug. It never depends on the
answer, the number, the section or the file, so a correction or a move leaves it alone. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from builder.model import Bank, Card, Deck, Duplicate
from builder.names import slug


def identify(bank: Bank) -> tuple[Bank, tuple[Duplicate, ...]]:
    """Return `bank` with a key on every card, and the cards that were left out as duplicates.

    A key is never given to two cards: of those that ask the same the first one stays. Different
    questions whose slugs are equal are told apart by a hash of the question.
    """
    taken: dict[str, Card] = {}
    duplicates: list[Duplicate] = []
    decks = tuple(
        replace(deck, cards=tuple(_keyed(deck, taken, duplicates))) for deck in bank.decks
    )
    return Bank(decks), tuple(duplicates)


def _keyed(deck: Deck, taken: dict[str, Card], duplicates: list[Duplicate]) -> Iterable[Card]:
    for card in deck.cards:
        key = f"{slug(deck.title)}/{slug(card.identifier or card.question)}"
        if key in taken and not _same(taken[key], card):
            key = f"{key}-{_digest(card.identifier or card.question)}"
        if key in taken:
            duplicates.append(Duplicate(card, taken[key]))
        else:
            taken[key] = card
            yield replace(card, key=key)


def _same(one: Card, other: Card) -> bool:
    if one.identifier or other.identifier:
        return one.identifier == other.identifier
    return _folded(one.question) == _folded(other.question)


def _folded(question: str) -> str:
    return " ".join(question.split()).casefold()


def _digest(question: str) -> str:
    return hashlib.sha256(_folded(question).encode()).hexdigest()[:8]
