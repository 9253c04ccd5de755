"""What authors of exporters test with is tested: it holds everything, and breaks with each law."""

from __future__ import annotations

import json
import re
import sqlite3
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import fields, is_dataclass
from html import unescape
from io import BytesIO
from itertools import count
from typing import Any, get_args

import pytest

from builder import edition as nouns
from builder import exporters
from builder.demonstration import HOSTILE, demonstration, poor
from builder.edition import Edition, Finding
from builder.export import Exported, Exporter, Occasion
from builder.model import Artefact, Kind, Place
from builder.testing import check_exporter, occasion_of

Export = Callable[[Edition, Occasion], object]


def within(node: object) -> Iterator[object]:
    """Yield a node, and all that are in it."""
    yield node
    if isinstance(node, tuple):
        for one in node:
            yield from within(one)
    elif is_dataclass(node):
        for field in fields(node):
            yield from within(getattr(node, field.name))


# ── the demonstration ────────────────────────────────────────────────────────────────────────────


def test_it_has_every_noun_of_an_edition() -> None:
    """A noun that is added there must be added here; what exporters give back is no part of it."""
    there = {type(node) for node in within(demonstration())}
    all_of_them = {
        thing for thing in vars(nouns).values()
        if isinstance(thing, type) and thing.__module__ == nouns.__name__
    }  # fmt: skip
    assert all_of_them - there == {Finding}


def test_each_field_is_filled_somewhere() -> None:
    """And each kind of card, each style and each alignment is there."""
    nodes = list(within(demonstration()))
    filled: dict[type, set[str]] = {}
    for node in nodes:
        if is_dataclass(node):
            names = {field.name for field in fields(node) if getattr(node, field.name)}
            filled.setdefault(type(node), set()).update(names)
    for kind, names in filled.items():
        assert names == {field.name for field in fields(kind)}, kind
    words = {node for node in nodes if isinstance(node, str)}
    assert words >= {*get_args(Kind), *nouns.STYLES, *get_args(nouns.Align), *HOSTILE}


def test_each_card_has_a_key_and_a_place_of_its_own() -> None:
    """So that a ledger can hold them, and a finding can be told apart."""
    for edition in (demonstration(), *poor()):
        cards = list(edition.cards())
        assert len({card.key for card in cards}) == len(cards)
        assert len({card.place for card in cards}) == len(cards)
        assert len(occasion_of(edition).ledger.entries) == len(cards)


# ── the laws, broken one by one ──────────────────────────────────────────────────────────────────


class Fake:
    """An exporter that does what the test says."""

    def __init__(self, export: Export, summary: str = "a summary") -> None:
        self.summary = summary
        self._export = export

    def export(self, edition: Edition, occasion: Occasion) -> Exported:
        """Return what the test wants."""
        found: Any = self._export(edition, occasion)
        return found


def text(edition: Edition, occasion: Occasion) -> Exported:
    """Return one file with all questions."""
    titles = "\n".join(card.title for card in edition.cards())
    return Exported((Artefact(f"{occasion.name}.txt", titles.encode()),))


def read(artefacts: Sequence[Artefact]) -> str:
    """Return what stands in text files."""
    return "".join(artefact.content.decode() for artefact in artefacts)


def test_an_exporter_that_keeps_the_laws_passes() -> None:
    """With a reader and without."""
    check_exporter(Fake(text))
    check_exporter(Fake(text), read=read)


def fails(_: Edition, __: Occasion) -> Exported:
    """Raise an error, as no exporter should."""
    raise ValueError("no")


counted = count()


@pytest.mark.parametrize(
    ("broken", "law"),
    [
        (Fake(text, ""), "the summary is one line"),
        (Fake(text, "two\nlines"), "the summary is one line"),
        (Fake(fails), "nothing is raised"),
        (Fake(lambda *both: both[0].decks[0] and text(*both)), "nothing is raised"),
        (Fake(lambda *_: ()), "returns an `Exported`"),
        (Fake(lambda *_: Exported((Artefact("all.txt", "text"),))),  # type: ignore[arg-type]
         "is bytes"),
        (Fake(lambda *_: Exported((Artefact("all.txt", b"%d" % next(counted)),))), "same bytes"),
        (Fake(lambda *_: Exported((Artefact("../all.txt", b""),))), "no plain file name"),
        (Fake(lambda *_: Exported((Artefact("other.txt", b""),))), "the name of no deck"),
        (Fake(lambda *_: Exported((), (Finding("x", Place("x.md", 1, 1, 1, 1)),))),
         "the place of a card"),
        (Fake(lambda *_: Exported(())), "can be read in the files"),
    ],
)  # fmt: skip
def test_an_exporter_that_breaks_a_law_is_told_which(broken: Exporter, law: str) -> None:
    """One law at a time."""
    with pytest.raises(AssertionError, match=law):
        check_exporter(broken, read=read)


# ── ours ─────────────────────────────────────────────────────────────────────────────────────────


def packed(artefacts: Sequence[Artefact]) -> str:
    """Return the text of the fields in packages."""
    texts: list[str] = []
    for artefact in artefacts:
        with (
            zipfile.ZipFile(BytesIO(artefact.content)) as package,
            closing(sqlite3.connect(":memory:")) as database,
        ):
            database.deserialize(package.read("collection.anki2"))
            texts += [row[0] for row in database.execute("select flds from notes")]
    return unescape("\n".join(texts))


def paged(artefacts: Sequence[Artefact]) -> str:
    """Return the text that the script of a page is given."""
    found = re.search(r'<script [^>]*id="data">(.*?)</script>', read(artefacts), re.DOTALL)
    assert found
    return unescape(json.dumps(json.loads(found[1]), ensure_ascii=False))


READERS = {
    "apkg": packed,
    "csv": lambda artefacts: unescape(read(artefacts)),
    "html": paged,
    "json": read,
}


@pytest.mark.parametrize("name", ["apkg", "csv", "html", "json", "pdf"])
def test_ours_keep_the_laws(name: str) -> None:
    """They are held to what plug-ins are; the sheet, which lacks scripts, is read elsewhere."""
    (plugin,) = exporters.chosen([name])
    check_exporter(plugin.load(), read=READERS.get(name))
