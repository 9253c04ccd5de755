"""For the tests of an exporter: the laws of `builder.export`, and a way to hold one to them.

    from builder.testing import check_exporter
    from proofdeck_flash import EXPORTER

    def test_it_keeps_the_laws():
        check_exporter(EXPORTER, read=lambda files: "".join(f.content.decode() for f in files))

No test framework is needed: a law that is broken raises an AssertionError, which says it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from builder.demonstration import demonstration, poor
from builder.edition import CardView, Edition
from builder.export import Exported, Exporter, Looks, Occasion
from builder.model import Artefact, Diagnostic, Entry, Ledger, Severity, Stamp

Reader = Callable[[Sequence[Artefact]], str]
"""Gives the text that a person, or a program, finds in some artefacts."""

_LOOKS = (
    Looks(),
    Looks(
        paper="letter", pages=2, landscape=True, font_size=8.5, formulas=True,
        css=".card { color: #123456 }",
    ),
)  # fmt: skip


def check_exporter(exporter: Exporter, *, read: Reader | None = None) -> None:
    """Hold `exporter` to the laws, with editions and looks of every kind.

    With `read`, each word of each question must be found in what is read from its files; how
    they are spaced does not matter.
    """
    summary = exporter.summary
    _law(bool(summary.strip()) and summary.isprintable(), "the summary is one line of text")
    for edition in (demonstration(), *poor()):
        for looks in _LOOKS:
            occasion = occasion_of(edition, looks)
            exported = _exported(exporter, edition, occasion)
            _check_names(exported, edition, occasion)
            _check_findings(exported, edition)
            if read:
                _check_words(read(exported.artefacts), edition)


def occasion_of(edition: Edition, looks: Looks | None = None) -> Occasion:
    """Return an occasion for `edition`: a ledger of its cards, and a remark on the first one."""
    from builder.export.apkg import note_types

    entries = tuple(_entry(card, number) for number, card in enumerate(edition.cards(), 1))
    stamps = tuple(Stamp(name, digest, 1) for name, digest in note_types().items())
    remarks = tuple(map(_remark, edition.cards()))[:1]
    excerpts = {(one.place.file, one.place.line): "Q: <b> what is this?" for one in remarks}
    return Occasion("all", Ledger(entries, stamps), remarks, excerpts, looks or Looks())


def _entry(card: CardView, number: int) -> Entry:
    # Names of notes from elsewhere hold all kinds of signs.
    return Entry(
        key=card.key, guid=f'#"<{number}>\\', note_id=1_000 * number, mod=number, digest="",
        file=card.place.file, deck="", section=card.section, kind=card.kind, identifier="",
        question=card.title, answer="",
    )  # fmt: skip


def _remark(card: CardView) -> Diagnostic:
    return Diagnostic(
        "D101", "mojibake", Severity.WARNING, card.place, "`<b>` looks odd", hint="mend it"
    )


# ── the laws ─────────────────────────────────────────────────────────────────────────────────────


def _law(holds: bool, law: str) -> None:  # noqa: FBT001 - a fact
    if not holds:
        raise AssertionError(f"the law is broken that {law}")


def _exported(exporter: Exporter, edition: Edition, occasion: Occasion) -> Exported:
    """Return what `exporter` gives, which is twice the same."""
    try:
        first, second = (exporter.export(edition, occasion) for _ in range(2))
    except Exception as error:
        raise AssertionError("the law is broken that nothing is raised, for no edition") from error
    _law(isinstance(first, Exported), "an exporter returns an `Exported`")
    plain = all(type(one.content) is bytes for one in first.artefacts)
    _law(plain, "what a file holds is bytes")
    _law(first == second, "the same edition and occasion give the same bytes")
    return first


def _check_names(exported: Exported, edition: Edition, occasion: Occasion) -> None:
    from builder.exporters import misnamed

    for fault in misnamed(exported.artefacts, edition, occasion):
        _law(False, f"a file is called after a deck or the occasion, and once: {fault}")  # noqa: FBT003


def _check_findings(exported: Exported, edition: Edition) -> None:
    places = {card.place for card in edition.cards()}
    strange = {finding.place for finding in exported.findings} - places
    _law(not strange, "a finding has the place of a card")


def _check_words(text: str, edition: Edition) -> None:
    there = "".join(_plain(text).split())
    for card in edition.cards():
        lost = [word for word in re.findall(r"\w+", _plain(card.title)) if word not in there]
        _law(not lost, f"a question can be read in the files: {lost} of {card.title!r} cannot")


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)
