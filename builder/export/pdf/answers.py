"""The answers in code as one file, which is attached to the sheet.

Viewers drop the indentation of code that is copied from a page; this file has it.
"""

from __future__ import annotations

from collections.abc import Iterator

from builder.edition import DeckView, Listing


def answers(deck: DeckView) -> str:
    """Return the Python of all code cards, in order, each under its title; "" without any."""
    pieces = list(_pieces(deck))
    return "\n\n\n".join(pieces) + "\n" if pieces else ""


def _pieces(deck: DeckView) -> Iterator[str]:
    coded = [card for card in deck.cards if card.kind == "code"]
    for number, card in enumerate(coded, 1):
        programs = [block.source for block in card.answer if isinstance(block, Listing)]
        yield "\n".join([f"# {number}. {' '.join(card.title.split())}", *programs])
