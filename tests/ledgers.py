"""Ledgers for tests: two days, and a ledger for whatever is shown."""

from __future__ import annotations

from collections.abc import Collection

from builder.edition import Edition
from builder.export.apkg import guid, note_types
from builder.model import Entry, Ledger, Stamp

MONDAY = 1_764_000_000
TUESDAY = MONDAY + 86_400


def ledger_of(edition: Edition, *, changed: Collection[str] = (), stamp: int = MONDAY) -> Ledger:
    """Return a ledger of Monday for `edition`; the cards `changed` on Tuesday."""
    found = [card for deck in edition.decks for card in deck.cards]
    entries = {
        card.key: Entry(
            card.key, guid(card.key), MONDAY * 1000 + 10 * at,
            TUESDAY if card.key in changed else MONDAY,
            "", "", "", "", "question", "", "", "",
        )
        for at, card in enumerate(found)
    }  # fmt: skip
    return Ledger(
        tuple(entries.values()), tuple(Stamp(n, d, stamp) for n, d in note_types().items())
    )
