"""What became of each card: the words for the difference between a card and its entry."""

from __future__ import annotations

from collections.abc import Iterator

from builder.identity.asked import Asked, plainly
from builder.model import Change, ChangeKind, Entry


def changes(one: Asked, before: Entry) -> Iterator[Change]:
    """Yield how a card differs from the entry that it descends from."""
    card = one.card
    told = {
        ChangeKind.REWORDED: plainly(card.question) != plainly(before.question),
        ChangeKind.ANSWER: plainly(card.answered) != plainly(before.answer),
        ChangeKind.MOVED: (one.file, plainly(one.title), plainly(card.section))
        != (before.file, plainly(before.deck), plainly(before.section)),
        ChangeKind.RETURNED: before.retired > 0,
    }
    yield from (Change(kind, card, before) for kind, differs in told.items() if differs)
