"""Cards get keys: the names under which Anki and the author know them for ever.

A key is an explicit id, else the deck's slug and the question's slug. It never depends on the
answer, the number, the section or the file, so a correction or a move leaves it alone. Pure.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from builder.model import Bank, Card, Deck, Duplicate
from builder.names import slug


def identify(bank: Bank) -> tuple[Bank, tuple[Duplicate, ...]]:
    """Return `bank` with a key on every card, and the cards that were left out as duplicates.

    A key is never given to two cards: of those that ask the same the first one stays. Different
    questions whose slugs are equal are all told apart by a hash of the question, so that their
    order does not matter.
    """
    meanings = _meanings(bank)
    taken: dict[str, Card] = {}
    duplicates: list[Duplicate] = []
    decks = []
    for deck in bank.decks:
        cards: list[Card] = []
        for card in deck.cards:
            key = _key(deck, card, meanings)
            if key in taken:
                duplicates.append(Duplicate(card, taken[key]))
            else:
                taken[key] = card
                cards.append(replace(card, key=key))
        decks.append(replace(deck, cards=tuple(cards)))
    return Bank(tuple(decks)), tuple(duplicates)


def _meanings(bank: Bank) -> Mapping[str, set[str]]:
    """Return what the cards of each plain key ask: more than one thing where slugs are equal."""
    meanings: defaultdict[str, set[str]] = defaultdict(set)
    for deck in bank.decks:
        for card in deck.cards:
            meanings[_plain(deck, card)].add(_meaning(card))
    return meanings


def _key(deck: Deck, card: Card, meanings: Mapping[str, set[str]]) -> str:
    plain = _plain(deck, card)
    if len(meanings[plain]) == 1:
        return plain
    return f"{plain}-{hashlib.sha256(_meaning(card).encode()).hexdigest()[:8]}"


def _plain(deck: Deck, card: Card) -> str:
    return f"{slug(deck.title)}/{slug(card.identifier or card.question)}"


def _meaning(card: Card) -> str:
    """Return what makes two cards one: an explicit id, else the question without its looks."""
    if card.identifier:
        return f"id: {card.identifier}"
    return " ".join(card.question.split()).casefold()
