"""A card in its deck, and texts as they are compared."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from builder.model import Bank, Card
from builder.names import slug

deck_slug = lru_cache(maxsize=4096)(slug)


@dataclass(frozen=True, slots=True)
class Asked:
    """A card, its number within the run, and the deck in which it stands.

    `deck` is the slug of the deck's `title`; `plain` is the key that a new card would have if no
    other one had it; `question` and `answer` are the texts as they are compared for being the same.
    """

    number: int
    card: Card
    title: str
    deck: str
    plain: str
    question: str
    answer: str

    @property
    def file(self) -> str:
        """The note in which the card stands."""
        return self.card.place.file


def all_asked(bank: Bank) -> list[Asked]:
    """Return every card of a bank with its deck, in the bank's order."""
    found: list[Asked] = []
    for deck in bank.decks:
        name = deck_slug(deck.title)
        for card in deck.cards:
            plain = f"{name}/{slug(card.identifier or card.question)}"
            question, answer = folded(card.question), spaced(card.answered)
            found.append(Asked(len(found), card, deck.title, name, plain, question, answer))
    return found


def plainly(text: str) -> str:
    """Return `text` in Unicode's composed form, its lines ended by a line feed."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def spaced(text: str) -> str:
    """Return `text` with a single blank wherever it has blanks or ends of lines."""
    return " ".join(plainly(text).split())


def folded(text: str) -> str:
    """Return `text` without what makes no other question: blanks and case."""
    return spaced(text).casefold()
