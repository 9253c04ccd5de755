"""A card in its deck, and texts as they are compared."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from builder.model import Bank, Card, Kind
from builder.names import is_told_by_slug, slug

deck_slug = lru_cache(maxsize=4096)(slug)


@dataclass(frozen=True, slots=True)
class Asked:
    """A card, its number within the run, and the deck in which it stands.

    `deck` is the slug of the deck's `title`; `plain` is the key that a new card would have if no
    other one had it, and `telling` whether all that it asks can be read off that key; `question`
    and `answer` are the texts as they are compared for being the same.
    """

    number: int
    card: Card
    title: str
    deck: str
    plain: str
    telling: bool
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
            named = card.identifier or (_unmarked(card.question) if card.asked else card.question)
            found.append(
                Asked(
                    len(found), card, deck.title, name, f"{name}/{slug(named)}",
                    is_told_by_slug(card.identifier or card.question),
                    folded(card.question), answered(card.kind, card.question, card.answered),
                )
            )  # fmt: skip
    return found


_IMAGE = re.compile(r"!\[\[[^\[\]]*\]\]|!\[[^\[\]]*\]\([^()]*\)|<img\b[^<>]*>")
_GAP = re.compile(r"\{\{c\d+::(.*?)(?:::[^{}]*)?\}\}", re.DOTALL)
_LOOKS = re.compile(r"(?<!\w)[*_]+(?=\S)|(?<=\S)[*_]+(?!\w)|==|`")


def _unmarked(question: str) -> str:
    """Return the words of a question in Markdown: no images, gaps open, no marks for looks."""
    return _LOOKS.sub("", _GAP.sub(r"\1", _IMAGE.sub("", question)))


def answered(kind: Kind, question: str, answer: str) -> str:
    """Return an answer as it is compared: that of a cloze is the sentence with its gaps."""
    return spaced(f"{question}\n{answer}" if kind == "cloze" else answer)


def plainly(text: str) -> str:
    """Return `text` in Unicode's composed form, its lines ended by a line feed."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def spaced(text: str) -> str:
    """Return `text` with a single blank wherever it has blanks or ends of lines."""
    return " ".join(plainly(text).split())


def folded(text: str) -> str:
    """Return `text` without what makes no other question: blanks and case."""
    return spaced(text).casefold()
