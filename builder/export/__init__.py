"""An edition becomes files: what every exporter, ours or a plug-in's, is given and gives back.

A plug-in is a distribution with an entry point of the group `proofdeck.exporters`, which leads to
an `Exporter`:

    [project.entry-points."proofdeck.exporters"]
    flash = "proofdeck_flash:EXPORTER"

The entry point's name is the exporter's: `proofdeck build --export flash` asks for it. A bank
cannot ask for one. `builder.testing.check_exporter` holds an exporter to the laws that stand here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from builder.edition import Edition, Finding
from builder.model import Artefact, Diagnostic, Ledger, Place

Paper = Literal["a4", "letter"]


@dataclass(frozen=True, slots=True)
class Looks:
    """How people want to see it; an exporter passes over what means nothing to it.

    `pages` is how many a sheet may have, `font_size` is in points; with `formulas` the sheet shows
    those of the reference kernels. Where one of them is None, the exporter decides. `css` is the
    learner's own style sheet, which stands behind ours.
    """

    paper: Paper = "a4"
    pages: int | None = None
    landscape: bool | None = None
    font_size: float | None = None
    formulas: bool = False
    css: str = ""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What an exporter may need besides the edition.

    `name` is the stem for a file that holds all decks. `ledger` has an entry for each card, with
    the GUID, the number and the time of its note in Anki, and a stamp for each note type.
    `diagnostics` are what the bank's own build has to say so far, `excerpts` the lines that they
    show, by file and number.
    """

    name: str
    ledger: Ledger = field(default_factory=Ledger)
    diagnostics: tuple[Diagnostic, ...] = ()
    excerpts: Mapping[tuple[str, int], str] = field(default_factory=dict)
    looks: Looks = field(default_factory=Looks)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that people should know of a file: `message` says what the file does, and why."""

    message: str
    place: Place
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Exported:
    """The finished files, and for each card what could not be shown as it stands."""

    artefacts: tuple[Artefact, ...]
    findings: tuple[Finding | Remark, ...] = ()


class Exporter(Protocol):
    """Turns an edition into files.

    It is pure: the same edition and occasion give the same bytes, and nothing is read or written
    besides. It raises for no edition whose cards are in the ledger, not even for one without a
    deck, whatever stands in its text. The name of each file begins with that of a deck or of the
    occasion; it is a plain name, without a folder.
    """

    @property
    def summary(self) -> str:
        """What it writes, in one line: `the deck for Anki, as a package`."""

    def export(self, edition: Edition, occasion: Occasion) -> Exported:
        """Return the files for `edition`."""
