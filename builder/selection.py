"""Which cards a run is about, and which of them may be shown."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from builder.model import Bank, CannotRunError, Card, Deck, Diagnostic, Markdown, Place, Severity
from builder.names import slug
from builder.rules.bank import no_cards


def asked_for(
    bank: Bank,
    remarks: Sequence[Diagnostic],
    named: Collection[str],
    only: str,
    tags: Collection[str] = (),
) -> tuple[Bank, list[Diagnostic], int]:
    """Return the decks and remarks that the run is about, and how many notes it skips.

    A note without a card is an error if it was `named`; found in a folder it is skipped. With
    `only`, cards whose question does not hold that text are left out; with `tags`, those that have
    none of them; and so are remarks that stand in none of the rest. Raises CannotRunError where
    nothing is left.
    """
    silent = {deck.file for deck in bank.decks if not deck.cards} - set(named)
    # Python in a note without a card, found in a folder, is the author's own: it answers nothing.
    remarks = [
        one for one in remarks if one.place.file not in silent or one.name != "untitled-code"
    ]
    speaking = {remark.place.file for remark in remarks if remark.severity is Severity.ERROR}
    bare = {deck.file for deck in bank.decks if not deck.cards} - speaking
    bank = Bank(tuple(deck for deck in bank.decks if deck.file not in bare))
    remarks = [*remarks, *(no_cards(file) for file in sorted(bare & set(named)))]
    if not bank.decks and not remarks:
        raise CannotRunError("no note here holds a card: write `Q:` and `A:` lines")
    bank = _matching(bank, only) if only else bank
    bank = _tagged(bank, tags) if tags else bank
    if only or tags:
        index = _Index(bank)
        remarks = [remark for remark in remarks if index.card_at(remark.place)]
    return bank, remarks, len(bare - set(named))


def with_keys(bank: Bank) -> tuple[Bank, tuple[Card, ...]]:
    """Return the bank without the cards of which nobody knows who they are, and those cards."""
    unsure = tuple(card for card in bank.cards() if not card.key)
    return _filtered(bank, lambda _, card: bool(card.key)) if unsure else bank, unsure


def in_the_open(bank: Bank) -> Bank:
    """Return the bank with nothing but its cards in Markdown."""
    return _filtered(bank, lambda _, card: bool(card.asked) or isinstance(card.answer, Markdown))


def without_errors(bank: Bank, remarks: Iterable[Diagnostic]) -> tuple[Bank, tuple[Card, ...]]:
    """Return the bank without the cards in which an error stands, and those cards."""
    index = _Index(bank)
    errors = (remark for remark in remarks if remark.severity is Severity.ERROR)
    faulty = {card.key for error in errors if (card := index.card_at(error.place))}
    left_out = tuple(card for card in bank.cards() if card.key in faulty)
    return _filtered(bank, lambda _, card: card.key not in faulty), left_out


def _matching(bank: Bank, only: str) -> Bank:
    wanted = only.casefold()
    chosen = _filtered(bank, lambda _, card: wanted in card.question.casefold())
    if not chosen.decks:
        raise CannotRunError(f"no question holds {only!r}, which -k asks for")
    return chosen


def _tagged(bank: Bank, tags: Collection[str]) -> Bank:
    chosen = _filtered(bank, lambda deck, card: any(_goes_by(tag, deck, card) for tag in tags))
    if not chosen.decks:
        said = " or ".join(map(repr, tags))
        raise CannotRunError(f"no card has the tag {said}, which --tag asks for")
    return chosen


def _goes_by(tag: str, deck: Deck, card: Card) -> bool:
    """Tell whether `card` has `tag` or one below it, or stands in the section of that name."""
    above = f"{tag.casefold()}::"
    tagged = any(f"{name.casefold()}::".startswith(above) for name in (*deck.tags, *card.tags))
    return tagged or (bool(card.section) and slug(card.section) == slug(tag))


def _filtered(bank: Bank, keep: Callable[[Deck, Card], bool]) -> Bank:
    decks = (
        replace(deck, cards=tuple(card for card in deck.cards if keep(deck, card)))
        for deck in bank.decks
    )
    return Bank(tuple(deck for deck in decks if deck.cards))


class _Index:
    """Finds the card that stands at a place."""

    def __init__(self, bank: Bank) -> None:
        self._cards = {deck.file: deck.cards for deck in bank.decks}
        self._starts = {
            file: [card.place.line for card in cards] for file, cards in self._cards.items()
        }

    def card_at(self, place: Place) -> Card | None:
        """Return the card whose lines hold the first line of `place`."""
        at = bisect_right(self._starts.get(place.file, []), place.line) - 1
        if at < 0:
            return None
        card = self._cards[place.file][at]
        return card if place.line <= card.place.end_line else None
