"""An exporter for proofdeck: each deck becomes a plain list of its questions."""

from __future__ import annotations

from dataclasses import dataclass

from builder.edition import DeckView, Edition
from builder.export import Exported, Occasion
from builder.model import Artefact


@dataclass(frozen=True)
class Flash:
    """The questions, a line each."""

    summary: str = "the questions of each deck as plain text"

    def export(self, edition: Edition, occasion: Occasion) -> Exported:
        """Return a text file for each deck."""
        return Exported(tuple(map(_listed, edition.decks)))


def _listed(deck: DeckView) -> Artefact:
    lines = (f"{number}. {card.title}\n" for number, card in enumerate(deck.cards, 1))
    return Artefact(f"{deck.name}.txt", "".join(lines).encode("utf-8", "replace"))


EXPORTER = Flash()
