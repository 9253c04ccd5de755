"""An edition becomes an Anki package: the only importer of genanki.

Same edition and same ledger, same bytes: nothing in the package comes from the clock, the machine
or the order of a set. What has a time or a number of its own has it from the ledger, because Anki
updates a note only if its time is newer; the other times are constants of genanki's.
"""

from __future__ import annotations

import io
import json
import re
import sqlite3
import unicodedata
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from builder.edition import CardView, Edition, Media
from builder.export import cards
from builder.export.cards import CLOZE, CODE, QUESTION, Field, NoteType, Template
from builder.model import Artefact, Entry, Ledger

_NAMESPACE = b"proofdeck\0"
_KINDS = (QUESTION, CODE, CLOZE)


def export(edition: Edition, *, name: str, ledger: Ledger, css: str = "") -> Artefact:
    """Return the package `NAME.apkg` with every card and image of `edition`.

    `css` is the learner's own style sheet, which stands behind ours.

    Each note has the GUID, the number and the time of its card's entry in `ledger`, each note type
    the time of its stamp. Raises `ValueError` for a card without an entry, a note type without a
    stamp, and when two cards share a key, a GUID or a note number: Anki would make two notes of
    them and forget one of the two at the next import. So it does for a cloze card without a gap,
    of which Anki would make no card, and for a style sheet that would load something.
    """
    entries = _entries(edition, ledger)
    times = {stamp.note_type: stamp.mod for stamp in ledger.stamps}
    models = _models(edition, times, cards.css(css))
    collection = _database(edition, entries, models)
    return Artefact(f"{name}.apkg", _zipped(collection, edition.media))


def guid(key: str) -> str:
    """Return the id by which Anki knows a note over all imports: 96 bits, from the key alone.

    >>> guid("bias-vs-variance")
    'jGfh-t9ath32nZeF'
    """
    return urlsafe_b64encode(sha256(_NAMESPACE + key.encode()).digest()[:12]).decode()


def note_types(css: str = "") -> Mapping[str, str]:
    """Return by name a digest of each note type: of its fields, its templates and the CSS.

    `css` is the learner's own style sheet.
    """
    style = cards.css(css)
    return {
        kind.name: sha256(json.dumps((asdict(kind), style)).encode()).hexdigest()[:32]
        for kind in _KINDS
    }


def _entries(edition: Edition, ledger: Ledger) -> Mapping[str, Entry]:
    """Return the entry of each card by its key, after a look for what two cards share."""
    known = {entry.key: entry for entry in ledger.entries}
    found: dict[str, Entry] = {}
    names: dict[str | int, str] = {}
    for card in edition.cards():
        if card.key in found:
            raise ValueError(f"two cards have the key {card.key!r}")
        if card.key not in known:
            raise ValueError(f"the card {card.key!r} has no entry in the ledger")
        entry = found[card.key] = known[card.key]
        for name, what in ((entry.guid, "GUID"), (entry.note_id, "note number")):
            if name in names:
                raise ValueError(f"{names[name]!r} and {card.key!r} have the {what} {name!r}")
            names[name] = card.key
    return found


# ── decks ────────────────────────────────────────────────────────────────────────────────────────


def deck_name(title: str, section: str = "") -> str:
    """Return the full name of a deck, such that Anki takes it over unchanged.

    >>> deck_name("C++: the std::vector", "Basics")
    'C++: the std∷vector::Basics'
    """
    parts = [_component(title)]
    if parts[0].casefold() == "default":
        # Every collection has a deck of this name, and Anki would rename ours.
        parts[0] += " deck"
    return "::".join(parts + [_component(section)] * bool(section.strip()))


_CONTROLS = re.compile("[\x00-\x1f\x7f]+")
_EDGES = re.compile(r"^[\s:]+|[\s:]+$")


def _component(heading: str) -> str:
    """Return one level of a deck's name: Anki drops controls, quotes, outer blanks and colons."""
    level = _CONTROLS.sub(" ", unicodedata.normalize("NFC", heading))
    level = _EDGES.sub("", level.replace("::", "∷").replace('"', "”"))
    return level or "untitled"


def _deck_id(name: str) -> int:
    """Return an id from the name, in the range of the times that Anki itself takes for ids."""
    digest = sha256(_NAMESPACE + name.casefold().encode()).digest()
    return (1 << 40) + int.from_bytes(digest[:5], "big")


def _placed(edition: Edition) -> Iterator[tuple[str, CardView]]:
    """Yield each card with the name of its deck; two spellings of one name are one deck to Anki."""
    spelling: dict[str, str] = {}
    for deck in edition.decks:
        for card in deck.cards:
            name = deck_name(deck.title, card.section)
            yield spelling.setdefault(name.casefold(), name), card


# ── the collection ───────────────────────────────────────────────────────────────────────────────


def _database(edition: Edition, entries: Mapping[str, Entry], models: Mapping[int, Any]) -> bytes:
    """Return the package's collection, an SQLite file, made in memory."""
    import genanki  # type: ignore[import-untyped] # here, because it costs 60 ms that others save

    note_class = _note_class(genanki)
    decks: dict[str, Any] = {}
    for due, (name, card) in enumerate(_placed(edition), start=1):
        if name not in decks:
            decks[name] = genanki.Deck(_deck_id(name), name)
        note = note_class(
            model=models[cards.note_type(card).id],
            fields=cards.fields(card),
            tags=safe_tags(card.tags),
            guid=entries[card.key].guid,
            due=due,
        )
        note.entry = entries[card.key]
        if card.kind == "cloze":
            note.cards = [genanki.Card(number - 1) for number in _gaps(card, note.fields[0])]
        decks[name].add_note(note)
    package = genanki.Package(list(decks.values()))
    with closing(sqlite3.connect(":memory:")) as connection:
        package.write_to_db(connection.cursor(), _NO_TIME, _NO_NUMBERS)
        connection.commit()
        return connection.serialize()


# What genanki hands on to notes and note types, and ours do without.
_NO_TIME = 0
_NO_NUMBERS: Iterator[int] = iter(())

_GAP = re.compile(r"\{\{c([0-9]+)::")


def _gaps(card: CardView, text: str) -> list[int]:
    """Return the numbers of the gaps in `text`: genanki overlooks those within others."""
    numbers = sorted(set(map(int, _GAP.findall(text))))
    if not numbers or numbers[0] < 1:
        raise ValueError(f"the cloze card {card.key!r} has no gap")
    return numbers


# The ledger leaves so many numbers for the cards of one note.
_ROOM = 10


def card_number(entry: Entry, ord_: int) -> int:
    """Return the number of a note's card: it counts up from the note's own.

    Where the next note's numbers begin, those of the cards that are left lie far in the past.
    """
    if ord_ < _ROOM:
        return entry.note_id + ord_
    digest = sha256(_NAMESPACE + f"{entry.guid} {ord_}".encode()).digest()
    return 1 + int.from_bytes(digest[:8], "big") % 10**12


def _note_class(genanki: Any) -> Any:
    """Return genanki's class of notes, with numbers and times from the ledger."""

    class Note(genanki.Note):  # type: ignore[misc] # genanki has no types
        """A note with the number and the time of its `entry`."""

        entry: Entry

        def write_to_db(self, cursor: object, _time: float, deck: int, _ids: object) -> None:
            numbers = [card_number(self.entry, card.ord) for card in self.cards]
            ids = iter((self.entry.note_id, *numbers))
            super().write_to_db(cursor, self.entry.mod, deck, ids)

    return Note


def _models(edition: Edition, times: Mapping[str, int], style: str) -> dict[int, Any]:
    """Return the note types that `edition` needs, by their ids."""
    import genanki

    class Model(genanki.Model):  # type: ignore[misc]
        """A note type with the time `mod`."""

        mod: int

        def to_json(self, _time: float, deck: int) -> dict[str, Any]:
            return dict(super().to_json(self.mod, deck))

    models: dict[int, Any] = {}
    for kind in {cards.note_type(card): None for card in edition.cards()}:
        if kind.name not in times:
            raise ValueError(f"the note type {kind.name!r} has no stamp in the ledger")
        models[kind.id] = _model(Model, kind, style)
        models[kind.id].mod = times[kind.name]
    return models


def _model(model_class: Any, kind: NoteType, style: str) -> Any:
    return model_class(
        kind.id,
        kind.name,
        fields=[_field(field) for field in kind.fields],
        templates=[_template(template) for template in kind.templates],
        css=style,
        model_type=model_class.CLOZE if kind.gaps else model_class.FRONT_BACK,
    )


def _field(field: Field) -> dict[str, object]:
    return {"id": field.id, "name": field.name, "collapsed": field.spare}


def _template(template: Template) -> dict[str, object]:
    return {
        "id": template.id,
        "name": template.name,
        "qfmt": template.front,
        "afmt": template.back,
    }


_NO_TAG = re.compile(r'[\s\x00-\x1f\x7f"]+')


def safe_tags(tags: Iterable[str]) -> list[str]:
    """Return `tags` as Anki keeps them: without blanks and empty levels, once each, sorted.

    >>> safe_tags(["machine learning", "ML::", "ml"])
    ['machine-learning', 'ML']
    """
    kept: dict[str, str] = {}
    for tag in tags:
        level = _NO_TAG.sub("-", unicodedata.normalize("NFC", tag)).split("::")
        safe = "::".join(part for raw in level if (part := raw.strip("-:")))
        if safe:
            kept.setdefault(safe.casefold(), safe)
    return [kept[folded] for folded in sorted(kept)]


# ── the file ─────────────────────────────────────────────────────────────────────────────────────


def _zipped(collection: bytes, media: Sequence[Media]) -> bytes:
    """Return the package's bytes, with the first date that a zip file knows.

    An image is a member with a number for its name, and `media` says the names by their numbers.
    """
    names = {str(number): image.name for number, image in enumerate(media)}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        _add(package, "collection.anki2", collection)
        _add(package, "media", json.dumps(names).encode())
        for number, image in enumerate(media):
            _add(package, str(number), image.content)
    return file.getvalue()


def _add(package: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system = 3
    member.external_attr = 0o644 << 16
    package.writestr(member, content)
