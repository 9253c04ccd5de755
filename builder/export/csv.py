"""The edition as text that Anki imports into a collection which has the note types already.

`NAME.csv` has a note a row, in columns that are set apart by tabs: its GUID, note type, deck and
tags, then the fields of its note type; rows of a type with fewer fields end in empty columns. The
lines on top tell Anki all that. A note that the collection knows by its GUID is updated, whatever
its time; images are not in the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from builder.edition import CardView, Edition
from builder.export.apkg import deck_name, safe_tags
from builder.export.cards import fields, note_type
from builder.model import Artefact, Ledger

_COLUMNS = ("guid", "notetype", "deck", "tags")


def export(edition: Edition, *, name: str, ledger: Ledger) -> Artefact:
    """Return `NAME.csv`; each note has the GUID of its card's entry in `ledger`."""
    guids = {entry.key: entry.guid for entry in ledger.entries}
    rows = [
        _row(card, guids[card.key], deck_name(deck.title, card.section))
        for deck in edition.decks
        for card in deck.cards
    ]
    widest = max(map(len, rows), default=len(_COLUMNS))
    text = io.StringIO()
    text.writelines(f"{line}\n" for line in _header())
    # All is quoted: a bare `#` in front would make a row a remark.
    writer = csv.writer(text, delimiter="\t", quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([*row, *[""] * (widest - len(row))] for row in rows)
    return Artefact(f"{name}.csv", text.getvalue().encode("utf-8", "replace"))


def _header() -> Iterator[str]:
    yield "#separator:tab"
    yield "#html:true"
    for number, column in enumerate(_COLUMNS, start=1):
        yield f"#{column} column:{number}"


def _row(card: CardView, guid: str, deck: str) -> list[str]:
    tags = " ".join(safe_tags(card.tags))
    return [guid, note_type(card).name, deck, tags, *fields(card)]
