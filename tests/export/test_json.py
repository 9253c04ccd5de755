"""The edition for other programs: its shape is a promise, and nothing of the edition is lost."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from builder import edition as nouns
from builder.demonstration import demonstration, poor
from builder.edition import Edition
from builder.export.json import export
from builder.testing import occasion_of

# What other programs rely on. A field or a type may be added; whoever renames or removes one, or
# changes what it means, raises VERSION.
SHAPE = {
    "run": "text role",
    "styled": "style parts",
    "verbatim": "text",
    "hyperlink": "target parts",
    "picture": "name alt width",
    "formula": "tex display mathml",
    "turn": "",
    "gap": "number parts hint",
    "prose": "lines",
    "listing": "lines language",
    "paragraph": "parts",
    "subheading": "level parts",
    "item": "blocks done",
    "items": "items start",
    "table": "columns head rows",
    "quote": "blocks kind title",
    "footnotes": "notes",
    "rule": "",
}
CARD = (
    "key guid line kind title question answer section evidence tags signature formula verified "
    "reverse link"
)
CLASSES = {name: getattr(nouns, name.capitalize()) for name in SHAPE}


def exported(edition: Edition) -> dict[str, Any]:
    """Return what stands in the file."""
    artefact = export(edition, name="all", ledger=occasion_of(edition).ledger)
    assert artefact.name == "all.json"
    found: dict[str, Any] = json.loads(artefact.content)
    return found


def objects(value: object) -> Iterator[dict[str, Any]]:
    """Yield each object with a type, wherever it stands."""
    if isinstance(value, dict):
        if "type" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from objects(one)


def read_back(value: Any) -> Any:
    """Return a value of the file as the edition has it."""
    if isinstance(value, list):
        return tuple(map(read_back, value))
    if isinstance(value, dict):
        kind = CLASSES[value["type"]]
        return kind(**{name: read_back(one) for name, one in value.items() if name != "type"})
    return value


def test_the_shape_is_the_one_that_was_promised() -> None:
    """Of each block and part, of a card, a deck and the whole."""
    whole = exported(demonstration())
    assert list(whole) == ["format", "version", "decks", "media"]
    assert (whole["format"], whole["version"]) == ("proofdeck edition", 1)
    found = {one["type"]: " ".join(list(one)[1:]) for one in objects(whole)}
    assert found == SHAPE
    for deck in whole["decks"]:
        assert list(deck) == ["title", "name", "cards"]
        assert all(list(card) == CARD.split() for card in deck["cards"])


def test_nothing_of_the_edition_is_lost() -> None:
    """Read back it is the same, but for the files of the notes."""
    for edition in (demonstration(), *poor()):
        whole = exported(edition)
        for deck, there in zip(edition.decks, whole["decks"], strict=True):
            assert (deck.title, deck.name) == (there["title"], there["name"])
            for card, shown in zip(deck.cards, there["cards"], strict=True):
                assert shown["line"] == card.place.line
                for field in fields(card):
                    if field.name != "place":
                        assert read_back(shown[field.name]) == getattr(card, field.name)
        for media, there in zip(edition.media, whole["media"], strict=True):
            assert (media.name, media.content) == (there["name"], b64decode(there["content"]))


def test_a_card_has_the_guid_of_its_note() -> None:
    """By which other programs find it in Anki; without a ledger there is none."""
    edition = demonstration()
    ledger = occasion_of(edition).ledger
    guids = {entry.key: entry.guid for entry in ledger.entries}
    cards = [card for deck in exported(edition)["decks"] for card in deck["cards"]]
    assert all(card["guid"] == guids[card["key"]] for card in cards)


def test_no_path_of_this_machine_is_in_it() -> None:
    """A note that was named by its full path is not given away."""
    (deck, *_) = demonstration().decks
    card = replace(deck.cards[0], place=replace(deck.cards[0].place, file="/home/me/secret.md"))
    edition = Edition((replace(deck, cards=(card,)),))
    content = export(edition, name="all", ledger=occasion_of(edition).ledger).content
    assert b"secret" not in content
    assert str(Path.cwd()).encode() not in content


def test_half_a_character_is_json_still() -> None:
    """As JSON spells it, in bytes that are UTF-8."""
    (deck, *_) = demonstration().decks
    edition = Edition((replace(deck, title="half \ud83d of one"),))
    assert exported(edition)["decks"][0]["title"] == "half \ud83d of one"
