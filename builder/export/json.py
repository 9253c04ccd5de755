"""The edition as JSON, for other programs: `NAME.json`, with all that is shown of all decks.

The file is one object:

    {"format": "proofdeck edition", "version": 1, "decks": […], "media": […]}

A deck has its `title`, the stem `name` of its files and its `cards`; a card has the fields of
`builder.edition.CardView`, but for `place`, of which the `line` of the note is left. `key` names
the card for ever and `guid` its note in Anki. Contents are lists of blocks. Each block and each
part of a line is an object: its `type` is the name of its class in `builder.edition`, in lower
case (`paragraph`, `table`, `styled`, `formula` …), and it has the fields of that class. A line is
a list of runs. Nothing in a text is markup. A formula has its `tex` and, where that can be set,
its `mathml`. A picture gives the `name` of one of the `media`, whose `content` is in Base64.

Later versions of the program may add fields and types; `version` rises when one is renamed, goes,
or changes its meaning.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from builder.edition import CardView, DeckView, Edition, Media
from builder.model import Artefact, Ledger

FORMAT = "proofdeck edition"
VERSION = 1


def export(edition: Edition, *, name: str, ledger: Ledger) -> Artefact:
    """Return `NAME.json`; a card that `ledger` does not know has the GUID ""."""
    guids = {entry.key: entry.guid for entry in ledger.entries}
    whole = {
        "format": FORMAT,
        "version": VERSION,
        "decks": [_deck(deck, guids) for deck in edition.decks],
        "media": [_media(media) for media in edition.media],
    }
    text = json.dumps(whole, ensure_ascii=False, indent=1) + "\n"
    # Half a character becomes `\ud800`, which is how JSON writes it.
    return Artefact(f"{name}.json", text.encode("utf-8", "backslashreplace"))


def _deck(deck: DeckView, guids: Mapping[str, str]) -> dict[str, object]:
    cards = [_card(card, guids.get(card.key, "")) for card in deck.cards]
    return {"title": deck.title, "name": deck.name, "cards": cards}


def _card(card: CardView, guid: str) -> dict[str, object]:
    shown = _fields(card)
    del shown["place"]
    return {"key": shown.pop("key"), "guid": guid, "line": card.place.line, **shown}


def _media(media: Media) -> dict[str, object]:
    return {"name": media.name, "content": b64encode(media.content).decode()}


def _plain(value: object) -> object:
    """Return a tree of the edition as lists, objects and what JSON knows itself."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if is_dataclass(value):
        return {"type": type(value).__name__.lower(), **_fields(value)}
    return value


def _fields(node: object) -> dict[str, object]:
    assert is_dataclass(node)
    return {field.name: _plain(getattr(node, field.name)) for field in fields(node)}
