"""The exporters that come along, in the shape of plug-ins; each is imported when it works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from builder.edition import Edition, Finding
from builder.export import Exported, Occasion, Remark


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """An exporter that is a function."""

    summary: str
    export: Callable[[Edition, Occasion], Exported]


def _apkg(edition: Edition, occasion: Occasion) -> Exported:
    from builder.export import apkg

    package = apkg.export(
        edition, name=occasion.name, ledger=occasion.ledger, css=occasion.looks.css
    )
    return Exported((package,))


def _csv(edition: Edition, occasion: Occasion) -> Exported:
    from builder.export import csv

    return Exported((csv.export(edition, name=occasion.name, ledger=occasion.ledger),))


def _html(edition: Edition, occasion: Occasion) -> Exported:
    from builder.export import html

    page = html.export(
        edition,
        name=occasion.name,
        diagnostics=occasion.diagnostics,
        excerpts=occasion.excerpts,
        css=occasion.looks.css,
    )
    return Exported((page,))


def _json(edition: Edition, occasion: Occasion) -> Exported:
    from builder.export import json

    return Exported((json.export(edition, name=occasion.name, ledger=occasion.ledger),))


def _pdf(edition: Edition, occasion: Occasion) -> Exported:
    from builder.export import pdf

    looks = occasion.looks
    sheets = [
        pdf.export(
            deck, media=edition.media, paper=looks.paper, pages=looks.pages,
            landscape=looks.landscape, font_size=looks.font_size, formulas=looks.formulas,
        )
        for deck in edition.decks
    ]  # fmt: skip
    found = (
        one if isinstance(one, Finding) else Remark(one.message, one.place, one.hint)
        for _, findings in sheets
        for one in findings
    )
    return Exported(tuple(artefact for volumes, _ in sheets for artefact in volumes), tuple(found))


APKG = BuiltIn("the decks as a package for Anki", _apkg)
CSV = BuiltIn("the notes as text, for Anki's import into a collection that knows them", _csv)
HTML = BuiltIn("a page that shows every card as Anki would", _html)
JSON = BuiltIn("all that is shown of the decks, for other programs", _json)
PDF = BuiltIn("a sheet of each deck, to print", _pdf)
