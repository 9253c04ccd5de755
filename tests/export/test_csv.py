"""Text for Anki's import: read by a real Anki, into a collection that knows the notes."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import replace
from pathlib import Path

import pytest
from anki.collection import ImportCsvRequest, ImportLogWithChanges
from learner import Learner

from builder.demonstration import demonstration, poor
from builder.edition import Edition, Prose, Run
from builder.export import apkg
from builder.export.apkg import deck_name, safe_tags
from builder.export.cards import fields, note_type
from builder.export.csv import export
from builder.testing import occasion_of

HEADER = [
    "#separator:tab", "#html:true", "#guid column:1", "#notetype column:2", "#deck column:3",
    "#tags column:4",
]  # fmt: skip


def exported(edition: Edition) -> bytes:
    """Return the file."""
    artefact = export(edition, name="all", ledger=occasion_of(edition).ledger)
    assert artefact.name == "all.csv"
    return artefact.content


def packed(edition: Edition) -> bytes:
    """Return the package of the same edition."""
    return apkg.export(edition, name="all", ledger=occasion_of(edition).ledger).content


def rows(content: bytes) -> list[list[str]]:
    """Return the rows below the header, as a program for tables reads them."""
    text = content.decode().split("\n", len(HEADER))[-1]
    return list(csv.reader(io.StringIO(text, newline=""), delimiter="\t"))


def imports(learner: Learner, content: bytes) -> ImportLogWithChanges.Log:
    """Import the file as Anki's dialog does when nothing is changed in it."""
    path = learner.folder / "all.csv"
    path.write_bytes(content)
    collection = learner.collection
    metadata = collection.get_csv_metadata(str(path), delimiter=None)
    return collection.import_csv(ImportCsvRequest(path=str(path), metadata=metadata)).log


def answered(edition: Edition, key: str, text: str) -> Edition:
    """Return the edition with another answer of one card."""
    decks = (
        replace(deck, cards=tuple(
            replace(card, answer=(Prose(((Run(text),),)),)) if card.key == key else card
            for card in deck.cards
        ))
        for deck in edition.decks
    )  # fmt: skip
    return replace(edition, decks=tuple(decks))


# ── the file ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("edition", [demonstration(), *poor()])
def test_a_row_is_a_note(edition: Edition) -> None:
    """All of one width; each field stands there as the package has it."""
    content = exported(edition)
    assert content.decode().split("\n")[: len(HEADER)] == HEADER
    found = rows(content)
    assert len({len(row) for row in found}) <= 1
    placed = [(deck, card) for deck in edition.decks for card in deck.cards]
    for number, ((deck, card), row) in enumerate(zip(placed, found, strict=True), 1):
        guid, kind, name, tags, *rest = row
        assert guid == f'#"<{number}>\\'
        assert (kind, name) == (note_type(card).name, deck_name(deck.title, card.section))
        assert tags.split() == safe_tags(card.tags)
        filled = fields(card)
        assert tuple(rest[: len(filled)]) == filled
        assert not any(rest[len(filled) :])


# ── a real Anki ──────────────────────────────────────────────────────────────────────────────────


def test_notes_that_anki_knows_are_not_doubled(tmp_path: Path) -> None:
    """Imported behind the package it changes nothing: not a note, a field, a tag or a deck."""
    edition = demonstration()
    with Learner(tmp_path) as learner:
        learner.imports(packed(edition))
        before = [(note.guid, note.mid, note.fields, note.tags) for note in learner.notes()]
        decks = [learner.deck_of(card) for card in learner.cards()]
        log = imports(learner, exported(edition))
        assert not log.new
        assert not [*log.missing_notetype, *log.missing_deck, *log.empty_first_field]
        assert len(before) == sum(1 for _ in edition.cards())
        assert [(note.guid, note.mid, note.fields, note.tags) for note in learner.notes()] == before
        assert [learner.deck_of(card) for card in learner.cards()] == decks


def test_a_note_that_changed_is_updated_and_keeps_its_history(tmp_path: Path) -> None:
    """By its GUID, whatever its question says now."""
    edition = demonstration()
    with Learner(tmp_path) as learner:
        learner.imports(packed(edition))
        learner.collection.decks.select(learner.cards()[0].did)
        card = learner.answers(4)
        changed = answered(edition, "literal", "Another answer")
        log = imports(learner, exported(changed))
        assert len(log.updated) == 1
        assert not log.new
        note = learner.collection.get_note(card.nid)
        assert "Another answer" in note["Answer"]
        after = learner.collection.get_card(card.id)
        assert (after.reps, after.due, after.ivl) == (card.reps, card.due, card.ivl)


def test_notes_that_anki_does_not_know_are_new_ones_of_their_types(tmp_path: Path) -> None:
    """In any order of the rows; the package need only have brought the note types."""
    whole = demonstration()
    known = Edition(tuple(
        replace(deck, cards=deck.cards if deck.name == "demonstration" else ())
        for deck in whole.decks
    ), whole.media)  # fmt: skip
    with Learner(tmp_path) as learner:
        learner.imports(packed(known))
        head, *body = exported(whole).decode().partition("#tags column:4\n")
        text = io.StringIO()
        shuffled = rows(exported(whole))
        random.Random(1).shuffle(shuffled)
        writer = csv.writer(text, delimiter="\t", quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerows(shuffled)
        log = imports(learner, f"{head}{body[0]}{text.getvalue()}".encode())
        total, before = (sum(1 for _ in edition.cards()) for edition in (whole, known))
        assert len(log.new) == total - before
        notes = {note.guid: note for note in learner.notes()}
        assert len(notes) == total
        for card, row in zip(whole.cards(), rows(exported(whole)), strict=True):
            kind = notes[row[0]].note_type()
            assert kind
            assert kind["name"] == note_type(card).name
