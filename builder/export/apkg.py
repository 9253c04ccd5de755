"""An edition becomes an Anki package: the only importer of genanki.

Same edition and same timestamp, same bytes: nothing in the package comes from the clock, the
machine or the order of a set.
"""

from __future__ import annotations

import io
import re
import sqlite3
import unicodedata
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from contextlib import closing
from hashlib import sha256
from itertools import count
from typing import Any

from builder.export.cards import CODE, QUESTION, Field, NoteType, Template, css, fields, note_type
from builder.model import Artefact, CardView, Edition

_NAMESPACE = b"proofdeck\0"


def export(edition: Edition, *, name: str, timestamp: int) -> Artefact:
    """Return the package `NAME.apkg` with every card of `edition`.

    `timestamp` (UNIX seconds) becomes the modification time of all notes and note types; ids count
    up from it. Raises `ValueError` when two cards share a key: Anki would make two notes of them
    and forget one of the two at the next import.
    """
    _refuse_shared_keys(card for deck in edition.decks for card in deck.cards)
    return Artefact(f"{name}.apkg", _zipped(_database(edition, timestamp)))


def guid(key: str) -> str:
    """Return the id by which Anki knows a note over all imports: 96 bits, from the key alone.

    >>> guid("bias-vs-variance")
    'jGfh-t9ath32nZeF'
    """
    return urlsafe_b64encode(sha256(_NAMESPACE + key.encode()).digest()[:12]).decode()


def _refuse_shared_keys(cards: Iterable[CardView]) -> None:
    seen: set[str] = set()
    for card in cards:
        if card.key in seen:
            raise ValueError(f"two cards have the key {card.key!r}")
        seen.add(card.key)


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


def _database(edition: Edition, timestamp: int) -> bytes:
    """Return the package's collection, an SQLite file, made in memory."""
    import genanki  # type: ignore[import-untyped] # here, because it costs 60 ms that others save

    style = css()
    models = {kind.id: _model(genanki, kind, style) for kind in (QUESTION, CODE)}
    decks: dict[str, Any] = {}
    for due, (name, card) in enumerate(_placed(edition), start=1):
        if name not in decks:
            decks[name] = genanki.Deck(_deck_id(name), name)
        decks[name].add_note(_note(genanki, models[note_type(card).id], card, due))
    package = genanki.Package(list(decks.values()))
    with closing(sqlite3.connect(":memory:")) as connection:
        package.write_to_db(connection.cursor(), timestamp, count(timestamp * 1000))
        connection.commit()
        return connection.serialize()


def _note(genanki: Any, model: Any, card: CardView, due: int) -> Any:
    return genanki.Note(
        model=model, fields=fields(card), tags=safe_tags(card.tags), guid=guid(card.key), due=due
    )


def _model(genanki: Any, kind: NoteType, style: str) -> Any:
    return genanki.Model(
        kind.id,
        kind.name,
        fields=[_field(field) for field in kind.fields],
        templates=[_template(template) for template in kind.templates],
        css=style,
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


def _zipped(collection: bytes) -> bytes:
    """Return the package's bytes, with the first date that a zip file knows."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        for name, content in (("collection.anki2", collection), ("media", b"{}")):
            member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            member.external_attr = 0o644 << 16
            package.writestr(member, content)
    return file.getvalue()
