"""A learner with a real Anki collection: imports packages, answers cards, looks at their sides."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from anki.collection import Collection, ImportAnkiPackageRequest, ImportLogWithChanges
from anki.models import NotetypeId

if TYPE_CHECKING:  # at run time Anki's other modules import each other in a circle
    from anki.cards import Card
    from anki.dbproxy import DBProxy
    from anki.notes import Note

# What the style sheets of Anki's reviewer say of the body.
_STYLE = """
body { margin: 20px; overflow-wrap: break-word; color: #020202; background: #f5f5f5 }
body.nightMode { color: #fcfcfc; background-color: #2c2c2c }
"""


@dataclass(frozen=True, slots=True)
class Side:
    """What Anki shows of one side of a card: its HTML with the style, and the body's classes."""

    html: str
    classes: str

    def page(self, *, night: bool) -> str:
        """Return the page that Anki's reviewer makes of this side."""
        body = f"{self.classes} nightMode" if night else self.classes
        root = "night-mode" if night else ""
        return (
            f'<!doctype html><html class="{root}"><head><meta charset="utf-8">'
            f"<style>{_STYLE}</style></head>"
            f'<body class="{body}"><div id="qa">{self.html}</div></body></html>'
        )


class Learner:
    """One collection in a folder of its own. Close it, or use it in a `with` statement."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.collection = Collection(str(folder / "collection.anki2"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.collection.close()

    def imports(self, package: bytes) -> ImportLogWithChanges.Log:
        """Import `package` with the options of Anki's own dialog in a fresh profile."""
        path = self.folder / "package.apkg"
        path.write_bytes(package)
        options = self.collection._backend.get_import_anki_package_presets()
        request = ImportAnkiPackageRequest(package_path=str(path), options=options)
        return self.collection.import_anki_package(request).log

    @property
    def database(self) -> DBProxy:
        """Return the open database of the collection."""
        database = self.collection.db
        assert database is not None
        return database

    def cards(self) -> list[Card]:
        """Return the cards in the order in which Anki would introduce them."""
        ids = self.database.list("select id from cards order by due, ord")
        return [self.collection.get_card(number) for number in ids]

    def notes(self) -> list[Note]:
        """Return the notes in the order of their first cards."""
        return [card.note() for card in self.cards() if card.ord == 0]

    def note_type(self, number: int) -> dict[str, Any]:
        """Return what the collection knows of the note type with the id `number`."""
        found = self.collection.models.get(NotetypeId(number))
        assert found is not None
        return found

    def deck_of(self, card: Card) -> str:
        """Return the full name of the deck that holds `card`."""
        return self.collection.decks.name(card.did)

    def answers(self, ease: Literal[1, 2, 3, 4]) -> Card:
        """Answer the next due card with `ease` (1 again to 4 easy) and return it."""
        card = self.collection.sched.getCard()
        assert card is not None
        card.start_timer()
        self.collection.sched.answerCard(card, ease)
        return card

    @staticmethod
    def sides(card: Card) -> tuple[Side, Side]:
        """Return the front and the back of `card`."""
        classes = f"card card{card.ord + 1}"
        return Side(card.question(), classes), Side(card.answer(), classes)
